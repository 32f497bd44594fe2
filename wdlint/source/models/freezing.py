"""What a statement freezes or opens: `p.requires_grad = False` in every spelling, in helpers and by libraries' calls.

A `Freeze` says which parameters it is about and which of them are trained afterwards, both as conditions.
What follows for a model is worked out in `trained`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from wdlint.facts import Ternary
from wdlint.source.libraries import adapters, transformers
from wdlint.source.models.training_steps import takes_turns
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.conditions.places import walk
from wdlint.source.selections.conditions.tests import symbolic
from wdlint.source.selections.taken import Taken, rooted
from wdlint.source.selections.taking import of_item, reader_for
from wdlint.source.values import arithmetic, flow
from wdlint.source.values.callers import owner_of
from wdlint.source.values.classes import class_member, is_module
from wdlint.source.values.elements import elements_of, some_of, whole
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.execution import taken
from wdlint.source.values.values import (
    Answers,
    Arguments,
    ClassValue,
    Collection,
    Condition,
    Context,
    Element,
    External,
    Frame,
    FunctionValue,
    Instance,
    Item,
    Method,
    SequenceValue,
    Unknown,
    Value,
    bare,
)

_DEEPEST = 5  # calls within calls
_NORMS = frozenset(f"torch.nn.{name}" for name in ("LayerNorm", "RMSNorm", "GroupNorm", "BatchNorm1d", "BatchNorm2d"))
_SWITCHES = ("requires_grad", "requires_grad_")


@dataclass(frozen=True, slots=True, eq=False)
class Freeze:
    """Something that decides which parameters are trained."""

    parts: tuple[Taken, ...]  # the parameters that it is about
    trains: s.Selector  # which of them are trained afterwards
    sure: Ternary  # whether it certainly happens
    statement: t.Stmt  # where, in the outermost function that was read
    around_adapters: bool = False  # adapters are put on, and trained whatever else is


def freezes_in(evaluator: Evaluation, statement: t.Stmt, frame: Frame, own: Value | None = None) -> Iterator[Freeze]:
    """What one statement freezes or opens, in the helpers that it calls too.

    Methods that are called on `own` are left out: they are read by themselves.
    """
    if any(True for _ in t.blocks(statement)) and not isinstance(statement, (t.If, t.While, t.For, t.With)):
        return
    for found in _Search(evaluator, own).of(statement, frame, (), 0):
        yield replace(found, statement=statement)


def may_freeze(evaluator: Evaluation, definition: t.FunctionDef) -> bool:
    """Whether a function may freeze something, as far as names in it and in what it calls tell."""
    cache: dict[int, bool] = evaluator.memo("may freeze")
    key = id(definition)
    if key not in cache:
        cache[key] = False
        cache[key] = mentions_freezing(evaluator, definition.inner)
    return cache[key]


def mentions_freezing(evaluator: Evaluation, scope: t.Scope) -> bool:
    """Whether a function's or a module's own statements may freeze something, or what they call may."""
    frame = evaluator.frame(scope)
    for statement in t.statements(scope.body):
        for expression in _whole(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Attribute) and node.attr in _SWITCHES:
                    return True
                if not isinstance(node, t.Call):
                    continue
                name = _last_name(node.func)
                if (
                    adapters.is_named(node.func)
                    or transformers.frozen_by(name)
                    or (name == "setattr" and len(node.args) == 3 and _names_switch(node))
                ):
                    return True
                if any(may_freeze(evaluator, f) for _, f in _functions(evaluator, node, frame.at(statement))):
                    return True
    return False


def _whole(statement: t.Stmt) -> Iterator[t.Expr]:
    yield from syntax.expressions(statement)
    if isinstance(statement, t.Assign):
        yield from statement.targets


def _last_name(func: t.Expr) -> str:
    return func.id if isinstance(func, t.Name) else func.attr if isinstance(func, t.Attribute) else ""


def _names_switch(call: t.Call) -> bool:
    key = call.args[1].value
    return isinstance(key, t.Const) and key.value == "requires_grad"


def _functions(evaluator: Evaluation, call: t.Call, context: Context) -> Iterator[tuple[FunctionValue, t.FunctionDef]]:
    """The project's functions that a call may run, constructors and one that `apply` is given included."""
    func = call.func
    given = call.args[0].value if _last_name(func) == "apply" and len(call.args) == 1 else func
    if not isinstance(given, (t.Name, t.Attribute)):
        return
    if isinstance(given, t.Attribute) and given.attr not in evaluator.project.defined(evaluator.module.path):
        return  # a library's; most calls are
    for value in evaluator.evaluate(given, context):
        made = class_member(evaluator, value, "__init__") if isinstance(value, ClassValue) else (value,)
        for function in made:
            if isinstance(function, FunctionValue) and isinstance(function.definition, t.FunctionDef):
                yield function, function.definition


