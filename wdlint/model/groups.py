"""Correct parameter groups for a model: `decay_groups`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from wdlint.facts import Kind
from wdlint.model.kinds.classify import Classified, classify
from wdlint.model.optimizers.uses import declared_exemptions

_WRAPPERS = ("module.", "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")


def decay_groups(
    model: nn.Module,
    weight_decay: float,
    *,
    lr: float | Callable[[str], float | None] | None = None,
    decay_embeddings: bool = True,
    decay: Iterable[str] = (),
    exempt: Iterable[str] = (),
    declared: bool = True,
    named: bool = False,
    example_inputs: tuple[Any, ...] | None = None,
    forward: bool = True,
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
        decay: names that are weights, whatever they look like: whole names, last parts or shell patterns.
        exempt: further names not to decay, written likewise (`"*.head.*"`); they win over `decay`.
        declared: heed the model's own `no_weight_decay()` and parameters marked `_no_weight_decay`.
        named: give each group the parameters' names under `param_names`, as torch's optimizers accept and keep.
        example_inputs: positional arguments of a forward pass, for layers that nothing else tells of.
        forward: whether a forward pass of a copy of the model, on the meta device, may be observed.

    Returns:
        Groups for any torch optimizer, decayed first; empty ones are left out. Where most of what is trained would
        be exempt, a warning says so.

    Raises:
        TypeError: `model` is no module, or an argument is of no use here.
        ValueError: `weight_decay` is negative or no number, an entry of `decay` or `exempt` matches no parameter, or a
            parameter's kind can't be told (name it in one of the two, or give `example_inputs`).
    """
    _check(model, weight_decay, lr)
    seen = classify(model, example_inputs=example_inputs, watch=forward)
    names = [c.parameter.name for c in seen.parameters]
    wanted = _matching("decay", _several(decay), names)
    spared = set(declared_exemptions(model, seen)) - wanted if declared else set()
    spared |= _matching("exempt", _several(exempt), names)
    trained = [c for c in seen.parameters if c.held.tensor.requires_grad]
    _refuse_unknown([c for c in trained if c.parameter.name not in spared | wanted])
    groups: dict[tuple[bool, float | None], dict[str, Any]] = {}
    silent: list[Classified] = []  # exempt, though nobody asked for it
    for c in trained:
        name = plain_name(c.parameter.name)
        whole = c.parameter.name
        decays = whole not in spared and (whole in wanted or _decays(c, decay_embeddings))
        if not decays and whole not in spared and not c.table:
            silent.append(c)
        rate = lr(name) if callable(lr) else lr
        group = groups.setdefault((decays, rate), {"params": [], "weight_decay": weight_decay if decays else 0.0})
        if rate is not None:
            group["lr"] = rate
        group["params"].append(c.held.tensor)
        if named:
            group.setdefault("param_names", []).append(name)
    _say_if_most_is_exempt(silent, trained)
    return [group for _, group in sorted(groups.items(), key=lambda item: not item[0][0])]


def _check(model: Any, weight_decay: Any, lr: Any) -> None:
    if not isinstance(model, nn.Module):
        what = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise TypeError(f"decay_groups(model, weight_decay): the model itself is wanted, a torch.nn.Module, not {what}")
    if isinstance(weight_decay, str) or not hasattr(weight_decay, "__float__"):
        raise TypeError(f"weight_decay is a number, not {weight_decay!r}")
    if not 0 <= float(weight_decay) < math.inf:
        raise ValueError(f"weight_decay must be 0 or more, not {weight_decay}")
    if lr is not None and not callable(lr) and not hasattr(lr, "__float__"):
        raise TypeError(f"lr is a number, or a function from a parameter's name to one, not {lr!r}")


def _several(names: Iterable[str]) -> tuple[str, ...]:
    """The names that were given; one by itself is one, and not its letters."""
    return (names,) if isinstance(names, str) else tuple(names)


def plain_name(name: str) -> str:
    """A parameter's name without the prefixes of wrappers."""
    for wrapper in _WRAPPERS:
        name = name.replace(wrapper, "") if wrapper != "module." else name.removeprefix(wrapper)
    return name


def _decays(c: Classified, decay_embeddings: bool) -> bool:
    if c.parameter.kind is Kind.EMBEDDING:
        return decay_embeddings and c.table
    return c.parameter.kind is Kind.WEIGHT


def _refuse_unknown(candidates: Sequence[Classified]) -> None:
    """Raise with the line to write, if what a parameter does can't be told."""
    unknown = [c for c in candidates if c.parameter.kind is Kind.UNKNOWN]
    if not unknown:
        return
    flat = next((c for c in unknown if "use_orig_params" in c.parameter.evidence.text), None)
    if flat is not None:
        raise ValueError(f"`{plain_name(flat.parameter.name)}` is {flat.parameter.evidence.text}")
    told = ", ".join(f"`{plain_name(c.parameter.name)}` of {c.parameter.owner}" for c in unknown[:3])
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    listed = ", ".join(f'"{name}"' for name in dict.fromkeys(c.held.attribute for c in unknown))
    raise ValueError(
        f"what {told}{more} does can't be told: write `decay_groups(model, ..., decay=[{listed}])` for those that are "
        f"weights and `exempt=[...]` for the others, or pass `example_inputs`"
    )


def _say_if_most_is_exempt(silent: Sequence[Classified], trained: Sequence[Classified]) -> None:
    whole, part = sum(c.size for c in trained), sum(c.size for c in silent)
    if 2 * part <= whole:
        return
    largest = max(silent, key=lambda c: c.size)
    warnings.warn(
        f"{100 * part / whole:.0f} % of all trained elements are exempt from decay, most of them in "
        f"`{plain_name(largest.parameter.name)}` ({largest.parameter.kind.value}: {largest.parameter.evidence.text}); "
        "name in `decay` what is a weight all the same",
        stacklevel=3,
    )


def _matching(option: str, patterns: Collection[str], names: Collection[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        hits = {
            name for name in names
            if (plain := plain_name(name)) == pattern or plain.endswith("." + pattern) or fnmatchcase(plain, pattern)
        }  # fmt: skip
        if not hits:
            raise ValueError(f"`{option}` names `{pattern}`, which matches no parameter of the model")
        found |= hits
    return found
