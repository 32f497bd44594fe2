"""The configuration engine's door: the bytes of one file in, its facts and their repairs out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module

from wdlint.configuration.screen import LARGEST, SUFFIXES
from wdlint.configuration.setups import Dialect, Document, Setup
from wdlint.documents import nodes
from wdlint.documents.nodes import Mapping, Node, Unreadable
from wdlint.facts import FileFacts, IdleDecay, Place

ReadFile = Callable[[str], "bytes | None"]

# In the order in which a file is asked what it is: the most certain marks first.
_DIALECTS = ("deepspeed", "huggingface", "torchtune", "lightning", "short_names", "detectron2", "hydra", "mmengine")


class ReaderMissing(Exception):
    """What reads files of this kind is not installed."""


class Observed:
    """What one file says: the optimizers that it configures, decays without effect, and where it can't be read."""

    def __init__(self, file: str, found: Sequence[Setup | IdleDecay] = (), unread: Place | None = None) -> None:
        self.file = file
        self.setups = tuple(one for one in found if isinstance(one, Setup))
        self.idle = tuple(one for one in found if isinstance(one, IdleDecay))
        self.unread = unread

    def added_to(self, facts: FileFacts) -> FileFacts:
        """The facts of a program with what it configures besides."""
        return replace(facts, uses=(*facts.uses, *self.facts.uses)) if self.setups else facts

    @property
    def facts(self) -> FileFacts:
        unread = (self.unread,) if self.unread is not None else ()
        uses = tuple(setup.use for setup in self.setups)
        return FileFacts(self.file, uses=uses, idle=self.idle, unread=unread)


def observe(file: str, data: bytes, read: ReadFile, scripts: Callable[[str], Iterable[str]]) -> Observed | None:
    """What a file configures; None where it is no configuration that is known.

    Args:
        file: its path as reports show it.
        data: its bytes.
        read: the bytes of another file, or None where there is none.
        scripts: the texts of the project's Python files that mention a word.

    Raises:
        ReaderMissing: it may be one, and what reads its kind is not installed.
    """
    candidates = [dialect for dialect in _dialects() if dialect.may_be(file, data)]
    if not candidates:
        return None
    try:
        text = data.decode("utf-8-sig")
        root = document(file, text)
    except UnicodeDecodeError:
        return None
    except Unreadable as error:
        if file.endswith(".json") or b"{{" in data or b"{%" in data:
            return None  # nearly JSON, or a template: no program reads it as it stands
        return Observed(file, unread=Place(file, error.line, error.column, error.line, error.column + 1))
    if not isinstance(root, Mapping):
        return None

    def neighbour(path: str) -> Mapping | None:
        return _neighbour(os.path.normpath(os.path.join(os.path.dirname(file), path)), read)

    whole = Document(file, root, text, neighbour, scripts)
    for dialect in candidates:
        found = dialect.read(whole)
        if found is not None:
            return Observed(file, found)
    return None


def document(file: str, text: str) -> Node:
    """The values in a text, by the end of its file's name.

    Raises:
        Unreadable: it is none of its kind.
        ReaderMissing: what reads its kind is not installed.
    """
    if file.endswith(".json"):
        from wdlint.documents import json

        return json.read(file, text)
    if file.endswith(SUFFIXES):
        from wdlint.documents import yaml

        if not yaml.is_installed():
            raise ReaderMissing("ruamel.yaml")
        return yaml.read(file, text)
    from wdlint.documents import python

    return python.read(file, text)


def _neighbour(path: str, read: ReadFile) -> Mapping | None:
    data = read(path)
    if data is None or len(data) > LARGEST:
        return None
    try:
        root = document(path, data.decode("utf-8-sig"))
    except (UnicodeDecodeError, nodes.Unreadable, ReaderMissing):
        return None
    return root if isinstance(root, Mapping) else None


@cache
def _dialects() -> tuple[Dialect, ...]:
    return tuple(import_module(f"wdlint.configuration.{name}").DIALECT for name in _DIALECTS)
