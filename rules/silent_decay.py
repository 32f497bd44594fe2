"""Gains and biases are decayed by the optimizer's own default, which is written nowhere.

## What it does
Reports an optimizer that is given no decay and has a default other than 0, over parameters that hold
gains or biases, or over a model that can't be seen and is assumed to hold them.
`torch.optim.AdamW` decays by 0.01 unless told otherwise; `torch.optim.Muon` by 0.1. Other libraries'
optimizers of the same name may default to 0: the import decides, not the name.

## Why is this bad?
The line shows no decay, so its reader believes that there is none, and a search for `weight_decay`
finds nothing. All parameters shrink in each step nevertheless, gains and biases with them, which limits
nothing that the network computes.

## Example
```python
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
```

## Use instead
If no decay is wanted, say so:
```python
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.0)
```
If it is wanted, write it and leave gains and biases out:
```python
from wdlint import decay_groups

optimizer = torch.optim.AdamW(decay_groups(model, weight_decay=0.01), lr=3e-4)
```

## When not to use
When a result obtained with the default must be repeated.

## Fix safety
Safe: the weights keep the strength that they have by default, and gains and biases go into a second group
without decay. It becomes unsafe where the program counts on a single group.

## References
- torch.optim.AdamW, parameter `weight_decay`: https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
- A user who took the default for 0: https://github.com/huggingface/transformers/issues/7214
- He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019, section 3.1:
  https://arxiv.org/abs/1812.01187
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint import wording
from wdlint.facts import Finding, OptimizerUse, Severity
from wdlint.reach import UNDECAYED_KINDS, is_silent, seen_reach, unseen_reach
from wdlint.splits import is_split

code = "WD104"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)  # WD104
""",
    """\
from torch.optim import AdamW


def make_optimizer(model):
    return AdamW(model.parameters(), 3e-4)  # WD104
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.0)
""",
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if is_split(use) or use.unused_split is not None:
        return
    reach = seen_reach(use, UNDECAYED_KINDS, is_silent) or unseen_reach(use, among=is_silent)
    if reach is None:
        return
    reached = (
        f"{wording.kinds(reach.parameters, use)} of {wording.model(use)}"
        if reach.parameters
        else f"every parameter of {wording.everything(use, reach.groups)}, gains and biases included,"
    )
    message = (
        f"no decay is written, and {wording.optimizer(use)} decays {reached} by {wording.amounts(reach.groups, use)}"
    )
    finding = wording.reach_finding(code, reach, message, wording.BOTH_MATTER)
    yield replace(finding, notes=(*finding.notes, *wording.inherited_note(reach)))
