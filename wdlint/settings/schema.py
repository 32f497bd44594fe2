"""The JSON schema of the configuration, derived from `wdlint.settings.catalogue`.

Editors complete and check `wdlint.toml` and `[tool.wdlint]` with it. It is kept in
`wdlint/settings/schema.json`; a test tells when that file is out of date.
"""

from __future__ import annotations

from dataclasses import MISSING, Field
from typing import Any

from wdlint.settings.catalogue import Knowledge, Settings
from wdlint.settings.config import COUPLINGS, keys

_STRINGS = {"type": "array", "items": {"type": "string"}}
_OPTIMIZER = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "decay": {
            "description": "The argument that holds the decay strength, or false where there is none.",
            "oneOf": [{"type": "string"}, {"const": False}],
            "default": "weight_decay",
        },
        "default": {"description": "The strength where none is given.", "type": "number"},
        "coupling": {"description": "How the decay acts.", "enum": list(COUPLINGS), "default": "unknown"},
    },
}


def schema() -> dict[str, Any]:
    """The schema of a `wdlint.toml`, and of the table `[tool.wdlint]`."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "wdlint",
        "description": "Settings of wdlint, in wdlint.toml or under [tool.wdlint] of pyproject.toml.",
        **_table(Settings),
    }


def _table(of: type) -> dict[str, Any]:
    properties = {key: property_of(member) for key, member in keys(of).items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def property_of(member: Field[Any]) -> dict[str, Any]:
    """One setting's part of the schema."""
    form = member.metadata["form"]
    described: dict[str, Any] = {"description": member.metadata["doc"], **_form(form)}
    default = member.default
    if (default is not MISSING and form in ("boolean", "steps", "bytes", "strings", "rules")) or form.startswith(
        "choice: "
    ):
        described["default"] = list(default) if isinstance(default, tuple) else default
    return {key: value for key, value in described.items() if value != ""}


def _form(form: str) -> dict[str, Any]:
    if form in ("rules", "strings"):
        return _STRINGS
    if form in ("steps", "bytes"):
        return {"type": "integer", "minimum": 0}
    if form in ("boolean", "string"):
        return {"type": form}
    if form.startswith("choice: "):
        return {"enum": form[8:].split()}
    if form == "rules by glob":
        return {"type": "object", "additionalProperties": _STRINGS}
    if form == "severity by rule":
        return {"type": "object", "additionalProperties": {"enum": ["error", "warning", "off"]}}
    if form == "optimizers":
        return {"type": "object", "additionalProperties": _OPTIMIZER}
    return _table(Knowledge)
