"""What code of the user's keeps out of an object's plain sight is neither stepped nor left changed."""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import logging
import random
import warnings
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

import wdlint
from wdlint.model.audit import TouchedWarning
from wdlint.model.holding.wrappers import leaves


class Net(nn.Module):
    """A layer and a gain; cases say what else a pass does, and how to see it."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(4))
        self.prepare()

    def prepare(self) -> None:
        """What a case keeps."""

    def work(self, x):
        return x

    def forward(self, x):
        return self.mix(self.work(x)) * self.scale

    def traces(self) -> Any:
        """What a case could leave behind."""


class Wrapper(Optimizer):
    """Steps one that it reaches in the way that a case gives."""

    def __init__(self, inner: Any, keep: Callable[[Any], Any], reach: Callable[[Any], Any]) -> None:
        self.kept = keep(inner)
        self.reach = reach
        self.param_groups, self.defaults, self.state = inner.param_groups, inner.defaults, inner.state

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        self.reach(self.kept).step()


class Plain:
    def __init__(self, inner: Any) -> None:
        self.inner = inner


class Slotted:
    __slots__ = ("__inner",)

    def __init__(self, inner: Any) -> None:
        self.__inner = inner

    @property
    def inner(self) -> Any:
        return self.__inner


def closing(inner: Any) -> Callable[[], Any]:
    return lambda: inner


WAYS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "a function that closes over it": (closing, lambda kept: kept()),
    "a weak reference": (weakref.ref, lambda kept: kept()),
    "an object": (Plain, lambda kept: kept.inner),
    "an object with slots": (Slotted, lambda kept: kept.inner),
    "a bound argument": (lambda inner: functools.partial(list, [inner]), lambda kept: kept()[0]),
    "a list in a dictionary": (lambda inner: {"all": [None, inner]}, lambda kept: kept["all"][1]),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_really_steps_is_reached(way: str) -> None:
    model = Net()
    inner = AdamW(model.parameters(), weight_decay=0.1)
    outer = Wrapper(inner, *WAYS[way])
    model(torch.randn(2, 4)).square().sum().backward()
    outer.step()
    before = [p.detach().clone() for p in model.parameters()]
    with warnings.catch_warnings():
        warnings.simplefilter("error", TouchedWarning)
        report = wdlint.audit(model, outer)
    assert leaves(outer) == [inner]
    assert all(map(torch.equal, before, model.parameters()))
    assert inner.state[model.scale]["step"] == 1
    assert {f.code for f in report.findings} == {"WD101", "WD102"}


class SlottedWrapper:
    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def step(self) -> None:
        self.inner.step()


class EachItsOwn:
    """An optimizer for each parameter, more than a glance takes in."""

    def __init__(self, parameters: Any) -> None:
        self.by_parameter = {p: AdamW([p], weight_decay=0.1) for p in parameters}

    def step(self) -> None:
        for one in self.by_parameter.values():
            one.step()


def test_wrappers_without_attributes_or_groups_of_their_own() -> None:
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(600)))
    slotted = SlottedWrapper(AdamW(model.parameters(), weight_decay=0.1))
    assert leaves(slotted) == [slotted.inner]
    assert len(leaves(EachItsOwn(model.parameters()))) == 1200


def test_one_that_is_held_for_another_reason_is_not_inside() -> None:
    one, two = nn.Linear(2, 2), nn.Linear(2, 2)
    first, second = SGD(one.parameters(), 0.1), SGD(two.parameters(), 0.1)
    first.trainer = Plain([first, second])  # type: ignore[attr-defined]
    assert leaves(first) == [first]


class Keeping(SGD):
    """Keeps count in every place that a copy of its attributes does not hold."""

    steps = 0

    def __init__(self, parameters: Any, lr: float = 0.1, weight_decay: float = 0.0) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay)
        self.seen: list[int] = []
        self.note = self.seen.append
        self.dice, self.numbers = random.Random(0), itertools.count()

    def step(self, closure: Any = None, log: list[int] = []) -> Any:  # type: ignore[override]  # noqa: B006
        global STEPS
        STEPS += 1
        Keeping.steps += 1
        log.append(1)
        self.note(1)
        self.dice.random()
        next(self.numbers)
        logging.warning("a step")
        return super().step(closure)


STEPS = 0


def test_an_experiment_counts_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    model = Net()
    optimizer = Keeping(model.parameters(), weight_decay=0.1)
    told = lambda: (  # noqa: E731
        STEPS, Keeping.steps, Keeping.step.__defaults__, optimizer.seen, optimizer.dice.getstate(),
        repr(optimizer.numbers), list(torch.cuda._queued_calls), list(logging.root.handlers),
    )  # fmt: skip
    before = repr(told())
    wdlint.audit(model, optimizer)
    assert repr(told()) == before
    assert capsys.readouterr() == ("", "")


class Meter:
    def __init__(self) -> None:
        self.count, self.last = 0, None


@dataclasses.dataclass(slots=True)
class Small:
    count: int = 0


class InObjects(Net):
    def prepare(self) -> None:
        self.meter, self.small, self.dice = Meter(), Small(), random.Random(0)
        self.numbers = itertools.count()

    def work(self, x):
        self.meter.count += 1
        self.meter.last = x
        self.small.count += 1
        self.dice.random()
        next(self.numbers)
        return x

    def traces(self) -> Any:
        return self.meter.count, self.meter.last, self.small.count, self.dice.getstate(), repr(self.numbers)


class Attributes(dict[str, int]):
    __getattr__ = dict.__getitem__


class InContainers(Net):
    def prepare(self) -> None:
        self.told, self.counted, self.rows = Attributes(n=0), collections.Counter(), collections.deque(maxlen=3)

    def work(self, x):
        self.told["n"] += 1
        self.counted["n"] += 1
        self.rows.append(x)
        return x

    def traces(self) -> Any:
        return dict(self.told), dict(self.counted), len(self.rows)


class InClosures(Net):
    def prepare(self) -> None:
        self.calls, count = 0, [0]

        def counting(x):
            self.calls += 1
            count[0] += 1
            return x

        self.counting, self.count = counting, count

    def work(self, x):
        return self.counting(x)

    def traces(self) -> Any:
        return self.calls, self.count


class InNames(Net):
    total = 0
    seen: ClassVar[list[Any]] = []

    def work(self, x, once=[]):  # noqa: B006
        global PASSES, LAST, NEW
        PASSES += 1
        LAST = NEW = x
        KNOWN[x.shape] = x
        InNames.total += 1
        InNames.seen.append(x)
        InNames.extra = x  # type: ignore[attr-defined]
        InNames.work.mark = 1  # type: ignore[attr-defined]
        once.append(x)
        return x

    def traces(self) -> Any:
        names = PASSES, LAST, len(KNOWN), "NEW" in globals(), InNames.total, len(InNames.seen)
        return names, hasattr(InNames, "extra"), vars(InNames.work), InNames.work.__defaults__


PASSES, LAST, KNOWN = 0, None, {}


@functools.cache
def positions(length: int) -> torch.Tensor:
    return torch.arange(length).float()


@functools.lru_cache(maxsize=4)
def pair(length: int) -> tuple[torch.Tensor, int]:
    return torch.arange(length).float(), length


class Cached(Net):
    """What a function remembers of the pass would be a tensor without values."""

    def work(self, x):
        return x + positions(x.shape[-1]) + pair(x.shape[-1])[0]

    def traces(self) -> Any:
        known = positions.cache_info().currsize + pair.cache_info().currsize
        return known and (positions(4).tolist(), pair(4)[0].tolist())


class Settings(Net):
    def work(self, x):
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(1)
        random.seed(1)
        logging.warning("a pass")
        return x

    def traces(self) -> Any:
        numbers = torch.get_rng_state().tolist(), random.getstate(), len(torch.cuda._queued_calls)
        return torch.get_default_dtype(), numbers, list(logging.root.handlers)


class Tidy(Net):
    """Closes something when it goes."""

    closed = 0

    def prepare(self) -> None:
        self.loader = Closing()

    def __del__(self) -> None:
        CLOSED.append("a module")


class Closing:
    def __del__(self) -> None:
        CLOSED.append("an object")


CLOSED: list[str] = []


@pytest.mark.parametrize("make", [InObjects, InContainers, InClosures, InNames, Cached, Settings])
def test_a_pass_leaves_no_trace(make: type[Net], capsys: pytest.CaptureFixture[str]) -> None:
    model = make()
    before = repr(model.traces())
    report = wdlint.audit(model, AdamW(model.parameters(), weight_decay=0.1))
    assert report.classification is not None
    assert report.classification.observed == "as far as needed"
    assert report.traces == ()
    assert repr(model.traces()) == before
    assert capsys.readouterr() == ("", "")


def test_stand_ins_tidy_nothing_up() -> None:
    model = Tidy()
    report = wdlint.audit(model, AdamW(model.parameters(), weight_decay=0.1))
    assert report.classification is not None
    assert report.classification.observed == "as far as needed"
    assert CLOSED == []


def test_what_leads_to_much_is_shared() -> None:
    model = Net()
    model.data = Plain([Plain(i) for i in range(100_000)])  # type: ignore[assignment]
    report = wdlint.audit(model, AdamW(model.parameters()))
    assert report.classification is not None
    assert report.classification.observed == "as far as needed"


@pytest.mark.parametrize("given", [None, 3, "adamw", [], [None], AdamW, {"a": 1}])
def test_what_is_no_optimizer_is_said(given: Any) -> None:
    with pytest.raises(TypeError, match="optimizer"):
        wdlint.audit(Net(), given)


@pytest.mark.parametrize("given", [None, Net, {"mix": nn.Linear(2, 2)}])
def test_what_is_no_model_is_said(given: Any) -> None:
    with pytest.raises(TypeError, match=r"the model is a torch\.nn\.Module"):
        wdlint.audit(given, AdamW(Net().parameters()))


def test_optimizers_come_in_any_container() -> None:
    model = Net()
    one = AdamW(model.mix.parameters(), weight_decay=0.1)
    two = AdamW([model.scale], weight_decay=0.0)
    for given in ([one, two], {"one": one, "two": two}, (o for o in (one, two))):
        assert {f.code for f in wdlint.audit(model, given).findings} == {"WD101"}
