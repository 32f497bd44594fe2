"""Selections in plain English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wdlint.source.selections.predicates import (
    Always,
    AncestorIs,
    And,
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
    Not,
    OfKind,
    Opaque,
    Or,
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

_SHOWN = 6  # names of a list
_VERBS: dict[type[Selector], tuple[str, str]] = {
    Contains: ("contains", "does not contain"),
    StartsWith: ("starts with", "does not start with"),
    EndsWith: ("ends with", "does not end with"),
    Equals: ("is", "is not"),
}
_COMPARED = {"<": "below", "<=": "at most", "==": "equal to", "!=": "other than", ">": "above", ">=": "at least"}
_NEGATED: dict[str, Comparison] = {"<": ">=", "<=": ">", "==": "!=", "!=": "==", ">": "<=", ">=": "<"}


def words(selector: Selector) -> str:
    """The selection in words, such as "name contains none of 'bias', 'norm' and 2 or more dimensions"."""
    return _phrase(selector, True)


def _phrase(selector: Selector, holds: bool) -> str:
    """The words for the condition, or for its opposite."""
    if isinstance(selector, Not):
        return _phrase(selector.part, not holds)
    if isinstance(selector, (And, Or)):
        return _joined(selector.parts, isinstance(selector, And) is holds, holds)
    if isinstance(selector, Always):
        return "every parameter" if selector.value is holds else "no parameter"
    if isinstance(selector, (Contains, StartsWith, EndsWith, Equals)):
        return f"{_text(selector.text)} {_VERBS[type(selector)][not holds]} {_constant(selector)!r}"
    if isinstance(selector, (Within, Matches, InNames)):
        return _text_phrase(selector, holds)
    if isinstance(selector, Dims):
        return _dimensions(selector.op if holds else _NEGATED[selector.op], selector.number)
    if isinstance(selector, Size):
        what = "number of elements" if selector.axis is None else f"size of axis {selector.axis}"
        return f"{what} {_COMPARED[selector.op if holds else _NEGATED[selector.op]]} {selector.number}"
    if isinstance(selector, Vector):
        return f"{'' if holds else 'not '}at most one size above 1"
    if isinstance(selector, OfKind):
        return f"{'' if holds else 'no '}{' or '.join(sorted(kind.value for kind in selector.kinds))}"
    if isinstance(selector, OwnerIs):
        return f"owner {_is_one_of(_classes(selector.classes), holds)}"
    if isinstance(selector, AncestorIs):
        return f"{'a' if holds else 'no'} module on its path {_is_one_of(_classes(selector.classes), True)}"
    if isinstance(selector, DirectlyBelow):
        return f"{'' if holds else 'not '}of a child of {f'`{selector.path}`' if selector.path else 'the model'}"
    if isinstance(selector, Placed):
        return f"{'' if holds else 'not '}{_place(selector)}"
    if isinstance(selector, Trainable):
        return "trainable" if holds else "not trainable"
    if isinstance(selector, HasFlag):
        return f"{'' if holds else 'not '}marked {selector.name}"
    if isinstance(selector, Opaque):
        said = selector.words or "a condition that can't be told"
        return said if holds else f"not ({said})"
    raise TypeError(f"not a selector: {selector!r}")


def _text_phrase(selector: Within | Matches | InNames, holds: bool) -> str:
    text = _text(selector.text)
    if isinstance(selector, Within):
        return f"{text} is {'' if holds else 'not '}part of the string {selector.haystack!r}"
    if isinstance(selector, InNames):
        return f"{text} {_is_one_of([repr(name) for name in selector.names], holds)}"
    case = " in any case" if selector.flags & re.IGNORECASE else ""
    where = {"search": "", "match": " at its beginning", "fullmatch": " as a whole"}[selector.mode]
    return f"{text} {'matches' if holds else 'does not match'} the pattern {selector.pattern!r}{where}{case}"


def _place(selector: Placed) -> str:
    what = "of a child" if selector.of_children else "one of the parameters"
    start, stop = ("" if end is None else end for end in (selector.start, selector.stop))
    return f"{what} [{start}:{stop}] of {f'`{selector.path}`' if selector.path else 'the model'}"


def _constant(selector: Contains | StartsWith | EndsWith | Equals) -> str:
    return selector.value if isinstance(selector, Equals) else selector.needle


def _text(text: Text) -> str:
    if isinstance(text, FullName):
        return "name"
    if isinstance(text, OwnerName):
        return "owner's path"
    if isinstance(text, Leaf):
        return "last part of name"
    if isinstance(text, OwnerType):
        return "owner's class name"
    if isinstance(text, (Lower, Upper)):
        return f"{'lower' if isinstance(text, Lower) else 'upper'}-case {_text(text.text)}"
    if isinstance(text, Segment):
        return f"{_ordinal(text.index)} part of {_text(text.text)}"
    if isinstance(text, Replaced):
        change = f"with {text.new!r} for {text.old!r}" if text.new else f"without {text.old!r}"
        return f"{_text(text.text)} {change}"
    if isinstance(text, Prefixed):
        return f"{text.prefix!r} + {_text(text.text)}"
    raise TypeError(f"not a text expression: {text!r}")


def _ordinal(index: int) -> str:
    if index < 0:
        return "last" if index == -1 else f"{_ordinal(-index - 1)} last"
    if index < 3:
        return ("first", "second", "third")[index]
    number = index + 1
    teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _dimensions(op: Comparison, number: int) -> str:
    if op in ("<=", ">"):
        op, number = ("<" if op == "<=" else ">="), number + 1
    noun = "dimension" if number == 1 else "dimensions"
    if op == "<":
        return f"fewer than {number} {noun}"
    if op == ">=":
        return f"{number} or more dimensions"
    return f"{number if number else 'no'} {noun}" if op == "==" else f"not {number} {noun}"


def _classes(paths: frozenset[str]) -> list[str]:
    """Classes as code names them: `nn.LayerNorm` of torch, others without their module."""
    shown = (f"nn.{p.rpartition('.')[2]}" if p.startswith("torch.nn.") else p.rpartition(".")[2] for p in paths)
    return sorted(set(shown))


def _is_one_of(names: Sequence[str], holds: bool) -> str:
    if not names:
        return "is none of no names" if holds else "is anything"
    if len(names) == 1:
        return f"is {'' if holds else 'not '}{names[0]}"
    if len(names) == 2 and not names[0].startswith("'"):
        return f"is {names[0]} or {names[1]}" if holds else f"is neither {names[0]} nor {names[1]}"
    return f"is {'one' if holds else 'none'} of {_list(names)}"


def _list(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names) if rest <= 1 else f"{', '.join(names[:_SHOWN])} and {rest} more"


def _joined(parts: Sequence[Selector], conjoined: bool, holds: bool) -> str:
    if not parts:
        return "every parameter" if conjoined else "no parameter"
    return (" and " if conjoined else " or ").join(_phrases(parts, conjoined, holds))


def _phrases(parts: Sequence[Selector], conjoined: bool, holds: bool) -> list[str]:
    """The parts in words, those in one phrase that ask one kind of question of one thing."""
    alike: dict[object, list[tuple[Selector, bool]]] = {}
    for index, part in enumerate(parts):
        inner, truth = (part.part, not holds) if isinstance(part, Not) else (part, holds)
        key: object = index
        if truth is not conjoined:  # "any of" among alternatives, "none of" among conditions
            if isinstance(inner, (Contains, StartsWith, EndsWith, Equals)):
                key = (type(inner), inner.text)
            elif isinstance(inner, OwnerIs):
                key = OwnerIs
        alike.setdefault(key, []).append((inner, truth))
    return [_together(members, conjoined) for members in alike.values()]


def _together(members: Sequence[tuple[Selector, bool]], conjoined: bool) -> str:
    first, truth = members[0]
    if isinstance(first, OwnerIs):
        classes = [inner.classes for inner, _ in members if isinstance(inner, OwnerIs)]
        return _phrase(OwnerIs(frozenset[str]().union(*classes)), truth)
    if len(members) > 1 and isinstance(first, (Contains, StartsWith, EndsWith, Equals)):
        constants = [repr(_constant(inner)) for inner, _ in members if isinstance(inner, type(first))]
        return f"{_text(first.text)} {_VERBS[type(first)][0]} {'none' if conjoined else 'any'} of {_list(constants)}"
    if isinstance(first, (And, Or)):
        inner_conjoined = isinstance(first, And) is truth
        phrases = _phrases(first.parts, inner_conjoined, truth)
        if len(phrases) > 1 and inner_conjoined is not conjoined:
            return f"({_joined(first.parts, inner_conjoined, truth)})"
    return _phrase(first, truth)
