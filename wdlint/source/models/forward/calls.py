"""What a call does with the parameters among its arguments: the second half of `models.forward.flow`.

Known operations go by name (`operations`), methods and functions of the file are entered, and any other call is
a layer that parameters enter as an input.
"""

from __future__ import annotations

import re
from dataclasses import replace

from wdlint.source.models.forward import operations as ops
from wdlint.source.models.forward.flow import Reader
from wdlint.source.models.forward.operations import Role
from wdlint.source.models.forward.value import (
    ACTIVE,
    STATIC,
    Environment,
    How,
    Mark,
    Value,
    element,
    flat,
    mark,
    meaning,
    merge,
    order,
)
from wdlint.source.read import syntax
from wdlint.source.read import tree as t

# Members that hand a parameter on as it is, whatever class they are.
_TRANSPARENT = re.compile(r"drop|quant|act|mask|softmax|sigmoid|parametri|cast|identity|weight|reparam|noise")


_HOWS = {
    Role.WEIGHT: How.CONTRACTED,
    Role.GAIN: How.SCALED,
    Role.BIAS: How.ADDED,
    Role.TABLE: How.EMBEDDED,
    Role.SHAPE: How.BENT,
    Role.JOINED: How.JOINED,
}


def call(reader: Reader, node: t.Call, env: Environment) -> Value:
    """What a call returns; uses of parameters in it are noted."""
    args, keywords, spread = _arguments(reader, node, env)
    function = node.func
    if isinstance(function, t.Attribute):
        if isinstance(function.value, t.Call) and syntax.dotted(function.value.func) == "super":
            return _super(reader, function.attr, args, keywords, spread)
        receiver = reader.value(function.value, env)
        name = function.attr
        if receiver.path == "self" or (receiver.path and not receiver.carriers and not receiver.active):
            target = reader.member(f"{receiver.path}.{name}")
            if isinstance(target.function, t.FunctionDef):
                return _enter(reader, target.function, args, keywords, spread, bound=True)
            if target.carriers or target.entries or target.items:
                return flat(target)
            if name in ("values", "items", "keys", "get", "parameters", "__getitem__") and receiver.path != "self":
                return _container(reader, receiver, name)
            if receiver.path == "self" or name not in _KNOWN:
                return _layer(reader, node, f"{receiver.path}.{name}".removeprefix("self."), args, keywords)
            return operation(reader, node, name, [receiver, *args], keywords)
        if _is_namespace(function.value, env, receiver):
            if name == "forward" and args and args[0].path == "self":
                return _super(reader, name, args[1:], keywords, spread)
            if name == "sum" and len(args) + len(keywords) > 1 and node.args[0].keyword is None:
                _dot(reader, node.args[0].value, env, node)
            return operation(reader, node, name, args, keywords)
        if name == "sum" and (args or keywords):
            _dot(reader, function.value, env, node)
        return _method(reader, node, name, receiver, args, keywords)
    target = reader.value(function, env)
    if isinstance(target.function, t.FunctionDef):
        return _enter(reader, target.function, args, keywords, spread, bound=target.path.startswith("self."))
    if isinstance(target.function, t.Lambda):
        inner = {**env, **reader.bind(target.function.params, args, keywords, spread)}
        return reader.value(target.function.body, inner)
    if target.path and isinstance(function, (t.Name, t.Subscript, t.Call)):
        return _layer(reader, node, target.path.removeprefix("self."), args, keywords)
    if isinstance(function, t.Name) and (function.id not in env or function.id in _KNOWN | ops.FUNCTIONS.keys()):
        return _builtin(reader, node, function.id, args, keywords)
    return _layer(reader, node, "a layer", args, keywords)


def _arguments(reader: Reader, node: t.Call, env: Environment) -> tuple[list[Value], Environment, bool]:
    args: list[Value] = []
    keywords: Environment = {}
    spread = False
    for argument in node.args:
        value = reader.value(argument.value, env)
        if argument.star == "*":
            spread = spread or not value.items
            args.extend(value.items or (element(value),))
        elif argument.star == "**":
            spread = spread or not value.entries
            keywords.update({k: v for k, v in value.entries if isinstance(k, str)})
        elif argument.keyword is not None:
            keywords[argument.keyword] = value
        else:
            args.append(value)
    return args, keywords, spread


def _is_namespace(node: t.Expr, env: Environment, held: Value) -> bool:
    """Whether `node.name(...)` calls a function of a module (`torch`, `F`, `nn.functional`, `einops`)."""
    root = syntax.root_name(node)
    return root is not None and root not in env and syntax.dotted(node) is not None and held.function is None


