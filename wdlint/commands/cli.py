"""The command line: click commands, nothing else.

Each command reads its options, calls one function elsewhere and prints what comes back: findings to
standard output, errors to standard error. Exit codes: 0 clean, 1 findings, 2 trouble.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from wdlint.settings.catalogue import FORMATS
from wdlint.version import __version__

T = TypeVar("T")

# Commands that live elsewhere, imported when they are used: name → module and attribute.
ELSEWHERE: dict[str, str] = {
    "model": "wdlint.commands.model:model",
    "run": "wdlint.commands.model:run",
    "init": "wdlint.commands.init:init",
    "config": "wdlint.commands.config:config",
}


class Commands(click.Group):
    """`wdlint PATHS…` is `wdlint check PATHS…`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in ("-h", "--help", "--version") and args[0] not in self.list_commands(ctx)):
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interruption ends it in words, and with a code that means nothing else."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            from wdlint.complaint import INTERRUPTED, complain

            complain("interrupted")
            ctx.exit(INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *ELSEWHERE]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in ELSEWHERE:
            module, attribute = ELSEWHERE[name].split(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        return super().get_command(ctx, name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="wdlint %(version)s")
def wdlint() -> None:
    """Find and repair wrong weight decay in PyTorch training code.

    \b
    wdlint                   lint what is below this folder
    wdlint train.py src/     lint these
    wdlint explain WD101     say what a rule is about

    `wdlint PATHS…` is short for `wdlint check PATHS…`; `wdlint check --help` lists its options.
    """


def _listed(ctx: click.Context, parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...] | None:
    """`--select A,B --select C` as one tuple; None where the option was not given."""
    items = [item.strip() for value in values for item in value.split(",")]
    return tuple(item for item in items if item) if values else None


def _rules_option(name: str, words: str) -> Callable[[Any], Any]:
    return click.option(name, multiple=True, callback=_listed, metavar="RULES", help=words)


def _trust_option() -> Callable[[Any], Any]:
    return click.option("--trust-rules", is_flag=True, help="Run the rules that the settings' `rule-paths` bring.")


class Check(click.Command):
    """`--add-ignore` takes a reason by `=` only, so that it never swallows a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["--add-ignore=" if arg == "--add-ignore" else arg for arg in args])


@wdlint.command(cls=Check)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@_rules_option("--select", "Judge by these rules only: codes, prefixes of codes or names, comma-separated.")
@_rules_option("--extend-select", "Judge by these rules too.")
@_rules_option("--ignore", "Leave these rules out.")
@click.option("--latent/--no-latent", default=None, help="Also report faults behind a visible default of 0.")
@click.option("--output-format", type=click.Choice(FORMATS), help="How to report. [default: text]")
@click.option("-o", "--output-file", type=click.Path(dir_okay=False), help="Write the report here.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and errors only: no summary, no warnings.")
@click.option("-v", "--verbose", is_flag=True, help="Say of each file what was judged in it or why it was passed over.")
@click.option("--watch", is_flag=True, help="Look again whenever a file changes, until Ctrl-C.")
@click.option("--exit-zero", is_flag=True, help="End with exit code 0 even where there are findings.")
@click.option("--statistics", is_flag=True, help="Print how often each rule was found instead.")
@click.option(
    "--sort",
    type=click.Choice(["place", "effect"]),
    default="place",
    help="Report by place, or what shrinks parameters fastest first. [default: place]",
)
@click.option("--show-files", is_flag=True, help="Print the files that would be linted, and stop.")
@click.option("--show-unread", is_flag=True, help="Name the optimizers that could not be read, each with its place.")
@click.option("--show-settings", is_flag=True, help="Print the settings in force for the first path, and stop.")
@click.option("--baseline", type=click.Path(dir_okay=False), help="Count the findings in this file as known.")
@click.option("--no-baseline", is_flag=True, help="Count nothing as known, whatever the settings say.")
@click.option("--write-baseline", is_flag=True, help="Write all findings to the baseline, and stop.")
@click.option(
    "--prune-baseline", is_flag=True, help="Remove from the baseline what is no longer found, of the rules that run."
)
@click.option(
    "--diff-base",
    metavar="REV",
    help="Report only what came about since REV (by git), there or elsewhere; `REV...`: since this branch left REV.",
)
@click.option("--with-importers", is_flag=True, help="Lint what rests on the named files (imports, calls, reads), too.")
@click.option("--fix/--no-fix", help="Repair the files; of each fix it is shown first that it holds.")
@click.option(
    "--ask", is_flag=True, help="Show each fix and ask before it is written; one that is not wanted stays out."
)
@click.option("--diff", is_flag=True, help="Print what --fix would change, for `git apply`; write nothing.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=None, help="Apply fixes that change the update rule, too.")
@click.option("--fix-only", is_flag=True, help="Repair the files and report nothing that is left.")
@click.option("--exit-non-zero-on-fix", is_flag=True, help="End with exit code 1 where something was repaired.")
@click.option("--add-ignore", metavar="[=REASON]", help="Write a comment that suppresses each finding, and stop.")
@click.option("--ignore-suppressions", is_flag=True, help="Report what comments suppress, too.")
@click.option("--config", type=click.Path(dir_okay=False), help="Use this configuration file only.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
@_trust_option()
@click.option(
    "--exclude", multiple=True, callback=_listed, metavar="GLOBS", help="Skip these instead of the usual folders."
)
@click.option("--extend-exclude", multiple=True, callback=_listed, metavar="GLOBS", help="Skip these too.")
@click.option("--force-exclude", is_flag=True, default=None, help="Skip excluded files even where they are named.")
@click.option(
    "--respect-gitignore/--no-respect-gitignore", default=None, help="Skip what .gitignore ignores. [default: yes]"
)
@click.option("--stdin-filename", metavar="PATH", help="The file that standard input (`-`) stands for.")
@click.option(
    "-j",
    "--workers",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Processes to use. [default: as many as pay]",
)
@click.option("--cache-dir", type=click.Path(file_okay=False), help="Keep results here between runs.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option(
    "--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text report."
)
def check(paths: tuple[str, ...], **options: Any) -> None:
    """Lint files and folders (default: this folder)."""
    from wdlint.commands.check import check as run

    sys.exit(run(paths, options, (*wdlint.commands, *ELSEWHERE)))


@wdlint.command("explain-site", short_help="Show an optimizer as wdlint reads it.")
@click.argument("site", metavar="FILE[:LINE]")
def explain_site(site: str) -> None:
    """Show an optimizer as wdlint reads it: its groups, and every parameter with its kind and group."""
    from wdlint.commands.explain_site import explain_site as told

    click.echo(_or_fail(lambda: told(site)), nl=False)


@wdlint.command(short_help="Serve an editor (language server).")
@click.option("--stdio", is_flag=True, hidden=True)  # editors that know other ways say it
def server(stdio: bool) -> None:
    """Serve an editor over standard input and output (needs pygls 2)."""
    from wdlint.server.start import serve

    _or_fail(serve)


@wdlint.command("test-rules", short_help="Run the examples of rules of your own.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
def test_rules(paths: tuple[str, ...]) -> None:
    """Run the examples of rules of your own (PATHS: files of rules, or folders of them)."""
    from wdlint.linting.examples import test_folders

    told, failed = _or_fail(lambda: test_folders(paths))
    click.echo(told, nl=False)
    sys.exit(1 if failed else 0)


@wdlint.command()
@click.option("--cache-dir", type=click.Path(file_okay=False), help="The cache, where it is not the user's own.")
def clean(cache_dir: str | None) -> None:
    """Remove the results kept between runs."""
    from wdlint.linting.cache import clean as remove
    from wdlint.linting.cache import default_folder

    folder = cache_dir or default_folder()
    removed = remove(folder)
    click.echo(f"There is no cache in {folder}." if removed is None else f"Removed {removed} results from {folder}.")


@wdlint.command(short_help="Say what a rule is about, and what to write instead.")
@click.argument("rule")
@_trust_option()
def explain(rule: str, trust_rules: bool) -> None:
    """Say what a rule is about, why, and what to write instead (RULE: its code or name)."""
    from wdlint.commands.explain import page

    click.echo(_or_fail(lambda: page(rule, trust_rules)), nl=False)


@wdlint.command()
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="[default: text]")
@_trust_option()
def rules(output_format: str, trust_rules: bool) -> None:
    """List all rules."""
    from wdlint.commands.explain import catalogue

    click.echo(_or_fail(lambda: catalogue(output_format, trust_rules)), nl=False)


def _or_fail(made: Callable[[], T]) -> T:
    from wdlint.complaint import Complaint, complain

    try:
        return made()
    except Complaint as complaint:
        complain(str(complaint))
        sys.exit(2)
