"""LightningCLI's YAML, and litgpt's: the file's optimizer gets one group of all trainable parameters.

It wins over the module's own `configure_optimizers` (measured), so that a split that is written there is dead. A
script that takes the matter in its own hands anywhere in the project silences all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from wdlint.configuration.options import chosen, decoupled, excerpt
from wdlint.configuration.setups import Dialect, Document, Setup, configured
from wdlint.documents.nodes import Entry, Mapping, Scalar
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
    made = root.entry("optimizer")
    named, path, options = _class(made) if made is not None and (is_cli or is_litgpt) else (None, "", None)
    if named is None:
        return None
    found = chosen(path, options, named, root)
    if found is None or any(map(_takes_over, document.scripts("LightningCLI"))):
        return ()
    use = configured(found.known, found.amount, found.place, _CLI if is_cli else _LITGPT, rate=found.rate, callee=path)
    return (Setup(use, decoupled(named, path, excerpt(document.text, named.value.place))),)


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


DIALECT = Dialect("LightningCLI", ((b"optimizer:",), (b"trainer:", b"train:")), (".yaml", ".yml"), _read)
