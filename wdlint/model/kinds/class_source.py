"""The second witness: the source of the class that holds a parameter, read by the source engine, never run.

Text is found here (a class, its bases, the functions that it calls, as far as Python knows where they stand);
`wdlint.source.models.forward.use` reads it. A class without source (compiled, made at run time) has no such witness.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from torch import nn

from wdlint.facts import Kind
from wdlint.knowledge.names import broadness
from wdlint.model.holding.tensors import CONTAINERS, Held, class_of, shape_of
from wdlint.model.kinds.testimony import Testimony

if TYPE_CHECKING:
    from wdlint.source.models.forward.use import Use
    from wdlint.source.read import tree as t

_FUNCTIONS = 12  # helpers of the same module that are read along with a class
_COMPARED = "a constant of a nonlinear function (compared)"
_ENTERED = "fed to a layer as an input"
_RETURNED = "returned as it is"
_LOOKED_UP = ("looked up by ids", "rows looked up by index")
_LIBRARY = ("torch.nn.", "torch.ao.")  # classes that say nothing beyond the layer table
_WRAPPERS = ("torch.",)  # DDP, FSDP, compiled modules: their thousands of lines say nothing of a parameter


def by_source(held: Held) -> Testimony | None:
    """What the class's methods do with a parameter; None where that can't be read or says nothing."""
    module, attribute = held.holder
    if isinstance(held.owner, nn.ParameterDict) and module._modules.get(attribute) is held.owner:
        attribute = f"{attribute}.{held.attribute}"  # each entry has a use of its own
    found = _uses(class_of(module), _attributes(module)).get(attribute)
    if found is None:
        return None
    shape = shape_of(held.tensor)
    broad = shape is not None and broadness(shape) >= 2
    if found.narrow is not None and shape is not None and not broad and _is_smaller(found.beside, module):
        found = found.narrow  # of a product of parameters the smaller is no weight
    kind, evidence, note = found.kind, found.evidence, found.note
    if broad and evidence.text.startswith(_COMPARED):
        return None  # a comparison says something of a threshold, and nothing of a matrix
    if evidence.text.startswith(_ENTERED) and not _feeds_layer(module, evidence.text):
        return None  # what an unknown callee does with it can't be told
    if evidence.text.startswith(_RETURNED):
        return None  # who asks for it decides
    if note == "added" and broad:
        return Testimony(Kind.EMBEDDING, evidence)
    table = kind is Kind.EMBEDDING and evidence.text.startswith(_LOOKED_UP)
    return Testimony(Kind.EMBEDDING if note == "token" else kind, evidence, table)


def _is_smaller(beside: frozenset[str], module: nn.Module) -> bool:
    """Whether one of the parameters that a vector is used with has more broad dimensions than it."""
    return not beside or any(_is_broad(module, name) for name in beside)


def _is_broad(module: nn.Module, name: str) -> bool:
    """Whether a raw parameter or one of a container has two broad dimensions; those of layers have."""
    from wdlint.source.models.forward.value import OF_LAYER

    held: object = module
    for part in name.split("."):
        if not isinstance(held, nn.Module):
            return False
        held = held._parameters[part] if part in held._parameters else held._modules.get(part)
    tensors = held.parameters(recurse=False) if isinstance(held, nn.Module) else [held]
    shapes = (shape_of(t) for t in tensors if isinstance(t, nn.Parameter))
    return name == OF_LAYER or any(shape is not None and broadness(shape) >= 2 for shape in shapes)


def _feeds_layer(module: nn.Module, words: str) -> bool:
    """Whether the layer that a reading names is one of torch's, which have their weights themselves."""
    named = re.search(r"\(([\w.]+)\) in `", words)
    layer: object = module
    for part in named[1].split(".") if named else ():
        layer = layer._modules.get(part) if isinstance(layer, nn.Module) else None
    if not isinstance(layer, nn.Module) or layer is module:
        return False
    called = list(layer.children()) if isinstance(layer, (nn.ModuleList, nn.ModuleDict)) else [layer]
    return bool(called) and all(type(one).__module__.startswith(_LIBRARY) for one in called)


def _attributes(module: nn.Module) -> frozenset[str]:
    """The raw parameters of a module, its lists of them, and the entries of its dictionaries."""
    own = {name for name, p in module._parameters.items() if p is not None}
    for name, child in module._modules.items():
        if isinstance(child, nn.ParameterDict):
            own |= {f"{name}.{key}" for key in child._parameters} or {name}
        elif isinstance(child, CONTAINERS):
            own.add(name)
    return frozenset(own)


