"""A group carries a key that the optimizer does not read, in place of its decay.

## What it does
Reports a parameter group with a misspelt or foreign name for the decay: `weight_dacay`, `wd`, `l2`, or
`weight_decay` for an optimizer that reads `weight_decay_rate`. Keys that are no attempt at a decay
(`name`, `lr_scale`) pass: programs keep data of their own in groups.

## Why is this bad?
PyTorch keeps unknown keys of a group without a word. The group decays by the constructor's value or the
optimizer's default, and the number in the group does nothing: weights that should decay don't, or a
group that should be exempt is decayed.

## Example
```python
torch.optim.SGD([{"params": [net.weight], "wd": 0.01}, {"params": [net.bias]}], lr=0.1)
```

## Use instead
```python
torch.optim.SGD([{"params": [net.weight], "weight_decay": 0.01}, {"params": [net.bias]}], lr=0.1)
```

## When not to use
When the program itself reads the key, for example a schedule of its own that copies it to
`weight_decay` in each step.

## Fix safety
Safe: the key is corrected to the one that the optimizer reads, or that one is set beside it where another
optimizer over the same groups does read the key. The group then decays as written, which changes the
training; that is what the line asks for.

## References
- How groups and their options work: https://pytorch.org/docs/stable/optim.html#per-parameter-options
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Finding, Group, Note, OptimizerUse, Severity
from wdlint.splits import unread_decay_keys

code = "WD401"
severity = Severity.ERROR
default = True

FLAGGED = (
    """\
import torch
from torch import nn

net = nn.Linear(8, 1)
optimizer = torch.optim.SGD(
    [
        {"params": [net.weight], "weight_deacy": 0.01},  # WD401
        {"params": [net.bias]},
    ],
    lr=0.1,
)
""",
    """\
import torch
from torch import nn

net = nn.Linear(8, 1)
groups = [{"params": [net.weight], "wd": 0.01}, {"params": [net.bias], "weight_decay": 0.0}]  # WD401
optimizer = torch.optim.AdamW(groups, lr=0.1, weight_decay=0.0)
""",
)

PASSED = (
    """\
import torch
from torch import nn

net = nn.Linear(8, 1)
groups = [
    {"params": [net.weight], "weight_decay": 0.01, "name": "weights", "lr_scale": 1.0},
    {"params": [net.bias], "weight_decay": 0.0, "name": "biases", "lr_scale": 2.0},
]
optimizer = torch.optim.SGD(groups, lr=0.1)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    for group in use.groups:
        for index, key, right in unread_decay_keys(use, group):
            place = group.option_places[index] if index < len(group.option_places) else group.place
            yield Finding(
                code=code,
                place=place,
                message=f"{wording.optimizer(use)} does not read the group's key `{key}`: it does nothing",
                help=f"write `{right}`",
                notes=(Note(_instead(group, use)), Note("the group goes to this optimizer", use.place)),
                confidence=Confidence.PROVEN if len(use.classes) == 1 else Confidence.ASSUMED,
                severity=severity,
                subject=f"{wording.subject(use)}[{key}]",
            )


def _instead(group: Group, use: OptimizerUse) -> str:
    if group.amount.decays:
        return f"the group is decayed by {wording.amount(group.amount, use.place, wording.optimizer(use))} instead"
    return "the group is not decayed"
