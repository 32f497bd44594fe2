"""A construction is read with what its callers give it, in whatever file of the project they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.facts import Finding, OptimizerUse
from wdlint.judging.judge import judge
from wdlint.judging.rule import built_in
from wdlint.source.engine import Project, observe

NETS = """\
from torch import nn


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4, bias=False)
        self.second = nn.Linear(4, 2, bias=False)


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
"""

FACTORY = """\
import torch


def prepare(net, strength):
    return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=strength)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets.py").write_text(NETS)
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)


def uses(path: str) -> list[OptimizerUse]:
    return list(observe(path, Path(path).read_bytes(), Project()).uses)


def found(path: str) -> list[Finding]:
    facts = observe(path, Path(path).read_bytes(), Project())
    return [f for f in judge(facts, [rule for rule in built_in() if rule.default]) if not f.latent]


def codes(path: str) -> list[tuple[int, str]]:
    return [(finding.place.line, finding.code) for finding in found(path)]


def test_a_factory_whose_only_caller_is_harmless_is_silent(here: Path) -> None:
    write(here, make=FACTORY, go="from make import prepare\nfrom nets import Plain\nprepare(Plain(), 0.1)\n")
    assert codes("make.py") == []


def test_a_faulty_caller_is_named_at_the_construction(here: Path) -> None:
    write(here, make=FACTORY, go="from make import prepare\nfrom nets import Normed\nprepare(Normed(), 0.1)\n")
    assert codes("make.py") == [(5, "WD101"), (5, "WD102")]
    first = found("make.py")[0]
    assert first.confidence.value == "proven"
    assert [(n.place.file, n.place.line) for n in first.notes if n.place and "reached" in n.text] == [("go.py", 3)]


def test_the_model_of_one_caller_is_not_read_with_the_strength_of_another(here: Path) -> None:
    go = "from make import prepare\nfrom nets import Normed, Plain\nprepare(Normed(), 0.0)\nprepare(Plain(), 0.1)\n"
    write(here, make=FACTORY, go=go)
    assert codes("make.py") == []


def test_one_finding_for_all_callers(here: Path) -> None:
    script = "from make import prepare\nfrom nets import Normed\n\nnet = Normed()\noptimizer = prepare(net, 0.1)\n"
    write(here, make=FACTORY, one=script, two=script, three=script.replace("0.1", "0.2"))
    assert codes("make.py") == [(5, "WD101"), (5, "WD102")]
    (said,) = [n.text for n in found("make.py")[0].notes if "reached" in n.text]
    assert said == "this is reached from here, and from 2 other places"


def test_the_same_wherever_wdlint_is_started(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, lib__make=FACTORY, go="from lib.make import prepare\nfrom nets import Plain\nprepare(Plain(), 0.1)\n")
    assert codes("lib/make.py") == []
    monkeypatch.chdir(here / "lib")
    assert codes("make.py") == []


def test_what_tests_call_is_no_training_run(here: Path) -> None:
    go = "from make import prepare\nfrom nets import Plain\nprepare(Plain(), 0.1)\n"
    write(here, make=FACTORY, tests__test_make=go)
    assert codes("make.py") == [(5, "WD103")]


def test_a_caller_is_reached_through_its_own_callers(here: Path) -> None:
    middle = "from make import prepare\n\n\ndef run(net, strength):\n    return prepare(net, strength)\n"
    go = "from middle import run\nfrom nets import Plain\nrun(Plain(), 0.1)\n"
    write(here, make=FACTORY, middle=middle, go=go)
    assert codes("make.py") == []
    write(here, go=go.replace("Plain", "Normed"))
    assert codes("make.py") == [(5, "WD101"), (5, "WD102")]


TRAINER = """\
import torch


class Loop:
    def __init__(self, net, strength=1e-2):
        self.net = net
        self.strength = strength
        self.start()

    def start(self):
        self.solver = torch.optim.AdamW(self.net.parameters(), 1e-3, weight_decay=self.strength)
"""


@pytest.mark.parametrize(("net", "expected"), [("Plain", []), ("Normed", [(11, "WD101"), (11, "WD102")])])
def test_a_class_that_is_used_elsewhere(here: Path, net: str, expected: list[tuple[int, str]]) -> None:
    write(here, loop=TRAINER, go=f"import loop\nfrom nets import {net}\nloop.Loop({net}()).start()\n")
    assert codes("loop.py") == expected


@pytest.mark.parametrize(("net", "expected"), [("Plain", []), ("Normed", [(11, "WD101"), (11, "WD102")])])
def test_a_class_that_derives_elsewhere(here: Path, net: str, expected: list[tuple[int, str]]) -> None:
    derived = "from loop import Loop\n\n\nclass Mine(Loop):\n    pass\n"
    write(here, loop=TRAINER, mine=derived, go=f"from mine import Mine\nfrom nets import {net}\nMine({net}())\n")
    assert codes("loop.py") == expected


WRAPPER = """\
from torch import optim


class Solver:
    def __init__(self, kind, rate, strength):
        self.kind, self.rate, self.strength = kind, rate, strength

    def fill(self, parameters):
        if self.kind == "sgd":
            self.inner = optim.SGD(parameters, lr=self.rate, weight_decay=self.strength)
        elif self.kind == "adamw":
            self.inner = optim.AdamW(parameters, lr=self.rate, weight_decay=self.strength)
"""


