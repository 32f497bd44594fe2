"""torch: a module's collections, its containers, what wraps it or sets its parameters anew."""

from __future__ import annotations

from wdlint.source.libraries.library import Call, CallReader, Library, passed_through
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import calls, elements, flow
from wdlint.source.values.call_arguments import positional
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    TABLE,
    Answers,
    Arguments,
    Change,
    Changed,
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

_COLLECTIONS = ("parameters", "named_parameters", "modules", "named_modules", "children", "named_children")
_SAME_MODEL = (
    "to cuda cpu train eval half float double bfloat16 requires_grad_ compile share_memory apply type "
    "to_empty xpu npu unwrap tie_weights"
).split()
# Functions that return their module with its weight replaced, by the name of the change they make.
REPARAMETRISING = {
    "torch.nn.utils.weight_norm": "weight_norm",
    "torch.nn.utils.spectral_norm": "spectral_norm",
    "torch.nn.utils.parametrizations.weight_norm": "parametrized weight_norm",
    "torch.nn.utils.parametrizations.spectral_norm": "parametrized spectral_norm",
    "torch.nn.utils.parametrizations.orthogonal": "parametrized spectral_norm",
}


SHARDED = "sharded"  # the change that flattens parameters (measured: shapes (44,) and (0,), torch 2.13)


def _collection(evaluator: Evaluation, call: Call) -> Answers:
    assert isinstance(call.callee, Method)
    receiver, cut = elements.whole(call.callee.receiver)
    made = calls.collection(evaluator, receiver, call.callee.name, call.arguments)
    if cut is not None and cut.value is not None and call.callee.name in ("parameters", "named_parameters"):
        return (elements.some_of(made, cut.value, cut.context),)
    return (made,)


def _same_model(evaluator: Evaluation, call: Call) -> Answers | None:
    """A method that returns its module."""
    assert isinstance(call.callee, Method)
    receiver = call.callee.receiver
    return (receiver,) if isinstance(bare(receiver), (Instance, Unknown)) else None


def _reparametrised(evaluator: Evaluation, call: Call) -> Answers:
    assert isinstance(call.callee, External)
    action = REPARAMETRISING[call.callee.path]
    change = Change((), action, None, call.arguments.written[1:], call.context, True)
    return tuple(Changed(value, (change,)) for value in call.first(evaluator))


def _sharded(evaluator: Evaluation, call: Call) -> Answers:
    """FSDP: the model, whose parameters lie flat in shards from then on, with the original ones too."""
    return tuple(sharded(value, call.arguments, call.context) for value in call.first(evaluator))


def sharded(value: Value, arguments: Arguments, context: Context) -> Value:
    """A model after a wrapper has left each of its parameters with one dimension."""
    return Changed(value, (Change((), SHARDED, None, arguments.written[1:], context, True),))


def wrapped(prefix: str) -> CallReader:
    """A wrapper that puts a text before the names of a model's parameters.

    Only where it is certainly made: of `if distributed: model = DataParallel(model)` the names can't be told, and what
    asks for the middle or the end of a name is the same for both.
    """
    before = t.Const(None, prefix)

    def read(evaluator: Evaluation, call: Call) -> Answers:
        given = call.first(evaluator)
        statement = call.context.statement
        if statement is None or call.context.local is not None or not all(map(_runs, flow.ancestors(statement))):
            return given
        nodes = (node for expression in syntax.expressions(statement) for node in syntax.walk(expression))
        if any(isinstance(node, (t.Conditional, t.Boolean)) for node in nodes):
            return given
        change = Change((), calls.WRAPPED, before, (), call.context, True)
        return tuple(Changed(value, (change,)) for value in given)

    return read


def _runs(block: t.Block) -> bool:
    """Whether a block certainly runs, once what is around it does; a script is taken to be one that is run."""
    parent = block.parent
    if isinstance(parent, t.If):
        return any(isinstance(node, t.Name) and node.id == "__name__" for node in syntax.walk(parent.test))
    return parent is None or isinstance(parent, (t.For, t.With))


_IN_PARALLEL = wrapped("module.")


def _layers_of_torch(evaluator: Evaluation, call: Call) -> Answers:
    """`nn.__dict__.items()`: the layer classes with parameters, by name."""
    from wdlint.knowledge.layers import names_in

    pairs = (
        SequenceValue("tuple", (Item((Known(name),)), Item((External(f"torch.nn.{name}"),))))
        for name in names_in("torch.nn")
    )
    return (SequenceValue(TABLE, tuple(Item((pair,)) for pair in pairs), call.node, call.context),)


def _item(evaluator: Evaluation, value: Instance, index: Value, context: Context) -> Answers | None:
    """A layer of `nn.Sequential`."""
    if not isinstance(value.cls, External) or value.cls.path != "torch.nn.Sequential" or value.arguments is None:
        return None
    given = positional(evaluator, value.arguments)
    key = index.value if isinstance(index, Known) else None
    return given[key] if isinstance(key, int) and -len(given) <= key < len(given) else None


LIBRARY = Library(
    paths=("torch",),
    calls={
        **dict.fromkeys(REPARAMETRISING, _reparametrised),
        "torch.compile": wrapped("_orig_mod."),
        "torch.distributed.fsdp.FullyShardedDataParallel": _sharded,
        "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel": _sharded,
        "torch.jit.script": passed_through,
        "torch.nn.DataParallel": _IN_PARALLEL,
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm": passed_through,
        "torch.nn.__dict__.items": _layers_of_torch,
        "torch.nn.parallel.DataParallel": _IN_PARALLEL,
        "torch.nn.parallel.DistributedDataParallel": _IN_PARALLEL,
        "torch.nn.parallel.distributed.DistributedDataParallel": _IN_PARALLEL,
    },
    methods={**dict.fromkeys(_COLLECTIONS, _collection), **dict.fromkeys(_SAME_MODEL, _same_model)},
    item=_item,
)
