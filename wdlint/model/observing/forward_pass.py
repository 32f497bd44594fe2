"""An observed forward pass: which operation each parameter enters, and as which operand.

The pass runs on the meta device; `observer` follows the parameters in it. What the uses say of a kind is decided in
`kinds.forward_uses`; inputs are made in `inputs`.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.nn.parameter import is_lazy

from wdlint.model.holding.tensors import Held
from wdlint.model.observing.equations import Equations
from wdlint.model.observing.observer import Observer, Use
from wdlint.model.untouched.apart import apart
from wdlint.model.untouched.contents import Contents
from wdlint.model.untouched.shadow import Shadow, shadow


class Enough(BaseException):
    """All that was wanted has been seen. Not an Exception, so that no model swallows it."""


@dataclass(frozen=True)
class Observation:
    """What a forward pass showed: the uses of each parameter, and the error that ended it early, if one did."""

    uses: dict[str, tuple[Use, ...]]
    error: str = ""
    cut: bool = False  # it was ended when all that was wanted had been seen


class Stage:
    """The shadow of one model, on which one pass after the other is observed.

    The model is not run. Its shadow is made for the first pass, and anew after one that left something in it.
    """

    def __init__(self, model: nn.Module, held: Sequence[Held], around: ExitStack) -> None:
        self._model = model
        self._names = {id(h.tensor): h.name for h in held}
        self._around = around
        self._shadow: Shadow | None = None
        self._unmade = ""  # why there is none
        self._as_made: Contents | None = None

    def observe(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], wanted: Mapping[str, Hashable] | None = None
    ) -> Observation:
        """Run the shadow once on the meta device and record how each parameter is used.

        A pass that fails half-way has still shown what came before.

        Args:
            args: positional example inputs; tensors are moved to meta, everything else is passed as it is.
            kwargs: the same by name.
            wanted: stop as soon as one parameter of each value has been used and the layer at work is done; the
                keys are parameter names. None: run to the end.
        """
        if refusal := _refusal(self._model, args, kwargs):
            return Observation({}, refusal)
        twin = self._prepared()
        if twin is None:
            return Observation({}, self._unmade)
        held = [(self._names[key], tensor, owner) for key, tensor, owner in twin.parameters if key in self._names]
        marked = ((name, tensor) for name, tensor, _ in held if not is_lazy(tensor))
        observer = Observer(marked, {n: owner for n, _, owner in held})
        args, kwargs = _on_meta(args), _on_meta(dict(kwargs))
        error, cut = "", False
        try:
            with _stack(observer, wanted), torch.no_grad(), torch.device("meta"), Equations(observer), observer:
                observer.feed((args, kwargs))
                twin.module(*args, **kwargs)
        except Enough:
            cut = True
        except (Exception, SystemExit) as failure:
            error = f"{type(failure).__name__}: {failure}"
        observer.settle()
        return Observation({name: tuple(uses) for name, uses in observer.uses.items()}, error, cut)

    def _prepared(self) -> Shadow | None:
        """A shadow that no pass has left anything in; None where the model can't be copied."""
        if self._shadow is not None and self._as_made is not None and self._as_made.still_there():
            return self._shadow
        if self._unmade:
            return None
        if self._shadow is None:
            self._around.enter_context(_quiet(self._model))
        try:
            self._shadow = shadow(self._model)
        except Exception as failure:
            self._unmade = f"the model can't be copied: {type(failure).__name__}: {failure}"
            return None
        self._as_made = Contents(self._shadow.made)
        return self._shadow


@contextmanager
def stage(model: nn.Module, held: Sequence[Held]) -> Iterator[Stage]:
    """Room for observed passes of `model`; what its code changes outside of the shadow is put back at the end."""
    with ExitStack() as around:
        yield Stage(model, held, around)


def _refusal(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Why `forward` can't be called with these arguments, by its signature; empty if it may be."""
    if type(model).__call__ is not nn.Module.__call__:
        return ""
    try:
        signature = inspect.signature(type(model).forward, follow_wrapped=False)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(model, *args, **kwargs)
    except TypeError as error:
        return f"TypeError: {error}"
    return ""


def _on_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().to("meta")
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_on_meta(item) for item in value)
    if isinstance(value, dict):
        return {key: _on_meta(item) for key, item in value.items()}
    return value


@contextmanager
def _stack(observer: Observer, wanted: Mapping[str, Hashable] | None) -> Iterator[None]:
    """Tell `observer` which modules are at work; raise Enough once all that is `wanted` was seen."""
    missing = set(wanted.values()) if wanted is not None else None

    def left(module: nn.Module, args: Any, output: Any) -> None:
        while observer.modules and observer.modules.pop() is not module:
            pass  # modules that were left by an exception
        if missing is None or wanted is None:
            return
        while observer.fresh:
            missing.discard(wanted.get(observer.fresh.pop()))
        if not missing:
            raise Enough

    enter = register_module_forward_pre_hook(observer.enter)
    leave = register_module_forward_hook(left)
    try:
        yield
    finally:
        enter.remove()
        leave.remove()


@contextmanager
def _quiet(model: nn.Module) -> Iterator[None]:
    """Nothing is heard of the model's code, and no fused path hides operations."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with apart({type(module) for module in model.modules()}), _all_nonzero():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def _all_nonzero() -> Iterator[None]:
    """Let meta tensors answer `nonzero` (and so a mask in an index) as if all were true, where torch can do that."""
    from torch.fx.experimental import _config

    known = hasattr(_config, "meta_nonzero_assume_all_nonzero")
    before = known and _config.meta_nonzero_assume_all_nonzero
    if known:
        _config.meta_nonzero_assume_all_nonzero = True
    try:
        yield
    finally:
        if known:
            _config.meta_nonzero_assume_all_nonzero = before
