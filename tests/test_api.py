"""wdlint from Python, as a plugin of flake8, and rules by others."""

from __future__ import annotations

import ast
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from click.testing import CliRunner

import wdlint
from wdlint import NotChecked, check_paths, check_source
from wdlint.commands.cli import wdlint as command
from wdlint.complaint import Complaint
from wdlint.flake8 import Plugin

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4, bias=False)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_source_is_checked() -> None:
    (finding,) = check_source(FAULT)
    assert (finding.code, finding.rule, finding.place.line) == ("WD201", "coupled-optimizer", 5)
    assert check_source(FAULT.encode(), select=("WD1",)) == []
    assert check_source("x = 1") == []
    assert [f.code for f in check_source("import torch.optim\nprint 'x'")] == ["WD901"]
    with pytest.raises(Complaint, match="no rule"):
        check_source(FAULT, select=("WD9999",))


def test_source_stands_for_a_file_of_the_project(here: Path) -> None:
    (here / "pkg").mkdir()
    (here / "pkg" / "model.py").write_text("from torch import nn\nclass Net(nn.Module):\n    pass\n")
    (here / "pkg" / "wdlint.toml").write_text('ignore = ["WD201"]\n')
    assert check_source(FAULT, "pkg/train.py") == []


def test_modules_are_found_in_the_roots_of_the_settings(here: Path) -> None:
    (here / "shared" / "nets").mkdir(parents=True)
    (here / "shared" / "nets" / "__init__.py").write_text("")
    (here / "shared" / "nets" / "small.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.norm = nn.LayerNorm(4)\n\n    def forward(self, x):\n        return self.norm(x)\n"
    )
    (here / "scripts").mkdir()
    train = "model = Net()\nopt = torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"
    source = f"import torch\nfrom nets.small import Net\n\n{train}"
    (here / "scripts" / "train.py").write_text(source)
    (here / "wdlint.toml").write_text('roots = ["shared"]\n')
    assert [f.code for f in check_paths(["scripts"])] == ["WD101", "WD102"]
    (here / "wdlint.toml").write_text("")
    assert [f.code for f in check_paths(["scripts"])] == ["WD103"]


def test_paths_are_checked(here: Path) -> None:
    (here / "train.py").write_text(FAULT)
    assert [f.place.file for f in check_paths(["."])] == ["train.py"]
    with pytest.raises(NotChecked, match=r"nope\.py: no such file"):
        check_paths(["nope.py", "train.py"])


def test_importing_wdlint_imports_nothing_heavy() -> None:
    script = "import sys, wdlint; print([m for m in ('torch', 'libcst', 'click', 'wdlint.facts') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert set(wdlint.__all__) <= set(dir(wdlint))


def flake8(source: str) -> list[tuple[int, int, str]]:
    lines = source.splitlines(keepends=True)
    return [(line, column, text[:5]) for line, column, text, _ in Plugin(ast.parse("0"), "train.py", lines).run()]


def test_the_plugin_reports_the_same() -> None:
    assert flake8(FAULT) == [(5, 12, "WD201")]
    assert flake8("x = 1\n") == []
    assert flake8("import torch.optim\nprint 'x'\n") == []


SGD = FAULT.replace("Adam(", "SGD(")


@pytest.mark.parametrize(
    ("select", "extend_select", "codes"),
    [(None, None, set()), (["E", "WD"], [], set()), (["WD205"], None, {"WD205"}), (None, ["WD2", "WD900"], {"WD205"})],
)
def test_the_plugin_runs_rules_that_are_off_where_flake8_selects_them(
    select: list[str] | None, extend_select: list[str] | None, codes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Plugin, "_selected", ())
    Plugin.parse_options(Namespace(select=select, extend_select=extend_select))
    assert {code for _, _, code in flake8(SGD) if code == "WD205"} == codes


def test_the_plugin_says_what_stops_it_instead_of_stopping_flake8(here: Path) -> None:
    (here / "wdlint.toml").write_text('select = ["WD777"]\n')
    assert flake8(FAULT) == [(1, 0, "WD900")]


RULE = '''"""A rule of somebody's: learning rates above 1.

## What it does
x
## Why is this bad?
x
## Example
x
## Use instead
x
## When not to use
x
## Fix safety
x
## References
x
"""
from wdlint.facts import Finding, OptimizerUse
code = "XY001"
FLAGGED = ({flagged!r},)
PASSED = ({passed!r},)
def judge(use: OptimizerUse):
    if any(group.learning_rate and (group.learning_rate.value or 0) > 1 for group in use.groups):
        yield Finding(code, use.place, "a learning rate above 1")
'''
FAST = FAULT.replace("lr=1e-3", "lr=2.0").rstrip() + "  # XY001\n"


