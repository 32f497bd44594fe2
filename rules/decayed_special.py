"""A decayed group holds special parameters, such as temperatures and relative-position tables.

## What it does
Reports decayed parameters that are neither weights nor gains nor biases: temperatures and `logit_scale`, the
`A_log` and `D` of state-space layers, relative-position tables. With the setting `embeddings = "exempt"`,
look-up tables, class and mask tokens and position embeddings as well. Off by default.

## Why is this bad?
None of them multiplies features as a weight does. A temperature has a scale that the loss fits, `A_log`
is the logarithm of a time constant and 0 is no neutral value for it, and a token is a learnt input. The
authors of such models often exempt them: ViT and Swin in timm name them in `no_weight_decay()`, Mamba
marks `A_log` and `D` with `_no_weight_decay`. Others decay them and report no harm, which is why the rule
is off.

## Example
```python
class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.image = nn.Linear(64, 64, bias=False)
        self.text = nn.Linear(64, 64, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(2.66))

    def forward(self, image, text):
        return self.logit_scale.exp() * self.image(image) @ self.text(text).t()

optimizer = torch.optim.AdamW(Matcher().parameters(), lr=1e-3, weight_decay=0.1)
```

## Use instead
```python
optimizer = torch.optim.AdamW(decay_groups(Matcher(), weight_decay=0.1), lr=1e-3)
```
`decay_groups` exempts special parameters; further ones are named, as in
`exempt=("cls_token", "pos_embed")`.

## When not to use
When the recipe decays them. The question is open for position embeddings and tokens.

## Fix safety
Shown only: whether these parameters should decay is the author's choice.

## References
- `_no_weight_decay` in Mamba: https://github.com/state-spaces/mamba/issues/798
- A token missing from `no_weight_decay()`: https://github.com/huggingface/pytorch-image-models/issues/2712
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, Kind, OptimizerUse, Severity
from wdlint.reach import seen_reach

code = "WD105"
severity = Severity.WARNING
default = False

FLAGGED = (
    """\
import torch
from torch import nn


class Matcher(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.image = nn.Linear(width, width, bias=False)
        self.text = nn.Linear(width, width, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(2.66))

    def forward(self, image, text):
        return self.logit_scale.exp() * self.image(image) @ self.text(text).t()


model = Matcher(16)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # WD105
""",
)

PASSED = (
    """\
import torch
from torch import nn


class Matcher(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.image = nn.Linear(width, width, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(2.66))

    def forward(self, image, text):
        return self.logit_scale.exp() * self.image(image) @ text.t()


model = Matcher(16)
groups = [{"params": [model.image.weight], "weight_decay": 0.1}, {"params": [model.logit_scale], "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    reach = seen_reach(use, (Kind.OTHER,))
    if reach is None:
        return
    message = (
        f"{wording.optimizer(use)} {wording.decays(reach.latent)} "
        f"{wording.counted(reach.parameters, Kind.OTHER, use)} of {wording.model(use)} "
        f"by {wording.amounts(reach.groups, use)}"
    )
    why = "tokens, temperatures, position tables and state-space constants mix no features"
    advice = "give them `weight_decay=0.0`, if the recipe doesn't ask for their decay"
    yield wording.reach_finding(code, reach, message, why, advice)
