"""Splits over models that can't be seen: what a library may give, helpers of libraries, and declared exemptions."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from wdlint.facts import OptimizerUse, Ternary
from wdlint.source.engine import Project, observe

SPLIT = """
def train(model):
    names = ["bias", "LayerNorm.weight"]
    groups = [
        {"params": [p for n, p in model.named_parameters() if not any(x in n for x in names)], "weight_decay": 0.01},
        {"params": [p for n, p in model.named_parameters() if any(x in n for x in names)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=1e-5)
"""


def uses(text: str) -> tuple[OptimizerUse, ...]:
    return observe("train.py", dedent(text).encode(), Project([])).uses


def test_a_model_that_is_passed_on_may_be_any_of_the_library() -> None:
    found = uses(f"import torch\nimport transformers\n{SPLIT}")
    models = [use.inventory.model for use in found if use.inventory is not None]
    assert len(models) == len(found) > 5
    assert {"transformers.BertModel", "transformers.GPT2Model"} <= set(models)
    assert all(use.inventory is not None and use.inventory.assumed for use in found)


@pytest.mark.parametrize(
    "first_lines",
    [
        "import torch",
        "import torch\nfrom transformers import BertModel",
        "import torch\nimport transformers\nNAME = 'bert-base-uncased'",
        "import torch\nimport transformers\nconfig = transformers.RobertaConfig()",
    ],
)
def test_a_file_that_names_a_model_or_no_library_says_nothing_of_others(first_lines: str) -> None:
    (use,) = uses(f"{first_lines}\n{SPLIT}")
    assert use.inventory is None


HELPER = """
import torch
from timm.optim import param_groups_weight_decay
from torch import nn

{model}
optimizer = torch.optim.AdamW(param_groups_weight_decay(model, 0.05, no_weight_decay_list=("0.weight",)), lr=1e-3)
"""


def test_the_groups_of_a_helper_are_judged_over_the_model() -> None:
    (use,) = uses(HELPER.format(model="model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 1))"))
    assert use.inventory is not None
    decayed, kept = use.groups
    assert (decayed.amount.value, kept.amount.value) == (0.05, 0.0)
    names = [parameter.name for parameter in use.inventory.parameters]
    assert [n for n, answer in zip(names, decayed.members, strict=True) if answer is Ternary.YES] == ["2.weight"]
    assert [n for n, answer in zip(names, kept.members, strict=True) if answer is Ternary.YES] == [
        "0.weight", "0.bias", "1.weight", "1.bias", "2.bias"
    ]  # fmt: skip


def test_the_groups_of_a_helper_spare_gains_and_biases_of_any_model() -> None:
    (use,) = uses(HELPER.format(model="model = made_elsewhere()"))
    division = use.groups[0].division
    assert (division.gains, division.biases) == (Ternary.NO, Ternary.NO)


MODEL = """
import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1, 4, 8))
        self.mix = nn.Linear(8, 8)

    def no_weight_decay(self):
        return {"position"}


model = Encoder()
"""


def test_a_list_that_nobody_asks_for_is_ignored() -> None:
    (use,) = uses(f"{MODEL}\noptimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)\n")
    assert (use.declared, use.honours_declared) == (("position",), Ternary.NO)


def test_a_list_that_is_asked_for_is_honoured() -> None:
    (use,) = uses(
        f"{MODEL}\nlisted = model.no_weight_decay()\n"
        "optimizer = torch.optim.AdamW([p for n, p in model.named_parameters() if n not in listed])\n"
    )
    assert use.honours_declared is Ternary.YES


def test_a_helper_that_makes_the_optimizer_reads_the_list() -> None:
    (use,) = uses(
        f"{MODEL}\nfrom timm.optim import create_optimizer_v2\n"
        "optimizer = create_optimizer_v2(model, opt='adamw', lr=1e-3, weight_decay=0.05)\n"
    )
    assert use.honours_declared is Ternary.YES
    assert use.inventory is not None
    held = {parameter.name: use.groups[1].members[index] for index, parameter in enumerate(use.inventory.parameters)}
    assert held == {"position": Ternary.YES, "mix.weight": Ternary.NO, "mix.bias": Ternary.YES}


LOADERS = {
    "by their classes": ("BertModel.from_pretrained(path)", "RobertaModel.from_pretrained(path)", 0),
    "by an Auto class too": ("BertModel.from_pretrained(path)", "AutoModel.from_pretrained(path)", 6),
    "by an Auto class in a comment": ("BertModel.from_pretrained(path)", "1  # AutoModel.from_pretrained(path)", 0),
    "nowhere": ("make(path)", "other(path)", 6),
}


@pytest.mark.parametrize(("one", "other", "least"), LOADERS.values(), ids=LOADERS)
def test_what_the_project_loads_is_what_is_passed_on(tmp_path: Path, one: str, other: str, least: int) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "encoders").mkdir()
    lines = f"from transformers import *\n\n\ndef encoder(path):\n    a = {one}\n    b = {other}\n    return a, b\n"
    (tmp_path / "encoders" / "text.py").write_text(lines)
    script = tmp_path / "fit.py"
    script.write_text(f"import torch\nimport transformers\n{SPLIT}")
    found = observe(str(script), script.read_bytes(), Project([])).uses
    several = [use for use in found if use.inventory is not None]
    assert len(several) >= least and bool(several) is bool(least)


def test_what_lies_nearer_says_what_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for folder, call in (("near", "BertModel.from_pretrained(path)"), ("far", "AutoModel.from_pretrained(path)")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "text.py").write_text(f"from transformers import *\nmodel = {call}\n")
    script = tmp_path / "near" / "fit.py"
    script.write_text(f"import torch\nimport transformers\n{SPLIT}")
    (use,) = observe(str(script), script.read_bytes(), Project([])).uses
    assert use.inventory is None
