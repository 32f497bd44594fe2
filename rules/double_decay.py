"""The same parameters are decayed twice, by a penalty and by the optimizer.

## What it does
Reports an L2 penalty in the loss, or decay added to the gradient by hand, over parameters that the
program's optimizer decays as well.

## Why is this bad?
The two strengths add up in SGD and act in different ways in an adaptive optimizer: one is rescaled and
the other is not. Neither number then says how strongly the weights decay, and tuning one of them hides
the other.

## Example
```python
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
loss = criterion(model(x), y) + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())
```

## Use instead
```python
optimizer = torch.optim.AdamW(decay_groups(model, weight_decay=0.01), lr=1e-3)
loss = criterion(model(x), y)
```

## When not to use
When the penalty is meant for a part of the model beyond its decay, and both strengths were tuned
together.

## Fix safety
Unsafe: the penalty is removed and the optimizer's decay stays. The regularisation becomes weaker by the
penalty's share.

## References
- Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019: https://arxiv.org/abs/1711.05101
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Amount, Confidence, Finding, Note, Origin, Penalty, Severity

code = "WD206"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)


def step(x, y):
    loss = nn.functional.mse_loss(model(x), y)
    loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())  # WD206
    loss.backward()
    optimizer.step()
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)


def step(x, y):
    loss = nn.functional.mse_loss(model(x), y)
    loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())
    loss.backward()
    optimizer.step()
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)


def step(x, y):
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return sum(p.pow(2).sum().item() for p in model.parameters())
""",
)


def judge(penalty: Penalty) -> Iterator[Finding]:
    again = penalty.decayed_by_amount or Amount(None, Origin.UNKNOWN)
    if penalty.decayed_by is None:
        return
    if not all(strength.decays or strength.latent for strength in (penalty.coefficient, again)):
        return
    sure = penalty.confidence is Confidence.PROVEN and again.value is not None and not again.varies
    where = wording.line_of(penalty.decayed_by, penalty.place)
    by = f"by {wording.amount(again, penalty.place)}" if penalty.decayed_by_amount else "too"
    yield Finding(
        code=code,
        place=penalty.place,
        message=f"{wording.penalised(penalty)} decay twice: here, and in the optimizer of {where} {by}",
        help="keep one of the two: the optimizer's, if it is decoupled",
        notes=(
            Note("the two strengths don't add up to one that was chosen"),
            Note("the optimizer decays them here", penalty.decayed_by),
        ),
        parameters=wording.penalised_names(penalty),
        confidence=Confidence.PROVEN if sure else Confidence.ASSUMED,
        latent=penalty.coefficient.latent or again.latent,
        subject=f"double({penalty.label})",
    )
