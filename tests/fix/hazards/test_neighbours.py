"""Files that meet the optimizer as a part of something else: what they do with its groups lowers the fix, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.api import check_paths
from wdlint.facts import Applicability

SHOWN, UNSAFE, SAFE = Applicability.SHOWN, Applicability.UNSAFE, Applicability.SAFE
START = """\
from dataclasses import dataclass
from types import SimpleNamespace
from torch import nn
from torch.optim import AdamW, Optimizer

def network():
    return nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))

"""
DATACLASS = (
    START
    + """
@dataclass
class Context:
    model: nn.Module
    optimizer: Optimizer

def build():
    model = network()
    return Context(model, AdamW(model.parameters(), lr=1e-3, weight_decay=0.1))
"""
)
NAMESPACE = (
    START
    + """
def build():
    model = network()
    return SimpleNamespace(model=model, optimizer=AdamW(model.parameters(), lr=1e-3, weight_decay=0.1))
"""
)
DICTIONARY = (
    START
    + """
def build():
    model = network()
    return {"model": model, "optimizer": AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)}
"""
)
PAIR = (
    START
    + """
def build():
    model = network()
    opt = AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
    return model, opt
"""
)
PROPERTY = (
    START
    + """
class Learner:
    def __init__(self):
        self.model = network()
        self._optimizer = AdamW(self.model.parameters(), lr=1e-3, weight_decay=0.1)

    @property
    def optimizer(self):
        return self._optimizer
"""
)
GLOBAL = (
    START
    + """
model = network()
optimizer = AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
)
BY_NUMBER = """
for step in range(9):
    {}.param_groups[0]["lr"] = 1e-3 * (1 - step / 9)
"""
ALL_ALIKE = """
for step in range(9):
    for group in {}.param_groups:
        group["lr"] = 1e-3 * (1 - step / 9)
"""
MADE = {
    "a field of a dataclass": (DATACLASS, "from build import build\nctx = build()\n", "ctx.optimizer"),
    "a namespace": (NAMESPACE, "import build\nctx = build.build()\n", "ctx.optimizer"),
    "a dictionary": (DICTIONARY, "from build import *\nctx = build()\n", 'ctx["optimizer"]'),
    "one of two": (PAIR, "from build import build\nmodel, optim = build()\n", "optim"),
    "a property": (PROPERTY, "from build import Learner\nlearner = Learner()\n", "learner.optimizer"),
    "a global": (GLOBAL, "import build\n", "build.optimizer"),
    "an imported global": (GLOBAL, "from build import optimizer\n", "optimizer"),
}


def offered(folder: Path, files: dict[str, str]) -> set[Applicability]:
    """How far the fixes in `build.py` may go, linted by itself."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    build = next(path for path in folder.rglob("build.py"))
    found = {f.fix.applicability for f in check_paths([str(build)]) if f.fix is not None}
    assert found
    return found


@pytest.mark.parametrize(("build", "start", "optimizer"), MADE.values(), ids=MADE)
def test_one_group_by_its_number(tmp_path: Path, build: str, start: str, optimizer: str) -> None:
    assert offered(tmp_path, {"build.py": build, "train.py": start + BY_NUMBER.format(optimizer)}) == {SHOWN}


@pytest.mark.parametrize(("build", "start", "optimizer"), MADE.values(), ids=MADE)
def test_all_groups_alike(tmp_path: Path, build: str, start: str, optimizer: str) -> None:
    assert offered(tmp_path, {"build.py": build, "train.py": start + ALL_ALIKE.format(optimizer)}) == {SAFE}


COUNTED = {
    "unpacked": "(group,) = ctx.optimizer.param_groups\n",
    "a rate unpacked": "(rate,) = ctx.schedule.get_last_lr()\n",
    "a list of one value a group": "import torch\ntorch.optim.lr_scheduler.LambdaLR(ctx.optimizer, lr_lambda=[abs])\n",
    "counted": "assert len(ctx.optimizer.param_groups) == 1\n",
    "handed on": "from rates import falling\nfalling(ctx.optimizer)\n",
    "met by an object": "from loop import Loop\nLoop(ctx).run()\n",
    "met by a callback": "from hooks import Warmup\nWarmup().begin(ctx)\n",
}
AROUND = {
    "rates.py": 'def falling(optimizer):\n    optimizer.param_groups[0]["lr"] *= 0.5\n',
    "loop.py": """
