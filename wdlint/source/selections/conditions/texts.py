"""Tests of a text about the current parameter: its name, a part of it, its owner's name or type.

What follows for a condition, and membership in lists of texts, is in `tests` and `members`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.conditions.constants import constants_of
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Attribute,
    Context,
    Element,
    External,
    Instance,
    Known,
    TextOf,
    Value,
)

_Read = TypeVar("_Read")


def text(value: Value, whole: bool = False) -> s.Text | None:
    """A text about the current parameter, or None where the value is none.

    `whole` says that modules are asked for all parameters below them: the owner's name is then not the module's.
    """
    match value:
        case Element(part="name"):
            return _name_text(value, whole)
        case TextOf():
            return _pieces(value.pieces, whole)
        case Attribute():
            return _changed_text(value, whole)
        case _:
            return None


def _name_text(value: Element, whole: bool) -> s.Text | None:
    what = value.collection.what
    if what == "named_modules":
        return None if whole else s.OwnerName()
    if what == "named_children":
        return s.Segment(s.FullName(), 0)
    if value.collection.owner is not None:
        return s.Leaf() if not value.collection.recurse else None
    full: s.Text = s.FullName()
    prefix = value.collection.prefix
    return s.Prefixed(prefix + "." if not prefix.endswith(".") else prefix, full) if prefix else full


def _pieces(pieces: tuple[str | Value, ...], whole: bool) -> s.Text | None:
    """`f"{module_name}.{parameter_name}"` is the full name again."""
    symbolic = [p for p in pieces if not isinstance(p, str)]
    if len(symbolic) == 1:
        if isinstance(pieces[-1], str):
            return None
        inner = text(pieces[-1], whole)
        prefix = "".join(p for p in pieces if isinstance(p, str))
        return s.Prefixed(prefix, inner) if inner is not None and prefix else inner
    if len(symbolic) == 2 and all(isinstance(p, Element) and p.part == "name" for p in symbolic):
        outer, inner_value = symbolic
        assert isinstance(outer, Element) and isinstance(inner_value, Element)
        if outer.collection.what == "named_modules" and inner_value.collection.what == "named_parameters":
            between = [p for p in pieces if isinstance(p, str)]
            return s.FullName() if between == ["."] else None
    return None


def _changed_text(value: Attribute, whole: bool) -> s.Text | None:
    if value.name == "__name__" and isinstance(value.of, Attribute) and value.of.name == "__class__":
        return None if whole else s.OwnerType()
    if value.name.startswith("[") and isinstance(value.of, Attribute) and value.of.name in ("split", "rsplit"):
        inner = text(value.of.of, whole)
        index = value.name[1:-1]
        if inner is not None and value.of.arguments == (".",) and re.fullmatch(r"-?\d+", index):
            return s.Segment(inner, int(index))
        if inner is not None and value.of.name == "rsplit" and value.of.arguments == (".", 1):
            if index in ("-1", "1"):  # a name without a dot has no second part, and is its own last one
                return s.Segment(inner, -1) if index == "-1" else None
            return s.OwnerName() if index == "-2" and isinstance(inner, s.FullName) else None
        return None
    if not value.called:
        return None
    inner = text(value.of, whole)
    if inner is None:
        return None
    if value.name in ("lower", "casefold"):
        return s.Lower(inner)
    if value.name == "upper":
        return s.Upper(inner)
    if value.name == "strip" and not value.arguments:
        return inner
    if value.name == "replace" and len(value.arguments) == 2:
        old, new = value.arguments
        if isinstance(old, str) and isinstance(new, str):
            return s.Replaced(inner, old, new)
    return None


def only(readings: Sequence[_Read | None]) -> _Read | None:
    """What several answers all come to: the loop variable of one loop over one of several models, say."""
    found = set(readings)
    return found.pop() if len(found) == 1 else None


def affix(evaluator: Asking, func: t.Attribute, expr: t.Call, context: Context, whole: bool) -> s.Selector | None:
    """`n.endswith("bias")`, one end or several."""
    node = s.StartsWith if func.attr == "startswith" else s.EndsWith
    if len(expr.args) != 1:
        return None
    needles = evaluator.evaluate(expr.args[0].value, context)
    subjects = evaluator.evaluate(func.value, context)
    about = only([text(subject, whole) for subject in subjects])
    if about is None and func.attr == "endswith" and all(_relative_name(subject) for subject in subjects):
        # the name below some module ends as the parameter's own does, up to its last dot
        if len(needles) == 1 and isinstance(needles[0], Known) and "." not in str(needles[0].value):
            about = s.Leaf()
    if len(needles) != 1 or about is None:
        return None
    if isinstance(needles[0], Known):
        return node(about, needles[0].value) if isinstance(needles[0].value, str) else None
    constants = constants_of(evaluator, needles[0])
    if constants is None or not all(isinstance(c, Known) and isinstance(c.value, str) for c in constants):
        return None
    return s.either(*(node(about, str(c.value)) for c in constants if isinstance(c, Known)))


def regular(evaluator: Asking, expr: t.Call, context: Context, whole: bool) -> s.Selector | None:
    """`re.search(pattern, name)`, `compiled.match(name)`."""
    if not isinstance(expr.func, t.Attribute) or expr.func.attr not in ("search", "match", "fullmatch"):
        return None
    arguments = list(expr.args)
    pattern: str | None = None
    flags = 0
    for owner in evaluator.evaluate(expr.func.value, context):
        if isinstance(owner, External) and owner.path in ("re", "regex"):
            if len(arguments) >= 2:
                pattern = _only_text(evaluator, arguments[0].value, context)
                flags = _flags(evaluator, arguments[2].value, context) if len(arguments) > 2 else 0
                arguments = arguments[1:]
        elif isinstance(owner, Instance) and isinstance(owner.cls, External) and owner.cls.path == "re.compile":
            given = evaluator.positional(owner.arguments or Arguments())
            pattern = _text_constant(given[0]) if given else None
            written = owner.arguments.written if owner.arguments is not None else ()
            if len(written) > 1 and owner.arguments is not None and owner.arguments.context is not None:
                flags = _flags(evaluator, written[1].value, owner.arguments.context)
    if pattern is None or not arguments or flags < 0:
        return None
    about = only([text(subject, whole) for subject in evaluator.evaluate(arguments[0].value, context)])
    if about is None:
        return None
    mode: Any = expr.func.attr
    try:
        re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError):
        return None
    return s.Matches(about, pattern, mode, flags)


_WILD = re.compile(r"[*?\[]")


def shell_pattern(evaluator: Asking, expr: t.Call, context: Context, whole: bool) -> s.Selector | None:
    """`fnmatch(name, "*.bias")`: an end, a beginning or a part of the name where the pattern says no more."""
    if len(expr.args) != 2 or not any(
        isinstance(callee, External) and callee.path in ("fnmatch.fnmatch", "fnmatch.fnmatchcase")
        for callee in evaluator.evaluate(expr.func, context)
    ):
        return None
    about = only([text(subject, whole) for subject in evaluator.evaluate(expr.args[0].value, context)])
    pattern = _only_text(evaluator, expr.args[1].value, context)
    if about is None or pattern is None:
        return None
    inner = pattern.strip("*")
    if _WILD.search(inner) or not inner:
        return s.Matches(about, fnmatch.translate(pattern), "match")
    before, after = pattern.startswith("*"), pattern.endswith("*")
    if before and after:
        return s.Contains(about, inner)
    if before or after:
        return s.EndsWith(about, inner) if before else s.StartsWith(about, inner)
    return s.Equals(about, inner)


def _only_text(evaluator: Asking, expr: t.Expr, context: Context) -> str | None:
    return _text_constant(evaluator.evaluate(expr, context))


def _flags(evaluator: Asking, expr: t.Expr, context: Context) -> int:
    """The value of `re.I | re.M`; -1 where it can't be told."""
    if isinstance(expr, t.Binary) and expr.op == "|":
        left, right = _flags(evaluator, expr.left, context), _flags(evaluator, expr.right, context)
        return -1 if left < 0 or right < 0 else left | right
    for value in evaluator.evaluate(expr, context):
        if isinstance(value, External) and value.path.startswith("re."):
            flag = getattr(re, value.path[3:], None)
            if isinstance(flag, re.RegexFlag):
                return int(flag)
    return -1


def _relative_name(value: Value) -> bool:
    """Whether a value is a parameter's name below one of the modules that a loop runs over."""
    if not isinstance(value, Element) or value.part != "name":
        return False
    return value.collection.owner is not None and value.collection.recurse


def _text_constant(answers: Answers) -> str | None:
    if len(answers) == 1 and isinstance(answers[0], Known) and isinstance(answers[0].value, str):
        return answers[0].value
    return None
