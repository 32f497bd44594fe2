"""Who holds which parameter, with which decay and from where: one optimizer before a fix and after it.

Parameters are compared by name, and for a model that can't be seen by the three kinds of ordinary ones. What a
fix may change follows from what it mends: `Leave`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wdlint.facts import Amount, Group, Inventory, Kind, OptimizerUse, Parameter, Ternary
from wdlint.judging.splits import unread_decay_keys

_TRUE = (Kind.WEIGHT, Kind.EMBEDDING)
_EXEMPT = (Kind.GAIN, Kind.BIAS)
_RECOUPLED = frozenset(("WD201", "WD204"))  # another class, or another step of the same
_MOVED = frozenset(("WD202", "WD203", "WD206"))  # a strength moves from a penalty to the optimizer
_ORDINARY = "ordinary "  # one of the three kinds of parameters of a model that can't be seen
_REGROUPED = frozenset(("WD106", "WD301", "WD302", "WD304", "WD305", "WD306", "WD401"))


@dataclass(frozen=True, slots=True)
class Leave:
    """What a fix may change besides taking the decay from gains and biases."""

    codes: frozenset[str]  # the rules whose findings it mends
    lost: bool = False  # groups leave out parameters, which it may bring back
    strengths: frozenset[float] = frozenset()  # what penalties amounted to

    @property
    def holds_more(self) -> bool:
        return self.lost or bool(self.codes & {"WD303"})


@dataclass(frozen=True, slots=True)
class _Held:
    """One parameter and the groups that may hold it."""

    name: str
    kind: Kind
    flat: bool  # fewer than two dimensions
    frozen: bool
    sure: tuple[Group, ...]
    perhaps: tuple[Group, ...]


def broken(before: OptimizerUse, after: OptimizerUse, leave: Leave) -> str:
    """What a fix does to an optimizer that no fix may do, in words; empty where there is nothing."""
    if before.complete and not after.complete:
        return "the optimizer's groups can't be read after it"
    if before.inventory is not None and after.inventory is None:
        return "the optimizer's model can't be read after it"
    if before.couplings != after.couplings and not leave.codes & (_RECOUPLED | _MOVED):
        return "the optimizer becomes another"
    if len(before.classes) != len(after.classes) and "WD201" not in leave.codes:
        return "the optimizer becomes another"
    if set(after.empty) - set(before.empty):
        return "an iterator is used up before its second use"
    had, has = _held(before), _held(after)
    if before.inventory is None and after.inventory is not None:
        had |= _expected(before, after.inventory)
        has |= _ordinary(after)  # what is held of the model that is seen now, and of any other
    for name in has.keys() - had.keys():
        if has[name].sure or has[name].perhaps:
            return f"`{name}` is another parameter than before"
    for name, was in had.items():
        now = has.get(name)
        if now is None:
            if was.sure or was.perhaps:
                return f"`{name}` is in no group after it"
            continue
        if len(now.sure) > 1 and "WD303" in leave.codes and not name.startswith(_ORDINARY):
            return f"`{name}` is in two groups after it, which PyTorch refuses"
        said = _one(was, now, before, leave)
        if said:
            return said
    return ""


def _held(use: OptimizerUse) -> dict[str, _Held]:
    found: dict[str, _Held] = {}
    if use.inventory is not None:
        for index, parameter in enumerate(use.inventory.parameters):
            answers = [(g, g.members[index]) for g in use.groups if index < len(g.members)]
            held = _placed(parameter.name, parameter.kind, answers, _is_flat(parameter))
            if parameter.trainable is Ternary.NO:
                held = replace(held, frozen=True)
            found.setdefault(parameter.name, held)
    if use.inventory is None or not use.inventory.complete:
        found |= _ordinary(use)
    return found


def _ordinary(use: OptimizerUse) -> dict[str, _Held]:
    """What an optimizer holds of a model that can't be seen."""
    found: dict[str, _Held] = {}
    for name, kind in (("weights", Kind.WEIGHT), ("gains", Kind.GAIN), ("biases", Kind.BIAS)):
        answers = [(g, getattr(g.division, name)) for g in use.groups]
        found[_ORDINARY + name] = _placed(_ORDINARY + name, kind, answers, kind is not Kind.WEIGHT)
    return found


def _expected(use: OptimizerUse, inventory: Inventory) -> dict[str, _Held]:
    """What an optimizer holds of a model that it was not known to have: as it holds ordinary parameters."""
    found: dict[str, _Held] = {}
    for parameter in inventory.parameters:
        flat = _is_flat(parameter)
        word = "biases" if parameter.kind is Kind.BIAS else "gains" if flat else "weights"
        answers = [(group, getattr(group.division, word)) for group in use.groups]
        held = _placed(parameter.name, parameter.kind, answers, flat)
        found[parameter.name] = replace(held, frozen=parameter.trainable is Ternary.NO)
    return found


