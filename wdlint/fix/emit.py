"""The code that fixes write: the test that divides, two groups, the helper, an import.

Everything here is text for one program; where it goes is decided in `plan`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wdlint.facts import Edit, Inventory, Kind
from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.knowledge.written import HELPER, HELPER_NAME, TWIN, TWIN_PREFIX, is_twin
from wdlint.source.read import tree as t


@dataclass(frozen=True, slots=True)
class Test:
    """How the exempt parameters of one model are told from the decayed: in words of `p` and `n`."""

    decayed: str
    exempt: str
    named: bool  # whether it asks for names
    endings: tuple[str, ...] = ()  # the ends of names that it asks for
    measured: bool = True  # whether it asks for dimensions


BY_DIMENSION = Test("{p}.ndim >= 2", "{p}.ndim < 2", False)
_MOST = 6  # ends of names in one test


def names_test(inventories: Sequence[Inventory | None]) -> Test | None:
    """A test by the ends of names alone that is exact for each of these models; None where it would be long."""
    exempt: list[str] = []
    weights: set[str] = set()
    for inventory in inventories:
        if inventory is None or not inventory.complete or not inventory.parameters:
            return None
        for p in inventory.parameters:
            if p.kind in (Kind.GAIN, Kind.BIAS):
                exempt.append(p.name)
            elif p.kind in (Kind.WEIGHT, Kind.EMBEDDING):
                weights.add(p.name)
    ends: list[str] = []
    for name in exempt:
        if any(name.endswith(end) for end in ends):
            continue
        parts = name.split(".")
        wanted = (".".join(parts[-length:]) for length in range(1, len(parts) + 1))
        told = (e for e in wanted if "*" not in e and not any(w.endswith((e, "*")) for w in weights))
        end = next(told, None)
        if end is None or len(ends) == _MOST:
            return None
        ends = [e for e in ends if not e.endswith(end)] + [end]
    if not ends:
        return None
    ending = f"{{n}}.endswith({_one_or_more(ends)})"
    return Test(f"not {ending}", ending, True, tuple(ends), measured=False)


def _one_or_more(ends: Sequence[str]) -> str:
    shown = ", ".join(f'"{end}"' for end in ends)
    return f"({shown})" if len(ends) > 1 else shown


def dividing_test(
    inventories: Sequence[Inventory | None], declared: Sequence[str] = (), seen: bool = True
) -> Test | None:
    """The simplest test that is exact for each of these models; None where there is none.

    `declared` are names that a model itself wants to be exempt. Of a model that is not `seen` the test is exact for
    those parameters that are known; all others are taken for what their number of dimensions says.
    """
    suffixes: set[str] = set(declared)
    if "*" in "".join(declared):
        return None
    exempt: set[str] = set()
    weights: set[str] = set()
    for inventory in inventories:
        if seen and (inventory is None or not inventory.complete or not inventory.parameters):
            return None
        for p in inventory.parameters if inventory is not None else ():
            if p.kind in (Kind.WEIGHT, Kind.EMBEDDING):
                weights.add(p.name)
                if (p.ndim is None and seen) or (p.ndim is not None and p.ndim < 2):
                    return None
            if p.kind in (Kind.GAIN, Kind.BIAS) and (seen if p.ndim is None else p.ndim >= 2):
                exempt.add(p.name)
    for leaf in sorted({name.rsplit(".", 1)[-1] for name in exempt}):
        suffix = _suffix(leaf, exempt, weights)
        if suffix is None:
            return None
        suffixes.add(suffix)
    if not suffixes:
        return BY_DIMENSION
    ends = f"{{n}}.endswith({_one_or_more(sorted(suffixes))})"
    return Test(f"{{p}}.ndim >= 2 and not {ends}", f"{{p}}.ndim < 2 or {ends}", True, tuple(sorted(suffixes)))


def _suffix(leaf: str, exempt: set[str], weights: set[str]) -> str | None:
    """What the names of these exempt parameters end with and no weight's name does; a short one with its dot."""
    if "*" in leaf:
        return None
    parted = all("." in name for name in exempt if name.rsplit(".", 1)[-1] == leaf)
    choices = [f".{leaf}", leaf] if len(leaf) < _TELLING else [leaf, f".{leaf}"]
    for suffix in choices:
        if (parted or suffix == leaf) and not any(weight.endswith(suffix) for weight in weights):
            return suffix
    return None


_TELLING = 3  # letters that a name's end must have to be told from any other's


