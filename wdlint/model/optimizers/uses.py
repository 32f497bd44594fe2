"""From live optimizers and models to the facts that rules judge: who holds which parameter, and how it decays.

The same `OptimizerUse` as the source engine's, but exact: every membership is known. Nothing is judged here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from wdlint.facts import (
    Amount,
    Coupling,
    Division,
    Evidence,
    FileFacts,
    Group,
    Inventory,
    Kind,
    OptimizerClass,
    OptimizerUse,
    Origin,
    Parameter,
    Place,
    Ternary,
    Witness,
)
from wdlint.knowledge.optimizers import optimizer as known_optimizer
from wdlint.model.holding.tensors import qualified, shape_of
from wdlint.model.holding.wrappers import defaults_of, leaves, parameters_of
from wdlint.model.kinds.classify import Classification
from wdlint.model.optimizers.manner import Probe
from wdlint.model.optimizers.probe import DECAY_KEYS, decay_key, probe, reads

_RATE_KEYS = ("lr", "initial_lr", "max_lr", "min_lr", "lr_scale", "base_lr", "swa_lr", *DECAY_KEYS)
# Keys that schedulers and libraries add to groups; not misspelt options of the optimizer.
_FOREIGN_KEYS = frozenset({"params", "param_names", "name", "group_name", "initial_lr", "lr_scale", "max_lr", "min_lr"})


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One parameter group in numbers."""

    optimizer: str  # short class name
    index: int
    counts: Mapping[Kind, int]  # parameters by kind
    elements: int
    rate: float | None  # learning rate
    decay: float | None
    probe: Probe
    shrink: float | None  # share of a weight that one step removes now
    names: tuple[str, ...]
    untold: tuple[tuple[str, str], ...] = ()  # name and evidence of each whose kind can't be told, if it decays

    @property
    def half_life(self) -> float | None:
        """Steps until an otherwise untrained weight is halved at this rate; None where decay isn't proportional."""
        if self.shrink is None or not 0 < self.shrink < 1:
            return None
        return math.log(0.5) / math.log1p(-self.shrink)


@dataclass(frozen=True, slots=True)
class Live:
    """A live optimizer as facts and as numbers."""

    use: OptimizerUse
    rows: tuple[GroupRow, ...]


def facts_of(lives: Sequence[Live], file: str) -> FileFacts:
    return FileFacts(file, uses=tuple(live.use for live in lives))


def observe_optimizer(
    optimizer: Any,
    seen: Classification,
    place: Place,
    model: nn.Module,
    *,
    model_name: str = "model",
    others: Iterable[Any] = (),
) -> Live:
    """One optimizer over one model.

    Args:
        optimizer: live, and one that really steps (`steppers`). It is probed by a twin and not touched.
        seen: the model's classification.
        place: where the optimizer was built, or where the audit was asked for.
        model: for the exemptions that it declares.
        model_name: as messages should call it.
        others: further optimizers of the same program: what they hold is not missing here.
    """
    elsewhere_ids = {i for o in steppers(others) if o is not optimizer for i in parameters_of(o)}
    inventory, index = _with_strangers(seen, optimizer)
    probes = _probes(optimizer)
    rows, groups = [], []
    for number, group in enumerate(optimizer.param_groups):
        rows.append(_row(optimizer, number, group, inventory, index, probes[number]))
        groups.append(_group(optimizer, number, group, len(inventory.parameters), index, place))
    declared = tuple(sorted(declared_exemptions(model, seen)))
    use = OptimizerUse(
        classes=(_class_of(optimizer, probes),),
        groups=tuple(groups),
        place=place,
        callee=type(optimizer).__name__,
        inventory=inventory,
        model=model_name,
        divided=_divided(groups),
        declared=declared,
        honours_declared=_honoured(declared, inventory, groups),
        elsewhere=tuple(Ternary.of(id(c.held.tensor) in elsewhere_ids) for c in seen.parameters),
    )
    return Live(use, tuple(rows))


def steppers(optimizers: Iterable[Any]) -> list[Any]:
    """The optimizers that really step, those inside wrappers in their place, each once."""
    return list({id(leaf): leaf for optimizer in optimizers for leaf in leaves(optimizer)}.values())


def _with_strangers(seen: Classification, optimizer: Any) -> tuple[Inventory, dict[int, int]]:
    """The model's inventory and each tensor's position in it; tensors of no module are added as unknown."""
    index = dict(seen.by_tensor)
    strangers: list[Parameter] = []
    for number, group in enumerate(optimizer.param_groups):
        names = group.get("param_names", ())
        for position, tensor in enumerate(group["params"]):
            if id(tensor) in index:
                continue
            index[id(tensor)] = len(seen.parameters) + len(strangers)
            name = names[position] if position < len(names) else f"param_groups[{number}]['params'][{position}]"
            shape = shape_of(tensor)
            ndim = None if shape is None else len(shape)
            flat = "; if ZeRO made it of several, audit before `deepspeed.initialize`" if ndim == 1 else ""
            words = Evidence(Witness.NAME, f"held by no module of the model{flat}")
            strangers.append(Parameter(name, Kind.UNKNOWN, words, ndim, shape))
    own = seen.inventory
    return Inventory(own.model, (*own.parameters, *strangers), complete=True), index


def _probes(optimizer: Any) -> list[Probe]:
    """One probe a group; groups that differ in rate and strength only share one."""
    done: dict[str, Probe] = {}
    probes = []
    for group in optimizer.param_groups:
        settings = {k: v for k, v in group.items() if k not in ("params", "param_names", *_RATE_KEYS)}
        broad = any(p.ndim >= 2 for p in group["params"] if shape_of(p) is not None)
        key = repr(sorted((k, str(v)) for k, v in settings.items())) + str(broad)
        if key not in done:
            done[key] = probe(optimizer, group, (6, 8) if broad else (8,))
        probes.append(done[key])
    return probes


