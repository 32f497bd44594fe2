"""The `wdlint run` command: start the user's script in a child process, and judge what the child saw.

The child (`watch`) stops at the first optimizer step and hands over its findings; here they are printed.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wdlint.complaint import Complaint, complain, warn
from wdlint.model.loading.targets import need_torch

CLEAN, FOUND, TROUBLE = 0, 1, 2
_LAUNCHERS = {
    "torchrun": "torch.distributed.run",
    "accelerate": "accelerate.commands.accelerate_cli",
    "deepspeed": "deepspeed.launcher.runner",
}


@dataclass(frozen=True)
class Seen:
    """What the child hands over: one report for all optimizers of a step, or why there is none."""

    findings: tuple[Any, ...]
    table: tuple[Any, ...]
    error: str = ""
    traces: tuple[str, ...] = ()


def run(script_and_arguments: Sequence[str], options: Mapping[str, Any]) -> int:
    """Run a script or module, audit it at its first optimizer step, and return the exit code."""
    try:
        return _run(list(script_and_arguments), options)
    except Complaint as complaint:
        complain(str(complaint))
        return TROUBLE


def _run(words: list[str], options: Mapping[str, Any]) -> int:
    need_torch()
    if options["module"] is not None:
        target, arguments = ["--module", options["module"]], words
    elif words:
        target, arguments = [_script(words[0])], words[1:]
    else:
        raise Complaint("name a script, or a module after -m")
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    _check_rules(options)
    with tempfile.TemporaryDirectory(prefix="wdlint-") as folder:
        result = Path(folder, "seen")
        settings = {
            "WDLINT_WATCH_RESULT": str(result),
            "WDLINT_WATCH_ON": "1" if options["keep_going"] else "",
            "WDLINT_WATCH_SELECT": ",".join(options["select"]),
            "WDLINT_WATCH_STILL": "" if options["forward"] else "1",
            "WDLINT_WATCH_IGNORE": ",".join(options["ignore"]),
        }
        command = [sys.executable, "-m", "wdlint.model.running.watch", *target, *arguments]
        try:
            code = subprocess.run(command, env={**os.environ, **settings}, check=False).returncode
        except KeyboardInterrupt:
            raise Complaint("stopped before the first optimizer step") from None
        reports = [path for path in (result, *sorted(Path(folder).glob("seen.rank*"))) if path.exists()]
        seen = [pickle.loads(path.read_bytes()) for path in reports[:1]]  # written by our own children
    return _told(seen, code, options)


def _script(name: str) -> str:
    """The path of a script; that of a command such as `torchrun` where it is one in Python."""
    if Path(name).is_file():
        return name
    found = shutil.which(name)
    if found is None:
        raise Complaint(f"{name}: there is no such script (for a module, use -m)")
    with open(found, "rb") as stream:
        if b"python" not in stream.readline(200):
            module = _LAUNCHERS.get(name)
            hint = f"write `wdlint run -m {module}`" if module else "name the script that it starts"
            raise Complaint(f"{name}: is a command and no Python script; {hint}")
    return found


def _check_rules(options: Mapping[str, Any]) -> None:
    from wdlint.judging.selection import UnknownRule, selected
    from wdlint.settings.catalogue import Settings

    try:
        selected(Settings(select=tuple(options["select"]), ignore=tuple(options["ignore"])))
    except UnknownRule as error:
        raise Complaint(str(error)) from None


def _told(seen: list[Seen], code: int, options: Mapping[str, Any]) -> int:
    if not seen:
        if code:
            raise Complaint(f"the script ended with exit code {code} before any optimizer stepped")
        raise Complaint("the script ended and no optimizer of torch had stepped: there is nothing to judge")
    (found,) = seen
    if found.error:
        raise Complaint(f"the audit failed: {found.error}")
    from wdlint.model.audit import Report

    report = Report(found.findings, found.table, traces=found.traces)
    sys.stdout.write(_as_json(report) if options["output_format"] == "json" else _as_text(report))
    if options["keep_going"] and code:
        warn(f"the script ended with exit code {code}")
        return TROUBLE
    return CLEAN if report.ok else FOUND


def _as_text(report: Any) -> str:
    from wdlint.model.showing.panels import report_text

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return report_text(report.table, report.findings, colour, report.traces)


def _as_json(report: Any) -> str:
    from wdlint.judging.rule import built_in
    from wdlint.report import Run, render
    from wdlint.report.excerpt import Excerpts

    return render(Run(report.findings, 1, built_in, Excerpts()), "json")
