"""Training loops of libraries: the optimizer that one builds of the model and the settings that it is given.

What each loop does is data (`knowledge.trainers`). Here its settings are read, through a variable, a parser of classes
or a class derived from the library's. From then on it is a helper that makes an optimizer, as `optimizers.helpers` has
others. A loop that is told to use another optimizer, or whose class decides by itself, is left to what it is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wdlint.facts import Division, OptimizerClass, Origin
from wdlint.knowledge.optimizers import Argument
from wdlint.knowledge.trainers import TrainingLoop, training_loop
from wdlint.knowledge.wrappers import Helper
from wdlint.source.optimizers.helpers import parts_given
from wdlint.source.optimizers.loops.chosen import chosen
from wdlint.source.optimizers.loops.deepspeed_sections import section_of
from wdlint.source.optimizers.switched_off import class_switches_off, switching_off
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import contents, objects
from wdlint.source.values.call_arguments import argument
from wdlint.source.values.callers import all_statements
from wdlint.source.values.classes import class_member, constructor_arguments, linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import instance_changes
from wdlint.source.values.values import (
    Answers,
    Arguments,
    ClassValue,
    Context,
    External,
    Instance,
    Known,
    Method,
    SequenceValue,
    Value,
    bare,
    constant,
)

_WITHOUT_SECTION = (
    "delete the `optimizer` section of the DeepSpeed configuration: the Trainer then passes its own groups; learning "
    "rate and decay come from the arguments"
)
_ADAFACTOR = Argument("adafactor")  # the setting of transformers 4 for `optim="adafactor"`
_STEPS = Argument("max_steps")
_OPTION = "weight_decay"  # of the groups, whatever the loop's settings call it
_MAKER = Argument("model_init")  # a function that makes the model, for loops that train several in turn
_ASKED = frozenset(("evaluate", "predict"))  # what needs no optimizer
_HARMLESS = _ASKED | {"log_metrics", "save_metrics", "log", "save_model", "is_world_process_zero"}


@dataclass(frozen=True, slots=True, eq=False)
class LoopCall:
    """A loop with its model and settings, as the helper that makes an optimizer of them."""

    loop: TrainingLoop
    helper: Helper
    described: OptimizerClass
    arguments: Arguments
    steps: int | None = None  # of the whole run


def loop_call(
    evaluator: Evaluation, callee: Value, arguments: Arguments, node: t.Call, context: Context
) -> LoopCall | None:
    """The training loop that a call sets up; None where it is none, or makes no optimizer that can be told."""
    loop, given = _called(evaluator, callee, arguments, node, context)
    if loop is None or given is None or _is_told(evaluator, loop, given) or _is_replaced(evaluator, loop, context):
        return None
    if _is_switched_off(evaluator, callee, given, context):
        return None
    retold = _retold(evaluator, loop, context)
    if retold is None:
        return None
    decay = Argument(loop.decay.name, None, loop.decay.default)
    helper = Helper(loop.path, loop.model, decay, loop.exempt, Division(), makes_optimizer=True)
    given = _with_model(evaluator, loop, given, node, context)
    models, is_model = parts_given(evaluator, helper, given)
    if not is_model:
        return None
    where = given.context or context
    asked = {of: _told(evaluator, loop, given, of, where) for of in (loop.decay, loop.learning_rate, loop.optimizer)}
    read = {of.name: asked[of] for of in (loop.decay, loop.learning_rate)}
    read[loop.decay.name] = retold or read[loop.decay.name]
    if constant(_told(evaluator, loop, given, _ADAFACTOR, where)) is True:  # it goes before `optim`
        asked[loop.optimizer] = (Known(_ADAFACTOR.name),)
    made = chosen(evaluator, loop, asked[loop.optimizer])
    described = made.described
    if loop.decay.default is None:
        if not made.decay:
            return None
        read[loop.decay.name] = read[loop.decay.name] or made.decay
    if not made.divides or (loop.undoes is not None and constant(_told(evaluator, loop, given, loop.undoes, where))):
        helper = replace(helper, exempt="False")
    section = section_of(evaluator, _told(evaluator, loop, given, Argument("deepspeed"), where), where.module)
    if section is not None:  # DeepSpeed makes the optimizer, and the loop's own split is passed over
        helper, described = replace(helper, exempt="False"), section.known
        loop = replace(loop, advice=_WITHOUT_SECTION, source="measured, deepspeed 0.19.8")
        if section.amount is not None:
            read[loop.decay.name] = (Known(section.amount.value, Origin.FIELD_DEFAULT),)
    keywords = ((loop.model.name, models), *((name, answers) for name, answers in read.items() if answers))
    steps = constant(_told(evaluator, loop, given, _STEPS, where))
    steps = steps if isinstance(steps, int) and steps > 0 else None
    return LoopCall(loop, helper, described, Arguments((), where, (), keywords), steps)


def _called(
    evaluator: Evaluation, callee: Value, arguments: Arguments, node: t.Call, context: Context
) -> tuple[TrainingLoop | None, Arguments | None]:
    """The loop that is called, and what the library's constructor is given."""
    if isinstance(callee, External):
        return training_loop(callee.path), arguments
    if isinstance(callee, Method):
        return _of_model(callee, arguments)
    if not isinstance(callee, ClassValue):
        return None, None
    ancestors = list(linear_bases(evaluator, callee))
    for base in ancestors:
        loop = training_loop(base.path) if isinstance(base, External) else None
        if loop is None or not isinstance(base, External):
            continue
        if any(class_member(evaluator, callee, name) for name in loop.decided_by):
            return None, None
        makers = [c for c in ancestors if isinstance(c, ClassValue) and "__init__" in c.definition.inner.bound]
        made = Instance(callee, arguments, node, context.frame)
        if len(makers) > 1 or any(True for _ in instance_changes(evaluator, made, "optimizer")):
            return None, None
        return loop, constructor_arguments(evaluator, made, base)
    return None, None


