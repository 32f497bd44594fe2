"""Strengths and names in JSON, YAML and TOML beside a program, at a path that it writes or has as a default."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from wdlint.facts import OptimizerUse, Origin
from wdlint.source.engine import Project, observe

HEAD = """\
import argparse
import json
import os
from pathlib import Path

import torch
import yaml
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--config", default="settings/base.json")
parser.add_argument("--other")
args = parser.parse_args()
net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""
FILES = {
    "settings/base.json": '{"optimizer": {"type": "AdamW", "args": {"lr": 0.1, "weight_decay": 0.2}}}',
    "settings/base.yaml": (
        "optim:\n  name: adamw\n  wd: 0.2\n  none: 0\n  later: ${oc.env:WD}\n  told: ${optim.wd}\n"
        "  round: ${optim.round}\n  beside: ${.wd}\n"
        "  above: {up: '${..told}', far: '${....wd}', itself: '${.itself}'}\n"
    ),
    "settings/base.toml": "[optim]\nwd = 0.2\n",
    "conf/train.yaml": "defaults:\n  - _self_\n  - optimizer: adam\n  - override hydra/launcher: x\nwd: 0.3\n",
    "conf/optimizer/adam.yaml": "wd: 0.2\nlr: 0.1\n",
    "conf/refers.yaml": "defaults:\n  - optimizer: told\ndecay: 0.2\nstrength: ${decay}\n",
    "conf/optimizer/told.yaml": "wd: ${strength}\nlr: ${train.lr}\n",
}
PROGRAMS = {
    "json with an option's path": """
        config = json.load(open(args.config))
        torch.optim.AdamW(net.parameters(), weight_decay=config["optimizer"]["args"]["weight_decay"])
        """,
    "json, class and options out of it": """
        def instance(module, name, config, *args):
            return getattr(module, config[name]["type"])(*args, **config[name]["args"])

        with open(args.config) as file:
            config = json.load(file)
        optimizer = instance(torch.optim, "optimizer", config, net.parameters())
        """,
    "text that is read": """
        config = json.loads(open("settings/base.json").read())
        torch.optim.AdamW(net.parameters(), **config["optimizer"]["args"])
        """,
    "yaml": """
        with open("settings/base.yaml", "r") as stream:
            config = yaml.safe_load(stream)
        torch.optim.AdamW(net.parameters(), weight_decay=float(config["optim"]["wd"]))
        """,
    "yaml at a path that is put together": """
        here = os.path.dirname(os.path.abspath(__file__))
        config = yaml.load(open(os.path.join(here, "settings", "base.yaml")), Loader=yaml.FullLoader)
        torch.optim.AdamW(net.parameters(), weight_decay=config["optim"].get("wd", 0.0))
        """,
    "yaml at a path with slashes": """
        root = Path(__file__).parent
        config = yaml.safe_load((root / "settings" / "base.yaml").open())
        torch.optim.AdamW(net.parameters(), weight_decay=config["optim"]["wd"])
        """,
    "OmegaConf": """
        from omegaconf import OmegaConf

        config = OmegaConf.load("settings/base.yaml")
        torch.optim.AdamW(net.parameters(), weight_decay=config.optim.wd)
        """,
    "OmegaConf, a value by its path": """
        from omegaconf import OmegaConf

        config = OmegaConf.load("settings/base.yaml")
        torch.optim.AdamW(net.parameters(), weight_decay=OmegaConf.select(config, "optim.wd", default=0.0))
        """,
    "OmegaConf, for want of a value": """
        from omegaconf import OmegaConf

        def read(config, key, default=None):
            value = OmegaConf.select(config, key, default=default)
            return None if value == "None" else value

        def fit(config):
            config.strength = read(config, "optim.decay", 0.2)
            torch.optim.AdamW(net.parameters(), weight_decay=config.strength)
        """,
    "toml": """
        import tomllib

        with open("settings/base.toml", "rb") as file:
            config = tomllib.load(file)
        torch.optim.AdamW(net.parameters(), weight_decay=config["optim"]["wd"])
        """,
    "hydra": """
        import hydra

        @hydra.main(version_base=None, config_path="conf", config_name="train")
        def main(cfg):
            torch.optim.AdamW(net.parameters(), weight_decay=cfg.optimizer.wd)

        if __name__ == "__main__":
            main()
        """,
    "hydra, a reference from one file to another": """
        import hydra

        @hydra.main(version_base=None, config_path="conf", config_name="refers")
        def main(cfg):
            torch.optim.AdamW(net.parameters(), weight_decay=cfg.optimizer.wd)

        main()
        """,
    "hydra, as others start it": """
        from dora import hydra_main

        @hydra_main(config_path="conf", config_name="train", version_base="1.1")
        def main(args):
            torch.optim.AdamW(net.parameters(), weight_decay=args.optimizer.wd)

        main()
        """,
    "hydra, as NeMo starts it": """
        from nemo.core.config import hydra_runner

        @hydra_runner(config_path="conf", config_name="train")
        def main(cfg) -> None:
            torch.optim.AdamW(net.parameters(), weight_decay=cfg.optimizer.wd)

        if __name__ == "__main__":
            main()
        """,
    "omegaconf, a reference": """
        from omegaconf import OmegaConf

        config = OmegaConf.load("settings/base.yaml")
        torch.optim.AdamW(net.parameters(), weight_decay=config.optim.told)
        """,
    "omegaconf, a reference to what stands beside it": """
        from omegaconf import OmegaConf

        config = OmegaConf.load("settings/base.yaml")
        torch.optim.AdamW(net.parameters(), weight_decay=config.optim.beside)
        """,
    "omegaconf, a reference upwards to a reference": """
        from omegaconf import OmegaConf

        config = OmegaConf.load("settings/base.yaml")
        torch.optim.AdamW(net.parameters(), weight_decay=config.optim.above.up)
        """,
    "hydra, handed on": """
        import hydra

        def make(options):
            return torch.optim.AdamW(net.parameters(), weight_decay=options["wd"], lr=options["lr"])

        @hydra.main(config_path="conf", config_name="train.yaml")
        def main(cfg):
            make(cfg.optimizer)

        main()
        """,
}


