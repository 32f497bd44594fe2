"""Fixes, executed: the fixtures are run before and after, and the groups of the live optimizers are compared.

What every parameter is comes from the model engine, which knows nothing of how a fix was planned.
"""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing
import os
import re
import runpy
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from wdlint.config import Configuration  # noqa: E402
from wdlint.facts import Applicability, Fix  # noqa: E402
from wdlint.fixing import mended_text  # noqa: E402

FIXTURES = Path(__file__).parents[2] / "fixtures"
REACH = re.compile(r"# .*\bWD(10[1-46]|30[1-6]|20[1236]|401)\b")

Groups = list[dict[str, tuple[str, list[float], bool]]]  # per optimizer: name → kind, decays of its groups, trainable


def scripts() -> list[Path]:
    """The fixtures that run and have a fault that a fix may mend."""
    found = []
    for path in sorted(FIXTURES.rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "__main__" in text and REACH.search(text) and path.parent.name != "library":
            found.append(path)
    return found


def mended(path: Path, unsafe: bool) -> tuple[bytes, list[str]]:
    """A file's text after its fixes, and the codes of the reach findings that are left."""

    def allowed(fix: Fix) -> bool:
        most = (Applicability.SAFE, Applicability.UNSAFE) if unsafe else (Applicability.SAFE,)
        return bool(fix.edits) and fix.applicability in most

    outcome = mended_text(str(path), path.read_bytes(), Configuration(isolated=True), True, allowed)
    return outcome.data, [f.code for f in outcome.left if f.code.startswith(("WD1", "WD3"))]


def run(path: Path, decays: bool) -> tuple[str, Groups]:
    """What a script prints, and the groups of its optimizers, from a process of its own.

    Without `decays` every step is taken with decay 0; the groups keep their strengths.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=_child, args=(path, decays, there))
    child.start()
    there.close()
    try:
        answer = here.recv()
    except EOFError:
        answer = "the script ended its process"
    child.join()
    if isinstance(answer, str):
        pytest.fail(answer)
    return answer  # type: ignore[no-any-return]


def _child(path: Path, decays: bool, pipe: Any) -> None:
    torch.set_num_threads(1)
    made: list[Any] = []
    original = torch.optim.Optimizer.__init__

    def recording(self: Any, *args: Any, **named: Any) -> None:
        original(self, *args, **named)
        made.append(self)
        if not decays:
            self.register_step_pre_hook(_without_decay)
            self.register_step_post_hook(_with_decay)

    torch.optim.Optimizer.__init__ = recording  # type: ignore[method-assign]
    torch.manual_seed(0)
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(path), run_name="__main__")
        pipe.send((printed.getvalue(), [_groups(one) for one in made]))
    except BaseException:
        pipe.send(traceback.format_exc())
    os._exit(0)


def _without_decay(optimizer: Any, args: Any, named: Any) -> None:
    for group in optimizer.param_groups:
        if "weight_decay" in group:
            group["kept"], group["weight_decay"] = group["weight_decay"], 0.0


def _with_decay(optimizer: Any, args: Any, named: Any) -> None:
    for group in optimizer.param_groups:
        if "kept" in group:
            group["weight_decay"] = group.pop("kept")


def _groups(optimizer: Any) -> dict[str, tuple[str, list[float], bool]]:
    from wdlint.model.classify import classify

    held: dict[int, tuple[Any, list[float]]] = {}
    for group in optimizer.param_groups:
        for p in group["params"]:
            held.setdefault(id(p), (p, []))[1].append(group.get("weight_decay", 0.0))
    modules = [m for m in gc.get_objects() if isinstance(m, torch.nn.Module)]
    inner = {id(child) for module in modules for child in module.children()}
    found: dict[str, tuple[str, list[float], bool]] = {}
    for root in modules:
        if id(root) in inner or not any(id(p) in held for p in root.parameters()):
            continue
        for one in classify(root).parameters:
            tensor = one.held.tensor
            strengths = held.get(id(tensor), (tensor, []))[1]
            name = f"{type(root).__name__}.{one.parameter.name}"
            found[name] = (one.parameter.kind.value, strengths, tensor.requires_grad)
    return found


@pytest.mark.parametrize("path", scripts(), ids=lambda p: str(p.relative_to(FIXTURES)))
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
def test_a_fixed_script_decays_weights_alone_and_computes_the_same(path: Path, unsafe: bool, tmp_path: Path) -> None:
    folder = tmp_path / path.parent.name
    shutil.copytree(path.parent, folder)
    _judged(folder / path.name, unsafe)


BODIES = {
    "norms": "nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 2))",
    "attention": "Block()",
    "unseen": "make()",
}
SPELLINGS = {
    "comprehension": "torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=0.01, weight_decay=0.1)",
    "filter": "torch.optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), lr=0.01, weight_decay=0.1)",
    "list": "torch.optim.AdamW(params=list(net.parameters()), lr=0.01, weight_decay=wd)",
    "named": "torch.optim.AdamW([q for n, q in net.named_parameters() if q.requires_grad], lr=0.01)",
    "sum of lists": "torch.optim.AdamW(list(net[0].parameters()) + list(net[1].parameters()), weight_decay=0.1)",
    "chain": "torch.optim.AdamW(itertools.chain(net[0].parameters(), net[1].parameters()), weight_decay=0.1)",
    "children": "torch.optim.AdamW([{'params': m.parameters()} for m in net.children()], lr=0.01, weight_decay=0.1)",
    "rates": "torch.optim.AdamW([{'params': net[0].parameters(), 'lr': 0.1}, {'params': net[1].parameters()}])",
    "star": "torch.optim.AdamW([*net[0].parameters(), *net[1].parameters()], lr=0.01, **options)",
    "class": "(torch.optim.SGD if wd > 1 else torch.optim.AdamW)(net.parameters(), lr=0.01, weight_decay=wd)",
    "returned": "optimizer_for(net)",
}
SCRIPT = """\
import itertools

import torch
from torch import nn

wd = 0.1
options = {{"weight_decay": wd}}


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(4, 1) * 0.5)
        self.attend = nn.MultiheadAttention(4, 2, add_bias_kv=True, batch_first=True)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        h = self.mix(x) * self.scale[:, 0]
        h = h.unsqueeze(1)
        return self.out(self.attend(h, h, h)[0].squeeze(1))


