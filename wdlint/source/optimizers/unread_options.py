"""Options for a decay that a program declares and nothing in it reads.

Said only where the whole way of the options can be seen: a script that makes an optimizer, whose parsed options
are read by name and handed to nothing outside of it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wdlint.source.libraries.library import Declarer
from wdlint.source.libraries.options import declared
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.callers import all_statements
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Context, External, FunctionValue, Instance, bare

_DECAY = re.compile(r"(?:weights?_?decay|wd|wdecay|l2_?(?:reg|decay|penalty|lambda)?)", re.IGNORECASE)
_PARSED = ("parse_args", "parse_known_args")
_SHOWING = frozenset("print pprint str repr info debug warning log write format".split())
_ALIKE = 0.8  # from here on a name counts as the other one misspelt


@dataclass(frozen=True, slots=True, eq=False)
class Unread:
    """An option that is declared at `call`; `instead` is a name like its own that is read."""

    name: str
    call: t.Call
    instead: str = ""


def unread_options(evaluator: Evaluation, module: t.Module, declarers: Mapping[str, Declarer]) -> Iterator[Unread]:
    """The options for a decay that nothing reads, in textual order."""
    options = {name: call for name, (call, _, _) in declared(evaluator, module, declarers)}
    wanted = {name: call for name, call in options.items() if _DECAY.fullmatch(name)}
    if not wanted:
        return
    read: set[str] = set()
    for statement in all_statements(module.scope):
        context = evaluator.frame(statement.scope).at(statement)
        for expression in syntax.expressions(statement):
            if any(expression is call for call in options.values()):
                continue
            if isinstance(statement, (t.Return, t.Assign)) and _is_namespace(evaluator, expression, context):
                written = statement.targets if isinstance(statement, t.Assign) else ()
                if not all(isinstance(target, (t.Name, t.Display)) for target in written):
                    return  # kept where others may read it
            for node in syntax.walk(expression):
                if isinstance(node, t.Attribute):
                    if node.attr == "__dict__":
                        return
                    read.add(node.attr)
                elif isinstance(node, t.Const) and isinstance(node.value, str):
                    read.add(node.value)
                elif isinstance(node, t.Call) and _hands_on(evaluator, node, context, module):
                    return
    for name, call in wanted.items():
        if name not in read:
            near = difflib.get_close_matches(name, sorted(read - set(options)), 1, _ALIKE)
            yield Unread(name, call, near[0] if near else "")


def _is_namespace(evaluator: Evaluation, expr: t.Expr, context: Context) -> bool:
    """Whether an expression may be what a parser of options returned."""
    if not isinstance(expr, (t.Name, t.Attribute, t.Call)):
        return False
    if isinstance(expr, t.Call) and (syntax.dotted(expr.func) or "").rpartition(".")[2] not in _PARSED:
        return False
    return any(
        isinstance(held := bare(value), Instance)
        and isinstance(held.cls, External)
        and held.cls.path.endswith("Namespace")
        for value in evaluator.evaluate(expr, context)
    )


def _hands_on(evaluator: Evaluation, call: t.Call, context: Context, module: t.Module) -> bool:
    """Whether a call gives all options to something that is not seen in this module."""
    given = [a for a in call.args if _is_namespace(evaluator, a.value, context)]
    if not given:
        return False
    name = (syntax.dotted(call.func) or "").rpartition(".")[2]
    if name == "vars" or any(argument.star for argument in given):
        return True
    if name in _SHOWING or name in ("getattr", "hasattr"):
        return False
    callees = evaluator.evaluate(call.func, context)
    return not all(isinstance(c, FunctionValue) and c.frame.scope.module is module for c in callees)
