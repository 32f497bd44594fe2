"""Hydra's YAML: a mapping whose `_target_` is an optimizer.

What is certain from the file is how the optimizer treats its decay. Which parameters it gets is for the script to say
that instantiates it, so nothing is said of them here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.configuration.options import chosen, decoupled, excerpt
from wdlint.configuration.setups import CANT_TELL, Dialect, Document, Setup, configured
from wdlint.documents.nodes import mappings
from wdlint.facts import Loop

_ADVICE = "pass groups where the script instantiates it"


def _read(document: Document) -> Sequence[Setup] | None:
    return tuple(_setups(document)) or None


def _setups(document: Document) -> Iterator[Setup]:
    loop = Loop("hydra.utils.instantiate", _ADVICE, "read 1.3", divides=False)
    for mapping, _ in mappings(document.root):
        named, path = mapping.entry("_target_"), mapping.text("_target_")
        if named is None or path is None:
            continue
        found = chosen(path, mapping, named, document.root)
        if found is None:
            continue
        use = configured(found.known, found.amount, found.place, loop, rate=found.rate, held=CANT_TELL, callee=path)
        yield Setup(use, decoupled(named, path, excerpt(document.text, named.value.place)))


DIALECT = Dialect("Hydra", ((b"_target_",),), (".yaml", ".yml"), _read)