def _number(value: Any) -> float | None:
    if isinstance(value, torch.Tensor):
        return float(value.detach()) if value.numel() == 1 and not value.is_meta else None
    return float(value) if isinstance(value, (int, float)) else None


def _row(
    optimizer: Any, number: int, group: dict[str, Any], inventory: Inventory, index: dict[int, int], found: Probe
) -> GroupRow:
    key = decay_key(optimizer, group)
    rate, decay = _number(group.get("lr")), _number(group.get(key)) if key else None
    held = [inventory.parameters[index[id(p)]] for p in group["params"]]
    counts = {kind: n for kind in Kind if (n := sum(p.kind is kind for p in held))}
    elements = sum(p.numel() for p in group["params"] if shape_of(p) is not None)
    shrink = found.shrink_at(rate, decay) if decay else None
    names = tuple(p.name for p in held)
    untold = tuple((p.name, p.evidence.text) for p in held if decay and p.kind is Kind.UNKNOWN)
    return GroupRow(type(optimizer).__name__, number, counts, elements, rate, decay, found, shrink, names, untold)


def _group(
    optimizer: Any, number: int, group: dict[str, Any], count: int, index: dict[int, int], place: Place
) -> Group:
    members = [Ternary.NO] * count
    for tensor in group["params"]:
        members[index[id(tensor)]] = Ternary.YES
    key = decay_key(optimizer, group)
    value = _number(group.get(key)) if key else 0.0
    rate = _number(group.get("lr"))
    known = set(defaults_of(optimizer))
    return Group(
        label=f"param_groups[{number}]",
        amount=Amount(value, Origin.LIVE),
        place=place,
        members=tuple(members),
        # A live group holds every default too, so what was written can't be told; only strange keys can.
        options=tuple(k for k in group if k not in known and k not in _FOREIGN_KEYS and not reads(optimizer, k)),
        learning_rate=None if rate is None else Amount(rate, Origin.LIVE),
    )


def _class_of(optimizer: Any, probes: Sequence[Probe]) -> OptimizerClass:
    """What the experiment says of the class in this use: the worst coupling among its decayed groups."""
    order = (Coupling.COUPLED_ADAPTIVE, Coupling.COUPLED_PLAIN, Coupling.UNKNOWN, Coupling.DECOUPLED, Coupling.NONE)
    key = decay_key(optimizer, optimizer.param_groups[0])
    decayed = [p for p, g in zip(probes, optimizer.param_groups, strict=True) if key and _number(g.get(key)) != 0]
    worst = min(decayed or probes, key=lambda p: order.index(p.coupling))
    number = _number(defaults_of(optimizer).get(key)) if key else None
    exempts = None
    if decayed and worst.coupling is not Coupling.NONE and _spares_vectors(optimizer):
        exempts = Division(weights=Ternary.NO, gains=Ternary.YES, biases=Ternary.YES)
    source = f"an experiment: decay is {worst.manner.value}" if worst.why == "" else f"no experiment: {worst.why}"
    name = qualified(type(optimizer))
    known = known_optimizer(name) if worst.coupling is Coupling.COUPLED_ADAPTIVE else None
    decoupled = known.decoupled(defaults_of(optimizer)) if known is not None else ""
    return OptimizerClass(name, worst.coupling, key, number, tuple(defaults_of(optimizer)), source, exempts, decoupled)


def _spares_vectors(optimizer: Any) -> bool:
    """Whether the optimizer itself leaves one-dimensional parameters undecayed (LARS and its kin)."""
    group = next((g for g in optimizer.param_groups if any(p.ndim >= 2 for p in g["params"])), None)
    if group is None:
        return False
    vector = probe(optimizer, group, (8,))
    return vector.coupling is Coupling.NONE and not vector.why and probe(optimizer, group).coupling is not Coupling.NONE


def _divided(groups: Sequence[Group]) -> bool:
    """Whether some parameters decay and a group is exempt: a split by hand, which states an intent.

    An exempt group that is empty states it too: an iterator that was used up leaves one behind.
    """
    filled = [g for g in groups if any(m is Ternary.YES for m in g.members)]
    return any(g.amount.decays for g in filled) and any(not g.amount.decays for g in groups)


def declared_exemptions(model: nn.Module, seen: Classification) -> Iterator[str]:
    """Names that the model asks not to decay: `no_weight_decay()` of any module, and marked parameters."""
    names = {c.parameter.name for c in seen.parameters}
    for path, module in model.named_modules():
        listed = getattr(type(module), "no_weight_decay", None)
        if callable(listed):
            try:
                declared = {str(name) for name in module.no_weight_decay()}
            except Exception:
                continue
            prefix = f"{path}." if path else ""
            yield from (full for name in declared if (full := prefix + name) in names)
    for c in seen.parameters:
        if getattr(c.held.tensor, "_no_weight_decay", False):
            yield c.parameter.name


def _honoured(declared: Sequence[str], inventory: Inventory, groups: Sequence[Group]) -> Ternary:
    if not declared:
        return Ternary.UNKNOWN
    wanted = {i for i, p in enumerate(inventory.parameters) if p.name in declared}
    broken = any(g.amount.decays and any(g.members[i] is Ternary.YES for i in wanted) for g in groups)
    return Ternary.of(not broken)