def quoted(text: str, program: Program) -> str:
    """A string literal with the quotes that the file prefers."""
    plain = program.text.replace('"""', "")
    single, double = plain.count("'"), plain.count('"')
    quote = "'" if single > double else '"'
    return f"{quote}{text}{quote}"


def restyled(code: str, program: Program) -> str:
    """Emitted code, written with double quotes, with the quotes that the file prefers."""
    return code.replace('"', "'") if quoted("", program) == "''" else code


@dataclass(frozen=True, slots=True)
class Selection:
    """Parameters as a comprehension can go over them: target, what is gone over, and the tests that are there."""

    iterable: str
    variable: str = "p"
    name: str | None = None  # where names are gone over too
    test: str = ""
    models: tuple[str, ...] = ()
    by_name: str = ""  # `model.named_parameters()`, where names can be had
    pairs: bool = False  # the optimizer is given names too
    known: str = ""  # the tests on `p` with which a list was made

    def where(self, test: Test, exempt: bool) -> str:
        """The list of those that are exempt, or decayed."""
        iterable, name = self.iterable, self.name
        if test.named and name is None:
            iterable, name = self.by_name, "n"
        condition = (test.exempt if exempt else test.decayed).format(p=self.variable, n=name)
        if self.test:
            condition = f"{self.test} and ({condition})" if " or " in condition else f"{self.test} and {condition}"
        target = f"{name}, {self.variable}" if name else self.variable
        return f"[{f'({target})' if self.pairs else self.variable} for {target} in {iterable} if {condition}]"

    def settled(self, test: Test) -> bool | None:
        """Whether these are all exempt (True) or all decayed (False) by the tests that are there; None: not told."""
        told = self.test.split(" and "), self.known.split(" and ")
        for exempt, text in ((False, test.decayed), (True, test.exempt)):
            if not test.named and (text.format(p=self.variable) in told[0] or text.format(p="p") in told[1]):
                return exempt
        return None

    def can(self, test: Test) -> bool:
        return not test.named or self.name is not None or bool(self.by_name)


Group = tuple[str, ...]  # the entries of a dictionary


def two_groups(
    selection: Selection, test: Test, decay: str = "", extra: Group = (), key: str = "weight_decay"
) -> tuple[Group, Group]:
    """The decayed and the exempt group as entries of dictionaries; `extra` are further entries of both."""
    kept = (f'"{key}": {decay}',) if decay else ()
    return (
        (f'"params": {selection.where(test, False)}', *extra, *kept),
        (f'"params": {selection.where(test, True)}', *extra, f'"{key}": 0.0'),
    )


def written_groups(
    decayed: Sequence[str], exempt: Sequence[str], decay: str, options: dict[str, str], key: str
) -> tuple[Group, Group]:
    """The decayed and the exempt group of parameters that are written out one by one."""
    extra = tuple(f'"{name}": {value}' for name, value in options.items())
    kept = (f'"{key}": {decay}',) if decay else ()
    return (
        (f'"params": [{", ".join(decayed)}]', *extra, *kept),
        (f'"params": [{", ".join(exempt)}]', *extra, f'"{key}": 0.0'),
    )


def written(group: Group, indentation: str, program: Program) -> str:
    """A dictionary on one line where there is room, else one entry a line."""
    entries = [restyled(entry, program) for entry in group]
    line = "{" + ", ".join(entries) + "}"
    if len(indentation) + len(line) < program.width:
        return line
    return spread(tuple(entries), indentation, program)


def spread(entries: Group, indentation: str, program: Program) -> str:
    """A dictionary with one entry a line."""
    inner = indentation + program.unit
    return "{\n" + "".join(f"{inner}{broken(e, inner, program)},\n" for e in entries) + indentation + "}"


def broken(entry: str, indentation: str, program: Program) -> str:
    """An entry over several lines where one is too long: its comprehension is broken at `for` and `if`."""
    found = _COMPREHENSION.fullmatch(entry)
    if len(indentation) + len(entry) < program.width or found is None:
        return entry
    inner = indentation + program.unit
    return f"{found[1]}[\n{inner}{found[2]}\n{inner}{found[3]}\n{inner}{found[4]}\n{indentation}]"


_COMPREHENSION = re.compile(r"([^\[]*?: |)\[(\w+|\(\w+, \w+\)) (for \S.*? in .*?) (if .*)\]")


def listed(groups: Sequence[Group], indentation: str, program: Program) -> str:
    """A list over several lines, its closing bracket at `indentation`."""
    inner = indentation + program.unit
    return "[\n" + "".join(f"{inner}{written(g, inner, program)},\n" for g in groups) + f"{indentation}]"