@lru_cache(maxsize=4096)
def _uses(owner: type, attributes: frozenset[str]) -> dict[str, Use]:
    source = source_with_bases(owner)
    if not source:
        return {}
    from wdlint.source.models.forward.use import parameter_uses

    return parameter_uses(_classes(source), attributes)


@lru_cache(maxsize=4096)
def asked_about(owner: type) -> frozenset[str]:
    """The attributes of `self` that a class's methods branch on, or choose a function by; its constructor aside."""
    found: set[str] = set()
    for ancestor in owner.__mro__:
        if f"{ancestor.__module__}.".startswith(_WRAPPERS) or ancestor is object:
            continue
        try:
            methods = [n for n in ast.walk(ast.parse(source_of(ancestor))) if isinstance(n, ast.FunctionDef)]
        except (SyntaxError, ValueError, RecursionError):
            continue
        for method in methods:
            if method.name != "__init__":
                found |= {name for test in _tests_in(method) for name in _weighed_in(test)}
    return frozenset(found - {"training"})


def _tests_in(method: ast.FunctionDef) -> Iterator[ast.AST]:
    for node in ast.walk(method):
        if isinstance(node, (ast.If, ast.IfExp, ast.While)):
            yield node.test
        elif isinstance(node, ast.Match):
            yield node.subject
        elif isinstance(node, ast.Compare):
            yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Subscript):
            yield node.func.slice


def _weighed_in(test: ast.AST) -> Iterator[str]:
    """The attributes that a test compares or asks for, without those that it only hands to a function."""
    pending = [test]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
            pending.extend(ast.iter_child_nodes(node))


@lru_cache(maxsize=1024)
def _classes(source: str) -> tuple[t.ClassDef, ...]:
    """The classes in a text, parsed once however many sets of attributes are asked about."""
    from wdlint.source.models.forward.use import classes_in_source

    return tuple(classes_in_source(source))


def source_with_bases(owner: type) -> str:
    """The text of a class, then of its bases outside torch, then of the functions its text names."""
    texts = []
    functions: dict[str, str] = {}
    for ancestor in owner.__mro__:
        module = ancestor.__module__
        if ancestor in (object, nn.Module) or f"{module}.".startswith(_WRAPPERS):
            continue
        text = source_of(ancestor)
        if not text:
            continue
        texts.append(text)
        scope = vars(sys.modules.get(module, object))
        for name in re.findall(r"\b([a-zA-Z_]\w*)\(", text):
            function = scope.get(name)
            if inspect.isfunction(function) and function.__module__ == module and len(functions) < _FUNCTIONS:
                functions.setdefault(name, source_of(function))
    return "\n\n".join([*texts, *filter(None, functions.values())])


def source_of(thing: type | object) -> str:
    """The text of a class or function, dedented; empty where there is none."""
    module = sys.modules.get(getattr(thing, "__module__", ""))
    path = getattr(module, "__file__", None)
    qualname = getattr(thing, "__qualname__", "")
    if path is not None and path.endswith(".py") and "<locals>" not in qualname:
        lines, spans = _definitions(path)
        span = spans.get(qualname)
        return _dedented(lines[span[0] - 1 : span[1]]) if span else ""
    try:
        return _dedented(inspect.getsource(thing).splitlines())  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError):
        return ""


def _dedented(lines: list[str]) -> str:
    import textwrap

    return textwrap.dedent("\n".join(lines))


@cache
def _definitions(path: str) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """A file's lines, and the first and last line of each class and function in it by qualified name.

    `inspect.getsource` would parse the whole file anew for every class.
    """
    import linecache

    lines = [line.rstrip("\n") for line in linecache.getlines(path)]
    spans: dict[str, tuple[int, int]] = {}
    try:
        pending: list[tuple[str, ast.AST]] = [("", ast.parse("\n".join(lines)))]
    except (SyntaxError, ValueError):
        return lines, spans
    while pending:
        prefix, parent = pending.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                spans[prefix + node.name] = (first, node.end_lineno or node.lineno)
                if isinstance(node, ast.ClassDef):
                    pending.append((f"{prefix}{node.name}.", node))
            elif isinstance(node, (ast.If, ast.Try, ast.With)):
                pending.append((prefix, node))
    return lines, spans
