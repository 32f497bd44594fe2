"""Files of configuration on the command line: found, counted, mended, explained, and never a trouble."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint

COUPLED = "wd: 1\nopt:\n  _target_: 'torch.optim.Adam' # keep\n  lr: 1e-3\n  weight_decay: 0.01\n"
SECTION = '{"zero_optimization": {}, "optimizer": {"type": "AdamW", "params": {"weight_decay": 0.1}}}'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / ".cache"))
    (tmp_path / "configs").mkdir()
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(wdlint, arguments, prog_name="wdlint")
    return result.exit_code, result.output


def test_a_folder_of_configurations_is_linted(here: Path) -> None:
    (here / "configs" / "opt.yaml").write_text(COUPLED)
    (here / "configs" / "ds.json").write_text(SECTION)
    (here / "configs" / "data.json").write_text('{"weight_decay": 1}')
    (here / "train.py").write_text("x = 1\n")
    code, output = run("check", ".", "--output-format", "concise")
    assert code == 1
    assert [line.split(" ")[0] + line.split(" ")[1] for line in output.splitlines()[:2]] == [
        "configs/ds.json:1:69:WD103",
        "configs/opt.yaml:5:3:WD201",
    ]
    assert "in 2 of 3 files" in output  # what configures nothing is not counted


def test_every_format_shows_them(here: Path) -> None:
    (here / "ds.json").write_text(SECTION)
    for form in ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "azure", "json-lines"):
        code, output = run("check", "ds.json", "--output-format", form)
        assert code == 1
        assert "WD103" in output
    code, output = run("check", "ds.json", "--output-format", "json")
    assert json.loads(output)[0]["location"] == {"row": 1, "column": 69}


def test_a_fix_changes_the_name_alone(here: Path) -> None:
    file = here / "opt.yaml"
    file.write_bytes(COUPLED.replace("\n", "\r\n").encode())
    assert run("check", "opt.yaml", "--fix")[0] == 1
    assert file.read_bytes() == COUPLED.replace("\n", "\r\n").encode()
    assert run("check", "opt.yaml", "--fix", "--unsafe-fixes")[0] == 0
    assert file.read_bytes() == COUPLED.replace("Adam", "AdamW").replace("\n", "\r\n").encode()


def test_baseline_and_comments(here: Path) -> None:
    file = here / "opt.yaml"
    file.write_text(COUPLED)
    assert run("check", "opt.yaml", "--write-baseline")[0] == 0
    assert run("check", "opt.yaml", "--baseline", "wdlint-baseline.json")[0] == 0
    assert run("check", "opt.yaml", "--no-baseline", "--add-ignore=measured so")[0] == 0
    assert "  # wdlint: ignore[WD201] measured so\n  weight_decay: 0.01\n" in file.read_text()
    assert run("check", "opt.yaml", "--no-baseline")[0] == 0
    (here / "ds.json").write_text(SECTION)
    code, output = run("check", "ds.json", "--add-ignore=x")
    assert code == 2
    assert "per-file-ignores" in output
    assert (here / "ds.json").read_text() == SECTION


def test_a_file_explains_itself(here: Path) -> None:
    (here / "ds.json").write_text(SECTION)
    code, output = run("explain-site", "ds.json:1")
    assert code == 0
    assert "deepspeed.FusedAdam: decay decoupled" in output
    assert "divides no parameters by itself" in output


def test_without_a_reader_of_yaml_it_is_said_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a.yaml").write_text(COUPLED)
    (here / "b.yaml").write_text(COUPLED)
    (here / "c.yaml").write_text("name: data\n")
    (here / "train.py").write_text("x = 1\n")
    monkeypatch.setattr("wdlint.documents.yaml.is_installed", lambda: False)
    code, output = run("check", ".")
    assert code == 0
    assert output.count("pip install ruamel.yaml") == 1
    assert "a.yaml and 1 other file" in output


def test_only_data_is_nothing_to_lint(here: Path) -> None:
    (here / "data.json").write_text("[1, 2]")
    code, output = run("check", ".")
    assert code == 0
    assert "there are no Python files" in output
