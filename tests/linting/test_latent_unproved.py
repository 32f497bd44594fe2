"""Latent findings that are not reported have no fixes proved: each proof is a reading of the whole file."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.facts import Finding
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

PROGRAM = """\
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--wd", type=float, default=0.0)
args = parser.parse_args()
model = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
latent = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=args.wd)
"""
PLAIN = "plain = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)\n"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read with other bytes for a proof, once for each reading."""
    readings: list[str] = []
    read = Linter._read

    def counting(self: Linter, shown: str, *rest: object) -> object:
        readings.append(shown)
        return read(self, shown, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Linter, "_read", counting)
    return readings


def findings(folder: Path, text: str, latent: bool) -> tuple[Finding, ...]:
    (folder / "train.py").write_text(text)
    return Linter(Configuration({"latent": latent}, isolated=True)).check(str(folder / "train.py")).findings


def test_what_is_not_reported_is_not_proved(tmp_path: Path, readings: list[str]) -> None:
    assert not findings(tmp_path, PROGRAM, latent=False)
    assert not readings


def test_what_is_reported_is_proved(tmp_path: Path, readings: list[str]) -> None:
    found = findings(tmp_path, PROGRAM, latent=True)
    assert found and all(one.latent and one.fix is not None for one in found)
    assert readings


def test_the_other_findings_have_the_same_fixes_either_way(tmp_path: Path, readings: list[str]) -> None:
    alone = findings(tmp_path, PROGRAM + PLAIN, latent=False)
    few = len(readings)
    together = findings(tmp_path, PROGRAM + PLAIN, latent=True)
    assert alone and all(one.fix is not None for one in alone)
    assert alone == tuple(one for one in together if not one.latent)
    assert few < len(readings) - few
