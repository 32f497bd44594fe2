"""What WD103 and WD104 say of an optimizer whose groups are parts of a model that can't be seen."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

PROGRAM = """\
import torch


def make(model):
    return torch.optim.{call}
"""
ENCODER = '{"params": model.encoder.parameters()}'


@pytest.mark.parametrize(
    ("call", "held"),
    [
        (f'Adam([{ENCODER}, {{"params": model.net.parameters(), "weight_decay": 0.1}}])', "`model.net`"),
        (f'SGD([{ENCODER}, {{"params": model.net.parameters(), "weight_decay": 0.1}}], lr=1)', "`model.net`"),
        (
            f'AdamW([{ENCODER}, {{"params": model.net.parameters()}}, {{"params": model.head.parameters()}}], lr=0.1,'
            " weight_decay=0.1)",
            "`model.encoder`, `model.net` and `model.head`",
        ),
        ('AdamW([{"params": model.net.parameters(), "weight_decay": 0.0}, {"params": model.head.parameters()}])',
         "`model.head`"),
        ("AdamW(model.parameters(), weight_decay=0.1)", "`model`"),
    ],
)  # fmt: skip
def test_only_what_decays_is_named(call: str, held: str) -> None:
    found = check_source(PROGRAM.format(call=call))
    assert [f"every parameter of {held}" in f.message for f in found if f.code in ("WD103", "WD104")] == [True]
