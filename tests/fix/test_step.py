"""The change that an optimizer written here needs: unsafe, exact where it stands, and enough."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.facts import Applicability, Fix
from wdlint.fix.apply import applied

CLASS = """\
import torch
from torch.optim import Optimizer


class Adaptive(Optimizer):
    def __init__(self, params, lr=1e-3, beta=0.99, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, beta=beta, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group['params']:
                grad = p.grad
                {decay}
                state = self.state[p]
                if not state:
                    state['square'] = torch.zeros_like(p)
                state['square'].mul_(group['beta']).addcmul_(grad, grad, value=1 - group['beta'])
                {update}
"""
UPDATE = "p.addcdiv_(grad, state['square'].sqrt().add_(1e-8), value=-group['lr'])"
SHRUNK = "p.mul_(1 - group['lr'] * group['weight_decay'])"

SPELLINGS = {
    "grad = grad.add(p, alpha=group['weight_decay'])": SHRUNK,
    "grad = torch.add(grad, p, alpha=group['weight_decay'])": SHRUNK,
    "grad.add_(group['weight_decay'], p)": SHRUNK,
    "grad = grad.add(p.mul(group['weight_decay']))": SHRUNK,
    "grad = grad + group['weight_decay'] * p": SHRUNK,
    "grad += p * group['weight_decay']": SHRUNK,
    "grad = p.grad.add(p, alpha=group['weight_decay'])": f"{SHRUNK}\n                grad = p.grad",
    "grad = grad.add(p.data, alpha=group.get('weight_decay', 0))": (
        "p.data.mul_(1 - group['lr'] * group.get('weight_decay', 0))"
    ),
}


def shown(source: str) -> Fix | None:
    (finding,) = [f for f in check_source(source, "own.py") if f.code == "WD204"]
    return finding.fix


@pytest.mark.parametrize("decay", SPELLINGS)
def test_the_decay_moves_from_the_gradient_to_the_weight(decay: str) -> None:
    source = CLASS.format(decay=decay, update=UPDATE)
    fix = shown(source)
    assert fix is not None and fix.applicability is Applicability.UNSAFE
    new = applied("own.py", source.encode(), fix.edits).decode()
    assert new == CLASS.format(decay=SPELLINGS[decay], update=UPDATE)
    assert not [f for f in check_source(new, "own.py") if f.code == "WD204"]


def test_tests_around_the_decay_go_on_to_count() -> None:
    decay = "if p.ndim > 1:  # no gains, no biases\n                    {}"
    source = CLASS.format(decay=decay.format("grad = grad.add(p, alpha=group['weight_decay'])"), update=UPDATE)
    fix = shown(source)
    assert fix is not None
    new = applied("own.py", source.encode(), fix.edits).decode()
    assert new == CLASS.format(decay=decay.format(SHRUNK), update=UPDATE)


def test_local_names_of_the_options_and_the_data_of_a_parameter_are_kept() -> None:
    own = "lr, weight_decay = group['lr'], group['weight_decay']\n                {}"
    update = UPDATE.replace("p.add", "p.data.add").replace("group['lr']", "lr")
    source = CLASS.format(decay=own.format("grad = grad.add(p, alpha=weight_decay)"), update=update)
    fix = shown(source)
    assert fix is not None
    new = applied("own.py", source.encode(), fix.edits).decode()
    assert new == CLASS.format(decay=own.format("p.data.mul_(1 - lr * weight_decay)"), update=update)


def test_nothing_is_shown_where_one_change_is_not_enough() -> None:
    twice = "grad = grad.add(p, alpha=group['weight_decay'])\n                grad = grad + group['weight_decay'] * p"
    assert shown(CLASS.format(decay=twice, update=UPDATE)) is None


def test_nothing_is_shown_where_the_class_has_a_switch() -> None:
    decay = (
        "if group['decoupled']:\n                    p.mul_(1 - group['lr'] * group['weight_decay'])\n"
        "                else:\n                    grad = grad.add(p, alpha=group['weight_decay'])"
    )
    source = CLASS.format(decay=decay, update=UPDATE).replace("beta=beta,", "beta=beta, decoupled=False,")
    assert shown(source) is None


@pytest.mark.parametrize("back", ["p.data.copy_(held)", "p.copy_(held)", "p.data = held"])
@pytest.mark.parametrize("weight", ["held", "p", "p.data"])
@pytest.mark.parametrize("held", ["p.data.float()", "p.clone()", "torch.clone(p)", "p.to(torch.float32)"])
def test_the_decay_lasts_where_a_copy_is_written_back(held: str, weight: str, back: str) -> None:
    decay = f"held = {held}\n                {{}}"
    update = f"{UPDATE.replace('p.add', 'held.add')}\n                {back}"
    source = CLASS.format(decay=decay.format(f"grad = grad.add({weight}, alpha=group['weight_decay'])"), update=update)
    fix = shown(source)
    assert fix is not None
    new = applied("own.py", source.encode(), fix.edits).decode()
    assert new == CLASS.format(decay=decay.format(SHRUNK.replace("p.mul_", "held.mul_")), update=update)


def test_a_copy_that_is_written_back_is_no_matter_where_it_is_made_of_the_decayed_weight() -> None:
    decay = "grad = grad.add(p, alpha=group['weight_decay'])"
    update = f"held = p.clone()\n                {UPDATE.replace('p.add', 'held.add')}\n                p.copy_(held)"
    source = CLASS.format(decay=decay, update=update)
    fix = shown(source)
    assert fix is not None
    assert applied("own.py", source.encode(), fix.edits).decode() == CLASS.format(decay=SHRUNK, update=update)


@pytest.mark.parametrize("held", ["p.data.float()", "p.clone()", "p.detach().clone()", "torch.clone(p)"])
def test_nothing_is_shown_where_only_a_copy_would_shrink(held: str) -> None:
    decay = f"held = {held}\n                grad = grad.add(held, alpha=group['weight_decay'])"
    assert shown(CLASS.format(decay=decay, update=UPDATE)) is None
