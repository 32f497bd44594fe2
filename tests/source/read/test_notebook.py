"""Notebooks become one program, line for line, and edited cells go back without touching the rest."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wdlint.source.read.notebook import Notebook, NotebookError, neutralised, read_notebook


def code(source: object, **more: object) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source, **more}


def notebook(*cells: dict[str, object], indent: int | None = 1, **more: object) -> bytes:
    document = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
    return json.dumps(document, indent=indent, ensure_ascii=False).encode()


def read(*cells: dict[str, object]) -> Notebook:
    return read_notebook(notebook(*cells))


def test_cells_follow_each_other_and_lines_know_their_cell() -> None:
    markdown = {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]}
    book = read(code(["import torch\n", "x = 1"]), markdown, code("y = 2\nz = 3\n"), code([]))
    assert book.text == "import torch\nx = 1\ny = 2\nz = 3\n\n\n"
    assert [book.where(line) for line in range(1, 5)] == [(1, 1), (1, 2), (3, 1), (3, 2)]
    assert book.line_of(3, 2) == 4
    assert book.source(3) == "y = 2\nz = 3\n"


def test_a_cell_number_counts_all_cells() -> None:
    raw = {"cell_type": "raw", "metadata": {}, "source": "text"}
    assert read(raw, raw, code("a = 1")).where(1) == (3, 1)


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("%matplotlib inline", "pass"),
        ("    %timeit f(x)", "    pass"),
        ("!pip install torch", "pass"),
        ("model?", "pass"),
        ("nn.Linear??", "pass"),
        ("?model", "pass"),
        ("files = !ls *.py", "files = get_ipython()"),
        ("    a, b = %sx echo", "    a, b = get_ipython()"),
        ("%time trainer.fit()", "None; trainer.fit()"),
    ],
)
def test_lines_of_ipython_become_harmless(line: str, becomes: str) -> None:
    assert neutralised(line) == becomes


@pytest.mark.parametrize(
    "source",
    [
        "x = (a\n     % b)",
        'text = """\n%matplotlib\n!ls\n"""',
        "y = a \\\n    % b",
        "s = 'what?'",
        "if a != b: pass",
        "# really?",
        "s = '''it's (\n'''; t = '('\nx = 1",
        "r = rf'''a\\''' b'''\n",
        "x = y if z else {'a': [1,\n% w]}",
    ],
)
def test_python_is_left_alone(source: str) -> None:
    assert neutralised(source) == source


def test_a_shell_line_may_run_over_several_lines() -> None:
    source = "!pip install \\\n  torch \\\n  numpy\nx = 1"
    assert neutralised(source) == "pass\n\n\nx = 1"


def test_a_cell_in_another_language_is_blanked_and_keeps_its_lines() -> None:
    assert neutralised("%%bash\necho (\nls") == "\n\n"


def test_a_timed_cell_is_python() -> None:
    assert neutralised("\n%%time\noptimizer = AdamW(p)") == "\n\noptimizer = AdamW(p)"


@given(st.text(alphabet="ab()[]{}'\"\\\n %!?#=;", max_size=60))
def test_neutralising_keeps_the_number_of_lines(source: str) -> None:
    assert neutralised(source).count("\n") == source.count("\n")


@given(st.text(alphabet="ab()[]{}'\"\\\n #=+", max_size=40))
def test_a_cell_of_valid_python_is_unchanged(source: str) -> None:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return
    assert neutralised(source) == source


def test_only_the_edited_line_changes() -> None:
    first = code(["import torch\n", "print('é')\n", "x = 1"], outputs=[{"text": ["1\n"], "output_type": "stream"}])
    before = notebook(first, code("y = 2"))
    after = read_notebook(before).with_sources({1: "import torch\nprint('é')\nx = 10\nz = 3"})
    assert read_notebook(after).source(1) == "import torch\nprint('é')\nx = 10\nz = 3"
    removed = set(before.splitlines()) - set(after.splitlines())
    assert removed == {b'    "x = 1"'}


def test_a_cell_written_as_one_string_stays_one_string() -> None:
    before = notebook(code("x = 1\n"), indent=None)
    after = read_notebook(before).with_sources({1: "x = 2\n"})
    assert after == before.replace(b"x = 1", b"x = 2")


def test_escapes_of_untouched_lines_are_kept() -> None:
    before = b'{"cells": [{"cell_type": "code", "source": ["a = \'\\u00e9\'\\n", "b = 1"]}], "nbformat": 4}\r\n'
    after = read_notebook(before).with_sources({1: "a = 'é'\nb = 2"})
    assert after == before.replace(b"b = 1", b"b = 2")


def test_a_byte_order_mark_stays() -> None:
    before = b"\xef\xbb\xbf" + notebook(code("x = 1"))
    assert read_notebook(before).with_sources({1: "x = 2"}) == before.replace(b"x = 1", b"x = 2")


@given(
    sources=st.lists(st.text(max_size=30), min_size=1, max_size=4),
    indent=st.sampled_from([None, 0, 1, 4]),
    replacement=st.text(max_size=30),
    as_list=st.booleans(),
)
def test_writing_back_reads_back(sources: list[str], indent: int | None, replacement: str, as_list: bool) -> None:
    shaped = [s.splitlines(keepends=True) if as_list else s for s in sources]
    data = notebook(*(code(s, outputs=[{"source": ["x"]}]) for s in shaped), indent=indent)
    book = read_notebook(data)
    assert book.with_sources({c.number: c.source for c in book.cells}) == data
    replacement = replacement.replace("\r", "")
    again = json.loads(book.with_sources({1: replacement}))
    expected = json.loads(data)
    source = again["cells"][0].pop("source")
    original = expected["cells"][0].pop("source")
    assert again == expected
    unchanged = replacement == book.source(1)
    assert "".join(source) == ("".join(original) if unchanged else replacement)


def test_the_older_format_is_read() -> None:
    cell = {"cell_type": "code", "input": ["x = 1"], "language": "python", "outputs": []}
    data = json.dumps({"worksheets": [{"cells": [cell]}], "nbformat": 3}).encode()
    assert read_notebook(data).text == "x = 1\n"


def test_a_notebook_in_another_language_has_no_code() -> None:
    data = notebook(code("library(ggplot2)"), metadata={"kernelspec": {"language": "R", "name": "ir"}})
    assert read_notebook(data).text == ""


@pytest.mark.parametrize(
    ("data", "says", "line"),
    [
        (b"{", "not JSON", 1),
        (b'{"cells":\n oops}', "not JSON", 2),
        (b"\xff\xfe", "not UTF-8", 1),
        (b"[1, 2]", "no list of cells", 1),
        (b'{"a": 1}', "no list of cells", 1),
        (b"[" * 100_000, "nested too deeply", 1),
    ],
)
def test_bytes_that_are_no_notebook_are_an_error_with_a_place(data: bytes, says: str, line: int) -> None:
    with pytest.raises(NotebookError, match=says) as caught:
        read_notebook(data)
    assert caught.value.line == line
