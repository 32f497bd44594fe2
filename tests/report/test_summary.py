"""The closing lines: what was found, what was looked at, what one may do next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wdlint.facts import Applicability, Edit, Finding, Fix, Place
from wdlint.judging.rule import built_in
from wdlint.report import Run
from wdlint.report.excerpt import Excerpts
from wdlint.report.summary import summary

SITE = Place("a.py", 5, 1, 6, 2)
RUN = Run([], 3, built_in, Excerpts({}))


@pytest.mark.parametrize(
    ("run", "line"),
    [
        (RUN, "No faults found in 3 files."),
        (replace(RUN, judged=(0, 0)), "No faults found in 3 files; no optimizer or penalty judged."),
        (replace(RUN, judged=(1, 0)), "No faults found in 3 files; 1 optimizer judged."),
        (
            replace(RUN, judged=(2, 1), seconds=1.26),
            "No faults found in 3 files; 2 optimizers and 1 penalty judged, 1.3 s.",
        ),
        (
            replace(RUN, judged=(0, 2), unread=[SITE]),
            "No faults found in 3 files; 2 penalties judged, 1 optimizer could not be read (`--show-unread` names it).",
        ),
    ],
)
def test_a_clean_run_says_what_was_looked_at(run: Run, line: str) -> None:
    assert summary(run) == summary(run, advise=True) == [line]


def found(place: Place, applicability: Applicability | None = None) -> Finding:
    fix = applicability and Fix("Divide", applicability, (Edit(place, "x"),))
    return Finding("WD101", place, "m", fix=fix)


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([found(SITE)], "`wdlint explain-site a.py:5` shows what was read; `--add-ignore=REASON` keeps what is meant."),
        (
            [found(replace(SITE, line=1), Applicability.SAFE)],
            "[*] 1 fixable with `--fix`; `--add-ignore=REASON` keeps what is meant.",
        ),
        (
            [found(SITE, Applicability.SAFE), found(SITE, Applicability.UNSAFE)],
            "[*] 1 fixable with `--fix` (1 more with `--unsafe-fixes`); `wdlint explain-site a.py:5` shows what was"
            " read; `--add-ignore=REASON` keeps what is meant.",
        ),
    ],
)
def test_what_helps_next_is_one_line(findings: list[Finding], line: str) -> None:
    run = replace(RUN, findings=findings, optimizers=[SITE])
    assert summary(run, advise=True)[1:] == [line]


def test_the_short_form_names_fixes_only() -> None:
    assert summary(replace(RUN, findings=[found(SITE)], optimizers=[SITE])) == ["Found 1 fault in 1 of 3 files."]


def test_a_named_site_can_be_pasted_into_a_shell() -> None:
    spaced = replace(SITE, file="my runs/a.py")
    (_, line) = summary(replace(RUN, findings=[found(spaced)], optimizers=[spaced]), advise=True)
    assert "`wdlint explain-site 'my runs/a.py:5'`" in line


def test_quiet_says_nothing() -> None:
    assert summary(replace(RUN, findings=[found(SITE)], quiet=True), advise=True) == []
