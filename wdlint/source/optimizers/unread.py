"""Optimizers that could not be read: silence there means nothing, so they are counted and said.

A call is one where it goes by an optimizer's name or is given parameters, is kept under such a name, and neither it nor
what it calls can be followed; a construction that was followed is one where what it is given could not be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wdlint.facts import OptimizerUse, Ternary
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.callers import all_statements
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import External, FunctionValue, Instance, Method, Unknown, Value

_NAMED = re.compile(r"(?i)(^|_)(optim(izers?)?|opts?)($|_)|optimizer$")
_MAKES = re.compile(r"(?i)optim(?!um|al|iz(e|ation)$)")
# What wraps an optimizer, schedules it or hands one back is no construction.
_WRAPS = re.compile(r"(?i)prepare|wrap|distributed|schedul|initialize|load|state|resume|unwrap|broadcast|^get_?attr$")
_PARAMETERS = ("parameters", "named_parameters", "params", "param_groups")
# Optimizers of these are none of ours.
_OTHERS = frozenset(
    "tensorflow keras tf_keras jax optax flax paddle mxnet mindspore chainer theano scipy sklearn".split()
)


def untold(use: OptimizerUse) -> bool:
    """Whether it can't be told of a construction which parameters it decays."""
    if not use.complete or not use.groups:
        return True
    unseen = use.inventory is None or not use.inventory.parameters
    return unseen and any(
        g.division.gains is Ternary.UNKNOWN and g.division.biases is Ternary.UNKNOWN for g in use.decayed()
    )


def unread_calls(evaluator: Evaluation, module: t.Module, read: Sequence[t.Call]) -> Iterator[t.Call]:
    """The calls of a module that seem to make an optimizer and can't be followed; `read` are those that were."""
    known = {id(call) for call in read}
    for statement in all_statements(module.scope):
        if not isinstance(statement, t.Assign) or not isinstance(statement.value, t.Call):
            continue
        call = statement.value
        if id(call) in known or not any(_NAMED.search(syntax.last_part(x)) for x in statement.targets):
            continue
        name = syntax.last_name(call)
        if not (_MAKES.search(name) or _is_given_parameters(call)) or _WRAPS.search(name):
            continue
        if not call.args or any(_holds_one(a) for a in call.args):
            continue
        context = evaluator.frame(statement.scope).at(statement)
        callees = evaluator.evaluate(call.func, context)
        if all(map(_unseen, callees)):
            yield call
        elif all(isinstance(callee, FunctionValue) for callee in callees):
            if all(map(_unseen, evaluator.evaluate(call, context))):
                yield call  # a function of the project's that hands on what can't be followed


def _unseen(callee: Value) -> bool:
    """Whether what is called can't be followed: unknown, or of a library that nothing is known of."""
    if isinstance(callee, External):
        root = callee.path.split(".", 1)[0]
        return root not in _OTHERS and root != "torch"
    if isinstance(callee, Instance):  # what such a library made, called in turn
        return isinstance(callee.cls, External) and _unseen(callee.cls)
    return isinstance(callee, (Unknown, Method))


def _is_given_parameters(call: t.Call) -> bool:
    """Whether a call is given a model's `parameters()`, as names go."""
    return any(
        argument.keyword == "params"
        or any(syntax.last_part(node) in _PARAMETERS for node in syntax.walk(argument.value))
        for argument in call.args
    )


def _holds_one(argument: t.Argument) -> bool:
    """Whether an argument is an optimizer already, by its name."""
    return _NAMED.search(syntax.last_part(argument.value)) is not None
