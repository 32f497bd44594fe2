"""Tests for equality and membership: of names, classes and parameters, in what is listed or was selected."""

from __future__ import annotations

from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.conditions.constants import constants_of
from wdlint.source.selections.conditions.texts import only, text
from wdlint.source.selections.taken import Taking, one_parameter
from wdlint.source.values import contents, flow
from wdlint.source.values.elements import element_within, symbolic_part
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Attribute,
    Change,
    Changed,
    ClassValue,
    Collection,
    Context,
    Element,
    External,
    Known,
    MappingValue,
    SequenceValue,
    Value,
    bare,
)


def equality(evaluator: Evaluation, left: t.Expr, right: t.Expr, context: Context, whole: bool) -> s.Selector | None:
    """`n == "head.bias"`, `type(m) == nn.LayerNorm`, `p is model.head.bias`."""
    lefts, rights = evaluator.evaluate(left, context), evaluator.evaluate(right, context)
    for symbolic, others in ((lefts, rights), (rights, lefts)):
        for value in symbolic:
            about = text(value, whole)
            if about is not None:
                constants = [v.value for v in others if isinstance(v, Known) and isinstance(v.value, str)]
                if len(constants) == len(others):
                    return s.either(*(s.Equals(about, c) for c in constants))
            if isinstance(value, Attribute) and value.name == "__class__":
                return of_classes(evaluator, others, whole)
            if isinstance(value, Element) and value.part == "parameter":
                return _same_parameter(others)
            if isinstance(value, Attribute) and value.name == "requires_grad":
                if len(others) == 1 and isinstance(others[0], Known):
                    return s.Trainable() if others[0].value else s.negation(s.Trainable())
    return None


def _same_parameter(others: Answers) -> s.Selector | None:
    names = [one_parameter(value) for value in others]
    if not names or any(name is None for name in names):
        return None
    return s.either(*(s.Equals(s.FullName(), name[1]) for name in names if name is not None))


def membership(
    evaluator: Evaluation, taken: Taking, left: t.Expr, right: t.Expr, context: Context, whole: bool
) -> s.Selector | None:
    """`"bias" in n`, `n in names`, `p in selected`."""
    lefts, rights = evaluator.evaluate(left, context), evaluator.evaluate(right, context)
    options = [_within(evaluator, taken, subject, _before_turn(evaluator, held, subject, context), whole)
               for subject in lefts for held in rights]  # fmt: skip
    return only(options)


def _within(evaluator: Evaluation, taken: Taking, subject: Value, held: Value, whole: bool) -> s.Selector | None:
    about = text(subject, whole)
    if isinstance(subject, Known) and isinstance(subject.value, str):
        inner = text(held, whole)
        return s.Contains(inner, subject.value) if inner is not None else None
    if about is not None and isinstance(held, Known) and isinstance(held.value, str):
        return s.Within(about, held.value)
    if symbolic_part(evaluator, held) is not None or _keyed_by_name(evaluator, held):
        element = element_within(subject)
        return _among(evaluator, taken, held, element) if element is not None else None
    constants = constants_of(evaluator, held)
    if constants is None:
        return _within_alternatives(evaluator, about, held) if about is not None else None
    if about is not None and all(isinstance(c, Known) and isinstance(c.value, str) for c in constants):
        return s.InNames(about, tuple(str(c.value) for c in constants if isinstance(c, Known)))
    if isinstance(subject, Attribute) and subject.name == "__class__":
        return of_classes(evaluator, tuple(constants), whole)
    if isinstance(subject, Element) and subject.part == "parameter":
        return _same_parameter(tuple(constants)) if constants else s.Always(False)
    return None


def _within_alternatives(evaluator: Evaluation, about: s.Text, held: Value) -> s.Selector | None:
    """Membership in a list of names of which some are one of several: what is none of them is certainly not in it."""
    inner = bare(held)
    if not isinstance(inner, SequenceValue) or not inner.complete:
        return None
    sure: list[str] = []
    possible: list[str] = []
    for item in contents.items(evaluator, held):
        answers = () if item.spread or item.conditions else evaluator.force(item.value)
        texts = [v.value for v in answers if isinstance(v, Known) and isinstance(v.value, str)]
        if not texts or len(texts) != len(answers):
            return None
        (sure if len(texts) == 1 else possible).extend(texts)
    chosen = s.Opaque(f"one of:{id(inner)}", "the name that is chosen")
    return s.either(s.InNames(about, tuple(sure)), s.both(s.InNames(about, tuple(possible)), chosen))


def _among(evaluator: Evaluation, taken: Taking, held: Value, element: Element) -> s.Selector | None:
    """Membership in a set of parameters or names that was itself selected from the model."""
    active: dict[int, bool] = evaluator.memo("sets asked")
    key = id(getattr(bare(held), "node", None) or held)
    if key in active:
        # `if p in seen: continue` before `seen.add(p)`: each is met once, so it is not yet there
        return s.Always(False)
    active[key] = True
    try:
        parts = taken(evaluator, held)
        if any(part.unread for part in parts):
            return None
        mine = taken(evaluator, element.collection)
    finally:
        active.pop(key, None)
    prefix = mine[0].prefix if mine else ""
    return s.either(*(part.below(prefix) for part in parts))


def of_classes(evaluator: Evaluation, answers: Answers, whole: bool) -> s.Selector | None:
    """That the module around the parameter is of these classes; None where one of them can't be told."""
    paths: set[str] = set()
    for value in answers:
        members = constants_of(evaluator, value)
        for member in members if members is not None else [value]:
            inner = bare(member)
            if isinstance(inner, ClassValue):
                paths.add(inner.path)
            elif isinstance(inner, External) and "?" not in inner.path:
                paths.add(inner.path)
            else:
                return None
    if not paths:
        return None
    return s.AncestorIs(frozenset(paths)) if whole else s.OwnerIs(frozenset(paths))


def _before_turn(evaluator: Evaluation, held: Value, subject: Value, context: Context) -> Value:
    """A collection as a loop's current element meets it: without what this turn will add further down.

    In `if p in seen: continue` before `seen.add(p)`, only earlier elements have been added.
    """
    element = element_within(subject)
    if not isinstance(held, Changed) or element is None or context.statement is None:
        return held
    kept = tuple(c for c in held.changes if not _adds_later(evaluator, c, element, context))
    return held if len(kept) == len(held.changes) else Changed(held.base, kept)


def _adds_later(evaluator: Evaluation, change: Change, element: Element, context: Context) -> bool:
    statement = change.context.statement
    if change.path or change.context.frame is not context.frame or statement is None or context.statement is None:
        return False
    if not change.arguments or not flow.follows_in_turn(statement, context.statement):
        return False
    added = [element_within(v) for v in evaluator.evaluate(change.arguments[-1].value, change.context)]
    return any(one is not None and (one.turn, one.part) == (element.turn, element.part) for one in added)


def _keyed_by_name(evaluator: Evaluation, held: Value) -> bool:
    """Whether a mapping holds parameters under their names."""
    inner = bare(held)
    if isinstance(inner, Collection):
        return inner.what == "named_parameters"
    if not isinstance(inner, MappingValue):
        return False
    keys = [key for e in inner.entries for key in (evaluator.force(e.key) if e.key is not None else ())]
    return bool(keys) and all(isinstance(key, Element) and key.part == "name" for key in keys)