def test_rules_of_ones_own_are_tested_by_their_examples(here: Path) -> None:
    (here / "mine").mkdir()
    path = here / "mine" / "fast_learning.py"
    path.write_text(RULE.format(flagged=FAST, passed=FAULT))
    result = CliRunner().invoke(command, ["test-rules", "mine"])
    assert (result.exit_code, result.stdout) == (0, "XY001 fast-learning: 2 examples behave as they say\n")
    path.write_text(RULE.format(flagged=FAULT + "# XY001\n", passed=FAST.replace("  # XY001", "")))
    result = CliRunner().invoke(command, ["test-rules", str(path)])
    assert result.exit_code == 1
    assert "FLAGGED 1: example.py:6: XY001 is expected and not reported" in result.stdout
    assert "PASSED 1: example.py:5: XY001 is reported and not expected" in result.stdout
    path.write_text("x = 1\n")
    result = CliRunner().invoke(command, ["test-rules", "mine"])
    assert result.exit_code == 2
    assert "the rule lacks" in result.stderr


def test_a_rule_is_read_as_it_is_and_nothing_is_left_beside_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    (here / "mine").mkdir()
    path = here / "mine" / "fast_learning.py"
    for code in ("XY001", "XY002"):  # of one size, and in one second
        path.write_text(RULE.format(flagged=FAST, passed=FAULT).replace("XY001", code))
        assert CliRunner().invoke(command, ["test-rules", "mine"]).stdout.startswith(code)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_rules_of_ones_own_judge(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "fast_learning.py").write_text(RULE.format(flagged=FAST, passed=FAULT))
    (here / "wdlint.toml").write_text('rule-paths = ["mine"]\nselect = ["fast-learning"]\n')
    (here / "train.py").write_text(FAST)
    assert [f.code for f in check_paths(["train.py"], trust_rules=True)] == ["XY001"]
    result = CliRunner().invoke(command, ["explain", "--trust-rules", "XY001"])
    assert "learning rates above 1" in result.stdout


def test_a_rule_that_fails_is_said_and_the_other_files_go_on(here: Path) -> None:
    (here / "mine").mkdir()
    text = RULE.format(flagged=FAST, passed=FAULT).replace("    if any", "    1 / 0\n    if any")
    (here / "mine" / "failing.py").write_text(text)
    (here / "wdlint.toml").write_text('rule-paths = ["mine"]\n')
    (here / "a.py").write_text(FAULT)
    (here / "b.py").write_text("x = 1\n")
    result = CliRunner().invoke(command, ["--no-cache", "--trust-rules"])
    assert result.exit_code == 2
    assert "a.py: rule XY001 (failing) failed: ZeroDivisionError" in result.stderr


def test_a_rule_answers_to_the_codes_and_names_that_it_had(here: Path) -> None:
    (here / "mine").mkdir()
    path = here / "mine" / "fast_learning.py"
    text = RULE.format(flagged=FAST, passed=FAULT)
    path.write_text(text.replace("code = ", "formerly = ('XY900', 'quick-steps')\ncode = "))
    (here / "train.py").write_text(FAST)
    for word in ("XY900", "xy900", "quick-steps", "quick_steps"):
        (here / "wdlint.toml").write_text(f'rule-paths = ["mine"]\nselect = ["{word}"]\n')
        assert [f.code for f in check_paths(["train.py"], trust_rules=True)] == ["XY001"]
        (here / "hushed.py").write_text(FAST.replace("# XY001", f"# wdlint: ignore[{word}]"))
        assert check_paths(["hushed.py"], trust_rules=True) == []
    (here / "mine").rename(here / "other")  # what was read of a folder is remembered
    (here / "wdlint.toml").write_text('rule-paths = ["other"]\n')
    (here / "other" / "fast_learning.py").write_text(text.replace("code = ", "formerly = ('WD101',)\ncode = "))
    with pytest.raises(Complaint, match="a name that it had before is one of decayed-bias's"):
        check_paths(["train.py"], trust_rules=True)


def test_examples_of_a_rule_can_be_asserted(here: Path) -> None:
    from wdlint.testing import assert_examples  # a plugin of pytest's, which wants to import it itself

    (here / "mine").mkdir()
    path = here / "mine" / "slow_learning.py"
    path.write_text(RULE.format(flagged=FAST, passed=FAULT))
    assert_examples(path)
    path.write_text(RULE.format(flagged=FAST, passed=FAST.replace("  # XY001", "")))
    with pytest.raises(AssertionError, match="XY001 is reported and not expected"):
        assert_examples("mine")
    (here / "none").mkdir()
    with pytest.raises(AssertionError, match="there are no rules there"):
        assert_examples("none")
