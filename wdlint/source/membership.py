"""Whether a selection takes a parameter, decided without running it.

YES and NO hold for every parameter that the description covers: every number behind a `*`, every
path behind a `?.`, every value of what isn't known. How names with unknown parts are decided is in
`wildcard` and `regular`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from math import inf, prod
from operator import attrgetter, eq, ge, gt, itemgetter, le, lt, ne

from wdlint.facts import Parameter, Ternary
from wdlint.source import regex, wildcard
from wdlint.source.predicates import (
    Always,
    AncestorIs,
    And,
    Comparison,
    Contains,
    Dims,
    EndsWith,
    Equals,
    FullName,
    HasFlag,
    InNames,
    Leaf,
    Lower,
    Matches,
    Not,
    Opaque,
    Or,
    OwnerIs,
    OwnerName,
    OwnerType,
    Prefixed,
    Replaced,
    Segment,
    Selector,
    Size,
    StartsWith,
    Text,
    Trainable,
    Upper,
    Within,
)
from wdlint.source.regular import EVERYTHING, NOTHING, Term, TooLarge, any_of, containing, literal, sequence

CASES = 64  # combinations of unknown conditions that are tried before an answer is left unknown

_NO, _UNKNOWN, _YES = 0, 1, 2  # Ternary values as numbers: `and` is min, `or` is max
_TERNARY = (Ternary.NO, Ternary.UNKNOWN, Ternary.YES)
_COMPARE: dict[Comparison, Callable[[float, float], bool]] = {
    "<": lt,
    "<=": le,
    "==": eq,
    "!=": ne,
    ">": gt,
    ">=": ge,
}


def _no_ancestry(owner: str) -> frozenset[str] | None:
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the parameter itself.

    `ancestry` gives the dotted paths of all bases of a class, None if they are not known; a "?" among
    them says that there are more. `flags` gives the names of the parameters that carry an attribute;
    what it doesn't list is not carried.
    """

    ancestry: Callable[[str], frozenset[str] | None] = _no_ancestry
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)


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
        sharper = answer == _UNKNOWN
        found.append(_outcomes(plan, parameter, answers).answers[0] if sharper else _TERNARY[answer])
    return tuple(found)


def jointly(selector: Selector, parameter: Parameter, context: Context = _NOTHING_MORE) -> Ternary:
    """As `admits`, but sharper: one unknown condition has the same answer wherever it stands.

    `x or not x` is YES, and a number that is not known is one number throughout.
    """
    return outcomes((selector,), parameter, context).answers[0]


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


def pattern_matches(node: Selector, parameter: Parameter, context: Context = _NOTHING_MORE) -> Ternary:
    """Whether a condition of `patterns` holds for the parameter."""
    return admits(node, parameter, context)


def _of_name(text: Text) -> bool:
    while isinstance(text, (Lower, Upper, Segment, Replaced, Prefixed)):
        text = text.text
    return not isinstance(text, OwnerType)


# ---- texts


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of one parameter, with holes for what isn't known."""

    full: str
    owner: str
    leaf: str
    owner_type: str


@lru_cache(maxsize=16384)
def _texts(name: str, owner: str) -> _Texts:
    full = wildcard.compiled(name)
    owner_type = owner.rpartition(".")[2] or wildcard.ANYTHING
    return _Texts(full, wildcard.owner_path(full), wildcard.leaf(full), owner_type)


def _reader(text: Text) -> Callable[[_Texts], str]:
    """How a text expression is read off a parameter."""
    if isinstance(text, FullName):
        return attrgetter("full")
    if isinstance(text, OwnerName):
        return attrgetter("owner")
    if isinstance(text, Leaf):
        return attrgetter("leaf")
    if isinstance(text, OwnerType):
        return attrgetter("owner_type")
    change = _change(text)
    inner = _reader(text.text)  # type: ignore[attr-defined]
    return lambda texts: change(inner(texts))


