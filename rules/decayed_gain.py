"""A decayed group holds gains, such as the scales of normalisation layers.

## What it does
Reports an optimizer that decays gains of a model whose parameters are known: the `weight` of LayerNorm,
RMSNorm, BatchNorm and GroupNorm, layer-scale factors, the slope of PReLU, the `g` of weight normalisation
and hand-written factors that multiply features channel by channel.

Not reported here: a hand-made split that lets gains through (WD301), and a decay that is nowhere written
because it is the optimizer's own default (WD104).

## Why is this bad?
A normalisation layer divides by the size of its input and multiplies by its gain. The gain is the only
thing that says how large the output should be, and the loss fits it. Decay pulls on it all the same. It
limits nothing: the function depends on the product of the gain and the weights behind it, and the
weights are free to answer. For the weights *before* a normalisation the decay acts through the
effective learning rate (van Laarhoven 2017; Zhang et al. 2019); no such effect exists for the gain.
Recipes for large models therefore leave gains out (Goyal et al. 2017; He et al. 2019; minGPT, timm).

## Example
```python
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
```

## Use instead
```python
decay = [p for p in model.parameters() if p.ndim >= 2]
no_decay = [p for p in model.parameters() if p.ndim < 2]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
```
Where gains have two or more dimensions (layer scale `(C, 1, 1)`, GRN, `weight_g`),
`wdlint.decay_groups(model, weight_decay=0.1)` returns the right groups.

## When not to use
When a published result must be repeated to the digit and its recipe decays everything, or when gains are
pulled towards a chosen value on purpose (a norm that stores `gain - 1`, so that decay pulls it to 1).
The exemption is a convention with good reasons and no theorem: for some gains of residual networks, Kim
et al. (2024) measured that L2 helps, for others that it harms.

## Fix safety
Safe: the parameters are divided into two groups and the update rule stays as it is. It becomes unsafe
where the program counts on a single group, for example when it writes `param_groups[0]` or loads the
state of an optimizer saved with one group.

## References
- He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019, section 3.1:
  https://arxiv.org/abs/1812.01187
- Goyal et al., Accurate, Large Minibatch SGD, 2017, section 5.1: https://arxiv.org/abs/1706.02677
- van Laarhoven, L2 Regularization versus Batch and Weight Normalization, 2017:
  https://arxiv.org/abs/1706.05350
- Zhang et al., Three Mechanisms of Weight Decay Regularization, 2019: https://arxiv.org/abs/1810.12281
- Kim et al., Guidelines for the Regularization of Gammas in Batch Normalization for Deep Residual
  Networks, 2024: https://arxiv.org/abs/2205.07260
- minGPT's repair and its discussion: https://github.com/karpathy/minGPT/pull/24
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, Kind, OptimizerUse, Severity
from wdlint.reach import is_written, seen_reach
from wdlint.splits import is_split

code = "WD102"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, bias=False)
        self.mix = nn.Linear(width, width, bias=False)

    def forward(self, x):
        return x + self.mix(self.norm(x))


model = nn.Sequential(Block(32), Block(32))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)  # WD102
""",
    """\
import torch
from torch import nn


class RootMeanSquareNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.scale


model = nn.Sequential(RootMeanSquareNorm(16), nn.Linear(16, 4, bias=False))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)  # WD102
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(16, 16, bias=False), nn.LayerNorm(16, elementwise_affine=False))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)
""",
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16))
norm_and_bias = [p for name, p in model.named_parameters() if name.endswith("bias") or p.dim() == 1]
weights = [p for name, p in model.named_parameters() if not (name.endswith("bias") or p.dim() == 1)]
optimizer = torch.optim.AdamW(
    [{"params": weights}, {"params": norm_and_bias, "weight_decay": 0.0}], lr=3e-4, weight_decay=0.1
)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if is_split(use) or use.unused_split is not None:
        return
    reach = seen_reach(use, (Kind.GAIN,), is_written)
    if reach is None:
        return
    message = (
        f"{wording.optimizer(use)} {wording.decays(reach.latent)} "
        f"{wording.counted(reach.parameters, Kind.GAIN, use)} of {wording.model(use)} "
        f"by {wording.amounts(reach.groups, use)}"
    )
    yield wording.reach_finding(code, reach, message, wording.GAINS_MATTER)
