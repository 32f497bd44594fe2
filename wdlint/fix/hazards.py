"""What in a program counts on the groups that an optimizer has: reasons to offer a fix with less confidence.

Each hazard is a sentence for the user. They are looked for in the flagged file; a program that spreads
over several files can hide one, which is why the proof of a fix is not the absence of hazards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wdlint.facts import Kind, OptimizerUse, Ternary
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t

FLATTENED = "FSDP without `use_orig_params=True` flattens parameters: no split can tell gains and biases from weights"

ONE_OF_SEVERAL = "uses one of `param_groups` by its index, which is one of several groups after the fix"


def hazards(program: Program, call: t.Call, others: int = 0) -> Iterator[str]:
    """Why more groups than before may break something around this construction."""
    yield from _of_indices(program, call)
    yield from _of_calls(program, call)
    if others:
        yield "another optimizer is made over the same model: check which of them is to decay"


def flattens(program: Program) -> bool:
    """Whether the program wraps a model in FSDP that flattens parameters."""
    for node in program.nodes:
        if isinstance(node, t.Call) and _last(node.func) in ("FSDP", "FullyShardedDataParallel"):
            value = next((a.value for a in node.args if a.keyword == "use_orig_params"), None)
            spread = any(a.star == "**" for a in node.args)
            if not spread and not (isinstance(value, t.Const) and value.value is True):
                return True
    return False


def needs_a_model(use: OptimizerUse) -> bool:
    """Whether a decayed group may hold gains or biases that no count of dimensions tells from weights."""
    decayed = [g for g in use.groups if g.amount.decays or g.amount.latent]
    return use.inventory is not None and any(
        p.kind in (Kind.GAIN, Kind.BIAS)
        and p.ndim is not None
        and p.ndim >= 2
        and any(index >= len(g.members) or g.members[index] is not Ternary.NO for g in decayed)
        for index, p in enumerate(use.inventory.parameters)
    )


def _last(expr: t.Expr) -> str:
    return (dotted(expr) or "").rsplit(".", 1)[-1]


def _own(program: Program, call: t.Call) -> set[str]:
    """The names that the construction's optimizer may go by in this file; empty where that can't be told."""
    statement = program.statement(call)
    if not isinstance(statement, t.Assign):
        return set()
    return {name for target in statement.targets if (name := _last(target))}


def _meant(base: t.Expr, own: set[str]) -> bool:
    name = _last(base)
    return not own or not name or name in own or name in ("optimizer", "optim", "opt", "self")


def _of_indices(program: Program, call: t.Call) -> Iterator[str]:
    own = _own(program, call)
    for node in program.nodes:
        match node:
            case t.Subscript(value=t.Attribute(attr="param_groups") as groups, index=t.Const() | t.Unary()):
                if _meant(groups.value, own):
                    yield f"line {program.line(node)} {ONE_OF_SEVERAL}"
                    break
    for node in program.nodes:
        if isinstance(node, t.Subscript) and node in program.bound and _is_groups_decay(node):
            yield f"line {program.line(node)} changes `weight_decay` after construction, for every group alike"
            return


def _is_groups_decay(target: t.Subscript) -> bool:
    if not (isinstance(target.index, t.Const) and target.index.value == "weight_decay"):
        return False
    of = target.value.value if isinstance(target.value, t.Subscript) else target.value
    return "group" in (dotted(of) or "").lower()


_A_VALUE_A_GROUP = {"LambdaLR": "lr_lambda", "MultiplicativeLR": "lr_lambda", "OneCycleLR": "max_lr"} | {
    "CyclicLR": "base_lr", "ReduceLROnPlateau": "min_lr"
}  # fmt: skip


# Functions of the program's own that are given the optimizer to restore it.
_RESUMES = re.compile(
    r"^_?(load|restore|resume|restart)(?!er)|_(load|restore|resume)(_|$)|load_?checkpoint", re.IGNORECASE
)


def _of_calls(program: Program, call: t.Call) -> Iterator[str]:
    own = _own(program, call)
    for node in program.nodes:
        if not isinstance(node, t.Call):
            continue
        name = _last(node.func)
        if name in _A_VALUE_A_GROUP:
            given = [a.value for a in node.args if a.keyword == _A_VALUE_A_GROUP[name]]
            given = given or [a.value for a in node.args if not a.keyword][1:2]
            if any(_is_sequence(_bound(program, value)) for value in given):
                yield f"{name} on line {program.line(node)} is given one value for each group"
        elif name == "load_state_dict" and isinstance(node.func, t.Attribute):
            base = _last(node.func.value)
            if base in own or "optim" in base.lower():
                line = program.line(node)
                yield f"line {line} loads an optimizer state, which has as many groups as when it was saved"
        elif _RESUMES.search(name) and any(_last(a.value) in own for a in node.args if dotted(a.value)):
            line = program.line(node)
            yield f"`{name}` on line {line} may load an optimizer state, which has as many groups as when it was saved"


def _is_sequence(value: Item) -> bool:
    match value:
        case t.Display(kind="list" | "tuple") | t.Comprehension(kind="list"):
            return True
    return False


def _bound(program: Program, value: t.Expr) -> t.Expr:
    return (program.binding(value) or value) if isinstance(value, t.Name) else value
