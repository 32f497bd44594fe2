"""A raw `nn.Parameter`: its shape and initial value, as the expression that makes its tensor shows them.

What sizes are given to that expression is read in `tensor_sizes`, what kind of parameter it is in `raw_kind`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wdlint.source.models.tensor_sizes import sizes_of
from wdlint.source.read import tree as t
from wdlint.source.values import call_arguments
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Context,
    External,
    Instance,
    Known,
    Method,
    SequenceValue,
    Unknown,
    Value,
    bare,
    constant,
)

CLASSES = frozenset(
    f"torch.{path}"
    for path in (
        "nn.Parameter",
        "nn.parameter.Parameter",
        "nn.UninitializedParameter",
        "nn.parameter.UninitializedParameter",
        "Parameter",
    )
)


@dataclass(frozen=True, slots=True)
class Initial:
    """What a tensor is when it is made. A `fill` of None: not all elements are alike, or it can't be told."""

    shape: tuple[int | None, ...] | None = None
    fill: float | None = None
    random: bool = False

    @property
    def ndim(self) -> int | None:
        return len(self.shape) if self.shape is not None else None


NOTHING = Initial()
_FILLED = {"ones": 1.0, "zeros": 0.0, "empty": None, "full": None}
_RANDOM = frozenset(
    ["randn", "rand", "empty", "Tensor", "FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor", "randint"]
)
_SAME_SHAPE = frozenset(
    [
        "float",
        "half",
        "double",
        "bfloat16",
        "cuda",
        "cpu",
        "to",
        "type",
        "clone",
        "detach",
        "contiguous",
        "requires_grad_",
        "normal_",
        "uniform_",
        "zero_",
        "fill_",
        "mul",
        "mul_",
        "div",
        "div_",
        "add",
        "add_",
        "sub",
        "sub_",
        "clamp",
        "clamp_",
        "exp",
        "log",
        "sqrt",
        "pow",
        "abs",
        "sigmoid",
        "tanh",
        "data",
        "random_",
        "type_as",
        "xavier_uniform_",
        "neg",
        "inverse",
        "log_",
        "exp_",
        "copy_",
        "erfinv_",
        "trunc_normal_",
    ]
)
_LIKE = frozenset(["ones_like", "zeros_like", "empty_like", "rand_like", "randn_like", "full_like"])
_WHOLE = 8  # steps from a tensor to the call that makes it


def is_parameter(value: Value) -> bool:
    """Whether a value is a call of `nn.Parameter`."""
    inner = bare(value)
    return isinstance(inner, Instance) and isinstance(inner.cls, External) and inner.cls.path in CLASSES


def initial(evaluator: Evaluation, value: Value, depth: int = 0) -> Initial:
    """Shape and initial value of a raw parameter."""
    inner = bare(value)
    if not isinstance(inner, Instance) or inner.arguments is None:
        return NOTHING
    arguments = inner.arguments
    for argument in arguments.written:
        if argument.keyword in (None, "data") and not argument.star and arguments.context is not None:
            return tensor(evaluator, argument.value, arguments.context, depth + 1)
    if arguments.positional:
        return _of_values(evaluator, arguments.positional[0], depth + 1)
    return NOTHING


def trainable(evaluator: Evaluation, value: Value) -> bool | None:
    """What `requires_grad` a raw parameter is made with."""
    inner = bare(value)
    if not isinstance(inner, Instance) or inner.arguments is None:
        return True
    given = call_arguments.argument(evaluator, inner.arguments, "requires_grad", 1)
    if not given:
        return True
    told = constant(given)
    return told if isinstance(told, bool) else None


