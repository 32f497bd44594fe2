"""The notation of examples: marks, files, todo."""

from __future__ import annotations

from collections.abc import Callable

from wdlint.facts import Finding
from wdlint.linting.examples import Mark, differences, files_of, marks_of

Made = Callable[..., Finding]


def test_an_example_may_hold_several_files() -> None:
    example = "a = 1\n# file: pkg/model.py\nb = 2\nc = 3\n# file: train.py\n"
    assert files_of(example) == {"example.py": "a = 1\n", "pkg/model.py": "b = 2\nc = 3\n", "train.py": ""}
    assert files_of("# file: m.py\nx\n") == {"m.py": "x\n"}


def test_marks_are_read_from_the_ends_of_lines() -> None:
    text = "x  # WD101\ny  # WD101, WD202\nz  # todo: WD201\nw  # wdlint: ignore[WD101]  # WD902\nv  # see WD101\n"
    assert [(m.line, m.code, m.todo) for m in marks_of({"a.py": text})] == [
        (1, "WD101", False),
        (2, "WD101", False),
        (2, "WD202", False),
        (3, "WD201", True),
        (4, "WD902", False),
    ]


def test_a_finding_meets_a_mark_on_any_of_its_lines(finding: Made) -> None:
    spanning = finding(file="a.py", line=2, end_line=4)
    assert differences([spanning], [Mark("a.py", 3, "WD101")]) == []
    assert differences([spanning], [Mark("a.py", 5, "WD101")]) == [
        f"a.py:2: WD101 is reported and not expected: {spanning.message}",
        "a.py:5: WD101 is expected and not reported",
    ]


def test_a_known_limit_is_no_difference_until_it_is_none(finding: Made) -> None:
    mark = Mark("a.py", 2, "WD101", todo=True)
    assert differences([], [mark]) == []
    assert differences([finding(file="a.py", line=2)], [mark]) == ["a.py:2: WD101 is reported now: the `todo` can go"]


def test_other_rules_can_be_left_aside(finding: Made) -> None:
    assert differences([finding("WD202", file="a.py")], [Mark("a.py", 9, "WD203")], ["WD101"]) == []
