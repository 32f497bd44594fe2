"""What library calls return: torch's collections, containers, texts, wrappers and configuration.

Only what carries models, parameters, groups or decay strengths is known here; any other call of a
library makes an `Instance` of what was called. Single functions are in `libraries.functions`, what can be
asked of the things made in `libraries.things`, options of command lines in `options`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wdlint.facts import Origin
from wdlint.source.libraries import adapters
from wdlint.source.libraries.functions import FUNCTIONS
from wdlint.source.values import contents, objects
from wdlint.source.values.call_arguments import argument, keywords, positional, spreads
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Attribute,
    Change,
    Changed,
    ClassValue,
    Collection,
    Context,
    Element,
    Entry,
    External,
    Instance,
    Item,
    Known,
    MappingValue,
    Method,
    Operation,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
    constant,
)

if TYPE_CHECKING:
    from wdlint.source.read import tree as t

_COLLECTIONS = frozenset("parameters named_parameters modules named_modules children named_children".split())
_SAME_MODEL = frozenset(
    "to cuda cpu train eval half float double bfloat16 requires_grad_ compile share_memory apply type "
    "to_empty xpu npu unwrap tie_weights".split()
)
_TEXT_METHODS = frozenset(
    "lower upper strip lstrip rstrip replace title capitalize removeprefix removesuffix startswith endswith "
    "format".split()
)
_PASSED_THROUGH = frozenset(
    (
        *(f"builtins.{name}" for name in "list tuple set frozenset sorted reversed iter vars".split()),
        "tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "copy.copy",
        "dataclasses.asdict", "omegaconf.OmegaConf.create", "omegaconf.OmegaConf.structured",
        "omegaconf.OmegaConf.to_container", "omegaconf.OmegaConf.merge", "OmegaConf.to_container",
        "torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.parallel.distributed.DistributedDataParallel", "apex.parallel.DistributedDataParallel",
        "torch.compile", "torch.jit.script", "torch.distributed.fsdp.FullyShardedDataParallel",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm", "apex.parallel.convert_syncbn_model",
    )
)  # fmt: skip
# Functions that return their module with its weight replaced, by the name of the change they make.
REPARAMETRISING = {
    "torch.nn.utils.weight_norm": "weight_norm",
    "torch.nn.utils.spectral_norm": "spectral_norm",
    "torch.nn.utils.parametrizations.weight_norm": "parametrized weight_norm",
    "torch.nn.utils.parametrizations.spectral_norm": "parametrized spectral_norm",
    "torch.nn.utils.parametrizations.orthogonal": "parametrized spectral_norm",
}
_DICTS = frozenset(
    (
        "builtins.dict", "collections.OrderedDict", "collections.defaultdict", "argparse.Namespace",
        "types.SimpleNamespace", "easydict.EasyDict", "addict.Dict", "munch.Munch", "ml_collections.ConfigDict",
        "ml_collections.config_dict.ConfigDict", "ml_collections.config_dict.create", "yacs.config.CfgNode",
        "fvcore.common.config.CfgNode", "attrdict.AttrDict", "box.Box", "mmengine.config.ConfigDict",
        "mmcv.ConfigDict", "transformers.utils.ModelOutput", "omegaconf.DictConfig",
    )
)  # fmt: skip
_CONFIG_PARSERS = frozenset(
    ("tyro.cli", "simple_parsing.parse", "draccus.parse", "pyrallis.parse", "chz.entrypoint", "jsonargparse.CLI")
)


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
    """What calling something of a library returns."""
    if isinstance(callee, Method):
        return _method_call(evaluator, callee, arguments, node, context)
    handler = FUNCTIONS.get(callee.path)
    if handler is not None:
        return handler(evaluator, arguments, node, context)
    if callee.path in _PASSED_THROUGH or callee.path.endswith(".from_config_dict"):
        given = positional(evaluator, arguments)
        return given[0] if given else (SequenceValue("list", (), node, context),)
    models = adapters.adapted(evaluator, callee.path, arguments, context)
    if models:
        return models
    if callee.path in REPARAMETRISING:
        given = positional(evaluator, arguments)
        change = Change((), REPARAMETRISING[callee.path], None, arguments.written[1:], context, True)
        return tuple(Changed(value, (change,)) for value in (given[0] if given else ()))
    if callee.path in _DICTS:
        return (_mapping(evaluator, callee.path, arguments, node, context),)
    if callee.path in _CONFIG_PARSERS:
        given = positional(evaluator, arguments)
        return tuple(
            v for v in (given[0] if given else ()) if isinstance(v, ClassValue) for v in (evaluator.receiver(v),)
        )
    if callee.path.startswith("transformers.") and "parameter_names" in callee.path:
        found = evaluator.library_names(callee.path, arguments, node, context)
        if found:
            return found
    return (_library_instance(evaluator, callee, arguments, node, context),)


def _library_instance(
    evaluator: Evaluation, callee: External, arguments: Arguments, node: t.Call | None, context: Context
) -> Value:
    cache: dict[tuple[str, int, int], Instance] = evaluator.memo("library_made")
    key = callee.path, id(node), id(context)
    if key not in cache or node is None:
        cache[key] = Instance(callee, arguments, node, context.frame)
        evaluator.keep((node, context))
    return cache[key]


def _mapping(evaluator: Evaluation, path: str, arguments: Arguments, node: t.Call | None, context: Context) -> Value:
    entries = [Entry((Known(name),), answers) for name, answers in keywords(evaluator, arguments)]
    entries += [Entry(None, answers) for answers in spreads(evaluator, arguments)]
    if path != "collections.defaultdict":
        for answers in positional(evaluator, arguments)[:1]:
            if len(answers) == 1 and isinstance(bare(answers[0]), (Collection, Operation)) and not entries:
                return answers[0]
            entries.insert(0, Entry(None, tuple(_paired(evaluator, v) for v in answers)))
    return MappingValue(tuple(entries), node, context)


def _paired(evaluator: Evaluation, value: Value) -> Value:
    """A mapping from the (key, value) pairs of a sequence; other values unchanged."""
    if not isinstance(value, SequenceValue):
        return value
    entries = []
    for item in value.items:
        for pair in evaluator.force(item.value):
            if isinstance(pair, SequenceValue) and len(pair.items) == 2:
                entries.append(Entry(pair.items[0].value, pair.items[1].value, item.conditions))
    return MappingValue(tuple(entries), value.node, value.context)


def _method_call(
    evaluator: Evaluation, callee: Method, arguments: Arguments, node: t.Call | None, context: Context
) -> Answers:
    receiver, name = callee.receiver, callee.name
    if name in _COLLECTIONS:
        return (_collection(evaluator, receiver, name, arguments),)
    inner = bare(receiver)
    if isinstance(inner, (MappingValue, Collection, SequenceValue, Operation)):
        found = _container_method(evaluator, receiver, name, arguments, node, context)
        if found:
            return found
    if isinstance(inner, Known) and isinstance(inner.value, str):
        return _text_method(evaluator, inner, name, arguments, node, context)
    if name in _SAME_MODEL and isinstance(inner, (Instance, Unknown)):
        return (receiver,)
    if name in ("prepare", "prepare_model", "setup", "setup_module", "distribute_model"):
        given = positional(evaluator, arguments)
        if len(given) == 1:
            return given[0]
        return (SequenceValue("tuple", tuple(Item(a) for a in given), node, context),)
    if name in ("parse_args", "parse_known_args", "parse_args_into_dataclasses") and isinstance(inner, Instance):
        return _parsed(evaluator, inner, name, node, context)
    if name in ("get", "pop", "getattr") and isinstance(inner, (Unknown, Instance)):
        given = positional(evaluator, arguments)
        key = constant(given[0]) if given else None
        found = objects.member(evaluator, receiver, key, context) if isinstance(key, str) else ()
        known = tuple(v for v in found if not isinstance(v, Method))
        fallback = tuple(
            v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v
            for v in (given[1] if len(given) > 1 else ())
        )
        return known or fallback or (Unknown(f"{_key_of(receiver)}.{key!r}"),)
    if name in ("clone", "copy", "as_dict", "to_dict", "freeze", "resolve", "from_pretrained_config"):
        return (receiver,)
    return (Unknown(f"{_key_of(receiver)}.{name}()"),)


def _key_of(value: Value) -> str:
    value = bare(value)
    if isinstance(value, Unknown):
        return value.key
    if isinstance(value, Method):
        return f"{_key_of(value.receiver)}.{value.name}"
    return f"@{id(value)}"


def _collection(evaluator: Evaluation, receiver: Value, name: str, arguments: Arguments) -> Value:
    recurse = argument(evaluator, arguments, "recurse", {"parameters": 0, "named_parameters": 1}.get(name))
    prefix = argument(evaluator, arguments, "prefix", 0) if name == "named_parameters" else ()
    told = constant(prefix) if prefix else ""
    return Collection(name, receiver, constant(recurse) is not False if recurse else True,
                      told if isinstance(told, str) else "")  # fmt: skip


def symbolic_call(evaluator: Evaluation, callee: Attribute, arguments: Arguments) -> Answers:
    """A method of a loop element: `m.parameters(recurse=False)`, `name.lower()`, `name.split(".")`."""
    of, name = callee.of, callee.name
    if isinstance(of, Element) and of.part == "module" and name in _COLLECTIONS:
        made = _collection(evaluator, of.collection.model, name, arguments)
        assert isinstance(made, Collection)
        return (Collection(made.what, made.model, made.recurse, made.prefix, of),)
    constants = tuple(constant(answers) for answers in positional(evaluator, arguments))
    if name in ("data", "detach", "clone", "float", "cpu", "to") and isinstance(of, Element):
        return (of,)
    return (Attribute(of, name, constants, True),)


def _container_method(
    evaluator: Evaluation, receiver: Value, name: str, arguments: Arguments, node: t.Call | None, context: Context
) -> Answers:
    inner = bare(receiver)
    if name == "items":
        if isinstance(inner, Collection):
            return (receiver,)
        return (Operation("items", ((receiver,),), node, context),)
    if name in ("values", "keys"):
        if isinstance(inner, Collection) and inner.what.startswith("named_"):
            what = inner.what.removeprefix("named_") if name == "values" else "names"
            return (Collection(what, inner.model, inner.recurse, inner.prefix, inner.owner),)
        if isinstance(inner, MappingValue):
            if name == "values":
                items = tuple(contents.values_of(evaluator, receiver))
            else:
                keyed = contents.entries(evaluator, receiver)
                items = tuple(Item(e.key, e.conditions) for e in keyed if e.key is not None)
            return (SequenceValue("list", items, node, context),)
    if name in ("get", "pop", "setdefault") and isinstance(inner, MappingValue):
        given = positional(evaluator, arguments)
        key = constant(given[0]) if given else None
        found = objects.entry(evaluator, receiver, key) if isinstance(key, (str, int)) else ()
        rest = tuple(
            v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v
            for v in (given[1] if len(given) > 1 else ())
        )
        return found or rest
    if name in ("union", "difference", "intersection", "symmetric_difference"):
        op = {"union": "|", "difference": "-", "intersection": "&"}.get(name, "^")
        given = positional(evaluator, arguments)
        return (Operation(op, ((receiver,), *given), node, context),)
    return (receiver,) if name == "copy" else ()


def _text_method(
    evaluator: Evaluation, text: Known, name: str, arguments: Arguments, node: t.Call | None, context: Context
) -> Answers:
    assert isinstance(text.value, str)
    given = positional(evaluator, arguments)
    if name == "join" and len(given) == 1:
        parts = [evaluator.force(i.value) for v in given[0] for i in contents.items(evaluator, v)]
        pieces: list[str | Value] = []
        for index, part in enumerate(parts):
            if index and text.value:
                pieces.append(text.value)
            pieces.append(str(part[0].value) if isinstance(part[0], Known) else part[0])
        return (TextOf(tuple(pieces)),) if pieces else ()
    if name == "format":
        if text.value.count("{}") == len(given) and "{}" in text.value:
            pieces = []
            for index, literal in enumerate(text.value.split("{}")):
                pieces.append(literal)
                if index < len(given):
                    value = given[index][0]
                    pieces.append(str(value.value) if isinstance(value, Known) else value)
            if all(isinstance(p, str) for p in pieces):
                return (Known("".join(map(str, pieces)), Origin.COMPUTED, node, context.module),)
            return (TextOf(tuple(p for p in pieces if p != "")),)
        return ()
    constants = [constant(answers) for answers in given]
    separators = [c for c in constants if isinstance(c, str) and c]
    if name == "split" and len(separators) == len(constants) <= 1:
        parts_of = text.value.split(separators[0] if separators else None)
        return (SequenceValue("list", tuple(Item((Known(p, text.origin),)) for p in parts_of), node, context),)
    if name in _TEXT_METHODS and all(isinstance(c, str) for c in constants):
        try:
            return (Known(getattr(text.value, name)(*constants), text.origin, node, context.module),)
        except (TypeError, ValueError):
            return ()
    return ()


def _parsed(evaluator: Evaluation, parser: Instance, name: str, node: t.Call | None, context: Context) -> Answers:
    """What a command-line parser returns: a namespace, or instances of the classes it was given."""
    if parser.arguments is not None:
        given = positional(evaluator, parser.arguments)
        classes: list[Value] = []
        for value in given[0] if given else ():
            listed = [evaluator.force(i.value) for i in contents.items(evaluator, value)] or [(value,)]
            for answers in listed:
                classes.extend(v for v in answers if isinstance(v, (ClassValue, External)))
        if classes:
            made: list[Value] = [
                evaluator.receiver(c)
                if isinstance(c, ClassValue)
                else _library_instance(evaluator, c, Arguments(), None, context)
                for c in classes
                if isinstance(c, (ClassValue, External))
            ]
            if name == "parse_args" and len(made) == 1:
                return (made[0],)
            return (SequenceValue("tuple", tuple(Item((m,)) for m in made), node, context),)
    namespace = _library_instance(evaluator, External("argparse.Namespace"), Arguments((), context), node, context)
    if name == "parse_known_args":
        items = (Item((namespace,)), Item((Unknown(f"@{id(node)}"),)))
        return (SequenceValue("tuple", items, node, context),)
    return (namespace,)