class _Search:
    """Looks for freezes in a statement and in the functions that it calls."""

    def __init__(self, evaluator: Evaluation, own: Value | None) -> None:
        self.evaluator = evaluator
        self.own = own
        self.running: list[int] = []
        self._in_turns = False  # called from within the steps of training

    def of(
        self, statement: t.Stmt, frame: Frame, around: tuple[Condition, ...], depth: int, sure: Ternary = Ternary.YES
    ) -> Iterator[Freeze]:
        context = frame.at(statement)
        if isinstance(statement, t.Assign) and statement.value is not None:
            for target in statement.targets:
                if not isinstance(target, t.Attribute) or target.attr != "requires_grad":
                    continue
                if not self._is_module(target.value, context):  # a module keeps it as an attribute that nothing reads
                    yield from self._set(target.value, statement.value, statement, context, around, sure)
        for expression in syntax.expressions(statement):
            yield from self._within(expression, statement, context, around, depth, sure)

    def _within(
        self,
        expression: t.Expr,
        statement: t.Stmt,
        context: Context,
        around: tuple[Condition, ...],
        depth: int,
        sure: Ternary,
    ) -> Iterator[Freeze]:
        if isinstance(expression, t.Comprehension) and isinstance(expression.element, t.Call):
            if _last_name(expression.element.func) in (*_SWITCHES, "setattr"):
                inner, conditions = self.evaluator.clauses(expression, context)
                self.evaluator.keep(inner)
                yield from self._call(expression.element, statement, inner, (*around, *conditions), depth, sure)
                return
        for child in syntax.children(expression):
            if not isinstance(expression, t.Lambda):
                yield from self._within(child, statement, context, around, depth, sure)
        if isinstance(expression, t.Call):
            yield from self._call(expression, statement, context, around, depth, sure)

    def _call(
        self,
        call: t.Call,
        statement: t.Stmt,
        context: Context,
        around: tuple[Condition, ...],
        depth: int,
        sure: Ternary,
    ) -> Iterator[Freeze]:
        func, name = call.func, _last_name(call.func)
        if name == "requires_grad_" and isinstance(func, t.Attribute):
            value = call.args[0].value if call.args else None
            yield from self._set(func.value, value, statement, context, around, sure)
        elif name == "setattr" and len(call.args) == 3 and _names_switch(call):
            yield from self._set(call.args[0].value, call.args[2].value, statement, context, around, sure)
        elif transformers.frozen_by(name) and isinstance(func, t.Attribute) and not self._is_ours(func, context):
            yield from self._by_method(func, statement, context, around, sure)
        elif adapters.is_named(func) and not self._is_ours(func, context):
            happens = sure & _reached(self.evaluator, statement, context.frame)[1]
            for model, trains in self._by_library(call, context):
                parts = tuple(of_item(self.evaluator, Item((_parameters_of(model),)), 0))
                yield Freeze(parts, trains, happens, statement, True)
        elif depth < _DEEPEST:
            yield from self._called(call, statement, context, around, depth, sure)

    def _by_method(
        self, func: t.Attribute, statement: t.Stmt, context: Context, around: tuple[Condition, ...], sure: Ternary
    ) -> Iterator[Freeze]:
        """`model.freeze_feature_encoder()` of transformers."""
        asked, reached = _reached(self.evaluator, statement, context.frame)
        named = s.Matches(s.FullName(), transformers.frozen_by(func.attr) or "", "match")
        for receiver in self.evaluator.evaluate(func.value, context):
            if transformers.may_freeze(receiver, func.attr) and sure & reached is not Ternary.NO:
                held = of_item(self.evaluator, Item((_parameters_of(receiver),), (*around, *asked)), 0)
                parts = tuple(part.under(named) for part in held)
                yield Freeze(parts, s.Always(False), sure & reached, statement)

    def _is_ours(self, func: t.Expr, context: Context) -> bool:
        return any(isinstance(v, FunctionValue) for v in self.evaluator.evaluate(func, context))

    def _by_library(self, call: t.Call, context: Context) -> Iterator[tuple[Value, s.Selector]]:
        for callee in self.evaluator.evaluate(call.func, context):
            if isinstance(callee, (External, Method)):
                result = self.evaluator.evaluate(call, context)
                for found in adapters.adaptations(self.evaluator, callee, Arguments(call.args, context), result):
                    yield found.model, _left_to_train(found)

    def _called(
        self,
        call: t.Call,
        statement: t.Stmt,
        context: Context,
        around: tuple[Condition, ...],
        depth: int,
        sure: Ternary,
    ) -> Iterator[Freeze]:
        """What the project's functions freeze when they are called here."""
        for function, definition in _functions(self.evaluator, call, context):
            if function.receiver is not None and function.receiver is self.own:
                continue
            if id(definition) in self.running or not may_freeze(self.evaluator, definition):
                continue
            arguments = Arguments(call.args, context)
            if _last_name(call.func) == "apply" and isinstance(call.func, t.Attribute):
                models = self.evaluator.evaluate(call.func.value, context)
                modules = tuple(Collection("modules", model) for model in models)
                arguments = Arguments(positional=(elements_of(self.evaluator, modules, id(call)),))
            asked, reached = _reached(self.evaluator, statement, context.frame)
            inherited, happens = (*around, *asked), sure & reached
            for frame in self._frames(function, definition, arguments, call, context):
                self.running.append(id(definition))
                before, self._in_turns = self._in_turns, self._in_turns or takes_turns(self.evaluator, statement)
                for inner in t.statements(definition.inner.body):
                    if happens is not Ternary.NO:
                        yield from self.of(inner, frame, inherited, depth + 1, happens)
                self._in_turns = before
                self.running.pop()

    def _frames(
        self, function: FunctionValue, definition: t.FunctionDef, given: Arguments, call: t.Call, context: Context
    ) -> Iterator[Frame]:
        """The frames in which a call runs a function: a constructor in that of each instance the call makes."""
        owner = owner_of(definition)
        if owner is None or definition.name != "__init__" or function.receiver is not None:
            frame = self.evaluator.call_frame(function, given, call, context)
            if frame is not None:
                yield frame
            return
        for made in map(bare, self.evaluator.evaluate(call, context)):
            if isinstance(made, Instance) and isinstance(made.cls, ClassValue) and made.arguments is not None:
                yield self.evaluator.method_frame(definition, self.evaluator.class_value(owner), made)

    def _set(
        self,
        target: t.Expr,
        value: t.Expr | None,
        statement: t.Stmt,
        context: Context,
        around: tuple[Condition, ...],
        sure: Ternary,
    ) -> Iterator[Freeze]:
        """`target.requires_grad = value`."""
        evaluator = self.evaluator
        asked, reached = _reached(evaluator, statement, context.frame)
        happens = sure & reached
        if happens is Ternary.NO:
            return
        if self._in_turns or takes_turns(evaluator, statement):
            if value is not None and arithmetic.truth(evaluator, value, context, inclined=True) is not True:
                return  # a part that rests while another one trains
        held = self._held(target, context)
        if len(held) > 1 and not _is_loop_variable(target, context):
            # whichever of several models there is, it is the one that is frozen
            models = {id(bare(rooted(one)[0])) for one in held}
            if len(models) < len(held) or self._truth(value, held[0], context) != s.Always(False):
                happens &= Ternary.UNKNOWN
        conditions = (*around, *asked)
        for one in held:
            whole = _parameters_of(one)
            parts = tuple(of_item(evaluator, Item((whole,), conditions), 0))
            lost = isinstance(one, Unknown) and isinstance(target, t.Name) and _is_loop_variable(target, context)
            lost = lost or (isinstance(_model_of(one), (Unknown, Method)) and _is_asked_for(target, context))
            if lost or any(part.unread for part in parts):
                parts = tuple(Taken(model, s.Opaque(f"frozen:{id(target)}")) for model in self._around(target, context))
            yield Freeze(parts, self._truth(value, whole, context), happens, statement)

    def _is_module(self, target: t.Expr, context: Context) -> bool:
        """Whether an expression certainly gives modules, whose parameters an attribute of theirs does not touch."""
        return all(
            (isinstance(inner, Element) and inner.part == "module")
            or (isinstance(inner, Instance) and isinstance(inner.cls, ClassValue) and is_module(self.evaluator, inner))
            or (isinstance(inner, Instance) and isinstance(inner.cls, External) and _is_layer(inner.cls.path))
            for inner in map(bare, self.evaluator.evaluate(target, context))
        )

    def _held(self, target: t.Expr, context: Context) -> Answers:
        """What a switch is set of; `parameters[-1]` is one of those parameters, and so is what `children[i]` holds."""
        picked, where = self._picked(target, context)
        if picked is not None:
            found = walk(self.evaluator.evaluate(picked.value, where), self.evaluator)
            if found is not None:
                every = Collection("parameters", found.module)
                return (some_of(every, picked, where),)
        return self.evaluator.evaluate(target, context)

    def _picked(self, target: t.Expr, context: Context) -> tuple[t.Subscript | None, Context]:
        """The item that a target is, or that a loop goes through the parameters of."""
        loop = flow.loop_of(context.statement, target.id) if isinstance(target, t.Name) else None
        match loop.iter if loop is not None else target:
            case t.Subscript() as picked if loop is None and not isinstance(picked.index, t.Slice):
                return picked, context
            case t.Call(func=t.Attribute(value=t.Subscript() as picked, attr="parameters")) if loop is not None:
                return (None if isinstance(picked.index, t.Slice) else picked), context.frame.at(loop)
        return None, context

    def _truth(self, value: t.Expr | None, about: Value, context: Context) -> s.Selector:
        if value is None:
            return s.Always(True)
        known = arithmetic.truth(self.evaluator, value, context, inclined=True)
        return s.Always(known) if known is not None else reader_for(self.evaluator, about).read(value, context)

    def _around(self, target: t.Expr, context: Context) -> Iterator[Value]:
        """The models that an expression mentions which can't be read itself: some of their parameters are meant."""
        expression = _written(target, context)
        root = syntax.root_name(target)
        for block in flow.ancestors(context.statement) if context.statement is not None else ():
            loop = block.parent
            if isinstance(loop, t.For) and root in set(syntax.target_names(loop.target)):
                expression = loop.iter
                break
        for node in syntax.walk(expression):
            if isinstance(node, (t.Name, t.Attribute)):
                for value in self.evaluator.evaluate(node, context):
                    if isinstance(bare(value), (Instance, Unknown)):
                        yield value
                    elif isinstance(value, (Collection, SequenceValue)):
                        parts = of_item(self.evaluator, Item((value,)), 0)
                        yield from (part.model for part in parts if part.model is not None and not part.unread)


