"""Classes that have no decoupled twin get one that is written into the file: run before and after, and read again."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from helpers.programs.grammar import HEAD, Program
from helpers.programs.mended import judged, mended
from helpers.programs.runs import Run, runs

NET = "net = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 4))\n"
LOOP = """\
x, y = torch.randn(5, 6), torch.randint(0, 4, (5,))
for step in range(3):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
GROUPS = """\
groups = [
    {"params": [p for p in net.parameters() if p.ndim >= 2]},
    {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
"""
CLASSES = ("RMSprop", "Adagrad", "Adadelta", "Adamax")
WAYS = {
    "a module's attribute": "opt = optim.{c}(groups, lr=0.01, weight_decay=0.1)\n",
    "a name": "from torch.optim import {c}\n\nopt = {c}(groups, lr=0.01, weight_decay=0.1)\n",
    "another name": "from torch.optim import {c} as Chosen\n\nopt = Chosen(groups, lr=0.01, weight_decay=0.1)\n",
    "a table": 'opt = {{"it": optim.{c}, "sgd": optim.SGD}}["it"](groups, lr=0.01, weight_decay=0.1)\n',
    "a function": (
        "def make(params):\n    return torch.optim.{c}(params, lr=0.01, weight_decay=0.1)\n\n\nopt = make(groups)\n"
    ),
    "a schedule": (
        "opt = optim.{c}(groups, lr=0.01, weight_decay=0.1)\n"
        "schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: 0.5 ** step)\n"
    ),
    "a schedule of the decay": (
        "opt = optim.{c}(groups, lr=0.01, weight_decay=0.1)\n"
        "for group in opt.param_groups:\n    if group['weight_decay'] > 0:\n        group['weight_decay'] = 0.05\n"
    ),
}
ASKED = {
    "its name": "print(type(opt).__name__ == 'RMSprop')\n",
    "its class": "print(isinstance(opt, torch.optim.RMSprop))\n",
    "its class, one of several": "print(type(opt) in (torch.optim.SGD, torch.optim.RMSprop))\n",
    "to be told of its steps": "opt.register_step_post_hook(lambda *given: print('stepped'))\n",
    "what a table has for it": "print({torch.optim.RMSprop: 'rms'}[type(opt)])\n",
    "what a table may have for its name": "print({'RMSprop': 'rms'}.get(opt.__class__.__name__))\n",
}


def program(made: str, loop: str = LOOP) -> str:
    return f"{HEAD}\n{NET}{GROUPS}{made}{loop}"


@pytest.mark.parametrize(
    ("name", "way"), [("RMSprop", way) for way in WAYS] + [(name, "a module's attribute") for name in CLASSES[1:]]
)
def test_a_twin_is_written_and_harms_nothing(name: str, way: str) -> None:
    one = mended(Program(0, program(WAYS[way].format(c=name)), (way,)))
    verdict = judged(one)
    assert verdict.ran
    assert verdict.harms == []
    assert not one.again
    assert one.found == ["WD201"]
    if way == "another name":  # the class is not named where it is made
        assert one.left in (["WD201"], [])
    else:
        assert (one.fixed_unsafe, one.left) == (["WD201"], [])
        assert f"(torch.optim.{name})" in one.unsafe or f"({name})" in one.unsafe or f"(optim.{name})" in one.unsafe


def test_two_optimizers_of_one_class_share_the_twin() -> None:
    made = "opt = optim.RMSprop(groups, weight_decay=0.1)\nother = optim.RMSprop([net[0].weight], weight_decay=0.1)\n"
    one = mended(Program(0, program(made), ()))
    assert one.left == []
    assert one.unsafe.count("class Decoupled") == 1


@pytest.mark.parametrize("asked", ASKED)
def test_a_class_that_is_asked_for_is_left(asked: str) -> None:
    one = mended(Program(0, program("opt = optim.RMSprop(groups, weight_decay=0.1)\n" + ASKED[asked]), ()))
    assert one.unsafe == one.program.text


@pytest.mark.parametrize("option", ["fused=True", "differentiable=False"])
def test_a_step_with_a_way_of_its_own_is_left(option: str) -> None:
    text = program(f"opt = optim.Adagrad(groups, weight_decay=0.1, {option})\n", loop="")
    assert mended(Program(0, text, ())).unsafe == text


def twin_of(name: str) -> Any:
    """The twin that is written for a class."""
    text = program(f"opt = optim.{name}(groups, lr=0.01, weight_decay=0.1)\n", loop="")
    written = mended(Program(0, text, ())).unsafe
    names: dict[str, object] = {}
    exec(compile(written, "<written>", "exec"), names)
    twin = names[f"Decoupled{name}"]
    assert isinstance(twin, type)
    return twin


def stepped(name: str, decay: float, gradient: float) -> list[float]:
    """A weight of 1 and one of 4 after steps of the twin that is written for a class."""
    p = torch.nn.Parameter(torch.tensor([1.0, 4.0], dtype=torch.float64))
    optimizer = twin_of(name)([p], lr=0.01, weight_decay=decay)
    for _ in range(6):
        p.grad = torch.full_like(p, gradient)
        optimizer.step()
    assert optimizer.param_groups[0]["weight_decay"] == decay
    return list(p.detach().tolist())


@pytest.mark.parametrize("name", CLASSES)
def test_the_decay_takes_the_same_share_of_every_weight(name: str) -> None:
    one, four = stepped(name, 0.5, 0.0)
    assert one == pytest.approx((1 - 0.01 * 0.5) ** 6)
    assert four == pytest.approx(4 * one)


@pytest.mark.parametrize("name", CLASSES)
def test_without_decay_it_is_the_class_itself(name: str) -> None:
    p = torch.nn.Parameter(torch.tensor([1.0, 4.0], dtype=torch.float64))
    optimizer = getattr(torch.optim, name)([p], lr=0.01)
    for _ in range(6):
        p.grad = torch.full_like(p, 0.3)
        optimizer.step()
    assert stepped(name, 0.0, 0.3) == p.detach().tolist()


def test_a_step_that_fails_leaves_the_decay_as_it_was() -> None:
    p = torch.nn.Parameter(torch.ones(2))
    optimizer = twin_of("RMSprop")([p], lr=0.01, weight_decay=0.5)
    p.grad = torch.sparse_coo_tensor([[0]], [1.0], (2,))
    with pytest.raises(RuntimeError):
        optimizer.step()
    assert optimizer.param_groups[0]["weight_decay"] == 0.5


def test_a_closure_is_called_once_and_its_loss_returned() -> None:
    text = program("opt = optim.RMSprop(groups, lr=0.01, weight_decay=0.1)\n")
    called = text + "calls = []\ndef closure():\n    calls.append(1)\n    return F.cross_entropy(net(x), y)\n"
    called += "assert opt.step(closure) is not None and calls == [1]\n"
    one = mended(Program(0, called, ()))
    (after,) = runs([(one.unsafe, True)])
    assert isinstance(after, Run)
    assert one.fixed_unsafe == ["WD201"]
    assert after.error == ""
