"""How decay acts, by experiment: every optimizer of torch, and a user's state that stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from wdlint.facts import Coupling
from wdlint.model.optimizers.manner import Manner
from wdlint.model.optimizers.probe import probe

VERDICTS: dict[str, tuple[type[Optimizer], dict[str, Any], Manner]] = {
    "Adadelta": (torch.optim.Adadelta, {}, Manner.COUPLED),
    "Adafactor": (torch.optim.Adafactor, {}, Manner.DECOUPLED),
    "Adagrad": (torch.optim.Adagrad, {}, Manner.COUPLED),
    "Adam": (torch.optim.Adam, {}, Manner.COUPLED),
    "Adam, foreach": (torch.optim.Adam, {"foreach": True}, Manner.COUPLED),
    "Adam, fused": (torch.optim.Adam, {"fused": True}, Manner.COUPLED),
    "Adam, amsgrad": (torch.optim.Adam, {"amsgrad": True}, Manner.COUPLED),
    "Adamax": (torch.optim.Adamax, {}, Manner.COUPLED),
    "AdamW": (torch.optim.AdamW, {}, Manner.DECOUPLED),
    "AdamW, fused": (torch.optim.AdamW, {"fused": True}, Manner.DECOUPLED),
    "AdamW, rate as a tensor": (torch.optim.AdamW, {"lr": torch.tensor(1e-3)}, Manner.DECOUPLED),
    "ASGD": (torch.optim.ASGD, {}, Manner.DECOUPLED),
    "NAdam": (torch.optim.NAdam, {}, Manner.COUPLED),
    "NAdam, decoupled": (torch.optim.NAdam, {"decoupled_weight_decay": True}, Manner.DECOUPLED),
    "RAdam": (torch.optim.RAdam, {}, Manner.COUPLED),
    "RAdam, decoupled": (torch.optim.RAdam, {"decoupled_weight_decay": True}, Manner.DECOUPLED),
    "RMSprop": (torch.optim.RMSprop, {}, Manner.COUPLED),
    "SGD without momentum": (torch.optim.SGD, {"lr": 0.1}, Manner.DECOUPLED),
    "SGD with momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}, Manner.LINEAR),
    "SGD, Nesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}, Manner.LINEAR),
}


def trained(cls: type[Optimizer], options: dict[str, Any]) -> tuple[nn.Module, Optimizer]:
    """A layer and its optimizer after three true steps under a schedule that patches `step`."""
    layer = nn.Linear(5, 4)
    optimizer = cls(layer.parameters(), weight_decay=0.05, **options)  # type: ignore[call-arg]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step)
    for _ in range(3):
        layer(torch.randn(2, 5)).square().sum().backward()
        optimizer.step()
        schedule.step()
    return layer, optimizer


def frozen(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.dtype, value.detach().clone().tolist()
    if isinstance(value, dict):
        return {(id(k) if isinstance(k, torch.Tensor) else k): frozen(v) for k, v in value.items()}
    return [frozen(v) for v in value] if isinstance(value, (list, tuple)) else repr(value)


@pytest.mark.parametrize("case", VERDICTS)
def test_the_verdict_and_a_state_that_stays(case: str) -> None:
    cls, options, expected = VERDICTS[case]
    layer, optimizer = trained(cls, options)

    def everything() -> Any:
        grads = [p.grad for p in layer.parameters()]
        return frozen([list(layer.parameters()), grads, dict(optimizer.state), optimizer.param_groups])

    before, numbers = everything(), torch.get_rng_state()
    assert probe(optimizer).manner is expected
    assert everything() == before
    assert torch.equal(torch.get_rng_state(), numbers)


@pytest.mark.parametrize("cls", [torch.optim.LBFGS, torch.optim.Rprop, torch.optim.SparseAdam])
def test_an_optimizer_without_decay(cls: Callable[..., Optimizer]) -> None:
    assert probe(cls(nn.Linear(2, 2).parameters())).coupling is Coupling.NONE


def test_decay_that_is_off_is_probed_all_the_same() -> None:
    optimizer = torch.optim.Adam(nn.Linear(2, 2).parameters(), weight_decay=0.0)
    assert probe(optimizer).coupling is Coupling.COUPLED_ADAPTIVE


def test_the_shrink_is_rate_times_decay_for_adamw() -> None:
    optimizer = torch.optim.AdamW(nn.Linear(2, 2).parameters(), lr=3e-4, weight_decay=0.1)
    assert probe(optimizer).shrink_at(3e-4, 0.1) == pytest.approx(3e-5)


class Original(Optimizer):
    """Decay that does not scale with the learning rate, as first written down: w ← w − η·g − λ·w."""

    def __init__(self, params: Any, lr: float = 1e-3, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * p.grad + group["weight_decay"] * p)


def test_the_shrink_is_the_decay_itself_in_the_original_form() -> None:
    found = probe(Original(nn.Linear(2, 2).parameters(), weight_decay=0.01))
    assert found.coupling is Coupling.DECOUPLED
    assert found.shrink_at(1e-3, 0.01) == pytest.approx(0.01)


def test_no_shrink_is_given_where_momentum_goes_on_working() -> None:
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    assert probe(optimizer).shrink_at(0.1, 0.1) is None


class StateAtBirth(Original):
    """Makes its state when constructed, so that a twin with an empty state fails."""

    def __init__(self, params: Any, lr: float = 1e-3, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, weight_decay)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"] = torch.ones_like(p)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                gradient = p.grad + group["weight_decay"] * p
                self.state[p]["sum"].addcmul_(gradient, gradient)
                p.sub_(group["lr"] * gradient / self.state[p]["sum"].sqrt())


def test_a_class_that_makes_its_state_when_constructed_is_built_anew() -> None:
    assert probe(StateAtBirth(nn.Linear(2, 2).parameters(), weight_decay=0.1)).manner is Manner.COUPLED


class Broken(Original):
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        raise RuntimeError("needs a process group")


def test_what_can_not_be_probed_says_why() -> None:
    found = probe(Broken(nn.Linear(2, 2).parameters(), weight_decay=0.1))
    assert found.coupling is Coupling.UNKNOWN
    assert "needs a process group" in found.why


class Clipped(Original):
    """Momentum, and a step that is clipped as a whole where it is large beside the weights, as LARS does."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                assert p.dtype is torch.float32
                total = self.state[p].setdefault("sum", torch.zeros_like(p))
                total.mul_(0.9).add_(p.grad + group["weight_decay"] * p)
                p.sub_(group["lr"] * min(1.0, 0.02 * float(p.norm() / total.norm())) * total)