def tensor(evaluator: Evaluation, expr: t.Expr, context: Context, depth: int = 0) -> Initial:
    """What an expression that makes a tensor gives."""
    if depth > _WHOLE:
        return NOTHING
    match expr:
        case t.Binary():
            return _combined(evaluator, expr, context, depth)
        case t.Unary(operand=operand):
            return tensor(evaluator, operand, context, depth + 1)
        case t.Call(func=t.Attribute(attr=attr, value=receiver)) if attr in _SAME_SHAPE:
            made = tensor(evaluator, receiver, context, depth + 1)
            if made is not NOTHING:
                return _after(evaluator, made, attr, expr, context)
        case t.Call(func=t.Attribute(attr=attr, value=receiver)) if attr in ("unsqueeze", "view", "reshape", "repeat"):
            made = tensor(evaluator, receiver, context, depth + 1)
            if made is not NOTHING:
                return _reshaped(evaluator, made, attr, expr, context)
        case t.Call(func=t.Attribute(attr="t" | "T", value=receiver)):
            made = tensor(evaluator, receiver, context, depth + 1)
            if made is not NOTHING:
                return replace(made, shape=made.shape[::-1] if made.shape is not None else None)
        case _:
            pass
    return _of_values(evaluator, evaluator.evaluate(expr, context), depth)


def _combined(evaluator: Evaluation, expr: t.Binary, context: Context, depth: int) -> Initial:
    """Arithmetic of a tensor and a number, or of two tensors."""
    left, right = (tensor(evaluator, side, context, depth + 1) for side in (expr.left, expr.right))
    numbers = [constant(evaluator.evaluate(side, context)) for side in (expr.left, expr.right)]
    chosen, number = (left, numbers[1]) if left.shape is not None else (right, numbers[0])
    if chosen.shape is None:
        return NOTHING
    if left.shape is not None and right.shape is not None:
        return Initial(max(left.shape, right.shape, key=len), None, left.random or right.random)
    if chosen.fill is None or not isinstance(number, (int, float)):
        # one constant times whatever keeps all elements alike, but which value they have is not known
        return replace(chosen, fill=None)
    result = {"*": chosen.fill * number, "+": chosen.fill + number, "-": chosen.fill - number}.get(expr.op)
    return replace(chosen, fill=result)


def _after(evaluator: Evaluation, made: Initial, attr: str, call: t.Call, context: Context) -> Initial:
    if attr in ("normal_", "uniform_", "random_", "trunc_normal_", "xavier_uniform_"):
        return replace(made, fill=None, random=True)
    if attr == "zero_":
        return replace(made, fill=0.0, random=False)
    if attr == "fill_":
        value = constant(evaluator.evaluate(call.args[0].value, context)) if call.args else None
        return replace(made, fill=float(value) if isinstance(value, (int, float)) else None, random=False)
    same = attr in ("float", "half", "double", "bfloat16", "cuda", "cpu", "to", "type", "clone", "detach", "contiguous",
                    "requires_grad_", "data", "type_as")  # fmt: skip
    return made if same else replace(made, fill=None)


def _reshaped(evaluator: Evaluation, made: Initial, attr: str, call: t.Call, context: Context) -> Initial:
    arguments = tuple(a.value for a in call.args if a.keyword is None)
    if attr == "unsqueeze":
        if made.shape is None:
            return made
        place = constant(evaluator.evaluate(arguments[0], context)) if arguments else None
        if not isinstance(place, int):
            return replace(made, shape=(*made.shape, None))
        at = place if place >= 0 else len(made.shape) + 1 + place
        return replace(made, shape=(*made.shape[:at], 1, *made.shape[at:]))
    if any(a.star for a in call.args):
        return replace(made, shape=None)
    if attr == "repeat":
        return replace(made, shape=(None,) * len(sizes_of(evaluator, call.args, context) or ()) or None)
    return replace(made, shape=sizes_of(evaluator, call.args, context))


def _of_values(evaluator: Evaluation, values: Answers, depth: int) -> Initial:
    if depth > _WHOLE:
        return NOTHING
    found = {_of_value(evaluator, value, depth) for value in values}
    if len(found) == 1:
        return found.pop()
    shapes = {one.shape for one in found}
    dims = {one.ndim for one in found}
    if len(shapes) == 1:
        return Initial(shapes.pop())
    return Initial((None,) * (dims.pop() or 0)) if len(dims) == 1 and None not in dims else NOTHING


