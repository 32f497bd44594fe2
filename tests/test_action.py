"""The steps of the GitHub action, as a runner runs them, and the hooks of pre-commit."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs bash")

FAULT = "import torch\nopt = torch.optim.Adam(m.parameters(), weight_decay=1e-2)\n"


def step(name: str) -> dict[str, Any]:
    action = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))
    (found,) = (step for step in action["runs"]["steps"] if step["name"] == name)
    return dict(found)


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "wdlint").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m wdlint "$@"\n')
    (folder / "wdlint").chmod(0o755)
    return folder


def lint(programs: Path, args: str, sarif: str = "") -> tuple[int, str, str]:
    """Run the step that lints: the exit code that it sets, its output, the job summary."""
    environment = {
        **os.environ,
        "PROGRAMS": str(programs),
        "ARGS": args,
        "SARIF": sarif,
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": "outputs",
        "GITHUB_STEP_SUMMARY": "summary.md",
        "WDLINT_CACHE_DIR": "kept",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Lint")["run"]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    summary = Path("summary.md").read_text(encoding="utf-8") if Path("summary.md").exists() else ""
    (told,) = Path("outputs").read_text().split()
    return int(told.removeprefix("exit-code=")), done.stdout, summary


def test_findings_become_annotations_a_report_and_one_summary(programs: Path) -> None:
    Path("train.py").write_text(FAULT)
    status, told, summary = lint(programs, ".", sarif="report.sarif")
    assert status == 1
    assert told.startswith("::warning title=wdlint WD201")
    assert summary.count("### wdlint") == 1
    assert '"WD201"' in Path("report.sarif").read_text()


def test_arguments_may_be_quoted_and_stand_on_several_lines(programs: Path) -> None:
    Path("my script.py").write_text(FAULT)
    Path("other.py").write_text(FAULT)
    status, told, _ = lint(programs, "--select\nWD201\n'my script.py'\n")
    assert (status, told.count("::warning")) == (1, 1)


def test_arguments_that_cannot_be_split_are_trouble_and_lint_nothing(programs: Path) -> None:
    Path("train.py").write_text(FAULT)
    status, told, _ = lint(programs, "--select 'WD1 train.py")
    assert (status, told.count("::warning"), told.count("::error")) == (2, 0, 1)


def test_the_report_is_sarif_whatever_format_is_asked_for(programs: Path) -> None:
    Path("train.py").write_text(FAULT)
    lint(programs, ". --output-format json", sarif="report.sarif")
    assert '"WD201"' in Path("report.sarif").read_text()
    assert "sarif" in Path("report.sarif").read_text()


@pytest.mark.parametrize(("args", "expected"), [("", 0), ("--select WD1", 0), ("--no-such-option", 2)])
def test_the_exit_code_is_passed_on(programs: Path, args: str, expected: int) -> None:
    Path("train.py").write_text(FAULT if "--select" in args else "x = 1\n")
    assert lint(programs, args)[0] == expected


def test_nothing_of_a_workflow_is_pasted_into_a_shell() -> None:
    action = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))
    assert not any("${{" in step.get("run", "") for step in action["runs"]["steps"])


def test_the_hooks_leave_out_what_the_settings_exclude() -> None:
    hooks = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["wdlint", "wdlint-fix"]
    Path("wdlint.toml").write_text('extend-exclude = ["vendored"]\n')
    Path("vendored").mkdir()
    Path("vendored/train.py").write_text(FAULT)
    for hook in hooks:
        assert (hook["language"], hook["require_serial"], hook["types_or"]) == (
            "python",
            True,
            ["python", "jupyter", "yaml", "json"],
        )
        command = [sys.executable, "-m", *hook["entry"].split(), "vendored/train.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
