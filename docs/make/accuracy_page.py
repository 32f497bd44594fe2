"""The tables of `docs/accuracy.md`, from `benchmarks/accuracy.csv`: one row a measurement, counts only.

Columns: `sample` ("labels" or "fresh"), `what`, `right` (found and true), `false` (found and not true), `missed`.
A fresh sample has no labels, so nothing is known of what was missed there: its cell is empty.
"""

from __future__ import annotations

import csv
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "accuracy.csv"


def table(sample: str) -> str:
    """One sample's rows with precision and, where misses are known, recall."""
    with open(DATA, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["sample"] == sample]
    known = sample == "labels"
    head = ["what", "right", "false", *(["missed"] if known else []), "precision", *(["recall"] if known else [])]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        right, false = int(row["right"]), int(row["false"])
        cells = [row["what"], str(right), str(false)]
        cells += [row["missed"]] if known else []
        cells.append(_share(right, right + false))
        cells += [_share(right, right + int(row["missed"]))] if known else []
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"