def make():
    return getattr(nn, "Seq" + "uential")(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


def optimizer_for(model):
    params = model.parameters()
    return torch.optim.AdamW(params, lr=0.01, weight_decay=wd)


if __name__ == "__main__":
    torch.manual_seed(0)
    net = nn.Sequential({body}, nn.Identity())
    optimizer = {call}
    for _ in range(2):
        loss = net(torch.randn(8, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()))
"""


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_spelling_is_fixed_right(body: str, spelling: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(body=BODIES[body], call=SPELLINGS[spelling]))
    _judged(script, unsafe=False)


def _judged(script: Path, unsafe: bool) -> None:
    """Fix a script, run it before and after, and compare what it printed and what its groups were."""
    data, left = mended(script, unsafe)
    if data == script.read_bytes():
        pytest.skip("nothing is fixed here at this applicability")
    if unsafe and data == mended(script, False)[0]:
        pytest.skip("all its fixes are safe")
    printed_before, before = run(script, decays=unsafe)
    script.write_bytes(data)
    printed_after, after = run(script, decays=unsafe)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if not left:
            _compare(old, new)
    if not unsafe:
        assert printed_after == printed_before


def _compare(old: dict[str, tuple[str, list[float], bool]], new: dict[str, tuple[str, list[float], bool]]) -> None:
    strongest = max((max(decays) for _, decays, _ in old.values() if decays), default=0.0)
    for name, (kind, decays, trainable) in new.items():
        if not trainable or not (decays or old.get(name, ("", [], False))[1]):
            continue
        assert len(decays) == 1, f"{name} is in {len(decays)} groups"
        if kind in ("gain", "bias"):
            assert decays[0] == 0, f"{name}, a {kind}, decays by {decays[0]}"
        elif kind == "weight" and strongest:
            same = [d for d in old[name][1] if d] or [strongest]
            assert decays[0] in same, f"{name} decays by {decays[0]}, and before by {old[name][1]}"
