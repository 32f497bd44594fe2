"""Constructions that are written as configuration: detectron2's `LazyCall` and what hydra instantiates.

Groups can't simply be written in their place: the model may not be there yet, or groups are taken for configuration.
What to do instead is said with the finding.
"""

from __future__ import annotations

from wdlint.facts import Loop
from wdlint.source.libraries.hydra import INSTANTIATES
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, External

_LAZY = Loop(
    "detectron2.config.LazyCall",
    "write `weight_decay_norm=0.0, weight_decay_bias=0.0` in the call of `get_default_optimizer_params`",
    "measured main",
    divides=False,
)
_INSTANTIATED = Loop(
    "hydra.utils.instantiate",
    "write `_partial_: true` in the configuration, and call what is made of it with groups: "
    "`instantiate(cfg.optimizer)(wdlint.decay_groups(model, weight_decay=…))`",
    "read 1.3",
    divides=False,
)


def called_later(evaluator: Evaluation, call: t.Call, callees: Answers, context: Context) -> Loop | None:
    """What calls a construction that is written as configuration; None for one that is called where it stands."""
    if any(isinstance(callee, External) and callee.path in INSTANTIATES for callee in callees):
        return _INSTANTIATED
    if isinstance(call.func, t.Call):
        makers = evaluator.evaluate(call.func.func, context)
        if any(isinstance(v, External) and v.path.startswith("detectron2.config.") for v in makers):
            return _LAZY
    return None
