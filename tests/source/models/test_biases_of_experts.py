"""Biases with an entry for each expert or member of an ensemble: two dimensions, beside a weight of their name."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.judging.judge import judge
from wdlint.judging.rule import built_in
from wdlint.source.engine import Project, observe

TRAIN = """
net = Net(4, 8, 16)
matrices = [p for p in net.parameters() if p.ndim >= 2]
vectors = [p for p in net.parameters() if p.ndim < 2]
torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}])
"""


def decayed(model: str) -> list[str]:
    text = "import torch\nfrom torch import nn\n" + dedent(model) + TRAIN
    rules = [rule for rule in built_in() if rule.code == "WD301"]
    findings = judge(observe("train.py", text.encode(), Project()), rules)
    return [name for finding in findings for name in finding.parameters]


MODELS = {
    "numbers": (
        """
        class Net(nn.Module):
            def __init__(self, n, d, h):
                super().__init__()
                self.w1 = nn.Parameter(torch.empty(n, d, h))
                self.b1 = nn.Parameter(torch.zeros(n, h))

            def forward(self, x):
                return torch.einsum("ebd,edh->ebh", x, self.w1) + self.b1[:, None, :]
        """,
        ["b1"],
    ),
    "words before the letter": (
        """
        class Net(nn.Module):
            def __init__(self, n, d, h):
                super().__init__()
                self.up_w = nn.Parameter(torch.randn(n, d, h))
                self.up_b = nn.Parameter(torch.zeros(n, h))

            def forward(self, x):
                return torch.bmm(x, self.up_w) + self.up_b.unsqueeze(1)
        """,
        ["up_b"],
    ),
    "capitals": (
        """
        class Net(nn.Module):
            def __init__(self, n, d, h):
                super().__init__()
                self.W = nn.Parameter(torch.empty(n, d, h))
                self.B = nn.Parameter(torch.empty(n, 1, h))

            def forward(self, x):
                return torch.einsum("bnd,ndh->nbh", x, self.W) + self.B
        """,
        ["B"],
    ),
    "positions, which are none": (
        """
        class Net(nn.Module):
            def __init__(self, n, d, h):
                super().__init__()
                self.w = nn.Parameter(torch.randn(d, h))
                self.table = nn.Parameter(torch.zeros(n, d))

            def forward(self, x):
                return (x + self.table[: x.shape[1]]) @ self.w
        """,
        [],
    ),
}


@pytest.mark.parametrize(("model", "expected"), MODELS.values(), ids=MODELS)
def test_what_is_a_bias(model: str, expected: list[str]) -> None:
    assert decayed(model) == expected
