"""Training loops of libraries: what they decay of the models that they are given, in each way to say it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.api import check_source
from wdlint.facts import Coupling, OptimizerUse, Ternary
from wdlint.report.site import described
from wdlint.source.engine import Project, observe

NETWORK = """\
import torch
import transformers
from dataclasses import dataclass, field
from torch import nn
from transformers import AutoModelForSequenceClassification, HfArgumentParser, Trainer, TrainingArguments


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)
        self.norm = nn.LayerNorm(8)
        self.last_norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 2)


model = Network()
"""
DECAYED = {"stem.weight", "bn.weight", "head.weight"}
ARGUMENTS = 'args = TrainingArguments("out", weight_decay=0.05)\n'


def uses(text: str) -> list[OptimizerUse]:
    return list(observe("train.py", (NETWORK + dedent(text)).encode(), Project([])).uses)


def decayed(use: OptimizerUse) -> set[str]:
    assert use.inventory is not None
    (group,) = (group for group in use.groups if group.amount.decays)
    pairs = zip(use.inventory.parameters, group.members, strict=True)
    return {parameter.name for parameter, answer in pairs if answer is Ternary.YES}


@pytest.mark.parametrize(
    "text",
    [
        ARGUMENTS + "Trainer(model=model, args=args)",
        ARGUMENTS + "Trainer(model, args)",
        ARGUMENTS + "transformers.Trainer(model=model, args=args, optimizers=(None, None))",
        ARGUMENTS + "given = dict(model=model, args=args)\nTrainer(**given)",
        'args = TrainingArguments("out")\nargs.weight_decay = 0.05\nTrainer(model=model, args=args)',
        'options = {"weight_decay": 0.05}\nTrainer(model=model, args=TrainingArguments("out", **options))',
        "from trl import PPOConfig, PPOTrainer\n"
        'PPOTrainer(PPOConfig("out", weight_decay=0.05), None, model, None, None, None, None)',
        "from trl.experimental.ppo import PPOConfig, PPOTrainer\n"
        'PPOTrainer(args=PPOConfig("out", weight_decay=0.05), processing_class=None, model=model, ref_model=None)',
        "from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments\n"
        'Seq2SeqTrainer(model=model, args=Seq2SeqTrainingArguments("out", weight_decay=0.05))',
        """
        @dataclass
        class Arguments(TrainingArguments):
            weight_decay: float = field(default=0.05)


        (args,) = HfArgumentParser(Arguments).parse_args_into_dataclasses()
        Trainer(model=model, args=args)
        """,
        """
        @dataclass
        class Arguments(transformers.TrainingArguments):
            length: int = 512


        Trainer(model=model, args=Arguments("out", weight_decay=0.05))
        """,
        """
        class Weighted(Trainer):
            def compute_loss(self, model, inputs):
                return model(**inputs).sum()


        Weighted(model=model, args=TrainingArguments("out", weight_decay=0.05))
        """,
        """
        class Weighted(Trainer):
            def __init__(self, *args, classes=2, **kwargs):
                super().__init__(*args, **kwargs)
                self.classes = classes


        Weighted(model=model, args=TrainingArguments("out", weight_decay=0.05), classes=3)
        """,
        """
        class Weighted(Trainer):
            def __init__(self, network, settings):
                super().__init__(model=network, args=settings)


        Weighted(model, TrainingArguments("out", weight_decay=0.05))
        """,
        "from trl import SFTConfig, SFTTrainer\n"
        'SFTTrainer(model=model, args=SFTConfig("out", weight_decay=0.05), peft_config=None)',
        """
        def fresh(trial=None):
            return Network()


        Trainer(model_init=fresh, args=TrainingArguments("out", weight_decay=0.05))
        """,
        'Trainer(args=TrainingArguments("out", weight_decay=0.05), model_init=lambda: Network())',
    ],
)
def test_the_decay_of_a_training_loop_is_found_in_every_spelling(text: str) -> None:
    (use,) = uses(text)
    assert decayed(use) == DECAYED
    assert [group.amount.value for group in use.groups] == [0.05, 0.0]
    assert use.couplings == {Coupling.DECOUPLED}
    assert use.loop is not None


@pytest.mark.parametrize(
    "text",
    [
        ARGUMENTS + "Trainer(model=model, args=args, optimizers=(optimizer, None))",
        ARGUMENTS + "Trainer(model=model, args=args, optimizer_cls_and_kwargs=(torch.optim.Adam, {}))",
        ARGUMENTS + "trainer = Trainer(model=model, args=args)\ntrainer.optimizer = make()",
        ARGUMENTS + "Trainer.create_optimizer = made\nTrainer(model=model, args=args)",
        ARGUMENTS
        + """
