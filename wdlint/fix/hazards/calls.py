"""Schedules that have a value for each group, and states that are loaded into as many groups as they have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wdlint.facts import Applicability
from wdlint.fix.hazards.groups import Names, bound_to, is_sequence
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part


def of_schedules(program: Program) -> Iterator[Hazard]:
    """Decays that are set in what is called a group; those of a loop over `param_groups` are read in `counts`."""
    for node in program.nodes:
        if not (isinstance(node, t.Subscript) and node in program.bound and _is_groups_decay(node)):
            continue
        if not any(isinstance(a, t.For) and "param_groups" in program.source(a.iter) for a in program.around(node)):
            line = program.line(node)
            yield Hazard(
                f"line {line} changes `weight_decay` after construction, for every group alike", Applicability.SHOWN
            )
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


def of_calls(program: Program, names: Names) -> Iterator[Hazard]:
    for node in program.nodes:
        if isinstance(node, t.Return) and isinstance(node.value, t.Display):
            function = program.scope(node)
            if isinstance(function, t.FunctionDef) and function.name in ("get_lr", "_get_closed_form_lr"):
                line = program.line(node)
                yield Hazard(f"line {line} gives a schedule one rate for each group", Applicability.SHOWN)
        if not isinstance(node, t.Call):
            continue
        name = last_part(node.func)
        if name in _A_VALUE_A_GROUP:
            given = [a.value for a in node.args if a.keyword == _A_VALUE_A_GROUP[name]]
            given = given or [a.value for a in node.args if not a.keyword][1:2]
            values = [bound_to(program, value) for value in given]
            if any(is_sequence(value) and "param_groups" not in program.source(value) for value in values):
                line = program.line(node)
                yield Hazard(f"{name} on line {line} is given one value for each group", Applicability.SHOWN)
        elif name == "load_state_dict" and isinstance(node.func, t.Attribute):
            base = last_part(node.func.value)
            if base in names.own or "optim" in base.lower():
                line = program.line(node)
                most = Applicability.SHOWN if _is_of_another(program, node, base) else Applicability.UNSAFE
                yield Hazard(
                    f"line {line} loads an optimizer state, which has as many groups as when it was saved", most
                )
        elif name == "state_dict" and isinstance(node.func, t.Attribute) and last_part(node.func.value) in names.own:
            if _is_handed_on(program, node):
                line = program.line(node)
                yield Hazard(f"the state that line {line} takes is loaded again, into as many groups as it has")
        elif _RESUMES.search(name) and any(last_part(a.value) in names.own for a in node.args if dotted(a.value)):
            line = program.line(node)
            yield Hazard(
                f"`{name}` on line {line} may load an optimizer state, which has as many groups as when it was saved"
            )


def _is_handed_on(program: Program, state: t.Call) -> bool:
    """Whether another optimizer of the file may load a state: given to it at once, or by a name."""
    kept = program.statement(state)
    names = {last_part(target) for target in kept.targets} if isinstance(kept, t.Assign) else set[str]()
    return any(
        isinstance(node, t.Call)
        and last_part(node.func) == "load_state_dict"
        and any(a.value is state or last_part(a.value) in names - {""} for a in node.args)
        for node in program.nodes
    )


def _is_of_another(program: Program, load: t.Call, base: str) -> bool:
    """Whether the state that is loaded is one that the program takes from another optimizer."""
    return any(
        isinstance(node, t.Call)
        and isinstance(node.func, t.Attribute)
        and node.func.attr == "state_dict"
        and last_part(node.func.value) != base
        for argument in load.args
        for node in program.below(bound_to(program, argument.value))
    )