def _with_model(
    evaluator: Evaluation, loop: TrainingLoop, given: Arguments, node: t.Call, context: Context
) -> Arguments:
    """The arguments with the model among them, where a function is given that makes it."""
    made: list[Value] = []
    if not argument(evaluator, given, loop.model.name, loop.model.position):
        for maker in argument(evaluator, given, _MAKER.name, None):
            made.extend(evaluator.call(maker, Arguments((), given.context or context), node, context))
    return replace(given, keywords=(*given.keywords, (loop.model.name, tuple(made)))) if made else given


def _of_model(callee: Method, arguments: Arguments) -> tuple[TrainingLoop | None, Arguments]:
    """The method of a library's model by which it trains itself, with the model among the arguments."""
    loop = loop_of_model(callee)
    if loop is None:
        return None, arguments
    return loop, replace(arguments, keywords=(*arguments.keywords, (loop.model.name, (callee.receiver,))))


def loop_of_model(callee: Value) -> TrainingLoop | None:
    """The training loop that a method of a library's model is."""
    model = bare(callee.receiver) if isinstance(callee, Method) else None
    cls = model.cls if isinstance(model, Instance) else None
    if not isinstance(callee, Method) or not isinstance(cls, External):
        return None
    return training_loop(f"{cls.path}.{callee.name}")


def _told(evaluator: Evaluation, loop: TrainingLoop, given: Arguments, asked: Argument, context: Context) -> Answers:
    """What a loop is told of its optimizer: in the call itself, or in the settings that the call gives."""
    if loop.settings is None:
        return argument(evaluator, given, asked.name, asked.position)
    settings = argument(evaluator, given, loop.settings.name, loop.settings.position)
    return setting(evaluator, settings, asked.name, context)


def _is_told(evaluator: Evaluation, loop: TrainingLoop, given: Arguments) -> bool:
    """Whether a loop is given an optimizer, or adapters that leave only themselves to be trained."""
    names = (*loop.instead, *((loop.adapters,) if loop.adapters else ()))
    return any(not _is_nothing(evaluator, argument(evaluator, given, name, None)) for name in names)


def _is_nothing(evaluator: Evaluation, answers: Answers) -> bool:
    """Nothing, `None`, or `(None, scheduler)`."""
    if not answers or all(isinstance(v, Known) and v.value is None for v in answers):
        return True
    if len(answers) == 1 and isinstance(bare(answers[0]), SequenceValue):
        first = next(iter(contents.items(evaluator, answers[0])), None)
        held = evaluator.force(first.value) if first is not None and not first.spread else ()
        return bool(held) and all(isinstance(v, Known) and v.value is None for v in held)
    return False


