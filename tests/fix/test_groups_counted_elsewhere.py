"""Safe fixes stay away where the program counts on the groups by a schedule's rates or by a state that is loaded."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.facts import Applicability

MODEL = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
"""
SCHEDULE = "sched = torch.optim.lr_scheduler.StepLR(opt, 1)\n"
AGAIN = "again = torch.optim.AdamW([nn.Parameter(torch.ones(3, 3))], lr=1e-3, weight_decay=0.05)\n"

UNSAFE_OR_SHOWN = {
    "a rate unpacked": SCHEDULE + "lr, = sched.get_last_lr()\n",
    "rates in brackets": SCHEDULE + "[lr] = sched.get_last_lr()\n",
    "rates in a text": SCHEDULE + "print('%.5f' % tuple(sched.get_last_lr()))\n",
    "rates as arguments": SCHEDULE + "print(float(*sched.get_last_lr()))\n",
    "a decay divided by": "for g in opt.param_groups:\n    print(g['lr'] / g['weight_decay'])\n",
    "decays divided by": "print([1 / g['weight_decay'] for g in opt.param_groups])\n",
    "a saved state loaded": AGAIN + "saved = opt.state_dict()\nagain.load_state_dict(saved)\n",
    "a state loaded at once": AGAIN + "again.load_state_dict(opt.state_dict())\n",
    "parameters by index": 'for a, b in zip(model.parameters(), opt.param_groups[0]["params"]):\n    print(a is b)\n',
}
SAFE = {
    "rates that are printed": SCHEDULE + "print(*sched.get_last_lr())\nprint('{:.5f}'.format(*sched.get_last_lr()))\n",
    "a decay divided": "for g in opt.param_groups:\n    print(g['weight_decay'] / g['lr'])\n",
    "the first rate": SCHEDULE + "lr = sched.get_last_lr()[0]\n",
    "a state saved": 'torch.save(opt.state_dict(), "opt.pt")\n',
}


def _offered(rest: str) -> set[Applicability]:
    found = [f for f in check_source(MODEL + rest) if f.code in ("WD101", "WD102") and f.place.line == 5]
    assert found
    return {f.fix.applicability for f in found if f.fix is not None}


@pytest.mark.parametrize("rest", UNSAFE_OR_SHOWN.values(), ids=UNSAFE_OR_SHOWN)
def test_no_safe_fix_where_groups_are_counted(rest: str) -> None:
    assert Applicability.SAFE not in _offered(rest)


@pytest.mark.parametrize("rest", SAFE.values(), ids=SAFE)
def test_safe_fix_where_groups_are_not_counted(rest: str) -> None:
    assert _offered(rest) == {Applicability.SAFE}
