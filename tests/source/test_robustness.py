"""Whatever stands in a file: no traceback, no hang, and the same answer every time."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wdlint.linting.lint import Checked, Linter, Pending
from wdlint.linting.work import Plan, check_files
from wdlint.settings.config import Configuration

HEAD = "import torch\nfrom torch import nn\n"
USE = "opt = torch.optim.Adam(m.parameters(), weight_decay=wd)\n"


@pytest.fixture(autouse=True)
def _faults_are_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WDLINT_DEBUG", "1")  # an error of wdlint's own ends the test
    monkeypatch.chdir(tmp_path)


def checked(data: bytes, name: str = "train.py") -> Checked:
    """What comes of bytes, the screen left out."""
    return Linter(Configuration(isolated=True)).judge(Pending(name, data))


def codes(text: str) -> set[str]:
    found = checked(text.encode())
    assert not found.error
    return {finding.code for finding in found.findings}


# Pieces that are joined to programs, good and bad.
PIECES = [
    HEAD, USE, "m = nn.Linear(2, 2)\n", "wd = 0.1\n", "for p in m.parameters():\n",
    "    loss = loss + p.norm() ** 2\n", "loss.backward()\n", "def f(x, *a, wd=wd, **k):\n",
    "    return f(x, *a, **k)\n", "class m(m):\n", "    m = m()\n", "    def __init__(self):\n",
    "        self.m = self\n", "wd, m = m, wd\n", "m = [*m, *m]\n", "wd = {**wd, 'wd': wd}\n",
    "from train import *\n", "from . import train\n", "import train as m\n", "global wd\n", "del m, wd\n", "\x0c\n",
    "if wd: pass\nelse:\n", "while m: m = m.m\n", "with m as wd, wd as m: ...\n", "try:\n", "except* m:\n",
    "match m:\n", "    case {'wd': wd, **m}: ...\n", "@m\n", "async def g(): await m\n", "type m = wd\n",
    "def h[T](m: T): ...\n", "lambda m=m: (yield m)\n", "(m := wd)\n", "[m for m in m if m for m in m]\n",
    "print 'm'\n", "`m`\n", "m <> wd\n", "f'{m!r:{wd}}'\n", "'''", "(", "]", "\\", "\\\n", "\t", "    ", "\r",
    "\r\n", "\0", "\ufeff", "\u2028", "é", "\U0001f600", "# %%\n", "%matplotlib inline\n", "!ls\n",
    "m.parameters() + m.named_parameters()\n", "0x", "1_", "...\n", "wd = -wd ** ~wd\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_pieces_of_programs_are_judged_twice_alike(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    assert checked(data) == checked(data)


@given(st.binary(max_size=300))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_judged(data: bytes) -> None:
    for name in ("train.py", "train.ipynb"):
        assert all(finding.place.line >= 1 for finding in checked(data, name).findings)


UNREADABLE = {
    "a null byte": b"x = 1\0\n",
    "a lone surrogate": b"x = '\xed\xa0\x80'\n",
    "an unknown encoding": b"# coding: nonsense\nx = 1\n",
    "an encoding of no text": b"# coding: rot13\nx = 1\n",
    "Python 2": b"print 'x'\n",
    "half a file": b"def f(\n",
    "indentation": b"if x:\n        y\n    z\n",
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_python_is_one_finding(data: bytes) -> None:
    assert [finding.code for finding in checked(data).findings] == ["WD901"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"cells": 1}',
        b'{"cells": [1]}',
        b'{"cells": [{"cell_type": "code", "source": {}}]}',
        b'{"cells": [{"cell_type": "code", "source": [1, null]}]}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_a_broken_notebook_is_one_finding_at_most(data: bytes) -> None:
    found = checked(data, "train.ipynb")
    assert not found.error
    assert [finding.code for finding in found.findings] in ([], ["WD901"])


def test_form_feeds_and_carriage_returns_are_white_space() -> None:
    text = HEAD + "m = nn.Linear(2, 2)\n\x0cwd = 0.1\n" + USE
    assert "WD201" in codes(text)
    found, other = (checked(t.encode()).findings for t in (text, text.replace("\n", "\r\n")))
    assert [(f.code, f.place, f.message) for f in found] == [(f.code, f.place, f.message) for f in other]


DEEP = {
    "parentheses": "wd = " + "(" * 3000 + "1" + ")" * 3000,
    "lists": "wd = " + "[" * 800 + "]" * 800,
    "signs": "wd = " + "-" * 3000 + "1",
    "sums": "wd = " + "+".join("1" * 3000),
    "choices": "wd = " + "1 if a else " * 1500 + "2",
    "attributes": "wd = a" + ".b" * 3000,
    "calls": "wd = a" + "()" * 1500,
    "branches": "if a:\n    wd = 1\n" + "elif b:\n    wd = 2\n" * 800,
    "lambdas": "wd = " + "lambda: " * 1500 + "1",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_read_or_said_to_be_too_deep(text: str) -> None:
    found = codes(HEAD + text + "\n" + USE)
    assert "WD901" in found or "WD201" in found


ENDLESS = {
    "a function": "def f(x=f()): return f(x)\nwd = f(f)",
    "functions": "def f(x): return g(x)\ndef g(x): return f(x)\nwd = f(1)",
    "a class": "class A(A): pass\nwd = A().wd",
    "classes": "class A(B): pass\nclass B(A): pass\nwd = A().wd",
    "a model in itself": "class A(nn.Module):\n    def __init__(self):\n        self.a = A()\nm = A()\nwd = 0.1",
    "a module": "from train import wd, m",
    "a star": "from train import *",
    "a name": "wd = wd",
    "names": "a = b\nb = a\nwd = a if b else b",
    "a loop": "wd = 0\nwhile True:\n    wd = wd * wd",
    "a list": "wd = []\nwd.append(wd)\nwd = wd[0]",
    "a dict": "wd = {}\nwd['wd'] = wd\nwd = wd['wd']",
    "an attribute": "class A:\n    def __init__(self):\n        self.wd = self.wd\nwd = A().wd",
    "a decorator": "@f\ndef f(x): return f\nwd = f(f)",
    "a property": "class A:\n    @property\n    def wd(self): return self.wd\nwd = A().wd",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_left_alone(text: str) -> None:
    Path("train.py").write_text(HEAD + text + "\n" + USE)
    assert "WD201" in codes(HEAD + text + "\n" + USE)


def ladder(step: str, last: str, steps: int = 40) -> str:
    """A program whose answers would double at every step, were they not bounded."""
    return HEAD + "a0 = y\n" + "".join(step.format(i=i, j=i + 1) for i in range(steps)) + f"wd = {last}\n" + USE


LADDERS = {
    "choices": ladder("a{j} = a{i} if a{i} else a{i} + a{i}\n", "a40"),
    "calls": ladder("def f{j}(x): return f{i}(x) + f{i}(x + 1)\n", "f40(z)"),
    "branches": ladder("if z{i}:\n    a0 = a0 + {i}\n", "a0", 200),
    "tuples": ladder("a{j} = (a{i}, a{i})\n", "a40[0]"),
    "dicts": ladder("a{j} = dict(x=a{i}, **a{i})\n", "a40['x']"),
    "classes": ladder("class A{j}(A{i}, B{i}): pass\nclass B{j}(A{i}, B{i}): pass\n", "A40().wd"),
}


@pytest.mark.parametrize("text", LADDERS.values(), ids=LADDERS)
def test_answers_that_double_at_every_step_are_bounded(text: str) -> None:
    checked(HEAD.encode())  # imports the engine
    before = time.process_time()
    assert "WD201" in codes(text)
    assert time.process_time() - before < 5


PATTERNS = (
    HEAD
    + """
