"""Patterns that match nothing in the model that was read may match in another: they stay, unless it is the only one."""

from __future__ import annotations

import pytest

from wdlint.commands.fixing import mended_text
from wdlint.linting.lint import Linter
from wdlint.settings.catalogue import Settings

ONE = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.layer_norm = nn.LayerNorm(4)


"""
OTHER = (
    ONE
    + """\
class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.LayerNorm = nn.LayerNorm(4)


"""
)
SPLIT = """\
no_decay = ["bias", "LayerNorm.weight"]
groups = [
    {"params": [p for n, p in net.named_parameters() if not any(nd in n for nd in no_decay)], "weight_decay": 0.1},
    {"params": [p for n, p in net.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
"""


def mended(source: str) -> str:
    linter = Linter(lambda folder: Settings())
    return mended_text("train.py", source.encode(), linter, lambda fix: bool(fix.edits)).data.decode()


def test_the_only_model_has_its_own_names_in_the_list() -> None:
    source = ONE + "net = Net()\n" + SPLIT
    assert mended(source) == source.replace('"LayerNorm.weight"', '"layer_norm.weight"')


@pytest.mark.parametrize(
    "made",
    [
        "import sys\n\nnet = Net() if len(sys.argv) > 1 else Other()\n",
        "import sys\n\nif sys.argv[1] == 'a':\n    net = Net()\nelse:\n    net = Other()\n",
        "import sys\n\nnet = {'a': Net, 'b': Other}[sys.argv[1]]()\n",
    ],
    ids=["a conditional", "branches", "a table"],
)
def test_of_several_models_every_name_stays(made: str) -> None:
    after = mended(OTHER + made + SPLIT)
    assert '"LayerNorm.weight"' in after
    assert after != OTHER + made + SPLIT


def test_no_name_comes_twice() -> None:
    source = ONE.replace("self.fc", "self.first = nn.LayerNorm(4)\n        self.fc") + "net = Net()\n" + SPLIT
    after = mended(
        source.replace("optimizer = torch", "if not groups:\n    groups = net.parameters()\noptimizer = torch")
    )
    (listed,) = [line for line in after.splitlines() if line.startswith("no_decay")]
    assert listed.count('"bias"') == 1
