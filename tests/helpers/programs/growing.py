"""Programs that grow in one direction: each is a function of a number, and a linter's work should grow with it.

`holding_twice` is the one whose model grows faster than its text; it is none of `GROWING`.

What the work is and how much it may grow is in `linting/test_growth`; `benchmarks/scale.py` takes the time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

HEAD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.n = nn.LayerNorm(3)

    def forward(self, x):
        return self.n(self.a(x))


model = Net()
"""
BARE = HEAD.rpartition("\n\n\n")[0] + "\n"
SGD = "opt = torch.optim.SGD(model.parameters(), lr=0.1)\n"
ADAMW = "opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay={})\n"
OPTIMIZER = ADAMW.format("0.1")
SPLIT = "opt = torch.optim.AdamW([{'params': d, 'weight_decay': 0.1}, {'params': e, 'weight_decay': 0.0}], lr=1e-3)\n"
LOOP = "for x, y in data:\n    loss = crit(model(x), y)\n"
FREEZE = "for p in model.l@.parameters():\n    p.requires_grad = False\n"
STEP = "    loss.backward()\n    opt.step()\n"


def lines(template: str, number: int) -> str:
    """A line (or several) so many times, `@` in it being the turn."""
    return "".join(template.replace("@", str(turn)) for turn in range(number))


def penalties(n: int) -> str:
    """One penalty after the other, added to one loss."""
    return HEAD + SGD + LOOP + lines("    loss = loss + 1e-4 * model.a.weight.pow(2).sum()\n", n) + STEP


def other_terms(n: int) -> str:
    """A penalty, and many other terms of the loss after it."""
    penalty = "    loss = loss + 1e-4 * model.a.weight.pow(2).sum()\n"
    return HEAD + SGD + LOOP + penalty + lines("    loss = loss + aux@(x)\n", n) + STEP


def long_file(n: int) -> str:
    """A finding that can be fixed, and a long tail."""
    return HEAD + OPTIMIZER + lines("x@ = f(@, a=[1, 2, @])\n", n)


def long_head(n: int) -> str:
    """The same behind a long head, with tests that leave among it."""
    head = lines("if wrong@:\n    raise SystemExit(@)\nassert fine@ is not None\n", n)
    return HEAD + head + OPTIMIZER


def lists(n: int) -> str:
    """A sum of the lists of many models."""
    total = " + ".join(f"list(m{i}.parameters())" for i in range(n))
    return BARE + lines("m@ = Net()\n", n) + f"opt = torch.optim.AdamW({total}, lr=1e-3, weight_decay=0.1)\n"


def nested_loops(n: int) -> str:
    """Loops in loops in a step that is written out."""
    indents = ["    " * (2 + i) for i in range(n + 2)]
    loops = "".join(f"{indents[i]}for g{i} in self.param_groups:\n" for i in range(n))
    return (
        "import torch\n\n\nclass Opt(torch.optim.Optimizer):\n"
        "    def __init__(self, params, lr=1e-3, weight_decay=0.1):\n"
        "        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))\n\n"
        f"    def step(self):\n{loops}"
        f"{indents[n]}for p in g0['params']:\n"
        f"{indents[n + 1]}d = p.grad\n"
        f"{indents[n + 1]}d = d.add(p, alpha=g0['weight_decay'])\n"
        f"{indents[n + 1]}p.add_(d, alpha=-g0['lr'])\n"
    )


def added_groups(n: int) -> str:
    """Groups that are added to an optimizer, one by one."""
    first = "opt = torch.optim.AdamW(model.a.parameters(), lr=1e-3, weight_decay=0.1)\n"
    return HEAD + first + lines("opt.add_param_group({'params': model.n.parameters(), 'weight_decay': 0.1})\n", n)


def models(n: int) -> str:
    """Many models in one file, each with an optimizer."""
    one = HEAD.partition("\n\n\n")[2].replace("Net", "N@").replace("model = N@()\n", "")
    return "import torch\nfrom torch import nn\n\n\n" + lines(one + OPTIMIZER.replace("model", "N@()"), n)