def _of_value(evaluator: Evaluation, value: Value, depth: int) -> Initial:
    value = bare(value)
    if isinstance(value, Known) and isinstance(value.value, (int, float)):
        return NOTHING
    if not isinstance(value, Instance) or not isinstance(value.cls, External) or value.arguments is None:
        return NOTHING
    path, arguments = value.cls.path, value.arguments
    library, _, name = path.rpartition(".")
    if path in CLASSES:
        return initial(evaluator, value, depth + 1)
    if library.startswith("torch.nn.init") or library.endswith("init") or name.endswith("trunc_normal_"):
        made = _first(evaluator, arguments, depth)
        constants = {"ones_": 1.0, "zeros_": 0.0}
        return replace(made, fill=constants.get(name), random=name not in (*constants, "constant_"))
    if not library.startswith(("torch", "numpy")):
        return NOTHING
    return _made_by(evaluator, name, arguments, depth)


def _made_by(evaluator: Evaluation, name: str, arguments: Arguments, depth: int) -> Initial:
    """What a tensor-making function of torch or numpy gives."""
    context = arguments.context
    if name in _LIKE:
        made = _first(evaluator, arguments, depth)
        fill = {"ones_like": 1.0, "zeros_like": 0.0}.get(name)
        return Initial(made.shape, fill, "rand" in name or "empty" in name)
    if name in ("eye", "arange", "linspace", "logspace"):
        return Initial((None,) * (2 if name == "eye" else 1))
    if name in ("tensor", "as_tensor", "array", "from_numpy", "DoubleTensor") or (
        name in ("Tensor", "FloatTensor") and arguments.written and isinstance(arguments.written[0].value, t.Display)
    ):
        return _literal(evaluator, arguments, depth)
    if name == "normal" and context is not None:
        sizes = [a for a in arguments.written if a.keyword == "size"] or list(arguments.written[2:3])
        return Initial(sizes_of(evaluator, tuple(sizes), context), None, True)
    if name in ("sqrt", "exp", "log", "abs", "log1p", "clamp", "sigmoid", "neg"):
        return replace(_first(evaluator, arguments, depth), fill=None)
    if (name not in _FILLED and name not in _RANDOM) or context is None:
        return NOTHING
    sizes = [a for a in arguments.written if a.keyword in (None, "size", "shape") and a.star != "**"]
    fill = _FILLED.get(name)
    if name == "full":
        given = call_arguments.argument(evaluator, arguments, "fill_value", 1)
        told = constant(given) if given else None
        fill = float(told) if isinstance(told, (int, float)) else None
        sizes = sizes[:1]
    if name == "randint":
        sizes = sizes[-1:]
    return Initial(sizes_of(evaluator, tuple(sizes), context), fill, name in _RANDOM)


def _first(evaluator: Evaluation, arguments: Arguments, depth: int) -> Initial:
    if arguments.context is not None:
        for argument in arguments.written:
            if not argument.star and argument.keyword in (None, "tensor", "input"):
                return tensor(evaluator, argument.value, arguments.context, depth + 1)
    return NOTHING


def _literal(evaluator: Evaluation, arguments: Arguments, depth: int) -> Initial:
    """`torch.tensor(0.07)`, `torch.tensor([1., 1.])`."""
    if arguments.context is None or not arguments.written:
        return NOTHING
    expr = arguments.written[0].value
    shape: list[int | None] = []
    while isinstance(expr, t.Display):
        shape.append(len(expr.items) if not any(isinstance(i, t.Starred) for i in expr.items) else None)
        if not expr.items:
            break
        expr = expr.items[0]
    values = evaluator.evaluate(expr, arguments.context)
    inner = [bare(v) for v in values]
    if any(isinstance(v, (SequenceValue, Method)) or (isinstance(v, Unknown) and not v.computed) for v in inner):
        return NOTHING
    if any(isinstance(v, Instance) for v in inner):
        # a number worked out by a library, as in `torch.tensor(np.log(1 / 0.07))`, or a tensor
        number = all(isinstance(v, Instance) and _number(v) for v in inner)
        return Initial(tuple(shape)) if number else _of_values(evaluator, values, depth + 1)
    number_told = constant(values)
    alike = not shape or shape == [1]
    return Initial(tuple(shape), float(number_told) if alike and isinstance(number_told, (int, float)) else None)


def _number(value: Instance) -> bool:
    path = value.cls.path if isinstance(value.cls, External) else ""
    return path.startswith("math.") or path in (
        "numpy.log",
        "numpy.exp",
        "numpy.sqrt",
        "numpy.float32",
        "builtins.float",
    )
