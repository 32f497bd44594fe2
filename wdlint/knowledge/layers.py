"""What is known of each layer class: its parameters, their kinds, and the arguments they depend on.

The table `layers.tsv` is written by `make/layers.py`; its torch half is checked against torch in the
tests. Containers (`Sequential`, `ModuleList`, …) are no layers: what they hold is read from the
source. Whole models of libraries are in `models`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from wdlint.facts import Evidence, Kind, Parameter, Ternary, Witness

TABLE = Path(__file__).with_name("layers.tsv")

MOST_COPIES = 64  # a larger or unknown number of equal parts is written with `*`


@dataclass(frozen=True, slots=True)
class LayerParameter:
    """One parameter of a layer. Its name may hold `{argument}` for each number below the argument."""

    name: str
    kind: Kind
    ndim: int | None
    needs: tuple[str, ...] = ()  # conditions on the arguments, all of which must hold; see `_answer`


@dataclass(frozen=True, slots=True)
class Part:
    """A module that the layer is given as an argument and holds under `name`."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class KnownLayer:
    """One layer class of a library."""

    name: str  # the import path that users write
    arguments: tuple[str, ...]  # of its constructor, in order, without `self`
    defaults: Mapping[str, object]
    declared: tuple[LayerParameter, ...]
    parts: tuple[Part, ...] = ()
    complete: bool = True  # False: it may hold more parameters than are declared

    def parameters(self, settings: Mapping[str, object], prefix: str = "") -> tuple[Parameter, ...]:
        """Its parameters when built with these arguments (by name; `...`: the value can't be told)."""
        values = {**self.defaults, **settings}
        return tuple(self._expanded(values, prefix))

    def _expanded(self, values: Mapping[str, object], prefix: str) -> Iterator[Parameter]:
        for declared in self.declared:
            present = Ternary.YES
            for condition in declared.needs:
                present &= _answer(condition, values)
            if present is Ternary.NO:
                continue
            leaf = declared.name.rpartition(".")[2]
            for name in numbered(declared.name, values):
                yield Parameter(
                    name=prefix + name,
                    kind=declared.kind,
                    evidence=Evidence(Witness.LAYER, f"{self.name}: {declared.name}"),
                    ndim=_dimensions(declared, values),
                    owner=self.name,
                    attribute=leaf,
                    present=present,
                )


def layer(path: str) -> KnownLayer | None:
    """The layer class at an import path, e.g. `torch.nn.LayerNorm` or `torch.nn.modules.conv.Conv2d`."""
    if path in _added:
        return _added[path]
    line = _lines().get(path)
    return _read(line) if line is not None else None


def names_in(package: str) -> tuple[str, ...]:
    """The names of the layer classes that a package itself exports, e.g. of `torch.nn`."""
    start = f"{package}."
    paths = (path.removeprefix(start) for path in _lines() if path.startswith(start))
    return tuple(sorted(name for name in paths if "." not in name))


_added: dict[str, KnownLayer] = {}


def add(layers: Iterable[KnownLayer]) -> None:
    """Set the layers that a user knows besides the table's, in place of those that were added before."""
    _added.clear()
    _added.update((known.name, known) for known in layers)


def numbered(name: str, values: Mapping[str, object]) -> list[str]:
    """`weight_l{num_layers}` with each number, or with `*` where the argument isn't known."""
    pieces = name.replace("}", "{").split("{")
    if len(pieces) == 1:
        return [name]
    counts = [values.get(argument) for argument in pieces[1::2]]
    indices = [
        [str(i) for i in range(count)] if isinstance(count, int) and count <= MOST_COPIES else ["*"] for count in counts
    ]
    found = []
    for chosen in product(*indices):
        pieces[1::2] = chosen
        found.append("".join(pieces))
    return found


def _answer(condition: str, values: Mapping[str, object]) -> Ternary:
    """Whether a condition holds: `bias` (true), `!bias` (false), `kdim~embed_dim` (None or equal), `a|b` (either)."""
    if "|" in condition:
        first, _, others = condition.partition("|")
        return _answer(first, values) | _answer(others, values)
    name = condition.removeprefix("!")
    name, _, like = name.partition("~")
    value = values.get(name)
    answer: bool | None
    if like:
        other = values.get(like)
        answer = True if value is None else None if value is ... or other is ... else value == other
    else:
        answer = None if value is ... else bool(value)
    found = Ternary.of(answer)
    return ~found if condition.startswith("!") else found


def _dimensions(declared: LayerParameter, values: Mapping[str, object]) -> int | None:
    """Dimensions are fixed, except where a norm takes its shape as an argument."""
    shape = values.get("normalized_shape")
    if shape is None or declared.ndim != 1:
        return declared.ndim
    if isinstance(shape, (tuple, list)):
        return len(shape)
    return 1 if isinstance(shape, int) else None


@cache
def _lines() -> dict[str, str]:
    """Each import path with its line of the table; a line is taken apart only when it is asked for."""
    found: dict[str, str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        path, aliases, _ = line.split("\t", 2)
        found[path] = line
        for alias in aliases.split():
            found[alias] = line
    return found


CONSTANTS: dict[str, object] = {"True": True, "False": False, "None": None}


@cache
def _read(line: str) -> KnownLayer:
    name, _, arguments, parameters, parts, complete = line.split("\t")
    written = [argument.partition("=") for argument in arguments.split()]
    return KnownLayer(
        name=name,
        arguments=tuple(argument for argument, _, _ in written),
        defaults={argument: _constant(text) for argument, _, text in written if text},
        declared=tuple(_parameter(text) for text in parameters.split()),
        parts=tuple(Part(*text.split("=")) for text in parts.split()),
        complete=complete == "complete",
    )


def _constant(text: str) -> object:
    """A default: a word constant, a whole number, or anything else as written."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    return int(text) if text.lstrip("-").isdigit() else text


def _parameter(text: str) -> LayerParameter:
    """`weight:2:weight?affine&!track`; no dimensions where they are not known."""
    text, _, needs = text.partition("?")
    name, ndim, kind = text.split(":")
    return LayerParameter(name, Kind(kind), int(ndim) if ndim else None, tuple(needs.split("&")) if needs else ())
