"""Trainable parameters are in no group of a hand-made split.

## What it does
Reports parameters that a hand-made split drops: a three-way `if/elif/else` whose `else` only prints, two
conditions that together don't cover everything, a white list of module types, an iterator that was
consumed by the first group and leaves the second one empty. Parameters that another optimizer of the
program holds are not counted.

## Why is this bad?
A parameter in no group is never updated. It keeps its initial value, and nothing says so: the loss still
falls, because the rest of the model learns around it. Weights that should decay don't.

## Example
```python
parameters = model.named_parameters()
decay = [p for n, p in parameters if p.ndim >= 2]
no_decay = [p for n, p in parameters if p.ndim < 2]  # empty: the iterator is used up
```

## Use instead
```python
parameters = list(model.named_parameters())
decay = [p for n, p in parameters if p.ndim >= 2]
no_decay = [p for n, p in parameters if p.ndim < 2]
```

## When not to use
When the parameters are left out on purpose. Say so in the code: `requires_grad_(False)` also saves the
memory of their gradients.

## Fix safety
Unsafe: the split is replaced by an exact one, and the parameters that were missing are now trained, which
changes the result, as it should.

## References
- Groups of parameters: https://pytorch.org/docs/stable/optim.html#per-parameter-options
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Finding, Note, OptimizerUse, Parameter, Severity, Ternary
from wdlint.reach import decayed_groups

code = "WD303"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 1))
parameters = model.named_parameters()
decay = [p for n, p in parameters if p.ndim >= 2]
no_decay = [p for n, p in parameters if p.ndim < 2]
optimizer = torch.optim.AdamW(  # WD303
    [{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
""",
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 1))
decay, no_decay = [], []
for p in model.parameters():
    if p.ndim == 4:
        decay.append(p)
    elif p.ndim == 1:
        no_decay.append(p)
    else:
        print("unexpected shape", tuple(p.shape))
optimizer = torch.optim.SGD(  # WD303
    [{"params": decay, "weight_decay": 5e-4}, {"params": no_decay, "weight_decay": 0.0}], lr=0.1
)
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 1))
parameters = list(model.named_parameters())
decay = [p for n, p in parameters if p.ndim >= 2]
no_decay = [p for n, p in parameters if p.ndim < 2]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
""",
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
for p in model[0].parameters():
    p.requires_grad_(False)
head = torch.optim.AdamW([{"params": [model[1].weight]}, {"params": [model[1].bias], "weight_decay": 0.0}], lr=1e-3)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if use.empty:
        yield _finding(
            use,
            f"{wording.listed([f'`{name}`' for name in use.empty])} {'is' if len(use.empty) == 1 else 'are'} empty: "
            "an iterator was consumed before, "
            "so these parameters are in no group and are never updated",
            "put the iterator into a list first: `list(model.named_parameters())`",
        )
        return
    if not use.divided or use.by_fix or not use.complete or not decayed_groups(use):
        return
    left = tuple(_left(use))
    if left:
        yield _finding(
            use,
            f"{wording.kinds(left, use)} of {wording.model(use)} {'is' if len(left) == 1 else 'are'} in no group "
            "and never updated",
            "let the last condition of the split take every parameter that the others don't",
            left,
        )


def _left(use: OptimizerUse) -> Iterator[Parameter]:
    """The parameters that certainly exist, train, and lie neither here nor in another optimizer."""
    inventory = use.inventory
    if inventory is None or not inventory.complete:
        return
    for index, parameter in enumerate(inventory.parameters):
        if parameter.present is not Ternary.YES or parameter.trainable is not Ternary.YES:
            continue
        answers = [g.members[index] if index < len(g.members) else Ternary.UNKNOWN for g in use.groups]
        answers += use.elsewhere[index : index + 1]
        if all(answer is Ternary.NO for answer in answers):
            yield parameter


def _finding(use: OptimizerUse, message: str, advice: str, left: tuple[Parameter, ...] = ()) -> Finding:
    assumed = use.inventory is not None and use.inventory.assumed and bool(left)
    return Finding(
        code=code,
        place=use.place,
        message=message,
        help=advice,
        notes=(
            Note("an optimizer updates only what is in its groups: the others keep their initial values"),
            *wording.evidence_note(left),
        ),
        parameters=tuple(p.name for p in left),
        confidence=Confidence.ASSUMED if assumed else Confidence.PROVEN,
        subject=wording.subject(use),
    )
