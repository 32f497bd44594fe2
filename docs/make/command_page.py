"""The commands and their options, made from the command line itself."""

from __future__ import annotations

import re

import click

from wdlint.commands.cli import wdlint


def options() -> str:
    """A section for each command: what it does, its arguments and its options."""
    context = click.Context(wdlint, info_name="wdlint")
    named = ((name, wdlint.get_command(context, name)) for name in wdlint.list_commands(context))
    return "\n".join(_section(name, command) for name, command in named if command is not None)


def _section(name: str, command: click.Command) -> str:
    arguments = [p.metavar or str(p.name).upper() for p in command.params if isinstance(p, click.Argument)]
    usage = " ".join((f"wdlint {name}", *arguments))
    rows = [_row(p) for p in command.params if isinstance(p, click.Option)]
    table = "| option | meaning |\n|---|---|\n" + "".join(rows) + "\n" if rows else ""
    return f"### `{usage}`\n\n{_prose(command.help or '')}\n\n{table}"


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" `{_value(option)}`"
    return f"| {names}{value} | {option.help} |\n"


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return " ".join(option.type.choices)
    return option.metavar or {"directory": "FOLDER", "file": "FILE", "path": "FILE"}.get(option.type.name, "TEXT")


def _prose(help_text: str) -> str:
    r"""A command's help as Markdown: a paragraph after `\b` keeps its lines."""
    paragraphs = re.sub(r"[ ]*\n[ ]*", "\n", help_text.strip()).split("\n\n")
    shown = []
    for paragraph in paragraphs:
        literal = paragraph.startswith("\b")
        text = paragraph.removeprefix("\b\n")
        shown.append("<pre>\n" + text.replace("<", "&lt;") + "\n</pre>" if literal else text)
    return "\n\n".join(shown)