def one_factory(n: int) -> str:
    """Many models in one file, and one function that makes the optimizers of all."""
    one = HEAD.partition("\n\n\n")[2].replace("Net", "N@").replace("model = N@()\n", "")
    factory = "def make(m):\n    return torch.optim.AdamW(m.parameters(), lr=1e-3, weight_decay=0.1)\n\n\n"
    return "import torch\nfrom torch import nn\n\n\n" + lines(one, n) + factory + lines("opt@ = make(N@())\n", n)


def name_tests(n: int) -> str:
    """A chain of `elif` over names that decides a split."""
    chain = lines("    elif name.endswith('x@y'):\n        e.append(p)\n", n)
    begin = "d, e = [], []\nfor name, p in model.named_parameters():\n    if name.endswith('x'):\n        e.append(p)\n"
    end = "    elif 'bias' in name:\n        e.append(p)\n    else:\n        d.append(p)\n"
    return HEAD + begin + chain + end + SPLIT


def optimizer_chain(n: int) -> str:
    """A chain of `elif` over optimizers by name, of options that branches fill."""
    begin = (
        "def create(args, net):\n    options = dict(lr=args.lr, weight_decay=args.weight_decay)\n"
        "    if args.eps is not None:\n        options['eps'] = args.eps\n"
        "    if args.opt == 'sgd':\n        return torch.optim.SGD(net.parameters(), momentum=0.9, **options)\n"
    )
    chain = lines("    elif args.opt == 'a@':\n        return torch.optim.AdamW(net.parameters(), **options)\n", n)
    return HEAD + begin + chain + "    raise ValueError(args.opt)\n\n\nopt = create(read_args(), model)\n"


def holding_twice(n: int) -> str:
    """A module that holds the one below it twice, and so on down."""
    head = "class M0(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    first = head + "        self.a = nn.Linear(3, 3)\n"
    others = "".join(
        f"class M{i}(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.l = M{i - 1}()\n        self.r = M{i - 1}()\n"
        for i in range(1, n)
    )
    return f"import torch\nfrom torch import nn\n{first}{others}model = M{n - 1}()\n{OPTIMIZER}"


def sum_on_a_line(n: int) -> str:
    """A sum of so many numbers on one line, as the strength."""
    return HEAD + "wd = " + " + ".join(["0.1"] * n) + "\n" + ADAMW.format("wd")


def texts_on_a_line(n: int) -> str:
    """So many texts added on one line, in a test of a split."""
    text = " + ".join(["'ab'"] * n)
    return HEAD + f"word = {text}\n" + (
        "opt = torch.optim.AdamW([p for k, p in model.named_parameters() if word not in k], weight_decay=0.1)\n"
    )  # fmt: skip


def calls_down(n: int) -> str:
    """A chain of functions, each of which calls the next."""
    first = "def f0(m):\n    return torch.optim.AdamW(m.parameters(), weight_decay=0.1)\n"
    others = "".join(f"def f{i}(m):\n    return f{i - 1}(m)\n" for i in range(1, n))
    return HEAD + first + others + f"opt = f{n - 1}(model)\n"


def calls_twice(n: int) -> str:
    """The same, each calling the next one twice."""
    first = "def f0(m):\n    return torch.optim.AdamW(m.parameters(), weight_decay=0.1)\n"
    others = "".join(f"def f{i}(m):\n    f{i - 1}(m)\n    return f{i - 1}(m)\n" for i in range(1, n))
    return HEAD + first + others + f"opt = f{n - 1}(model)\n"


def calls_round(n: int) -> str:
    """Functions that call each other in a circle, the parameters going round with them."""
    body = "def f{0}(m, k):\n    if k == 0:\n        return m.parameters()\n    return f{1}(m, k - 1)\n"
    circle = "".join(body.format(i, (i + 1) % n) for i in range(n))
    return HEAD + circle + "opt = torch.optim.AdamW(f0(model, 9), weight_decay=0.1)\n"


def flags(n: int) -> str:
    """Flags, each of which changes the strength."""
    return HEAD + "wd = 0.1\n" + lines("if flag@:\n    wd = wd * 0.5\n", n) + ADAMW.format("wd")


def flagged_options(n: int) -> str:
    """Flags, each of which sets an option."""
    options = "options = {'lr': 1e-3, 'weight_decay': 0.1}\n"
    set_ = lines("if args.flag@:\n    options['o@'] = args.v@\n", n)
    return HEAD + options + set_ + "opt = torch.optim.AdamW(model.parameters(), **options)\n"


