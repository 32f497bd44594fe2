"""The model names parameters to exempt from decay, and the optimizer ignores it.

## What it does
Reports an optimizer that decays parameters which the model's own `no_weight_decay()` or
`no_weight_decay_keywords()` lists, or which carry a mark such as `_no_weight_decay`, because nothing
between the model and the optimizer reads that list or mark.

## Why is this bad?
The author of the model said which parameters must not decay, and the training does it all the same.
PyTorch's optimizers know neither the method nor the mark: some code must read them. It is lost easily,
when a training script is written anew, or when the model is wrapped (`DistributedDataParallel`,
`torch.compile`) and the wrapper has no such method.

## Example
```python
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1, 64, 32))
        self.mix = nn.Linear(32, 32)

    def no_weight_decay(self):
        return {"position"}

optimizer = torch.optim.AdamW(Encoder().parameters(), lr=1e-3, weight_decay=0.05)
```

## Use instead
```python
encoder = Encoder()
optimizer = torch.optim.AdamW(decay_groups(encoder, weight_decay=0.05), lr=1e-3)
```
`wdlint.decay_groups` and timm's `param_groups_weight_decay(model, no_weight_decay_list=...)` read the list.

## When not to use
When the list is kept for another training script, and this one decays its parameters on purpose.

## Fix safety
Safe: the listed parameters move into a group without decay and the update rule stays as it is. It
becomes unsafe where the program counts on a single group.

## References
- The method hidden by a wrapper: https://github.com/facebookresearch/deit/issues/39
- A mark that nobody reads: https://github.com/state-spaces/mamba/issues/798
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint import wording
from wdlint.facts import Finding, Kind, Note, OptimizerUse, Severity, Ternary
from wdlint.reach import asked_to_exempt, seen_reach

code = "WD106"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1, length, width))
        self.mix = nn.Linear(width, width, bias=False)

    def no_weight_decay(self):
        return {"position"}

    def forward(self, x):
        return self.mix(x + self.position)


encoder = Encoder(16, 8)
optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-3, weight_decay=0.05)  # WD106
""",
)

PASSED = (
    """\
import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1, length, width))
        self.mix = nn.Linear(width, width, bias=False)

    def no_weight_decay(self):
        return {"position"}

    def forward(self, x):
        return self.mix(x + self.position)


encoder = Encoder(16, 8)
exempt = encoder.no_weight_decay()
decay = [p for name, p in encoder.named_parameters() if name not in exempt]
no_decay = [p for name, p in encoder.named_parameters() if name in exempt]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.05}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if not use.declared or use.honours_declared is not Ternary.NO:
        return
    reach = seen_reach(use, tuple(Kind))
    if reach is None:
        return
    reach = replace(reach, parameters=tuple(filter(asked_to_exempt(use), reach.parameters)))
    if not reach.parameters:
        return
    message = (
        f"{wording.model(use)} asks not to decay {wording.kinds(reach.parameters)}, and {wording.optimizer(use)} "
        f"{wording.decays(reach.latent)} them by {wording.amounts(reach.groups, use)}"
    )
    finding = wording.reach_finding(
        code,
        reach,
        message,
        "PyTorch's optimizers read no such list or mark: the code that builds the groups must",
        f"pass `wdlint.decay_groups({wording.expression(use) or 'model'}, weight_decay=...)`, which reads it",
    )
    declared = (Note("the model asks for it here", use.declared_place),) if use.declared_place else ()
    yield replace(finding, notes=(*finding.notes, *declared))
