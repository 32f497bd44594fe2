"""Which parameters of a model the program trains: everything that it freezes and opens, in the order in which it does.

What a program freezes is gathered in `frozen`; freezing inside constructors is met by `construction`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from wdlint.facts import Inventory, Parameter, Ternary
from wdlint.source.libraries import adapters
from wdlint.source.models.ancestry import lineage_of
from wdlint.source.models.freezing import Freeze
from wdlint.source.models.frozen import freezes, key_of, rooted
from wdlint.source.models.members import ANY, Leaf, is_below
from wdlint.source.models.module_rows import Surveying, rows_of
from wdlint.source.models.places import placed, row
from wdlint.source.read import tree as t
from wdlint.source.selections import membership as m
from wdlint.source.selections import predicates as s
from wdlint.source.selections.taken import Taken
from wdlint.source.values.answers import same_object
from wdlint.source.values.classes import class_member, linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.objects import member
from wdlint.source.values.values import (
    Answers,
    Change,
    Changed,
    ClassValue,
    FunctionValue,
    Instance,
    Value,
    bare,
)

Tensors = Callable[[Value], Iterable[Leaf]]  # the parameters of another module, by which its tensors are known again


def mark(
    survey: Surveying,
    model: Value,
    leaves: list[Leaf],
    freezes: Iterable[Freeze],
    complete: bool,
    anew: Sequence[str] = (),
) -> None:
    """Mark what is frozen of a model; what the program puts in its place later on is not.

    What is one of several tensors is frozen where each of them is. `complete` says that nothing is missing from the
    leaves.
    """
    open_ones = [leaf for leaf in leaves if leaf.either]
    if open_ones:
        freezes = tuple(freezes)
        several = [
            [replace(one, name=leaf.name, ancestors=leaf.ancestors) for one in leaf.either] for leaf in open_ones
        ]
        mark(survey, model, [one for ones in several for one in ones], freezes, complete, anew)
        for leaf, ones in zip(open_ones, several, strict=True):
            if any(one.trainable is not before.trainable for one, before in zip(ones, leaf.either, strict=True)):
                agreed = all(one.trainable is ones[0].trainable for one in ones)
                leaf.trainable = ones[0].trainable if agreed else Ternary.UNKNOWN
            leaf.either = tuple(ones)
        leaves = [leaf for leaf in leaves if not leaf.either]
    bases = lineage_of(survey.evaluator)
    facts = [leaf.fact() for leaf in leaves]
    here = model, row(((leaf.name, leaf.present) for leaf in leaves), complete)
    for freeze in freezes:
        for part in freeze.parts:
            context = m.Context(bases)
            if part.model is not None and m.asks_for_places(part.selector, freeze.trains):
                context = m.Context(bases, placed=placed(rows_of(survey, rooted(part)[0], here), rooted(part)[1]))
            # under its own name a tensor may be another one by now; one that is known again is the same
            by_name = part.model is not None and same_object(rooted(part)[0], model)
            later = (*anew, *_later(model, freeze)) if by_name else ()
            for index, inside, sure in _within(part, model, leaves, facts, survey.tensors):
                leaf = leaves[index]
                if any(is_below(leaf.name, path) for path in later):
                    continue
                if freeze.around_adapters and leaf.owner == adapters.OWNER:
                    continue
                concerned = m.jointly(part.selector, inside, context) & freeze.sure & sure
                trains = m.jointly(freeze.trains, inside, context)
                if concerned is Ternary.YES:
                    leaf.trainable = trains
                elif concerned is Ternary.UNKNOWN and leaf.trainable is not trains:
                    leaf.trainable = Ternary.UNKNOWN


def _within(
    part: Taken, model: Value, leaves: list[Leaf], facts: list[Parameter], tensors: Tensors
) -> Iterator[tuple[int, Parameter, Ternary]]:
    """The parameters of a model that are part of something, by their names there; and whether they certainly are."""
    if part.model is None or part.unread:
        return
    root, path = rooted(part)
    same = same_object(root, model)
    if not same and not isinstance(bare(root), Instance):
        return
    named: dict[tuple[object, ...] | None, str] = {}
    if not same:
        named.update((leaf.key, leaf.name) for leaf in tensors(root) if leaf.key is not None)
    for index, fact in enumerate(facts):
        name = fact.name if same else _known_as(leaves[index], named)
        if not name:
            continue
        inside, sure = _relative(name, path)
        if inside:
            yield index, replace(fact, name=inside), sure


def _known_as(leaf: Leaf, named: dict[tuple[object, ...] | None, str]) -> str:
    """The name of a tensor in another module that holds it; empty where it holds no such one."""
    if leaf.key is None:
        return ""
    if leaf.key in named:
        return named[leaf.key]
    computed = named.get(leaf.key[:-1], "")  # a weight that has been replaced by what it is computed from
    return ".".join(filter(None, (computed.rpartition(".")[0], leaf.attribute))) if computed else ""


def _relative(name: str, path: str) -> tuple[str, Ternary]:
    """A parameter's name below a path, and whether it is there: `blocks.*.weight` may be below `blocks.1`."""
    if not path or name == path:
        return name, Ternary.YES
    steps, parts = path.split("."), name.split(".")
    if len(parts) <= len(steps):
        return "", Ternary.NO
    sure = Ternary.YES
    for step, part in zip(steps, parts, strict=False):
        if step != part:
            if ANY not in (step, part) or not (step + part).strip(ANY).isdigit():
                return "", Ternary.NO
            sure = Ternary.UNKNOWN
    return ".".join(parts[len(steps) :]), sure


