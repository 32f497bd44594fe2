"""An optimizer's class that is chosen before the call: by a name, an entry, a field, or a word that a factory is given.

What it is changed to is decided in `coupled`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Edit
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t


def chosen_elsewhere(program: Program, call: t.Call, old: str, new: str, library: bool) -> Iterator[list[Edit]]:
    """The edits that choose another class for a call whose function does not name the class.

    `library` says that the call is to a library's factory, which knows optimizers by their lower-case names.
    """
    words = [(word, at) for word, at in _words(program, call) if _is_word(word, old)]
    if len(words) == 1 and (library or _is_known(program, *words[0], new)):
        (word, _) = words[0]
        quote = program.source(word)[-1]
        yield [program.replacing(word, f"{quote}{_as_written(str(word.value), new)}{quote}")]
    named = list(named_elsewhere(program, old))
    if len(named) != 1:
        return
    end = program.span(named[0])[1]
    edits = [program.edit(end - len(old), end, new)]
    if isinstance(named[0], t.Name):
        imported = [n for n in program.nodes if isinstance(n, t.ImportFrom) and (old, None) in n.names]
        if len(imported) != 1:
            return
        if (new, None) not in imported[0].names:
            start, stop = program.import_span(imported[0], imported[0].names.index((old, None)))
            only = len(list(program.names(old, program.module))) == 1
            edits.append(program.edit(start, stop, new) if only else program.edit(stop, stop, f", {new}"))
    yield edits


def named_elsewhere(program: Program, name: str) -> Iterator[t.Name | t.Attribute]:
    """The expressions that name a class and do not call it."""
    return (node for node in _mentions(program, name) if not _is_called(program, node))


def _is_word(node: t.Const, old: str) -> bool:
    return isinstance(node.value, str) and node.value.lower() == old.lower()


def _words(program: Program, call: t.Call) -> Iterator[tuple[t.Const, t.Expr]]:
    """The constants in a call, and those that names in it stand for there alone; each with where it is used."""
    for node in program.below(call):
        if isinstance(node, t.Const):
            yield node, node
        elif isinstance(node, t.Name) and isinstance(bound := program.binding(node), t.Const):
            if len(program.loads(node.id, program.scope(node))) == 1:
                yield bound, node


def _is_known(program: Program, word: t.Const, at: t.Expr, new: str) -> bool:
    """Whether another word means something where a word is used: an attribute's name, or a choice that is known."""
    around = program.parents[program.parents[at]]
    if isinstance(around, t.Call) and isinstance(around.func, t.Name) and around.func.id == "getattr":
        return True
    written = _as_written(str(word.value), new)
    return any(isinstance(n, t.Const) and n.value == written for n in program.nodes)


def _as_written(word: str, new: str) -> str:
    """The new word in the case of the old one: `adam` becomes `adamw`, `Adam` becomes `AdamW`."""
    return new.lower() if word.islower() else new.upper() if word.isupper() else new


def _mentions(program: Program, old: str) -> Iterator[t.Name | t.Attribute]:
    """The expressions that name the class: `Adam` that is imported, `torch.optim.Adam`, `optim.Adam`."""
    for node in program.nodes:
        if isinstance(node, t.Attribute) and node.attr == old:
            if (dotted(node.value) or "").rsplit(".", 1)[-1] == "optim":
                yield node
        elif isinstance(node, t.Name) and node.id == old and node not in program.bound:
            yield node


def _is_called(program: Program, node: t.Expr) -> bool:
    parent = program.parents[node]
    return isinstance(parent, t.Call) and parent.func is node
