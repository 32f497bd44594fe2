"""What Python 3 can't read is said in Python's words, and what was Python once is read as far as it goes."""

from __future__ import annotations

import ast
import json

import pytest

from wdlint.facts import FileFacts
from wdlint.source.engine import Project, observe
from wdlint.source.read.old_python import modern

MADE = """\
import torch
from torch import nn

net = nn.Linear(4, 4)
solver = torch.optim.AdamW(net.parameters(), lr=0.1, weight_decay=0.1)
"""


def read(text: str, path: str = "train.py") -> FileFacts:
    return observe(path, text.encode(), Project())


@pytest.mark.parametrize(
    "line",
    [
        "x = x.cuda(async=True)",
        'print "epoch %d" % epoch, loss',
        "print epoch",
        "if verbose: print 'x'; y = 1",
        "raise ValueError, 'no %s' % x",
        "exec 'x = 1'",
        "mode = 0755",
        "big = 100L",
        "if a <> b: pass",
        'name = ur"\\d"',
        "try: go()\nexcept Failed, error:\n    print error",
    ],
)
def test_old_python_is_read_as_far_as_it_goes(line: str) -> None:
    facts = read(MADE + line + "\n")
    assert [use.place.line for use in facts.uses] == [5]
    assert [trouble.read for trouble in facts.troubles] == [True]
    assert facts.troubles[0].place.line >= 6


def test_columns_stay_where_they_are() -> None:
    text = "x = x.cuda(async=True); solver = torch.optim.SGD(net.parameters(), 0.1)\nprint 'done'\n"
    (use,) = read("import torch\n" + text).uses
    assert (use.place.line, use.place.column) == (2, 34)


@pytest.mark.parametrize(
    "line", ["print(x, file=log)", "print (x)", "print", "print >>log, 1", "async def f(): await g()", "x = 100"]
)
def test_the_python_of_today_is_left_alone(line: str) -> None:
    assert modern(line) == line


def test_a_notebook_of_former_days() -> None:
    cells = [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in (MADE, "print 'done'\n")]
    facts = read(json.dumps({"cells": cells, "nbformat": 4}), "train.ipynb")
    assert [(use.place.cell, use.place.line) for use in facts.uses] == [(1, 5)]
    assert [(trouble.place.cell, trouble.place.line) for trouble in facts.troubles] == [(2, 1)]


@pytest.mark.parametrize(
    "text", ["solver = torch.optim.SGD(p, 0.1\nprint(1)\n", "x = (1,\n", "def f(:\n    pass\n", "if x:\ny = 1\n"]
)
def test_pythons_words_at_pythons_place(text: str) -> None:
    with pytest.raises(SyntaxError) as caught:
        ast.parse(text)
    (trouble,) = read(text).troubles
    assert (trouble.message, trouble.place.line) == (caught.value.msg, caught.value.lineno)
    assert trouble.place.column == caught.value.offset
    assert not trouble.read
