"""What an optimizer holds is remembered once, whatever number of ways leads to it and whatever its company."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import indent

import pytest

from wdlint.facts import OptimizerUse
from wdlint.source.engine import Project, observe
from wdlint.source.optimizers.sites import Site
from wdlint.source.optimizers.uses import UseReader

HEAD = """\
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)


model = Network()


def groups(net, strength):
    decay, rest = [], []
    for name, p in net.named_parameters():
        if p.ndim < 2:
            rest.append(p)
        else:
            decay.append(p)
    return [{"params": rest, "weight_decay": 0.0}, {"params": decay, "weight_decay": strength}]


"""
TWO_WAYS = """\
if args.divide:
    parameters = groups(model, args.weight_decay)
    strength = 0.0
else:
    parameters = model.parameters()
    strength = args.weight_decay
"""


def chain(number: int) -> str:
    """`elif` after `elif`, an optimizer in each."""
    made = "".join(
        f"elif args.opt == 'o{i}':\n    opt = torch.optim.AdamW(parameters, lr={i}e-4, weight_decay=strength)\n"
        for i in range(number)
    )
    body = f"{TWO_WAYS}\nif args.opt == 'none':\n    opt = None\n{made}return opt\n"
    return f"{HEAD}def create(args, model):\n{indent(body, '    ')}"


def returns(number: int) -> str:
    """The same, each returned at once and behind a choice of its own."""
    made = "".join(
        f"if args.opt == 'o{i}':\n    return torch.optim.AdamW(groups(model, 0.1) if args.divide else"
        f" model.parameters(), lr={i}e-4, weight_decay=0.0 if args.divide else 0.1)\n"
        for i in range(number)
    )
    return f"{HEAD}def create(args, model):\n{indent(made, '    ')}"


def collected(number: int) -> str:
    """A list of optimizers, of options that are spread."""
    options = "options = {'lr': args.lr}\nif not args.divide:\n    options['weight_decay'] = strength\n"
    made = "".join(f"found.append(torch.optim.AdamW(parameters, **options, eps={i}e-8))\n" for i in range(number))
    body = f"{TWO_WAYS}{options}found = []\n{made}return found\n"
    return f"{HEAD}def create(args, model):\n{indent(body, '    ')}"


def matched(number: int) -> str:
    """A `match` of names, in a module's own text."""
    made = "".join(
        f"    case 'o{i}':\n        opt = torch.optim.SGD(parameters, lr={i}e-4, weight_decay=strength)\n"
        for i in range(number)
    )
    return f"{HEAD}args = read()\n{TWO_WAYS}match args.opt:\n{made}"


@pytest.mark.parametrize("program", [chain, returns, collected, matched])
def test_every_optimizer_adds_what_it_holds_once(
    program: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    read = UseReader.read

    def counted(self: UseReader, site: Site) -> Iterator[OptimizerUse]:
        yield from read(self, site)
        held.append(len(self._held))

    monkeypatch.setattr(UseReader, "read", counted)
    facts = observe("train.py", program(12).encode(), Project([]))
    assert len(held) == 12
    assert len({use.place for use in facts.uses}) == 12
    added = [after - before for before, after in zip([0, *held], held, strict=False)]
    assert 0 < max(added) <= 8, held  # at most two groups for each of a few ways
    assert max(added) == min(added)