def _is_layer(path: str) -> bool:
    last = path.rpartition(".")[2]
    return path.startswith("torch.nn.") and last[:1].isupper() and not last.endswith(("Parameter", "Buffer"))


def _left_to_train(found: adapters.Adaptation) -> s.Selector:
    """The parameters of an adapted model that are trained, as a condition."""
    name = s.FullName()
    options: list[s.Selector] = [s.Always(found.everything)]
    options += [s.Matches(name, rf"(^|.*){re.escape(module)}\.", "match") for module in found.saved]
    if found.bias == "all":
        options.append(s.Contains(name, "bias"))
    elif found.bias != "none":
        options.append(s.both(s.Contains(name, "bias"), s.Opaque(f"adapters:{id(found.model)}", "beside an adapter")))
    if found.norms:
        options.append(s.OwnerIs(_NORMS))
    return s.either(*options)


def _reached(evaluator: Evaluation, statement: t.Stmt, frame: Frame) -> tuple[tuple[Condition, ...], Ternary]:
    """For which parameters a statement is reached, and whether it is reached at all."""
    conditions: list[Condition] = []
    about_parameters: list[t.Stmt] = []  # these branches are asked of every parameter: they leave nothing open
    outermost, sure = statement, Ternary.YES
    for block in flow.ancestors(statement):
        if isinstance(block.parent, t.For) and block is block.parent.body:
            outermost = block.parent
    for test, truth, branch in flow.guards(statement):
        context = frame.at(branch)
        if symbolic(evaluator, test, context):
            conditions.append(Condition(test, truth, context))
            about_parameters.append(branch)
        elif outermost is not statement and _is_within(branch, outermost):
            conditions.append(Condition(test, truth, context))
    if not conditions or outermost is not statement:
        sure = taken(evaluator, outermost, frame, about_parameters)
        if sure is Ternary.UNKNOWN and taken(evaluator, outermost, frame, about_parameters, True) is Ternary.YES:
            sure = Ternary.YES  # a run with the options' defaults freezes it
    return tuple(conditions), sure


