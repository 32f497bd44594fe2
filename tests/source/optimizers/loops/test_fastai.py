"""fastai's Learner exempts torch's norms but GroupNorm and RMSNorm, and biases."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
from functools import partial

import torch
from fastai.vision.all import *
from nets import Batch, Group, dls, given

"""
NETS = """\
from torch import nn


class Batch(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)


class Group(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.norm = nn.GroupNorm(2, 8)
"""


@pytest.mark.parametrize(
    "text",
    [
        "Learner(dls, Batch(), wd=0.1)  # weight_decay",
        "Learner(dls, Group(), wd=0.1)  # WD102",
        "Learner(dls, Group())  # WD104",
        "Learner(dls, Group(), wd=0.0)",
        "Learner(dls, Group(), opt_func=SGD)",
        "Learner(dls, Group(), opt_func=SGD, wd=1e-4)  # WD102",
        "Learner(dls, Batch(), wd=0.1, wd_bn_bias=True)  # WD101, WD102",
        "Learner(dls, Batch(), opt_func=partial(OptimWrapper, opt=torch.optim.AdamW))  # WD104",
        "Learner(dls, Batch(), opt_func=partial(OptimWrapper, opt=torch.optim.AdamW), wd=0.1)  # WD101, WD102",
        "Learner(dls, Batch(), opt_func=partial(Adam, wd=0.1, decouple_wd=False))  # WD201",
        "Learner(dls, Group(), opt_func=partial(Adam, wd=0.0))",
        "Learner(dls, Group(), opt_func=given, wd=0.1)",
        "Learner(dls, Group(), opt_func=given)",
        "learn = Learner(dls, Group())\nlearn.fit_one_cycle(3, 1e-3, wd=0.0)",
        "learn = Learner(dls, Group(), wd=0.0)  # WD102\nlearn.fit_one_cycle(3, 1e-3, wd=0.1)",
        "learn = Learner(dls, Group())\nlearn.fit(3, wd=0.1)\nlearn.fit(3, wd=0.0)",
        "class Own(Learner):\n    pass\n\n\nOwn(dls, Group(), wd=0.1)  # WD102",
    ],
)
def test_a_learner(text: str) -> None:
    files = {"train.py": f"{START}{text}\n", "nets.py": NETS}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


@pytest.mark.parametrize("imports", ["from fastai.text.all import Learner", "from fastai.basics import *"])
def test_however_it_is_imported(imports: str) -> None:
    script = f"{imports}\nfrom nets import Group, dls\n\nlearn = Learner(dls, Group(), wd=0.1)\n"
    findings, _ = lint_files({"train.py": script, "nets.py": NETS}, {})
    assert [finding.code for finding in findings] == ["WD102"]


def test_a_class_of_that_name_that_is_another() -> None:
    script = (
        "import torch.optim\nfrom other.all import *\nfrom nets import Group, dls\n\nLearner(dls, Group(), wd=0.1)\n"
    )
    assert lint_files({"train.py": script, "nets.py": NETS}, {})[0] == []
