"""What a module holds under which names, before it is flattened: slots, their alternatives and later changes.

Here lie the pieces that project classes and torch's containers have in common. Constructors of project
classes are read in `construction`; names and kinds of all parameters come out of `inventory`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wdlint.facts import Evidence, Kind, Ternary
from wdlint.source import arithmetic, calls, flow
from wdlint.source import tree as t
from wdlint.source.evaluate import Evaluator
from wdlint.source.raw_parameter import NOTHING, Initial
from wdlint.source.values import (
    Answers,
    Arguments,
    Change,
    Changed,
    Context,
    Deferred,
    External,
    Frame,
    Instance,
    Item,
    Known,
    MappingValue,
    Operation,
    Part,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
    constant,
)

ANY = "*"  # stands for an index or a part of a name that is not fixed

CONTAINERS = {
    f"torch.nn.{prefix}{name}": name
    for prefix in ("", "modules.", "modules.container.")
    for name in ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
}
_NESTING = 12  # lists spread into lists


@dataclass(slots=True)
class Leaf:
    """One parameter, named relative to the module that is being read. `key` identifies the tensor."""

    name: str
    kind: Kind
    evidence: Evidence
    ndim: int | None = None
    shape: tuple[int | None, ...] | None = None
    owner: str = ""
    attribute: str = ""
    present: Ternary = Ternary.YES
    trainable: Ternary = Ternary.YES
    ancestors: tuple[str, ...] = ()
    key: tuple[object, ...] | None = None
    made: Initial = NOTHING  # of a raw parameter
    marks: frozenset[str] = frozenset()  # attributes set to true on the tensor itself

    def below(self, prefix: str, ancestor: str) -> Leaf:
        """The same parameter as seen from the module above."""
        return replace(self, name=f"{prefix}.{self.name}", ancestors=(ancestor, *self.ancestors))


@dataclass(slots=True)
class Alternative:
    """What one statement puts into a slot: one of `values`.

    `several` says that it stands for distinct objects made by one expression.
    """

    values: Answers
    present: Ternary
    several: bool = False


@dataclass(slots=True)
class Slot:
    """An attribute of a module, or a place in a container."""

    alternatives: list[Alternative] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    sure: bool = False  # one of the alternatives is certainly there
    setters: list[t.Stmt] = field(default_factory=list)


@dataclass(slots=True)
class Members:
    """What one module holds."""

    owner: str  # dotted class
    slots: dict[str, Slot] = field(default_factory=dict)
    fixed: list[Leaf] = field(default_factory=list)  # parameters of a known layer or library model
    complete: bool = True
    ties: list[tuple[str, str]] = field(default_factory=list)  # names of one and the same tensor or module
    frozen: list[tuple[str, Ternary]] = field(default_factory=list)  # names below which nothing is trained
    numbered: int | None = 0  # the next index of a container; None: not known
    container: str = ""

    def copy(self) -> Members:
        """A copy that can be changed without changing this one."""
        slots = {n: Slot(list(s.alternatives), list(s.changes), s.sure, list(s.setters)) for n, s in self.slots.items()}
        return Members(self.owner, slots, list(self.fixed), self.complete, list(self.ties), list(self.frozen),
                       self.numbered, self.container)  # fmt: skip


# ---- conditions


def taken(evaluator: Evaluator, statement: t.Stmt, frame: Frame) -> Ternary:
    """Whether a statement is executed in a frame.

    A loop whose number of turns can't be told is taken to have one, and what happens in some turn happens.
    """
    answer = Ternary.YES
    for test, truth, branch in flow.guards(statement):
        context = frame.at(branch)
        if _refuses(branch, truth):
            continue
        found = arithmetic.truth(evaluator, test, context, inclined=frame.arguments is not None)
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


def _refuses(branch: t.Stmt, truth: bool) -> bool:
    """Whether the other way at a branch raises: what was built did not go it."""
    if not isinstance(branch, t.If):
        return False
    other = branch.orelse if truth else branch.body
    return other is not None and _raises(other)


def _is_empty(evaluator: Evaluator, iterated: t.Expr, context: Context) -> bool:
    """Whether a loop certainly has no turn."""
    while isinstance(iterated, t.Call) and t.dotted(iterated.func) in ("reversed", "enumerate", "list", "tqdm"):
        if not iterated.args:
            return False
        iterated = iterated.args[0].value
    if not isinstance(iterated, t.Call) or t.dotted(iterated.func) != "range":
        return False
    values = evaluator.evaluate(iterated, context)
    spans = [calls.known_range(evaluator, v) if isinstance(v, Instance) else None for v in values]
    return bool(spans) and all(span is not None and not span for span in spans)


def _in_some_turn(evaluator: Evaluator, test: t.Expr, truth: bool, context: Context) -> bool:
    """Whether a test on a loop's variable, whose values are all known, comes out so in one of the turns."""
    if not isinstance(test, t.Compare) or len(test.rest) != 1 or context.statement is None:
        return False
    names = {name for side in (test.left, test.rest[0][1]) if (name := t.root_name(side)) is not None}
    loops = (block.parent for block in flow.ancestors(context.statement))
    if not any(isinstance(loop, t.For) and names & set(t.target_names(loop.target)) for loop in loops):
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
    outside = set() if around is None else {id(b) for b in flow.ancestors(around)}
    return any(
        isinstance(block.parent, (t.For, t.While)) and block is block.parent.body and id(block) not in outside
        for block in flow.ancestors(statement)
    )


