"""Small files of configuration with a fault: hydra's for an optimizer, and DeepSpeed's."""

from __future__ import annotations

ADAM = "_target_: torch.optim.Adam\nlr: 1e-3\nweight_decay: 0.01\n"
SECTION = """\
{
  "zero_optimization": {"stage": 2},
  "optimizer": {
    "type": "AdamW",
    "params": {"weight_decay": 0.1}
  }
}
"""
