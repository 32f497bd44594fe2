"""Python's regular expressions as languages.

Python's own parser reads the pattern and Python's own character classes say what a character
matches; only what a pattern means beyond that is written here. Which strings match does not depend on
greed or on the order of alternatives, so these are ignored. Look-around, anchors and word boundaries
are understood where they can be resolved one after the other; back references, possessive and atomic
groups and other uses of those are not, and then there is no answer. Texts are taken to have no line
ends.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from wdlint.source.selections.regular import (
    EMPTY,
    EVERYTHING,
    NOTHING,
    Letters,
    Term,
    TooLarge,
    all_but,
    all_of,
    any_of,
    is_nothing,
    letter,
    optional,
    repeat,
    sequence,
)

_parser = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_ERRORS = (re.error, ValueError, OverflowError, RecursionError)
_MOST_ALTERNATIVES = 64  # ways through a pattern that has conditions in its branches
_MOST_COPIES = 64  # of a part that is repeated a given number of times
_STATES = 300  # to find out whether a condition holds of itself
_MOST_FREE_REPEATS = 3  # unbounded repeats in one pattern that Python's own matcher is trusted with
_CATEGORIES = {"DIGIT": "\\d", "SPACE": "\\s", "WORD": "\\w", "NOT_DIGIT": "\\D", "NOT_SPACE": "\\S", "NOT_WORD": "\\W"}


class _NotUnderstood(Exception):
    """The pattern has no language that could be given here."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A condition that takes up no text: on all that stands left of it, and right of it."""

    left: Term = EVERYTHING
    right: Term = EVERYTHING


_Way = tuple["Term | _Mark", ...]  # one way through a pattern


@lru_cache(maxsize=1024)
def language(pattern: str, mode: str, flags: int) -> Term | None:
    """The texts without line ends for which `re.search` (or `match`, `fullmatch`) finds the pattern.

    None if the pattern is not valid, or not understood.
    """
    try:
        re.compile(pattern, flags)  # which rejects more than the parser does
        parsed = _parser.parse(pattern, flags)
        before = (EVERYTHING,) if mode == "search" else ()
        after = () if mode == "fullmatch" else (EVERYTHING,)
        return any_of(_resolved((*before, *way, *after)) for way in _ways(parsed, parsed.state.flags))
    except (_NotUnderstood, *_ERRORS):
        return None


@lru_cache(maxsize=1024)
def matcher(pattern: str, mode: str, flags: int) -> Callable[[str], object] | None:
    """A function that says whether a known text matches; None if that can't be said.

    Python's own, but for patterns that can take it forever; these are decided by their language.
    """
    try:
        compiled = re.compile(pattern, flags)
        harmless = _free_repeats(_parser.parse(pattern, flags), 1) <= _MOST_FREE_REPEATS
    except _ERRORS:
        return None
    if harmless:
        function: Callable[[str], object] = getattr(compiled, mode)
        return function
    accepted = language(pattern, mode, flags)
    return None if accepted is None else accepted.holds


def _free_repeats(items: Iterable[Any], depth: int) -> int:
    """How many unbounded repeats there are; one within another counts as too many, and so do alternatives in one."""
    count = 0
    for operation, argument in items:
        name = str(operation)
        if name.endswith("_REPEAT"):
            low, high, body = argument
            free = high == _parser.MAXREPEAT or high > low + 8
            count += depth * free + _free_repeats(body, depth * (1 + free * _MOST_FREE_REPEATS))
        elif name == "BRANCH":
            count += depth - 1 + sum(_free_repeats(branch, depth) for branch in argument[1])
        elif name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
            count += _free_repeats(argument[-1], depth)
        elif name == "ATOMIC_GROUP":
            count += _free_repeats(argument, depth)
        elif name == "GROUPREF_EXISTS":
            count += sum(_free_repeats(branch, depth) for branch in argument[1:] if branch is not None)
    return count


# ---- from the parsed pattern to ways through it


def _ways(items: Iterable[Any], flags: int) -> list[_Way]:
    ways: list[_Way] = [()]
    for operation, argument in items:
        choices = _choices(str(operation), argument, flags)
        ways = [(*way, *choice) for way in ways for choice in choices]
        if len(ways) > _MOST_ALTERNATIVES:
            raise _NotUnderstood
    plain = [sequence(*terms) for way in ways if (terms := _plain(way)) is not None]
    return [(any_of(plain),)] if len(plain) == len(ways) else ways