def methods(n: int) -> str:
    """A trainer with many methods, each of which asks for what others set."""
    head = "class Trainer:\n    def __init__(self, net):\n        self.net = net\n        self.wd = 0.1\n"
    many = lines("    def m@(self):\n        self.x@ = self.wd\n        return self.net(self.x@)\n", n)
    last = (
        "    def make(self):\n"
        "        return torch.optim.AdamW(self.net.parameters(), lr=1e-3, weight_decay=self.wd)\n\n\n"
    )
    return HEAD + "\n\n" + head + many + last + "Trainer(model).make()\n"


def long_dictionary(n: int) -> str:
    """A table of settings, one of which is the strength."""
    table = lines("    'k@': {'wd': 0.@1, 'lr': 1e-3},\n", n)
    return HEAD + "table = {\n" + table + "}\n" + ADAMW.format("table['k3']['wd']")


def inheritance(n: int) -> str:
    """A model with so many ancestors, each adding a layer."""
    one = "class M@(M_@):\n    def __init__(self):\n        super().__init__()\n        self.l@ = nn.Linear(3, 3)\n"
    chain = "".join(
        one.replace("M_@", f"M{i - 1}" if i else "Net").replace("@", str(i)) for i in range(n)
    )  # fmt: skip
    return f"{BARE}\n\n{chain}model = M{n - 1}()\n{OPTIMIZER}"


def deep_comprehension(n: int) -> str:
    """Comprehensions within comprehensions, over the parameters."""
    inner = "list(model.parameters())"
    for i in range(n):
        inner = f"[p{i} for p{i} in {inner}]"
    return HEAD + f"opt = torch.optim.AdamW({inner}, lr=1e-3, weight_decay=0.1)\n"


def many_clauses(n: int) -> str:
    """One comprehension with many tests."""
    tests = lines(" if 'x@' not in k", n)
    return HEAD + f"opt = torch.optim.AdamW([p for k, p in model.named_parameters(){tests}], weight_decay=0.1)\n"


def long_list(n: int) -> str:
    """A large literal list that has nothing to do with it."""
    rows = lines("    [0.@1, @, -@.5, 'n@'],\n", n)
    return HEAD + "data = [\n" + rows + "]\n" + OPTIMIZER


def excluded_names(n: int) -> str:
    """A long list of names that are exempt."""
    names = lines("    'layer@.bias',\n", n)
    split = (
        "d = [p for k, p in model.named_parameters() if k not in skip]\n"
        "e = [p for k, p in model.named_parameters() if k in skip]\n"
    )
    return HEAD + "skip = [\n" + names + "]\n" + split + SPLIT


def arguments(n: int) -> str:
    """A script with many options."""
    begin = "import argparse\nparser = argparse.ArgumentParser()\n"
    begin += "parser.add_argument('--wd', type=float, default=0.1)\n"
    many = lines("parser.add_argument('--o@', type=int, default=@)\n", n)
    return HEAD + begin + many + "args = parser.parse_args()\n" + ADAMW.format("args.wd")


def layers(n: int) -> str:
    """A model with many layers, written one by one."""
    made = lines("        self.l@ = nn.Linear(3, 3)\n        self.n@ = nn.LayerNorm(3)\n", n)
    used = lines("        x = self.n@(self.l@(x))\n", n)
    return (
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        f"        super().__init__()\n{made}\n    def forward(self, x):\n{used}        return x\n\n\nmodel = Net()\n"
        f"{OPTIMIZER}"
    )


def ways(n: int) -> str:
    """Optimizers one after the other, of parameters and strengths that a branch decides."""
    choice = (
        "if divide:\n    ps = [{'params': model.a.parameters(), 'weight_decay': 0.1}]\n    wd = 0.0\n"
        "else:\n    ps = model.parameters()\n    wd = 0.1\n"
    )
    return HEAD + choice + lines("opt@ = torch.optim.AdamW(ps, lr=1e-3, weight_decay=wd)\n", n)


