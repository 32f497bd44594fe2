"""detectron2: `LazyCall(f)(…)` is a call of `f` that is made later, and is read as made."""

from __future__ import annotations

from wdlint.source.libraries.library import Library, passed_through

LIBRARY = Library(
    paths=("detectron2",),
    calls=dict.fromkeys(("detectron2.config.LazyCall", "detectron2.config.lazy.LazyCall"), passed_through),
)
