"""What library calls return: builtins, torch's collections, containers, wrappers and configuration.

Only what carries models, parameters, groups or decay strengths is known here; any other call of a
library makes an `Instance` of what was called. Options of command lines are in `options`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from wdlint.facts import Origin
from wdlint.source import contents, objects
from wdlint.source.elements import elements_of
from wdlint.source.evaluation import Evaluation
from wdlint.source.values import (
    TABLE,
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
    ModuleValue,
    Operation,
    Part,
    Partial,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
    constant,
)

if TYPE_CHECKING:
    from wdlint.source import tree as t

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


# ---- arguments


def positional(evaluator: Evaluation, arguments: Arguments) -> tuple[Answers, ...]:
    """The positional arguments in order; a spread whose length can't be told ends them."""
    found = list(arguments.positional)
    if arguments.context is not None:
        for argument in arguments.written:
            if argument.star == "*":
                spread = evaluator.evaluate(argument.value, arguments.context)
                inner = [list(contents.items(evaluator, v)) for v in spread[:1]]
                if len(spread) != 1 or not inner or any(i.spread or i.conditions for i in inner[0]):
                    break
                found.extend(evaluator.force(i.value) for i in inner[0])
            elif argument.keyword is None and not argument.star:
                found.append(evaluator.evaluate(argument.value, arguments.context))
    return tuple(found)


def keywords(evaluator: Evaluation, arguments: Arguments) -> tuple[tuple[str, Answers], ...]:
    """The arguments given by name."""
    found = list(arguments.keywords)
    if arguments.context is not None:
        for argument in arguments.written:
            if argument.keyword is not None:
                found.append((argument.keyword, evaluator.evaluate(argument.value, arguments.context)))
    return tuple(found)


def spreads(evaluator: Evaluation, arguments: Arguments) -> tuple[Answers, ...]:
    """The mappings that a call spreads with `**`."""
    if arguments.context is None:
        return ()
    return tuple(evaluator.evaluate(a.value, arguments.context) for a in arguments.written if a.star == "**")


def argument(evaluator: Evaluation, arguments: Arguments, name: str, index: int | None) -> Answers:
    """One argument by name or position, spread mappings included; empty where it is not given."""
    for keyword, answers in keywords(evaluator, arguments):
        if keyword == name:
            return answers
    if index is not None:
        given = positional(evaluator, arguments)
        if index < len(given):
            return given[index]
    found: list[Value] = []
    for mapping in spreads(evaluator, arguments):
        for value in mapping:
            found.extend(objects.entry(evaluator, value, name))
    return tuple(found)


# ---- calls


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
    handler = _BUILTINS.get(callee.path)
    if handler is not None:
        return handler(evaluator, arguments, node, context)
    if callee.path in _PASSED_THROUGH or callee.path.endswith(".from_config_dict"):
        given = positional(evaluator, arguments)
        return given[0] if given else (SequenceValue("list", (), node, context),)
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


# ---- builtins


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


_BUILTINS: dict[str, Callable[[Evaluation, Arguments, t.Call | None, Context], Answers]] = {
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


# ---- members, items and elements of what libraries make


def library_member(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers:
    """An attribute of something that a library made."""
    assert isinstance(value.cls, External)
    path = value.cls.path
    if name == "module":
        return (value,)
    if path in ("argparse.Namespace", "absl.flags.FLAGS") or path.endswith((".FLAGS", "Namespace")):
        option = evaluator.option_default(name, context)
        return option or (Unknown(f"@{id(value)}.{name}"),)
    if name == "__class__":
        return (value.cls,)
    return (Method(value, name),)


def library_item(evaluator: Evaluation, value: Instance, index: Value, context: Context) -> Answers:
    """An item of something that a library made, such as a layer of `nn.Sequential`."""
    if isinstance(value.cls, External) and value.cls.path == "torch.nn.Sequential" and value.arguments is not None:
        given = positional(evaluator, value.arguments)
        key = index.value if isinstance(index, Known) else None
        if isinstance(key, int) and -len(given) <= key < len(given):
            return given[key]
    if isinstance(index, Known) and isinstance(index.value, str):
        option = evaluator.option_default(index.value, context) if "Namespace" in _path(value) else ()
        return option or (Unknown(f"@{id(value)}[{index.value}]"),)
    return (Unknown(f"@{id(value)}[{getattr(index, 'value', None)}]"),)


def _path(value: Instance) -> str:
    return value.cls.path if isinstance(value.cls, External) else ""


def library_entry(evaluator: Evaluation, value: Instance, key: str) -> Answers:
    """An entry of something used as a mapping: `vars(args)["lr"]`, `**vars(args)`."""
    if "Namespace" in _path(value) and value.frame is not None:
        return evaluator.option_default(key, value.frame.at(None))
    return ()


def library_elements(evaluator: Evaluation, value: Instance | Unknown, turn: int) -> Iterator[Value]:
    """What iterating over something of a library, or something unknown, gives."""
    if isinstance(value, Unknown):
        yield Unknown(f"{value.key}[*{turn}]")
    elif _path(value) in ("torch.nn.Sequential", "torch.nn.ModuleList") and value.arguments is not None:
        for answers in positional(evaluator, value.arguments):
            yield from answers
    elif _path(value) == "builtins.range":
        span = known_range(evaluator, value)
        if span is None or len(span) > 1:
            yield Unknown(f"index{turn}", computed=True)
        elif span:
            # a default that may be another number does not say which element there is
            given = [v for answers in positional(evaluator, value.arguments or Arguments()) for v in answers]
            told = all(isinstance(v, Known) and v.origin in (Origin.WRITTEN, Origin.COMPUTED) for v in given)
            yield Known(span[0], Origin.COMPUTED) if told else Unknown(f"index{turn}", computed=True)


def known_range(evaluator: Evaluation, value: Instance) -> range | None:
    """A `range(…)` with constant bounds, defaults included; None where it can't be told."""
    given = positional(evaluator, value.arguments) if value.arguments is not None else ()
    told = [constant(answers) for answers in given]
    bounds = [b for b in told if isinstance(b, int) and not isinstance(b, bool)]
    if not 1 <= len(bounds) == len(told) <= 3:
        return None
    return range(*bounds) if bounds[2:] != [0] else None


def exports(module: str, name: str) -> bool:
    """Whether a star import of a library module brings a name that matters here."""
    if not module.startswith("torch") and "optim" not in module:
        return False
    from wdlint.knowledge.layers import layer
    from wdlint.knowledge.optimizers import optimizer

    path = f"{module}.{name}"
    return optimizer(path) is not None or layer(path) is not None or (module == "torch" and name in ("nn", "optim"))
