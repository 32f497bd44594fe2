"""Schedules that have a value for each group, and states that are loaded into as many groups as they have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wdlint.facts import Applicability
from wdlint.fix.hazards.groups import Names, bound_to, is_sequence
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part


def of_schedules(program: Program) -> Iterator[Hazard]:
    """Decays that are set in what is called a group; those of a loop over `param_groups` are read in `counts`."""
    for node in program.nodes:
        if not (isinstance(node, t.Subscript) and node in program.bound and _is_groups_decay(node)):
            continue
        if isinstance(node.value, t.Name) and _is_made_here(program, node.value):
            continue  # a group that is put together: `group = {**options}`, and no optimizer has it yet
        if not any(isinstance(a, t.For) and "param_groups" in program.source(a.iter) for a in program.around(node)):
            line = program.line(node)
            yield Hazard(
                f"line {line} changes `weight_decay` after construction, for every group alike", Applicability.SHOWN
            )
            return


def _is_made_here(program: Program, name: t.Name) -> bool:
    """Whether all that a name of a scope is ever bound to are dictionaries that are made there."""
    scope = program.scope(name)
    if isinstance(scope, (t.FunctionDef, t.Lambda)) and any(p.name == name.id for p in scope.params):
        return False
    stores = [program.parents[n] for n in program.names(name.id, scope) if n in program.bound]
    return bool(stores) and all(isinstance(s, t.Assign) and _makes_dictionary(s.value) for s in stores)


def _makes_dictionary(made: t.Expr | None) -> bool:
    return isinstance(made, t.DictDisplay) or (isinstance(made, t.Call) and dotted(made.func) == "dict")


def _is_groups_decay(target: t.Subscript) -> bool:
    if not (isinstance(target.index, t.Const) and target.index.value == "weight_decay"):
        return False
    of = target.value.value if isinstance(target.value, t.Subscript) else target.value
    return "group" in (dotted(of) or "").lower()


# What a list in a call that is given the optimizer may be besides a value for each group.
_OF_STEPS = frozenset("milestones schedulers betas steps".split())
_TAKES_STEPS = frozenset("MultiStepLR SequentialLR ChainedScheduler MultiStepParamScheduler".split())

# Functions of the program's own that are given the optimizer to restore it.
_RESUMES = re.compile(
    r"^_?(load|restore|resume|restart)(?!er)|_(load|restore|resume)(_|$)|load_?checkpoint", re.IGNORECASE
)


def of_calls(program: Program, names: Names, number: int, within: Item | None = None) -> Iterator[Hazard]:
    crossed = _crossed(program, names)
    for node in program.below(within or program.module):
        if isinstance(node, t.Return) and isinstance(node.value, t.Display):
            function = program.scope(node)
            if isinstance(function, t.FunctionDef) and function.name in ("get_lr", "_get_closed_form_lr"):
                line = program.line(node)
                yield Hazard(f"line {line} gives a schedule one rate for each group", Applicability.SHOWN)
        if not isinstance(node, t.Call):
            continue
        name = last_part(node.func)
        if _has_a_value_a_group(program, node, name, names, number):
            line = program.line(node)
            yield Hazard(f"{name} on line {line} is given one value for each group", Applicability.SHOWN)
        elif name == "load_state_dict" and isinstance(node.func, t.Attribute):
            base = last_part(node.func.value)
            if base in names.own or "optim" in base.lower():
                line = program.line(node)
                other = base in crossed or _is_of_another(program, node, base)
                most = Applicability.SHOWN if other else Applicability.UNSAFE
                yield Hazard(
                    f"line {line} loads an optimizer state, which has as many groups as when it was saved", most
                )
        elif name == "state_dict" and isinstance(node.func, t.Attribute) and last_part(node.func.value) in names.own:
            other = last_part(node.func.value) in crossed
            if other or _is_handed_on(program, node):
                line = program.line(node)
                most = Applicability.SHOWN if other else Applicability.UNSAFE
                yield Hazard(f"the state that line {line} takes is loaded again, into as many groups as it has", most)
        elif _RESUMES.search(name) and any(last_part(a.value) in names.own for a in node.args if dotted(a.value)):
            line = program.line(node)
            yield Hazard(
                f"`{name}` on line {line} may load an optimizer state, which has as many groups as when it was saved"
            )


def _has_a_value_a_group(program: Program, call: t.Call, name: str, names: Names, number: int) -> bool:
    """Whether a call is given the optimizer, and a list with a value for each of its groups."""
    is_schedule = name.endswith("LR") or name in ("ReduceLROnPlateau", "LRScheduler", "_LRScheduler")
    given = any(last_part(a.value) in names.own for a in call.args)
    if not (is_schedule or given) or name in _TAKES_STEPS:
        return False
    for argument in call.args:
        value = bound_to(program, argument.value)
        if argument.star == "**":
            held = list(_entries(value))
        else:
            held = [(argument.keyword, value)]
        for key, one in held:
            made = bound_to(program, one)
            if key in _OF_STEPS or not is_sequence(made) or "param_groups" in program.source(made):
                continue
            if (is_schedule and not _are_steps(made)) or (
                isinstance(made, t.Display) and len(made.items) == number and _are_numbers(made)
            ):
                return True
    return False


def _entries(options: t.Expr) -> Iterator[tuple[object, t.Expr]]:
    """The entries of a dictionary that is written out."""
    if isinstance(options, t.DictDisplay):
        yield from ((key.value, value) for key, value in options.items if isinstance(key, t.Const))
    elif isinstance(options, t.Call) and last_part(options.func) == "dict":
        yield from ((a.keyword, a.value) for a in options.args)


def _are_steps(made: t.Expr) -> bool:
    """Whether a list holds whole numbers alone: epochs, and no rates."""
    items = made.items if isinstance(made, t.Display) else ()
    return bool(items) and all(isinstance(item, t.Const) and isinstance(item.value, int) for item in items)


def _are_numbers(made: t.Display) -> bool:
    return made.kind == "list" and all(
        isinstance(item, (t.Lambda, t.Binary)) or (isinstance(item, t.Const) and isinstance(item.value, float))
        for item in made.items
    )


def _crossed(program: Program, names: Names) -> frozenset[str]:
    """The names of the optimizer if its state goes to another one, or another's comes to it: only one is saved here,
    and only the other one loads."""
    called: dict[str, set[str]] = {"state_dict": set(), "load_state_dict": set()}
    for node in program.nodes:
        if isinstance(node, t.Call) and isinstance(node.func, t.Attribute) and node.func.attr in called:
            called[node.func.attr].add(last_part(node.func.value))
    saved, loaded = called["state_dict"], called["load_state_dict"]
    gives = saved & names.own and not loaded & names.own and (loaded - saved) & names.others
    takes = loaded & names.own and not saved & names.own and (saved - loaded) & names.others
    return names.own if gives or takes else frozenset()


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
