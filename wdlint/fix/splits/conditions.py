"""The conditions with which a hand-made split tells its groups apart: where they stand, and which way they send.

A condition is found from the groups inwards: the comprehension that a group is, the list that loops fill for it, the
`if` around what fills it, the function that such an `if` asks. What is written in its place is decided in `mended`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from wdlint.facts import Group
from wdlint.fix.construction import Site
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import syntax
from wdlint.source.read import tree as t

_SAME = ("list", "tuple", "sorted", "set", "iter")  # calls that hand on what they are given


@dataclass(frozen=True, slots=True)
class Going:
    """What a loop goes over: the names of a parameter and of its name, as far as they have any."""

    tensor: str = ""
    name: str = ""
    whole: bool = True  # the name is the dotted one, not the leaf on its module
    loop: t.For | t.Clause | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Expressions that all have to hold for a parameter to be sent to an exempt group, or to a decayed one."""

    parts: tuple[t.Expr, ...]
    exempts: bool
    going: Going
    comprehension: t.Comprehension | None = None
    after_exempt: bool = False  # an `elif` behind a test that sends to an exempt group
    holder: t.Expr | None = None  # what a group is given, where that is put together of what conditions select
    chained: bool = False  # one of several tests in a row, each of what the one before lets through


@dataclass(slots=True)
class _Search:
    program: Program
    scope: Item
    held: dict[str, bool] = field(default_factory=dict)  # a container as written, and whether it is exempt
    groups: dict[Item, bool] = field(default_factory=dict)  # groups that are written out
    found: list[Condition] = field(default_factory=list)
    met: set[Item] = field(default_factory=set)
    holder: t.Expr | None = None  # what the group is given that is being followed
    sources: dict[t.Comprehension, set[bool]] = field(default_factory=dict)  # selections that others narrow

    def add(self, parts: Iterable[t.Expr], exempts: bool, going: Going, made: t.Comprehension | None = None) -> None:
        parts = tuple(parts)
        if len(parts) == 1:
            among = _among(self.program, parts[0])
            if among is not None:
                _follow(self, among[0], exempts is among[1], 1)
                return
            asked = _asked(self.program, parts[0], exempts, going)
            if asked is not None:
                parts, exempts, going = (asked[0],), asked[1], asked[2]
        if parts and parts[0] not in self.met:
            self.met.update(parts)
            after = any(p.exempts and _is_elif_of(self.program, parts[0], p.parts[0]) for p in self.found)
            self.found.append(Condition(parts, exempts, going, made, after, self.holder))


def conditions(site: Site) -> list[Condition]:
    """The conditions that send a parameter to one of a construction's groups, each once."""
    program = site.program
    found: list[Condition] = []
    searches: dict[Item, _Search] = {}
    for use in site.uses:
        for group in use.groups:
            held = held_by(program, group)
            if held is None:
                continue
            scope = program.scope(held)
            search = searches.setdefault(scope, _Search(program, scope))
            search.holder = held
            _follow(search, held, is_exempt(group), 0)
            search.holder = None
            written = program.parents[held]
            written = program.parents[written] if isinstance(written, t.Argument) else written
            if isinstance(written, (t.DictDisplay, t.Call)):
                search.groups[written] = is_exempt(group)
                _by_amount(search, written)
    for search in searches.values():
        _in_loops(search)
        found += _with_sources(search)
    return list({condition.parts[0]: condition for condition in found}.values())


def _with_sources(search: _Search) -> Iterator[Condition]:
    """The conditions of a search, and before them those of what they narrow, if all that narrow it go one way."""
    sources = {made: next(iter(ways)) for made, ways in search.sources.items() if len(ways) == 1}
    for made, exempts in sources.items():
        tests = made.clauses[-1].ifs
        if tests[0] not in search.met:
            yield Condition(tests, exempts, going_over(search.program, made, tests[-1]), made, chained=True)
    for condition in search.found:
        over = condition.comprehension.clauses[-1].iter if condition.comprehension is not None else None
        narrows = over is not None and _made(search.program, over) in sources
        yield replace(condition, chained=True) if narrows else condition


