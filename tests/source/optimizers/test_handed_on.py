"""Optimizers that libraries make of a class and options in their own arguments: what must and must not be said."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
import torch
from darts.models import NBEATSModel
from neuralforecast.models import NHITS
from pytorch_tabnet.tab_model import TabNetClassifier
from skorch import NeuralNetClassifier
from stable_baselines3 import PPO
from somewhere import Net, kwargs

Adam, AdamW, SGD = torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD
"""


@pytest.mark.parametrize(
    "text",
    [
        'PPO("MlpPolicy", "CartPole-v1", policy_kwargs=dict(optimizer_kwargs=dict(weight_decay=1e-4)))  # WD201',
        'PPO("MlpPolicy", "x", policy_kwargs=dict(optimizer_class=AdamW, optimizer_kwargs=dict(weight_decay=1e-4)))',
        'PPO("MlpPolicy", "x", policy_kwargs=dict(optimizer_kwargs=kwargs))  # weight_decay',
        'PPO("MlpPolicy", "x", policy_kwargs=dict(optimizer_kwargs=dict(eps=1e-5)))  # weight_decay',
        "NeuralNetClassifier(Net, optimizer=Adam, optimizer__weight_decay=1e-4)  # WD103, WD201",
        "NeuralNetClassifier(Net, optimizer=AdamW, optimizer__lr=1e-4)  # WD104",
        "NeuralNetClassifier(Net, optimizer=AdamW, optimizer__weight_decay=0.1, optimizer__param_groups=[])",
        "NeuralNetClassifier(Net, optimizer=AdamW, optimizer__weight_decay=0.0)",
        "NeuralNetClassifier(Net, optimizer=AdamW, **kwargs)",
        "TabNetClassifier(optimizer_params=dict(lr=2e-2, weight_decay=1e-5))  # WD103, WD201",
        "TabNetClassifier(optimizer_fn=SGD, optimizer_params=dict(lr=2e-2))",
        "NBEATSModel(24, 12, optimizer_kwargs={'lr': 1e-3, 'weight_decay': 1e-3})  # WD103, WD201",
        "NBEATSModel(24, 12, optimizer_kwargs={'lr': 1e-3})",
        "NHITS(h=12, input_size=24, optimizer_kwargs={'weight_decay': 1e-3})",
        "NHITS(h=12, input_size=24, optimizer=Adam, optimizer_kwargs={'weight_decay': 1e-3})  # WD103, WD201",
    ],
)
def test_what_is_handed_on(text: str) -> None:
    files = {"train.py": f"{START}{text}\n"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
