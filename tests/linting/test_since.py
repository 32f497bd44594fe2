"""`--diff-base` and the hook go by what a finding rests on, not by the line it stands on; by a real git."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from wdlint.commands.cli import wdlint

NETS = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.LayerNorm = nn.LayerNorm(8)

    def forward(self, x):
        return self.LayerNorm(self.fc(x))
"""
RENAMED = NETS.replace("self.LayerNorm", "self.ln")
TRAIN = """\
import torch
from nets import Net

model = Net()
no_decay = ["bias", "LayerNorm.weight"]
groups = [
    {"params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)], "weight_decay": 0.1},
    {"params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
"""
FAULTY = """\
import torch
from nets import Net

head = Net()
optimizer = torch.optim.Adam(head.parameters(), lr=1e-3, weight_decay=0.1)
"""


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def commit(**modules: str) -> None:
    """Write modules (`a__b` is a/b.py) and commit all."""
    for module, text in modules.items():
        path = Path(*module.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", ".")
    git("commit", "-q", "-m", "a step")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    commit(nets=NETS, train=TRAIN, probe=FAULTY)
    return tmp_path


def found(*arguments: str) -> list[str]:
    """`file:line code` of each finding."""
    told = CliRunner().invoke(
        wdlint, ["check", "-q", "--no-cache", "--output-format", "concise", *arguments], prog_name="wdlint"
    )
    assert told.exit_code in (0, 1), told.output
    lines = (line.split(": ")[:2] for line in told.stdout.splitlines())
    return [f"{place.rsplit(':', 1)[0]} {code.split()[0]}" for place, code in lines]


def test_a_norm_that_was_renamed_brings_the_dead_list_in_another_file() -> None:
    commit(nets=RENAMED)
    assert found("--diff-base", "HEAD~1") == ["probe.py:5 WD101", "probe.py:5 WD102", "train.py:10 WD302"]
    assert found("--diff-base", "HEAD") == []


def test_the_report_names_what_brought_it() -> None:
    commit(nets=RENAMED)
    told = CliRunner().invoke(wdlint, ["check", "--no-cache", "--diff-base", "HEAD~1", "train.py"]).stdout
    assert "note: it came with a change of nets.py\n" in told


def test_a_change_that_changes_no_finding_brings_none() -> None:
    commit(nets=NETS.replace("from torch import nn", "# Our nets.\n\nfrom torch import nn"))
    assert found("--diff-base", "HEAD~1") == []


def test_an_old_finding_stays_old_where_lines_above_it_are_new() -> None:
    commit(probe="# A probe,\n# as it was.\n" + FAULTY)
    assert found("--diff-base", "HEAD~1") == []


def test_a_list_that_was_changed_brings_the_finding_at_the_call_below_it() -> None:
    commit(train=TRAIN.replace('"LayerNorm.weight"', '"norm.weight"'))
    assert found("--diff-base", "HEAD~1") == ["train.py:10 WD302"]


def test_what_is_not_committed_yet_counts(here: Path) -> None:
    (here / "nets.py").write_text(RENAMED)
    assert "train.py:10 WD302" in found("--diff-base", "HEAD")


def test_a_model_in_a_renamed_file_is_the_one_it_was() -> None:
    git("mv", "nets.py", "models.py")
    commit(train=TRAIN.replace("from nets", "from models"), probe=FAULTY.replace("from nets", "from models"))
    assert found("--diff-base", "HEAD~1") == []


def test_a_second_optimizer_like_the_first_is_new() -> None:
    commit(probe=FAULTY + "\nagain = torch.optim.Adam(head.parameters(), lr=1e-3, weight_decay=0.1)\n")
    assert {line.split()[0] for line in found("--diff-base", "HEAD~1")} == {"probe.py:7"}


def test_a_caller_that_is_new_brings_the_finding_in_the_factory() -> None:
    factory = "import torch\n\n\ndef make(model):\n    return torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"
    commit(factory=factory, probe="x = 1\n")
    before = found("factory.py")
    commit(use="from factory import make\nfrom nets import Net\n\noptimizer = make(Net())\n")
    assert (
        found("--diff-base", "HEAD~1", "factory.py") == [one for one in found("factory.py") if one not in before] != []
    )


# What pre-commit does: it names the changed files, and nothing else.


def hooked(*changed: str) -> list[str]:
    """The findings where the hook runs on some files."""
    (entry,) = (
        hook["entry"]
        for hook in YAML(typ="safe").load(Path(__file__).parents[2] / ".pre-commit-hooks.yaml")
        if hook["id"] == "wdlint"
    )
    return found(*shlex.split(entry)[2:], *changed)


def test_the_hook_sees_what_a_renamed_norm_does_elsewhere() -> None:
    commit(nets=RENAMED)
    assert "train.py:10 WD302" in hooked("nets.py")


def test_the_hook_follows_imports_of_imports_and_packages() -> None:
    git("rm", "-q", "nets.py", "train.py", "probe.py")
    Path("pkg").mkdir()
    Path("pkg", "__init__.py").write_text("from .nets import (\n    Net,\n)\n")
    commit(
        pkg__nets=RENAMED,
        make="import pkg\n\n\ndef make():\n    return pkg.Net()\n",
        scripts__train=TRAIN.replace("from nets import Net", "from make import make").replace("Net()", "make()"),
    )
    assert hooked("pkg/nets.py") == ["scripts/train.py:10 WD302"]


def test_the_hook_leaves_alone_what_rests_on_other_files() -> None:
    commit(other="from torch import nn\n\n\nclass Other(nn.Linear):\n    pass\n", lone=FAULTY.replace("nets", "other"))
    assert {line.split(":")[0] for line in hooked("other.py")} == {"lone.py"}
    assert {line.split(":")[0] for line in hooked("nets.py")} == {"probe.py"}


def test_the_hook_leaves_excluded_files_alone(here: Path) -> None:
    commit(nets=RENAMED)
    (here / "wdlint.toml").write_text('extend-exclude = ["train.py", "nets.py"]\n')
    assert hooked("nets.py") == []
    assert "probe.py:5 WD102" in hooked("probe.py")


READS = """\
{imports}
import torch
from nets import Net

{reads}
model = Net()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=config["weight_decay"])
"""


@pytest.mark.parametrize(
    ("name", "text", "imports", "reads"),
    [
        ("config.yaml", "weight_decay: 0.1\n", "import yaml", 'config = yaml.safe_load(open("config.yaml"))'),
        ("c.json", '{"weight_decay": 0.1}', "import json", 'config = json.load(open("c.json"))'),
        ("c.toml", "weight_decay = 0.1\n", "import tomllib", 'config = tomllib.load(open("c.toml", "rb"))'),
    ],
)
def test_the_hook_looks_at_the_scripts_that_read_a_configuration(
    name: str, text: str, imports: str, reads: str
) -> None:
    Path(name).write_text(text)
    commit(reads=READS.format(imports=imports, reads=reads), lone=FAULTY)
    assert hooked(name) == ["reads.py:7 WD101", "reads.py:7 WD102"]


def test_the_hook_looks_at_what_hydra_composes_and_at_who_is_given_what_was_read() -> None:
    Path("conf", "optim").mkdir(parents=True)
    Path("conf", "main.yaml").write_text("defaults:\n  - optim: adamw\n")
    Path("conf", "optim", "adamw.yaml").write_text("weight_decay: 0.1\n")
    hydra = """\
import hydra
import torch
from nets import Net


@hydra.main(config_path="conf", config_name="main")
def main(cfg):
    return torch.optim.AdamW(Net().parameters(), lr=1e-3, weight_decay=cfg.optim.weight_decay)


main()
"""
    loads = 'import json\n\nwith open("args.json") as file:\n    config = json.load(file)\n'
    Path("args.json").write_text('{"weight_decay": 0.1}')
    commit(composed=hydra, loads=loads, uses=READS.format(imports="from loads import config", reads=""))
    assert hooked("conf/optim/adamw.yaml") == ["composed.py:8 WD101", "composed.py:8 WD102"]
    assert hooked("args.json") == ["uses.py:7 WD101", "uses.py:7 WD102"]


def test_the_hook_looks_at_configurations_that_derive_from_a_changed_one() -> None:
    schedule = "optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05))\n"
    derived = "_base_ = ['schedule.py']\noptim_wrapper = dict(optimizer=dict(weight_decay=0.1))\n"
    commit(schedule=schedule, derived=derived, other="_base_ = ['model.py']\noptim_wrapper = dict()\n")
    assert {line.split(":")[0] for line in hooked("schedule.py")} == {"schedule.py", "derived.py"}
