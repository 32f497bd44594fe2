"""Training loops of libraries: the static reading of a script beside the live groups of the optimizer that it makes.

    python benchmarks/trainers.py [CASE…]

Each case (`trainer_cases.py`) is a script of our own that ends with an optimizer in the variable `made`. It is run, and
`explain-site`'s facts are compared with the live groups, parameter by parameter: whether each is decayed. A case whose
library is not installed is left out; install what you want to see.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import os
import runpy
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from trainer_cases import CASES, NET, Case

from wdlint.facts import OptimizerUse, Ternary
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration


def live(case: Case, folder: Path) -> dict[str, bool]:
    """Whether each parameter is decayed, by name, in the optimizer that the script makes."""
    sys.path.insert(0, str(folder))
    sys.modules.pop("net", None)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            made = runpy.run_path(str(folder / "train.py"))
    finally:
        sys.path.remove(str(folder))
    names = {id(p): name for name, p in made[case.model].named_parameters()}
    optimizer = made["made"]
    if hasattr(optimizer, "hypers"):  # fastai's own, which marks single parameters
        marked = hasattr(optimizer, "cbs")  # what it wraps of torch does not look at the marks
        return {
            names[id(p)]: bool(hyper.get("wd")) and (not marked or optimizer.state[p].get("do_wd", True))
            for held, hyper in zip(optimizer.param_lists, optimizer.hypers, strict=True)
            for p in held
        }
    return {
        names[id(p)]: bool(group.get("weight_decay"))
        for group in optimizer.param_groups
        for p in group["params"]
        if id(p) in names and p.requires_grad
    }


def read(case: Case, folder: Path) -> OptimizerUse | None:
    """The optimizer as wdlint reads it."""
    configures = case.line in dict(case.files)
    file = folder / (case.line if configures else "train.py")
    linter = Linter(Configuration(isolated=True))
    linter.check(str(file))
    if linter.reading is None:
        return None
    lines = file.read_text().splitlines()
    for use in linter.reading.facts.uses:
        if configures or lines[use.place.line - 1].startswith(case.line):
            return use
    return None


def differences(use: OptimizerUse, groups: dict[str, bool], kinds: dict[str, str]) -> Iterator[str]:
    """The parameters that are decayed here and not there."""
    if use.inventory is not None:
        for index, parameter in enumerate(use.inventory.parameters):
            decayed = any(g.members[index] is Ternary.YES and g.amount.decays for g in use.groups if g.members)
            for name, truth in groups.items():
                if _is(parameter.name, name) and truth is not decayed:
                    yield f"{name}: read as {'' if decayed else 'not '}decayed"
        return
    for name, truth in groups.items():
        if not kinds[name]:
            continue
        answers = [getattr(g.division, kinds[name]) for g in use.groups if g.amount.decays]
        if Ternary.UNKNOWN in answers:
            continue
        if (Ternary.YES in answers) is not truth:
            yield f"{name} ({kinds[name]}): read as {'' if Ternary.YES in answers else 'not '}decayed"


def _is(pattern: str, name: str) -> bool:
    parts, others = pattern.split("."), name.split(".")
    return len(parts) == len(others) and all(a in ("*", b) for a, b in zip(parts, others, strict=True))


def _kind(name: str) -> str:
    """The kind of an ordinary parameter; empty for the others, of which a reading without a model says nothing."""
    owner, _, attribute = name.rpartition(".")
    is_norm = owner.rpartition(".")[2] in ("norm", "bn")
    if attribute == "bias":
        return "" if is_norm else "biases"
    return "gains" if is_norm else "weights" if attribute == "weight" else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    wanted = parser.parse_args().cases
    wrong = 0
    for case in CASES:
        if wanted and not any(word in case.name for word in wanted):
            continue
        if importlib.util.find_spec(case.library) is None:
            print(f"{case.name:28} {case.library} is not installed")
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(os.path.realpath(name))
            for file, text in (("net.py", NET), ("train.py", case.script), *case.files):
                (folder / file).write_text(text)
            before = os.getcwd()
            os.chdir(folder)
            try:
                groups = live(case, folder)
                use = read(case, folder)
            except Exception as error:  # a library that is not whole, or another release
                print(f"{case.name:28} did not run: {type(error).__name__}: {error}")
                continue
            finally:
                os.chdir(before)
        if use is None and not any(groups.values()):
            print(f"{case.name:28} {len(groups)} parameters, none decayed: nothing is read, rightly")
            continue
        if use is None:
            print(f"{case.name:28} is not read")
            wrong += 1
            continue
        told = list(differences(use, groups, {name: _kind(name) for name in groups}))
        wrong += bool(told)
        print(f"{case.name:28} {len(groups)} parameters, {sum(groups.values())} decayed: {'; '.join(told) or 'agrees'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
