"""Methods of transformers' models that freeze: the names of what they freeze, and models that can't be seen."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

TRAINED = "\nopt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.1)\n"

# what is called, and parts of names of biases and gains that must not, and must, be reported
PROGRAMS = {
    "the convolutions of a speech model": (
        "from transformers import Wav2Vec2ForCTC\nmodel = Wav2Vec2ForCTC.from_pretrained('facebook/wav2vec2-base')\n"
        "model.freeze_feature_encoder()\n",
        ["feature_extractor"],
        ["encoder.layers", "lm_head.bias"],
    ),
    "under their former name": (
        "from transformers import HubertForCTC\nmodel = HubertForCTC.from_pretrained('facebook/hubert-base-ls960')\n"
        "model.freeze_feature_extractor()\n",
        ["feature_extractor"],
        ["lm_head.bias"],
    ),
    "all but the head": (
        "from transformers import Wav2Vec2ForSequenceClassification as Model\nmodel = Model.from_pretrained('x')\n"
        "model.freeze_base_model()\n",
        ["wav2vec2"],
        ["projector.bias", "classifier.bias"],
    ),
    "an encoder, in a helper": (
        "from transformers import WhisperForConditionalGeneration as Model\nmodel = Model.from_pretrained('x')\n"
        "def prepare(m):\n    m.freeze_encoder()\nprepare(model)\n",
        ["model.encoder"],
        ["model.decoder"],
    ),
    "under an option that is off": (
        "import argparse\nfrom transformers import Wav2Vec2ForCTC\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--freeze', action='store_true')\nargs = parser.parse_args()\n"
        "model = Wav2Vec2ForCTC.from_pretrained('x')\nif args.freeze:\n    model.freeze_feature_encoder()\n",
        [],
        ["lm_head.bias"],
    ),
    "a method of the project's own": (
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.encoder = nn.Linear(2, 2)\n        self.feature_extractor = nn.Linear(2, 2)\n"
        "    def freeze_feature_encoder(self):\n        self.encoder.requires_grad_(False)\n"
        "model = Net()\nmodel.freeze_feature_encoder()\n",
        ["encoder.bias"],
        ["feature_extractor.bias"],
    ),
}


@pytest.mark.parametrize(("code", "frozen", "decayed"), PROGRAMS.values(), ids=PROGRAMS)
def test_only_what_a_method_leaves_is_said_to_decay(code: str, frozen: list[str], decayed: list[str]) -> None:
    names = [name for one in check_source("import torch\n" + code + TRAINED) for name in one.parameters]
    for part in frozen:
        assert not any(name.startswith(part) or f".{part}" in name for name in names), part
    for part in decayed:
        assert any(part in name for name in names), part
