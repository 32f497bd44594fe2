"""The address of a rule's page: in reports and in `wdlint explain` where the package says it, nowhere else."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint
from wdlint.report import address
from wdlint.version import __version__

FAULT = "import torch\n\n\ndef f(m):\n    return torch.optim.AdamW(m.parameters(), weight_decay=0.1)\n"
WHERE = "https://example.org/docs/rules"


@pytest.fixture(params=[WHERE, ""], ids=["known", "unknown"])
def known(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    message = Message()
    message["Project-URL"] = "Homepage, https://example.org"
    if request.param:
        message["Project-URL"] = f"Rules, {request.param}/"
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: message)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / "cache"))
    Path("train.py").write_text(FAULT)
    address._urls.cache_clear()
    yield request.param
    address._urls.cache_clear()


def printed(*arguments: str) -> str:
    return CliRunner().invoke(wdlint, arguments).stdout


def test_reports_lead_to_the_page_of_each_rule(known: str) -> None:
    page = f"{known}/undivided-parameters.md" if known else None
    assert json.loads(printed("train.py", "--output-format", "json"))[0]["url"] == page
    (diagnostic,) = json.loads(printed("train.py", "--output-format", "rdjson"))["diagnostics"]
    assert diagnostic["code"].get("url") == page
    rules = json.loads(printed("train.py", "--output-format", "sarif"))["runs"][0]["tool"]["driver"]["rules"]
    assert next(rule.get("helpUri") for rule in rules if rule["id"] == "WD103") == page


def test_explain_ends_with_it(known: str) -> None:
    assert (f"\n{known}/decayed-bias.md\n" in printed("explain", "WD101")) == bool(known)
    assert "https://example.org/" not in printed("explain", "WD101").replace(f"{known}/" if known else "\0", "")


def test_rules_of_others_have_no_page_here(known: str) -> None:
    assert address.page_address("XY001", "fast-learning") is None


def test_one_address_gives_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    message = Message()
    message["Project-URL"] = "Repository, https://git.example.org/us/wdlint"
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: message)
    address._urls.cache_clear()
    there = f"https://git.example.org/us/wdlint/blob/v{__version__}/docs/rules/decayed-bias.md"
    assert address.page_address("WD101", "decayed-bias") == there
    address._urls.cache_clear()
