"""One condition on a parameter, ready to be asked: by Python's own functions where they can tell.

Answers are numbers, as a thousand parameters meet many conditions. How conditions combine is in
`membership`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf, prod
from operator import attrgetter, eq, ge, gt, le, lt, ne

from wdlint.facts import Kind, Parameter, Ternary
from wdlint.source.selections import regex, wildcard
from wdlint.source.selections.predicates import (
    AncestorIs,
    Comparison,
    Contains,
    Dims,
    DirectlyBelow,
    EndsWith,
    Equals,
    FullName,
    HasFlag,
    InNames,
    Leaf,
    Lower,
    Matches,
    OfKind,
    Opaque,
    OwnerIs,
    OwnerName,
    OwnerType,
    Placed,
    Prefixed,
    Replaced,
    Segment,
    Selector,
    Size,
    StartsWith,
    Text,
    Trainable,
    Upper,
    Vector,
    Within,
)
from wdlint.source.selections.regular import EVERYTHING, Term, any_of, containing, literal, sequence

NO, UNKNOWN, YES = 0, 1, 2  # as the values of Ternary: `and` is the least, `or` the greatest

COMPARE: dict[Comparison, Callable[[float, float], bool]] = {
    "<": lt,
    "<=": le,
    "==": eq,
    "!=": ne,
    ">": gt,
    ">=": ge,
}


def _no_ancestry(owner: str) -> frozenset[str] | None:
    return None


def _no_place(selector: Placed, name: str) -> Ternary:
    return Ternary.UNKNOWN


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the parameter itself.

    `ancestry` gives the dotted paths of all bases of a class, None if they are not known; a "?" among
    them says that there are more. `flags` gives the names of the parameters that carry an attribute;
    what it doesn't list is not carried, or may be where `flags_known` is false or it is one of `flags_open`.
    `placed` says of a parameter's name whether it has a place among others.
    """

    ancestry: Callable[[str], frozenset[str] | None] = _no_ancestry
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    flags_known: bool = True
    flags_open: frozenset[str] = frozenset()
    placed: Callable[[Placed, str], Ternary] = _no_place


# ---- texts


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one parameter, with holes for what isn't known."""

    full: str
    owner: str
    leaf: str
    owner_type: str


@lru_cache(maxsize=16384)
def texts_of(name: str, owner: str) -> Texts:
    """The texts of a parameter of this name, held by a module of this class."""
    full = wildcard.compiled(name)
    owner_type = owner.rpartition(".")[2] or wildcard.ANYTHING
    return Texts(full, wildcard.owner_path(full), wildcard.leaf(full), owner_type)


def _reader(text: Text) -> Callable[[Texts], str]:
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
class Atom:
    """One condition of a selection, ready to be asked."""

    selector: Selector
    test: Callable[[Texts, Parameter, Context], int]
    reader: Callable[[Texts], str] | None = None  # for a condition on a text
    language: Callable[[str], Term | None] | None = None  # the texts that it accepts, those that a text can be


def atom_of(selector: Selector) -> Atom:
    """The condition of a leaf of the tree. Raises TypeError for anything else."""
    if isinstance(selector, (Contains, StartsWith, EndsWith, Equals, Within, Matches, InNames)):
        return _text_atom(selector)
    if isinstance(selector, Dims):
        return Atom(selector, lambda texts, parameter, context: _compared(selector, *_dimensions(parameter)))
    if isinstance(selector, Size):
        return Atom(selector, lambda texts, parameter, context: _compared(selector, *_size(parameter, selector.axis)))
    if isinstance(selector, Vector):
        return Atom(selector, lambda texts, parameter, context: _is_vector(parameter))
    if isinstance(selector, OfKind):
        return Atom(selector, lambda texts, parameter, context: _is_of_kind(parameter, selector.kinds))
    if isinstance(selector, OwnerIs):
        return Atom(selector, lambda texts, parameter, context: _is_one(parameter.owner, selector.classes, context))
    if isinstance(selector, AncestorIs):
        return Atom(selector, lambda texts, parameter, context: _ancestor_is(parameter, selector.classes, context))
    if isinstance(selector, DirectlyBelow):
        return Atom(selector, lambda texts, parameter, context: _is_directly_below(parameter.name, selector.path))
    if isinstance(selector, Placed):
        return Atom(selector, lambda texts, parameter, context: context.placed(selector, parameter.name).value)
    if isinstance(selector, Trainable):
        return Atom(selector, lambda texts, parameter, context: parameter.trainable.value)
    if isinstance(selector, HasFlag):
        return Atom(
            selector,
            lambda texts, parameter, context: _carries(parameter, selector.name, context),
        )
    if isinstance(selector, Opaque):
        return Atom(selector, lambda texts, parameter, context: UNKNOWN)
    raise TypeError(f"not a selector: {selector!r}")


def _is_directly_below(name: str, path: str) -> int:
    around = wildcard.depth(wildcard.compiled(name))
    if path and not name.startswith(f"{path}."):
        return UNKNOWN if wildcard.has_holes(name) else NO
    if around is None:
        return UNKNOWN
    return YES if around == len(path.split(".")) * bool(path) + 1 else NO


def _carries(parameter: Parameter, flag: str, context: Context) -> int:
    if parameter.name in context.flags.get(flag, ()):
        return YES
    return NO if context.flags_known and flag not in context.flags_open else UNKNOWN


