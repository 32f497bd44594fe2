"""Correct parameter groups for a model: `decay_groups`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from wdlint.facts import Kind
from wdlint.model.classify import Classified, classify
from wdlint.model.uses import declared_exemptions

_WRAPPERS = ("module.", "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")


def decay_groups(
    model: nn.Module,
    weight_decay: float,
    *,
    lr: float | Callable[[str], float | None] | None = None,
    decay_embeddings: bool = True,
    exempt: Iterable[str] = (),
    declared: bool = True,
    named: bool = False,
    example_inputs: tuple[Any, ...] | None = None,
) -> list[dict[str, Any]]:
    """Parameter groups in which weights decay and gains and biases don't.

    Every trainable parameter is in exactly one group, a tied one once; frozen ones are left out. Kinds come from
    the model engine (layer class, use in a forward pass, source), not from the number of dimensions. Wrapped models
    (DDP, torch.compile, FSDP with original parameters, Accelerate) are fine.

    Args:
        model: the module to train.
        weight_decay: the decay λ of the decayed groups; the others get 0.
        lr: one learning rate, or a function from a parameter's name to its learning rate (None: the optimizer's
            default); parameters of one rate share a group.
        decay_embeddings: whether look-up tables decay, as they do under nearly every rule in use. Position tables,
            learned tokens and other special parameters never do.
        exempt: further names not to decay: whole names, last parts or shell patterns (`"*.head.*"`).
        declared: heed the model's own `no_weight_decay()` and parameters marked `_no_weight_decay`.
        named: give each group the parameters' names under `param_names`, as torch's optimizers accept and keep.
        example_inputs: positional arguments of a forward pass, for layers that nothing else tells of.

    Returns:
        Groups for any torch optimizer, decayed first; empty ones are left out.

    Raises:
        ValueError: `weight_decay` is negative, an entry of `exempt` matches no parameter, or a parameter's kind
            can't be told (name it in `exempt`, or give `example_inputs`).
    """
    if weight_decay < 0:
        raise ValueError(f"weight_decay must be 0 or more, not {weight_decay}")
    seen = classify(model, example_inputs=example_inputs)
    patterns = tuple(exempt)
    spared = set(declared_exemptions(model, seen)) if declared else set()
    spared |= _matching(patterns, [c.parameter.name for c in seen.parameters])
    groups: dict[tuple[bool, float | None], dict[str, Any]] = {}
    for c in seen.parameters:
        if not c.held.tensor.requires_grad:
            continue
        name = plain_name(c.parameter.name)
        decays = c.parameter.name not in spared and _decays(c, decay_embeddings)
        rate = lr(name) if callable(lr) else lr
        group = groups.setdefault((decays, rate), {"params": [], "weight_decay": weight_decay if decays else 0.0})
        if rate is not None:
            group["lr"] = rate
        group["params"].append(c.held.tensor)
        if named:
            group.setdefault("param_names", []).append(name)
    return [group for _, group in sorted(groups.items(), key=lambda item: not item[0][0])]


def plain_name(name: str) -> str:
    """A parameter's name without the prefixes of wrappers."""
    for wrapper in _WRAPPERS:
        name = name.replace(wrapper, "") if wrapper != "module." else name.removeprefix(wrapper)
    return name


def _decays(c: Classified, decay_embeddings: bool) -> bool:
    kind = c.parameter.kind
    if kind is Kind.UNKNOWN:
        raise ValueError(
            f"what `{c.parameter.name}` of {c.parameter.owner} does can't be told: "
            "name it in `exempt`, or pass `example_inputs`"
        )
    if kind is Kind.EMBEDDING:
        return decay_embeddings and c.table
    return kind is Kind.WEIGHT


def _matching(patterns: Collection[str], names: Collection[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        hits = {
            name for name in names
            if (plain := plain_name(name)) == pattern or plain.endswith("." + pattern) or fnmatchcase(plain, pattern)
        }  # fmt: skip
        if not hits:
            raise ValueError(f"`exempt` names `{pattern}`, which matches no parameter of the model")
        found |= hits
    return found
