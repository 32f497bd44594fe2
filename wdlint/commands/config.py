"""`wdlint config`: what settings there are, and what one of them means."""

from __future__ import annotations

import os
import sys
from dataclasses import Field
from typing import Any

import click

from wdlint.settings.catalogue import Knowledge, Settings


@click.command(short_help="List the settings, or explain one.")
@click.argument("key", required=False)
def config(key: str | None) -> None:
    """List the settings, or explain one: what it may be, its default, and what is in force here."""
    from wdlint.complaint import Complaint, complain

    try:
        click.echo(told(key) if key else listed(), nl=False)
    except Complaint as complaint:
        complain(str(complaint))
        sys.exit(2)


def listed() -> str:
    """Every key with its meaning, a line each."""
    known = _known()
    width = max(map(len, known))
    return "".join(f"{key:<{width}}  {member.metadata['doc']}\n" for key, member in known.items())


def told(key: str) -> str:
    """What a setting is about.

    Raises:
        Complaint: there is no such setting, or those in force here can't be read.
    """
    from wdlint.complaint import Complaint
    from wdlint.settings.config import Configuration, value_as_toml
    from wdlint.settings.schema import property_of
    from wdlint.suggest import suggestion

    known = _known()
    name = key.replace("_", "-")
    if name not in known:
        raise Complaint(f"there is no setting `{key}`{suggestion(name, known)}; `wdlint config` lists them")
    member = known[name]
    settings = Configuration()(os.getcwd())
    holder: Settings | Knowledge = settings.knowledge if name.startswith("knowledge.") else settings
    lines = [name, "", f"  {member.metadata['doc']}", "", f"  may be:   {_form(property_of(member))}"]
    lines += [
        f"  default:  {value_as_toml(member.default)}",
        f"  in force: {value_as_toml(getattr(holder, member.name))}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _known() -> dict[str, Field[Any]]:
    from wdlint.settings.config import keys

    inner = {f"knowledge.{key}": member for key, member in keys(Knowledge).items() if key != "optimizers"}
    return {**{key: member for key, member in keys(Settings).items() if key != "knowledge"}, **inner}


def _form(shape: dict[str, Any]) -> str:
    """What a value may be, in words, by its part of the schema."""
    if "enum" in shape:
        return ", ".join(f'"{value}"' for value in shape["enum"])
    words = {
        "string": "a string", "boolean": "true or false", "integer": "a whole number", "array": "a list of strings",
        "object": "a table",
    }  # fmt: skip
    return words[shape["type"]]
