"""Parameter names of which parts are not known, and what can be said of all their instances.

In a parameter's name `*` stands for one decimal index; `?` for a part of a path that can be any text
without dots, such as the key of a `ModuleDict`; and a leading `?.` for a whole dotted path, which may be
empty. A name is compiled into a text in which each unknown part is one private character, a
*hole*. Python's own string functions then do the work
wherever a hole can't take part, and `regular` decides the rest exactly: an answer YES or NO holds
for every instance. Two holes are taken as independent, which only makes answers weaker.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

from wdlint.facts import Ternary
from wdlint.source.selections.regular import (
    Term,
    TooLarge,
    all_but,
    all_of,
    any_of,
    containing,
    literal,
    none_of,
    one_of,
    optional,
    repeat,
    sequence,
    through,
)

INDEX = "\ue000"  # one decimal number, without leading zeros
PATH = "\ue001"  # a dotted path with its final dot, or nothing
OWNER = "\ue002"  # a dotted path without a final dot, or nothing
SEGMENT = "\ue003"  # one part of a path
ANYTHING = "\ue004"  # any text at all
# Paths assumed ordinary (see `ordinary_parameters`): not empty, and silent about biases (and about norms).
PLAIN_PATH, PLAIN_OWNER, PLAIN_SEGMENT = "\ue005", "\ue006", "\ue007"
WEIGHT_PATH, WEIGHT_OWNER, WEIGHT_SEGMENT = "\ue008", "\ue009", "\ue00a"
NORM_CLASS = "\ue00b"  # the name of a class of normalisation layers
PLAIN_CLASS = "\ue00c"  # the name of a class of other layers
WORD = "\ue00d"  # text without dots, or nothing

_OWNER_OF = {PATH: OWNER, PLAIN_PATH: PLAIN_OWNER, WEIGHT_PATH: WEIGHT_OWNER}
_SEGMENT_OF = {
    PATH: SEGMENT,
    PLAIN_PATH: PLAIN_SEGMENT,
    PLAIN_OWNER: PLAIN_SEGMENT,
    WEIGHT_PATH: WEIGHT_SEGMENT,
    WEIGHT_OWNER: WEIGHT_SEGMENT,
}
_LOWER, _UPPER = 0x100, 0x200  # added to a hole: the same in lower or upper case

_WHOLE_PART = re.compile(r"(?:(?<=\.)|(?<=^))\?(?=\.|$)")
_NUMBER = re.compile(f"[0-9{INDEX}]+")
_SIZE = 4000  # states, beyond which a question is given up as unknown
_FEW = 8  # languages asked at once that may take all of these states


def _all_cases(holes: str) -> str:
    return "".join(chr(ord(hole) + case) for case in (0, _LOWER, _UPPER) for hole in holes)


_DOTTED_HOLES = PATH + OWNER + ANYTHING + PLAIN_PATH + PLAIN_OWNER + WEIGHT_PATH + WEIGHT_OWNER
_DOTLESS_HOLES = SEGMENT + PLAIN_SEGMENT + WEIGHT_SEGMENT + NORM_CLASS + PLAIN_CLASS + WORD
HOLES = frozenset(INDEX + _all_cases(_DOTTED_HOLES + _DOTLESS_HOLES))

_ANY_HOLE = re.compile(f"[{''.join(HOLES)}]")
_DOTTED = re.compile(f"[{_all_cases(_DOTTED_HOLES)}]")
_PIECES = re.compile("[{0}]|[^{0}]+".format("".join(HOLES)))
_ANY_BUT_INDEX = re.compile(f"[{''.join(HOLES - {INDEX})}]")


@lru_cache(maxsize=65536)
def compiled(name: str) -> str:
    """A parameter's name as a text with holes. It may begin with the hole of an ordinary path."""
    if _ANY_HOLE.search(name[name[:1] in (PLAIN_PATH, WEIGHT_PATH) :]):
        return ANYTHING
    if name == "?":
        return OWNER
    if name.startswith("?."):
        name = PATH + name[2:]
    if "?" in name:
        name = _WHOLE_PART.sub(SEGMENT, name).replace("?", WORD)
    return name.replace("*", INDEX)


def has_holes(text: str) -> bool:
    """Whether part of the text is not known."""
    return not text.isascii() and _ANY_HOLE.search(text) is not None


def only_indices(text: str) -> bool:
    """Whether nothing but indices is unknown in it."""
    return text.isascii() or _ANY_BUT_INDEX.search(text) is None