def _change(text: Text) -> Callable[[str], str]:
    if isinstance(text, Lower):
        return lambda value: wildcard.changed_case(value, True)
    if isinstance(text, Upper):
        return lambda value: wildcard.changed_case(value, False)
    if isinstance(text, Segment):
        return lru_cache(maxsize=None)(lambda value: wildcard.segment(value, text.index))
    if isinstance(text, Replaced):
        return lru_cache(maxsize=None)(lambda value: wildcard.replaced(value, text.old, text.new))
    if isinstance(text, Prefixed):
        return lambda value: text.prefix + value
    raise TypeError(f"not a text expression: {text!r}")


# ---- conditions


@dataclass(frozen=True, slots=True)
class _Atom:
    """One condition of a selection, ready to be asked."""

    selector: Selector
    test: Callable[[_Texts, Parameter, Context], int]
    reader: Callable[[_Texts], str] | None = None  # for a condition on a text
    language: Callable[[str], Term | None] | None = None  # the texts that it accepts, those that a text can be


def _atom(selector: Selector) -> _Atom:
    if isinstance(selector, (Contains, StartsWith, EndsWith, Equals, Within, Matches, InNames)):
        return _text_atom(selector)
    if isinstance(selector, Dims):
        return _Atom(selector, lambda texts, parameter, context: _compared(selector, *_dimensions(parameter)))
    if isinstance(selector, Size):
        return _Atom(selector, lambda texts, parameter, context: _compared(selector, *_size(parameter, selector.axis)))
    if isinstance(selector, OwnerIs):
        return _Atom(selector, lambda texts, parameter, context: _is_one(parameter.owner, selector.classes, context))
    if isinstance(selector, AncestorIs):
        return _Atom(selector, lambda texts, parameter, context: _ancestor_is(parameter, selector.classes, context))
    if isinstance(selector, Trainable):
        return _Atom(selector, lambda texts, parameter, context: parameter.trainable.value)
    if isinstance(selector, HasFlag):
        return _Atom(
            selector,
            lambda texts, parameter, context: _YES if parameter.name in context.flags.get(selector.name, ()) else _NO,
        )
    if isinstance(selector, Opaque):
        return _Atom(selector, lambda texts, parameter, context: _UNKNOWN)
    raise TypeError(f"not a selector: {selector!r}")


def _text_atom(selector: Contains | StartsWith | EndsWith | Equals | Within | Matches | InNames) -> _Atom:
    reader = _reader(selector.text)
    native, constant = _native(selector)
    if native is None:
        return _Atom(selector, lambda texts, parameter, context: _UNKNOWN)
    # An index is made of digits: a constant without any can't reach into one, and Python's own function decides.
    # One with digits needs a number at the same place. Either way most names are done without an automaton.
    apart = constant is not None and not any(c in "0123456789" or c in wildcard.HOLES for c in constant)
    outline = None if constant is None or isinstance(selector, Within) else wildcard.outline(constant)
    known: dict[str, int] = {}

    def language(text: str) -> Term | None:
        return _language(selector, text)

    def answer(text: str) -> int:
        if not wildcard.has_holes(text) or (apart and wildcard.only_indices(text)):
            return _YES if native(text) else _NO
        if outline is not None and wildcard.only_indices(text) and outline not in wildcard.outline(text):
            return _NO
        accepted = language(text)
        if isinstance(selector, InNames) and accepted is not NOTHING and wildcard.only_indices(text):
            return _UNKNOWN  # an index has no end, the names do
        return _UNKNOWN if accepted is None else wildcard.decide(text, accepted).value

    def test(texts: _Texts, parameter: Parameter, context: Context) -> int:
        text = reader(texts)
        if text.isascii():
            return _YES if native(text) else _NO
        found = known.get(text)
        if found is None:
            found = known[text] = answer(text)
        return found

    return _Atom(selector, test, reader, language)


def _native(selector: Selector) -> tuple[Callable[[str], object] | None, str | None]:
    """Python's own answer for a text that is known, and the constant that it compares with."""
    if isinstance(selector, Contains):
        needle = selector.needle
        return (lambda text: needle in text), needle
    if isinstance(selector, StartsWith):
        return (lambda text: text.startswith(selector.needle)), selector.needle
    if isinstance(selector, EndsWith):
        return (lambda text: text.endswith(selector.needle)), selector.needle
    if isinstance(selector, Equals):
        return (lambda text: text == selector.value), selector.value
    if isinstance(selector, Within):
        return (lambda text: text in selector.haystack), selector.haystack
    if isinstance(selector, InNames):
        return frozenset(selector.names).__contains__, None
    assert isinstance(selector, Matches)
    return regex.matcher(selector.pattern, selector.mode, selector.flags), None


