"""A suppression comment suppresses nothing.

## What it does
Reports a `# wdlint: ignore[...]` or `# noqa: ...` comment whose wdlint codes hide no finding: the fault was
repaired, the line has moved, or the code is misspelt. Codes of other linters are not looked at. Off by
default.

## Why is this bad?
A comment that hides nothing today hides the next fault that is made on its line.

## Example
```python
learning_rate = 1e-3  # wdlint: ignore[WD101]
```

## Use instead
```python
learning_rate = 1e-3
```

## When not to use
When different settings of wdlint are used on the same files, and a comment is needed by only one of them.

## Fix safety
Safe: the comment, or the code within it, is removed; no program code changes.

## References
- The same idea in ruff, RUF100: https://docs.astral.sh/ruff/rules/unused-noqa/
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Finding, Severity, Suppression

code = "WD902"
severity = Severity.WARNING
default = False

FLAGGED = (
    """\
import torch

learning_rate = 1e-3  # wdlint: ignore[WD101]  # WD902
""",
)

PASSED = (
    """\
import torch
from torch import nn

model = nn.Linear(8, 8)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # wdlint: ignore[WD101]
""",
)


def judge(suppression: Suppression) -> Iterator[Finding]:
    unused = [c for c in suppression.codes if c not in suppression.used]
    if not unused and (suppression.codes or suppression.used):
        return
    what = wording.listed([f"`{c}`" for c in unused]) if unused else "anything"
    yield Finding(
        code=code,
        place=suppression.place,
        message=f"this comment does not suppress {what}: nothing of the kind is found here",
        help="remove it" if len(unused) == len(suppression.codes) else f"remove {what} from it",
        subject="suppression",
    )
