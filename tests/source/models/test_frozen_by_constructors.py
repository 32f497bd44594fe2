"""What a trainer's constructor freezes of the model that it is given."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
        self.head = nn.Linear(4, 2, bias=False)


def freeze(module):
    for p in module.parameters():
        p.requires_grad = False
"""
SCRIPT = """\
from net import Net
from trainer import Trainer


def main():
    trainer = {call}


if __name__ == "__main__":
    main()
"""
HEAD = """\
import lightning
import torch
from net import freeze


"""
OPTIMIZER = "torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)"
PROGRAMS = {
    "a loop": """
        class Trainer:
            def __init__(self, model):
                self.model = model
                for p in self.model.body.parameters():
                    p.requires_grad_(False)
                self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)
        """,
    "before it is kept": """
        class Trainer:
            def __init__(self, model):
                model.body.requires_grad_(False)
                self.model = model
                self.optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
        """,
    "a helper, in another method": """
        class Trainer:
            def __init__(self, model):
                self.model = model
                self.setup()

            def setup(self):
                freeze(self.model.body)
                self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)
        """,
    "a base class": """
        class Base:
            def __init__(self, model):
                self.model = model
                freeze(self.model.body)

        class Trainer(Base):
            def __init__(self, model):
                super().__init__(model)
                self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)
        """,
    "a Lightning module": """
        class Trainer(lightning.LightningModule):
            def __init__(self, model):
                super().__init__()
                self.model = model
                self.model.body.requires_grad_(False)

            def configure_optimizers(self):
                return torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)
        """,
    "the head only": """
        class Trainer:
            def __init__(self, model):
                self.model = model
                freeze(self.model.head)
                self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)  # WD101, WD102
        """,
    "another model": """
        class Trainer:
            def __init__(self, model, teacher=None):
                self.model, self.teacher = model, teacher
                if teacher is not None:
                    freeze(self.teacher)
                self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)  # WD101, WD102
        """,
}
CALLS = {
    "the head only": "Trainer(Net())",
    "another model": "Trainer(Net(), teacher=Net())",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_constructor_freezes(name: str) -> None:
    trainer = HEAD + dedent(PROGRAMS[name]).strip() + "\n"
    script = SCRIPT.format(call=CALLS.get(name, "Trainer(Net())"))
    files = {"net.py": NET, "trainer.py": trainer, "train.py": script}
    found, _ = lint_files(files, {"select": ("WD1", "WD3")})
    assert differences(found, marks_of(files)) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_in_one_file(name: str) -> None:
    body = dedent(PROGRAMS[name]).strip()
    script = SCRIPT.format(call=CALLS.get(name, "Trainer(Net())")).split("\n\n\n", 1)[1]
    source = f"import lightning\nimport torch\n{NET}\n\n{body}\n\n\n{script}"
    found, _ = lint_files({"train.py": source}, {"select": ("WD1", "WD3")})
    assert differences(found, marks_of({"train.py": source})) == []


def test_only_where_it_is_asked_to() -> None:
    trainer = """
        class Trainer:
            def __init__(self, model, frozen=True):
                self.model = model
                if frozen:
                    freeze(self.model.body)
                self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)
        """
    files = {"net.py": NET, "trainer.py": HEAD + dedent(trainer).strip() + "\n"}
    codes = {}
    for call in ("Trainer(Net())", "Trainer(Net(), frozen=False)"):
        found, _ = lint_files({**files, "train.py": SCRIPT.format(call=call)}, {"select": ("WD1",)})
        codes[call] = sorted(finding.code for finding in found)
    assert codes == {"Trainer(Net())": [], "Trainer(Net(), frozen=False)": ["WD101", "WD102"]}


MAKERS = """\
from net import Net, freeze


def make(frozen=True):
    net = Net()
    if frozen:
        freeze(net.body)
    return net


def early(name, frozen=True):
    net = Net()
    if not frozen:
        return net
    for p in net.parameters():
        p.requires_grad = False
    return net


def around(name, **options):
    return make(**options)
"""
MADE = {
    "make()": [],
    "make(frozen=True)": [],
    "make(frozen=False)": ["WD101", "WD102"],
    "make(False)": ["WD101", "WD102"],
    "early('net')": [],
    "early('net', False)": ["WD101", "WD102"],
    "around('net')": [],
    "around('net', frozen=False)": ["WD101", "WD102"],
}


@pytest.mark.parametrize(("call", "codes"), MADE.items())
def test_a_function_freezes_by_what_it_is_given(call: str, codes: list[str]) -> None:
    script = (
        f"import torch\nfrom makers import around, early, make\n\nmodel = {call}\n"
        "optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"
    )
    found, _ = lint_files({"net.py": NET, "makers.py": MAKERS, "train.py": script}, {"select": ("WD1",)})
    assert sorted(finding.code for finding in found) == codes
