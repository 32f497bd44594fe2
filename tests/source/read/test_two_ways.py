"""Two ways into the engine's tree, one tree: libcst for what is linted, `ast` for what is only consulted."""

from __future__ import annotations

import ast
import json
import sysconfig
from dataclasses import fields
from pathlib import Path

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wdlint
from wdlint.source.read import tree as t
from wdlint.source.read.files import Programs
from wdlint.source.read.lower import lower_module
from wdlint.source.read.lower_ast import Lines, lower_text
from wdlint.source.read.parse import Unreadable, parse, parse_consulted
from wdlint.source.read.positions import ast_span, recorded

PACKAGE = Path(wdlint.__file__).parent
LIBRARY = Path(sysconfig.get_path("stdlib"))
NOT_SAID = {"origin", "block", "index", "scope", "order"}

SPELLINGS = r'''
x = y = {**a, "k": [1, *b], -2: {3, 4}}, (5,), ()
x: int = -1.5e3
y: list[int]
x @= y; x //= 2
f(1, *a, k=2, *b, m=3, **c)(d)[0][1:2, ::3][...]
z = a and b and not c or (d or e) and f
w = a < b <= c is not d not in e != f
g = lambda p, /, q=1, *r, s, t=2, **u: (yield)
v = [i for i in a if i if not j for j in i] + [k := 2]
u = {a: b for a, b in c.items()}, {a for a in b}, sum(a for a in b)
t = f"a{x}b{y!r}{z:>{w}}\n" "c" rf"\d{x}" f'{{{x}}}' f"{x=}" f"{x + 1 = }"
s = "a" 'b'; u = b"d" b"e"
r = 1 if a else 2 if b else 3
del a, b[0]
del (c, d)
del e
self.layer(1),
assert a, b
raise E from f
import a.b.c as d, e
from .. import a
from .b.c import (d as e, f)
from g import *
if a: pass
elif b: x = 1
else:
    if c: y = 2
for i, (j, *k) in a:
    continue
else:
    x = 2
while a:
    break
with a as b, c as (d, e), f: x = 3
with (a as b, c): x = 3
try: x = 4
except (A, B) as e: x = 5
except C: raise
else: x = 6
finally: x = 7
@a.b(c)
class D(E, F[int], metaclass=G, **h):
    x = 1
    def m(self, a: int = 1, *b: str, c, d=2, **e) -> None:
        global q
        """words"""
        def inner():
            nonlocal a
            return a

async def n(a, /, b, *, c):
    async with a as b: await c
    async for d in e: yield d
    yield from_
    return [await x async for x in y]
def o():
    x = yield from p
match a:
    case 1: x = 1
    case "b" | "c" if d: x = 2
    case None: x = 3
    case [e, *f]: x = 4
    case nn.Norm(g, h=i) as j: x = 6
    case {"k": l, **m}: x = 7
    case _: x = 5
match n, o.p:
    case "q", r if r < 2: x = 8
    case (s, 0 | 1) | nn.Norm(): x = 9
match u:
    case True: x = 10
a.b.append(c); (d if e else f).add(g); setattr(h, "i", j)
'''


def told(thing: object) -> object:
    """A tree as plain lists, without places."""
    match thing:
        case t.Block():
            return list(map(told, thing.statements))
        case t.Scope():
            return [thing.kind, thing.name, told(thing.body), sorted(thing.outer_names)]
        case t.Node() | t.Clause():
            named = [(f.name, told(getattr(thing, f.name))) for f in fields(thing) if f.name not in NOT_SAID]
            return [type(thing).__name__, *named]
        case tuple():
            return list(map(told, thing))
        case frozenset():
            return sorted(thing)
    return repr(thing)


def both(text: str) -> tuple[t.Module, t.Module]:
    return lower_module(cst.parse_module(text), "m", "m.py", False), lower_text(text, "m", "m.py", False)


def test_every_construct_is_the_same() -> None:
    concrete, light = both(SPELLINGS)
    assert told(concrete.scope) == told(light.scope)


