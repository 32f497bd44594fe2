"""`-q` leaves findings and errors; `-v` says of each file what was judged or why it was passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import run

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
loss = model(torch.zeros(1, 4)).sum() + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())
loss.backward()
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_quiet_leaves_the_findings(here: Path) -> None:
    (here / "train.py").write_text(FAULT)
    loud, quiet = (run(*more, "--output-format", "concise", "train.py") for more in ([], ["-q"]))
    assert quiet.stdout
    assert loud.stdout.startswith(quiet.stdout)
    assert all(line.startswith("train.py:") for line in quiet.stdout.splitlines())
    assert quiet.exit_code == loud.exit_code == 1


def test_quiet_without_a_finding_is_silent(here: Path) -> None:
    (here / "a.py").write_text("x = 1\n")
    assert run("-q", "a.py").output == ""


def test_quiet_leaves_out_warnings_and_keeps_errors(here: Path) -> None:
    assert "no Python files" in run(".").stderr
    assert run("-q", ".").stderr == ""
    assert "no such file" in run("-q", "gone.py").stderr


def test_quiet_mends_in_silence(here: Path) -> None:
    (here / "train.py").write_text(FAULT.replace("Adam(", "AdamW("))
    assert run("-q", "--fix", "train.py").stderr == ""
    assert "param_groups" in (here / "train.py").read_text()


def test_verbose_says_why_a_file_was_passed_over(here: Path) -> None:
    (here / "a.py").write_text("x = 1\n")
    (here / "b.py").write_text('"""Call torch.optim.Adam(model.parameters()) yourself."""\n')
    (here / "c.py").write_text(FAULT)
    for _ in "a run", "a run from the cache":
        a, b, c = run("-v", "--cache-dir", "kept", ".").stderr.splitlines()
        assert a == "wdlint: a.py: passed over: nothing in it looks like an optimizer or a penalty"
        assert b == "wdlint: b.py: passed over: what looks like an optimizer or a penalty stands in no code"
        assert c.startswith("wdlint: c.py: 1 optimizer and 1 penalty judged, ")


def test_verbose_names_what_a_judgement_looked_at(here: Path) -> None:
    (here / "nets.py").write_text("from torch import nn\n\n\nclass Net(nn.Linear):\n    pass\n")
    (here / "train.py").write_text(
        FAULT.replace("from torch import nn", "from nets import Net").replace("nn.Linear", "Net")
    )
    assert "looked at" in run("-v", "--no-cache", "train.py").stderr


def test_no_time_is_said_where_nobody_looks_on(here: Path) -> None:
    (here / "a.py").write_text("x = 1\n")
    assert run("a.py").stdout == "No faults found in 1 file; no optimizer or penalty judged.\n"
