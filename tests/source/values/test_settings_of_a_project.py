"""Settings that are programs, one of which a run is told to take: what they all agree on is the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.api import check_paths

SETTINGS = """\
import ml_collections

def get_config():
    config = ml_collections.ConfigDict()
    config.optim = optim = ml_collections.ConfigDict()
    optim.weight_decay = {}
    return config
"""
OTHER = """\
from settings.first import get_config as base

def get_config():
    config = base()
    config.optim.weight_decay = {}
    return config
"""
TRAIN = """\
import torch

def start(config, net):
    return torch.optim.AdamW(net.parameters(), weight_decay=config.optim.weight_decay)
"""


def found(folder: Path, first: str, second: str, latent: bool) -> list[str]:
    (folder / "settings").mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "settings" / "first.py").write_text(SETTINGS.format(first))
    (folder / "settings" / "second.py").write_text(OTHER.format(second))
    program = folder / "train.py"
    program.write_text(TRAIN)
    return [finding.message for finding in check_paths([str(program)], latent=latent)]


@pytest.mark.parametrize("nothing", ["0", "0.0"])
def test_no_decay_anywhere_is_latent(tmp_path: Path, nothing: str) -> None:
    assert found(tmp_path, nothing, "0", False) == []


def test_no_decay_anywhere_is_said_with_its_line(tmp_path: Path) -> None:
    (message,) = found(tmp_path, "0", "0", True)
    assert "0 by configuration, line 6 of first.py" in message


@pytest.mark.parametrize(("first", "second"), [("0", "0.1"), ("0", "len(base.__name__)"), ("0.1", "0.2")])
def test_where_they_do_not_agree_the_value_is_not_visible(tmp_path: Path, first: str, second: str) -> None:
    (message,) = found(tmp_path, first, second, False)
    assert "its value is not visible" in message


def test_the_one_number_of_all(tmp_path: Path) -> None:
    (message,) = found(tmp_path, "0.1", "0.1", False)
    assert "0.1 by configuration" in message


PARSER = """\
def add_arguments(parser):
    parser.add_argument("--optim-wd", type=float, default={})
"""
USES = """\
import torch

class Method:
    def __init__(self, args, net):
        self.args = args
        self.opt = torch.optim.AdamW(net.parameters(), weight_decay=self.args.optim_wd)
"""


@pytest.mark.parametrize(("first", "second", "seen"), [("0", "0.", 0), ("0", "0.1", 1), ("0.1", "0.1", 1)])
def test_options_that_other_modules_declare(tmp_path: Path, first: str, second: str, seen: int) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "arguments.py").write_text(PARSER.format(first))
    (tmp_path / "more.py").write_text(PARSER.format(second))
    program = tmp_path / "method.py"
    program.write_text(USES)
    findings = check_paths([str(program)])
    assert [finding.code for finding in findings] == ["WD103"] * seen
    assert all(("0.1, line 2" in f.message) is (first == second) for f in findings)


def test_a_configuration_that_a_flag_names(tmp_path: Path) -> None:
    (tmp_path / "settings").mkdir()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "settings" / "first.py").write_text(SETTINGS.format("0"))
    (tmp_path / "optimizers.py").write_text(TRAIN)
    program = tmp_path / "main.py"
    program.write_text(
        "from absl import flags\nimport optimizers\n\nFLAGS = flags.FLAGS\n\n"
        "def main(net):\n    return optimizers.start(FLAGS.config, net)\n"
    )
    assert check_paths([str(program), str(tmp_path / "optimizers.py")]) == []
    assert check_paths([str(tmp_path / "optimizers.py")], latent=True) != []
