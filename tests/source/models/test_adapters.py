"""Adapters: a base that peft and its relatives freeze is not decayed, and what they open beside it is."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

REACH = ("WD101", "WD102", "WD103", "WD104", "WD301")

SILENT = {
    "a collection of attention processors": """\
import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders import AttnProcsLayers
from diffusers.models.attention_processor import LoRAAttnProcessor

unet = UNet2DConditionModel.from_pretrained("some/model", subfolder="unet")
unet.requires_grad_(False)
unet.set_attn_processor({name: LoRAAttnProcessor(320) for name in unet.attn_processors})
layers = AttnProcsLayers(unet.attn_processors)
optimizer = torch.optim.AdamW(layers.parameters(), lr=1e-4, weight_decay=1e-2)
""",
    "attention processors by the module's full name, in a list": """\
import diffusers
import torch
from somewhere import unet

layers = diffusers.loaders.AttnProcsLayers(unet.attn_processors)
layers.to("cuda")
optimizer = torch.optim.AdamW(list(layers.parameters()), lr=1e-4)
""",
    "a module that holds one": """\
import torch
import lightning as L
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Tuned(L.LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, index):
        return self.model(**batch).loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-4)


model = get_peft_model(AutoModelForCausalLM.from_pretrained("some/model"), LoraConfig(r=8))
L.Trainer().fit(Tuned(model))
""",
    "a module that makes one": """\
import torch
import lightning as L
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Tuned(L.LightningModule):
    def __init__(self, name):
        super().__init__()
        base = AutoModelForCausalLM.from_pretrained(name)
        self.model = get_peft_model(base, LoraConfig(r=8))

    def training_step(self, batch, index):
        return self.model(**batch).loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-4)
""",
    "a module that puts adapters on its own": """\
import torch
import lightning as L
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Tuned(L.LightningModule):
    def __init__(self, name):
        super().__init__()
        self.model = AutoModelForCausalLM.from_pretrained(name)
        self.model = get_peft_model(self.model, LoraConfig(r=8))

    def training_step(self, batch, index):
        return self.model(**batch).loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-4)
""",
    "a module that puts adapters on its own, made": """\
import torch
import lightning as L
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Tuned(L.LightningModule):
    def __init__(self, name):
        super().__init__()
        self.model = AutoModelForCausalLM.from_pretrained(name)
        self.model = get_peft_model(self.model, LoraConfig(r=8))

    def training_step(self, batch, index):
        return self.model(**batch).loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-4)


L.Trainer().fit(Tuned("some/model"))
""",
    "get_peft_model": """\
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained("some/model")
model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"]))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
""",
    "a known model": """\
from peft import LoraConfig, TaskType, get_peft_model
from torch.optim import AdamW
from transformers import BertModel


def main(args):
    config = LoraConfig(task_type=TaskType.FEATURE_EXTRACTION, r=args.rank, bias="none")
    model = get_peft_model(BertModel.from_pretrained("bert-base-uncased"), config)
    return AdamW((p for p in model.parameters() if p.requires_grad), lr=args.lr, weight_decay=0.01)
""",
    "add_adapter": """\
import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig

unet = UNet2DConditionModel.from_pretrained("some/model", subfolder="unet")
unet.add_adapter(LoraConfig(r=4, init_lora_weights="gaussian", target_modules=["to_k", "to_q"]))
layers = filter(lambda p: p.requires_grad, unet.parameters())
optimizer = torch.optim.AdamW(layers, lr=1e-4, weight_decay=1e-2)
""",
    "inject_adapter_in_model": """\
import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2))
model = inject_adapter_in_model(LoraConfig(target_modules=["0", "2"]), model)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2)
""",
    "loralib": """\
import loralib as lora
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.linear = lora.Linear(8, 8, r=4)

    def forward(self, x):
        return self.linear(self.norm(x))


model = Net()
lora.mark_only_lora_as_trainable(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
""",
    "in a factory": """\
import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForSeq2SeqLM


def load(name, rank):
    base = AutoModelForSeq2SeqLM.from_pretrained(name, load_in_8bit=True)
    base = prepare_model_for_kbit_training(base)
    return get_peft_model(base, LoraConfig(r=rank))


def main(name):
    model = load(name, 8)
    no_decay = ["bias", "LayerNorm.weight"]
    groups = [
        {"params": [p for n, p in model.named_parameters() if not any(d in n for d in no_decay)], "weight_decay": 0.1},
        {"params": [p for n, p in model.named_parameters() if any(d in n for d in no_decay)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=1e-4)
""",
    "a saved adapter": """\
import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

base = LlamaForCausalLM.from_pretrained("some/model")
model = PeftModel.from_pretrained(base, "some/adapter", is_trainable=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.1)
""",
    "in a module of Lightning": """\
import lightning as L
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel


class Tuned(L.LightningModule):
    def __init__(self, name: str):
        super().__init__()
        self.model = get_peft_model(AutoModel.from_pretrained(name), LoraConfig(r=8))

    def training_step(self, batch, index):
        return self.model(**batch).loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.model.parameters(), lr=1e-4)
""",
    "frozen, then the names of adapters": """\
import torch
from transformers import AutoModel


def tune(name):
    model = AutoModel.from_pretrained(name)
    for key, p in model.named_parameters():
        p.requires_grad_("lora_" in key)
    return torch.optim.AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-4, weight_decay=0.01)
""",
}

FLAGGED = {
    "a head beside a model with adapters": """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import AutoModel


class Tuned(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.backbone = get_peft_model(AutoModel.from_pretrained(name), LoraConfig(r=8))
        self.head = nn.Linear(768, 2)

    def forward(self, x):
        return self.head(self.backbone(x))


optimizer = torch.optim.AdamW(Tuned("x").parameters(), lr=1e-4, weight_decay=0.1)  # WD101
""",
    "all biases are trained": """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2))
model = get_peft_model(model, LoraConfig(target_modules=["0"], bias="all"))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2)  # WD101
""",
    "a head is trained as a whole": """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.classifier = nn.Linear(4, 2)

    def forward(self, x):
        return self.classifier(self.body(x))


model = get_peft_model(Net(), LoraConfig(target_modules=["body"], modules_to_save=["classifier"]))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2)  # WD101
""",
    "magnitudes of DoRA": """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

config = LoraConfig(target_modules=["0"], use_dora=True)
model = get_peft_model(nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8)), config)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2)  # WD102
""",
    "a head is opened again": """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

model = get_peft_model(nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8)), LoraConfig(target_modules=["0"]))
for name, p in model.named_parameters():
    if "1." in name:
        p.requires_grad = True
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2)  # WD101, WD102
""",
    "biases by loralib": """\
import torch
from loralib import mark_only_lora_as_trainable
from torch import nn

model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8))
mark_only_lora_as_trainable(model, bias="all")
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2)  # WD101
""",
    "an adapter whose base is trained again": """\
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

model = get_peft_model(nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8)), LoraConfig(target_modules=["0"]))
model.requires_grad_(True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-2)  # WD101, WD102
""",
}


def _told(example: str) -> list[str]:
    files = {"example.py": example}
    findings, errors = lint_files(files, {"select": REACH})
    assert errors == []
    return differences(findings, marks_of(files))


@pytest.mark.parametrize("example", SILENT.values(), ids=SILENT)
def test_a_frozen_base_is_not_reported(example: str) -> None:
    assert _told(example) == []


@pytest.mark.parametrize("example", FLAGGED.values(), ids=FLAGGED)
def test_what_is_trained_beside_the_adapters_is_reported(example: str) -> None:
    assert _told(example) == []
