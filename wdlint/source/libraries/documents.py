"""Values in files of data beside a program: JSON, YAML and TOML whose path the program writes, or has as a default.

A file is looked for from the module that reads it, from the linted one and from the project's top, and within the
project alone. Its values are defaults: who runs the program may change them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from wdlint.documents import nodes
from wdlint.facts import Origin
from wdlint.source.libraries.library import Call, Library
from wdlint.source.read import tree as t
from wdlint.source.values.call_arguments import positional
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Context,
    Deferred,
    Entry,
    External,
    Instance,
    Item,
    Known,
    MappingValue,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
)

_READ_FILES = (
    "commentjson.load hjson.load json.load json5.load jstyleson.load ruamel.yaml.safe_load toml.load tomli.load "
    "tomllib.load yaml.full_load yaml.load yaml.safe_load yaml.unsafe_load"
).split()
_LOAD = ("OmegaConf.load", "omegaconf.OmegaConf.load")
_READ_TEXTS = ("json.loads", "toml.loads", "tomllib.loads")  # of a file that is read where it is opened
_OPENED = ("builtins.open", "codecs.open", "gzip.open", "io.open")
_KEPT = ("os.path.abspath", "os.path.expanduser", "os.path.normpath", "os.path.realpath", "os.fspath")
_JOINED = ("os.path.join", "pathlib.Path", "pathlib.PurePath", "posixpath.join")
_REFERENCE = re.compile(r"\$\{(\.*)(\w[\w.]*)\}")
_DEEPEST = 20
_REMEMBERED = 16  # documents

Tree = Mapping[str, "Tree | nodes.Node"]  # a document put together from several
_Part = Tree | nodes.Node


def _read(evaluator: Evaluation, call: Call) -> Answers | None:
    return _values(evaluator, call)


def _load(evaluator: Evaluation, call: Call) -> Answers | None:
    return _values(evaluator, call, refers=True)


def _values(evaluator: Evaluation, call: Call, *, refers: bool = False) -> Answers | None:
    """What reading a file of data gives; None where it can't be told which, or it isn't there.

    `refers`: what reads it follows references.
    """
    found: list[Value] = []
    written = call.arguments.written[0].value if call.arguments.written else None
    for path in _paths(evaluator, call.first(evaluator), written, call.context):
        root = document(evaluator, path, call.context.module)
        if root is not None:
            found.append(value_of(root, () if refers else None))
    return tuple(found) or None


def _paths(evaluator: Evaluation, given: Answers, written: t.Expr | None, context: Context) -> Iterator[str]:
    """The paths of what is opened, or of what is given as a path."""
    if isinstance(written, t.Call) and isinstance(written.func, t.Attribute):
        if written.func.attr in ("open", "read", "read_text"):  # `path.open()`, `open(path).read()`
            holder = written.func.value
            yield from _paths(evaluator, evaluator.evaluate(holder, context), holder, context)
            return
    for value in given:
        if isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.path in _OPENED:
            first = value.arguments.written[0].value if value.arguments and value.arguments.written else None
            where = value.arguments.context if value.arguments else None
            if first is not None and where is not None:
                yield from _paths(evaluator, evaluator.evaluate(first, where), first, where)
            continue
        path = _path(evaluator, value, written, context)
        if path:
            yield path


def _path(evaluator: Evaluation, value: Value, written: t.Expr | None, context: Context, depth: int = 0) -> str:
    """A path as far as it is known from its end: `conf/base.yaml` of `os.path.join(root, "conf", "base.yaml")`."""
    if isinstance(value, Known):
        return value.value if isinstance(value.value, str) else ""
    if isinstance(value, TextOf):
        last = value.pieces[-1]
        return last.lstrip("/") if isinstance(last, str) else ""
    if depth > _DEEPEST:
        return ""
    if isinstance(value, Instance) and isinstance(value.cls, External) and value.arguments is not None:
        given = positional(evaluator, value.arguments)
        if value.cls.path in (*_KEPT, *_JOINED) and given:
            parts = [_path(evaluator, a[0], None, context, depth + 1) if len(a) == 1 else "" for a in given]
            known = parts[max((i for i, part in enumerate(parts) if not part), default=-1) + 1 :]
            return os.path.join(*known) if known else ""
    if isinstance(written, t.Binary) and written.op == "/":
        left, right = (evaluator.evaluate(side, context) for side in (written.left, written.right))
        end = _path(evaluator, right[0], written.right, context, depth + 1) if len(right) == 1 else ""
        start = _path(evaluator, left[0], written.left, context, depth + 1) if len(left) == 1 else ""
        return os.path.join(start, end) if end else ""
    return ""


def document(evaluator: Evaluation, path: str, reader: t.Module) -> nodes.Node | None:
    """The document at a path, as it is written in the module `reader`."""
    project = evaluator.project
    top = os.path.abspath(project.top_of(reader.path))
    for base in dict.fromkeys((os.path.dirname(reader.path), os.path.dirname(evaluator.module.path), top)):
        candidate = os.path.normpath(os.path.join(os.path.abspath(base), path))
        if os.path.commonpath([top, candidate]) == top:
            data = project.read(candidate)
            if data and len(data) <= nodes.LARGEST:
                return _parsed(candidate, data)
    return None


@lru_cache(maxsize=_REMEMBERED)  # of the same bytes there is one document, whichever file asks for it
def _parsed(path: str, data: bytes) -> nodes.Node | None:
    try:
        text = data.decode("utf-8-sig")
        if path.endswith((".yaml", ".yml")):
            from wdlint.documents import yaml

            return yaml.read(path, text) if yaml.is_installed() else None
        if path.endswith(".toml"):
            return _toml(text)
        from wdlint.documents import json

        return json.read(path, text)
    except (UnicodeDecodeError, nodes.Unreadable):
        return None


def _toml(text: str) -> nodes.Node | None:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    from wdlint.facts import Place

    nowhere = Place("", 1, 1, 1, 1)

    def node(held: object) -> nodes.Node:
        if isinstance(held, dict):
            entries = tuple(nodes.Entry(str(key), nowhere, node(inner)) for key, inner in held.items())
            return nodes.Mapping(entries, nowhere)
        if isinstance(held, list):
            return nodes.Listing(tuple(map(node, held)), nowhere)
        plain = isinstance(held, (str, int, float, bool)) or held is None
        return nodes.Scalar(held, nowhere) if plain else nodes.Opaque(nowhere)  # type: ignore[arg-type]

    try:
        return node(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return None


def value_of(node: _Part, above: tuple[_Part, ...] | None = None, depth: int = 0) -> Value:
    """A part of a document as a value.

    Args:
        node: the part.
        above: what it lies in, the whole document first, so that references such as `${optim.decay}` can be
            followed; None where the reader of the document follows none.
        depth: how deep the part lies, each reference on the way counted.
    """
    if isinstance(node, nodes.Scalar):
        if not isinstance(node.value, str) or not ("${" in node.value or node.tag):
            return Known(node.value, Origin.FIELD_DEFAULT)
        way = _referred(node.value, above) if above and not node.tag and depth <= _DEEPEST else ()
        # What a list or a mapping holds is not put in at each reference to it: a few lines could make millions.
        told = bool(way) and isinstance(way[-1], nodes.Scalar)
        return value_of(way[-1], way[:-1], depth + 1) if told else Unknown(f"@{id(node)}")
    if isinstance(node, nodes.Opaque) or depth > _DEEPEST:
        return Unknown(f"@{id(node)}")
    within = None if above is None else (*above, node)
    if isinstance(node, nodes.Listing):
        return SequenceValue("list", tuple(Item((value_of(item, within, depth + 1),)) for item in node.items))
    held: list[tuple[Deferred | Answers, Deferred | Answers]] = [
        ((Known(key),), (value_of(value, within, depth + 1),)) for key, value in _pairs(node)
    ]
    return MappingValue(tuple(Entry(key, value) for key, value in held), settings=True)


def _pairs(node: nodes.Mapping | Tree) -> Iterator[tuple[str, _Part]]:
    if isinstance(node, nodes.Mapping):
        return ((entry.key, entry.value) for entry in node.entries)
    return iter(node.items())


def _referred(text: str, above: tuple[_Part, ...]) -> tuple[_Part, ...]:
    """What a text refers to that is one reference and nothing besides, below all that it lies in; empty: nothing.

    It is looked for from the top of the document, or, with a dot before it, beside the text, and one up for each
    further dot.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None or len(found[1]) > len(above):
        return ()
    way = list(above[: len(above) + 1 - len(found[1])] if found[1] else above[:1])
    for key in found[2].split("."):
        inner = way[-1].get(key) if isinstance(way[-1], (nodes.Mapping, Mapping)) else None
        if inner is None:
            return ()
        way.append(inner)
    return tuple(way)


LIBRARY = Library(
    paths=("commentjson", "hjson", "json", "json5", "toml", "tomli", "tomllib", "yaml"),
    calls={**dict.fromkeys((*_READ_FILES, *_READ_TEXTS), _read), **dict.fromkeys(_LOAD, _load)},
)
