"""Training programs made from a small grammar: models, selections, groups, optimizers and loops, in many spellings.

A program is a pure function of its number. It runs in well under a second, and says nothing of its faults: whether
one has any is read off its live optimizers. What must hold of fixes is in `test_mended_programs`, what must hold of
reading in `test_read_programs`.
"""

from __future__ import annotations

import random
import textwrap
from dataclasses import dataclass

HEAD = """\
import argparse
import functools
import itertools

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import Adam, AdamW
"""


@dataclass(frozen=True)
class Net:
    """A model: its source, how it is made, a batch, its two parts, and name patterns that make a right split."""

    code: str
    made: str
    batch: str
    parts: tuple[str, str]
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    kinds: tuple[str, ...] = ("nn.LayerNorm",)  # its normalisation layers
    literal: tuple[str, str, str] | None = None  # weights, module of gains, biases, as attributes


NETS = (
    Net(
        """\
        class Net(nn.Module):
            def __init__(self, d=8, h=16, out=3):
                super().__init__()
                self.fc1 = nn.Linear(d, h)
                self.norm = nn.LayerNorm(h)
                self.fc2 = nn.Linear(h, out)

            def forward(self, x):
                return self.fc2(F.gelu(self.norm(self.fc1(x))))
        """,
        "Net()", "torch.randn(6, 8), torch.randint(0, 3, (6,))", ("fc1", "fc2"), ("bias", "norm"),
        ("bias", "LayerNorm.weight"), ("nn.LayerNorm",),
        ("{m}.fc1.weight, {m}.fc2.weight", "norm", "{m}.fc1.bias, {m}.fc2.bias"),
    ),
    Net(
        """\
        class Net(nn.Module):
            def __init__(self, width=8):
                super().__init__()
                self.conv1 = nn.Conv2d(3, width, 3, bias=False)
                self.bn1 = nn.BatchNorm2d(width)
                self.gn = nn.GroupNorm(2, width)
                self.fc = nn.Linear(width, 3)

            def forward(self, x):
                return self.fc(self.gn(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))
        """,
        "Net()", "torch.randn(4, 3, 8, 8), torch.randint(0, 3, (4,))", ("conv1", "fc"), ("bias", "bn", "gn"),
        ("bias", "bn"), ("nn.BatchNorm2d", "nn.GroupNorm"),
    ),
    Net(
        """\
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = nn.Embedding(20, 8)
                self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8)) for _ in range(2))
                self.ln_f = nn.LayerNorm(8)
                self.head = nn.Linear(8, 3, bias=False)

            def forward(self, x):
                h = self.embed(x)
                for block in self.blocks:
                    h = h + block(h)
                return self.head(self.ln_f(h)).mean(1)
        """,
        "Net()", "torch.randint(0, 20, (4, 5)), torch.randint(0, 3, (4,))", ("embed", "blocks"),
        ("bias", "ln_f", ".0.weight"), ("bias", "ln_f"),
    ),
    Net(
        """\
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 4, 3)
                self.scale = nn.Parameter(torch.ones(4, 1, 1) * 0.5)
                self.norm = nn.BatchNorm2d(4)
                self.head = nn.Linear(4, 3)

            def forward(self, x):
                h = self.norm(self.conv(x)) * self.scale
                return self.head(h.mean((2, 3)))
        """,
        "Net()", "torch.randn(4, 3, 6, 6), torch.randint(0, 3, (4,))", ("conv", "head"), ("bias", "norm", "scale"),
        ("bias", "norm"), ("nn.BatchNorm2d",),
    ),
    Net(
        """\
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.inp = nn.Linear(6, 8)
                self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
                self.ln = nn.LayerNorm(8)
                self.out = nn.Linear(8, 3)

            def forward(self, x):
                h = self.inp(x)
                return self.out(self.ln(h + self.attention(h, h, h)[0])).mean(1)
        """,
        "Net()", "torch.randn(4, 5, 6), torch.randint(0, 3, (4,))", ("attention", "out"), ("bias", "ln"),
        ("bias", "norm"),
    ),
    Net(
        "",
        "nn.Sequential(nn.Linear(8, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 3))",
        "torch.randn(5, 8), torch.randint(0, 3, (5,))", ("[0]", "[3]"), ("bias", "1.weight"), ("bias",),
    ),
    Net(
        """\
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(4, 6, batch_first=True)
                self.head = nn.Linear(6, 3)

            def forward(self, x):
                return self.head(self.rnn(x)[0][:, -1])
        """,
        "Net()", "torch.randn(3, 5, 4), torch.randint(0, 3, (3,))", ("rnn", "head"), ("bias",), (".bias",), (),
    ),
    Net(
        """\
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc1 = nn.Linear(8, 6, bias=False)
                self.fc2 = nn.Linear(6, 3, bias=False)

            def forward(self, x):
                return self.fc2(torch.relu(self.fc1(x)))
        """,
        "Net()", "torch.randn(3, 8), torch.randint(0, 3, (3,))", ("fc1", "fc2"), ("bias",), ("bias",), (),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """One training program and the choices that made it."""

    number: int
    text: str
    choices: tuple[str, ...]


class _Choosing:
    """Draws from a list, and remembers what was drawn."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        self.made: list[str] = []

    def of(self, what: str, options: dict[str, str]) -> str:
        name = self._random.choice(sorted(options))
        self.made.append(f"{what}: {name}")
        return options[name]

    def one(self, options: tuple[str, ...]) -> str:
        return self._random.choice(options)

    def net(self) -> Net:
        return self._random.choice(NETS)

    def chance(self, of: int) -> bool:
        return self._random.randrange(of) == 0


PLAIN = {
    "parameters": "{m}.parameters()",
    "list": "list({m}.parameters())",
    "trainable": "[p for p in {m}.parameters() if p.requires_grad]",
    "filter": "filter(lambda p: p.requires_grad, {m}.parameters())",
    "generator": "(p for p in {m}.parameters())",
    "named": "[p for n, p in {m}.named_parameters() if p.requires_grad]",
    "pairs": "{m}.named_parameters()",
    "set of modules": "[p for k in {m}.modules() for p in k.parameters(recurse=False)]",
    "one group": '[{{"params": {m}.parameters()}}]',
    "rate": '[{{"params": {m}.parameters(), "lr": 0.003}}]',
    "called": '[{{"params": {m}.parameters(), "name": "all"}}]',
    "dict call": "[dict(params={m}.parameters(), lr=0.02)]",
    "chain": "itertools.chain({a}.parameters(), "
    "(p for p in {m}.parameters() if all(p is not q for q in {a}.parameters())))",
}  # fmt: skip
PARTED = {
    "two rates": """\
        first = {{id(p) for p in {a}.parameters()}}
        rest = [p for p in {m}.parameters() if id(p) not in first]
        {g} = [{{"params": {a}.parameters(), "lr": 0.003}}, {{"params": rest}}]
        """,
    "own decay": """\
        rest = [p for n, p in {m}.named_parameters() if not n.startswith({an!r})]
        {g} = [{{"params": {a}.parameters(), "weight_decay": 0.02}}, {{"params": rest, "weight_decay": 0.2}}]
        """,
    "one a parameter": """\
        {g} = []
        for name, p in {m}.named_parameters():
            {g}.append({{"params": [p], "lr": 0.01 if name.startswith({an!r}) else 0.02}})
        """,
    "decay a parameter": """\
        {g} = []
        for name, p in {m}.named_parameters():
            {g} += [{{"params": [p], "weight_decay": 0.0 if name.endswith("bias") else 0.1}}]
        """,
    "appended": """\
        {g} = []
        for p in {m}.parameters():
            if not p.requires_grad:
                continue
            {g}.append(p)
        """,
    "children": """\
        {g} = [{{"params": child.parameters()}} for child in {m}.children() if any(True for _ in child.parameters())]
        """,
}
SPLIT = {
    "any in name": """\
        skip = {names}
        {g} = [
            {{"params": [p for n, p in {m}.named_parameters() if not any(s in n for s in skip)], "weight_decay": {wd}}},
            {{"params": [p for n, p in {m}.named_parameters() if any(s in n for s in skip)], "weight_decay": 0.0}},
        ]
        """,
    "spelled out": """\
        {g} = [
            {{"params": [p for n, p in {m}.named_parameters() if {neither}], "weight_decay": {wd}}},
            {{"params": [p for n, p in {m}.named_parameters() if {either}], "weight_decay": 0.0}},
        ]
        """,
    "loop": """\
        decay, no_decay = [], []
        for name, param in {m}.named_parameters():
            if not param.requires_grad:
                continue
            if {found}:
                no_decay.append(param)
            else:
                decay.append(param)
        {g} = [{{"params": decay, "weight_decay": {wd}}}, {{"params": no_decay, "weight_decay": 0.0}}]
        """,
    "dictionaries": """\
        {g} = [{{"params": [], "weight_decay": {wd}}}, {{"params": [], "weight_decay": 0.0}}]
        for name, param in {m}.named_parameters():
            {g}[1 if {found} else 0]["params"].append(param)
        """,
    "by dimension": """\
        {g} = [
            {{"params": [p for p in {m}.parameters() if p.ndim > 1], "weight_decay": {wd}}},
            {{"params": [p for p in {m}.parameters() if p.ndim <= 1], "weight_decay": 0.0}},
        ]
        """,
    "by layer": """\
        norms = ({kinds})
        {g} = [
            {{
                "params": [
                    p for k in {m}.modules() for n, p in k.named_parameters(recurse=False)
                    if not (isinstance(k, norms) or "bias" in n)
                ],
                "weight_decay": {wd},
            }},
            {{
                "params": [
                    p for k in {m}.modules() for n, p in k.named_parameters(recurse=False)
                    if isinstance(k, norms) or "bias" in n
                ],
                "weight_decay": 0.0,
            }},
        ]
        """,
    "names in sets": """\
        named = dict({m}.named_parameters())
        exempt = {{n for n in named if {in_n}}}
        {g} = [
            {{"params": [named[n] for n in sorted(named.keys() - exempt)], "weight_decay": {wd}}},
            {{"params": [named[n] for n in sorted(exempt)], "weight_decay": 0.0}},
        ]
        """,
    "exempt only": """\
        {g} = [
            {{"params": [p for n, p in {m}.named_parameters() if {neither}]}},
            {{"params": [p for n, p in {m}.named_parameters() if {either}], "weight_decay": 0.0}},
        ]
        """,
    "misspelt": """\
        {g} = [
            {{"params": [p for n, p in {m}.named_parameters() if {neither}], "weight_deacy": {wd}}},
            {{"params": [p for n, p in {m}.named_parameters() if {either}], "weight_deacy": 0.0}},
        ]
        """,
    "unused": """\
        {g}_split = [
            {{"params": [p for n, p in {m}.named_parameters() if {neither}], "weight_decay": {wd}}},
            {{"params": [p for n, p in {m}.named_parameters() if {either}], "weight_decay": 0.0}},
        ]
        {g} = {m}.parameters()
        """,
}
LITERAL = """\
{g} = [
    {{"params": [{weights}, *{m}.{norm}.parameters()], "weight_decay": {wd}}},
    {{"params": [{biases}], "weight_decay": 0.0}},
]
"""
MADE = {
    "AdamW": "torch.optim.AdamW({g}, lr=0.01{decay})",
    "imported": "AdamW({g}, lr=0.01{decay})",
    "params=": "optim.AdamW(params={g}, lr=0.01{decay})",
    "SGD": "torch.optim.SGD({g}, lr=0.01, momentum=0.9{decay})",
    "Adam": "optim.Adam({g}, lr=0.01{decay})",
    "Adam imported": "Adam({g}, lr=0.01{decay})",
    "NAdam": "optim.NAdam({g}, lr=0.01{decay})",
    "RAdam": "optim.RAdam({g}, lr=0.01, decoupled_weight_decay=False{decay})",
    "NAdam decoupled": "optim.NAdam({g}, lr=0.01, decoupled_weight_decay=True{decay})",
    "RMSprop": "optim.RMSprop({g}, lr=0.01{decay})",
    "spread": 'AdamW({g}, **{{"lr": 0.01, "weight_decay": {wd}}})',
    "by name": 'getattr(torch.optim, "AdamW")({g}, lr=0.01{decay})',
    "table": '{{"sgd": optim.SGD, "adamw": optim.AdamW}}["adamw"]({g}, lr=0.01{decay})',
    "partial": "functools.partial(optim.AdamW, lr=0.01{decay})({g})",
}
DECAY = {
    "number": ", weight_decay=0.1",
    "small": ", weight_decay=1e-2",
    "name": ", weight_decay=wd",
    "option": ", weight_decay=args.weight_decay",
    "default": "",
    "zero": ", weight_decay=0.0",
}
AFTER = {
    "none": "",
    "read": 'print({o}.param_groups[0]["lr"])',
    "rate of all": """\
        for group in {o}.param_groups:
            group["lr"] = group["lr"] * 0.5
        """,
    "rate of one": '{o}.param_groups[0]["lr"] = 0.005',
    "unpacked": "(only,) = {o}.param_groups" ,
    "counted": "assert len({o}.param_groups) < 3",
    "zipped": """\
        for group, rate in zip({o}.param_groups, [0.004, 0.002]):
            group["lr"] = rate
        """,
    "numbered": """\
        rates = [0.004, 0.002] * 20
        for i, group in enumerate({o}.param_groups):
            group["lr"] = rates[i]
        """,
    "lambda": "schedule = torch.optim.lr_scheduler.LambdaLR({o}, lambda step: 0.9 ** step)",
    "lambdas": "schedule = torch.optim.lr_scheduler.LambdaLR({o}, [lambda step: 0.5] * len({o}.param_groups))",
    "cycle": "schedule = torch.optim.lr_scheduler.OneCycleLR({o}, max_lr=0.02, total_steps=9)",
    "cycle list": "schedule = torch.optim.lr_scheduler.OneCycleLR({o}, max_lr=[0.02], total_steps=9)",
    "added": '{o}.add_param_group({{"params": [nn.Parameter(torch.ones(2, 2))], "weight_decay": 0.3}})',
    "clip": 'nn.utils.clip_grad_norm_([p for g in {o}.param_groups for p in g["params"]], 1.0)',
    "number of a group": """\
        for i, group in enumerate({o}.param_groups):
            group["lr"] = 0.01 / (i + 1)
        """,
    "rates kept": """\
        rates = [group["lr"] for group in {o}.param_groups]
        assert len(rates) < 2 or rates[0] == 0.01 or rates[-1] > 0
        """,
    "shadows": """\
        shadows = [p.detach().clone() for group in {o}.param_groups for p in group["params"]]
        for shadow, p in zip(shadows, {m}.parameters()):
            assert shadow.shape == p.shape
        """,
    "state of another": """\
        twin = torch.optim.SGD([{{"params": list(g["params"])}} for g in {o}.param_groups], lr=0.01)
        twin.load_state_dict(twin.state_dict())
        """,
    "asked for": "assert not isinstance({o}, optim.RMSprop) or type({o}) is optim.RMSprop",
    "decay schedule": """\
        for group in {o}.param_groups:
            group["weight_decay"] = 0.05
        """,
}  # fmt: skip
PENALTY = {
    "none": "",
    "sum": "loss = loss + 1e-3 * sum(p.pow(2).sum() for p in {m}.parameters())",
    "loop": """\
        for p in {m}.parameters():
            loss = loss + 1e-3 * (p ** 2).sum()
        """,
    "half": """\
        l2 = 0.0
        for p in {m}.parameters():
            l2 += 0.5 * p.square().sum()
        loss += wd * l2
        """,
    "named": """\
        for name, p in {m}.named_parameters():
            if "bias" not in name:
                loss = loss + 1e-3 * torch.sum(p * p)
        """,
    "norm": "loss = loss + 1e-3 * sum(torch.norm(p) ** 2 for p in {m}.parameters())",
    "mean": """\
        for p in {m}.parameters():
            loss = loss + 1e-2 * F.mse_loss(p, torch.zeros_like(p))
        """,
    "mean of squares": "loss = loss + 1e-2 * sum(p.pow(2).mean() for p in {m}.parameters())",
    "groups": """\
        for group in {o}.param_groups:
            for p in group["params"]:
                loss = loss + 1e-3 * (p ** 2).sum()
        """,
}
GRADIENT = {
    "none": "",
    "add": """\
        for p in {m}.parameters():
            p.grad.add_(p.data, alpha=1e-3)
        """,
    "guarded": """\
        for p in {m}.parameters():
            if p.grad is None:
                continue
            p.grad.data += 1e-3 * p.data
        """,
}


def program(number: int) -> Program:
    """The program of a number."""
    choose = _Choosing(number)
    net = choose.net()
    place = choose.one(("module", "function", "factory", "method", "main"))
    choose.made.append(f"place: {place}")
    model, optimizer = ("self.model", "self.optimizer") if place == "method" else ("model", "optimizer")
    names = net.right if choose.chance(2) else net.wrong
    of = {"m": model, "o": optimizer, "g": "groups", "wd": choose.one(("0.1", "wd", "0.05"))}
    part = net.parts[0]
    of["a"] = f"{model}{part}" if part.startswith("[") else f"{model}.{part}"
    of["an"] = f"{part[1:-1]}." if part.startswith("[") else f"{part}."
    setup, made = _constructed(choose, net, names, of)
    after = choose.of("after", AFTER).format(**of) if choose.chance(2) else ""
    trouble = choose.one(("none", "none", "none", "penalty", "gradient"))
    penalty = choose.of("penalty", PENALTY).format(**of) if trouble == "penalty" else ""
    gradient = choose.of("gradient", GRADIENT).format(**of) if trouble == "gradient" else ""
    loop = [
        f"loss = F.cross_entropy({model}(x), y)",
        penalty, f"{optimizer}.zero_grad()", "loss.backward()", gradient, f"{optimizer}.step()",
    ]  # fmt: skip
    text = _laid_out(place, net, (setup, made), after, loop)
    return Program(number, text, tuple(choose.made))


def _constructed(choose: _Choosing, net: Net, names: tuple[str, ...], of: dict[str, str]) -> tuple[str, str]:
    """The statements that make the groups, and the expression that makes the optimizer."""
    sort = choose.one(("plain", "plain", "parted", "split", "split", "split", "literal"))
    if sort == "literal" and net.literal is None:
        sort = "split"
    chosen, setup = "groups", ""
    if sort == "plain":
        chosen = choose.of("plain", PLAIN).format(**of)
        if choose.chance(3):
            setup, chosen = f"groups = {chosen}", "groups"
    elif sort == "parted":
        setup = choose.of("parted", PARTED).format(**of)
    elif sort == "literal" and net.literal is not None:
        weights, norm, biases = (text.format(**of) for text in net.literal)
        setup = LITERAL.format(**of, weights=weights, norm=norm, biases=biases)
        choose.made.append("literal")
    else:
        more = {
            "names": repr(list(names)),
            "either": " or ".join(f"{name!r} in n" for name in names),
            "neither": " and ".join(f"{name!r} not in n" for name in names),
            "found": " or ".join(f"{name!r} in name" for name in names),
            "in_n": " or ".join(f"{name!r} in n" for name in names),
            "kinds": "".join(f"{kind}, " for kind in (net.kinds if names == net.right else net.kinds[:1])),
        }
        setup = choose.of("split", SPLIT).format(**of, **more)
    decay = choose.of("decay", DECAY)
    made = choose.of("optimizer", MADE).format(g=chosen, decay=decay, wd=of["wd"])
    return setup, made


def _laid_out(place: str, net: Net, construction: tuple[str, str], after: str, loop: list[str]) -> str:
    setup, made = construction
    head = [HEAD, _block(net.code, 0), 'parser = argparse.ArgumentParser()\nparser.add_argument("--weight-decay", '
            "type=float, default=0.03)\nargs = parser.parse_args()\nwd = 0.02\ntorch.manual_seed(0)\n"]  # fmt: skip
    batch = f"x, y = {net.batch}\n"
    steps = "for step in range(3):\n" + "".join(_block(text, 1) for text in loop)
    if place == "function":
        body = f"model = {net.made}\noptimizer = make_optimizer(model)\n" + _block(after, 0) + batch + steps
        function = "def make_optimizer(model):\n" + _block(setup, 1) + f"    return {made}\n\n\n"
        return "\n".join([*head[:2], head[2], function, body])
    if place == "factory":
        body = f"model = {net.made}\noptimizer = make_optimizer(model, wd=0.02)\n" + _block(after, 0) + batch + steps
        function = "def make_optimizer(model, wd=0.05):\n" + _block(setup, 1)
        function += f"    optimizer = {made}\n    return optimizer\n\n\n"
        return "\n".join([*head[:2], head[2], function, body])
    if place == "method":
        inside = f"self.model = {net.made}\n" + _block(setup, 0) + f"self.optimizer = {made}\n" + _block(after, 0)
        trainer = "class Trainer:\n    def __init__(self):\n" + _block(inside, 2)
        trainer += "\n    def fit(self):\n" + _block(batch + steps, 2)
        return "\n".join([*head, trainer, "\nTrainer().fit()\n"])
    body = f"model = {net.made}\n" + _block(setup, 0) + f"optimizer = {made}\n" + _block(after, 0) + batch + steps
    if place == "main":
        return "\n".join([*head, "def main():\n" + _block(body, 1), '\nif __name__ == "__main__":\n    main()\n'])
    return "\n".join([*head, body])


def _block(text: str, depth: int) -> str:
    """A piece of program at a depth, with a line end."""
    plain = textwrap.dedent(text).strip("\n")
    return textwrap.indent(plain, "    " * depth) + "\n" if plain else ""