def answers(evaluator: Evaluator, expr: t.Expr, context: Context) -> Answers:
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


def _either(evaluator: Evaluator, expr: t.Boolean, context: Context, inclined: bool) -> Answers:
    """`use_norm and nn.LayerNorm(d)`, `norm or nn.Identity()`: a test that comes out false leaves nothing."""
    truth = arithmetic.truth(evaluator, expr.left, context, inclined=inclined)
    if truth is not None:
        return answers(evaluator, expr.left if truth is (expr.op == "or") else expr.right, context)
    right = answers(evaluator, expr.right, context)
    if expr.op == "and":
        return (*right, Known(None))
    left = [v for v in answers(evaluator, expr.left, context) if not isinstance(v, Known) or v.value]
    return (*left, *right)


def names_of(keys: Answers) -> tuple[str, ...]:
    """The attribute names that a computed key may give, with `*` for what can't be told."""
    found: list[str] = []
    for key in keys:
        if isinstance(key, Known) and isinstance(key.value, (str, int)):
            name = str(key.value)
        elif isinstance(key, TextOf):
            name = "".join(piece if isinstance(piece, str) else ANY for piece in key.pieces)
            while "**" in name:
                name = name.replace("**", ANY)
        else:
            name = ANY
        if name not in found:
            found.append(name)
    return tuple(found)


# ---- setting and changing


def set_slot(members: Members, name: str, values: Answers, present: Ternary, statement: t.Stmt | None,
             several: bool = False) -> None:  # fmt: skip
    """Give a slot a value, which replaces earlier ones where that is certain."""
    slot = members.slots.setdefault(name, Slot())
    if present is Ternary.YES and ANY not in name:
        slot.alternatives.clear()
        slot.changes.clear()
        members.fixed = [leaf for leaf in members.fixed if not is_below(leaf.name, name)]
        members.ties = [tie for tie in members.ties if tie[0] != name]
    elif slot.alternatives and ANY not in name:
        for alternative in slot.alternatives:
            alternative.present &= Ternary.UNKNOWN
    slot.sure = slot.sure or present is Ternary.YES
    if statement is not None and statement not in slot.setters:
        slot.setters.append(statement)
        slot.sure = slot.sure or _exhaustive(slot.setters)
    slot.alternatives.append(Alternative(values, present, several))


def _exhaustive(setters: list[t.Stmt]) -> bool:
    """Whether one of these statements is certainly executed: each branch of an `if` has one."""
    outermost: t.Stmt = setters[-1]
    while isinstance(outermost.block.parent, t.If):
        outermost = outermost.block.parent
    if outermost is setters[-1] or outermost.block.parent is not None:
        return False
    return _covers(outermost, setters)