def _text_atom(selector: Contains | StartsWith | EndsWith | Equals | Within | Matches | InNames) -> Atom:
    reader = _reader(selector.text)
    native, constant = _native(selector)
    if native is None:
        return Atom(selector, lambda texts, parameter, context: UNKNOWN)
    # An index is made of digits: a constant without any can't reach into one, and Python's own function decides.
    # One with digits needs a number at the same place. Either way most names are done without an automaton.
    apart = constant is not None and not any(c in "0123456789" or c in wildcard.HOLES for c in constant)
    outline = None if constant is None or isinstance(selector, Within) else wildcard.outline(constant)
    known: dict[str, int] = {}

    def language(text: str) -> Term | None:
        return _language(selector, text)

    def answer(text: str) -> int:
        if not wildcard.has_holes(text) or (apart and wildcard.only_indices(text)):
            return YES if native(text) else NO
        if outline is not None and wildcard.only_indices(text) and outline not in wildcard.outline(text):
            return NO
        if isinstance(selector, InNames) and wildcard.only_indices(text):
            # An index has no end, the names do: never all instances are among them.
            return UNKNOWN if next(_possible_names(selector, text), None) is not None else NO
        accepted = language(text)
        return UNKNOWN if accepted is None else wildcard.decide(text, accepted).value

    def test(texts: Texts, parameter: Parameter, context: Context) -> int:
        text = reader(texts)
        if text.isascii():
            return YES if native(text) else NO
        found = known.get(text)
        if found is None:
            found = known[text] = answer(text)
        return found

    return Atom(selector, test, reader, language)


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
    if isinstance(selector, InNames):
        return any_of(map(literal, _possible_names(selector, text)))
    return _constant_language(selector)


def _possible_names(selector: InNames, text: str) -> Iterator[str]:
    if wildcard.only_indices(text):
        numbers = wildcard.numbers(text)
        near = _by_outline(selector.names).get(wildcard.outline(text), ())
        return (name for name, known in near if wildcard.may_be(known, numbers))
    start, end = wildcard.known_ends(text)
    return (name for name in selector.names if name.startswith(start) and name.endswith(end))


@lru_cache(maxsize=256)
def _by_outline(names: tuple[str, ...]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for name in names:
        found.setdefault(wildcard.outline(name), []).append((name, wildcard.numbers(name)))
    return found


_LONG = 400  # characters of a text of which no language is made: its states are as many, and each as large


@lru_cache(maxsize=4096)
def _constant_language(selector: Selector) -> Term | None:
    if isinstance(selector, (Contains, StartsWith, EndsWith)) and len(selector.needle) > _LONG:
        return None
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
    """The least and the greatest number of dimensions that it can have."""
    ndim = parameter.ndim if parameter.shape is None else len(parameter.shape)
    return (0, inf) if ndim is None else (ndim, ndim)


def _size(parameter: Parameter, axis: int | None) -> tuple[float, float]:
    """The least and the greatest size of an axis, or number of elements, that it can have."""
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


def _is_vector(parameter: Parameter) -> int:
    if parameter.shape is None:
        return YES if parameter.ndim is not None and parameter.ndim < 2 else UNKNOWN
    longer = sum(1 for size in parameter.shape if size is not None and size != 1)
    if longer > 1:
        return NO
    return YES if longer + parameter.shape.count(None) <= 1 else UNKNOWN


_TABLES = ("`weight` of torch.nn.Embedding", "looked up")  # evidence that an embedding is a table, not a token


def _is_of_kind(parameter: Parameter, kinds: frozenset[Kind]) -> int:
    if parameter.kind is Kind.UNKNOWN:
        return UNKNOWN
    if parameter.kind is Kind.EMBEDDING and parameter.kind in kinds:
        return YES if parameter.evidence.text.startswith(_TABLES) or not parameter.owner else UNKNOWN
    return YES if parameter.kind in kinds else NO


@lru_cache(maxsize=4096)
def _compared(selector: Dims | Size, least: float, most: float) -> int:
    """A comparison of a whole number between `least` and `most` (both included, `most` may be infinite)."""
    compare, number = COMPARE[selector.op], selector.number
    tried = {least, most} | {n for n in (number - 1, number, number + 1) if least <= n <= most}
    found = {compare(value, number) for value in tried}
    return UNKNOWN if len(found) > 1 else YES if True in found else NO


@lru_cache(maxsize=4096)
def _class_path(path: str) -> str:
    """One spelling of a class of `torch.nn`, which is found under the module that defines it too."""
    parts = path.split(".")
    return f"torch.nn.{parts[-1]}" if parts[:3] == ["torch", "nn", "modules"] else path


@lru_cache(maxsize=1024)
def _class_paths(paths: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_class_path, paths))


def _is_one(owner: str, classes: frozenset[str], context: Context) -> int:
    """Whether a class is one of these or derived from one; an empty path is a class that isn't known."""
    wanted = _class_paths(classes)
    if "torch.nn.Module" in wanted or "object" in wanted:
        return YES
    if not owner:
        return UNKNOWN if wanted else NO
    if _class_path(owner) in wanted:
        return YES
    bases = context.ancestry(owner)
    if bases is None:
        return UNKNOWN if wanted else NO
    if any(_class_path(base) in wanted for base in bases):
        return YES
    return UNKNOWN if "?" in bases and wanted else NO


def _ancestor_is(parameter: Parameter, classes: frozenset[str], context: Context) -> int:
    """As `_is_one`, for the owner and the modules around it up to the one that the name starts from."""
    around = wildcard.depth(wildcard.compiled(parameter.name))
    above = parameter.ancestors
    known = above if around is None else above[max(0, len(above) - around) :]
    found = max(_is_one(each, classes, context) for each in (parameter.owner, *known))
    complete = around is not None and len(known) == around
    return found if complete or not classes else max(found, UNKNOWN)
