"""What in a program counts on the groups that an optimizer has: reasons to offer a fix with less confidence.

Each hazard is a sentence for the user. They are looked for in the flagged file; a program that spreads
over several files can hide one, which is why the proof of a fix is not the absence of hazards.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wdlint.fix.program import Program, dotted

FLATTENED = "FSDP without `use_orig_params=True` flattens parameters: no split can tell gains and biases from weights"


def hazards(program: Program, call: ast.Call, models: tuple[str, ...], others: int = 0) -> Iterator[str]:
    """Why more groups than before may break something around this construction."""
    yield from _of_indices(program, call)
    yield from _of_calls(program, call)
    if others:
        yield "another optimizer is made over the same model: check which of them is to decay"


def flattens(program: Program) -> bool:
    """Whether the program wraps a model in FSDP that flattens parameters."""
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Call):
            name = (dotted(node.func) or "").rsplit(".", 1)[-1]
            if name in ("FSDP", "FullyShardedDataParallel"):
                given = {k.arg: k.value for k in node.keywords}
                value = given.get("use_orig_params")
                if None not in given and not (isinstance(value, ast.Constant) and value.value is True):
                    return True
    return False


def _own(program: Program, call: ast.Call) -> set[str]:
    """The names that the construction's optimizer may go by in this file; empty where that can't be told."""
    statement = program.statement(call)
    if isinstance(statement, ast.Assign):
        found = {name.rsplit(".", 1)[-1] for target in statement.targets if (name := dotted(target))}
        if found:
            return found
    return set()


def _meant(base: ast.AST, own: set[str]) -> bool:
    name = (dotted(base) or "").rsplit(".", 1)[-1]
    return not own or not name or name in own or name in ("optimizer", "optim", "opt", "self")


def _of_indices(program: Program, call: ast.Call) -> Iterator[str]:
    own = _own(program, call)
    line = 0
    for node in ast.walk(program.tree):
        if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute)):
            continue
        indexed = node.value.attr == "param_groups" and isinstance(node.slice, (ast.Constant, ast.UnaryOp))
        if indexed and _meant(node.value.value, own):
            line = line or node.lineno
    if line:
        yield f"line {line} uses one of `param_groups` by its index, which is one of several groups after the fix"
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_groups_decay(node):
            yield f"line {node.lineno} changes `weight_decay` after construction, for every group alike"
            return


def _is_groups_decay(target: ast.Subscript) -> bool:
    if not (isinstance(target.slice, ast.Constant) and target.slice.value == "weight_decay"):
        return False
    of = target.value.value if isinstance(target.value, ast.Subscript) else target.value
    return "group" in (dotted(of) or "").lower()


_A_VALUE_A_GROUP = {"LambdaLR": "lr_lambda", "MultiplicativeLR": "lr_lambda", "OneCycleLR": "max_lr"} | {
    "CyclicLR": "base_lr", "ReduceLROnPlateau": "min_lr"
}  # fmt: skip


def _of_calls(program: Program, call: ast.Call) -> Iterator[str]:
    own = _own(program, call)
    for node in ast.walk(program.tree):
        if not isinstance(node, ast.Call):
            continue
        name = (dotted(node.func) or "").rsplit(".", 1)[-1]
        if name in _A_VALUE_A_GROUP:
            given = [k.value for k in node.keywords if k.arg == _A_VALUE_A_GROUP[name]] or node.args[1:2]
            if any(isinstance(_bound(program, value), (ast.List, ast.Tuple, ast.ListComp)) for value in given):
                yield f"{name} on line {node.lineno} is given one value for each group"
        elif name == "load_state_dict" and isinstance(node.func, ast.Attribute):
            base = (dotted(node.func.value) or "").rsplit(".", 1)[-1]
            if base in own or "optim" in base.lower():
                yield f"line {node.lineno} loads an optimizer state, which has as many groups as when it was saved"


def _bound(program: Program, value: ast.expr) -> ast.expr:
    return (program.binding(value) or value) if isinstance(value, ast.Name) else value
