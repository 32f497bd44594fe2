"""What happens to an optimizer's groups after it is made: groups added, strengths set."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.optimizers.called_with import done_by_functions, set_by_function
from wdlint.source.optimizers.groups import GroupDraft, GroupReader
from wdlint.source.optimizers.sites import Maker, Site
from wdlint.source.optimizers.switched_off import class_switches_off, switching_off
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.amounts import AmountDraft, amount_of, source_text
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import changes_in
from wdlint.source.values.values import EVERY, Change


def added_later(evaluator: Evaluation, site: Site, maker: Maker, reader: GroupReader) -> tuple[list[GroupDraft], bool]:
    """Groups that `add_param_group` adds to the optimizer after it is made."""
    drafts: list[GroupDraft] = []
    for change in maker.later:
        drafts.extend(_added(evaluator, change, reader))
    name = bound_name(site)
    if name is None:
        return drafts, True
    frame = site.context.frame
    for statement in _touching(site, name):
        root = name.split(".")[0]
        for change in changes_in(evaluator, statement, root, frame, True):
            below = change.path[len(name.split(".")) - 1 :]
            if ".".join(map(str, change.path[: len(name.split(".")) - 1])) != ".".join(name.split(".")[1:]):
                continue
            if not below:
                drafts.extend(_added(evaluator, change, reader))
    return drafts, True


def _added(evaluator: Evaluation, change: Change, reader: GroupReader) -> Iterator[GroupDraft]:
    if change.action == "add_param_group" and change.arguments:
        expression = change.arguments[0].value
        for value in evaluator.evaluate(expression, change.context):
            yield from reader.read(value, expression, change.context).drafts


def _touching(site: Site, name: str) -> Iterator[t.Stmt]:
    root = name.split(".")[0]
    seen = False
    for statement in t.statements(site.context.frame.scope.body):
        if statement is site.statement:
            seen = True
        elif seen and root in statement.touches and not any(True for _ in t.blocks(statement)):
            yield statement


def set_later(
    evaluator: Evaluation, site: Site, index: int, key: str, before: AmountDraft | None = None
) -> AmountDraft | None:
    """What `optimizer.param_groups[i]["weight_decay"] = …` sets for a group, here or in a function that is called.

    `before` is the group's decay until then.
    """
    name = bound_name(site)
    if name is None:
        return None
    parts = name.split(".")
    found: AmountDraft | None = None
    for statement in _touching(site, name):
        for change in changes_in(evaluator, statement, parts[0], site.context.frame, True):
            above, rest = change.path[: len(parts)], change.path[len(parts) :]
            if above == (*parts[1:], "param_groups"):
                found = _amount_set(evaluator, change, rest, index, key, before) or found
    for change in done_by_functions(evaluator, site, name):
        amount = _amount_set(evaluator, change, change.path[1:], index, key, before)
        found = amount if amount is not None and amount.value is not None else found
    return found


def _amount_set(
    evaluator: Evaluation,
    change: Change,
    rest: tuple[str | int | None, ...],
    index: int,
    key: str,
    before: AmountDraft | None,
) -> AmountDraft | None:
    """What a change of an optimizer's groups sets the key of one of them to."""
    value = change.value
    if change.action == "update" and len(rest) == 1:  # `group.update(weight_decay=0.1)`
        value = next((argument.value for argument in change.arguments if argument.keyword == key), None)
    elif change.action != "set" or len(rest) != 2 or rest[1] != key:
        return None
    if value is None:
        return None
    decays = before is not None and bool(before.value) and _for_what_decays(change.context.statement)
    if not decays and (not change.certain or rest[0] not in (EVERY, index)):
        return None
    return amount_of(evaluator.evaluate(value, change.context), source_text(change.context.module, value))


def _for_what_decays(statement: t.Stmt | None) -> bool:
    """`if group["weight_decay"] > 0: group["weight_decay"] = …`, for every group in a loop over them."""
    asked = statement.block.parent if isinstance(statement, t.Assign) else None
    if not isinstance(statement, t.Assign) or not isinstance(asked, t.If) or statement.block is not asked.body:
        return False
    loop = asked.block.parent
    if not isinstance(loop, t.For):
        return False
    if any(isinstance(block.parent, (t.If, t.Try, t.While)) for block in flow.ancestors(loop)):
        return False  # it may never be set
    match statement.targets, asked.test, loop.target, loop.iter:
        case (
            (t.Subscript(value=t.Name(id=group), index=t.Const(value=key)),),
            t.Compare(
                left=t.Subscript(value=t.Name(id=other), index=t.Const(value=same)), rest=((">", t.Const(value=0)),)
            ),
            t.Name(id=turn),
            t.Attribute(attr="param_groups"),
        ):
            return group == other == turn and key == same
    return False


def spared_later(evaluator: Evaluation, site: Site, key: str) -> bool:
    """Whether some groups' decay is set anew after construction, and the groups say which and to what."""
    name = bound_name(site)
    if _switched_off_elsewhere(evaluator, site, name, key):
        return True
    if name is None:
        return False
    if set_by_function(evaluator, site, name, key):
        return True
    parts = name.split(".")
    for statement in _touching(site, name):
        for change in changes_in(evaluator, statement, parts[0], site.context.frame, True):
            above, rest = change.path[: len(parts)], change.path[len(parts) :]
            if above == (*parts[1:], "param_groups") and rest == (None, key) and change.value is not None:
                amount = amount_of(evaluator.evaluate(change.value, change.context), "")
                if amount is None or not amount.value:
                    return True
    return False


def _switched_off_elsewhere(evaluator: Evaluation, site: Site, name: str | None, key: str) -> bool:
    """Whether a hook or another method, of the file or of a base class, sets the decay of the optimizer's groups to 0.

    `self.optimizer` tells which optimizer it gets at; what `configure_optimizers` returns is the only one there is.
    """
    scope, receiver = site.context.frame.scope, site.context.frame.receiver
    returned = scope.name == "configure_optimizers"
    if returned and receiver is not None and class_switches_off(evaluator, receiver, key):
        return True
    if not returned and (name is None or not name.startswith("self.")):
        return False
    others = [owner for where, owner in switching_off(evaluator, scope.module, key) if where is not scope]
    return bool(others) if returned else name in others


def bound_name(site: Site) -> str | None:
    """The name or attribute that the site's statement binds to the optimizer."""
    statement = site.statement
    if isinstance(statement, t.Assign) and statement.value is site.call and len(statement.targets) == 1:
        return syntax.dotted(statement.targets[0])
    return None
