"""The words of findings: counts and examples of parameters, decay strengths and where they come from.

Here live small functions from facts to phrases, so that every rule says the same thing in the same
words. Nothing here judges, and nothing here knows a rule.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from wdlint.facts import Amount, Finding, Group, Kind, Note, OptimizerUse, Origin, Parameter, Penalty, Place, Ternary
from wdlint.judging.effect import effect_note, shrink_per_step
from wdlint.judging.numbers import number
from wdlint.judging.reach import Reach

GAINS_MATTER = (
    "a gain rescales features and mixes none: decay pulls it away from the scale "
    "that the loss asks for and limits nothing that the network computes"
)
BIASES_MATTER = "a bias only shifts an output: pulling it towards 0 limits nothing that the network computes"
BOTH_MATTER = (
    "gains and biases mix no features: decay pulls them away from what the loss asks for "
    "and limits nothing that the network computes"
)
COUPLED_MATTERS = (
    "decay that enters the gradient is divided by the gradient's own history: the larger a "
    "parameter's gradients are, the less it decays"
)

_ALL = ".parameters()"
_NOUNS = {
    Kind.WEIGHT: ("weight", "weights"),
    Kind.GAIN: ("gain", "gains"),
    Kind.BIAS: ("bias", "biases"),
    Kind.EMBEDDING: ("embedding", "embeddings"),
    Kind.OTHER: ("special parameter", "special parameters"),
    Kind.UNKNOWN: ("parameter of unknown kind", "parameters of unknown kind"),
}


def listed(items: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def examples(parameters: Sequence[Parameter], most: int = 3) -> tuple[str, ...]:
    """Up to `most` names that differ as much as they can: another owner and attribute each, if there is one."""
    chosen: list[Parameter] = []
    seen: set[tuple[str, str]] = set()
    for parameter in parameters:
        look = (parameter.owner, parameter.attribute or parameter.name.rsplit(".", 1)[-1])
        if look not in seen:
            seen.add(look)
            chosen.append(parameter)
    chosen += [p for p in parameters if p not in chosen] if len(chosen) < most else []
    return tuple(p.name for p in chosen[:most])


def counted(parameters: Sequence[Parameter], kind: Kind, use: OptimizerUse | None = None) -> str:
    """How many parameters of one kind there are, with examples: "12 gains (e.g. `norm1.weight`, `ln_f.weight`)".

    A name with `*` stands for as many parameters as there are indices, so the count is a lower bound. Of a `use` whose
    model may be any of a family, numbers and names are not told: they differ from one to the other.
    """
    if use is not None and of_family(use):
        return _NOUNS[kind][1]
    count = len(parameters)
    names = examples(parameters)
    many = any("*" in p.name for p in parameters)
    noun = _NOUNS[kind][count != 1 or many]
    shown = ", ".join(f"`{name}`" for name in names)
    return f"{count}{' or more' if many else ''} {noun} ({'e.g. ' if count > len(names) else ''}{shown})"


def of_family(use: OptimizerUse) -> bool:
    """Whether the model is one of a library's, and nothing in the code says which."""
    return use.variants > 1 and use.inventory is not None and use.inventory.assumed


def kinds(parameters: Sequence[Parameter], use: OptimizerUse | None = None) -> str:
    """All the kinds of these parameters with counts and examples, in the order of `Kind`."""
    parts = []
    for kind in Kind:
        of_kind = [p for p in parameters if p.kind is kind]
        if of_kind:
            parts.append(counted(of_kind, kind, use))
    return listed(parts)


def line_of(place: Place | None, beside: Place | None) -> str:
    """Where a place is, as seen from another one: "line 14", "cell 3, line 2", "line 4 of config.yaml"."""
    if place is None:
        return ""
    line = f"line {place.line}" if place.cell is None else f"cell {place.cell}, line {place.line}"
    elsewhere = beside is not None and place.file != beside.file
    return f"{line} of {PurePath(place.file).name}" if elsewhere else line


