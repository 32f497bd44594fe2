"""A split read and the same split run: what the engine says of each parameter beside what really happens.

The scripts stand in `splits/`. Each divides the parameters of a model that it gets from `model_under_test`:
for the engine, that import is replaced by the import of a real model and `build_model()` by its construction; for the
run, `model_under_test` is a module that hands over the model. Needs torch.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wdlint.facts import Group, OptimizerUse, Ternary
from wdlint.source.engine import Project, observe

SPLITS = Path(__file__).parents[1] / "data" / "splits"
DECAYED, KEPT, NOWHERE, UNTOLD = "decayed", "kept from decay", "in no group", "can't be told"


def scripts() -> list[Path]:
    return sorted(SPLITS.glob("*.py"))


@dataclass(frozen=True)
class Comparison:
    """What came out for one split of one model, counted in parameters of the built model."""

    agree: int
    untold: int
    unnamed: int  # parameters that the engine's inventory has no name for
    disagree: tuple[tuple[str, str, str], ...]  # name, what the engine says, what happens

    @property
    def told(self) -> int:
        return self.agree + len(self.disagree)


def read(script: Path, imports: str, construction: str) -> list[OptimizerUse]:
    """The uses that the engine finds in the script over the given model."""
    text = script.read_text(encoding="utf-8")
    text = text.replace("from model_under_test import build_model\n", f"{imports}\n")
    text = text.replace("build_model()", construction)
    return list(observe(f"{script.stem}.py", text.encode(), Project([])).uses)


def run(script: Path, build: Callable[[], Any]) -> tuple[Any, Any]:
    """The model and the optimizer that the script makes of it."""
    built: list[Any] = []

    def build_model() -> Any:
        built.append(build())
        return built[-1]

    handed = types.ModuleType("model_under_test")
    handed.build_model = build_model  # type: ignore[attr-defined]
    before = sys.modules.get("model_under_test")
    sys.modules["model_under_test"] = handed
    names: dict[str, Any] = {"__name__": script.stem}
    try:
        exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), names)
    finally:
        if before is None:
            del sys.modules["model_under_test"]
        else:
            sys.modules["model_under_test"] = before
    return built[0], names["optimizer"]


def happened(model: Any, optimizer: Any) -> dict[str, str]:
    """What the optimizer really does with each parameter of the model, by name."""
    strengths = {id(p): g.get("weight_decay", 0.0) for g in optimizer.param_groups for p in g["params"]}
    return {
        name: (DECAYED if strengths[id(p)] else KEPT) if id(p) in strengths else NOWHERE
        for name, p in model.named_parameters()
    }


def said(use: OptimizerUse) -> Iterator[tuple[str, str]]:
    """What the engine says of each parameter pattern."""
    assert use.inventory is not None
    for index, parameter in enumerate(use.inventory.parameters):
        yield parameter.name, _verdict(use.groups, index, use.complete)


def _verdict(groups: tuple[Group, ...], index: int, complete: bool) -> str:
    answers = [(g.members[index], g.amount.value) for g in groups if index < len(g.members)]
    if len(answers) < len(groups):
        return UNTOLD
    certain = {value != 0 for answer, value in answers if answer is Ternary.YES}
    possible = {value != 0 for answer, value in answers if answer is not Ternary.NO}
    if len(certain) == 1 and (True in certain or possible == certain):
        return DECAYED if True in certain else KEPT
    return NOWHERE if complete and not possible else UNTOLD


def compare(use: OptimizerUse | None, truth: dict[str, str]) -> Comparison:
    """The engine's verdicts beside the truth, name by name.

    A model that is held by another one is named below it by the engine; the truth is about the model itself.
    """
    if use is None or use.inventory is None:
        return Comparison(0, len(truth), len(truth), ())
    held = {name.partition(".")[0] for name, _ in said(use)}
    known = {name.partition(".")[0] for name in truth}
    above = f"{held.pop()}." if len(held) == 1 and held.isdisjoint(known) else ""
    exact: dict[str, list[str]] = {}
    patterns: list[tuple[re.Pattern[str], str]] = []
    for full, verdict in said(use):
        name = full.removeprefix(above)
        if "*" in name:
            patterns.append((re.compile(re.escape(name).replace(r"\*", r"[^.]+")), verdict))
        else:
            exact.setdefault(name, []).append(verdict)
    agree = untold = unnamed = 0
    wrong: list[tuple[str, str, str]] = []
    for name, outcome in truth.items():
        verdicts = set(exact.get(name, ())) or {v for pattern, v in patterns if pattern.fullmatch(name)}
        if len(verdicts) != 1 or UNTOLD in verdicts:
            unnamed += not verdicts
            untold += 1
        elif verdicts == {outcome}:
            agree += 1
        else:
            wrong.append((name, *verdicts, outcome))  # type: ignore[arg-type]
    return Comparison(agree, untold, unnamed, tuple(wrong))