def _enter(
    reader: Reader, function: t.FunctionDef, args: list[Value], keywords: Environment, spread: bool, bound: bool
) -> Value:
    params = function.params
    static = any(syntax.dotted(d) == "staticmethod" for d in function.decorators)
    if bound and params and not static and function.scope.kind == "class":
        env = reader.bind(params[1:], args, keywords, spread)
        env[params[0].name] = Value(path="self")
    else:
        env = reader.bind(params, args, keywords, spread)
    return reader.enter(function, env)


def _super(reader: Reader, name: str, args: list[Value], keywords: Environment, spread: bool) -> Value:
    """The next definition of a method up the line."""
    known = reader.methods.get(name, [])
    current = next((f for f in reversed(reader.stack) if f in known), None)
    following = known[known.index(current) + 1 :] if current in known else known
    if following:
        return _enter(reader, following[0], args, keywords, spread, bound=True)
    return Value(active=any(v.active for v in (*args, *keywords.values())))


def _container(reader: Reader, receiver: Value, name: str) -> Value:
    held = reader.member(f"{receiver.path}.*")
    if name == "items":
        return Value(items=(Value(items=(STATIC, held)),))
    return STATIC if name == "keys" else held


def _builtin(reader: Reader, node: t.Call, name: str, args: list[Value], keywords: Environment) -> Value:
    if name == "zip":
        return Value(items=(Value(items=tuple(element(a) for a in args)),))
    if name == "enumerate" and args:
        return Value(items=(Value(items=(STATIC, element(args[0]))),))
    if name == "map" and len(args) == 2 and args[1].items:
        called = node.args[0].value
        if args[0].function is not None:
            return Value(items=tuple(_apply(reader, [args[0], item], {}) for item in args[1].items))
        if isinstance(called, t.Attribute):
            return Value(items=tuple(operation(reader, node, called.attr, [item], {}) for item in args[1].items))
    if name in ("list", "tuple", "reversed", "iter") and args:
        return args[0]
    if name == "getattr" and len(node.args) >= 2 and args[0].path:
        spelled = node.args[1].value
        if isinstance(spelled, t.Const):
            return reader.member(f"{args[0].path}.{spelled.value!s}")
        if isinstance(spelled, t.Formatted):
            text = "".join(p if isinstance(p, str) else "*" for p in spelled.parts)
            return reader.member(f"{args[0].path}.{text}")
        return STATIC
    return operation(reader, node, name, args, keywords)


def _layer(reader: Reader, node: t.Call, name: str, args: list[Value], keywords: Environment) -> Value:
    """A call of a member that can't be entered: what it is fed are inputs."""
    values = [flat(v) for v in (*args, *keywords.values())]
    if args and args[0].function is not None:
        return _apply(reader, args, keywords)
    whole = merge(values)
    alone = sum(1 for v in values if v.carriers or v.active) <= 1  # with an input beside it, it is no such member
    if _TRANSPARENT.search(name.lower()) and (alone or not whole.carriers):
        return Value(whole.carriers, whole.active, mask=whole.mask)
    for value in args:
        for carrier in flat(value).pure:
            reader.touch(carrier, How.ENTERED, node, name)
    for keyword, value in keywords.items():
        role = ops.TELLING.get(keyword, Role.INPUT)
        how = _HOWS.get(role, How.ENTERED)
        for carrier in flat(value).pure if role is not Role.IGNORED else ():
            reader.touch(carrier, meaning(carrier, how), node, name)
    kept = frozenset(c for c in whole.carriers if Mark.BLENDED not in c.marks)
    return mark(Value(kept, whole.active), Mark.LAYERED)


def _apply(reader: Reader, args: list[Value], keywords: Environment) -> Value:
    """`checkpoint(self._inner, x)` and `map(function, xs)` call their first argument."""
    function = args[0].function
    if isinstance(function, t.FunctionDef):
        bound = args[0].path.startswith("self.")
        return _enter(reader, function, [element(a) for a in args[1:]], keywords, False, bound)
    if isinstance(function, t.Lambda):
        inner = reader.bind(function.params, [element(a) for a in args[1:]], keywords, False)
        return reader.value(function.body, inner)
    return STATIC


def _dot(reader: Reader, summed: t.Expr, env: Environment, node: t.Call) -> None:
    """`(x * w).sum(dim)` is a contraction; of weights that were squashed a mean, and with a mask a plain sum."""
    if not isinstance(summed, t.Binary) or summed.op != "*":
        return
    left, right = flat(reader.value(summed.left, env)), flat(reader.value(summed.right, env))
    for own, other in ((left, right), (right, left)):
        for carrier in own.pure:
            if other.active and not other.mask and not carrier.marks:
                reader.touch(carrier, How.CONTRACTED, node, "a product summed")


