"""The evaluator: what may this expression be?

Works backwards, on demand, from an expression to its answers: through assignments, branches, calls and
imports of the project. Bounded in depth and work, and safe on recursion; what can't be told is
`Unknown`. The kinds of expressions are in `expressions`, names in `names`, what can be asked of an
answer in `objects`, what library calls mean in `calls`; here they are put together.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from wdlint.facts import Origin
from wdlint.knowledge.written import HELPER_NAME, is_helper
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.read.positions import written
from wdlint.source.read.project import Project
from wdlint.source.values import arithmetic, call_arguments, calls, expressions, flow, imports
from wdlint.source.values.answers import distinct, text_key
from wdlint.source.values.branches import Way
from wdlint.source.values.call_arguments import bind
from wdlint.source.values.callers import CallIndex
from wdlint.source.values.classes import constructor_arguments, method_named
from wdlint.source.values.evaluation import Libraries
from wdlint.source.values.in_place import loop_conditions
from wdlint.source.values.names import Names
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Attribute,
    Changed,
    ClassValue,
    Condition,
    Context,
    Deferred,
    External,
    FolderValue,
    Frame,
    FunctionValue,
    Instance,
    Item,
    Known,
    MappingValue,
    Method,
    Partial,
    SequenceValue,
    Unknown,
    Value,
    bare,
)

_DEPTH = 12  # calls within calls
_WORK = 60_000  # evaluations for one linted file
_NESTED = 150  # evaluations within evaluations


class Evaluator:
    """Answers questions about one linted module and the project around it."""

    def __init__(self, project: Project, module: t.Module, libraries: Libraries) -> None:
        self.project = project
        self.module = module
        self.libraries = libraries
        self.work = 0
        self.call_index = CallIndex()
        self._frames: dict[int, Frame] = {}
        self._call_frames: dict[tuple[int, int, int, int], Frame] = {}
        self._answers: dict[tuple[int, int], Answers] = {}
        self._running: set[tuple[int, int]] = set()
        self._names = Names(self)
        self._receivers: dict[int, Instance] = {}
        self._classes: dict[int, ClassValue] = {}
        self._functions: dict[tuple[int, int], FunctionValue] = {}
        self._returns: dict[int, Answers] = {}
        self._returning: list[t.Scope] = []
        self._bases: dict[int, tuple[ClassValue | External, ...]] = {}
        self._memos: dict[str, dict[Any, Any]] = {}
        self._way: Way | None = None
        self.way_followed = 0
        self._ways: dict[int, tuple[dict[Any, Answers], dict[Any, Answers], dict[Any, Frame], Names]] = {}
        self._kept: list[object] = []  # keeps made nodes alive, since memos go by identity

    # ---- frames

    def frame(self, scope: t.Scope) -> Frame:
        """The frame of a scope whose caller is not known."""
        frame = self._frames.get(id(scope))
        if frame is None:
            parent = self.frame(scope.parent) if scope.parent is not None else None
            receiver: Value | None = None
            if scope.kind == "function" and scope.parent is not None and scope.parent.kind == "class":
                owner = scope.parent.definition
                assert isinstance(owner, t.ClassDef) and isinstance(scope.definition, t.FunctionDef)
                if "staticmethod" not in syntax.decorator_names(scope.definition):
                    receiver = self.receiver(self.class_value(owner))
                    if "classmethod" in syntax.decorator_names(scope.definition):
                        receiver = self.class_value(owner)
            frame = self._frames[id(scope)] = Frame(scope, parent, receiver=receiver)
        return frame

    def receiver(self, cls: ClassValue) -> Instance:
        """`self` in a method whose caller is not known."""
        found = self._receivers.get(id(cls.definition))
        if found is None:
            found = self._receivers[id(cls.definition)] = Instance(cls, None)
        return found

    def class_value(self, definition: t.ClassDef, frame: Frame | None = None) -> ClassValue:
        found = self._classes.get(id(definition))
        if found is None:
            found = ClassValue(definition, frame or self.frame(definition.scope))
            self._classes[id(definition)] = found
        return found

    def function_value(self, definition: t.FunctionDef, frame: Frame) -> FunctionValue:
        key = id(definition), id(frame)
        found = self._functions.get(key)
        if found is None:
            found = self._functions[key] = FunctionValue(definition, frame)
        return found

    def method_frame(self, function: t.FunctionDef, owner: ClassValue, receiver: Value) -> Frame:
        """The frame of a method of `receiver`, whose constructor's arguments are known to `__init__`."""
        if isinstance(receiver, Instance) and receiver.arguments is None:
            return self.frame(function.inner)
        key = (id(function), id(receiver), 0, 0)
        frame = self._call_frames.get(key)
        if frame is None:
            arguments = None
            depth = receiver.frame.depth + 1 if isinstance(receiver, Instance) and receiver.frame else 1
            if function.name in ("__init__", "__new__", "setup") and isinstance(receiver, Instance):
                given = constructor_arguments(self, receiver, owner)
                if given is not None:
                    arguments = bind(self, function.params, given, bound=True)
            frame = Frame(function.inner, owner.frame, arguments, receiver, depth)
            self._call_frames[key] = frame
        return frame

    # ---- expressions

    def evaluate(self, expr: t.Expr, context: Context) -> Answers:
        """Every value that an expression may have; never empty."""
        key = id(expr), id(context)
        found = self._answers.get(key)
        if found is not None:
            return found
        if key in self._running or self.work > _WORK or len(self._running) > _NESTED:
            return (Unknown(f"@{id(expr)}"),)
        self.work += 1
        self._running.add(key)
        try:
            found = distinct(expressions.values(self, expr, context))
        except RecursionError:
            found = ()
        finally:
            self._running.discard(key)
        found = found or (Unknown(text_key(expr, context)),)
        self._answers[key] = found
        self._kept.append((expr, context))
        return found

    def force(self, deferred: Deferred | Answers) -> Answers:
        return self.evaluate(deferred.expr, deferred.context) if isinstance(deferred, Deferred) else deferred

    # ---- expressions and names, worked out in modules of their own

    def clauses(self, expr: t.Comprehension, context: Context) -> tuple[Context, tuple[Condition, ...]]:
        """The context inside a comprehension, and its `if`s."""
        return expressions.clauses(self, expr, context)

    def lambda_context(self, function: FunctionValue, arguments: Sequence[Answers]) -> Context:
        """The context inside a lambda's body, with its parameters bound in order."""
        return expressions.lambda_context(self, function, arguments)

    def name(self, name: str, context: Context) -> Answers:
        """Every value that a name may have at a statement."""
        return self._names.name(name, context)

    def in_scope(self, name: str, statement: t.Stmt | None, frame: Frame) -> Answers:
        """The same within one frame; empty where it does not bind the name."""
        return self._names.in_scope(name, statement, frame)

    def reach(self, name: str, statement: t.Stmt | None, scope: t.Scope) -> flow.Reaching:
        """The bindings and changes of a name that reach a statement."""
        return self._names.reach(name, statement, scope)

    def unpacked(self, target: t.Expr, name: str, answers: Answers, context: Context) -> Answers:
        """What unpacking `answers` into a target gives to one of its names."""
        return self._names.unpacked(target, name, answers, context)

    def module_member(self, module: t.Module, name: str) -> Answers:
        """What `name` means at the end of a module: a binding, a re-export, or a sub-module."""
        return imports.module_member(self, module, name)

    def module_value(self, dotted: str, importer: t.Module, level: int = 0) -> Value:
        """The module that an import names: of the project, a folder without `__init__.py`, or a library's."""
        return imports.module_value(self, dotted, importer, level)

    def submodule(self, folder: FolderValue, name: str) -> Answers:
        """A module in a namespace package."""
        return imports.submodule(self, folder, name)

    def possible(self, statement: t.Stmt, frame: Frame, asked: t.Stmt | None = None) -> bool:
        """False where the branch that holds a statement is certainly not taken in this frame.

        The branches that hold the statement `asked` about, too, are taken: else there would be no question.
        """
        if frame.arguments is None and self._way is None:
            return True
        granted: set[tuple[int, bool]] | None = None
        for test, truth, branch in flow.guards(statement):
            if granted is None:
                around = flow.guards(asked) if asked is not None else ()
                granted = {(id(branch), truth) for _, truth, branch in around}
            if (id(branch), truth) in granted:
                continue
            context = frame.at(branch)
            if frame.arguments is None:
                outcome = self.told(test, context)
            else:
                outcome = arithmetic.truth(self, test, context, inclined=True)
            if outcome is (not truth):
                return False
        return True

    def told(self, test: t.Expr, context: Context) -> bool | None:
        """How a test comes out on the way that is followed; None where it leaves that open."""
        return self._way.told(self, test, context) if self._way is not None else None

    def settled(self, binding: t.Stmt, statement: t.Stmt | None, frame: Frame) -> bool:
        """Whether a binding in a branch certainly happened before a statement, on the way that is followed."""
        return self._way is not None and self._way.passes(self, binding, statement, frame)

    @contextmanager
    def following(self, way: Way) -> Iterator[None]:
        """Answer along one way through a scope; what was found elsewhere is kept apart and found again."""
        before = self._way, self.way_followed, self._answers, self._returns, self._call_frames, self._names
        known = self._ways.setdefault(id(way), ({}, {}, {}, Names(self)))
        self._way, self.way_followed = way, id(way)
        self._answers, self._returns, self._call_frames, self._names = known
        self._kept.append(way)
        try:
            yield
        finally:
            (self._way, self.way_followed, self._answers, self._returns, self._call_frames, self._names) = before

    # ---- calls

    def call(self, callee: Value, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
        """What calling a value may return."""
        match callee:
            case FunctionValue():
                return self.call_function(callee, arguments, node, context)
            case ClassValue():
                made = calls.construct(self, callee, arguments, node, context)
                return (made,)
            case Partial():
                whole = call_arguments.completed(self, callee.arguments, arguments)
                return self.call(callee.callee, whole, node, context)
            case External() | Method():
                return calls.library_call(self, callee, arguments, node, context)
            case Attribute():
                return calls.symbolic_call(self, callee, arguments)
            case Changed():
                return self.call(callee.base, arguments, node, context)
            case Instance() if isinstance(callee.cls, ClassValue):
                method = method_named(self, callee, "__call__")
                if method is not None:
                    return self.call_function(method, arguments, node, context)
                return ()
            case _:
                return ()

    def positional(self, arguments: Arguments) -> tuple[Answers, ...]:
        return call_arguments.positional(self, arguments)

    def keywords(self, arguments: Arguments) -> tuple[tuple[str, Answers], ...]:
        return call_arguments.keywords(self, arguments)

    def spreads(self, arguments: Arguments) -> tuple[Answers, ...]:
        return call_arguments.spreads(self, arguments)

    def call_function(
        self, function: FunctionValue, arguments: Arguments, node: t.Call | None, context: Context
    ) -> Answers:
        """What a function of the project returns for these arguments."""
        definition = function.definition
        if isinstance(definition, t.Lambda):
            positional = call_arguments.positional(self, arguments)
            return self.evaluate(definition.body, expressions.lambda_context(self, function, positional))
        if definition.name.startswith(HELPER_NAME) and self._is_written(definition):
            return calls.library_call(self, External(f"wdlint.{HELPER_NAME}"), arguments, node, context)
        frame = self.call_frame(function, arguments, node, context)
        return self.returned(frame) if frame is not None else ()

    def _is_written(self, definition: t.FunctionDef) -> bool:
        """Whether a function is the one that fixes write into a file."""
        known: dict[int, bool] = self.memo("written")
        if id(definition) not in known:
            code = written(definition.scope.module, definition.origin)
            known[id(definition)] = is_helper(textwrap.dedent(code))
        return known[id(definition)]

    def call_frame(
        self, function: FunctionValue, arguments: Arguments, node: t.Call | None, context: Context
    ) -> Frame | None:
        """The frame of a call, or None where calls are nested too deeply to follow."""
        definition = function.definition
        assert isinstance(definition, t.FunctionDef)
        depth = context.frame.depth + 1
        if depth > _DEPTH or self._returning.count(definition.inner) > 1:
            return None
        key = (id(definition), id(node), id(context), id(function.receiver))
        frame = self._call_frames.get(key)
        if frame is None:
            bound = function.receiver is not None
            given = bind(self, definition.params, arguments, bound)
            frame = Frame(definition.inner, function.frame, given, function.receiver, depth, node, context.frame)
            self._call_frames[key] = frame
            self._kept.append((function, node, context))
        return frame

    def returned(self, frame: Frame) -> Answers:
        """Everything that a frame's function may return; a generator gives a sequence of what it yields."""
        found = self._returns.get(id(frame))
        if found is not None:
            return found
        self._returning.append(frame.scope)
        try:
            found = self._returned(frame)
        finally:
            self._returning.pop()
        self._returns[id(frame)] = found
        return found

    def _returned(self, frame: Frame) -> Answers:
        answers: list[Value] = []
        yielded: list[Item] = []
        for statement in t.statements(frame.scope.body):
            if isinstance(statement, t.Return):
                if self.possible(statement, frame):
                    if statement.value is None:
                        answers.append(Known(None))
                    else:
                        answers.extend(self.evaluate(statement.value, frame.at(statement)))
            elif isinstance(statement, t.Expression) and isinstance(statement.value, t.Yield):
                value = statement.value.value
                if value is not None:
                    deferred = Deferred(value, frame.at(statement))
                    conditions = loop_conditions(statement, frame)
                    yielded.append(Item(deferred, conditions, spread=statement.value.delegates))
        if yielded:
            return (SequenceValue("generator", tuple(yielded)),)
        return distinct(answers) or (Known(None),)

    # ---- arguments

    def argument(self, frame: Frame, parameter: t.Parameter) -> Answers:
        """What a parameter is in a frame: given by the caller, its default, or what its callers here give."""
        name = parameter.name
        definition = frame.scope.definition
        assert isinstance(definition, t.FunctionDef)
        if frame.receiver is not None and definition.params and definition.params[0] is parameter:
            return (frame.receiver,)
        if frame.arguments is not None:
            given = frame.arguments.get(name)
            if given is not None:
                return given
            filled = self._filled(definition, parameter, frame) if definition.decorators else ()
            return filled or self.default(parameter, frame) or (Unknown(f"{id(frame)}.{name}"),)
        return self._from_callers(definition, parameter, frame)

    def _filled(self, definition: t.FunctionDef, parameter: t.Parameter, frame: Frame) -> Answers:
        """What a decorator gives to a parameter that a call leaves out: `@pyrallis.wrap()`, then `train()`."""
        told = self.libraries.parameter(self, definition, parameter.name)
        return told or (self._by_annotation(definition, parameter, frame) if parameter.default is None else ())

    def _by_annotation(self, definition: t.FunctionDef, parameter: t.Parameter, frame: Frame) -> Answers:
        """An instance of the class that a parameter is annotated with, its defaults standing."""
        if parameter.annotation is None or frame.parent is None:
            return ()
        annotation = self._names.annotated(parameter.annotation, frame.parent.at(definition))
        return (annotation,) if annotation is not None and isinstance(bare(annotation), Instance) else ()

    def default(self, parameter: t.Parameter, frame: Frame) -> Answers:
        """A parameter's default value, marked as such; empty where there is none."""
        if parameter.default is None or frame.parent is None:
            return ()
        assert frame.scope.definition is not None
        context = frame.parent.at(frame.scope.definition)
        values = self.evaluate(parameter.default, context)
        return tuple(v.come_from(Origin.ARGUMENT_DEFAULT) if isinstance(v, Known) else v for v in values)

    def _from_callers(self, definition: t.FunctionDef, parameter: t.Parameter, frame: Frame) -> Answers:
        answers: list[Value] = []
        for site in self.call_index.callers(self, definition):
            given = bind(self, definition.params, site.arguments, site.bound).get(parameter.name)
            answers.extend(given if given is not None else self.default(parameter, frame))
        found = distinct(answers)
        if found and not all(isinstance(v, Unknown) for v in found):
            return found
        option = self.libraries.parameter(self, definition, parameter.name)
        if option:
            return option
        if parameter.star == "**":
            return (MappingValue((), complete=False),)
        default = self.default(parameter, frame)
        optional = len(default) == 1 and isinstance(default[0], Known) and default[0].value is None
        if default and not optional:
            return default
        annotated = self._by_annotation(definition, parameter, frame)
        if annotated:
            return annotated
        scope = frame.scope
        return (Unknown(f"{scope.module.name}.{scope.name}.{parameter.name}", optional=optional),)

    # ---- classes

    def bases(self, cls: ClassValue) -> Sequence[ClassValue | External]:
        """The direct bases of a class, as far as they can be told."""
        found = self._bases.get(id(cls.definition))
        if found is None:
            self._bases[id(cls.definition)] = ()
            collected: list[ClassValue | External] = []
            context = cls.frame.at(cls.definition)
            for base in cls.definition.bases:
                if base.keyword is None:
                    for value in map(bare, self.evaluate(base.value, context)):
                        if isinstance(value, (ClassValue, External)) and value is not cls:
                            collected.append(value)
                        elif isinstance(value, Unknown):
                            collected.append(External(f"?{syntax.dotted(base.value) or ''}"))
            found = self._bases[id(cls.definition)] = tuple(collected)
        return found

    # ---- memory

    def memo(self, purpose: str) -> dict[Any, Any]:
        """What has been worked out for one purpose, for as long as this evaluator lives."""
        return self._memos.setdefault(purpose, {})

    def keep(self, thing: object) -> None:
        """Keep a made node alive for as long as memos may go by its identity."""
        self._kept.append(thing)
