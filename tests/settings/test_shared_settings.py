"""Settings that extend others, that want a version, that choose fixes; and `wdlint config`, which explains a key."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import run

from wdlint.settings.catalogue import Settings
from wdlint.settings.config import ConfigurationError, keys, read
from wdlint.settings.versions import satisfies

COUPLED = """\
import torch

net = torch.nn.Linear(3, 3, bias=False)
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=0.1)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shared").mkdir()
    return tmp_path


def written(name: str, text: str) -> Settings:
    Path(name).write_text(text)
    settings = read(name)
    assert settings is not None
    return settings


def test_what_a_file_does_not_say_is_as_in_the_one_that_it_extends(here: Path) -> None:
    written("shared/base.toml", 'select = ["WD1"]\nlatent = true\nroots = ["lib"]\nbaseline = "known.json"\n')
    settings = written("wdlint.toml", 'extend = "shared/base.toml"\nselect = ["WD2"]\n')
    assert (settings.select, settings.latent, settings.root) == (("WD2",), True, str(here))
    assert settings.roots == (str(here / "shared" / "lib"),)
    assert settings.baseline == str(here / "shared" / "known.json")


def test_a_line_of_files_is_followed_and_a_circle_is_refused() -> None:
    written("shared/base.toml", "latent = true\n")
    written("shared/middle.toml", 'extend = "base.toml"\nfail-on = "error"\n')
    settings = written("wdlint.toml", 'extend = "shared/middle.toml"\n')
    assert (settings.latent, settings.fail_on) == (True, "error")
    Path("shared/base.toml").write_text('extend = "../wdlint.toml"\n')
    with pytest.raises(ConfigurationError, match="leads back"):
        read("wdlint.toml")


@pytest.mark.parametrize("text", ["nowhere.toml", "shared/pyproject.toml"])
def test_what_can_not_be_extended_is_said(text: str) -> None:
    Path("shared/pyproject.toml").write_text("[project]\n")
    Path("wdlint.toml").write_text(f'extend = "{text}"\n')
    with pytest.raises(ConfigurationError, match=f"wdlint.toml: `extend`: .*{text.rpartition('/')[2]}"):
        read("wdlint.toml")


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ("0.1.0", True), ("0.1", True), ("==0.1", True), (">=0.1, <1", True), (">0.1", False), (">=0.2", False),
        ("<=0.1.0", True), ("!=0.1", False), (">=0.0.9,!=0.1.1", True), ("<0.1", False), (">= v0.1", True),
    ],
)  # fmt: skip
def test_versions_are_compared_by_their_numbers(wanted: str, fits: bool) -> None:
    assert satisfies("0.1.0", wanted) is fits


def test_the_version_is_asked_for_before_keys_that_only_another_one_may_have() -> None:
    Path("wdlint.toml").write_text('select-all = true\nrequired-version = ">=99"\n')
    with pytest.raises(ConfigurationError, match="asks for wdlint >=99"):
        read("wdlint.toml")
    Path("wdlint.toml").write_text("required-version = 99\n")
    with pytest.raises(ConfigurationError, match="`required-version` must be a string"):
        read("wdlint.toml")


def test_ten_is_more_than_nine() -> None:
    assert satisfies("0.10.0", ">0.9")


def test_settings_for_another_version_end_the_run() -> None:
    Path("wdlint.toml").write_text('required-version = ">=99"\n')
    told = run("shared")
    assert (told.exit_code, "asks for wdlint >=99" in told.stderr) == (2, True)
    Path("wdlint.toml").write_text('required-version = "~1"\n')
    assert "no condition on a version" in run("shared").stderr


def test_unsafe_fixes_can_be_a_setting_and_the_command_line_wins() -> None:
    Path("train.py").write_text(COUPLED)
    assert "AdamW" not in run("--diff", "train.py").stdout
    Path("wdlint.toml").write_text("unsafe-fixes = true\n")
    assert "AdamW" in run("--diff", "train.py").stdout
    assert "AdamW" not in run("--diff", "--no-unsafe-fixes", "train.py").stdout


def test_no_fix_takes_back_what_stands_before_it() -> None:
    Path("train.py").write_text(COUPLED)
    run("--fix", "--unsafe-fixes", "--no-fix", "train.py")
    assert Path("train.py").read_text() == COUPLED


def test_every_key_can_be_asked_for() -> None:
    listed = run("config").stdout
    for key in keys(Settings):
        if key != "knowledge":
            assert f"\n{key} " in f"\n{listed}"
            assert run("config", key).exit_code == 0, key


def test_a_key_is_explained_with_what_is_in_force() -> None:
    Path("wdlint.toml").write_text('fail-on = "error"\n')
    told = run("config", "fail_on").stdout
    assert '  may be:   "warning", "error"\n  default:  "warning"\n  in force: "error"\n' in told


def test_a_key_that_is_none_is_said() -> None:
    told = run("config", "fail-onn")
    assert (told.exit_code, "did you mean `fail-on`?" in told.stderr) == (2, True)
