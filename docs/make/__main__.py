"""Write anew what is made from the project: `python docs/make`, or `python docs/make PAGE…` for some pages only."""

from __future__ import annotations

import sys
from pathlib import Path

import generated
from story import TOP


def main(named: list[str]) -> None:
    chosen = [Path(name).resolve() for name in named] or generated.pages()
    made = {} if named else generated.whole_files()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    for stale in set() if named else set((TOP / "docs" / "rules").glob("*.md")) - set(made):
        stale.unlink()
    for path in chosen:
        path.write_text(generated.page(path), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
