"""`--fix` and `--diff`: the files that are to be mended, their proof by the linter, what is written and said.

How a fix is planned and applied is in `wdlint.fix`; here it meets the linter, the disk and the user.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wdlint.complaint import Complaint
from wdlint.facts import Applicability, Finding, Fix
from wdlint.files.patch import patch
from wdlint.files.paths import display
from wdlint.fix.apply import Allowed, Outcome, fixed
from wdlint.fix.proof.version import Importer, Read
from wdlint.harmless import harmless
from wdlint.linting.checked import Checked
from wdlint.linting.importers import Importers
from wdlint.linting.lint import Linter
from wdlint.report.plain import counted, position
from wdlint.settings.catalogue import Settings

Fixer = Callable[[str, bytes, Read, Allowed, Sequence[Importer]], Outcome]


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of mending some files."""

    checked: tuple[Checked, ...]  # what is left of each file
    fixed: tuple[Finding, ...]
    unproven: tuple[Finding, ...]
    patch: bytes = b""
    errors: tuple[tuple[str, str], ...] = ()


def mend(
    checked: Iterable[Checked],
    settings_of: Callable[[str], Settings],
    given: Mapping[str, bytes],
    options: Mapping[str, Any],
    witnesses: Sequence[Checked] = (),
    fixer: Fixer | None = None,
) -> Mended:
    """Fix the files that have something to fix; with `--diff` nothing is written.

    `witnesses` are further files of the project that must be left right: they are not mended, and nothing is said of
    them. `fixer` applies the fixes of one file: all, or those that are agreed to.
    """
    unsafe = bool(options["unsafe_fixes"])

    def allowed(fix: Fix) -> bool:
        wanted = (Applicability.SAFE, Applicability.UNSAFE) if unsafe else (Applicability.SAFE,)
        return bool(fix.edits) and fix.applicability in wanted

    checked = list(checked)
    heed_comments = not options["ignore_suppressions"]
    texts = dict(given)  # with those that were mended: what is shown by `--diff` is what would be written
    importers = Importers([*checked, *witnesses], settings_of, texts, heed_comments)
    rest: list[Checked] = []
    done: list[Finding] = []
    unproven: list[Finding] = []
    patches: list[bytes] = []
    errors: list[tuple[str, str]] = []
    for one in checked:
        if not any(f.fix is not None and f.place.file == one.file for f in one.findings):
            if one.file in given:
                _put(one.file, given[one.file], given, bool(options["diff"]))
            rest.append(one)
            continue
        try:
            data = given.get(one.file)
            data = _read(one.file) if data is None else data
            linter = Linter(settings_of, {**texts, one.file: data}, heed_comments)
            outcome = mended_text(one.file, data, linter, allowed, importers.of(one.file), fixer)
            if outcome.data != data or one.file in given:
                _put(one.file, outcome.data, given, bool(options["diff"]), instead_of=data)
        except Complaint as complaint:
            errors.append((one.file, str(complaint).removeprefix(f"{one.file}: ")))
            rest.append(one)
            continue
        texts[one.file] = outcome.data
        patches.append(patch(_in_patch(one.file), data, outcome.data))
        done += outcome.fixed
        unproven += outcome.unproven
        rest.append(one._replace(findings=outcome.left) if not options["diff"] else one)
    return Mended(tuple(rest), tuple(done), tuple(unproven), b"".join(patches), tuple(errors))


def looked_again(mended: Mended, lint: Callable[[Sequence[str]], Sequence[Checked]]) -> Mended:
    """What is left once more: mending a factory or a model mends what was found in the files that use it."""
    stale = [one.file for one in mended.checked if one.findings]
    fresh = {one.file: one for one in lint(stale)}
    return replace(mended, checked=tuple(fresh.get(one.file, one) for one in mended.checked))


def to_mend(checked: Iterable[Checked]) -> list[str]:
    """The files in which something may be mended."""
    return [
        one.file
        for one in checked
        if any(f.fix is not None and f.fix.edits and f.place.file == one.file for f in one.findings)
    ]


def mended_text(
    file: str,
    data: bytes,
    linter: Linter,
    allowed: Allowed,
    importers: Sequence[Importer] = (),
    fixer: Fixer | None = None,
) -> Outcome:
    """One file's text with every allowed fix that proves itself."""
    return (fixer or fixed)(file, data, lambda text: linter.version(file, text), allowed, importers)


def _in_patch(file: str) -> str:
    """The name by which `git apply` knows a file: what a link leads to inside of this folder, as it follows none."""
    real = os.path.realpath(file)
    shown = display(real)
    return file if real == os.path.abspath(file) or os.path.isabs(shown) else shown


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise Complaint(f"{file}: can't be read: {error.strerror or error}") from None


def _put(file: str, data: bytes, given: Mapping[str, bytes], only_shown: bool, instead_of: bytes | None = None) -> None:
    """Write a file, or standard input's text to standard output."""
    if only_shown:
        return
    if file in given:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from wdlint.files.writing import write_whole

    write_whole(file, data, instead_of)


def told(mended: Mended, unsafe: bool, only_shown: bool = False) -> Iterator[str]:
    """What was fixed (or would be, where nothing is written), and what was left and why, line by line."""
    done = "would fix" if only_shown else "fixed"
    for finding in mended.fixed:
        assert finding.fix is not None
        yield f"{done} {finding.code} {position(finding.place)}: {harmless(finding.fix.title)}"
    for finding in mended.unproven:
        yield f"left {finding.code} {position(finding.place)}: its fix did not prove itself and was dropped"
    for one in mended.checked:
        for finding in one.findings:
            fix = finding.fix
            if finding.unfixed:
                why = harmless(finding.unfixed)
                yield f"left {finding.code} {position(finding.place)}: its fix did not prove itself: {why}"
            if fix is None or finding in mended.unproven or fix.applicability is Applicability.SAFE:
                continue
            if fix.applicability is Applicability.UNSAFE and unsafe:
                continue
            why = f": {fix.hazard}" if fix.hazard else ""
            way = (
                "its fix is only shown" if fix.applicability is Applicability.SHOWN else "its fix needs --unsafe-fixes"
            )
            yield f"left {finding.code} {position(finding.place)}: {way}{harmless(why)}"
    files = len({finding.place.file for finding in mended.fixed})
    if mended.fixed:
        yield f"{done.capitalize()} {counted(len(mended.fixed), 'fault')} in {counted(files, 'file')}."
