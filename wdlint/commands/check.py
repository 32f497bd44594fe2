"""The check command: from its options to a report and an exit code.

Here the parts are put together: configuration, paths, the linter, what is set aside, the report.
What each of them does is theirs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from wdlint.commands.aside import set_aside
from wdlint.complaint import Complaint, complain, warn, warnings_said
from wdlint.configuration.screen import is_configuration
from wdlint.files import paths
from wdlint.harmless import harmless
from wdlint.linting.checked import Checked
from wdlint.linting.work import Plan, check_files
from wdlint.report import Run, render
from wdlint.report.excerpt import Excerpts
from wdlint.report.plain import counted
from wdlint.settings.config import Configuration, selectors_of
from wdlint.settings.trust import said

if TYPE_CHECKING:
    from wdlint.commands.fixing import Fixer
    from wdlint.judging.rule import Rule
    from wdlint.settings.catalogue import Settings

CLEAN, FOUND, TROUBLE = 0, 1, 2

# Options that set the setting of the same name.
_OVERRIDES = (
    "select", "extend_select", "ignore", "latent", "exclude", "extend_exclude", "force_exclude", "respect_gitignore",
)  # fmt: skip


def check(named: Sequence[str], options: Mapping[str, Any], commands: Sequence[str] = ()) -> int:
    """Lint as the command line says, print, and return the exit code.

    `commands` are the names of all commands: a path that does not exist may be one of them, mistyped.
    """
    if options["watch"]:
        return _watch(named, options, commands)
    try:
        with warnings_said(not options["quiet"]):
            return _check(list(named) or ["."], {**options, "commands": commands, "began": time.perf_counter()})
    except Complaint as complaint:
        complain(str(complaint))
        return TROUBLE


def _watch(named: Sequence[str], options: Mapping[str, Any], commands: Sequence[str]) -> int:
    """Check again after each change; an interruption ends it."""
    from wdlint.commands.watch import watch
    from wdlint.settings.config import FILES

    writing = any(options[name] for name in ("fix", "fix_only", "ask", "write_baseline", "prune_baseline"))
    if writing or options["add_ignore"] is not None or "-" in named:
        complain("--watch goes with neither standard input nor options that write into files")
        return TROUBLE

    def watched() -> list[str]:
        found = list(paths.discover(list(named) or ["."], Configuration(isolated=True)))
        folders = {os.path.dirname(os.path.abspath(path)) for path in (*found, os.path.join(os.getcwd(), "x"))}
        return [*found, *(os.path.join(folder, name) for folder in folders for name in FILES)]

    watch(lambda: check(named, {**options, "watch": False}, commands), watched)
    return CLEAN


def _check(named: list[str], options: Mapping[str, Any]) -> int:
    fixer = _asking(named, options) if options["ask"] else None
    overrides = {name: options[name] for name in _OVERRIDES if options.get(name) is not None}
    configuration = Configuration(overrides, options["config"], options["isolated"], options["trust_rules"])
    here = configuration(_folder_of(named[0]))
    if options["unsafe_fixes"] is None:
        options = {**options, "unsafe_fixes": here.unsafe_fixes}
    if options["show_settings"]:
        return _show_settings(here)
    given, files = _files(named, configuration, options)
    missing = [(path, "no such file or folder") for path in paths.missing(named) if path != "-"]
    missing += paths.unreadable(named)
    if options["show_files"]:
        for file in files:
            print(harmless(file))
        return _tell(missing, named, options)
    if configuration.withheld:
        warn(said(configuration.withheld))
    _check_selectors(here, overrides)
    plan = Plan(configuration, not options["ignore_suppressions"], _cache_folder(options), given)
    if options["with_importers"] and not given:
        from wdlint.linting.around import around, resting_on

        checked = resting_on(files, check_files(around(files, configuration), plan, options["workers"]))
    else:
        checked = check_files(files, plan, options["workers"])
    nothing = not any(one.counted or one.error for one in checked)
    if nothing and not missing and not here.force_exclude:  # a hook names files that are to be left out
        warn(_nothing_to_lint(named, overrides, options))
    tell_lacking(checked)
    for remark in (remark for one in checked for remark in one.remarks):
        warn(remark)
    if options["verbose"]:
        from wdlint.commands.verbose import looked_at

        for line in looked_at(checked):
            print(f"wdlint: {line}", file=sys.stderr)
    if options["fix"] or options["fix_only"] or options["diff"] or options["ask"]:
        return _mend(checked, missing, plan, named, here, options, fixer)
    run = _run(checked, missing, here, given, options)
    run, done = set_aside(run, checked, configuration, here, options)
    run = _sorted(run, options)
    if not done:
        _write(run, here, options)
    trouble = _tell(run.errors, named, options)
    failed = not done and not options["exit_zero"] and _fails(run, here)
    return trouble or (FOUND if failed else CLEAN)


def _mend(
    checked: Sequence[Checked],
    missing: Sequence[tuple[str, str]],
    plan: Plan,
    named: list[str],
    settings: Settings,
    options: Mapping[str, Any],
    fixer: Fixer | None,
) -> int:
    """Repair what can be, report what is left (with `--diff` the changes alone), and return the exit code."""
    from wdlint.commands.fixing import looked_again, mend, told
    from wdlint.linting.importers import withheld

    if options["diff_base"] or options["write_baseline"] or options["add_ignore"] is not None:
        raise Complaint("--fix and --diff can't be combined with --diff-base, --write-baseline or --add-ignore")
    witnesses = _witnesses(checked, plan, options)
    if witnesses:
        checked = withheld([*checked, *witnesses], plan.settings_of, plan.given, plan.heed_comments)[: len(checked)]
    mended = mend(checked, plan.settings_of, plan.given, options, witnesses, fixer)
    if mended.fixed and not options["diff"] and not plan.given:
        mended = looked_again(mended, lambda files: check_files(files, plan, options["workers"]))
    if not options["quiet"]:
        for line in told(mended, bool(options["unsafe_fixes"]), bool(options["diff"])):
            print(line, file=sys.stderr)
    errors = [*missing, *mended.errors, *((c.file, c.error) for c in mended.checked if c.error)]
    trouble = _tell(errors, named, options)
    if options["diff"]:
        sys.stdout.flush()
        sys.stdout.buffer.write(mended.patch)
        sys.stdout.buffer.flush()
        if any(os.path.isabs(finding.place.file) for finding in mended.fixed):
            warn("files of the patch are outside of this folder: `git apply` wants one made in a folder above them")
        return trouble or (FOUND if mended.patch and not options["exit_zero"] else CLEAN)
    run = _run(mended.checked, missing, settings, {}, options)
    run, done = set_aside(run, mended.checked, plan.settings_of, settings, options)
    if not done and not options["fix_only"] and not plan.given:
        _write(run, settings, options)
    failed = not done and not options["fix_only"] and _fails(run, settings)
    failed = failed or bool(options["exit_non_zero_on_fix"] and mended.fixed)
    return trouble or (FOUND if failed and not options["exit_zero"] else CLEAN)


def _asking(named: list[str], options: Mapping[str, Any]) -> Fixer:
    """What applies the fixes of a file that are agreed to."""
    from wdlint.commands.asking import asking

    if options["diff"] or "-" in named:
        raise Complaint("--ask can't be combined with --diff or standard input")
    return asking(_coloured(options, sys.stderr))


def _witnesses(checked: Sequence[Checked], plan: Plan, options: Mapping[str, Any]) -> list[Checked]:
    """What came of the project's files that were not named and may rest on one that is to be mended."""
    from wdlint.commands.fixing import to_mend
    from wdlint.linting.around import importing

    files = to_mend(checked) if not plan.given else []
    linted = {os.path.abspath(one.file) for one in checked}
    unnamed = [file for file in importing(files, plan.settings_of) if os.path.abspath(file) not in linted]
    return check_files(unnamed, plan, options["workers"])


