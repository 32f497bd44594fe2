"""Models of libraries that train themselves by a method: what their optimizer decays, and by whose default."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
import torch
from sentence_transformers import CrossEncoder, SentenceTransformer, losses
from somewhere import loader, other, pairs

distil = SentenceTransformer("distilbert-base-uncased")
bert = SentenceTransformer("bert-base-uncased")
cross = CrossEncoder("distilbert-base-uncased", num_labels=1)
"""


@pytest.mark.parametrize(
    "text",
    [
        "distil.fit(train_objectives=[(loader, losses.CosineSimilarityLoss(distil))], epochs=1)  # WD104",
        "distil.fit([(loader, pairs)], None, 1, weight_decay=0.1)  # WD102",
        "distil.fit([(loader, pairs)], None, 1, None, 'WarmupLinear', 10, torch.optim.AdamW, {}, 0.1)  # WD102",
        "options = {'epochs': 1, 'weight_decay': 0.1}\ndistil.fit([(loader, pairs)], **options)  # WD102",
        "distil.fit(train_objectives=[(loader, pairs)], weight_decay=0.0)",
        "bert.fit(train_objectives=[(loader, pairs)])",
        "bert.fit(train_objectives=[(loader, pairs)], weight_decay=0.1)",
        "bert.fit([(loader, pairs)], optimizer_class=torch.optim.Adam)  # WD201",
        "cross.fit(loader, epochs=1)  # WD104",
        "cross.fit(train_dataloader=loader, weight_decay=0.05)  # WD102",
        "cross.fit(loader, weight_decay=0)",
        "other.fit(loader, weight_decay=0.1)",
        "SentenceTransformer(loader.name).fit([(loader, pairs)])",
        "class Runner:\n    def __init__(self):\n        self.model = SentenceTransformer('distilbert-base-uncased')\n"
        "    def run(self):\n        self.model.fit([(loader, pairs)])  # WD104",
        "def train(model):\n    model.fit([(loader, pairs)], weight_decay=0.1)",
        "def train(name='distilbert-base-uncased'):\n    model = SentenceTransformer(name)\n"
        "    model.fit([(loader, pairs)], weight_decay=0.1)  # WD102",
    ],
)
def test_what_a_models_own_training_decays(text: str) -> None:
    files = {"train.py": f"{START}{text}\n"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


def test_the_default_is_the_methods_own() -> None:
    findings, _ = lint_files({"train.py": f"{START}distil.fit([(loader, pairs)])\n"}, {})
    (finding,) = findings
    assert "`SentenceTransformer.fit`'s own default" in finding.message
    assert "sa_layer_norm" in finding.message


@pytest.mark.parametrize("path", ["bco BCOTrainer", "gkd GKDTrainer", "online_dpo OnlineDPOTrainer"])
def test_trials_of_trl_are_read_like_its_trainers(path: str) -> None:
    module, name = path.split()
    text = (
        f"from trl.experimental.{module} import {name}\n"
        "from trl import SFTConfig\nfrom transformers import AutoModel\n"
        "model = AutoModel.from_pretrained('facebook/convnext-tiny-224')\n"
        f"{name}(model=model, args=SFTConfig('out', weight_decay=0.1))  # WD102\n"
    )
    files = {"train.py": text}
    assert differences(lint_files(files, {})[0], marks_of(files)) == []
