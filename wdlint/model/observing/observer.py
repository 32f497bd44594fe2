"""Follows parameters through every operation of a forward pass, by the storages of tensors.

Views need no care, as they share a storage; casts, reshapes and arithmetic among parameters hand their provenance on
to the result. The first operation that joins a parameter with data is its *use*; what becomes of the result may
still tell that it was another. Storages that were seen are kept alive, so that none is taken for another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from wdlint.model.observing import operations as ops
from wdlint.model.observing.outcomes import outcome
from wdlint.model.observing.provenance import DATA, Mixed, Product, Source, joined, storage_of, tensors_in, varying

_CONTRACTED = {"sum"}
_PERIODIC = ({"sin"}, {"cos"}, {"sin", "cos"})
Operands = list[tuple[int, Source]]  # position and source of each that has one


@dataclass(frozen=True, slots=True)
class Use:
    """One meeting of a parameter and data."""

    role: str  # contracts, scales, adds, shifts, looked up, placed, input, other; "": it can't be told
    operation: str
    steps: frozenset[str]  # what was done to the parameter before
    place: str  # class of the innermost module at work


class Observer(TorchDispatchMode):  # type: ignore[misc, no-untyped-call, unused-ignore]
    """Notes the uses of parameters in every operation that runs under it."""

    def __init__(self, tensors: Iterable[tuple[str, torch.Tensor]], owned: Mapping[str, int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.uses: dict[str, list[Use]] = {}
        self.fresh: list[str] = []  # used since the last module was left
        self.modules: list[nn.Module] = []
        self._owned = owned  # name → id of the module that holds it
        self._of: dict[int, Source] = {}
        self._products: dict[int, Product] = {}
        self._mixed: dict[int, tuple[Mixed, ...]] = {}
        self._shares: set[int] = set()  # data that went through a softmax or a gate
        self._means: dict[int, tuple[tuple[str, int], ...]] = {}  # rows mixed by shares: names and positions of uses
        self._alive: list[torch.Tensor] = []
        for name, tensor in tensors:
            self._mark(tensor, Source({name: frozenset()}, tensor.numel()))

    def feed(self, value: object) -> None:
        """Declare every tensor in `value` as data."""
        for tensor in tensors_in(value):
            self._mark(tensor, DATA)

    def enter(self, module: nn.Module, args: object) -> None:
        """A module is called: what it is fed are inputs, be they constants; positions and indices aside."""
        self.modules.append(module)
        for tensor in tensors_in(args):
            if tensor.is_floating_point() and storage_of(tensor) not in self._of:
                self._mark(tensor, DATA)

    def correct(self, tensor: torch.Tensor, noted: Mapping[str, int], role: str) -> None:
        """Of the uses of a parameter that came after `noted`, those that contract or scale do what `role` says.

        What parameters have made together by a product is no learned input: one of them is a weight.
        """
        source = self._source(tensor)
        for name, steps in source.parts.items() if source is not None else ():
            if role == "input" and not steps.isdisjoint(ops.CONTRACTIONS):
                continue
            for position in range(noted.get(name, 0), len(self.uses.get(name, ()))):
                use = self.uses[name][position]
                if use.role in ("contracts", "scales") and use.role != role:
                    self._recast(name, position, role, "einsum")

    def settle(self) -> None:
        """Once all has been seen: what became of the products tells what they were.

        A parameter that also scales data which is used as it is stays a gain: the other product was with a mask. What
        is worked out from all of it, such as its norm, says nothing of that.
        """
        telling = [p for p in self._products.values() if p.fate == _CONTRACTED or p.fate in _PERIODIC]
        counted = Counter(name for product in telling for name, _ in product.uses)
        scaling = {name: sum(map(_scales_itself, uses)) for name, uses in self.uses.items()}
        for product in telling:
            if any(counted[name] < scaling[name] for name, _ in product.uses):
                continue
            role = "contracts" if product.fate == _CONTRACTED else "other"
            for name, position in product.uses:
                if self.uses[name][position].role == "scales":
                    self._recast(name, position, role, min(product.fate))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        namespace, _, name = func._schema.name.rpartition("::")
        operation = name.rstrip("_")
        try:
            result = outcome(func, args, kwargs or {}) if args else None
            if result is None:
                result = func(*args, **(kwargs or {}))
        except Exception:
            # Inputs that were made up may have another size than is asked for; what stands where tells all the same.
            if operation in ops.CONTRACTIONS:
                self._observe(operation, namespace, (*args, *(kwargs or {}).values()), None)
            raise
        if self._products:
            self._follow(operation, args)
        self._observe(operation, namespace, (*args, *(kwargs or {}).values()), result)
        return result

    def _mark(self, tensor: torch.Tensor, source: Source) -> None:
        self._of[storage_of(tensor)] = source
        self._alive.append(tensor)

    def _source(self, value: object) -> Source | None:
        """The source of one tensor: of parameters alone, `DATA`, or None for a constant."""
        return self._of.get(storage_of(value)) if isinstance(value, torch.Tensor) else None

    def _observe(self, operation: str, namespace: str, args: tuple[Any, ...], result: object) -> None:
        operands = [(i, s) for i, arg in enumerate(args) for t in tensors_in(arg) if (s := self._source(t)) is not None]
        if not operands:
            self._clear(result)
            return
        made_of = [(i, s) for i, s in operands if s is not DATA]
        if operation in ops.CONTRACTIONS:
            self._settle_shift(operation, args)
            if self._mixed:
                self._settle_mixtures(operation, args, made_of)
        if not made_of:
            self._spread(result, DATA)
            if operation in ops.SQUASHING:
                self._shares.update(storage_of(t) for t in tensors_in(result))
        elif operation in ops.LOOKUPS:
            self._use(made_of, "looked up", operation)
            self._spread(result, DATA)
        elif operation in ops.CONTRACTIONS:
            self._contract(operation, args, made_of, operands, result)
        elif operation in ops.NORMS:
            self._normalise(operation, made_of, operands, result)
        elif operation in ops.INDEXES:
            self._index(made_of, operands, result)
        elif operation in ops.FACTORS:
            self._use([x for x in made_of if x[0] not in ops.FACTORS[operation]], "adds", operation)
            self._use([x for x in made_of if x[0] in ops.FACTORS[operation]], "scales", operation)
            self._spread(result, DATA)
        elif len(made_of) < len(operands):
            convolved = operation == "mul" and all(_transformed(s) for _, s in made_of)
            self._use(made_of, "contracts" if convolved else ops.role_of(operation, namespace), operation)
            self._spread(result, DATA)
            if operation == "mul" and not convolved:
                self._multiplied(args, made_of, result)
        else:
            self._combine(operation, args, made_of, result)
        if operation in ops.KEEPS_MIXTURE:
            self._mix(operation, args, made_of if len(made_of) < len(operands) else [], result)

    def _contract(
        self, operation: str, args: tuple[Any, ...], made_of: Operands, operands: Operands, result: object
    ) -> None:
        places = ops.CONTRACTIONS[operation]
        data = any(i in places.factors for i, s in operands if s is DATA)
        inside = [(i, s) for i, s in made_of if i in places.factors]
        if not data:
            # Parameters meet. What the module at work holds is a weight, the other a learned input; if it holds
            # both or neither, or the other is a constant, they make something together that is used later.
            here = [(i, s) for i, s in inside if any(self._owned.get(n) == self._at() for n in s.parts)]
            if len(inside) < 2 or len(here) != 1:
                size = _elements(result) if len(inside) > 1 else 0  # `B @ A` is as large as what it changes
                self._spread(result, joined([s for _, s in made_of], operation, size))
                return
            self._use(here, "contracts", operation)
            self._use([x for x in inside if x not in here], "input", operation)
        else:
            self._use([x for x in inside if x[0] == places.input], "input", operation)
            rows = [x for x in inside if x[0] != places.input]
            self._use(rows, "contracts", operation)
            if self._shares and any(storage_of(args[i]) in self._shares for i, s in operands if s is DATA):
                uses = tuple((name, len(self.uses[name]) - 1) for _, s in rows for name in s.parts)
                self._means.update((storage_of(t), uses) for t in tensors_in(result))
        self._use([(i, s) for i, s in made_of if i == places.shift], "adds", operation)
        self._spread(result, DATA)

    def _normalise(self, operation: str, made_of: Operands, operands: Operands, result: object) -> None:
        scale, shift = ops.NORMS[operation]
        self._use([x for x in made_of if x[0] == scale], "scales", operation)
        self._use([x for x in made_of if x[0] == shift], "adds", operation)
        inputs = [s for i, s in operands if i == 0]
        standardised = bool(inputs) and inputs[0] is not DATA
        self._spread(result, joined(inputs, operation) if standardised else DATA)

    def _index(self, made_of: Operands, operands: Operands, result: object) -> None:
        """Rows of a parameter, chosen by the data (`row`) or by positions known before (`index`)."""
        if made_of[0][0] != 0:
            self._spread(result, DATA)
            return
        chosen = any(i > 0 and s is DATA for i, s in operands)
        self._spread(result, joined([s for i, s in made_of if i == 0], "row" if chosen else "index"))

    def _combine(self, operation: str, args: tuple[Any, ...], made_of: Operands, result: object) -> None:
        """Parameters (and constants) among themselves: of two factors the smaller is a gain of the larger.

        Unless each varies where the other does not, as the factors of an outer product do.
        """
        if ops.role_of(operation) == "scales" and len(made_of) == 2 and all(i < 2 for i, _ in made_of):
            (i, one), (j, two) = sorted(made_of, key=lambda x: x[1].size)
            within = varying(args[i]) <= varying(args[j])
            if one.size < two.size and within and not one.parts.keys() & two.parts.keys():
                self._use([(i, one)], "scales", operation)
                self._spread(result, two)
                return
        met = [_elements(args[i]) for i, _ in made_of if i < len(args)]
        outer = len(met) > 1 and min(met) > 0 and max(met) < _elements(result)
        self._spread(result, joined([s for _, s in made_of], operation, _elements(result) if outer else 0))

    def _multiplied(self, args: tuple[Any, ...], made_of: Operands, result: object) -> None:
        """Remember data times a parameter, for the sum that may follow (of shares, that would be a mean)."""
        if len(made_of) != 1 or not isinstance(result, torch.Tensor):
            return
        position, source = made_of[0]
        squashed = any(steps & ops.SQUASHING for steps in source.parts.values())
        if args[position].ndim and not squashed:
            uses = [(name, len(self.uses[name]) - 1) for name in source.parts]
            self._products[storage_of(result)] = Product(uses, varying(args[position]))

    def _follow(self, operation: str, args: tuple[Any, ...]) -> None:
        """What becomes of the products among an operation's operands."""
        for tensor in tensors_in(args):
            product = self._products.get(storage_of(tensor))
            if product is None:
                continue
            over = (args[1] if len(args) > 1 else range(tensor.ndim)) if operation == "sum" else ()
            inside = product.dimensions & {d - tensor.ndim if d >= 0 else d for d in over or ()}
            product.fate.add(operation if inside or operation != "sum" else "sum elsewhere")

    def _mix(self, operation: str, args: tuple[Any, ...], met: Operands, result: object) -> None:
        """Remember broad parameters into which data went, as long as what they became could be a weight."""
        if not isinstance(result, torch.Tensor):
            return
        before = (m for t in tensors_in(args) for m in self._mixed.get(storage_of(t), ()))
        kept = {m.name: m for m in before}
        if ops.role_of(operation) in ("scales", "adds"):
            for position, source in met:
                broad = len(varying(args[position])) >= 2 and result.numel() % args[position].numel() == 0
                for name in source.parts if broad else ():
                    kept[name] = Mixed(name, len(self.uses[name]) - 1, args[position].numel())
        if kept:
            self._mixed[storage_of(result)] = tuple(kept.values())

    def _settle_shift(self, operation: str, args: tuple[Any, ...]) -> None:
        """A mean of rows that stands in the place of a shift: they are biases, among which a gate chooses."""
        shift = ops.CONTRACTIONS[operation].shift
        if self._means and 0 <= shift < len(args) and isinstance(args[shift], torch.Tensor):
            for name, use in self._means.get(storage_of(args[shift]), ()):
                self._recast(name, use, "shifts", operation)

    def _settle_mixtures(self, operation: str, args: tuple[Any, ...], made_of: Operands) -> None:
        """What stands in the place of a weight is one, whatever went into it: a kernel with a style, `W + ΔW(x)`."""
        places = ops.CONTRACTIONS[operation]
        convolved = places.input >= 0
        alone = {places.weight} if convolved else set(places.factors)  # where no parameter may stand by itself
        if places.weight < 0 or places.weight >= len(args) or any(i in alone for i, _ in made_of):
            return
        weight = args[places.weight]
        for mixed in self._mixed.get(storage_of(weight), ()):
            if weight.numel() == mixed.size or (convolved and weight.numel() % mixed.size == 0):
                self._recast(mixed.name, mixed.use, "contracts", operation)

    def _recast(self, name: str, position: int, role: str, operation: str) -> None:
        self.uses[name][position] = replace(self.uses[name][position], role=role, operation=operation)

    def _use(self, made_of: Operands, role: str, operation: str) -> None:
        place = type(self.modules[-1]).__qualname__ if self.modules else ""
        for _, source in made_of:
            for name, steps in source.parts.items():
                self.uses.setdefault(name, []).append(Use(role, operation, steps, place))
                self.fresh.append(name)

    def _at(self) -> int:
        return id(self.modules[-1]) if self.modules else 0

    def _spread(self, result: object, source: Source) -> None:
        for tensor in tensors_in(result):
            self._mark(tensor, source)

    def _clear(self, result: object) -> None:
        """A constant: forget what an earlier storage at this address was."""
        for tensor in tensors_in(result):
            self._of.pop(storage_of(tensor), None)


def _scales_itself(use: Use) -> bool:
    """Whether data is multiplied by the parameter, element by element, and not by a number made of all of it."""
    return use.role == "scales" and not use.steps & ops.REDUCTIONS


def _elements(value: object) -> int:
    """The number of elements of a tensor; 0 of anything else."""
    return value.numel() if isinstance(value, torch.Tensor) else 0


def _transformed(source: Source) -> bool:
    """Whether all of it went through a Fourier transform: times data that did too, that is a convolution."""
    return all(steps & ops.TRANSFORMS for steps in source.parts.values())
