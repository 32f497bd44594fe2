"""An L2 penalty over parameters is added to the loss.

## What it does
Reports a sum of squares (or a norm) of parameters that flows into the loss, however it is spelled:
`p.pow(2).sum()`, `(p ** 2).sum()`, `torch.norm(p) ** 2`, inside a helper, accumulated in a loop, returned
by a method. Not reported: distances between two sets of parameters, norms that are only logged, gradient
clipping, L1 terms, and penalties on activations, logits or latents.

## Why is this bad?
Through the loss the decay becomes part of the gradient, and the optimizer treats it like any other
gradient. An adaptive one divides it by the gradients' size, so that weights with large gradients
decay less; momentum carries it along; gradient clipping and loss scaling change its strength. The sum
usually runs over gains and biases too. It also costs memory and time: the squares are kept for the
backward pass.

## Example
```python
penalty = sum(p.pow(2).sum() for p in model.parameters())
loss = criterion(model(x), y) + 1e-4 * penalty
```

## Use instead
```python
loss = criterion(model(x), y)
optimizer = torch.optim.AdamW(decay_groups(model, weight_decay=1e-2), lr=1e-3)
```
A penalty of `c * ||w||**2` has the gradient `2 * c * w`, so a coupled `weight_decay` of the same strength
is `2 * c` (and `c` for `c / 2 * ||w||**2`). Decoupled decay of that number is not the same
regularisation and has to be tuned.

## When not to use
When the penalty is the object of study, when it is a prior of a Bayesian model, or when it reaches only
the few rows of an embedding that a batch looks up.

## Fix safety
Unsafe: the penalty is taken out and its strength, `2 * c`, becomes the decay of the weights: in the
optimizer that holds the parameters, where the file makes it (`Adam` becomes `AdamW`), otherwise as
`p.mul_(1 - lr * decay)` beside the optimizer's own step. Decoupled decay of that number is not the same
regularisation and has to be tuned again; with SGD the gradient of the weights stays as it was. Without a
fix stay norms that are not squared, a penalty that is added only sometimes, and one whose strength is
changed on its way to the loss.

## References
- Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019: https://arxiv.org/abs/1711.05101
- Zhang et al., Three Mechanisms of Weight Decay Regularization, 2019: https://arxiv.org/abs/1810.12281
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, Note, Penalty, Severity, Sink

code = "WD202"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def step(x, y):
    loss = nn.functional.mse_loss(model(x), y)
    penalty = sum(p.pow(2).sum() for p in model.parameters())  # WD202
    (loss + 1e-4 * penalty).backward()
    optimizer.step()
""",
    """\
import torch
from torch import nn


def train(model, batches, optimizer, strength: float = 1e-3):
    for x, y in batches:
        loss = nn.functional.cross_entropy(model(x), y)
        for parameter in model.parameters():
            loss = loss + strength * torch.norm(parameter) ** 2  # WD202
        loss.backward()
        optimizer.step()
""",
)

PASSED = (
    """\
import torch
from torch import nn


def train(model, anchor, batches, optimizer, strength: float = 1e-3):
    for x, y in batches:
        loss = nn.functional.cross_entropy(model(x), y)
        for now, before in zip(model.parameters(), anchor.parameters()):
            loss = loss + strength * (now - before.detach()).pow(2).sum()
        loss.backward()
        optimizer.step()
""",
    """\
import torch
from torch import nn


def train(model, batches, optimizer):
    for x, y in batches:
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        norm = sum(p.pow(2).sum() for p in model.parameters()).sqrt()
        print(f"loss {loss.item():.3f}, norm of the parameters {norm.item():.3f}")
""",
    """\
import torch


def loss_of(model, x, y, strength: float = 1e-3):
    hidden = model.encode(x)
    return torch.nn.functional.mse_loss(model.decode(hidden), y) + strength * hidden.pow(2).sum()
""",
)


def judge(penalty: Penalty) -> Iterator[Finding]:
    strength = penalty.coefficient
    if penalty.sink is not Sink.LOSS or not (strength.decays or strength.latent):
        return
    what = "the squared norm" if penalty.power == 2 else "the norm"
    gradient = (
        "a penalty of c * ||w||**2 has the gradient 2 * c * w: the same coupled decay is 2 * c"
        if penalty.power == 2
        else "the gradient of c * ||w|| is c * w / ||w||: no `weight_decay` equals it"
    )
    yield Finding(
        code=code,
        place=penalty.place,
        message=(
            f"the loss carries an L2 penalty: {what} of {wording.penalised(penalty)}, "
            f"times {wording.penalty_strength(penalty)}"
        ),
        help="remove it and decay the weights in a decoupled optimizer: "
        "`torch.optim.AdamW(wdlint.decay_groups(model, weight_decay=...))`",
        notes=(Note(wording.COUPLED_MATTERS), Note(gradient), *wording.penalty_notes(penalty)),
        parameters=wording.penalised_names(penalty),
        confidence=penalty.confidence,
        latent=strength.latent,
        subject=f"penalty({penalty.label})",
    )