def _is_replaced(evaluator: Evaluation, loop: TrainingLoop, context: Context) -> bool:
    """Whether the module puts something in the place of a method that decides, or of a loop's optimizer."""
    cache: dict[int, frozenset[str]] = evaluator.memo("set_attributes")
    module = context.module
    if id(module) not in cache:
        cache[id(module)] = frozenset(_set_from_outside(module))
    return not cache[id(module)].isdisjoint((*loop.decided_by, "optimizer"))


def _is_switched_off(evaluator: Evaluation, callee: Value, given: Arguments, context: Context) -> bool:
    """Whether a callback, the loop's own class or anything in the module sets the decay of groups to 0."""
    if switching_off(evaluator, context.module, _OPTION) or class_switches_off(evaluator, callee, _OPTION):
        return True
    return any(class_switches_off(evaluator, value, _OPTION) for value in _callbacks(evaluator, given, context))


def _callbacks(evaluator: Evaluation, given: Arguments, context: Context) -> Iterator[Value]:
    """What a loop is given as callbacks, and what the module adds to any loop."""
    for value in argument(evaluator, given, "callbacks", None):
        if isinstance(bare(value), SequenceValue):
            for item in contents.items(evaluator, value):
                yield from evaluator.force(item.value)
    for statement in all_statements(context.module.scope):
        call = statement.value if isinstance(statement, t.Expression) else None
        if isinstance(call, t.Call) and syntax.last_name(call) == "add_callback" and call.args:
            yield from evaluator.evaluate(call.args[0].value, evaluator.frame(statement.scope).at(statement))


def _retold(evaluator: Evaluation, loop: TrainingLoop, context: Context) -> Answers | None:
    """The decay that the module gives the loop when it trains it; None where it gives several."""
    found: list[Answers] = []
    for statement in all_statements(context.module.scope) if loop.retold else ():
        for expression in syntax.expressions(statement):
            for call in syntax.walk(expression):
                if isinstance(call, t.Call) and syntax.last_name(call) in loop.retold:
                    told = next((a.value for a in call.args if a.keyword == loop.decay.name), None)
                    there = evaluator.frame(statement.scope).at(statement)
                    found.append(evaluator.evaluate(told, there) if told is not None else ())
    given = [answers for answers in found if answers]
    if not given:
        return ()
    return given[0] if len(found) == 1 else None


def _set_from_outside(module: t.Module) -> Iterator[str]:
    for statement in all_statements(module.scope):
        if isinstance(statement, t.Assign):
            for target in statement.targets:
                if isinstance(target, t.Attribute) and not (
                    isinstance(target.value, t.Name) and target.value.id == "self"
                ):
                    yield target.attr


def setting(evaluator: Evaluation, settings: Answers, name: str, context: Context) -> Answers:
    """One of the settings; empty where nobody sets it, or what holds it can't be seen: then its default stands."""
    found: list[Value] = []
    for value in settings:
        inner = bare(value)
        if not isinstance(inner, Instance):
            return ()
        told: Answers = tuple(v for v in objects.member(evaluator, value, name, context) if not isinstance(v, Method))
        if not told and isinstance(inner.cls, External) and inner.arguments is not None:
            told = argument(evaluator, inner.arguments, name, None)
        found.extend(told)
    return tuple(found)


def never_trained(made_by: t.Stmt, call: t.Call, scope: t.Scope) -> bool:
    """Whether the loop that a call makes is bound to a name of which nothing but answers is asked.

    Whatever else happens to the loop, in any function of the file, may train it.
    """
    if not isinstance(made_by, t.Assign) or made_by.value is not call or len(made_by.targets) != 1:
        return False
    target = made_by.targets[0]
    if not isinstance(target, t.Name) or target.id in scope.outer_names:
        return False
    mentions, methods = 0, []
    for statement in all_statements(scope.module.scope):
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Name) and node.id == target.id and node is not target:
                    mentions += 1
                elif isinstance(node, t.Attribute) and isinstance(node.value, t.Name) and node.value.id == target.id:
                    methods.append(node.attr)
    return mentions == len(methods) and not _ASKED.isdisjoint(methods) and _HARMLESS.issuperset(methods)