def _method(
    reader: Reader, node: t.Call, name: str, receiver: Value, args: list[Value], keywords: Environment
) -> Value:
    if name in ("append", "extend", "insert", "update"):
        return merge(flat(a) for a in (receiver, *args))
    if name == "masked_fill" or name == "masked_scatter":
        for carrier in (c for a in args for c in a.pure):
            reader.touch(carrier, How.JOINED, node)
        return receiver
    if name in ("items", "values", "get", "pop", "keys"):
        held = element(receiver)
        return Value(items=(Value(items=(STATIC, held)),)) if name == "items" else held
    return operation(reader, node, name, [receiver, *args], keywords)


_KNOWN = (
    ops.SAME | ops.JOINING | ops.CODED | ops.SQUASHING | ops.CLAMPING | ops.REDUCING | ops.MULTIPLYING | ops.ADDING
    | ops.DIVIDING | ops.MATMUL | ops.EINSUM
)  # fmt: skip


def operation(reader: Reader, node: t.Call, name: str, args: list[Value], keywords: Environment) -> Value:
    """A function or tensor method known by its name alone."""
    first = args[0] if args else STATIC
    everything = merge([flat(v) for v in (*args, *keywords.values())] or [STATIC])
    if name in ops.ABOUT or name.endswith("_like") or name.startswith("new_"):
        return STATIC
    if name in ("min", "max") and len(args) > 1 and not isinstance(node.args[-1].value, t.Const):
        return _clamp(reader, node, args, keywords)
    if name == "one_hot":
        return Value(active=True, chooser=True)
    if name in ops.FUNCTIONS:
        return _roles(reader, node, name, args, keywords)
    if name in ops.EINSUM:
        return _einsum(reader, node, args)
    if name in ops.MATMUL:
        other = merge(flat(v) for v in (*args[1:], *keywords.values()))
        return reader.contract(flat(first), other, node, name)
    for known, op in ((ops.MULTIPLYING, "*"), (ops.ADDING, "+"), (ops.DIVIDING, "/"), (ops.POWERING, "**")):
        if name in known and (len(args) > 1 or keywords):
            second = args[1] if len(args) > 1 else merge(keywords.values())
            return reader.binary(op, first, second, node)
    if name in ops.COMPARING:
        return reader.compare([flat(a) for a in args], node)
    if name in ops.JOINING:
        return _join(reader, node, everything)
    if name in ops.CODED:
        coded = mark(flat(first), Mark.CODED)
        return mark(coded, Mark.SHAPED) if name.startswith(("exp", "softplus")) else coded
    if name in ops.PERIODIC:
        for carrier in sorted(flat(first).carriers, key=order) if first.active else ():
            reader.touch(carrier, How.BENT, node, name)
        return flat(first) if first.active else mark(flat(first), Mark.SHAPED)
    if name in ops.TRANSFORMING and not first.active:
        return mark(flat(first), Mark.TRANSFORMED)
    if name in ops.REDUCING:
        return mark(flat(first), Mark.REDUCED)
    if name in ops.RESAMPLING:
        return mark(flat(first), Mark.TABULATED)
    if name in ops.CLAMPING:
        return _clamp(reader, node, args, keywords)
    if name in ops.COMPOSING:
        return everything
    if name in ops.SAME:
        return first if name in _PARTS else flat(first)
    if name in ops.SQUASHING:
        return mark(flat(first), Mark.SQUASHED)
    if name == "normalize":
        return flat(first)
    return _unknown(reader, node, name, args, keywords, everything)


_PARTS = frozenset(("to", "list", "tuple", "reversed", "iter", "cuda", "detach", "clone"))


def _clamp(reader: Reader, node: t.Call, args: list[Value], keywords: Environment) -> Value:
    first = flat(args[0]) if args else STATIC
    bounds = [flat(v) for v in (*args[1:], *keywords.values())]
    if first.active:
        for carrier in (c for b in bounds for c in b.pure):
            reader.touch(carrier, How.BENT, node, "a bound")
        return Value(first.carriers, True)
    return merge([first, *bounds])


def _join(reader: Reader, node: t.Call, whole: Value) -> Value:
    """Concatenation and choice: beside the input a parameter is a token of its own."""
    if not whole.active:
        return whole
    for carrier in whole.pure:
        reader.touch(carrier, How.JOINED, node)
    return mark(whole, Mark.BLENDED)


