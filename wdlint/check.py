"""The check command: from its options to a report and an exit code.

Here the parts are put together: configuration, paths, the linter, the report. What each of them
does is theirs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wdlint import paths
from wdlint.config import Configuration, ConfigurationError
from wdlint.excerpt import Excerpts
from wdlint.lint import Checked, Linter
from wdlint.report import Run, render
from wdlint.report.plain import harmless, statistics
from wdlint.trouble import Trouble, complain, warn

if TYPE_CHECKING:
    from wdlint.rule import Rule
    from wdlint.settings import Settings

CLEAN, FOUND, TROUBLE = 0, 1, 2

# Options that set the setting of the same name.
_OVERRIDES = (
    "select", "extend_select", "ignore", "latent", "exclude", "extend_exclude", "force_exclude", "respect_gitignore",
)  # fmt: skip


def check(named: Sequence[str], options: Mapping[str, Any]) -> int:
    """Lint as the command line says, print, and return the exit code."""
    try:
        return _check(list(named) or ["."], options)
    except (ConfigurationError, Trouble) as error:
        complain(str(error))
    except ValueError as error:
        if not _of_selection(error):
            raise
        complain(str(error))
    return TROUBLE


def _of_selection(error: Exception) -> bool:
    """Whether an error is about rules that the user named: the module is only there if it was needed."""
    selection = sys.modules.get("wdlint.selection")
    return selection is not None and isinstance(error, selection.UnknownRule | selection.BrokenRule)


def _check(named: list[str], options: Mapping[str, Any]) -> int:
    overrides = {name: options[name] for name in _OVERRIDES if options.get(name) is not None}
    configuration = Configuration(overrides, options["config"], options["isolated"])
    here = configuration(_folder_of(named[0]))
    if options["show_settings"]:
        return _show_settings(here)
    given, files = _files(named, configuration, options)
    errors = [(path, "no such file or folder") for path in paths.missing(named) if path != "-"]
    if options["show_files"]:
        for file in files:
            print(harmless(file))
        return _report_errors(errors, named)
    _check_selectors(here)
    linter = Linter(configuration, given)
    checked = [linter.check(file) for file in files]
    errors += [(one.file, one.error) for one in checked if one.error]
    run = _run(checked, errors, here, given, options)
    _write(run, here, options)
    trouble = _report_errors(errors, named)
    if not files and not errors:
        warn(f"there are no Python files in {', '.join(named)}")
    return trouble or (FOUND if _fails(run, here) and not options["exit_zero"] else CLEAN)


def _folder_of(path: str) -> str:
    absolute = os.path.abspath(path)
    return absolute if os.path.isdir(absolute) else os.path.dirname(absolute)


def _files(
    named: list[str], configuration: Configuration, options: Mapping[str, Any]
) -> tuple[dict[str, bytes], list[str]]:
    """Bytes that came by standard input, and the files to lint."""
    if "-" not in named:
        return {}, list(paths.discover(named, configuration))
    if named != ["-"]:
        raise Trouble("`-` stands for standard input and can't be combined with other paths")
    name = options["stdin_filename"] or "-"
    if options["stdin_filename"] and not list(paths.named(name, configuration)):
        return {}, []
    return {paths.display(name): sys.stdin.buffer.read()}, [name]


def _check_selectors(settings: Settings) -> None:
    """Complain of unknown rules even where every file turns out to be screened out."""
    if settings.select or settings.extend_select or settings.ignore or settings.severity or settings.rule_paths:
        from wdlint.selection import selected

        selected(settings)


def _run(
    checked: Sequence[Checked],
    errors: Sequence[tuple[str, str]],
    settings: Settings,
    given: dict[str, bytes],
    options: Mapping[str, Any],
) -> Run:
    def rules() -> Sequence[Rule]:
        from wdlint.selection import available

        return available(settings)

    return Run(
        findings=[finding for one in checked for finding in one.findings],
        files=len(checked),
        read_rules=rules,
        excerpts=Excerpts(given),
        errors=errors,
        suppressed=[finding for one in checked for finding in one.suppressed],
        colour=_coloured(options),
    )


def _coloured(options: Mapping[str, Any]) -> bool:
    if options["colour"] != "auto":
        return bool(options["colour"] == "always")
    if options["output_file"]:
        return False
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _write(run: Run, settings: Settings, options: Mapping[str, Any]) -> None:
    form = options["output_format"] or settings.output_format or "text"
    text = statistics(run) if options["statistics"] else render(run, form)
    if options["output_file"]:
        from wdlint.writing import write_whole

        write_whole(options["output_file"], text.encode("utf-8", errors="backslashreplace"))
        return
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a terminal that lacks a letter gets its number
        reconfigure(errors="backslashreplace")
    sys.stdout.write(text)


def _report_errors(errors: Sequence[tuple[str, str]], named: Sequence[str]) -> int:
    for file, message in errors:
        near = ""
        if message == "no such file or folder" and file in named and len(named) == 1:
            from wdlint.cli import wdlint
            from wdlint.suggest import suggestion

            near = suggestion(file, wdlint.commands)
        complain(f"{file}: {message}{near}")
    return TROUBLE if errors else CLEAN


def _fails(run: Run, settings: Settings) -> bool:
    return any(settings.fail_on == "warning" or finding.severity.value == "error" for finding in run.findings)


def _show_settings(settings: Settings) -> int:
    from wdlint.config import as_toml

    sys.stdout.write(as_toml(settings))
    return CLEAN
