"""Training loops of libraries: the static reading of a script beside the live groups of the optimizer that it makes.

    python benchmarks/trainers.py [CASE…]

Each case is a script of our own that ends with an optimizer in the variable `made`. It is run, and `explain-site`'s
facts are compared with the live groups, parameter by parameter: whether each is decayed. A case whose library is not
installed is left out. Install what you want to see: transformers, accelerate, trl, timm, lightning, skorch, mmengine,
stable-baselines3, pytorch-tabnet, peft, sentence-transformers.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import os
import runpy
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wdlint.facts import OptimizerUse, Ternary
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 2)
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        x = self.bn(self.stem(x)).mean((2, 3)) * self.scale
        return self.head(self.norm(x))
"""
START = "import torch\nfrom net import Net\n\n"


@dataclass(frozen=True)
class Case:
    """A script of one library; `model` is the variable that holds the trained module, `line` the call to be read."""

    name: str
    library: str
    script: str
    line: str  # the beginning of the line where the static reading stands
    files: tuple[tuple[str, str], ...] = ()
    model: str = "net"


def hf(name: str, arguments: str, more: str = "", library: str = "transformers") -> Case:
    script = (
        "import transformers\nfrom transformers import Trainer, TrainingArguments\nfrom net import Net\n\nnet = Net()\n"
        f"args = TrainingArguments('out', use_cpu=True, report_to=[], {arguments})\n"
        f"trainer = Trainer(net, args{more})\nmade = trainer.create_optimizer()\n"
    )
    return Case(name, library, script, "trainer =")


def mmengine(name: str, rest: str = "", optimizer: str = "dict(type='AdamW', lr=1e-3, weight_decay=0.1)") -> Case:
    script = (
        f"{START}from mmengine.config import Config\nfrom mmengine.optim import build_optim_wrapper\n\nnet = Net()\n"
        "config = Config.fromfile('c.py')\nmade = build_optim_wrapper(net, config.optim_wrapper).optimizer\n"
    )
    configuration = f"optim_wrapper = dict(\n    optimizer={optimizer},\n    {rest})\n"
    return Case(f"mmengine, {name}", "mmengine", script, "c.py", (("c.py", configuration),))


def cli(name: str, options: str) -> Case:
    script = (
        f"{START}import lightning\nfrom lightning.pytorch.cli import LightningCLI\n\n\n"
        "class Lit(lightning.LightningModule):\n    def __init__(self):\n        super().__init__()\n"
        "        self.net = Net()\n\n\n"
        "cli = LightningCLI(Lit, run=False, save_config_callback=None, args=['--config', 'c.yaml'])\n"
        "net = cli.model\nmade = net.configure_optimizers()\nmade = getattr(made, 'optimizer', made)\n"
    )
    start = "trainer: {max_epochs: 1}\nmodel: {}\noptimizer:\n  class_path: torch.optim.AdamW\n"
    return Case(name, "lightning", script, "c.yaml", (("c.yaml", start + options),))


CASES = (
    hf("transformers, AdamW", "weight_decay=0.1"),
    hf("transformers, no decay", "learning_rate=1e-4"),
    hf("transformers, SGD", "weight_decay=0.1, optim='sgd'"),
    hf("transformers, Adafactor", "weight_decay=0.1, optim='adafactor'"),
    hf("transformers, RMSprop", "weight_decay=0.1, optim='rmsprop'"),
    Case(
        "transformers, DistilBERT", "transformers",
        "from transformers import DistilBertConfig, DistilBertModel, Trainer, TrainingArguments\n\n"
        "net = DistilBertModel(DistilBertConfig(n_layers=1, dim=8, hidden_dim=8, n_heads=2, vocab_size=16))\n"
        "args = TrainingArguments('out', use_cpu=True, report_to=[], weight_decay=0.1)\n"
        "trainer = Trainer(net, args)\nmade = trainer.create_optimizer()\n", "trainer =",
    ),
    Case("timm, a model", "timm", START + "from timm.optim import create_optimizer_v2\n\nnet = Net()\n"
         "made = create_optimizer_v2(net, opt='adamw', weight_decay=0.1)\n", "made ="),
    Case("timm, parameters", "timm", START + "from timm.optim import create_optimizer_v2\n\nnet = Net()\n"
         "made = create_optimizer_v2(net.parameters(), opt='adamw', weight_decay=0.1)\n", "made ="),
    Case("timm, no decay", "timm", START + "from timm.optim import create_optimizer_v2\n\nnet = Net()\n"
         "made = create_optimizer_v2(net, opt='lamb')\n", "made ="),
    Case("Lightning", "lightning", START + "import lightning\n\n\nclass Lit(lightning.LightningModule):\n"
         "    def __init__(self):\n        super().__init__()\n        self.net = Net()\n\n"
         "    def configure_optimizers(self):\n"
         "        return torch.optim.AdamW(self.parameters(), lr=1e-3, weight_decay=0.1)\n\n\n"
         "net = Lit()\nmade = net.configure_optimizers()\n", "        return"),
    Case("skorch", "skorch", START + "from skorch import NeuralNetClassifier\n\n"
         "skorch = NeuralNetClassifier(Net, optimizer=torch.optim.AdamW, optimizer__weight_decay=0.1)\n"
         "skorch.initialize()\nnet, made = skorch.module_, skorch.optimizer_\n", "skorch ="),
    Case("stable-baselines3", "stable_baselines3", "from stable_baselines3 import PPO\n\n"
         "agent = PPO('MlpPolicy', 'CartPole-v1', policy_kwargs=dict(optimizer_kwargs=dict(weight_decay=0.1)))\n"
         "net, made = agent.policy, agent.policy.optimizer\n", "agent ="),
    mmengine("one group"),
    mmengine("flat_decay_mult", "paramwise_cfg=dict(flat_decay_mult=0.)"),
    mmengine("norm_decay_mult", "paramwise_cfg=dict(norm_decay_mult=0.)"),
    mmengine("norm and bias", "paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.)"),
    mmengine("custom keys", "paramwise_cfg=dict(custom_keys={'norm': dict(decay_mult=0.)})"),
    mmengine("no key", optimizer="dict(type='AdamW', lr=1e-3)"),
    cli("LightningCLI", "  init_args: {lr: 0.001, weight_decay: 0.1}\n"),
    cli("LightningCLI, no key", "  init_args: {lr: 0.001}\n"),
)  # fmt: skip


