"""What the ecosystem benchmark says of two sets of findings, and that its files are well formed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import ecosystem
from ecosystem import Fact

ONE = Fact("owner/name", "train.py", "", 3, "WD101")
TWO = Fact("owner/name", "notebook.ipynb", "2", 7, "WD202")


def test_what_came_and_what_went() -> None:
    assert ecosystem.compared([ONE, TWO], [TWO]) == ([], [ONE])
    assert ecosystem.compared([ONE], [ONE, ONE]) == ([ONE], [])


def test_the_table_names_each_finding() -> None:
    told = ecosystem.table([TWO], [ONE])
    assert "| added | WD202 | owner/name | `notebook.ipynb:cell 2:7` |" in told
    assert "| removed | WD101 | owner/name | `train.py:3` |" in told
    assert told.endswith("WD101 +0 -1, WD202 +1 -0\n")
    assert ecosystem.table([], []) == "Nothing changed.\n"


def test_a_finding_becomes_a_fact(tmp_path: Path) -> None:
    finding = {"filename": str(tmp_path / "a" / "train.py"), "location": {"row": 5}, "cell": None, "code": "WD103"}
    assert ecosystem.fact("owner/name", tmp_path, finding) == Fact("owner/name", "a/train.py", "", 5, "WD103")


def test_expected_findings_are_of_pinned_repositories() -> None:
    facts = ecosystem.expected()
    assert facts == sorted(facts)
    assert {fact.repo for fact in facts} <= set(ecosystem.pinned())
    assert all(len(commit) == 40 for commit in ecosystem.pinned().values())