def test_a_clip_of_the_whole_tensor_is_no_coupling() -> None:
    assert probe(Clipped(nn.Linear(2, 2).parameters(), weight_decay=0.1)).manner is Manner.NORM_SCALED


class Jumping(Original):
    """Its first step is long, so that at another rate the parameter is quite another."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(50 * group["lr"] * p.grad.sign())


def test_the_share_of_a_step_does_not_depend_on_how_far_steps_go() -> None:
    found = probe(Jumping(nn.Linear(2, 2).parameters(), weight_decay=0.1))
    assert found.rate_exponent == pytest.approx(1.0, abs=1e-3)
    assert found.shrink_at(1e-3, 0.1) == pytest.approx(1e-4)


class GroupOnly(Original):
    """Reads a key that groups carry and its defaults do not."""

    def __init__(self, params: Any) -> None:
        Optimizer.__init__(self, params, {"lr": 1e-3})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group.get("weight_decay", 0.0)).sub_(group["lr"] * p.grad)


def test_a_key_that_only_groups_carry() -> None:
    groups = [{"params": list(nn.Linear(2, 2).parameters()), "weight_decay": 0.1}]
    assert probe(GroupOnly(groups)).manner is Manner.DECOUPLED
    plain = torch.optim.LBFGS(nn.Linear(2, 2).parameters())
    plain.param_groups[0]["weight_decay"] = 0.1
    assert probe(plain).manner is Manner.NONE


class Slow(Original):
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        import time

        end = time.thread_time() + 0.7
        while time.thread_time() < end:
            pass
        super().step()


def test_a_slow_experiment_is_cut_off_and_says_so() -> None:
    found = probe(Slow(nn.Linear(2, 2).parameters(), weight_decay=0.1))
    assert found.coupling is Coupling.UNKNOWN
    assert found.why == "its steps are slow: cut off after 2 s"


@pytest.mark.parametrize("options", [{"capturable": True}, {"differentiable": True}])
def test_options_for_graphs_do_not_keep_from_an_experiment(options: dict[str, bool]) -> None:
    optimizer = torch.optim.AdamW(nn.Linear(2, 2).parameters(), weight_decay=0.1, **options)
    assert probe(optimizer).manner is Manner.DECOUPLED
    assert all(optimizer.param_groups[0][key] for key in options)


def test_several_of_one_class_are_told_apart() -> None:
    import wdlint

    both = nn.ModuleDict({"one": nn.Linear(2, 2), "two": nn.Linear(2, 2)})
    report = wdlint.audit(both, [torch.optim.AdamW(m.parameters(), weight_decay=0.1) for m in both.values()])
    assert [row.optimizer for row in report.table] == ["AdamW of one", "AdamW of two"]


class Wrapper:
    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.param_groups = optimizer.param_groups


def test_wrappers_are_opened() -> None:
    wrapped: Any = Wrapper(torch.optim.Adam(nn.Linear(2, 2).parameters(), weight_decay=0.1))
    assert probe(wrapped).manner is Manner.COUPLED


def test_a_model_on_meta_is_probed_on_the_cpu() -> None:
    with torch.device("meta"):
        layer = nn.Linear(2, 2)
    assert probe(torch.optim.AdamW(layer.parameters())).manner is Manner.DECOUPLED


class Curvature(Original):
    """Asks autograd for second derivatives of the gradients that it is given; its decay acts on the parameter."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                (product,) = torch.autograd.grad(p.grad, p, torch.ones_like(p), retain_graph=True)
                with torch.no_grad():
                    state = self.state[p].setdefault("h", torch.zeros_like(p))
                    state.mul_(0.9).add_(product * product)
                    p.mul_(1 - group["weight_decay"]).sub_(group["lr"] * p.grad / state.sqrt())


