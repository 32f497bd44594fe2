"""What another file freezes before it hands a model on is frozen where the optimizer is made."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

NETS = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
        self.head = nn.Linear(4, 2, bias=False)


class Biased(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)


def frozen():
    net = Net()
    for p in net.body.parameters():
        p.requires_grad = False
    return net


def by_option(args):
    net = Net()
    if args.freeze:
        net.body.requires_grad_(False)
    return net


def open_head(net):
    net.requires_grad_(False)
    net.head.requires_grad_(True)
    return net
"""
ADAPTERS = """\
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


def base(name):
    return AutoModelForCausalLM.from_pretrained(name, device_map="auto")


def with_lora(model, rank=8, bias="none"):
    return get_peft_model(model, LoraConfig(r=rank, bias=bias, task_type="CAUSAL_LM"))
"""
TRAINER = """\
import torch


class Trainer:
    def __init__(self, model):
        self.model = model.to("cuda")

    def fit(self):
        return torch.optim.AdamW(self.model.parameters(), weight_decay=0.1){marks}
"""
FUNCTION = """\
import torch


def make_optimizer(model, strength):
    return torch.optim.AdamW(model.parameters(), weight_decay=strength){marks}
"""
# The start of a program, its trainer, and what is wrong with it.
PROGRAMS = {
    "a loop in main": (
        """
        from nets import Net
        from trainer import Trainer

        def main():
            model = Net()
            for p in model.body.parameters():
                p.requires_grad = False
            Trainer(model).fit()

        main()
        """,
        TRAINER,
        "",
    ),
    "a loop in the module": (
        """
        from nets import Net
        from trainer import make_optimizer

        model = Net()
        for name, p in model.named_parameters():
            if "body" in name:
                p.requires_grad_(False)
        optimizer = make_optimizer(model, 0.1)
        """,
        FUNCTION,
        "",
    ),
    "a factory of a third file": (
        """
        from nets import frozen
        from trainer import Trainer

        Trainer(frozen()).fit()
        """,
        TRAINER,
        "",
    ),
    "a helper of a third file": (
        """
        from nets import Net, open_head
        from trainer import make_optimizer

        def main():
            model = open_head(Net())
            return make_optimizer(model, 0.1)

        main()
        """,
        FUNCTION,
        "",
    ),
    "an option that freezes unless it is switched off": (
        """
        import argparse

        from nets import Net
        from trainer import Trainer

        parser = argparse.ArgumentParser()
        parser.add_argument("--train", default="head", choices=["head", "all"])
        args = parser.parse_args()
        model = Net()
        if args.train == "head":
            model.body.requires_grad_(False)
        Trainer(model).fit()
        """,
        TRAINER,
        "",
    ),
    "an option that a third file asks for": (
        """
        import argparse

        from nets import by_option
        from trainer import make_optimizer

        def main():
            parser = argparse.ArgumentParser()
            parser.add_argument("--freeze", default=True)
            make_optimizer(by_option(parser.parse_args()), 0.1)

        main()
        """,
        FUNCTION,
        "",
    ),
    "where the program starts": (
        """
        from nets import Net, open_head
        from trainer import Trainer

        if __name__ == "__main__":
            model = Net()
            open_head(model)
            Trainer(model).fit()
        """,
        TRAINER,
        "",
    ),
    "adapters by a helper": (
        """
        from adapters import base, with_lora
        from trainer import Trainer

        model = base("meta-llama/Llama-2-7b-chat-hf")
        model = with_lora(model)
        Trainer(model).fit()
        """,
        TRAINER,
        "",
    ),
    "adapters, by default": (
        """
        import argparse

        from adapters import base, with_lora
        from trainer import make_optimizer

        parser = argparse.ArgumentParser()
        parser.add_argument("--peft", default="lora")
        args = parser.parse_args()
        model = base("meta-llama/Llama-2-7b-chat-hf")
        if args.peft == "lora":
            model = with_lora(model, 16)
        optimizer = make_optimizer(model, 1e-2)
        """,
        FUNCTION,
        "",
    ),
    "adapters and biases": (
        """
        from adapters import base, with_lora
        from trainer import Trainer

        model = with_lora(base("bigscience/bloom-560m"), bias="all")
        Trainer(model).fit()
        """,
        TRAINER,
        "WD101",
    ),
    "what is opened has a bias": (
        """
        from nets import Biased, open_head
        from trainer import Trainer

        Trainer(open_head(Biased())).fit()
        """,
        TRAINER,
        "WD101",
    ),
    "another model is frozen": (
        """
        from nets import Net
        from trainer import Trainer

        teacher = Net()
        teacher.requires_grad_(False)
        Trainer(Net()).fit()
        """,
        TRAINER,
        "WD101, WD102",
    ),
    "an option that freezes if it is switched on": (
        """
        import argparse

        from nets import Net
        from trainer import Trainer

        parser = argparse.ArgumentParser()
        parser.add_argument("--freeze", action="store_true")
        args = parser.parse_args()
        model = Net()
        if args.freeze:
            model.requires_grad_(False)
        Trainer(model).fit()
        """,
        TRAINER,
        "WD101, WD102",
    ),
}


