"""The benchmarks: `python benchmarks` lists them; each is run by its own name.

What a benchmark measures is the first line of its module; one that has a `main` is run by hand, the others are shared.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def benchmarks() -> Iterator[tuple[str, str]]:
    """The benchmarks with what each measures, read from their first lines and not imported."""
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            yield path.name, (ast.get_docstring(tree) or "").partition("\n")[0]


def main() -> None:
    listed = list(benchmarks())
    width = max(len(name) for name, _ in listed)
    for name, words in listed:
        print(f"python benchmarks/{name:<{width}}  {words}")


if __name__ == "__main__":
    main()