def _dots_known(text: str) -> bool:
    """Whether no hole in it can bring in a dot, so that it splits at its own dots."""
    return text.isascii() or _DOTTED.search(text) is None


def outline(text: str) -> str:
    """The text with every number, known or not, as one index: what contains the text contains its outline."""
    return _NUMBER.sub(INDEX, text)


def known_ends(text: str) -> tuple[str, str]:
    """What stands before the first hole of a text that has holes, and behind the last."""
    known = _ANY_HOLE.split(text)
    return known[0], known[-1]


def numbers(text: str) -> tuple[str, ...]:
    """The numbers in a text, those that are not known among them."""
    return tuple(_NUMBER.findall(text))


def may_be(known: tuple[str, ...], unknown: tuple[str, ...]) -> bool:
    """Whether the numbers of one text may be those of another, which has the same outline."""
    return all(here == there or _may_be_number(there, here) for here, there in zip(known, unknown, strict=True))


@lru_cache(maxsize=4096)
def _may_be_number(unknown: str, known: str) -> bool:
    return re.fullmatch(unknown.replace(INDEX, "(?:0|[1-9][0-9]*)"), known) is not None


def _like(hole: str, model: str) -> str:
    """A hole, in the case of another."""
    return chr(ord(hole) + (ord(model) & (_LOWER | _UPPER)))


def _caseless(text: str) -> str:
    """The first hole of a text that begins with one, whatever its case; nothing if it doesn't."""
    return chr(ord(text[0]) & ~(_LOWER | _UPPER)) if text[:1] in HOLES else ""


# ---- what holes stand for


def _whatever_case(word: str) -> Term:
    return sequence(*(one_of({c.lower(), c.upper()}) for c in word))


@lru_cache(maxsize=1)
def hole_languages() -> Mapping[str, Term]:
    """The strings that each hole stands for."""
    # No module is named with a line end, which `.` and `$` of regular expressions would treat specially.
    part = sequence(none_of(".\n"), repeat(none_of(".\n")))
    dot = one_of(".")
    path = sequence(part, repeat(sequence(dot, part)))
    no_bias = all_but(containing(_whatever_case("bias")))
    any_norm = containing(_whatever_case("norm"))
    quiet = all_of([no_bias, all_but(any_norm)])
    cased = {
        PATH: optional(sequence(path, dot)),
        OWNER: optional(path),
        SEGMENT: part,
        WORD: repeat(none_of(".\n")),
        ANYTHING: repeat(none_of("\n")),
        PLAIN_PATH: all_of([sequence(path, dot), no_bias]),
        PLAIN_OWNER: all_of([path, no_bias]),
        PLAIN_SEGMENT: all_of([part, no_bias]),
        WEIGHT_PATH: all_of([sequence(path, dot), quiet]),
        WEIGHT_OWNER: all_of([path, quiet]),
        WEIGHT_SEGMENT: all_of([part, quiet]),
        NORM_CLASS: all_of([part, any_norm]),
        PLAIN_CLASS: all_of([part, all_but(any_norm)]),
    }
    # Each of these holds a string in every case or in none, so that its lower-cased strings are those without capitals.
    only_lower, only_upper = repeat(none_of(ascii_uppercase)), repeat(none_of(ascii_lowercase))
    lower = {chr(ord(hole) + _LOWER): all_of([term, only_lower]) for hole, term in cased.items()}
    upper = {chr(ord(hole) + _UPPER): all_of([term, only_upper]) for hole, term in cased.items()}
    index = any_of([one_of("0"), sequence(one_of("123456789"), repeat(one_of("0123456789")))])
    norm_class = all_of([part, containing(literal("Norm"))])
    return {**cased, **lower, **upper, INDEX: index, NORM_CLASS: norm_class}


# ---- functions of texts: the text of every instance's result, or a wider one


def owner_path(name: str) -> str:
    """The path before the last dot of a parameter's name."""
    path, dot, leaf = name.rpartition(".")
    if dot:
        return path
    if leaf[:1] in _OWNER_OF and _dots_known(leaf[1:]):
        return _OWNER_OF[leaf[0]]
    return "" if _dots_known(leaf) else ANYTHING


def leaf(name: str) -> str:
    """What follows the last dot of a parameter's name."""
    last = name.rpartition(".")[2]
    if last[:1] in _OWNER_OF and _dots_known(last[1:]):
        return last[1:]
    return last if _dots_known(last) else ANYTHING


