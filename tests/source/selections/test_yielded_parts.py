"""What a generator yields of several modules in turn is all taken, not one of it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import lint_files

HEAD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 4)
        self.decoder = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

"""
BODIES = {
    "delegated": """
        for module in [self.decoder, self.norm]:
            yield from module.parameters()
        """,
    "one by one": """
        for module in (self.decoder, self.norm):
            for p in module.parameters():
                if p.requires_grad:
                    yield p
        """,
    "by number": """
        modules = [self.decoder, self.norm]
        for i in range(len(modules)):
            for p in modules[i].parameters():
                yield p
        """,
    "modules of modules": """
        modules = [self.decoder, self.norm]
        for i in range(len(modules)):
            for m in modules[i].named_modules():
                if isinstance(m[1], (nn.Linear, nn.LayerNorm)):
                    for p in m[1].parameters():
                        yield p
        """,
    "with a name between": """
        for module in [self.decoder, self.norm]:
            inner = module
            for p in inner.parameters():
                yield p
        """,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_all_that_is_yielded_is_taken(body: str) -> None:
    method = "    def fast(self):\n" + "".join(f"        {line}\n" for line in dedent(body).strip().splitlines())
    end = "\n\nnet = Net()\noptimizer = torch.optim.AdamW(net.fast(), weight_decay=0.1)\n"
    findings, errors = lint_files({"example.py": HEAD + method + end}, {"select": ("WD1",)})
    assert errors == []
    found = {(finding.code, finding.parameters, finding.confidence) for finding in findings}
    assert {(code, parameters) for code, parameters, _ in found} == {
        ("WD101", ("decoder.bias", "norm.bias")),
        ("WD102", ("norm.weight",)),
    }
    assert {confidence.value for _, _, confidence in found} == {"proven"}


def test_what_a_branch_yields_is_one_of_several() -> None:
    method = """\
    def fast(self, which):
        module = self.decoder if which else self.norm
        for p in module.parameters():
            yield p


def optimizer(which):
    return torch.optim.AdamW(Net().fast(which), weight_decay=0.1)
"""
    findings, _ = lint_files({"example.py": HEAD + method}, {"select": ("WD1",)})
    assert {finding.confidence.value for finding in findings} == {"assumed"}
