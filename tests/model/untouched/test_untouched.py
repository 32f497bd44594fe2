"""An audit leaves everything as it was, whatever the optimizer and the model do when they are used."""

from __future__ import annotations

import random
import warnings
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

import wdlint
from wdlint.model.audit import TouchedWarning
from wdlint.model.holding.wrappers import leaves
from wdlint.model.kinds.classify import classify
from wdlint.model.optimizers.manner import Manner
from wdlint.model.optimizers.probe import probe
from wdlint.model.untouched.imprints import changed, imprint


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.mix(x) * self.scale


def everything(model: nn.Module, *optimizers: Any) -> Any:
    tensors = [t for p in model.parameters() for t in (p.detach().clone(), p.grad)]
    states = [{k: str(v) for k, v in s.items()} for o in optimizers for s in getattr(o, "state", {}).values()]
    groups = [[{k: str(v) for k, v in g.items()} for g in o.param_groups] for o in optimizers]
    return [str(t) for t in tensors], states, groups, torch.get_rng_state().tolist(), random.getstate()


class Hidden(Optimizer):
    """Keeps what steps where no list of names would look for it, as a Lookahead does."""

    def __init__(self, inner: Any) -> None:
        self._base_optimizer = inner
        self.param_groups = inner.param_groups
        self.defaults = inner.defaults
        self.state = {}

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return self._base_optimizer.step(closure)


class Several:
    """Steps each of a list; has no defaults and no class of torch's."""

    def __init__(self, *inner: Any) -> None:
        self.chain = {"all": list(inner)}

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return [g for o in self.chain["all"] for g in o.param_groups]

    def step(self) -> None:
        for one in self.chain["all"]:
            one.step()


class Owner(torch.optim.AdamW):
    """Steps the tensors of a list of its own, and never those of its groups alone."""

    def __init__(self, params: Any, weight_decay: float = 0.1) -> None:
        super().__init__(params, weight_decay=weight_decay)
        self.kept = [p for g in self.param_groups for p in g["params"]]

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for p in self.kept:
            p.data.mul_(1 - self.param_groups[0]["weight_decay"] * 0.01)


class Bound(torch.optim.SGD):
    """Its step is a method of the very object, kept as an attribute; it counts in a tensor."""

    def __init__(self, params: Any, lr: float = 0.1, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, weight_decay=weight_decay)
        self.count = torch.zeros(())
        self.work = self._really

    def _really(self) -> None:
        self.count.add_(1)
        super().step()

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        self.work()


def trained(model: nn.Module, optimizer: Any) -> Any:
    for _ in range(3):
        model(torch.randn(2, 4)).square().sum().backward()
        optimizer.step()
    return optimizer


MAKERS: dict[str, Any] = {
    "a wrapper under another name": lambda m: Hidden(torch.optim.AdamW(m.parameters(), weight_decay=0.1)),
    "a wrapper of a wrapper": lambda m: Hidden(Hidden(torch.optim.AdamW(m.parameters(), weight_decay=0.1))),
    "several inside": lambda m: Several(
        torch.optim.AdamW([m.scale], weight_decay=0.1), torch.optim.Adam(m.mix.parameters(), weight_decay=0.1)
    ),
    "parameters of its own": lambda m: Owner(m.parameters()),
    "a bound step": lambda m: Bound(m.parameters(), weight_decay=0.1),
}


@pytest.mark.parametrize("case", MAKERS)
def test_all_is_as_it_was(case: str) -> None:
    model = Net()
    optimizer = trained(model, MAKERS[case](model))
    inner = leaves(optimizer)
    before = everything(model, *inner)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TouchedWarning)
        report = wdlint.audit(model, optimizer)
    assert everything(model, *inner) == before
    assert not report.traces
    if isinstance(optimizer, Bound):
        assert optimizer.count == 3
    assert {f.code for f in report.findings} >= {"WD101", "WD102"}


def test_what_really_steps_is_found() -> None:
    model = Net()
    one, two = torch.optim.AdamW([model.scale]), torch.optim.Adam(model.mix.parameters())
    assert leaves(Several(Hidden(one), two)) == [one, two]
    assert leaves(one) == [one]
    assert probe(Hidden(two)).manner is Manner.COUPLED


