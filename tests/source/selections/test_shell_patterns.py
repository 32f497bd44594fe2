"""`fnmatch` on names: what a split exempts by patterns of the shell."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

SPLIT = """\
{imported}
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn1 = nn.BatchNorm1d(8)
        self.gn = nn.GroupNorm(2, 8)
        self.fc = nn.Linear(8, 3)


PATTERNS = {patterns}
model = Net()
decay = [p for n, p in model.named_parameters() if not any({call}(n, each) for each in PATTERNS)]
rest = [p for n, p in model.named_parameters() if any({call}(n, each) for each in PATTERNS)]
groups = [{{"params": decay, "weight_decay": 0.1}}, {{"params": rest, "weight_decay": 0.0}}]
optimizer = torch.optim.AdamW(groups, lr=1e-3){mark}
"""


@pytest.mark.parametrize(("imported", "call"), [("import fnmatch", "fnmatch.fnmatchcase"),
                                            ("from fnmatch import fnmatch", "fnmatch")])  # fmt: skip
@pytest.mark.parametrize(
    ("patterns", "mark"),
    [
        (["*.bias", "bn?.weight", "gn.*"], ""),
        (["*bias", "[bg]n*"], ""),
        (["*.bias", "bn*"], "  # WD301"),
        (["*.bias", "bn*", "*norm*"], "  # WD302"),
    ],
)
def test_patterns_of_the_shell(imported: str, call: str, patterns: list[str], mark: str) -> None:
    files = {"example.py": SPLIT.format(imported=imported, call=call, patterns=patterns, mark=mark)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD301", "WD302")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
