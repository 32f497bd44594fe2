"""What functions, classes and other files do with the groups of an optimizer that is handed to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.api import check_paths, check_source
from wdlint.facts import Applicability, Fix

SHOWN, UNSAFE, SAFE = Applicability.SHOWN, Applicability.UNSAFE, Applicability.SAFE
START = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""
DECAYED = START + "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"


def offered(program: str) -> Fix:
    return next(f.fix for f in check_source(program) if f.fix is not None)


ANY_OPTION = """
def put(opt, **options):
    for g in opt.param_groups:
        for key, value in options.items():
            g[key] = value

put(optimizer, weight_decay=0.2)
"""


def test_nothing_is_offered_where_a_function_puts_any_option_into_all_groups() -> None:
    findings = check_source(DECAYED + ANY_OPTION)
    assert {f.code for f in findings} == {"WD101", "WD102"}
    assert all(f.fix is None for f in findings)


# ---- in one file

COUNTED = {
    "groups that a function is given": """
def slow(step, groups):
    groups[0]["lr"] = 0.1 / step

slow(1, optimizer.param_groups)
""",
    "groups that two functions are given": """
def first(groups):
    return groups[0]

def slow(groups):
    first(groups=groups)["lr"] = 0.1

slow(optimizer.param_groups)
""",
    "groups that are numbered in a function": """
def told(groups):
    for i, group in enumerate(groups):
        print(NAMES[i], group["lr"])

told(optimizer.param_groups)
""",
    "states that are found by their number": """
held = optimizer.state_dict()
for i, (name, p) in enumerate(net.named_parameters()):
    print(name, held["state"][i])
""",
    "states by number, at once": 'first = optimizer.state_dict()["state"][0]\n',
    "rates of a schedule of averages": "torch.optim.swa_utils.SWALR(optimizer, swa_lr=[0.1])\n",
    "rates in options": """
options = dict(lr_lambda=[lambda epoch: 0.9**epoch])
torch.optim.lr_scheduler.LambdaLR(optimizer, **options)
""",
    "rates of a schedule of somebody's": "schedule = Warm(optimizer, rates=[0.1])\n",
    "the one rate of a schedule": """
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
print(torch.tensor(schedule.get_last_lr()).item())
""",
    "a table of rates": """
history = []
history.append([g["lr"] for g in optimizer.param_groups])
table = torch.tensor(history)
""",
    "a state that another one loads": """
saved = {"optimizer": optimizer.state_dict()}
other = torch.optim.SGD(net.parameters(), lr=1e-3)
other.load_state_dict(torch.load("optimizer.pt")["optimizer"])
""",
    "decays in a dictionary": """
options = {"lr": 0.1, "weight_decay": 0.2}
for g in optimizer.param_groups:
    g.update(options)
""",
}
ALIKE = {
    "groups that a function goes over": """
def slow(step, groups):
    for g in groups:
        g["lr"] = 0.1 / step

slow(1, optimizer.param_groups)
""",
    "states of all": """
for state in optimizer.state_dict()["state"].values():
    print(len(state))
""",
    "steps of a schedule": "torch.optim.lr_scheduler.MultiStepLR(optimizer, [30])\n",
    "steps of a schedule of one's own": "WarmupMultiStepLR(optimizer, [30], 0.1)\n",
    "the rates in a log": """
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
rates = schedule.get_last_lr()
print(rates, rates[0], f"{rates}")
log({"lr": schedule.get_last_lr()})
""",
    "rates in a dictionary": """
for g in optimizer.param_groups:
    g.update({"lr": 0.1})
""",
}


@pytest.mark.parametrize("after", COUNTED.values(), ids=COUNTED)
def test_what_counts_on_the_groups(after: str) -> None:
    assert offered(DECAYED + after).applicability is SHOWN


@pytest.mark.parametrize("after", ALIKE.values(), ids=ALIKE)
def test_what_treats_groups_alike(after: str) -> None:
    assert offered(DECAYED + after).applicability is SAFE


@pytest.mark.parametrize(
    "clipped",
    ['nn.utils.clip_grad_norm_(g["params"], 1.0)', 'held = g["params"]\n    nn.utils.clip_grad_norm_(held, 1.0)'],
)
def test_gradients_that_are_clipped_group_by_group(clipped: str) -> None:
    fix = offered(f"{DECAYED}for g in optimizer.param_groups:\n    {clipped}\n")
    assert fix.applicability is UNSAFE
    assert "measures the gradients of each of `param_groups` apart" in fix.hazard


# ---- a class of one's own

GOES_OVER = [
    "params = [p for p in params if p.requires_grad]\n        super().__init__(params, **options)",
    "params = list(params)\n        self.number = len(params)\n        super().__init__(params, **options)",
    "self.watched = list(params)\n        super().__init__(self.watched, **options)",
    "if isinstance(params[0], dict):\n            raise TypeError\n        print(len(params))\n"
    "        super().__init__(params, **options)",
    "assert not isinstance(params[0], dict)\n        print(len(params))\n        super().__init__(params, **options)",
]
HANDS_ON = [
    "super().__init__(params, **options)",
    "params = list(params)\n        if not params:\n            raise ValueError\n"
    "        super().__init__(params, **options)",
    "torch.optim.AdamW.__init__(self, list(params), **options)",
    "if isinstance(params, (list, tuple)) and len(params) > 0 and isinstance(params[0], dict):\n"
    '            for p in params:\n                if "betas" in p:\n                    p["buffer"] = []\n'
    "        super().__init__(params, **options)",
    'params = list(params)\n        if not isinstance(params[0], dict):\n            params = [{"params": params}]\n'
    "        super().__init__(params, **options)",
]
OF_A_CLASS = (
    START
    + """
