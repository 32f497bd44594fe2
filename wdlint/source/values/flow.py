"""Where a name's value comes from: the statements that may have bound it, and those that changed it.

Works backwards from a statement through its block, its loops and branches, to the start of the scope.
Only the order of statements matters here; what an expression means is in `values.evaluator`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from wdlint.source.read import syntax
from wdlint.source.read import tree as t


@dataclass(slots=True)
class Reaching:
    """What may have given a name its value at some point, nearest first.

    `certain` says that one of `bindings` has certainly happened, so an outer scope can't be meant.
    """

    bindings: list[t.Stmt] = field(default_factory=list)
    changes: list[tuple[t.Stmt, bool]] = field(default_factory=list)  # statement, certainly executed
    certain: bool = False


def reaching(name: str, at: t.Stmt | None, scope: t.Scope) -> Reaching:
    """The bindings and in-place changes of `name` that reach the start of `at` (None: the scope's end)."""
    found = Reaching()
    if at is None:
        found.certain = _back(scope.body, len(scope.body.statements), name, found, True)
    else:
        found.certain = _outwards(at, name, found)
    found.changes.reverse()
    return found


def _outwards(at: t.Stmt, name: str, found: Reaching) -> bool:
    block, index = at.block, at.index
    sure = True
    while True:
        if index and _back(block, index, name, found, sure):
            return True
        parent = block.parent
        if parent is None:
            return False
        if isinstance(parent, (t.For, t.While)) and block is parent.body:
            # an earlier turn of the loop may have run the statements below
            _back(block, len(block.statements), name, found, False, stop=index)
        if isinstance(parent, t.Try) and block is not parent.body and block is not parent.final:
            _back(parent.body, len(parent.body.statements), name, found, False)
        if name in parent.binds and name in parent.owns:
            if not (isinstance(parent, t.For) and block is parent.orelse):
                found.bindings.append(parent)
                return True
        block, index = parent.block, parent.index


def _back(
    block: t.Block, index: int, name: str, found: Reaching, sure: bool, stop: int = 0, always: bool = True
) -> bool:
    """Walk a block backwards from `index`; True once the name is certainly bound.

    `always` says that the block is one that certainly runs: what it changes is certain only then.
    """
    for position in range(index - 1, stop - 1, -1):
        statement = block.statements[position]
        if name in statement.binds or name in statement.touches:
            if _inside(statement, name, found, sure, always) and sure:
                return True
    return False


def _inside(statement: t.Stmt, name: str, found: Reaching, sure: bool, always: bool) -> bool:
    """Collect what a whole statement does to the name; True where it certainly binds it."""
    if isinstance(statement, t.AugAssign):
        found.changes.append((statement, sure and always))
        return False
    inner = list(t.blocks(statement))
    if not inner:
        if name in statement.touches and name not in statement.binds:
            found.changes.append((statement, sure and always))
            return False
        if name in statement.binds:
            found.bindings.append(statement)
            return True
        return False
    own = name in statement.owns
    if isinstance(statement, t.With):
        if _back(statement.body, len(statement.body.statements), name, found, sure, always=always):
            return True
    elif isinstance(statement, t.Try):
        if _try(statement, name, found):
            return True
    else:
        living = [b for b in inner if not leaves(b)]
        bound = [_branch(b, name, found) for b in living]
        for block in inner:
            if block not in living and _goes_round(block):
                # what a turn did before `continue` is done when the loop is over
                left = Reaching()
                _back(block, len(block.statements), name, left, False)
                found.changes.extend((changed, False) for changed, _ in left.changes)
        exhaustive = isinstance(statement, t.If) and statement.orelse is not None
        if exhaustive and living and all(bound):
            return True
    if own:
        found.bindings.append(statement)
        return isinstance(statement, (t.With, t.If))
    return False


def _branch(block: t.Block, name: str, found: Reaching) -> bool:
    """Collect a branch; True if the branch, when taken, certainly binds the name."""
    return _back(block, len(block.statements), name, found, True, always=False)


def _try(statement: t.Try, name: str, found: Reaching) -> bool:
    if statement.final is not None and _branch(statement.final, name, found):
        return True
    certain = _branch(statement.orelse, name, found) if statement.orelse is not None else False
    certain = _branch(statement.body, name, found) or certain
    for handler in statement.handlers:
        if not leaves(handler):
            certain = _branch(handler, name, found) and certain
    return certain


def leaves(block: t.Block) -> bool:
    """Whether control never runs off the end of a block: it returns, raises, or jumps."""
    if block.left is None:
        block.left = bool(block.statements) and _leaves(block.statements[-1])
    return block.left


def _leaves(last: t.Stmt) -> bool:
    match last:
        case t.Return() | t.Raise():
            return True
        case t.Jump():
            return last.kind != "pass"
        case t.If():
            return last.orelse is not None and leaves(last.body) and leaves(last.orelse)
        case t.With():
            return leaves(last.body)
        case t.Expression(value=t.Call(func=func)):
            return syntax.dotted(func) in ("sys.exit", "exit", "quit", "os._exit")
        case _:
            return False


def _goes_round(block: t.Block) -> bool:
    """Whether a block that is left by a jump stays in its function: the loop goes on, or ends."""
    last = block.statements[-1] if block.statements else None
    if isinstance(last, t.If):
        return any(_goes_round(inner) for inner in t.blocks(last))
    return isinstance(last, t.Jump)


def guards(at: t.Stmt, outside: t.Block | None = None) -> Iterator[tuple[t.Expr, bool, t.Stmt]]:
    """The conditions under which a statement runs, innermost first, as (test, its truth, its statement).

    Besides enclosing branches these are earlier siblings that leave (`if frozen: continue`). The walk ends
    at the block `outside`, or at the scope's own.
    """
    block, index = at.block, at.index
    while block is not outside:
        tested = checks(block)
        for number in range(bisect_left(tested, index, key=_index) - 1, -1, -1):
            earlier = tested[number]
            if isinstance(earlier, t.If):
                yield earlier.test, passes(earlier), earlier
        parent = block.parent
        if parent is None:
            return
        if isinstance(parent, t.If):
            yield parent.test, block is parent.body, parent
        block, index = parent.block, parent.index


def _index(statement: t.Stmt) -> int:
    return statement.index


def passes(check: t.If) -> bool:
    """How the test of a branch that leaves has come out where the program goes on."""
    return check.orelse is not None and leaves(check.orelse)


def checks(block: t.Block) -> tuple[t.If | t.Assert, ...]:
    """The statements of a block that let through what passes a test: one branch leaves, the other goes on."""
    if block.checks is None:
        block.checks = tuple(
            statement
            for statement in block.statements
            if isinstance(statement, t.Assert)
            or (isinstance(statement, t.If) and (leaves(statement.body) or passes(statement)))
        )
    return block.checks


def ancestors(statement: t.Stmt) -> Iterator[t.Block]:
    """The blocks that hold a statement, innermost first."""
    block: t.Block | None = statement.block
    while block is not None:
        yield block
        block = block.parent.block if block.parent is not None else None


def follows_in_turn(later: t.Stmt, earlier: t.Stmt) -> bool:
    """Whether both stand in one loop and, in each of its turns, `later` can only run after `earlier`."""
    positions = {id(block): index for block, index in path(earlier)}
    for block, index in path(later):
        if id(block) in positions:
            if index < positions[id(block)]:
                return False
            return any(isinstance(b.parent, (t.For, t.While)) and b is b.parent.body for b in (block, *_above(block)))
    return False


def path(statement: t.Stmt) -> Iterator[tuple[t.Block, int]]:
    """The blocks around a statement, innermost first, with its place in each."""
    current: t.Stmt | None = statement
    while current is not None:
        yield current.block, current.index
        current = current.block.parent


def _above(block: t.Block) -> Iterator[t.Block]:
    while block.parent is not None:
        block = block.parent.block
        yield block


def position(statement: t.Stmt) -> int:
    """Where a statement stands in its scope; later statements have greater numbers."""
    if statement.order < 0:
        for number, one in enumerate(t.statements(statement.scope.body)):
            one.order = number
    return statement.order


def loops(block: t.Block) -> tuple[t.Block, ...]:
    """The bodies of loops in which the statements of a block stand, innermost first."""
    asked: list[t.Block] = []
    around: t.Block | None = block
    while around is not None and around.loops is None:
        asked.append(around)
        around = around.parent.block if around.parent is not None else None
    for one in reversed(asked):
        outer = one.parent.block.loops or () if one.parent is not None else ()
        own = isinstance(one.parent, (t.For, t.While)) and one is one.parent.body
        one.loops = (one, *outer) if own else outer
    return block.loops or ()


def in_loop(statement: t.Stmt, outside: Container[int] = ()) -> bool:
    """Whether a statement stands in the body of a loop other than those whose blocks (by identity) are `outside`."""
    return any(id(block) not in outside for block in loops(statement.block))


def loop_of(statement: t.Stmt | None, name: str) -> t.For | None:
    """The innermost loop around a statement whose variable has a name."""
    for block in loops(statement.block) if statement is not None else ():
        if isinstance(block.parent, t.For) and name in syntax.target_names(block.parent.target):
            return block.parent
    return None


def exclusive(one: t.Stmt, other: t.Stmt) -> bool:
    """Whether two statements stand in different branches of one `if`, so that at most one of them runs.

    Within a loop another turn may take the other branch.
    """
    if one.block.parent is None or other.block.parent is None:
        return False
    blocks = {id(block): block for block in ancestors(one)}
    for block in ancestors(other):
        parent = block.parent
        if isinstance(parent, t.If):
            twin = parent.orelse if block is parent.body else parent.body
            if twin is not None and id(twin) in blocks:
                return not in_loop(parent)
    return False


def may_follow(later: t.Stmt, earlier: t.Stmt) -> bool:
    """Whether a statement may run after another one of its scope."""
    if exclusive(later, earlier):
        return False
    if position(later) >= position(earlier):
        return True
    loops = {id(b) for b in ancestors(earlier) if isinstance(b.parent, (t.For, t.While))}
    return any(id(block) in loops for block in ancestors(later))
