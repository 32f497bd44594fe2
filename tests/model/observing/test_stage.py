"""Passes of one model, one after the other: they share a shadow as long as none leaves anything in it."""

from __future__ import annotations

import gc

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from wdlint.model.holding.tensors import held_parameters  # noqa: E402
from wdlint.model.kinds.classify import classify  # noqa: E402
from wdlint.model.observing import forward_pass  # noqa: E402


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.mix(x) * self.scale


class Keeping(Scaled):
    """Keeps what it was fed, and goes wrong by what an earlier pass has left."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, x):
        self.seen.append(x.shape[0])
        if len(self.seen) > 1:
            raise ValueError("again")
        return super().forward(x)


def passes_of(model: nn.Module, monkeypatch: pytest.MonkeyPatch, *widths: int) -> tuple[list[str], int]:
    """The errors of a pass for each width, and how often a shadow was made."""
    made = []
    shadow = forward_pass.shadow
    monkeypatch.setattr(forward_pass, "shadow", lambda m: made.append(m) or shadow(m))
    with forward_pass.stage(model, held_parameters(model)) as passes:
        errors = [passes.observe((torch.zeros(2, width),), {}).error.partition(":")[0] for width in widths]
    return errors, len(made)


def test_a_shadow_serves_every_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passes_of(Scaled(), monkeypatch, 3, 5, 4) == (["RuntimeError", "RuntimeError", ""], 1)


def test_it_is_made_anew_where_a_pass_has_left_something(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passes_of(Keeping(), monkeypatch, 3, 4) == (["RuntimeError", ""], 2)


def test_what_forward_refuses_needs_no_shadow(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(forward_pass, "shadow", made.append)
    model = Scaled()
    with forward_pass.stage(model, held_parameters(model)) as passes:
        assert passes.observe((), {}).error == "TypeError: missing a required argument: 'x'"
    assert made == []


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_as_before(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        classify(Scaled())
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
