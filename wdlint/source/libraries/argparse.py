"""argparse and what is read like it: the default of an option is what its member of the namespace may be.

Parsers that are given classes return instances of them.
"""

from __future__ import annotations

from wdlint.source.libraries import mappings
from wdlint.source.libraries.library import Call, Declarer, Library
from wdlint.source.values import calls, contents
from wdlint.source.values.call_arguments import positional
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    ClassValue,
    Context,
    External,
    Instance,
    Item,
    Known,
    Method,
    SequenceValue,
    Unknown,
    Value,
    bare,
)


def parsed(evaluator: Evaluation, call: Call) -> Answers | None:
    """What a command-line parser returns: a namespace, or instances of the classes it was given."""
    assert isinstance(call.callee, Method)
    parser, name = bare(call.callee.receiver), call.callee.name
    if not isinstance(parser, Instance):
        return None
    made = _instances(evaluator, parser, call.context)
    if made:
        if name == "parse_args" and len(made) == 1:
            return (made[0],)
        return (SequenceValue("tuple", tuple(Item((m,)) for m in made), call.node, call.context),)
    arguments = Arguments((), call.context)
    namespace = calls.made_by_library(evaluator, External("argparse.Namespace"), arguments, call.node, call.context)
    if name == "parse_known_args":
        items = (Item((namespace,)), Item((Unknown(f"@{id(call.node)}"),)))
        return (SequenceValue("tuple", items, call.node, call.context),)
    return (namespace,)


def _instances(evaluator: Evaluation, parser: Instance, context: Context) -> list[Value]:
    """An instance, with its defaults, of each class that a parser was given."""
    given = positional(evaluator, parser.arguments) if parser.arguments is not None else ()
    made: list[Value] = []
    for value in given[0] if given else ():
        listed = [evaluator.force(i.value) for i in contents.items(evaluator, value)] or [(value,)]
        for cls in (v for answers in listed for v in answers):
            if isinstance(cls, ClassValue):
                made.append(evaluator.receiver(cls))
            elif isinstance(cls, External):
                made.append(calls.made_by_library(evaluator, cls, Arguments(), None, context))
    return made


def _is_namespace(value: Instance) -> bool:
    return isinstance(value.cls, External) and "Namespace" in value.cls.path


def _member(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers | None:
    if not isinstance(value.cls, External) or not value.cls.path.endswith("Namespace"):
        return None
    return _option(evaluator, value, name, context) or (Unknown(f"@{id(value)}.{name}"),)


def _item(evaluator: Evaluation, value: Instance, index: Value, context: Context) -> Answers | None:
    if not isinstance(index, Known) or not isinstance(index.value, str) or not _is_namespace(value):
        return None
    return _option(evaluator, value, index.value, context) or None


def _option(evaluator: Evaluation, namespace: Instance, name: str, context: Context) -> Answers:
    """What an option is by default, as declared near where the namespace was made or near where it is read."""
    return _where_made(evaluator, namespace, name) or evaluator.libraries.option(evaluator, name, context)


def _where_made(evaluator: Evaluation, namespace: Instance, name: str) -> Answers:
    if namespace.frame is None:
        return ()
    return evaluator.libraries.option(evaluator, name, namespace.frame.at(None), namespace.frame.scope)


def _entry(evaluator: Evaluation, value: Instance, key: str) -> Answers | None:
    """`vars(args)["lr"]`, `**vars(args)`."""
    if not _is_namespace(value) or value.frame is None:
        return None
    return _where_made(evaluator, value, key)


_ARGUMENT = Declarer(mark=(b"add_arg",))

LIBRARY = Library(
    paths=("argparse", "configargparse", "jsonargparse", "optparse"),
    calls={"argparse.Namespace": mappings.mapping},
    methods={"parse_args": parsed, "parse_known_args": parsed},
    member=_member,
    item=_item,
    entry=_entry,
    declarers={
        "add_argument": _ARGUMENT,
        "add": Declarer(mark=(b".add('-", b'.add("-')),
        "add_arg": _ARGUMENT,
        "add_option": Declarer(mark=(b"ption(",)),
    },
)