@pytest.mark.parametrize(("start", "trainer", "wrong"), PROGRAMS.values(), ids=PROGRAMS)
def test_what_another_file_freezes(start: str, trainer: str, wrong: str) -> None:
    marks = f"  # {wrong}" if wrong else ""
    files = {
        "main.py": dedent(start),
        "trainer.py": trainer.format(marks=marks),
        "nets.py": NETS,
        "adapters.py": ADAPTERS,
    }
    findings, errors = lint_files(files, {"select": ("WD1", "WD3")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


HEAD = """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import AutoModel


"""
KEPT_TWICE = {
    "as an attribute and adapted": """
        class Chat(nn.Module):
            def __init__(self, path):
                super().__init__()
                self.model = AutoModel.from_pretrained(path, trust_remote_code=True).half()
                self.lora_model = get_peft_model(self.model, LoraConfig(r=16, task_type="CAUSAL_LM"))

            def configure_optimizers(self):
                groups = [{"params": [p for p in self.lora_model.parameters() if p.requires_grad], "lr": 2e-5}]
                return torch.optim.AdamW(groups)
        """,
    "below another module": """
        class Chat(nn.Module):
            def __init__(self, path):
                super().__init__()
                self.language = AutoModel.from_pretrained(path)
                self.adapted = get_peft_model(self.language, LoraConfig(r=16))

        class Task(nn.Module):
            def __init__(self, path):
                super().__init__()
                self.chat = Chat(path)

            def configure_optimizers(self):
                return torch.optim.AdamW(self.chat.adapted.parameters(), weight_decay=0.1)
        """,
    "frozen under its first name": """
        class Probe(nn.Module):
            def __init__(self, path):
                super().__init__()
                self.encoder = AutoModel.from_pretrained(path)
                self.backbone = self.encoder
                for p in self.encoder.parameters():
                    p.requires_grad = False

            def configure_optimizers(self):
                return torch.optim.AdamW(self.backbone.parameters(), weight_decay=0.1)
        """,
    "another one is adapted": """
        class Pair(nn.Module):
            def __init__(self, path):
                super().__init__()
                self.model = AutoModel.from_pretrained(path)
                self.other = AutoModel.from_pretrained(path)
                for p in self.other.parameters():
                    p.requires_grad = False

            def configure_optimizers(self):
                return torch.optim.AdamW(self.model.parameters(), weight_decay=0.1)  # WD103
        """,
}


@pytest.mark.parametrize("text", KEPT_TWICE.values(), ids=KEPT_TWICE)
def test_a_model_kept_under_two_names(text: str) -> None:
    files = {"example.py": HEAD + dedent(text)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD3")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


OFFERED = """\
import sys
import timm
import torch
import pytorch_lightning as pl


class Probe(pl.LightningModule):
    def __init__(self, name):
        super().__init__()
        self.net = timm.create_model(name)

    def freeze_net(self):
        for p in self.net.parameters():
            p.requires_grad = False

    def configure_optimizers(self):
        return torch.optim.AdamW(self.net.parameters(), weight_decay=0.1){marks}
"""


@pytest.mark.parametrize(
    ("main", "wrong"),
    [
        ("from probe import Probe\n\nmodel = Probe('a')\n", "  # WD103"),
        ("from probe import Probe\n\nmodel = Probe('a')\nmodel.freeze_net()\n", ""),
        ("from probe import Probe\n\nmodel = Probe('a')\ngetattr(model, 'freeze_net')()\n", ""),
    ],
)
def test_a_method_that_freezes_and_that_nobody_calls(main: str, wrong: str) -> None:
    files = {"main.py": main, "probe.py": OFFERED.format(marks=wrong)}
    findings, errors = lint_files(files, {"select": ("WD1",)})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
