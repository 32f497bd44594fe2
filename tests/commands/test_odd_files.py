"""Files that are no program, can't be read or hold nothing to judge: each is said, and none is counted as seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import run

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # café
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_text_that_python_does_not_take_is_a_finding(here: Path, encoding: str) -> None:
    (here / "train.py").write_bytes(FAULT.encode(encoding))
    done = run("check", "--no-cache", ".")
    assert "WD901 unparsable-file" in done.stdout
    assert done.exit_code == 1


def test_no_comment_is_advised_where_none_would_help(here: Path) -> None:
    (here / "a.py").write_bytes(FAULT.encode("latin-1"))
    assert "--add-ignore" not in run("check", "--no-cache", ".").stdout
    (here / "b.py").write_bytes(FAULT.encode())
    assert "--add-ignore" in run("check", "--no-cache", ".").stdout


def test_a_file_that_can_not_be_read_is_not_among_those_without_faults(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a.py").write_text(FAULT)
    (here / "b.py").write_text("x = 1\n")

    def shut(path: str, *rest: Any) -> Any:
        if Path(path).name == "a.py":
            raise PermissionError(13, "Permission denied")
        return open(path, *rest)

    monkeypatch.setattr("wdlint.linting.lint.open", shut, raising=False)
    done = run("check", "--no-cache", ".")
    assert done.exit_code == 2
    assert done.stdout == "No faults found in 1 file; no optimizer or penalty judged.\n"
    assert done.stderr == "wdlint: error: a.py: can't be read: Permission denied\n"


def test_a_configuration_that_is_of_no_training_loop_is_said(here: Path) -> None:
    (here / "config.json").write_text('{"a": 1}')
    done = run("check", "--no-cache", "config.json")
    assert done.exit_code == 0
    assert done.stderr == "wdlint: warning: no training loop that wdlint knows is configured in config.json\n"