def _plain(way: _Way) -> list[Term] | None:
    terms = [piece for piece in way if isinstance(piece, Term)]
    return terms if len(terms) == len(way) else None


def _choices(name: str, argument: Any, flags: int) -> list[_Way]:
    """The ways through one item of a parsed pattern."""
    if name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
        return [(letter(_letters(name, argument, flags)),)]
    if name == "SUBPATTERN":
        _, added, removed, body = argument
        return _ways(body, (flags | added) & ~removed)
    if name == "BRANCH":
        return [way for branch in argument[1] for way in _ways(branch, flags)]
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        low, high, body = argument
        return _repeated(low, high, _ways(body, flags))
    if name == "AT":
        return _anchors(str(argument), flags)
    if name in ("ASSERT", "ASSERT_NOT"):
        direction, body = argument
        return [(_look_around(_ways(body, flags), direction, name == "ASSERT"),)]
    if name == "FAILURE":
        return [(NOTHING,)]
    raise _NotUnderstood


def _letters(name: str, argument: Any, flags: int) -> Letters:
    """The characters that one position of the pattern matches, by a class that Python itself decides."""
    if name == "ANY":
        source, named = ".", frozenset[str]()
    elif name == "IN":
        inner = [_class_item(str(kind), value) for kind, value in argument]
        source, named = f"[{''.join(text for text, _ in inner)}]", frozenset[str]().union(*(n for _, n in inner))
    else:
        text, named = _class_item("LITERAL", argument)
        source = f"[{'^' * (name == 'NOT_LITERAL')}{text}]"
    kept = flags & (re.IGNORECASE | re.ASCII | re.DOTALL)
    both_cases = {case for c in named for case in (c.lower(), c.upper()) if len(case) == 1}
    match = re.compile(source, kept).fullmatch
    return Letters((source, kept), lambda character: match(character) is not None, named | both_cases)


def _class_item(kind: str, value: Any) -> tuple[str, frozenset[str]]:
    """One item of a character class as source text, and the characters at its borders."""
    if kind == "NEGATE":
        return "^", frozenset()
    if kind == "CATEGORY":
        return _CATEGORIES[str(value).removeprefix("CATEGORY_")], frozenset()
    low, high = value if kind == "RANGE" else (value, value)
    near = {low - 1, low, high, high + 1} if kind == "RANGE" else {low}
    return f"\\U{low:08x}-\\U{high:08x}", frozenset(chr(code) for code in near if 0 <= code <= sys.maxunicode)


def _repeated(low: int, high: int, ways: list[_Way]) -> list[_Way]:
    terms = _plain(ways[0]) if len(ways) == 1 else None
    if terms is None:
        if high > 1:
            raise _NotUnderstood
        return ways if low else [(), *ways]
    part = sequence(*terms)
    if low > _MOST_COPIES:
        raise _NotUnderstood
    if high == _parser.MAXREPEAT:
        return [(sequence(*[part] * low, repeat(part)),)]
    if high > _MOST_COPIES:
        raise _NotUnderstood
    rest = EMPTY
    for _ in range(high - low):
        rest = optional(sequence(part, rest))
    return [(sequence(*[part] * low, rest),)]


def _anchors(name: str, flags: int) -> list[_Way]:
    if name in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        return [(_Mark(left=EMPTY),)]
    if name in ("AT_END", "AT_END_STRING"):
        return [(_Mark(right=EMPTY),)]
    if name != "AT_BOUNDARY":  # `\B` changes with the version of Python
        raise _NotUnderstood
    word = letter(_letters("IN", [("CATEGORY", "CATEGORY_WORD")], flags))
    other = letter(_letters("IN", [("CATEGORY", "CATEGORY_NOT_WORD")], flags))
    return [
        (_Mark(sequence(EVERYTHING, word), optional(sequence(other, EVERYTHING))),),
        (_Mark(optional(sequence(EVERYTHING, other)), sequence(word, EVERYTHING)),),
    ]