def live(case: Case, folder: Path) -> dict[str, bool]:
    """Whether each parameter is decayed, by name, in the optimizer that the script makes."""
    sys.path.insert(0, str(folder))
    sys.modules.pop("net", None)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            made = runpy.run_path(str(folder / "train.py"))
    finally:
        sys.path.remove(str(folder))
    names = {id(p): name for name, p in made[case.model].named_parameters()}
    return {
        names[id(p)]: bool(group.get("weight_decay"))
        for group in made["made"].param_groups
        for p in group["params"]
        if id(p) in names
    }


def read(case: Case, folder: Path) -> OptimizerUse | None:
    """The optimizer as wdlint reads it."""
    file = folder / (case.line if case.files else "train.py")
    linter = Linter(Configuration(isolated=True))
    linter.check(str(file))
    if linter.reading is None:
        return None
    lines = file.read_text().splitlines()
    for use in linter.reading.facts.uses:
        if case.files or lines[use.place.line - 1].startswith(case.line):
            return use
    return None


def differences(use: OptimizerUse, groups: dict[str, bool], kinds: dict[str, str]) -> Iterator[str]:
    """The parameters that are decayed here and not there."""
    if use.inventory is not None:
        for index, parameter in enumerate(use.inventory.parameters):
            decayed = any(g.members[index] is Ternary.YES and g.amount.decays for g in use.groups if g.members)
            for name, truth in groups.items():
                if _is(parameter.name, name) and truth is not decayed:
                    yield f"{name}: read as {'' if decayed else 'not '}decayed"
        return
    for name, truth in groups.items():
        if not kinds[name]:
            continue
        answers = [getattr(g.division, kinds[name]) for g in use.groups if g.amount.decays]
        if Ternary.UNKNOWN in answers:
            continue
        if (Ternary.YES in answers) is not truth:
            yield f"{name} ({kinds[name]}): read as {'' if Ternary.YES in answers else 'not '}decayed"


def _is(pattern: str, name: str) -> bool:
    parts, others = pattern.split("."), name.split(".")
    return len(parts) == len(others) and all(a in ("*", b) for a, b in zip(parts, others, strict=True))


def _kind(name: str) -> str:
    """The kind of an ordinary parameter; empty for the others, of which a reading without a model says nothing."""
    owner, _, attribute = name.rpartition(".")
    is_norm = owner.rpartition(".")[2] in ("norm", "bn")
    if attribute == "bias":
        return "" if is_norm else "biases"
    return "gains" if is_norm else "weights" if attribute == "weight" else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    wanted = parser.parse_args().cases
    wrong = 0
    for case in CASES:
        if wanted and not any(word in case.name for word in wanted):
            continue
        if importlib.util.find_spec(case.library) is None:
            print(f"{case.name:28} {case.library} is not installed")
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(os.path.realpath(name))
            for file, text in (("net.py", NET), ("train.py", case.script), *case.files):
                (folder / file).write_text(text)
            before = os.getcwd()
            os.chdir(folder)
            try:
                groups = live(case, folder)
                use = read(case, folder)
            except Exception as error:  # a library that is not whole, or another release
                print(f"{case.name:28} did not run: {type(error).__name__}: {error}")
                continue
            finally:
                os.chdir(before)
        if use is None and not any(groups.values()):
            print(f"{case.name:28} {len(groups)} parameters, none decayed: nothing is read, rightly")
            continue
        if use is None:
            print(f"{case.name:28} is not read")
            wrong += 1
            continue
        told = list(differences(use, groups, {name: _kind(name) for name in groups}))
        wrong += bool(told)
        print(f"{case.name:28} {len(groups)} parameters, {sum(groups.values())} decayed: {'; '.join(told) or 'agrees'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