def depth(name: str) -> int | None:
    """The number of modules around the one that holds the parameter; None where it isn't known."""
    return name.count(".") if _dots_known(name) else None


def segment(text: str, index: int) -> str:
    """`text.split(".")[index]`; where Python would raise for want of parts, anything."""
    parts = text.split(".")
    if _dots_known(text):
        return parts[index] if -len(parts) <= index < len(parts) else ANYTHING
    # One hole, which stands for a path, at the very front: the parts behind it can be counted from the end.
    front, rest = _caseless(text), parts[1:]
    if front not in _SEGMENT_OF or not _dots_known(text[1:]):
        return ANYTHING
    if front in _OWNER_OF:
        rest = [parts[0][1:], *rest]
    elif len(text) > 1:
        return ANYTHING
    if index < 0 and -index <= len(rest):
        return rest[index]
    # A part of the path; from the front, one of the known parts too, which `SEGMENT` includes.
    return _like(_SEGMENT_OF[front] if index < 0 else SEGMENT, text[0])


def replaced(text: str, old: str, new: str) -> str:
    """`text.replace(old, new)`."""
    if not has_holes(text):
        return text.replace(old, new)
    if not old or has_holes(old) or has_holes(new):
        return ANYTHING
    if only_indices(text):
        return text if not _may_contain(text, old) else _replaced_beside_indices(text, old, new)
    front, rest = _caseless(text), text[1:]
    # Every non-empty instance of a path ends in a dot: what ends with that dot lies within the path or behind it.
    if front in _OWNER_OF and only_indices(rest) and "." not in old[:-1]:
        return ANYTHING + replaced(rest, old, new)
    return ANYTHING


def _may_contain(text: str, old: str) -> bool:
    return decide(text, containing(literal(old))) is not Ternary.NO


def _replaced_beside_indices(text: str, old: str, new: str) -> str:
    return ANYTHING if any(c in "0123456789" for c in old) else text.replace(old, new)


def changed_case(text: str, lower: bool) -> str:
    """`text.lower()` or `text.upper()`."""
    changed = text.lower() if lower else text.upper()
    return changed if text.isascii() else _ANY_BUT_INDEX.sub(lambda hole: _in_case(hole[0], lower), changed)


def _in_case(hole: str, lower: bool) -> str:
    return chr(ord(hole) & ~(_LOWER | _UPPER) | (_LOWER if lower else _UPPER))


# ---- questions


@lru_cache(maxsize=65536)
def decide(text: str, language: Term) -> Ternary:
    """Whether the instances of `text` lie in a language: all of them, none, or can't tell."""
    try:
        ends = {end for (end,) in outcomes(text, (language,))}
    except TooLarge:
        return Ternary.UNKNOWN
    return Ternary.UNKNOWN if len(ends) > 1 else Ternary.of(next(iter(ends)))


def outcomes(text: str, languages: tuple[Term, ...]) -> frozenset[tuple[bool, ...]]:
    """The combinations of answers that instances of `text` give to several languages at once.

    Raises TooLarge where that takes too many states.
    """
    found = _outcomes(text, languages)
    if found is None:
        raise TooLarge
    return found


@lru_cache(maxsize=16384)
def _outcomes(text: str, languages: tuple[Term, ...]) -> frozenset[tuple[bool, ...]] | None:
    """The same; None where it is too large, so that this is found out once."""
    most = _SIZE if len(languages) <= _FEW else _SIZE * _FEW // len(languages)  # a state costs as much as it holds
    states = {languages}
    steps = 0
    for piece in _PIECES.findall(text):
        if piece in HOLES:
            reached: set[tuple[Term, ...]] = set()
            for state in states:
                try:
                    after, taken = _through(piece, state, most)
                except TooLarge:
                    return None
                reached |= after
                steps += taken
                if steps > 3 * most:
                    return None
            states = reached
        else:
            states = {tuple([term.after_all(piece) for term in state]) for state in states}
        if len(states) > most:
            return None
    return frozenset(tuple([term.nullable for term in state]) for state in states)


@lru_cache(maxsize=16384)
def _through(hole: str, state: tuple[Term, ...], most: int) -> tuple[frozenset[tuple[Term, ...]], int]:
    after, taken = through(hole_languages()[hole], state, most)
    return frozenset(after), taken
