"""The rules that training code uses to choose what decays, re-stated from reading their sources, and torch-audit itself.

Each takes a model and returns the names of the parameters that it decays.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import nn

_TORCHVISION_NORMS = (
    nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm, nn.modules.instancenorm._InstanceNorm, nn.LocalResponseNorm,
)  # fmt: skip


def everything(model: nn.Module) -> set[str]:
    return {n for n, _ in _named(model)}


def legacy_list(model: nn.Module) -> set[str]:
    """`["bias", "LayerNorm.weight"]`, in every example of the early transformers."""
    return {n for n, _ in _named(model) if not any(word in n for word in ("bias", "LayerNorm.weight"))}


def lower_case_list(model: nn.Module) -> set[str]:
    return {n for n, _ in _named(model) if not any(word in n.lower() for word in ("bias", "norm", "bn", ".ln"))}


def two_dimensions(model: nn.Module) -> set[str]:
    """nanoGPT: decay what has two or more dimensions."""
    return {n for n, p in _named(model) if p.dim() >= 2}


def timm_rule(model: nn.Module) -> set[str]:
    """timm's param_groups_weight_decay without the model's own list."""
    return {n for n, p in _named(model) if not (p.ndim <= 1 or n.endswith(".bias"))}


def timm_declared(model: nn.Module) -> set[str]:
    """The same with `no_weight_decay()`."""
    declared = getattr(model, "no_weight_decay", None)
    listed = set(declared()) if callable(declared) else set()
    return timm_rule(model) - listed


def torchvision_rule(model: nn.Module) -> set[str]:
    """torchvision's references with norm, bias and embedding decay 0."""
    out: set[str] = set()
    for path, module in model.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            full = f"{path}.{name}" if path else name
            if not (isinstance(module, _TORCHVISION_NORMS) or name == "bias" or "embed" in name):
                out.add(full)
    return out


def trainer_rule(model: nn.Module) -> set[str]:
    """Hugging Face Trainer 5: LayerNorm by class, the rest by patterns."""
    patterns = [re.compile(p) for p in (r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)")]
    out: set[str] = set()
    for path, module in model.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            full = f"{path}.{name}" if path else name
            if not isinstance(module, nn.LayerNorm) and not any(p.search(full.lower()) for p in patterns):
                out.add(full)
    return out


def torch_audit_rule(model: nn.Module) -> set[str]:
    """What stays decayed when every finding of torch-audit (PyPI) over one AdamW group is followed."""
    from types import SimpleNamespace

    import torch
    from torch_audit.validators.builtin.optimization import TA402_WEIGHT_DECAY, OptimizerValidator

    optimizer = torch.optim.AdamW(model.parameters())
    findings = OptimizerValidator().check(SimpleNamespace(model=model, optimizer=optimizer, phase=None))
    named = {f.entity.partition("::")[2] for f in findings if f.rule_id == TA402_WEIGHT_DECAY.id}
    spared = {id(p) for n, p in _named(model) if n in named}
    return {n for n, p in _named(model) if id(p) not in spared}


def _named(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return list(model.named_parameters(remove_duplicate=False))


RULES: dict[str, Callable[[nn.Module], set[str]]] = {
    "decay everything": everything,
    '["bias", "LayerNorm.weight"]': legacy_list,
    "lower-case bias, norm, bn, .ln": lower_case_list,
    "Hugging Face Trainer": trainer_rule,
    "torchvision": torchvision_rule,
    "nanoGPT, dim >= 2": two_dimensions,
    "timm": timm_rule,
    "timm with no_weight_decay()": timm_declared,
    "torch-audit": torch_audit_rule,
}