def _language(selector: Selector, text: str) -> Term | None:
    """The texts that a condition accepts; of many constants, those that `text` can be."""
    if not isinstance(selector, InNames):
        return _constant_language(selector)
    near: Iterable[str] = selector.names
    if wildcard.only_indices(text):
        near = _by_outline(selector.names).get(wildcard.outline(text), ())
    instance = wildcard.instances(text)
    return any_of(literal(name) for name in near if instance(name))


@lru_cache(maxsize=256)
def _by_outline(names: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(wildcard.outline(name), []).append(name)
    return found


@lru_cache(maxsize=4096)
def _constant_language(selector: Selector) -> Term | None:
    if isinstance(selector, Contains):
        return containing(literal(selector.needle))
    if isinstance(selector, StartsWith):
        return sequence(literal(selector.needle), EVERYTHING)
    if isinstance(selector, EndsWith):
        return sequence(EVERYTHING, literal(selector.needle))
    if isinstance(selector, Equals):
        return literal(selector.value)
    if isinstance(selector, Within):
        whole = selector.haystack
        pieces = {whole[start:end] for start in range(len(whole)) for end in range(start + 1, len(whole) + 1)}
        return any_of(literal(piece) for piece in pieces | {""}) if len(whole) <= 64 else None
    assert isinstance(selector, Matches)
    return regex.language(selector.pattern, selector.mode, selector.flags)


def _dimensions(parameter: Parameter) -> tuple[float, float]:
    ndim = parameter.ndim if parameter.shape is None else len(parameter.shape)
    return (0, inf) if ndim is None else (ndim, ndim)


def _size(parameter: Parameter, axis: int | None) -> tuple[float, float]:
    shape = parameter.shape
    if axis is None:
        if shape is None:
            return (1, 1) if parameter.ndim == 0 else (0, inf)
        known = [size for size in shape if size is not None]
        return (prod(known), prod(known)) if len(known) == len(shape) or 0 in known else (0, inf)
    if shape is None or not -len(shape) <= axis < len(shape):
        return (0, inf)
    size = shape[axis]
    return (0, inf) if size is None else (size, size)


def _compared(selector: Dims | Size, least: float, most: float) -> int:
    """A comparison of a whole number between `least` and `most` (both included, `most` may be infinite)."""
    compare, number = _COMPARE[selector.op], selector.number
    tried = {least, most} | {n for n in (number - 1, number, number + 1) if least <= n <= most}
    found = {compare(value, number) for value in tried}
    return _UNKNOWN if len(found) > 1 else _YES if True in found else _NO


@lru_cache(maxsize=4096)
def _class_path(path: str) -> str:
    """One spelling of a class of `torch.nn`, which is found under the module that defines it too."""
    parts = path.split(".")
    return f"torch.nn.{parts[-1]}" if parts[:3] == ["torch", "nn", "modules"] else path


def _is_one(owner: str, classes: frozenset[str], context: Context) -> int:
    wanted = {_class_path(path) for path in classes}
    if "torch.nn.Module" in wanted or "object" in wanted:
        return _YES
    if not owner:
        return _UNKNOWN if wanted else _NO
    if _class_path(owner) in wanted:
        return _YES
    bases = context.ancestry(owner)
    if bases is None:
        return _UNKNOWN if wanted else _NO
    if any(_class_path(base) in wanted for base in bases):
        return _YES
    return _UNKNOWN if "?" in bases and wanted else _NO


def _ancestor_is(parameter: Parameter, classes: frozenset[str], context: Context) -> int:
    """As `_is_one`, for the owner and the modules around it up to the one that the name starts from."""
    around = wildcard.depth(wildcard.compiled(parameter.name))
    known = parameter.ancestors if around is None else parameter.ancestors[len(parameter.ancestors) - around :]
    found = max(_is_one(each, classes, context) for each in (parameter.owner, *known))
    complete = around is not None and len(known) == around
    return found if complete or not classes else max(found, _UNKNOWN)


# ---- several conditions at once


@dataclass(frozen=True, slots=True)
class _Plan:
    """Selections made ready: their distinct conditions, and how the answers combine."""

    atoms: tuple[_Atom, ...]
    results: tuple[Callable[[Sequence[int]], int], ...]

    def answers(self, parameter: Parameter, context: Context) -> list[int]:
        texts = _texts(parameter.name, parameter.owner)
        return [atom.test(texts, parameter, context) for atom in self.atoms]


@lru_cache(maxsize=512)
def _plan(selectors: tuple[Selector, ...]) -> _Plan:
    atoms: dict[Selector, int] = {}
    results = tuple(_result(selector, atoms) for selector in selectors)
    return _Plan(tuple(map(_atom, atoms)), results)


def _result(selector: Selector, atoms: dict[Selector, int]) -> Callable[[Sequence[int]], int]:
    """How the answer follows from those to the conditions; new ones are added to `atoms`."""
    if isinstance(selector, Always):
        constant = _YES if selector.value else _NO
        return lambda answers: constant
    if isinstance(selector, Not):
        inner = _result(selector.part, atoms)
        return lambda answers: 2 - inner(answers)
    if isinstance(selector, (And, Or)):
        extreme: Callable[[Iterable[int]], int] = min if isinstance(selector, And) else max
        parts = [_result(part, atoms) for part in selector.parts]
        neutral = _YES if isinstance(selector, And) else _NO
        return lambda answers: extreme([neutral, *[part(answers) for part in parts]])
    return itemgetter(atoms.setdefault(selector, len(atoms)))


def _outcomes(plan: _Plan, parameter: Parameter, answers: list[int]) -> Outcomes:
    found = [result(answers) for result in plan.results]
    if _UNKNOWN not in found:
        return _summary([tuple(each == _YES for each in found)])
    unknown = [index for index, answer in enumerate(answers) if answer == _UNKNOWN]
    groups = _groups(plan, unknown, parameter)
    if prod(len(vectors) for _, vectors in groups) > CASES:
        return _apart(found)
    cases: dict[tuple[bool, ...], None] = {}
    for chosen in product(*(vectors for _, vectors in groups)):
        for (indices, _), vector in zip(groups, chosen, strict=True):
            for index, truth in zip(indices, vector, strict=True):
                answers[index] = _YES if truth else _NO
        cases[tuple(result(answers) == _YES for result in plan.results)] = None
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
    certain, possible = found.count(_YES), len(found) - found.count(_NO)
    return Outcomes(
        answers=tuple(_TERNARY[each] for each in found),
        nowhere=Ternary.NO if certain else Ternary.UNKNOWN if possible else Ternary.YES,
        twice=Ternary.YES if certain > 1 else Ternary.UNKNOWN if possible > 1 else Ternary.NO,
    )


_Vectors = list[tuple[bool, ...]]
_Group = tuple[Sequence[int], _Vectors]  # conditions by their place in the plan, and the answers that they can have


def _groups(plan: _Plan, unknown: Iterable[int], parameter: Parameter) -> list[_Group]:
    """The unknown conditions, those on one unknown thing together, with the answers they can have."""
    texts = _texts(parameter.name, parameter.owner)
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


def _text_groups(text: str, atoms: Mapping[int, _Atom]) -> Iterator[_Group]:
    """Conditions on one text together, as far as they are understood; others by themselves."""
    languages = {index: atom.language(text) for index, atom in atoms.items() if atom.language is not None}
    understood = {index: term for index, term in languages.items() if term is not None}
    try:
        yield list(understood), sorted(wildcard.outcomes(text, list(understood.values())))
    except TooLarge:
        understood = {}
    for index in atoms:
        if index not in understood:
            yield [index], [(False,), (True,)]


def _number_vectors(selectors: Sequence[Dims | Size]) -> _Vectors:
    near = {each.number + step for each in selectors for step in (-1, 0, 1)} | {0}
    return sorted({tuple(_COMPARE[each.op](value, each.number) for each in selectors) for value in near if value >= 0})
