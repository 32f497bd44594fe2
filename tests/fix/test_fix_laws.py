"""Laws of fixes over generated training scripts: they parse, touch nothing else, and are done after one run."""

from __future__ import annotations

import ast
import json
from collections import Counter
from functools import lru_cache

import pytest
from helpers.written import Made, files, notebooks
from hypothesis import given, settings

from wdlint.facts import Applicability, Finding, Fix
from wdlint.fix.apply import Outcome, fixed
from wdlint.fix.proof.version import Version
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

SAFE = (Applicability.SAFE,)
BOTH = pytest.mark.parametrize("most", [SAFE, (*SAFE, Applicability.UNSAFE)], ids=["safe", "unsafe"])


@lru_cache(maxsize=64)
def read(name: str, data: bytes) -> Version | None:
    return Linter(Configuration(isolated=True), {name: data}).version(name, data)


def lint(name: str, data: bytes) -> tuple[Finding, ...] | None:
    version = read(name, data)
    return None if version is None else version.findings


def mend(name: str, data: bytes, most: tuple[Applicability, ...]) -> Outcome:
    def allowed(fix: Fix) -> bool:
        return bool(fix.edits) and fix.applicability in most

    return fixed(name, data, lambda text: read(name, text), allowed)


def _hold(made: Made, most: tuple[Applicability, ...]) -> None:
    before = lint(made.name, made.data)
    assert before is not None
    assert "WD901" not in {f.code for f in before}
    once = mend(made.name, made.data, most)
    if once.data == made.data:
        assert once.fixed == ()
        return
    after = lint(made.name, once.data)
    assert after is not None
    codes = Counter(f.code for f in before)
    codes.subtract(f.code for f in once.fixed)
    for code, number in Counter(f.code for f in after).items():
        assert number <= codes[code], f"{number} {code} after the fix"
    assert made.kept(once.data) == made.kept(made.data)
    again = mend(made.name, once.data, most)
    assert (again.data, again.fixed) == (once.data, ())


@BOTH
@settings(max_examples=25)
@given(files())
def test_what_is_written_parses_and_keeps_its_make(most: tuple[Applicability, ...], made: Made) -> None:
    _hold(made, most)
    new = mend(made.name, made.data, most).data
    ast.parse(new)
    assert new.startswith(b"\xef\xbb\xbf") == made.data.startswith(b"\xef\xbb\xbf")
    if made.newline == "\r\n":
        assert new.count(b"\n") == new.count(b"\r") == new.count(b"\r\n")
    else:
        assert {b"\n": b"\r", b"\r": b"\n"}[made.newline.encode()] not in new
    assert new[-1:] == made.data[-1:]


@BOTH
@settings(max_examples=10)
@given(notebooks())
def test_a_notebook_keeps_what_is_no_code(most: tuple[Applicability, ...], made: Made) -> None:
    _hold(made, most)
    old, new = (json.loads(data) for data in (made.data, mend(made.name, made.data, most).data))
    for document in (old, new):
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                del cell["source"]
    assert new == old


@settings(max_examples=20)
@given(files())
def test_a_suppressed_finding_is_not_fixed(made: Made) -> None:
    """A comment that covers the file leaves nothing to fix."""
    comment = ("# wdlint: ignore-file" + made.newline).encode()
    first = made.data.find(made.newline.encode()) + len(made.newline)
    covered = made.data[:first] + comment + made.data[first:]
    assert mend(made.name, covered, (*SAFE, Applicability.UNSAFE)).data == covered
