"""tqdm: a loop with a progress bar runs over what it is given."""

from __future__ import annotations

from wdlint.source.libraries.library import Library, passed_through

LIBRARY = Library(
    paths=("tqdm",),
    calls=dict.fromkeys(("tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.tqdm"), passed_through),
)
