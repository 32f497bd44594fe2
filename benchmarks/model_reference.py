"""What parameters are counted as, in libraries for which no truth file exists.

A parameter has a reference if its owner is built on a layer of torch.nn, if the observed forward pass and the
source of its class say the same, or if it stands in `model_judged.tsv`. The others are left out of the score, and
their number is told. All three lean on our own witnesses: these rows say what the other rules get wrong, and of ours
only whether its verdicts hold together. What puts ours to the test is a truth file, where there is one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wdlint.model.kinds.classify import Classification, Classified

JUDGED = Path(__file__).with_name("model_judged.tsv")


@cache
def judged() -> dict[tuple[str, str, str], str]:
    """Owner, attribute and number of dimensions, with the kind that they were judged to have."""
    lines = JUDGED.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {(owner, attribute, dimensions): kind for owner, attribute, dimensions, kind in rows}


def reference(one: Classified) -> tuple[str, str] | None:
    """The kind that a parameter is counted as, and why; None where nothing is firm enough."""
    from wdlint.facts import Witness

    p = one.parameter
    _, attribute = one.held.holder
    known = judged().get((p.owner, attribute, "" if p.ndim is None else str(p.ndim)))
    if known is not None:
        return known, "read"
    said = {t.evidence.witness: t.kind for t in one.testimonies}
    if Witness.LAYER in said:
        return said[Witness.LAYER].value, "module"
    if Witness.TRACE in said and said[Witness.TRACE] is said.get(Witness.FORWARD):
        return said[Witness.TRACE].value, "trace and source"
    return None


def rows_of(seen: Classification) -> tuple[list[dict[str, str]], int]:
    """Rows like the truth file's for every parameter with a reference, and the number of those without."""
    rows = []
    for one in seen.parameters:
        p, found = one.parameter, reference(one)
        if found is not None:
            shape = "x".join(map(str, p.shape or ()))
            kind, how = found
            rows.append({"param": p.name, "shape": shape, "owner": p.owner, "kind": kind, "sub": "", "how": how})
    return rows, len(seen.parameters) - len(rows)
