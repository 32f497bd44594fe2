"""Training scripts mended and run for the executed proof, several at a time, each run in a process of its own.

One process has imported torch and made its first optimizer, which takes seconds; every run is a fork of it. What
every parameter is comes from the model engine, which knows nothing of how a fix was planned. What must hold is
said in `test_executed`.
"""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing
import os
import pickle
import sys
import traceback
import types
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch

from wdlint.facts import Applicability, Fix
from wdlint.files import paths
from wdlint.fix.apply import fixed
from wdlint.fix.proof.version import Version
from wdlint.linting.lint import Linter
from wdlint.model.holding.tensors import held_parameters
from wdlint.model.kinds.classify import classify
from wdlint.settings.config import Configuration

WORKERS = max(2, min(8, os.cpu_count() or 1))
SECONDS = 120  # a script that takes longer hangs


@dataclass(frozen=True)
class Mended:
    """A script's text after its fixes, the codes that they mended, and those that are left."""

    text: bytes
    fixed: frozenset[str]
    left: frozenset[str]


@dataclass(frozen=True)
class Mending:
    """A script before and after its safe fixes, and after all fixes that are applied at all."""

    script: Path
    before: bytes
    safe: Mended
    unsafe: Mended

    @property
    def has_safe(self) -> bool:
        return self.safe.text != self.before

    @property
    def has_unsafe(self) -> bool:
        return self.unsafe.text != self.safe.text


def mending(script: Path) -> Mending:
    """Mend a script twice; no text is linted twice for it."""
    before = script.read_bytes()
    shown = paths.display(str(script))
    linter = Linter(Configuration(isolated=True), {shown: before})

    @cache
    def read(text: bytes) -> Version | None:
        return linter.version(shown, text)

    def mended(*most: Applicability) -> Mended:
        def allowed(fix: Fix) -> bool:
            return bool(fix.edits) and fix.applicability in most

        outcome = fixed(shown, before, read, allowed)
        return Mended(outcome.data, *(frozenset(f.code for f in found) for found in (outcome.fixed, outcome.left)))

    return Mending(script, before, mended(Applicability.SAFE), mended(Applicability.SAFE, Applicability.UNSAFE))


@dataclass
class Parameter:
    """A parameter of a model in training, by name: the decays of the groups that hold it."""

    decays: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)  # the learning rates of those groups
    trainable: bool = True
    kind: str = ""
    value: int = 0  # a hash of all its numbers when the script ended


@dataclass
class Made:
    """An optimizer that a script made."""

    name: str
    parameters: dict[str, Parameter]
    couples: bool | None  # None: it can't be tried out


@dataclass
class Ran:
    """What a script printed, every loss that was differentiated, and the optimizers that were made, in order."""

    printed: str
    losses: list[float]
    optimizers: list[Made]


