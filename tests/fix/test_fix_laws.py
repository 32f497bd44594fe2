"""Laws of fixes over generated training scripts: they parse, touch nothing else, and are done after one run."""

from __future__ import annotations

import ast
import difflib

from hypothesis import given, settings
from hypothesis import strategies as st

from wdlint.config import Configuration
from wdlint.facts import Fix
from wdlint.fix.apply import Outcome
from wdlint.fixing import mended_text

MODELS = [
    "net = nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4))",
    "net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.MultiheadAttention(4, 2, add_bias_kv=True))",
    "net = build()",
]
ARGUMENTS = [
    "net.parameters()",
    "list(net.parameters())",
    "[p for p in net.parameters() if p.requires_grad]",
    "filter(lambda q: q.requires_grad, net.parameters())",
    "[v for k, v in net.named_parameters() if v.requires_grad]",
    '[{"params": net.parameters(), "lr": 0.1}]',
    "params=net.parameters()",
    '[{"params": [p for n, p in net.named_parameters() if "bias" not in n], "weight_decay": 0.1}, '
    '{"params": [p for n, p in net.named_parameters() if "bias" in n], "weight_decay": 0.0}]',
]
CLASSES = ["torch.optim.AdamW", "torch.optim.Adam", "torch.optim.SGD", "torch.optim.NAdam", "torch.optim.RMSprop"]
NOISE = ["x = {'a' : 1,}", "y=1;z  = 2", "# a comment", "s = '''\n  text\n'''", "if True: t = [1,\n  2]", ""]


@st.composite
def scripts(draw: st.DrawFn) -> str:
    lines = ["import torch", "from torch import nn", "from somewhere import build"]
    lines += draw(st.lists(st.sampled_from(NOISE), max_size=2))
    lines.append(draw(st.sampled_from(MODELS)))
    for number in range(draw(st.integers(1, 2))):
        argument, cls = draw(st.sampled_from(ARGUMENTS)), draw(st.sampled_from(CLASSES))
        decay = draw(st.sampled_from([", weight_decay=0.1", ", weight_decay=0.1,", ""]))
        if draw(st.booleans()) and not argument.startswith("params="):
            lines.append(f"given_{number} = {argument}")
            argument = f"given_{number}"
        lines.append(f"optimizer_{number} = {cls}({argument}, lr=0.1{decay})")
        lines += draw(st.lists(st.sampled_from(NOISE), max_size=1))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(line.replace("\n", newline) for line in lines) + draw(st.sampled_from(["", newline]))


def mend(data: bytes) -> Outcome:
    def allowed(fix: Fix) -> bool:
        return bool(fix.edits) and fix.applicability.value != "shown"

    return mended_text("train.py", data, Configuration(isolated=True), True, allowed)


@settings(max_examples=25)
@given(scripts())
def test_fixes_parse_and_are_done_after_one_run(source: str) -> None:
    once = mend(source.encode())
    ast.parse(once.data)
    again = mend(once.data)
    assert again.data == once.data
    assert again.fixed == ()


@settings(max_examples=25)
@given(scripts())
def test_lines_without_a_finding_stay_as_they_are(source: str) -> None:
    old = source.encode().splitlines(keepends=True)
    new = mend(source.encode()).data.splitlines(keepends=True)
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag in ("replace", "delete"):
            assert all(b"optimizer_" in line or b"given_" in line for line in old[start:end])
