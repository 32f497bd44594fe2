"""Copies of a library in the project: what is known of the library counts, not what its source can be read to do."""

from __future__ import annotations

from wdlint.linting.examples import lint_files

COPY = """\
from torch import nn


class PeftModel(nn.Module):
    def __init__(self, model, peft_config):
        super().__init__()
        self.base_model = KINDS[peft_config.kind](model)


def get_peft_model(model, peft_config):
    return PeftModel(model, peft_config)
"""
SCRIPT = """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
model = get_peft_model(net, LoraConfig(r=4))
optimizer = torch.optim.AdamW({of}.parameters(), lr=1e-3, weight_decay=0.1)
"""


def codes(of: str, package: str = "peft", text: str = COPY) -> list[str]:
    files = {
        f"{package}/__init__.py": text,
        "train.py": SCRIPT.format(of=of).replace("peft import", f"{package} import"),
    }
    return sorted(finding.code for finding in lint_files(files, {})[0])


def test_adapters_of_a_copied_peft() -> None:
    assert codes("model") == []
    assert codes("model", "adapters") != []  # another name: read as it is written


def test_a_package_of_that_name_that_is_something_else() -> None:
    own = "def get_model(model, config):\n    return model\n\n\nLoraConfig = dict\n"
    script = SCRIPT.replace("get_peft_model", "get_model").format(of="model")
    findings, _ = lint_files({"peft/__init__.py": own, "train.py": script}, {})
    assert sorted(finding.code for finding in findings) == ["WD101", "WD102"]