def test_parameters_that_a_method_is_given_elsewhere(here: Path) -> None:
    go = """\
from nets import Normed
from solver import Solver

solver = Solver("adamw", 1e-3, 0.1)
solver.fill(Normed().parameters())
"""
    write(here, solver=WRAPPER, go=go)
    assert codes("solver.py") == [(12, "WD101"), (12, "WD102")]
    write(here, go=go.replace("Normed", "Plain"))
    assert codes("solver.py") == []


def test_a_strength_of_zero_at_every_caller_is_no_fault(here: Path) -> None:
    write(here, make=FACTORY, go="from make import prepare\nprepare(net, 0)\n", b="import make\nmake.prepare(x, 0.0)\n")
    assert codes("make.py") == []


def test_a_class_that_is_handed_on(here: Path) -> None:
    make = "def prepare(cls, net):\n    return cls(net.parameters(), lr=0.1, weight_decay=0.1)\n"
    go = "import torch\nfrom make import prepare\nfrom nets import Normed\nprepare(torch.optim.AdamW, Normed())\n"
    write(here, make=make, go=go)
    assert codes("make.py") == [(2, "WD101"), (2, "WD102")]


def test_an_exemption_is_dead_only_where_it_is_dead_for_every_caller(here: Path) -> None:
    make = """\
import torch


def prepare(net):
    named = list(net.named_parameters())
    skip = ["bias", "LayerNorm.weight"]
    groups = [
        {"params": [p for n, p in named if not any(s in n for s in skip)], "weight_decay": 0.1},
        {"params": [p for n, p in named if any(s in n for s in skip)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=1e-3)
"""
    scaled = NETS.replace("Normed", "Scaled").replace("self.norm =", "self.LayerNorm =")
    go = "from make import prepare\nfrom nets import Normed\nprepare(Normed())\n"
    write(here, make=make, go=go)
    assert {code for _, code in codes("make.py")} == {"WD302"}
    write(here, scaled=scaled, more="from make import prepare\nfrom scaled import Scaled\nprepare(Scaled())\n")
    assert "WD302" not in {code for _, code in codes("make.py")}


def test_an_option_of_zero_at_the_caller_leaves_the_default_of_the_function(here: Path) -> None:
    go = """\
from argparse import ArgumentParser

from make import prepare
from nets import Normed

parser = ArgumentParser()
parser.add_argument("--wd", type=float, default=0.0)
prepare(Normed(), strength=parser.parse_args().wd)
"""
    write(here, make=FACTORY, go=go)
    assert codes("make.py") == []
    write(here, make=FACTORY.replace("strength)", "strength=0.1)", 1))
    assert codes("make.py") == [(5, "WD103")]


def test_a_choice_that_the_caller_does_not_spell_out_may_turn_out_otherwise(here: Path) -> None:
    make = """\
from torch import optim


def choose(kind, net):
    if kind == "sgd":
        return optim.SGD(net.parameters(), lr=0.1, weight_decay=0.1)
    elif kind == "adamw":
        return optim.AdamW(net.parameters(), lr=0.1, weight_decay=0.1)
"""
    go = "from make import choose\nfrom nets import Normed\nfrom yacs.config import CfgNode\n"
    go += "cfg = CfgNode()\ncfg.kind = 'adamw'\nchoose({}, Normed())\n"
    write(here, make=make, go=go.format("'adamw'"))
    assert {line for line, _ in codes("make.py")} == {8}
    write(here, go=go.format("cfg.kind"))
    assert {line for line, _ in codes("make.py")} == {6, 8}


SCRIPT = """\
import torch
from torch import nn


def train(net, strength):
    return torch.optim.AdamW(net.parameters(), weight_decay=strength)


train(nn.Linear(4, 4), 0.1)
"""


def test_scripts_that_only_share_names_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("on_images", "on_texts", "on_graphs"):
        (tmp_path / f"{name}.py").write_text(SCRIPT)
    project = Project([])
    observe(str(tmp_path / "on_images.py"), SCRIPT.encode(), project)
    assert not [path for path in project.trail.files if path.endswith(("on_texts.py", "on_graphs.py"))]


IMPORTS = {
    "by its module": "from kit.solvers.made import prepare",
    "by a package around it": "from kit import prepare",
    "by its package": "from .solvers import prepare",
    "by the folder's own package": "from . import prepare",
}


@pytest.mark.parametrize("line", IMPORTS.values(), ids=IMPORTS)
def test_callers_that_have_it_from_a_package(tmp_path: Path, line: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "kit" / "solvers").mkdir(parents=True)
    made = tmp_path / "kit" / "solvers" / "made.py"
    made.write_text(FACTORY)
    (tmp_path / "kit" / "__init__.py").write_text("from .solvers import prepare\n")
    (tmp_path / "kit" / "solvers" / "__init__.py").write_text("from .made import prepare\n")
    (tmp_path / "kit" / "nets.py").write_text(NETS)
    (tmp_path / "kit" / "run.py").write_text(f"{line}\nfrom .nets import Normed\n\nprepare(Normed(), 0.1)\n")
    (use,) = observe(str(made), made.read_bytes(), Project([])).uses
    assert use.inventory is not None and use.inventory.model.endswith("Normed")
