"""Which classes a module's class is derived from, for tests such as `isinstance(module, nn.LayerNorm)`."""

from __future__ import annotations

from collections.abc import Callable

from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import ClassValue


def ancestry(evaluator: Evaluation, owner: str) -> frozenset[str] | None:
    """The dotted classes that a class is derived from, itself included; None where it is no class of the project.

    A "?" among them says that there are bases which can't be told.
    """
    classes: dict[str, ClassValue] = evaluator.memo("surveyed_classes")
    cls = classes.get(owner)
    if cls is None:
        if owner.startswith("torch.nn."):
            return _of_torch(owner)
        return None
    found: set[str] = set()
    for base in linear_bases(evaluator, cls):
        if isinstance(base, ClassValue):
            found.add(base.path)
        elif base.path.startswith("?"):
            found.add("?")
        else:
            found.add(base.path)
            if base.path.startswith("torch.nn."):
                found |= _of_torch(base.path)
    return frozenset(found)


def lineage_of(evaluator: Evaluation) -> Callable[[str], frozenset[str] | None]:
    """The same as a function of the class alone, classes of libraries' models included."""
    from wdlint.knowledge.models import ancestors

    def bases(owner: str) -> frozenset[str] | None:
        found = ancestry(evaluator, owner)
        if found is None:
            above = ancestors(owner)
            found = frozenset((owner, *above)) if above else None
        return found

    return bases


_TORCH_BASES = (
    (
        "_BatchNorm",
        (
            "BatchNorm1d",
            "BatchNorm2d",
            "BatchNorm3d",
            "SyncBatchNorm",
            "LazyBatchNorm1d",
            "LazyBatchNorm2d",
            "LazyBatchNorm3d",
        ),
    ),
    (
        "_NormBase",
        (
            "BatchNorm1d",
            "BatchNorm2d",
            "BatchNorm3d",
            "SyncBatchNorm",
            "InstanceNorm1d",
            "InstanceNorm2d",
            "InstanceNorm3d",
        ),
    ),
    ("_InstanceNorm", ("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d")),
    ("_ConvNd", ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")),
    ("_ConvTransposeNd", ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")),
    ("RNNBase", ("RNN", "LSTM", "GRU")),
    ("RNNCellBase", ("RNNCell", "LSTMCell", "GRUCell")),
    ("Linear", ("NonDynamicallyQuantizableLinear", "LazyLinear")),
)
_TORCH_HOMES = {
    "_BatchNorm": "batchnorm",
    "_NormBase": "batchnorm",
    "_InstanceNorm": "instancenorm",
    "_ConvNd": "conv",
    "_ConvTransposeNd": "conv",
}


def _of_torch(path: str) -> frozenset[str]:
    """The classes of torch.nn that a layer of torch.nn is derived from."""
    last = path.rpartition(".")[2]
    found = {path, f"torch.nn.{last}", "torch.nn.Module"}
    for base, derived in _TORCH_BASES:
        if last in derived:
            home = _TORCH_HOMES.get(base)
            found.add(f"torch.nn.modules.{home}.{base}" if home else f"torch.nn.{base}")
    return frozenset(found)
