"""From a test in the source to a condition on the current parameter.

`if "bias" in n or p.ndim < 2` becomes a selector over names and dimensions. What can't be read becomes
an `Opaque` condition, the same one wherever the same test stands. What a selector answers is in
`selector`; which parameters a collection holds is in `selections`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from wdlint.source import arithmetic, flow, objects
from wdlint.source import predicates as s
from wdlint.source import tree as t
from wdlint.source.evaluation import Evaluation
from wdlint.source.values import (
    TABLE,
    Answers,
    Arguments,
    Attribute,
    Change,
    Changed,
    ClassValue,
    Collection,
    Condition,
    Context,
    Element,
    External,
    Frame,
    FunctionValue,
    Instance,
    Known,
    MappingValue,
    SequenceValue,
    TextOf,
    Value,
    bare,
)

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_DEPTH = 8
_ALTERNATIVES = 200  # constants that an `any(… for … in …)` may run over


class Reader:
    """Reads tests; `whole` says that modules are asked for all parameters below them, not only their own."""

    def __init__(self, evaluator: Evaluation, whole: bool = False, leaf: str | None = None) -> None:
        self.evaluator = evaluator
        self.whole = whole
        self.leaf = leaf  # the attribute that is being taken, so `hasattr(m, leaf)` holds
        self.depth = 0

    def all_of(self, conditions: Iterable[Condition]) -> s.Selector:
        """The conjunction of tests, each with the truth it must have."""
        found = []
        for condition in conditions:
            test = self.read(condition.test, condition.context)
            found.append(test if condition.truth else s.negation(test))
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
        name = t.dotted(expr)
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
                return self._call(expr, context)
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
            if len(elements) == 1 and self._constants(elements[0]) is not None and statement.block is test.body:
                some = self._in_some_turn(loop, test.test, frame.at(loop))
                around = self.all_of(objects.loop_conditions(loop, frame))
                return s.both(some, around) if some is not None and len(loop.body.statements) == 1 else None
        return self.all_of(objects.loop_conditions(statement, frame))

    def _truthy(self, answers: Answers) -> s.Selector | None:
        """A value used as a test: `p.requires_grad`, a flag of the parameter."""
        return _only([self._truthy_value(value) for value in answers])

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
            found = self._membership(left, right, context)
            return s.negation(found) if found is not None and op == "not in" else found
        if op in ("is", "is not") and isinstance(right, t.Const) and right.value is None:
            return self._not_none(op, left, context)
        size = self._size(left, op, right, context) or self._size(right, _FLIPPED.get(op, op), left, context)
        if size is not None:
            return size
        if op in ("==", "!=", "is", "is not"):
            found = self._equality(left, right, context)
            return s.negation(found) if found is not None and op in ("!=", "is not") else found
        return None

    def _not_none(self, op: str, left: t.Expr, context: Context) -> s.Selector | None:
        """`m.bias is not None`, asked of the attribute that is being taken, or of the element itself."""
        answers = self.evaluator.evaluate(left, context)
        taken = any(
            (isinstance(v, Attribute) and isinstance(v.of, Element) and v.name in (self.leaf, "grad"))
            or isinstance(v, Element)
            for v in answers
        )
        return s.Always(op == "is not") if taken else None

    def _size(self, expr: t.Expr, op: str, other: t.Expr, context: Context) -> s.Selector | None:
        """`p.ndim op n`, `len(p.shape) op n`, `p.shape[i] op n`, `p.numel() op n`."""
        if op not in _FLIPPED:
            return None
        answers = self.evaluator.evaluate(other, context)
        number = answers[0].value if len(answers) == 1 and isinstance(answers[0], Known) else None
        if not isinstance(number, int) or isinstance(number, bool):
            return self._shape_of(expr, op, answers, context)
        comparison: Any = op
        if isinstance(expr, t.Call) and isinstance(expr.func, t.Name) and expr.func.id == "len" and expr.args:
            for value in self.evaluator.evaluate(expr.args[0].value, context):
                if isinstance(value, Attribute) and value.name in ("shape", "size") and _parameter(value.of):
                    return s.Dims(comparison, number)
            return None
        for value in self.evaluator.evaluate(expr, context):
            if not isinstance(value, Attribute):
                continue
            if value.name in ("ndim", "dim", "ndimension") and _parameter(value.of):
                return s.Dims(comparison, number)
            if value.name in ("numel", "nelement") and _parameter(value.of):
                return s.Size(None, comparison, number)
            axis = re.fullmatch(r"\[(-?\d+)\]", value.name)
            if axis and isinstance(value.of, Attribute) and value.of.name in ("shape", "size"):
                if _parameter(value.of.of):
                    return s.Size(int(axis[1]), comparison, number)
            if value.name == "size" and value.called and len(value.arguments) == 1 and _parameter(value.of):
                index = value.arguments[0]
                if isinstance(index, int):
                    return s.Size(index, comparison, number)
        return None

    def _shape_of(self, expr: t.Expr, op: str, answers: Answers, context: Context) -> s.Selector | None:
        """`p.shape == (1,)` says how many dimensions there are, and how long each is."""
        if op not in ("==", "!=") or len(answers) != 1 or not isinstance(answers[0], SequenceValue):
            return None
        if not any(isinstance(v, Attribute) and v.name == "shape" for v in self.evaluator.evaluate(expr, context)):
            return None
        lengths = [self.evaluator.force(item.value) for item in answers[0].items]
        parts: list[s.Selector] = [s.Dims("==", len(lengths))]
        for axis, length in enumerate(lengths):
            if len(length) != 1 or not isinstance(length[0], Known) or not isinstance(length[0].value, int):
                return None
            parts.append(s.Size(axis, "==", length[0].value))
        found = s.both(*parts)
        return found if op == "==" else s.negation(found)

    def _equality(self, left: t.Expr, right: t.Expr, context: Context) -> s.Selector | None:
        lefts, rights = self.evaluator.evaluate(left, context), self.evaluator.evaluate(right, context)
        for symbolic, others in ((lefts, rights), (rights, lefts)):
            for value in symbolic:
                text = self.text(value)
                if text is not None:
                    constants = [v.value for v in others if isinstance(v, Known) and isinstance(v.value, str)]
                    if len(constants) == len(others):
                        return s.either(*(s.Equals(text, c) for c in constants))
                if isinstance(value, Attribute) and value.name == "__class__":
                    return self._classes(others)
                if isinstance(value, Element) and value.part == "parameter":
                    return self._same_parameter(others)
                if isinstance(value, Attribute) and value.name == "requires_grad":
                    if len(others) == 1 and isinstance(others[0], Known):
                        return s.Trainable() if others[0].value else s.negation(s.Trainable())
        return None

    def _same_parameter(self, others: Answers) -> s.Selector | None:
        names = [self.evaluator.one_parameter(value) for value in others]
        if not names or any(name is None for name in names):
            return None
        return s.either(*(s.Equals(s.FullName(), name[1]) for name in names if name is not None))

    # ---- membership

    def _membership(self, left: t.Expr, right: t.Expr, context: Context) -> s.Selector | None:
        lefts, rights = self.evaluator.evaluate(left, context), self.evaluator.evaluate(right, context)
        options = [self._within(subject, _before_turn(self.evaluator, held, subject, context))
                   for subject in lefts for held in rights]  # fmt: skip
        return _only(options)

    def _within(self, subject: Value, held: Value) -> s.Selector | None:
        text = self.text(subject)
        if isinstance(subject, Known) and isinstance(subject.value, str):
            inner = self.text(held)
            return s.Contains(inner, subject.value) if inner is not None else None
        if text is not None and isinstance(held, Known) and isinstance(held.value, str):
            return s.Within(text, held.value)
        if objects.symbolic_part(self.evaluator, held) is not None or _keyed_by_name(self.evaluator, held):
            element = objects.element_within(subject)
            return self._among(held, element) if element is not None else None
        constants = self._constants(held)
        if constants is None:
            return None
        if text is not None and all(isinstance(c, Known) and isinstance(c.value, str) for c in constants):
            return s.InNames(text, tuple(str(c.value) for c in constants if isinstance(c, Known)))
        if isinstance(subject, Attribute) and subject.name == "__class__":
            return self._classes(tuple(constants), exact=True)
        if isinstance(subject, Element) and subject.part == "parameter":
            return self._same_parameter(tuple(constants)) if constants else s.Always(False)
        return None

    def _among(self, held: Value, element: Element) -> s.Selector | None:
        """Membership in a set of parameters or names that was itself selected from the model."""
        active: dict[int, bool] = self.evaluator.memo("sets asked")
        key = id(getattr(bare(held), "node", None) or held)
        if key in active:
            # `if p in seen: continue` before `seen.add(p)`: each is met once, so it is not yet there
            return s.Always(False)
        active[key] = True
        try:
            parts = self.evaluator.taken(held)
            if any(part.unread for part in parts):
                return None
            mine = self.evaluator.taken(element.collection)
        finally:
            active.pop(key, None)
        prefix = mine[0].prefix if mine else ""
        return s.either(*(part.below(prefix) for part in parts))

    def _constants(self, value: Value) -> list[Value] | None:
        """The members of a list, tuple, set or mapping of constants and classes, if all can be told."""
        found: list[Value] = []
        inner = bare(value)
        chosen = self._chosen(inner)
        if chosen is not None:
            return chosen
        if isinstance(inner, SequenceValue) and inner.complete:
            for item in objects.items(self.evaluator, value):
                answers = self.evaluator.force(item.value)
                if item.conditions or len(answers) != 1:
                    return None
                if item.spread:
                    nested = self._constants(answers[0])
                    if nested is None:
                        return None
                    found.extend(nested)
                else:
                    found.append(answers[0])
            return found if len(found) <= _ALTERNATIVES else None
        if isinstance(inner, MappingValue):
            for entry in objects.entries(self.evaluator, value):
                if entry.key is None:
                    return None
                found.extend(self.evaluator.force(entry.key)[:1])
            return found
        if isinstance(inner, (External, ClassValue)):
            return [inner]
        return None

    def _chosen(self, value: Value) -> list[Value] | None:
        """What `(v for k, v in nn.__dict__.items() if "Norm" in k)` takes from a table of constants."""
        if not isinstance(value, SequenceValue) or not isinstance(value.node, t.Comprehension) or value.context is None:
            return None
        clause = value.node.clauses[0]
        answers = self.evaluator.evaluate(clause.iter, value.context)
        if len(value.node.clauses) != 1 or len(answers) != 1 or not isinstance(answers[0], SequenceValue):
            return None
        if answers[0].kind != TABLE:
            return None
        found: list[Value] = []
        for item in answers[0].items:
            inner = Context(value.context.frame, value.context.statement, {}, value.context)
            assert inner.local is not None
            for bound in t.target_names(clause.target):
                held = self.evaluator.force(item.value)
                inner.local[bound] = self.evaluator.unpacked(clause.target, bound, held, inner)
            self.evaluator.keep(inner)
            truths = [arithmetic.truth(self.evaluator, test, inner) for test in clause.ifs]
            if None in truths:
                return None
            if all(truths):
                found.extend(self.evaluator.evaluate(value.node.element, inner))
        return found

    # ---- calls

    def _call(self, expr: t.Call, context: Context) -> s.Selector | None:
        func = expr.func
        if isinstance(func, t.Name):
            found = self._builtin(func.id, expr, context)
            if found is not None:
                return found
        if isinstance(func, t.Attribute) and func.attr in ("startswith", "endswith"):
            return self._affix(func, expr, context)
        matching = self._regular(expr, context)
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
        constants = self._constants(answers[0])
        if constants is None and isinstance(answers[0], Known) and isinstance(answers[0].value, str):
            constants = [Known(letter) for letter in answers[0].value]
        if constants is None:
            return None
        parts = []
        for value in constants:
            inner = Context(context.frame, context.statement, {}, context)
            assert inner.local is not None
            for bound in t.target_names(clause.target):
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
                return self._classes(self.evaluator.evaluate(classes, context))
        return None

    def _classes(self, answers: Answers, exact: bool = False) -> s.Selector | None:
        paths: set[str] = set()
        for value in answers:
            members = self._constants(value)
            for member in members if members is not None else [value]:
                inner = bare(member)
                if isinstance(inner, ClassValue):
                    paths.add(inner.path)
                elif isinstance(inner, External) and "?" not in inner.path:
                    paths.add(inner.path)
                else:
                    return None
        if not paths:
            return None
        return s.AncestorIs(frozenset(paths)) if self.whole else s.OwnerIs(frozenset(paths))

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

    def _affix(self, func: t.Attribute, expr: t.Call, context: Context) -> s.Selector | None:
        node = s.StartsWith if func.attr == "startswith" else s.EndsWith
        if len(expr.args) != 1:
            return None
        needles = self.evaluator.evaluate(expr.args[0].value, context)
        subjects = self.evaluator.evaluate(func.value, context)
        text = _only([self.text(subject) for subject in subjects])
        if text is None and func.attr == "endswith" and all(_relative_name(subject) for subject in subjects):
            # the name below some module ends as the parameter's own does, up to its last dot
            if len(needles) == 1 and isinstance(needles[0], Known) and "." not in str(needles[0].value):
                text = s.Leaf()
        if len(needles) != 1 or text is None:
            return None
        if isinstance(needles[0], Known):
            return node(text, needles[0].value) if isinstance(needles[0].value, str) else None
        constants = self._constants(needles[0])
        if constants is None or not all(isinstance(c, Known) and isinstance(c.value, str) for c in constants):
            return None
        return s.either(*(node(text, str(c.value)) for c in constants if isinstance(c, Known)))

    def _regular(self, expr: t.Call, context: Context) -> s.Selector | None:
        """`re.search(pattern, name)`, `compiled.match(name)`."""
        if not isinstance(expr.func, t.Attribute) or expr.func.attr not in ("search", "match", "fullmatch"):
            return None
        arguments = list(expr.args)
        pattern: str | None = None
        flags = 0
        for owner in self.evaluator.evaluate(expr.func.value, context):
            if isinstance(owner, External) and owner.path in ("re", "regex"):
                if len(arguments) >= 2:
                    pattern = self._only_text(arguments[0].value, context)
                    flags = self._flags(arguments[2].value, context) if len(arguments) > 2 else 0
                    arguments = arguments[1:]
            elif isinstance(owner, Instance) and isinstance(owner.cls, External) and owner.cls.path == "re.compile":
                given = self.evaluator.positional(owner.arguments or Arguments())
                pattern = _text_constant(given[0]) if given else None
                written = owner.arguments.written if owner.arguments is not None else ()
                if len(written) > 1 and owner.arguments is not None and owner.arguments.context is not None:
                    flags = self._flags(written[1].value, owner.arguments.context)
        if pattern is None or not arguments or flags < 0:
            return None
        text = _only([self.text(subject) for subject in self.evaluator.evaluate(arguments[0].value, context)])
        if text is None:
            return None
        mode: Any = expr.func.attr
        try:
            re.compile(pattern, flags)
        except (re.error, RecursionError, OverflowError):
            return None
        return s.Matches(text, pattern, mode, flags)

    def _only_text(self, expr: t.Expr, context: Context) -> str | None:
        return _text_constant(self.evaluator.evaluate(expr, context))

    def _flags(self, expr: t.Expr, context: Context) -> int:
        """The value of `re.I | re.M`; -1 where it can't be told."""
        if isinstance(expr, t.Binary) and expr.op == "|":
            left, right = self._flags(expr.left, context), self._flags(expr.right, context)
            return -1 if left < 0 or right < 0 else left | right
        for value in self.evaluator.evaluate(expr, context):
            if isinstance(value, External) and value.path.startswith("re."):
                flag = getattr(re, value.path[3:], None)
                if isinstance(flag, re.RegexFlag):
                    return int(flag)
        return -1

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
            made[key] = t.Comprehension(loop.cst, "generator", test, None, (clause,))
        return self._quantified("any", made[key], context)

    # ---- texts

    def text(self, value: Value) -> s.Text | None:
        """A text about the current parameter, or None where the value is none."""
        match value:
            case Element(part="name"):
                return self._name_text(value)
            case TextOf():
                return self._pieces(value.pieces)
            case Attribute():
                return self._changed_text(value)
            case _:
                return None

    def _name_text(self, value: Element) -> s.Text | None:
        what = value.collection.what
        if what == "named_modules":
            return None if self.whole else s.OwnerName()
        if what == "named_children":
            return s.Segment(s.FullName(), 0)
        if value.collection.owner is not None:
            return s.Leaf() if not value.collection.recurse else None
        text: s.Text = s.FullName()
        prefix = value.collection.prefix
        return s.Prefixed(prefix + "." if not prefix.endswith(".") else prefix, text) if prefix else text

    def _pieces(self, pieces: tuple[str | Value, ...]) -> s.Text | None:
        """`f"{module_name}.{parameter_name}"` is the full name again."""
        symbolic = [p for p in pieces if not isinstance(p, str)]
        if len(symbolic) == 1:
            if isinstance(pieces[-1], str):
                return None
            inner = self.text(pieces[-1])
            prefix = "".join(p for p in pieces if isinstance(p, str))
            return s.Prefixed(prefix, inner) if inner is not None and prefix else inner
        if len(symbolic) == 2 and all(isinstance(p, Element) and p.part == "name" for p in symbolic):
            outer, inner_value = symbolic
            assert isinstance(outer, Element) and isinstance(inner_value, Element)
            if outer.collection.what == "named_modules" and inner_value.collection.what == "named_parameters":
                between = [p for p in pieces if isinstance(p, str)]
                return s.FullName() if between == ["."] else None
        return None

    def _changed_text(self, value: Attribute) -> s.Text | None:
        if value.name == "__name__" and isinstance(value.of, Attribute) and value.of.name == "__class__":
            return None if self.whole else s.OwnerType()
        if value.name.startswith("[") and isinstance(value.of, Attribute) and value.of.name in ("split", "rsplit"):
            inner = self.text(value.of.of)
            index = value.name[1:-1]
            if inner is not None and value.of.arguments == (".",) and re.fullmatch(r"-?\d+", index):
                return s.Segment(inner, int(index))
            if inner is not None and value.of.name == "rsplit" and value.of.arguments == (".", 1):
                if index in ("-1", "1"):  # a name without a dot has no second part, and is its own last one
                    return s.Segment(inner, -1) if index == "-1" else None
                return s.OwnerName() if index == "-2" and isinstance(inner, s.FullName) else None
            return None
        if not value.called:
            return None
        inner = self.text(value.of)
        if inner is None:
            return None
        if value.name in ("lower", "casefold"):
            return s.Lower(inner)
        if value.name == "upper":
            return s.Upper(inner)
        if value.name == "strip" and not value.arguments:
            return inner
        if value.name == "replace" and len(value.arguments) == 2:
            old, new = value.arguments
            if isinstance(old, str) and isinstance(new, str):
                return s.Replaced(inner, old, new)
        return None


