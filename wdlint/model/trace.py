"""An observed forward pass: which operation each parameter enters, and as which operand.

The pass runs on the meta device under a dispatch mode. Provenance is kept by storage, so views need no care;
casts, reshapes and arithmetic among parameters hand it on to their result; the first operation that joins a
parameter with data is its *use*. Storages that were seen are kept alive, so that none is taken for another.
What the uses say of a kind is decided in `meaning`; inputs are made in `inputs`.
"""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode

from wdlint.model.meaning import Use
from wdlint.model.randomness import preserved_numbers
from wdlint.model.shadow import shadow
from wdlint.model.tensors import held_parameters

# Operand positions (input, weight, bias) of operations that name them; -1 where there is none.
_CONTRACTIONS: dict[str, tuple[tuple[int, ...], int]] = {
    "mm": ((0, 1), -1),
    "bmm": ((0, 1), -1),
    "mv": ((0, 1), -1),
    "dot": ((0, 1), -1),
    "matmul": ((0, 1), -1),
    "linear": ((0, 1), 2),
    "_grouped_mm": ((0, 1), -1),
    "addmm": ((1, 2), 0),
    "addmv": ((1, 2), 0),
    "addbmm": ((1, 2), 0),
    "baddbmm": ((1, 2), 0),
    "convolution": ((0, 1), 2),
    "_convolution": ((0, 1), 2),
    "_trilinear": ((0, 1, 2), -1),
    "_scaled_dot_product_flash_attention_for_cpu": ((0, 1, 2), -1),
    "_scaled_dot_product_fused_attention_overrideable": ((0, 1, 2), -1),
    "_scaled_dot_product_attention_math": ((0, 1, 2), -1),
}
_NORMS: dict[str, tuple[int, int]] = {  # positions of scale and shift
    "native_layer_norm": (2, 3),
    "native_batch_norm": (1, 2),
    "cudnn_batch_norm": (1, 2),
    "_native_batch_norm_legit": (1, 2),
    "_native_batch_norm_legit_no_training": (1, 2),
    "_batch_norm_with_update": (1, 2),
    "_batch_norm_no_update": (1, 2),
    "native_group_norm": (1, 2),
    "_fused_rms_norm": (2, -1),
    "rms_norm": (2, -1),
}
_SCALES = frozenset({"mul", "div", "_weight_norm_interface"})
_FACTORS = {"addcmul": (1, 2), "addcdiv": (1, 2), "lerp": (2,)}  # in sums: places of what is multiplied with data
_PERIODIC = ({"sin"}, {"cos"}, {"sin", "cos"})
_SQUASHING = frozenset({"_softmax", "softmax", "sigmoid", "tanh"})
_ADDS = frozenset({"add", "sub", "rsub"})
_LOOKUPS = frozenset({"embedding", "_embedding_bag", "_embedding_bag_forward_only"})
_INDEXES = frozenset({"index", "index_select", "gather", "take"})
_PLACES = frozenset({"cat", "stack", "where", "copy", "index_put", "masked_scatter", "scatter", "masked_fill"})


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a tensor comes from: the parameters it is made of alone, and what was done to them."""

    names: frozenset[str]
    steps: frozenset[str]
    size: int


_DATA = _Source(frozenset(), frozenset(), 0)


@dataclass(slots=True)
class _Product:
    """Data times a parameter. What becomes of it can tell that this was no gain.

    If it is only ever summed over one of its `dimensions`, this was a contraction; if only its sine is taken, the
    parameter is a frequency.
    """

    uses: list[tuple[str, int]]  # name and position of each use that it made
    dimensions: frozenset[int]  # counted from the end, along which the parameter varies
    fate: set[str] = field(default_factory=set)


class Observer(TorchDispatchMode):  # type: ignore[misc, no-untyped-call, unused-ignore]
    """Follows parameters through every operation that runs under it."""

    def __init__(self, tensors: Iterable[tuple[str, torch.Tensor]], owned: Mapping[str, int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.uses: dict[str, list[Use]] = {}
        self.fresh: list[str] = []  # used since the last module was left
        self.modules: list[nn.Module] = []
        self._owned = owned  # name → id of the module that holds it
        self._of: dict[int, _Source] = {}
        self._products: dict[int, _Product] = {}
        self._alive: list[torch.Tensor] = []
        for name, tensor in tensors:
            self._mark(tensor, _Source(frozenset({name}), frozenset(), tensor.numel()))

    def feed(self, value: object) -> None:
        """Declare every tensor in `value` as data."""
        for tensor in _tensors(value):
            self._mark(tensor, _DATA)

    def settle(self) -> None:
        """Once all has been seen: what became of the products tells what they were.

        A parameter that also scales data which is used as it is stays a gain: the other product was with a mask.
        """
        telling = [p for p in self._products.values() if p.fate == {"sum"} or p.fate in _PERIODIC]
        counted = Counter(name for product in telling for name, _ in product.uses)
        scaling = {name: sum(use.role == "scales" for use in uses) for name, uses in self.uses.items()}
        for product in telling:
            if any(counted[name] < scaling[name] for name, _ in product.uses):
                continue
            role = "contracts" if product.fate == {"sum"} else "other"
            for name, position in product.uses:
                operation = min(product.fate)
                self.uses[name][position] = replace(self.uses[name][position], role=role, operation=operation)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        operation = func._schema.name.rpartition("::")[2].rstrip("_")
        if self._products:
            self._follow(operation, args)
        self._observe(operation, (*args, *(kwargs or {}).values()), result)
        return result

    def _mark(self, tensor: torch.Tensor, source: _Source) -> None:
        self._of[tensor.untyped_storage()._cdata] = source
        self._alive.append(tensor)

    def _source(self, value: object) -> _Source | None:
        """The source of one tensor: of parameters alone, `_DATA`, or None for a constant."""
        return self._of.get(value.untyped_storage()._cdata) if isinstance(value, torch.Tensor) else None

    def _observe(self, operation: str, args: tuple[Any, ...], result: object) -> None:
        operands = [(i, s) for i, arg in enumerate(args) for t in _tensors(arg) if (s := self._source(t)) is not None]
        if not operands:
            self._clear(result)
            return
        made_of = [(i, s) for i, s in operands if s is not _DATA]
        if not made_of:
            self._spread(result, _DATA)
        elif operation in _LOOKUPS:
            self._use(made_of, "looked up", operation)
            self._spread(result, _DATA)
        elif operation in _CONTRACTIONS:
            self._contract(operation, made_of, operands, result)
        elif operation in _NORMS:
            self._normalise(operation, made_of, operands, result)
        elif operation in _INDEXES:
            self._spread(result, _joined([s for i, s in made_of if i == 0], "index") if made_of[0][0] == 0 else _DATA)
        elif operation in _FACTORS:
            self._use([x for x in made_of if x[0] not in _FACTORS[operation]], "adds", operation)
            self._use([x for x in made_of if x[0] in _FACTORS[operation]], "scales", operation)
            self._spread(result, _DATA)
        elif len(made_of) < len(operands):
            self._use(made_of, _role(operation), operation)
            self._spread(result, _DATA)
            if operation == "mul":
                self._multiplied(args, made_of, result)
        else:
            self._combine(operation, made_of, result)

    def _contract(
        self, operation: str, made_of: list[tuple[int, _Source]], operands: list[tuple[int, _Source]], result: object
    ) -> None:
        factors, shift = _CONTRACTIONS[operation]
        data = any(i in factors for i, s in operands if s is _DATA)
        inside = [(i, s) for i, s in made_of if i in factors]
        biases = [(i, s) for i, s in made_of if i == shift]
        if not data and len(inside) == 2:
            # Two parameters meet: what the module at work holds is the weight, the other is a learned input.
            here = [(i, s) for i, s in inside if any(self._owned.get(n) == self._at() for n in s.names)]
            if len(here) == 1:
                self._use(here, "contracts", operation)
                self._use([x for x in inside if x not in here], "input", operation)
            else:
                self._use(inside, "contracts", operation)
        elif not data and not any(self._owned.get(n) == self._at() for _, s in made_of for n in s.names):
            self._spread(result, _joined([s for _, s in inside], operation))
            return
        else:
            self._use(inside, "contracts", operation)
        self._use(biases, "adds", operation)
        self._spread(result, _DATA)

    def _normalise(
        self, operation: str, made_of: list[tuple[int, _Source]], operands: list[tuple[int, _Source]], result: object
    ) -> None:
        scale, shift = _NORMS[operation]
        self._use([x for x in made_of if x[0] == scale], "scales", operation)
        self._use([x for x in made_of if x[0] == shift], "adds", operation)
        inputs = [s for i, s in operands if i == 0]
        standardised = bool(inputs) and inputs[0] is not _DATA
        self._spread(result, _joined(inputs, operation) if standardised else _DATA)

    def _combine(self, operation: str, made_of: list[tuple[int, _Source]], result: object) -> None:
        """Parameters (and constants) among themselves: of two factors the smaller is a gain of the larger."""
        sources = [s for _, s in made_of]
        largest = max(sources, key=lambda s: s.size)
        smaller = [(i, s) for i, s in made_of if s.size < largest.size and not s.names & largest.names]
        if smaller and _role(operation) == "scales":
            self._use(smaller, "scales", operation)
            self._spread(result, _joined([s for s in sources if (0, s) not in smaller and (1, s) not in smaller], ""))
        else:
            self._spread(result, _joined(sources, operation))

    def _multiplied(self, args: tuple[Any, ...], made_of: list[tuple[int, _Source]], result: object) -> None:
        """Remember data times a parameter, for the sum that may follow (of shares, that would be a mean)."""
        if len(made_of) != 1 or not isinstance(result, torch.Tensor):
            return
        position, source = made_of[0]
        sizes = args[position].shape
        varying = frozenset(i - len(sizes) for i, size in enumerate(sizes) if size != 1)
        if sizes and not source.steps & _SQUASHING:
            uses = [(name, len(self.uses[name]) - 1) for name in source.names]
            self._products[result.untyped_storage()._cdata] = _Product(uses, varying)

    def _follow(self, operation: str, args: tuple[Any, ...]) -> None:
        """What becomes of the products among an operation's operands."""
        for tensor in _tensors(args):
            product = self._products.get(tensor.untyped_storage()._cdata)
            if product is None:
                continue
            over = (args[1] if len(args) > 1 else range(tensor.ndim)) if operation == "sum" else ()
            inside = product.dimensions & {d - tensor.ndim if d >= 0 else d for d in over or ()}
            product.fate.add(operation if inside or operation != "sum" else "sum elsewhere")

    def _use(self, made_of: list[tuple[int, _Source]], role: str, operation: str) -> None:
        place = type(self.modules[-1]).__qualname__ if self.modules else ""
        for _, source in made_of:
            for name in source.names:
                self.uses.setdefault(name, []).append(Use(role, operation, source.steps, place))
                self.fresh.append(name)

    def _at(self) -> int:
        return id(self.modules[-1]) if self.modules else 0

    def _spread(self, result: object, source: _Source) -> None:
        for tensor in _tensors(result):
            self._mark(tensor, source)

    def _clear(self, result: object) -> None:
        """A constant: forget what an earlier storage at this address was."""
        for tensor in _tensors(result):
            self._of.pop(tensor.untyped_storage()._cdata, None)