def _bracket(*parts: str) -> str:
    inside = ", ".join(part for part in parts if part)
    return f" ({inside})" if inside else ""


def amount(strength: Amount, beside: Place | None = None, optimizer: str = "the optimizer") -> str:
    """A decay strength and its origin, for example "`args.weight_decay` (default 0.05, line 14)".

    Args:
        strength: the decay strength.
        beside: the place of the finding, so that a line of another file is told by its file too.
        optimizer: the optimizer's name, for a default that is its own.
    """
    value = "" if strength.value is None else number(strength.value)
    other = "one of several values" if strength.varies else ""
    text = f"`{strength.text}`" if strength.text else ""
    origin = strength.origin
    if origin is Origin.OPTIMIZER_DEFAULT:
        return f"{value or 'a decay'}, {optimizer}'s own default"
    if origin is Origin.LIVE or (value and (not text or _is_number(strength.text))):
        return f"{value or 'an unknown amount'}{_bracket(other)}"
    line = line_of(strength.place, beside)
    text = text or "an amount"
    if not value:
        hidden = "computed" if origin is Origin.COMPUTED else "its value is not visible"
        return f"{text}{_bracket(hidden, other)}"
    if origin is Origin.ARGUMENT_DEFAULT:
        return f"{text}{_bracket(f'default {value}', line, other)}"
    if origin is Origin.FIELD_DEFAULT:
        return f"{text}{_bracket(f'{value} by configuration', line, other)}"
    return f"{text}{_bracket(value, line, other)}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def amounts(groups: Iterable[Group], use: OptimizerUse, goes_on: bool = False) -> str:
    """The different strengths of these groups: "0.05", "0.05 and 0.01"; `goes_on`: the sentence does, past a comma."""
    words = dict.fromkeys(amount(g.amount, use.place, _whose(g, use)) for g in groups)
    text = listed(list(words))
    return f"{text}," if goes_on and text.endswith("own default") else text


def _whose(group: Group, use: OptimizerUse) -> str:
    """Whose default a strength is that nobody writes: the optimizer's, or the library's that makes it."""
    own = tuple(cls for cls in use.classes if cls.default_decay == group.amount.value)
    if use.loop is None or (own and not use.loop.divides):
        return optimizer(replace(use, classes=own or use.classes))
    *_, before, last = ("", *use.loop.name.split("."))
    return f"`{before}.{last}`" if last[:1].islower() and before[:1].isupper() else f"`{last}`"


def optimizer(use: OptimizerUse) -> str:
    """The optimizer's short name: that of its class, or of its classes, or else the call as written."""
    names = dict.fromkeys(c.name.rsplit(".", 1)[-1] for c in use.classes)
    if not names:
        return use.callee.rsplit(".", 1)[-1] or "the optimizer"
    if len(names) > 3:
        return f"{next(iter(names))} (or {len(names) - 1} other classes)"
    return listed(list(names), "or")


def model(use: OptimizerUse) -> str:
    """The model as written, or "the model"; several are listed."""
    return listed([f"`{name}`" for name in use.model.split(" and ")]) if use.model else "the model"


def everything(use: OptimizerUse, groups: Sequence[Group]) -> str:
    """What some groups hold in full: the model, or of several parts of it those that are meant."""
    held = [group.label.removesuffix(_ALL) for group in groups if group.label.endswith(_ALL)]
    if len(groups) == len(use.groups) or len(held) < len(groups):
        return model(use)
    return listed([f"`{name}`" for name in dict.fromkeys(held)])


def expression(use: OptimizerUse) -> str:
    """The model as code that may be written; "" where that is not known.

    Of a live run only the model's class has a name.
    """
    held = use.inventory.model.rpartition(".")[2] if use.inventory is not None else ""
    if any(group.amount.origin is Origin.LIVE for group in use.groups) and use.model == held:
        return "model"
    return use.model if _is_reference(use.model) else ""


