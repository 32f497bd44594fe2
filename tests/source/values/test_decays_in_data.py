"""Decays that files of data set, one of which the command line names: where all say 0, it is 0 by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.api import check_paths
from wdlint.linting.work import Plan, check_files
from wdlint.settings.config import Configuration

NAMESPACES = """\
import argparse
import torch
import yaml

parser = argparse.ArgumentParser()
parser.add_argument("--config")

def spaced(options):
    namespace = argparse.Namespace()
    for key, value in options.items():
        setattr(namespace, key, spaced(value) if isinstance(value, dict) else value)
    return namespace

def start(net):
    with open(parser.parse_args().config) as file:
        config = spaced(yaml.safe_load(file))
    return torch.optim.AdamW(net.parameters(), weight_decay=config.optim.weight_decay)
"""
HANDED_ON = """\
import torch

def start(config, net):
    return torch.optim.AdamW(net.parameters(), weight_decay=config.optim.weight_decay)
"""
ITEMS = """\
import torch

class Trainer:
    def __init__(self, options, net):
        self.options = options["optim"]
        self.optimizer = torch.optim.AdamW(net.parameters(), weight_decay=self.options["weight_decay"])
"""
PROGRAMS = [NAMESPACES, HANDED_ON, ITEMS]
YAML = "optim:\n  lr: 0.1\n  weight_decay: {}  # a comment\n"
JSON = '// a comment\n{{"optim": {{"lr": 0.1\n  , "weight_decay": {}   // another\n}}}}\n'


def found(folder: Path, program: str, files: dict[str, str], latent: bool = False) -> list[str]:
    (folder / "settings").mkdir()
    (folder / "pyproject.toml").touch()
    for name, text in files.items():
        (folder / "settings" / name).write_text(text)
    path = folder / "train.py"
    path.write_text(program)
    return [finding.message for finding in check_paths([str(path)], latent=latent)]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    "files",
    [
        {"a.yml": YAML.format("0.000"), "b.yaml": YAML.format("0")},
        {"a.json": JSON.format("0"), "b.yaml": "optim: {lr: 0.1, 'weight_decay': 0.0}\n"},
        {"a.json": '{"optim":{"weight_decay":0.0}}', "b.json": '{"other_weight_decay": 0.1}'},
    ],
)
def test_no_decay_in_any_file_is_latent(tmp_path: Path, program: str, files: dict[str, str]) -> None:
    assert found(tmp_path, program, files) == []


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.yml": YAML.format("0"), "b.yaml": YAML.format("0.1")},
        {"a.yml": YAML.format("0.1")},
        {"a.yml": YAML.format("null")},
        {"a.yml": YAML.format("0"), "b.yml": YAML.format("${other}")},
        {"a.json": '{"other_weight_decay": 0}'},
    ],
)
def test_where_a_file_says_more_the_value_is_not_visible(tmp_path: Path, program: str, files: dict[str, str]) -> None:
    (message,) = found(tmp_path, program, files)
    assert "its value is not visible" in message


def test_a_cached_result_goes_by_the_files_that_there_are(tmp_path: Path) -> None:
    assert found(tmp_path, HANDED_ON, {"a.yml": YAML.format("0")}) == []
    plan = Plan(Configuration(isolated=True), cache_folder=str(tmp_path / "cache"))
    told = []
    for name, text in [("a.yml", "0"), ("a.yml", "0.1"), ("a.yml", "0"), ("b.json", "0.2")]:
        (tmp_path / "settings" / name).write_text(YAML.format(text))
        told.append([f.code for f in check_files([str(tmp_path / "train.py")], plan, 1)[0].findings if not f.latent])
    assert told == [[], ["WD103"], [], ["WD103"]]
