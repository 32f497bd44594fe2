"""Whether a file may be read differently once a file that it rests on has other bytes.

A change of one file is followed by words: what its changed statements bind, what mentions that, and so on through the
files that the other one rests on. Where the other one says none of these words, and no import leads to it from a file
that does, it is read as it was. Nothing is evaluated; what can't be told counts as noticed.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from wdlint.source.read.neighbours import led_to
from wdlint.source.read.project import Project

_WORD = re.compile(rb"\w+")
# Decorators that register nothing.
_PLAIN = re.compile(r"\b(?:dataclass|no_grad|inference_mode|lru_cache|cache|wraps)\b")
_EVERYTHING = re.compile(rb"import\s+\*")
_FOLLOWED = 300  # files that imports lead to
# What reaches a definition without its name, and statements that are looked for in all files of a project.
_BY_TEXT = re.compile(rb"\b(?:globals|locals)\(|(?<!\.)(?<!def )\b(?:eval|exec)\(")
_ASKED_BY_NAME = re.compile(rb"\b(?:getattr|vars)\(\s*(?:\w+\.)*(\w+)|(\w+)\.__(?:dict__|subclasses__)")
_DECLARES = re.compile(r"add_arg|DEFINE_|[oO]ption$|^add$")
_SOUGHT = re.compile(rb"(?i)\.\w*(?:decay|wd|l2)\w*\s*(?::[^=\n]*)?=(?!=)|from_pretrained")


@dataclass(frozen=True, slots=True, eq=False)
class _Statement:
    """A statement at the top of a module: its text, its names, and what it binds; None: it may do more than bind."""

    text: bytes
    words: frozenset[bytes]
    said: frozenset[bytes]  # the words of its texts, those of a documentation aside
    declares: frozenset[str | None]  # the options that it declares; None: one whose default is no literal
    binds: frozenset[bytes] | None


@dataclass(eq=False)
class Notice:
    """Who may notice changes of files, as the files of a project are."""

    project: Project
    _read: dict[str, tuple[_Statement, ...] | None] = field(default_factory=dict)
    _words: dict[str, frozenset[bytes]] = field(default_factory=dict)
    _leading: dict[str, frozenset[str] | None] = field(default_factory=dict)
    _changed: dict[tuple[str, bytes], frozenset[bytes] | None] = field(default_factory=dict)

    def may_be_noticed(self, file: str, after: bytes, by: str, around: Iterable[str]) -> bool:
        """Whether other bytes of a file may change what another one is read as.

        Args:
            file: the file that changes.
            after: what becomes of its bytes.
            by: the file that is asked about.
            around: the files that its reading rests on.
        """
        changed, here = os.path.abspath(file), os.path.abspath(by)
        names = self._names(changed, after)
        if names is None or not here.endswith(".py") or self._leads(changed, here):
            return True
        others = [path for path in dict.fromkeys(map(os.path.abspath, around)) if path not in (changed, here)]
        known: frozenset[bytes] = frozenset()
        while known != names:
            known = names
            for path in others:
                if not self._says(path, known):
                    continue
                found = _following(self._statements(path), names)
                if found is None or self._leads(path, here):
                    return True
                names = found
        if self._says(here, names):
            return True
        asked = [path for path in (here, *others) if path.endswith(".py")]
        holding = [changed, *(path for path in others if self._mentions(path, names))]
        if any(self._looks_up(path, holding) for path in asked):
            return True
        looked_up = [path for path in asked if _BY_TEXT.search(self.project.read(path))]
        if not looked_up:
            return False
        if any(_EVERYTHING.search(self.project.read(path)) for path in looked_up):
            return True
        return any(
            not one.said.isdisjoint(names) for path in asked if self._mentions(path, names)
            for one in self._statements(path) or ()
        )  # fmt: skip

    def _looks_up(self, path: str, holding: Iterable[str]) -> bool:
        """Whether a file may take something out of modules by a name that it does not spell out."""
        data = self.project.read(path)
        asked = {name or other for name, other in _ASKED_BY_NAME.findall(data)}
        for module in holding if asked else ():
            folder, stem = os.path.split(os.path.splitext(module)[0])
            name = (os.path.basename(folder) if stem == "__init__" else stem).encode()
            if not asked.isdisjoint((name, *re.findall(rb"\b%s\s+as\s+(\w+)" % re.escape(name), data))):
                return True
        return False

    def _says(self, path: str, names: frozenset[bytes]) -> bool:
        """Whether a file's code has one of some names; its comments and texts may."""
        if not self._mentions(path, names):
            return False
        statements = self._statements(path) if path.endswith(".py") else None
        return statements is None or any(not one.words.isdisjoint(names) for one in statements)

    def _mentions(self, path: str, names: frozenset[bytes]) -> bool:
        if path not in self._words:
            self._words[path] = frozenset(_WORD.findall(self.project.read(path)))
        return not names.isdisjoint(self._words[path])

    def _names(self, path: str, after: bytes) -> frozenset[bytes] | None:
        """What the changed statements of a file bind, and what follows from it there; None: there is no telling."""
        key = path, after
        if key not in self._changed:
            self._changed[key] = self._of_change(path, after)
        return self._changed[key]

    def _of_change(self, path: str, after: bytes) -> frozenset[bytes] | None:
        before = self.project.read(path)
        was, now = (_statements(data) if path.endswith(".py") else None for data in (before, after))
        if was is None or now is None:
            return None
        lines = set(before.splitlines()) ^ set(after.splitlines())
        if any(map(_SOUGHT.search, lines)):
            return None
        had, has = ({one.text for one in statements} for statements in (was, now))
        if {o for one in was if one.text not in has for o in one.declares} != {
            o for one in now if one.text not in had for o in one.declares
        }:
            return None
        changed = [one for one in (*was, *now) if (one.text in had) is not (one.text in has)]
        names: frozenset[bytes] = frozenset()
        for one in changed:
            if one.binds is None:
                return None
            names |= one.binds
        return _following((*was, *now), names)

    def _statements(self, path: str) -> tuple[_Statement, ...] | None:
        if path not in self._read:
            self._read[path] = _statements(self.project.read(path))
        return self._read[path]

    def _leads(self, path: str, to: str) -> bool:
        """Whether imports lead from one file to another, by way of others too."""
        if path not in self._leading:
            met, waiting = {path}, [path]
            for one in waiting:
                for other in led_to(self.project, one):
                    if other not in met:
                        met.add(other)
                        waiting.append(other)
                if len(met) > _FOLLOWED:
                    break
            self._leading[path] = frozenset(met) if len(met) <= _FOLLOWED else None
        found = self._leading[path]
        return found is None or to in found


