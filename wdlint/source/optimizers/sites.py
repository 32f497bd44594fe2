"""Where optimizers are made: every call that constructs one, directly or through the project.

A call counts by what its callee may be, never by its name: a class of a library's table, a subclass of
`Optimizer` in the project, a wrapper that is given a class, or a function of another file that returns
an optimizer. What the optimizer is given is read in `uses`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wdlint.facts import Coupling, Loop, OptimizerClass
from wdlint.knowledge.optimizers import Argument, KnownOptimizer, optimizer
from wdlint.knowledge.trainers import TrainingLoop
from wdlint.knowledge.wrappers import Form, Helper, Wrapper, helper, wrapper
from wdlint.source.libraries.hydra import INSTANTIATES
from wdlint.source.optimizers import helpers
from wdlint.source.optimizers.candidates import SUGGESTIVE, suggests_optimizer, worth_asking
from wdlint.source.optimizers.later_calls import called_later
from wdlint.source.optimizers.loops.deepspeed_sections import Made, deepspeed_optimizer
from wdlint.source.optimizers.loops.handed_on import handed_optimizers
from wdlint.source.optimizers.loops.training import LoopCall, loop_call, never_trained
from wdlint.source.optimizers.own_classes import (
    Given,
    constructor_of,
    decouples_its_base,
    handed_to_base,
    is_optimizer_class,
    library_base,
    step_of,
    written_switches,
)
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import call_arguments
from wdlint.source.values.callers import all_statements
from wdlint.source.values.entrances import entrances, never_runs, passes_by
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Change,
    Changed,
    ClassValue,
    Context,
    External,
    FunctionValue,
    Instance,
    Known,
    MappingValue,
    Part,
    Partial,
    SequenceValue,
    Unknown,
    Value,
    bare,
)

if TYPE_CHECKING:
    from wdlint.source.values.evaluation import Evaluation

_COUNTED = 40  # optimizers followed in one file
_DECAY = Argument("weight_decay")


@dataclass(frozen=True, slots=True, eq=False)
class Maker:
    """One answer to what a call constructs: an optimizer class and how its arguments are read."""

    described: OptimizerClass
    parameters: Argument
    decay: Argument | None
    learning_rate: Argument | None
    arguments: Arguments
    default: float | None  # the decay that applies where none is given
    default_node: tuple[t.Node, t.Module] | None = None
    later: tuple[Change, ...] = ()  # what a factory did to the optimizer before it returned it
    made: tuple[t.Call, t.Module] | None = None  # the construction itself, where a factory makes it
    loop: Loop | None = None  # the library that makes it of what it is handed
    steps: int | None = None  # of the whole run, where the library is told
    given: Given | None = None  # the parameters, where a constructor puts them together of several arguments


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One construction, with every class that it may construct."""

    call: t.Call
    statement: t.Stmt
    context: Context
    makers: tuple[Maker, ...]
    helper: Helper | None = None
    loop: TrainingLoop | None = None  # the training loop that makes it
    through: str = ""  # the project function that makes it, for a call of a factory
    entered: tuple[t.Call, t.Module] | None = None  # the call of the function around it that is read
    otherwise: bool = False  # read with no caller in mind, beside those that are seen
    reached: bool = True  # False: constants of every caller keep it from being made


def sites(evaluator: Evaluation, module: t.Module) -> Iterator[Site]:
    """Every optimizer construction of a module, in textual order; one for each caller of the function around it."""
    count = 0
    for statement in all_statements(module.scope):
        frame = evaluator.frame(statement.scope)
        for expression in syntax.expressions(statement):
            for call, context in calls_in(evaluator, expression, frame.at(statement)):
                if not worth_asking(evaluator, call, context):
                    continue
                found = list(_sites_of(evaluator, call, statement, expression, context))
                yield from found
                count += bool(found)
                if count >= _COUNTED:
                    return


def _sites_of(
    evaluator: Evaluation, call: t.Call, statement: t.Stmt, expression: t.Expr, context: Context
) -> Iterator[Site]:
    """What one call constructs, for each way into the function around it or, if none is seen, for any caller."""
    site = _site(evaluator, call, statement, context)
    if site is None:
        yield from _in_lambdas(evaluator, call, statement, context)
        if not _given_by_callers(call, context.frame.scope):
            return
    ways = entrances(evaluator, statement.scope)
    passed_by = 0
    seen = False
    off = never_runs(evaluator, statement, context.frame)
    for way in ways.ways if not off else ():
        if passes_by(evaluator, way, statement):
            passed_by += 1
            continue
        for inner, there in calls_in(evaluator, expression, way.frame.at(statement)):
            entered = _site(evaluator, inner, statement, there) if inner is call else None
            if entered is not None:
                seen = True
                yield replace(entered, entered=(way.call, way.module))
    if site is not None and seen:
        yield replace(site, otherwise=True)
    elif site is not None:
        never = (ways.complete and passed_by == len(ways.ways) > 0) or off
        yield replace(site, reached=False) if never else site