def _role(operation: str) -> str:
    if operation in _SCALES:
        return "scales"
    if operation in _ADDS:
        return "adds"
    return "placed" if operation in _PLACES else "other"


def _joined(sources: list[_Source], step: str) -> _Source:
    names = frozenset().union(*(s.names for s in sources))
    steps = frozenset({step} if step else ()).union(*(s.steps for s in sources))
    return _Source(names, steps, max((s.size for s in sources), default=0))


def _tensors(value: object) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


class Enough(BaseException):
    """All that was wanted has been seen. Not an Exception, so that no model swallows it."""


@dataclass(frozen=True)
class Observation:
    """What a forward pass showed: the uses of each parameter, and the error that ended it early, if one did."""

    uses: dict[str, tuple[Use, ...]]
    error: str = ""
    cut: bool = False  # it was ended when all that was wanted had been seen


def observe(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    wanted: Mapping[str, Hashable] | None = None,
) -> Observation:
    """Run `model` once on the meta device and record how each parameter is used.

    The model is not run: a shadow of it is. A pass that fails half-way has still shown what came before.

    Args:
        model: any module, on any device.
        args: positional example inputs; tensors are moved to meta, everything else is passed as it is.
        kwargs: the same by name.
        wanted: stop as soon as one parameter of each value has been used and the layer at work is done; the keys
            are parameter names. None: run to the end.
    """
    names = {id(h.tensor): h.name for h in held_parameters(model)}
    try:
        twin = shadow(model)
    except Exception as failure:
        return Observation({}, f"the model can't be copied: {type(failure).__name__}: {failure}")
    held = [(names[original], tensor, owner) for original, tensor, owner in twin.parameters if original in names]
    observer = Observer(((n, t) for n, t, _ in held), {n: owner for n, _, owner in held})
    args, kwargs = _on_meta(args), _on_meta(dict(kwargs))
    error, cut = "", False
    try:
        with _quiet(), _stack(observer, wanted), torch.no_grad(), torch.device("meta"), observer:
            observer.feed((args, kwargs))
            twin.module(*args, **kwargs)
    except Enough:
        cut = True
    except (Exception, SystemExit) as failure:
        error = f"{type(failure).__name__}: {failure}"
    observer.settle()
    return Observation({name: tuple(uses) for name, uses in observer.uses.items()}, error, cut)


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

    enter = register_module_forward_pre_hook(lambda module, args: observer.modules.append(module))
    leave = register_module_forward_hook(left)
    try:
        yield
    finally:
        enter.remove()
        leave.remove()


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings and prints of the model, no fused path that would hide operations, random numbers as before."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with ExitStack() as stack:
            for part in (warnings.catch_warnings(), torch.random.fork_rng(devices=[]), _all_nonzero()):
                stack.enter_context(part)
            for part in (preserved_numbers(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO())):
                stack.enter_context(part)
            warnings.simplefilter("ignore")
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
