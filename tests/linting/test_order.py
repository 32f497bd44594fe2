"""What is found in a file depends on no other file that was linted before it, nor on the order or the company."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wdlint.linting.checked import Checked
from wdlint.linting.work import Plan, check_files
from wdlint.settings.config import Configuration

# Files that import each other, in a circle too, rebind each other's names, and share a model and a factory.
FILES = {
    "model.py": """\
from torch import nn
import train


class Net(nn.Module):
    def __init__(self, norm=nn.LayerNorm):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.norm = norm(2)


class Bare(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2, bias=False)
""",
    "build.py": """\
from torch import optim
from model import Net
DECAY = 0.1


def make_optimizer(net, decay=DECAY):
    return optim.AdamW(net.parameters(), weight_decay=decay)


optimizer = make_optimizer(Net())
""",
    "train.py": """\
import torch
from build import *
from model import Bare, Net

net = Net()
opt = make_optimizer(net)
other = torch.optim.Adam(net.parameters(), weight_decay=DECAY)
bare = torch.optim.AdamW(Bare().parameters())
""",
    "again.py": """\
from train import *
from torch.optim import Adam
DECAY = 0
last = Adam(net.parameters(), weight_decay=DECAY)
""",
    "broken.py": """\
import torch.optim
from train import net
torch.optim.Adam(net.parameters(), weight_decay=1e-4
""",
    "penalty.py": """\
from train import net, opt
loss = net(1) + 0.1 * sum(p.norm(2) ** 2 for p in net.parameters())
loss.backward()
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def alone(folder: Path) -> dict[str, Checked]:
    """What each file gets when it is the only one."""
    return {name: checked(folder, [name])[0] for name in FILES}


def checked(folder: Path, names: list[str], workers: int = 1) -> list[Checked]:
    return check_files([str(folder / name) for name in names], Plan(Configuration(isolated=True)), workers)


def test_the_files_have_something_to_find(alone: dict[str, Checked]) -> None:
    assert {name for name, one in alone.items() if one.findings} >= {"build.py", "train.py", "broken.py", "penalty.py"}
    assert not any(one.error for one in alone.values())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(sorted(FILES)), st.integers(1, len(FILES)))
def test_any_order_of_any_of_them_finds_what_each_has_alone(
    folder: Path, alone: dict[str, Checked], order: list[str], number: int
) -> None:
    chosen = order[:number]
    assert checked(folder, chosen) == [alone[name] for name in chosen]


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_change_nothing(folder: Path, alone: dict[str, Checked], workers: int) -> None:
    order = sorted(FILES, reverse=True) * 3
    assert checked(folder, order, workers) == [alone[name] for name in order]