def is_exempt(group: Group) -> bool:
    return group.amount.value == 0 and not group.amount.latent


def held_by(program: Program, group: Group) -> t.Expr | None:
    """What a group of this file holds, as it is written."""
    if group.place.file != program.file:
        return None
    span = program.within(group.place)
    for node in program.nodes:
        if isinstance(node, (t.Statement, t.Argument, t.Clause, t.Module, t.Parameter)) or program.span(node) != span:
            continue
        if isinstance(node, t.DictDisplay):
            return next((v for k, v in node.items if isinstance(k, t.Const) and k.value == "params"), None)
        if isinstance(node, t.Call) and isinstance(node.func, t.Name) and node.func.id == "dict":
            return next((a.value for a in node.args if a.keyword == "params"), None)
        return node  # type: ignore[return-value]
    return None


# ---- from a group inwards


def _follow(search: _Search, expr: t.Expr, exempts: bool, depth: int) -> None:
    program = search.program
    if depth > 6:
        return
    match expr:
        case t.Comprehension():
            tests = expr.clauses[-1].ifs
            if tests:
                search.add(tests, exempts, going_over(program, expr, tests[-1]), expr)
                source = _made(program, expr.clauses[-1].iter)
                if isinstance(source, t.Comprehension) and source.clauses[-1].ifs:
                    search.sources.setdefault(source, set()).add(exempts)
            else:
                _follow(search, expr.clauses[-1].iter, exempts, depth + 1)
        case t.Call(func=t.Name(id="filter"), args=(t.Argument(value=t.Lambda() as told), over)):
            if len(told.params) == 1:
                given = told.params[0].name
                pairs = _called(_made(program, over.value)) == "named_parameters"
                search.add((told.body,), exempts, Going(f"{given}[1]", f"{given}[0]") if pairs else Going(given))
        case t.Call(func=t.Name(id=name), args=(given, *_)) if name in _SAME:
            _follow(search, given.value, exempts, depth + 1)
        case t.Display():
            for item in expr.items:
                _follow(search, item.value if isinstance(item, t.Starred) else item, exempts, depth + 1)
        case t.Binary(op="+"):
            _follow(search, expr.left, exempts, depth + 1)
            _follow(search, expr.right, exempts, depth + 1)
        case t.Name() | t.Attribute() | t.Subscript():
            search.held[_text(program, expr)] = exempts
            bound = program.binding(expr) if isinstance(expr, t.Name) else None
            if bound is not None:
                _follow(search, bound, exempts, depth + 1)


def _text(program: Program, expr: t.Expr) -> str:
    """An expression as it is written, whatever its quotes."""
    return program.source(expr).replace("'", '"')


def _among(program: Program, test: t.Expr) -> tuple[t.Name, bool] | None:
    """The collection of parameters or names that a test looks into, and whether the test holds for what is in it."""
    match test:
        case t.Unary(op="not", operand=inner):
            found = _among(program, inner)
            return (found[0], not found[1]) if found is not None else None
        case t.Compare(left=t.Name() | t.Call(func=t.Name(id="id")), rest=(("in" | "not in" as op, t.Name() as held),)):
            bound = program.binding(held)
            texts = isinstance(bound, t.Display) and bound.items
            return (held, op == "in") if bound is not None and not texts else None
    return None


# ---- loops that fill lists


def _in_loops(search: _Search) -> None:
    program = search.program
    within = search.scope
    if any("." in text for text in search.held):  # an attribute may be filled by another method
        within = next((a for a in program.around(within) if isinstance(a, t.ClassDef)), within)
    nodes = list(program.below(within))
    filled = dict(search.groups)
    for node in nodes:
        target = _filled(node)
        if target is None:
            continue
        exempts = search.held.get(_text(program, target))
        if exempts is not None:
            filled[node] = exempts
            continue
        chosen = _chosen(search, target)
        if chosen is not None:
            search.add((chosen[0],), chosen[1], going_over(program, node, chosen[0]))
    if not filled:
        return
    for node in nodes:
        if isinstance(node, t.If):
            sent, other = _sent(program, node.body, filled), _rest(program, node, filled)
            if len(sent) == 1 and (not next(iter(sent))) in other:
                search.add((node.test,), next(iter(sent)), going_over(program, node, node.test))
            elif len(sent) == 1 and not other and node.orelse is None and _is_elif(node):
                search.add((node.test,), next(iter(sent)), going_over(program, node, node.test))


