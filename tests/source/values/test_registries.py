"""Registries that decorators fill, in other files of the project than the one that is linted."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.api import check_paths

NETS = """\
from torch import nn
from registry import NETS

@NETS.register{written}
class Small(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.bn = nn.BatchNorm1d(width)
"""
TRAIN = """\
import torch
import nets
from registry import NETS, build

net = {made}
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
"""
KINDS = {
    "a dictionary of its own, entered by name": (
        """
        class Registry(dict):
            def register(self, name):
                def put(made):
                    self[name] = made
                    return made
                return put

        NETS = Registry()

        def build(name, **options):
            return NETS[name](**options)
        """,
        '("small")',
        'NETS["small"](width=8)',
    ),
    "an attribute, entered by a helper": (
        """
        class Registry:
            def __init__(self, title):
                self.title = title
                self._held = {}

            def _put(self, name, made):
                if name in self._held:
                    raise KeyError(name)
                self._held[name] = made

            def register(self, made=None):
                if made is None:
                    def put(made):
                        self._put(made.__name__, made)
                        return made
                    return put
                self._put(made.__name__, made)

            def get(self, name):
                found = self._held.get(name)
                if found is None:
                    raise KeyError(name)
                return found

        NETS = Registry("networks")

        def build(name, **options):
            return NETS.get(name)(**options)
        """,
        "()",
        'build("Small", width=8)',
    ),
    "built from a dictionary": (
        """
        class Registry:
            def __init__(self):
                self.classes = {}

            def register(self, name=None):
                def put(made):
                    key = name or made.__name__
                    self.classes[key] = made
                    return made
                return put

            def build(self, options):
                given = dict(options)
                return self.classes[given.pop("type")](**given)

        NETS = Registry()

        def build(options):
            return NETS.build(options)
        """,
        "()",
        'build(dict(type="Small", width=8))',
    ),
}


def codes(folder: Path, files: dict[str, str]) -> set[str]:
    from textwrap import dedent

    (folder / "pyproject.toml").touch()
    for name, text in files.items():
        (folder / name).write_text(dedent(text))
    return {finding.code for finding in check_paths([str(folder / "train.py")])}


@pytest.mark.parametrize(("registry", "written", "made"), KINDS.values(), ids=KINDS)
def test_a_model_out_of_a_registry_is_seen(tmp_path: Path, registry: str, written: str, made: str) -> None:
    files = {"registry.py": registry, "nets.py": NETS.format(written=written), "train.py": TRAIN.format(made=made)}
    assert codes(tmp_path, files) == {"WD101", "WD102"}


@pytest.mark.parametrize(("registry", "written", "made"), KINDS.values(), ids=KINDS)
def test_what_is_not_entered_is_not_seen(tmp_path: Path, registry: str, written: str, made: str) -> None:
    other = made.replace("Small", "Large").replace("small", "large")
    files = {"registry.py": registry, "nets.py": NETS.format(written=written), "train.py": TRAIN.format(made=other)}
    assert codes(tmp_path, files) == {"WD103"}


OPTIMIZERS = {
    "registry.py": """
        KNOWN = {}

        def known(cls):
            KNOWN[cls.__name__] = cls
            return cls

        def build(options, registry, **more):
            given = dict(options)
            return registry[given.pop("name")](**given, **more)
        """,
    "optimizers.py": """
        import torch
        from registry import known

        @known
        class Ours(torch.optim.Adam):
            pass
        """,
    "train.py": """
        from torch import nn
        import optimizers
        from registry import KNOWN, build

        net = nn.Linear(3, 3)
        optimizer = build({"name": "Ours", "lr": 1e-3, "weight_decay": 1e-4}, KNOWN, params=net.parameters())
        """,
}


def test_an_optimizer_out_of_a_registry_is_seen(tmp_path: Path) -> None:
    assert codes(tmp_path, OPTIMIZERS) == {"WD101", "WD201"}


def test_a_decorator_of_the_same_name_enters_nothing(tmp_path: Path) -> None:
    other = OPTIMIZERS["optimizers.py"].replace("from registry import known", "from functools import cache as known")
    assert codes(tmp_path, {**OPTIMIZERS, "optimizers.py": other}) == set()
