"""Optimizers that couple their decay, and their decoupled twins. These fixes change the update rule: all are unsafe."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import product

from wdlint.facts import Applicability, Coupling, Edit, Fix, OptimizerUse
from wdlint.fix import emit
from wdlint.fix.chosen import chosen_elsewhere, named_elsewhere
from wdlint.fix.emit import quoted
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

_TWINLESS = ("RMSprop", "Adagrad", "Adadelta", "Adamax")
_OWN_STEP = ("fused", "differentiable")  # the scaler of the first leaves out its steps, and no twin is differentiated
NOT_THE_SAME = (
    "the update rule changes: decoupled decay of the same number is not the same regularisation, and has to be tuned"
)


def optimizer_fixes(program: Program, call: t.Call, uses: Sequence[OptimizerUse], library: bool) -> Iterator[Fix]:
    """What decouples a coupled optimizer: its switch, or its twin; `library`: a library's factory makes it."""
    coupled = {c.name: c.decoupled for use in uses for c in use.classes if c.coupling is Coupling.COUPLED_ADAPTIVE}
    path, instead = coupled.popitem() if len(coupled) == 1 else ("", "")
    name = path.rsplit(".", 1)[-1]
    if "=" in instead:
        switched = _switched(program, call, instead, library)
        if switched is not None:
            yield Fix(f"Decouple {name}'s decay", Applicability.UNSAFE, (switched,), NOT_THE_SAME)
    elif instead:
        twin = instead
        edits = _renamed(program, call, name, twin)
        ways = [[*edits, *_realigned(program, call, edits)]] if edits is not None else []
        ways = ways or list(chosen_elsewhere(program, call, name, twin, library))
        trust, hazard = Applicability.UNSAFE, NOT_THE_SAME
        if (line := _asked_for(program, name)) is not None:
            trust, hazard = Applicability.SHOWN, f"line {line} asks whether an optimizer is an {name}; {NOT_THE_SAME}"
        for way, default in product(ways, _no_default(program, call, uses)):
            yield Fix(f"Use {twin}", trust, (*way, *default), hazard)
    elif path.startswith("torch.optim.") and name in _TWINLESS and _asked_for(program, name) is None:
        if any(argument.keyword in _OWN_STEP for argument in call.args) or _hooks(program):
            return
        named = [call.func] if last_part(call.func) == name else list(named_elsewhere(program, name))
        if len(named) == 1:
            twin, written = emit.twin_edit(program, call, program.source(named[0]))
            edits = [program.replacing(named[0], twin)]
            edits = [*edits, *_realigned(program, call, edits), *((written,) if written is not None else ())]
            title = f"Use {name} with a decay that acts on the weights themselves"
            yield Fix(title, Applicability.UNSAFE, tuple(edits), NOT_THE_SAME)


def _asked_for(program: Program, name: str) -> int | None:
    """The line that asks for the class of an optimizer by this name, if one does."""
    for node in program.nodes:
        if (
            isinstance(node, t.Call)
            and (dotted(node.func) or "") in ("isinstance", "issubclass")
            and len(node.args) > 1
        ):
            asked: Sequence[Item] = list(program.below(node.args[1]))
        elif isinstance(node, t.Compare):
            sides = (node.left, *(side for _, side in node.rest))
            types = [side for side in sides if _is_type(side)]
            asked = [n for side in sides if side not in types for n in program.below(side)] if types else []
        elif _looks_up(node):
            return program.line(node)
        else:
            continue
        if any(_names(one, name) for one in asked):
            return program.line(node)
    return None


def _hooks(program: Program) -> bool:
    """Whether steps have hooks: where the class itself steps too, they would run for the twin's step and within it."""
    named = (node.attr for node in program.nodes if isinstance(node, t.Attribute))
    return any(name in ("register_step_pre_hook", "register_step_post_hook") for name in named)


def _looks_up(node: Item) -> bool:
    """`table[type(x)]` and `table.get(x.__class__.__name__)`."""
    match node:
        case t.Subscript(index=asked) | t.Call(func=t.Attribute(attr="get"), args=(t.Argument(value=asked), *_)):
            return _is_type(asked)
    return False


def _is_type(expr: t.Expr) -> bool:
    """`type(x)`, `x.__class__`, or the name of either."""
    if isinstance(expr, t.Attribute) and expr.attr in ("__name__", "__qualname__"):
        expr = expr.value
    if isinstance(expr, t.Call):
        return dotted(expr.func) == "type"
    return isinstance(expr, t.Attribute) and expr.attr == "__class__"


def _names(node: Item, name: str) -> bool:
    if isinstance(node, t.Const):
        return node.value == name
    return isinstance(node, (t.Name, t.Attribute)) and last_part(node) == name


def _switched(program: Program, call: t.Call, setting: str, library: bool = False) -> Edit | None:
    """The edit that gives the argument which switches the decoupling on; None where a call may not take it."""
    turned = _turned(program, call, setting)
    if turned is not None:
        return turned
    if library or any(a.star for a in call.args):
        return None
    return with_argument(program, call, setting)


def _turned(program: Program, call: t.Call, setting: str) -> Edit | None:
    """The edit of an argument that the call gives already; None where it does not give it."""
    flag, _, value = setting.partition("=")
    given = next((a.value for a in call.args if a.keyword == flag), None)
    return program.replacing(given, value) if given is not None else None


