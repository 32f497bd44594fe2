"""Training loops of libraries: what optimizer they build of a model and a number, and how they divide the parameters.

A script names such a loop, hands it a model and settings with a decay in them, and writes no optimizer. The rows of
`trainers.tsv` and `trainer_optimizers.tsv` were measured on live groups, or read in the sources where they say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wdlint.facts import Coupling, OptimizerClass
from wdlint.knowledge import optimizers
from wdlint.knowledge.optimizers import Argument, KnownOptimizer, argument

TABLE = Path(__file__).with_name("trainers.tsv")
OPTIMIZERS = Path(__file__).with_name("trainer_optimizers.tsv")
LIBRARIES = frozenset(
    ("transformers", "trl", "sentence_transformers", "setfit", "fastai")
)  # whose loops are in the table


@dataclass(frozen=True, slots=True)
class TrainingLoop:
    """A class or method that trains a model which it is given, with an optimizer of its own making."""

    path: str
    model: Argument  # of the call; `self`: a method of the model
    settings: Argument | None  # of the call: what holds the next three; None: they are arguments of the call themselves
    decay: Argument  # without a default: where it is not given, the optimizer's own decay acts
    learning_rate: Argument
    optimizer: Argument  # its name or class
    usual: str  # the optimizer where none is named
    instead: tuple[str, ...]  # the arguments that give it another optimizer
    adapters: str  # the argument that has it put adapters on the model; empty: it has none
    exempt: str  # the condition under which a parameter gets no decay, as in `wrappers.Helper`
    decided_by: tuple[str, ...]  # methods by which a derived class makes another optimizer or other groups
    retold: tuple[str, ...]  # methods of the loop that may be given another decay
    undoes: Argument | None  # the argument that, if true, has everything decay
    advice: str  # how a loop is told what shall not decay
    source: str


def training_loop(path: str) -> TrainingLoop | None:
    """The training loop at an import path, e.g. `transformers.Trainer`."""
    return _loops().get(path)


def brings(module: str, name: str) -> bool:
    """Whether a star import of a module of these libraries brings a loop or an optimizer of that name."""
    if module.partition(".")[0] not in LIBRARIES:
        return False
    path = f"{module}.{name}"
    return path in _loops() or optimizer_at(path) is not None


def optimizer_at(path: str) -> KnownOptimizer | None:
    """The class at a path, or the one of that name in the library's `optimizer`, as fastai's modules pass it on."""
    own = f"{path.partition('.')[0]}.optimizer.{path.rpartition('.')[2]}"
    return optimizers.optimizer(path) or optimizers.optimizer(own)


@cache
def names() -> frozenset[str]:
    """The last names of the loops' classes, e.g. `Learner`."""
    return frozenset(path.rpartition(".")[2] for path, loop in _loops().items() if loop.model.name != "self")


@cache
def methods() -> Mapping[str, frozenset[str]]:
    """The names of methods by which a model trains itself, e.g. `fit`, with the libraries of such models."""
    found: dict[str, set[str]] = {}
    for path, loop in _loops().items():
        if loop.model.name == "self":
            found.setdefault(path.rpartition(".")[2], set()).add(path.partition(".")[0])
    return {name: frozenset(libraries) for name, libraries in found.items()}


def optimizer_named(name: str) -> OptimizerClass | None:
    """The optimizer that a name in the settings chooses, e.g. `adamw_torch`; None: not known."""
    return _optimizers().get(name)


@cache
def _loops() -> Mapping[str, TrainingLoop]:
    found: dict[str, TrainingLoop] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        path, others, model, settings, decay, rate, chosen, *rest = line.split("\t")
        instead, adapters, exempt, own, retold, undoes, advice, source = rest
        if exempt.startswith("as "):
            exempt = found[exempt.removeprefix("as ")].exempt
        name, _, usual = chosen.partition("=")
        loop = TrainingLoop(
            path, argument(model), argument(settings) if settings else None, argument(decay), argument(rate),
            argument(name), usual,
            tuple(instead.split()), adapters, exempt, tuple(own.split()),
            tuple(retold.split()), argument(undoes) if undoes else None, advice, source,
        )  # fmt: skip
        found.update(dict.fromkeys((path, *others.split()), loop))
    return found


@cache
def _optimizers() -> Mapping[str, OptimizerClass]:
    found: dict[str, OptimizerClass] = {}
    for line in OPTIMIZERS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        names, path, coupling, source = line.split("\t")
        known = optimizers.optimizer(path)
        if coupling or known is None:
            said = Coupling[coupling] if coupling else Coupling.UNKNOWN
            described = OptimizerClass(path, said, source=f"transformers, {source}")
        else:
            described = known.described({})
        found.update(dict.fromkeys(names.split(), described))
    return found
