"""What torch's containers hold: lists and mappings of modules, with all that a program adds to them.

An index that is not fixed is written `*`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Ternary
from wdlint.source.models.members import ANY, CONTAINERS, NESTING, Members, names_of, set_slot
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.execution import answers, forced, gone_with, looped, taken
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Change,
    Changed,
    External,
    Instance,
    Item,
    Known,
    MappingValue,
    Operation,
    Part,
    SequenceValue,
    Unknown,
    Value,
    bare,
)


def add_numbered(
    members: Members, listing: Iterator[tuple[Answers, Ternary, bool]] | list[tuple[Answers, Ternary, bool]]
    | tuple[tuple[Answers, Ternary, bool], ...], statement: t.Stmt | None = None,
) -> None:  # fmt: skip
    """Put values under the next indices; `*` from where their number can't be told."""
    for values, present, repeated in listing:
        position = members.numbered
        name = ANY if repeated or position is None else str(position)
        set_slot(members, name, values, present, statement)
        if repeated or position is None or present is not Ternary.YES:
            members.numbered = None
        else:
            members.numbered = position + 1


def add_named(members: Members, evaluator: Asking, value: Value, present: Ternary, depth: int = 0) -> None:
    """Put the entries of a mapping, or of a sequence of pairs, under their keys."""
    if depth > NESTING:
        return
    match value:
        case Changed() if isinstance(bare(value), SequenceValue):
            _add_pairs(members, evaluator, value, present)
        case Changed():
            add_named(members, evaluator, value.base, present, depth + 1)
            for change in value.changes:
                _change_named(members, evaluator, change, present, depth)
        case Part():
            add_named(members, evaluator, value.value, present, depth + 1)
        case MappingValue():
            for entry in value.entries:
                doubt = present & Ternary.UNKNOWN if entry.conditions else present
                if entry.key is None:
                    for inner in evaluator.force(entry.value):
                        add_named(members, evaluator, inner, doubt, depth + 1)
                    continue
                names = names_of(evaluator.force(entry.key))
                for name in names:
                    set_slot(members, name, forced(evaluator, entry.value), doubt, None, len(names) > 1)
            members.complete = members.complete and value.complete
        case SequenceValue():
            _add_pairs(members, evaluator, value, present)
        case _:
            members.complete = False


def _change_named(members: Members, evaluator: Asking, change: Change, present: Ternary, depth: int) -> None:
    """What a later statement puts into a mapping."""
    statement = change.context.statement
    sure = taken(evaluator, statement, change.context.frame) if statement is not None else present
    if sure is Ternary.NO:
        return
    if len(change.path) == 1 and change.action == "set" and change.value is not None:
        key = _computed_key(statement) if change.path[0] is None else None
        names = names_of(evaluator.evaluate(key, change.context)) if key is not None else (str(change.path[0] or ANY),)
        for name in names:
            set_slot(
                members, name, answers(evaluator, change.value, change.context), present & sure, None, len(names) > 1
            )
    elif not change.path and change.action == "update" and change.arguments:
        for other in evaluator.evaluate(change.arguments[0].value, change.context):
            add_named(members, evaluator, other, present & sure, depth + 1)


def _computed_key(statement: t.Stmt | None) -> t.Expr | None:
    match statement:
        case t.Assign(targets=(t.Subscript(index=index), *_)):
            return index
        case _:
            return None


def _add_pairs(members: Members, evaluator: Asking, value: Value, present: Ternary) -> None:
    for pairs, doubt, _ in listed(evaluator, value):
        for pair in pairs:
            if isinstance(pair, SequenceValue) and len(pair.items) == 2:
                names = names_of(evaluator.force(pair.items[0].value))
                for name in names:
                    values = forced(evaluator, pair.items[1].value)
                    set_slot(members, name, values, present & doubt, None, len(names) > 1)
            else:
                members.complete = False


# ---- lists


