"""Options for a decay that nothing reads (WD403).

Each program is a specification: `# WD403` at the end of a line says that the rule must report there, and nowhere
else.
"""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, files_of, lint_files, marks_of

HEAD = """\
import argparse

import torch
from torch import nn

net = nn.Linear(8, 8)
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
"""

PROGRAMS = {
    "a number is written instead": """
parser.add_argument("--weight_decay", type=float, default=0.1)  # WD403
args = parser.parse_args()
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=0.0)
""",
    "under a short name": """
parser.add_argument("--wd", "-w", type=float, default=0.1)  # WD403
args = parser.parse_args()
print(args)
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
""",
    "under another destination": """
parser.add_argument("--decay", dest="weight_decay", type=float, default=0.1)  # WD403
args, _ = parser.parse_known_args()
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
""",
    "misspelt in a function of the script": """
parser.add_argument("--weight-decay", type=float, default=0.1)  # WD403


def make(options):
    return torch.optim.SGD(net.parameters(), lr=options.lr, weight_decay=getattr(options, "weight_deacy", 0))


make(parser.parse_args())
""",
    "read": """
parser.add_argument("--weight-decay", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=args.weight_decay)
""",
    "read by its name in a text": """
parser.add_argument("--wd", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=getattr(args, "wd"))
""",
    "handed on whole": """
from elsewhere import schedule

parser.add_argument("--wd", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
schedule(optimizer, args)
""",
    "spread": """
from elsewhere import train

parser.add_argument("--wd", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
train(optimizer, **vars(args))
""",
    "kept on an object": """
class Trainer(Base):
    def __init__(self, args):
        self.args = args
        self.optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)


parser.add_argument("--wd", type=float, default=0.1)
Trainer(parser.parse_args())
""",
    "an option of another kind": """
parser.add_argument("--warmup", type=float, default=0.1)
args = parser.parse_args()
optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_unread_options(name: str) -> None:
    files = files_of(HEAD + PROGRAMS[name])
    findings, errors = lint_files(files, {"select": ("WD403",)})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