def notebook(n: int) -> str:
    """A notebook of many cells, the last of which makes the optimizer."""
    texts = [HEAD, *(f"x{i} = f({i})\nx{i}" for i in range(n)), OPTIMIZER]
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": text}
             for text in texts]  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def population(n: int) -> str:
    """Lists that are made anew of themselves again and again, and give an optimizer its strength."""
    again = lines(
        "    people = [[@, 1e-4], *people]\n    people = [*people, *people[:@]] if people else [[@], *people]\n", n
    )
    found = "best = {'wd': 0.1}\nfor person in people:\n    for key, value in zip(best.keys(), person):\n"
    found += "        best[key] = value\n"
    return HEAD + f"people = [[1, 0.1]]\nfor turn in range(9):\n{again}{found}" + ADAMW.format("best['wd']")


def lists_in_lists(n: int) -> str:
    """Six lists that each hold the one before them so many times, and a loop over the last."""
    made = "".join(f"l{level} = [{', '.join(f'*l{level - 1}' for _ in range(n))}]\n" for level in range(1, 7))
    return (
        HEAD
        + f"best = {{'wd': 0.1}}\nl0 = [f(), 0.1]\n{made}for one in l6:\n    best['wd'] = one\n"
        + ADAMW.format("best['wd']")
    )


def rebuilt_layers(n: int) -> str:
    """A list of layers that is made anew of itself, and becomes the model."""
    again = (
        "layers = [nn.Linear(3, 3), *layers]\nlayers = layers + [nn.LayerNorm(3)]\nlayers = list(reversed(layers))\n"
    )
    return f"{BARE}layers = []\n{lines(again, n)}model = nn.Sequential(*layers)\n{OPTIMIZER}"


def doubled_texts(n: int) -> str:
    """A text that holds the one before it twice, and names what is left out."""
    made = "".join(f"n{i + 1} = f'{{n{i}}}.{{n{i}}}'\nm{i + 1} = m{i} + '.' + m{i}\n" for i in range(n))
    taken = f"ps = [p for k, p in model.named_parameters() if n{n} not in k and m{n} not in k]\n"
    return f"{HEAD}n0 = m0 = f()\n{made}{taken}opt = torch.optim.AdamW(ps, lr=1e-3, weight_decay=0.1)\n"


def frozen_one_by_one(n: int) -> str:
    """Layers that are frozen one after the other, each in a loop of its own."""
    head, tail = layers(n).split("model = Net()\n")
    return f"{head}model = Net()\n{lines(FREEZE, n)}{tail}"


def wrapped_models(n: int) -> str:
    """A model in a wrapper, in a wrapper, and so on."""
    wrapper = (
        "class Scaled(nn.Module):\n    def __init__(self, inner):\n        super().__init__()\n"
        "        self.inner = inner\n        self.s = nn.Parameter(torch.ones(3))\n"
        "    def forward(self, x):\n        return self.inner(x) * self.s\n"
    )
    return HEAD + wrapper + lines("model = Scaled(model)\n", n) + OPTIMIZER


@dataclass(frozen=True)
class Growing:
    """A kind of program, the number at which its work is counted first, and what its file is called."""

    program: Callable[[int], str]
    number: int
    sites: bool = False  # whether ever more optimizers have a fix, each of which is tried by itself
    file: str = "train.py"

    @property
    def name(self) -> str:
        return self.program.__name__


GROWING = (
    Growing(penalties, 15, sites=True), Growing(other_terms, 40), Growing(long_file, 300), Growing(long_head, 150),
    Growing(lists, 40), Growing(nested_loops, 7), Growing(added_groups, 40), Growing(models, 20, sites=True),
    Growing(one_factory, 20), Growing(name_tests, 20), Growing(optimizer_chain, 15, sites=True),
    Growing(sum_on_a_line, 150), Growing(texts_on_a_line, 150), Growing(calls_down, 30), Growing(calls_twice, 8),
    Growing(calls_round, 15), Growing(flags, 60), Growing(flagged_options, 60), Growing(methods, 80),
    Growing(long_dictionary, 200), Growing(inheritance, 15), Growing(deep_comprehension, 8),
    Growing(many_clauses, 40), Growing(long_list, 300), Growing(excluded_names, 150), Growing(arguments, 100),
    Growing(layers, 40), Growing(ways, 15, sites=True), Growing(notebook, 100, file="train.ipynb"),
    Growing(population, 3), Growing(lists_in_lists, 4), Growing(rebuilt_layers, 15), Growing(doubled_texts, 9),
    Growing(frozen_one_by_one, 8), Growing(wrapped_models, 4),
)  # fmt: skip
