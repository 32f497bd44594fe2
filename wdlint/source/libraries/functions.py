"""What functions of Python and its libraries return, one by one: `getattr`, `filter`, `chain`, `partial`, `sum`.

Whole families of functions, and methods, are in `calls`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from wdlint.source.values import objects
from wdlint.source.values.call_arguments import keywords, positional
from wdlint.source.values.elements import elements_of
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    TABLE,
    Answers,
    Arguments,
    Attribute,
    Changed,
    Context,
    Element,
    External,
    Instance,
    Item,
    Known,
    Method,
    ModuleValue,
    Operation,
    Part,
    Partial,
    SequenceValue,
    Unknown,
    Value,
    bare,
    constant,
)

if TYPE_CHECKING:
    from wdlint.source.read import tree as t


def _deepcopy(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    return tuple(_copied(evaluator, value, node, context) for value in (given[0] if given else ()))


def _copied(evaluator: Evaluation, value: Value, node: t.Call | None, context: Context) -> Value:
    """What `copy.deepcopy` makes: an object of its own, constructed and changed as the first one was."""
    match value:
        case Part():
            return _copied(evaluator, value.value, node, context)
        case Changed():
            return Changed(_copied(evaluator, value.base, node, context), value.changes)
        case Instance() if value.arguments is not None:
            cache: dict[tuple[int, int, int], Instance] = evaluator.memo("copies")
            key = id(value), id(node), id(context)
            if key not in cache:
                cache[key] = Instance(value.cls, value.arguments, value.node, value.frame)
                evaluator.keep((value, node, context))
            return cache[key]
        case _:
            return value


def _getattr(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    if len(given) < 2:
        return ()
    found: list[Value] = []
    for holder in given[0]:
        for name in given[1]:
            if isinstance(name, Known) and isinstance(name.value, str):
                found.extend(objects.member(evaluator, holder, name.value, context))
            elif isinstance(holder, External):
                found.append(External(f"{holder.path}.?"))
            elif isinstance(holder, ModuleValue):
                found.extend(_any_of(evaluator, holder))
    if len(given) > 2 and all(isinstance(v, (Method, Unknown)) for v in found):
        return given[2]
    return tuple(found)


def _any_of(evaluator: Evaluation, holder: ModuleValue) -> Iterator[Value]:
    """Every class or function of a project module, for a name that can't be told."""
    for name, statements in list(holder.module.scope.bound.items())[:40]:
        if type(statements[-1]).__name__ in ("ClassDef", "FunctionDef") and not name.startswith("_"):
            yield from evaluator.module_member(holder.module, name)


def _filter(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    return (Operation("filter", tuple(given), node, context),) if len(given) == 2 else ()


def _map(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    return (Operation("map", tuple(given), node, context),) if len(given) == 2 else ()


def _chain(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    starred = [a for a in arguments.written if a.star == "*"]
    if starred and arguments.context is not None:
        return (Operation("flatten", (evaluator.evaluate(starred[0].value, arguments.context),), node, context),)
    return (SequenceValue("list", tuple(Item(a, spread=True) for a in given), node, context),)


def _flatten(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    return (Operation("flatten", (given[0],), node, context),) if given else ()


def _operation(name: str) -> Callable[[Evaluation, Arguments, t.Call | None, Context], Answers]:
    def handler(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
        given = positional(evaluator, arguments)
        return (Operation(name, given, node, context),)

    return handler


def _partial(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    if not given:
        return ()
    rest = Arguments(arguments.written[1:], arguments.context, given[len(given) :], arguments.keywords)
    return tuple(Partial(callee, rest) for callee in given[0])


def _number(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    found: list[Value] = []
    for value in given[0] if given else ():
        if isinstance(value, Known) and isinstance(value.value, (int, float, str)):
            try:
                found.append(Known(float(value.value), value.origin, value.node, value.module))
            except ValueError:
                continue
        else:
            found.append(value)
    return tuple(found)


def _identity_of(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    """`id(p)` and `str(x)` keep what they are about."""
    given = positional(evaluator, arguments)
    return given[0] if given else ()


def _type(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    found: list[Value] = []
    for value in given[0] if given else ():
        if isinstance(value, (Element, Attribute)):
            found.append(Attribute(value, "__class__"))
        elif isinstance(bare(value), Instance):
            inner = bare(value)
            assert isinstance(inner, Instance)
            found.append(inner.cls)
    return tuple(found)


def _import_module(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    name = constant(given[0]) if given else None
    return (evaluator.module_value(name, context.module),) if isinstance(name, str) and name else ()


def _next(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    return elements_of(evaluator, given[0], id(node)) if given else ()


def _globals(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    return (ModuleValue(context.module),)


def _layers_of_torch(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    """`nn.__dict__.items()`: the layer classes with parameters, by name."""
    from wdlint.knowledge.layers import names_in

    pairs = (
        SequenceValue("tuple", (Item((Known(name),)), Item((External(f"torch.nn.{name}"),))))
        for name in names_in("torch.nn")
    )
    return (SequenceValue(TABLE, tuple(Item((pair,)) for pair in pairs), node, context),)


def _sum(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    given = positional(evaluator, arguments)
    if len(given) == 2 and any(isinstance(bare(v), SequenceValue) for v in given[1]):
        return (Operation("flatten", (given[0],), node, context),)
    return ()


def _super(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    frame = context.frame
    return (frame.receiver,) if frame.receiver is not None else ()


def _unwrapped(evaluator: Evaluation, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
    """A wrapper that returns the model and optimizer that it was given, as a tuple."""
    given = dict(keywords(evaluator, arguments))
    order = positional(evaluator, arguments)
    model = given.get("model") or given.get("models") or (order[0] if order else ())
    optimizer = given.get("optimizer") or given.get("optimizers") or (order[1] if len(order) > 1 else ())
    if not optimizer:
        return model
    return (SequenceValue("tuple", (Item(model), Item(optimizer)), node, context),)


FUNCTIONS: dict[str, Callable[[Evaluation, Arguments, t.Call | None, Context], Answers]] = {
    "builtins.getattr": _getattr,
    "builtins.filter": _filter,
    "builtins.map": _map,
    "builtins.enumerate": _operation("enumerate"),
    "builtins.zip": _operation("zip"),
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _flatten,
    "functools.partial": _partial,
    "builtins.float": _number,
    "builtins.int": _number,
    "builtins.id": _identity_of,
    "builtins.str": _identity_of,
    "builtins.type": _type,
    "copy.deepcopy": _deepcopy,
    "builtins.next": _next,
    "builtins.sum": _sum,
    "builtins.super": _super,
    "builtins.globals": _globals,
    "torch.nn.__dict__.items": _layers_of_torch,
    "builtins.locals": _globals,
    "importlib.import_module": _import_module,
    "builtins.__import__": _import_module,
    "apex.amp.initialize": _unwrapped,
    "intel_extension_for_pytorch.optimize": _unwrapped,
}
