"""The report for people: one block a site, what its faults share said once."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint
from wdlint.facts import Applicability, Edit, Finding, Fix, Note, Place
from wdlint.judging.rule import built_in
from wdlint.report import Run, render
from wdlint.report.excerpt import Excerpts

SOURCE = b"net = Net()\nopt = Adam(net.parameters(), weight_decay=0.1)\nopt.step()\n"
CALL = Place("a.py", 2, 7, 2, 46)
DIVIDE = Fix("Divide", Applicability.SAFE, (Edit(Place("a.py", 2, 12, 2, 28), "groups"),))
DECOUPLE = Fix("Use AdamW", Applicability.UNSAFE, (Edit(Place("a.py", 2, 7, 2, 11), "AdamW"),), hazard="tune it anew")
WHY = Note("a bias only shifts an output")
HERE = Note("the model is made here", Place("a.py", 1, 7, 1, 12))


def text(*findings: Finding, form: str = "text") -> str:
    return render(Run(findings, 1, built_in, Excerpts({"a.py": SOURCE, "b.py": SOURCE})), form)


BIASES = Finding("WD101", CALL, "biases decay", help="divide", notes=(WHY, HERE), fix=DIVIDE, rule="decayed-bias")
GAINS = Finding("WD102", CALL, "gains decay", help="divide", notes=(HERE,), fix=DIVIDE, rule="decayed-gain")
COUPLED = Finding("WD201", CALL, "it is coupled", help="use AdamW", fix=DECOUPLE, rule="coupled-optimizer")


def test_faults_of_one_site_share_its_lines_its_notes_and_its_fix() -> None:
    assert text(BIASES, GAINS) == (
        "WD101 decayed-bias [*]: biases decay\n"
        "WD102 decayed-gain [*]: gains decay\n"
        " --> a.py:2:7\n"
        "  |\n"
        "1 | net = Net()\n"
        "2 | opt = Adam(net.parameters(), weight_decay=0.1)\n"
        "  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "3 | opt.step()\n"
        "  |\n"
        "note: a bias only shifts an output\n"
        "note: the model is made here (line 1)\n"
        "fix: Divide\n"
        "  |\n"
        "1 |   net = Net()\n"
        "  | - opt = Adam(net.parameters(), weight_decay=0.1)\n"
        "  | + opt = Adam(groups, weight_decay=0.1)\n"
        "3 |   opt.step()\n"
        "  |\n"
        "\n"
        "Found 2 faults in 1 of 1 file.\n"
        "[*] 2 fixable with `--fix`; `--add-ignore=REASON` keeps what is meant.\n"
    )


def test_fixes_that_differ_say_whose_they_are() -> None:
    shown = text(BIASES, GAINS, COUPLED)
    assert "\nfix (WD101, WD102): Divide\n" in shown
    assert "\nunsafe fix (WD201): Use AdamW\n" in shown
    assert shown.count(" --> ") == 1


def test_help_is_left_out_where_a_safe_fix_shows_it() -> None:
    assert "help: divide" not in text(BIASES)
    assert "help: use AdamW" in text(BIASES, COUPLED)
    elsewhere = replace(DIVIDE, edits=(Edit(Place("b.py", 1, 1, 1, 4), "x"),))
    assert "help: divide" in text(replace(BIASES, fix=elsewhere))


def test_a_reason_is_said_once_a_file_and_a_line_each_time() -> None:
    next_line = replace(BIASES, place=replace(CALL, line=3, end_line=3, end_column=9))
    other_file = replace(BIASES, place=replace(CALL, file="b.py"), fix=None)
    assert text(BIASES, next_line).count(WHY.text) == 1
    assert text(BIASES, next_line).count(HERE.text) == 2
    assert text(BIASES, other_file).count(WHY.text) == 2


def test_other_columns_are_another_site() -> None:
    assert text(BIASES, replace(GAINS, place=replace(CALL, column=8))).count(" --> ") == 2


def test_full_says_everything_of_each_finding() -> None:
    full = text(BIASES, GAINS, COUPLED, form="full")
    assert full.count(" --> ") == 3
    assert full.count("help: divide") == 2


SCRIPT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        return self.norm(self.fc(x))


net = Net()
a = torch.optim.AdamW(net.parameters(), lr=3e-4, weight_decay=0.1)
b = torch.optim.Adam(net.parameters(), lr=3e-4, weight_decay=0.1)
c = torch.optim.SGD(net.parameters(), lr=0.1)
for x in range(10):
    loss = net(torch.zeros(2, 8)).sum()
    loss = loss + 1e-4 * sum(p.pow(2).sum() for p in net.parameters())
    loss.backward()
    a.step()
"""


@pytest.mark.parametrize("form", ["text", "full"])
def test_no_code_is_lost(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    shown = CliRunner().invoke(wdlint, ["--no-cache", "--output-format", form], prog_name="wdlint").stdout
    concise = CliRunner().invoke(wdlint, ["--no-cache", "--output-format", "concise"], prog_name="wdlint").stdout
    codes = re.compile(r"\bWD\d{3}(?= [a-z0-9-]+(?: \[\*\])?: )")
    assert codes.findall(shown) == re.findall(r": (WD\d{3}) ", concise) != []


def test_a_script_with_several_faults_a_site_takes_half_of_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    lines = {
        form: CliRunner().invoke(wdlint, ["--no-cache", "--output-format", form], prog_name="wdlint").stdout.count("\n")
        for form in ("text", "full")
    }
    assert lines["text"] <= 0.55 * lines["full"]


def test_a_call_points_to_the_construction_that_shows_the_same_faults() -> None:
    call = replace(BIASES, place=Place("b.py", 1, 7, 1, 12), notes=(HERE,), fix=None, made_place=CALL)
    assert text(BIASES, call).split("\n\n")[1] == (
        "WD101 decayed-bias: biases decay\n --> b.py:1:7\nnote: this is repaired where the optimizer is made (a.py:2:7)"
    )
    assert "note: the model is made here" in text(call), "no other finding says it"
    assert "note: the model is made here" in text(GAINS, call).split("\n\n")[1], "another fault is shown there"
    assert text(BIASES, call, form="full").count("the model is made here") == 2
