"""The evaluator: what may this expression be?

Works backwards, on demand, from an expression to its answers: through assignments, branches, calls and
imports of the project. Bounded in depth and work, and safe on recursion; what can't be told is
`Unknown`. What can be asked of an answer is in `objects`, what library calls mean in `calls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wdlint.facts import Origin
from wdlint.source import arithmetic, calls, flow, library_groups, objects, options, selections
from wdlint.source import tree as t
from wdlint.source.binding import bind
from wdlint.source.callers import CallIndex
from wdlint.source.parts import Taken
from wdlint.source.project import Project
from wdlint.source.values import (
    Answers,
    Arguments,
    Attribute,
    Change,
    Changed,
    ClassValue,
    Condition,
    Context,
    Deferred,
    Element,
    Entry,
    External,
    FolderValue,
    Frame,
    FunctionValue,
    Instance,
    Item,
    Known,
    MappingValue,
    Method,
    ModuleValue,
    Partial,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
)

_DEPTH = 12  # calls within calls
_ANSWERS = 12  # alternatives kept for one expression
_WORK = 60_000  # evaluations for one linted file
_NESTED = 150  # evaluations within evaluations
_CUSTOMARY = {
    "torch": "torch",
    "nn": "torch.nn",
    "optim": "torch.optim",
    "F": "torch.nn.functional",
}  # what an unbound name means in a fragment that leaves its imports out


class Evaluator:
    """Answers questions about one linted module and the project around it."""

    def __init__(self, project: Project, module: t.Module) -> None:
        self.project = project
        self.module = module
        self.work = 0
        self.call_index = CallIndex()
        self._frames: dict[int, Frame] = {}
        self._call_frames: dict[tuple[int, int, int, int], Frame] = {}
        self._answers: dict[tuple[int, int], Answers] = {}
        self._running: set[tuple[int, int]] = set()
        self._looking: set[tuple[int, str, int]] = set()
        self._names: dict[tuple[int, str, int], Answers] = {}
        self._reaching: dict[tuple[int, str, int], flow.Reaching] = {}
        self._receivers: dict[int, Instance] = {}
        self._classes: dict[int, ClassValue] = {}
        self._functions: dict[tuple[int, int], FunctionValue] = {}
        self._returns: dict[int, Answers] = {}
        self._returning: list[t.Scope] = []
        self._bases: dict[int, tuple[ClassValue | External, ...]] = {}
        self._memos: dict[str, dict[Any, Any]] = {}
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
                if "staticmethod" not in t.decorator_names(scope.definition):
                    receiver = self.receiver(self.class_value(owner))
                    if "classmethod" in t.decorator_names(scope.definition):
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
                given = objects.constructor_arguments(self, receiver, owner)
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
            found = distinct(self._evaluate(expr, context))
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

    def _evaluate(self, expr: t.Expr, context: Context) -> Iterable[Value]:
        match expr:
            case t.Const():
                return (Known(expr.value, Origin.WRITTEN, expr, context.module),)
            case t.Name():
                return self.name(expr.id, context)
            case t.Attribute():
                return self._attribute(expr, context)
            case t.Call():
                return self._call(expr, context)
            case t.Subscript():
                return self._subscript(expr, context)
            case t.Binary():
                return arithmetic.binary(self, expr, context)
            case t.Unary():
                return arithmetic.unary(self, expr, context)
            case t.Boolean():
                return self._boolean(expr, context)
            case t.Compare():
                truth = arithmetic.truth(self, expr, context)
                return (Known(truth, Origin.COMPUTED, expr, context.module),) if truth is not None else ()
            case t.Conditional():
                truth = arithmetic.truth(self, expr.test, context)
                chosen = [] if truth is False else [expr.body]
                chosen += [] if truth is True else [expr.orelse]
                found = [value for side in chosen for value in self.evaluate(side, context)]
                # `f"{path}.{name}" if path else name` is the full name either way
                joined = [value for value in found if isinstance(value, TextOf)]
                return joined if joined and all(_is_joined_or_last(value, joined) for value in found) else found
            case t.Lambda():
                return (FunctionValue(expr, context.frame, context),)
            case t.Comprehension():
                return (self._comprehension(expr, context),)
            case t.Display():
                items = (
                    Item(Deferred(i.value, context), spread=True)
                    if isinstance(i, t.Starred)
                    else Item(Deferred(i, context))
                    for i in expr.items
                )
                return (SequenceValue(expr.kind, tuple(items), expr, context),)
            case t.DictDisplay():
                entries = (
                    Entry(Deferred(key, context) if key is not None else None, Deferred(value, context), node=key)
                    for key, value in expr.items
                )
                return (MappingValue(tuple(entries), expr, context),)
            case t.Formatted():
                return self._formatted(expr, context)
            case t.Walrus():
                return self.evaluate(expr.value, context)
            case _:
                return ()

    def _attribute(self, expr: t.Attribute, context: Context) -> Iterable[Value]:
        found: list[Value] = []
        for value in self.evaluate(expr.value, context):
            found.extend(objects.member(self, value, expr.attr, context))
        return found

    def _call(self, expr: t.Call, context: Context) -> Iterable[Value]:
        found: list[Value] = []
        arguments = Arguments(expr.args, context)
        for callee in self.evaluate(expr.func, context):
            found.extend(self.call(callee, arguments, expr, context))
        return found

    def _subscript(self, expr: t.Subscript, context: Context) -> Iterable[Value]:
        if isinstance(expr.index, t.Slice):
            return self.evaluate(expr.value, context)
        found: list[Value] = []
        indices = self.evaluate(expr.index, context)
        for value in self.evaluate(expr.value, context):
            for index in indices:
                found.extend(objects.item(self, value, index, context))
        return found

    def _boolean(self, expr: t.Boolean, context: Context) -> Iterable[Value]:
        truth = arithmetic.truth(self, expr.left, context)
        if truth is not None:
            return self.evaluate(expr.left if truth is (expr.op == "or") else expr.right, context)
        left = [v for v in self.evaluate(expr.left, context) if not isinstance(v, Known) or bool(v.value)]
        return [*left, *self.evaluate(expr.right, context)]

    def _comprehension(self, expr: t.Comprehension, context: Context) -> Value:
        inner, conditions = self.clauses(expr, context)
        if expr.kind == "dict":
            assert expr.key is not None
            entry = Entry(Deferred(expr.key, inner), Deferred(expr.element, inner), conditions)
            return MappingValue((entry,), expr, context)
        return SequenceValue(expr.kind, (Item(Deferred(expr.element, inner), conditions),), expr, context)

    def clauses(self, expr: t.Comprehension, context: Context) -> tuple[Context, tuple[Condition, ...]]:
        """The context inside a comprehension, and its `if`s."""
        inner = context
        conditions: list[Condition] = []
        for clause in expr.clauses:
            cached = inner.inner.get(id(clause))
            if cached is None:
                cached = Context(context.frame, context.statement, {}, inner)
                inner.inner[id(clause)] = cached
                elements = objects.elements_of(self, self.evaluate(clause.iter, inner), id(clause))
                assert cached.local is not None
                for name in t.target_names(clause.target):
                    cached.local[name] = self.unpacked(clause.target, name, elements, cached)
            conditions.extend(Condition(test, True, cached) for test in clause.ifs)
            inner = cached
        return inner, tuple(conditions)

    def lambda_context(self, function: FunctionValue, arguments: Sequence[Answers]) -> Context:
        """The context inside a lambda's body, with its parameters bound in order."""
        assert isinstance(function.definition, t.Lambda) and function.context is not None
        names = [p.name for p in function.definition.params]
        local = dict(zip(names, arguments, strict=False))
        for parameter in function.definition.params[len(local) :]:
            if parameter.default is not None:
                local[parameter.name] = self.evaluate(parameter.default, function.context)
        return Context(function.frame, function.context.statement, local, function.context)

    def _formatted(self, expr: t.Formatted, context: Context) -> Iterable[Value]:
        pieces: list[str | Value] = []
        for part in expr.parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            answers = self.evaluate(part, context)
            only = answers[0] if len(answers) == 1 else Unknown(text_key(part, context))
            pieces.append(str(only.value) if isinstance(only, Known) else only)
        if all(isinstance(piece, str) for piece in pieces):
            return (Known("".join(map(str, pieces)), Origin.COMPUTED, expr, context.module),)
        return (TextOf(tuple(pieces)),)

    # ---- names

    def name(self, name: str, context: Context) -> Answers:
        """Every value that a name may have at a statement."""
        around: Context | None = context
        while around is not None:
            if around.local is not None and name in around.local:
                return around.local[name]
            around = around.outer
        frame: Frame | None = context.frame
        statement = context.statement
        first = True
        while frame is not None:
            scope = frame.scope
            if first or scope.kind != "class":
                if name in scope.outer_names and scope.kind == "function":
                    return self.module_member(scope.module, name)
                found = self.in_scope(name, statement, frame)
                if found:
                    return found
            frame, statement, first = frame.parent, None, False
        return (External(_CUSTOMARY.get(name, f"builtins.{name}")),)

    def in_scope(self, name: str, statement: t.Stmt | None, frame: Frame) -> Answers:
        scope = frame.scope
        parameter = parameter_named(scope.definition, name) if scope.kind == "function" else None
        if parameter is None and name not in scope.bound:
            return self._from_star(name, frame) if scope.kind != "function" else ()
        key = id(frame), name, id(statement)
        if key in self._names:
            return self._names[key]
        if key in self._looking:
            return (Unknown(f"{scope.module.name}.{scope.name}.{name}"),)
        self._looking.add(key)
        try:
            found = self._bound_answers(name, statement, frame, parameter)
        finally:
            self._looking.discard(key)
        self._names[key] = found
        return found

    def _bound_answers(
        self, name: str, statement: t.Stmt | None, frame: Frame, parameter: t.Parameter | None
    ) -> Answers:
        scope = frame.scope
        reach = self.reach(name, statement, scope)
        answers: list[Value] = []
        for binding in reach.bindings:
            if self.possible(binding, frame):
                answers.extend(self._bound_by(binding, name, frame))
        if not reach.certain:
            if parameter is not None:
                answers.extend(self.argument(frame, parameter))
            elif not answers and statement is not None:
                # bound only further down: in a loop's earlier turn, or never
                for binding in scope.bound.get(name, ()):
                    answers.extend(self._bound_by(binding, name, frame))
            answers.extend(self._from_star(name, frame) if not answers else ())
        if not answers:
            # bound here to something that can't be told: no outer name is meant
            return (Unknown(f"{scope.module.name}.{scope.name}.{name}"),) if reach.bindings else ()
        changes = [c for s, certain in reach.changes for c in objects.changes_in(self, s, name, frame, certain)]
        found = distinct(answers)
        return tuple(apply(self, value, tuple(changes)) for value in found) if changes else found

    def reach(self, name: str, statement: t.Stmt | None, scope: t.Scope) -> flow.Reaching:
        key = id(scope), name, id(statement)
        found = self._reaching.get(key)
        if found is None:
            found = self._reaching[key] = flow.reaching(name, statement, scope)
        return found

    def possible(self, statement: t.Stmt, frame: Frame) -> bool:
        """False where the branch that holds a statement is certainly not taken in this frame."""
        if frame.arguments is None:
            return True
        for test, truth, branch in flow.guards(statement):
            if arithmetic.truth(self, test, frame.at(branch), inclined=True) is (not truth):
                return False
        return True

    def _from_star(self, name: str, frame: Frame) -> Answers:
        """A name that a star import brings: one of the project's first, else of a library that has it."""
        for statement in frame.scope.bound.get("*", ()):
            if isinstance(statement, t.ImportFrom):
                target = self.project.resolve(statement.module, frame.scope.module, statement.level)
                if isinstance(target, t.Module):
                    found = self.module_member(target, name, quiet=True)
                    if found:
                        return found
                elif target is None and calls.exports(statement.module, name):
                    return (External(f"{statement.module}.{name}"),)
        return ()

    def _bound_by(self, statement: t.Stmt, name: str, frame: Frame) -> Iterable[Value]:
        """The values that one statement binds a name to."""
        context = frame.at(statement)
        match statement:
            case t.FunctionDef():
                return (self._decorated(statement, self.function_value(statement, frame), context),)
            case t.ClassDef():
                if frame.arguments is None:
                    return (self.class_value(statement, frame),)
                return (self.class_value(statement, frame),)
            case t.Import():
                return self._imported(statement, name, frame)
            case t.ImportFrom():
                return self._imported_from(statement, name, frame)
            case t.Assign():
                return self._assigned(statement, name, context)
            case t.For():
                elements = objects.elements_of(self, self.evaluate(statement.iter, context), id(statement))
                return self.unpacked(statement.target, name, elements, context)
            case t.With():
                for value, target in statement.items:
                    if target is not None and name in t.target_names(target):
                        return self.unpacked(target, name, self.evaluate(value, context), context)
            case _:
                pass
        for expression in t.expressions(statement):
            for node in t.walk(expression):
                if isinstance(node, t.Walrus) and name in t.target_names(node.target):
                    return self.evaluate(node.value, context)
        return ()

    def _decorated(self, statement: t.FunctionDef, function: FunctionValue, context: Context) -> Value:
        return function

    def _assigned(self, statement: t.Assign, name: str, context: Context) -> Answers:
        if statement.value is None:
            return self._annotated(statement, context)
        for target in statement.targets:
            if name in t.target_names(target):
                direct = t.paired(target, statement.value, name)
                if direct is not None:
                    return self.evaluate(direct, context)
                return self.unpacked(target, name, self.evaluate(statement.value, context), context)
        for node in t.walk(statement.value):
            if isinstance(node, t.Walrus) and name in t.target_names(node.target):
                return self.evaluate(node.value, context)
        return ()

    def _annotated(self, statement: t.Assign, context: Context) -> Answers:
        assert statement.annotation is not None
        instance = self.annotated(statement.annotation, context)
        return (instance,) if instance is not None else ()

    def annotated(self, annotation: t.Expr, context: Context) -> Value | None:
        """An instance of the class that an annotation names, where that is a class of the project or a model."""
        if isinstance(annotation, t.Const) and isinstance(annotation.value, str):
            name = annotation.value.strip()
            if not name.isidentifier():
                return None
            annotation = t.Name(None, name)
            self._kept.append(annotation)
        if isinstance(annotation, t.Binary) and annotation.op == "|":
            annotation = annotation.left
        if isinstance(annotation, t.Subscript) and t.dotted(annotation.value) in ("Optional", "typing.Optional"):
            annotation = annotation.index
        if not isinstance(annotation, (t.Name, t.Attribute)):
            return None
        for value in self.evaluate(annotation, context):
            if isinstance(value, ClassValue):
                return self.receiver(value)
            if isinstance(value, External) and not value.path.startswith(("builtins.", "typing.")):
                return Instance(value, None)
        return None

    def unpacked(self, target: t.Expr, name: str, answers: Answers, context: Context) -> Answers:
        """What unpacking `answers` into a target gives to one of its names."""
        match target:
            case t.Name():
                return answers if target.id == name else ()
            case t.Starred():
                return self.unpacked(target.value, name, (Unknown(f"*{name}"),), context)
            case t.Display():
                for position, part in enumerate(target.items):
                    if name in t.target_names(part):
                        index = Known(position)
                        inner = [v for a in answers for v in objects.item(self, a, index, context)]
                        return self.unpacked(part, name, distinct(inner), context)
        return ()

    # ---- imports

    def _imported(self, statement: t.Import, name: str, frame: Frame) -> Iterable[Value]:
        for dotted, alias in statement.names:
            if (alias or dotted.split(".", 1)[0]) != name:
                continue
            wanted = dotted if alias else dotted.split(".", 1)[0]
            yield self.module_value(wanted, frame.scope.module)

    def module_value(self, dotted: str, importer: t.Module, level: int = 0) -> Value:
        target = self.project.resolve(dotted, importer, level)
        if isinstance(target, t.Module):
            return ModuleValue(target)
        if isinstance(target, str):
            return FolderValue(target, importer)
        return External(dotted) if not level else Unknown(f"{'.' * level}{dotted}")

    def _imported_from(self, statement: t.ImportFrom, name: str, frame: Frame) -> Iterable[Value]:
        for original, alias in statement.names:
            if (alias or original) == name:
                source = self.module_value(statement.module, frame.scope.module, statement.level)
                if isinstance(source, ModuleValue) and source.module is frame.scope.module:
                    return self._own_submodule(source.module, original)
                return objects.member(self, source, original, frame.at(statement))
        return ()

    def module_member(self, module: t.Module, name: str, quiet: bool = False) -> Answers:
        """What `name` means at the end of a module: a binding, a re-export, or a sub-module."""
        frame = self.frame(module.scope)
        found = self.in_scope(name, None, frame)
        if found:
            return found
        inside = self._own_submodule(module, name)
        if inside:
            return inside
        return () if quiet else (Unknown(f"{module.name}.{name}"),)

    def _own_submodule(self, package: t.Module, name: str) -> Answers:
        """A module of a package by its name, whether or not the package imports it."""
        if not package.is_package:
            return ()
        target = self.project.resolve(name, package, 1)
        if isinstance(target, t.Module):
            return (ModuleValue(target),)
        return (FolderValue(target, package),) if isinstance(target, str) else ()

    def submodule(self, folder: FolderValue, name: str) -> Answers:
        """A module in a namespace package."""
        import os

        path = os.path.join(folder.path, name)
        for candidate in (path + ".py", os.path.join(path, "__init__.py")):
            self.project.trail.files[candidate] = None  # there or not
            if os.path.isfile(candidate):
                module = self.project.module(candidate)
                if module is not None:
                    return (ModuleValue(module),)
        return (FolderValue(path, folder.importer),) if os.path.isdir(path) else (Unknown(path),)

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
                given = callee.arguments
                merged = Arguments(
                    arguments.written,
                    arguments.context,
                    (*calls.positional(self, given), *arguments.positional),
                    (*calls.keywords(self, given), *arguments.keywords),
                )
                return self.call(callee.callee, merged, node, context)
            case External() | Method():
                return calls.library_call(self, callee, arguments, node, context)
            case Attribute():
                return calls.symbolic_call(self, callee, arguments)
            case Changed():
                return self.call(callee.base, arguments, node, context)
            case Instance() if isinstance(callee.cls, ClassValue):
                method = objects.method_named(self, callee, "__call__")
                if method is not None:
                    return self.call_function(method, arguments, node, context)
                return ()
            case _:
                return ()

    def positional(self, arguments: Arguments) -> tuple[Answers, ...]:
        return calls.positional(self, arguments)

    def keywords(self, arguments: Arguments) -> tuple[tuple[str, Answers], ...]:
        return calls.keywords(self, arguments)

    def spreads(self, arguments: Arguments) -> tuple[Answers, ...]:
        return calls.spreads(self, arguments)

    def library_member(self, value: Instance, name: str, context: Context) -> Answers:
        return calls.library_member(self, value, name, context)

    def library_item(self, value: Instance, index: Value, context: Context) -> Answers:
        return calls.library_item(self, value, index, context)

    def library_entry(self, value: Instance, key: str) -> Answers:
        return calls.library_entry(self, value, key)

    def library_elements(self, value: Instance | Unknown, turn: int) -> Iterator[Value]:
        return calls.library_elements(self, value, turn)

    def option_default(self, name: str, context: Context) -> Answers:
        """What a command-line option is by default; empty where none of that name is seen."""
        return options.option_default(self, name, context)

    def call_function(
        self, function: FunctionValue, arguments: Arguments, node: t.Call | None, context: Context
    ) -> Answers:
        """What a function of the project returns for these arguments."""
        definition = function.definition
        if isinstance(definition, t.Lambda):
            positional = calls.positional(self, arguments)
            return self.evaluate(definition.body, self.lambda_context(function, positional))
        frame = self.call_frame(function, arguments, node, context)
        return self.returned(frame) if frame is not None else ()

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
            frame = Frame(definition.inner, function.frame, given, function.receiver, depth)
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
                    conditions = objects.loop_conditions(statement, frame)
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
            return self.default(parameter, frame) or (Unknown(f"{id(frame)}.{name}"),)
        return self._from_callers(definition, parameter, frame)

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
        option = options.click_option(self, definition, parameter.name)
        if option:
            return option
        if parameter.star == "**":
            return (MappingValue((), complete=False),)
        default = self.default(parameter, frame)
        if default and not (len(default) == 1 and isinstance(default[0], Known) and default[0].value is None):
            return default
        annotation = None
        if parameter.annotation is not None and frame.parent is not None:
            annotation = self.annotated(parameter.annotation, frame.parent.at(definition))
        if annotation is not None and isinstance(bare(annotation), Instance):
            return (annotation,)
        scope = frame.scope
        return (Unknown(f"{scope.module.name}.{scope.name}.{parameter.name}"),)

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
                            collected.append(External(f"?{t.dotted(base.value) or ''}"))
            found = self._bases[id(cls.definition)] = tuple(collected)
        return found

    def library_names(self, path: str, arguments: Arguments, node: t.Call | None, context: Context) -> Answers:
        """The names of parameters that a helper of a library makes of a model."""
        return library_groups.names(self, path, arguments, node, context)

    # ---- parameters

    def taken(self, value: Value) -> list[Taken]:
        """The parameters that a value holds, part by part."""
        return selections.taken(self, value)

    def one_parameter(self, value: Value) -> tuple[Value, str] | None:
        """The model and full name of a single parameter, where the value is one."""
        return selections.one_parameter(self, value)

    # ---- memory

    def memo(self, purpose: str) -> dict[Any, Any]:
        """What has been worked out for one purpose, for as long as this evaluator lives."""
        return self._memos.setdefault(purpose, {})

    def keep(self, thing: object) -> None:
        """Keep a made node alive for as long as memos may go by its identity."""
        self._kept.append(thing)


