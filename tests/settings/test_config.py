"""Settings from files: found upwards, checked, and overruled by the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wdlint.settings.catalogue import SKIPPED_FOLDERS, OptimizerEntry, Settings
from wdlint.settings.config import Configuration, ConfigurationError, as_toml, read


def settings(folder: Path, **overrides: object) -> Settings:
    return Configuration(overrides)(str(folder))


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings(tmp_path) == Settings(root=str(tmp_path))


def test_the_nearest_file_upwards_decides(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.wdlint]\nselect = ["WD1"]\nlatent = true\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n# wdlint is elsewhere\n")
    held = settings(inner)
    assert (held.select, held.latent, held.root) == (("WD1",), True, str(tmp_path))
    (tmp_path / "a" / "wdlint.toml").write_text('ignore = ["WD2"]\n')
    held = settings(inner)
    assert (held.select, held.ignore, held.root) == ((), ("WD2",), str(tmp_path / "a"))


def test_wdlint_toml_wins_over_pyproject_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.wdlint]\nlatent = true\n")
    (tmp_path / "wdlint.toml").write_text("")
    assert settings(tmp_path).latent is False


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
select = ["WD1"]
extend-select = ["WD205"]
ignore = ["decayed-bias"]
per-file-ignores = { "tests/*" = ["WD1"] }
severity = { WD101 = "error", WD2 = "off" }
fail-on = "error"
latent = true
embeddings = "exempt"
exclude = ["old"]
extend-exclude = ["gen/*"]
force-exclude = true
respect-gitignore = false
fixable = ["WD1"]
unfixable = ["WD103"]
extend-safe-fixes = ["WD201"]
extend-unsafe-fixes = ["WD101"]
fix-style = "import"
roots = ["src"]
rule-paths = ["lint/rules"]
baseline = "known.json"
output-format = "concise"

[knowledge]
norm-layers = ["mylib.ScaleNorm"]
gain-names = ["alpha"]
bias-names = ["shift"]
model-factories = ["mylib.build"]
group-factories = ["mylib.divided"]

[knowledge.optimizers."mylib.Sophia"]
decay = "wd"
default = 1
coupling = "decoupled"

[knowledge.optimizers."mylib.Plain"]
decay = false
"""
    path = tmp_path / "wdlint.toml"
    path.write_text(text)
    held = read(str(path))
    assert held is not None
    assert held.per_file_ignores == (("tests/*", ("WD1",)),)
    assert held.severity == (("WD101", "error"), ("WD2", "off"))
    assert held.knowledge.optimizers == (
        OptimizerEntry("mylib.Sophia", "wd", 1.0, "decoupled"),
        OptimizerEntry("mylib.Plain", None, None, "unknown"),
    )
    hash(held)
    again = tmp_path / "again.toml"
    again.write_text(as_toml(held))
    assert read(str(again)) == held, "what is shown can be read"


def test_any_text_is_shown_so_that_it_can_be_read(tmp_path: Path) -> None:
    names = ("\U0001f600", "größe", "\x7f\x1b[31m\u202e\n", 'a"b\\c', "\x85\u2028")
    path = tmp_path / "wdlint.toml"
    text = as_toml(Settings(exclude=names))
    assert not set(text) & set("\x1b\x7f\u202e\x85\u2028")
    path.write_text(text, encoding="utf-8")
    held = read(str(path))
    assert held is not None
    assert held.exclude == names


def test_the_defaults_as_shown_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "wdlint.toml"
    path.write_text(as_toml(Settings()))
    assert read(str(path)) == Settings(root=str(tmp_path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('selct = ["WD1"]', r"`selct`: there is no such key \(did you mean `select`\?\)"),
        ('select = "WD1"', "`select` must be a list of strings, not 'WD1'"),
        ("select = [1]", "must be a list of strings"),
        ("latent = 1", "`latent` must be true or false, not 1"),
        ('embeddings = "decays"', r"must be one of decay, exempt, either, not 'decays' \(did you mean `decay`\?\)"),
        ("embeddings = []", "must be one of"),
        ('output-format = "jsn"', "did you mean `json`"),
        ('severity = { WD1 = "fatal" }', "`severity` of `WD1` must be one of error, warning, off"),
        ('per-file-ignores = ["x"]', "`per-file-ignores` must be a table"),
        ("knowledge = 3", "`knowledge` must be a table"),
        ("[knowledge]\nnorms = []", "`knowledge` `norms`: there is no such key"),
        ('[knowledge.optimizers]\n"a.B" = { defualt = 1 }', "no key `defualt` .did you mean `default`"),
        ('[knowledge.optimizers]\n"a.B" = { default = "x" }', "must be a number"),
        ('[knowledge.optimizers]\n"a.B" = { coupling = "weak" }', "must be one of decoupled"),
        ("select = [", "is not TOML"),
        ("\x00", "is not TOML"),
        ("a = " + "[" * 3000, "not TOML|nested too deeply"),
    ],
)
def test_a_file_that_is_wrong_is_told_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "wdlint.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=says) as caught:
        read(str(path))
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wdlint.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read(str(path))


def test_a_broken_pyproject_that_does_not_speak_of_wdlint_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("][")
    assert read(str(path)) is None


def test_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "wdlint.toml").write_text(
        'select = ["WD1"]\nignore = ["WD103"]\nlatent = true\nextend-exclude = ["a"]\n'
    )
    assert settings(tmp_path, latent=False).latent is False
    held = settings(tmp_path, select=("WD103",))
    assert (held.select, held.ignore) == (("WD103",), ())
    assert settings(tmp_path, ignore=("WD2",)).ignore == ("WD103", "WD2")
    assert settings(tmp_path, extend_exclude=("b",)).extend_exclude == ("a", "b")


def test_a_named_file_is_used_everywhere_and_isolation_uses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wdlint.toml").write_text("latent = true\n")
    other = tmp_path / "other.toml"
    other.write_text("exclude = []\n")
    held = Configuration(file=str(other))(str(tmp_path))
    assert (held.latent, held.exclude) == (False, ())
    held = Configuration(isolated=True)(str(tmp_path))
    assert (held.latent, held.exclude, held.root) == (False, SKIPPED_FOLDERS, os.getcwd())
    with pytest.raises(ConfigurationError, match="can't be read"):
        Configuration(file="nope.toml")
