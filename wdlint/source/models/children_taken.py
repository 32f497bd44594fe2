"""`nn.Sequential(*list(net.children())[:-1])`: a container of another model's children, under new numbers."""

from __future__ import annotations

from dataclasses import replace

from wdlint.facts import Ternary
from wdlint.source.models.members import ANY, CONTAINERS, Members, is_below
from wdlint.source.models.module_rows import Surveying, of_members
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.conditions import places
from wdlint.source.values.values import Collection, Context, External, Instance, SequenceValue, Value

_CHAINS = ("Sequential", "ModuleList")


def members_of_children(survey: Surveying, instance: Instance) -> Members | None:
    """What a container holds that is made of a model's children, all or a slice of them; None for any other one."""
    made = instance.cls.path if isinstance(instance.cls, External) else ""
    arguments = instance.arguments
    if CONTAINERS.get(made) not in _CHAINS or arguments is None or len(arguments.written) != 1:
        return None
    written, context = arguments.written[0], arguments.context
    if context is None or (written.star == "*") is not made.endswith("Sequential"):
        return None
    taken = _taken(survey, written.value, context)
    if taken is None:
        return None
    model, chosen = taken
    members = survey.settled(model)
    row = of_members(survey.evaluator, members) if members is not None else None
    if members is None or row is None or any(ANY in name or there is not Ternary.YES for name, there in row.names):
        return None
    names = [name for name, _ in row.names][chosen]
    kind = CONTAINERS[made]
    found = Members(f"torch.nn.{kind}", complete=row.complete, container=kind, numbered=len(names))
    found.order = tuple(map(str, range(len(names))))
    for number, name in enumerate(names):
        if name in members.slots:
            found.slots[str(number)] = members.slots[name]
            continue
        for leaf in members.fixed:
            if is_below(leaf.name, name):
                moved = f"{number}{leaf.name[len(name) :]}"
                found.fixed.append(replace(leaf, name=moved, ancestors=(found.owner, *leaf.ancestors[1:])))
    return found


def _taken(survey: Surveying, expr: t.Expr, context: Context) -> tuple[Value, slice] | None:
    """The model whose children an expression lists, and which of them."""
    answers = survey.evaluator.evaluate(expr, context)
    match answers:
        case (Collection(what="children", owner=None) as children,):
            return children.model, slice(None)
        case (SequenceValue(items=(item,)),) if item.spread and len(item.conditions) == 1:
            (condition,) = item.conditions
            held = survey.evaluator.force(item.value)
            asked = places.sliced(survey.evaluator, condition.test, condition.context) if condition.truth else None
            if isinstance(asked, s.Placed) and len(held) == 1:
                whole = places.walk(held, survey.evaluator)
                if whole is not None and whole.of_children:
                    return whole.module, slice(asked.start, asked.stop)
    return None
