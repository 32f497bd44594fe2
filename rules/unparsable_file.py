"""The file is no Python that can be read.

## What it does
Reports a file that can't be decoded or parsed: broken syntax, Python 2, a wrong encoding declaration, a
notebook that is no JSON. The other files are linted all the same, and so is what was Python once: `print x`,
`except E, e`, `tensor.cuda(async=True)`. Of a file in which no word hints at decay it is not asked whether
it is Python.

## Why is this bad?
Nothing is known of the file, so nothing wrong in it can be found. A silent gap would look like a clean
file.

## Example
```python
print "epoch %d" % epoch
```

## Use instead
```python
print(f"epoch {epoch}")
```

## When not to use
For folders that hold broken files on purpose, such as test data of another tool: leave them out with
`exclude`.

## Fix safety
Shown only: the message says where reading failed and why.

## References
- Python's grammar: https://docs.python.org/3/reference/grammar.html
- Declaring an encoding, PEP 263: https://peps.python.org/pep-0263/
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Finding, Severity, Trouble

code = "WD901"
severity = Severity.ERROR
default = True

FLAGGED = (
    """\
import torch

optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
print "done"  # WD901
""",
)

PASSED = (
    """\
import torch

print(torch.optim.AdamW)
""",
)


def judge(trouble: Trouble) -> Iterator[Finding]:
    yield Finding(
        code=code,
        place=trouble.place,
        message=f"the file can't be {'run by Python 3' if trouble.read else 'read'}: {trouble.message}",
        help="correct it, or leave it out with `exclude`",
        severity=severity,
        subject="file",
    )
