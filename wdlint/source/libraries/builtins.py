"""Python's built-in functions, as far as models, parameters, groups or strengths pass through them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from wdlint.facts import Origin
from wdlint.source.libraries import mappings
from wdlint.source.libraries.library import Call, CallReader, Library, passed_through
from wdlint.source.read import tree as t
from wdlint.source.values import calls, contents, objects
from wdlint.source.values.call_arguments import positional
from wdlint.source.values.classes import is_module, linear_bases
from wdlint.source.values.elements import elements_of, known_range, pairs_within, symbolic_part
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import instance_changes
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Attribute,
    ClassValue,
    Collection,
    Element,
    External,
    Instance,
    Item,
    Known,
    Method,
    ModuleValue,
    Operation,
    Part,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
    constant,
)


def _getattr(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    if len(given) < 2:
        return ()
    found: list[Value] = []
    for holder in given[0]:
        for name in given[1]:
            if isinstance(name, Known) and isinstance(name.value, str):
                found.extend(objects.member(evaluator, holder, name.value, call.context))
            else:
                found.extend(_any_member(evaluator, holder))
    if len(given) > 2 and all(isinstance(v, (Method, Unknown)) for v in found):
        return given[2]
    return tuple(found)


def _hasattr(evaluator: Evaluation, call: Call) -> Answers:
    """Whether a module has an attribute, where its class and all that this derives from can be seen."""
    given = call.positional(evaluator)
    name = constant(given[1]) if len(given) == 2 else None
    told = [_has(evaluator, holder, name) for holder in given[0]] if isinstance(name, str) else [None]
    if None in told or len(set(told)) != 1:
        return ()
    return (Known(told[0], Origin.COMPUTED, call.node, call.context.module),)


def _has(evaluator: Evaluation, holder: Value, name: str) -> bool | None:
    if not isinstance(holder, (Instance, Part)) or isinstance(bare(holder), Unknown):
        return None  # a wrapper may hide what is asked for
    made = bare(holder)
    if not isinstance(made, Instance) or not isinstance(made.cls, ClassValue) or not is_module(evaluator, made):
        return None
    bases = list(linear_bases(evaluator, made.cls))
    if any(isinstance(base, ClassValue) and name in base.definition.inner.bound for base in bases):
        return True
    if any(change.path[:1] == (name,) for change in instance_changes(evaluator, made, name)):
        return True
    known = all(isinstance(b, ClassValue) or b.path in ("torch.nn.Module", "builtins.object") for b in bases)
    return False if known and name not in _OF_MODULES else None


def _any_member(evaluator: Evaluation, holder: Value) -> Iterator[Value]:
    """What a module holds under a name that can't be told."""
    if isinstance(holder, External):
        yield External(f"{holder.path}.?")
    elif isinstance(holder, ModuleValue):
        yield from contents.any_of_module(evaluator, holder.module)