def subject(use: OptimizerUse) -> str:
    """A name of the site that survives edits elsewhere in the file, for baselines."""
    return f"{use.callee or optimizer(use)}({use.model})"


def amount_note(groups: Sequence[Group], use: OptimizerUse) -> tuple[Note, ...]:
    """Notes that point to the lines where the strengths stand, if they stand elsewhere."""
    notes: dict[Place, Note] = {}
    for group in groups:
        place = group.amount.place
        if place is not None and (place.file, place.line) != (use.place.file, use.place.line):
            notes.setdefault(place, Note("the decay is set here", place))
    if any(group.amount.origin is Origin.OPTIMIZER_DEFAULT for group in groups):
        source = next((c.source for c in use.classes if c.source), "")
        if source:
            return (*notes.values(), Note(f"the default is known from {source}"))
    return tuple(notes.values())


def _one(kind: Kind) -> str:
    noun = _NOUNS[kind][0]
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def evidence_note(parameters: Sequence[Parameter], most: int = 2) -> tuple[Note, ...]:
    """Notes that say why the first examples have their kind."""
    names = examples(parameters, most)
    by_name = {p.name: p for p in parameters}
    return tuple(
        Note(f"`{name}` is {_one(by_name[name].kind)}: {by_name[name].evidence.text}", by_name[name].place)
        for name in names
        if by_name[name].evidence.text
    )


def divided_by_dimension(use: OptimizerUse) -> bool:
    """Whether `p.ndim >= 2` separates exactly the decayed kinds of this model from its gains and biases."""
    inventory = use.inventory
    if inventory is None or not inventory.complete or not inventory.parameters:
        return False
    return all(
        p.ndim is not None
        and p.kind in (Kind.WEIGHT, Kind.EMBEDDING, Kind.GAIN, Kind.BIAS)
        and (p.ndim >= 2) == (p.kind in (Kind.WEIGHT, Kind.EMBEDDING))
        for p in inventory.parameters
    )


def split_advice(use: OptimizerUse, groups: Sequence[Group]) -> str:
    """What to write instead of one group for everything: code that runs where the optimizer is made."""
    strength = _strength(use, groups)
    model = expression(use)
    if divided_by_dimension(use):
        return (
            f"make two groups: parameters{f' of `{model}`' if model else ''} with `p.ndim >= 2` keep "
            f"`weight_decay={strength}`, the others get `weight_decay=0.0`"
        )
    if not model:
        return "make two groups, with `weight_decay=0.0` for gains and biases: `wdlint.decay_groups` returns them"
    return (
        f"make two groups, with `weight_decay=0.0` for gains and biases: "
        f"`wdlint.decay_groups({model}, weight_decay={strength})` returns them"
    )


def _strength(use: OptimizerUse, groups: Sequence[Group]) -> str:
    """The decay as an expression that means the same where the optimizer is made."""
    for strength in (group.amount for group in groups):
        told = number(strength.value) if strength.value is not None else ""
        if strength.origin in (Origin.OPTIMIZER_DEFAULT, Origin.UNKNOWN, Origin.LIVE) and told:
            return told
        here = use.made_place is None and _is_expression(strength.text)
        if here or told:
            return strength.text if here else told
    return "weight_decay"


def _is_expression(text: str) -> bool:
    try:
        return bool(text) and bool(ast.parse(text, mode="eval"))
    except SyntaxError:
        return False


def _is_reference(text: str) -> bool:
    """Whether a text is a name or an attribute, `self.model`."""
    return all(part.isidentifier() for part in text.split("."))


