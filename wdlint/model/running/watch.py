"""The child of `wdlint run`: runs the user's script as `python script.py` would, and audits its first step.

Nothing is imported before the script asks for it: torch is hooked when it is imported. At the first step of any
optimizer, all optimizers built so far are audited against the modules that hold their parameters. Then the process
ends, unless it was asked to go on; optimizers that are built later are then audited at their own first step.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import os
import pickle
import runpy
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from wdlint.model.running import launching

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from wdlint.facts import Place

HOOKED = "torch.optim.optimizer"
_WRAPPING = ("torch.nn.parallel.", "torch.distributed.", "torch._dynamo.")  # modules of wrappers with one inside
_HERE = os.getcwd()  # the script may change it


class Attach(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Calls `done` with torch's optimizer module as soon as that has been imported."""

    def __init__(self, done: Any) -> None:
        self._done = done
        self._loader: Any = None

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != HOOKED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._done(module)


class Watch:
    """Knows every optimizer of the process with the line that built it, and audits them at a first step."""

    def __init__(self) -> None:
        self.built: weakref.WeakKeyDictionary[Any, Place] = weakref.WeakKeyDictionary()
        self.audited: weakref.WeakSet[Any] = weakref.WeakSet()
        self.findings: list[Any] = []
        self.table: list[Any] = []
        self.traces: list[str] = []
        self.busy = False

    def attach(self, module: ModuleType) -> None:
        """Hook torch's optimizer base class."""
        construct = module.Optimizer.__init__

        def constructed(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            construct(optimizer, *args, **kwargs)
            if not self.busy:
                self.built.setdefault(optimizer, _builder(optimizer))

        module.Optimizer.__init__ = constructed
        module.register_optimizer_step_pre_hook(self.before_step)

    def before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Torch's global hook: runs before any optimizer's step."""
        if self.busy or optimizer in self.audited:
            return
        self.busy = True
        error = ""
        try:
            self._audit(optimizer)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
        finally:
            self.busy = False
        self._hand_over(error)
        if not os.environ.get("WDLINT_WATCH_ON"):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)  # no teardown of the user's framework can get in the way

    def _audit(self, stepping: Optimizer) -> None:
        from wdlint.facts import Place
        from wdlint.model.audit import report_on
        from wdlint.model.holding.wrappers import parameters_of
        from wdlint.model.kinds.classify import classify
        from wdlint.model.optimizers.uses import observe_optimizer, steppers
        from wdlint.model.untouched.imprints import changed, imprint

        built = [o for o in self.built if o not in self.audited and parameters_of(o)]
        if stepping not in built:
            built.append(stepping)
        for o in built:
            self.audited.add(o)
        select, ignore = (_words(os.environ.get(f"WDLINT_WATCH_{n}", "")) for n in ("SELECT", "IGNORE"))
        forward = not os.environ.get("WDLINT_WATCH_STILL")
        optimizers = steppers(built)
        lives = []
        for optimizer in optimizers:
            name, model = holder_of(optimizer)
            place = self.built.get(optimizer, Place("<unknown>", 1, 1, 1, 1))
            before = imprint(model, built)
            seen = classify(model, watch=forward)
            lives.append(observe_optimizer(optimizer, seen, place, model, model_name=name, others=optimizers))
            self.traces += [t for t in changed(before, imprint(model, built)) if t not in self.traces]
        report = report_on(lives, None, "<run>", select, ignore)
        self.findings += report.findings
        self.table += report.table

    def _hand_over(self, error: str) -> None:
        from wdlint.model.running.command import Seen

        first = Path(os.environ["WDLINT_WATCH_RESULT"])
        number = launching.rank()
        path = first if number == 0 else first.with_name(f"{first.name}.rank{number}")
        seen = Seen(tuple(self.findings), tuple(self.table), error, tuple(self.traces))
        new = path.with_name(f"{path.name}.{os.getpid()}")  # workers may hand over at one time; any of them will do
        new.write_bytes(pickle.dumps(seen))
        new.replace(path)
        if number and not os.environ.get("WDLINT_WATCH_ON"):
            launching.wait_for(first)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def holder_of(optimizer: Any) -> tuple[str, nn.Module]:
    """The module that holds an optimizer's parameters, and what to call it.

    The smallest module that holds most of them; several, under one roof, where no module holds them all.
    """
    from torch import nn

    from wdlint.model.holding.wrappers import parameters_of

    missing = parameters_of(optimizer)
    held: list[tuple[nn.Module, set[int]]] = []
    for thing in gc.get_objects():
        if not issubclass(type(thing), nn.Module):  # isinstance would ask the object itself
            continue
        own = {id(p) for p in thing.parameters()}
        if own & missing:
            held.append((thing, own))
    chosen: list[nn.Module] = []
    while missing and held:
        # Most of what is missing, then least besides; among equals the outermost, whose names are the user's.
        best, own = max(held, key=lambda x: (len(x[1] & missing), -len(x[1]), _depth(x[0])))
        if not own & missing:
            break
        chosen.append(_inside(best))
        missing -= own
    if len(chosen) == 1:
        return _called(chosen[0]), chosen[0]
    roof = nn.Module()
    for number, module in enumerate(chosen):
        name = type(module).__name__.lower()
        roof.add_module(name if name not in roof._modules else f"{name}_{number}", module)
    return " and ".join(_called(m) for m in chosen) or "the parameters", roof


def _depth(module: nn.Module) -> int:
    """How many modules it holds: a wrapper of one module holds one more than it."""
    return sum(1 for _ in module.modules())


def _inside(module: nn.Module) -> nn.Module:
    """The user's module inside of torch's wrappers (DDP, FSDP, `torch.compile`), whose names the script knows."""
    while type(module).__module__.startswith(_WRAPPING) and len(module._modules) == 1:
        (inner,) = module._modules.values()
        if inner is None:
            break
        module = inner
    return module


def _called(module: nn.Module) -> str:
    """The name of a module's class; `fully_shard` makes one below the user's, with a name of its own."""
    kinds = type(module).__mro__
    sharded = len(kinds) > 2 and kinds[1].__module__.startswith("torch.distributed")
    return kinds[2].__name__ if sharded else kinds[0].__name__


def _builder(optimizer: Any) -> Place:
    """The user's call that built the optimizer: the nearest frame outside of libraries and its own constructors."""
    frame: FrameType | None = sys._getframe(2)
    nearest: FrameType | None = None
    while frame is not None:
        path = frame.f_code.co_filename
        own = frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is optimizer
        if not own and not path.startswith("<"):
            nearest = nearest or frame
            if not _of_library(path):
                return _place(frame)
        frame = frame.f_back
    from wdlint.facts import Place

    return _place(nearest) if nearest is not None else Place("<unknown>", 1, 1, 1, 1)


def _of_library(path: str) -> bool:
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parts = path.replace("\\", "/")
    return any(p in parts for p in ("/site-packages/", "/dist-packages/", "/lib/python")) or path.startswith(ours)


def _place(frame: FrameType) -> Place:
    from wdlint.facts import Place

    path = os.path.join(_HERE, frame.f_code.co_filename)
    if not os.path.exists(path):  # run by its relative name from the folder that the script went to
        path = os.path.abspath(frame.f_code.co_filename)
    shown = os.path.relpath(path, _HERE)
    file = path if shown.startswith("..") else shown
    line, end, column, end_column = frame.f_lineno, frame.f_lineno, 0, 0
    positions = getattr(frame.f_code, "co_positions", None)  # Python 3.11 and later
    if positions is not None:
        spans = list(positions())
        first, last, left, right = spans[frame.f_lasti // 2]
        if None not in (first, last, left, right):
            line, end, column, end_column = first, last, left, right
    return Place(file, line, column + 1, end, end_column + 1)


def begin() -> None:
    """Watch this process, and those that it starts."""
    watch = Watch()
    if HOOKED in sys.modules:  # Python's own start has imported it
        watch.attach(sys.modules[HOOKED])
    else:
        sys.meta_path.insert(0, Attach(watch.attach))
    launching.follow()


def main(arguments: Sequence[str]) -> None:
    """Run the script named first, or the module named after `--module`, with the rest as its arguments."""
    begin()
    is_module = arguments[0] == "--module"
    name, *rest = arguments[1:] if is_module else arguments
    sys.argv = [name, *rest]
    if is_module:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = os.path.dirname(os.path.abspath(name))
        runpy.run_path(name, run_name="__main__")


if __name__ == "__main__":
    from wdlint.model.running import watch as _self  # one copy of this module, whatever name it runs under

    _self.main(sys.argv[1:])