def _einsum(reader: Reader, node: t.Call, args: list[Value]) -> Value:
    equation = node.args[0].value if node.args else None
    text = equation.value if isinstance(equation, t.Const) and isinstance(equation.value, str) else None
    operands = [flat(a) for a in args[1:]]
    active = any(o.active for o in operands)
    holding = [o for o in operands if o.carriers]
    if not active and len(holding) == 1 and len(operands) > 1 and not any(o.learned for o in operands):
        return mark(holding[0], Mark.TABULATED)  # a fixed matrix picks and mixes rows
    chosen = any(o.chooser for o in operands)
    for position, operand in enumerate(operands):
        elementwise = text is not None and ops.contracted(text, position) is False
        rank = ops.rank(text, position) if text is not None else None
        looked_up = chosen and (rank is None or rank == 2)  # several codes at once pick from no table
        how = How.SCALED if elementwise else How.EMBEDDED if looked_up else How.CONTRACTED
        averaging = rank == 1
        others = [o for o in holding if o is not operand] if not active else []
        beside = frozenset().union(*(o.parameters for o in others))
        for carrier in operand.pure:
            if averaging and Mark.SQUASHED in carrier.marks:
                reader.touch(carrier, How.SCALED, node, "shares of a mean")
            elif averaging and beside:
                reader.touch(carrier, How.FACTOR, node, "einsum", beside)  # the scales of low-rank factors
            elif how is How.CONTRACTED or active:
                reader.touch(carrier, meaning(carrier, how), node, "einsum", beside)
    return ACTIVE if active else merge(operands)


def _roles(reader: Reader, node: t.Call, name: str, args: list[Value], keywords: Environment) -> Value:
    """An operation whose arguments have fixed places."""
    roles = ops.FUNCTIONS[name]
    named = dict(ops.KEYWORDS)
    if Role.GAIN in roles:
        named["weight"] = Role.GAIN
    if Role.TABLE in roles:
        named["weight"] = Role.TABLE
    if Role.SHAPE in roles:
        named["weight"] = Role.SHAPE
    if name in ("cross_entropy", "nll_loss"):
        named["weight"] = Role.IGNORED
    given = [(roles[i] if i < len(roles) else Role.IGNORED, v) for i, v in enumerate(args)]
    given += [(named.get(k, Role.IGNORED), v) for k, v in keywords.items()]
    return _given(reader, node, name, given)


def _given(reader: Reader, node: t.Call, name: str, given: list[tuple[Role, Value]]) -> Value:
    active = False
    contracts = any(role is Role.WEIGHT for role, _ in given)  # what stands in the place of the input is a token
    for role, value in given:
        held = flat(value)
        active = active or held.active
        if role is Role.INPUT:
            if held.active:
                continue
            for carrier in held.pure:
                reader.touch(carrier, How.JOINED if contracts else How.ENTERED, node, name)
        elif role in _HOWS:
            for carrier in held.carriers if role is Role.WEIGHT else held.pure:
                plain = role is Role.WEIGHT and Mark.SHAPED not in carrier.marks
                how = _HOWS[role] if plain else meaning(carrier, _HOWS[role])
                reader.touch(carrier, how, node, name)
    if active:
        return ACTIVE
    # A weight that is normalised before use stays a weight, and its scale and shift are no part of it.
    standardised = any(role is Role.INPUT and flat(v).carriers for role, v in given)
    given = [(r, v) for r, v in given if not (standardised and r in (Role.GAIN, Role.BIAS))]
    kept = [replace(v, path="") for _, v in given if v.carriers]
    return mark(merge(kept), Mark.LAYERED) if kept else STATIC


def _unknown(
    reader: Reader, node: t.Call, name: str, args: list[Value], keywords: Environment, everything: Value
) -> Value:
    """A function that is not known: by a part of its name, else its result holds what it was given."""
    if args and args[0].function is not None:
        return _apply(reader, args, keywords)
    if not everything.carriers:
        return Value(active=everything.active)
    if not everything.active:
        return everything
    family = ops.family(name)
    if family is None:
        for keyword in keywords.keys() & ops.RECURRENCE.keys():
            for carrier in flat(keywords[keyword]).pure:
                how = _HOWS[ops.RECURRENCE[keyword]]
                reader.touch(carrier, meaning(carrier, how), node, name)
        return mark(everything, Mark.BLENDED)
    named, (main, last) = family
    given = [(named.get(k, Role.IGNORED), v) for k, v in keywords.items()]
    given += [(Role.INPUT if i == 0 else Role.IGNORED, v) for i, v in enumerate(args) if not flat(v).carriers or i == 0]
    holding = [v for v in args[1:] if flat(v).carriers]
    for index, value in enumerate(holding):
        biased = all("bias" in c.attribute or c.attribute in ("b", "beta") for c in flat(value).carriers)
        role = Role.BIAS if biased else last if (index, len(holding)) == (1, 2) else main
        given.append((role, value))
    return _given(reader, node, name, given)
