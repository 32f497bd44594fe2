"""LightningCLI's YAML, and litgpt's: the file's optimizer gets one group of all trainable parameters.

It wins over the module's own `configure_optimizers` (measured), so that a split that is written there is dead. A
script that takes the matter in its own hands anywhere in the project silences all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wdlint.configuration.options import chosen, decoupled, excerpt
from wdlint.configuration.setups import CANT_TELL, EVERYTHING, Dialect, Document, Setup, configured
from wdlint.documents.nodes import Entry, Mapping, Scalar, mappings
from wdlint.facts import Loop

_ADVICE = (
    "nothing in the file exempts parameters: override `configure_optimizers` of LightningCLI, or pass "
    "`auto_configure_optimizers=False` and make groups in the module"
)
_CLI = Loop("lightning.pytorch.cli.LightningCLI", _ADVICE, "measured 2.6.6", divides=False)
_LITGPT = Loop("litgpt", "nothing in the file exempts parameters", "measured 0.5.13", divides=False)
_CALLED = re.compile(r"\bLightningCLI\(|\(\s*(?:\w+\.)*LightningCLI\b")
_OWN = re.compile(r"auto_configure_optimizers\s*=\s*False|link_to\s*=|def configure_optimizers\(\s*\w+[^,()]*,\s*\w")


def _read(document: Document) -> Sequence[Setup] | None:
    root = document.root
    is_cli = root.mapping("trainer") is not None and root.has("model", "data")
    is_litgpt = root.mapping("train") is not None and root.has("checkpoint_dir", "model_name")
    if not (is_cli or is_litgpt):
        return None
    taken_over = any(map(_takes_over, document.scripts("LightningCLI")))
    loop = _CLI if is_cli else _LITGPT
    return tuple(_setups(document, loop, taken_over))


def _setups(document: Document, loop: Loop, taken_over: bool) -> Iterator[Setup]:
    """The file's own optimizer, and those that are handed to classes of the project, which give them what they like."""
    own = document.root.entry("optimizer")
    inner = (entry for mapping, path in mappings(document.root) if path for entry in mapping.entries)
    for made in (*((own,) if own is not None else ()), *inner):
        named, path, options = _class(made)
        if named is None or (made is not own and not isinstance(made.value, Mapping)):
            continue
        found = chosen(path, options, named, document.root)
        if found is None or (made is own and taken_over):
            continue
        held = EVERYTHING if made is own else CANT_TELL
        use = configured(found.known, found.amount, found.place, loop, rate=found.rate, held=held, callee=path)
        yield Setup(use, decoupled(named, path, excerpt(document.text, named.value.place)))


def _class(made: Entry) -> tuple[Entry | None, str, Mapping | None]:
    """The entry that names the class, its path, its options: `optimizer: AdamW`, or `class_path` and `init_args`."""
    named: Entry | None = made
    options = None
    if isinstance(made.value, Mapping):
        named, options = made.value.entry("class_path"), made.value.mapping("init_args")
    path = named.value.value if named is not None and isinstance(named.value, Scalar) else None
    if not isinstance(path, str):
        return None, "", None
    return named, path if "." in path else f"torch.optim.{path}", options


def _takes_over(script: str) -> bool:
    return _CALLED.search(script) is not None and _OWN.search(script) is not None


DIALECT = Dialect("LightningCLI", ((b"class_path", b"optimizer:"), (b"trainer:", b"train:")), (".yaml", ".yml"), _read)
