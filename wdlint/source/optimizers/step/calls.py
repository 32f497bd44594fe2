"""What a call inside an optimizer's step does: the second half of `optimizers.step.flow`."""

from __future__ import annotations

from wdlint.source.optimizers.step.flow import Environment, StepReader
from wdlint.source.optimizers.step.value import Cell, Tag, copy, union
from wdlint.source.read import syntax
from wdlint.source.read import tree as t


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What library functions do with decay that is handed to them, where their source is elsewhere.
LIBRARY_STEPS = frozenset(
    ("adam", "adamw", "sgd", "adamax", "nadam", "radam", "rmsprop", "rprop", "adagrad", "adadelta", "asgd")
)
_ELEMENTWISE_BASES = {
    "add": "add", "sub": "add", "subtract": "add", "rsub": "add", "mul": "mul", "multiply": "mul", "div": "div",
    "divide": "div", "true_divide": "div", "addcmul": "addcmul", "addcdiv": "addcdiv", "lerp": "lerp", "copy": "copy",
    "fill": "copy", "set": "copy",
}  # fmt: skip
_STATISTICS = _names(
    "norm abs square pow sqrt rsqrt max maximum amax mean sum var std inverse reciprocal svd qr eigh "
    "cholesky matrix_norm vector_norm dot outer min minimum rms get_total_norm root inv median amin "
    "svd_lowrank prod logsumexp vdot"
)
_PRODUCTS = frozenset(("matmul", "mm", "bmm", "einsum", "tensordot", "addmm", "baddbmm", "__matmul__"))
_SIGNS = frozenset(("sign", "sign_", "sgn", "tanh"))
_EMPTY = ("zeros", "ones", "empty", "full", "eye", "rand", "randn", "arange", "zeros_like", "ones_like", "empty_like")
_TESTS = frozenset(("any", "all", "gt", "lt", "ge", "le", "eq", "ne", "isinf", "isnan", "size", "dim", "numel", "type"))
_SAME = _names(
    "view reshape to float double half bfloat16 type type_as contiguous detach flatten unsqueeze squeeze "
    "expand expand_as view_as transpose permute t chunk split cuda cpu list tuple view_as_real wait "
    "narrow to_local get requires_grad resize repeat"
)


def call(reader: StepReader, node: t.Call, env: Environment) -> Cell:
    """What a call returns; in-place operations change their receiver."""
    args, keywords = _arguments(reader, node, env)
    function = node.func
    if isinstance(function, t.Attribute):
        if isinstance(function.value, t.Call) and syntax.dotted(function.value.func) == "super":
            return _base_call(reader, function.attr)
        if function.attr == "parameters":  # of a model that the optimizer keeps
            return Cell({Tag.PARAMETER})
        owner = reader.value(function.value, env)
        if owner.role == "self":
            target = reader.methods.get(function.attr)
            found = target[0] if target else reader.resolve(f"self.{function.attr}")
            if found is not None:
                static = any(syntax.dotted(d) == "staticmethod" for d in found.decorators)
                return reader.enter(found, reader.bind(found, args, keywords, not static))
            held = reader.fields.get(function.attr)
            if held is not None and held.functions:
                return union([_apply(reader, f, args, keywords, env) for f in held.functions])
            return union([*args, *keywords.values()])
        if _is_namespace(function.value, env):
            resolved = reader.resolve(syntax.dotted(function) or "")
            if resolved is not None:
                return _apply(reader, resolved, args, keywords, env)
            if function.attr == "step" and args:
                reader.calls_base = True
            return operation(reader, function.attr, args, keywords)
        return _method(reader, function.attr, owner, args, keywords)
    target_cell = reader.value(function, env)
    if target_cell.functions:
        return union([_apply(reader, f, args, keywords, env) for f in target_cell.functions])
    if isinstance(function, t.Name):
        return _builtin(reader, node, function.id, args, keywords)
    return union([*args, *keywords.values()])


def _arguments(reader: StepReader, node: t.Call, env: Environment) -> tuple[list[Cell], Environment]:
    args: list[Cell] = []
    keywords: Environment = {}
    for argument in node.args:
        value = reader.value(argument.value, env)
        if argument.star == "*" and value.items:
            args.extend(value.items)
        elif argument.star == "**":
            keywords.update({k: v for k, v in value.entries.items() if isinstance(k, str)})
        elif argument.keyword is not None:
            keywords[argument.keyword] = value
        else:
            args.append(value)
    return args, keywords


