"""A split into groups is computed, and the optimizer gets something else.

## What it does
Reports an optimizer over `model.parameters()` in a place where groups with and without decay were made
for the same model and are not passed: the variable is left over from an edit, was overwritten, or its
lists were merged again.

## Why is this bad?
The reader sees the split and believes that gains and biases are exempt. They are not: everything that
the optimizer gets is treated alike.

## Example
```python
groups = [
    {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.05},
    {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
```

## Use instead
```python
optimizer = torch.optim.AdamW(groups, lr=1e-3)
```

## When not to use
When the groups are made for another purpose, such as counting them for a log.

## Fix safety
Safe: the optimizer gets groups of weights and of gains and biases; the update rule stays as it is. The
split that was not used is left for its author to remove.

## References
- A split that was computed and then merged: https://github.com/nvidia-cosmos/cosmos-predict2.5/issues/165
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Finding, Note, OptimizerUse, Severity
from wdlint.reach import UNDECAYED_KINDS, decayed_groups, seen_reach

code = "WD306"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 1))
groups = [
    {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.05},
    {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)  # WD306
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 1))
groups = [
    {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.05},
    {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.05)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if use.unused_split is None:
        return
    groups = decayed_groups(use)
    reach = seen_reach(use, UNDECAYED_KINDS)
    if not groups:
        effect = "nothing decays"
    else:
        reached = wording.kinds(reach.parameters) if reach and reach.parameters else "all of its parameters"
        latent = "" if groups[0].amount.decays else ", as soon as it is set"
        effect = f"{wording.amounts(groups, use)} decays {reached}{latent}"
    yield Finding(
        code=code,
        place=use.place,
        message=(
            f"groups with and without decay are made for {wording.model(use)}, and {wording.optimizer(use)} "
            f"does not get them: {effect}"
        ),
        help="pass the groups to the optimizer",
        notes=(Note("the groups are made here", use.unused_split), *wording.amount_note(groups, use)),
        parameters=tuple(p.name for p in reach.parameters) if reach else (),
        confidence=Confidence.PROVEN if reach is None else reach.confidence,
        subject=wording.subject(use),
    )