@pytest.mark.parametrize(
    "folder", [PACKAGE / "source" / "values", LIBRARY / "json", LIBRARY / "email"], ids=lambda folder: folder.name
)
def test_every_file_is_the_same(folder: Path) -> None:
    for path in sorted(folder.rglob("*.py")):
        concrete, light = both(path.read_text(encoding="utf-8"))
        assert told(concrete.scope) == told(light.scope), path


NAMES = st.sampled_from("abc")
EXPRESSIONS = st.recursive(
    st.one_of(NAMES, st.sampled_from(["1", "-2.5", "None", "'x'", "f'{a}b'", "...", "b'y'"])),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+ - * @ ** and or < in is-not".split()), inner).map(
            lambda text: text.replace("is-not", "is not")
        ),
        st.builds("{}({}, *{}, k={}, **{})".format, NAMES, inner, inner, inner, inner),
        st.builds("[{}, {}][{}:{}]".format, inner, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[{} for a in {} if {}]".format, inner, inner, inner),
        st.builds("{{{}: {}, **{}}}".format, inner, inner, inner),
        st.builds("(lambda a, b={}: {})".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("{}.attribute".format, NAMES),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_every_expression_is_the_same(text: str) -> None:
    concrete, light = both(f"x = {text}\n")
    assert told(concrete.scope) == told(light.scope)


def nodes(thing: object) -> list[t.Node]:
    """The nodes of a tree in the order in which `told` comes to them."""
    found: list[t.Node] = [thing] if isinstance(thing, t.Node) else []
    if isinstance(thing, t.Block):
        inner: list[object] = list(thing.statements)
    elif isinstance(thing, t.Scope):
        inner = [thing.body]
    elif isinstance(thing, (t.Node, t.Clause)):
        inner = [getattr(thing, f.name) for f in fields(thing) if f.name not in NOT_SAID]
    else:
        inner = list(thing) if isinstance(thing, tuple) else []
    return found + [node for part in inner for node in nodes(part)]


BRACKETED = (t.Display, t.Comprehension)  # a tuple's own brackets count for `ast`, and a generator's
OWN_PLACES = (t.Argument, t.Parameter, t.Boolean, t.Starred, t.Opaque, t.Jump, t.With, t.Expression)


def test_places_are_the_same() -> None:
    """Of all that a report points at: calls, names, constants, attributes and statements."""
    text = (PACKAGE / "source" / "models" / "construction.py").read_text(encoding="utf-8") + 'é = "é" + f(é)\n'
    concrete, light = both(text)
    assert isinstance(light.origin, Lines)
    spans = recorded(concrete)[0]
    compared = 0
    for left, right in zip(nodes(concrete.scope), nodes(light.scope), strict=True):
        if isinstance(left, (*BRACKETED, *OWN_PLACES)) or isinstance(getattr(left, "value", None), BRACKETED):
            continue
        assert spans[id(left.origin)] == ast_span(light.origin, right.origin), ast.dump(right.origin)
        compared += 1
    assert compared > 1000


def test_what_is_linted_is_parsed_with_libcst_and_what_is_consulted_is_not() -> None:
    programs = Programs(room=1000)
    light = programs.consulted(b"x = 1\n", "net.py")
    assert isinstance(light.origin, Lines)
    assert programs.consulted(b"x = 1\n", "net.py") is light
    concrete = programs.parsed(b"x = 1\n", "net.py")
    assert isinstance(concrete.origin, cst.Module)
    assert programs.consulted(b"x = 1\n", "net.py") is concrete


def test_a_notebook_is_consulted_like_any_file() -> None:
    cells = [{"cell_type": "code", "source": source} for source in ("%matplotlib inline\nx = f(1)\n", "y = await g(x)")]
    data = json.dumps({"nbformat": 4, "cells": cells}).encode()
    light, concrete = parse_consulted(data, "net.ipynb"), parse(data, "net.ipynb")
    assert isinstance(light.origin, Lines) and isinstance(concrete.origin, cst.Module)
    assert told(light.scope) == told(concrete.scope)


@pytest.mark.parametrize("data", [b"{", b'{"cells": [{"cell_type": "code", "source": "x ="}]}'])
def test_a_notebook_that_can_not_be_consulted_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_consulted(data, "net.ipynb")
