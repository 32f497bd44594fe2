"""What the look at the bytes lets through, and what it drops without a parse."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wdlint.source.read.screen import may_matter

PASS = {
    "an optimizer by its path": "torch.optim.AdamW(p, weight_decay=0.1)",
    "an optimizer by its name": "from bitsandbytes.optim import X\nopt = AdamW(p)",
    "an optimizer by a name in a string": "o = getattr(torch.optim, 'SGD')(p)",
    "a factory": "o = create_optimizer(args, model)",
    "an unknown class": "optimizer = build(model.parameters())",
    "a class of one's own": "class Mine(torch.optim.Optimizer):\n    pass",
    "two things of a factory": "import torch\nopt, sched = build(net, 0.1)",
    "an annotated optimizer": "optimizer: Optimizer = build(net, 0.1)\nloss.backward()\noptimizer.step()",
    "a training loop": "o = build(net, 0.1)\nloss.backward()\no.step()\no.zero_grad()",
    "old Python": "print 'epoch'",
    "a conflict": "x = 1\n<<<<<<< HEAD\ny = 2\n",
    "an L2 penalty": "loss = loss + sum(p.norm(2) ** 2 for p in net.parameters())\nloss.backward()",
    "decay in the gradient": "for p in net.parameters():\n    p.grad.add_(p, alpha=wd)",
    "a string that holds what begins a comment": "name = '#'; o = torch.optim.SGD(p)",
    "a quote in a comment": "# don't\no = torch.optim.SGD(p)  # isn't it",
    "an unterminated string": 'text = """\no = torch.optim.SGD(p)',
}
DROPPED = {
    "a comment": "# torch.optim.AdamW(p)\nx = 1",
    "a docstring": '"""Use torch.optim.AdamW(model.parameters()).\n\n>>> loss.backward()\n"""\nx = 1',
    "an annotation": "def f(o: torch.optim.Optimizer, s: torch.optim.lr_scheduler.StepLR): ...",
    "another module": "from onnx import optimize_for_ort",
    "a definition": "def get_optimizer(self):\n    return self.o",
    "a model": "class M(nn.Module):\n    def reset_parameters(self):\n        x = self.w.norm()",
    "a device": "d = next(self.parameters()).device; loss.backward(); x = y ** 2",
    "a count": "n = sum(p.numel() for p in model.parameters()) ** 2; loss.backward()",
}


@pytest.mark.parametrize("text", PASS.values(), ids=PASS)
def test_what_may_matter_passes(text: str) -> None:
    assert may_matter(text.encode())


@pytest.mark.parametrize("text", DROPPED.values(), ids=DROPPED)
def test_what_can_not_matter_is_dropped(text: str) -> None:
    assert not may_matter(text.encode())


def test_in_a_notebook_every_string_is_code() -> None:
    cell = {"cell_type": "code", "source": "opt = torch.optim.SGD(net.parameters(), 0.1)"}
    assert may_matter(json.dumps({"cells": [cell]}).encode())


@given(st.binary(), st.sampled_from([b'"""', b"'", b"#", b"\\", b"\n"]), st.binary())
def test_any_bytes_are_screened(before: bytes, mark: bytes, after: bytes) -> None:
    assert isinstance(may_matter(before + mark + b"torch.optim" + mark + after), bool)


def test_a_file_that_is_dropped_loads_no_parser() -> None:
    script = (
        "import sys; from wdlint.commands.cli import wdlint; sys.argv = ['wdlint', '--version']\n"
        "from wdlint.commands.check import check\n"
        "from wdlint.linting.work import Plan, check_files\n"
        "from wdlint.settings.config import Configuration\n"
        "check_files([__import__('os').devnull], Plan(Configuration()))\n"
        "print(sorted({'libcst', 'torch', 'concurrent', 'multiprocessing'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_pictures_of_a_notebook_are_left_out_and_nothing_else() -> None:
    def notebook(source: str, *outputs: dict[str, object]) -> bytes:
        cell = {"cell_type": "code", "source": [source], "outputs": [{"data": data} for data in outputs]}
        return json.dumps({"cells": [cell, cell], "nbformat": 4}, indent=1).encode()

    picture = {"image/png": "iVBOR" * 20_000 + "SGD(", "text/plain": ["<Figure>"]}
    drawing = {"image/svg+xml": ['<svg "SGD("/>' * 9_000]}
    assert not may_matter(notebook("x = 1", picture))
    assert not may_matter(notebook("mime = {'a': \"image/png\"}", picture))
    for source in ("torch.optim.SGD(p)", 'd = {"image/png": "x"}; torch.optim.SGD(p)', 'a = "image/"; o = SGD("x")'):
        assert may_matter(notebook(source, picture))
        assert may_matter(notebook(source, drawing, picture))
    cut_off = notebook("torch.optim.SGD(p)", picture)[:-60_000]
    assert may_matter(cut_off)


def test_a_comment_ends_with_its_line_whatever_ends_the_line() -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        data = end.join((b"# a comment", b"import torch", b"optimizer = torch.optim.AdamW(parameters)", b""))
        assert may_matter(data), end


def test_what_no_python_can_be_in_sixteen_bits_is_for_the_parser_to_refuse() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        assert may_matter(("\ufeff" + "import torch\n").encode(encoding))
