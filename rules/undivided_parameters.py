"""Every parameter of a model that can't be seen is decayed together.

## What it does
Reports an optimizer that decays all parameters of a model whose class can't be found or read: a
function's argument, a model from a library that has no inventory, a class made at run time. Nearly
every such model has biases, and most have gains; the finding says that this is assumed.

Where the model can be seen, WD101 and WD102 judge its parameters one by one, and a model without gains
and biases is left alone.

## Why is this bad?
Weights multiply features and are decayed. Gains and biases are not: pulling them towards 0 limits
nothing that the network computes and fights the normalisation layers. With one group for everything
they are all decayed.

## Example
```python
def make_optimizer(model, lr, weight_decay):
    return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
```

## Use instead
```python
from wdlint import decay_groups

def make_optimizer(model, lr, weight_decay):
    return torch.optim.AdamW(decay_groups(model, weight_decay=weight_decay), lr=lr)
```
The same without wdlint, for models whose gains and biases have fewer than two dimensions:
```python
groups = [
    {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": weight_decay},
    {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
```

## When not to use
In a library whose models are known to hold weights only, or where callers hand over groups that are
already divided. Suppress the finding at that line and say why.

## Fix safety
Safe: the fix puts one helper function into the file (or imports `wdlint.decay_groups`) and passes its
groups; the update rule stays as it is. It becomes unsafe where the program counts on a single group.

## References
- He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019, section 3.1:
  https://arxiv.org/abs/1812.01187
- minGPT's repair and its discussion: https://github.com/karpathy/minGPT/pull/24
- Request for it in PyTorch, 2017: https://github.com/pytorch/pytorch/issues/1402
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, OptimizerUse, Severity
from wdlint.reach import is_written, unseen_reach
from wdlint.splits import is_split

code = "WD103"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch


def make_optimizer(model, lr: float, weight_decay: float = 0.01):
    return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)  # WD103
""",
    """\
from torch.optim import SGD
from somewhere import build_network

network = build_network("resnet")
optimizer = SGD([p for p in network.parameters() if p.requires_grad], lr=0.1, weight_decay=1e-4)  # WD103
""",
)

PASSED = (
    """\
import torch


def make_optimizer(model, lr: float, weight_decay: float = 0.01):
    weights = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr)
""",
    """\
import torch


def make_optimizer(groups, lr: float):
    return torch.optim.AdamW(groups, lr=lr, weight_decay=0.0)
""",
    """\
import torch


def fit_one_tensor(image, steps: int):
    optimizer = torch.optim.AdamW([image], lr=0.1, weight_decay=0.01)
    for _ in range(steps):
        optimizer.step()
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if is_split(use) or use.unused_split is not None:
        return
    reach = unseen_reach(use, among=is_written)
    if reach is None:
        return
    held = wording.everything(use, reach.groups)
    message = (
        f"{wording.optimizer(use)} {wording.decays(reach.latent)} every parameter of {held} "
        f"by {wording.amounts(reach.groups, use)}, gains and biases included"
    )
    yield wording.reach_finding(code, reach, message, wording.BOTH_MATTER)