def listed(evaluator: Asking, value: Value, depth: int = 0) -> Iterator[tuple[Answers, Ternary, bool]]:
    """The elements of a list as (answers, whether it is there, whether it stands for any number of them)."""
    if depth > NESTING:
        yield (Unknown("too deep"),), Ternary.UNKNOWN, True
        return
    match value:
        case Changed():
            yield from listed(evaluator, value.base, depth + 1)
            inner = bare(value)
            made = inner.context.statement if isinstance(inner, SequenceValue) and inner.context else None
            for change in value.changes:
                yield from _later(evaluator, change, made, depth)
        case Part():
            yield from listed(evaluator, value.value, depth + 1)
        case SequenceValue():
            repeated = isinstance(value.node, t.Comprehension)
            for item in value.items:
                yield from _item(evaluator, item, repeated, depth)
        case Operation(name="map") if len(value.operands) == 2 and value.context is not None:
            for function in value.operands[0]:
                for turn in value.operands[1]:
                    for elements, present, _ in listed(evaluator, turn, depth + 1):
                        made_by = Arguments(positional=(elements,))
                        yield evaluator.call(function, made_by, None, value.context), present, True
        case Instance(cls=External(path=path)) if path in CONTAINERS and value.arguments is not None:
            for held in container(evaluator, path, value.arguments, depth + 1).slots.items():
                several = ANY in held[0]
                for alternative in held[1].alternatives:
                    yield alternative.values, alternative.present, several
        case _:
            yield (Unknown(f"elements of @{id(value)}"),), Ternary.UNKNOWN, True


def _item(evaluator: Asking, item: Item, repeated: bool, depth: int) -> Iterator[tuple[Answers, Ternary, bool]]:
    doubt = Ternary.UNKNOWN if item.conditions else Ternary.YES
    held = forced(evaluator, item.value)
    if not item.spread:
        yield held, doubt, repeated
        return
    if len(held) > 1:
        doubt = Ternary.UNKNOWN
    for inner in held:
        for values, present, again in listed(evaluator, inner, depth + 1):
            yield values, present & doubt, again or repeated


def _later(
    evaluator: Asking, change: Change, made: t.Stmt | None, depth: int
) -> Iterator[tuple[Answers, Ternary, bool]]:
    """What a later `append`, `extend` or `+=` adds to a list that was made at `made`."""
    statement = change.context.statement
    if change.path or statement is None:
        return
    present = taken(evaluator, statement, change.context.frame, gone_with(made, statement))
    if present is Ternary.NO:
        return
    same_scope = made is not None and made.scope is statement.scope
    repeated = looped(statement, made if same_scope else None)
    arguments = [a.value for a in change.arguments if not a.star]
    if change.action in ("append", "add", "insert") and arguments:
        yield answers(evaluator, arguments[-1], change.context), present, repeated
    elif change.action in ("extend", "+=", "update"):
        source = change.value if change.value is not None else arguments[0] if arguments else None
        for value in answers(evaluator, source, change.context) if source is not None else ():
            for values, doubt, again in listed(evaluator, value, depth + 1):
                yield values, present & doubt, again or repeated


# ---- containers


def container(evaluator: Asking, path: str, arguments: Arguments, depth: int = 0) -> Members:
    """What `nn.Sequential(…)`, `nn.ModuleList(…)` and their kin hold."""
    kind = CONTAINERS[path]
    members = Members(f"torch.nn.{kind}", container=kind)
    if kind == "Sequential":
        only = _only(evaluator, arguments)
        if any(isinstance(bare(v), MappingValue) for v in only):
            for value in only:
                add_named(members, evaluator, value, Ternary.YES if len(only) == 1 else Ternary.UNKNOWN)
        else:
            add_numbered(members, list(_given(evaluator, arguments)))
        return members
    for value in _only(evaluator, arguments):
        if kind.endswith("Dict"):
            add_named(members, evaluator, value, Ternary.YES)
        elif not (isinstance(value, Known) and value.value is None):
            add_numbered(members, list(listed(evaluator, value, depth)))
    return members


def _only(evaluator: Asking, arguments: Arguments) -> Answers:
    """The single argument of a call, empty where there is none or more."""
    if len(arguments.positional) == 1 and not arguments.written:
        return arguments.positional[0]
    if len(arguments.written) == 1 and not arguments.positional and arguments.written[0].star != "*":
        assert arguments.context is not None
        return answers(evaluator, arguments.written[0].value, arguments.context)
    if len(arguments.keywords) == 1 and not arguments.written and not arguments.positional:
        return arguments.keywords[0][1]
    return ()


def _given(evaluator: Asking, arguments: Arguments) -> Iterator[tuple[Answers, Ternary, bool]]:
    for values in arguments.positional:
        yield values, Ternary.YES, False
    if arguments.context is None:
        return
    for argument in arguments.written:
        held = answers(evaluator, argument.value, arguments.context)
        if not argument.star:
            yield held, Ternary.YES, False
        elif argument.star == "*":
            yield from _item(evaluator, Item(held, spread=True), False, 0)
