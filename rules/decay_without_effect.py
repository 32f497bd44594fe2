"""A decay is written where something else decides, and has no effect.

## What it does
Reports a number for the decay that a library takes and never uses: `weight_decay` in the arguments of a training loop
that is given an optimizer of its own, or whose named optimizer leaves it aside (`galore_*`, `apollo_*`, `lomo`); a
`weight_decay` in `optim_args`, or among the arguments of `optimizer_cls_and_kwargs`, where the loop's groups carry
another number; `weight_decay` of `create_loraplus_optimizer`; `optimizer_params` of sentence-transformers' `fit`. The
same in files that configure such a loop. Each was measured on live groups.

## Why is this bad?
The number is tuned, logged and reported with the experiment, and changes nothing. What acts instead is another number,
often 0.

## Example
```python
args = TrainingArguments("out", optim="galore_adamw", optim_target_modules=["attn"], weight_decay=0.1)
```

## Use instead
```python
args = TrainingArguments("out", optim="adamw_torch", weight_decay=0.1)
```

## When not to use
Nothing is gained by a number without effect; where one serves a log alone, suppress the finding there.

## Fix safety
There is no fix: which of the two numbers is meant can't be told.

## References
- What transformers' optimizers take, by name: https://huggingface.co/docs/transformers/main/en/optimizers
- How the Trainer makes its optimizer: https://huggingface.co/docs/transformers/main/en/main_classes/trainer
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, IdleDecay, Note, Severity

code = "WD404"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
from transformers import TrainingArguments

args = TrainingArguments("out", optim="galore_adamw", optim_target_modules=["attn"], weight_decay=0.1)  # WD404
""",
    """\
import torch
from transformers import Trainer, TrainingArguments
from somewhere import model

args = TrainingArguments("out", weight_decay=0.1)
trainer = Trainer(
    model,
    args,
    optimizer_cls_and_kwargs=(torch.optim.AdamW, {"lr": 1e-3, "weight_decay": 0.2}),  # WD404
)
""",
    """\
import torch
from transformers import Trainer, TrainingArguments
from somewhere import model

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = Trainer(
    model,
    TrainingArguments("out", weight_decay=0.1),  # WD404
    optimizers=(optimizer, None),
)
""",
)

PASSED = (
    """\
from transformers import Trainer, TrainingArguments
from somewhere import model

trainer = Trainer(model, TrainingArguments("out", optim="adamw_torch", weight_decay=0.1))
""",
    """\
import torch
from transformers import Trainer, TrainingArguments
from somewhere import model

args = TrainingArguments("out", weight_decay=0.1)
weights = [p for p in model.parameters() if p.ndim > 1]
others = [p for p in model.parameters() if p.ndim <= 1]
groups = [{"params": weights, "weight_decay": args.weight_decay}, {"params": others, "weight_decay": 0.0}]
trainer = Trainer(model, args, optimizers=(torch.optim.AdamW(groups, lr=1e-3), None))
""",
)


def judge(idle: IdleDecay) -> Iterator[Finding]:
    decided = (Note("it is decided here", idle.decided_at),) if idle.decided_at is not None else ()
    source = (Note(f"known from {idle.source}"),) if idle.source else ()
    yield Finding(
        code=code,
        place=idle.place,
        message=f"the decay of {wording.amount(idle.amount, idle.place)} has no effect: {idle.reason}",
        help=idle.advice,
        notes=(*decided, *source),
        subject=f"idle {idle.amount.text or 'decay'}",
    )
