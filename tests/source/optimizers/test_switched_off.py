"""Decays that hooks, callbacks and other methods set to 0: how long they act can't be told, and nothing is said."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.linting.examples import lint_files

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)

    def forward(self, x):
        return self.bn(self.stem(x))
"""
LOOP = """\
from transformers import Trainer, TrainerCallback, TrainingArguments
from net import Net
{before}
trainer = {cls}(Net(), TrainingArguments("out", weight_decay=0.1){given})
{after}
"""
OFF = "for group in {of}.param_groups:\n            {what}\n"
ZERO = "group['weight_decay'] = 0.0"


def callback(of: str = "kwargs['optimizer']", what: str = ZERO) -> str:
    body = OFF.format(of=of, what=what)
    return f"class Off(TrainerCallback):\n    def on_train_begin(self, args, state, control, **kwargs):\n        {body}"


def derived(what: str = ZERO) -> str:
    body = OFF.format(of="self.optimizer", what=what)
    return f"class Own(Trainer):\n    def training_step(self, *given):\n        {body}"


def codes(before: str = "", cls: str = "Trainer", given: str = "", after: str = "", **files: str) -> list[str]:
    script = LOOP.format(before=before, cls=cls, given=given, after=after)
    others = {f"{name}.py": text for name, text in files.items()}
    return sorted(f.code for f in lint_files({"net.py": NET, "train.py": script, **others}, {})[0])


def test_a_loop_by_itself_decays_gains() -> None:
    assert codes() == ["WD102"]


@pytest.mark.parametrize(
    "what",
    [ZERO, "group.update(weight_decay=0)", "group.update({'weight_decay': 0.0})",
     "group['weight_decay'] = 0.0 if group['name'] == 'norms' else 0.1"],
)  # fmt: skip
def test_a_callback_switches_it_off(what: str) -> None:
    assert codes(callback(what=what), given=", callbacks=[Off()]") == []
    assert codes(callback(what=what), after="trainer.add_callback(Off)") == []
    assert codes(derived(what), "Own") == []


def test_wherever_it_is_written() -> None:
    imports = "from transformers import Trainer, TrainerCallback\n"
    here = "from others import Off"
    assert codes(here, given=", callbacks=[Off()]", others=imports + callback()) == []
    assert codes(here, after="trainer.add_callback(Off())", others=imports + callback()) == []
    assert codes("from others import Own", "Own", others=imports + derived()) == []
    assert codes(after=f"trainer.create_optimizer()\nfor group in trainer.optimizer.param_groups:\n    {ZERO}") == []
    assert codes(after="trainer.create_optimizer()\ntrainer.optimizer.param_groups[0]['weight_decay'] = 0.0") == []


def test_what_sets_something_else_changes_nothing() -> None:
    for what in ("group['lr'] = 0.0", "group['weight_decay'] = 0.05", "group['weight_decay'] *= 0.99", "pass"):
        assert codes(callback(what=what), given=", callbacks=[Off()]") == ["WD102"]
    assert codes("from others import Off, Other", given=", callbacks=[Other()]", others=callback()) == ["WD102"]


PLAIN = """\
import torch
import lightning as L
from torch import nn


def off(optimizer):
    for i, group in enumerate(optimizer.param_groups):
        {function}


class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
        {made}

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-3, weight_decay=0.1)

    def on_train_start(self):
        for group in {of}.param_groups:
            {method}
"""


def plain(function: str = "pass", made: str = "pass", of: str = "self.optimizers()", method: str = "pass") -> set[str]:
    return {f.code for f in check_source(PLAIN.format(function=function, made=made, of=of, method=method))}


def test_optimizers_of_lightning() -> None:
    assert plain(method=ZERO) == set()
    assert plain(method="group['lr'] = 0.0") == {"WD101", "WD102"}


MADE = "self.opt = torch.optim.AdamW(self.net.parameters(), lr=1e-3, weight_decay=0.1)"


def test_optimizers_of_objects() -> None:
    script = PLAIN.replace("configure_optimizers", "other")
    for of, found in (("self.opt", {"self.opt": False, "self.net": True}), ("self.second", {"self.opt": True})):
        text = script.format(function="pass", made=MADE, of=of, method=ZERO)
        findings = [f for f in check_source(text) if text.splitlines()[f.place.line - 1].strip().startswith("self.opt")]
        assert bool(findings) is found["self.opt"]


def test_a_function_that_is_handed_the_optimizer() -> None:
    text = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))


def off(optimizer):
    for group in optimizer.param_groups:
        group["weight_decay"] = 0.0


optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
"""
    assert check_source(text + "off(optimizer)\n") == []
    assert {f.code for f in check_source(text)} == {"WD101", "WD102"}


MIXED_IN = """\
import torch
from lightning import LightningModule
from net import Net
from spared import {base}


class Module({base}, LightningModule):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def configure_optimizers(self):
        return torch.optim.AdamW(self.net.parameters(), weight_decay=0.1)
"""
SPARED = """\
class Sparing:
    def on_train_epoch_start(self):
        for group in self.optimizers().param_groups:
            group["weight_decay"] = 0.0


class Idle:
    pass
"""


@pytest.mark.parametrize(("base", "wanted"), [("Sparing", []), ("Idle", ["WD101", "WD102"])])
def test_a_base_class_of_another_file_switches_it_off(base: str, wanted: list[str]) -> None:
    files = {"net.py": NET, "spared.py": SPARED, "train.py": MIXED_IN.format(base=base)}
    assert sorted(f.code for f in lint_files(files, {})[0]) == wanted
