"""Whether a program reads the exemptions that its model declares.

What is declared is in `models.declared_exemptions`. A list or mark counts as read where any code beside its own
definition asks for it by name, or a library's helper that is known to ask is given the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wdlint.facts import Ternary
from wdlint.source.models.declared_exemptions import METHODS, models_declared_exemptions
from wdlint.source.models.inventory import marks
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.callers import all_statements
from wdlint.source.values.values import ClassValue, Instance, Value, bare

if TYPE_CHECKING:
    from wdlint.source.values.evaluation import Evaluation

_WORD = "decay"  # a mark without it means something else


@dataclass(frozen=True, slots=True, eq=False)
class Honoured:
    """What the models of an optimizer declare exempt, where the first of them says so, and whether anybody reads it."""

    patterns: tuple[str, ...] = ()
    node: t.Node | None = None
    module: t.Module | None = None
    honours: Ternary = Ternary.UNKNOWN


def honoured(evaluator: Evaluation, models: Iterable[Value], modules: Iterable[t.Module | None]) -> Honoured:
    """What these models declare, and whether one of the modules that make the groups reads it."""
    patterns: dict[str, None] = {}
    names: set[str] = set()
    node: t.Node | None = None
    where: t.Module | None = None
    homes: list[t.Module] = []
    for model in models:
        said = models_declared_exemptions(evaluator, model)
        if said is not None:
            patterns.update(dict.fromkeys(said.patterns))
            names.update(METHODS)
            node, where = (said.method, said.module) if node is None else (node, where)
        for mark, marked in marks(evaluator, model).items():
            if _WORD in mark:
                patterns.update(dict.fromkeys(sorted(marked)))
                names.add(mark)
        inner = bare(model)
        if isinstance(inner, Instance) and isinstance(inner.cls, ClassValue):
            homes.append(inner.cls.definition.scope.module)
    if not patterns:
        return Honoured()
    asked = {id(module): module for module in (*modules, *homes) if module is not None}
    reads = any(_asks(module, names) for module in asked.values())
    return Honoured(tuple(patterns), node, where, Ternary.YES if reads else Ternary.NO)


def _asks(module: t.Module, names: set[str]) -> bool:
    """Whether a module's code asks for one of these names: `model.no_weight_decay()`, `hasattr(p, "_no_…")`."""
    for statement in all_statements(module.scope):
        for expression in _read(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Attribute) and node.attr in names and not _is_passed_up(node):
                    return True
                if isinstance(node, t.Const) and node.value in names:
                    return True
    return False


def _read(statement: t.Stmt) -> Iterator[t.Expr]:
    """The expressions whose values a statement reads; what it sets is none of them."""
    for expression in syntax.expressions(statement):
        if isinstance(statement, t.Assign) and any(expression is target for target in statement.targets):
            continue
        call = expression
        if isinstance(call, t.Call) and isinstance(call.func, t.Name) and call.func.id == "setattr":
            continue
        yield expression


def _is_passed_up(node: t.Attribute) -> bool:
    """`super().no_weight_decay()`, by which a model adds to the list of its parent."""
    inner = node.value
    return isinstance(inner, t.Call) and isinstance(inner.func, t.Name) and inner.func.id == "super"
