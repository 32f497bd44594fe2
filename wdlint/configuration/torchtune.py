"""torchtune's YAML: `_component_` names what its recipes make; a full finetune gives the optimizer one group."""

from __future__ import annotations

from collections.abc import Sequence

from wdlint.configuration.options import chosen, decoupled, excerpt
from wdlint.configuration.setups import CANT_TELL, EVERYTHING, Dialect, Document, Setup, configured
from wdlint.facts import Loop

_ADVICE = "nothing in the file exempts parameters: name an own `_component_` that makes groups"


def _read(document: Document) -> Sequence[Setup] | None:
    made = document.root.mapping("optimizer")
    named, path = (made.entry("_component_"), made.text("_component_")) if made is not None else (None, None)
    if made is None or named is None or path is None:
        return None
    found = chosen(path, made, named, document.root)
    if found is None:
        return ()
    model = document.root.mapping("model")
    component = (model.text("_component_") if model is not None else None) or ""
    held = EVERYTHING if component and "lora" not in component.lower() else CANT_TELL
    loop = Loop("torchtune's recipe", _ADVICE, "measured 0.6.1", divides=False)
    use = configured(found.known, found.amount, found.place, loop, rate=found.rate, held=held, callee=path)
    return (Setup(use, decoupled(named, path, excerpt(document.text, named.value.place))),)


DIALECT = Dialect("torchtune", ((b"_component_",), (b"optimizer:",)), (".yaml", ".yml"), _read)