def ran(command: tuple[str, ...], text: bytes, decays: bool, kinds: bool) -> Ran:
    """Run a text in a fork as if it stood in the place of the script with which a command begins.

    Without `decays` every step is taken with decay 0; the groups keep their strengths. `kinds` says whether the
    parameters are to be classified.

    Raises:
        AssertionError: the script failed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_the_child(command, text, decays, kinds, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        raise AssertionError(f"{command} ended its process")
    found = pickle.loads(answer)
    if isinstance(found, str):
        raise AssertionError(found)
    assert isinstance(found, Ran)
    return found


def _in_the_child(command: tuple[str, ...], text: bytes, decays: bool, kinds: bool, writing: int) -> None:
    import signal

    signal.alarm(SECONDS)
    answer: Ran | str
    try:
        answer = _executed(command, text, decays, kinds)
    except BaseException:
        answer = traceback.format_exc()
    with open(writing, "wb") as pipe:
        pipe.write(pickle.dumps(answer))
    os._exit(0)


def _executed(command: tuple[str, ...], text: bytes, decays: bool, kinds: bool) -> Ran:
    script = Path(command[0])
    made: list[Any] = []
    modules: list[torch.nn.Module] = []
    losses: list[float] = []
    originals = torch.optim.Optimizer.__init__, torch.nn.Module.__init__
    original = torch.Tensor.backward

    def optimizer(self: Any, *args: Any, **named: Any) -> None:
        originals[0](self, *args, **named)
        made.append(self)
        if not decays:
            self.register_step_pre_hook(_without_decay)
            self.register_step_post_hook(_with_decay)

    def module(self: Any, *args: Any, **named: Any) -> None:
        originals[1](self, *args, **named)
        modules.append(self)

    def backward(self: Any, *args: Any, **named: Any) -> None:
        losses.append(self.item())
        original(self, *args, **named)

    torch.optim.Optimizer.__init__, torch.nn.Module.__init__ = optimizer, module  # type: ignore[method-assign]
    torch.Tensor.backward = backward  # type: ignore[method-assign]
    torch.manual_seed(0)
    os.chdir(script.parent)
    sys.path.insert(0, str(script.parent))
    sys.argv = [*command]
    sys.dont_write_bytecode = True
    main = types.ModuleType("__main__")
    main.__file__ = str(script)
    sys.modules["__main__"] = main
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, str(script), "exec"), main.__dict__)
    torch.optim.Optimizer.__init__, torch.nn.Module.__init__ = originals  # type: ignore[method-assign]
    return Ran(printed.getvalue(), losses, [_made(one, modules, kinds) for one in made])


def _without_decay(optimizer: Any, args: Any, named: Any) -> None:
    key = _key(optimizer)
    for group in optimizer.param_groups:
        if key in group:
            group["kept"], group[key] = group[key], 0.0


def _with_decay(optimizer: Any, args: Any, named: Any) -> None:
    for group in optimizer.param_groups:
        if "kept" in group:
            group[_key(optimizer)] = group.pop("kept")


def _key(optimizer: Any) -> str:
    """The key by which an optimizer reads the decay of a group."""
    return next((key for key in optimizer.defaults if key.startswith("weight_decay")), "weight_decay")


def _made(optimizer: Any, modules: list[torch.nn.Module], kinds: bool) -> Made:
    decays: dict[int, list[float]] = {}
    rates: dict[int, list[float]] = {}
    for group in optimizer.param_groups:
        for p in group["params"]:
            decays.setdefault(id(p), []).append(float(group.get(_key(optimizer), 0.0)))
            rates.setdefault(id(p), []).append(float(group["lr"]))
    inner = {id(child) for module in modules for child in module.children()}
    found: dict[str, Parameter] = {}
    met: set[int] = set()
    seen: dict[str, int] = {}
    for root in modules:
        if id(root) in inner or not any(id(p) in decays for p in root.parameters()):
            continue
        which = seen[type(root).__name__] = seen.get(type(root).__name__, 0) + 1  # of several alike
        told = {c.parameter.name: c.parameter.kind.value for c in classify(root).parameters} if kinds else {}
        for held in held_parameters(root):
            met.add(id(held.tensor))
            found[f"{type(root).__name__} {which}: {held.name}"] = Parameter(
                decays.get(id(held.tensor), []),
                rates.get(id(held.tensor), []),
                held.tensor.requires_grad,
                told.get(held.name, ""),
                hash(tuple(held.tensor.detach().flatten().tolist())),
            )
    assert met >= decays.keys(), "parameters of no module that the script made"
    return Made(type(optimizer).__name__, found, couples(optimizer))


def couples(optimizer: Any) -> bool | None:
    """Whether the decay of an optimizer of PyTorch is rescaled with the gradient, tried out with none but decay.

    Two weights, one four times the other, lose the same share of themselves if decay acts on them as they are.
    """
    if not type(optimizer).__module__.startswith("torch.optim"):
        return None
    for group in optimizer.param_groups:
        options = {key: value for key, value in group.items() if key not in ("params", "initial_lr")}
        if not options.get("weight_decay"):
            continue
        p = torch.nn.Parameter(torch.tensor([1.0, 4.0], dtype=torch.float64))
        fresh = type(optimizer)([{"params": [p], **options}])
        for _ in range(8):  # RAdam does not rescale in its first five
            p.grad = torch.zeros_like(p)
            fresh.step()
        lost = 1 - p.detach() / torch.tensor([1.0, 4.0], dtype=torch.float64)
        if (lost[0] - lost[1]).abs() > 1e-6 * lost.abs().max():
            return True
    return False


@dataclass(frozen=True)
class Proof:
    """The runs of one script: before, after the safe fixes, after all; None where the text is none of its own."""

    before: Ran
    safe: Ran | None
    unsafe: Ran | None


def proof(mending: Mending, options: tuple[str, ...] = ()) -> Proof:
    """Run a script before and after; the kinds of its parameters are looked up once, before."""
    command = (str(mending.script), *options)
    before = ran(command, mending.before, decays=False, kinds=True)
    safe = ran(command, mending.safe.text, decays=False, kinds=False) if mending.has_safe else None
    unsafe = ran(command, mending.unsafe.text, decays=True, kinds=False) if mending.has_unsafe else None
    return Proof(before, safe, unsafe)


class Workshop:
    """A few forked processes that mend and prove scripts side by side."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)  # imports what takes long
        gc.collect()
        gc.freeze()  # a fork copies what is touched, and a collection touches everything
        self._pool = ProcessPoolExecutor(WORKERS, multiprocessing.get_context("fork"))

    def start(self, work: Callable[..., Any], *args: Any) -> Future[Any]:
        return self._pool.submit(work, *args)

    def mendings(self, scripts: list[Path]) -> list[Mending]:
        """What the fixes make of each script, in order."""
        return list(self._pool.map(mending, scripts))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
