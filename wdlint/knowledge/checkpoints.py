"""Which architecture a checkpoint's name means, as transformers calls it (`model_type`).

Names are matched by how they begin, the longest beginning first. `checkpoints.tsv` lists only names
whose meaning is settled by long use; any other name means nothing here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("checkpoints.tsv")


def model_type(checkpoint: str) -> str | None:
    """The architecture of a checkpoint on the hub, e.g. `t5` for `Salesforce/codet5-base`; None: not known."""
    name = checkpoint.strip().strip("/").lower()
    last = name.rpartition("/")[2]
    for beginning, kind in _longest_first():
        if name.startswith(beginning) or ("/" not in beginning and last.startswith(beginning)):
            return kind
    return None


@cache
def _longest_first() -> tuple[tuple[str, str], ...]:
    rows = (line.partition("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if line[0] != "#")
    pairs = [(beginning, kind) for kind, _, listed in rows for beginning in listed.split()]
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))
