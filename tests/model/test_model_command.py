"""`wdlint model`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wdlint.commands.model import model

SOURCE = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.scale = nn.Parameter(torch.ones(8, 1))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 8)
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.table.weight

    def forward(self, ids):
        x = self.table(ids)
        for block in self.blocks:
            x = block.norm(block.mix(x)) * block.scale.T
        return self.head(x)

def all_together(net):
    return torch.optim.AdamW(net.parameters(), weight_decay=0.1)

def right(net):
    from wdlint import decay_groups
    return torch.optim.AdamW(decay_groups(net, 0.1))

def wrong(net):
    return 5
"""


@pytest.fixture
def net(tmp_path: Path) -> str:
    (tmp_path / "shown_net.py").write_text(SOURCE)
    return str(tmp_path / "shown_net.py")


def call(*words: str) -> Result:
    return CliRunner().invoke(model, list(words))


def test_the_summary_and_the_tree(net: str) -> None:
    out = call(f"{net}:Net").output
    assert re.search(r"gains +6 ", out)
    assert "tied: table.weight = head.weight" in out
    assert "0…2 (3 times)" in out
    assert "scale  8x1  gain" in out


def test_a_table_with_every_testimony(net: str) -> None:
    out = call(f"{net}:Net", "--format", "table", "-v").output
    assert re.search(r"blocks\.0\.scale +8x1 +gain +multiplies data elementwise", out)
    assert "weight by trace: contracted with data by aten" in out


DISAGREEING = """
from torch import nn
from torch.nn import functional as F


class Table(nn.Linear):
    def forward(self, x):
        return F.embedding(x, self.weight)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ids = nn.Embedding(10, 4)
        self.table = Table(4, 10, bias=False)

    def forward(self, ids):
        return self.ids(ids) + self.table(ids)
"""


def test_witnesses_that_disagree_are_shown_in_every_view(tmp_path: Path) -> None:
    path = tmp_path / "disagreeing.py"
    path.write_text(DISAGREEING)
    target = f"{path}:Net"
    for form in ("tree", "table"):
        out = call(target, "--format", form, "-v").output
        assert re.search(r"embedding  looked up as a table by aten.*\n(?:.* by .*\n)+ +witnesses disagree\n", out)
        assert "weight by layer: `weight` of torch.nn.Linear, base class of Table" in out
    by_name = {p["name"]: p for p in json.loads(call(target, "--format", "json").output)["parameters"]}
    assert (by_name["ids.weight"]["dissent"], by_name["table.weight"]["dissent"]) == (False, True)
    assert {(h["witness"], h["kind"]) for h in by_name["table.weight"]["heard"]} >= {
        ("layer", "weight"),
        ("trace", "embedding"),
    }
    assert call(target, "--html", str(tmp_path / "page.html")).exit_code == 0
    assert '"dissent":true' in (tmp_path / "page.html").read_text()


def test_json_and_csv_hold_the_same(net: str) -> None:
    content = json.loads(call(f"{net}:Net", "--format", "json").output)
    rows = list(csv.DictReader(io.StringIO(call(f"{net}:Net", "--format", "csv").output)))
    assert [p["name"] for p in content["parameters"]] == [r["name"] for r in rows]
    assert [p["kind"] for p in content["parameters"]] == [r["kind"] for r in rows]
    assert content["kinds"]["gain"]["tensors"] == 6


def test_the_rules_in_use_are_compared(net: str) -> None:
    out = call(f"{net}:Net", "--compare").output
    assert re.search(r"nanoGPT, dim >= 2 +3 +0 +0", out)
    assert re.search(r"decay everything +12 ", out)


def test_an_audit_ends_as_the_linter_does(net: str) -> None:
    bad = call(f"{net}:Net", "--optimizer", f"{net}:all_together")
    assert (bad.exit_code, "WD101" in bad.output, "WD102" in bad.output) == (1, True, True)
    good = call(f"{net}:Net", "--optimizer", f"{net}:right")
    assert (good.exit_code, "No faults found." in good.output) == (0, True)
    odd = call(f"{net}:Net", "--optimizer", f"{net}:wrong")
    assert (odd.exit_code, "returned int, and no optimizer" in odd.output) == (2, True)


def test_the_page_stands_alone(net: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert call(f"{net}:Net", "--html", str(path), "--optimizer", f"{net}:all_together").exit_code == 1
    text = path.read_text()
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text)
    assert data is not None
    rows = json.loads(data[1])["rows"]
    assert {r["name"]: (r["kind"], r["decay"]) for r in rows}["blocks.0.norm.weight"] == ("gain", 0.1)
    assert not re.search(r"""(src|href)\s*=|https?://|@import|url\(""", text)
    assert "<code>blocks.0.scale</code>" in text
    assert not re.search(r"@(title|source|notes|findings|compare|data)@", text)


def test_nothing_in_a_name_can_leave_the_page(tmp_path: Path) -> None:
    from wdlint.model.loading.checkpoint import Entry
    from wdlint.model.showing.describe import of_checkpoint
    from wdlint.model.showing.page import page

    name = "</script><script>alert(1)</script>.weight"
    text = page(of_checkpoint("<b>@data@", [Entry(name, (2, 2))], "x"))
    assert "<script>alert" not in text
    assert "<title>&lt;b&gt;@data@</title>" in text


def test_trouble_is_told_without_a_traceback(net: str) -> None:
    ended = call(f"{net}:Nett")
    assert ended.exit_code == 2
    assert "did you mean `Net`?" in ended.output
    assert "Traceback" not in ended.output
