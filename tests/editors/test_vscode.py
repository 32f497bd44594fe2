"""The extension for VS Code tells what it does, is of this version, and asks the server for what that reads."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from wdlint.version import __version__

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
SETTINGS = MANIFEST["contributes"]["configuration"]["properties"]
README = (EXTENSION / "README.md").read_text(encoding="utf-8")


def source(name: str) -> str:
    return (EXTENSION / "src" / name).read_text(encoding="utf-8")


def test_it_has_the_version_and_the_licence_of_wdlint() -> None:
    lock = json.loads((EXTENSION / "package-lock.json").read_text(encoding="utf-8"))
    assert MANIFEST["version"] == lock["version"] == lock["packages"][""]["version"] == __version__
    assert (EXTENSION / "LICENSE").read_bytes() == (EXTENSION.parents[1] / "LICENSE").read_bytes()


def test_every_setting_is_told_with_its_default() -> None:
    told = dict(re.findall(r"^\| `(wdlint\.[\w.]+)` \| (\S*) ?\|", README, re.MULTILINE))
    shown = {str: str, bool: lambda value: str(value).lower(), dict: json.dumps}
    defaults = {key: shown[type(of["default"])](of["default"]) for key, of in SETTINGS.items()}  # type: ignore[operator]
    assert {key: text.strip("`") for key, text in told.items()} == defaults


def test_what_runs_code_is_no_setting_of_a_workspace_that_is_not_trusted() -> None:
    restricted = set(MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    harmless = {"wdlint.enable", "wdlint.trace.server"}
    assert restricted == set(SETTINGS) - harmless


def test_every_command_is_registered() -> None:
    commands = {command["command"] for command in MANIFEST["contributes"]["commands"]}
    assert commands == set(re.findall(r'registerCommand\("([\w.]+)"', source("extension.ts")))


def test_the_server_reads_what_it_is_told() -> None:
    protocol = pytest.importorskip("wdlint.server.protocol", reason="needs pygls")
    (options,) = re.findall(r"interface InitializationOptions \{(.*?)\}", source("settings.ts"), re.DOTALL)
    sent = set(re.findall(r"readonly (\w+):", options))
    assert sent == set(re.findall(r'_option\(options, "(\w+)"\)', inspect.getsource(protocol)))
