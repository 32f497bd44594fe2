"""The command line from end to end: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from helpers.command_line import run

from wdlint import __version__

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4, bias=False)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
BROKEN = "import torch\noptimizer = torch.optim.AdamW(\nprint 'x'\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / ".cache"))
    return tmp_path


def written(name: str, text: str = FAULT) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    return name


def codes(result: Result) -> list[str]:
    return [finding["code"] for finding in json.loads(result.stdout)]


def test_a_fault_is_printed_and_the_exit_code_is_1() -> None:
    written("train.py")
    result = run("train.py")
    assert result.exit_code == 1
    assert "WD201 coupled-optimizer" in result.stdout
    assert " --> train.py:5:13" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("Found 1 fault in 1 of 1 file") or "[*]" in result.stdout
    assert result.stderr == ""


def test_check_is_the_same_spelled_out() -> None:
    written("train.py")
    assert run("check", "train.py").stdout == run("train.py").stdout == run().stdout
    assert run("--output-format", "json", ".").stdout == run("check", "--output-format=json").stdout


def test_no_fault_is_exit_code_0() -> None:
    written("clean.py", "x = 1\n")
    result = run("clean.py")
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "No faults found in 1 file; no optimizer or penalty judged.\n",
        "",
    )


def test_exit_zero_prints_and_ends_with_0() -> None:
    written("train.py")
    result = run("--exit-zero", "train.py")
    assert result.exit_code == 0
    assert "WD201" in result.stdout


def test_with_fail_on_error_warnings_are_shown_and_do_not_fail(here: Path) -> None:
    written("train.py")
    (here / "wdlint.toml").write_text('fail-on = "error"\nseverity = { WD201 = "warning" }\n')
    assert run("train.py").exit_code == 0
    (here / "wdlint.toml").write_text('fail-on = "error"\nseverity = { WD201 = "error" }\n')
    assert run("train.py").exit_code == 1


def test_one_files_trouble_does_not_stop_the_others() -> None:
    written("a_broken.py", BROKEN)
    written("train.py")
    result = run("--output-format", "json", "a_broken.py", "nope.py", "train.py")
    assert result.exit_code == 2
    assert codes(result) == ["WD901", "WD201"]
    assert "nope.py: no such file or folder" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_trouble(here: Path) -> None:
    written("train.py")
    (here / "train.py").chmod(0)
    result = run("train.py")
    assert result.exit_code == 2
    assert "can't be read: Permission denied" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--selct", "WD101"], "--select"),
        (["--select", "WD9999", "clean.py"], "no rule is called `WD9999`"),
        (["--ignore", "decayed-bais", "clean.py"], "did you mean `decayed-bias`"),
        (["--output-format", "jsn"], "jsn"),
        (["chekc"], "did you mean `check`"),
        (["--config", "nope.toml"], "nope.toml"),
        (["--baseline", "nope.json", "clean.py"], "--write-baseline"),
        (["-", "clean.py"], "standard input"),
        (["explain", "WD999"], "no rule is called"),
        (["explain", "WD40"], "`WD40` stands for several rules: WD401, WD402"),
    ],
)
def test_bad_usage_is_exit_code_2_and_says_what_to_write(arguments: list[str], says: str) -> None:
    written("clean.py", "x = 1\n")
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_rules_are_selected_by_code_prefix_or_name() -> None:
    written("train.py")
    for words in ("WD201", "WD2", "coupled-optimizer", "WD1,WD201"):
        assert codes(run("--select", words, "--output-format", "json", "train.py")) == ["WD201"]
    assert codes(run("--ignore", "WD2", "--output-format", "json", "train.py")) == []


def test_the_report_can_go_to_a_file(here: Path) -> None:
    written("train.py")
    result = run("--output-format", "json", "-o", "out.json", "train.py")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads((here / "out.json").read_text())[0]["code"] == "WD201"
    result = run("-o", "no/such/folder/out.json", "train.py")
    assert result.exit_code == 2
    assert "can't be written" in result.stderr


def test_json_has_ruffs_keys_and_some_of_our_own() -> None:
    written("train.py")
    (found,) = json.loads(run("--output-format", "json", "train.py").stdout)
    ruffs = {"cell", "code", "end_location", "filename", "fix", "location", "message", "noqa_row", "url"}
    assert ruffs | {"name", "severity", "confidence", "parameters"} <= set(found)
    assert found["filename"] == os.path.abspath("train.py")
    assert found["location"] == {"row": 5, "column": 13}
    assert found["name"] == "coupled-optimizer"


def test_files_settings_and_statistics_are_shown() -> None:
    written("train.py")
    written("sub/clean.py", "x = 1\n")
    assert run("--show-files").stdout == "train.py\nsub/clean.py\n"
    assert "latent = true" in run("--latent", "--show-settings").stdout
    assert run("--statistics").stdout.split()[:2] == ["1", "WD201"]
    row = {"code": "WD201", "name": "coupled-optimizer", "count": 1, "fixable": True}
    assert json.loads(run("--statistics", "--output-format", "json").stdout) == [row]
    assert json.loads(run("--statistics", "--output-format", "json-lines").stdout) == row


def test_standard_input_is_a_file_of_the_given_name(here: Path) -> None:
    result = run("-", "--stdin-filename", "src/train.py", "--output-format", "concise", stdin=FAULT)
    assert result.exit_code == 1
    assert result.stdout.startswith("src/train.py:5:13: WD201")
    result = run("-", stdin=FAULT)
    assert " --> -:5:13" in result.stdout
    assert "5 | optimizer" in result.stdout
    (here / "wdlint.toml").write_text('extend-exclude = ["src"]\n')
    assert run("-", "--stdin-filename", "src/train.py", "--force-exclude", stdin=FAULT).exit_code == 0


def test_a_notebook_is_linted_by_cell() -> None:
    cells = [{"cell_type": "markdown", "source": "#"}, {"cell_type": "code", "source": "%time 1\n" + FAULT}]
    written("n.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    (found,) = json.loads(run("--output-format", "json", "n.ipynb").stdout)
    assert (found["code"], found["cell"], found["location"]["row"]) == ("WD201", 2, 6)
    assert "6 | optimizer = torch.optim.Adam" in run("n.ipynb").stdout


def test_a_script_in_cells_may_hold_magics() -> None:
    written("cells.py", "# %%\n%matplotlib inline\n!pip install torch\n" + FAULT)
    assert run("--output-format", "concise", "cells.py").stdout.startswith("cells.py:8:13: WD201")
    written("cells.py", "# %%\n!ls (\n" + FAULT.replace("0.1)", "0.1)  # wdlint: ignore"))
    assert run("cells.py").exit_code == 0
    written("script.py", "%matplotlib inline\n" + FAULT)
    assert "WD901" in run("script.py").stdout


def test_a_file_that_is_no_python_is_found_where_it_breaks() -> None:
    written("broken.py", "import torch.optim\nfor x in y:\n    print 'done'\n")
    assert run("--output-format", "concise", "broken.py").stdout.startswith("broken.py:3:5: WD901")


def test_per_file_ignores(here: Path) -> None:
    written("train.py")
    written("tests/train.py")
    (here / "wdlint.toml").write_text('per-file-ignores = { "tests/*" = ["WD2"] }\n')
    assert [f["filename"] for f in json.loads(run("--output-format", "json").stdout)] == [os.path.abspath("train.py")]


def test_comments_suppress_unless_asked_otherwise() -> None:
    written("train.py", FAULT.replace("0.1)", "0.1)  # wdlint: ignore[WD201] on purpose"))
    result = run("train.py")
    assert (result.exit_code, result.stdout) == (0, "No faults found in 1 file (1 suppressed); 1 optimizer judged.\n")
    assert run("--ignore-suppressions", "train.py").exit_code == 1


def test_ignores_can_be_added_for_all_findings(here: Path) -> None:
    written("train.py")
    assert run("--add-ignore", "train.py").stdout == "Added 1 comment.\n"
    assert run("train.py").exit_code == 0
    written("train.py")
    run("--add-ignore=as in the paper", "train.py")
    assert "# wdlint: ignore[WD201] as in the paper" in (here / "train.py").read_text()


def test_a_comment_without_use_is_found_where_asked() -> None:
    written("clean.py", "x = 1  # wdlint: ignore[WD201]\n")
    assert run("clean.py").exit_code == 0
    result = run("--extend-select", "WD902", "--output-format", "concise", "clean.py")
    assert result.exit_code == 1
    assert "clean.py:1:8: WD902" in result.stdout


def test_a_baseline_from_writing_to_pruning(here: Path) -> None:
    written("train.py")
    result = run("--write-baseline", "--baseline", "known.json")
    assert (result.exit_code, result.stdout) == (
        0,
        "Wrote 1 finding to known.json. They count as known where --baseline names it.\n",
    )
    result = run("--baseline", "known.json")
    assert (result.exit_code, result.stdout) == (
        0,
        "No faults found in 1 file (1 in the baseline); 1 optimizer judged.\n",
    )
    written("other.py")
    result = run("--baseline", "known.json")
    assert result.exit_code == 1
    assert "Found 1 fault in 1 of 2 files (1 in the baseline); 2 optimizers judged." in result.stdout
    written("train.py", "x = 1\n")
    result = run("--baseline", "known.json")
    assert "1 of 1 findings in known.json no longer occur" in result.stderr
    result = run("--baseline", "known.json", "--prune-baseline")
    assert "Removed 1 of 1" in result.stderr
    assert json.loads((here / "known.json").read_text())["findings"] == []


def test_the_baseline_of_the_settings_is_used(here: Path) -> None:
    written("sub/train.py")
    (here / "wdlint.toml").write_text('baseline = "known.json"\n')
    run("--write-baseline")
    assert (here / "known.json").exists()
    assert run("sub").exit_code == 0


def test_github_is_chosen_by_itself_under_its_actions(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written("train.py")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "summary.md"))
    assert run("train.py").stdout.startswith("::warning title=wdlint WD201") or run("train.py").stdout.startswith(
        "::error title=wdlint WD201"
    )
    assert "| <code>train.py&#58;5&#58;13</code> | WD201 coupled-optimizer |" in (here / "summary.md").read_text()
    assert run("--output-format", "concise", "train.py").stdout.startswith("train.py:5:13")


def test_colour_follows_the_custom(monkeypatch: pytest.MonkeyPatch) -> None:
    written("train.py")
    assert "\x1b[" not in run("train.py").stdout
    assert "\x1b[" in run("--color", "always", "train.py").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("train.py").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("train.py").stdout


def test_a_hostile_configuration_is_a_clear_error(here: Path) -> None:
    written("train.py")
    (here / "pyproject.toml").write_text("[tool.wdlint]\nselect = [" + "[" * 5000)
    result = run("train.py")
    assert result.exit_code == 2
    assert "pyproject.toml" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_catalogue_and_the_pages_of_rules() -> None:
    assert run("rules").stdout.splitlines()[0].split()[:2] == ["WD101", "decayed-bias"]
    assert json.loads(run("rules", "--output-format", "json").stdout)[0]["name"] == "decayed-bias"
    page = run("explain", "WD101").stdout
    assert page == run("explain", "decayed-bias").stdout == run("explain", "wd101").stdout
    assert "## Why is this bad?" in page


def test_version_and_help() -> None:
    assert run("--version").stdout == f"wdlint {__version__}\n"
    result = run("--help")
    assert "explain" in result.stdout
    assert "--select" in run("check", "--help").stdout


def test_a_folder_without_python_is_worth_a_warning() -> None:
    result = run(".")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no Python files" in result.stderr


def test_a_folder_whose_files_are_all_ignored_says_so(here: Path) -> None:
    (here / ".git").mkdir()
    written(".gitignore", "*.py\n")
    written("train.py")
    assert run(".").stderr == (
        "wdlint: warning: all Python files in . are ignored by .gitignore; --no-respect-gitignore lints them\n"
    )


def test_a_screened_out_file_loads_neither_rules_nor_parser(here: Path) -> None:
    written("clean.py", "x = 1\n")
    script = (
        "import sys, wdlint.commands.check\n"
        "from wdlint.commands.cli import wdlint\n"
        "try: wdlint(['clean.py'])\n"
        "except SystemExit: pass\n"
        "heavy = {'libcst', 'wdlint.facts', 'wdlint.judging.rule', 'importlib.metadata', 'tomllib', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_module_and_script_are_one(here: Path) -> None:
    written("clean.py", "x = 1\n")
    done = subprocess.run([sys.executable, "-m", "wdlint", "clean.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "No faults found in 1 file; no optimizer or penalty judged.\n")
