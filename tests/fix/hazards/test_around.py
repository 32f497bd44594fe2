"""What a program counts on makes a fix less to be trusted: each program, and how far its fix may go."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.facts import Applicability, Fix

SHOWN, UNSAFE, SAFE = Applicability.SHOWN, Applicability.UNSAFE, Applicability.SAFE
START = """\
import copy, itertools
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""
DECAYED = START + "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"


def offered(program: str) -> Fix:
    return next(f.fix for f in check_source(program) if f.fix is not None)


# ---- parameters that are paired with others by their place

ORDER_IS_NOTHING = {
    "what a function gives, measured": """
def held(opt):
    for g in opt.param_groups:
        yield from g["params"]

nn.utils.clip_grad_norm_(held(optimizer), 1.0)
for p in held(optimizer):
    print(p.shape)
""",
    "a sum for each group": """
n = 0
for g in optimizer.param_groups:
    n += sum(p.numel() for p in g["params"])
print(n)
""",
    "what is added and then measured": """
held = []
for g in optimizer.param_groups:
    held += g["params"]
nn.utils.clip_grad_norm_(held, 1.0)
""",
    "a list that each group begins": """
for g in optimizer.param_groups:
    held = []
    held += g["params"]
    print(len(held))
""",
    "their norm": """
held = [p for g in optimizer.param_groups for p in g["params"]]
nn.utils.clip_grad_norm_(held, 1.0)
""",
    "a loop over them": """
held = [p for g in optimizer.param_groups for p in g["params"]]
for p in held:
    print(p.shape)
""",
    "their number": """
print(sum(p.numel() for g in optimizer.param_groups for p in g["params"]))
""",
    "the greatest": """
norm = max(p.grad.abs().max() for g in optimizer.param_groups for p in g["params"])
""",
    "a list for each group": """
for g in optimizer.param_groups:
    held = []
    held.extend(g["params"])
    print(len(held))
""",
    "a count": """
n = 0
for g in optimizer.param_groups:
    for p in g["params"]:
        n += p.numel()
print(n)
""",
}
IN_ORDER = {
    "what a function gives one by one": """
def held(opt):
    for g in opt.param_groups:
        for p in g["params"]:
            yield p

for k, p in zip(held(optimizer), net.parameters()):
    print(k is p)
""",
    "what a function gives of each group": """
def held(opt):
    for g in opt.param_groups:
        yield from g["params"]

first = next(iter(held(optimizer)))
""",
    "shadows that are added": """
kept = []
for g in optimizer.param_groups:
    kept += [p.detach().clone() for p in g["params"]]
for k, p in zip(kept, net.parameters()):
    k.copy_(p)
""",
    "shadows that an object keeps": """
class Masters:
    def __init__(self, opt):
        self.kept = []
        for g in opt.param_groups:
            self.kept += list(g["params"])

    def restore(self):
        for k, p in zip(self.kept, net.parameters()):
            p.copy_(k)
""",
    "lists that are put together": """
kept = []
for g in optimizer.param_groups:
    kept = kept + g["params"]
scale(kept, net)
""",
    "shadows that are added one by one": """
kept = []
for g in optimizer.param_groups:
    for p in g["params"]:
        kept += [p.clone()]
scale(kept, net)
""",
    "shadows of an average": """
kept = [p.detach().clone() for g in optimizer.param_groups for p in g["params"]]
for k, p in zip(kept, net.parameters()):
    k.copy_(p)
""",
    "shadows that a loop collects": """
kept = []
for g in optimizer.param_groups:
    for p in g["params"]:
        kept.append(p.clone())
for k, p in zip(kept, net.parameters()):
    k.copy_(p)
""",
    "one vector": """
flat = torch.cat([p.view(-1) for g in optimizer.param_groups for p in g["params"]])
""",
    "copies that a function is given": """
masters = list(p.float() for g in optimizer.param_groups for p in g["params"])
scale(masters, net)
""",
    "lists that are added": """
held = sum([g["params"] for g in optimizer.param_groups], [])
scale(held)
""",
    "a chain": """
held = itertools.chain(*[g["params"] for g in optimizer.param_groups])
scale(held)
""",
    "a place in a vector": """
i = 0
for g in optimizer.param_groups:
    for p in g["params"]:
        n = p.numel()
        p.grad = flat[i : i + n].view_as(p)
        i += n
""",
}


@pytest.mark.parametrize("after", ORDER_IS_NOTHING.values(), ids=ORDER_IS_NOTHING)
def test_what_is_the_same_in_any_order(after: str) -> None:
    assert offered(DECAYED + after).applicability is SAFE


@pytest.mark.parametrize("after", IN_ORDER.values(), ids=IN_ORDER)
def test_what_counts_on_the_order(after: str) -> None:
    fix = offered(DECAYED + after)
    assert fix.applicability is SHOWN
    assert "order of `param_groups`" in fix.hazard


