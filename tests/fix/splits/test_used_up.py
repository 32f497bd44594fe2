"""Iterators that are gone through twice are put into lists, so that the second loop finds its parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from helpers.programs.grammar import Program
from helpers.programs.mended import judged, mended
from helpers.programs.small import NETWORK, TRAINING

from wdlint.api import check_paths, check_source
from wdlint.facts import Fix

GROUPS = '[{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}]'
MADE = f"optimizer = torch.optim.AdamW({GROUPS}, lr=0.01)\n"
TWO_LISTS = """\
decay = [p for n, p in named if p.ndim >= 2]
no_decay = [p for n, p in named if p.ndim < 2]
"""
TWO_FILTERS = """\
decay = list(filter(lambda p: p.ndim >= 2, every))
no_decay = list(filter(lambda p: p.ndim < 2, every))
"""
TWO_LOOPS = """\
decay, no_decay = [], []
for n, p in named:
    if p.ndim >= 2:
        decay.append(p)
for n, p in named:
    if p.ndim < 2:
        no_decay.append(p)
"""
FUNCTION = f"""\
def divided(named):
    decay = [p for n, p in named if p.ndim >= 2]
    no_decay = [p for n, p in named if p.ndim < 2]
    return {GROUPS}


"""
PASSED = {
    "a name": ("net = Net()\nnamed = net.named_parameters()\n" + TWO_LISTS + MADE, "= list(net.named_parameters())"),
    "parameters": ("net = Net()\nevery = net.parameters()\n" + TWO_FILTERS + MADE, "= list(net.parameters())"),
    "a filter": (
        "net = Net()\nevery = filter(lambda p: p.requires_grad, net.parameters())\n" + TWO_FILTERS + MADE,
        "= list(filter(lambda p: p.requires_grad, net.parameters()))",
    ),
    "a generator": (
        "net = Net()\nnamed = ((n, p) for n, p in net.named_parameters() if p.requires_grad)\n" + TWO_LOOPS + MADE,
        "= [(n, p) for n, p in net.named_parameters() if p.requires_grad]",
    ),
    "an argument": (
        FUNCTION + "net = Net()\noptimizer = torch.optim.AdamW(divided(net.named_parameters()), lr=0.01)\n",
        "divided(list(net.named_parameters()))",
    ),
    "an argument by its name": (
        FUNCTION + "net = Net()\noptimizer = torch.optim.AdamW(divided(named=net.named_parameters()), lr=0.01)\n",
        "divided(named=list(net.named_parameters()))",
    ),
}


@pytest.mark.parametrize(("body", "written"), PASSED.values(), ids=PASSED)
def test_the_groups_are_filled(body: str, written: str) -> None:
    one = mended(Program(0, NETWORK + body + TRAINING, ()))
    verdict = judged(one)
    assert (verdict.ran, verdict.faulty, verdict.harms, verdict.right) == (True, True, [], True)
    assert one.left == []
    assert written in one.unsafe
    assert (
        one.safe == NETWORK + body + TRAINING
    )  # it trains parameters that were not trained: nobody's plain `--fix` does


SEVERAL = """\
import torch
from models import Tagger