def _look_around(ways: list[_Way], direction: int, wanted: bool) -> _Mark:
    """A condition that the text ahead begins with one of these ways, or the text behind ends with one."""
    ahead = direction > 0
    found: list[Term] = []
    for way in ways:
        inner = _eased([EVERYTHING, *way, EVERYTHING])
        if any(
            isinstance(piece, _Mark) and (piece.left if ahead else piece.right) is not EVERYTHING for piece in inner
        ):
            raise _NotUnderstood  # it looks past the place where the condition stands
        found.append(_resolved(tuple(inner[1:] if ahead else inner[:-1])))
    term = any_of(found) if wanted else all_but(any_of(found))
    return _Mark(right=term) if ahead else _Mark(left=term)


# ---- from a way to its language


def _resolved(way: _Way) -> Term:
    """The texts that go this way from their beginning to their end."""
    pieces = _anchored(list(way))
    if pieces is None:
        return NOTHING
    pieces, whole = _on_the_whole(pieces)
    pieces = _eased(pieces)
    # What is left is done where no condition on what stands right precedes one on what stands left.
    marks = [(index, piece) for index, piece in enumerate(pieces) if isinstance(piece, _Mark)]
    cut = max((index for index, mark in marks if mark.left is not EVERYTHING), default=0)
    if any(index < cut and mark.right is not EVERYTHING for index, mark in marks):
        raise _NotUnderstood
    before, after = EMPTY, EMPTY
    for piece in pieces[:cut]:
        before = all_of([before, piece.left]) if isinstance(piece, _Mark) else sequence(before, piece)
    for piece in reversed(pieces[cut:]):
        after = all_of([after, piece.right]) if isinstance(piece, _Mark) else sequence(piece, after)
    edge = pieces[cut] if pieces else EMPTY
    if isinstance(edge, _Mark):
        before = all_of([before, edge.left])
    return all_of([sequence(before, after), whole])


def _anchored(pieces: list[Term | _Mark]) -> list[Term | _Mark] | None:
    """The pieces with nothing before a `^` or behind a `$`; None where that can't be."""
    for index, mark in enumerate(pieces):
        if isinstance(mark, _Mark):
            emptied = [
                *(range(index) if mark.left is EMPTY else ()),
                *(range(index + 1, len(pieces)) if mark.right is EMPTY else ()),
            ]
            for other in emptied:
                piece = pieces[other]
                if isinstance(piece, Term):
                    if not piece.nullable:
                        return None
                    pieces[other] = EMPTY
    return [piece for piece in pieces if piece is not EMPTY]


def _on_the_whole(pieces: Sequence[Term | _Mark]) -> tuple[list[Term | _Mark], Term]:
    """Take out the conditions at either end, which are about the whole text."""
    first = next((i for i, piece in enumerate(pieces) if isinstance(piece, Term)), len(pieces))
    last = next((i for i in reversed(range(len(pieces))) if isinstance(pieces[i], Term)), first - 1)
    front = [piece for piece in pieces[:first] if isinstance(piece, _Mark)]
    back = [piece for piece in pieces[last + 1 :] if isinstance(piece, _Mark)] if last >= first else []
    possible = all(mark.left.nullable for mark in front) and all(mark.right.nullable for mark in back)
    if last < first:  # nothing but conditions: only the empty text can pass
        possible = possible and all(mark.right.nullable for mark in front)
    whole = all_of([mark.right for mark in front] + [mark.left for mark in back])
    return list(pieces[first : last + 1]), whole if possible else NOTHING


def _eased(pieces: Sequence[Term | _Mark]) -> list[Term | _Mark]:
    """The pieces without those halves of conditions that their neighbours fulfil anyhow, or never can."""
    eased: list[Term | _Mark] = []
    for index, piece in enumerate(pieces):
        if isinstance(piece, _Mark):
            before = sequence(*(p for p in pieces[:index] if isinstance(p, Term)))
            after = sequence(*(p for p in pieces[index + 1 :] if isinstance(p, Term)))
            left, right = _half(before, piece.left), _half(after, piece.right)
            eased.append(NOTHING if left is NOTHING or right is NOTHING else _Mark(left, right))
        else:
            eased.append(piece)
    return eased


def _half(text: Term, condition: Term) -> Term:
    """The condition, or EVERYTHING where every such text fulfils it, or NOTHING where none does."""
    try:
        if is_nothing(all_of([text, all_but(condition)]), _STATES):
            return EVERYTHING
        return NOTHING if is_nothing(all_of([text, condition]), _STATES) else condition
    except TooLarge:
        return condition
