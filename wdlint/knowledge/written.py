"""The function that fixes write into a file, in every version that was ever written, so that it is read exactly.

What the function does with a parameter is said in `source.optimizers.own_groups`; who changes the text here changes
it there, and keeps the old text among `TEXTS`.
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


def is_helper(code: str) -> bool:
    """Whether a function is one of those texts, whatever its name, quotes, layout and docstring."""
    return _plain(code) in _known()


@cache
def _known() -> frozenset[str]:
    return frozenset(filter(None, map(_plain, TEXTS)))


def _plain(code: str) -> str:
    try:
        (function,) = ast.parse(code).body
    except (SyntaxError, ValueError):
        return ""
    if not isinstance(function, ast.FunctionDef):
        return ""
    function.name = HELPER_NAME
    if ast.get_docstring(function) is not None:
        del function.body[0]
    return ast.dump(function)
