"""What a hand-made split says: its intent, its exempt groups, its name patterns and the keys of its groups.

Here live the questions that the rules about hand-made parameter groups share. What decay reaches
stands in `reach`; nothing here decides that something is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wdlint.facts import Group, Kind, OptimizerUse, Pattern, Ternary
from wdlint.judging.reach import UNDECAYED_KINDS, decayed_groups, held


def exempt_groups(use: OptimizerUse) -> tuple[Group, ...]:
    """The groups that are written to have no decay."""
    return tuple(g for g in use.groups if g.amount_written and g.amount.value == 0 and not g.amount.latent)


def is_inverted(use: OptimizerUse) -> bool:
    """Whether a split decays gains or biases and no weight, and exempts weights."""
    if not is_split(use):
        return False
    decayed = {p.kind for _, p in held(use, decayed_groups(use))}
    exempt = {p.kind for _, p in held(use, exempt_groups(use))}
    return Kind.WEIGHT in exempt and Kind.WEIGHT not in decayed and not decayed.isdisjoint(UNDECAYED_KINDS)


_OTHER_NAMES = frozenset(
    {"wd", "wdecay", "decay", "weightdecay", "weightdecayrate", "weightsdecay", "decayrate", "l2", "l2reg", "l2norm"}
    | {"l2penalty", "l2lambda", "l2decay", "lambda", "regularization", "weightpenalty"}
)
"""What else people call a decay, without underscores and hyphens."""


def unread_decay_keys(use: OptimizerUse, group: Group) -> Iterator[tuple[int, str, str]]:
    """The keys of a group that mean its decay and are not read: index among its options, key, and the right key."""
    keys = {c.decay_key for c in use.classes if c.decay_key}
    if len(keys) != 1 or not all(c.reads for c in use.classes):
        return
    (right,) = keys
    if right in group.options:
        return
    for index, key in enumerate(group.options):
        if not any(key in c.reads for c in use.classes) and _means_decay(key, right):
            yield index, key, right


def _means_decay(key: str, right: str) -> bool:
    plain, goal = (text.lower().replace("_", "").replace("-", "") for text in (key, right))
    return plain in _OTHER_NAMES or (len(plain) >= 8 and _distance(plain, goal) <= 2)


def _distance(a: str, b: str) -> int:
    """How many letters must be changed, added or dropped to turn one word into the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]


def is_split(use: OptimizerUse) -> bool:
    """Whether the groups state an intent: some decay and some don't, or a key that is not read tries to say so."""
    if use.divided:
        return True
    return len(use.groups) > 1 and any(True for g in use.groups for _ in unread_decay_keys(use, g))


def dead_patterns(use: OptimizerUse) -> tuple[Pattern, ...]:
    """The exempting patterns of a split that certainly match no parameter of the model."""
    inventory = use.inventory
    if inventory is None or not inventory.complete or not inventory.parameters:
        return ()
    count = len(inventory.parameters)
    dead = (
        p
        for g in use.groups
        for p in g.patterns
        if p.exempts and len(p.matches) == count and all(m is Ternary.NO for m in p.matches)
    )
    return tuple({p.text: p for p in dead}.values())


_GAIN_WORD = re.compile(r"norm|gamma|scale|gain|(?:^|[^a-z])(?:ln|bn|gn|in|rms|g)(?=[^a-z]|$)")
_BIAS_WORD = re.compile(r"bias|beta|offset|shift|(?:^|[^a-z])b(?=[^a-z]|$)")


def meant_kind(pattern: Pattern) -> Kind | None:
    """The kind that a name pattern was meant to match, by the words in it.

    `"bias"` and `"LayerNorm.bias"` mean biases, `"LayerNorm.weight"` and `"norm"` gains.
    """
    text = pattern.text.lower()
    if _BIAS_WORD.search(text):
        return Kind.BIAS
    return Kind.GAIN if _GAIN_WORD.search(text) else None
