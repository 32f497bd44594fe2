"""Which comments suppress which findings."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wdlint.facts import Finding, Place
from wdlint.judging.rule import built_in
from wdlint.judging.suppress import _as_fact, judged, may_suppress, split

RULES = built_in()
Made = Callable[..., Finding]


def left(source: str, *findings: Finding) -> list[tuple[str, int]]:
    stay, suppressed, _ = split("train.py", source.encode(), findings, RULES)
    assert len(stay) + len(suppressed) == len(findings)
    return [(f.code, f.place.line) for f in stay]


def used(source: str, *findings: Finding) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [
        (fact.codes, fact.used)
        for fact in (_as_fact(c, RULES) for c in split("train.py", source.encode(), findings, RULES)[2])
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "# wdlint: ignore[WD101]",
        "# wdlint: ignore[WD101] as in the paper",
        "#wdlint:ignore[ WD201 , WD101 ]",
        "# wdlint: ignore[decayed-bias]",
        "# wdlint: ignore[wd101]",
        "# wdlint: ignore",
        "# noqa: WD101",
        "# noqa: E501, WD101",
        "# NOQA:E501,WD101 too long",
        "# noqa",
        "# type: ignore # wdlint: ignore[WD101]",
    ],
)
def test_a_comment_on_the_line_suppresses(comment: str, finding: Made) -> None:
    assert may_suppress(comment.encode())
    assert left(f"x = f()  {comment}\n", finding()) == []


@pytest.mark.parametrize(
    "comment",
    [
        "# wdlint: ignore[WD102]",
        "# wdlint: ignore[WD20]",
        "# wdlint: ignored",
        "# wdlint: ignore[WD101",
        "# noqa: E501",
        "# noqa: because",
        "# noqa:",
        "'# wdlint: ignore'",
    ],
)
def test_another_comment_does_not(comment: str, finding: Made) -> None:
    source = f"x = {comment}\n" if comment.startswith("'") else f"x = f()  {comment}\n"
    assert left(source, finding()) == [("WD101", 1)]


CALL = """\
{above}
optimizer = AdamW(  {first}
    model.parameters(),
    {alone}
    lr=1e-3,  {inside}
)  {last}
y = 1  {after}
"""


@pytest.mark.parametrize("at", ["above", "first", "alone", "inside", "last"])
def test_any_line_of_a_call_or_the_one_above_covers_the_whole_call(at: str, finding: Made) -> None:
    holes = dict.fromkeys(("above", "first", "alone", "inside", "last", "after"), "")
    source = CALL.format(**{**holes, at: "# wdlint: ignore[WD101]"})
    assert left(source, finding(line=3, column=5)) == []
    assert left(source, finding(line=2, end_line=6)) == []


def test_a_comment_elsewhere_covers_nothing_here(finding: Made) -> None:
    holes = dict.fromkeys(("above", "first", "alone", "inside", "last"), "")
    source = CALL.format(**holes, after="# wdlint: ignore[WD101]")
    assert left(source, finding(line=3)) == [("WD101", 3)]


def test_a_comment_behind_code_does_not_cover_the_next_line(finding: Made) -> None:
    assert left("x = 1  # wdlint: ignore\ny = 2\n", finding(line=2)) == [("WD101", 2)]


def test_a_blank_line_parts_a_comment_from_the_code_below(finding: Made) -> None:
    assert left("# wdlint: ignore\n\ny = 2\n", finding(line=3)) == [("WD101", 3)]


def test_a_comment_on_a_header_does_not_cover_the_body(finding: Made) -> None:
    source = "def f():  # wdlint: ignore\n    y = 2\n"
    assert left(source, finding(line=2), finding(line=1)) == [("WD101", 2)]


def test_comments_may_be_stacked_above(finding: Made) -> None:
    source = "# wdlint: ignore[WD101]\n# why it is so\n# wdlint: ignore[WD201]\ny = 2\n"
    assert left(source, finding(line=4), finding(code="WD201", line=4)) == []


def test_a_file_can_be_suppressed_as_a_whole(finding: Made) -> None:
    assert left("# wdlint: ignore-file\nx = 1\ny = 2\n", finding(line=3)) == []
    source = "x = 1\ny = 2\n# wdlint: ignore-file[WD201]\n"
    assert left(source, finding(line=1), finding(code="WD201", line=2)) == [("WD101", 1)]


def test_what_a_comment_suppressed_is_known(finding: Made) -> None:
    source = "x = 1  # wdlint: ignore[WD101, WD201, XY9]\n"
    assert used(source, finding()) == [(("WD101", "WD201", "XY9"), ("WD101", "XY9"))]
    assert used("x = 1  # wdlint: ignore\n", finding()) == [((), ("WD101",))]
    assert used("x = 1  # wdlint: ignore\n") == [((), ())]


def test_comments_of_other_tools_are_not_ours_to_judge() -> None:
    assert used("x = 1  # noqa\ny = 2  # noqa: E501\n") == []
    assert used("x = 1  # noqa: E501, WD101\n") == [(("E501", "WD101"), ("E501",))]


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("x = 1  # wdlint: ignore[WD101] why\ny = 2\n", "x = 1\ny = 2\n"),
        ("x = 1  # type: ignore # wdlint: ignore[WD101]\n", "x = 1  # type: ignore\n"),
        ("  # wdlint: ignore\nx = 1\n", "x = 1\n"),
        ("x = 1  # noqa: E501, WD101\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # wdlint: ignore[XY1, WD101] why\n", "x = 1  # wdlint: ignore[XY1] why\n"),
        ("x = 1  # wdlint: ignore-file[XY1, WD101]\n", "x = 1  # wdlint: ignore-file[XY1]\n"),
    ],
)
def test_the_fix_removes_what_is_of_no_use(source: str, becomes: str) -> None:
    comments = split("train.py", source.encode(), [], RULES)[2]
    (told,) = judged(comments, "train.py", RULES)
    assert told.code == "WD902"
    assert told.fix is not None
    (edit,) = told.fix.edits
    lines = source.splitlines(keepends=True)
    start = sum(map(len, lines[: edit.place.line - 1])) + edit.place.column - 1
    end = sum(map(len, lines[: edit.place.end_line - 1])) + edit.place.end_column - 1
    assert source[:start] + edit.text + source[end:] == becomes


def test_in_a_notebook_lines_are_those_of_the_cell(finding: Made) -> None:
    cells = [
        {"cell_type": "code", "source": "%matplotlib inline\nx = 1"},
        {"cell_type": "code", "source": ["a = 1\n", "f(  # wdlint: ignore[WD101]\n", "  1)"]},
    ]
    data = json.dumps({"cells": cells, "nbformat": 4}).encode()
    hit = finding(file="a.ipynb", cell=2, line=3)
    miss = finding(file="a.ipynb", cell=1, line=2)
    stay, suppressed, comments = split("a.ipynb", data, [hit, miss], RULES)
    assert (stay, suppressed) == ([miss], [hit])
    assert (comments[0].place.cell, comments[0].place.line, comments[0].place.column) == (2, 2, 5)


@given(st.text(alphabet="ab#:[]()\n'\" wdlint:ignore,WD101noqa\\", max_size=80))
def test_no_text_is_trouble(source: str) -> None:
    hit = Finding("WD101", Place("train.py", 1, 1, 1, 2), "m")
    stay, suppressed, _ = split("train.py", source.encode(), [hit], RULES)
    assert len(stay) + len(suppressed) == 1
