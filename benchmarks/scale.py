"""Time and memory of wdlint on a large generated repository, and on programs that grow in one direction.

    python benchmarks/scale.py [--files 20000] [--scripts 2000] [--keep FOLDER]
    python benchmarks/scale.py --growing [KIND…]

Writes a repository of packages in which one file in so many is a training script with a model in a
neighbouring file, and the others are ordinary code. Prints CPU and wall seconds and the largest
resident memory of a process: cold and warm, with one and with two workers. With `--growing`, takes the CPU seconds of
single programs of the tests' kinds (`tests/helpers/programs/growing.py`), each at four, eight and sixteen times the
number at which the tests count its work: what doubles with the number is right.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODEL = """\
import torch
from torch import nn


class Block{n}(nn.Module):
    def __init__(self, width: int = {width}) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, 4 * width)
        self.outer = nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.outer(torch.relu(self.inner(self.norm(x))))


class Net{n}(nn.Module):
    def __init__(self, depth: int = 4, classes: int = 10) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block{n}() for _ in range(depth))
        self.head = nn.Linear({width}, classes)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)
"""
TRAIN = """\
import argparse

import torch
import torch.nn.functional as F

from .model_{n} import Net{n}


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default={decay})
    parser.add_argument("--epochs", type=int, default=10)
    return parser.parse_args()


def train(loader, args):
    model = Net{n}()
    {groups}
    optimizer = torch.optim.AdamW({parameters}, lr=args.lr, weight_decay=args.weight_decay)
    for _ in range(args.epochs):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    train([], options())
"""
SPLIT = "groups = [{'params': [p for p in model.parameters() if p.ndim > 1]}, " \
    "{'params': [p for p in model.parameters() if p.ndim < 2], 'weight_decay': 0.0}]"  # fmt: skip
ORDINARY = '''\
"""Module {n}: nothing of interest."""

import json
import os


class Record{n}:
    def __init__(self, name, values):
        self.name = name
        self.values = list(values)

    def total(self):
        return sum(value for value in self.values if value is not None)

    def as_json(self):
        return json.dumps({{"name": self.name, "values": self.values}})


def load_{n}(folder):
    found = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name)) as file:
            found.append(Record{n}(name, json.load(file)))
    return found
'''


def generate(top: Path, files: int, scripts: int) -> None:
    chance = random.Random(20261123)
    per_folder = 40
    number = 0
    for folder in range((files + per_folder - 1) // per_folder):
        package = top / f"package_{folder:04}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        for _ in range(min(per_folder - 1, files - number)):
            if number * scripts // files != (number + 1) * scripts // files:
                divided = chance.random() < 0.5
                groups, parameters = (SPLIT, "groups") if divided else ("", "model.parameters()")
                width = 2 ** chance.randint(4, 8)
                (package / f"model_{number}.py").write_text(MODEL.format(n=number, width=width))
                text = TRAIN.format(n=number, decay=chance.choice([0.1, 0.01]), groups=groups, parameters=parameters)
                (package / f"train_{number}.py").write_text(text)
            else:
                (package / f"module_{number}.py").write_text(ORDINARY.format(n=number) * chance.randint(1, 6))
            number += 1


def measure(top: Path, *options: str) -> str:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    command = [sys.executable, "-m", "wdlint", "check", "--statistics", *options, "."]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = sum(int(line.split()[0]) for line in done.stdout.splitlines())
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return f"{cpu:8.2f} s CPU {wall:8.2f} s wall {after.ru_maxrss / 1024:8.0f} MiB  {found} findings"


def measure_growing(kinds: list[str]) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from helpers.programs.growing import GROWING

    with tempfile.TemporaryDirectory(prefix="wdlint-growing-") as folder:
        for growing in GROWING:
            if kinds and growing.name not in kinds:
                continue
            seconds = []
            for number in (4 * growing.number, 8 * growing.number, 16 * growing.number):
                Path(folder, growing.file).write_text(growing.program(number))
                before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                command = [sys.executable, "-m", "wdlint", "check", "--no-cache", "--exit-zero", growing.file]
                subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
                seconds.append(f"{number}: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before:.2f} s")
            print(f"{growing.name:<16}", ", ".join(seconds), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--growing", nargs="*", metavar="KIND", help="measure programs of these kinds (none: of all)")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--scripts", type=int, default=2_000)
    parser.add_argument("--keep", type=Path, help="write the repository here and leave it")
    args = parser.parse_args()
    if args.growing is not None:
        measure_growing(args.growing)
        return
    top = args.keep or Path(tempfile.mkdtemp(prefix="wdlint-scale-"))
    if not (top / "package_0000").exists():
        generate(top, args.files, args.scripts)
    size = sum(path.stat().st_size for path in top.rglob("*.py"))
    print(f"{sum(1 for _ in top.rglob('*.py'))} files, {size / 1e6:.1f} MB, {os.cpu_count()} processors")
    # The largest memory so far is all that the system tells of finished processes: cheapest first.
    cache = tempfile.mkdtemp(prefix="wdlint-cache-")
    try:
        print("cold, 1 worker :", measure(top, "-j", "1", "--cache-dir", cache), flush=True)
        print("warm, 1 worker :", measure(top, "-j", "1", "--cache-dir", cache), flush=True)
        print("cold, 2 workers:", measure(top, "-j", "2", "--no-cache"), flush=True)
        print("warm, 2 workers:", measure(top, "-j", "2", "--cache-dir", cache), flush=True)
    finally:
        shutil.rmtree(cache)
        if not args.keep:
            shutil.rmtree(top)


if __name__ == "__main__":
    main()
