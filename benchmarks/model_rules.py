"""torch-audit (PyPI) as a rule: what stays decayed when all that it says is followed."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn


def torch_audit_decays(model: nn.Module) -> set[str]:
    """The names that decay after every norm or bias that torch-audit finds in one AdamW group was exempted."""
    from torch_audit.validators.builtin.optimization import TA402_WEIGHT_DECAY, OptimizerValidator

    optimizer = torch.optim.AdamW(model.parameters())  # wdlint: ignore[silent-decay] it is torch-audit that is asked
    findings = OptimizerValidator().check(SimpleNamespace(model=model, optimizer=optimizer, phase=None))
    named = {f.entity.partition("::")[2] for f in findings if f.rule_id == TA402_WEIGHT_DECAY.id}
    every = list(model.named_parameters(remove_duplicate=False))
    spared = {id(p) for n, p in every if n in named}
    return {n for n, p in every if id(p) not in spared}