def _by_amount(search: _Search, group: t.DictDisplay | t.Call) -> None:
    """The test in the strength that a group is given: `0.0 if "bias" in name else 0.1`."""
    if isinstance(group, t.DictDisplay):
        values = [v for k, v in group.items if isinstance(k, t.Const) and k.value == "weight_decay"]
    else:
        values = [a.value for a in group.args if a.keyword == "weight_decay"]
    for value in values:
        made = search.program.binding(value) if isinstance(value, t.Name) else value
        if isinstance(made, t.Conditional):
            zeros = [isinstance(arm, t.Const) and arm.value == 0 for arm in (made.body, made.orelse)]
            if zeros[0] is not zeros[1]:
                search.add((made.test,), zeros[0], going_over(search.program, made, made.test))


def _filled(node: Item) -> t.Expr | None:
    """The container that a statement puts something into."""
    match node:
        case t.Expression(value=t.Call(func=t.Attribute(attr="append" | "extend" | "add", value=target))):
            return target
        case t.AugAssign(op="+" | "|", target=target):
            return target
        case t.Assign(targets=(t.Subscript(value=t.Subscript() as target),)):  # groups["decay"][name] = p
            return target
    return None


def _chosen(search: _Search, target: t.Expr) -> tuple[t.Expr, bool] | None:
    """The test that chooses between two containers, and whether it sends to the exempt one."""
    program = search.program
    match target:
        case t.Conditional():
            answers = [search.held.get(_text(program, arm)) for arm in (target.body, target.orelse)]
            test = target.test
        case t.Subscript(value=of, index=t.Conditional() as index):
            arms = (f"{_text(program, of)}[{_text(program, arm)}]" for arm in (index.body, index.orelse))
            answers = [search.held.get(arm) for arm in arms]
            test = index.test
        case t.Subscript(value=of, index=(t.Compare() | t.Boolean() | t.Unary() | t.Call()) as index):
            answers = [search.held.get(f"{_text(program, of)}[{arm}]") for arm in ("True", "False")]
            test = index
        case _:
            return None
    if None in answers or answers[0] == answers[1]:
        return None
    return test, bool(answers[0])


def _sent(program: Program, block: t.Block, filled: dict[Item, bool]) -> set[bool]:
    return {filled[n] for statement in block.statements for n in program.below(statement) if n in filled}


def _rest(program: Program, node: t.If, filled: dict[Item, bool]) -> set[bool]:
    """Where those go for which a test does not hold."""
    if node.orelse is not None:
        return _sent(program, node.orelse, filled)
    last = node.body.statements[-1]
    if not (isinstance(last, t.Jump) and last.kind == "continue"):
        return set()
    after = node.block.statements[node.index + 1 :]
    return {filled[n] for statement in after for n in program.below(statement) if n in filled}


def _is_elif(node: t.If) -> bool:
    parent = node.block.parent
    return isinstance(parent, t.If) and parent.orelse is node.block and len(node.block.statements) == 1


def _is_elif_of(program: Program, test: t.Expr, earlier: t.Expr) -> bool:
    """Whether two tests are of one chain of `if` and `elif`."""
    node = program.parents[test]
    while isinstance(node, t.If) and _is_elif(node) and isinstance(node.block.parent, t.If):
        node = node.block.parent
        if node.test is earlier:
            return True
    return False


# ---- what loops go over


