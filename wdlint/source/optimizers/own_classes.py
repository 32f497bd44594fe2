"""Optimizers that are classes of the project: what they derive from, how their step decays, what they hold.

Where such an optimizer is made is found in `sites`, what its step does read in `step`.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from wdlint.knowledge.optimizers import KnownOptimizer, optimizer
from wdlint.knowledge.written import TWIN_PREFIX, is_twin
from wdlint.source.optimizers.step.coupling import Setting, Step, read_step
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.read.positions import written
from wdlint.source.values import call_arguments
from wdlint.source.values.classes import class_member, linear_bases
from wdlint.source.values.values import Arguments, ClassValue, Context, External, FunctionValue, Instance, Known

if TYPE_CHECKING:
    from wdlint.source.values.evaluation import Evaluation

_OPTIMIZER_BASES = ("torch.optim.Optimizer", "torch.optim.optimizer.Optimizer")
_PARAMETERS = re.compile(r"param|group", re.IGNORECASE)

Given = tuple[t.Expr, Context]  # an expression, and where it stands


def is_optimizer_class(evaluator: Evaluation, cls: ClassValue) -> bool:
    """Whether a class of the project is an optimizer in torch's sense."""
    return any(
        isinstance(base, External) and (base.path in _OPTIMIZER_BASES or optimizer(base.path) is not None)
        for base in linear_bases(evaluator, cls)
    )


def library_base(evaluator: Evaluation, cls: ClassValue) -> KnownOptimizer | None:
    """The library optimizer that a class of the project derives from, if any."""
    for base in linear_bases(evaluator, cls):
        if isinstance(base, External):
            known = optimizer(base.path)
            if known is not None:
                return known
    return None


def decouples_its_base(evaluator: Evaluation, cls: ClassValue) -> bool:
    """Whether a class is one that fixes write: a library's optimizer whose decay acts on the weights themselves."""
    known: dict[int, bool] = evaluator.memo("twins")
    definition = cls.definition
    if id(definition) not in known:
        named = definition.name.startswith(TWIN_PREFIX)
        known[id(definition)] = named and is_twin(textwrap.dedent(written(definition.scope.module, definition.origin)))
    return known[id(definition)]


Settings = tuple[tuple[str, Setting], ...]


def step_of(evaluator: Evaluation, cls: ClassValue, settings: Settings = ()) -> Step:
    """How a class of the project decays under the options that a call writes, read once for each."""
    cache: dict[tuple[int, Settings], Step] = evaluator.memo("steps")
    key = id(cls.definition), settings
    if key not in cache:

        def resolve(name: str) -> t.FunctionDef | None:
            if name.startswith("self."):
                found = class_member(evaluator, cls, name[5:])
            else:
                node: t.Expr = t.Name(None, name.split(".")[0])
                for part in name.split(".")[1:]:
                    node = t.Attribute(None, node, part)
                evaluator.keep(node)
                frame = evaluator.frame(cls.definition.scope.module.scope)
                found = evaluator.evaluate(node, frame.at(None))
            for value in found:
                if isinstance(value, FunctionValue) and isinstance(value.definition, t.FunctionDef):
                    return value.definition
            return None

        cache[key] = read_step(cls.definition, cls.definition.scope.module, resolve, dict(settings))
    return cache[key]


def written_switches(evaluator: Evaluation, arguments: Arguments) -> Settings:
    """The on-off options that a call writes, such as `weight_decay_filter=True`, and those that are functions."""
    found: list[tuple[str, Setting]] = []
    for name, answers in call_arguments.keywords(evaluator, arguments):
        only = answers[0] if len(answers) == 1 else None
        if isinstance(only, Known) and isinstance(only.value, bool):
            found.append((name, only.value))
        elif isinstance(only, FunctionValue):
            found.append((name, only.definition))
    return tuple(found)


def constructor_of(evaluator: Evaluation, cls: ClassValue) -> t.FunctionDef | None:
    for value in class_member(evaluator, cls, "__init__"):
        if isinstance(value, FunctionValue) and isinstance(value.definition, t.FunctionDef):
            return value.definition
    return None


def handed_to_base(
    evaluator: Evaluation, cls: ClassValue, constructor: t.FunctionDef, arguments: Arguments, context: Context
) -> Given | None:
    """What a constructor that takes parameters in several arguments hands to its base; None where it takes one."""
    names = [parameter.name for parameter in constructor.params[1:] if not parameter.star]
    several = [name for name in names if _PARAMETERS.search(name)]
    if not several or several == names[:1]:
        return None
    for statement in t.statements(constructor.inner.body):
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Call) and _is_base_constructor(node):
                    first = node.args[0].value if node.args and not node.args[0].star else None
                    if first is None:
                        return None
                    made = Instance(cls, arguments, None, context.frame)
                    evaluator.keep(made)  # its frame goes by its identity
                    return first, evaluator.method_frame(constructor, cls, made).at(statement)
    return None


def _is_base_constructor(call: t.Call) -> bool:
    """`super().__init__(params, defaults)`."""
    func = call.func
    if not isinstance(func, t.Attribute) or func.attr != "__init__":
        return False
    return isinstance(func.value, t.Call) and syntax.dotted(func.value.func) == "super"
