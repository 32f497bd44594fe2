"""The decay of one group, under conditions where it depends on the parameter; a learning rate in the same way.

Where it can't be told for which parameters a decay is 0, nothing is said of any. What the group holds is in `groups`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.conditions.tests import symbolic
from wdlint.source.selections.taking import condition_reader
from wdlint.source.values import contents, flow, objects
from wdlint.source.values.amounts import NOTHING, AmountDraft, amount_of, source_text
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import loop_conditions
from wdlint.source.values.values import (
    Answers,
    Condition,
    Context,
    Deferred,
    Entry,
    Known,
    MappingValue,
    SequenceValue,
    Value,
    bare,
)

_DEEPEST = 3  # assignments that are followed from a decay to the key of a dictionary


class GroupDecays:
    """Reads the strengths of groups; `decay_key` is the option that the optimizer reads."""

    def __init__(self, evaluator: Evaluation, decay_key: str) -> None:
        self.evaluator = evaluator
        self.decay_key = decay_key

    def of_group(
        self, value: Value, keyed: dict[str, Deferred | Answers]
    ) -> list[tuple[s.Selector, AmountDraft | None]]:
        """The group's decay; split in several where it depends on the parameter."""
        later = self._set_under_tests(value)
        if later:
            return later
        held = keyed.get(self.decay_key)
        if isinstance(held, Deferred):
            cases = self._cases(held.expr, held.context)
            if len(cases) > 1:
                return cases
        amount = self.number(self.decay_key, value, keyed)
        if isinstance(held, Deferred) and amount is not None and amount.value is None:
            if _comes_of_a_key(held.expr, held.context.frame.scope):
                return _for_some(amount, value)
        if amount is not None and amount.varies and isinstance(held, Deferred) and self._comes_with(held, keyed):
            return _for_some(amount, value)
        if amount is not None and amount.varies and self._is_one_a_parameter(keyed):
            answers = objects.entry(self.evaluator, value, self.decay_key)
            if any(isinstance(v, Known) and not v.value for v in answers):
                return _for_some(amount, value)
        return [(s.Always(True), amount)]

    def number(self, key: str, value: Value, keyed: dict[str, Deferred | Answers]) -> AmountDraft | None:
        answers = objects.entry(self.evaluator, value, key)
        held = keyed.get(key)
        text = source_text(held.context.module, held.expr) if isinstance(held, Deferred) else key
        return amount_of(answers, text) if answers else None

    def _comes_with(self, decay: Deferred, keyed: dict[str, Deferred | Answers]) -> bool:
        """Whether one loop gives parameters and a decay that may be 0 for them: `for wd, ps in groups.items()`."""
        params, numbers = keyed["params"], self.evaluator.force(decay)
        if not isinstance(params, Deferred):
            return False
        collected = all(isinstance(bare(value), SequenceValue) for value in self.evaluator.force(params))
        if not any(not value.value if isinstance(value, Known) else collected for value in numbers):
            return False
        asked, held = (
            {node.id for node in syntax.walk(one.expr) if isinstance(node, t.Name)} for one in (decay, params)
        )
        return any(asked & names and held & names for names in _loop_variables(decay.context))

    def _is_one_a_parameter(self, keyed: dict[str, Deferred | Answers]) -> bool:
        """Whether a loop over the parameters makes a group of each."""
        held = keyed["params"]
        return isinstance(held, Deferred) and is_of_one(self.evaluator, held.expr, held.context)

    def _may_be_none(self, expr: t.Expr, answers: Answers) -> bool:
        """Whether a decay may be 0 for some parameters: it is no number, or one of several of which one is 0."""
        if isinstance(expr, t.Call):
            return True  # what a function answers of a parameter is known in part
        return not all(isinstance(v, Known) and isinstance(v.value, (int, float)) and v.value for v in answers)

    def _set_under_tests(self, value: Value) -> list[tuple[s.Selector, AmountDraft | None]]:
        """`group["weight_decay"] = 0.0` in branches that ask about the parameter, the last that applies first."""
        held = [
            entry
            for entry in self._entries(value)
            if entry.key is not None
            and any(isinstance(k, Known) and k.value == self.decay_key for k in self.evaluator.force(entry.key))
        ]
        if not any(self.asked(entry.conditions) for entry in held):
            return []
        tests = [tuple(c for c in entry.conditions if not self._makes_group(c)) for entry in held]
        found: list[tuple[s.Selector, AmountDraft | None]] = []
        before: list[s.Selector] = []
        for entry, conditions in zip(reversed(held), reversed(tests), strict=True):
            guard = condition_reader(self.evaluator).all_of(conditions)
            here = s.both(guard, *map(s.negation, before))
            if isinstance(entry.value, Deferred):
                cases = self._cases(entry.value.expr, entry.value.context)
            else:
                cases = [(s.Always(True), amount_of(entry.value, self.decay_key))]
            found.extend((s.both(here, inner), amount) for inner, amount in cases)
            before.append(guard)
        rest = s.both(*map(s.negation, before))
        return found if rest == s.Always(False) else [*found, (rest, None)]

    def _entries(self, value: Value, depth: int = 0) -> Iterator[Entry]:
        """The entries of a group, those of a mapping that it spreads in their place."""
        for entry in contents.entries(self.evaluator, value):
            spread = self.evaluator.force(entry.value) if entry.key is None and depth < 3 else ()
            if len(spread) == 1:
                yield from self._entries(spread[0], depth + 1)
            else:
                yield entry

    def _cases(self, expr: t.Expr, context: Context) -> list[tuple[s.Selector, AmountDraft | None]]:
        """`0.0 if p.ndim < 2 else wd`, or a name that branches of a loop bind, as amounts under conditions."""
        if isinstance(expr, t.Conditional) and symbolic(self.evaluator, expr.test, context):
            test = condition_reader(self.evaluator).read(expr.test, context)
            inside = [(test, case) for case in self._cases(expr.body, context)]
            inside += [(s.negation(test), case) for case in self._cases(expr.orelse, context)]
            return [(s.both(condition, inner), amount) for condition, (inner, amount) in inside]
        if isinstance(expr, t.Binary) and expr.op == "*":
            for asked, strength in ((expr.left, expr.right), (expr.right, expr.left)):
                if isinstance(asked, t.Compare) and symbolic(self.evaluator, asked, context):
                    holds = condition_reader(self.evaluator).read(asked, context)
                    scaled = [(s.both(holds, inner), amount) for inner, amount in self._cases(strength, context)]
                    return [*scaled, (s.negation(holds), NOTHING)]
        if isinstance(expr, t.Name) and expr.id in context.frame.scope.bound and context.local is None:
            found = self._bound_cases(expr, context)
            if found:
                return found
        answers = self.evaluator.evaluate(expr, context)
        amount = amount_of(answers, source_text(context.module, expr))
        if symbolic(self.evaluator, expr, context) and self._may_be_none(expr, answers):
            return _for_some(amount, expr)
        return [(s.Always(True), amount)]

    def _bound_cases(self, expr: t.Name, context: Context) -> list[tuple[s.Selector, AmountDraft | None]]:
        frame = context.frame
        reach = self.evaluator.reach(expr.id, context.statement, frame.scope)
        found: list[tuple[s.Selector, AmountDraft | None]] = []
        before: list[s.Selector] = []
        for binding in reach.bindings:
            if not isinstance(binding, t.Assign) or binding.value is None or reach.changes:
                return []
            conditions = self.asked(loop_conditions(binding, frame))
            guard = condition_reader(self.evaluator).all_of(conditions)
            here = s.both(guard, *map(s.negation, before))
            written = next((_paired(target, binding.value, expr.id) for target in binding.targets), None)
            if written is None:
                return []
            for inner, amount in self._cases(written, frame.at(binding)):
                found.append((s.both(here, inner), amount))
            before.append(guard)
        return found if len(found) > 1 else []

    def asked(self, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """The conditions that ask about the current parameter; others only say whether a group is there."""
        return tuple(c for c in conditions if symbolic(self.evaluator, c.test, c.context) and not self._makes_group(c))

    def _makes_group(self, condition: Condition) -> bool:
        """`if key not in groups:` before a group is made under that key."""
        test = condition.test
        if not isinstance(test, t.Compare) or len(test.rest) != 1 or test.rest[0][0] not in ("in", "not in"):
            return False
        held = self.evaluator.evaluate(test.rest[0][1], condition.context)
        return any(isinstance(bare(v), MappingValue) for v in held)


def _comes_of_a_key(expr: t.Expr, scope: t.Scope, depth: int = 0) -> bool:
    """Whether a decay is worked out of the key under which a dictionary keeps parameters: some key may say 0.

    `for key, params in groups.items(): decay, lr = json.loads(key)`
    """
    for name in {node.id for node in syntax.walk(expr) if isinstance(node, t.Name)}:
        for binding in scope.bound.get(name, ()):
            if isinstance(binding, t.For):
                if _is_key(name, binding):
                    return True
            elif isinstance(binding, t.Assign) and binding.value is not None and depth < _DEEPEST:
                if _comes_of_a_key(binding.value, scope, depth + 1):
                    return True
    return False


def _is_key(name: str, loop: t.For) -> bool:
    """Whether a loop over the items of a dictionary binds a name to the key, or to a part of it."""
    if not isinstance(loop.iter, t.Call) or syntax.last_name(loop.iter) != "items":
        return False
    key = loop.target.items[0] if isinstance(loop.target, t.Display) and loop.target.items else loop.target
    return name in syntax.target_names(key)


def is_of_one(evaluator: Evaluation, params: t.Expr, context: Context) -> bool:
    """Whether what a group holds is the current parameter of a loop: `p` or `[p]`, and no comprehension of its own."""
    return not isinstance(params, t.Comprehension) and symbolic(evaluator, params, context)


def _loop_variables(context: Context) -> Iterator[set[str]]:
    """The variables of each comprehension and each loop around an expression."""
    around: Context | None = context
    while around is not None:
        yield set(around.local or ())
        around = around.outer
    for block in flow.loops(context.statement.block) if context.statement is not None else ():
        if isinstance(block.parent, t.For):
            yield set(syntax.target_names(block.parent.target))


def _for_some(amount: AmountDraft | None, which: object) -> list[tuple[s.Selector, AmountDraft | None]]:
    """A decay that some parameters have, which can't be told, and none for the others."""
    some = s.Opaque(f"decay:{id(which)}", "given a decay that depends on the parameter")
    return [(some, amount), (s.negation(some), NOTHING)]


def _paired(target: t.Expr, value: t.Expr, name: str) -> t.Expr | None:
    """What an assignment binds a name to; `a, b = (1, 2) if test else (3, 4)` either way."""
    if not isinstance(value, t.Conditional) or not isinstance(target, t.Display):
        return syntax.paired(target, value, name)
    sides = [_paired(target, side, name) for side in (value.body, value.orelse)]
    if sides[0] is None or sides[1] is None:
        return None
    return t.Conditional(value.origin, value.test, sides[0], sides[1])
