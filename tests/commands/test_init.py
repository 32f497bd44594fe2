"""`wdlint init`: what a repository has a place for is written, nothing else of it changes, and a run is clean then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import run
from ruamel.yaml import YAML

from wdlint.commands.init import additions
from wdlint.settings.config import read
from wdlint.version import __version__

FAULT = (
    "import torch\nnet = torch.nn.Linear(3, 3)\nopt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
)
HOOKS = "repos:\n# ours\n  - repo: https://github.com/x/y\n    rev: v1\n    hooks:\n      - id: y\n"
WHERE = "https://git.example.org/us/wdlint"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def files(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text()
        for p in folder.rglob("*")
        if p.is_file() and "cache" not in p.parts
    }


def test_a_bare_folder_gets_settings_and_a_baseline(here: Path) -> None:
    (here / "train.py").write_text(FAULT)
    told = run("init", "--yes")
    assert told.exit_code == 0
    assert set(files(here)) == {"train.py", "wdlint.toml", "wdlint-baseline.json"}
    assert "1 fault in 1 file; `wdlint` shows them.\nWrote wdlint-baseline.json. `wdlint --no-baseline`" in told.stdout
    assert "1 fault in 1 file; `wdlint --no-baseline` shows them.\n" in run("init", "--yes").stdout
    assert run().exit_code == 0
    (here / "more.py").write_text(FAULT)
    assert run().exit_code == 1


def test_what_is_there_stays_as_it_is(here: Path) -> None:
    (here / "pyproject.toml").write_text('[project]\nname = "x"')
    (here / ".pre-commit-config.yaml").write_text(HOOKS)
    assert "`pre-commit install` lets git run the hook" in run("init", "--yes").stdout
    assert (here / "pyproject.toml").read_text().startswith('[project]\nname = "x"\n\n[tool.wdlint]\n')
    settings = read("pyproject.toml")
    assert settings is not None
    assert settings.required_version == f">={__version__}"
    hooks = (here / ".pre-commit-config.yaml").read_text()
    assert hooks.endswith(HOOKS.removeprefix("repos:\n# ours\n"))
    ours, theirs = YAML(typ="safe").load(hooks)["repos"]
    assert ours["hooks"][0]["entry"] == "wdlint check --force-exclude --with-importers"
    assert theirs["repo"] == "https://github.com/x/y"


def test_a_second_time_nothing_is_written(here: Path) -> None:
    (here / "train.py").write_text(FAULT)
    (here / ".pre-commit-config.yaml").write_text(HOOKS)
    run("init", "--yes")
    before = files(here)
    run("init", "--yes")
    assert files(here) == before


def test_what_is_not_agreed_to_is_not_written(here: Path) -> None:
    (here / "train.py").write_text(FAULT)
    told = run("init", stdin="n\nn\n")
    assert set(files(here)) == {"train.py"}
    assert "Write it to wdlint.toml? [Y/n]" in told.stdout
    assert '+ required-version = ">=' in told.stdout


def test_without_an_answer_nothing_is_written(here: Path) -> None:
    (here / "train.py").write_text(FAULT)
    assert run("init").exit_code != 0
    assert set(files(here)) == {"train.py"}


def test_jobs_and_hooks_name_the_address_of_wdlint(here: Path) -> None:
    (here / ".github" / "workflows").mkdir(parents=True)
    (here / ".gitlab-ci.yml").write_text("test:\n  script: [pytest]\n")
    (here / ".pre-commit-config.yaml").write_text(HOOKS)
    added = {one.file: YAML(typ="safe").load(one.text) for one in additions(".", WHERE) if one.file != "wdlint.toml"}
    install = f'pip install "wdlint[yaml] @ git+{WHERE}@v{__version__}"'
    steps = added[".github/workflows/wdlint.yml"]["jobs"]["wdlint"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [install, "wdlint"]
    assert added[".gitlab-ci.yml"]["wdlint"]["script"][0] == install
    assert added[".gitlab-ci.yml"]["test"] == {"script": ["pytest"]}
    assert added[".pre-commit-config.yaml"]["repos"][0] == {
        "repo": WHERE, "rev": f"v{__version__}", "hooks": [{"id": "wdlint"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    "hooks", ["repos: []\n", "repos: [{repo: local, hooks: []}]\n", "", "default_stages: [commit]\n"]
)
def test_a_list_of_hooks_that_has_no_lines_is_left_alone(here: Path, hooks: str) -> None:
    (here / ".pre-commit-config.yaml").write_text(hooks)
    assert [one.file for one in additions(".", "")] == ["wdlint.toml"]


def test_line_ends_are_those_of_the_file(here: Path) -> None:
    (here / ".pre-commit-config.yaml").write_bytes(HOOKS.replace("\n", "\r\n").encode())
    (added,) = (one for one in additions(".", WHERE) if one.file == ".pre-commit-config.yaml")
    assert added.text.count("\n") == added.text.count("\r\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs git")
def test_in_a_repository_the_new_files_are_few(here: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    (here / "train.py").write_text(FAULT)
    run("init", "--yes")
    told = subprocess.run(["git", "status", "--short"], capture_output=True, text=True, check=True).stdout
    assert {line[3:] for line in told.splitlines()} - {"cache/"} == {"train.py", "wdlint.toml", "wdlint-baseline.json"}
