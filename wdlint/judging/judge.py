"""From facts to findings: each rule is given the facts of the kind that it judges.

The facts may come from source, from a model or from a live run. Nothing here reads a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace

from wdlint.facts import Confidence, FileFacts, Finding, Note, OptimizerUse, Place
from wdlint.judging.rule import Rule
from wdlint.judging.wording import of_family


class RuleFailed(Exception):
    """A rule raised an error of its own; the message names the rule and the error."""


def judge(facts: FileFacts, rules: Iterable[Rule]) -> list[Finding]:
    """The findings of the rules, each with its rule's name and severity, in the order of place and code.

    Two findings of a rule at one place with one message count once.

    Raises:
        RuleFailed: a rule raised an error.
    """
    found: dict[Finding, None] = {}
    beside = Counter(use.place for use in facts.uses)
    for rule in rules:
        variants: dict[Place, list[tuple[OptimizerUse, Finding]]] = {}
        callers: dict[Place, list[tuple[OptimizerUse, list[Finding]]]] = {}
        for subject in _subjects(facts, rule.subject):
            if isinstance(subject, OptimizerUse) and not subject.reached:
                continue
            try:
                judged = [replace(f, severity=rule.severity, rule=rule.name) for f in rule.judge(subject)]
            except Exception as error:
                raise RuleFailed(f"rule {rule.code} ({rule.name}) failed: {type(error).__name__}: {error}") from error
            if not isinstance(subject, OptimizerUse):
                found.update(dict.fromkeys(judged))
                continue
            if subject.made_place is not None:
                made = Note("the optimizer is made here, and this is where to repair it", subject.made_place)
                judged = [replace(finding, notes=(*finding.notes, made), made_place=made.place) for finding in judged]
            if max(subject.variants, subject.ways) > 1:
                for finding in judged:
                    variants.setdefault(finding.place, []).append((subject, finding))
            elif judged and (subject.reached_from or beside[subject.place] > 1):
                callers.setdefault(subject.place, []).append((subject, judged))
            else:
                found.update(dict.fromkeys(judged))
        for several in variants.values():
            joined = _of_variants(several)
            if joined is not None:
                found[joined] = None
        for place, reached in callers.items():
            if len(reached) == beside[place] or not rule.unanimous:
                found.update(dict.fromkeys(_of_callers(reached)))
    return in_order(found)


def _of_callers(reached: list[tuple[OptimizerUse, list[Finding]]]) -> list[Finding]:
    """The findings of one construction that several callers reach: of the one that is surest, the others in a note."""

    def doubt(of: tuple[OptimizerUse, list[Finding]]) -> tuple[bool, bool]:
        return all(f.latent for f in of[1]), all(f.confidence is not Confidence.PROVEN for f in of[1])

    use, findings = min(reached, key=doubt)
    places = list(dict.fromkeys([*use.reached_from, *(p for other, _ in reached for p in other.reached_from)]))
    if not places:
        return findings
    others = len(places) - 1
    more = f", and from {others} other place{'s' if others > 1 else ''}" if others else ""
    note = Note(f"this is reached from here{more}", places[0])
    return [replace(finding, notes=(*finding.notes, note)) for finding in findings]


_NAMED = 6  # models named in a note


def _of_variants(several: list[tuple[OptimizerUse, Finding]]) -> Finding | None:
    """One finding for all the models that a use may have: the first, with a note on which of them it holds for.

    Of a family that nothing in the code tells apart, it must hold for most.
    """
    use, first = several[0]
    if use.variants == 1:
        return _of_ways(several)
    if of_family(use):
        return _of_family(several)
    names = list(dict.fromkeys(u.inventory.model if u.inventory else "" for u, _ in several))
    seen = [name for name in names if name]
    shown = ", ".join(seen[:_NAMED]) + (f" and {len(seen) - _NAMED} more" if len(seen) > _NAMED else "")
    note = Note(
        f"this holds for {len(names)} of the {use.variants} models that it may be: {shown or 'one that is not seen'}"
    )
    sure = len(names) >= use.variants and all(f.confidence is Confidence.PROVEN for _, f in several)
    confidence = Confidence.PROVEN if sure else Confidence.ASSUMED
    latent = all(f.latent for _, f in several)
    return replace(first, notes=(*first.notes, note), confidence=confidence, latent=latent)


def _of_family(several: list[tuple[OptimizerUse, Finding]]) -> Finding | None:
    use, first = several[0]
    assert use.inventory is not None
    holding = len({u.inventory.model for u, _ in several if u.inventory is not None})
    if 2 * holding <= use.variants:
        return None
    library = use.inventory.model.partition(".")[0]
    note = Note(f"this holds for {holding} of the {use.variants} kinds of models of {library} that it may be")
    return replace(first, notes=(*first.notes, note), confidence=Confidence.ASSUMED)


def _of_ways(several: list[tuple[OptimizerUse, Finding]]) -> Finding:
    """One finding for the ways through the branches before an optimizer: proven where it holds on each of them."""
    use, first = several[0]
    if len(several) >= use.ways:
        sure = all(finding.confidence is Confidence.PROVEN for _, finding in several)
        return first if sure else replace(first, confidence=Confidence.ASSUMED)
    note = Note(f"this holds on {len(several)} of the {use.ways} ways through the branches before the optimizer")
    latent = all(finding.latent for _, finding in several)
    return replace(first, notes=(*first.notes, note), confidence=Confidence.ASSUMED, latent=latent)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by file, cell, line, column and code."""

    def key(finding: Finding) -> tuple[object, ...]:
        place = finding.place
        return place.file, place.cell or 0, place.line, place.column, finding.code, finding.message

    return sorted(findings, key=key)


def _subjects(facts: FileFacts, kind: type) -> Iterable[object]:
    """The facts of one kind: the file's facts themselves, or members of them."""
    if isinstance(facts, kind):
        return (facts,)
    members = (getattr(facts, member.name) for member in fields(facts))
    return [fact for group in members if isinstance(group, tuple) for fact in group if isinstance(fact, kind)]
