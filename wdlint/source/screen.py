"""Which files can matter: a look at the bytes that costs microseconds and imports nothing.

A file passes if it can hold the construction of an optimizer, a penalty over parameters or an edit of
their gradients. Plain `in` tests: a regular expression over every byte was measured ten times dearer.
"""

from __future__ import annotations

_OPTIMIZERS = (b"torch.optim", b"import optim", b"AdamW(", b"Adam(", b"SGD(", b"Optimizer)")
_TRAINING = (b"backward(", b".step(", b"parameters(", b"configure_optimizers")
_PENALTIES = (b".norm(", b".pow(2", b"square(", b"** 2", b"**2", b".grad.add", b".grad +", b".grad.data")


def may_matter(data: bytes) -> bool:
    """Whether a source file's bytes can hold anything that a rule judges."""
    if any(mark in data for mark in _OPTIMIZERS):
        return True
    if b"optim" in data and any(mark in data for mark in _TRAINING):
        return True
    if b"weight_decay" in data and b"param" in data and (b"{" in data or b"dict(" in data):
        return True
    if b"parameters(" in data or b".weight" in data or b"requires_grad" in data:
        return (b"loss" in data or b"grad" in data) and b"backward(" in data and any(m in data for m in _PENALTIES)
    return False