def _before_turn(evaluator: Evaluation, held: Value, subject: Value, context: Context) -> Value:
    """A collection as a loop's current element meets it: without what this turn will add further down.

    In `if p in seen: continue` before `seen.add(p)`, only earlier elements have been added.
    """
    element = objects.element_within(subject)
    if not isinstance(held, Changed) or element is None or context.statement is None:
        return held
    kept = tuple(c for c in held.changes if not _adds_later(evaluator, c, element, context))
    return held if len(kept) == len(held.changes) else Changed(held.base, kept)


def _adds_later(evaluator: Evaluation, change: Change, element: Element, context: Context) -> bool:
    statement = change.context.statement
    if change.path or change.context.frame is not context.frame or statement is None or context.statement is None:
        return False
    if not change.arguments or not flow.follows_in_turn(statement, context.statement):
        return False
    added = [objects.element_within(v) for v in evaluator.evaluate(change.arguments[-1].value, change.context)]
    return any(one is not None and (one.turn, one.part) == (element.turn, element.part) for one in added)


_FALLS_THROUGH: tuple[s.Selector, s.Selector] = (s.Always(False), s.Always(False))
_Read = TypeVar("_Read")


def _only(readings: Sequence[_Read | None]) -> _Read | None:
    """What several answers all come to: the loop variable of one loop over one of several models, say."""
    found = set(readings)
    return found.pop() if len(found) == 1 else None


