"""What is known of each optimizer class: where its decay is written, and how it acts.

The table `optimizers.tsv` is written by `make/optimizers.py` from measurements (see there for what
was measured and how a measurement becomes a coupling). The import path decides, never the bare
name: `AdamW` decays by 0.01 in torch and by 0 in transformers. What wraps an optimizer or makes its
groups is in `wrappers`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wdlint.facts import Coupling, Division, OptimizerClass, Ternary

TABLE = Path(__file__).with_name("optimizers.tsv")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a library's constructor or function."""

    name: str
    position: int | None = None  # counted from 0 without `self`; None: by keyword only, or not known
    default: float | None = None  # None: required, not a number, or not known


@dataclass(frozen=True, slots=True)
class Switch:
    """A coupling that some arguments select, when all of `settings` are given."""

    settings: tuple[tuple[str, object], ...]
    coupling: Coupling


@dataclass(frozen=True, slots=True)
class KnownOptimizer:
    """One optimizer class of a library."""

    name: str  # the import path that users write
    parameters: Argument
    decay: Argument | None  # None: it has no such argument
    learning_rate: Argument | None
    coupling: Coupling  # with the default arguments
    switches: tuple[Switch, ...] = ()
    reads: tuple[str, ...] = ()  # the group keys that it reads; empty: not known
    source: str = ""  # the release that was measured, or "source read"
    exempts: Division | None = None  # what its own step leaves undecayed, if it does

    def coupling_under(self, settings: Mapping[str, object]) -> Coupling:
        """The coupling when the call writes these arguments; `...` stands for a value that can't be told."""
        chosen, size = self.coupling, 0
        for switch in self.switches:
            answers = [_holds(settings, flag, value) for flag, value in switch.settings]
            if False in answers:
                continue
            if None in answers:
                return Coupling.UNKNOWN
            if len(answers) > size:
                chosen, size = switch.coupling, len(answers)
        return chosen

    def decoupled(self, settings: Mapping[str, object]) -> str:
        """What decouples the decay of a call that writes these settings: `AdamW` in place of `Adam`, `decouple=True`.

        A switch that the call has already is turned; nothing where the library has neither a twin nor a switch.
        """
        switches = [(*s.settings[0], s.coupling) for s in self.switches if len(s.settings) == 1]
        for flag, value, _ in switches:
            if self.coupling is Coupling.DECOUPLED and _holds(settings, flag, value) and isinstance(value, bool):
                return f"{flag}={not value}"
        on = [(flag, value) for flag, value, coupling in switches if coupling is Coupling.DECOUPLED]
        given = [f"{flag}={value}" for flag, value in on if flag in settings]
        return next(iter((*given, *self._twins(), *(f"{flag}={value}" for flag, value in on))), "")

    def _twins(self) -> Iterator[str]:
        module, _, name = self.name.rpartition(".")
        twin = name.replace("Adam", "AdamW", 1)
        known = optimizer(f"{module}.{twin}") if twin != name else None
        if known is not None and known.coupling is Coupling.DECOUPLED:
            yield twin

    def described(self, settings: Mapping[str, object]) -> OptimizerClass:
        """The same as a fact, for a call that writes these arguments."""
        coupling = self.coupling_under(settings)
        return OptimizerClass(
            name=self.name,
            coupling=coupling,
            decay_key=self.decay.name if self.decay else None,
            default_decay=self.decay.default if self.decay else None,
            reads=self.reads,
            source=_in_words(self.source, self.name.split(".", 1)[0]),
            exempts=self.exempts,
            decoupled=self.decoupled(settings) if coupling is Coupling.COUPLED_ADAPTIVE else "",
        )


def _in_words(source: str, library: str) -> str:
    """Where the table has an entry from, as words that follow "known from"."""
    if source == "source read":
        return f"the source of {library}"
    measured, _, version = source.partition(" ")
    return f"a measurement of {library} {version}" if measured == "measured" and version else source


def _holds(settings: Mapping[str, object], flag: str, value: object) -> bool | None:
    """Whether `flag` is given as `value`; None where that can't be told."""
    if flag not in settings:
        return False
    given = settings[flag]
    return None if given is ... else given == value


def optimizer(path: str) -> KnownOptimizer | None:
    """The optimizer class at an import path, e.g. `torch.optim.AdamW` or `torch.optim.adamw.AdamW`."""
    if path in _added:
        return _added[path]
    line = _lines().get(path)
    return _read(line) if line is not None else None


_added: dict[str, KnownOptimizer] = {}


def add(optimizers: Iterable[KnownOptimizer]) -> None:
    """Set the optimizers that a user knows besides the table's, in place of those that were added before."""
    _added.clear()
    _added.update((known.name, known) for known in optimizers)


@cache
def names_in(module: str) -> tuple[str, ...]:
    """The optimizer classes that `from MODULE import *` or `getattr(MODULE, name)` can give, sorted."""
    prefix = module + "."
    return tuple(sorted(path[len(prefix) :] for path in _lines() if path.rpartition(".")[0] == module))


@cache
def torch_classes() -> Mapping[str, str]:
    """The import paths of torch's optimizers by their names without capitals, as many libraries take them."""
    return {name.lower(): f"torch.optim.{name}" for name in names_in("torch.optim")}


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


@cache
def _read(line: str) -> KnownOptimizer:
    name, _, parameters, decay, rate, coupling, switches, reads, exempts, source = line.split("\t")
    assert parameters, f"{TABLE.name}: {name} lacks its parameters argument"
    return KnownOptimizer(
        name=name,
        parameters=argument(parameters),
        decay=argument(decay) if decay else None,
        learning_rate=argument(rate) if rate else None,
        coupling=Coupling[coupling],
        switches=tuple(_switch(text) for text in switches.split(";") if text),
        reads=tuple(reads.split()),
        source=source,
        exempts=_division(exempts),
    )


def argument(text: str) -> Argument:
    """`weight_decay@4=0.01` and its shorter forms."""
    name, _, default = text.partition("=")
    name, _, position = name.partition("@")
    return Argument(name, int(position) if position else None, float(default) if default else None)


def _switch(text: str) -> Switch:
    """`weight_decouple=True,fixed_decay=True:DECOUPLED`."""
    settings, _, coupling = text.rpartition(":")
    pairs = (setting.split("=", 1) for setting in settings.split(","))
    return Switch(tuple((flag, ast.literal_eval(value)) for flag, value in pairs), Coupling[coupling])


def _division(text: str) -> Division | None:
    """The kinds that the step leaves undecayed, e.g. `gains biases`."""
    if not text:
        return None
    spared = text.split()
    return Division(**{kinds: Ternary.of(kinds in spared) for kinds in ("weights", "gains", "biases")})
