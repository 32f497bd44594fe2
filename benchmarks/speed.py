"""CPU seconds of wdlint and its peers on one tree and one script, in one run, beside the goals.

    python benchmarks/speed.py TREE SCRIPT --torchfix VENV --others VENV [--runs 3]

TREE is an unpacked `transformers` wheel (any tree of Python files will do), SCRIPT a training script. How to make
the two environments of the peers says the README of this folder. Seconds are user and system time of whole
processes, medians; the machine's noise is far larger in wall time. A sample keeps the share of bytes that the tree
has in files with and without "torch" in them, since TorchFix looks at the former only.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wdlint.source.read.screen import may_matter

SEED = 20261123
START_UP = 0.020  # seconds that a screened-out file may cost beyond Python and click


@dataclass(frozen=True)
class Tool:
    """How to run a linter on paths."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """What the goals are about, in CPU seconds unless said otherwise."""

    tree: dict[str, float]
    passing: dict[str, float]
    start_up: float  # Python and click
    screened_out: float
    parse: float  # libcst, of every file that was parsed for the passing ones
    own: float  # all other work on them


def cpu(command: Sequence[str], runs: int) -> float:
    """Median user and system seconds of a command; what it prints is dropped, its exit code ignored."""
    seconds = []
    for _ in range(runs):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        seconds.append(usage.ru_utime + usage.ru_stime)
    return statistics.median(seconds)


def tools(torchfix: Path, others: Path) -> list[Tool]:
    """wdlint and its peers, each on one process and one thread, without caches."""
    at = others / "bin"
    return [
        Tool("wdlint", (sys.executable, "-m", "wdlint", "--isolated", "--no-cache", "-j1")),
        Tool("ruff (F401)", (str(at / "ruff"), "check", "--isolated", "--no-cache", "--select", "F401")),
        Tool("flake8 (F401)", (str(at / "flake8"), "--isolated", "-j1", "--select", "F401")),
        Tool("Fixit (one rule)", (str(at / "fixit"), "--rules", "fixit.rules.no_inherit_from_object", "lint")),
        Tool("TorchFix", (str(torchfix / "bin" / "torchfix"), "-j1")),
    ]


def sample(files: Sequence[Path], size: int) -> list[Path]:
    """Random files of about `size` bytes, with and without "torch" by their share of all bytes."""
    contents = {path: path.read_bytes() for path in files}
    total = sum(map(len, contents.values()))
    chosen: list[Path] = []
    for with_torch in (True, False):
        stratum = [path for path in files if (b"torch" in contents[path]) is with_torch and contents[path]]
        wanted = size * sum(len(contents[path]) for path in stratum) / total
        random.Random(SEED).shuffle(stratum)
        for path in stratum:
            if wanted < len(contents[path]) / 2:
                continue
            chosen.append(path)
            wanted -= len(contents[path])
    return sorted(chosen)


def parse_and_own(files: Sequence[Path]) -> tuple[float, float]:
    """CPU seconds of libcst's parses and of all else, when files are linted in this process."""
    import libcst

    from wdlint.linting.lint import Linter
    from wdlint.linting.work import collecting_rarely
    from wdlint.settings.config import Configuration

    spent = 0.0
    parse: Callable[..., libcst.Module] = libcst.parse_module

    def timed(*given: object) -> libcst.Module:
        nonlocal spent
        before = time.process_time()
        try:
            return parse(*given)
        finally:
            spent += time.process_time() - before

    linter = Linter(Configuration(isolated=True))
    linter.check(str(files[0]))  # imports the engine
    linter = Linter(Configuration(isolated=True))
    libcst.parse_module = timed
    try:
        gc.collect()
        with collecting_rarely():
            before = time.process_time()
            for path in files:
                linter.check(str(path))
            return spent, time.process_time() - before - spent
    finally:
        libcst.parse_module = parse