def apply(evaluator: Evaluator, value: Value, changes: tuple[Change, ...]) -> Value:
    """A value with later changes; numbers take part in their augmented assignments."""
    if isinstance(value, (Known, Unknown)) and all(c.path == () and c.value is not None for c in changes):
        for change in changes:
            assert change.value is not None
            value = arithmetic.augmented(evaluator, value, change)
        return value
    return Changed(value, changes)


def distinct(values: Iterable[Value]) -> Answers:
    """The different answers, in order, at most a dozen; constants are compared by value and origin."""
    found: list[Value] = []
    seen: set[object] = set()
    for value in values:
        key: object = id(value)
        if isinstance(value, Known):
            key = (type(value.value), value.value, value.origin)
        elif isinstance(value, (External, Unknown)):
            key = (type(value), value.path if isinstance(value, External) else value.key)
        elif isinstance(value, (ClassValue, FunctionValue)) and not isinstance(value.definition, t.Lambda):
            key = (id(value.definition), id(getattr(value, "receiver", None)), id(value.frame))
        elif isinstance(value, Method):
            key = (id(value.receiver), value.name)
        if key not in seen:
            seen.add(key)
            found.append(value)
            if len(found) == _ANSWERS:
                break
    return tuple(found)


def _is_joined_or_last(value: Value, joined: Sequence[TextOf]) -> bool:
    """Whether a text is one of those put together around a module's path, or the name that ends them."""
    if isinstance(value, TextOf):
        first = value.pieces[0]
        return isinstance(first, Element) and first.collection.what == "named_modules" and len(value.pieces) == 3
    return isinstance(value, Element) and any(
        isinstance(last := text.pieces[-1], Element) and (last.turn, last.part) == (value.turn, value.part)
        for text in joined
    )


def parameter_named(definition: t.FunctionDef | t.ClassDef | None, name: str) -> t.Parameter | None:
    if isinstance(definition, t.FunctionDef):
        for parameter in definition.params:
            if parameter.name == name:
                return parameter
    return None


def text_key(expr: t.Expr, context: Context) -> str:
    """A key for what can't be told: the same dotted name in the same scope is the same thing."""
    name = t.dotted(expr)
    scope = context.frame.scope
    return f"{scope.module.name}.{scope.name}.{name}" if name else f"@{id(expr)}"
