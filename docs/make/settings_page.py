"""The table of settings, made from `wdlint.settings.catalogue`: each key, what it may be, its default, its meaning."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field
from typing import Any

from wdlint.settings.catalogue import SKIPPED_FOLDERS, Knowledge, Settings
from wdlint.settings.config import keys
from wdlint.settings.schema import schema

_FORMS = {
    "rules": "list of rules",
    "strings": "list of strings",
    "rules by glob": "table: glob → list of rules",
    "severity by rule": "table: rule → `error`, `warning` or `off`",
    "optimizers": "table: import path → table",
    "boolean": "`true` or `false`",
    "string": "string",
    "steps": "number of steps",
    "bytes": "number of bytes",
}


def table() -> str:
    """The settings, those of `[knowledge]` after the others."""
    rows = [_row(key, member) for key, member in keys(Settings).items() if key != "knowledge"]
    rows += [_row(f"knowledge.{key}", member) for key, member in keys(Knowledge).items()]
    known = schema()["properties"]["knowledge"]["properties"]["optimizers"]["additionalProperties"]["properties"]
    rows += [_optimizer_row(key, entry) for key, entry in known.items()]
    return "| key | value | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _row(key: str, member: Field[Any]) -> str:
    form = member.metadata["form"]
    words = _choices(form[8:].split()) if form.startswith("choice: ") else _FORMS[form]
    return f"| `{key}` | {words} | {_default(member)} | {member.metadata['doc']} |\n"


def _choices(values: list[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _default(member: Field[Any]) -> str:
    if member.default is MISSING or member.default in ((), ""):
        return ""
    if member.default == SKIPPED_FOLDERS:
        return "[the usual folders](#folders-that-are-skipped)"
    return f"`{json.dumps(member.default)}`"


def _optimizer_row(key: str, entry: dict[str, Any]) -> str:
    words = _choices(entry["enum"]) if "enum" in entry else {"decay": "string or `false`"}.get(key, "number")
    default = f"`{json.dumps(entry['default'])}`" if "default" in entry else ""
    return f"| `knowledge.optimizers.PATH.{key}` | {words} | {default} | {entry['description']} |\n"