def _keyed_by_name(evaluator: Evaluation, held: Value) -> bool:
    """Whether a mapping holds parameters under their names."""
    inner = bare(held)
    if isinstance(inner, Collection):
        return inner.what == "named_parameters"
    if not isinstance(inner, MappingValue):
        return False
    keys = [key for e in inner.entries for key in (evaluator.force(e.key) if e.key is not None else ())]
    return bool(keys) and all(isinstance(key, Element) and key.part == "name" for key in keys)


def _relative_name(value: Value) -> bool:
    """Whether a value is a parameter's name below one of the modules that a loop runs over."""
    if not isinstance(value, Element) or value.part != "name":
        return False
    return value.collection.owner is not None and value.collection.recurse


def _parameter(value: Value) -> bool:
    """Whether a value is the current parameter itself, or its data."""
    if isinstance(value, Attribute) and value.name in ("data", "detach"):
        return _parameter(value.of)
    return isinstance(value, Element) and value.part == "parameter"


def _text_constant(answers: Answers) -> str | None:
    if len(answers) == 1 and isinstance(answers[0], Known) and isinstance(answers[0].value, str):
        return answers[0].value
    return None


def symbolic(evaluator: Evaluation, expr: t.Expr, context: Context, depth: int = 0) -> bool:
    """Whether an expression is about a loop's current element."""
    if depth > 6:
        return False
    for node in t.walk(expr):
        if isinstance(node, t.Name):
            if _names_a_test(evaluator, node, context, depth):
                return True
            for value in evaluator.evaluate(node, context):
                if objects.element_within(value) is not None:
                    return True
                if isinstance(value, SequenceValue) and value.kind == "tuple":
                    if any(objects.element_within(v) for i in value.items for v in evaluator.force(i.value)):
                        return True
    return False


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
    return False
