"""The list of benchmarks names each of them, and what it says is what their first lines say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[2]


def test_every_benchmark_is_listed_with_a_line() -> None:
    told = subprocess.run(
        [sys.executable, "benchmarks"], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    names = {line.split()[1].removeprefix("benchmarks/") for line in told}
    texts = {path.name: path.read_text(encoding="utf-8") for path in (TOP / "benchmarks").glob("[!_]*.py")}
    assert names == {name for name, text in texts.items() if "\ndef main(" in text}
    for line in told:
        _, path, words = line.split(maxsplit=2)
        assert texts[path.removeprefix("benchmarks/")].startswith(f'"""{words}')
