"""The judgement of a live optimizer: `audit(model, optimizer)` and the report it returns.

The facts come from `optimizers.uses`, the verdicts from the same rules that judge source. How it is shown is in
`showing.panels`.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from types import FrameType
from typing import Any

from torch import nn
from torch.optim import Optimizer

from wdlint.facts import Finding, Place
from wdlint.files.paths import display
from wdlint.model.holding.wrappers import is_optimizer, leaves
from wdlint.model.kinds.classify import Classification, classify
from wdlint.model.optimizers.origin import made_at
from wdlint.model.optimizers.uses import GroupRow, Live, facts_of, observe_optimizer, steppers
from wdlint.model.untouched.imprints import Imprint, changed, imprint, touched_words


class TouchedWarning(UserWarning):
    """An audit has changed something of the program that it looked at."""


class DecayFault(AssertionError):
    """An audit found faults; the message is its report."""


@dataclass(frozen=True)
class Report:
    """What an audit found. Printing it gives the report; in a notebook it shows itself."""

    findings: tuple[Finding, ...]
    table: tuple[GroupRow, ...]  # one row a parameter group
    classification: Classification | None = None  # None where the model is in another process
    traces: tuple[str, ...] = ()  # what the audit changed, although it should not have

    @property
    def ok(self) -> bool:
        """Whether no rule found a fault."""
        return not self.findings

    def __str__(self) -> str:
        from wdlint.model.showing.panels import report_text

        return report_text(self.table, self.findings, traces=self.traces)

    def _repr_html_(self) -> str:
        from wdlint.model.showing.panels import report_html

        return report_html(self.table, self.findings, self.traces)

    def raise_for_findings(self) -> None:
        """Raise `DecayFault` (an AssertionError) if there are findings; for tests and training scripts."""
        if self.findings:
            raise DecayFault("\n" + str(self))


def audit(
    model: nn.Module,
    optimizer: Optimizer | Iterable[Optimizer] | Mapping[str, Optimizer],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    example_inputs: tuple[Any, ...] | None = None,
    example_kwargs: Mapping[str, Any] | None = None,
    forward: bool = True,
) -> Report:
    """Judge the groups of a live optimizer by the rules of wdlint.

    Neither model nor optimizer is changed: parameters, gradients, optimizer state, hooks and random numbers are
    bit for bit what they were. How decay is applied is found by stepping a twin over a toy parameter. What a
    `forward` does outside its model (files that it writes, globals that it sets) is not undone: `forward=False`
    leaves it out. All is compared before and after; a change is warned of (`TouchedWarning`) and in `traces`.

    Args:
        model: the module whose parameters are trained; wrappers (DDP, torch.compile) are fine.
        optimizer: one, or several (a list, a dictionary) that share the model; of wrappers, those inside that really
            step are judged.
        select: rules to judge by instead of the default ones, as on the command line (`"WD105"`, `"WD1"`, names).
        ignore: rules to leave out.
        example_inputs: positional arguments of a forward pass, for layers whose class and source tell nothing.
        example_kwargs: the same by name.
        forward: whether a forward pass of a copy of the model, on the meta device, may be observed.

    Raises:
        TypeError: `model` is no module, or `optimizer` none that steps groups of parameters.
        wdlint.judging.selection.UnknownRule: a selector names no rule.
    """
    given = _optimizers(model, optimizer)
    frame = _caller()
    asked = _place_of(frame)
    made = {id(one): made_at(one, frame) for one in given}
    for outer in given:  # what stands inside a wrapper may be made on a line of its own
        made |= {id(leaf): made_at(leaf, frame) or made[id(outer)] for leaf in leaves(outer)}
    before = imprint(model, given)
    seen = classify(model, example_inputs=example_inputs, example_kwargs=example_kwargs, watch=forward)
    stepping = steppers(given)
    lives = [observe_optimizer(o, seen, made[id(o)] or asked, model, others=stepping) for o in stepping]
    return report_on(lives, seen, asked.file, select, ignore, traces=traces_since(before, model, given))


def _optimizers(model: Any, optimizer: Any) -> list[Any]:
    """What is to be judged, as a list."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"audit(model, optimizer): the model is a torch.nn.Module, not {_described(model)}")
    several = isinstance(optimizer, Iterable) and not is_optimizer(optimizer) and not isinstance(optimizer, str)
    given = list(optimizer.values() if isinstance(optimizer, Mapping) else optimizer) if several else [optimizer]
    for one in given:
        if not any(map(is_optimizer, leaves(one))):
            raise TypeError(
                f"audit(model, optimizer): {_described(one)} is no optimizer: it has no groups of parameters"
            )
    if not given:
        raise TypeError("audit(model, optimizer): there is no optimizer in what was given")
    return given


def _described(thing: Any) -> str:
    return f"the class {thing.__name__}" if isinstance(thing, type) else f"a {type(thing).__name__}"


def traces_since(before: Imprint, model: nn.Module, optimizers: Sequence[Any]) -> tuple[str, ...]:
    """What has changed since `before`; it is warned of as well."""
    traces = changed(before, imprint(model, optimizers))
    if traces:
        warnings.warn(touched_words(traces), TouchedWarning, stacklevel=3)
    return traces


def report_on(
    lives: Sequence[Live],
    seen: Classification | None,
    file: str,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    traces: tuple[str, ...] = (),
) -> Report:
    """The rules' verdict on live optimizers."""
    from wdlint.judging.judge import judge
    from wdlint.judging.selection import selected
    from wdlint.settings.catalogue import Settings

    chosen, left_out = ((words,) if isinstance(words, str) else tuple(words) for words in (select, ignore))
    rules = selected(Settings(select=chosen, ignore=left_out))
    # One at a time: two of one class that were made on one line, or on one that is not known, are two all the same.
    findings = [finding for live in lives for finding in judge(facts_of([live], file), rules)]
    return Report(tuple(f for f in findings if not f.latent), _told_apart(lives), seen, traces)


def _told_apart(lives: Sequence[Live]) -> tuple[GroupRow, ...]:
    """The rows of all optimizers; those of one class are called by what they train, or numbered."""
    classes = Counter(live.use.callee for live in lives)
    trained = [_trained_by(live) for live in lives]
    apart = all(trained) and len(set(zip((live.use.callee for live in lives), trained, strict=True))) == len(lives)
    met: Counter[str] = Counter()
    rows = []
    for live, part in zip(lives, trained, strict=True):
        name = live.use.callee
        met[name] += 1
        several = f"{name} of {part}" if apart else f"{name} {met[name]}"
        rows += [replace(row, optimizer=several if classes[name] > 1 else name) for row in live.rows]
    return tuple(rows)


def _trained_by(live: Live) -> str:
    """The part of the model that holds all that an optimizer trains; else the model, where it has a name."""
    paths = [name.split(".")[:-1] for row in live.rows for name in row.names]
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    return ".".join(parts[0] for parts in shared) or (live.use.model if live.use.model != "model" else "")


def _caller() -> FrameType:
    """The frame outside wdlint that asked for the audit."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    frame = sys._getframe(1)
    while frame.f_back is not None and os.path.abspath(frame.f_code.co_filename).startswith(package):
        frame = frame.f_back
    return frame


def _place_of(frame: FrameType) -> Place:
    file, line = frame.f_code.co_filename, frame.f_lineno
    return Place(file if file.startswith("<") else display(file), line, 1, line, 1)
