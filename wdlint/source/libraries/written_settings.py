"""Settings that are programs: `config.optim.weight_decay`, which each file of a project's settings sets.

Which of those files a run takes is named on the command line. Where they all set one number, that is what it is unless
the user says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Origin
from wdlint.source.libraries.options import DECAYS
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.callers import all_statements
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, Known

_FILES = 40


def setting(evaluator: Evaluation, holder: str, name: str, context: Context) -> Answers:
    """The number that every file of the project sets as `holder.name`; empty where they don't agree."""
    if DECAYS.search(name) is None:
        return ()
    known: dict[tuple[str, str], Answers] = evaluator.memo("settings of the project")
    key = holder, name
    if key not in known:
        found = list(_set(evaluator, holder, name, context))
        numbers = {node.value for node, _ in found if isinstance(node, t.Const) and _is_number(node.value)}
        known[key] = ()
        if len(numbers) == 1 and all(isinstance(node, t.Const) for node, _ in found):
            node, module = found[0]
            known[key] = (Known(numbers.pop(), Origin.FIELD_DEFAULT, node, module),)
    return known[key]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _set(evaluator: Evaluation, holder: str, name: str, context: Context) -> Iterator[tuple[t.Expr, t.Module]]:
    for path in evaluator.project.files_with(f"{holder}.{name}", context.module.path)[:_FILES]:
        module = evaluator.project.module(path)
        for statement in all_statements(module.scope) if module is not None else ():
            for target in statement.targets if isinstance(statement, t.Assign) and statement.value is not None else ():
                if isinstance(target, t.Attribute) and target.attr == name and syntax.last_part(target.value) == holder:
                    assert isinstance(statement, t.Assign) and statement.value is not None and module is not None
                    yield statement.value, module