def _following(statements: tuple[_Statement, ...] | None, names: frozenset[bytes]) -> frozenset[bytes] | None:
    """Names, and those that are bound by what mentions them; None where more than binding follows."""
    if statements is None:
        return None
    left, known = list(statements), None
    while known != names:
        known = names
        for one in [one for one in left if not one.words.isdisjoint(known)]:
            if one.binds is None or None in one.declares:
                return None
            left.remove(one)
            names |= one.binds
    return names


def _statements(data: bytes) -> tuple[_Statement, ...] | None:
    """The statements at the top of a module; None where there is no reading it."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = data.splitlines(keepends=True)
    found = []
    for node in tree.body:
        first = min((one.lineno for one in getattr(node, "decorator_list", ())), default=node.lineno)
        text = b"".join(lines[first - 1 : node.end_lineno])
        bound = _bound(node)
        names = None if bound is None else frozenset(name.encode() for name in bound)
        used = frozenset(name.encode() for name in _names_in(node))
        found.append(_Statement(text, used, frozenset(_said_in(node)), frozenset(_declared_in(node)), names))
    return tuple(found)


def _declared_in(statement: ast.stmt) -> Iterator[str | None]:
    """The options of a command line that a statement declares, as code; None for one whose default is no literal."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and _DECLARES.search(getattr(node.func, "attr", getattr(node.func, "id", ""))):
            given = [*node.args[1:], *(k.value for k in node.keywords if k.arg in (None, "default"))]
            yield ast.dump(node) if all(map(_is_literal, given)) else None


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
    return True


def _said_in(statement: ast.stmt) -> Iterator[bytes]:
    """The words of the texts in a statement that are not its documentation."""
    for node in ast.walk(statement):
        for inner in ast.iter_child_nodes(node) if not isinstance(node, ast.Expr) else ():
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield from _WORD.findall(inner.value.encode("utf-8", "replace"))


def _names_in(statement: ast.stmt) -> Iterator[str]:
    """The names in a statement; an attribute of torch's optimizers is none."""
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="torch"), attr="optim")):
                pass  # projects give their own classes the names of torch's
            case ast.Attribute(attr=name):
                yield name
            case ast.alias(name=name, asname=also):
                yield from (*name.split("."), *filter(None, (also,)))


def _bound(node: ast.stmt) -> set[str] | None:
    """The names that a statement binds; None where it may do more than that, or where they can't be told."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            plain = all(_PLAIN.search(ast.unparse(one)) for one in node.decorator_list)
            return {node.name} if plain else None
        case ast.Import():
            return {(name.asname or name.name).split(".")[0] for name in node.names}
        case ast.ImportFrom():
            names = {name.asname or name.name for name in node.names}
            return None if "*" in names else names
        case ast.Assign() | ast.AnnAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inner = [one for target in targets for one in _targets(target)]
            return {one.id for one in inner if isinstance(one, ast.Name)} if all(map(_is_name, inner)) else None
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        case _:
            return None


def _targets(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for one in target.elts:
            yield from _targets(one)
    else:
        yield target


def _is_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name)