def _in_lambdas(evaluator: Evaluation, call: t.Call, statement: t.Stmt, context: Context) -> Iterator[Site]:
    """What the lambdas of this module make that a call may be of, read with what the call gives."""
    for callee in evaluator.evaluate(call.func, context):
        if not isinstance(callee, FunctionValue) or not isinstance(callee.definition, t.Lambda):
            continue
        for made in map(bare, evaluator.call(callee, Arguments(call.args, context), call, context)):
            if isinstance(made, Instance) and made.node is not None and made.arguments is not None:
                there = made.arguments.context
                if there is not None and there.module is context.module and there is not context:
                    makers = tuple(makers_of(evaluator, made.cls, made.arguments, there))
                    if makers:
                        yield Site(made.node, statement, there, makers)


def _given_by_callers(call: t.Call, scope: t.Scope) -> bool:
    """Whether what a call calls is a parameter of the function around it, or is asked of one."""
    root = syntax.root_name(call.func)
    definition = scope.definition
    return isinstance(definition, t.FunctionDef) and any(p.name == root for p in definition.params)


def calls_in(evaluator: Evaluation, expr: t.Expr, context: Context) -> Iterator[tuple[t.Call, Context]]:
    """The calls in an expression, each with the context it stands in, lambdas and comprehensions included."""
    if isinstance(expr, t.Lambda):
        inner = context.inner.get((id(expr), 0))
        if inner is None:
            local: dict[str, Answers] = {}
            for parameter in expr.params:
                default = evaluator.evaluate(parameter.default, context) if parameter.default else None
                local[parameter.name] = default or (Unknown(f"@{id(expr)}.{parameter.name}"),)
            inner = context.inner[id(expr), 0] = Context(context.frame, context.statement, local, context)
        yield from calls_in(evaluator, expr.body, inner)
        return
    if isinstance(expr, t.Comprehension):
        parts = [part for part in (expr.key, expr.element) if part is not None]
        within = (node for part in parts for node in syntax.walk(part) if isinstance(node, t.Call))
        if any(worth_asking(evaluator, call, context) for call in within):  # else what it runs over need not be known
            inner, _ = evaluator.clauses(expr, context)
            for part in parts:
                yield from calls_in(evaluator, part, inner)
        for clause in expr.clauses:
            yield from calls_in(evaluator, clause.iter, context)
        return
    if isinstance(expr, t.Call):
        yield expr, context
    for child in syntax.children(expr):
        yield from calls_in(evaluator, child, context)


def _site(evaluator: Evaluation, call: t.Call, statement: t.Stmt, context: Context) -> Site | None:
    callees = evaluator.evaluate(call.func, context)
    arguments = Arguments(call.args, context)
    makers: list[Maker] = []
    for callee in callees:
        known = helper(callee.path) if isinstance(callee, External) else None
        if known is not None and known.makes_optimizer:
            return Site(call, statement, context, (_of_helper(evaluator, known, arguments),), known)
        found = loop_call(evaluator, callee, arguments, call, context)
        if found is not None:
            site = Site(call, statement, context, (_of_loop(found),), found.helper, found.loop)
            return replace(site, reached=not never_trained(statement, call, context.frame.scope))
        engine = deepspeed_optimizer(evaluator, callee, arguments, context)
        if engine is not None:
            makers.append(_of_engine(engine))
        for handed in handed_optimizers(evaluator, callee, arguments, call, context):
            made = makers_of(evaluator, handed.cls, handed.arguments, context)
            makers.extend(replace(maker, loop=handed.loop) for maker in made)
        if isinstance(callee, External) and callee.path in INSTANTIATES:
            makers.extend(_instantiated(evaluator, evaluator.call(callee, arguments, call, context), context))
        makers.extend(makers_of(evaluator, callee, arguments, context))
    later = called_later(evaluator, call, callees, context) if makers else None
    if later is not None:
        makers = [replace(maker, loop=maker.loop or later) for maker in makers]
    through = ""
    if not makers:
        for callee in callees:
            function = callee
            if isinstance(function, FunctionValue) and isinstance(function.definition, t.FunctionDef):
                if function.definition.scope.module is not context.module and suggests_optimizer(evaluator, function):
                    results = evaluator.call(function, arguments, call, context)
                    makers.extend(_made(evaluator, results, context.module))
                    through = function.definition.name
    return Site(call, statement, context, tuple(makers), through=through) if makers else None


