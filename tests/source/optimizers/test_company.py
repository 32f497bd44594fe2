"""Optimizers beside each other, iterators walked through twice, and groups that nobody gets."""

from __future__ import annotations

from textwrap import dedent

from wdlint.facts import OptimizerUse, Ternary
from wdlint.source.engine import Project, observe

NETWORK = """\
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 2)


model = Network()
"""


def uses(text: str) -> list[OptimizerUse]:
    return list(observe("train.py", (NETWORK + dedent(text)).encode(), Project([])).uses)


def held_elsewhere(use: OptimizerUse) -> set[str]:
    assert use.inventory is not None
    pairs = zip(use.inventory.parameters, use.elsewhere, strict=False)
    return {parameter.name for parameter, answer in pairs if answer is Ternary.YES}


def test_what_one_optimizer_leaves_out_another_one_holds() -> None:
    matrices, rest = uses(
        """
        matrices = torch.optim.SGD([p for p in model.parameters() if p.ndim == 2], lr=0.1)
        rest = torch.optim.AdamW([p for p in model.parameters() if p.ndim != 2], lr=1e-3)
        """
    )
    assert held_elsewhere(matrices) == {"body.bias", "norm.weight", "norm.bias", "head.bias"}
    assert held_elsewhere(rest) == {"body.weight", "head.weight"}


def test_an_optimizer_that_cannot_be_read_may_hold_anything() -> None:
    matrices, _ = uses(
        """
        matrices = torch.optim.SGD([p for p in model.parameters() if p.ndim == 2], lr=0.1)
        rest = torch.optim.AdamW(chosen(model), lr=1e-3)
        """
    )
    assert set(matrices.elsewhere) == {Ternary.UNKNOWN}


def test_an_iterator_is_empty_when_it_is_walked_through_again() -> None:
    (use,) = uses(
        """
        named = model.named_parameters()
        decay = [p for n, p in named if p.ndim >= 2]
        rest = [p for n, p in named if p.ndim < 2]
        optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}])
        """
    )
    assert use.empty == ("rest",)


def test_counting_uses_an_iterator_up() -> None:
    (use,) = uses(
        """
        trainable = filter(lambda p: p.requires_grad, model.parameters())
        print(sum(p.numel() for p in trainable))
        groups = list(trainable)
        optimizer = torch.optim.AdamW(groups)
        """
    )
    assert use.empty == ("groups",)


def test_a_list_can_be_walked_through_again() -> None:
    (use,) = uses(
        """
        named = list(model.named_parameters())
        decay = [p for n, p in named if p.ndim >= 2]
        rest = [p for n, p in named if p.ndim < 2]
        optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}])
        """
    )
    assert use.empty == ()


def test_an_iterator_made_again_is_full() -> None:
    (use,) = uses(
        """
        named = model.named_parameters()
        decay = [p for n, p in named if p.ndim >= 2]
        named = model.named_parameters()
        rest = [p for n, p in named if p.ndim < 2]
        optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}])
        """
    )
    assert use.empty == ()


GROUPS = """
groups = [
    {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.1},
    {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
"""


def test_groups_that_are_only_counted_are_unused() -> None:
    (use,) = uses(f"{GROUPS}print(len(groups))\noptimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n")
    assert use.unused_split is not None
    assert [group.amount.value for group in use.unused_groups] == [0.1, 0.0]


def test_groups_that_another_optimizer_gets_are_used() -> None:
    first, _ = uses(
        f"{GROUPS}optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"
        "if plain:\n    optimizer = torch.optim.SGD(groups, lr=0.1)\n"
    )
    assert first.unused_split is None


def test_groups_of_another_model_are_no_concern_of_this_optimizer() -> None:
    (use,) = uses(
        f"other = Network()\n{GROUPS.replace('model', 'other')}"
        "optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"
    )
    assert use.unused_split is None
