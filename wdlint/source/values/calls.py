"""What calls make: instances of classes, things of libraries, collections of a model's parameters.

What a library's calls mean is said by the libraries, what methods of containers and texts return by `methods`.
"""

from __future__ import annotations

from wdlint.source.read import tree as t
from wdlint.source.values import methods
from wdlint.source.values.call_arguments import argument, positional
from wdlint.source.values.elements import some_of, whole
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Attribute,
    Changed,
    ClassValue,
    Collection,
    Context,
    Element,
    External,
    Instance,
    Method,
    Unknown,
    Value,
    bare,
    constant,
)

# The change that a wrapper makes: its value is what the wrapper puts before the name of every parameter.
WRAPPED = "wrapped"
COLLECTIONS = frozenset("parameters named_parameters modules named_modules children named_children".split())


def construct(
    evaluator: Evaluation, cls: ClassValue, arguments: Arguments, node: t.Call | None, context: Context
) -> Value:
    """A new instance of a class of the project; the same call in the same frame makes the same one."""
    cache: dict[tuple[int, int, int], Instance] = evaluator.memo("made")
    key = id(cls.definition), id(node), id(context)
    if key not in cache or node is None:
        cache[key] = Instance(cls, arguments, node, context.frame)
        evaluator.keep((node, context))
    return cache[key]


def library_call(
    evaluator: Evaluation, callee: External | Method, arguments: Arguments, node: t.Call | None, context: Context
) -> Answers:
    """What calling something of a library, or a method of what is no class of the project, returns."""
    if isinstance(callee, Method):
        found = methods.returned(evaluator, callee, arguments, node, context)
        if found is not None:
            return found
    known = evaluator.libraries.call(evaluator, callee, arguments, node, context)
    if known is not None:
        return known
    if isinstance(callee, Method):
        return (Unknown(f"{key_of(callee.receiver)}.{callee.name}()"),)
    return (made_by_library(evaluator, callee, arguments, node, context),)


def made_by_library(
    evaluator: Evaluation, callee: External, arguments: Arguments, node: t.Call | None, context: Context
) -> Value:
    """Something of a library of which no more is known; the same call in the same frame makes the same one."""
    cache: dict[tuple[str, int, int], Instance] = evaluator.memo("library_made")
    key = callee.path, id(node), id(context)
    if key not in cache or node is None:
        cache[key] = Instance(callee, arguments, node, context.frame)
        evaluator.keep((node, context))
    return cache[key]


def key_of(value: Value) -> str:
    """A key for what can't be told, from what it is asked of."""
    value = bare(value)
    if isinstance(value, Unknown):
        return value.key
    if isinstance(value, Method):
        return f"{key_of(value.receiver)}.{value.name}"
    return f"@{id(value)}"


def collection(evaluator: Evaluation, receiver: Value, name: str, arguments: Arguments) -> Collection:
    """The parameters or modules that a method of a module, or of something unknown, gives."""
    recurse = argument(evaluator, arguments, "recurse", {"parameters": 0, "named_parameters": 1}.get(name))
    prefix = argument(evaluator, arguments, "prefix", 0) if name == "named_parameters" else ()
    told = constant(prefix) if prefix else ""
    before = f"{told}." if isinstance(told, str) and told else ""
    if name == "named_parameters":
        before += _prefix_of(receiver)
    return Collection(name, receiver, constant(recurse) is not False if recurse else True, before)


def _prefix_of(model: Value) -> str:
    """What wrappers put before the names of a model's parameters, from the outermost inwards."""
    prefix = ""
    while isinstance(model, Changed):
        for change in reversed(model.changes):
            if change.action == WRAPPED and isinstance(change.value, t.Const):
                prefix += str(change.value.value)
        model = model.base
    return prefix


def symbolic_call(evaluator: Evaluation, callee: Attribute, arguments: Arguments) -> Answers:
    """A method of a loop element: `m.parameters(recurse=False)`, `name.lower()`, `name.split(".")`."""
    of, name = callee.of, callee.name
    if isinstance(of, Element) and of.part == "module" and name in COLLECTIONS:
        model, cut = whole(of.collection.model)
        made = collection(evaluator, model, name, arguments)
        each = Collection(made.what, made.model, made.recurse, made.prefix, of)
        return (each,) if cut is None or cut.value is None else (some_of(each, cut.value, cut.context),)
    constants = tuple(constant(answers) for answers in positional(evaluator, arguments))
    if name in ("data", "detach", "clone", "float", "cpu", "to") and isinstance(of, Element):
        return (of,)
    return (Attribute(of, name, constants, True),)
