"""What a linted repository can make wdlint do: read it, and nothing more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wdlint.api import check_paths, check_source
from wdlint.commands.cli import wdlint
from wdlint.settings.trust import is_trusted, trust_list

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
SAYS = "rules that come with what is linted are code and were not run"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose settings bring a rule that leaves a trace when it is imported."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / "cache"))
    here = tmp_path / "repository"
    (here / "mine").mkdir(parents=True)
    (here / "mine" / "own.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'w')\nraise SystemError('imported')\n")
    (here / "pyproject.toml").write_text('[tool.wdlint]\nrule-paths = ["mine"]\nextend-select = ["XY001"]\n')
    (here / "train.py").write_text(FAULT)
    monkeypatch.chdir(here)
    return here


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(wdlint, [*arguments])


@pytest.mark.parametrize("arguments", [(".",), ("train.py", "-j", "2"), ("--config", "pyproject.toml"), ("--diff",)])
def test_rules_of_the_repository_are_not_run_and_the_others_judge(repository: Path, arguments: tuple[str, ...]) -> None:
    result = ran(*arguments, *([] if "--diff" in arguments else ["--output-format", "concise"]))
    assert result.exit_code == 1
    assert not (repository.parent / "trace").exists()
    assert result.stderr.count(SAYS) == 1
    assert str(repository / "mine") in result.stderr
    assert "--diff" in arguments or "train.py:5:13: WD101" in result.stdout


@pytest.mark.parametrize(
    "arguments", [("rules",), ("explain", "WD101"), ("explain-site", "train.py"), ("--show-files",)]
)
def test_no_command_runs_them(repository: Path, arguments: tuple[str, ...]) -> None:
    assert ran(*arguments).exit_code == 0
    assert not (repository.parent / "trace").exists()


@pytest.mark.parametrize("arguments", [(".",), ("rules",), ("explain", "WD101")])
def test_they_run_where_the_one_who_runs_wdlint_says_so(repository: Path, arguments: tuple[str, ...]) -> None:
    result = ran(*arguments, "--trust-rules")
    assert (result.exit_code, SAYS in result.stderr) == (2, False)
    assert (repository.parent / "trace").exists()


def test_a_list_of_ones_own_trusts_a_folder_and_what_is_below(repository: Path) -> None:
    listed = Path(trust_list())
    listed.parent.mkdir(parents=True)
    listed.write_text("# mine\nrelative/paths/trust/nothing\n/nowhere\n")
    assert not is_trusted(str(repository))
    listed.write_text(f"{repository}-and-more\n")
    assert not is_trusted(str(repository))
    for line in (str(repository), str(repository.parent), f"{repository}{os.sep}"):
        listed.write_text(f"# mine\n{line}\n")
        assert is_trusted(str(repository))
    assert "imported" in ran(".").stderr


def test_a_link_into_a_trusted_folder_is_not_trusted(repository: Path) -> None:
    listed = Path(trust_list())
    listed.parent.mkdir(parents=True)
    trusted = repository.parent / "trusted"
    trusted.mkdir()
    listed.write_text(f"{trusted}\n")
    (trusted / "link").symlink_to(repository)
    assert not is_trusted(str(trusted / "link"))


def test_selectors_that_may_name_such_a_rule_are_passed_over_in_settings_only(repository: Path) -> None:
    (repository / "pyproject.toml").write_text(
        '[tool.wdlint]\nrule-paths = ["mine"]\nselect = ["own"]\nseverity = { own = "error" }\n'
        'per-file-ignores = { "tests/*" = ["own"] }\n'
    )
    assert ran(".").exit_code == 0  # it selects none of ours
    assert ran(".", "--select", "WD101").exit_code == 1
    result = ran(".", "--select", "WD777")
    assert (result.exit_code, "no rule is called `WD777`" in result.stderr) == (2, True)


def test_python_trusts_what_it_passes_itself(repository: Path) -> None:
    with pytest.warns(UserWarning, match=SAYS):
        assert [finding.code for finding in check_paths(["train.py"])] == ["WD101"]
    with pytest.warns(UserWarning, match=SAYS):
        assert [finding.code for finding in check_source(FAULT, "train.py")] == ["WD101"]
    assert not (repository.parent / "trace").exists()
    with pytest.raises(Exception, match="imported"):
        check_source(FAULT, "train.py", rule_paths=("mine",))


def test_a_link_out_of_the_project_is_linted_and_not_written(repository: Path) -> None:
    outside = repository.parent / "outside.py"
    outside.write_text(FAULT)
    (repository / "linked.py").symlink_to(outside)
    (repository / "sub").mkdir()
    (repository / "sub" / "inside.py").symlink_to("../train.py")
    for option in ("--fix", "--add-ignore"):
        result = ran("linked.py", option)
        assert "linked.py: is a link that leads out of the project" in result.stderr
        assert (result.exit_code, outside.read_text()) == (2, FAULT)
    (repository / "report.json").symlink_to(outside)
    assert ran("train.py", "-o", "report.json").exit_code == 2
    assert outside.read_text() == FAULT
    assert ran("sub/inside.py", "--fix").exit_code == 0
    assert (repository / "train.py").read_text() != FAULT


def test_settings_make_nothing_be_written_outside(repository: Path) -> None:
    outside = repository.parent / "precious.json"
    outside.write_text("{}")
    for leading in (str(outside), "../precious.json"):
        (repository / "pyproject.toml").write_text(f'[tool.wdlint]\nbaseline = "{leading}"\n')
        for option in ("--write-baseline", "--prune-baseline"):
            result = ran(".", option)
            assert (result.exit_code, "`baseline` leads out of" in result.stderr) == (2, True)
    assert outside.read_text() == "{}"
    assert ran(".", "--write-baseline", "--baseline", "../precious.json").exit_code == 0
    assert "WD101" in outside.read_text()
