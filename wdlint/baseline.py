"""The baseline: findings that are known and don't fail a run.

A file of fingerprints, beside what a person needs to recognise the findings. Fingerprints outlive
edits elsewhere in a file (see `wdlint.fingerprint`); an edit of the offending lines makes a finding
new. Files that could not be judged are never in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wdlint.complaint import Complaint
from wdlint.excerpt import Excerpts
from wdlint.facts import Finding
from wdlint.fingerprint import fingerprints
from wdlint.writing import write_whole

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One known finding; `file` is as seen from the baseline's folder."""

    fingerprint: str
    code: str
    file: str
    message: str


def read(path: str) -> tuple[Entry, ...]:
    """The entries of a baseline file.

    Raises:
        Complaint: it can't be read, or is no baseline of this version.
    """
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if document["wdlint-baseline"] != VERSION:
            raise Complaint(f"{path}: is a baseline of another version; write it again with --write-baseline")
        rows = [(row["fingerprint"], row["code"], row["file"], row["message"]) for row in document["findings"]]
        if not all(isinstance(value, str) for row in rows for value in row):
            raise ValueError
        return tuple(Entry(*row) for row in rows)
    except FileNotFoundError:
        raise Complaint(f"{path}: there is no such baseline; --write-baseline makes it") from None
    except OSError as error:
        raise Complaint(f"{path}: can't be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Complaint(f"{path}: is no baseline; write it again with --write-baseline") from None


def write(path: str, entries: Iterable[Entry]) -> None:
    """Write a baseline, in an order that keeps its diffs small.

    Raises:
        Complaint: it can't be written.
    """
    ordered = sorted(entries, key=lambda entry: (entry.file, entry.code, entry.message, entry.fingerprint))
    rows = [
        {"file": e.file, "code": e.code, "message": e.message, "fingerprint": e.fingerprint} for e in ordered
    ]  # fmt: skip
    document = {"wdlint-baseline": VERSION, "findings": rows}
    write_whole(path, (json.dumps(document, indent=1) + "\n").encode())


def entries_of(findings: Sequence[Finding], excerpts: Excerpts, path: str) -> list[Entry]:
    """The entries that stand for findings in the baseline file at `path`."""
    base = os.path.dirname(os.path.abspath(path))
    names = fingerprints(findings, excerpts, base)
    return [
        Entry(
            names[id(finding)],
            finding.code,
            os.path.relpath(finding.place.file, base).replace(os.sep, "/"),
            finding.message,
        )
        for finding in findings
    ]


def divided(
    findings: Sequence[Finding], excerpts: Excerpts, path: str, entries: Iterable[Entry]
) -> tuple[list[Finding], list[Finding]]:
    """New findings, and those that the baseline knows."""
    known = {entry.fingerprint for entry in entries}
    new: list[Finding] = []
    old: list[Finding] = []
    for finding, entry in zip(findings, entries_of(findings, excerpts, path), strict=True):
        (old if entry.fingerprint in known else new).append(finding)
    return new, old


def pruned(
    entries: Iterable[Entry], findings: Sequence[Finding], excerpts: Excerpts, path: str, files: Iterable[str]
) -> list[Entry]:
    """The entries without those whose finding is gone.

    Of a file that this run did not look at (`files` are those it did) nothing is known, unless it no
    longer exists.
    """
    base = os.path.dirname(os.path.abspath(path))
    looked_at = {os.path.relpath(file, base).replace(os.sep, "/") for file in files}
    there = {entry.fingerprint for entry in entries_of(findings, excerpts, path)}
    return [
        entry
        for entry in entries
        if entry.fingerprint in there
        or (entry.file not in looked_at and os.path.exists(os.path.join(base, *entry.file.split("/"))))
    ]
