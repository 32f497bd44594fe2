"""Which files can matter: a look at the bytes that costs microseconds and imports nothing.

A file passes if it can hold the construction of an optimizer, a penalty over parameters or an edit of
their gradients. Plain `in` tests: a regular expression over every byte was measured ten times dearer.
"""

from __future__ import annotations

_CONSTRUCTION = (b"torch.optim", b"import optim", b"AdamW(", b"Adam(", b"SGD(", b"Optimizer)", b"_optimizer(")
_ASSIGNMENT = (b"optimizer = ", b"optimizer=", b"optim = ", b"opt = ", b"optim(")
_SQUARES = (b"norm(", b".pow(", b"square(", b"** 2", b"**2")
_GRADIENTS = (b".grad.add", b".grad +", b".grad.data", b".grad = ")
_PENALTY_WORDS = (
    b"regulariz", b"l2_reg", b"l2_loss", b"l2_norm", b"l2_penalty", b"weight_penalty", b"reg_loss", b"reg_weight"
)  # fmt: skip


def may_matter(data: bytes) -> bool:
    """Whether a source file's bytes can hold anything that a rule judges."""
    if any(mark in data for mark in _CONSTRUCTION):
        return True
    parameters = b"parameters(" in data
    if parameters and b"weight_decay" in data:
        return True
    if b"optim" in data and any(mark in data for mark in _ASSIGNMENT) and (parameters or b"loss" in data):
        return True
    trained = b".backward(" in data or b"training_step" in data
    if not parameters:
        # weights of textbook code, or `layer.weight` one by one
        named = b".weight" in data and any(word in data for word in _PENALTY_WORDS)
        return (named or (trained and b"requires_grad" in data)) and any(mark in data for mark in _SQUARES)
    if any(mark in data for mark in _GRADIENTS):
        return True
    trained = trained or any(word in data for word in _PENALTY_WORDS)
    return trained and any(mark in data for mark in _SQUARES)
