"""SGD adds the decay to the gradient, by definition and by convention.

## What it does
Reports SGD, and optimizers that treat their decay as SGD does, with a decay other than 0. Off by default.

## Why is this bad?
`torch.optim.SGD` adds `weight_decay * p` to the gradient. Nothing rescales that gradient, so without
momentum this *is* decoupled decay. With momentum the decay of earlier steps is carried along, and the
learning rate and the decay can't be tuned apart as well as with decoupled decay (SGDW). Recipes for
convolutional networks have been tuned with this coupling for years, which is why the rule is off.

## Example
```python
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
```

## Use instead
An SGD with decoupled decay, such as `timm.optim.SGDW`, with groups that leave gains and biases out. Scale
the decay: a learning rate that falls during training also lowers the decay, in both forms.

## When not to use
When SGD's conventional decay is what the recipe asks for. That is why the rule must be selected.

## Fix safety
Shown only: PyTorch has no SGD with decoupled decay.

## References
- Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019: https://arxiv.org/abs/1711.05101
- torch.optim.SGD: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Coupling, Finding, Note, OptimizerUse, Severity
from wdlint.reach import decayed_groups, is_visible

code = "WD205"
severity = Severity.WARNING
default = False

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)  # WD205
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if not use.classes or use.classes[0].coupling is not Coupling.COUPLED_PLAIN:
        return
    groups = decayed_groups(use)
    if not groups:
        return
    sure = use.couplings == {Coupling.COUPLED_PLAIN} and is_visible(groups)
    yield Finding(
        code=code,
        place=use.place,
        message=(
            f"{wording.optimizer(use)} adds the decay of {wording.amounts(groups, use, goes_on=True)} to the gradient, "
            "where momentum carries it along"
        ),
        help="an SGD with decoupled decay, such as `timm.optim.SGDW`, decays the weights themselves",
        notes=(
            Note("without momentum the two are the same; with it, decay and learning rate can't be tuned apart"),
            *wording.amount_note(groups, use),
        ),
        confidence=Confidence.PROVEN if sure else Confidence.ASSUMED,
        latent=not groups[0].amount.decays,
        subject=wording.subject(use),
    )
