"""A decay that a fix moves onto the weight lasts there, in every precision, or there is no fix: steps are run."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from helpers.programs.runs import runs

from wdlint.api import check_source
from wdlint.facts import Fix
from wdlint.fix.apply import applied

CLASS = """\
import torch
from torch.optim import Optimizer


class Signed(Optimizer):
    def __init__(self, params, lr=1e-3, beta=0.9, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, beta=beta, weight_decay=weight_decay))

{decorator}
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p, dtype=torch.float32)
                    state["master"] = p.float().clone()
                {body}
"""
DECORATOR = "    @torch.no_grad()"
RUN = """

for dtype in (torch.float32, torch.bfloat16):
    ends = []
    for decay in (0.0, 0.5):
        p = torch.nn.Parameter(torch.full((4, 4), 2.0, dtype=dtype))
        opt = Signed([p], lr=0.1, weight_decay=decay)
        for _ in range(5):
            p.grad = torch.ones_like(p)
            opt.step()
        ends.append(p.detach().float().mean().item())
    assert 1.0 < ends[1] < 1.2 < ends[0], (dtype, ends)
"""
MEAN = 'state["m"].mul_(group["beta"]).add_(grad, alpha=1 - group["beta"])'
UPDATE = 'p.add_(state["m"].sign().to(p.dtype), alpha=-group["lr"])'
OF_HELD = 'held.add_(state["m"].sign(), alpha=-group["lr"])'
GRAD = 'grad = p.grad.float().add({}, alpha=group["weight_decay"])'
MENDED = {
    "the parameter": (GRAD.format("p"), MEAN, UPDATE),
    "a view": ("held = p.data.view(-1).view_as(p)", GRAD.format("held"), MEAN, UPDATE),
    "one of two": ("held, rate = p.data, group['lr']", GRAD.format("held"), MEAN, UPDATE),
    "a master copy": ('held = state["master"]', GRAD.format("p"), MEAN, OF_HELD, "p.copy_(held)"),
    "a copy in another precision": (
        "held = p.float()", GRAD.format("p"), MEAN, OF_HELD, "p.copy_(held.to(p.dtype))",
    ),
    "a copy that is made anew": (
        "held = p.data.float()", GRAD.format("p.data"), MEAN, 'held = held - group["lr"] * state["m"].sign()',
        "p.data = held.type_as(p.data)",
    ),
    "a slice": ("held = p.float()", GRAD.format("p"), MEAN, OF_HELD, "p[:] = held"),
    "a copy where it is needed": (
        "held = p.data", "if p.dtype != torch.float32:", "    held = held.float()", GRAD.format("held"), MEAN, OF_HELD,
        "if p.dtype != torch.float32:", "    p.data.copy_(held)",
    ),
    "what is made of the weight": (
        GRAD.format("p"), MEAN, 'held = p.float() - group["lr"] * state["m"].sign()', "p.copy_(held)",
    ),
    "a rate whose sign is turned": ('lr = -group["lr"]', GRAD.format("p"), MEAN, UPDATE.replace('-group["lr"]', "lr")),
}  # fmt: skip
LEFT = {
    "a copy of one of two": ("held, rate = p.detach().clone(), 1", GRAD.format("held"), MEAN, UPDATE),
    "a copy in one precision": (
        "held = p.data if p.dtype == torch.float32 else p.data.float()", GRAD.format("held"), MEAN, UPDATE,
    ),
    "a product": ("held = p.data * 1.0", GRAD.format("held"), MEAN, UPDATE),
    "flattened across": (
        "held = p.data.t().flatten()", GRAD.format("held.view(4, 4)").replace("p.grad.float()", "p.grad.float()"),
        MEAN, UPDATE,
    ),
    "a copy that is written back in one precision": (
        "held = p.clone().float()", GRAD.format("held"), MEAN, "if p.dtype == torch.float32:", f"    {UPDATE}",
        "else:", f"    {OF_HELD}", "    p.copy_(held)",
    ),
    "a backup": (
        "held = p.clone()", GRAD.format("p"), MEAN, UPDATE, "if not torch.isfinite(p).all():", "    p.copy_(held)",
    ),
    "an attribute that is written back": (
        GRAD.format("p"), MEAN, 'state["master"].add_(state["m"].sign(), alpha=-group["lr"])',
        'p.copy_(state["master"])',
    ),
}  # fmt: skip
LISTS = """\
            params = [p for p in group["params"] if p.grad is not None]
            held = [{held} for p in params]
            grads = [p.grad.float() for p in params]
            grads = torch._foreach_add(grads, held, alpha=group["weight_decay"])
            for p, grad in zip(params, grads):
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p, dtype=torch.float32)
"""


def written(*body: str, decorator: str = DECORATOR) -> str:
    return CLASS.format(decorator=decorator, body="\n                ".join(body))


def offered(source: str) -> Fix | None:
    (finding,) = [f for f in check_source(source, "own.py") if f.code == "WD204"]
    return finding.fix


def ran(source: str, fix: Fix | None) -> str:
    assert fix is not None
    new = applied("own.py", source.encode(), fix.edits).decode()
    (run,) = runs([(new + RUN, True)])
    return run.error


@pytest.mark.parametrize("name", MENDED)
def test_a_decay_that_is_moved_lasts(name: str) -> None:
    source = written(*MENDED[name])
    assert ran(source, offered(source)) == ""


@pytest.mark.parametrize("name", LEFT)
def test_nothing_is_offered_where_the_decay_would_be_lost(name: str) -> None:
    assert offered(written(*LEFT[name])) is None


@pytest.mark.parametrize(("held", "lasts"), [("p.data", True), ("p.float().clone()", False)])
def test_lists_hold_the_parameters_or_copies_of_them(held: str, lasts: bool) -> None:
    source = written(MEAN, UPDATE)
    start = source.index('            for p in group["params"]')
    source = source[:start] + LISTS.format(held=held) + "".join(f"                {s}\n" for s in (MEAN, UPDATE))
    fix = offered(source)
    assert ran(source, fix) == "" if lasts else fix is None


def test_a_weight_that_is_tracked_is_changed_through_its_data() -> None:
    body = (GRAD.format("p"), MEAN.replace("grad,", "grad.detach(),"), "with torch.no_grad():", f"    {UPDATE}")
    source = written(*body, decorator="")
    fix = offered(source)
    assert fix is not None and "p.data.mul_(" in fix.edits[0].text
    assert ran(source, fix) == ""


def test_a_rate_that_may_be_left_out_is_not_taken_for_the_rate() -> None:
    source = written(GRAD.format("p"), MEAN, UPDATE.replace('group["lr"]', '(lr or group["lr"])'))
    source = source.replace("closure=None)", "closure=None, lr=None)")
    fix = offered(source)
    assert fix is not None and 'group["lr"]' in fix.edits[0].text
    assert ran(source, fix) == ""


def test_nothing_is_offered_where_the_class_knows_no_rate() -> None:
    source = written(GRAD.format("p"), MEAN, UPDATE.replace('"lr"', '"eta"')).replace("lr=1e-3", "eta=1e-3")
    source = source.replace("lr=lr", "eta=eta") + "\n\nother = torch.optim.AdamW([torch.ones(2)], lr=0.1)\n"
    assert offered(source) is None
