"""From a test in the source to a condition on the current parameter.

`if "bias" in n or p.ndim < 2` becomes a selector over names and dimensions. What can't be read becomes
an `Opaque` condition, the same one wherever the same test stands. Tests of texts are in `texts`,
of sizes in `sizes`, of equality and membership in `members`. What a selector answers is in
`selections.membership`; which parameters a collection holds is in `selections.taking`.
"""

from __future__ import annotations

from collections.abc import Iterable

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.conditions import places
from wdlint.source.selections.conditions.cases import Cases, choosing
from wdlint.source.selections.conditions.constants import constants_of
from wdlint.source.selections.conditions.members import equality, membership, of_classes
from wdlint.source.selections.conditions.sizes import FLIPPED, size
from wdlint.source.selections.conditions.texts import affix, only, regular, shell_pattern
from wdlint.source.selections.taken import Taking
from wdlint.source.values import arithmetic, elements, flow
from wdlint.source.values.elements import element_within
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import loop_conditions
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Attribute,
    Condition,
    Context,
    Element,
    Frame,
    FunctionValue,
    Known,
    Operation,
    SequenceValue,
    Value,
)

_DEPTH = 8


class Reader:
    """Reads tests; `selections.taking.reader` makes one.

    Args:
        taken: says which parameters a value holds, for tests of what was selected before.
        whole: modules are asked for all parameters below them, not only their own.
        leaf: the attribute that is being taken, so `hasattr(m, leaf)` holds.
    """

    def __init__(self, evaluator: Evaluation, taken: Taking, whole: bool = False, leaf: str | None = None) -> None:
        self.evaluator = evaluator
        self.taken = taken
        self.whole = whole
        self.leaf = leaf
        self.depth = 0

    def all_of(self, conditions: Iterable[Condition]) -> s.Selector:
        """The conjunction of tests, each with the truth it must have."""
        found = []
        for condition in conditions:
            test = self.read(condition.test, condition.context)
            until = places.until(condition, test)
            found.append(until if until is not None else test if condition.truth else s.negation(test))
        return s.both(*found)

    def read(self, expr: t.Expr, context: Context) -> s.Selector:
        """The selector of one test."""
        asked: dict[tuple[int, int], bool] = self.evaluator.memo("tests asked")
        key = id(expr), id(context)
        if self.depth > _DEPTH or key in asked:
            return self._opaque(expr, context)
        self.depth += 1
        asked[key] = True
        try:
            found = self._read(expr, context)
        finally:
            self.depth -= 1
            asked.pop(key, None)
        return found if found is not None else self._opaque(expr, context)

    def _opaque(self, expr: t.Expr, context: Context) -> s.Selector:
        known = arithmetic.truth(self.evaluator, expr, context)
        if known is not None:
            return s.Always(known)
        name = syntax.dotted(expr)
        local = context
        while local.outer is not None:
            local = local.outer
        place = f"{context.module.path}:{id(expr) if name is None else context.frame.scope.name}"
        return s.Opaque(f"{place}:{name or ''}", name or "a condition that can't be told")

    def _read(self, expr: t.Expr, context: Context) -> s.Selector | None:
        match expr:
            case t.Boolean():
                join = s.both if expr.op == "and" else s.either
                return join(self.read(expr.left, context), self.read(expr.right, context))
            case t.Unary() if expr.op == "not":
                return s.negation(self.read(expr.operand, context))
            case t.Const():
                return s.Always(bool(expr.value))
            case t.Compare():
                return self._comparison(expr, context)
            case t.Call():
                sliced = places.sliced(self.evaluator, expr, context)
                return sliced if sliced is not None else self._call(expr, context)
            case t.Subscript():
                return places.sliced(self.evaluator, expr, context)
            case t.Conditional():
                test = self.read(expr.test, context)
                return s.either(
                    s.both(test, self.read(expr.body, context)),
                    s.both(s.negation(test), self.read(expr.orelse, context)),
                )
            case t.Name():
                return self._name(expr, context)
            case t.Attribute():
                return self._truthy(self.evaluator.evaluate(expr, context))
            case t.Walrus():
                return self.read(expr.value, context)
            case _:
                return None

    # ---- names that hold the outcome of a test

    def _name(self, expr: t.Name, context: Context) -> s.Selector | None:
        around: Context | None = context
        while around is not None:
            if around.local is not None and expr.id in around.local:
                return self._truthy(around.local[expr.id])
            around = around.outer
        frame = context.frame
        if expr.id in frame.scope.bound:
            reach = self.evaluator.reach(expr.id, context.statement, frame.scope)
            if reach.changes:
                return None
            options: list[s.Selector] = []
            taken: list[s.Selector] = []
            if reach.bindings and all(isinstance(binding, t.For) for binding in reach.bindings):
                return self._truthy(self.evaluator.evaluate(expr, context))
            for binding in reach.bindings:
                if not isinstance(binding, t.Assign) or binding.value is None:
                    return None
                if not all(isinstance(target, t.Name) for target in binding.targets):
                    return None
                guard = self._runs(binding, frame)
                if guard is None:
                    return None
                options.append(s.both(guard, self.read(binding.value, frame.at(binding)), *map(s.negation, taken)))
                taken.append(guard)
            if options:
                return s.either(*options)
        return self._truthy(self.evaluator.evaluate(expr, context))

    def _runs(self, statement: t.Stmt, frame: Frame) -> s.Selector | None:
        """When a statement of a loop runs; one of an inner loop over constants in any of its turns."""
        loop = statement.block.parent.block.parent if isinstance(statement.block.parent, t.If) else None
        if isinstance(loop, t.For) and isinstance(statement.block.parent, t.If):
            elements = self.evaluator.evaluate(loop.iter, frame.at(loop))
            test = statement.block.parent
            if (
                len(elements) == 1
                and constants_of(self.evaluator, elements[0]) is not None
                and statement.block is test.body
            ):
                some = self._in_some_turn(loop, test.test, frame.at(loop))
                around = self.all_of(loop_conditions(loop, frame))
                return s.both(some, around) if some is not None and len(loop.body.statements) == 1 else None
        return self.all_of(loop_conditions(statement, frame))

    def _truthy(self, answers: Answers) -> s.Selector | None:
        """A value used as a test: `p.requires_grad`, a flag of the parameter."""
        return only([self._truthy_value(value) for value in answers])

    def _truthy_value(self, value: Value) -> s.Selector | None:
        match value:
            case Known():
                return s.Always(bool(value.value)) if value.origin in arithmetic.SETTLED else None
            case Attribute(of=Element(part="parameter"), called=False) if value.name == "requires_grad":
                return s.Trainable()
            case Attribute(of=Element(part="parameter")) if value.name.startswith("_") or "decay" in value.name:
                return s.HasFlag(value.name)
            case Element(part="parameter" | "module"):
                return s.Always(True)
            case Operation(name=elements.OUTCOME) if isinstance(value.node, t.Expr) and value.context is not None:
                return self.read(value.node, value.context)
            case _:
                return None

    # ---- comparisons

    def _comparison(self, expr: t.Compare, context: Context) -> s.Selector | None:
        left = expr.left
        parts: list[s.Selector] = []
        for op, right in expr.rest:
            part = self._compare(op, left, right, context)
            if part is None:
                return None
            parts.append(part)
            left = right
        return s.both(*parts)

    def _compare(self, op: str, left: t.Expr, right: t.Expr, context: Context) -> s.Selector | None:
        if op in ("in", "not in"):
            found = membership(self.evaluator, self.taken, left, right, context, self.whole)
            if found is not None:
                return s.negation(found) if op == "not in" else found
        if op in ("is", "is not") and isinstance(right, t.Const) and right.value is None:
            return self._not_none(op, left, context)
        found = places.compared(self.evaluator, op, left, right, context)
        if found is None and op in FLIPPED:
            found = places.compared(self.evaluator, FLIPPED[op], right, left, context)
        if found is not None:
            return found
        found = size(self.evaluator, left, op, right, context)
        if found is None:
            found = size(self.evaluator, right, FLIPPED.get(op, op), left, context)
        if found is not None:
            return found
        if op in ("==", "!=", "is", "is not"):
            found = equality(self.evaluator, left, right, context, self.whole)
            if found is not None:
                return s.negation(found) if op in ("!=", "is not") else found
        return Cases(self.evaluator, self.read, self.all_of).compared(op, left, right, context)

    def _not_none(self, op: str, left: t.Expr, context: Context) -> s.Selector | None:
        """`m.bias is not None`, asked of the attribute that is being taken, or of the element itself."""
        answers = self.evaluator.evaluate(left, context)
        taken = any(
            (isinstance(v, Attribute) and isinstance(v.of, Element) and v.name in (self.leaf, "grad"))
            or isinstance(v, Element)
            for v in answers
        )
        return s.Always(op == "is not") if taken else None

    # ---- calls

    def _call(self, expr: t.Call, context: Context) -> s.Selector | None:
        func = expr.func
        if isinstance(func, t.Name):
            found = self._builtin(func.id, expr, context)
            if found is not None:
                return found
        if isinstance(func, t.Attribute) and func.attr in ("startswith", "endswith"):
            return affix(self.evaluator, func, expr, context, self.whole)
        for reader in (regular, shell_pattern):
            matching = reader(self.evaluator, expr, context, self.whole)
            if matching is not None:
                return matching
        for callee in self.evaluator.evaluate(func, context):
            if isinstance(callee, FunctionValue):
                return self._function(callee, expr, context)
        answers = self.evaluator.evaluate(expr, context)
        return self._truthy(answers)

    def _builtin(self, name: str, expr: t.Call, context: Context) -> s.Selector | None:
        args = [a.value for a in expr.args]
        if name in ("any", "all") and len(args) == 1:
            return self._quantified(name, args[0], context)
        if name == "bool" and len(args) == 1:
            return self.read(args[0], context)
        if name in ("isinstance", "issubclass") and len(args) == 2:
            return self._is_instance(args[0], args[1], context)
        if name in ("hasattr", "getattr") and len(args) >= 2:
            return self._has_attribute(args[0], args[1], context)
        return None

    def _quantified(self, name: str, expr: t.Expr, context: Context) -> s.Selector | None:
        """`any(nd in n for nd in no_decay)`: one condition for each constant."""
        join = s.either if name == "any" else s.both
        if isinstance(expr, t.Display):
            return join(*(self.read(item, context) for item in expr.items))
        if not isinstance(expr, t.Comprehension) or len(expr.clauses) != 1:
            return None
        clause = expr.clauses[0]
        answers = self.evaluator.evaluate(clause.iter, context)
        if len(answers) != 1:
            return None
        constants = constants_of(self.evaluator, answers[0])
        if constants is None and isinstance(answers[0], Known) and isinstance(answers[0].value, str):
            constants = [Known(letter) for letter in answers[0].value]
        if constants is None:
            return None
        parts = []
        for value in constants:
            inner = Context(context.frame, context.statement, {}, context)
            assert inner.local is not None
            for bound in syntax.target_names(clause.target):
                inner.local[bound] = self.evaluator.unpacked(clause.target, bound, (value,), inner)
            self.evaluator.keep(inner)
            part = self.read(expr.element, inner)
            for test in clause.ifs:
                condition = self.read(test, inner)
                part = s.both(condition, part) if name == "any" else s.either(s.negation(condition), part)
            parts.append(part)
        return join(*parts)

    def _is_instance(self, subject: t.Expr, classes: t.Expr, context: Context) -> s.Selector | None:
        answers = self.evaluator.evaluate(subject, context)
        for value in answers:
            if isinstance(value, Element) and value.part == "parameter":
                return s.Always(True)
            if isinstance(value, Attribute) and isinstance(value.of, Element) and value.of.part == "module":
                return s.Always(True) if value.name == self.leaf else None
            if isinstance(value, Element) and value.part == "module":
                return of_classes(self.evaluator, self.evaluator.evaluate(classes, context), self.whole)
        return None

    def _has_attribute(self, subject: t.Expr, name: t.Expr, context: Context) -> s.Selector | None:
        names = self.evaluator.evaluate(name, context)
        if len(names) != 1 or not isinstance(names[0], Known) or not isinstance(names[0].value, str):
            return None
        wanted = names[0].value
        for value in self.evaluator.evaluate(subject, context):
            if isinstance(value, Element):
                if value.part == "parameter":
                    return s.Trainable() if wanted == "requires_grad" else s.HasFlag(wanted)
                if value.part == "module" and wanted == self.leaf:
                    return s.Always(True)
        return None

    def _function(self, callee: FunctionValue, expr: t.Call, context: Context) -> s.Selector | None:
        """A predicate of the project: its returns under their conditions, the first that applies."""
        arguments = Arguments(expr.args, context)
        if isinstance(callee.definition, t.Lambda):
            inner = self.evaluator.lambda_context(callee, self.evaluator.positional(arguments))
            self.evaluator.keep(inner)
            return self.read(callee.definition.body, inner)
        frame = self.evaluator.call_frame(callee, arguments, expr, context)
        if frame is None:
            return None
        found = self._returned(frame.scope.body, frame)
        return found[0] if found is not None else None

    def _returned(self, block: t.Block, frame: Frame) -> tuple[s.Selector, s.Selector] | None:
        """When a block returns something true, and when it returns at all; None where that can't be told."""
        true: s.Selector = s.Always(False)
        left: s.Selector = s.Always(False)
        for statement in block.statements:
            outcome = self._returns_of(statement, frame)
            if outcome is None:
                return None
            here = s.negation(left)
            true = s.either(true, s.both(here, outcome[0]))
            left = s.either(left, outcome[1])
            if left == s.Always(True):
                break
        return true, left

    def _returns_of(self, statement: t.Stmt, frame: Frame) -> tuple[s.Selector, s.Selector] | None:
        """The same for one statement."""
        context = frame.at(statement)
        if isinstance(statement, t.Return):
            value = self.read(statement.value, context) if statement.value is not None else s.Always(False)
            return value, s.Always(True)
        if isinstance(statement, t.If):
            body = self._returned(statement.body, frame)
            rest = self._returned(statement.orelse, frame) if statement.orelse else _FALLS_THROUGH
            if body is None or rest is None:
                return None
            if (body, rest) == (_FALLS_THROUGH, _FALLS_THROUGH):
                return _FALLS_THROUGH
            test = self.read(statement.test, context)
            sides = [(test, body), (s.negation(test), rest)]
            true, left = (s.either(*(s.both(guard, side[i]) for guard, side in sides)) for i in (0, 1))
            return true, left
        if isinstance(statement, t.For) and any(isinstance(r, t.Return) for r in t.statements(statement.body)):
            return self._returns_of_loop(statement, context)
        inner = [r for b in t.blocks(statement) for r in t.statements(b)]
        return None if any(isinstance(r, t.Return) for r in inner) else _FALLS_THROUGH

    def _returns_of_loop(self, loop: t.For, context: Context) -> tuple[s.Selector, s.Selector] | None:
        """`for nd in names: if nd in n: return True`."""
        if len(loop.body.statements) != 1 or loop.orelse is not None:
            return None
        inner = loop.body.statements[0]
        if not isinstance(inner, t.If) or inner.orelse is not None or len(inner.body.statements) != 1:
            return None
        leaving = inner.body.statements[0]
        if not isinstance(leaving, t.Return) or not isinstance(leaving.value, (t.Const, type(None))):
            return None
        found = self._in_some_turn(loop, inner.test, context)
        if found is None:
            return None
        return (found if leaving.value is not None and leaving.value.value else s.Always(False)), found

    def _in_some_turn(self, loop: t.For, test: t.Expr, context: Context) -> s.Selector | None:
        """Whether a test holds in some turn of a loop over constants."""
        made: dict[tuple[int, int], t.Comprehension] = self.evaluator.memo("loops_as_any")
        key = id(loop), id(test)
        if key not in made:
            clause = t.Clause(loop.target, loop.iter, ())
            made[key] = t.Comprehension(loop.origin, "generator", test, None, (clause,))
        return self._quantified("any", made[key], context)