def _covers(statement: t.Stmt, setters: list[t.Stmt]) -> bool:
    if isinstance(statement, t.If):
        return statement.orelse is not None and all(
            _raises(block) or any(_covers(inner, setters) for inner in block.statements)
            for block in (statement.body, statement.orelse)
        )
    return statement in setters


def _raises(block: t.Block) -> bool:
    last = block.statements[-1] if block.statements else None
    return isinstance(last, t.Raise) or (isinstance(last, t.Assert) and isinstance(last.test, t.Const))


def is_below(name: str, path: str) -> bool:
    """Whether a name is `path` or stands below it."""
    return name == path or name.startswith(path + ".")


def apply(evaluator: Evaluator, members: Members, change: Change, present: Ternary) -> None:
    """Do to a module what a later statement does to it."""
    if not change.path:
        _act(evaluator, members, change, present)
        return
    name = _resolved(members, change.path[0])
    if name not in members.slots:
        _change_fixed(evaluator, members, change, present)
    elif len(change.path) == 1 and change.action == "set":
        if change.value is not None:
            set_slot(members, name, answers(evaluator, change.value, change.context), present, change.context.statement)
    elif len(change.path) == 1 and change.action == "delete":
        if present is Ternary.YES:
            del members.slots[name]
        else:
            for alternative in members.slots[name].alternatives:
                alternative.present &= Ternary.UNKNOWN
    else:
        shorter = Change(change.path[1:], change.action, change.value, change.arguments, change.context,
                         change.certain, change.conditions)  # fmt: skip
        members.slots[name].changes.append(shorter)


def _resolved(members: Members, part: str | int | None) -> str:
    """The slot that a key means; a negative index counts from the end."""
    if part is None:
        return ANY
    if isinstance(part, int) and part < 0:
        names = [n for n in members.slots if n.isdigit()]
        whole = len(names) == len(members.slots) and -part <= len(names)
        return names[part] if whole else ANY
    return ANY if isinstance(part, int) and ANY in members.slots and str(part) not in members.slots else str(part)


def _change_fixed(evaluator: Evaluator, members: Members, change: Change, present: Ternary) -> None:
    """A change below a known layer or library model, or a new attribute."""
    dotted = ".".join(_resolved(members, part) if i == 0 else str(part) for i, part in enumerate(change.path))
    if change.path[-1] == "requires_grad" and change.value is not None:
        truth = arithmetic.truth(evaluator, change.value, change.context)
        if truth is not True:
            members.frozen.append((dotted.rpartition(".")[0], ~present))
        return
    owner, _, attribute = dotted.rpartition(".")
    for leaf in members.fixed:
        if leaf.name == owner and is_mark(evaluator, change):
            leaf.marks |= {attribute}
            return
    if change.action == "delete" and present is Ternary.YES:
        members.fixed = [leaf for leaf in members.fixed if not is_below(leaf.name, dotted)]
    if change.action != "set" or change.value is None:
        return
    values = answers(evaluator, change.value, change.context)
    held = next((leaf for leaf in members.fixed if leaf.name == dotted), None)
    if held is not None:
        if all(isinstance(v, Known) and v.value is None for v in values):
            members.fixed.remove(held)
        return
    if (
        len(change.path) == 1
        or any(isinstance(bare(v), Instance) for v in values)
        or any(is_below(leaf.name, dotted) for leaf in members.fixed)
    ):
        set_slot(members, dotted, values, present, change.context.statement)


def is_mark(evaluator: Evaluator, change: Change) -> bool:
    """Whether a change sets a flag on a parameter: `self.A_log._no_weight_decay = True`."""
    return (
        change.action == "set"
        and change.path[-1] not in ("data", "grad", "requires_grad")
        and change.value is not None
        and arithmetic.truth(evaluator, change.value, change.context, inclined=True) is True
    )


