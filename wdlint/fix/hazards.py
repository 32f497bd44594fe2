"""What in a program counts on the groups that an optimizer has: reasons to trust a fix less that changes them.

Each hazard is a sentence for the user. They are looked for in the file that makes the optimizer; a program that
spreads over several files can hide one, which is why the proof of a fix is not the absence of hazards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wdlint.facts import Applicability, Edit, Kind, OptimizerUse, Ternary
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.knowledge.written import HELPER_NAME
from wdlint.source.read import tree as t

FLATTENED = "FSDP without `use_orig_params=True` flattens parameters: no split can tell gains and biases from weights"
SHARDED = "sharding leaves every parameter with one dimension, so dimensions tell nothing"


@dataclass(frozen=True, slots=True)
class Hazard:
    """What may break when an optimizer has other groups than before, and how far a fix may go then."""

    reason: str
    most: Applicability = Applicability.UNSAFE


def hazards(program: Program, call: t.Call, number: int) -> Iterator[Hazard]:
    """What may break around a construction whose groups, `number` of them so far, become others."""
    own = _own(program, call)
    yield from _of_indices(program, own, number)
    yield from _of_counts(program, own)
    yield from _of_schedules(program)
    yield from _of_calls(program, own)


def on_purpose(use: OptimizerUse) -> Hazard | None:
    """A group with a decay of its own that holds nothing but gains and biases: somebody chose it."""
    for group in use.groups:
        kinds = {
            p.kind
            for p, answer in zip(use.inventory.parameters if use.inventory else (), group.members, strict=False)
            if answer is not Ternary.NO
        }
        if kinds and kinds <= {Kind.GAIN, Kind.BIAS} and group.amount.value and "weight_decay" in group.options:
            return Hazard("a group holds only gains and biases and has a decay of its own", Applicability.SHOWN)
    return None


def may_omit_decay(program: Program, call: t.Call) -> bool:
    """Whether a construction spreads options that some callers may give without a decay."""
    if any(argument.keyword == "weight_decay" for argument in call.args):
        return False
    return any(not _gives_decay(program, a.value) for a in call.args if a.star == "**")


def _gives_decay(program: Program, options: t.Expr) -> bool:
    match _bound(program, options):
        case t.DictDisplay() as display:
            return any(isinstance(key, t.Const) and key.value == "weight_decay" for key, _ in display.items)
        case t.Call(func=t.Name(id="dict")) as made:
            return any(argument.keyword == "weight_decay" for argument in made.args)
    return False


# Calls after which, or under which, parameters have one dimension each. FSDP2 (`fully_shard`) keeps their shapes.
_SHARDS = frozenset(
    "FSDP FullyShardedDataParallel FSDPStrategy DDPFullyShardedStrategy FullyShardedDataParallelPlugin "
    "XlaFullyShardedDataParallel FullyShardedNativeTorchPolicy".split()
)
_BY_DIMENSION = re.compile(rf"\b(ndim|dim|shape|{HELPER_NAME})\b")


def counts_dimensions(edits: Sequence[Edit]) -> bool:
    """Whether the text of a fix asks for dimensions."""
    return any(_BY_DIMENSION.search(edit.text) for edit in edits)


def shards(program: Program) -> bool:
    """Whether the program shards a model so that its parameters lose their dimensions."""
    for node in program.nodes:
        if not isinstance(node, t.Call):
            continue
        name = dotted(node.func) or ""
        last = name.rsplit(".", 1)[-1]
        if last in _SHARDS or (last == "Init" and ("zero" in name or "deepspeed" in name)):
            return True
        for argument in node.args:
            value = argument.value
            if argument.keyword == "strategy" and isinstance(value, t.Const):
                if isinstance(value.value, str) and value.value.startswith(("fsdp", "deepspeed_stage_3")):
                    return True
    return False


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


def _is_groups(node: object, own: set[str]) -> bool:
    return isinstance(node, t.Attribute) and node.attr == "param_groups" and _meant(node.value, own)


def _has_one_a_group(value: t.Expr, own: set[str]) -> bool:
    """Groups themselves, or the learning rates that a schedule has for each of them."""
    return _is_groups(value, own) or (isinstance(value, t.Call) and _last(value.func) in ("get_last_lr", "get_lr"))


def _of_indices(program: Program, own: set[str], number: int) -> Iterator[Hazard]:
    """`opt.param_groups[0]`: what is read of the first group is as it was, its parameters apart."""
    for node in program.nodes:
        if not (isinstance(node, t.Subscript) and _is_groups(node.value, own)):
            continue
        above = program.parents.get(node)
        asked = above.index if isinstance(above, t.Subscript) and above.value is node else None
        key = asked.value if isinstance(asked, t.Const) else None
        line = program.line(node)
        if above in program.bound or key is None:
            yield Hazard(f"line {line} changes one of `param_groups` by its index", Applicability.SHOWN)
            return
        if key == "params":  # paired with a model's parameters it would come out too short, or silently wrong
            yield Hazard(f"line {line} takes the parameters of one of `param_groups`", Applicability.SHOWN)
            return
        first = isinstance(node.index, t.Const) and node.index.value == 0
        if not (first or number == 1) or (key == "weight_decay" and not first):
            yield Hazard(f"line {line} reads one of `param_groups` by its index, which is another one after the fix")
            return


def _of_counts(program: Program, own: set[str]) -> Iterator[Hazard]:
    """Groups that are unpacked, counted, or gone over together with a list of values."""
    for node in program.nodes:
        line = 0
        most = Applicability.SHOWN
        if isinstance(node, t.Assign) and node.value is not None and _has_one_a_group(node.value, own):
            if any(isinstance(target, t.Display) for target in node.targets):
                line = program.line(node)
        elif isinstance(node, t.Call) and any(_is_groups(argument.value, own) for argument in node.args):
            counted = isinstance(program.parents[node], t.Compare)
            match _last(node.func):
                case "enumerate" if _indexes(program, node):
                    line = program.line(node)
                case "len" if counted:
                    line = program.line(node)
                case "zip":
                    trust = [_paired(program, a.value) for a in node.args if not _is_groups(a.value, own)]
                    line = 0 if all(one is None for one in trust) else program.line(node)
                    most = Applicability.SHOWN if Applicability.SHOWN in trust else Applicability.UNSAFE
        if line:
            yield Hazard(f"line {line} counts on the number of `param_groups`", most)
            return


def _paired(program: Program, value: t.Expr) -> Applicability | None:
    """How far a fix may go where groups are paired with this; None where it follows from the groups themselves."""
    made = _bound(program, value)
    if isinstance(made, (t.Call, t.Attribute)) or "param_groups" in program.source(made):
        return None
    return Applicability.SHOWN if _is_sequence(made) else Applicability.UNSAFE


def _indexes(program: Program, call: t.Call) -> bool:
    """Whether a loop over `enumerate(opt.param_groups)` looks something up by the number."""
    loop = program.parents[call]
    if not isinstance(loop, (t.For, t.Clause)) or not isinstance(loop.target, t.Display) or not loop.target.items:
        return True
    number = loop.target.items[0]
    if not isinstance(number, t.Name):
        return True
    around = loop if isinstance(loop, t.For) else program.parents[loop]
    return any(
        isinstance(program.parents[node], (t.Subscript, t.Compare))
        for node in program.names(number.id, around)
        if node not in program.bound
    )


def _of_schedules(program: Program) -> Iterator[Hazard]:
    for node in program.nodes:
        if isinstance(node, t.Subscript) and node in program.bound and _is_groups_decay(node):
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


def _of_calls(program: Program, own: set[str]) -> Iterator[Hazard]:
    for node in program.nodes:
        if not isinstance(node, t.Call):
            continue
        name = _last(node.func)
        if name in _A_VALUE_A_GROUP:
            given = [a.value for a in node.args if a.keyword == _A_VALUE_A_GROUP[name]]
            given = given or [a.value for a in node.args if not a.keyword][1:2]
            values = [_bound(program, value) for value in given]
            if any(_is_sequence(value) and "param_groups" not in program.source(value) for value in values):
                line = program.line(node)
                yield Hazard(f"{name} on line {line} is given one value for each group", Applicability.SHOWN)
        elif name == "load_state_dict" and isinstance(node.func, t.Attribute):
            base = _last(node.func.value)
            if base in own or "optim" in base.lower():
                line = program.line(node)
                yield Hazard(f"line {line} loads an optimizer state, which has as many groups as when it was saved")
        elif name == "state_dict" and isinstance(node.func, t.Attribute) and _last(node.func.value) in own:
            if _is_handed_on(program, node):
                line = program.line(node)
                yield Hazard(f"the state that line {line} takes is loaded again, into as many groups as it has")
        elif _RESUMES.search(name) and any(_last(a.value) in own for a in node.args if dotted(a.value)):
            line = program.line(node)
            yield Hazard(
                f"`{name}` on line {line} may load an optimizer state, which has as many groups as when it was saved"
            )


def _is_handed_on(program: Program, state: t.Call) -> bool:
    """Whether another optimizer of the file may load a state: given to it at once, or by a name."""
    kept = program.statement(state)
    names = {_last(target) for target in kept.targets} if isinstance(kept, t.Assign) else set[str]()
    return any(
        isinstance(node, t.Call)
        and _last(node.func) == "load_state_dict"
        and any(a.value is state or _last(a.value) in names - {""} for a in node.args)
        for node in program.nodes
    )


def _is_sequence(value: Item) -> bool:
    match value:
        case t.Display(kind="list" | "tuple") | t.Comprehension(kind="list"):
            return True
    return False


def _bound(program: Program, value: t.Expr) -> t.Expr:
    """What a name is bound to, or the expression itself."""
    return (program.binding(value) or value) if isinstance(value, t.Name) else value
