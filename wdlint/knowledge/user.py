"""What a user's settings say of his own layers, parameters and optimizers.

His optimizers, normalisation layers and factories join the tables before a file is read. His names of gains and
biases, his normalisation layers whose source is in the project, and his policy on embeddings correct
the kinds of the parameters that were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wdlint.facts import Coupling, Evidence, FileFacts, Inventory, Kind, Parameter, Witness
from wdlint.knowledge import factories, layers, optimizers, wrappers
from wdlint.settings.catalogue import Knowledge, OptimizerEntry, Settings

_COUPLINGS = {
    "decoupled": Coupling.DECOUPLED,
    "adaptive": Coupling.COUPLED_ADAPTIVE,
    "plain": Coupling.COUPLED_PLAIN,
    "none": Coupling.NONE,
    "unknown": Coupling.UNKNOWN,
}
_EMBEDDINGS = {"decay": Kind.WEIGHT, "exempt": Kind.OTHER}
_SHIFTS = ("bias", "beta", "shift")  # what biases of normalisation layers are called


def use(knowledge: Knowledge) -> None:
    """Make a user's optimizers, layers and factories known, in place of those that were known before."""
    optimizers.add(map(_optimizer, knowledge.optimizers))
    layers.add(_norm(path) for path in knowledge.norm_layers if "." in path)
    factories.add(knowledge.model_factories)
    wrappers.add_group_factories(knowledge.group_factories)


def _optimizer(entry: OptimizerEntry) -> optimizers.KnownOptimizer:
    return optimizers.KnownOptimizer(
        name=entry.path,
        parameters=optimizers.Argument("params", 0),
        decay=optimizers.Argument(entry.decay, None, entry.default) if entry.decay else None,
        learning_rate=optimizers.Argument("lr", 1),
        coupling=_COUPLINGS[entry.coupling],
        source="your settings",
    )


def _norm(path: str) -> layers.KnownLayer:
    """A layer with a gain; whether it has a bias too is not said."""
    return layers.KnownLayer(path, (), {}, (layers.LayerParameter("weight", Kind.GAIN, None),), complete=False)


def corrected(facts: FileFacts, settings: Settings) -> FileFacts:
    """The facts with the kinds that the settings give to parameters."""
    knowledge = settings.knowledge
    if settings.embeddings == "either" and not (knowledge.norm_layers or knowledge.gain_names or knowledge.bias_names):
        return facts

    def seen(inventory: Inventory | None) -> Inventory | None:
        if inventory is None:
            return None
        return replace(inventory, parameters=tuple(_corrected(p, settings) for p in inventory.parameters))

    uses = tuple(replace(fact, inventory=seen(fact.inventory)) for fact in facts.uses)
    penalties = tuple(replace(fact, inventory=seen(fact.inventory)) for fact in facts.penalties)
    return replace(facts, uses=uses, penalties=penalties)


def _corrected(parameter: Parameter, settings: Settings) -> Parameter:
    knowledge = settings.knowledge
    attribute = parameter.attribute or parameter.name.rpartition(".")[2]
    for names, kind in ((knowledge.gain_names, Kind.GAIN), (knowledge.bias_names, Kind.BIAS)):
        if attribute in names:
            return replace(parameter, kind=kind, evidence=_said(f"your settings name `{attribute}` a {kind.value}"))
    if _is_one_of(parameter.owner, knowledge.norm_layers):
        kind = Kind.BIAS if any(word in attribute for word in _SHIFTS) else Kind.GAIN
        said = _said(f"your settings name `{parameter.owner}` a normalisation layer")
        return replace(parameter, kind=kind, evidence=said)
    if parameter.kind is Kind.EMBEDDING and settings.embeddings in _EMBEDDINGS:
        return replace(parameter, kind=_EMBEDDINGS[settings.embeddings])
    return parameter


def _said(words: str) -> Evidence:
    return Evidence(Witness.NAME, words)


def _is_one_of(owner: str, names: Sequence[str]) -> bool:
    """Whether a class is named, by its import path or by its bare name."""
    return bool(owner) and (owner in names or owner.rpartition(".")[2] in names)
