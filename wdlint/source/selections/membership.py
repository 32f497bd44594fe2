"""Whether a selection takes a parameter, decided without running it.

YES and NO hold for every parameter that the description covers: every number behind a `*`, every
path behind a `?.`, every value of what isn't known. How one condition is decided is in `atoms`, how
names with unknown parts are is in `wildcard` and `regular`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from operator import itemgetter

from wdlint.facts import Parameter, Ternary
from wdlint.source.selections import wildcard
from wdlint.source.selections.atoms import COMPARE, NO, UNKNOWN, YES, Atom, Context, atom_of, texts_of
from wdlint.source.selections.predicates import (
    Always,
    And,
    Contains,
    Dims,
    EndsWith,
    Equals,
    FullName,
    InNames,
    Lower,
    Matches,
    Not,
    Or,
    OwnerType,
    Placed,
    Prefixed,
    Replaced,
    Segment,
    Selector,
    Size,
    StartsWith,
    Text,
    Upper,
)
from wdlint.source.selections.regular import TooLarge

__all__ = [
    "CASES",
    "Context",
    "Outcomes",
    "admits",
    "asks_for_places",
    "asks_for_places_alone",
    "jointly",
    "members",
    "outcomes",
    "pattern_matches",
    "patterns",
]

CASES = 64  # combinations of unknown conditions that are tried before an answer is left unknown

_TERNARY = (Ternary.NO, Ternary.UNKNOWN, Ternary.YES)
_NOTHING_MORE = Context()


def admits(selector: Selector, parameter: Parameter, context: Context = _NOTHING_MORE) -> Ternary:
    """Whether the selection takes the parameter, by Kleene's logic: unknown conditions stay apart."""
    plan = _plan((selector,))
    return _TERNARY[plan.results[0](plan.answers(parameter, context))]


def members(
    selector: Selector, parameters: Iterable[Parameter], context: Context = _NOTHING_MORE
) -> tuple[Ternary, ...]:
    """`jointly` for every parameter of an inventory."""
    plan = _plan((selector,))
    (result,) = plan.results
    found: list[Ternary] = []
    for parameter in parameters:
        answers = plan.answers(parameter, context)
        answer = result(answers)
        sharper = answer == UNKNOWN
        found.append(_outcomes(plan, parameter, answers).answers[0] if sharper else _TERNARY[answer])
    return tuple(found)


