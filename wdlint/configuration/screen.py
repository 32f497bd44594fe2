"""Which files may configure an optimizer: a look at their bytes that imports nothing."""

from __future__ import annotations

SUFFIXES = (".json", ".yaml", ".yml")
LARGEST = 300_000  # bytes; what is larger holds data, and configures nothing

_WORDS = (
    b"weight_decay",
    b"WEIGHT_DECAY",
    b"AdamW",
    b"adamw",
    b"_target_",
    b"class_path",
    b"_component_",
    b"torch.optim",
    b"base_lr",
    b"optimizer_params",
)


def is_configuration(path: str) -> bool:
    """Whether a file is of a kind that configures, by the end of its name."""
    return path.endswith(SUFFIXES)


def may_configure(data: bytes) -> bool:
    """Whether the bytes of such a file may choose an optimizer or its decay."""
    if b"ptim" not in data and b"OLVER" not in data and b"lr0" not in data and b"_decay" not in data:
        return False
    return any(word in data for word in _WORDS)


def may_configure_in_python(data: bytes) -> bool:
    """Whether a Python file may be a configuration itself, and no program."""
    return b"optimizer=dict(" in data or b"optimizer = dict(" in data or b"optim_wrapper" in data
