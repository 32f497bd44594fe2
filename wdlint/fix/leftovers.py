"""What an edit leaves without a use: constants, patterns and imports that only the old text asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wdlint.facts import Edit
from wdlint.fix.lines import lines_out
from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.source.read import tree as t


def leftovers(program: Program, edits: Sequence[Edit], imports: bool = False) -> list[Edit]:
    """The edits that take out what nothing asks for any more once the given edits are made.

    Only what is bound once to a constant or a list of such goes, and what is imported for nothing else. A name of
    the module goes only where the file is a script: others may import it. `imports` says that nothing else is to go.
    """
    spans = [program.within(edit.place) for edit in edits]
    texts = " ".join(edit.text for edit in edits)
    gone: set[t.Statement] = set()
    while True:
        names = {n.id for n in _within(program, spans) if n not in program.bound}
        new = {s for name in names if not re.search(rf"\b{name}\b", texts) for s in _useless(program, name, spans)}
        new = {s for s in new - gone if not imports or isinstance(s, (t.Import, t.ImportFrom))}
        if not new:
            break
        gone |= new
        spans += [program.span(s) for s in new]
    return [program.edit(*span) for span in lines_out(program, gone, gone)]


def _within(program: Program, spans: Sequence[tuple[int, int]]) -> Iterator[t.Name]:
    for node in program.nodes:
        if isinstance(node, t.Name) and _covered(program, node, spans):
            yield node


def _covered(program: Program, node: Item, spans: Sequence[tuple[int, int]]) -> bool:
    start = program.span(node)[0]
    return any(a <= start < b for a, b in spans)


def _useless(program: Program, name: str, spans: Sequence[tuple[int, int]]) -> Iterator[t.Statement]:
    """The statement that binds a name, if it is the only one and all that asks for the name lies in the spans."""
    mentions = [n for n in program.nodes if isinstance(n, t.Name) and n.id == name]
    if any(n not in program.bound and not _covered(program, n, spans) for n in mentions):
        return
    if any(isinstance(n, t.Parameter) and n.name == name for n in program.nodes):
        return
    bound = [program.parents[n] for n in mentions if n in program.bound]
    imports = [n for n in program.nodes if isinstance(n, (t.Import, t.ImportFrom)) and name in n.owns]
    if len(bound) + len(imports) != 1 or (imports and program.file.endswith("__init__.py")):
        return
    statement = (bound or imports)[0]
    inner = not isinstance(program.scope(statement), t.Module)
    if isinstance(statement, (t.Import, t.ImportFrom)) and len(statement.names) == 1:
        if inner or is_script(program):
            yield statement
    elif isinstance(statement, t.Assign) and isinstance(statement.targets[0], t.Name) and len(statement.targets) == 1:
        if statement.value is not None and _is_plain(statement.value):
            if inner or is_script(program):
                yield statement


def _is_plain(value: t.Expr) -> bool:
    """Whether an expression does nothing but name constants, classes and a model's parameters."""
    match value:
        case t.Const() | t.Name() | t.Attribute(value=t.Name() | t.Attribute()):
            return True
        case t.Display():
            return all(map(_is_plain, value.items))
        case t.Binary(op="+"):
            return _is_plain(value.left) and _is_plain(value.right)
        case t.Call(func=t.Name(id="set" | "tuple" | "list" | "frozenset"), args=(only,)):
            return _is_plain(only.value)
        case t.Call(func=t.Attribute(attr="parameters" | "named_parameters", value=model), args=()):
            return _is_plain(model)
    return False


def is_script(program: Program) -> bool:
    """Whether nobody imports a file: it trains as it is imported, or is a notebook."""
    return program.notebook is not None or any(isinstance(one, (t.For, t.While)) for one in program.body)
