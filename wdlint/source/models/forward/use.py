"""What the methods of a class do with a raw parameter, and so which kind it is.

`models.forward.flow` follows the parameter and notes its uses; here the strongest of them decides. Judged from the
source alone: nothing is imported or run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from wdlint.facts import Evidence, Kind, Witness
from wdlint.source.models.forward.calls import call
from wdlint.source.models.forward.flow import Reader
from wdlint.source.models.forward.value import How, Touch
from wdlint.source.read import tree as t

# From the strongest to the weakest: a contraction wins over anything else done to the same parameter.
_ORDER = (
    How.CONTRACTED,
    How.EMBEDDED,
    How.TABULATED,
    How.CODED,
    How.BENT,
    How.SCALED,
    How.JOINED,
    How.ADDED,
    How.CHOSEN,
    How.ENTERED,
    How.RETURNED,
)
_WEAK = frozenset((How.ENTERED, How.RETURNED, How.CHOSEN, How.FACTOR))

_MEANING: dict[How, tuple[Kind, str]] = {
    How.CONTRACTED: (Kind.WEIGHT, "contracted with the input"),
    How.EMBEDDED: (Kind.EMBEDDING, "looked up by ids"),
    How.TABULATED: (Kind.OTHER, "a table of positions"),
    How.CODED: (Kind.OTHER, "used through exp, softplus or the like"),
    How.BENT: (Kind.OTHER, "a constant of a nonlinear function"),
    How.SCALED: (Kind.GAIN, "multiplied elementwise"),
    How.ADDED: (Kind.BIAS, "added"),
    How.JOINED: (Kind.OTHER, "put beside the input as a token"),
    How.CHOSEN: (Kind.EMBEDDING, "rows looked up by index"),
    How.ENTERED: (Kind.OTHER, "fed to a layer as an input"),
    How.RETURNED: (Kind.OTHER, "returned as it is"),
}
# Methods that set parameters up or print them; what they do says nothing of the forward pass.
_SETTING_UP = frozenset(
    (
        "__init__",
        "reset_parameters",
        "init_weights",
        "_init_weights",
        "init_parameters",
        "reset",
        "_reset_parameters",
        "extra_repr",
        "__repr__",
        "_load_from_state_dict",
        "load_state_dict",
        "_save_to_state_dict",
        "state_dict",
        "initialize_parameters",
        "__setstate__",
        "weight_init",
        "no_weight_decay",
        "named_parameters",
        "parameters",
        "__getstate__",
        "train",
        "_apply",
    )
)


# The same by what such methods are called in libraries, and access from outside: a use is what `forward` leads to.
_SETS_UP = re.compile(
    r"_*(re)?(init|reset|load|save|export|fuse|merge|unmerge|copy|clone)(_|$)|__(get|set)item__$|_*\w*_init$"
)

# A product of queries with learned positions is a contraction like any other; only the name tells it apart.
_POSITION = re.compile(
    r"(^|_)(pos|position|positional|relative)(_|$)|(^|_)(h|w|t|height|width|time)_rel$|^rel_[hwt]$|pos_?emb"
)


@dataclass(frozen=True, slots=True)
class Use:
    """What is done with one parameter.

    `note` says what the shape can still change: "added" (one constant a channel is a bias, one a position is a
    learned position), "token" or "table"; "" where nothing can. `narrow` is what a contracted parameter is if it has
    at most one broad dimension, and if one of `beside` has more (there are none: in any case).
    """

    kind: Kind
    evidence: Evidence
    node: t.Node | None
    note: str = ""
    narrow: Use | None = None
    beside: frozenset[str] = frozenset()


_NOTES = {How.ADDED: "added", How.JOINED: "token", How.ENTERED: "token", How.RETURNED: "token", How.TABULATED: "table"}


def parameter_uses(classes: Sequence[t.ClassDef], attributes: Collection[str]) -> dict[str, Use]:
    """The uses of the parameters `attributes` (dotted below `self`) in a class and its bases, most derived first.

    A parameter whose use can't be told is missing from the result.
    """
    if not classes or not attributes:
        return {}
    reader = Reader(classes, frozenset(attributes), call)
    reader.construct()
    for method in reader.methods.get("forward", ())[:1]:
        _returned(reader, method)
    undecided = set(attributes) - {touch.attribute for touch in reader.touches if touch.how not in _WEAK}
    if undecided:
        seen = len(reader.touches)
        for name in reader.methods:
            if name != "forward" and name not in _SETTING_UP and not _SETS_UP.match(name):
                reader.read(reader.methods[name][0])
        late = [touch for touch in reader.touches[seen:] if touch.attribute in undecided]
        del reader.touches[seen:]
        reader.touches.extend(late)
    return _strongest(reader.touches)


def _returned(reader: Reader, method: t.FunctionDef) -> None:
    result = reader.read(method)
    for carrier in result.pure if not result.active else ():
        reader.touches.append(Touch(carrier.attribute, How.RETURNED, method, method.name))


def _strongest(touches: Sequence[Touch]) -> dict[str, Use]:
    by_name: dict[str, list[Touch]] = {}
    for touch in touches:
        by_name.setdefault(touch.attribute, []).append(touch)
    return {name: use for name in sorted(by_name) if (use := _weighed(by_name[name])) is not None}


def _weighed(touches: Sequence[Touch]) -> Use | None:
    """The use that decides among all of one parameter."""
    telling = sorted(
        (touch for touch in touches if touch.how is not How.FACTOR),
        key=lambda touch: (_ORDER.index(touch.how), touch.late, bool(touch.beside)),
    )
    if not telling:
        return None
    best = telling[0]
    whole = _use(best)
    if best.how is not How.CONTRACTED:
        return whole
    if best.late:  # the kernel that it went into is contracted: a vector had its use before
        others = (touch for touch in telling if touch.how is not How.CONTRACTED)
        return replace(whole, narrow=next(map(_use, others), None))
    if best.beside:
        return replace(whole, narrow=_use(replace(best, how=How.ENTERED, detail="a product")), beside=best.beside)
    factors = [touch for touch in touches if touch.how is How.FACTOR]
    if not factors:
        return whole
    narrow = _use(replace(factors[0], how=How.SCALED, detail="with a weight"))
    return replace(whole, narrow=narrow, beside=frozenset().union(*(touch.beside for touch in factors)))


def _use(touch: Touch) -> Use:
    kind, words = _MEANING[touch.how]
    by = f" ({touch.detail})" if touch.detail else ""
    if touch.how is How.CONTRACTED and _POSITION.search(touch.attribute.rsplit(".", 1)[-1]):
        text = f"{words}{by} in `{touch.method}`, and its name says positions"
        return Use(Kind.OTHER, Evidence(Witness.FORWARD, text), touch.node, "table")
    text = f"{words}{by} in `{touch.method}`"
    return Use(kind, Evidence(Witness.FORWARD, text), touch.node, _NOTES.get(touch.how, ""))


def uses_in_source(source: str, attributes: Collection[str]) -> dict[str, Use]:
    """`parameter_uses` of the classes in a piece of source text, the first being the most derived.

    The text is what `inspect.getsource` gives for a class, indented or not; the sources of its bases and of
    functions that it calls may follow. Text that can't be parsed gives no answer.
    """
    return parameter_uses(classes_in_source(source), attributes)


def classes_in_source(source: str) -> list[t.ClassDef]:
    """The classes of a piece of source text in their order; none where it can't be parsed."""
    import textwrap

    from wdlint.source.read.lower_ast import lower_text

    try:
        module = lower_text(textwrap.dedent(source), "", "", False)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [s for s in module.scope.body.statements if isinstance(s, t.ClassDef)]
