"""What is set aside before a report: what the baseline knows, unchanged lines, what is to be ignored from now on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wdlint.complaint import Complaint, warn
from wdlint.harmless import harmless
from wdlint.linting.checked import Checked
from wdlint.linting.lint import rules_for
from wdlint.report import Run
from wdlint.report.plain import counted
from wdlint.settings.baseline import NAME, baseline_of
from wdlint.settings.catalogue import Settings

SettingsOf = Callable[[str], Settings]


def set_aside(
    run: Run, checked: Sequence[Checked], settings_of: SettingsOf, here: Settings, options: Mapping[str, Any]
) -> tuple[Run, bool]:
    """The run as it is to be reported, and whether an option has done its work so that nothing is.

    `here` are the settings of the first path: what concerns the whole run is theirs.
    """
    files = [one.file for one in checked]
    if options["diff_base"]:
        from wdlint.files.git import verify

        verify(files[0] if files else ".", options["diff_base"])  # a mistyped one is said even where nothing is found
    if options["add_ignore"] is not None:
        from wdlint.fix.ignores import add_ignores

        found = _changed(run, checked, settings_of, options).findings
        print(f"Added {counted(add_ignores(found, options['add_ignore']), 'comment')}.")
        return run, True
    path = _baseline(here, options)
    if path:
        if options["baseline"] is None and (options["write_baseline"] or options["prune_baseline"]):
            _stays_inside(path, here)
        if options["write_baseline"]:
            _write(run, path, here)
            return run, True
        run = _without_known(run, path, checked, settings_of, options)
    return _changed(run, checked, settings_of, options), False


def _changed(run: Run, checked: Sequence[Checked], settings_of: SettingsOf, options: Mapping[str, Any]) -> Run:
    """What came about since a revision, where that is asked for."""
    if not options["diff_base"]:
        return run
    from wdlint.linting.since import Since
    from wdlint.report.changed import on_changed_lines

    revision = options["diff_base"]
    since = Since(revision, settings_of, not options["ignore_suppressions"])
    found = since.new(checked, run.findings, lambda some: on_changed_lines(some, revision, run.excerpts))
    return replace(run, findings=found)


def _baseline(settings: Settings, options: Mapping[str, Any]) -> str:
    """The baseline's path; empty where none is used."""
    if options["no_baseline"]:
        if options["baseline"] or options["write_baseline"] or options["prune_baseline"]:
            raise Complaint("--no-baseline can't be combined with other options of the baseline")
        return ""
    if options["baseline"]:
        return str(options["baseline"])
    if options["write_baseline"] or options["prune_baseline"]:
        return baseline_of(settings) or os.path.join(settings.root, NAME)
    return "" if options["isolated"] else baseline_of(settings)


def _stays_inside(baseline: str, settings: Settings) -> None:
    """Refuse to write where settings lead that come with what is linted."""
    top = os.path.realpath(settings.root).rstrip(os.sep) + os.sep
    if not os.path.realpath(baseline).startswith(top):
        raise Complaint(f"`baseline` leads out of {settings.root}: to write there, name it by --baseline")


def _write(run: Run, path: str, settings: Settings) -> None:
    from wdlint.report import baseline

    entries = baseline.entries_of(run.findings, run.excerpts, path)
    baseline.write(path, entries)
    found = baseline_of(settings)
    by_itself = bool(found) and os.path.realpath(found) == os.path.realpath(path)
    then = "From now on they count as known." if by_itself else "They count as known where --baseline names it."
    print(f"Wrote {counted(len(entries), 'finding')} to {harmless(_shown(path))}. {then}")


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def _without_known(
    run: Run, path: str, checked: Sequence[Checked], settings_of: SettingsOf, options: Mapping[str, Any]
) -> Run:
    from wdlint.report import baseline

    read = baseline.read(path)
    entries = baseline.moved(read, run.findings, run.excerpts, path)
    # Of a file that could not be judged, or not by the rules for programs, nothing is known.
    judged = [one.file for one in checked if not one.error and all(f.code != "WD901" for f in one.findings)]

    def would_see(entry: baseline.Entry, file: str) -> bool:
        settings = settings_of(os.path.dirname(os.path.abspath(file)))
        if entry.latent and not settings.latent:
            return False
        return any(rule.code == entry.code for rule in rules_for(file, settings))

    left = baseline.pruned(entries, run.findings, run.excerpts, path, judged, would_see)
    gone = len(entries) - len(left)
    if options["prune_baseline"]:
        if gone or entries != read:
            baseline.write(path, left)
        print(f"Removed {gone} of {len(entries)} findings from {harmless(_shown(path))}.", file=sys.stderr)
    elif gone and not options["diff_base"]:
        warn(f"{gone} of {len(entries)} findings in {path} no longer occur; --prune-baseline removes them")
    new, known = baseline.divided(run.findings, run.excerpts, path, left)
    return replace(run, findings=new, baselined=known)