def row(name: str, *cells: str) -> None:
    print(f"{name:34}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def measured(every: list[Tool], paths: Sequence[str], runs: int) -> dict[str, float]:
    """The seconds of each tool on the same paths, printed as they come."""
    found: dict[str, float] = {}
    for tool in every:
        found[tool.name] = cpu([*tool.command, *paths], runs)
        row(f"  {tool.name}", f"{found[tool.name]:.3f}", f"{found[tool.name] / found['wdlint']:.1f}x")
    return found


def size_of(paths: Sequence[Path]) -> str:
    return f"{len(paths)} files, {sum(p.stat().st_size for p in paths) / 1e6:.2f} MB"


def run(options: argparse.Namespace) -> Figures:
    """Measure and print everything; what the goals need comes back."""
    os.environ["RAYON_NUM_THREADS"] = "1"  # ruff's threads
    every = tools(options.torchfix, options.others)
    files = sorted(options.tree.rglob("*.py"))
    passing = [path for path in files if may_matter(path.read_bytes())]
    fair = sample(files, options.bytes)
    few = passing[:: max(1, sum(p.stat().st_size for p in passing) // options.bytes)]

    print(f"The whole tree: {size_of(files)}; {size_of(passing)} pass the screen")
    tree = measured(every[:2], [str(options.tree)], options.runs)
    print(f"\nA sample of it: {size_of(fair)}")
    measured(every, [str(p) for p in fair], options.runs)
    print(f"\nOf what passes the screen: {size_of(few)}")
    passing_seconds = measured([every[0], *every[3:]], [str(p) for p in few], options.runs)
    print(f"\nOne script: {options.script.name}, {options.script.stat().st_size:,} bytes")
    measured(every, [str(options.script)], options.runs)

    print("\nStart-up")
    with tempfile.TemporaryDirectory() as folder:
        dropped = Path(folder, "dropped.py")
        dropped.write_text("print(1)\n")
        many = max(11, options.runs)
        start_up = cpu([sys.executable, "-c", "import click"], many)
        screened_out = cpu([*every[0].command, str(dropped)], many)
    row("  Python and click", f"{start_up:.3f}")
    row("  wdlint, a screened-out file", f"{screened_out:.3f}")

    print("\nIn one process, on the script and what passes the screen")
    parse, own = parse_and_own([options.script, *few])
    row("  libcst's parse, imports included", f"{parse:.3f}")
    row("  all other work", f"{own:.3f}", f"{own / parse:.2f}x")
    return Figures(tree, passing_seconds, start_up, screened_out, parse, own)


def goals(figures: Figures) -> None:
    """Print each goal, what was measured, and whether it is met."""

    def goal(words: str, value: float, bound: float, unit: str, at_least: bool = False) -> None:
        met = value >= bound if at_least else value <= bound
        told = f"{'at least' if at_least else 'at most'} {bound:.3g}{unit}"
        row(f"  {words}", f"{value:.3g}{unit}", told, "met" if met else "NOT MET")

    print("\nGoals")
    goal("whole tree, seconds (ruff's)", figures.tree["wdlint"], figures.tree["ruff (F401)"], " s")
    passing = figures.passing
    goal("faster than Fixit", passing["Fixit (one rule)"] / passing["wdlint"], 15, "x", at_least=True)
    goal("faster than TorchFix", passing["TorchFix"] / passing["wdlint"], 40, "x", at_least=True)
    goal("a screened-out file", figures.screened_out, figures.start_up + START_UP, " s")
    goal("own work beside the parse", figures.own / figures.parse, 1.0, "x")


def main() -> None:
    words = (__doc__ or "").split("\n", 1)[0]
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("tree", type=Path)
    parser.add_argument("script", type=Path)
    parser.add_argument("--torchfix", type=Path, required=True, help="environment with torchfix")
    parser.add_argument("--others", type=Path, required=True, help="environment with fixit, flake8 and ruff")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bytes", type=int, default=1_200_000, help="size of each sample")
    goals(run(parser.parse_args()))


if __name__ == "__main__":
    main()