def helper_edit(program: Program, site: t.Node) -> tuple[str, Edit | None]:
    """The name by which the helper is called, and the edit that puts it into the file if it is not there."""
    for node in program.body:
        if not (isinstance(node, t.FunctionDef) and node.name.startswith(HELPER_NAME)):
            continue
        if program.span(node)[0] < program.span(site)[0] and any(p.star == "*" for p in node.params):
            return node.name, None
    name = program.free_name(HELPER_NAME)
    return name, _put_at_top(program, site, restyled_helper(program).replace(HELPER_NAME, name, 1))


def twin_edit(program: Program, site: t.Node, base: str) -> tuple[str, Edit | None]:
    """The name of the class that decouples the decay of another, and the edit that puts it into the file.

    Args:
        program: the file.
        site: where it is called.
        base: the other class, as code.
    """
    what = base.rsplit(".", 1)[-1]
    for node in program.body:
        if isinstance(node, t.ClassDef) and node.name.startswith(TWIN_PREFIX + what):
            same = [program.source(one.value) for one in node.bases] == [base] and is_twin(program.source(node))
            if same and program.span(node)[0] < program.span(site)[0]:
                return node.name, None
    name = program.free_name(TWIN_PREFIX + what)
    return name, _put_at_top(program, site, _indented(TWIN.format(name=name, base=base, what=what), program))


def _put_at_top(program: Program, site: t.Node, code: str) -> Edit:
    """The edit that writes a definition above what calls it."""
    offset, after_import = _top(program, site)
    before = "\n\n" if after_import else ""
    ended = not after_import or program.text[:offset].endswith(("\n", "\r"))
    rest = program.text[offset:]
    gap = "\n" if rest.startswith(("\n", "\r")) else "\n\n"
    if rest.startswith(("\n\n", "\r\n\r\n")):
        gap = ""
    return program.edit(offset, offset, ("" if ended else "\n") + before + code + gap)


def restyled_helper(program: Program) -> str:
    return _indented(HELPER, program)


def _indented(code: str, program: Program) -> str:
    return code.replace("    ", program.unit) if program.unit != "    " else code


def import_edit(program: Program, site: t.Node, module: str, name: str) -> Edit | None:
    """The edit that imports a name after the other imports; None where it is imported already."""
    for node in program.body:
        if isinstance(node, t.ImportFrom) and node.module == module and any(n == name for n, _ in node.names):
            return None
    offset, after_import = _top(program, site)
    ended = not after_import or program.text[:offset].endswith(("\n", "\r"))
    return program.edit(offset, offset, ("" if ended else "\n") + f"from {module} import {name}\n")


def _top(program: Program, site: t.Node) -> tuple[int, bool]:
    """Where a helper goes: after the last import that stands before other code; and whether there is one.

    In a notebook, at the top of the cell that needs it.
    """
    if program.notebook is not None:
        return _top_of_cell(program, program.line(site)), True
    last: t.Stmt | None = None
    for node in program.body:
        if _imports(program, node):
            last = node
        elif isinstance(node, (t.FunctionDef, t.ClassDef)) or _holds(program, node, site):
            break
    if last is None:
        first = program.body[0]
        docstring = isinstance(first, t.Expression) and isinstance(first.value, t.Const)
        if not docstring:
            return program.starts[program.line(first) - 1], False
        last = first
    return program.starts[end] if (end := program.last_line(last)) < len(program.starts) else len(program.text), True


def _top_of_cell(program: Program, line: int) -> int:
    """The start of the line behind the imports with which a line's cell begins."""
    assert program.notebook is not None
    cell, _ = program.notebook.where(line)
    first = program.notebook.line_of(cell, 1)
    for node in program.body:
        if first <= program.line(node) <= line:
            if not isinstance(node, (t.Import, t.ImportFrom)):
                break
            first = program.last_line(node) + 1
    return program.starts[min(first, len(program.starts)) - 1]


def _holds(program: Program, node: Item, site: t.Node) -> bool:
    start, end = program.span(node)
    return start <= program.span(site)[0] < end


def _imports(program: Program, node: t.Stmt) -> bool:
    """Whether a statement imports, perhaps under a condition, and does little else."""
    if isinstance(node, (t.Try, t.If)):
        return any(isinstance(n, (t.Import, t.ImportFrom)) for n in node.body.statements) and not any(
            isinstance(n, (t.FunctionDef, t.ClassDef, t.For, t.While, t.With)) for n in program.below(node)
        )
    return isinstance(node, (t.Import, t.ImportFrom))
