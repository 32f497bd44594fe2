"""Compare the inventories of `wdlint.knowledge` with parameters that were measured on built models.

    python -m wdlint.making.check TRUTH.csv.gz

TRUTH.csv.gz has one row a parameter: library, model, param, shape, owner, kind, sub, how. A model of
transformers is named by its model type. Needs none of the libraries.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

from wdlint.facts import Kind, Parameter
from wdlint.knowledge.models import LibraryModel, families, library_model
from wdlint.making.models import measured_kind

# The classes that were measured, by model type: the first of these that the type has.
AUTOS = ("AutoModel", "AutoModelForPreTraining", "AutoModelForCausalLM")


def rows(path: str) -> Iterator[tuple[tuple[str, str], list[dict[str, str]]]]:
    """The measured parameters of each model."""
    models: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            models[row["library"], row["model"]].append(row)
    yield from models.items()


def candidates(library: str, model: str) -> list[LibraryModel]:
    if library == "torchvision":
        found = library_model(f"torchvision.models.{model}")
        return [found] if found else []
    return [
        found for auto in AUTOS for found in families(f"transformers.{auto}", 10_000) if found.model_type == model
    ]  # fmt: skip


class Names:
    """The parameters of an inventory, found by a name whose indices may stand as `*` there."""

    def __init__(self, parameters: tuple[Parameter, ...]) -> None:
        self.tree: dict[str, object] = {}
        for parameter in parameters:
            at = self.tree
            for part in parameter.name.split("."):
                at = at.setdefault(part, {})  # type: ignore[assignment]
            at.setdefault("", parameter)

    def find(self, name: str) -> Parameter | None:
        return self._find(self.tree, name.split("."))

    def _find(self, at: dict[str, object], parts: list[str]) -> Parameter | None:
        if not parts:
            found = at.get("")
            return found if isinstance(found, Parameter) else None
        for key in (parts[0], "*") if parts[0].isdigit() else (parts[0],):
            below = at.get(key)
            if isinstance(below, dict) and (found := self._find(below, parts[1:])) is not None:
                return found
        return None


def main() -> None:
    counts: Counter[str] = Counter()
    wrong: Counter[tuple[str, str, str]] = Counter()
    for (library, model), measured in rows(sys.argv[1]):
        if library == "torch.nn":
            continue
        known = candidates(library, model)
        if not known:
            counts["models without an inventory"] += 1
            continue
        best = max(
            (Names(m.parameters()) for m in known), key=lambda n: sum(n.find(r["param"]) is not None for r in measured)
        )
        counts["models"] += 1
        for row in measured:
            counts["parameters"] += 1
            found = best.find(row["param"])
            if found is None:
                counts["parameters that no pattern matches"] += 1
                continue
            counts["same dimensions"] += found.ndim == (len(row["shape"].split("x")) if row["shape"] else 0)
            kind = measured_kind(row)
            counts["same kind"] += found.kind is kind
            counts["same side of decay"] += (found.kind is Kind.WEIGHT) is (kind is Kind.WEIGHT)
            if found.kind is not kind:
                wrong[row["owner"], found.attribute, f"measured {kind.value}, told {found.kind.value}"] += 1
    for name, count in counts.items():
        print(f"{count:7} {name}")
    for (owner, attribute, words), count in wrong.most_common():
        print(f"{count:5} {owner}.{attribute}: {words}")


if __name__ == "__main__":
    main()