class Demanding(Original):
    """Refuses to step without a closure, in words of its own."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        if closure is None:
            raise LookupError("Demanding requires closure.")
        closure()
        super().step()


class Misnamed(torch.optim.Adam):
    """Multiplies the gradient by what it calls a decay."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            kept = group["weight_decay"]
            for p in group["params"]:
                p.grad.mul_(1 + kept * torch.arange(p.numel()).view_as(p))
            group["weight_decay"] = 0.0
            super().step()
            group["weight_decay"] = kept


def test_a_key_that_scales_the_gradient_is_no_coupled_decay() -> None:
    found = probe(Misnamed(nn.Linear(3, 3).parameters(), weight_decay=0.1))
    assert found.manner is Manner.OTHER
    assert "does not depend on the parameter" in found.why


@pytest.mark.parametrize("make", [Curvature, Demanding])
def test_what_a_step_wants_it_gets(make: type[Original]) -> None:
    layer = nn.Linear(3, 3)
    found = probe(make(layer.parameters(), weight_decay=0.1))
    assert (found.manner, found.rate_exponent) == (Manner.DECOUPLED, pytest.approx(0))
    assert all(p.grad is None for p in layer.parameters())


class After(Optimizer):
    """Root mean squares, then decay of what the update left."""

    def __init__(self, params: Any, lr: float = 1e-2, weight_decay: float = 0.1) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                square = self.state[p].setdefault("square", torch.zeros_like(p))
                square.lerp_(p.grad**2, 0.1)
                p.addcdiv_(p.grad, square.sqrt() + 1e-8, value=-group["lr"])
                p.mul_(1 - group["lr"] * group["weight_decay"])


def test_the_share_of_a_decay_after_the_step_is_of_what_the_step_left() -> None:
    found = probe(After(nn.Linear(4, 4).parameters()))
    assert found.manner is Manner.AFTER
    assert found.shrink_at(1e-3, 0.5) == pytest.approx(5e-4, rel=1e-9)