def make(model, args):
    fast, slow, decayed = set(), set(), set()
    for n, p in model.named_parameters():
        if ("_w1" in n or "_w2" in n) and args.layerwise:
            fast.add(n)
        elif "time_state" in n and args.decay:
            decayed.add(n)
        elif ("time_mix" in n or "time_maa" in n) and args.layerwise:
            fast.add(n)
        elif ("time_decay" in n or "time_first" in n or "att.w0" in n) and args.layerwise:
            slow.add(n)
        elif "time_last" in n and args.layerwise:
            slow.add(n)
        elif len(p.squeeze().shape) >= 2 and args.decay and ".weight" in n:
            decayed.add(n)
        else:
            fast.add(n)
    by_name = {n: p for n, p in model.named_parameters()}
    groups = [{"params": [by_name[n] for n in sorted(fast)], "weight_decay": 0.0}]
    groups += [{"params": [by_name[n] for n in sorted(slow)], "weight_decay": 0.0}]
    groups += [{"params": [by_name[n] for n in sorted(decayed)], "weight_decay": 0.1}]
    return torch.optim.Adam(groups, lr=1e-3)
"""
)


def test_a_split_by_many_names_at_once_is_bounded() -> None:
    checked(HEAD.encode())  # imports the engine
    before = time.process_time()
    assert "WD201" in codes(PATTERNS)
    assert time.process_time() - before < 4


# A project whose files know each other, in circles.
PROJECT = {
    "a.py": HEAD + "from b import Net, wd\nm = Net()\n" + USE,
    "b.py": HEAD
    + "from c import *\nimport a\n\nclass Net(Base):\n    pass\n\nwd = a.wd if rate else rate\nm = a.m\n"
    + USE,
    "c.py": HEAD
    + "from pkg import rate\nimport b\n\nclass Base(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    + "        self.fc = nn.Linear(2, 2)\n        self.norm = nn.LayerNorm(2)\n\nm = b.Net()\nwd = rate\n"
    + USE,
    "pkg/__init__.py": "from .deep import rate\n",
    "pkg/deep.py": HEAD + "from . import rate as again\nrate = 0.3\nfrom c import Base\nm = Base()\nwd = rate\n" + USE,
    "n.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": HEAD + "from c import m, wd\n" + USE}]}),
    "broken.py": HEAD + "from a import\n" + USE,
}


@pytest.fixture
def project() -> dict[str, Checked]:
    """The files of the project, each with what comes of it when nothing else is linted."""
    for name, text in PROJECT.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    alone = {name: check_files([name], Plan(Configuration(isolated=True)), 1)[0] for name in PROJECT}
    assert all(one.findings for name, one in alone.items() if name != "pkg/__init__.py")
    return alone


def test_a_file_is_judged_alike_in_any_company_and_order(project: dict[str, Checked]) -> None:
    names = list(PROJECT)
    orders = [names, names[::-1], *itertools.permutations(names[:3]), ("n.ipynb", "pkg/deep.py")]
    for order in orders:
        found = check_files(list(order), Plan(Configuration(isolated=True)), 1)
        assert found == [project[name] for name in order]


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_says_the_same(project: dict[str, Checked], workers: int) -> None:
    found = check_files(list(PROJECT), Plan(Configuration(isolated=True)), workers)
    assert found == [project[name] for name in PROJECT]