# ---- values for each group

AS_MANY_AS_THERE_ARE = {
    "a class that takes its rates from the groups": """
class Poly:
    def __init__(self, opt):
        self.opt = opt
        self.rates = [g["lr"] for g in opt.param_groups]

    def step(self):
        for g, rate in zip(self.opt.param_groups, self.rates):
            g["lr"] = rate * 0.5
""",
    "a schedule of the base rates": """
class Poly(torch.optim.lr_scheduler.LRScheduler):
    def get_lr(self):
        return [rate * 0.5 for rate in self.base_lrs]
""",
}
SO_MANY = {
    "a class that is given its rates": """
class Poly:
    def __init__(self, opt, rates):
        self.opt, self.rates = opt, rates

    def step(self):
        for g, rate in zip(self.opt.param_groups, self.rates):
            g["lr"] = rate * 0.5
""",
    "a schedule of one rate": """
class Poly(torch.optim.lr_scheduler.LRScheduler):
    def get_lr(self):
        return [self.base_lrs[0] * 0.5]
""",
    "a state's parameters": 'held = optimizer.state_dict()["param_groups"][0]["params"]\n',
    "a state of another optimizer": """
other = torch.optim.SGD(net.parameters(), lr=1e-3)
optimizer.load_state_dict(copy.deepcopy(other.state_dict()))
""",
}


@pytest.mark.parametrize("after", AS_MANY_AS_THERE_ARE.values(), ids=AS_MANY_AS_THERE_ARE)
def test_values_that_follow_the_groups(after: str) -> None:
    assert offered(DECAYED + after).applicability is SAFE


@pytest.mark.parametrize("after", SO_MANY.values(), ids=SO_MANY)
def test_values_of_a_fixed_number(after: str) -> None:
    assert offered(DECAYED + after).applicability is SHOWN


# ---- one of the groups

EACH_ALIKE = {
    "a rate that is read": "for g in optimizer.param_groups:\n    print(g['lr'])\n    break\n",
    "the first that a function returns": """
def rate(opt):
    for g in opt.param_groups:
        return g["lr"]
""",
    "a sum": 'total = sum(g["lr"] for g in optimizer.param_groups)\n',
    "a set": 'rates = {g["lr"] for g in optimizer.param_groups}\n',
    "another group": 'optimizer.param_groups.append({"params": []})\n',
    "another optimizer's": "other = torch.optim.SGD(net.parameters(), lr=1e-3)\n(g,) = other.param_groups\n",
    "a decay that shrinks": 'for g in optimizer.param_groups:\n    g["weight_decay"] *= 0.9\n',
    "a decay where a group has one": """
for group in optimizer.param_groups:
    if group["weight_decay"] > 0:
        group["weight_decay"] = 0.2
""",
    "a decay where there is one": """
for g in optimizer.param_groups:
    if g["weight_decay"] > 0:
        g["weight_decay"] = 0.2
""",
}
ONE_ALONE = {
    "the first of an iterator": 'next(iter(optimizer.param_groups))["lr"] = 0.1\n',
    "by another name": 'groups = optimizer.param_groups\ngroups[0]["lr"] = 0.1\n',
    "by getattr": 'getattr(optimizer, "param_groups")[0]["lr"] = 0.1\n',
    "a list of one": '[g] = list(optimizer.param_groups)\ng["lr"] = 0.1\n',
    "a loop that stops": 'for g in optimizer.param_groups:\n    g["lr"] = 0.1\n    break\n',
    "a function that returns early": """
def slow(opt):
    for g in opt.param_groups:
        g["lr"] = 0.1
        return
""",
    "rates that are mapped": 'rates = list(map(lambda g: g["lr"], optimizer.param_groups))\nassert len(rates) == 1\n',
    "one that is kept": "for g in optimizer.param_groups:\n    last = g\n",
    "those of a copy": 'again = copy.deepcopy(optimizer)\nprint(len(again.param_groups[0]["params"]))\n',
    "a decay that all have": 'assert all(g["weight_decay"] == 0.1 for g in optimizer.param_groups)\n',
    "a decay for all": """
def decay(opt, value):
    for g in opt.param_groups:
        g["weight_decay"] = value
""",
}


@pytest.mark.parametrize("after", EACH_ALIKE.values(), ids=EACH_ALIKE)
def test_what_treats_each_group_alike(after: str) -> None:
    assert offered(DECAYED + after).applicability is SAFE


@pytest.mark.parametrize("after", ONE_ALONE.values(), ids=ONE_ALONE)
def test_what_means_one_group_or_so_many(after: str) -> None:
    assert offered(DECAYED + after).applicability is SHOWN


# ---- names