def _folder_of(path: str) -> str:
    absolute = os.path.abspath(path)
    return absolute if os.path.isdir(absolute) else os.path.dirname(absolute)


def _files(
    named: list[str], configuration: Configuration, options: Mapping[str, Any]
) -> tuple[dict[str, bytes], list[str]]:
    """Bytes that came by standard input, and the files to lint."""
    if "-" not in named:
        return {}, list(paths.discover(named, configuration, _warn_of_folder))
    if named != ["-"]:
        raise Complaint("`-` stands for standard input and can't be combined with other paths")
    name = options["stdin_filename"] or "-"
    if options["stdin_filename"] and not list(paths.named(name, configuration)):
        return {}, []
    return {paths.display(name): sys.stdin.buffer.read()}, [name]


def _warn_of_folder(folder: str, error: OSError) -> None:
    warn(f"{folder}: can't be read: {error.strerror or error}; what is in it was not looked at")


def _nothing_to_lint(named: list[str], overrides: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """What to say where no file was found: whether .gitignore is why."""
    where = ", ".join(named)
    heedless = Configuration({**overrides, "respect_gitignore": False}, options["config"], options["isolated"])
    ignored = paths.discover(named, heedless) if "-" not in named else iter(())
    if any(not is_configuration(path) for path in ignored):
        return f"all Python files in {where} are ignored by .gitignore; --no-respect-gitignore lints them"
    if all(is_configuration(path) and os.path.isfile(path) for path in named):
        return f"no training loop that wdlint knows is configured in {where}"
    return f"there are no Python files in {where}"


def tell_lacking(checked: Sequence[Checked]) -> None:
    """Say which files were not read for want of a library."""
    lacking = [one for one in checked if one.lacking]
    if lacking:
        first = harmless(lacking[0].file)
        number = f"{first} and {counted(len(lacking) - 1, 'other file')}" if len(lacking) > 1 else first
        warn(f"not read, for want of {lacking[0].lacking}: {number}; `pip install ruamel.yaml` brings it")


def _cache_folder(options: Mapping[str, Any]) -> str | None:
    from wdlint.linting.cache import default_folder

    if options["no_cache"] or options["ignore_suppressions"]:  # what is kept has comments heeded
        return None
    return options["cache_dir"] or default_folder()


def _check_selectors(settings: Settings, overrides: Mapping[str, Any]) -> None:
    """Complain of unknown rules even where every file turns out to be screened out."""
    if settings.rule_paths or selectors_of(settings):
        from wdlint.judging.selection import codes, selected

        selected(settings)
        for name in ("select", "extend_select", "ignore"):  # of the command line, also where rules are withheld
            codes(overrides.get(name, ()), settings)


def _run(
    checked: Sequence[Checked],
    missing: Sequence[tuple[str, str]],
    settings: Settings,
    given: dict[str, bytes],
    options: Mapping[str, Any],
) -> Run:
    def rules() -> Sequence[Rule]:
        from wdlint.judging.selection import available

        return available(settings)

    return Run(
        findings=[finding for one in checked for finding in one.findings],
        files=sum(one.counted and not one.error for one in checked),
        read_rules=rules,
        excerpts=Excerpts(given),
        errors=[*missing, *((one.file, one.error) for one in checked if one.error)],
        suppressed=[finding for one in checked for finding in one.suppressed],
        unread=[place for one in checked for place in one.unread],
        named=bool(options["show_unread"]),
        optimizers=[place for one in checked for place in one.optimizers],
        judged=(sum(len(one.optimizers) for one in checked), sum(one.penalties for one in checked)),
        seconds=time.perf_counter() - options["began"] if _on_terminal(options) else None,
        quiet=bool(options["quiet"]),
        colour=_coloured(options),
    )


def _sorted(run: Run, options: Mapping[str, Any]) -> Run:
    """With `--sort effect`: what takes the largest share a step first, and last what can't be told."""
    if options["sort"] == "place":
        return run
    return replace(run, findings=sorted(run.findings, key=lambda finding: -(finding.shrink_per_step or 0)))


def _on_terminal(options: Mapping[str, Any]) -> bool:
    """Whether people look on: elsewhere no time is said, so that the same input gives the same output."""
    return not options["output_file"] and not options["ask"] and sys.stdout.isatty()


def _coloured(options: Mapping[str, Any], stream: TextIO | None = None) -> bool:
    if options["colour"] != "auto":
        return bool(options["colour"] == "always")
    if options["output_file"] or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def _write(run: Run, settings: Settings, options: Mapping[str, Any]) -> None:
    form = options["output_format"] or settings.output_format
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    if on_github and os.environ.get("GITHUB_STEP_SUMMARY"):
        _write_job_summary(run, os.environ["GITHUB_STEP_SUMMARY"])
    form = form or ("github" if on_github and not options["output_file"] else "text")
    text = _statistics(run, form) if options["statistics"] else render(run, form)
    if options["output_file"]:
        from wdlint.files.writing import write_whole

        write_whole(options["output_file"], text.encode("utf-8", errors="backslashreplace"))
        return
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a terminal that lacks a letter gets its number
        reconfigure(errors="backslashreplace")
    sys.stdout.write(text)


def _statistics(run: Run, form: str) -> str:
    from wdlint.report.statistics import statistics, statistics_lines

    if form not in ("json", "json-lines"):
        return statistics_lines(run)
    import json

    rows = statistics(run)
    if form == "json":
        return json.dumps(rows, indent=2) + "\n"
    return "".join(json.dumps(row) + "\n" for row in rows)


def _write_job_summary(run: Run, path: str) -> None:
    from wdlint.report.github import job_summary

    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(job_summary(run))
    except OSError as error:
        warn(f"the job summary can't be written: {error.strerror or error}")


def _tell(errors: Sequence[tuple[str, str]], named: Sequence[str], options: Mapping[str, Any]) -> int:
    for file, message in errors:
        near = ""
        if len(named) == 1 and file == named[0] and not os.path.exists(file):
            from wdlint.suggest import suggestion

            near = suggestion(file, options["commands"])
        complain(f"{file}: {message}{near}")
    return TROUBLE if errors else CLEAN


def _fails(run: Run, settings: Settings) -> bool:
    failing = ("warning", "error") if settings.fail_on == "warning" else ("error",)
    return any(finding.severity.value in failing for finding in run.findings)


def _show_settings(settings: Settings) -> int:
    from wdlint.settings.config import as_toml

    sys.stdout.write(as_toml(settings))
    return CLEAN
