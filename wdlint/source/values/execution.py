"""Whether a statement of a constructor is executed, and what an expression then is, defaults standing as they are.

Conditions that can't be told leave the answer open.
"""

from __future__ import annotations

from collections.abc import Collection

from wdlint.facts import Ternary
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic, flow
from wdlint.source.values.elements import known_range
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import Answers, Context, Deferred, Frame, Instance, Known, SequenceValue


def taken(
    evaluator: Asking, statement: t.Stmt, frame: Frame, granted: Collection[t.Stmt] = (), by_default: bool = False
) -> Ternary:
    """Whether a statement is executed in a frame, the branches that are `granted` being gone.

    Options decide as their defaults stand where `by_default` asks for it, and wherever a caller is read. A loop whose
    number of turns can't be told is taken to have one, and what happens in some turn happens.
    """
    answer = Ternary.YES
    inclined = by_default or frame.arguments is not None
    for test, truth, branch in flow.guards(statement):
        context = frame.at(branch)
        if branch in granted or _refuses(branch, truth) or (truth and _is_of_the_program(test)):
            continue
        found = arithmetic.truth(evaluator, test, context, inclined=inclined)
        if found is None:
            if not _in_some_turn(evaluator, test, truth, context):
                answer = Ternary.UNKNOWN
        elif found is not truth:
            return Ternary.NO
    for block in flow.ancestors(statement):
        parent = block.parent
        if isinstance(parent, t.Try) and block in parent.handlers:
            answer &= Ternary.UNKNOWN
        elif isinstance(parent, t.For) and block is parent.body and _is_empty(evaluator, parent.iter, frame.at(parent)):
            return Ternary.NO
    return answer


def gone_with(made: t.Stmt | None, statement: t.Stmt) -> tuple[t.Stmt, ...]:
    """The branches that a statement shares with the one that made what it changes: they are gone, since it is there."""
    if made is None or made.scope is not statement.scope:
        return ()
    around = {(id(branch), truth) for _, truth, branch in flow.guards(made)}
    return tuple(branch for _, truth, branch in flow.guards(statement) if (id(branch), truth) in around)


def _is_of_the_program(test: t.Expr) -> bool:
    """`__name__ == "__main__"`: what stands there runs whenever the program does."""
    sides = (test.left, test.rest[0][1]) if isinstance(test, t.Compare) and len(test.rest) == 1 else ()
    return any(isinstance(side, t.Name) and side.id == "__name__" for side in sides)


def _refuses(branch: t.Stmt, truth: bool) -> bool:
    """Whether the other way at a branch raises: what was built did not go it."""
    if not isinstance(branch, t.If):
        return False
    other = branch.orelse if truth else branch.body
    return other is not None and raises(other)


def _is_empty(evaluator: Asking, iterated: t.Expr, context: Context) -> bool:
    """Whether a loop certainly has no turn."""
    while isinstance(iterated, t.Call) and syntax.dotted(iterated.func) in ("reversed", "enumerate", "list", "tqdm"):
        if not iterated.args:
            return False
        iterated = iterated.args[0].value
    if not isinstance(iterated, t.Call) or syntax.dotted(iterated.func) != "range":
        return False
    values = evaluator.evaluate(iterated, context)
    spans = [known_range(evaluator, v) if isinstance(v, Instance) else None for v in values]
    return bool(spans) and all(span is not None and not span for span in spans)


def idle(evaluator: Asking, statement: t.Stmt, frame: Frame, asked: t.Stmt | None = None) -> bool:
    """Whether a statement stands in a loop over a setting that is declared as an empty list: by default it has no turn.

    A loop that also holds the statement `asked` about has one: else there would be no question.
    """
    around = flow.loops(asked.block) if asked is not None else ()
    for block in flow.loops(statement.block):
        loop = block.parent
        if isinstance(loop, t.For) and isinstance(loop.iter, t.Attribute) and all(block is not one for one in around):
            if _is_empty_setting(evaluator.evaluate(loop.iter, frame.at(loop))):
                return True
    return False


def _is_empty_setting(answers: Answers) -> bool:
    empty = [v for v in answers if isinstance(v, SequenceValue) and v.complete and not v.items]
    return bool(empty) and all(v in empty or arithmetic.asked_of_unknown(v) for v in answers)


def _in_some_turn(evaluator: Asking, test: t.Expr, truth: bool, context: Context) -> bool:
    """Whether a test on a loop's variable, whose values are all known, comes out so in one of the turns."""
    if not isinstance(test, t.Compare) or len(test.rest) != 1 or context.statement is None:
        return False
    names = {name for side in (test.left, test.rest[0][1]) if (name := syntax.root_name(side)) is not None}
    loops = (block.parent for block in flow.ancestors(context.statement))
    if not any(isinstance(loop, t.For) and names & set(syntax.target_names(loop.target)) for loop in loops):
        return False
    lefts, rights = evaluator.evaluate(test.left, context), evaluator.evaluate(test.rest[0][1], context)
    if len(rights) != 1 and len(lefts) != 1:
        return False
    outcomes = {arithmetic.compare(evaluator, test.rest[0][0], a, b, True) for a in lefts for b in rights}
    return truth in outcomes and None not in outcomes


def looped(statement: t.Stmt | None, around: t.Stmt | None = None) -> bool:
    """Whether a statement stands in a loop that `around` does not stand in too."""
    if statement is None:
        return False
    outside = set() if around is None else {id(block) for block in flow.loops(around.block)}
    return flow.in_loop(statement, outside)


def answers(evaluator: Asking, expr: t.Expr, context: Context) -> Answers:
    """What an expression may be; conditional ones are decided by the defaults where they stand."""
    inclined = context.frame.arguments is not None
    if isinstance(expr, t.Conditional):
        truth = arithmetic.truth(evaluator, expr.test, context, inclined=inclined)
        if truth is not None:
            return answers(evaluator, expr.body if truth else expr.orelse, context)
        return (*answers(evaluator, expr.body, context), *answers(evaluator, expr.orelse, context))
    if isinstance(expr, t.Boolean):
        return _either(evaluator, expr, context, inclined)
    return evaluator.evaluate(expr, context)


def _either(evaluator: Asking, expr: t.Boolean, context: Context, inclined: bool) -> Answers:
    """`use_norm and nn.LayerNorm(d)`, `norm or nn.Identity()`: a test that comes out false leaves nothing."""
    truth = arithmetic.truth(evaluator, expr.left, context, inclined=inclined)
    if truth is not None:
        return answers(evaluator, expr.left if truth is (expr.op == "or") else expr.right, context)
    right = answers(evaluator, expr.right, context)
    if expr.op == "and":
        return (*right, Known(None))
    left = [v for v in answers(evaluator, expr.left, context) if not isinstance(v, Known) or v.value]
    return (*left, *right)


def forced(evaluator: Asking, value: Deferred | Answers) -> Answers:
    return answers(evaluator, value.expr, value.context) if isinstance(value, Deferred) else value


def raises(block: t.Block) -> bool:
    last = block.statements[-1] if block.statements else None
    return isinstance(last, t.Raise) or (isinstance(last, t.Assert) and isinstance(last.test, t.Const))
