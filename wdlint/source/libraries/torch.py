"""torch: a module's collections, its containers, what wraps it or sets its parameters anew."""

from __future__ import annotations

from wdlint.source.libraries.library import Call, Library, passed_through
from wdlint.source.values import calls
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
    return (calls.collection(evaluator, call.callee.receiver, call.callee.name, call.arguments),)


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
        "torch.compile": passed_through,
        "torch.distributed.fsdp.FullyShardedDataParallel": _sharded,
        "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel": _sharded,
        "torch.jit.script": passed_through,
        "torch.nn.DataParallel": passed_through,
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm": passed_through,
        "torch.nn.__dict__.items": _layers_of_torch,
        "torch.nn.parallel.DataParallel": passed_through,
        "torch.nn.parallel.DistributedDataParallel": passed_through,
        "torch.nn.parallel.distributed.DistributedDataParallel": passed_through,
    },
    methods={**dict.fromkeys(_COLLECTIONS, _collection), **dict.fromkeys(_SAME_MODEL, _same_model)},
    item=_item,
)
