"""Positions, edits and changes: what is sent and received means the same text on both sides."""

from __future__ import annotations

import pytest
from helpers.editor import edited, position
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from wdlint.facts import Place
from wdlint.server.documents import Part, decoded, document, encoded, notebook
from wdlint.server.edits import changed, edits
from wdlint.server.positions import Ruler

TEXTS = st.text(st.sampled_from("ab\t é\u2028\x0c\N{ROCKET}\n\r"), max_size=40)
LINES = st.lists(st.sampled_from(["a\n", "b\r\n", "\N{ROCKET}é\n", "\n", "x\r"]), max_size=12).map("".join)


@given(TEXTS, st.data())
def test_a_position_is_that_of_its_character(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":  # between the two there is no position
        return
    at = Ruler(text, "utf-16").at(offset)
    assert at == position(text, offset)
    assert Ruler(text, "utf-16").offset(at) == offset


@pytest.mark.parametrize(("units", "column"), [("utf-8", 7), ("utf-16", 4), ("utf-32", 3)])
def test_columns_are_in_the_units_agreed_on(units: str, column: int) -> None:
    ruler = Ruler("a = 1\nx\N{ROCKET}éb\n", units)
    assert ruler.position(2, 4) == types.Position(1, column)
    assert ruler.point(types.Position(1, column)) == (2, 4)


def test_what_lies_outside_of_a_text_is_at_its_edge() -> None:
    ruler = Ruler("ab\r\nc", "utf-16")
    assert ruler.position(1, 99) == types.Position(0, 2)
    assert ruler.position(9, 1) == types.Position(1, 1)
    assert ruler.offset(types.Position(0, 99)) == 2
    assert ruler.offset(types.Position(9, 0)) == 5
    assert ruler.range(Place("a.py", 1, 2, 2, 2)) == types.Range(types.Position(0, 1), types.Position(1, 1))


@given(LINES, LINES)
def test_edits_make_the_new_text_of_the_old(old: str, new: str) -> None:
    assert edited(old, edits(old, new, "utf-16")) == new
    assert bool(edits(old, new, "utf-16")) is (old != new)


@given(TEXTS, TEXTS, st.data())
def test_a_change_of_a_range_is_applied_where_the_editor_made_it(text: str, new: str, data: st.DataObject) -> None:
    between = [n for n in range(len(text) + 1) if text[n - 1 : n + 1] != "\r\n"]
    start, end = sorted((data.draw(st.sampled_from(between)), data.draw(st.sampled_from(between))))
    span = types.Range(position(text, start), position(text, end))
    part = types.TextDocumentContentChangePartial(span, new)
    assert changed(text, [part], "utf-16") == text[:start] + new + text[end:]
    whole = types.TextDocumentContentChangeWholeDocument("z")
    assert changed(text, [part, whole], "utf-16") == "z"


@pytest.mark.parametrize("text", ["x = 'é'\n", "# coding: latin-1\nx = 'é'\r\n", ""])
def test_a_text_is_linted_as_the_bytes_that_a_save_writes(text: str) -> None:
    assert decoded(encoded(text)) == text
    assert encoded(text) == text.encode("latin-1" if "latin" in text else "utf-8")


def test_only_python_files_and_notebooks_are_documents() -> None:
    assert document("file:///a/b%20c.py", 1, "").path == "/a/b c.py"  # type: ignore[union-attr]
    assert document("untitled:Untitled-1", 1, "") is not None
    for uri in ("file:///a/b.txt", "file:///a/b.ipynb", "git:/a/b.py?HEAD", "https://example.org/a.py"):
        assert document(uri, 1, "") is None
    assert notebook("file:///a/b.py", []) is None


def test_a_notebooks_cells_keep_their_numbers_and_line_ends() -> None:
    cells = [(Part("c1", 1, "# words"), False), (Part("c2", 1, "x = 1\r\ny = 2"), True)]
    book = notebook("file:///a/b.ipynb", cells)
    assert book is not None
    assert book.texts(book.data) == {2: "x = 1\r\ny = 2"}