def test_hooks_of_the_program_do_not_see_the_experiment() -> None:
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    seen: list[object] = []
    handles = [
        register(lambda optimizer, args, kwargs: seen.append(optimizer))
        for register in (register_optimizer_step_pre_hook, register_optimizer_step_post_hook)
    ]
    model = Net()
    try:
        optimizer = torch.optim.AdamW(model.parameters())
        assert probe(optimizer).manner is Manner.DECOUPLED
        assert seen == []
        trained(model, optimizer)
        assert len(seen) == 6
    finally:
        for handle in handles:
            handle.remove()


class Drawing(torch.optim.SGD):
    """Draws numbers of Python's and prints when it steps."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        print("step", random.random())
        super().step()


def test_other_random_numbers_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    model = Net()
    optimizer = Drawing(model.parameters(), 0.1, weight_decay=0.1)
    before = random.getstate()
    assert probe(optimizer).manner is Manner.DECOUPLED
    assert random.getstate() == before
    assert capsys.readouterr().out == ""


class Counting(Net):
    """Leaves traces in attributes, in containers, by a method kept as an attribute, and on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.log: dict[str, list[int]] = {"sizes": []}
        self.blocks = [nn.Linear(4, 4)]  # not registered
        self.route = self._really

    def _really(self, x):
        self.calls += 1
        self.log["sizes"].append(len(x))
        print("forward")
        return self.blocks[0](self.mix(x)) * self.scale

    def forward(self, x):
        return self.route(x)


def test_a_forward_pass_leaves_the_model_alone(capsys: pytest.CaptureFixture[str]) -> None:
    model = Counting()
    seen = classify(model)
    assert seen.observed in ("complete", "as far as needed")
    assert (model.calls, model.log) == (0, {"sizes": []})
    assert capsys.readouterr().out == ""


def test_no_forward_observes_none() -> None:
    model = Counting()
    report = wdlint.audit(model, torch.optim.AdamW(model.parameters()), forward=False)
    assert report.classification is not None
    assert report.classification.observed == ""


class Stepping(torch.optim.SGD):
    """Changes a tensor that it does not hold but reaches by a global name: nothing can foresee that."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        STEPPED[0].data.mul_(0.5)
        super().step()


STEPPED: list[torch.Tensor] = []


def test_a_change_is_said_loudly() -> None:
    model = Net()
    STEPPED[:] = [model.scale]
    with pytest.warns(TouchedWarning, match="CHANGED scale"):
        report = wdlint.audit(model, Stepping(model.parameters(), 0.1, weight_decay=0.1))
    assert "scale" in report.traces
    assert str(report).startswith("WARNING: the audit CHANGED scale")
    assert "CHANGED scale" in report._repr_html_()


@pytest.mark.parametrize("change", ["value", "data", "gradient", "state", "group", "numbers", "attribute", "buffer"])
def test_every_change_is_seen(change: str) -> None:
    model = Net()
    model.register_buffer("held", torch.zeros(3))
    model.calls = 0
    optimizer = trained(model, torch.optim.AdamW(model.parameters()))
    before = imprint(model, [optimizer])
    assert changed(before, imprint(model, [optimizer])) == ()
    with torch.no_grad():
        match change:
            case "value":
                model.scale.add_(1)
            case "data":
                model.scale.data.add_(1)
            case "gradient":
                model.scale.grad = torch.zeros(4)
            case "state":
                optimizer.state[model.scale]["step"].add_(1)
            case "group":
                optimizer.param_groups[0]["lr"] = 7.0
            case "numbers":
                torch.rand(1)
            case "attribute":
                model.calls = 1
            case "buffer":
                model.held.add_(1)
    assert len(changed(before, imprint(model, [optimizer]))) == 1


def scripted() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
    return torch.jit.script(model)  # type: ignore[no-any-return]


class Around(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = scripted()
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.inner(x) * self.scale


class Difficult(Net):
    """Says of itself what nobody can use."""

    main_input_name = ("left", "right")

    @property
    def config(self) -> Any:
        raise RuntimeError("not now")


class Leaving(Net):
    def forward(self, x):
        raise SystemExit(3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [scripted, Around, Difficult, Leaving, lambda: torch.compile(Net())])
def test_no_model_ends_in_a_traceback(make: Any) -> None:
    model = make()
    found = {c.parameter.name.rpartition(".")[2]: c.parameter.kind.value for c in classify(model).parameters}
    assert found["bias"] == "bias"
    assert found.get("scale", "gain") == "gain"
    codes = {f.code for f in wdlint.audit(model, torch.optim.AdamW(model.parameters())).findings}
    assert codes == {"WD101", "WD102"}
