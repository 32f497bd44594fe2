"""What a page's settings and YAML claim, looked at as their readers will.

Settings are loaded by wdlint and held against the schema; hooks and actions against the files of this repository that
define them. A block of YAML for a CI service gives back the wdlint commands in it, which are then run.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import yaml

from wdlint.complaint import Complaint
from wdlint.judging.selection import ENTRY_POINTS, selected
from wdlint.settings.catalogue import Settings
from wdlint.settings.config import FILES, read
from wdlint.settings.schema import schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).resolve().parent.parent.parent


class Untrue(Exception):
    """A page says something that is not so."""


def claim(language: str, text: str, name: str = "") -> list[str]:
    """Check a block of toml, yaml or json; returns the commands in it that are to be run.

    `name` is the file that the block stands for: a TOML file of another program is only read.

    Raises:
        Untrue: it does not hold.
    """
    try:
        if language == "toml" and Path(name).name not in ("", *FILES):
            tomllib.loads(text)
        elif language == "toml":
            _settings(text)
        elif language == "json":
            json.loads(text)
        else:
            return list(_yaml(yaml.safe_load(text)))
    except (Complaint, jsonschema.ValidationError, tomllib.TOMLDecodeError, yaml.YAMLError, ValueError) as error:
        raise Untrue(f"{type(error).__name__}: {error}") from error
    return []


def _settings(text: str) -> None:
    document = tomllib.loads(text)
    if "project" in document:
        unknown = set(document["project"].get("entry-points", {})) - {ENTRY_POINTS}
        if unknown:
            raise Untrue(f"wdlint reads no entry points {sorted(unknown)}")
        return
    table = document.get("tool", {}).get("wdlint", document)
    jsonschema.Draft7Validator(schema()).validate(table)
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("pyproject.toml" if "tool" in document else "wdlint.toml")
        path.write_text(text, encoding="utf-8")
        settings = read(str(path)) or Settings()
    if not settings.rule_paths:  # those of the page's own folder exist only there
        selected(settings)


def _yaml(document: Any) -> Iterator[str]:
    for node in _nodes(document):
        if "repo" in node and "hooks" in node:
            _hooks(node)
        if re.match(r"[\w.-]+/wdlint@", str(node.get("uses", ""))):
            known = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))["inputs"]
            unknown = set(node.get("with", {})) - set(known)
            if unknown:
                raise Untrue(f"action.yml has no input {sorted(unknown)}")
            arguments = node.get("with", {}).get("args")
            yield f"wdlint check {arguments}" if arguments else "wdlint check"
        for key in ("script", "run"):
            yield from _commands(node.get(key))


def _nodes(value: Any) -> Iterator[dict[Any, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


def _hooks(node: dict[Any, Any]) -> None:
    known = {hook["id"] for hook in yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    for hook in node["hooks"]:
        if hook["id"] not in known:
            raise Untrue(f".pre-commit-hooks.yaml has no hook `{hook['id']}`")


def _commands(value: Any) -> Iterator[str]:
    lines = value if isinstance(value, list) else str(value or "").splitlines()
    for line in lines:
        if re.match(r"wdlint\b", line):
            yield re.sub(r"\$\{?\w+\}?", "HEAD", line)  # the revision that a CI service would put there
