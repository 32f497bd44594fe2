"""Which calls are asked what they construct: no module is parsed that can't hold an optimizer."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.facts import FileFacts
from wdlint.source.engine import Project, observe
from wdlint.source.read.screen import brought, imported, may_construct


def read(folder: Path, **files: str) -> tuple[FileFacts, set[str]]:
    """The facts of `train.py`, and the names of the modules that were parsed for them."""
    for name, text in files.items():
        (folder / f"{name.replace('__', '/')}.py").parent.mkdir(exist_ok=True)
        (folder / f"{name.replace('__', '/')}.py").write_text(text)
    project = Project()
    facts = observe(str(folder / "train.py"), files["train"].encode(), project)
    return facts, {Path(path).stem for path, module in project._modules.items() if module is not None}


def test_a_module_without_a_word_of_optimizers_is_not_parsed(tmp_path: Path) -> None:
    train = "import torch\nfrom data import load\nload('x')\ntorch.optim.SGD(params, 0.1)\n"
    facts, parsed = read(tmp_path, train=train, data="def load(name): return open(name)\n")
    assert len(facts.uses) == 1
    assert parsed == {"train"}


@pytest.mark.parametrize(
    "maker",
    [
        "import torch\ndef make(ps): return torch.optim.Adam(ps, weight_decay=0.1)\n",
        "from torch import optim\ndef make(ps): return optim.Adam(ps, weight_decay=0.1)\n",
        "from torch.optim import Adam as make\n",
    ],
)
def test_a_maker_with_a_plain_name_is_found_where_it_is_passed_on(tmp_path: Path, maker: str) -> None:
    train = "from torch import nn\nfrom lib import make\nnet = nn.Linear(2, 2)\nrun = make(net.parameters())\n"
    facts, _ = read(tmp_path, train=train, lib="from second import *\n", second="from third import make\n", third=maker)
    assert [use.place.line for use in facts.uses] == [4]


def test_a_class_given_as_an_argument_is_followed(tmp_path: Path) -> None:
    train = "import torch\ndef go(cls, net): return cls(net.parameters(), lr=1)\ngo(torch.optim.Adam, net)\n"
    facts, _ = read(tmp_path, train=train)
    assert [use.place.line for use in facts.uses] == [2]


@pytest.mark.parametrize("code", ["make_optimizer(x)", "class A(Base, MyOptimizer): ...", "optim.Foo(ps)", "Lion(ps)"])
def test_what_may_construct(code: str) -> None:
    assert may_construct(f"# optim, Adam\n{code}\n".encode())


@pytest.mark.parametrize("code", ["optimizer.step()", "is_adam_available()", "# torch.optim", "f(optimal)"])
def test_what_can_not_construct(code: str) -> None:
    assert not may_construct(f"{code}\n".encode())


def test_what_a_module_passes_on_is_read_from_its_imports() -> None:
    code = b"from .a import (\n    make,\n    other,\n)\nfrom b.c import *\nfrom d import made\nfrom . import make\n"
    assert brought(imported(code), "make") == [("a", 1), ("b.c", 0), ("", 1)]
