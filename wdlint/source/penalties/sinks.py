"""Where losses end in a module: what is differentiated, returned by a training step, or kept elsewhere.

One pass over the module's statements finds them all, and whether anything in it speaks of an L2 term; most
modules don't, and are left at that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wdlint.source.penalties.products import scaled_square, times_itself
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import callers

_TRAINING_STEPS = frozenset(("training_step", "compute_loss"))
_BACKWARD = frozenset(("backward", "manual_backward", "backward_step"))
_LOSS_ENTRIES = frozenset(
    ("loss", "train_loss", "batch_loss", "batch_train_loss", "total_loss", "loss_grad", "training_loss")
)
_LOSS_WORDS = (
    "loss",
    "objective",
    "criterion",
    "penal",
    "regular",
    "reg_",
    "_reg",
    "l2",
    "cost",
    "ridge",
    "weight_decay",
)
_NORM_CALLS = frozenset(
    (
        "norm", "vector_norm", "matrix_norm", "frobenius_norm", "pow", "pow_", "square", "square_", "mse_loss",
        "MSELoss", "dot", "inner", "vdot", "einsum", "tensordot", "matmul", "mm", "_foreach_norm", "_foreach_pow",
        "_foreach_mul", "trace",
    )
)  # fmt: skip
_TELLING = frozenset(
    (
        "reg", "regs", "l2", "l2reg", "l2norm", "penalty", "penalties", "ridge", "regularization", "regularisation",
        "regularizer", "regulariser", "regularize", "regularise", "regularizers", "weightdecay", "tikhonov",
        "frobenius",
    )
)  # fmt: skip
_OTHER_LIBRARIES = frozenset(
    ["paddle", "tensorflow", "jax", "mxnet", "mindspore", "tinygrad", "keras", "flax", "theano", "chainer"]
)


@dataclass(frozen=True, slots=True, eq=False)
class LossSink:
    """An expression that is differentiated, or returned as the loss."""

    node: t.Expr | t.Stmt
    expr: t.Expr
    statement: t.Stmt
    function: str = ""  # a library's function that must be meant for this to be a sink


@dataclass(slots=True, eq=False)
class Sinks:
    """What one pass over a module finds."""

    losses: list[LossSink] = field(default_factory=list)
    rewritten: list[tuple[t.Stmt, t.Expr | None, t.Expr]] = field(default_factory=list)
    functions: list[t.FunctionDef] = field(default_factory=list)  # those that return a loss, by their name
    gradients: bool = False  # something is called `grad`
    hooks: bool = False  # something is called when a gradient is there
    hinted: bool = False  # something is squared, normed, or named as a penalty
    torch: bool = True


def sinks(module: t.Module) -> Sinks:
    """The ends of losses in a module."""
    found = Sinks()
    imported: set[str] = set()
    for statement in callers.all_statements(module.scope):
        match statement:
            case t.Return():
                _returned(statement, found)
            case t.Assign() | t.AugAssign():
                _rewritten(statement, found)
            case t.FunctionDef() if _returns_loss(statement):
                found.functions.append(statement)
            case t.Import():
                imported.update(name.split(".", 1)[0] for name, _ in statement.names)
            case t.ImportFrom():
                imported.add(statement.module.split(".", 1)[0])
            case _:
                pass
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                _look(node, statement, found)
    found.torch = "torch" in imported or imported.isdisjoint(_OTHER_LIBRARIES)
    return found


def _look(node: t.Expr, statement: t.Stmt, found: Sinks) -> None:
    if isinstance(node, t.Call):
        found.losses.extend(_differentiated(node, statement))
    found.hinted = found.hinted or is_hint(node)
    name = node.id if isinstance(node, t.Name) else node.attr if isinstance(node, t.Attribute) else ""
    if name == "grad":
        found.gradients = True
    elif name in ("register_hook", "register_post_accumulate_grad_hook"):
        found.hooks = True
    elif name and not found.hinted:
        found.hinted = not _TELLING.isdisjoint(name.lower().split("_"))


def is_hint(node: t.Expr) -> bool:
    """Whether an expression squares or norms something."""
    match node:
        case t.Call():
            return syntax.last_name(node) in _NORM_CALLS
        case t.Binary(op="**", right=t.Const(value=exponent)):
            return exponent in (2, 0.5)
        case t.Binary(op="*" | "@"):
            return times_itself(node) or scaled_square(node) is not None
        case _:
            return False


def _differentiated(call: t.Call, statement: t.Stmt) -> Iterator[LossSink]:
    """The expressions whose gradient a call computes."""
    name = syntax.last_name(call)
    first = call.args[0].value if call.args and not call.args[0].star else None
    if name in _BACKWARD and isinstance(call.func, t.Attribute):
        yield LossSink(call, call.func.value, statement)
        if first is not None:
            yield LossSink(call, first, statement)
    elif name == "grad" and first is not None:
        yield LossSink(call, first, statement, "torch.autograd.grad")
    elif "scaler" in name and first is not None and len(call.args) > 1:
        yield LossSink(call, first, statement)


def _returned(statement: t.Return, found: Sinks) -> None:
    definition = statement.scope.definition
    if not isinstance(definition, t.FunctionDef) or statement.value is None:
        return
    if definition.name in _TRAINING_STEPS and definition.scope.kind == "class":
        found.losses.append(LossSink(statement, statement.value, statement))


def _returns_loss(function: t.FunctionDef) -> bool:
    """Whether a function, by its name or its class's, returns a loss or a regulariser."""
    name = function.name.lower()
    owner = function.scope.definition
    title = owner.name.lower() if isinstance(owner, t.ClassDef) else ""
    if any(word in title for word in ("regulari", "penalty", "weightdecay", "l2")):
        return not name.startswith("__") or name == "__call__"
    if name in ("forward", "__call__"):
        return any(word in title for word in ("loss", "criterion"))
    return any(word in name for word in _LOSS_WORDS)


def _rewritten(statement: t.Assign | t.AugAssign, found: Sinks) -> None:
    """Put more into a loss held elsewhere, as callbacks do: `state["loss"] = penalty + state["loss"]`.

    Noted with the target that the new value must contain to be the loss itself, None where `+=` says so.
    """
    if isinstance(statement, t.AugAssign):
        if statement.op == "+" and _is_loss_entry(statement.target):
            found.rewritten.append((statement, None, statement.value))
    elif statement.value is not None and len(statement.targets) == 1 and _is_loss_entry(statement.targets[0]):
        found.rewritten.append((statement, statement.targets[0], statement.value))


def _is_loss_entry(target: t.Expr) -> bool:
    """Whether an attribute or item is named as the loss itself, not as one part or a statistic of it."""
    if isinstance(target, t.Subscript):
        index = target.index
        name = index.value if isinstance(index, t.Const) else index.attr if isinstance(index, t.Attribute) else ""
    else:
        name = target.attr if isinstance(target, t.Attribute) else ""
    return isinstance(name, str) and name.lower() in _LOSS_ENTRIES