def _is_namespace(node: t.Expr, env: Environment) -> bool:
    root = syntax.root_name(node)
    return root is not None and root not in env and syntax.dotted(node) is not None


def _base_call(reader: StepReader, name: str) -> Cell:
    """`super().name(...)`: a method of a base class in this module, or the library's."""
    following = reader.methods.get(name, ())
    current = next((f for f in reversed(following) if f in reader.stack), None)
    later = following[following.index(current) + 1 :] if current is not None else following
    if later and isinstance(later[0], t.FunctionDef):
        return reader.enter(later[0], {p.name: Cell() for p in later[0].params})
    if name == "step":
        reader.calls_base = True
    return Cell()


def _apply(
    reader: StepReader, function: t.FunctionDef | t.Lambda, args: list[Cell], keywords: Environment, env: Environment
) -> Cell:
    if isinstance(function, t.Lambda):
        return reader.value(function.body, {**env, **reader.bind(function, args, keywords, False)})
    static = any(syntax.dotted(d) == "staticmethod" for d in function.decorators)
    bound = function.scope.kind == "class" and not static
    inner = reader.bind(function, args, keywords, bound)
    if function.scope.kind == "function":
        inner = {**env, **inner}
    return reader.enter(function, inner)


def _builtin(reader: StepReader, node: t.Call, name: str, args: list[Cell], keywords: Environment) -> Cell:
    if name == "zip":
        return Cell(items=(Cell(items=tuple(reader.element(a) for a in args)),))
    if name == "enumerate" and args:
        return Cell(items=(Cell(items=(Cell(), reader.element(args[0]))),))
    if name == "getattr" and len(node.args) > 1 and isinstance(node.args[1].value, t.Const):
        key = str(node.args[1].value.value)
        if args[0].role == "self":
            return reader.fields.setdefault(key, reader.item(Cell(), key))
        if key == "grad":
            return reader.gradient
        return reader.item(Cell(), key)
    if name in ("isinstance", "len", "hasattr", "range", "print", "id", "type", "callable", "issubclass"):
        return Cell()
    if name in LIBRARY_STEPS:
        return _library(reader, name, [*args, *keywords.values()])
    return operation(reader, name, args, keywords)


def _library(reader: StepReader, name: str, values: list[Cell]) -> Cell:
    """A function of `torch.optim` that takes the decay strength and does the rest."""
    for value in values:
        if value.has(Tag.DECAY) and reader.algebra.node is not None:
            reader.algebra.term(value, False).calls = name
    return Cell()


def _method(reader: StepReader, name: str, owner: Cell, args: list[Cell], keywords: Environment) -> Cell:
    if (
        name in ("append", "extend", "insert", "add")
        and not keywords
        and not owner.tags
        and not owner.terms
        and not owner.kept
    ):
        for arg in args:
            owner.absorb(arg)
            reader.hands_state_on = reader.hands_state_on or arg.kept
            if arg.items and not owner.items:
                owner.items = arg.items
        return owner
    if (
        name in ("get", "setdefault", "pop")
        and owner.role in ("group", "state", "")
        and owner.tags.isdisjoint((Tag.PARAMETER, Tag.GRADIENT))
    ):
        key = args[0].constant if args else None
        return reader.item(owner, key) if isinstance(key, str) else owner
    if name in ("items", "values") and owner.role in ("", "state"):
        held = union([*owner.entries.values()]) if owner.entries else owner
        return Cell(items=(Cell(items=(Cell(), held)),)) if name == "items" else held
    return operation(reader, name, [owner, *args], keywords)


