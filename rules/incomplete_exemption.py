"""A hand-made split leaves gains or biases in the decayed group.

## What it does
Reports parameter groups that are divided by hand, by name, type or number of dimensions, and whose
decayed group still holds gains or biases of the model: `isinstance(m, nn.BatchNorm2d)` in a model with
LayerNorms, `"bn" in name` that forgets the biases, `name.endswith(".bias")` that misses `in_proj_bias`,
`p.ndim == 1` that misses a layer scale of shape `(C, 1, 1)`. The split states the intent, so it is
reported even where the visible default of the decay is 0: the fault bites as soon as decay is set.

A pattern of the split that matches nothing at all is named by WD302, an inverted split by WD305.

## Why is this bad?
The author meant to exempt gains and biases, and believes that it is done. The code runs, the groups look
right when they are counted, and the parameters that were missed decay in every step.

## Example
```python
decay = [p for n, p in model.named_parameters() if "bn" not in n]
no_decay = [p for n, p in model.named_parameters() if "bn" in n]
```

## Use instead
```python
groups = decay_groups(model, weight_decay=0.05)
```
or, where every gain and bias has fewer than two dimensions and no weight has:
```python
decay = [p for p in model.parameters() if p.ndim >= 2]
no_decay = [p for p in model.parameters() if p.ndim < 2]
```

## When not to use
When the split separates something else on purpose, such as a head from a backbone, and gains and biases
are meant to decay in both.

## Fix safety
Safe: the condition of the split is replaced by one that is exact for this model; the groups, their
strengths and the update rule stay as they are.

## References
- Names that don't match, in official scripts: https://github.com/huggingface/transformers/issues/42754
- A norm named otherwise: https://github.com/huggingface/transformers/issues/16908
- From types to names and types: https://github.com/huggingface/transformers/pull/35927
- He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019, section 3.1:
  https://arxiv.org/abs/1812.01187
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint import wording
from wdlint.facts import Finding, Kind, Note, OptimizerUse, Severity
from wdlint.reach import UNDECAYED_KINDS, Reach, seen_reach, unseen_reach
from wdlint.splits import dead_patterns, exempt_groups, is_inverted, is_split, meant_kind

code = "WD301"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn


class Stem(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


model = Stem(8)
decay = [p for n, p in model.named_parameters() if "bn" not in n]
no_decay = [p for n, p in model.named_parameters() if "bn" in n]
optimizer = torch.optim.SGD(  # WD301
    [{"params": decay, "weight_decay": 5e-4}, {"params": no_decay, "weight_decay": 0.0}], lr=0.1, momentum=0.9
)
""",
    """\
import torch
from torch import nn


class LayerScale(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(1e-5 * torch.ones(channels, 1, 1))

    def forward(self, x):
        return x * self.factor


model = nn.Sequential(nn.Conv2d(3, 8, 3), LayerScale(8))
decay, no_decay = [], []
for p in model.parameters():
    if p.ndim == 1:
        no_decay.append(p)
    else:
        decay.append(p)
optimizer = torch.optim.AdamW(  # WD301
    [{"params": decay, "weight_decay": 0.05}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
decay = [p for p in model.parameters() if p.ndim >= 2]
no_decay = [p for p in model.parameters() if p.ndim < 2]
optimizer = torch.optim.SGD(
    [{"params": decay, "weight_decay": 5e-4}, {"params": no_decay, "weight_decay": 0.0}], lr=0.1, momentum=0.9
)
""",
    """\
import torch


def make_optimizer(model, weight_decay: float):
    no_decay = ["bias", "LayerNorm.weight"]
    groups = [
        {
            "params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)],
            "weight_decay": weight_decay,
        },
        {
            "params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)],
            "weight_decay": 0.0,
        },
    ]
    return torch.optim.AdamW(groups, lr=5e-5)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    if not is_split(use) or is_inverted(use):
        return
    explained = {meant_kind(pattern) for pattern in dead_patterns(use)}
    kinds = tuple(kind for kind in UNDECAYED_KINDS if kind not in explained)
    reach = seen_reach(use, kinds)
    if reach is not None:
        if _intended(reach):
            yield _finding(reach, wording.kinds(reach.parameters, use))
    elif not explained:
        yield from _unseen(use)


def _unseen(use: OptimizerUse) -> Iterator[Finding]:
    """For a model that can't be seen: biases that the split lets through whatever the model's names are.

    Nearly every model has biases; whether it has gains can't be told, so those are not assumed.
    """
    reach = unseen_reach(use, (Kind.BIAS,))
    if reach is not None:
        yield _finding(reach, "the biases")


def _intended(reach: Reach) -> bool:
    """Whether the split says that something shall not decay: a group that is 0 only by default says nothing."""
    return not reach.latent or bool(exempt_groups(reach.use))


def _finding(reach: Reach, what: str) -> Finding:
    use = reach.use
    bites = "; the fault bites as soon as decay is set" if reach.latent else ""
    message = (
        f"the split of {wording.model(use)} leaves {what} in a decayed group, "
        f"at {wording.amounts(reach.groups, use)}{bites}"
    )
    finding = wording.reach_finding(code, reach, message, wording.BOTH_MATTER)
    patterns = [f"`{p.text}`" for g in use.groups for p in g.patterns if p.exempts]
    exempted = (Note(f"the split exempts {wording.listed(list(dict.fromkeys(patterns)))}"),) if patterns else ()
    return replace(finding, notes=(*finding.notes, *exempted, *wording.inherited_note(reach)), latent=False)
