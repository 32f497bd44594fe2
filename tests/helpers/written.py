"""Training scripts as hypothesis writes them: the spellings of real code, mixed, in files of every make.

Lines that no fix has a reason to touch end in a comment `untouched`. What must hold of fixes stands in `test_fix_laws`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

MODELS = [
    "nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4))",
    "nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.MultiheadAttention(4, 2, add_bias_kv=True))",
    "nn.LSTM(3, 4)",
    "nn.Linear(2, 2, bias=False)",
    "Net()",
    "Scaled(3)",
    "build()",
]
SETS = [
    "{m}.parameters()",
    "list({m}.parameters())",
    "[p for p in {m}.parameters() if p.requires_grad]",
    "(p for p in {m}.parameters() if p.requires_grad)",
    "filter(lambda q: q.requires_grad, {m}.parameters())",
    "[v for k, v in {m}.named_parameters() if v.requires_grad or k]",
    "[p for n, p in {m}.named_parameters() if 'head' not in n]",
    "itertools.chain({m}.parameters(), {o}.parameters())",
    "list({m}.parameters()) + list({o}.parameters())",
    "[*{m}.parameters(), *{o}.parameters()]",
    "(({m}.parameters()))",
    "given({m})",
    "{m}.parameters() if wd else {o}.parameters()",
]
GROUPS = [
    '[{{"params": {s}, "lr": 0.1}}]',
    "[{{'params': {s}, 'weight_decay': 0.02}}, {{'params': {o}.parameters()}}]",
    "[dict(params={s}, lr=0.1), dict(params={o}.parameters(), weight_decay=0.0)]",
    '[{{"params": {s}, "wd": 0.1}},]',
    '[{{"params": m.parameters()}} for m in ({m}, {o})]',
    '[{{"params": [p for n, p in {m}.named_parameters() if "bias" not in n], "weight_decay": 0.1}}, '
    '{{"params": [p for n, p in {m}.named_parameters() if "bias" in n], "weight_decay": 0.0}}]',
    "[{{'params': [p for n, p in {m}.named_parameters() if not any(x in n for x in ['bias', 'LayerNorm.weight'])]}}, "
    "{{'params': [p for n, p in {m}.named_parameters() if any(x in n for x in ['bias', 'LayerNorm.weight'])], "
    "'weight_decay': 0.}}]",
    "[{{'params': [p for p in {m}.parameters() if p.ndim > 1]}}, "
    "{{'params': [p for p in {m}.parameters() if p.ndim <= 1], 'weight_decay': 0}}]",
]
CLASSES = ["torch.optim.AdamW", "optim.Adam", "AdamW", "Adam", "torch.optim.SGD", "optim.NAdam", "optim.RMSprop"]
DECAYS = [", weight_decay=0.1", ", weight_decay=wd", ", weight_decay = 1e-2 ,", ", weight_decay=0", ""]
IMPORTS = [
    "import itertools  # untouched",
    "import torch  # untouched",
    "from torch import nn, optim  # untouched",
    "from somewhere import build  # untouched",
]
CLASS_IMPORTS = ["from torch.optim import Adam, AdamW", "from torch.optim import (\n    AdamW, Adam,  # both\n)"]
DEFINITIONS = [
    "wd = 0.01  # untouched",
    "class Net(nn.Module):  # untouched",
    "    def __init__(self):  # untouched",
    "        super().__init__()  # untouched",
    "        self.body = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))  # untouched",
    "        self.head = nn.Linear(3, 1)  # untouched",
    "class Scaled(nn.Module):  # untouched",
    "    def __init__(self, n):  # untouched",
    "        super().__init__()  # untouched",
    "        self.mix = nn.Conv2d(n, n, 1)  # untouched",
    "        self.scale = nn.Parameter(torch.ones(n, 1, 1))  # untouched",
    "    def forward(self, x):  # untouched",
    "        return self.mix(x) * self.scale  # untouched",
    "def given(model):  # untouched",
    "    return model.parameters()  # untouched",
]
NOISE = [
    "x = {'a' : 1,}  # untouched",
    "y=1;z  = 2  # untouched",
    "# \u00e9t\u00e9  untouched",
    "s = 'a\u00fcb'  # untouched",
    "t = [1,  # untouched\n     2]  # untouched",
    "u = '''  # untouched\n \t text  # untouched\n'''  # untouched",
    "\f# a form feed  untouched",
    "if wd: v = 'tab\there'  # untouched",
    "w = 1 + \\\n    2  # untouched",
]
BEYOND_LATIN = ["# \U0001f3cb untouched", "e = '\U0001d54f\u2028\x85'  # untouched"]
MARK = "untouched"


@dataclass(frozen=True)
class Made:
    """A file: its name, its bytes, and how to read the text of a version of it."""

    name: str
    data: bytes
    text: Callable[[bytes], str]
    newline: str

    def kept(self, data: bytes) -> list[str]:
        """The marked lines of a version, with their ends."""
        lines = self.text(data).split("\n")
        return [line for line in lines if MARK in line]


@st.composite
def _site(draw: st.DrawFn, number: int, model: str, other: str, indentation: str) -> list[str]:
    """An optimizer in one of many spellings."""
    chosen = draw(st.sampled_from(SETS)).format(m=model, o=other)
    if draw(st.integers(0, 2)) == 0:
        chosen = draw(st.sampled_from(GROUPS)).format(m=model, o=other, s=chosen)
    lines: list[str] = []
    way = draw(st.sampled_from(["inline", "keyword", "named", "named twice", "appended"]))
    if way == "keyword":
        chosen = f"params={chosen}"
    elif way in ("named", "named twice"):
        lines.append(f"given_{number} = {chosen}")
        chosen = f"given_{number}"
        if way == "named twice":
            lines.append(f"print(given_{number})  # untouched")
    elif way == "appended":
        lines += [f"given_{number} = []", f"for p in {model}.parameters():  # untouched"]
        lines.append(f"{indentation}given_{number}.append(p)  # untouched")
        chosen = f"given_{number}"
    cls, decay = draw(st.sampled_from(CLASSES)), draw(st.sampled_from(DECAYS))
    target = draw(st.sampled_from([f"optimizer_{number}", f"opts['{number}']", f"o_{number}: object"]))
    layout = draw(st.sampled_from(["line", "broken", "commented"]))
    if layout == "line":
        lines.append(
            f"{target} = {cls}({chosen}, lr=0.1{decay})" + draw(st.sampled_from(["", "  # a word \u00e9", " ;"]))
        )
    else:
        note = "  # which" if layout == "commented" else ""
        lines += [f"{target} = {cls}(", f"{indentation}{chosen},{note}", f"{indentation}lr=0.1{decay}{note}", ")"]
    return lines


@st.composite
def _program(draw: st.DrawFn, latin: bool) -> list[str]:
    """The blocks of a program, each one or more lines."""
    unit = draw(st.sampled_from(["    ", "  ", "\t"]))
    noise = st.lists(st.sampled_from(NOISE if latin else NOISE + BEYOND_LATIN), max_size=2)
    blocks = draw(st.sampled_from([[], ['"""About."""  # untouched'], ["#!/usr/bin/env python untouched"]]))
    blocks = [*blocks, *IMPORTS, draw(st.sampled_from(CLASS_IMPORTS)), *draw(noise)]
    blocks.append("\n".join(DEFINITIONS).replace("    ", unit))
    blocks += draw(noise)
    models = [draw(st.sampled_from(MODELS)) for _ in range(2)]
    where = draw(st.sampled_from(["module", "function", "argument", "class", "loop"]))
    inner: list[str] = []
    first, second = ("self.model", "self.other") if where == "class" else ("net", "net_2")
    if where != "argument":
        inner += [f"{first} = {models[0]}  # untouched", f"{second} = {models[1]}  # untouched"]
    inner += ["opts = {}  # untouched", *draw(noise)]
    for number in range(draw(st.integers(1, 2))):
        inner += draw(_site(number, first, second, unit))
        inner += draw(noise)
    heads = {
        "function": ["def main():  # untouched"],
        "argument": [f"def make({first}, {second}, wd=0.1):  # untouched"],
        "class": ["class Trainer:  # untouched", f"{unit}def __init__(self):  # untouched"],
        "loop": ["for fold in range(2):  # untouched"],
        "module": [],
    }[where]
    depth = len(heads) * unit
    body = "\n".join(_indented("\n".join(inner), depth))
    tail = {
        "function": ["main()  # untouched"],
        "argument": [f"make({models[0]}, {models[1]})  # untouched"],
        "class": ["Trainer()  # untouched"],
    }.get(where, [])
    return [*blocks, "\n".join([*heads, body]), *tail]


def _indented(text: str, depth: str) -> list[str]:
    """Lines further in; those inside of a string in three quotes stay where they are."""
    lines, inside = [], False
    for line in text.split("\n"):
        lines.append(line if inside else depth + line.lstrip("\f"))
        inside ^= line.count("'''") % 2 == 1
    return lines


@st.composite
def files(draw: st.DrawFn) -> Made:
    """A script in one of the encodings and line ends there are."""
    make = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "latin-1"]))
    blocks = draw(_program(latin=make == "latin-1"))
    if make == "latin-1":
        blocks = ["# -*- coding: latin-1 -*- untouched", *blocks]
    newline = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    text = "\n".join(blocks) + draw(st.sampled_from(["", "\n", "\n\n"]))

    def read(data: bytes) -> str:
        return data.decode(make).replace(newline, "\n")

    return Made("train.py", text.replace("\n", newline).encode(make), read, newline)


@st.composite
def notebooks(draw: st.DrawFn) -> Made:
    """The same in the cells of a notebook."""
    blocks = draw(_program(latin=False))
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# untouched\n", "optimizer = 1"]}]
    cells += [
        {"cell_type": "code", "execution_count": 1, "metadata": {"id": str(n)}, "outputs": [], "source": _lines(block)}
        for n, block in enumerate(blocks)
    ]
    indent = draw(st.sampled_from([1, 2, None]))
    document = {"cells": cells, "metadata": {"n": "\u00e9"}, "nbformat": 4, "nbformat_minor": 5}
    data = json.dumps(document, indent=indent, ensure_ascii=draw(st.booleans())).encode()

    def read(data: bytes) -> str:
        return "\n".join("".join(c["source"]) for c in json.loads(data)["cells"] if c["cell_type"] == "code")

    return Made("train.ipynb", data, read, "\n")


def _lines(block: str) -> list[str]:
    lines = [f"{line}\n" for line in block.split("\n")]
    return [*lines[:-1], lines[-1][:-1]]
