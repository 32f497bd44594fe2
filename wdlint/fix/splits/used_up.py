"""Iterators that one loop uses up before the next one finds them empty: put into lists, which every loop finds whole.

Whether that is what leaves groups empty, the proof decides: each iterator alone is tried, and then all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability, Edit, Fix
from wdlint.fix.construction import Site
from wdlint.fix.hazards.elsewhere import defined
from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.source.read import syntax
from wdlint.source.read import tree as t

_ONCE = frozenset(("filter", "map", "zip", "iter", "enumerate", "reversed", "chain", "from_iterable", "islice"))
_OF_MODULES = frozenset(
    ("parameters", "named_parameters", "modules", "named_modules", "children", "named_children", "buffers")
)
_HARMLESS = frozenset(("train", "eval", "to", "cuda", "cpu"))  # calls of a model that keeps its parameters
_IN_PART = frozenset(("islice", "takewhile", "batched"))
_ABOUT = frozenset(("isinstance", "issubclass", "type", "hasattr", "callable", "next"))  # a list answers otherwise
_MOST = 8  # iterators of one file that are tried one by one


def listed(site: Site) -> Iterator[Fix]:
    """The iterators of a file that are gone through more than once, where groups of the optimizer are empty."""
    if not any(use.empty for use in site.uses):
        return
    program = site.program
    values = dict.fromkeys((*_named(program), *_given(program), *_handed_over(site)))
    edits = [_in_list(program, value) for value in values]
    for edit in edits[:_MOST]:
        yield _fix((edit,))
    if len(edits) > 1:
        yield _fix(tuple(edits))


def _fix(edits: tuple[Edit, ...]) -> Fix:
    return Fix("Put what is gone through twice into a list first", Applicability.SAFE, edits)


def _in_list(program: Program, value: t.Expr) -> Edit:
    source = program.source(value)
    if isinstance(value, t.Comprehension) and source.startswith("("):
        return program.replacing(value, f"[{source[1:-1]}]")
    return program.replacing(value, f"list({source})")


def _named(program: Program) -> Iterator[t.Expr]:
    """Iterators that a name is bound to, once, and that are gone through under it more than once."""
    for node in program.nodes:
        match node:
            case t.Assign(targets=(t.Name() as name,), value=value) if value is not None and _is_iterator(
                program, value
            ):
                scope = program.scope(name)
                bound = [one for one in program.names(name.id, scope) if one in program.bound]
                again = bound == [name] and _is_walked_again(program, name.id, scope)
                if again and not _is_early(program, value, name):
                    yield value


def _given(program: Program) -> Iterator[t.Expr]:
    """Iterators that a call gives to a function of the file, which goes through them more than once."""
    functions = {
        node.name: node
        for node in program.nodes
        if isinstance(node, t.FunctionDef) and any(_is_walked_again(program, p.name, node) for p in node.params)
    }
    for node in program.nodes if functions else ():
        if not isinstance(node, t.Call) or (called := functions.get(syntax.last_name(node) or "")) is None:
            continue
        for argument, name in _matched(called, node):
            if _is_iterator(program, argument.value) and _is_walked_again(program, name, called):
                yield argument.value


def _matched(function: t.FunctionDef, call: t.Call) -> Iterator[tuple[t.Argument, str]]:
    """The arguments of a call, each with the parameter that takes it; a method has its object already."""
    bound = isinstance(call.func, t.Attribute) and [p.name for p in function.params[:1]] == ["self"]
    return syntax.matched(function.params[bound:], call.args)


def _handed_over(site: Site) -> Iterator[t.Expr]:
    """Iterators that a function of another file, which makes the groups, is given and goes through more than once."""
    program, argument = site.program, site.argument
    made: list[t.Expr | None] = [argument]
    if isinstance(argument, t.Name):
        stores = [program.parents[n] for n in program.names(argument.id, program.scope(argument)) if n in program.bound]
        made = [store.value for store in stores if isinstance(store, t.Assign)]
    for call in made:
        found = defined(program, call.func, site.imports) if isinstance(call, t.Call) else None
        if not isinstance(call, t.Call) or found is None or not isinstance(found[1], t.FunctionDef):
            continue
        for given, name in _matched(found[1], call):
            value = _only_here(program, given.value)
            if _is_iterator(program, value) and _is_walked_again(found[0], name, found[1]):
                yield value


def _only_here(program: Program, given: t.Expr) -> t.Expr:
    """What a name is bound to, if nothing else asks for it; else the expression itself."""
    bound = program.binding(given) if isinstance(given, t.Name) else None
    only = isinstance(given, t.Name) and len(program.loads(given.id, program.scope(given))) == 1
    return bound if bound is not None and only else given


def _is_iterator(program: Program, value: t.Expr) -> bool:
    """Whether a value goes through parameters, and only once: `net.named_parameters()`, `filter(…)`, a generator."""
    match value:
        case t.Call(func=t.Attribute(attr=name)) if name in _OF_MODULES:
            return True
        case t.Comprehension(kind="generator"):
            pass
        case t.Call() if syntax.last_name(value) in _ONCE:
            pass
        case _:
            return False
    named = (program.binding(node) or node if isinstance(node, t.Name) else node for node in program.below(value))
    return any(
        isinstance(n, t.Call) and syntax.last_name(n) in _OF_MODULES for one in named for n in program.below(one)
    )


def _is_early(program: Program, value: t.Expr, name: t.Name) -> bool:
    """Whether a list would be made before its model is what the first loop finds: it may be changed in between."""
    models, scope = set(_models(program, value)), program.scope(name)
    after = program.span(program.statement(value))[1]
    first = min(program.span(program.statement(load))[0] for load in program.loads(name.id, scope))
    mentions = (mention for model in models for mention in program.names(model, scope))
    between = (mention for mention in mentions if after <= program.span(mention)[0] < first)
    return any(not _only_asks(program, mention) for mention in between)


def _models(program: Program, value: t.Expr) -> Iterator[str]:
    """The names whose parameters an expression goes through."""
    for node in program.below(value):
        if isinstance(node, t.Call) and isinstance(node.func, t.Attribute) and node.func.attr in _OF_MODULES:
            yield from (n.id for n in program.below(node.func) if isinstance(n, t.Name))
        elif isinstance(node, t.Name) and (made := program.binding(node)) is not None:
            yield from _models(program, made)


def _only_asks(program: Program, model: t.Name) -> bool:
    """Whether a mention of a model leaves it the parameters that it has, and those frozen that are."""
    asked: Item = program.parents[model]
    if not isinstance(asked, t.Attribute):
        return False
    while isinstance(above := program.parents[asked], t.Attribute):
        asked = above
    if not isinstance(above, t.Call):
        return asked not in program.bound
    return asked.attr in _HARMLESS or (asked.attr in _OF_MODULES and isinstance(program.parents[above], t.Assign))


def _is_walked_again(program: Program, name: str, scope: Item) -> bool:
    """Whether a name is gone through more than once, and all else that is done with it can be done with a list."""
    loads = program.loads(name, scope) if name else []
    around = [program.parents[load] for load in loads]
    if any(isinstance(parent, t.Attribute) or _goes_on_later(program, parent) for parent in around):
        return False
    return sum(_is_walk(program, load, parent) for load, parent in zip(loads, around, strict=True)) > 1


def _is_walk(program: Program, load: t.Name, parent: Item) -> bool:
    if isinstance(parent, (t.Clause, t.For)):
        return parent.iter is load
    return isinstance(parent, t.Argument) and isinstance(program.parents[parent], t.Call)


def _goes_on_later(program: Program, parent: Item) -> bool:
    """Whether an iterator is gone through in part, so that the next loop goes on where this one stopped.

    Of one that is asked what it is, that is taken to be so, too.
    """
    while isinstance(parent, t.Argument):
        call = program.parents[parent]
        if not isinstance(call, t.Call):
            return False
        name = syntax.last_name(call) or ""
        if name in _ABOUT or name in _IN_PART or (name in ("zip", "map") and len(call.args) > 1 + (name == "map")):
            return True
        parent = program.parents[call]
    if isinstance(parent, t.For):
        return any(
            isinstance(n, t.Return) or (isinstance(n, t.Jump) and n.kind == "break") for n in program.below(parent)
        )
    return False
