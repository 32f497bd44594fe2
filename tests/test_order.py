"""What is found in a file depends on no other file that was linted before it, nor on the order or the company."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wdlint.checked import Checked
from wdlint.config import Configuration
from wdlint.work import Plan, check_files

# Files that import each other, in a circle too, rebind each other's names, and share a model and a factory.
FILES = {
    "model.py": "from torch import nn\nimport train\n\n\nclass Net(nn.Module):\n    def __init__(self, norm=nn.LayerNorm):\n"
    "        super().__init__()\n        self.fc = nn.Linear(2, 2)\n        self.norm = norm(2)\n\n\nclass Bare(nn.Module):\n"
    "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(2, 2, bias=False)\n",
    "build.py": "from torch import optim\nfrom model import Net\nDECAY = 0.1\n\n\ndef make_optimizer(net, decay=DECAY):\n"
    "    return optim.AdamW(net.parameters(), weight_decay=decay)\n\n\noptimizer = make_optimizer(Net())\n",
    "train.py": "import torch\nfrom build import *\nfrom model import Bare, Net\n\nnet = Net()\nopt = make_optimizer(net)\n"
    "other = torch.optim.Adam(net.parameters(), weight_decay=DECAY)\nbare = torch.optim.AdamW(Bare().parameters())\n",
    "again.py": "from train import *\nfrom torch.optim import Adam\nDECAY = 0\nlast = Adam(net.parameters(), weight_decay=DECAY)\n",
    "broken.py": "import torch.optim\nfrom train import net\ntorch.optim.Adam(net.parameters(), weight_decay=1e-4\n",
    "penalty.py": "from train import net, opt\nloss = net(1) + 0.1 * sum(p.norm(2) ** 2 for p in net.parameters())\n"
    "loss.backward()\n",
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
