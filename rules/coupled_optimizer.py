"""An adaptive optimizer adds the decay to the gradient.

## What it does
Reports an optimizer that puts `weight_decay` times the parameter into the gradient and then rescales
that gradient, parameter by parameter: `torch.optim.Adam`, `Adamax`, `RMSprop`, `Adagrad`, `Adadelta`,
`NAdam` and `RAdam` without `decoupled_weight_decay=True`, and their relatives in other libraries. How an
optimizer treats its decay is taken from a measured table, by import path and never by name alone.

## Why is this bad?
Decay is meant to shrink every weight by the same factor per step. Added to the gradient, it goes through
the optimizer's own scaling: it is averaged with the gradients and divided by their size. A weight with
large gradients then decays less than its neighbours, and the strength chosen is not the strength
applied. Decoupled decay acts on the weight itself, `w <- w - lr * update - lr * decay * w`, generalises
better in the experiments of Loshchilov and Hutter, and makes the best decay depend less on the learning
rate.

## Example
```python
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
```

## Use instead
```python
optimizer = torch.optim.AdamW(decay_groups(model, weight_decay=1e-2), lr=1e-3)
```
The same number is not the same regularisation: a decoupled decay is usually chosen much larger
than the coupled one, and has to be tuned. Many optimizers have a switch for it: NAdam and RAdam take
`decoupled_weight_decay=True`, other libraries call it `decouple`, `weight_decouple` or `adam_w_mode`.
RMSprop, Adagrad, Adadelta and Adamax have no decoupled twin in PyTorch: AdamW is the nearest optimizer, or a
subclass decays the weights in its step.

## When not to use
When a published result must be repeated that was obtained with coupled decay, or in a study of coupled
decay itself.

## Fix safety
Unsafe: the update rule changes, and the decay has to be tuned again. Where no decoupled twin exists, a subclass
of the optimizer is written into the file; it decays the weights before it takes the optimizer's own step without.

## References
- Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019: https://arxiv.org/abs/1711.05101
- torch.optim.AdamW: https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
- What Adam's `weight_decay` is: https://github.com/pytorch/pytorch/issues/48793
- The same question again: https://github.com/pytorch/pytorch/issues/38767
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Coupling, Finding, Note, OptimizerClass, OptimizerUse, Severity
from wdlint.reach import decayed_groups, is_visible

code = "WD201"
severity = Severity.WARNING
default = True

NO_TWIN = "no decoupled twin of it comes with PyTorch: AdamW is the nearest optimizer that decouples its decay"

FLAGGED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)  # WD201
""",
    """\
from torch.optim import NAdam as Optimizer


def make_optimizer(model):
    return Optimizer(model.parameters(), lr=2e-3, weight_decay=1e-4)  # WD201
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.NAdam(model.parameters(), lr=2e-3, weight_decay=1e-2, decoupled_weight_decay=True)
""",
    """\
import torch
from torch import nn

model = nn.Linear(8, 8, bias=False)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    coupled = [c for c in use.classes if c.coupling is Coupling.COUPLED_ADAPTIVE]
    if not coupled or use.classes[0] not in coupled:
        return
    groups = decayed_groups(use)
    if not groups:
        return
    sure = len(coupled) == len(use.classes) and is_visible(groups)
    latent = not groups[0].amount.decays
    name = _short(coupled[0])
    first = "" if len(use.classes) == len(coupled) else ", the first of several choices,"
    yield Finding(
        code=code,
        place=use.place,
        message=(
            f"{name}{first} adds the decay of {wording.amounts(groups, use, goes_on=True)} to the gradient"
            f"{', as soon as it is set' if latent else ''}: it is coupled"
        ),
        help=f"{_instead(coupled[0])}; tune the decay anew, the same number decays otherwise",
        notes=(
            Note(wording.COUPLED_MATTERS),
            *((Note(f"known from {coupled[0].source}"),) if coupled[0].source else ()),
            *wording.amount_note(groups, use),
        ),
        confidence=Confidence.PROVEN if sure else Confidence.ASSUMED,
        latent=latent,
        subject=wording.subject(use),
    )


def _instead(known: OptimizerClass) -> str:
    if "=" in known.decoupled:
        return f"pass `{known.decoupled}`"
    twin = known.decoupled or ("AdamW" if _short(known) == "Adam" else "")
    return f"use {twin}, which decays the weights themselves" if twin else NO_TWIN


def _short(known: OptimizerClass) -> str:
    return known.name.rsplit(".", 1)[-1]
