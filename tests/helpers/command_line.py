"""The command, run as on a command line, in the folder that the test is in."""

from __future__ import annotations

from click.testing import CliRunner, Result

from wdlint.commands.cli import wdlint


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(wdlint, list(arguments), prog_name="wdlint", input=stdin)