def _is_within(statement: t.Stmt, outer: t.Stmt) -> bool:
    return statement is outer or any(block.parent is outer for block in flow.ancestors(statement))


def _is_asked_for(target: t.Expr, context: Context) -> bool:
    """Whether what can't be told is a part of something by a name: `getattr(model, name)`."""
    calls = (n for n in syntax.walk(_written(target, context)) if isinstance(n, t.Call))
    return any(_last_name(call.func) in ("getattr", "get_submodule") for call in calls)


def _written(target: t.Expr, context: Context) -> t.Expr:
    """What a name is assigned, where that stands once in its function; anything else as it is."""
    bound = context.frame.scope.bound.get(target.id, ()) if isinstance(target, t.Name) else ()
    made = bound[0] if len(bound) == 1 else None
    source = made.iter if isinstance(made, t.For) else made.value if isinstance(made, t.Assign) else None
    return target if source is None else source


def _model_of(value: Value) -> Value:
    """What the parameters are of that a value stands for; a value that stands for none as it is."""
    held = inner.collection if isinstance(inner := bare(value), Element) else inner
    return bare(held.model) if isinstance(held, Collection) else held


def _is_loop_variable(target: t.Expr, context: Context) -> bool:
    """Whether each of the answers is meant in turn."""
    root = syntax.root_name(target)
    if context.local is not None and root in context.local:
        return True
    return any(
        isinstance(block.parent, t.For) and root in set(syntax.target_names(block.parent.target))
        for block in (flow.ancestors(context.statement) if context.statement is not None else ())
    )


def _parameters_of(value: Value) -> Value:
    """The parameters of a module, or a parameter itself."""
    inner = bare(value)
    if isinstance(inner, Element) and inner.part == "module":
        model, cut = whole(inner.collection.model)
        held = Collection("parameters", model, owner=inner)
        return held if cut is None or cut.value is None else some_of(held, cut.value, cut.context)
    if isinstance(inner, Instance) and isinstance(inner.cls, External) and inner.cls.path.endswith(".Parameter"):
        return value
    if isinstance(inner, Method) and inner.name in ("weight", "bias", "in_proj_weight", "in_proj_bias"):
        return value
    if isinstance(inner, (Instance, Unknown, Method)):
        return Collection("parameters", value)
    return value
