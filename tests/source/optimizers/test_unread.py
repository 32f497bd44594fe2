"""What could not be read is counted and said: silence means looked at and fine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

HEAD = """\
import torch
from torch import nn
from elsewhere import Net, build_optimizer, config, groups_of, kind, makers

net = Net()
def handed_on(parameters): return config.kind(parameters)
def made(parameters): return torch.optim.SGD(net.parameters(), lr=0.1)
"""

UNREAD = (
    "optimizer = build_optimizer(net, 0.1)",
    "opt = net.make_optimizer(0.1)",
    "optimizer = torch.optim.AdamW(groups_of(net), lr=1e-3)",
    "optimizer = makers[kind](params=net.parameters(), lr=0.1)",
    "optimizer = config.optimizer.instantiate(net.parameters())",
    "optimizer = handed_on(net.parameters())",
)
READ = (
    "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.0)",
    "optimizer = torch.optim.SGD(nn.Linear(4, 4).parameters(), lr=1e-3)",
    "optimizer = torch.optim.AdamW(net.parameters())",  # a finding speaks of it
    "scheduler = build_optimizer_schedule(net)",
    "optimizer = torch.optim.SGD(net.parameters(), lr=0.1)\noptimizer = wrapped_optimizer(optimizer)",
    "optimizer_name = build_optimizer_name",
    "parameters = config.chosen(net.parameters())",
    "optimizer = made(net.parameters())",
)


def unread(program: str) -> list[int]:
    """The lines of the optimizers that could not be read."""
    checked = Linter(Configuration(), {"train.py": (HEAD + program + "\n").encode()}).check("train.py")
    assert checked.error == ""
    return [place.line for place in checked.unread]


@pytest.mark.parametrize("program", UNREAD)
def test_what_can_not_be_followed_is_counted(program: str) -> None:
    assert unread(program) == [8]


@pytest.mark.parametrize("program", READ)
def test_what_was_read_is_not(program: str) -> None:
    assert unread(program) == []


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(HEAD + "\n".join(UNREAD[:2]) + "\n")
    return "train.py"


def run(*arguments: str) -> str:
    return CliRunner().invoke(wdlint, ["check", "--isolated", "--cache-dir", "kept", *arguments]).output


def test_the_report_ends_with_it(script: str) -> None:
    first = run(script)
    assert first.endswith(" 2 optimizers could not be read (`--show-unread` names them).\n")
    assert run(script) == first  # from the cache


def test_they_are_named(script: str) -> None:
    assert run("--show-unread", script).endswith("2 optimizers could not be read:\n  train.py:8:13\n  train.py:9:7\n")


def test_json_stays_a_list(script: str) -> None:
    assert json.loads(run("--output-format", "json", script)) == []
