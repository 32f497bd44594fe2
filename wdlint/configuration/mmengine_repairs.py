"""What exempts gains and biases in a configuration of mmengine or mmcv: a factor in `paramwise_cfg`, or all of it.

Everything else in the file stays as it is. What is inherited is mended in the file that inherits.
"""

from __future__ import annotations

import re

from wdlint.configuration.options import decoupled, excerpt
from wdlint.configuration.setups import Document
from wdlint.documents.nodes import Entry, Lines, Mapping, Scalar, number
from wdlint.facts import Applicability, Edit, Fix, Place

_REACH = ("WD103", "WD104", "WD301")
_INHERITED = "configurations that inherit from this one inherit it, too"


def repairs(
    document: Document, owner: Mapping, optimizer: Mapping, named: Entry, *, is_wrapper: bool
) -> dict[str, Fix]:
    """The repairs by the code of the finding."""
    text = _Text(document)
    found: dict[str, Fix] = {}
    name = named.value.value if isinstance(named.value, Scalar) else None
    if text.has(named.place) and isinstance(name, str):
        path = name if "." in name else f"torch.optim.{name}"
        found.update(decoupled(named, path, excerpt(document.text, named.value.place)))
    wanted = ("flat_decay_mult",) if is_wrapper else ("norm_decay_mult", "bias_decay_mult")
    edits = _exempting(text, owner, optimizer, wanted, is_wrapper)
    if edits:
        written = ", ".join(f"{key}=0." for key in wanted)
        most, hazard = (Applicability.SAFE, "") if is_wrapper else (Applicability.UNSAFE, _INHERITED)
        which = "gains and biases" + (" that no key of `custom_keys` matches" if _keeps_decay(owner) else "")
        fix = Fix(f"Exempt {which}: `paramwise_cfg=dict({written})`", most, tuple(edits), hazard)
        found.update(dict.fromkeys(_REACH, fix))
    return found


def _keeps_decay(owner: Mapping) -> bool:
    """Whether some key of `custom_keys` leaves what it matches decayed: a key goes before all other factors."""
    given = owner.mapping("paramwise_cfg")
    keys = given.mapping("custom_keys") if given is not None else None
    held = [entry.value for entry in keys.entries] if keys is not None else []
    return any(not isinstance(value, Mapping) or number(value.get("decay_mult")) != 0 for value in held)


def _exempting(
    text: _Text, owner: Mapping, optimizer: Mapping, wanted: tuple[str, ...], is_wrapper: bool
) -> list[Edit]:
    given = owner.entry("paramwise_cfg")
    edits: list[Edit] = []
    decay = optimizer.entry("weight_decay")
    if decay is None:  # the factors act on what is written alone
        return []
    if given is None:
        beside = owner.entry("optimizer") if is_wrapper else decay
        written = ", ".join(f"{key}=0." for key in wanted)
        added = text.after(beside, "paramwise_cfg", f"dict({written})") if beside is not None else None
        return [added] if added is not None else []
    if not isinstance(given.value, Mapping) or not text.has(given.value.place):
        return []
    missing: list[str] = []
    for key in wanted:
        entry = given.value.entry(key)
        if entry is None:
            missing.append(key)
        elif number(entry.value) != 0:
            if not text.has(entry.value.place):
                return []
            edits.append(Edit(entry.value.place, "0."))
    if missing:
        first = text.first_in(given.value, missing)
        if first is None:
            return []
        edits.append(first)
    return edits


class _Text:
    """The text of a file, and what may be written where."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._file = document.file
        self._lines = Lines(document.file, document.text)
        self._line_end = "\r\n" if "\r\n" in document.text else "\n"

    def has(self, place: Place) -> bool:
        return place.file == self._file

    def _end(self, entry: Entry) -> int | None:
        """Where an entry's value ends, be it written there or a name; None where it can't be told."""
        if not self.has(entry.place):
            return None
        after = self._lines.of(entry.place.end_line, entry.place.end_column)
        name = re.compile(r"\s*[:=]\s*[A-Za-z_]\w*(?=\s*[,)}])").match(self._text, after)
        if name is not None:
            return name.end()
        value = entry.value.place
        if not self.has(value):
            return None
        start = self._lines.of(value.line, value.column)
        is_there = after <= start and re.fullmatch(r"\s*[:=]\s*", self._text[after:start]) is not None
        return self._lines.of(value.end_line, value.end_column) if is_there else None

    def after(self, entry: Entry, key: str, value: str) -> Edit | None:
        """A further entry after one, written like it: quoted or not, on a line of its own or not."""
        end = self._end(entry)
        if end is None:
            return None
        start = self._start(entry)
        quote = self._text[start] if self._text[start] in "'\"" else ""
        word = f"{quote}{key}{quote}: {_display(value, quote)}" if quote else f"{key}={value}"
        indent = self._text[self._lines.of(entry.place.line, 1) : start]
        return self._inserted(end, (", " if indent.strip() else f",{self._line_end}{indent}") + word)

    def first_in(self, mapping: Mapping, keys: list[str]) -> Edit | None:
        """Entries of 0 in front of all others of a mapping."""
        start = self._lines.of(mapping.place.line, mapping.place.column)
        opening = re.compile(r"dict\(|\{").match(self._text, start)
        if opening is None:
            return None
        first = self._start(mapping.entries[0]) if mapping.entries else opening.end()
        if first < opening.end() or self._text[opening.end() : first].strip():
            return None  # the first entry comes from elsewhere
        quote = "" if opening[0] != "{" else '"' if self._text[first] == '"' else "'"
        sign = ": " if quote else "="
        words = [f"{quote}{key}{quote}{sign}0." for key in keys]
        if not mapping.entries:
            return self._inserted(first, ", ".join(words))
        indent = self._text[self._lines.of(mapping.entries[0].place.line, 1) : first]
        parting = ", " if indent.strip() else f",{self._line_end}{indent}"
        return self._inserted(first, parting.join((*words, "")))

    def _inserted(self, index: int, text: str) -> Edit:
        line, column = self._lines.position(index)
        return Edit(Place(self._file, line, column, line, column), text)

    def _start(self, entry: Entry) -> int:
        return self._lines.of(entry.place.line, entry.place.column)


def _display(value: str, quote: str) -> str:
    """`dict(a=0.)` as `{'a': 0.}`."""
    return "{" + re.sub(r"(\w+)=", rf"{quote}\1{quote}: ", value.removeprefix("dict(").removesuffix(")")) + "}"