def reach_finding(code: str, reach: Reach, message: str, why: str, advice: str = "") -> Finding:
    """A finding about what decay reaches, with the notes that trace it to the source."""
    use = reach.use
    inventory = use.inventory
    assumption: tuple[Note, ...] = ()
    evidence = () if of_family(use) else evidence_note(reach.parameters)
    if reach.parameters and inventory is not None and inventory.assumed and not of_family(use):
        assumption = (Note(f"this holds if the model is {inventory.model}", inventory.place),)
    return Finding(
        code=code,
        place=use.place,
        message=message,
        help=advice or (use.loop.advice if use.loop is not None else split_advice(use, reach.groups)),
        notes=(
            Note(why),
            *evidence,
            *assumption,
            *_loop_note(use),
            *amount_note(reach.groups, use),
            *effect_note(reach.groups, use),
        ),
        parameters=tuple(p.name for p in reach.parameters),
        confidence=reach.confidence,
        latent=reach.latent,
        subject=subject(use),
        shrink_per_step=shrink_per_step(reach.groups, use),
    )


def _loop_note(use: OptimizerUse) -> tuple[Note, ...]:
    """A note that says who divides the parameters, where that is a library's training loop."""
    if use.loop is None:
        return ()
    if not use.loop.divides:
        return (Note(f"`{use.loop.name}` makes the optimizer and divides no parameters by itself ({use.loop.source})"),)
    return (
        Note(f"`{use.loop.name}` makes the optimizer and divides the parameters by its own rule ({use.loop.source})"),
    )


def inherited_note(reach: Reach) -> tuple[Note, ...]:
    """Notes on groups that stand beside others and have no decay of their own."""
    use = reach.use
    if len(use.groups) < 2:
        return ()
    return tuple(
        Note(f"this group has no decay of its own and inherits {amounts((g,), use)}", g.place)
        for g in reach.groups
        if not g.amount_written
    )


def decays(latent: bool) -> str:
    """The verb: a latent fault bites only when the decay is set."""
    return "decays" if not latent else "decays, as soon as it is set,"


def _penalised(penalty: Penalty) -> list[Parameter]:
    if penalty.inventory is None:
        return []
    pairs = zip(penalty.inventory.parameters, penalty.members, strict=False)
    return [p for p, member in pairs if member is Ternary.YES and p.present is not Ternary.NO]


def penalised(penalty: Penalty) -> str:
    """What a penalty reaches: counts by kind where the parameters are known, else what is known of them."""
    reached = _penalised(penalty)
    if reached:
        return kinds(reached)
    if penalty.parameters:
        return listed([f"`{name}`" for name in penalty.parameters[:3]])
    named = [_NOUNS[kind][1] for kind in Kind if kind in penalty.kinds]
    return listed(named) or "the parameters"


def penalty_strength(penalty: Penalty) -> str:
    """What a penalty is multiplied with, as it acts: a mean over n entries leaves each a share of 1/n."""
    words = amount(penalty.coefficient, penalty.place)
    if not penalty.averaged:
        return words
    counts = {_entries(p) for p in _penalised(penalty)}
    number_of = counts.pop() if len(counts) == 1 else None
    return f"{words}, divided by {'the number of its entries' if number_of is None else number_of} (it is a mean)"


def _entries(parameter: Parameter) -> int | None:
    sizes = parameter.shape or ()
    known = [size for size in sizes if size is not None]
    return math.prod(known) if known and len(known) == len(sizes) and "*" not in parameter.name else None


def penalty_notes(penalty: Penalty) -> tuple[Note, ...]:
    """Notes that point to where a penalty joins the loss and where its strength is set, if they stand elsewhere."""
    notes = []
    here = (penalty.place.file, penalty.place.line)
    joins, sets = penalty.joins_place or penalty.sink_place, penalty.coefficient.place
    if joins is not None and (joins.file, joins.line) != here:
        notes.append(Note("it joins the loss here" if penalty.joins_place else "the loss is made here", joins))
    if sets is not None and (sets.file, sets.line) not in (here, (joins.file, joins.line) if joins else here):
        notes.append(Note("its strength is set here", sets))
    return tuple(notes)


def penalised_names(penalty: Penalty) -> tuple[str, ...]:
    """The names of the parameters that an L2 term reaches, as far as they are known."""
    return tuple(p.name for p in _penalised(penalty)) or penalty.parameters