def going_over(program: Program, at: Item, test: t.Expr | None = None) -> Going:
    """The innermost loop around a place that goes over parameters or their names."""
    inner = False
    for around in (at, *program.around(at)):
        if isinstance(around, t.Comprehension):
            loops: list[t.For | t.Clause] = list(reversed(around.clauses))
        elif isinstance(around, t.For):
            loops = [around]
        elif isinstance(around, t.FunctionDef):
            break
        else:
            continue
        for index, loop in enumerate(loops):
            going = _of_loop(program, loop, test or loop.iter)
            if going is None:
                continue
            inner = index + 1 < len(loops) or any(isinstance(a, t.For) for a in program.around(around))
            return Going(going.tensor, going.name, going.whole and not (inner and _is_of_module(loop)), loop)
    return Going()


def _is_of_module(loop: t.For | t.Clause) -> bool:
    return any(a.keyword == "recurse" for a in loop.iter.args) if isinstance(loop.iter, t.Call) else False


def _of_loop(program: Program, loop: t.For | t.Clause, test: t.Expr) -> Going | None:
    target, over = loop.target, _made(program, loop.iter)
    if isinstance(over, t.Call) and isinstance(over.func, t.Name) and over.func.id in ("enumerate", "zip"):
        if over.func.id == "zip" or not isinstance(target, t.Display) or len(target.items) != 2:
            return None
        target, over = target.items[1], _made(program, over.args[0].value)
    called = _called(over)
    match target:
        case t.Display(items=(t.Name(id=name), t.Name(id=tensor))):
            return None if called in ("named_modules", "named_children") else Going(tensor, name)
        case t.Name(id=only) if called == "parameters":
            return Going(only)
        case t.Name(id=only) if called not in ("modules", "children"):
            asked = {n.attr for n in program.below(test) if isinstance(n, t.Attribute) and dotted(n.value) == only}
            if asked & _OF_TENSORS:
                return Going(only)
            return Going(name=only) if asked & _OF_NAMES or _is_searched(program, test, only) else None
    return None


_OF_TENSORS = frozenset(("ndim", "shape", "dim", "requires_grad", "size"))
_OF_NAMES = frozenset(("endswith", "startswith", "split", "lower"))


def _is_searched(program: Program, test: t.Expr, name: str) -> bool:
    """Whether a text is looked for in what a name holds: `"bias" in name`."""
    compared = (right for n in program.below(test) if isinstance(n, t.Compare) for _, right in n.rest)
    return any(dotted(right) == name for right in compared)


def _called(over: t.Expr) -> str:
    """The method whose answer is gone over."""
    return over.func.attr if isinstance(over, t.Call) and isinstance(over.func, t.Attribute) else ""


def _made(program: Program, expr: t.Expr) -> t.Expr:
    """What is gone over, behind a name that is bound once and calls that only hand it on."""
    for _ in range(4):
        if isinstance(expr, t.Name) and (bound := program.binding(expr)) is not None:
            expr = bound
        elif isinstance(expr, t.Call) and isinstance(expr.func, t.Name) and expr.func.id in _SAME and expr.args:
            expr = expr.args[0].value
        else:
            break
    return expr


# ---- a function that is asked


def _asked(program: Program, test: t.Expr, exempts: bool, going: Going) -> tuple[t.Expr, bool, Going] | None:
    """What a function of this file answers, where it is all that a condition asks."""
    while isinstance(test, t.Unary) and test.op == "not":
        test, exempts = test.operand, not exempts
    if not isinstance(test, t.Call) or not isinstance(test.func, t.Name) or any(a.star for a in test.args):
        return None
    name = test.func.id
    bound = program.binding(test.func)
    answers: list[t.Expr]
    if isinstance(bound, t.Lambda):
        params, answers = bound.params, [bound.body]
    else:
        functions = [n for n in program.nodes if isinstance(n, t.FunctionDef) and n.name == name]
        if len(functions) != 1:
            return None
        params = functions[0].params
        inside = program.inside(functions[0])
        answers = [n.value for n in inside if isinstance(n, t.Return) and n.value is not None]
    if len(answers) != 1:
        return None
    given = {name: argument.value for argument, name in syntax.matched(params, test.args)}
    tensor = next((p for p, value in given.items() if going.tensor and dotted(value) == going.tensor), "")
    called = next((p for p, value in given.items() if going.name and dotted(value) == going.name), "")
    return answers[0], exempts, Going(tensor, called, going.whole)