def _placed(name: str, kind: Kind, answers: Sequence[tuple[Group, Ternary]], flat: bool) -> _Held:
    sure = tuple(g for g, answer in answers if answer is Ternary.YES)
    return _Held(name, kind, flat, False, sure, tuple(g for g, answer in answers if answer is Ternary.UNKNOWN))


def _is_flat(parameter: Parameter) -> bool:
    return parameter.ndim is not None and parameter.ndim < 2


def _one(was: _Held, now: _Held, use: OptimizerUse, leave: Leave) -> str:
    """What is wrong with one parameter after the fix."""
    if not was.sure and not was.perhaps:
        back = (now.sure or now.perhaps) and not leave.holds_more and not leave.codes & _REGROUPED
        return f"`{was.name}` is in a group after it, and in none before" if back else ""
    if not now.sure and not now.perhaps:
        return "" if was.frozen else f"`{was.name}` is in no group after it"
    if len(now.sure) + len(now.perhaps) != 1:
        if _same_places(was, now):
            return _options(was, now, use)
        if not _agree(now):
            return f"it can't be told which group holds `{was.name}` after it"
    for group in (*now.sure, *now.perhaps):
        if not _may_decay(was, group.amount, use, leave):
            return f"the decay of `{was.name}` would be {_text(group.amount)}, and was {_texts(was)}"
    return _options(was, now, use)


def _same_places(was: _Held, now: _Held) -> bool:
    """Whether a parameter that was held doubtfully, or twice, still is in the same way."""
    one, other = (
        [(len(h.sure), len(h.perhaps)), *sorted(map(_text, (g.amount for g in (*h.sure, *h.perhaps))))]
        for h in (was, now)
    )
    return one == other


def _agree(now: _Held) -> bool:
    """Whether several groups may hold a parameter, all doubtfully and all with one strength."""
    return not now.sure and len({_text(g.amount) for g in now.perhaps}) == 1


def _may_decay(was: _Held, amount: Amount, use: OptimizerUse, leave: Leave) -> bool:
    """Whether a parameter may have this strength after the fix."""
    before = [g.amount for g in (*was.sure, *was.perhaps)]
    if any(same(amount, one) for one in before):
        return True
    if was.kind in _EXEMPT or (was.flat and was.kind not in _TRUE) or was.kind is Kind.OTHER:
        return amount.value == 0 and not amount.latent
    if "WD106" in leave.codes and amount.value == 0 and not amount.latent:
        return any(was.name.endswith(pattern.replace("*", "")) for pattern in use.declared)
    if leave.codes & _MOVED:
        return amount.value is None or any(abs(amount.value - s) <= 1e-9 * s for s in leave.strengths)
    if leave.codes & _REGROUPED and _reads_another_key(was, use):
        return True
    known = [*(g.amount for g in use.groups if g.amount.decays), *(g.amount for g in use.unused_groups)]
    if all(not one.decays for one in before) and leave.codes & _REGROUPED:
        return any(same(amount, one) for one in known)
    return "WD306" in leave.codes and any(same(amount, one) for one in use_unused(use))


def _reads_another_key(was: _Held, use: OptimizerUse) -> bool:
    """Whether the group of a parameter has a strength under a key that the optimizer does not read."""
    return any(True for g in (*was.sure, *was.perhaps) for _ in unread_decay_keys(use, g))


def use_unused(use: OptimizerUse) -> Iterator[Amount]:
    """The strengths of the decayed groups that were made and handed to nobody."""
    return (g.amount for g in use.unused_groups if g.amount.decays)


def same(left: Amount | None, right: Amount | None) -> bool:
    """Whether two strengths are one: the same number, or the same words for a number that can't be seen."""
    if left is None or right is None:
        return left is right
    if left.value != right.value or left.varies != right.varies:
        return False
    if left.value is None:
        return (left.text, left.origin) == (right.text, right.origin)
    return left.origin is right.origin or not (left.latent or right.latent)


def _options(was: _Held, now: _Held, use: OptimizerUse) -> str:
    """What other options of a parameter the fix changes."""
    before, after = (*was.sure, *was.perhaps), (*now.sure, *now.perhaps)
    for group in after:
        if not any(same(group.learning_rate, one.learning_rate) for one in before):
            return f"the learning rate of `{was.name}` would change"
        if not any(_further(group, use) == _further(one, use) for one in before):
            return f"an option of the group that holds `{was.name}` would be lost"
    return ""


def _further(group: Group, use: OptimizerUse) -> frozenset[str]:
    """The keys of a group but for its decay, however that is spelled."""
    unread = {key for _, key, _ in unread_decay_keys(use, group)}
    own = {"params", *(c.decay_key for c in use.classes), *unread}
    return frozenset(key for key in group.options if key not in own and not key.startswith("weight_decay"))


def _text(amount: Amount) -> str:
    return f"{amount.value:g}" if amount.value is not None else amount.text or "unknown"


def _texts(was: _Held) -> str:
    return " or ".join(dict.fromkeys(_text(g.amount) for g in (*was.sure, *was.perhaps)))