def _act(evaluator: Evaluator, members: Members, change: Change, present: Ternary) -> None:
    """A method called on the module itself."""
    context = change.context
    arguments = [a.value for a in change.arguments if not a.star]
    several = looped(context.statement)
    if change.action in ("append", "insert") and arguments:
        add_numbered(members, ((answers(evaluator, arguments[-1], context), present, several),), context.statement)
    elif change.action in ("extend", "+=") and (arguments or change.value is not None):
        source = change.value if change.value is not None else arguments[0]
        for value in answers(evaluator, source, context):
            listing = [(v, p & present, r or several) for v, p, r in listed(evaluator, value)]
            add_numbered(members, listing, context.statement)
    elif change.action in ("add_module", "register_module", "register_parameter"):
        for keys, values in _named(evaluator, change, members):
            names = names_of(keys)
            for name in names:
                set_slot(members, name, values, present, context.statement, len(names) > 1)
    elif change.action == "update" and arguments:
        for value in evaluator.evaluate(arguments[0], context):
            add_named(members, evaluator, value, present)
    elif change.action in calls.REPARAMETRISING.values():
        reparametrise(evaluator, members, change, present)


def reparametrise(evaluator: Evaluator, members: Members, change: Change, present: Ternary) -> None:
    """Replace a layer's weight by the parameters that it is computed from: direction and gain of weight norm."""
    name = "weight"
    for index, argument in enumerate(change.arguments):
        if argument.keyword == "name" or (argument.keyword is None and index == 0):
            told = constant(evaluator.evaluate(argument.value, change.context))
            if not isinstance(told, str):
                return
            name = told
    parametrized = change.action.startswith("parametrized")
    stem = f"parametrizations.{name}.original" if parametrized else f"{name}_"
    parts: tuple[tuple[str, Kind | None], ...]
    if change.action.endswith("weight_norm"):
        parts = (("0", Kind.GAIN), ("1", None)) if parametrized else (("g", Kind.GAIN), ("v", None))
    else:
        parts = (("", None),) if parametrized else (("orig", None),)
    for leaf in [leaf for leaf in members.fixed if leaf.name == name]:
        if present is Ternary.YES:
            members.fixed.remove(leaf)
        else:
            leaf.present &= Ternary.UNKNOWN
        for suffix, kind in parts:
            made = replace(leaf, name=stem + suffix, kind=kind or leaf.kind, present=leaf.present & present)
            made.attribute = made.name.rpartition(".")[2]
            made.key = (*leaf.key, suffix) if leaf.key is not None else None
            if kind is Kind.GAIN:
                made.shape = None
                made.evidence = Evidence(leaf.evidence.witness, f"{leaf.evidence.text}, the norm of weight norm")
            if parametrized:
                made.owner = "torch.nn.utils.parametrize.ParametrizationList"
                made.ancestors = (leaf.owner, "torch.nn.ModuleDict")
            members.fixed.append(made)


def _named(evaluator: Evaluator, change: Change, members: Members) -> Iterator[tuple[Answers, Answers]]:
    """Name and value of `add_module("fc", fc)`, `add_module(name="fc", module=fc)` and `add_module(*pair)`."""
    given: dict[str, Answers] = {}
    places = iter(("name", "module"))
    for argument in change.arguments:
        if argument.star == "*":
            for pair in evaluator.evaluate(argument.value, change.context):
                if isinstance(pair, SequenceValue) and len(pair.items) == 2:
                    yield _forced(evaluator, pair.items[0].value), _forced(evaluator, pair.items[1].value)
                else:
                    members.complete = False
            return
        name = argument.keyword or next(places, "")
        given["module" if name == "param" else name] = answers(evaluator, argument.value, change.context)
    if "name" in given and "module" in given:
        yield given["name"], given["module"]
    else:
        members.complete = False


def add_numbered(
    members: Members, listing: Iterator[tuple[Answers, Ternary, bool]] | list[tuple[Answers, Ternary, bool]]
    | tuple[tuple[Answers, Ternary, bool], ...], statement: t.Stmt | None = None,
) -> None:  # fmt: skip
    """Put values under the next indices; `*` from where their number can't be told."""
    for values, present, repeated in listing:
        position = members.numbered
        name = ANY if repeated or position is None else str(position)
        set_slot(members, name, values, present, statement)
        if repeated or position is None or present is not Ternary.YES:
            members.numbered = None
        else:
            members.numbered = position + 1


