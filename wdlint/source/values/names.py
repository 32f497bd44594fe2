"""What a name may be: the statements that bind it, as far as they reach, and what is done to it in place.

Which statements reach is worked out in `flow`, what imports mean in `imports`, what an expression may be in
`expressions`.
"""

from __future__ import annotations

from collections.abc import Iterable

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic, flow, imports, objects, registries
from wdlint.source.values.answers import distinct
from wdlint.source.values.elements import elements_of
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.execution import idle
from wdlint.source.values.in_place import changes_in
from wdlint.source.values.values import (
    Answers,
    Attribute,
    Change,
    Changed,
    ClassValue,
    Context,
    Element,
    External,
    Frame,
    Instance,
    Known,
    Unknown,
    Value,
)

_CUSTOMARY = {
    "torch": "torch",
    "nn": "torch.nn",
    "optim": "torch.optim",
    "F": "torch.nn.functional",
}  # what an unbound name means in a fragment that leaves its imports out


class Names:
    """Looks names up for an evaluator, and remembers what it found."""

    def __init__(self, evaluator: Evaluation) -> None:
        self._evaluator = evaluator
        self._found: dict[tuple[int, str, int], Answers] = {}
        self._looking: set[tuple[int, str, int]] = set()
        self._reaching: dict[tuple[int, str, int], flow.Reaching] = {}

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
                    return imports.module_member(self._evaluator, scope.module, name)
                found = self.in_scope(name, statement, frame)
                if found:
                    return found
            frame, statement, first = frame.parent, None, False
        return (External(_CUSTOMARY.get(name, f"builtins.{name}")),)

    def in_scope(self, name: str, statement: t.Stmt | None, frame: Frame) -> Answers:
        """The same within one frame; empty where it does not bind the name."""
        scope = frame.scope
        parameter = parameter_named(scope.definition, name) if scope.kind == "function" else None
        if parameter is None and name not in scope.bound:
            return self._from_star(name, frame) if scope.kind != "function" else ()
        key = id(frame), name, id(statement)
        if key in self._found:
            return self._found[key]
        if key in self._looking:
            return (Unknown(f"{scope.module.name}.{scope.name}.{name}"),)
        self._looking.add(key)
        try:
            found = self._bound_answers(name, statement, frame, parameter)
        finally:
            self._looking.discard(key)
        self._found[key] = found
        return found

    def _bound_answers(
        self, name: str, statement: t.Stmt | None, frame: Frame, parameter: t.Parameter | None
    ) -> Answers:
        scope = frame.scope
        reach = self.reach(name, statement, scope)
        changes = [
            (s, certain)
            for s, certain in reach.changes
            if self._evaluator.possible(s, frame, statement) and not idle(self._evaluator, s, frame, statement)
        ]
        answers: list[Value] = []
        certain = reach.certain
        for binding in reach.bindings:
            if not self._evaluator.possible(binding, frame, statement):
                continue
            later = [(s, sure) for s, sure in changes if flow.may_follow(s, binding)]
            bound = self._bound_by(binding, name, frame)
            if scope.kind == "module" and isinstance(binding, t.Assign):
                filled = isinstance(binding.value, (t.DictDisplay, t.Call))
                entered = registries.entered(self._evaluator, name, scope.module) if filled else ()
                bound = [_apply(self._evaluator, value, entered) for value in bound] if entered else bound
            answers.extend(self._changed(bound, name, frame, later))
            if self._evaluator.settled(binding, statement, frame):
                certain = True  # what was bound before is bound anew on every way here
                break
        if not certain:
            before: list[Value] = []
            if parameter is not None:
                before.extend(self._evaluator.argument(frame, parameter))
            elif not answers and statement is not None:
                # bound only further down: in a loop's earlier turn, or never
                for binding in scope.bound.get(name, ()):
                    before.extend(self._bound_by(binding, name, frame))
            before.extend(self._from_star(name, frame) if not answers and not before else ())
            answers.extend(self._changed(before, name, frame, changes))
        if not answers:
            # bound here to something that can't be told: no outer name is meant
            return (Unknown(f"{scope.module.name}.{scope.name}.{name}"),) if reach.bindings else ()
        return distinct(answers)

    def _changed(
        self, values: Iterable[Value], name: str, frame: Frame, statements: list[tuple[t.Stmt, bool]]
    ) -> Iterable[Value]:
        """Values with what some statements do to them in place."""
        found = distinct(values)
        changes = [c for s, certain in statements for c in changes_in(self._evaluator, s, name, frame, certain)]
        return tuple(_apply(self._evaluator, value, tuple(changes)) for value in found) if changes else found

    def reach(self, name: str, statement: t.Stmt | None, scope: t.Scope) -> flow.Reaching:
        """The bindings and changes of a name that reach a statement."""
        key = id(scope), name, id(statement)
        found = self._reaching.get(key)
        if found is None:
            found = self._reaching[key] = flow.reaching(name, statement, scope)
        return found

    def _from_star(self, name: str, frame: Frame) -> Answers:
        """A name that a star import brings: one of the project's first, else of a library that has it."""
        for statement in frame.scope.bound.get("*", ()):
            if isinstance(statement, t.ImportFrom):
                target = self._evaluator.project.resolve(statement.module, frame.scope.module, statement.level)
                if isinstance(target, t.Module):
                    found = imports.module_member(self._evaluator, target, name, quiet=True)
                    if found:
                        return found
                elif target is None and imports.exports(statement.module, name):
                    return (External(f"{statement.module}.{name}"),)
        return ()

    def _bound_by(self, statement: t.Stmt, name: str, frame: Frame) -> Iterable[Value]:
        """The values that one statement binds a name to."""
        context = frame.at(statement)
        match statement:
            case t.FunctionDef():
                return (self._evaluator.function_value(statement, frame),)
            case t.ClassDef():
                return (self._evaluator.class_value(statement, frame),)
            case t.Import():
                return imports.imported(self._evaluator, statement, name, frame)
            case t.ImportFrom():
                return imports.imported_from(self._evaluator, statement, name, frame)
            case t.Assign():
                return self._assigned(statement, name, context)
            case t.For():
                elements = elements_of(
                    self._evaluator, self._evaluator.evaluate(statement.iter, context), id(statement)
                )
                return self.unpacked(statement.target, name, elements, context)
            case t.With():
                for value, target in statement.items:
                    if target is not None and name in syntax.target_names(target):
                        return self.unpacked(target, name, self._evaluator.evaluate(value, context), context)
            case _:
                pass
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Walrus) and name in syntax.target_names(node.target):
                    return self._evaluator.evaluate(node.value, context)
        return ()

    def _assigned(self, statement: t.Assign, name: str, context: Context) -> Answers:
        if statement.value is None:
            return self._annotated(statement, context)
        for target in statement.targets:
            if name in syntax.target_names(target):
                direct = syntax.paired(target, statement.value, name)
                if direct is not None:
                    return self._evaluator.evaluate(direct, context)
                return self.unpacked(target, name, self._evaluator.evaluate(statement.value, context), context)
        for node in syntax.walk(statement.value):
            if isinstance(node, t.Walrus) and name in syntax.target_names(node.target):
                return self._evaluator.evaluate(node.value, context)
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
            self._evaluator.keep(annotation)
        if isinstance(annotation, t.Binary) and annotation.op == "|":
            annotation = annotation.left
        if isinstance(annotation, t.Subscript) and syntax.dotted(annotation.value) in ("Optional", "typing.Optional"):
            annotation = annotation.index
        if not isinstance(annotation, (t.Name, t.Attribute)):
            return None
        for value in self._evaluator.evaluate(annotation, context):
            if isinstance(value, ClassValue):
                return self._evaluator.receiver(value)
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
                    if name in syntax.target_names(part):
                        index = Known(position)
                        inner = [v for a in answers for v in objects.item(self._evaluator, a, index, context)]
                        return self.unpacked(part, name, distinct(inner), context)
        return ()


def _apply(evaluator: Evaluation, value: Value, changes: tuple[Change, ...]) -> Value:
    """A value with later changes; numbers take part in their augmented assignments.

    What a loop does to its current element does not change what the element is.
    """
    if isinstance(value, (Element, Attribute)):
        return value
    if isinstance(value, (Known, Unknown)) and all(c.path == () and c.value is not None for c in changes):
        for change in changes:
            assert change.value is not None
            value = arithmetic.augmented(evaluator, value, change)
        return value
    return Changed(value, changes)


def parameter_named(definition: t.FunctionDef | t.ClassDef | None, name: str) -> t.Parameter | None:
    if isinstance(definition, t.FunctionDef):
        for parameter in definition.params:
            if parameter.name == name:
                return parameter
    return None
