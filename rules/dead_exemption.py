"""An exemption pattern matches no parameter of the model.

## What it does
Reports a name pattern of a hand-made split that matches nothing in the model, where parameters that it
was meant for stay decayed: `"LayerNorm.weight"` in a model whose norms are called `ln_1`, `layer_norm` or
`norm1`, `n not in no_decay` with whole names where parts were meant, a prefix that the names never have,
a module's name inside `nn.Sequential`, where names are numbers. A list made for several models may hold
patterns that this one has no use for; those pass.

The finding stands at the optimizer and points to the pattern.

## Why is this bad?
The list looks right, and nothing fails. For years the official language-modelling scripts of
transformers exempted `["bias", "LayerNorm.weight"]`, while GPT-2, T5, BART, CLIP and most other models
name their norms otherwise: all their gains were decayed.

## Example
```python
model = GPT2LMHeadModel.from_pretrained("gpt2")  # its norms are ln_1, ln_2 and ln_f
no_decay = ["bias", "LayerNorm.weight"]
```

## Use instead
```python
no_decay = ["bias", "ln_"]
```
or groups that don't depend on names:
```python
groups = decay_groups(model, weight_decay=0.01)
```

## When not to use
When the model is chosen elsewhere and the list fits the one that is really trained. The finding says for
which model it holds.

## Fix safety
Safe: the pattern is extended or replaced by what matches in this model; the update rule stays as it is.

## References
- The official scripts: https://github.com/huggingface/transformers/issues/42754
- The same inside the library: https://github.com/huggingface/transformers/issues/16908
- Whole names where parts were meant: https://github.com/namisan/mt-dnn/pull/37
- Names of fused kernels: https://github.com/deepspeedai/DeepSpeedExamples/issues/68
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint import wording
from wdlint.facts import Finding, Kind, Note, OptimizerUse, Parameter, Pattern, Severity
from wdlint.reach import seen_reach
from wdlint.splits import dead_patterns, exempt_groups, meant_kind

code = "WD302"
severity = Severity.WARNING
default = True
unanimous = True

ORDINARY_ENDINGS = frozenset({"weight", "bias", "gamma", "beta", "scale", "norm"})

FLAGGED = (
    """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Linear(width, width)

    def forward(self, x):
        return x + self.mlp(self.ln_1(x))


model = nn.Sequential(Block(16), Block(16))
no_decay = ["bias", "LayerNorm.weight"]
groups = [
    {
        "params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)],
        "weight_decay": 0.01,
    },
    {
        "params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)],
        "weight_decay": 0.0,
    },
]
optimizer = torch.optim.AdamW(groups, lr=5e-5)  # WD302
""",
    """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
no_decay = ["bias"]
decayed = [p for n, p in model.named_parameters() if n not in no_decay]
exempt = [p for n, p in model.named_parameters() if n in no_decay]
optimizer = torch.optim.AdamW(  # WD302
    [{"params": decayed, "weight_decay": 0.01}, {"params": exempt, "weight_decay": 0.0}], lr=1e-3
)
""",
)

PASSED = (
    """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Linear(width, width)

    def forward(self, x):
        return x + self.mlp(self.ln_1(x))


model = nn.Sequential(Block(16), Block(16))
no_decay = ["bias", "LayerNorm.weight", "ln_"]
groups = [
    {
        "params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)],
        "weight_decay": 0.01,
    },
    {
        "params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)],
        "weight_decay": 0.0,
    },
]
optimizer = torch.optim.AdamW(groups, lr=5e-5)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    reach = seen_reach(use, tuple(kind for kind in Kind if kind is not Kind.WEIGHT))
    if reach is None or (reach.latent and not exempt_groups(use)):
        return
    missed: dict[str, Parameter] = {}
    guilty: list[Pattern] = []
    for pattern in dead_patterns(use):
        meant = [p for p in reach.parameters if _meant(pattern, p)]
        if meant:
            guilty.append(pattern)
            missed.update((p.name, p) for p in meant)
    if not guilty or use.inventory is None:
        return
    reach = replace(reach, parameters=tuple(missed.values()))
    names = wording.listed(list(dict.fromkeys(f"`{p.text}`" for p in guilty)))
    bites = "; the fault bites as soon as decay is set" if reach.latent else ""
    one = len(guilty) == 1
    message = (
        f"the exemption{'' if one else 's'} {names} {'matches' if one else 'match'} no parameter of "
        f"{wording.model(use)} and {'leaves' if one else 'leave'} "
        f"{wording.kinds(reach.parameters, use)} decayed by {wording.amounts(reach.groups, use)}{bites}"
    )
    ends = wording.listed([f"`{name}`" for name in wording.examples(reach.parameters)])
    advice = f"exempt names as the model has them ({ends}), or build the groups with `wdlint.decay_groups`"
    finding = wording.reach_finding(code, reach, message, wording.BOTH_MATTER, advice)
    here = tuple(Note("this pattern matches nothing", p.place) for p in guilty if p.place is not None)
    yield replace(finding, notes=(*finding.notes, *here), latent=False)


def _meant(pattern: Pattern, parameter: Parameter) -> bool:
    """Whether the pattern was meant for this parameter: by its last word if that is telling, else by kind."""
    last = pattern.text.strip("^$.*\\").rsplit(".", 1)[-1].lower()
    if len(last) > 3 and last not in ORDINARY_ENDINGS and last in parameter.name.lower():
        return True
    return parameter.kind is meant_kind(pattern)