class Own(Trainer):
    def create_optimizer(self):
        return made(self.model)


Own(model=model, args=args)
""",
        ARGUMENTS
        + """
class Own(Trainer):
    def get_decay_parameter_names(self, model):
        return [n for n, p in model.named_parameters() if p.ndim > 1]


Own(model=model, args=args)
""",
        ARGUMENTS
        + """
class Own(Trainer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.optimizer = made(self.model)


Own(model=model, args=args)
""",
        "from trl import SFTConfig, SFTTrainer\n"
        'SFTTrainer(model="gpt2", args=SFTConfig("out", weight_decay=0.05))\n'
        'SFTTrainer(model=model, args=SFTConfig("out", weight_decay=0.05), peft_config=adapters)',
        "from lightning import Trainer as Other\nOther(model=model, weight_decay=0.05)",
    ],
)
def test_a_loop_that_is_told_otherwise_is_left_alone(text: str) -> None:
    assert uses(text) == []


@pytest.mark.parametrize(
    ("name", "coupling"),
    [
        ('"adamw_torch_fused"', Coupling.DECOUPLED),
        ('"rmsprop"', Coupling.COUPLED_ADAPTIVE),
        ('"sgd"', Coupling.COUPLED_PLAIN),
        ('"galore_adamw"', Coupling.NONE),
        ('"of another day"', Coupling.UNKNOWN),
        ("transformers.training_args.OptimizerNames.ADAGRAD", Coupling.COUPLED_ADAPTIVE),
        ('"rmsprop", adafactor=False', Coupling.COUPLED_ADAPTIVE),
        ('"rmsprop", adafactor=True', Coupling.DECOUPLED),
    ],
)
def test_the_class_is_the_one_that_the_settings_name(name: str, coupling: Coupling) -> None:
    (use,) = uses(f'Trainer(model=model, args=TrainingArguments("out", weight_decay=0.05, optim={name}))')
    assert use.couplings == {coupling}


def test_what_the_function_that_makes_the_model_freezes_is_not_decayed() -> None:
    frozen = """
    def fresh():
        net = Network()
        for parameter in net.bn.parameters():
            parameter.requires_grad = False
        return net


    Trainer(model_init=fresh, args=TrainingArguments("out", weight_decay=0.05))
    """
    assert "bn.weight" not in decayed(uses(frozen)[0])


def test_the_site_of_a_loop_says_who_makes_the_optimizer() -> None:
    (use,) = uses(ARGUMENTS + "Trainer(model=model, args=args)")
    told = described(use)
    assert "the training loop transformers.Trainer makes it" in told
    rows = [line.split() for line in told.splitlines()]
    assert any(row[:4] == ["bn.weight", "gain", "group", "1"] for row in rows)


def codes(text: str) -> list[str]:
    return [finding.code for finding in check_source(NETWORK + dedent(text), "train.py")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ARGUMENTS + "Trainer(model=model, args=args)", ["WD102"]),
        ('Trainer(model=model, args=TrainingArguments("out"))', []),
        ("Trainer(model=model, args=HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()[0])", []),
        ("def run(model, args):\n    Trainer(model=model, args=args)", []),
        ("def run(model):\n    Trainer(model=model, args=TrainingArguments('out', weight_decay=0.1))", []),
        (ARGUMENTS + "Trainer(model=nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)), args=args)", []),
        (
            ARGUMENTS + "bert = AutoModelForSequenceClassification.from_pretrained('bert-base-uncased')\n"
            "Trainer(model=bert, args=args)",
            [],
        ),
        (
            ARGUMENTS + "any_model = AutoModelForSequenceClassification.from_pretrained(name)\n"
            "Trainer(model=any_model, args=args)",
            [],
        ),
        ("Trainer(model=model, args=TrainingArguments('out', weight_decay=0.1, optim='galore_adamw'))", ["WD404"]),
        (
            ARGUMENTS + "for p in model.bn.parameters():\n    p.requires_grad = False\nTrainer(model=model, args=args)",
            [],
        ),
        ("Trainer(model=nn.Linear(2, 2), args=TrainingArguments('out', weight_decay=0.1, optim='rmsprop'))", ["WD201"]),
        (
            ARGUMENTS + "from peft import LoraConfig, get_peft_model\n"
            "Trainer(model=get_peft_model(model, LoraConfig(target_modules=['head'])), args=args)",
            [],
        ),
    ],
)
def test_the_rules_judge_a_loop_like_any_optimizer(text: str, expected: list[str]) -> None:
    assert codes(text) == expected
