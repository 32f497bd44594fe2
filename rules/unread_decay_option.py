"""An option for a decay that nothing reads.

## What it does
Reports a command-line option such as `--weight_decay` of a script that makes an optimizer, where nothing in the
script reads the option: a number is written at the optimizer instead, or the option is read under a name that is
misspelt, as in `getattr(args, "weight_dacay", 0)`. A script that hands its options on whole is left alone. Off
by default, while it is new.

## Why is this bad?
The option looks as if it set the decay, is swept in experiments and reported with them, and changes nothing.

## Example
```python
parser.add_argument("--weight_decay", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.0)
```

## Use instead
```python
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
```

## When not to use
When an option is kept for old command lines and its help says that it does nothing.

## Fix safety
There is no fix: whether the option or the number at the optimizer is meant can't be told.

## References
- argparse and the names of options: https://docs.python.org/3/library/argparse.html#dest
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Finding, Note, Severity, UnreadOption

code = "WD403"
severity = Severity.WARNING
default = False

FLAGGED = (
    """\
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--weight_decay", type=float, default=0.1)  # WD403
args = parser.parse_args()
optimizer = torch.optim.AdamW(nn.Linear(8, 8).parameters(), lr=args.lr, weight_decay=0.0)
""",
    """\
import argparse

import torch
from torch import nn


def make(model, options):
    return torch.optim.SGD(model.parameters(), lr=options.lr, weight_decay=getattr(options, "weight_dacay", 0))


parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--weight-decay", type=float, default=0.1)  # WD403
make(nn.Linear(8, 8), parser.parse_args())
""",
)

PASSED = (
    """\
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--weight_decay", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(nn.Linear(8, 8).parameters(), lr=args.lr, weight_decay=args.weight_decay)
""",
    """\
import argparse

import torch
from somewhere import train

parser = argparse.ArgumentParser()
parser.add_argument("--weight_decay", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(train(args), weight_decay=0.0)
""",
)


def judge(option: UnreadOption) -> Iterator[Finding]:
    instead = f", and `{option.instead}`, which is no option, is" if option.instead else ""
    yield Finding(
        code=code,
        place=option.place,
        message=f"nothing reads the option `{option.name}`{instead}: it reaches no optimizer",
        help=f"read `{option.name}` where the optimizer is made, or take the option away",
        notes=(Note("whoever sets it believes that it sets the decay"),),
        subject=f"option {option.name}",
    )
