"""A parameter is in two groups.

## What it does
Reports parameters that certainly lie in two groups of one optimizer: conditions that overlap
(`"bias" in n` beside `p.ndim >= 2`), a head that is also part of the backbone's group, a sub-module
listed beside the model that contains it.

## Why is this bad?
`torch.optim.Optimizer` refuses such groups with `ValueError: some parameters appear in more than one
parameter group`, and the training does not start. Other optimizers let them through and update the
parameter twice per step, with two decays.

## Example
```python
groups = [
    {"params": model.parameters(), "weight_decay": 0.01},
    {"params": model.head.parameters(), "weight_decay": 0.0},
]
```

## Use instead
```python
groups = [
    {"params": model.backbone.parameters(), "weight_decay": 0.01},
    {"params": model.head.parameters(), "weight_decay": 0.0},
]
```

## When not to use
There is no case in which the overlap is wanted.

## Fix safety
Safe where the split is replaced by an exact one in which each parameter stands once.

## References
- Groups of parameters: https://pytorch.org/docs/stable/optim.html#per-parameter-options
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Finding, Note, OptimizerUse, Severity, Ternary
from wdlint.reach import holders

code = "WD304"
severity = Severity.ERROR
default = True

FLAGGED = (
    """\
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(8, 8, bias=False)
        self.head = nn.Linear(8, 2, bias=False)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


model = Network()
optimizer = torch.optim.SGD(  # WD304
    [{"params": model.parameters()}, {"params": model.head.parameters(), "lr": 0.01}], lr=0.1, weight_decay=1e-4
)
""",
)

PASSED = (
    """\
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(8, 8, bias=False)
        self.head = nn.Linear(8, 2, bias=False)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


model = Network()
optimizer = torch.optim.SGD(
    [{"params": model.body.parameters()}, {"params": model.head.parameters(), "lr": 0.01}], lr=0.1, weight_decay=1e-4
)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if use.inventory is None or len(use.groups) < 2:
        return
    twice = tuple(
        (parameter, holders(use, index))
        for index, parameter in enumerate(use.inventory.parameters)
        if parameter.present is Ternary.YES and len(holders(use, index)) > 1
    )
    if not twice:
        return
    parameters = tuple(parameter for parameter, _ in twice)
    first, second = twice[0][1][:2]
    verb = "is" if len(twice) == 1 else "are"
    yield Finding(
        code=code,
        place=use.place,
        message=f"{wording.kinds(parameters)} of {wording.model(use)} {verb} in two groups",
        help="make the conditions of the groups exclude each other",
        notes=(
            Note("PyTorch refuses such groups: some parameters appear in more than one parameter group"),
            Note(f"one group is {first.label}", first.place),
            Note(f"the other is {second.label}", second.place),
        ),
        parameters=tuple(p.name for p in parameters),
        confidence=Confidence.ASSUMED if use.inventory.assumed else Confidence.PROVEN,
        severity=severity,
        subject=wording.subject(use),
    )