class Loop:
    def __init__(self, ctx):
        self.optimizer = ctx.optimizer

    def run(self):
        self.optimizer.param_groups[0]["lr"] *= 0.5
""",
    "hooks.py": """
class Warmup:
    def begin(self, trainer):
        trainer.optimizer.param_groups[0]["lr"] *= 0.5
""",
}


@pytest.mark.parametrize("rest", COUNTED.values(), ids=COUNTED)
def test_what_counts_on_the_number(tmp_path: Path, rest: str) -> None:
    start = "from build import build\nctx = build()\n"
    assert offered(tmp_path, {"build.py": DATACLASS, "train.py": start + rest, **AROUND}) == {SHOWN}


OWN = {
    "a variable": "import torch\noptimizer = torch.optim.SGD([torch.ones(2)], lr=0.1)\n",
    "in a function": "from torch.optim import Adam\ndef probe(net):\n    optimizer = Adam(net.parameters())\n",
    "one of a list": "import torch.optim as o\nfor lr in (1, 2):\n    optimizer = o.AdamW([], lr=lr)\n",
}


@pytest.mark.parametrize("own", OWN.values(), ids=OWN)
def test_beside_an_optimizer_of_its_own(tmp_path: Path, own: str) -> None:
    train = "from build import build\nctx = build()\n" + own + BY_NUMBER.format("ctx.optimizer")
    assert offered(tmp_path, {"build.py": DATACLASS, "train.py": train}) == {SHOWN}


def test_by_way_of_a_package(tmp_path: Path) -> None:
    files = {
        "kit/__init__.py": "from .build import build\n",
        "kit/build.py": DATACLASS,
        "kit/deep/__init__.py": "",
        "kit/deep/loop.py": "from .. import build\nctx = build()\n" + BY_NUMBER.format("ctx.optimizer"),
    }
    assert offered(tmp_path, files) == {SHOWN}


def test_hooks_that_the_maker_imports(tmp_path: Path) -> None:
    build = DATACLASS + "\nfrom hooks import Warmup\n\ndef trained():\n    Warmup().begin(build())\n"
    assert offered(tmp_path, {"build.py": build, "hooks.py": AROUND["hooks.py"]}) == {SHOWN}


def test_a_state_that_is_loaded(tmp_path: Path) -> None:
    train = 'from build import build\nctx = build()\nctx.optimizer.load_state_dict({"state": {}, "param_groups": []})\n'
    assert offered(tmp_path, {"build.py": DATACLASS, "train.py": train}) == {UNSAFE}


OTHERS = {
    "an optimizer of its own": """\
import torch
from build import network
optimizer = torch.optim.SGD(network().parameters(), lr=0.1)
optimizer.param_groups[0]["lr"] = 0.2
""",
    "nothing of it": "optimizer = make()\n" + BY_NUMBER.format("optimizer"),
    "a library of that name": "from other.build import make\noptimizer = make()\n" + BY_NUMBER.format("optimizer"),
    "what is read of the first": 'from build import build\nprint(build().optimizer.param_groups[0]["lr"])\n',
}


@pytest.mark.parametrize("train", OTHERS.values(), ids=OTHERS)
def test_files_that_do_no_harm(tmp_path: Path, train: str) -> None:
    assert offered(tmp_path, {"build.py": DATACLASS, "train.py": train}) == {SAFE}


def test_tests_are_no_training_runs(tmp_path: Path) -> None:
    test = "from build import build\n\ndef test_groups():\n    assert len(build().optimizer.param_groups) == 1\n"
    assert offered(tmp_path, {"build.py": DATACLASS, "tests/test_build.py": test, "setup.py": ""}) == {SAFE}
