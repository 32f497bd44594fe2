"""How much decay does: the share a step takes, the steps to one half, and what is made of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wdlint.api import check_source
from wdlint.commands.cli import wdlint
from wdlint.facts import Finding, Place, Severity
from wdlint.judging.effect import half_life, weakened
from wdlint.judging.rule import built_in
from wdlint.report import Run, render
from wdlint.report.excerpt import Excerpts
from wdlint.settings.config import ConfigurationError, read

SCRIPT = """\
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--rate", type=float, required=True)
args = parser.parse_args()
model = nn.Linear(4, 4)
optimizer = torch.optim.{optimizer}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(optimizer: str, *arguments: str) -> Result:
    Path("train.py").write_text(SCRIPT.format(optimizer=optimizer))
    return CliRunner().invoke(wdlint, ["--no-cache", *arguments, "train.py"], prog_name="wdlint")


def effect(optimizer: str) -> tuple[float | None, list[str]]:
    (told,) = (
        f for f in json.loads(run(optimizer, "--output-format", "json").stdout) if f["code"] in ("WD101", "WD104")
    )
    return told["shrink_per_step"], re.findall(r"halves in ([\d,]+) steps", "\n".join(told["notes"]))


@pytest.mark.parametrize(
    ("optimizer", "shrink", "steps"),
    [
        ("AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)", 3e-5, ["23,000"]),
        ("AdamW(model.parameters(), lr=args.lr, weight_decay=0.1)", 3e-5, ["23,000"]),
        ("AdamW(model.parameters(), weight_decay=0.1)", 1e-4, ["6,900"]),  # AdamW's own rate is 1e-3
        ("AdamW(model.parameters(), lr=2e-5)", 2e-7, ["3,500,000"]),  # and its own decay 0.01
        ("AdamW([{'params': model.parameters(), 'lr': 1e-2}], lr=1e-4, weight_decay=0.5)", 5e-3, ["140"]),
    ],
)
def test_the_time_scale_is_that_of_rate_and_decay(optimizer: str, shrink: float, steps: list[str]) -> None:
    assert effect(optimizer) == (shrink, steps)


SCHEDULE = "AdamW(model.parameters(), lr=1e-4, weight_decay=0.1)\nschedule = torch.optim.lr_scheduler."
BY_CHOICE = "StepLR(optimizer, 9)\nif args.rate:\n    s = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, 9)"


@pytest.mark.parametrize(
    ("schedule", "steps"),
    [
        ("OneCycleLR(optimizer, max_lr=1e-2, total_steps=99)", "690"),
        ("OneCycleLR(optimizer, 1e-2, total_steps=99)", "690"),
        ("OneCycleLR(optimizer=optimizer, max_lr=1e-2, total_steps=99)", "690"),
        ("CyclicLR(optimizer, 1e-4, 1e-2)", "690"),
        (BY_CHOICE, "69,000"),
        ("OneCycleLR(another, max_lr=1e-2, total_steps=99)", "69,000"),
        ("OneCycleLR(optimizer, max_lr=args.rate, total_steps=99)", "69,000"),
        ("CosineAnnealingLR(optimizer, 99)", "69,000"),
    ],
)
def test_the_highest_rate_of_a_schedule_counts(schedule: str, steps: str) -> None:
    assert effect(SCHEDULE + schedule)[1] == [steps]


def test_the_steps_of_a_run_are_named_where_they_are_visible() -> None:
    trainer = (
        "from torch import nn\nfrom transformers import Trainer, TrainingArguments\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv, self.bn = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)\n\n\n"
        "Trainer(Net(), TrainingArguments('out', weight_decay=0.1, learning_rate=1e-3{})).train()\n"
    )
    told = {}
    for steps in (", max_steps=20_000", ", max_steps=-1", ""):
        (finding,) = check_source(trainer.format(steps))
        told[steps] = next(note.text for note in finding.notes if "halves" in note.text)
    assert [text.partition("halves in ")[2] for text in told.values()] == [
        "6,900 steps; the run has 20,000", "6,900 steps", "6,900 steps"]  # fmt: skip


@pytest.mark.parametrize(
    "optimizer",
    [
        "AdamW(model.parameters(), lr=args.rate, weight_decay=0.1)",  # not visible
        "AdamW(model.parameters(), lr=1e-3, weight_decay=args.rate)",
        "Adam(model.parameters(), lr=1e-3, weight_decay=0.1)",  # divided by the gradient's history
        "SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=0.1)",  # carried in the momentum
    ],
)
def test_nothing_is_said_that_can_not_be_told(optimizer: str) -> None:
    assert effect(optimizer) == (None, [])


def test_half_of_it_is_left_after_a_half_life() -> None:
    assert (1 - 3e-5) ** half_life(3e-5) == pytest.approx(0.5)


def finding(line: int, shrink: float | None) -> Finding:
    return Finding("WD101", Place("a.py", line, 1, line, 2), "m", shrink_per_step=shrink)


@pytest.mark.parametrize(
    ("shrink", "severity"), [(1e-3, Severity.WARNING), (1e-7, Severity.NOTE), (None, Severity.WARNING)]
)
def test_decay_with_a_long_half_life_is_a_note(shrink: float | None, severity: Severity) -> None:
    assert weakened(finding(1, shrink), 1_000_000).severity is severity


WEAK = "AdamW(model.parameters(), lr=2e-5, weight_decay=0.01)"


def test_a_note_is_reported_and_fails_no_run(here: Path) -> None:
    assert run(WEAK).exit_code == 1
    (here / "wdlint.toml").write_text("weak-half-life = 1_000_000\n")
    told = run(WEAK)
    assert (told.exit_code, "WD101" in told.stdout, "(weak)" in told.stdout) == (0, True, True)
    assert run("AdamW(model.parameters(), lr=3e-4, weight_decay=0.1)").exit_code == 1


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ("sarif", '"level": "note"'), ("github", "::notice "), ("gitlab", '"severity": "info"'),
        ("rdjson", '"severity": "INFO"'), ("azure", "type=warning"), ("junit", 'failures="0"'), ("json", '"note"'),
    ],
)  # fmt: skip
def test_each_format_has_a_word_for_a_note(form: str, word: str) -> None:
    note = replace(finding(1, 1e-7), severity=Severity.NOTE)
    assert word in render(Run([note], 1, built_in, Excerpts({"a.py": b"x\n"})), form)


def test_the_fastest_comes_first_where_that_is_asked_for(here: Path) -> None:
    slow = "AdamW(model.parameters(), lr=1e-5, weight_decay=0.1)\n"
    fast = "second = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)"
    untold = "third = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.1)"

    def lines(*arguments: str) -> list[int]:
        told = json.loads(run(f"{slow}{fast}\n{untold}", "--output-format", "json", *arguments).stdout)
        return [found["location"]["row"] for found in told if found["code"] == "WD101"]

    assert lines() == [11, 12, 13]
    assert lines("--sort", "effect") == [12, 11, 13]


@pytest.mark.parametrize("value", ["-1", "true", "1.5", '"1"'])
def test_a_half_life_that_is_none_is_refused(here: Path, value: str) -> None:
    (here / "wdlint.toml").write_text(f"weak-half-life = {value}\n")
    with pytest.raises(ConfigurationError, match="weak-half-life"):
        read("wdlint.toml")
