"""`--add-ignore` writes comments that suppress, and touches nothing else."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wdlint.complaint import Complaint
from wdlint.facts import Finding, Place
from wdlint.fix.ignores import add_ignores
from wdlint.judging.rule import built_in
from wdlint.judging.suppress import split

Made = Callable[..., Finding]


def ignored(source: bytes, finding: Made, line: int, tmp_path: Path, reason: str = "", code: str = "WD101") -> bytes:
    path = tmp_path / "a.py"
    path.write_bytes(source)
    assert add_ignores([finding(code, file=str(path), line=line)], reason) == 1
    return path.read_bytes()


@pytest.mark.parametrize(
    ("source", "line", "becomes"),
    [
        (b"x = f()\n", 1, b"x = f()  # wdlint: ignore[WD101]\n"),
        (b"x = f()", 1, b"x = f()  # wdlint: ignore[WD101]"),
        (b"a\r\nx = f()\r\n", 2, b"a\r\nx = f()  # wdlint: ignore[WD101]\r\n"),
        (b"a\rx = f()\r", 2, b"a\rx = f()  # wdlint: ignore[WD101]\r"),
        (b"if a:\n\tx = f(\n1)\n", 3, b"if a:\n\t# wdlint: ignore[WD101]\n\tx = f(\n1)\n"),
        (b"x = f(\r\n1)\r\n", 1, b"# wdlint: ignore[WD101]\r\nx = f(\r\n1)\r\n"),
        (b"x = f()  # type: ignore\n", 1, b"# wdlint: ignore[WD101]\nx = f()  # type: ignore\n"),
        (b"\xef\xbb\xbfx = f()\n", 1, b"\xef\xbb\xbfx = f()  # wdlint: ignore[WD101]\n"),
        (b"# coding: latin-1\ns = '\xe9'\n", 2, b"# coding: latin-1\ns = '\xe9'  # wdlint: ignore[WD101]\n"),
    ],
)
def test_the_comment_goes_where_it_covers(
    source: bytes, line: int, becomes: bytes, finding: Made, tmp_path: Path
) -> None:
    new = ignored(source, finding, line, tmp_path)
    assert new == becomes
    moved = line + new[: new.find(b"f(")].count(b"\n") - source[: source.find(b"f(")].count(b"\n")
    hit = finding(file="a.py", line=moved)
    assert split("a.py", new, [hit], built_in())[1] == [hit]


def test_findings_of_one_statement_share_a_comment(finding: Made, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = f()\ny = g()\n")
    made = [finding(c, file=str(path), line=n) for c, n in (("WD202", 1), ("WD101", 1), ("WD101", 2))]
    assert add_ignores(made, "as in the paper") == 2
    assert path.read_text() == (
        "x = f()  # wdlint: ignore[WD101, WD202] as in the paper\ny = g()  # wdlint: ignore[WD101] as in the paper\n"
    )


def test_a_long_line_gets_it_above(finding: Made, tmp_path: Path) -> None:
    source = b"x = " + b"1 + " * 30 + b"f()\n"
    assert ignored(source, finding, 1, tmp_path) == b"# wdlint: ignore[WD101]\n" + source


def test_a_cell_gets_it_without_touching_the_notebook(finding: Made, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "outputs": [{"x": [1]}], "source": ["%time x\n", "y = f()"]}]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}, indent=1))
    before = path.read_text()
    assert add_ignores([finding(file=str(path), cell=1, line=2)], "") == 1
    assert path.read_text() == before.replace("y = f()", "y = f()  # wdlint: ignore[WD101]")


def test_a_reason_of_several_lines_is_refused(finding: Made, tmp_path: Path) -> None:
    with pytest.raises(Complaint, match="one line"):
        ignored(b"x = f()\n", finding, 1, tmp_path, reason="a\nimport os")


def test_a_reason_that_the_file_cannot_hold_is_refused(finding: Made, tmp_path: Path) -> None:
    source = b"# coding: latin-1\nx = f()\n"
    with pytest.raises(Complaint, match="encoding"):
        ignored(source, finding, 2, tmp_path, reason="\u4e0d")
    assert (tmp_path / "a.py").read_bytes() == source


_STATEMENTS = [
    "opt = Adam(p)",
    "opt = Adam(p)  # note",
    "opt = Adam(  # note\n    p,\n    lr=1,\n)",
    "opt = \\\n    Adam(p)",
    "a = 1; opt = Adam(p)",
    "if x:\n    opt = Adam(p)\nelse:\n    opt = Adam(q)",
    "def f():\n\t# above\n\topt = Adam(\n\t\tp)\n\treturn opt",
    "class A:\n    @property\n    def f(self): return Adam(p)",
    'text = """\nAdam(p)\n"""; opt = Adam(p)',
    "opt = Adam([x for x in y\n            if x\n            ])  # end",
    "with a as b, \\\n        c: opt = Adam(p)",
    f"opt = Adam({'p, ' * 40})",
    "# alone\n\n# wdlint: ignore[WD101] of the next\nopt = Adam(p)",
    "",
    "\f",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    statements=st.lists(st.sampled_from(_STATEMENTS), min_size=1, max_size=5), crlf=st.booleans(), ended=st.booleans()
)
def test_whatever_is_found_is_suppressed_and_no_code_changes(
    statements: list[str], crlf: bool, ended: bool, tmp_path: Path
) -> None:
    text = "\n".join(statements) + "\n" * ended
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    data = text.replace("\n", "\r\n").encode() if crlf else text.encode()
    path = tmp_path / "a.py"
    path.write_bytes(data)
    places = [
        Place(str(path), node.lineno, node.col_offset + 1, node.end_lineno or 0, (node.end_col_offset or 0) + 1)
        for node in calls
    ]
    findings = [Finding("WD201", place, "m") for place in places]
    add_ignores(findings, "why")
    after = path.read_bytes()
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(data))
    assert (b"\r" in after) is (b"\r" in data)
    now = [node for node in ast.walk(ast.parse(after)) if isinstance(node, ast.Call)]
    moved = [
        replace(finding, place=replace(finding.place, line=node.lineno, end_line=node.end_lineno or 0))
        for finding, node in zip(findings, now, strict=True)
    ]
    stay, suppressed, _ = split(str(path), after, moved, built_in())
    assert (stay, suppressed) == ([], moved)