def _no_default(program: Program, call: t.Call, uses: Sequence[OptimizerUse]) -> list[tuple[Edit, ...]]:
    """The ways to keep the twin's default decay from what has none so far: Adam's is 0, AdamW's 0.01."""
    if sum(not a.keyword and not a.star for a in call.args) > 4 or any(a.keyword == "weight_decay" for a in call.args):
        return [()]
    spread = [a for a in call.args if a.star == "**"]
    if len(spread) == 1 and not any(a.star == "*" for a in call.args):
        return list(_with_default(program, spread[0]))
    if not spread and any(not g.amount_written for use in uses for g in use.groups):
        return [(with_argument(program, call, "weight_decay=0.0"),)]
    return [()]


def _with_default(program: Program, spread: t.Argument) -> Iterator[tuple[Edit, ...]]:
    """The ways to have options hold a decay of 0 where they have none of their own."""
    value = spread.value
    made = program.binding(value) if isinstance(value, t.Name) else value
    key = quoted("weight_decay", program)
    if isinstance(made, t.DictDisplay) and made.items and all(isinstance(k, t.Const) for k, _ in made.items):
        if any(isinstance(k, t.Const) and k.value == "weight_decay" for k, _ in made.items):
            yield ()
            return
        end = program.bracketed(made.items[-1][1])[1]
        yield (program.edit(end, end, f", {key}: 0.0"),)
    elif isinstance(made, t.Call) and isinstance(made.func, t.Name) and made.func.id == "dict" and made.args:
        if any(a.keyword == "weight_decay" for a in made.args):
            yield ()
            return
        if all(a.keyword for a in made.args):
            end = program.bracketed(made.args[-1].value)[1]
            yield (program.edit(end, end, ", weight_decay=0.0"),)
    yield (program.replacing(value, f"{{{key}: 0.0, **{program.source(value)}}}"),)


def with_argument(program: Program, call: t.Call, text: str) -> Edit:
    """The edit that adds an argument at a call's end, in the layout that the call has."""
    given = call.args
    end = program.span(given[-1].value)[1] if given else program.span(call)[1] - 1
    close = program.span(call)[1] - 1
    rest = program.text[end:close]
    after = end
    depth = rest.find(")")  # brackets around the last argument
    while depth >= 0:
        after = end + depth + 1
        depth = rest.find(")", depth + 1)
    separator = ", " if given else ""
    if given and "," in program.text[after:close] and "\n" in program.text[after:close]:
        separator = ",\n" + program.line_indentation(program.span(given[-1])[0])
    return program.edit(after, after, separator + text)


def _renamed(program: Program, call: t.Call, old: str, new: str) -> list[Edit] | None:
    """The edits that call another class of the same module, with the import mended."""
    func = call.func
    if isinstance(func, t.Attribute) and func.attr == old:
        end = program.span(func)[1]
        return [program.edit(end - len(old), end, new)]
    if not isinstance(func, t.Name):
        return None
    imported = [
        (node, at) for node in program.nodes if isinstance(node, t.ImportFrom)
        for at, (name, alias) in enumerate(node.names) if name == old and (alias or name) == func.id
    ]  # fmt: skip
    if len(imported) != 1:
        return None
    node, at = imported[0]
    only = len(list(program.names(func.id, program.module))) == 1
    start, end = program.import_span(node, at)
    if node.names[at][1] and only:
        return [program.edit(start, start + len(old), new)]
    edits = [program.replacing(func, new)]
    if (new, None) in node.names:
        return edits  # an import that is no longer needed is the author's to take out
    return [*edits, program.edit(start, end, new) if only else program.edit(end, end, f", {new}")]


def _realigned(program: Program, call: t.Call, edits: Sequence[Edit]) -> Iterator[Edit]:
    """The further lines of a call whose arguments are aligned with its bracket, moved along with it."""
    start, end = program.span(call)
    if not call.args or program.notebook is not None:
        return
    bracket = program.text.index("(", program.span(call.func)[1]) + 1
    line = program.line(call)
    if bisect_right(program.starts, bracket) != line:
        return
    moved = sum(
        len(edit.text) - (program.within(edit.place)[1] - program.within(edit.place)[0])
        for edit in edits
        if edit.place.line == line and program.within(edit.place)[0] < bracket
    )
    column = bracket - program.starts[line - 1]
    following = [first for first in program.starts[line : bisect_right(program.starts, end)] if first < end]
    aligned = [first for first in following if program.line_indentation(first).startswith(" " * column)]
    if moved <= 0 or not aligned or program.line_indentation(aligned[0]) != " " * column:
        return
    if '"""' not in program.text[start:end] and "'''" not in program.text[start:end]:
        for first in aligned:
            yield program.edit(first, first, " " * moved)


def with_class(
    program: Program, call: t.Call, uses: Sequence[OptimizerUse]
) -> tuple[str, list[Edit], tuple[str, ...]] | None:
    """An optimizer that decays the weights as it should: its name, the edits that call it, its further arguments.

    SGD stays: it couples by convention. None where no such optimizer is known.
    """
    classes = {c.name: c.decoupled for use in uses for c in use.classes}
    path, instead = classes.popitem() if len(classes) == 1 else ("", "")
    name = path.rsplit(".", 1)[-1]
    if name in ("AdamW", "SGD"):
        return name, [], ()
    if not path.startswith("torch.optim."):
        return None
    if "=" in instead:
        turned = _turned(program, call, instead)
        return (name, [turned], ()) if turned is not None else (name, [], (instead,))
    edits = _renamed(program, call, name, instead) if instead else None
    return (instead, [*edits, *_realigned(program, call, edits)], ()) if edits is not None else None
