"""Hydra's YAML: a mapping whose `_target_` is an optimizer.

What is certain from the file is how the optimizer treats its decay. Which parameters it gets is for the script to say
that instantiates it: only where every script that seems to do so hands over all parameters is anything assumed of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wdlint.configuration.options import chosen, decoupled, excerpt
from wdlint.configuration.scripts import arguments, hands_all
from wdlint.configuration.setups import CANT_TELL, EVERYTHING, Dialect, Document, Setup, configured
from wdlint.documents.nodes import mappings
from wdlint.facts import Division, Loop

_ADVICE = "pass groups where the script makes it: `wdlint.decay_groups(model, weight_decay=…)` returns them"
_LOOP = Loop("hydra.utils.instantiate", _ADVICE, "read 1.3", divides=False)
# `self.hparams.optimizer(params=…)`, `cfg.optimizer(…)`, `instantiate(cfg.model.optimizer, …)`
_MADE = re.compile(
    r"(?:\b(?:hparams|cfg|config|conf|self)[\w.]*\.optimizer\w*\(|instantiate\(\s*[\w.\[\]'\"]*optim\w*\b[^,()]*,)"
)


def _read(document: Document) -> Sequence[Setup] | None:
    return tuple(_setups(document)) or None


def _setups(document: Document) -> Iterator[Setup]:
    whole: Division | None = None  # what scripts hand over, asked of them once
    for mapping, _ in mappings(document.root):
        named, path = mapping.entry("_target_"), mapping.text("_target_")
        if named is None or path is None:
            continue
        found = chosen(path, mapping, named, document.root)
        if found is None:
            continue
        if whole is None and found.amount.value:
            whole = EVERYTHING if _all_is_handed(document) else CANT_TELL
        held = whole if found.amount.value and whole is not None else CANT_TELL
        use = configured(found.known, found.amount, found.place, _LOOP, rate=found.rate, held=held, callee=path)
        yield Setup(use, decoupled(named, path, excerpt(document.text, named.value.place)))


def _all_is_handed(document: Document) -> bool:
    """Whether scripts of the project make optimizers of configurations, and hand each of them all parameters."""
    seen = False
    for text in dict.fromkeys((*document.scripts("instantiate"), *document.scripts("hparams"))):
        for call in _MADE.finditer(text):
            if not hands_all(arguments(text, call.end())):
                return False
            seen = True
    return seen


DIALECT = Dialect("Hydra", ((b"_target_",),), (".yaml", ".yml"), _read)
