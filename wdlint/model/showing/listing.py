"""A described model as text: the summary, a table, a tree, JSON, CSV, and the comparison with the rules in use."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from wdlint.facts import Kind, Ternary
from wdlint.model.showing.describe import Description, Row
from wdlint.model.showing.panels import columns, plural
from wdlint.model.showing.rules_in_use import compare

_STYLES = {
    Kind.WEIGHT: "34",
    Kind.GAIN: "32",
    Kind.BIAS: "33",
    Kind.EMBEDDING: "36",
    Kind.OTHER: "35",
    Kind.UNKNOWN: "31",
}


def coloured(kind: Kind, text: str, colour: bool) -> str:
    return f"\x1b[{_STYLES[kind]}m{text}\x1b[0m" if colour else text


def dimensions(row: Row) -> str:
    """A shape as `768x3072`; `scalar` without dimensions, `lazy` before it is known."""
    shape = row.parameter.shape
    return "lazy" if shape is None else "x".join(map(str, shape)) or "scalar"


def magnitude(count: int) -> str:
    """A number of elements in three digits: `124M`."""
    for unit, size in (("T", 10**12), ("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count)


def tensors_of(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count} tensors"


def summary(description: Description) -> str:
    """Counts and shares of each kind, tied parameters, dissent."""
    total = description.elements
    body = []
    for kind in Kind:
        tensors, elements = description.count(kind)
        if tensors:
            share = 100 * elements / total if total else 0.0
            body.append([plural(kind), str(tensors), magnitude(elements), f"{share:.3g} %"])
    body.append(["all", str(len(description.rows)), magnitude(total), ""])
    text = f"{description.title} ({description.source})\n\n" + columns(body, ["kind", "tensors", "elements", "share"])
    lines = list(description.notes)
    tied = [row for row in description.rows if row.aliases]
    if tied:
        lines.append(f"tied: {'; '.join(f'{r.parameter.name} = {r.aliases[0]}' for r in tied[:3])}")
    frozen = sum(row.parameter.trainable is Ternary.NO for row in description.rows)
    if frozen:
        lines.append(f"{frozen} of {tensors_of(len(description.rows))} {'is' if frozen == 1 else 'are'} frozen")
    unused = [row.parameter.name for row in description.rows if row.unused]
    if unused:
        more = f" and {len(unused) - 3} more" if len(unused) > 3 else ""
        lines.append(f"not used in the forward pass: {', '.join(unused[:3])}{more}")
    dissent = [row for row in description.rows if row.dissent]
    if dissent:
        shown = ", ".join(row.parameter.name for row in dissent[:3])
        lines.append(f"witnesses disagree on {len(dissent)} (e.g. {shown}); -v shows what each says")
    return text + ("\n" + "".join(f"note: {line}\n" for line in lines) if lines else "")


def _remark(row: Row) -> str:
    return f" ({row.remark})" if row.remark else ""


def testimonies(row: Row, indent: str, heard: Sequence[tuple[Kind, str, str]]) -> list[str]:
    """What witnesses say of a parameter, and that they contradict each other."""
    said = [f"{indent}{kind.value} by {witness}: {text}" for kind, witness, text in heard]
    return [*said, f"{indent}witnesses disagree"] if row.dissent else said


def as_table(description: Description, verbose: bool = False, colour: bool = False) -> str:
    """One line a parameter; with `verbose` every testimony below it."""
    rows = description.rows
    widths = [max((len(cell(r)) for r in rows), default=0) for cell in (lambda r: r.parameter.name, dimensions)]
    lines = []
    for row in rows:
        kind = row.parameter.kind
        decay = "" if row.decay is None else f"  decay {row.decay:g}"
        words = row.parameter.evidence.text if verbose else row.parameter.evidence.witness.value
        lines.append(
            f"{row.parameter.name.ljust(widths[0])}  {dimensions(row).rjust(widths[1])}  "
            f"{coloured(kind, kind.value.ljust(9), colour)}{decay}  {words}{_remark(row)}".rstrip()
        )
        if verbose:
            lines += testimonies(row, "    ", row.heard if row.dissent else row.heard[1:])
            lines += [f"    tied to {alias}" for alias in row.aliases]
    return "".join(f"{line}\n" for line in lines)


@dataclass
class Branch:
    """A module in the tree."""

    children: OrderedDict[str, Branch] = field(default_factory=OrderedDict)
    rows: list[Row] = field(default_factory=list)
    form: int = 0  # alike for branches that can be shown as one: everything agrees but the numbers in names
    size: int = 0

    def settle(self, forms: dict[object, int]) -> None:
        """Number its form, and count its elements, once all of it is there."""
        for child in self.children.values():
            child.settle(forms)
        own = tuple((r.parameter.attribute, r.parameter.shape, r.parameter.kind, r.decay, r.remark) for r in self.rows)
        inner = tuple((name, child.form) for name, child in self.children.items())
        self.form = forms.setdefault((own, inner), len(forms))
        self.size = sum(r.size for r in self.rows) + sum(c.size for c in self.children.values())


def tree_of(rows: Sequence[Row]) -> Branch:
    root = Branch()
    for row in rows:
        branch = root
        for part in row.parameter.name.split(".")[:-1]:
            branch = branch.children.setdefault(part, Branch())
        branch.rows.append(row)
    root.settle({})
    return root


def as_tree(description: Description, verbose: bool = False, colour: bool = False) -> str:
    """Modules indented; neighbours that differ only in their number are shown once, with their range."""
    lines: list[str] = []
    _branch(tree_of(description.rows), "", lines, verbose, colour)
    return "".join(f"{line}\n" for line in lines)


def _branch(branch: Branch, indent: str, lines: list[str], verbose: bool, colour: bool) -> None:
    for row in branch.rows:
        kind = row.parameter.kind
        leaf = row.parameter.name.rpartition(".")[2]
        decay = "" if row.decay is None else f" decay {row.decay:g}"
        words = f"  {row.parameter.evidence.text}" if verbose else ""
        lines.append(
            f"{indent}{leaf}  {dimensions(row)}  {coloured(kind, kind.value, colour)}{decay}{words}{_remark(row)}"
        )
        if verbose and row.dissent:
            lines += testimonies(row, indent + "    ", row.heard)
    for names, child in _runs(branch):
        times = f" ({len(names)} times)" if len(names) > 1 else ""
        label = names[0] if len(names) == 1 else f"{names[0]}…{names[-1]}"
        lines.append(f"{indent}{label}{times}  [{magnitude(child.size * len(names))}]")
        _branch(child, indent + "  ", lines, verbose, colour)


def _runs(branch: Branch) -> list[tuple[list[str], Branch]]:
    """Children in order, neighbours of one shape with numbers for names put together."""
    runs: list[tuple[list[str], Branch]] = []
    for name, child in branch.children.items():
        alike = runs and child.form == runs[-1][1].form
        if alike and re.fullmatch(r"\d+", name) and re.fullmatch(r"\d+", runs[-1][0][-1]):
            runs[-1][0].append(name)
        else:
            runs.append(([name], child))
    return runs


def records(description: Description) -> list[dict[str, object]]:
    """One plain dictionary a parameter, for JSON and CSV."""
    return [
        {
            "name": row.parameter.name,
            "kind": row.parameter.kind.value,
            "shape": None if row.parameter.shape is None else list(row.parameter.shape),
            "elements": row.size,
            "owner": row.parameter.owner,
            "trainable": row.parameter.trainable is not Ternary.NO,
            "used": not row.unused,
            "aliases": list(row.aliases),
            "witness": row.parameter.evidence.witness.value,
            "evidence": row.parameter.evidence.text,
            "dissent": row.dissent,
            "heard": [{"kind": k.value, "witness": witness, "evidence": text} for k, witness, text in row.heard],
            "decay": row.decay,
            "group": row.group or None,
        }
        for row in description.rows
    ]


def as_json(description: Description) -> str:
    counts = {kind.value: dict(zip(("tensors", "elements"), description.count(kind), strict=True)) for kind in Kind}
    content = {
        "model": description.title,
        "source": description.source,
        "kinds": counts,
        "notes": list(description.notes),
    }
    return json.dumps({**content, "parameters": records(description)}, indent=2) + "\n"


def as_csv(description: Description) -> str:
    out = io.StringIO()
    head = ["name", "kind", "shape", "elements", "owner", "trainable", "witness", "evidence", "decay", "group"]
    writer = csv.DictWriter(out, head, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for record, row in zip(records(description), description.rows, strict=True):
        writer.writerow({**record, "shape": dimensions(row)})
    return out.getvalue()


def comparison(description: Description, examples: int = 3) -> str:
    """What the well-known splits would get wrong on this model."""
    body, notes = [], []
    for verdict in compare(description):
        if verdict.decayed is None:
            body.append([verdict.split, "needs classes", "", ""])
            continue
        body.append([verdict.split, *(str(len(n)) for n in (verdict.decayed, verdict.exempted, verdict.special))])
        for words, names in (("decays", verdict.decayed), ("exempts", verdict.exempted)):
            if names and verdict.split != "decay everything":
                more = f" and {len(names) - examples} more" if len(names) > examples else ""
                notes.append(f"{verdict.split}: {words} {', '.join(names[:examples])}{more}")
    head = ["rule in use", "gains and biases decayed", "weights exempted", "special decayed"]
    return columns(body, head) + ("\n" + "".join(f"{note}\n" for note in notes) if notes else "")
