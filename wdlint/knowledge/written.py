"""What fixes write into a file, in every version that was ever written, so that it is read exactly.

What the function does with a parameter is said in `source.optimizers.own_groups`; who changes the text here changes
it there, and keeps the old text among `TEXTS`. The class is read in `source.optimizers.sites`.
"""

from __future__ import annotations

import ast
from functools import cache

HELPER_NAME = "exempt_gains_and_biases"

HELPER = '''\
def exempt_gains_and_biases(params, *models):
    """Divide each parameter group in two, so that weights decay, and gains and biases do not.

    `params` is what an optimizer takes: parameters, or groups of them, which keep their other options.
    `models` are the modules that hold them. Exempt is what a normalisation layer holds itself, what has
    fewer than two dimensions, what is named a bias, and a scale of more dimensions, such as (C, 1, 1).
    Each parameter stays where it was given, so a tied one is in one group and a frozen one is kept.
    """
    exempt = set()
    for model in models:
        for module in model.modules():
            norm = "norm" in type(module).__name__.lower()
            for name, p in module.named_parameters(recurse=False):
                scale = p.ndim < 2 or p.numel() == max(p.shape) and "weight" not in name and "original" not in name
                if norm or scale or "bias" in name or name in ("weight_g", "original0"):
                    exempt.add(p)
    params = list(params)
    groups = params if params and isinstance(params[0], dict) else [{"params": params}]
    divided = []
    for group in groups:
        held = [group["params"]] if hasattr(group["params"], "ndim") else list(group["params"])
        spared = [p for p in held if p in exempt or p.ndim < 2]
        decayed = [p for p in held if not (p in exempt or p.ndim < 2)]
        divided.append({**group, "params": decayed})
        divided.append({**group, "params": spared, "weight_decay": 0.0})
    return divided
'''

_FIRST = '''\
def exempt_gains_and_biases(params, *models):
    """Divide each parameter group in two, so that weights decay, and gains and biases do not.

    `params` is what an optimizer takes: parameters, or groups of them, which keep their other options.
    `models` are the modules that hold them. Exempt is what a normalisation layer holds itself, what has
    fewer than two dimensions, what is named a bias, and a scale of more dimensions, such as (C, 1, 1).
    Each parameter stays where it was given, so a tied one is in one group and a frozen one is kept.
    """
    exempt = set()
    for model in models:
        for module in model.modules():
            norm = "norm" in type(module).__name__.lower()
            for name, p in module.named_parameters(recurse=False):
                scale = p.ndim < 2 or p.numel() == max(p.shape) and not name.startswith(("weight", "original"))
                if norm or scale or "bias" in name or name in ("weight_g", "original0"):
                    exempt.add(p)
    params = list(params)
    groups = params if params and isinstance(params[0], dict) else [{"params": params}]
    divided = []
    for group in groups:
        held = [group["params"]] if hasattr(group["params"], "ndim") else list(group["params"])
        spared = [p for p in held if p in exempt or p.ndim < 2]
        decayed = [p for p in held if not (p in exempt or p.ndim < 2)]
        divided.append({**group, "params": decayed})
        divided.append({**group, "params": spared, "weight_decay": 0.0})
    return divided
'''  # 0.1.0

TEXTS = (HELPER, _FIRST)

TWIN_PREFIX = "Decoupled"

TWIN = '''\
class {name}({base}):
    """{what} with decoupled weight decay: it acts on the weights themselves, as that of AdamW does."""

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        strengths = [group["weight_decay"] for group in self.param_groups]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data.mul_(1 - group["lr"] * group["weight_decay"])
            group["weight_decay"] = 0
        try:
            super().step()
        finally:
            for group, strength in zip(self.param_groups, strengths):
                group["weight_decay"] = strength
        return loss
'''


def is_helper(code: str) -> bool:
    """Whether a function is one of those texts, whatever its name, quotes, layout and docstring."""
    return _plain(code) in _known()


def is_twin(code: str) -> bool:
    """Whether a class is one that decouples the decay of its base, whatever the names, quotes, layout and docstring."""
    return _plain(code) == _plain(TWIN.format(name=TWIN_PREFIX, base="object", what=""))


@cache
def _known() -> frozenset[str]:
    return frozenset(filter(None, map(_plain, TEXTS)))


def _plain(code: str) -> str:
    try:
        (definition,) = ast.parse(code).body
    except (SyntaxError, ValueError):
        return ""
    if not isinstance(definition, (ast.FunctionDef, ast.ClassDef)):
        return ""
    definition.name = HELPER_NAME
    if isinstance(definition, ast.ClassDef):
        definition.bases = []
    if ast.get_docstring(definition) is not None:
        del definition.body[0]
    return ast.dump(definition)
