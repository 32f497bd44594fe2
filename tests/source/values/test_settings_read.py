"""Strengths that lie in settings: fields and their factories, hyperparameters, options that are spread.

Each program is a specification: `# WD101` at the end of a line says that the rule must report there, and no
other rule that is on by default may report anywhere.
"""

from __future__ import annotations

import pytest

from wdlint.facts import Origin
from wdlint.linting.examples import differences, files_of, lint_files, marks_of
from wdlint.source.engine import Project, observe

NET = """\
from dataclasses import asdict, dataclass, field

import lightning
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        return self.norm(self.fc(x))

"""

PROGRAMS = {
    "fields and factories": """
@dataclass
class Adam:
    lr: float = 1e-3
    weight_decay: float = field(default=0.1)


@dataclass
class Config:
    adam: Adam = field(default_factory=Adam)
    options: dict = field(default_factory=lambda: {"lr": 0.1, "weight_decay": 0.2})
    none: dict = field(default_factory=lambda: dict(lr=0.1, weight_decay=0.0))


def make(config: Config):
    net = Net()
    adam = config.adam
    first = torch.optim.AdamW(net.parameters(), lr=adam.lr, weight_decay=adam.weight_decay)  # WD101, WD102
    second = torch.optim.AdamW(net.parameters(), **config.options)  # WD101, WD102
    third = torch.optim.AdamW(net.parameters(), **asdict(config.adam))  # WD101, WD102
    fourth = torch.optim.AdamW(net.parameters(), **vars(config.adam))  # WD101, WD102
    fifth = torch.optim.AdamW(net.parameters(), **config.adam.__dict__)  # WD101, WD102
    return first, second, third, fourth, fifth, torch.optim.AdamW(net.parameters(), **config.none)
""",
    "hyperparameters that are 0 by default": """
class Lit(lightning.LightningModule):
    def __init__(self, lr=1e-3, weight_decay=0.0):
        super().__init__()
        self.save_hyperparameters()
        self.net = Net()

    def configure_optimizers(self):
        return torch.optim.AdamW(self.net.parameters(), lr=self.hparams.lr, weight_decay=self.hparams.weight_decay)
""",
    "hyperparameters that are named": """
class Lit(lightning.LightningModule):
    def __init__(self, lr=1e-3, strength=0.1, **others):
        super().__init__()
        self.save_hyperparameters("lr", "strength")
        self.net = Net()

    def configure_optimizers(self):
        options = dict(lr=self.hparams.lr, weight_decay=self.hparams["strength"])
        return torch.optim.AdamW(self.net.parameters(), **options)  # WD101, WD102
""",
    "hyperparameters in one object": """
class Lit(lightning.LightningModule):
    def __init__(self, options):
        super().__init__()
        self.save_hyperparameters(options)
        self.net = Net()

    def configure_optimizers(self):
        return torch.optim.AdamW(self.net.parameters(), weight_decay=self.hparams.strength)  # WD101, WD102


Lit({"strength": 0.1})
""",
    "options that can't be read are not the optimizer's own default": """
def make(config):
    net = Net()
    return torch.optim.AdamW(net.parameters(), **config["optimizer"])  # WD101, WD102
""",
    "an entry that may be missing": """
def make(config):
    net = Net()
    return torch.optim.AdamW(net.parameters(), weight_decay=config.get("weight_decay", None))  # WD101, WD102
""",
    "an entry that may be missing, under a test": """
def make(config):
    net = Net()
    strength = config.get("weight_decay", None)
    if strength is None:
        return torch.optim.AdamW(net.parameters(), weight_decay=0.0)
    return torch.optim.AdamW(net.parameters(), weight_decay=strength)
""",
    "powers of ten": """
def make(config):
    net = Net()
    return torch.optim.AdamW(net.parameters(), weight_decay=10**config.exponent)  # WD101, WD102
""",
    "a split whose strength is 0 by default": """
def make(strength=0.0):
    net = Net()
    decayed = [p for n, p in net.named_parameters() if "bias" not in n]
    exempt = [p for n, p in net.named_parameters() if "bias" in n]
    groups = [{"params": decayed, "weight_decay": strength}, {"params": exempt, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3)  # WD301
""",
    "a split that is inverted, its strength 0 by default": """
def make(strength=0.0):
    net = Net()
    weights = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": 0.0}, {"params": others}]
    return torch.optim.AdamW(groups, lr=1e-3, weight_decay=strength)  # WD305
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_settings(name: str) -> None:
    files = files_of(NET + PROGRAMS[name])
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences([f for f in findings if not f.latent], marks_of(files)) == []


# ---- configurations: what a program sets in one is a default

_CONFIGURED = """\
import torch
from torch import nn
{imported}

defaults = {made}
defaults.SOLVER = {made}
defaults.SOLVER.NAME = "sgd"
defaults.SOLVER.DECAY = 1e-4
settings = defaults.clone()
settings.merge_from_file("any.yaml")
model = nn.Linear(4, 4)
if settings.SOLVER.NAME == "sgd":
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=settings.SOLVER.DECAY)
else:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, weight_decay=settings.SOLVER.DECAY)
"""
_CONFIGURATIONS = {
    "yacs": ("from yacs.config import CfgNode", "CfgNode()"),
    "derived": ("import yacs.config\n\nclass Node(yacs.config.CfgNode):\n    pass\n", "Node()"),
    "munch": ("from munch import Munch", "Munch()"),
}


@pytest.mark.parametrize("library", _CONFIGURATIONS)
def test_a_value_set_in_a_configuration_may_be_another(library: str) -> None:
    imported, made = _CONFIGURATIONS[library]
    facts = observe("train.py", _CONFIGURED.format(imported=imported, made=made).encode(), Project())
    decays = [[(group.amount.value, group.amount.origin) for group in use.groups] for use in facts.uses]
    assert decays == [[(1e-4, Origin.FIELD_DEFAULT)], [(1e-4, Origin.FIELD_DEFAULT)]]


DECORATED = """\
from dataclasses import dataclass

import pyrallis
import torch
from torch import nn


@dataclass
class Settings:
    weight_decay: float = 0.1
    off: float = 0.0


{decorator}
def train(settings: Settings{more}):
    norm = nn.LayerNorm(4)
    torch.optim.AdamW(norm.parameters(), weight_decay=settings.weight_decay)  # WD101, WD102
    torch.optim.AdamW(norm.parameters(), weight_decay=settings.off)


{call}
"""


@pytest.mark.parametrize(
    ("decorator", "more", "call"),
    [
        ("@pyrallis.wrap()", "", "train()"),
        ("@pyrallis.wrap(config_path='settings.yaml')", "", "if __name__ == '__main__':\n    train()"),
        ("@pyrallis.wrap()", ", debug=False", "train(debug=True)"),
    ],
)
def test_an_argument_that_a_decorator_makes(decorator: str, more: str, call: str) -> None:
    source = DECORATED.format(decorator=decorator, more=more, call=call)
    found, _ = lint_files({"train.py": source}, {})
    assert differences(found, marks_of({"train.py": source})) == []
    assert all("0.1 by configuration" in finding.message for finding in found)
