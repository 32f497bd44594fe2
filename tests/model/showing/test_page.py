"""The page of a model: what stands at its head, what an audit marks, and what unfolds."""

from __future__ import annotations

import json
import re

import torch
from torch import nn

import wdlint
from wdlint.model.kinds.classify import classify
from wdlint.model.showing.describe import of_model
from wdlint.model.showing.page import page
from wdlint.report import address


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.token = nn.Parameter(torch.zeros(1, 4))
        self.still = nn.Parameter(torch.ones(4), requires_grad=False)
        self.spare = nn.Linear(4, 4)

    def forward(self, x):
        return self.mix(x) + self.token + self.still

    def no_weight_decay(self) -> set[str]:
        return {"token"}


def made(audited: bool = True) -> str:
    net = Net()
    seen = classify(net, example_inputs=(torch.zeros(2, 4),))
    described = of_model(seen, "Net", "here")
    if not audited:
        return page(described)
    report = wdlint.audit(net, torch.optim.AdamW(net.parameters(), weight_decay=0.1))
    return page(described, report.table, report.findings)


def rows(text: str) -> dict[str, dict[str, object]]:
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text)
    assert data is not None
    return {row["name"]: row for row in json.loads(data[1])["rows"]}


def test_what_findings_name_is_marked_whatever_its_kind() -> None:
    found = {name: row["found"] for name, row in rows(made()).items()}
    assert found["token"] == ["WD106"]
    assert found["mix.bias"] == ["WD101"]
    assert found["mix.weight"] == []
    assert not any(row["found"] for row in rows(made(audited=False)).values())


def test_frozen_and_unused_parameters_say_so() -> None:
    remarks = {name: row["remark"] for name, row in rows(made()).items()}
    assert remarks["still"] == "frozen"
    assert remarks["spare.weight"] == "not used in the forward pass"
    assert remarks["mix.weight"] == ""


def test_notes_stand_at_the_head_and_findings_have_a_line() -> None:
    text = made()
    assert text.index("forward pass on meta: complete") < text.index('id="cards"')
    assert re.search(r"WD106</b>.*test_page\.py:\d+", text)


def test_the_names_of_the_comparison_unfold() -> None:
    assert "<details><summary>2</summary><small>mix.bias, spare.bias</small></details>" in made()


def test_findings_link_to_their_rules_where_pages_have_an_address(monkeypatch) -> None:
    assert "<a href" not in made()
    monkeypatch.setattr(address, "pages", lambda: "https://example.org/rules")
    assert "<a href='https://example.org/rules/decayed-bias.md'><b>WD101</b></a>" in made()
