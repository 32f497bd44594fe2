"""Which files may be read differently once one that they rest on changes, told without reading them."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.linting.concerned import Notice
from wdlint.source.read.files import Files
from wdlint.source.read.project import Project

HOME = """\
import torch


class Step(torch.optim.Optimizer):
    def step(self):
        return 1


def made(params):
    return Step(params)


def other(params):
    return torch.optim.AdamW(params)
"""
AFTER = HOME.replace("return 1", "return 2").encode()


def noticed(tmp_path: Path, by: str, home: str = HOME, after: bytes = AFTER, **around: str) -> bool:
    files = {"home": home, "by": by, **around}
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    notice = Notice(Project([tmp_path], None, Files()))
    paths = [str(tmp_path / f"{name}.py") for name in files if name != "by"]
    return notice.may_be_noticed(str(tmp_path / "home.py"), after, str(tmp_path / "by.py"), paths)


@pytest.mark.parametrize(
    "by",
    [
        "from home import Step\nopt = Step([])",
        "import home\nopt = home.Step([])",
        "from home import made\nopt = made([])",  # what is changed lies below it
        "from home import *\nopt = made([])",
        "import home\nopt = getattr(home, 'Step')([])",
        "import home as h\nopt = getattr(h, name)([])",
        "import home\nopt = home.__dict__[name]([])",
        "from home import *\nopt = globals()[name]([])",
        "import home\nopt = eval('home.Step')([])",
        "def broken(:\n    Step()",
    ],
)
def test_what_says_a_name_of_the_change_may_notice_it(tmp_path: Path, by: str) -> None:
    assert noticed(tmp_path, by)


@pytest.mark.parametrize(
    "by",
    [
        "from home import other\nopt = other([])",
        "import torch\nopt = torch.optim.AdamW([])",
        '"""Not with Step, as in home."""\nimport home\nopt = home.other([])',
        "import home\nkind = 'Step'\nopt = home.other([])",
        "import home\nmodel.eval()\nopt = home.other([])",
        "import torch\nopt = torch.optim.Step([])",
    ],
)
def test_what_says_none_of_them_is_read_as_it_was(tmp_path: Path, by: str) -> None:
    assert not noticed(tmp_path, by)


def test_a_change_is_followed_through_other_files(tmp_path: Path) -> None:
    by = "from way import build\nopt = build([])"
    assert noticed(tmp_path, by, way="from home import Step\n\n\ndef build(params):\n    return Step(params)\n")
    assert noticed(tmp_path, by, way="from home import Step as build\n")
    assert noticed(tmp_path, by, way="from home import Step\n\ntable = {'a': Step}\nbuild = table.get\n")
    assert not noticed(tmp_path, by, way="from home import other as build\n")


def test_a_file_that_calls_what_is_asked_about_may_hand_it_the_change(tmp_path: Path) -> None:
    by = "def train(optimizer):\n    return optimizer\n"
    calls = "from by import train\nfrom home import Step\n\n\ndef main():\n    train(Step([]))\n"
    assert noticed(tmp_path, by, calls=calls)
    home = "from by import train\n" + HOME
    assert noticed(tmp_path, by, home, home.replace("return 1", "return 2").encode())


def test_more_than_binding_can_not_be_followed(tmp_path: Path) -> None:
    by = "import torch\nopt = torch.optim.AdamW([])"
    registered = "from way import register\n\n\n@register\ndef made():\n    return 1\n"
    assert noticed(tmp_path, by, registered, registered.replace("1", "2").encode())
    assert noticed(tmp_path, by, way="import home\nhome.Step.step = None\n")
    assert noticed(
        tmp_path, by, HOME + "\nregister(Step)\n", (HOME + "\nregister(Step)\n").encode() + b"x = 1\ny.z()\n"
    )


def test_what_is_looked_for_in_all_files_is_no_matter_of_names(tmp_path: Path) -> None:
    by = "import torch\nopt = torch.optim.AdamW([])"
    declares = "def parse(p):\n    rate = 1\n    p.add_argument('--decay', default=rate)\n"
    assert noticed(tmp_path, by, declares, declares.replace("1", "2").encode())
    assert noticed(tmp_path, by, declares.replace("rate)", "1)"), declares.replace("rate)", "2)").encode())
    literal = declares.replace("=rate)", "=0.1)")
    assert not noticed(tmp_path, by, literal, literal.replace("rate = 1", "rate = 2").encode())
    sets = "def fill(cfg):\n    cfg.decay = 1\n"
    assert noticed(tmp_path, by, sets, sets.replace("1", "2").encode())


def test_a_change_of_no_statement_is_noticed_by_nobody(tmp_path: Path) -> None:
    assert not noticed(tmp_path, "from home import Step\n", HOME, b"# a comment\n" + HOME.encode())