def add_named(members: Members, evaluator: Evaluator, value: Value, present: Ternary, depth: int = 0) -> None:
    """Put the entries of a mapping, or of a sequence of pairs, under their keys."""
    if depth > _NESTING:
        return
    match value:
        case Changed() if isinstance(bare(value), SequenceValue):
            _add_pairs(members, evaluator, value, present)
        case Changed():
            add_named(members, evaluator, value.base, present, depth + 1)
            for change in value.changes:
                _change_named(members, evaluator, change, present, depth)
        case Part():
            add_named(members, evaluator, value.value, present, depth + 1)
        case MappingValue():
            for entry in value.entries:
                doubt = present & Ternary.UNKNOWN if entry.conditions else present
                if entry.key is None:
                    for inner in evaluator.force(entry.value):
                        add_named(members, evaluator, inner, doubt, depth + 1)
                    continue
                names = names_of(evaluator.force(entry.key))
                for name in names:
                    set_slot(members, name, _forced(evaluator, entry.value), doubt, None, len(names) > 1)
            members.complete = members.complete and value.complete
        case SequenceValue():
            _add_pairs(members, evaluator, value, present)
        case _:
            members.complete = False


def _change_named(members: Members, evaluator: Evaluator, change: Change, present: Ternary, depth: int) -> None:
    """What a later statement puts into a mapping."""
    statement = change.context.statement
    sure = taken(evaluator, statement, change.context.frame) if statement is not None else present
    if sure is Ternary.NO:
        return
    if len(change.path) == 1 and change.action == "set" and change.value is not None:
        key = _computed_key(statement) if change.path[0] is None else None
        names = names_of(evaluator.evaluate(key, change.context)) if key is not None else (str(change.path[0] or ANY),)
        for name in names:
            set_slot(
                members, name, answers(evaluator, change.value, change.context), present & sure, None, len(names) > 1
            )
    elif not change.path and change.action == "update" and change.arguments:
        for other in evaluator.evaluate(change.arguments[0].value, change.context):
            add_named(members, evaluator, other, present & sure, depth + 1)


def _computed_key(statement: t.Stmt | None) -> t.Expr | None:
    match statement:
        case t.Assign(targets=(t.Subscript(index=index), *_)):
            return index
        case _:
            return None


def _add_pairs(members: Members, evaluator: Evaluator, value: Value, present: Ternary) -> None:
    for pairs, doubt, _ in listed(evaluator, value):
        for pair in pairs:
            if isinstance(pair, SequenceValue) and len(pair.items) == 2:
                names = names_of(evaluator.force(pair.items[0].value))
                for name in names:
                    values = _forced(evaluator, pair.items[1].value)
                    set_slot(members, name, values, present & doubt, None, len(names) > 1)
            else:
                members.complete = False


def _forced(evaluator: Evaluator, value: Deferred | Answers) -> Answers:
    return answers(evaluator, value.expr, value.context) if isinstance(value, Deferred) else value


# ---- lists


def listed(evaluator: Evaluator, value: Value, depth: int = 0) -> Iterator[tuple[Answers, Ternary, bool]]:
    """The elements of a list as (answers, whether it is there, whether it stands for any number of them)."""
    if depth > _NESTING:
        yield (Unknown("too deep"),), Ternary.UNKNOWN, True
        return
    match value:
        case Changed():
            yield from listed(evaluator, value.base, depth + 1)
            inner = bare(value)
            made = inner.context.statement if isinstance(inner, SequenceValue) and inner.context else None
            for change in value.changes:
                yield from _later(evaluator, change, made, depth)
        case Part():
            yield from listed(evaluator, value.value, depth + 1)
        case SequenceValue():
            repeated = isinstance(value.node, t.Comprehension)
            for item in value.items:
                yield from _item(evaluator, item, repeated, depth)
        case Operation(name="map") if len(value.operands) == 2 and value.context is not None:
            for function in value.operands[0]:
                for turn in value.operands[1]:
                    for elements, present, _ in listed(evaluator, turn, depth + 1):
                        made_by = Arguments(positional=(elements,))
                        yield evaluator.call(function, made_by, None, value.context), present, True
        case Instance(cls=External(path=path)) if path in CONTAINERS and value.arguments is not None:
            for held in container(evaluator, path, value.arguments).slots.items():
                several = ANY in held[0]
                for alternative in held[1].alternatives:
                    yield alternative.values, alternative.present, several
        case _:
            yield (Unknown(f"elements of @{id(value)}"),), Ternary.UNKNOWN, True


