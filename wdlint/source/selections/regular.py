"""Regular languages over characters, decided by derivatives.

A `Term` is a set of strings. Its derivative by a character is the set of what may follow that
character in it (Brzozowski, "Derivatives of Regular Expressions", 1964), so union, intersection and
complement cost nothing extra, and a name of which parts are not known can be asked exactly whether
all, some or none of its instances lie in a set. How Python's regular expressions become terms is in
`regex`; names with holes are in `wildcard`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

# What an unknown part of a module path can be made of: printable ASCII, and one letter for the rest.
# Line ends are left out: no module is named with one, and `.` and `$` would treat them specially.
CHARACTERS = "".join(map(chr, range(32, 127))) + "é"


@dataclass(frozen=True)
class Letters:
    """A set of characters: those that `holds` accepts. Equal keys hold the same characters.

    `named` are the characters that it singles out, which may be more than `CHARACTERS` has.
    """

    key: object
    holds: Callable[[str], bool]
    named: frozenset[str] = frozenset()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Letters) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


_serials = count()


class Term:
    """A regular language; equal terms are one object, so `is` compares them."""

    __slots__ = ("__weakref__", "_after", "form", "letters", "nullable", "parts", "serial")

    def __init__(self, form: str, parts: tuple[Term, ...], letters: Letters | None) -> None:
        self.form = form
        self.parts = parts
        self.letters = letters
        self.serial = next(_serials)
        self.nullable = _nullable(form, parts)
        self._after: dict[str, Term] = {}

    def after(self, character: str) -> Term:
        """The strings s for which character + s is in this language."""
        found = self._after.get(character)
        if found is None:
            found = self._after[character] = _derivative(self, character)
        return found

    def after_all(self, text: str) -> Term:
        """The strings s for which text + s is in this language."""
        term = self
        for character in text:
            if term is NOTHING or term is EVERYTHING:
                break
            following = term._after.get(character)
            term = term.after(character) if following is None else following
        return term

    def holds(self, text: str) -> bool:
        """Whether `text` is in this language."""
        return self.after_all(text).nullable


_terms: weakref.WeakValueDictionary[tuple[object, ...], Term] = weakref.WeakValueDictionary()


def _term(form: str, parts: tuple[Term, ...] = (), letters: Letters | None = None) -> Term:
    key = (form, letters, *(part.serial for part in parts))
    found = _terms.get(key)
    if found is None:
        found = _terms[key] = Term(form, parts, letters)
    return found


def _nullable(form: str, parts: tuple[Term, ...]) -> bool:
    if form in ("sequence", "all"):
        return all(part.nullable for part in parts)
    if form == "any":
        return any(part.nullable for part in parts)
    if form == "except":
        return not parts[0].nullable
    return form in ("empty", "repeat")


def _derivative(term: Term, character: str) -> Term:
    parts = term.parts
    if term.form == "letter":
        assert term.letters is not None
        return EMPTY if term.letters.holds(character) else NOTHING
    if term.form == "sequence":
        head, tail = parts
        rest = sequence(head.after(character), tail)
        return any_of([rest, tail.after(character)]) if head.nullable else rest
    if term.form == "repeat":
        return sequence(parts[0].after(character), term)
    if term.form == "any":
        return any_of(part.after(character) for part in parts)
    if term.form == "all":
        return all_of(part.after(character) for part in parts)
    if term.form == "except":
        return all_but(parts[0].after(character))
    return NOTHING


NOTHING = _term("nothing")  # no string at all
EMPTY = _term("empty")  # the empty string


def letter(letters: Letters) -> Term:
    """Any one of these characters."""
    return _term("letter", letters=letters)


def one_of(characters: Iterable[str]) -> Term:
    """Any one of the characters given."""
    chosen = frozenset(characters)
    return letter(Letters(("one of", chosen), chosen.__contains__, chosen))


def none_of(characters: Iterable[str]) -> Term:
    """Any one character but those given."""
    left_out = frozenset(characters)
    return letter(Letters(("none of", left_out), lambda character: character not in left_out, left_out))


ANY_CHARACTER = letter(Letters("any", lambda character: True))


def sequence(*parts: Term) -> Term:
    """A string of each, one after the other."""
    result = EMPTY
    for part in reversed(parts):
        result = _pair(part, result)
    return result


def _pair(head: Term, tail: Term) -> Term:
    if head is NOTHING or tail is NOTHING:
        return NOTHING
    if head is EMPTY or (head is EVERYTHING and tail is EVERYTHING):
        return tail
    if tail is EMPTY:
        return head
    if head.form == "sequence":
        return _pair(head.parts[0], _pair(head.parts[1], tail))
    return _term("sequence", (head, tail))


def repeat(part: Term) -> Term:
    """Any number of strings of `part`, none included."""
    if part in (NOTHING, EMPTY):
        return EMPTY
    return part if part.form == "repeat" else _term("repeat", (part,))


def any_of(parts: Iterable[Term]) -> Term:
    """The strings in at least one of the parts."""
    chosen = _flat("any", parts)
    chosen.pop(NOTHING.serial, None)
    if EVERYTHING.serial in chosen:
        return EVERYTHING
    return _joined("any", chosen, NOTHING)


def all_of(parts: Iterable[Term]) -> Term:
    """The strings in every one of the parts."""
    chosen = _flat("all", parts)
    chosen.pop(EVERYTHING.serial, None)
    if NOTHING.serial in chosen:
        return NOTHING
    return _joined("all", chosen, EVERYTHING)


def _flat(form: str, parts: Iterable[Term]) -> dict[int, Term]:
    chosen: dict[int, Term] = {}
    for part in parts:
        for inner in part.parts if part.form == form else (part,):
            chosen[inner.serial] = inner
    return chosen


def _joined(form: str, chosen: dict[int, Term], neutral: Term) -> Term:
    if len(chosen) < 2:
        return next(iter(chosen.values()), neutral)
    return _term(form, tuple(chosen[serial] for serial in sorted(chosen)))


def all_but(part: Term) -> Term:
    """The strings that are not in `part`."""
    if part.form == "except":
        return part.parts[0]
    if part is NOTHING:
        return EVERYTHING
    return NOTHING if part is EVERYTHING else _term("except", (part,))


EVERYTHING = _term("repeat", (ANY_CHARACTER,))


def optional(part: Term) -> Term:
    """A string of `part`, or none."""
    return any_of([EMPTY, part])


def literal(text: str) -> Term:
    """This one string."""
    return sequence(*(one_of(character) for character in text))


def containing(part: Term) -> Term:
    """The strings that have one of `part` somewhere in them."""
    return sequence(EVERYTHING, part, EVERYTHING)


def _alphabet(terms: Iterable[Term]) -> frozenset[Letters]:
    found: set[Letters] = set()
    seen: set[int] = set()
    waiting = list(terms)
    while waiting:
        term = waiting.pop()
        if term.serial not in seen:
            seen.add(term.serial)
            waiting.extend(term.parts)
            if term.letters is not None:
                found.add(term.letters)
    return frozenset(found)


def representatives(terms: Iterable[Term]) -> str:
    """One character for each way in which these terms can treat a character."""
    letters = list(_alphabet(terms))
    chosen: dict[tuple[bool, ...], str] = {}
    for character in sorted({*CHARACTERS}.union(*(each.named for each in letters))):
        chosen.setdefault(tuple(each.holds(character) for each in letters), character)
    return "".join(chosen.values())


class TooLarge(Exception):
    """A question that would take too many states to answer."""


def through(hole: Term, start: Sequence[Term], most: int) -> tuple[set[tuple[Term, ...]], int]:
    """Where several languages, read in step, can stand after any string of `hole`, and the states that it took.

    Raises TooLarge beyond `most` states.
    """
    begin = (hole, *start)
    characters = representatives(begin)
    seen = {begin}
    waiting = [begin]
    while waiting:
        state = waiting.pop()
        for character in characters:
            after = tuple([term.after(character) for term in state])
            if after[0] is not NOTHING and after not in seen:
                if len(seen) >= most:
                    raise TooLarge
                seen.add(after)
                waiting.append(after)
    return {state[1:] for state in seen if state[0].nullable}, len(seen)


def is_nothing(term: Term, most: int = 500) -> bool:
    """Whether no string is in the language. Raises TooLarge beyond `most` states."""
    return not any(state.nullable for (state,) in through(EVERYTHING, [term], most)[0])
