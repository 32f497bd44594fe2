"""All the facts of one parsed file: optimizer uses, penalties and optimizer definitions, with places."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from wdlint.facts import Coupling, FileFacts, OptimizerDefinition, Origin, Penalty, Ternary, UnreadOption
from wdlint.source.libraries.known import Known, found
from wdlint.source.optimizers import helpers
from wdlint.source.optimizers.loops.idle_decays import idle_decays
from wdlint.source.optimizers.other_optimizers import with_elsewhere
from wdlint.source.optimizers.own_classes import is_optimizer_class, step_of
from wdlint.source.optimizers.several_callers import together
from wdlint.source.optimizers.sites import sites
from wdlint.source.optimizers.unread import unread_calls, untold
from wdlint.source.optimizers.unread_options import unread_options
from wdlint.source.optimizers.uses import UseReader
from wdlint.source.penalties.draft import PenaltyReach
from wdlint.source.penalties.search import penalties
from wdlint.source.read import tree as t
from wdlint.source.read.depth import deep_questions
from wdlint.source.read.positions import Places
from wdlint.source.read.project import Project
from wdlint.source.values.amounts import AmountDraft, amount_of, source_text
from wdlint.source.values.callers import all_statements
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.evaluator import Evaluator


def observed(path: str, data: bytes, module: t.Module, project: Project) -> FileFacts:
    """The facts of one file, in textual order."""
    with deep_questions():
        return _observed(path, data, module, project)


def evaluator_of(project: Project, module: t.Module) -> Evaluator:
    """What answers questions about one module, with all that is known of libraries."""
    return Evaluator(project, module, _known())


@cache
def _known() -> Known:
    return Known((*found(), helpers.LIBRARY))


def _observed(path: str, data: bytes, module: t.Module, project: Project) -> FileFacts:
    evaluator = evaluator_of(project, module)
    where: Callable[[int], tuple[int, int]] | None = None
    if path.endswith(".ipynb"):
        from wdlint.source.read.notebook import read_notebook

        where = read_notebook(data).where
    places = Places(_shown, where, module.path)
    reader = UseReader(evaluator, places)
    made = [site for site in sites(evaluator, module) if site.makers]
    uses = tuple(with_elsewhere(tuple(together(made, reader.read))))
    calls = unread_calls(evaluator, module, [site.call for site in made])
    unread = {*(use.place for use in uses if untold(use)), *(places.of(module, call) for call in calls)}
    return FileFacts(
        path,
        uses=uses,
        penalties=tuple(_penalties(evaluator, module, reader, places)),
        definitions=tuple(_definitions(evaluator, module, places)),
        options=tuple(_options(evaluator, module, places)) if uses else (),
        idle=tuple(idle_decays(evaluator, module, places)) if b"weight_decay" in data else (),
        unread=tuple(sorted(place for place in unread if place is not None)),
    )


def _shown(path: str) -> str:
    """A path as reports show it: relative to the working folder where it lies below it."""
    if not os.path.isabs(path):
        return os.path.normpath(path)
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _penalties(evaluator: Evaluation, module: t.Module, reader: UseReader, places: Places) -> Iterator[Penalty]:
    for draft in list(penalties(evaluator, module)):
        place = places.of(module, draft.node)
        if place is None:
            continue
        written = draft.strength or source_text(module, draft.coefficient_node)
        amount = amount_of(draft.coefficient, written) if draft.coefficient is not None else None
        reached = PenaltyReach(evaluator, draft.operands)
        again = reader.decayed_elsewhere(reached.parts)
        yield Penalty(
            label=draft.label,
            sink=draft.sink,
            place=place,
            coefficient=(amount or AmountDraft(1.0, Origin.WRITTEN)).placed(places),
            power=draft.power,
            kinds=reached.kinds,
            parameters=reached.examples,
            sink_place=places.of(module, draft.sink_node),
            joins_place=places.of(module, draft.joins) if draft.joins is not None else None,
            averaged=draft.averaged,
            inventory=reached.inventory,
            members=(Ternary.YES,) * len(reached.inventory.parameters) if reached.inventory else (),
            confidence=draft.confidence,
            decayed_by=again[0] if again else None,
            decayed_by_amount=again[1] if again else None,
            held_by=reader.held_elsewhere(reached.whole),
        )


def _options(evaluator: Evaluator, module: t.Module, places: Places) -> Iterator[UnreadOption]:
    for option in unread_options(evaluator, module, _known().declarers):
        place = places.of(module, option.call)
        if place is not None:
            yield UnreadOption(option.name, place, option.instead)


def _definitions(evaluator: Evaluation, module: t.Module, places: Places) -> Iterator[OptimizerDefinition]:
    for statement in all_statements(module.scope):
        if not isinstance(statement, t.ClassDef):
            continue
        cls = evaluator.class_value(statement)
        if not is_optimizer_class(evaluator, cls):
            continue
        step = step_of(evaluator, cls)
        if step.inherits or step.coupling is Coupling.NONE:
            continue
        place = places.of(module, statement)
        if place is None:
            continue
        # The header alone: a comment in the body suppresses what stands on its own line.
        end = place.column + len("class ") + len(statement.name)
        place = replace(place, end_line=place.line, end_column=end)
        default: AmountDraft | None = None
        if step.default is not None:
            answers = evaluator.evaluate(step.default, cls.frame.at(statement))
            default = amount_of(answers, source_text(module, step.default))
        yield OptimizerDefinition(
            name=statement.name,
            coupling=step.coupling,
            place=place,
            step_place=places.of(module, step.node) if step.node is not None else None,
            default=default.placed(places) if default else None,
            switch=step.switch,
            carried=step.carried,
        )