def _later(model: Value, freeze: Freeze) -> list[str]:
    """The paths below a model that are set anew after something was frozen."""
    changes: list[Change] = []
    while isinstance(model, Changed):
        changes.extend(model.changes)
        model = model.base
    found: list[str] = []
    for change in changes:
        statement = change.context.statement
        if change.action == "set" and change.path and statement is not None and _follows(statement, freeze.statement):
            found.append(".".join(map(str, change.path)))
    return found


def _follows(statement: t.Stmt, earlier: t.Stmt) -> bool:
    """Whether a statement stands after another one in the same function."""
    if statement.scope is not earlier.scope:
        return False
    for one in t.statements(statement.scope.body):
        if one is earlier:
            return True
        if one is statement:
            return False
    return False


# ---- models that can't be seen


def trained(evaluator: Evaluation, part: Taken) -> s.Selector:
    """Which parameters of a model that can't be seen are trained, by their names below the part that is meant."""
    if part.model is None or part.unread:
        return s.Always(True)
    known_as = _names(evaluator, *rooted(part))
    frozen = freezes(evaluator, part.model)
    adapted = any(freeze.around_adapters for freeze in frozen)
    held = _held(evaluator, *rooted(part)) if adapted else frozenset()
    state: s.Selector = s.Always(True)
    concerned: s.Selector
    trains: s.Selector
    for freeze in frozen:
        for one in freeze.parts:
            if one.model is None or one.unread:
                continue
            theirs, prefix = rooted(one)
            ours, path = known_as.get(key_of(theirs)) or known_as.get(_own(theirs)) or (theirs, None)
            if path and prefix and not _is_in_line(path, prefix):
                path, prefix = _known_otherwise(evaluator, ours, prefix, known_as) or (path, prefix)
            if path is None and freeze.around_adapters and not held.isdisjoint((_origin(theirs), _class(theirs))):
                state = s.both(s.Opaque(f"beside:{id(freeze)}", "beside a model with adapters"), state)
                continue
            if path is None:
                continue
            if prefix and prefix != path and not path.startswith(prefix + "."):
                if path and not _is_in_line(path, prefix):
                    continue
                if freeze.around_adapters:
                    state = s.both(s.Opaque(f"beside:{id(freeze)}", "beside a part with adapters"), state)
                    continue
                rest = prefix[len(path) + 1 :] if path else prefix
                concerned = s.both(s.StartsWith(s.FullName(), rest + "."), s.Opaque(f"below:{rest}"))
                if one.selector == s.Always(True):
                    concerned = s.StartsWith(s.FullName(), rest + ".")
                plain = isinstance(freeze.trains, s.Always)
                trains = freeze.trains if plain else s.Opaque(f"trained:{id(freeze)}")
            else:
                concerned, trains = one.selector, freeze.trains
            if freeze.sure is not Ternary.YES:
                concerned = s.both(concerned, s.Opaque(f"frozen:{id(freeze)}", "frozen under a condition"))
            state = s.either(s.both(concerned, trains), s.both(s.negation(concerned), state))
    return state


