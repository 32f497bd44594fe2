"""A decayed group holds biases.

## What it does
Reports an optimizer that decays the biases of a model whose parameters are known: from its class in the
project, or from a measured inventory of a library's model.

Not reported here: a hand-made split that lets biases through (WD301), and a decay that is nowhere
written because it is the optimizer's own default (WD104).

## Why is this bad?
Weight decay limits what a network can compute by keeping small the factors that multiply features. A
bias multiplies nothing: it shifts an output. Pulling it towards 0 limits nothing and keeps the layer
from the offset that the data ask for. He et al. decay only the weights of convolutions and linear
layers and call it "no bias decay"; textbooks leave biases unregularised for the same reason.

## Example
```python
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
```

## Use instead
```python
decay = [p for p in model.parameters() if p.ndim >= 2]
no_decay = [p for p in model.parameters() if p.ndim < 2]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.05}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
```
Where gains or biases have two or more dimensions (layer scale, per-expert biases, `bias_k` of attention),
`wdlint.decay_groups(model, weight_decay=0.05)` returns the right groups.

## When not to use
When a published result must be repeated to the digit and its recipe decays everything. The effect is
small for a few biases and a small decay; it grows with the decay, the learning rate and the length of
the training.

## Fix safety
Safe: the parameters are divided into two groups and the update rule stays as it is. It becomes unsafe
where the program counts on a single group, for example when it writes `param_groups[0]` or loads the
state of an optimizer saved with one group.

## References
- He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019, section 3.1:
  https://arxiv.org/abs/1812.01187
- Goodfellow, Bengio and Courville, Deep Learning, 2016, section 7.1: https://www.deeplearningbook.org
- Request for it in PyTorch, 2017: https://github.com/pytorch/pytorch/issues/1402
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, Kind, OptimizerUse, Severity
from wdlint.reach import is_written, seen_reach
from wdlint.splits import is_split

code = "WD101"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, 64)
        self.output = nn.Linear(64, classes)

    def forward(self, x):
        return self.output(torch.relu(self.hidden(x)))


model = Classifier(20, 3)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)  # WD101
""",
    """\
from torch import nn, optim

DECAY = 5e-4
net = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
trainable = filter(lambda p: p.requires_grad, net.parameters())
optimizer = optim.SGD(trainable, lr=0.1, momentum=0.9, weight_decay=DECAY)  # WD101
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3))
weights = [p for p in model.parameters() if p.ndim >= 2]
biases = [p for p in model.parameters() if p.ndim < 2]
optimizer = torch.optim.AdamW(
    [{"params": weights, "weight_decay": 0.05}, {"params": biases, "weight_decay": 0.0}], lr=1e-3
)
""",
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 64, bias=False), nn.ReLU(), nn.Linear(64, 3, bias=False))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
""",
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if is_split(use) or use.unused_split is not None:
        return
    reach = seen_reach(use, (Kind.BIAS,), is_written)
    if reach is None:
        return
    message = (
        f"{wording.optimizer(use)} {wording.decays(reach.latent)} "
        f"{wording.counted(reach.parameters, Kind.BIAS, use)} of {wording.model(use)} "
        f"by {wording.amounts(reach.groups, use)}"
    )
    yield wording.reach_finding(code, reach, message, wording.BIASES_MATTER)
