"""What lists and mappings hold, later additions included, and modules; one member by its key is in `objects`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Asking, Evaluation
from wdlint.source.values.values import (
    EVERY,
    Answers,
    Change,
    Changed,
    Condition,
    Deferred,
    Entry,
    Item,
    Known,
    MappingValue,
    ModuleValue,
    Part,
    SequenceValue,
    Unknown,
    Value,
    constant,
)

_NAMES = 40  # of a module that are tried


def items(evaluator: Asking, value: Value) -> Iterator[Item]:
    """The elements of a list, tuple or set, later additions included."""
    match value:
        case SequenceValue():
            yield from value.items
        case Part():
            yield from items(evaluator, value.value)
        case Changed():
            yield from _changed_items(evaluator, value)
        case _:
            return


def _changed_items(evaluator: Asking, value: Changed) -> Iterator[Item]:
    """The elements of a list with those that were added, each with what was done to it later."""
    found = [(item, -1) for item in items(evaluator, value.base)]
    deeper: list[tuple[int, Change]] = []
    for order, change in enumerate(value.changes):
        if _removes(change):
            found = _left(evaluator, found, change)
            continue
        if change.path:
            deeper.append((order, change))
            continue
        positional = [a for a in change.arguments if a.keyword is None]
        if change.action in ("append", "add", "insert") and positional:
            found.append((Item(Deferred(positional[-1].value, change.context), change.conditions), order))
        elif change.action in ("extend", "update") and positional:
            found.append((Item(Deferred(positional[0].value, change.context), change.conditions, spread=True), order))
        elif change.action in ("+=", "|=") and change.value is not None:
            found.append((Item(Deferred(change.value, change.context), change.conditions, spread=True), order))
    counted = not any(item.spread for item, _ in found)
    for index, (item, added) in enumerate(found):
        here = (EVERY, index, index - len(found)) if counted else (EVERY,)
        later = tuple(
            change for order, change in deeper if order > added and (change.path[0] in here or _is_below_one(change))
        )
        if not item.spread:
            later = tuple(replace(change, path=change.path[1:]) for change in later)
        if later:
            yield replace(item, value=tuple(Changed(held, later) for held in evaluator.force(item.value)))
        else:
            yield item


def _removes(change: Change) -> bool:
    """Whether a change takes something out of a list or mapping: `groups.pop()`, `del nets[0]`."""
    if change.path:
        return change.action == "delete" and len(change.path) == 1
    return change.action in ("pop", "remove", "clear", "discard", "popitem")


def _left(evaluator: Asking, found: list[tuple[Item, int]], change: Change) -> list[tuple[Item, int]]:
    """What a removal leaves of a list; where it can't be told what goes, each element is one that may be gone."""
    sure = change.certain and not change.conditions
    if sure and change.action == "clear":
        return []
    place = _key_removed(evaluator, change)
    place = -1 if place is None and change.action == "pop" and not change.arguments else place
    counted = not any(item.spread for item, _ in found)
    if sure and counted and isinstance(place, int) and change.action != "remove" and -len(found) <= place < len(found):
        return [one for index, one in enumerate(found) if index not in (place, place + len(found))]
    return [(replace(item, conditions=(*item.conditions, _doubt(change))), order) for item, order in found]


def _key_removed(evaluator: Asking, change: Change) -> t.Constant:
    """The number or key that a removal names; None where it can't be told."""
    if change.path:
        return change.path[0]
    given = evaluator.evaluate(change.arguments[0].value, change.context) if change.arguments else ()
    return given[0].value if len(given) == 1 and isinstance(given[0], Known) else None


def _doubt(change: Change) -> Condition:
    """A test that can't be told."""
    return Condition(t.Name(None, f"removed@{id(change)}"), True, change.context)


def _is_below_one(change: Change) -> bool:
    """Whether something below one of the elements is set, and it can't be told which: `groups[i]["lr"] = rate`."""
    return change.path[0] is None and len(change.path) > 1 and change.action == "set"


def entries(evaluator: Asking, value: Value) -> Iterator[Entry]:
    """The entries of a mapping, later additions included."""
    match value:
        case MappingValue():
            yield from value.entries
        case Part():
            yield from entries(evaluator, value.value)
        case Changed():
            yield from _changed_entries(evaluator, value)
        case _:
            return