def jointly(selector: Selector, parameter: Parameter, context: Context = _NOTHING_MORE) -> Ternary:
    """As `admits`, but sharper: one unknown condition has the same answer wherever it stands.

    `x or not x` is YES, and a number that is not known is one number throughout.
    """
    return members(selector, (parameter,), context)[0]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What several selections do with one parameter."""

    answers: tuple[Ternary, ...]  # one a selector
    nowhere: Ternary  # it is in none of them
    twice: Ternary  # it is in more than one
    cases: tuple[tuple[bool, ...], ...] = ()  # the possible memberships, one answer a selector; empty: too many


def outcomes(selectors: Sequence[Selector], parameter: Parameter, context: Context = _NOTHING_MORE) -> Outcomes:
    """Decide several selections of one parameter at once, each unknown condition having one answer in all.

    Conditions on one unknown thing (an index, the number of dimensions) are tried over its possible
    values, all others over both answers. Beyond `CASES` combinations they are decided one by one.
    """
    plan = _plan(tuple(selectors))
    return _outcomes(plan, parameter, plan.answers(parameter, context))


def patterns(selector: Selector) -> list[tuple[str, Selector]]:
    """The constant patterns of parameter names in it, each with the condition that tests it, in order."""
    found: dict[tuple[str, Selector], None] = {}
    for atom in _plan((selector,)).atoms:
        node = atom.selector
        if isinstance(node, (Contains, StartsWith, EndsWith)) and _of_name(node.text):
            found[node.needle, node] = None
        elif isinstance(node, Equals) and _of_name(node.text):
            found[node.value, node] = None
        elif isinstance(node, Matches) and _of_name(node.text):
            found[node.pattern, node] = None
        elif isinstance(node, InNames) and _of_name(node.text):
            found.update({(name, Equals(node.text, name)): None for name in node.names})
    return list(found)


def asks_for_places(*selectors: Selector) -> bool:
    """Whether an answer depends on the place of a parameter among others."""
    return any(isinstance(atom.selector, Placed) for atom in _plan(selectors).atoms)


def asks_for_places_alone(selector: Selector) -> bool:
    """Whether a selection asks nothing of a parameter but its place among others."""
    atoms = _plan((selector,)).atoms
    return bool(atoms) and all(isinstance(atom.selector, Placed) for atom in atoms)


def pattern_matches(node: Selector, parameter: Parameter, context: Context = _NOTHING_MORE) -> Ternary:
    """Whether a condition of `patterns` holds for the parameter."""
    return admits(node, parameter, context)


def _of_name(text: Text) -> bool:
    """Whether a text is a name, or a part of one, that the source itself asks about."""
    while isinstance(text, (Lower, Upper, Segment, Replaced, Prefixed)):
        text = text.text
    return not isinstance(text, OwnerType) and not (isinstance(text, FullName) and text.moved)


# ---- several conditions at once


@dataclass(frozen=True, slots=True)
class _Plan:
    """Selections made ready: their distinct conditions, and how the answers combine."""

    atoms: tuple[Atom, ...]
    results: tuple[Callable[[Sequence[int]], int], ...]

    def answers(self, parameter: Parameter, context: Context) -> list[int]:
        texts = texts_of(parameter.name, parameter.owner)
        return [atom.test(texts, parameter, context) for atom in self.atoms]


@lru_cache(maxsize=512)
def _plan(selectors: tuple[Selector, ...]) -> _Plan:
    atoms: dict[Selector, int] = {}
    results = tuple(_result(selector, atoms) for selector in selectors)
    return _Plan(tuple(map(atom_of, atoms)), results)


def _result(selector: Selector, atoms: dict[Selector, int]) -> Callable[[Sequence[int]], int]:
    """How the answer follows from those to the conditions; new ones are added to `atoms`."""
    if isinstance(selector, Always):
        constant = YES if selector.value else NO
        return lambda answers: constant
    if isinstance(selector, Not):
        inner = _result(selector.part, atoms)
        return lambda answers: 2 - inner(answers)
    if isinstance(selector, (And, Or)):
        extreme: Callable[[Iterable[int]], int] = min if isinstance(selector, And) else max
        parts = [_result(part, atoms) for part in selector.parts]
        neutral = YES if isinstance(selector, And) else NO
        return lambda answers: extreme([neutral, *[part(answers) for part in parts]])
    return itemgetter(atoms.setdefault(selector, len(atoms)))


def _outcomes(plan: _Plan, parameter: Parameter, answers: list[int]) -> Outcomes:
    found = [result(answers) for result in plan.results]
    if UNKNOWN not in found:
        return _summary([tuple(each == YES for each in found)])
    unknown = [index for index, answer in enumerate(answers) if answer == UNKNOWN]
    groups = _groups(plan, unknown, parameter)
    if prod(len(vectors) for _, vectors in groups) > CASES:
        return _apart(found)
    cases: dict[tuple[bool, ...], None] = {}
    for chosen in product(*(vectors for _, vectors in groups)):
        for (indices, _), vector in zip(groups, chosen, strict=True):
            for index, truth in zip(indices, vector, strict=True):
                answers[index] = YES if truth else NO
        cases[tuple(result(answers) == YES for result in plan.results)] = None
    return _summary(list(cases))


def _summary(cases: list[tuple[bool, ...]]) -> Outcomes:
    return Outcomes(
        answers=tuple(_over(column) for column in zip(*cases, strict=True)),
        nowhere=_over(not any(case) for case in cases),
        twice=_over(sum(case) > 1 for case in cases),
        cases=tuple(sorted(cases)),
    )


def _over(truths: Iterable[bool]) -> Ternary:
    found = set(truths)
    return Ternary.UNKNOWN if len(found) > 1 else Ternary.of(found.pop())


def _apart(found: Sequence[int]) -> Outcomes:
    certain, possible = found.count(YES), len(found) - found.count(NO)
    return Outcomes(
        answers=tuple(_TERNARY[each] for each in found),
        nowhere=Ternary.NO if certain else Ternary.UNKNOWN if possible else Ternary.YES,
        twice=Ternary.YES if certain > 1 else Ternary.UNKNOWN if possible > 1 else Ternary.NO,
    )


_Vectors = list[tuple[bool, ...]]
_Group = tuple[Sequence[int], _Vectors]  # conditions by their place in the plan, and the answers that they can have


def _groups(plan: _Plan, unknown: Iterable[int], parameter: Parameter) -> list[_Group]:
    """The unknown conditions, those on one unknown thing together, with the answers they can have."""
    texts = texts_of(parameter.name, parameter.owner)
    things: dict[object, list[int]] = {}
    for index in unknown:
        atom = plan.atoms[index]
        thing: object = index
        if atom.reader is not None:
            thing = atom.reader(texts)
        elif isinstance(atom.selector, Dims):
            thing = "dimensions"
        elif isinstance(atom.selector, Size):
            thing = ("size", atom.selector.axis)
        things.setdefault(thing, []).append(index)
    groups: list[_Group] = []
    for thing, indices in things.items():
        atoms = [plan.atoms[index] for index in indices]
        if len(indices) == 1:
            groups.append((indices, [(False,), (True,)]))
        elif atoms[0].reader is not None:
            groups.extend(_text_groups(str(thing), dict(zip(indices, atoms, strict=True))))
        else:
            numbers = [atom.selector for atom in atoms if isinstance(atom.selector, (Dims, Size))]
            groups.append((indices, _number_vectors(numbers)))
    return groups


def _text_groups(text: str, atoms: Mapping[int, Atom]) -> Iterator[_Group]:
    """Conditions on one text together, as far as they are understood; others by themselves."""
    languages = {index: atom.language(text) for index, atom in atoms.items() if atom.language is not None}
    understood = {index: term for index, term in languages.items() if term is not None}
    try:
        yield list(understood), sorted(wildcard.outcomes(text, tuple(understood.values())))
    except TooLarge:
        understood = {}
    for index in atoms:
        if index not in understood:
            yield [index], [(False,), (True,)]


def _number_vectors(selectors: Sequence[Dims | Size]) -> _Vectors:
    near = {each.number + step for each in selectors for step in (-1, 0, 1)} | {0}
    return sorted({tuple(COMPARE[each.op](value, each.number) for each in selectors) for value in near if value >= 0})