def _item(evaluator: Evaluator, item: Item, repeated: bool, depth: int) -> Iterator[tuple[Answers, Ternary, bool]]:
    doubt = Ternary.UNKNOWN if item.conditions else Ternary.YES
    held = _forced(evaluator, item.value)
    if not item.spread:
        yield held, doubt, repeated
        return
    if len(held) > 1:
        doubt = Ternary.UNKNOWN
    for inner in held:
        for values, present, again in listed(evaluator, inner, depth + 1):
            yield values, present & doubt, again or repeated


def _later(
    evaluator: Evaluator, change: Change, made: t.Stmt | None, depth: int
) -> Iterator[tuple[Answers, Ternary, bool]]:
    """What a later `append`, `extend` or `+=` adds to a list that was made at `made`."""
    statement = change.context.statement
    if change.path or statement is None:
        return
    present = taken(evaluator, statement, change.context.frame)
    if present is Ternary.NO:
        return
    same_scope = made is not None and made.scope is statement.scope
    repeated = looped(statement, made if same_scope else None)
    arguments = [a.value for a in change.arguments if not a.star]
    if change.action in ("append", "add", "insert") and arguments:
        yield answers(evaluator, arguments[-1], change.context), present, repeated
    elif change.action in ("extend", "+=", "update"):
        source = change.value if change.value is not None else arguments[0] if arguments else None
        for value in answers(evaluator, source, change.context) if source is not None else ():
            for values, doubt, again in listed(evaluator, value, depth + 1):
                yield values, present & doubt, again or repeated


# ---- containers


def container(evaluator: Evaluator, path: str, arguments: Arguments) -> Members:
    """What `nn.Sequential(…)`, `nn.ModuleList(…)` and their kin hold."""
    kind = CONTAINERS[path]
    members = Members(f"torch.nn.{kind}", container=kind)
    if kind == "Sequential":
        only = _only(evaluator, arguments)
        if any(isinstance(bare(v), MappingValue) for v in only):
            for value in only:
                add_named(members, evaluator, value, Ternary.YES if len(only) == 1 else Ternary.UNKNOWN)
        else:
            add_numbered(members, list(_given(evaluator, arguments)))
        return members
    for value in _only(evaluator, arguments):
        if kind.endswith("Dict"):
            add_named(members, evaluator, value, Ternary.YES)
        elif not (isinstance(value, Known) and value.value is None):
            add_numbered(members, list(listed(evaluator, value)))
    return members


def _only(evaluator: Evaluator, arguments: Arguments) -> Answers:
    """The single argument of a call, empty where there is none or more."""
    if len(arguments.positional) == 1 and not arguments.written:
        return arguments.positional[0]
    if len(arguments.written) == 1 and not arguments.positional and arguments.written[0].star != "*":
        assert arguments.context is not None
        return answers(evaluator, arguments.written[0].value, arguments.context)
    if len(arguments.keywords) == 1 and not arguments.written and not arguments.positional:
        return arguments.keywords[0][1]
    return ()


def _given(evaluator: Evaluator, arguments: Arguments) -> Iterator[tuple[Answers, Ternary, bool]]:
    for values in arguments.positional:
        yield values, Ternary.YES, False
    if arguments.context is None:
        return
    for argument in arguments.written:
        held = answers(evaluator, argument.value, arguments.context)
        if not argument.star:
            yield held, Ternary.YES, False
        elif argument.star == "*":
            yield from _item(evaluator, Item(held, spread=True), False, 0)