def operation(reader: StepReader, name: str, args: list[Cell], keywords: Environment) -> Cell:
    """A tensor operation by name; `args[0]` is what it works on, `out` is written."""
    out = keywords.pop("out", None)
    if out is not None:
        result = operation(reader, name, args, keywords)
        for target in out.items or (out,):
            _write(reader, target, result, "out")
        return result
    if not args:
        args = [keywords.get("input", keywords.get("self", Cell()))]
    base = name.removeprefix("_foreach_")
    in_place = base.endswith("_") and not base.endswith("__")
    base = base.rstrip("_") if in_place else base
    first = args[0]
    if base in _ELEMENTWISE_BASES:
        result = _elementwise(reader, _ELEMENTWISE_BASES[base], args, keywords)
        return _write(reader, first, result, _ELEMENTWISE_BASES[base]) if in_place else result
    if base in _SIGNS:
        result = reader.algebra.sign(first)
        return _write(reader, first, result, base) if in_place else result
    if base in _STATISTICS:
        result = reader.algebra.statistic(union([first, *args[1:2]]) if base in ("max", "maximum", "dot") else first)
        if in_place:
            first.tags.clear()
            first.tags |= result.tags
            return first
        return result
    if base in _PRODUCTS:
        tensors = [a for a in args if a.tags or a.terms]
        result = tensors[0] if tensors else Cell()
        for other in tensors[1:]:
            result = reader.algebra.product(result, other)
        return result
    if base == "exp" and first.has(Tag.DECAY):
        return Cell(first.tags | {Tag.KEPT}, set(), first.options)
    if base.startswith(_EMPTY) or base.startswith("new_"):
        return Cell()
    if base in _TESTS:
        return Cell(options=first.options)
    if base == "zero":
        return first
    if base == "where":
        return union(args[-2:])
    if base in _SAME:
        return first
    if in_place:
        for other in (*args[1:], *keywords.values()):
            if not first.has(Tag.PARAMETER):
                first.absorb(other)
        return first
    return copy(union([*args, *keywords.values()]))


def _scaled(reader: StepReader, tensor: Cell, scales: list[Cell]) -> Cell:
    for scale in scales:
        tensor = reader.algebra.multiply(tensor, scale)
    return tensor


def _elementwise(reader: StepReader, base: str, args: list[Cell], keywords: Environment) -> Cell:
    algebra = reader.algebra
    first, rest = args[0], [*args[1:], *(keywords[k] for k in ("other", "tensor") if k in keywords)]
    scales = [keywords[k] for k in ("alpha", "value") if k in keywords]
    if base == "add":
        if len(rest) >= 2:  # the old form: add(scale, tensor); or foreach's alpha by place
            return algebra.add(first, algebra.multiply(rest[0], rest[1]))
        return algebra.add(first, _scaled(reader, rest[0], scales)) if rest else first
    if base == "mul":
        return algebra.multiply(first, rest[0]) if rest else first
    if base == "div":
        return algebra.divide(first, rest[0]) if rest else first
    if base in ("addcmul", "addcdiv"):
        named = [keywords[k] for k in ("tensor1", "tensor2") if k in keywords]
        operands = [*rest, *named]
        if len(operands) >= 3:
            numeric_first = not operands[0].tags - {Tag.RATE, Tag.DECAY} and not operands[0].terms
            extra = operands[0] if numeric_first else operands[2]
            operands = operands[1:3] if numeric_first else operands[:2]
            scales.append(extra)
        if len(operands) < 2:
            return first
        combine = algebra.multiply if base == "addcmul" else algebra.divide
        if base == "addcmul" and scales:
            # λ may stand in `value` while the parameter is one of the two factors.
            for own, other in ((0, 1), (1, 0)):
                if operands[own].has(Tag.PARAMETER) and scales[0].has(Tag.DECAY):
                    term = _scaled(reader, operands[own], scales)
                    return algebra.add(first, algebra.multiply(term, operands[other]))
        return algebra.add(first, _scaled(reader, combine(operands[0], operands[1]), scales))
    if base == "lerp":
        return algebra.add(first, rest[0]) if rest else first
    return rest[0] if rest else first  # copy, fill


def _write(reader: StepReader, target: Cell, result: Cell, base: str) -> Cell:
    """An in-place operation writes its result into what it works on."""
    if target.has(Tag.PARAMETER) and not target.has(Tag.GRADIENT):
        if base == "copy":
            reader.take(target, result)
        return target
    if base == "copy":
        if not target.kept:
            target.tags.clear()
            target.terms.clear()
        target.absorb(result)
        return target
    rescaled = result.has(Tag.RESCALED)
    target.absorb(result)
    if base == "div" and rescaled:
        target.tags.discard(Tag.STATISTIC)
    return target