class Mine(torch.optim.AdamW):
    def __init__(self, params, **options):
        {begins}

optimizer = Mine(net.parameters(), lr=1e-3, weight_decay=0.1)
"""
)


@pytest.mark.parametrize("begins", GOES_OVER)
def test_a_class_that_goes_over_its_parameters(begins: str) -> None:
    fix = offered(OF_A_CLASS.format(begins=begins))
    assert fix.applicability is SHOWN
    assert "`Mine` goes over the parameters that it is given" in fix.hazard


@pytest.mark.parametrize("begins", HANDS_ON)
def test_a_class_that_hands_its_parameters_on(begins: str) -> None:
    assert offered(OF_A_CLASS.format(begins=begins)).applicability is SAFE


# ---- other files

FIRST_ALONE = """
def adjust(optimizer, epoch):
    optimizer.param_groups[0]["lr"] = 0.1 * 0.5**epoch


class Base:
    def slow(self):
        adjust(self.optimizer, 1)


def adjust_all(state, epoch):
    adjust(state.optimizer, epoch)


class Slow:
    def step(self, optimizer):
        adjust(optimizer, 2)


class Warm(Base):
    def __init__(self, optimizer):
        self.optimizer = optimizer
"""
EVERY_ONE = FIRST_ALONE.replace(
    'optimizer.param_groups[0]["lr"] =', 'for g in optimizer.param_groups:\n        g["lr"] ='
)
IMPORTED = {
    "a function": ("from helpers import adjust\n", DECAYED + "adjust(optimizer, 1)\n"),
    "a function of a module": ("import helpers as h\n", DECAYED + "h.adjust(optimizer, 1)\n"),
    "a function that a package passes on": ("from passed import adjust\n", DECAYED + "adjust(optimizer, 1)\n"),
    "a class whose base does it": ("from helpers import Warm\n", DECAYED + "Warm(optimizer).slow()\n"),
    "a method that is given it": ("from helpers import Slow\n", DECAYED + "slow = Slow()\nslow.step(optimizer)\n"),
    "an object that holds it": (
        "from helpers import adjust_all\nfrom types import SimpleNamespace\n",
        DECAYED + "state = SimpleNamespace(net=net, optimizer=optimizer)\nadjust_all(state, 1)\n",
    ),
    "a call that is given the construction": (
        "from helpers import Warm\n",
        START + "warm = Warm(torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1))\n",
    ),
    "the base of the class that makes it": (
        "from helpers import Base\n",
        START
        + """
class Own(Base):
    def begin(self):
        self.optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)

Own().begin()
""",
    ),
}


def _of_files(folder: Path, imports: str, program: str, helpers: str) -> Fix:
    (folder / "passed").mkdir()
    (folder / "passed" / "__init__.py").write_text("from helpers import *\n")
    (folder / "helpers.py").write_text(helpers)
    (folder / "train.py").write_text(imports + program)
    return next(f.fix for f in check_paths([str(folder)]) if f.fix is not None)


@pytest.mark.parametrize(("imports", "program"), IMPORTED.values(), ids=IMPORTED)
def test_one_group_that_another_file_changes(tmp_path: Path, imports: str, program: str) -> None:
    fix = _of_files(tmp_path, imports, program, FIRST_ALONE)
    assert fix.applicability is SHOWN
    assert "helpers.py, line 3 changes one of `param_groups` by its index" in fix.hazard


@pytest.mark.parametrize(("imports", "program"), IMPORTED.values(), ids=IMPORTED)
def test_groups_that_another_file_goes_over(tmp_path: Path, imports: str, program: str) -> None:
    assert _of_files(tmp_path, imports, program, EVERY_ONE).applicability is SAFE


def test_a_class_of_another_file_that_goes_over_its_parameters(tmp_path: Path) -> None:
    (tmp_path / "optims.py").write_text(
        "import torch\n\n\nclass Mine(torch.optim.AdamW):\n    def __init__(self, params, **options):\n"
        "        super().__init__([p for p in params if p.requires_grad], **options)\n"
    )
    program = START + "optimizer = Mine(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    (tmp_path / "train.py").write_text("from optims import Mine\n" + program)
    fix = next(f.fix for f in check_paths([str(tmp_path)]) if f.fix is not None)
    assert fix.applicability is SHOWN
    assert fix.hazard.endswith("on line 6 of " + (tmp_path / "optims.py").as_posix())