def _of_helper(evaluator: Evaluation, known: Helper, arguments: Arguments) -> Maker:
    """The optimizer that a library's helper makes by name."""
    described = helpers.described(evaluator, known, arguments)
    decay = known.decay or _DECAY
    return Maker(described, known.model, decay, Argument("lr"), arguments, decay.default or 0.0)


def _of_loop(found: LoopCall) -> Maker:
    """The optimizer that a training loop makes."""
    model, decay, rate = found.helper.model, found.helper.decay, found.loop.learning_rate
    default = found.loop.decay.default or 0.0
    return Maker(found.described, model, decay, rate, found.arguments, default, steps=found.steps)


def _instantiated(evaluator: Evaluation, made: Answers, context: Context) -> Iterator[Maker]:
    """The optimizers that a configuration names, with what the call gives them; a partial counts with parameters."""
    for value in map(bare, made):
        if isinstance(value, Instance) and value.arguments is not None:
            yield from makers_of(evaluator, value.cls, value.arguments, context)
        elif isinstance(value, Partial) and call_arguments.argument(evaluator, value.arguments, "params", 0):
            yield from makers_of(evaluator, value.callee, value.arguments, context)


def _of_engine(found: Made) -> Maker:
    """The optimizer that DeepSpeed makes by its configuration."""
    known, params = found.section.known, Argument("params", 0)
    return Maker(known, params, _DECAY, Argument("lr"), found.arguments, known.default_decay or 0.0, loop=found.loop)


def _made(evaluator: Evaluation, results: Answers, caller: t.Module | None, depth: int = 0) -> Iterator[Maker]:
    """The optimizers that a function made among what it returns, also within a tuple or dictionary.

    One that it was handed by the calling module is not its own.
    """
    for result in results:
        inner = bare(result)
        if isinstance(inner, Instance) and inner.arguments is not None and inner.frame is not None:
            if inner.frame.scope.module is caller:
                continue
            context = inner.arguments.context or inner.frame.at(None)
            later = result.changes if isinstance(result, Changed) else ()
            made = (inner.node, inner.frame.scope.module) if inner.node is not None else None
            for maker in makers_of(evaluator, inner.cls, inner.arguments, context):
                yield replace(maker, later=later, made=made)
        elif isinstance(inner, SequenceValue) and depth < 2:
            for item in inner.items:
                yield from _made(evaluator, evaluator.force(item.value), caller, depth + 1)
        elif isinstance(inner, MappingValue) and depth < 2:
            for entry in inner.entries:
                yield from _made(evaluator, evaluator.force(entry.value), caller, depth + 1)


# ---- what a callee constructs


def makers_of(evaluator: Evaluation, callee: Value, arguments: Arguments, context: Context) -> Iterator[Maker]:
    """The optimizer classes that calling a value constructs."""
    match callee:
        case Partial():
            whole = call_arguments.completed(evaluator, callee.arguments, arguments)
            yield from makers_of(evaluator, callee.callee, whole, context)
        case Changed() | Part():
            yield from makers_of(evaluator, bare(callee), arguments, context)
        case External():
            wrapped = wrapper(callee.path)
            if wrapped is not None and wrapped.form is Form.CLASS:
                yield from _wrapped(evaluator, wrapped, arguments, context)
                return
            known = optimizer(callee.path)
            if known is not None:
                yield _of_library(evaluator, known, arguments)
            elif callee.path in ("torch.optim.?", "optim.?"):
                described = OptimizerClass(callee.path.replace("?", "…"), Coupling.UNKNOWN, source="any of its classes")
                yield Maker(described, Argument("params", 0), _DECAY, Argument("lr", 1), arguments, 0.0)
        case ClassValue():
            yield from _of_project(evaluator, callee, arguments, context)
        case _:
            return


def _of_library(evaluator: Evaluation, known: KnownOptimizer, arguments: Arguments) -> Maker:
    settings: dict[str, object] = {}
    for flag in {name for switch in known.switches for name, _ in switch.settings}:
        answers = call_arguments.argument(evaluator, arguments, flag, None)
        if answers:
            values = {v.value if isinstance(v, Known) else ... for v in answers}
            settings[flag] = values.pop() if len(values) == 1 else ...
    described = known.described(settings)
    default = known.decay.default if known.decay is not None else None
    return Maker(described, known.parameters, known.decay, known.learning_rate, arguments, default or 0.0)