def _filter(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    return (Operation("filter", tuple(given), call.node, call.context),) if len(given) == 2 else ()


_OF_MODULES = frozenset(("module", "training", "forward", *calls.COLLECTIONS))  # what torch itself or a wrapper gives
_AS_LISTS = ("builtins.list", "builtins.tuple")


def _map(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    if len(given) == 2 and all(isinstance(f, External) and f.path in _AS_LISTS for f in given[0]):
        if all(isinstance(v, SequenceValue) and v.kind == "tuple" for v in given[1]):
            return given[1]  # `map(list, zip(…))`: as many sequences of the same elements
    return (Operation("map", tuple(given), call.node, call.context),) if len(given) == 2 else ()


def _operation(name: str) -> CallReader:
    """A function whose value is known by its name and its operands."""

    def read(evaluator: Evaluation, call: Call) -> Answers:
        return (Operation(name, call.positional(evaluator), call.node, call.context),)

    return read


def _zip(evaluator: Evaluation, call: Call) -> Answers:
    """What lies side by side; `zip(*model.named_parameters())` lays the names and the parameters apart again."""
    written = call.arguments.written
    if len(written) == 1 and written[0].star == "*" and call.arguments.context is not None:
        answers = evaluator.evaluate(written[0].value, call.arguments.context)
        if answers and all(isinstance(v, Collection) and v.what == "named_parameters" for v in answers):
            pairs = [v for v in answers if isinstance(v, Collection)]
            names = tuple(replace(v, what="names", keyed=False) for v in pairs)
            parameters = tuple(replace(v, what="parameters") for v in pairs)
            return (SequenceValue("tuple", (Item(names), Item(parameters)), call.node, call.context),)
    return (Operation("zip", call.positional(evaluator), call.node, call.context),)


def _number(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
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


def _same(evaluator: Evaluation, call: Call) -> Answers:
    """`id(p)` and `str(x)` keep what they are about."""
    return call.first(evaluator)


def _vars(evaluator: Evaluation, call: Call) -> Answers:
    """A module's names by their text; what else has any is a mapping of its own."""
    return tuple(External(f"{v.path}.__dict__") if isinstance(v, External) else v for v in call.first(evaluator))


def _eval(evaluator: Evaluation, call: Call) -> Answers:
    """A dotted name that is written as text, such as `eval("torch.optim." + name)`."""
    found: list[Value] = []
    for text in call.first(evaluator):
        pieces = text.pieces if isinstance(text, TextOf) else (text.value,) if isinstance(text, Known) else ()
        dotted = "".join(piece if isinstance(piece, str) else "?" for piece in pieces)
        if not _DOTTED.fullmatch(dotted):
            continue
        names = dotted.split(".")
        node: t.Expr = t.Name(None, names[0])
        for name in names[1:-1]:
            node = t.Attribute(None, node, name)
        evaluator.keep(node)
        for holder in evaluator.evaluate(node, call.context):
            if len(names) == 1:
                found.append(holder)
            elif names[-1] == "?":
                found.extend(_any_member(evaluator, holder))
            else:
                found.extend(objects.member(evaluator, holder, names[-1], call.context))
    return tuple(found)


_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\.\?)?")


def _type(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    if len(given) == 3:  # a new class: for all that is asked here, it is what it derives from
        return elements_of(evaluator, given[1], id(call.node))
    found: list[Value] = []
    for value in given[0] if given else ():
        if isinstance(value, (Element, Attribute)):
            found.append(Attribute(value, "__class__"))
        elif isinstance(bare(value), Instance):
            inner = bare(value)
            assert isinstance(inner, Instance)
            found.append(inner.cls)
    return tuple(found)


def _next(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    return elements_of(evaluator, given[0], id(call.node)) if given else ()


def _globals(evaluator: Evaluation, call: Call) -> Answers:
    return (ModuleValue(call.context.module),)


def _sum(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    if len(given) == 2 and any(isinstance(bare(v), SequenceValue) for v in given[1]):
        return (Operation("flatten", (given[0],), call.node, call.context),)
    return ()


def _super(evaluator: Evaluation, call: Call) -> Answers:
    frame = call.context.frame
    return (frame.receiver,) if frame.receiver is not None else ()


def _import(evaluator: Evaluation, call: Call) -> Answers:
    names = [v.value for v in call.first(evaluator) if isinstance(v, Known)]
    return tuple(evaluator.module_value(n, call.context.module) for n in names if isinstance(n, str) and n)


def _elements(evaluator: Evaluation, value: Instance, turn: int) -> Iterator[Value] | None:
    """The numbers that `range(…)` counts, where there is one of them at most."""
    if not isinstance(value.cls, External) or value.cls.path != "builtins.range":
        return None
    span = known_range(evaluator, value)
    index = _index_of_range(evaluator, value, span, turn)
    if span is None or len(span) > 1:
        return iter((index,))
    if not span:
        return iter(())
    # a default that may be another number does not say which element there is
    given = [v for answers in positional(evaluator, value.arguments or Arguments()) for v in answers]
    told = all(isinstance(v, Known) and v.origin in (Origin.WRITTEN, Origin.COMPUTED) for v in given)
    return iter((Known(span[0], Origin.COMPUTED) if told else index,))


def _index_of_range(evaluator: Evaluation, value: Instance, span: range | None, turn: int) -> Unknown:
    """The number that goes through `range(4)`, or `range(len(parameters) - 1)`."""
    key = f"index{turn}"
    if span is not None:
        return Unknown(key, computed=True, span=(span.start, span.stop) if span.step == 1 else None)
    written, context = (value.arguments.written, value.arguments.context) if value.arguments else ((), None)
    first = constant(evaluator.evaluate(written[0].value, context)) if context and len(written) == 2 else 0
    end = written[-1].value if len(written) in (1, 2) else None
    less = 0
    if isinstance(end, t.Binary) and end.op == "-" and context is not None:
        told = constant(evaluator.evaluate(end.right, context))
        end, less = end.left, told if isinstance(told, int) else -1
    match end:
        case t.Call(func=t.Name(id="len"), args=(over,)) if context and isinstance(first, int) and less >= 0:
            counted = evaluator.evaluate(over.value, context)
            return Unknown(key, computed=True, counts=counted, span=(first, -less or None))
    return Unknown(key, computed=True)


def _reordered(evaluator: Evaluation, call: Call) -> Answers:
    """`reversed(…)` and `sorted(…)`: the same elements, and those of a model in another order."""
    return tuple(
        Operation("reordered", ((value,),), call.node, call.context)
        if symbolic_part(evaluator, value) or pairs_within(evaluator, value)
        else value
        for value in call.first(evaluator)
    )


LIBRARY = Library(
    paths=("builtins", "importlib"),
    calls={
        "builtins.getattr": _getattr,
        "builtins.hasattr": _hasattr,
        "builtins.eval": _eval,
        "builtins.vars": _vars,
        "builtins.filter": _filter,
        "builtins.map": _map,
        "builtins.enumerate": _operation("enumerate"),
        "builtins.zip": _zip,
        "builtins.float": _number,
        "builtins.int": _number,
        "builtins.id": _same,
        "builtins.str": _same,
        "builtins.type": _type,
        "builtins.next": _next,
        "builtins.sum": _sum,
        "builtins.super": _super,
        "builtins.globals": _globals,
        "builtins.locals": _globals,
        "builtins.__import__": _import,
        "builtins.dict": mappings.mapping,
        **{f"builtins.{name}": passed_through for name in "list tuple set frozenset iter".split()},
        "builtins.reversed": _reordered,
        "builtins.sorted": _reordered,
        "importlib.import_module": _import,
    },
    elements=_elements,
)
