"""The second witness: the source of the class that holds a parameter, read by the source engine, never run.

Text is found here (a class, its bases, the functions that it calls, as far as Python knows where they stand);
`wdlint.source.models.forward.use` reads it. A class without source (compiled, made at run time) has no such witness.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from functools import cache, lru_cache

from torch import nn

from wdlint.facts import Evidence, Kind
from wdlint.knowledge.names import broadness
from wdlint.model.tensors import CONTAINERS, Held, class_of, shape_of

_FUNCTIONS = 12  # helpers of the same module that are read along with a class
_COMPARED = "a constant of a nonlinear function (compared)"
_LIBRARY = ("torch.nn.", "torch.ao.")  # classes that say nothing beyond the layer table


def by_source(held: Held) -> tuple[Kind, Evidence] | None:
    """What the class's methods do with a parameter; None where that can't be read or says nothing."""
    module, attribute = held.holder
    found = _uses(class_of(module), _attributes(module)).get(attribute)
    if found is None:
        return None
    kind, evidence, note = found
    shape = shape_of(held.tensor)
    if shape is not None and broadness(shape) >= 2 and evidence.text.startswith(_COMPARED):
        return None  # a comparison says something of a threshold, and nothing of a matrix
    if note == "added" and shape is not None and broadness(shape) >= 2:
        return Kind.EMBEDDING, evidence
    return (Kind.EMBEDDING if note == "token" else kind), evidence


def _attributes(module: nn.Module) -> frozenset[str]:
    """The raw parameters of a module, and its lists of them."""
    own = {name for name, p in module._parameters.items() if p is not None}
    return frozenset(own | {name for name, child in module._modules.items() if isinstance(child, CONTAINERS)})


@lru_cache(maxsize=4096)
def _uses(owner: type, attributes: frozenset[str]) -> dict[str, tuple[Kind, Evidence, str]]:
    source = source_with_bases(owner)
    if not source:
        return {}
    from wdlint.source.models.forward.use import uses_in_source

    return {name: (use.kind, use.evidence, use.note) for name, use in uses_in_source(source, attributes).items()}


def source_with_bases(owner: type) -> str:
    """The text of a class, then of its bases outside torch, then of the functions its text names."""
    texts = []
    functions: dict[str, str] = {}
    for ancestor in owner.__mro__:
        module = ancestor.__module__
        if ancestor in (object, nn.Module) or f"{module}.".startswith(_LIBRARY):
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
