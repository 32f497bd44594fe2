"""State that no gradient enters makes no momentum: plain descent, where coupled and decoupled decay are one."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from wdlint.api import check_source

CLASS = """\
import torch


class Descent(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, beta=0.9, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, beta=beta, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
"""

IDLE = {
    "allocated": """\
        state = self.state[p]
        if "m" not in state:
            state["m"] = torch.zeros_like(p)
        d_p = p.grad
        d_p = d_p.add(p, alpha=group["weight_decay"])
        p.add_(d_p, alpha=-group["lr"])
        """,
    "counted": """\
        state = self.state[p]
        if len(state) == 0:
            state["step"] = 0
            state["momentum_buffer"] = torch.zeros_like(p.data)
        state["step"] += 1
        g = p.grad.data
        if group["weight_decay"] != 0:
            g = g + group["weight_decay"] * p.data
        p.data -= group["lr"] * g
        """,
    "set by default": """\
        self.state[p].setdefault("exp_avg", torch.zeros_like(p))
        p.sub_(group["lr"] * (p.grad + p * group["weight_decay"]))
        """,
    "two at once": """\
        state = self.state[p]
        if not state:
            state["buf"], state["steps"] = torch.empty_like(p), 0
        state["steps"] = state["steps"] + 1
        p.grad.add_(p, alpha=group["weight_decay"])
        p.data.add_(p.grad, alpha=-group["lr"])
        """,
}

KEPT = {
    "in place": """\
        state = self.state[p]
        if "m" not in state:
            state["m"] = torch.zeros_like(p)
        d_p = p.grad.add(p, alpha=group["weight_decay"])
        state["m"].mul_(group["beta"]).add_(d_p)
        p.add_(state["m"], alpha=-group["lr"])
        """,
    "got": """\
        state = self.state[p]
        m = state.get("m")
        if m is None:
            m = state["m"] = torch.zeros_like(p)
        m.lerp_(p.grad.add(p, alpha=group["weight_decay"]), 1 - group["beta"])
        p.add_(m, alpha=-group["lr"])
        """,
    "made anew": """\
        state = self.state[p]
        d_p = p.grad + group["weight_decay"] * p
        state["m"] = group["beta"] * state["m"] + d_p if "m" in state else d_p
        p.sub_(group["lr"] * state["m"])
        """,
    "in a list": """\
        state, lists = self.state[p], []
        if not state:
            state["v"] = torch.zeros_like(p)
        lists.append(state["v"])
        d_p = p.grad.add(p, alpha=group["weight_decay"])
        for v in lists:
            v.mul_(group["beta"]).add_(d_p)
            p.add_(v, alpha=-group["lr"])
        """,
    "the state itself": """\
        if p not in self.state:
            self.state[p] = torch.zeros_like(p)
        d_p = p.grad.add(p, alpha=group["weight_decay"])
        v = self.state[p]
        v.mul_(group["beta"]).add_(d_p)
        p.add_(v, alpha=-group["lr"])
        """,
}


def codes(body: str) -> list[str]:
    text = CLASS + indent(dedent(body), " " * 16)
    return [finding.code for finding in check_source(text)]


@pytest.mark.parametrize("body", IDLE.values(), ids=IDLE)
def test_idle_state_is_no_momentum(body: str) -> None:
    assert codes(body) == []


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT)
def test_state_that_gradients_enter_is_momentum(body: str) -> None:
    assert codes(body) == ["WD204"]