def _wrapped(evaluator: Evaluation, wrapped: Wrapper, arguments: Arguments, context: Context) -> Iterator[Maker]:
    """A wrapper that builds the class it is given: its other arguments go to that class."""
    assert wrapped.optimizer is not None
    for inner in call_arguments.argument(evaluator, arguments, wrapped.optimizer.name, wrapped.optimizer.position):
        taken = (wrapped.optimizer.name, *wrapped.own)
        passed = replace(arguments, written=tuple(a for a in arguments.written if a.keyword not in taken))
        for maker in makers_of(evaluator, inner, passed, context):
            parameters = wrapped.parameters or maker.parameters
            decay = Argument(maker.decay.name, None, maker.decay.default) if maker.decay else None
            rate = Argument(maker.learning_rate.name) if maker.learning_rate else None
            yield Maker(maker.described, parameters, decay, rate, arguments, maker.default, maker.default_node)


def _of_project(evaluator: Evaluation, cls: ClassValue, arguments: Arguments, context: Context) -> Iterator[Maker]:
    if not is_optimizer_class(evaluator, cls):
        return
    base = library_base(evaluator, cls)
    if base is not None and decouples_its_base(evaluator, cls):
        maker = _of_library(evaluator, base, arguments)
        yield replace(maker, described=replace(maker.described, name=cls.path, coupling=Coupling.DECOUPLED))
        return
    step = step_of(evaluator, cls, written_switches(evaluator, arguments))
    constructor = constructor_of(evaluator, cls)
    params = [p for p in constructor.params if not p.star][1:] if constructor is not None else []
    inner = [
        maker
        for position, parameter in enumerate(params)
        if SUGGESTIVE.search(parameter.name)
        for value in call_arguments.argument(evaluator, arguments, parameter.name, position)
        if isinstance(value, (External, ClassValue, Partial))
        for maker in makers_of(evaluator, value, arguments, context)
    ]
    if inner:
        for maker in inner:
            decay = Argument(maker.decay.name, None, maker.decay.default) if maker.decay else None
            yield Maker(maker.described, Argument(params[0].name, 0), decay, Argument("lr"), arguments, maker.default)
        return
    takes_instance = any(
        isinstance(bare(v), Instance) and list(_made(evaluator, (v,), None))
        for answers in call_arguments.positional(evaluator, arguments)[:1]
        for v in answers
    )
    if takes_instance:
        return
    if base is not None and (step.inherits or constructor is None):
        yield _of_library(evaluator, base, arguments) if constructor is None else _derived(base, params, arguments, cls)
        return
    key = step.decay_key
    position = next((i for i, p in enumerate(params) if p.name == key), None)
    coupling = step.coupling
    described = OptimizerClass(cls.path, coupling, key, None, step.reads, f"{cls.definition.name}.step", step.exempts)
    default, node = 0.0, None
    if step.default is not None:
        answers = evaluator.evaluate(step.default, cls.frame.at(cls.definition))
        numbers = [v for v in answers if isinstance(v, Known) and isinstance(v.value, (int, float))]
        if numbers:
            default = float(numbers[0].value or 0.0)  # type: ignore[arg-type]
            node = (step.default, cls.definition.scope.module)
    first = Argument(params[0].name, 0) if params else Argument("params", 0)
    decay_argument = Argument(key, position, default) if key else None
    rate = next((Argument(p.name, i) for i, p in enumerate(params) if p.name in ("lr", "learning_rate")), None)
    given = handed_to_base(evaluator, cls, constructor, arguments, context) if constructor is not None else None
    yield Maker(described, first, decay_argument, rate, arguments, default, node, given=given)


def _derived(base: KnownOptimizer, params: list[t.Parameter], arguments: Arguments, cls: ClassValue) -> Maker:
    """A subclass of a library's optimizer with a constructor of its own and the library's step."""
    names = {p.name: i for i, p in enumerate(params)}

    def own(argument: Argument | None) -> Argument | None:
        return Argument(argument.name, names.get(argument.name), argument.default) if argument else None

    described = replace(base.described({}), decoupled="")  # its constructor may not take it
    default = base.decay.default if base.decay else None
    for parameter in params:
        if base.decay and parameter.name == base.decay.name and isinstance(parameter.default, t.Const):
            written = parameter.default.value
            default = float(written) if isinstance(written, (int, float)) else default
    first = Argument(params[0].name, 0) if params else base.parameters
    return Maker(described, first, own(base.decay), own(base.learning_rate), arguments, default or 0.0)