def _changed_entries(evaluator: Asking, value: Changed) -> list[Entry]:
    found = list(entries(evaluator, value.base))
    for change in value.changes:
        if _removes(change):
            found = [left for one in found for left in _kept(evaluator, one, change)]
        elif len(change.path) == 1 and change.action == "set" and change.value is not None:
            key = change.path[0]
            known: Answers = (Known(key) if key is not None else Unknown(f"@{id(change)}"),)
            found.append(Entry(known, Deferred(change.value, change.context), change.conditions, change.value))
        elif not change.path and change.action == "setdefault" and len(change.arguments) == 2:
            named, given = (argument.value for argument in change.arguments)
            held = Deferred(given, change.context)
            found.append(Entry(Deferred(named, change.context), held, change.conditions, given))
    return found


def _kept(evaluator: Asking, entry: Entry, change: Change) -> Iterator[Entry]:
    """What a removal leaves of an entry: nothing, all of it, or one that may be gone."""
    sure = change.certain and not change.conditions
    removed = _key_removed(evaluator, change)
    keys = evaluator.force(entry.key) if entry.key is not None else ()
    told = removed is not None and len(keys) == 1 and isinstance(keys[0], Known)
    if told and keys[0].value != removed:  # type: ignore[union-attr]
        yield entry
    elif not (sure and (told or change.action == "clear")):
        yield replace(entry, conditions=(*entry.conditions, _doubt(change)))


def values_of(evaluator: Asking, value: Value) -> Iterator[Item]:
    """The values of a mapping, each with what was done to it under its key."""
    for one in filled(evaluator, value):
        if one.key is not None:
            yield Item(one.value, one.conditions)


def filled(evaluator: Asking, value: Value) -> Iterator[Entry]:
    """The entries of a mapping, each with what was done to it under its key: `groups[key]["params"].append(p)`."""
    changes = value.changes if isinstance(value, Changed) else ()
    deeper = [c for c in changes if len(c.path) > 1 or (len(c.path) == 1 and c.action not in ("set", "delete"))]
    for one in (*entries(evaluator, value), *_made_when_asked(value, deeper)):
        if one.key is None or not deeper:
            yield one
            continue
        keys = [key.value if isinstance(key, Known) else None for key in evaluator.force(one.key)]
        below = tuple(
            Change(c.path[1:], c.action, c.value, c.arguments, c.context, c.certain, c.conditions)
            for c in deeper
            if c.path[0] is None or None in keys or c.path[0] in keys
        )
        held = evaluator.force(one.value)
        yield replace(one, value=tuple(Changed(v, below) for v in held) if below else held)


def _made_when_asked(value: Value, deeper: Sequence[Change]) -> Iterator[Entry]:
    """The entries that a `defaultdict` makes for the keys that something is done at."""
    base = value
    while isinstance(base, Changed):
        base = base.base
    if not isinstance(base, MappingValue) or base.missing is None:
        return
    for key in dict.fromkeys(change.path[0] for change in deeper):
        known: Answers = (Known(key) if key is not None else Unknown(f"@{id(base)}[?]"),)
        yield Entry(known, (base.missing,))


# ---- modules of the project


def any_of_module(evaluator: Evaluation, module: t.Module) -> Iterator[Value]:
    """Every class or function of a project module, for a name that can't be told; those of stars in a package too."""
    names = [name for name in _of_own(module) if not name.startswith("_")]
    for star in _stars(module) if module.is_package else ():
        source = evaluator.module_value(star.module, module, star.level)
        if isinstance(source, ModuleValue) and source.module is not module:
            names.extend(_exported(evaluator, source.module))
    distinct = list(dict.fromkeys(names))
    for name in distinct[:_NAMES]:
        yield from evaluator.module_member(module, name)
    if len(distinct) > _NAMES:
        yield Unknown(f"{module.name}.?")


def _of_own(module: t.Module) -> Iterator[str]:
    for name, statements in module.scope.bound.items():
        if isinstance(statements[-1], (t.ClassDef, t.FunctionDef)):
            yield name


def _stars(module: t.Module) -> Iterator[t.ImportFrom]:
    """The star imports of a package from its own modules."""
    for statement in module.scope.body.statements:
        if isinstance(statement, t.ImportFrom) and statement.level and any(name == "*" for name, _ in statement.names):
            yield statement


def _exported(evaluator: Evaluation, module: t.Module) -> list[str]:
    """The classes and functions that a star import brings."""
    listed = [
        constant(evaluator.force(item.value))
        for value in (evaluator.module_member(module, "__all__") if "__all__" in module.scope.bound else ())
        for item in items(evaluator, value)
        if not item.spread
    ]
    return [name for name in _of_own(module) if (name in listed if listed else not name.startswith("_"))]
