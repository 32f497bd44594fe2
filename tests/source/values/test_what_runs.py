"""What is read where a branch is off by default, and what a default says beside what may replace it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

HEAD = """\
import argparse
import json

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--do_train", action="store_true")
parser.add_argument("--epochs", type=int, default=0)
args = parser.parse_args()


class Net(nn.Module):
    def __init__(self, normed: bool = False, scaled: bool = False):
        super().__init__()
        self.body = nn.Linear(4, 4, bias=False)
        if normed:
            self.norm = nn.LayerNorm(4)
        if scaled:
            self.factor = nn.Parameter(torch.ones(4, 1, 1))

    def forward(self, x):
        return self.body(x) * self.factor


"""
PROGRAMS = {
    "an optimizer in a branch that is off by default": """
        def main():
            net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
            if args.do_train:
                kept = ["bias"]
                groups = [
                    {"params": [p for n, p in net.named_parameters() if "bias" not in n], "weight_decay": 0.1},
                    {"params": [p for n, p in net.named_parameters() if "bias" in n], "weight_decay": 0.0},
                ]
                optimizer = torch.optim.AdamW(groups)  # WD301

        main()
        """,
    "after a way out that the default takes": """
        def main():
            net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
            if not args.do_train:
                return
            weights = net.parameters()
            optimizer = torch.optim.AdamW(weights, weight_decay=0.1)  # WD101, WD102

        if __name__ == "__main__":
            main()
        """,
    "two branches deep": """
        def run(model):
            if args.do_train:
                if args.epochs > 0:
                    weights = [p for p in model.parameters() if p.requires_grad]
                    optimizer = torch.optim.AdamW(weights, weight_decay=0.1)  # WD101, WD102

        run(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)))
        """,
    "the other branch is not meant": """
        def run(model):
            strength = 0.1
            if args.do_train:
                strength = 0.2
            else:
                strength = 0.0
                optimizer = torch.optim.AdamW(model.parameters(), weight_decay=strength)

        run(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)))
        """,
    "a flag of a configuration that is off, beside one that is read": """
        from dataclasses import dataclass

        @dataclass
        class Config:
            normed: bool = False
            scaled: bool = False

        def build(config: Config):
            if isinstance(config, dict):
                config = Config(**config)
            return Net(config.normed, config.scaled)

        net = build(json.load(open("net.json")))
        flat = [p for n, p in net.named_parameters() if p.ndim < 2]
        rest = [p for n, p in net.named_parameters() if p.ndim >= 2]
        optimizer = torch.optim.AdamW([{"params": rest}, {"params": flat, "weight_decay": 0.0}])
        """,
    "a flag that is on": """
        net = Net(scaled=True)
        flat = [p for n, p in net.named_parameters() if p.ndim < 2]
        rest = [p for n, p in net.named_parameters() if p.ndim >= 2]
        optimizer = torch.optim.AdamW([{"params": rest}, {"params": flat, "weight_decay": 0.0}])  # WD301
        """,
    "a strength that is written as nothing behind its guard": """
        strength = 0.0
        net = Net(normed=True)
        loss = net(torch.ones(4)).sum()
        if strength > 0:
            loss = loss + strength * sum(p.pow(2).sum() for p in net.parameters())
        loss.backward()
        """,
    "the same through a class": """
        class Penalty:
            def __init__(self, model, strength):
                self.model = model
                self.strength = strength

            def __call__(self):
                total = 0
                for p in self.model.parameters():
                    total = total + torch.norm(p, p=2)
                return self.strength * total

        def fit(net):
            strength = 0.0
            penalty = None
            if strength > 0:
                penalty = Penalty(net, strength)
            loss = net(torch.ones(4)).sum()
            if strength > 0:
                loss = loss + penalty()
            loss.backward()

        fit(Net(normed=True))
        """,
    "names that a setting's empty list adds to": """
        from dataclasses import dataclass, field

        @dataclass
        class Options:
            apart: list = field(default_factory=list)
            strength: float = 0.1

        class Trainer:
            def __init__(self, options=None):
                self.options = Options()
                if isinstance(options, Options):
                    self.options = options
                self.net = Net(normed=True)

            def fit(self):
                taken, groups = set(), []
                for group in self.options.apart:
                    names = group.pop("params")
                    taken.update(names)
                    groups.append({**group, "params": [p for n, p in self.net.named_parameters() if n in names]})
                flat = ["bias", "LayerNorm.weight"]
                groups.extend(
                    [
                        {
                            "params": [
                                p for n, p in self.net.named_parameters()
                                if n not in taken and not any(word in n for word in flat)
                            ],
                            "weight_decay": self.options.strength,
                        },
                        {
                            "params": [
                                p for n, p in self.net.named_parameters()
                                if n not in taken and any(word in n for word in flat)
                            ],
                            "weight_decay": 0.0,
                        },
                    ]
                )
                return torch.optim.AdamW(groups)  # WD302
        """,
    "a setting's list that is not empty": """
        from dataclasses import dataclass, field

        @dataclass
        class Options:
            apart: tuple = ("norm",)

        def fit(options: Options):
            net, groups, kept = Net(normed=True), [], []
            for word in options.apart:
                kept.append(word)
            flat = [p for n, p in net.named_parameters() if any(word in n for word in kept)]
            rest = [p for n, p in net.named_parameters() if not any(word in n for word in kept)]
            return torch.optim.AdamW([{"params": flat, "weight_decay": 0.0}, {"params": rest}])

        fit(Options())
        """,
    "an attribute that the model has": """
        class Listed(Net):
            def flat(self):
                return [p for p in self.parameters() if p.ndim < 2], [p for p in self.parameters() if p.ndim > 1]

        def build(model):
            if hasattr(model, "flat"):
                flat, rest = model.flat()
                groups = [{"params": flat, "weight_decay": 0.0}, {"params": rest}]
            else:
                groups = model.parameters()
            return torch.optim.AdamW(groups, weight_decay=0.1)

        build(Listed(normed=True))
        """,
    "an attribute that the model lacks": """
        def build(model):
            if hasattr(model, "flat"):
                return torch.optim.AdamW(model.flat(), weight_decay=0.0)
            weights = model.parameters()
            return torch.optim.AdamW(weights, weight_decay=0.1)  # WD101, WD102

        build(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)))
        """,
    "an attribute that the constructor sets": """
        class Headed(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = Net(normed=True)
                self.head = nn.Linear(4, 2, bias=False)

        model = Headed()
        if hasattr(model, "head"):
            weights = [model.head.weight]
        else:
            weights = model.parameters()
        optimizer = torch.optim.AdamW(weights, weight_decay=0.1)
        """,
    "a strength from outside behind its guard": """
        parser.add_argument("--l2", type=float, default=0.1)
        net = Net(normed=True)
        loss = net(torch.ones(4)).sum()
        if args.l2 > 0:
            loss = loss + args.l2 * sum(p.pow(2).sum() for p in net.parameters())  # WD202
        loss.backward()
        """,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_what_runs(text: str) -> None:
    files = {"example.py": HEAD + dedent(text)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD2", "WD3")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
