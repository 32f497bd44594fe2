"""detectron2's YAML: `SOLVER.WEIGHT_DECAY_NORM` other than 0 decays gains.

Biases outside norms decay by default, which its authors advise against changing; only where a file turns the decay of
gains on is anything said. A project with a `build_optimizer` of its own reads the keys as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from wdlint.configuration.setups import CANT_TELL, EVERYTHING, Dialect, Document, Setup, configured, written
from wdlint.documents.nodes import Entry, number
from wdlint.facts import Applicability, Division, Edit, Fix, Loop, OptimizerClass, Ternary
from wdlint.knowledge.optimizers import optimizer

_LOOP = Loop(
    "detectron2.solver.build_optimizer", "write `WEIGHT_DECAY_NORM: 0.0` and `WEIGHT_DECAY_BIAS: 0.0`", "measured main"
)
_USUAL = 1e-4
_OWN = re.compile(r"def build_optimizer\(")


def _read(document: Document) -> Sequence[Setup] | None:
    solver = document.root.mapping("SOLVER")
    if solver is None:
        return None
    if solver.entry("OPTIMIZER") is not None:
        return ()  # detectron2 has no such key: a project's own function reads it, and the others as it likes
    norms, biases, decay = (solver.entry(f"WEIGHT_DECAY{of}") for of in ("_NORM", "_BIAS", ""))
    gains = number(norms.value) if norms is not None else 0.0
    sgd = optimizer("torch.optim.SGD")
    if norms is None or gains is None or sgd is None or any(map(_OWN.search, document.scripts("build_optimizer"))):
        return ()
    spared = biases is not None and number(biases.value) == 0
    if gains:
        held = Division(Ternary.YES, Ternary.YES, Ternary.NO) if spared else EVERYTHING
    else:
        held = Division(Ternary.YES, Ternary.NO, Ternary.NO) if spared else CANT_TELL
    strength = number(decay.value) if decay is not None else _USUAL
    if strength is None:
        return ()
    known: OptimizerClass = sgd.described({})
    amount = written(strength, (decay or norms).place)
    use = configured(known, amount, norms.place, _LOOP, held=held, callee="SOLVER")
    fix = Fix("Exempt gains and biases", Applicability.SAFE, tuple(_edits(document, norms, biases)))
    return (Setup(use, {"WD103": fix}),)


def _edits(document: Document, norms: Entry, biases: Entry | None) -> list[Edit]:
    if biases is not None:
        return [Edit(norms.value.place, "0.0"), Edit(biases.value.place, "0.0")]
    before = re.split(r"\r\n|\r|\n", document.text)[norms.place.line - 1][: norms.place.column - 1]
    line_end = "\r\n" if "\r\n" in document.text else "\n"
    parting = ", " if before.strip() else f"{line_end}{before}"
    return [Edit(norms.value.place, f"0.0{parting}WEIGHT_DECAY_BIAS: 0.0")]


DIALECT = Dialect("detectron2", ((b"SOLVER",), (b"WEIGHT_DECAY_NORM",)), (".yaml", ".yml"), _read)
