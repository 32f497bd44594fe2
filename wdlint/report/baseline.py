"""The baseline: findings that are known and don't fail a run.

A file of fingerprints, beside what a person needs to recognise the findings. Fingerprints outlive
edits elsewhere in a file (see `wdlint.report.fingerprint`) and the renaming of a file; an edit of the
offending lines makes a finding new. Files that could not be judged are never in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from wdlint.complaint import Complaint
from wdlint.facts import Finding
from wdlint.files.writing import write_whole
from wdlint.report.excerpt import Excerpts
from wdlint.report.fingerprint import fingerprints

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One known finding; `file` is as seen from the baseline's folder."""

    fingerprint: str
    code: str
    file: str
    message: str
    latent: bool = False  # behind a default of 0: seen only by a run that asks for those


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
        found = document["findings"]
        rows = [(row["fingerprint"], row["code"], row["file"], row["message"]) for row in found]
        if not all(isinstance(value, str) for row in rows for value in row):
            raise ValueError
        return tuple(Entry(*row, bool(of.get("latent"))) for row, of in zip(rows, found, strict=True))
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
        {"file": e.file, "code": e.code, "message": e.message, "fingerprint": e.fingerprint}
        | ({"latent": True} if e.latent else {})
        for e in ordered
    ]
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
            finding.latent,
        )
        for finding in findings
    ]


def moved(entries: Sequence[Entry], findings: Sequence[Finding], excerpts: Excerpts, path: str) -> tuple[Entry, ...]:
    """The entries, those of files that are gone under the name of the file that now has all of their findings.

    Of each file that is gone, the first with the same faults in the same lines is taken for the renamed one.
    """
    base = os.path.dirname(os.path.abspath(path))
    by_file: dict[str, list[Entry]] = {}
    for entry in entries:
        by_file.setdefault(entry.file, []).append(entry)
    gone = [file for file in by_file if not os.path.exists(os.path.join(base, *file.split("/")))]
    if not gone:
        return tuple(entries)
    present: dict[str, list[Finding]] = {}
    for finding in findings:
        present.setdefault(os.path.relpath(finding.place.file, base).replace(os.sep, "/"), []).append(finding)
    candidates = {file: found for file, found in present.items() if file not in by_file}
    for file in gone:
        wanted = {entry.fingerprint for entry in by_file[file]}
        for now, found in candidates.items():
            if wanted <= set(fingerprints(found, excerpts, base, file).values()):
                by_file[file] = [
                    replace(entry, file=now, fingerprint=name)
                    for entry, name in _renamed(by_file[file], found, excerpts, base)
                ]
                del candidates[now]
                break
    return tuple(entry for held in by_file.values() for entry in held)


def _renamed(
    entries: Sequence[Entry], findings: Sequence[Finding], excerpts: Excerpts, base: str
) -> Iterator[tuple[Entry, str]]:
    """Each entry of a file with the fingerprint that its finding has in the file's new place."""
    before, after = fingerprints(findings, excerpts, base, entries[0].file), fingerprints(findings, excerpts, base)
    for entry in entries:
        yield entry, next(after[which] for which, name in before.items() if name == entry.fingerprint)


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
    entries: Iterable[Entry],
    findings: Sequence[Finding],
    excerpts: Excerpts,
    path: str,
    files: Iterable[str],
    would_see: Callable[[Entry, str], bool] = lambda entry, file: True,
) -> list[Entry]:
    """The entries without those whose finding is gone.

    Of a file that this run did not look at (`files` are those it did) nothing is known, unless it no
    longer exists; nor of what it would not have seen in a file: what a rule says that did not run.
    """
    base = os.path.dirname(os.path.abspath(path))
    looked_at = {os.path.relpath(file, base).replace(os.sep, "/"): file for file in files}
    there = {entry.fingerprint for entry in entries_of(findings, excerpts, path)}
    return [
        entry
        for entry in entries
        if entry.fingerprint in there
        or (
            not would_see(entry, looked_at[entry.file])
            if entry.file in looked_at
            else os.path.exists(os.path.join(base, *entry.file.split("/")))
        )
    ]