def _names(evaluator: Evaluation, root: Value, path: str) -> dict[object, tuple[Value, str | None]]:
    """The models that a path leads through, by themselves and by their classes, each with what is left of the path."""
    found: dict[object, tuple[Value, str | None]] = {}
    for value, rest in ((root, path), *_along(evaluator, root, path)):
        found.setdefault(key_of(value), (value, rest))
        inner = bare(value)
        if isinstance(inner, Instance) and isinstance(inner.cls, ClassValue):
            for base in linear_bases(evaluator, inner.cls):
                if isinstance(base, ClassValue):
                    found.setdefault(("class", id(base.definition)), (value, rest))
    return found


def _own(value: Value) -> object:
    """The class whose methods a value is the `self` of, read for any instance; nothing of any other value."""
    inner = bare(value)
    return _class(inner) if isinstance(inner, Instance) and inner.arguments is None else None


def _along(evaluator: Evaluation, root: Value, path: str) -> Iterator[tuple[Value, str]]:
    """What a path leads through, step by step, each with what is left of the path."""
    context = evaluator.frame(evaluator.module.scope).at(None)
    reached: Answers = (root,)
    steps = path.split(".") if path else []
    for index, step in enumerate(steps):
        reached = tuple(v for one in reached for v in member(evaluator, one, step, context))
        for value in reached:
            yield value, ".".join(steps[index + 1 :])


def _is_in_line(path: str, other: str) -> bool:
    """Whether one of two paths leads to the other."""
    return f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.")


def _known_otherwise(
    evaluator: Evaluation, root: Value, path: str, known_as: dict[object, tuple[Value, str | None]]
) -> tuple[str | None, str] | None:
    """What a module keeps under two names, as `self.net` and `self.wrapped`: what is left of both paths to it."""
    found = [(known_as[key_of(v)][1], rest) for v, rest in _along(evaluator, root, path) if key_of(v) in known_as]
    return found[-1] if found else None


def _origin(value: Value) -> object:
    """The expression that makes a value, whichever call of the function around it is meant."""
    inner = bare(value)
    return id(inner.node) if isinstance(inner, Instance) and inner.node is not None else key_of(value)


def _class(value: Value) -> object:
    """The class of a module of the project's, whichever of its instances is meant; nothing of any other value."""
    inner = bare(value)
    return (
        ("class", id(inner.cls.definition)) if isinstance(inner, Instance) and isinstance(inner.cls, ClassValue) else ()
    )


def _held(evaluator: Evaluation, root: Value, path: str) -> frozenset[object]:
    """What the constructor of a module of the project's keeps as its attributes, by their origins, and its class."""
    inner = bare(root)
    if path or not isinstance(inner, Instance) or not isinstance(inner.cls, ClassValue):
        return frozenset()
    context = evaluator.frame(evaluator.module.scope).at(None)
    names = {
        target.attr
        for made in class_member(evaluator, inner.cls, "__init__")
        if isinstance(made, FunctionValue) and isinstance(made.definition, t.FunctionDef)
        for statement in t.statements(made.definition.inner.body)
        if isinstance(statement, t.Assign)
        for target in statement.targets
        if isinstance(target, t.Attribute) and isinstance(target.value, t.Name)
    }
    held = (_origin(value) for name in sorted(names) for value in member(evaluator, inner, name, context))
    return frozenset((_class(inner), *held))


def of_family(evaluator: Evaluation, model: Value, inventory: Inventory) -> Inventory:
    """An inventory of a model that a value may be, with what the program freezes of it."""
    condition = trained(evaluator, Taken(model, s.Always(True)))
    if condition == s.Always(True):
        return inventory
    answers = m.members(condition, inventory.parameters)
    pairs = zip(inventory.parameters, answers, strict=True)
    return replace(inventory, parameters=tuple(replace(p, trainable=p.trainable & answer) for p, answer in pairs))