_FALLS_THROUGH: tuple[s.Selector, s.Selector] = (s.Always(False), s.Always(False))


def symbolic(evaluator: Evaluation, expr: t.Expr, context: Context, depth: int = 0) -> bool:
    """Whether an expression is about a loop's current element."""
    if depth > 6:
        return False
    for node in syntax.walk(expr):
        if isinstance(node, t.Name):
            if _names_a_test(evaluator, node, context, depth):
                return True
            for value in evaluator.evaluate(node, context):
                if element_within(value) is not None or _is_outcome(value):
                    return True
                if isinstance(value, SequenceValue) and value.kind == "tuple":
                    held = (v for i in value.items for v in evaluator.force(i.value))
                    if any(element_within(v) or _is_outcome(v) for v in held):
                        return True
    return False


def _is_outcome(value: Value) -> bool:
    return isinstance(value, Operation) and value.name == elements.OUTCOME


def _names_a_test(evaluator: Evaluation, node: t.Name, context: Context, depth: int) -> bool:
    """Whether a name of a loop holds the outcome of a test of its element: `is_norm = isinstance(m, norms)`."""
    frame = context.frame
    if node.id not in frame.scope.bound or context.statement is None:
        return False
    for binding in evaluator.reach(node.id, context.statement, frame.scope).bindings:
        if isinstance(binding, t.Assign) and isinstance(binding.value, (t.Compare, t.Boolean, t.Unary, t.Call)):
            if any(isinstance(block.parent, t.For) for block in flow.ancestors(binding)):
                if symbolic(evaluator, binding.value, frame.at(binding), depth + 1):
                    return True
        if any(symbolic(evaluator, test, frame.at(binding), depth + 1) for test in choosing(binding)):
            return True
    return False