def uses(folder: Path, text: str) -> tuple[OptimizerUse, ...]:
    (folder / ".git").mkdir()
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    script = folder / "train.py"
    script.write_text(HEAD + dedent(text))
    return observe(str(script), script.read_bytes(), Project([])).uses


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_a_strength_in_a_file(tmp_path: Path, text: str) -> None:
    (use,) = uses(tmp_path, text)
    assert [known.name for known in use.classes] == ["torch.optim.AdamW"]
    assert (use.groups[0].amount.value, use.groups[0].amount.origin) == (0.2, Origin.FIELD_DEFAULT)


NOTHING_TOLD = {
    "a path without a default": "config = json.load(open(args.other))\nwd = config['wd']",
    "a file that is not there": "config = yaml.safe_load(open('settings/none.yaml'))\nwd = config['wd']",
    "a path out of the project": "config = yaml.safe_load(open('../../base.yaml'))\nwd = config['wd']",
    "what is filled in later": "wd = yaml.safe_load(open('settings/base.yaml'))['optim']['later']",
    "a reference that leads to itself": (
        "from omegaconf import OmegaConf\nwd = OmegaConf.load('settings/base.yaml').optim.round"
    ),
    "a reference beside that leads to itself": (
        "from omegaconf import OmegaConf\nwd = OmegaConf.load('settings/base.yaml').optim.above.itself"
    ),
    "a reference out of the document": (
        "from omegaconf import OmegaConf\nwd = OmegaConf.load('settings/base.yaml').optim.above.far"
    ),
    "a reference that its reader leaves a text": "wd = yaml.safe_load(open('settings/base.yaml'))['optim']['told']",
    "a key that is not there": "wd = yaml.safe_load(open('settings/base.yaml'))['optim']['wdd']",
}


@pytest.mark.parametrize("text", NOTHING_TOLD.values(), ids=NOTHING_TOLD)
def test_what_no_file_tells(tmp_path: Path, text: str) -> None:
    (use,) = uses(tmp_path, f"{text}\ntorch.optim.AdamW(net.parameters(), weight_decay=wd)\n")
    assert use.groups[0].amount.value is None


def test_nothing_in_a_file_is_latent(tmp_path: Path) -> None:
    text = "none = yaml.safe_load(open('settings/base.yaml'))['optim']['none']\n"
    (use,) = uses(tmp_path, f"{text}torch.optim.AdamW(net.parameters(), weight_decay=none)\n")
    assert use.groups[0].amount.latent
