"""Lightning: `self.hparams` is what `save_hyperparameters()` found in the constructor's arguments."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.libraries.library import Library
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, ClassValue, Context, Entry, Instance, Known, MappingValue, Value


def _kept(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers | None:
    if name not in ("hparams", "hparams_initial") or not isinstance(value.cls, ClassValue):
        return None
    found: list[Value] = []
    for owner in linear_bases(evaluator, value.cls):
        if isinstance(owner, ClassValue):
            found.extend(_of_constructor(evaluator, value, owner))
    return tuple(found) or None


def _of_constructor(evaluator: Evaluation, instance: Instance, owner: ClassValue) -> Iterator[Value]:
    """What the constructor of one class keeps: some of its arguments by their names, or one object whole."""
    for method in t.statements(owner.definition.inner.body):
        if not isinstance(method, t.FunctionDef) or method.name != "__init__":
            continue
        frame = evaluator.method_frame(method, owner, instance)
        for statement in t.statements(method.inner.body):
            call = statement.value if isinstance(statement, t.Expression) else None
            if not isinstance(call, t.Call) or not (syntax.dotted(call.func) or "").endswith(".save_hyperparameters"):
                continue
            written = [a.value for a in call.args if a.keyword is None and not a.star]
            names = {w.value for w in written if isinstance(w, t.Const)}
            if written and not names:
                yield from evaluator.evaluate(written[0], frame.at(statement))
                continue
            entries: list[Entry] = []
            for parameter in method.params[1:]:
                if not parameter.star and (not names or parameter.name in names):
                    entries.append(Entry((Known(parameter.name),), evaluator.argument(frame, parameter)))
                elif parameter.star == "**" and not names:
                    entries.append(Entry(None, evaluator.argument(frame, parameter)))
            yield MappingValue(tuple(entries), call, frame.at(statement))


LIBRARY = Library(paths=("lightning", "pytorch_lightning"), inherited=_kept)
