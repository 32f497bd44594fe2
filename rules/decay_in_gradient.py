"""Decay is added to the gradient by hand.

## What it does
Reports `p.grad.add_(p, alpha=decay)`, `p.grad += decay * p` and their spellings between `backward()` and
`step()`: a multiple of the parameter itself goes into its gradient. The difference to another model's
parameters (FedProx and other proximal terms) is no decay and is not reported.

## Why is this bad?
It is an L2 penalty by other means. The optimizer treats the sum as a gradient: momentum carries the
decay along, an adaptive optimizer rescales it, clipping cuts it. A loop over all parameters also
decays gains and biases.

## Example
```python
loss.backward()
for p in model.parameters():
    p.grad.add_(p.data, alpha=1e-4)
optimizer.step()
```

## Use instead
```python
optimizer = torch.optim.AdamW(decay_groups(model, weight_decay=1e-2), lr=1e-3)
...
loss.backward()
optimizer.step()
```
Or decay the weights themselves, after the step: `p.mul_(1 - lr * decay)` under `torch.no_grad()`.

## When not to use
When an optimizer is written by hand for teaching, with neither momentum nor rescaling: plain gradient
descent makes no difference between the two.

## Fix safety
Unsafe: the statement is taken out and its strength becomes the decay of the weights: in the optimizer
that holds the parameters, where the file makes it (`Adam` becomes `AdamW`), otherwise as
`p.mul_(1 - lr * decay)` beside the optimizer's own step. The update rule changes with it, and the decay
has to be tuned again.

## References
- Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019: https://arxiv.org/abs/1711.05101
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, Note, Penalty, Severity, Sink

code = "WD203"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn


def step(model: nn.Module, x, y, optimizer, decay: float = 1e-4):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    for p in model.parameters():
        if p.grad is not None:
            p.grad.add_(p.data, alpha=decay)  # WD203
    optimizer.step()
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def step(x, y):
    nn.functional.mse_loss(model(x), y).backward()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.grad += 1e-4 * p  # WD203
    optimizer.step()
""",
)

PASSED = (
    """\
import torch


def step(model, server, x, y, optimizer, mu: float = 0.01):
    torch.nn.functional.cross_entropy(model(x), y).backward()
    for p, q in zip(model.parameters(), server.parameters()):
        p.grad.add_((p - q).detach().mul(mu))
    optimizer.step()
""",
    """\
import torch


def step(model, x, y, optimizer):
    torch.nn.functional.cross_entropy(model(x), y).backward()
    for p in model.parameters():
        p.grad.add_(torch.randn_like(p), alpha=1e-3)
    optimizer.step()
""",
)


def judge(penalty: Penalty) -> Iterator[Finding]:
    strength = penalty.coefficient
    if penalty.sink is not Sink.GRADIENT or not (strength.decays or strength.latent):
        return
    yield Finding(
        code=code,
        place=penalty.place,
        message=(
            f"a decay of {wording.amount(strength, penalty.place)} is added by hand "
            f"to the gradient of {wording.penalised(penalty)}"
        ),
        help="remove it and decay the weights in a decoupled optimizer: "
        "`torch.optim.AdamW(wdlint.decay_groups(model, weight_decay=...))`",
        notes=(Note(wording.COUPLED_MATTERS),),
        parameters=wording.penalised_names(penalty),
        confidence=penalty.confidence,
        latent=strength.latent,
        subject=f"gradient({penalty.label})",
    )
