"""wdlint finds and repairs wrong weight decay in PyTorch training code.

`wdlint.check_source` and `wdlint.check_paths` lint from Python. `wdlint.audit` judges a live optimizer and
`wdlint.decay_groups` makes correct parameter groups: both need torch, which is imported when they are first asked
for. `import wdlint` alone imports nothing but its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wdlint.version import __version__

if TYPE_CHECKING:
    from wdlint.api import NotChecked, check_paths, check_source
    from wdlint.model.audit import DecayFault, Report, audit
    from wdlint.model.groups import decay_groups

__all__ = [
    "DecayFault",
    "NotChecked",
    "Report",
    "__version__",
    "audit",
    "check_paths",
    "check_source",
    "decay_groups",
]

_ELSEWHERE = {
    "NotChecked": "wdlint.api",
    "check_paths": "wdlint.api",
    "check_source": "wdlint.api",
    "audit": "wdlint.model.audit",
    "Report": "wdlint.model.audit",
    "DecayFault": "wdlint.model.audit",
    "decay_groups": "wdlint.model.groups",
}


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'wdlint' has no attribute {name!r}")
    import importlib

    try:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"wdlint.{name} needs torch: pip install torch") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
