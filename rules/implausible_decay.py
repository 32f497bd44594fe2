"""The decay is too strong to be meant.

## What it does
Reports a decay whose product with the learning rate shrinks weights by more than 10 % in each step, and
a decay of 1 or more. Both numbers must be visible in the source.

## Why is this bad?
PyTorch's decoupled optimizers, and SGD, multiply each weight by `1 - lr * weight_decay` in every step. At
10 % a step, what a weight has learnt is gone after some 20 steps, and the loss alone holds it up. Such
a number is most often a slip: learning rate and decay swapped, an exponent without its minus, or a value
that was meant for an optimizer whose decay is not multiplied by the learning rate.

## Example
```python
optimizer = torch.optim.AdamW(groups, lr=0.5, weight_decay=1.0)
```

## Use instead
```python
optimizer = torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.05)
```
Usual values are 0.01 to 0.3 for AdamW and 1e-5 to 1e-3 for SGD.

## When not to use
For optimizers that are run with a very small learning rate and a large decay on purpose: Lion and Muon
recipes use decays around 1. Suppress the finding there.

## Fix safety
Shown only: no tool can know which number was meant.

## References
- torch.optim.AdamW, the update: https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
- Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019: https://arxiv.org/abs/1711.05101
- Whether the decay is multiplied by the learning rate: https://github.com/pytorch/pytorch/pull/4429
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Coupling, Finding, Group, Note, OptimizerUse, Severity
from wdlint.reach import decayed_groups

code = "WD402"
severity = Severity.WARNING
default = True

MOST_PER_STEP = 0.1  # the share of a weight that one step may take
MOST = 1.0  # from here on a decay is implausible whatever the learning rate

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.5, weight_decay=0.3)  # WD402
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=5e4)  # WD402
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.3)
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, weight_decay=5e-4)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    for group in decayed_groups(use):
        decay = group.amount.value
        if decay is None or group.amount.latent:
            continue
        share = _share(group, use)
        if decay < MOST and (share is None or share <= MOST_PER_STEP):
            continue
        effect = ""
        if share is not None and group.learning_rate is not None:
            rate = wording.amount(group.learning_rate, use.place)
            effect = f": times the learning rate of {rate} it shrinks weights by {wording.percent(share)} a step"
        varies = group.amount.varies or (group.learning_rate is not None and group.learning_rate.varies)
        yield Finding(
            code=code,
            place=use.place,
            message=(
                f"{wording.optimizer(use)} gets an implausible decay, "
                f"{wording.amount(group.amount, use.place, wording.optimizer(use))}{effect}"
            ),
            help="check the number: usual are 0.01 to 0.3 for AdamW and 1e-5 to 1e-3 for SGD",
            notes=(Note("a decay this strong pulls weights to 0 faster than most losses can hold them up"),),
            confidence=Confidence.ASSUMED if varies else Confidence.PROVEN,
            subject=wording.subject(use),
        )
        return


def _share(group: Group, use: OptimizerUse) -> float | None:
    """The share of a weight that one step takes, where the update is known to be `w * (1 - lr * decay)`."""
    if not use.couplings or not use.couplings <= {Coupling.DECOUPLED, Coupling.COUPLED_PLAIN}:
        return None
    rate = group.learning_rate.value if group.learning_rate is not None else None
    return None if rate is None or group.amount.value is None else rate * group.amount.value