model = Tagger.from_pretrained("base")
body, head = model.body.named_parameters(), model.head.named_parameters()
body_named = model.body.named_parameters()
head_named = model.head.named_parameters()
skip = ["bias", "LayerNorm.weight"]
groups = [
    {"params": [p for n, p in body_named if not any(s in n for s in skip)], "weight_decay": 0.1, "lr": 1e-5},
    {"params": [p for n, p in body_named if any(s in n for s in skip)], "weight_decay": 0.0, "lr": 1e-5},
    {"params": [p for n, p in head_named if not any(s in n for s in skip)], "weight_decay": 0.1, "lr": 1e-3},
    {"params": [p for n, p in head_named if any(s in n for s in skip)], "weight_decay": 0.0, "lr": 1e-3},
]
opt = torch.optim.AdamW(groups)
"""


def test_several_iterators_of_a_model_that_cannot_be_seen() -> None:
    (finding,) = [f for f in check_source(SEVERAL, "train.py") if f.code == "WD303"]
    assert "are empty: an iterator was consumed before" in finding.message
    assert finding.fix is not None
    assert [edit.text for edit in finding.fix.edits] == [
        "list(model.body.named_parameters())",
        "list(model.head.named_parameters())",
    ]


@pytest.mark.parametrize(
    "partly",
    [
        "first = next(other)\n",
        "for n, p in other:\n    if 'fc' in n:\n        break\n",
        "for i, (n, p) in enumerate(other):\n    if i == 1:\n        break\n",
        "first = [n for _, (n, p) in zip(range(2), other)]\n",
        "for one, two in zip(other, other):\n    print(one, two)\n",
        "from itertools import takewhile\nfirst = list(takewhile(lambda it: 'fc' in it[0], other))\n",
        "assert isinstance(other, Iterator)\n",
        "net.fc = nn.Linear(4, 6)\n",
        "for p in net.fc.parameters():\n    p.requires_grad = False\n",
        "freeze(net)\n",
    ],
)
def test_what_goes_on_where_another_loop_stopped_stays_an_iterator(partly: str) -> None:
    other = f"other = net.named_parameters()\n{partly}rest = [n for n, p in other]\nmore = [n for n, p in other]\n"
    source = NETWORK + "net = Net()\n" + other + "named = net.named_parameters()\n" + TWO_LISTS + MADE
    (finding,) = [f for f in check_source(source, "train.py") if f.code == "WD303"]
    assert finding.fix is not None
    assert [source.splitlines()[edit.place.line - 1] for edit in finding.fix.edits] == [
        "named = net.named_parameters()"
    ]


def test_what_holds_no_parameters_is_left_alone() -> None:
    data = "batches = map(torch.load, paths)\nfor b in batches:\n    print(b)\nfor b in batches:\n    print(b)\n"
    (finding,) = [f for f in check_source(SEVERAL + data, "train.py") if f.code == "WD303"]
    assert finding.fix is not None
    assert not any("torch.load" in edit.text for edit in finding.fix.edits)


@pytest.mark.parametrize("first", ["[net.fc.weight]", "net.fc.parameters()"])
def test_parameters_that_would_be_in_two_groups_then_are_left_out_of_the_second(first: str) -> None:
    made = f"""\
params = net.parameters()
print(sum(p.numel() for p in params))
groups = [{{"params": {first}, "weight_decay": 0.1}}, {{"params": list(params), "weight_decay": 0.0}}]
optimizer = torch.optim.AdamW(groups, lr=0.01)
"""
    (finding,) = [f for f in check_source(NETWORK + "net = Net()\n" + made, "train.py") if f.code == "WD303"]
    assert finding.fix is None
    assert "is in two groups after it" in finding.unfixed


# ---- a function of another file that makes the groups

CALLED = """\
import torch
import helpers

net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2))
decay = 0.1
if decay:
    params = helpers.divided(net.named_parameters())
else:
    params = net.parameters()
optimizer = torch.optim.AdamW(params, lr=0.01)
"""


def lost(folder: Path, function: str, call: str = CALLED) -> Fix | None:
    (folder / "helpers.py").write_text(function, encoding="utf-8")
    (folder / "train.py").write_text(call, encoding="utf-8")
    found = [f for f in check_paths([str(folder / "train.py")]) if f.code == "WD303"]
    return found[0].fix if found else None


def test_a_function_of_another_file_is_given_a_list(tmp_path: Path) -> None:
    fix = lost(tmp_path, FUNCTION)
    assert fix is not None
    assert [edit.text for edit in fix.edits] == ["list(net.named_parameters())"]
    named = CALLED.replace("import helpers", "from helpers import divided").replace("helpers.divided", "divided")
    fix = lost(tmp_path, FUNCTION, named.replace("(net.named", "(named=net.named"))
    assert fix is not None
    assert [edit.text for edit in fix.edits] == ["list(net.named_parameters())"]


@pytest.mark.parametrize("asked", ["next(named, None)", "named.close()", "named.send(None)"])
def test_what_a_function_of_another_file_asks_as_an_iterator_stays_one(tmp_path: Path, asked: str) -> None:
    assert lost(tmp_path, FUNCTION.replace("    return", f"    {asked}\n    return")) is None
