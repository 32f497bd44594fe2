"""Optimizers that libraries make of a class and options in their own arguments: what must and must not be said."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
import torch
from braindecode import EEGClassifier
from darts.models import NBEATSModel
from neuralforecast.models import NHITS
from pytorch_tabnet.tab_model import TabNetClassifier
from skorch import NeuralNetClassifier
from stable_baselines3 import PPO
import pytorch_forecasting as forecasting
from flair.trainers import ModelTrainer
from gluonts.torch import DeepAREstimator
from pykeen.pipeline import pipeline
from pytorch_forecasting import NBeats, TemporalFusionTransformer
from pytorch_tabular.config import OptimizerConfig
from tianshou.algorithm.optim import AdamOptimizerFactory
from ultralytics import YOLO
from somewhere import Net, corpus, data, kwargs, tagger

Adam, AdamW, SGD = torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD
trainer = ModelTrainer(tagger, corpus)
detector = YOLO("yolov8n.pt")
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
        "EEGClassifier(Net, cropped=True, optimizer=AdamW, optimizer__weight_decay=0.1)  # WD103",
        "EEGClassifier(Net, optimizer=AdamW, optimizer__weight_decay=0, batch_size=64)",
        "TabNetClassifier(optimizer_params=dict(lr=2e-2, weight_decay=1e-5))  # WD103, WD201",
        "TabNetClassifier(optimizer_fn=SGD, optimizer_params=dict(lr=2e-2))",
        "NBEATSModel(24, 12, optimizer_kwargs={'lr': 1e-3, 'weight_decay': 1e-3})  # WD103, WD201",
        "NBEATSModel(24, 12, optimizer_kwargs={'lr': 1e-3})",
        "NHITS(h=12, input_size=24, optimizer_kwargs={'weight_decay': 1e-3})",
        "NHITS(h=12, input_size=24, optimizer=Adam, optimizer_kwargs={'weight_decay': 1e-3})  # WD103, WD201",
        "TemporalFusionTransformer.from_dataset(data, learning_rate=0.03)  # weight_decay",
        "TemporalFusionTransformer.from_dataset(data, weight_decay=0.1)  # WD103, WD201",
        "forecasting.TemporalFusionTransformer(weight_decay=0.1, optimizer='AdamW')  # WD103",
        "NBeats.from_dataset(data)  # WD104, WD201",
        "NBeats.from_dataset(data, weight_decay=0.0)",
        "NBeats.from_dataset(data, **kwargs)",
        "pipeline(model='ConvE', optimizer='Adam', optimizer_kwargs=dict(weight_decay=1e-3))  # WD201",
        "pipeline(model='ConvE', optimizer='AdamW', optimizer_kwargs=dict(weight_decay=1e-3))",
        "OptimizerConfig(optimizer='AdamW', optimizer_params={'weight_decay': 0.1})  # WD103",
        "AdamOptimizerFactory(lr=1e-3, weight_decay=1e-4)  # WD201",
        "trainer.train('x', weight_decay=1e-4)  # WD103",
        "trainer.train('x', learning_rate=0.1)",
        "trainer.fine_tune('x', learning_rate=5e-5)  # WD104",
        "trainer.fine_tune('x', weight_decay=0.0)",
        "DeepAREstimator('H', 4, weight_decay=1e-3)  # WD103, WD201",
        "DeepAREstimator('H', 4)",
        "detector.train(data='x', optimizer='Adam')  # WD201",
        "detector.train(data='x', optimizer='AdamW', weight_decay=0.05)",
        "detector.train(data='x', weight_decay=0.05)",
        "tagger.fine_tune('x', learning_rate=5e-5, optimizer=AdamW)  # weight_decay",
    ],
)
def test_what_is_handed_on(text: str) -> None:
    files = {"train.py": f"{START}{text}\n"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


def test_a_default_is_said_to_be_whose_it_is() -> None:
    findings, _ = lint_files({"train.py": f"{START}NBeats.from_dataset(data)\n"}, {})
    messages = {finding.code: finding.message for finding in findings}
    assert "0.001, `NBeats.from_dataset`'s own default, to the gradient" in messages["WD201"]


NETS = """\
import torch
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn


class Plain(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.a = nn.Linear(4, width, bias=False)

    def forward(self, x):
        return self.a(x)


class Normed(nn.Module):
    def __init__(self, width=4, bias=False):
        super().__init__()
        self.a = nn.Linear(4, width, bias=bias)
        self.norm = nn.LayerNorm(width, bias=False)

    def forward(self, x):
        return self.norm(self.a(x))


AdamW = torch.optim.AdamW
"""


@pytest.mark.parametrize(
    "text",
    [
        "NeuralNetClassifier(Normed, optimizer=AdamW, optimizer__weight_decay=0.1)  # WD102",
        "NeuralNetClassifier(Normed, module__bias=True, optimizer=AdamW, optimizer__weight_decay=0.1)  # WD101, WD102",
        "NeuralNetRegressor(module=Normed(8), optimizer=AdamW)  # WD104",
        "NeuralNetClassifier(Plain, optimizer=AdamW, optimizer__weight_decay=0.1)",
        "NeuralNetClassifier(module=Plain, module__width=8, optimizer=AdamW, optimizer__weight_decay=0.1)",
        "def make(net):\n    return NeuralNetClassifier(net, optimizer=AdamW, optimizer__weight_decay=0.1)  # WD103",
    ],
)
def test_a_visible_model_is_looked_into(text: str) -> None:
    files = {"train.py": f"{NETS}{text}\n"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