NAMED = {
    "a group has a name": ("", UNSAFE),
    "that is compared": (
        'for g in optimizer.param_groups:\n    if g["name"] == "all":\n        g["lr"] = 0.1\n',
        UNSAFE,
    ),
    "that is printed": ("for g in optimizer.param_groups:\n    print(f\"{g['name']}\")\n", UNSAFE),
    "under which it is found": (
        'by_name = {g["name"]: g for g in optimizer.param_groups}\nby_name["all"]["lr"] = 0.1\n',
        SHOWN,
    ),
    "under which its rate is kept": (
        'rates = {}\nfor g in optimizer.param_groups:\n    rates[g["name"]] = g["lr"]\n',
        SHOWN,
    ),
}


@pytest.mark.parametrize(("after", "trust"), NAMED.values(), ids=NAMED)
@pytest.mark.parametrize(
    "group", ['{"params": net.parameters(), "name": "a"}', 'dict(params=net.parameters(), name="a")']
)
def test_a_name_that_two_groups_would_share(group: str, after: str, trust: Applicability) -> None:
    fix = offered(f"{START}optimizer = torch.optim.AdamW([{group}], lr=1e-3, weight_decay=0.1)\n{after}")
    assert fix.applicability is trust
    assert "gives a group a `name`, which two groups would share" in fix.hazard


@pytest.mark.parametrize(
    ("asks", "trust"),
    [
        ("isinstance(optimizer, torch.optim.Adam)", SHOWN),
        ("isinstance(optimizer, (torch.optim.SGD, torch.optim.Adam))", SHOWN),
        ("type(optimizer) is torch.optim.Adam", SHOWN),
        ('type(optimizer).__name__ == "Adam"', SHOWN),
        ('"Adam" == optimizer.__class__.__name__', SHOWN),
        ("isinstance(optimizer, torch.optim.SGD)", UNSAFE),
        ("type(net) is nn.Linear", UNSAFE),
    ],
)
def test_a_class_that_is_asked_for(asks: str, trust: Applicability) -> None:
    made = "net = nn.Linear(2, 2, bias=False)\noptimizer = torch.optim.Adam(net.parameters(), weight_decay=0.1)\n"
    fix = offered(f"{START}{made}if {asks}:\n    print(1)\n")
    assert fix.title == "Use AdamW"
    assert fix.applicability is trust


# ---- a list of names

NAMES = (
    START
    + """
skip = ["bias", "LayerNorm.weight"]
optimizer = torch.optim.AdamW([
    {"params": [p for n, p in net.named_parameters() if not any(s in n for s in skip)], "weight_decay": 0.1},
    {"params": [p for n, p in net.named_parameters() if any(s in n for s in skip)], "weight_decay": 0.0},
])
"""
)


@pytest.mark.parametrize("after", ["print(skip)\n", "for s in skip:\n    print(s)\n"])
def test_a_list_of_names_is_extended(after: str) -> None:
    fix = offered(NAMES + after)
    assert fix.title == "Name in the list what is to be exempt in this model"
    assert fix.applicability is SAFE


@pytest.mark.parametrize(
    "after",
    ["assert len(skip) == 2\n", "print(skip[1])\n", "bias, norm = skip\n", "pairs = zip(skip, [1, 2])\n"],
)
def test_a_list_that_something_counts_on_is_left(after: str) -> None:
    fix = offered(NAMES + after)
    assert fix.title == "Tell gains and biases by a test that is exact for this model"
    assert fix.applicability is SAFE


def test_a_decay_that_all_groups_get_among_others_leaves_no_fix() -> None:
    after = "for g in optimizer.param_groups:\n    g.update(lr=0.1, weight_decay=0.2)\n"
    found = check_source(DECAYED + after)
    assert {f.code for f in found} == {"WD101", "WD102"}
    assert all(f.fix is None for f in found)


# ---- decays that are set in a group

MADE = """
def groups(options):
    decayed, rest = [], []
    for name, p in net.named_parameters():
        (rest if "bias" in name else decayed).append(p)
    group = {}
    group["weight_decay"] = 0.3
    print(group, options)
    return [{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]

optimizer = torch.optim.AdamW(groups({}), lr=1e-3)
"""
HANDED = """
def off(group):
    group["weight_decay"] = 0.1
"""
TAKEN = """
group = optimizer.param_groups[-1]
group["weight_decay"] = 0.1
"""


@pytest.mark.parametrize("made", ["{}", "{**options}", "dict(options)", "dict(lr=1e-3)"])
def test_a_decay_of_a_group_that_is_put_together(made: str) -> None:
    assert offered(START + MADE.replace("group = {}", f"group = {made}")).applicability is SAFE


UPDATED = """
group = {}
group["weight_decay"] = 0.2
for g in optimizer.param_groups:
    g.update(group)
"""


@pytest.mark.parametrize(
    "late", [UPDATED, UPDATED.replace("{}", "dict(lr=1e-3)"), HANDED, TAKEN, "group = {}\n" + TAKEN]
)
def test_a_decay_of_a_group_that_an_optimizer_has(late: str) -> None:
    assert offered(DECAYED + late).applicability is SHOWN
