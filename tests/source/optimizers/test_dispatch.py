"""Optimizers whose class is looked up, registered, spelled as text or handed on are found all the same."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.facts import FileFacts
from wdlint.judging.judge import judge
from wdlint.judging.rule import built_in
from wdlint.source.engine import Project, observe

NETWORK = """\
import argparse
import functools

import torch
from torch import nn, optim

parser = argparse.ArgumentParser()
parser.add_argument("--optimizer", default="AdamW")
args = parser.parse_args()
net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""
LINES = NETWORK.count("\n")


def facts(text: str) -> FileFacts:
    return observe("train.py", (NETWORK + dedent(text)).encode(), Project())


def found(text: str) -> list[tuple[int, str]]:
    """The findings of a program by their lines; an X stands for the network's lines."""
    reach = [rule for rule in built_in() if rule.code in ("WD101", "WD103")]
    return [(finding.place.line - LINES, finding.code) for finding in judge(facts(text), reach)]


FOUND = {
    "a module's dictionary": """
        solver = torch.optim.__dict__[args.optimizer](net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "a module's dictionary by vars": """
        solver = vars(optim)[args.optimizer](net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "text that is evaluated": """
        solver = eval("torch.optim." + args.optimizer)(net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "formatted text that is evaluated": """
        solver = eval(f"optim.{args.optimizer}")(net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "formatted text that is evaluated, in the old style": """
        solver = eval("optim.%s" % args.optimizer)(net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "a dictionary of lambdas": """
        makers = {
            "adamw": lambda ps: torch.optim.AdamW(ps, lr=0.1, weight_decay=0.1),  # here
        }
        solver = makers["adamw"](net.parameters())
        """,
    "a dictionary of partials": """
        makers = {"AdamW": functools.partial(optim.AdamW, weight_decay=0.1), "SGD": optim.SGD}
        solver = makers[args.optimizer](net.parameters(), lr=0.1)  # here
        """,
    "a dictionary of made optimizers": """
        solver = {
            "adamw": optim.AdamW(net.parameters(), lr=0.1, weight_decay=0.1),  # here
        }[args.optimizer]
        """,
    "a default that the dictionary lacks": """
        makers = {"adamw": optim.AdamW, "sgd": optim.SGD}
        solver = makers[args.optimizer](net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "a class that makes itself": """
        class Solver(optim.AdamW):
            @classmethod
            def of(cls, model):
                return cls(model.parameters(), lr=0.1, weight_decay=0.1)  # here

        solver = Solver.of(net)
        """,
    "a class made by type": """
        Solver = type("Solver", (optim.AdamW,), {})
        solver = Solver(net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "a class that is handed on": """
        def train(cls, model):
            return cls(model.parameters(), lr=0.1, weight_decay=0.1)  # here

        train(optim.AdamW, net)
        """,
    "a class that a keyword hands on": """
        class Loop:
            def __init__(self, model, solver=optim.AdamW, **options):
                self.solver = solver(model.parameters(), **options)  # here

        Loop(net, lr=0.1, weight_decay=0.1)
        """,
    "a configuration with the name of the class": """
        config = dict(type="AdamW", lr=0.1, weight_decay=0.1)
        kind = config.pop("type")
        solver = getattr(optim, kind)(net.parameters(), **config)  # here
        """,
    "a function that a launcher calls": """
        import torch.multiprocessing as mp

        def main(rank, model):
            solver = optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)  # here

        mp.spawn(main, args=(net,), nprocs=2)
        """,
    "a function that another launcher calls": """
        from lightning.fabric import Fabric

        def main(fabric, model):
            solver = optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)  # here

        fabric = Fabric()
        fabric.launch(main, net)
        """,
    "a launcher that puts itself before arguments with defaults": """
        from lightning.fabric import Fabric

        def setup(kind: str = "AdamW", nodes: int = 1):
            fabric = Fabric()
            fabric.launch(main, net, kind, nodes)

        def main(fabric, model, kind, nodes: int = 1):
            solver = getattr(optim, kind)(model.parameters(), lr=0.1, weight_decay=0.1)  # here

        setup()
        """,
    "a launcher that puts nothing first": """
        from threading import Thread

        def main(model, strength=0.1, rate=0.1):
            solver = optim.AdamW(model.parameters(), lr=rate, weight_decay=strength)  # here

        Thread(target=main, args=(net,)).start()
        """,
    "a path that is taken apart": """
        path = "torch.optim.AdamW"
        home, kind = path.rsplit(".", 1)
        solver = getattr(__import__(home, fromlist=[kind]), kind)(net.parameters(), weight_decay=0.1)  # here
        """,
    "a path that is taken apart at its last dot": """
        import importlib

        home, _, kind = "torch.optim.AdamW".rpartition(".")
        solver = getattr(importlib.import_module(home), kind)(net.parameters(), weight_decay=0.1)  # here
        """,
    "a name that may be a path": """
        def make(kind, parameters):
            if "." in kind:
                home, kind = kind.rsplit(".", 1)
            else:
                home = "torch.optim"
            cls = getattr(__import__(home, fromlist=[kind]), kind)
            return cls(parameters, lr=0.1, weight_decay=0.1)  # here

        make("AdamW", net.parameters())
        """,
    "a method that returns some parameters": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Linear(4, 4)
                self.last = nn.Linear(4, 4)

            def trained(self):
                return self.last.parameters()

        solver = optim.AdamW(Net().trained(), lr=0.1, weight_decay=0.1)  # here
        """,
    "a method that returns some parameters one by one": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Linear(4, 4)
                self.last = nn.Linear(4, 4)

            def trained(self):
                for part in [self.first, self.last]:
                    for p in part.parameters():
                        yield p

        solver = optim.AdamW(Net().trained(), lr=0.1, weight_decay=0.1)  # here
        """,
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_an_optimizer_is_found(text: str) -> None:
    lines = dedent(text).splitlines()
    expected = [(number, "WD101") for number, line in enumerate(lines, 1) if line.endswith("# here")]
    assert found(text) == expected


REGISTRY = """
        REGISTRY = {}

        def register(name):
            def enter(function):
                REGISTRY[name] = function
                return function
            return enter

        @register("AdamW")
        def make_adamw(parameters):
            return optim.AdamW(parameters, lr=0.1, weight_decay=0.1)  # here

        solver = REGISTRY[args.optimizer](net.parameters())
        """


def test_a_registry_that_functions_enter() -> None:
    assert found(REGISTRY) == [(12, "WD101")]


ENTERED = {
    "under their own names": """
        MAKERS = {}

        def register(function):
            MAKERS[function.__name__] = function
            return function

        @register
        def plain(parameters, decay):
            return optim.AdamW(parameters, lr=0.1, weight_decay=0.0)

        @register
        def adamw(parameters, decay):
            return optim.AdamW(parameters, lr=0.1, weight_decay=decay)  # here

        def build(name, model):
            return MAKERS[name](model.parameters(), 0.1)

        solver = build("adamw", net)
        """,
    "a class": """
        MAKERS = {}

        def register(name):
            def enter(cls):
                MAKERS[name] = cls
                return cls
            return enter

        @register("mine")
        class Mine(optim.AdamW):
            pass

        solver = MAKERS["mine"](net.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "asked for with get": """
        MAKERS = {}

        def register(name):
            def enter(function):
                MAKERS[name] = function
                return function
            return enter

        @register("adamw")
        def make_adamw(parameters):
            return optim.AdamW(parameters, lr=0.1, weight_decay=0.1)  # here

        solver = MAKERS.get(args.optimizer.lower())(net.parameters())
        """,
}


@pytest.mark.parametrize("text", ENTERED.values(), ids=ENTERED)
def test_registries_of_other_shapes(text: str) -> None:
    lines = dedent(text).splitlines()
    assert found(text) == [(n, "WD101") for n, line in enumerate(lines, 1) if line.endswith("# here")]


UNSEEN = {
    "a model that is an argument": """
        class Wrapper(nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner

        def start(inner):
            return optim.AdamW(Wrapper(inner).parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
    "a list of modules that can't be seen": """
        def start(models):
            parts = nn.ModuleList()
            for model in models:
                parts.append(model)
            return optim.AdamW(parts.parameters(), lr=0.1, weight_decay=0.1)  # here
        """,
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_a_model_that_cannot_be_seen_may_hold_anything(text: str) -> None:
    lines = dedent(text).splitlines()
    assert found(text) == [(n, "WD103") for n, line in enumerate(lines, 1) if line.endswith("# here")]
