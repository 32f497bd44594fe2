"""Files that configure an optimizer: what must and must not be found in each dialect, with line and column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from wdlint.configuration.engine import observe
from wdlint.configuration.setups import EVERYTHING
from wdlint.linting.examples import lint_files
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration


def found(files: Mapping[str, str], **settings: object) -> list[str]:
    """`file:line:column code` for each finding."""
    findings, errors = lint_files(files, settings)
    assert errors == []
    return [f"{f.place.file}:{f.place.line}:{f.place.column} {f.code}" for f in findings]


def in_one(name: str, text: str, **settings: object) -> list[str]:
    return [row.removeprefix(f"{name}:") for row in found({name: text}, **settings)]


def deepspeed(params: str, kind: str = "AdamW", rest: str = '"zero_optimization": {"stage": 2}') -> str:
    return f'{{\n  "optimizer": {{\n    "type": "{kind}",\n    "params": {{{params}}}\n  }},\n  {rest}\n}}\n'


@pytest.mark.parametrize(
    ("params", "kind", "codes"),
    [
        ('"lr": 1e-4, "weight_decay": 0.1', "AdamW", ["4:28 WD103"]),
        ('"weight_decay": 0.1', "Adam", ["4:16 WD103"]),
        ('"weight_decay": 0.1, "adam_w_mode": false', "AdamW", ["4:16 WD103"]),
        ('"weight_decay": 0.1, "adam_w_mode": false', "Adam", ["4:16 WD103", "4:16 WD201"]),
        ('"weight_decay": 0.1', "Adagrad", ["4:16 WD103", "4:16 WD201"]),
        ('"lr": 1e-4, "torch_adam": true', "AdamW", ["3:5 WD104"]),
        ('"lr": 1e-4', "AdamW", []),
        ('"lr": "auto", "weight_decay": "auto"', "AdamW", []),
        ('"weight_decay": 0', "AdamW", []),
        ('"weight_decay": 0.1', "MyOwn", []),
    ],
)
def test_deepspeed(params: str, kind: str, codes: list[str]) -> None:
    assert in_one("ds_config.json", deepspeed(params, kind)) == codes


def test_deepspeed_is_known_by_what_is_in_it() -> None:
    text = deepspeed('"weight_decay": 0.1', rest='"fp16": {"enabled": true}')
    assert in_one("any.json", text) == ["4:16 WD103"]
    assert in_one("ds_config.json", deepspeed('"weight_decay": 0.1', rest='"name": "x"')) == []
    assert in_one("ds_config.json", text.replace("true", "True")) == []


@pytest.mark.parametrize(
    ("script", "silent"),
    [
        ("deepspeed.initialize(model=model, model_parameters=groups, config='ds.json')", True),
        ("deepspeed.initialize(model=model, optimizer=optimizer, config='ds.json')", True),
        ("deepspeed.initialize(\n    model=net,\n    model_parameters=net.parameters(),\n    config=path)", False),
        ("deepspeed.initialize(model=net, optimizer=None, config=path)", False),
        ("ds = json.load(open('ds.json'))\nds.pop('optimizer', None)\nstart(ds)", True),
        ("ds_config = load(path)\ndel ds_config['optimizer']\nTrainingArguments(deepspeed=ds_config)", True),
        ("self.cfg.deepspeed['optimizer']['params'].pop(\n    'weight_decay'\n)", True),
        ("state = torch.load(path)\ndel state['optimizer']\nstate.pop('optimizer')", False),
        ("DummyOptim(groups, weight_decay=0.1)", True),
        ("SFTTrainer(model, SFTConfig(deepspeed='ds.json'), peft_config=LoraConfig(r=8))", True),
        ("DummyOptim(model.parameters(), weight_decay=0.1)", False),
        (
            "cls = (\n    AdamW\n    if plugin is None or f(a) == 1\n    else DummyOptim\n)\nopt = cls(groups, lr=1)",
            True,
        ),
        ("cls = DummyOptim if plugin else torch.optim.AdamW\noptimizer = cls(groups, lr=1)", True),
        ("make(optimizer_cls=accelerate.utils.DummyOptim)", True),
        ("cls = AdamW if plugin is None else DummyOptim\noptimizer = cls(model.parameters(), lr=1)", False),
        ("x = 1\nfrom accelerate.utils import DummyOptim\nprint(x)", False),
    ],
)
def test_a_script_that_hands_deepspeed_groups_silences(script: str, silent: bool) -> None:
    files = {"ds.json": deepspeed('"weight_decay": 0.1'), "train.py": f"import deepspeed\n{script}\n"}
    in_file = [row for row in found(files) if row.startswith("ds.json")]
    assert in_file == ([] if silent else ["ds.json:4:16 WD103"])


@pytest.mark.parametrize(
    ("script", "silent"),
    [
        ("from apex import amp\nmodel, opt = amp.initialize(model, optimizer=opt)", False),
        ("wandb.initialize(optimizer=optimizer)", False),
        ("def initialize(optimizer=None): ...\ninitialize(optimizer=1)", False),
        ("deepspeed.initialize(model=model, optimizer=optimizer, config='other.json')", False),
        ("deepspeed.initialize(model=model, optimizer=optimizer, config='ds.json')", True),
        ("deepspeed.initialize(model=model, optimizer=optimizer, config=path)", True),
        ("import deepspeed as ds\nds.initialize(model=model, model_parameters=groups, config=path)", True),
        ("from deepspeed import initialize\ninitialize(model=model, model_parameters=groups)", True),
        ("from deepspeed import (\n    initialize,\n)\ninitialize(model=model, optimizer=optimizer)", True),
    ],
)
def test_only_a_call_that_may_use_the_file_silences(script: str, silent: bool) -> None:
    files = {"ds.json": deepspeed('"weight_decay": 0.1'), "train.py": f"import deepspeed\n{script}\n"}
    in_file = [row for row in found(files) if row.startswith("ds.json")]
    assert in_file == ([] if silent else ["ds.json:4:16 WD103"])


@pytest.mark.parametrize(
    ("script", "where"),
    [
        ("deepspeed.initialize(model=model, model_parameters=model.parameters(), config='ds.json')", "train.py"),
        ("engine = deepspeed.initialize(\n    config='./ds.json',\n    model=model)", "train.py"),
        ("Trainer(model=model, args=TrainingArguments('out', weight_decay=0.1, deepspeed='ds.json'))", "train.py"),
        ("deepspeed.initialize(model=model, model_parameters=model.parameters(), config=path)", "ds.json"),
        ("Trainer(model, TrainingArguments('out', deepspeed='zero3.json'))", "ds.json"),
        ("args = TrainingArguments('out', deepspeed='ds.json')", "ds.json"),
    ],
)
def test_a_script_and_the_file_that_it_names_report_a_fault_once(script: str, where: str) -> None:
    imports = "import deepspeed\nfrom transformers import Trainer, TrainingArguments\nfrom nets import Net, path\n"
    start = f"{imports}model = Net()\n"
    files = {"ds.json": deepspeed('"weight_decay": 0.1'), "train.py": f"{start}{script}\n"}
    assert [row.partition(":")[0] for row in found(files)] == [where]


CLI = "Lightning" + "CLI"  # in two, so that this file is no script that takes over
LIGHTNING = """\
trainer: {{max_epochs: 5}}
model: {{class_path: nets.Lit}}
optimizer:
  class_path: torch.optim.{name}
  init_args:
    lr: 1.0e-3
    weight_decay: {decay}
"""


def test_lightning() -> None:
    assert in_one("c.yaml", LIGHTNING.format(name="AdamW", decay=0.05)) == ["7:5 WD103"]
    assert in_one("c.yaml", LIGHTNING.format(name="Adam", decay=0.05)) == ["7:5 WD103", "7:5 WD201"]
    assert in_one("c.yaml", LIGHTNING.format(name="AdamW", decay=0.0)) == []
    assert in_one("c.yaml", LIGHTNING.format(name="Unknown", decay=0.1)) == []
    assert in_one("c.yml", "trainer: {max_epochs: 5}\ndata: Mine\noptimizer: AdamW\n") == ["3:1 WD104"]
    assert in_one("c.yaml", LIGHTNING.format(name="AdamW", decay=0.05).partition("\n")[2]) == []
    inside = "trainer: {}\nmodel:\n  class_path: nets.Lit\n  init_args:\n    optim:\n      class_path: torch.optim.{}\n"
    options = "      init_args:\n        weight_decay: 0.1\n"
    assert in_one("c.yaml", inside.format("{}", "Adam") + options) == ["8:9 WD201"]
    assert in_one("c.yaml", inside.format("{}", "AdamW") + options) == []
    litgpt = "checkpoint_dir: x\ntrain: {epochs: 1}\noptimizer: AdamW\n"
    assert in_one("c.yaml", litgpt) == ["3:1 WD104"]


@pytest.mark.parametrize(
    "script",
    [
        "CLI(Lit, auto_configure_optimizers=False)",
        "class My(CLI):\n    @staticmethod\n    def configure_optimizers(lit, optimizer, scheduler=None): ...",
        "class My(CLI):\n    def add(self, parser):\n        parser.add_optimizer_args(A, link_to='model.x')",
    ],
)
def test_a_script_that_makes_lightnings_groups_silences(script: str) -> None:
    start = f"from lightning.pytorch.cli import {CLI}\n"
    files = {"c.yaml": LIGHTNING.format(name="AdamW", decay=0.1), "main.py": start + script.replace("CLI", CLI)}
    assert found(files) == []
    files["main.py"] = f"{start}{CLI}(Lit)\nclass Lit:\n    def configure_optimizers(self): ...\n"
    assert found(files) == ["c.yaml:7:5 WD103"]


ARGUMENTS = "output_dir: x\nper_device_train_batch_size: 4\nlearning_rate: 1e-4\nweight_decay: {}\noptim: {}\n"


def test_transformers_arguments() -> None:
    assert in_one("sft.yaml", ARGUMENTS.format(0.1, "adamw_torch")) == []
    assert in_one("sft.yaml", ARGUMENTS.format(0.1, "rmsprop")) == ["4:1 WD201"]
    assert in_one("sft.yaml", ARGUMENTS.format(0.0, "rmsprop")) == []
    assert in_one("sft.yaml", ARGUMENTS.format(0.1, "galore_adamw")) == ["4:1 WD404"]
    assert in_one("sft.yaml", ARGUMENTS.format(0, "sgd\noptim_args: momentum=0.9,weight_decay=0.1")) == ["6:1 WD404"]
    assert in_one("sft.yaml", ARGUMENTS.format(0.1, "galore_adamw").partition("\n")[2].partition("\n")[2]) == []
    text = '{"output_dir": "x", "base_model": "y", "num_train_epochs": 1, "optim": "lomo",\n"weight_decay": 0.1}'
    assert in_one("args.json", text) == ["2:1 WD404"]


def test_a_decay_beside_deepspeeds_params() -> None:
    text = deepspeed('"lr": 1e-3').replace('"params"', '"weight_decay": 0.1, "params"')
    assert in_one("ds.json", text) == ["4:5 WD404"]


def test_hydra() -> None:
    text = "defaults: [a]\nmodel:\n  optim:\n    _target_: torch.optim.{}\n    _partial_: true\n    weight_decay: {}\n"
    assert in_one("c.yaml", text.format("Adam", 0.01)) == ["6:5 WD201"]
    assert in_one("c.yaml", text.format("Adam", 0.0)) == []
    assert in_one("c.yaml", text.format("AdamW", 0.01)) == []
    assert in_one("c.yaml", text.format("Adam", "${decay}")) == []
    assert in_one("c.yaml", text.format("Adam", "${decay}") + "decay: ${d.x}\nd: {x: 1e-4}\n") == ["6:5 WD201"]
    assert in_one("c.yaml", text.format("NAdam", 0.01) + "    decoupled_weight_decay: true\n") == []
    assert in_one("c.yaml", text.format("SGD", 0.01)) == []
    assert in_one("c.yaml", text.format("SGD", 0.01), select=("WD205",)) == ["6:5 WD205"]


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        ("self.hparams.optimizer(params=self.trainer.model.parameters())", ["WD103"]),
        ("self.hparams.optimizer(params=self.parameters())", ["WD103"]),
        ("self.hparams.optimizer(self.groups())", []),
        ("hydra.utils.instantiate(cfg.model.optim, params=net.parameters())", ["WD103"]),
        ("instantiate(cfg.optimizer, [p for p in net.parameters() if p.requires_grad])", ["WD103"]),
        ("hydra.utils.instantiate(cfg.optimizer, params=groups)", []),
        ("hydra.utils.instantiate(cfg.model)", []),
        ("self.hparams.optimizer(self.parameters())\ninstantiate(cfg.optimizer, groups)", []),
    ],
)
def test_what_scripts_hand_to_hydras_optimizers(script: str, codes: list[str]) -> None:
    text = "optimizer:\n  _target_: torch.optim.AdamW\n  _partial_: true\n  weight_decay: 0.1\n"
    files = {"c.yaml": text, "lit.py": f"import hydra\n{script}\n"}
    assert [row[-5:] for row in found(files) if row.startswith("c.yaml")] == codes


def test_torchtune() -> None:
    model = "model:\n  _component_: torchtune.models.llama3.{}\n"
    optimizer = "optimizer:\n  _component_: torch.optim.AdamW\n  lr: 2e-5\n"
    assert in_one("c.yaml", model.format("llama3_8b") + optimizer) == ["4:3 WD104"]
    assert in_one("c.yaml", model.format("llama3_8b") + optimizer + "  weight_decay: 0.1\n") == ["6:3 WD103"]
    assert in_one("c.yaml", model.format("lora_llama3_8b") + optimizer) == []


@pytest.mark.parametrize(
    ("comment", "line", "silent"),
    [
        ("    weight_decay: 0.05  # wdlint: ignore[WD103] meant", 7, True),
        ("    weight_decay: 0.05  # wdlint: ignore[decayed-bias]", 7, False),
        ("    # wdlint: ignore[WD1]\n    weight_decay: 0.05", 7, True),
        ("optimizer: # wdlint: ignore", 3, True),
        ("  init_args:  # wdlint: ignore", 5, True),
        ("  class_path: torch.optim.AdamW  # wdlint: ignore", 4, False),
        ("model: {class_path: nets.Lit}  # wdlint: ignore-file[WD103]", 2, True),
        ("model: {class_path: nets.Lit}  # wdlint: ignore[WD103]", 2, False),
        ("model: {class_path: '# wdlint: ignore-file'}", 2, False),
    ],
)
def test_comments_in_yaml_suppress(comment: str, line: int, silent: bool) -> None:
    lines = LIGHTNING.format(name="AdamW", decay=0.05).splitlines()
    lines[line - 1] = comment
    assert [row[-5:] for row in in_one("c.yaml", "\n".join(lines))] == ([] if silent else ["WD103"])


def test_json_is_suppressed_by_the_settings() -> None:
    text = deepspeed('"weight_decay": 0.1', rest='"zero_optimization": {}, "note": "# wdlint: ignore-file"')
    assert in_one("ds.json", text) == ["4:16 WD103"]
    assert in_one("ds.json", text, per_file_ignores=(("*.json", ("WD103",)),)) == []


@pytest.mark.parametrize("text", ["{", "optimizer: [", "optimizer: {{ x }}\n", "\xff", "optimizer: &a [*a]"])
def test_what_is_none_is_no_trouble(text: str) -> None:
    for name in ("c.yaml", "c.json", "c.yml"):
        assert in_one(name, f"{text} # torch.optim.AdamW _target_ weight_decay") == []


FRAMEWORKS = {
    "espnet": "optim: {name}\nencoder: conformer\noptim_conf:\n  lr: 1e-3\n  weight_decay: {decay}\n{rest}\n",
    "super-gradients": "optimizer: {name}\ninitial_lr: 0.1\noptimizer_params:\n  weight_decay: {decay}\n{rest}\n",
    "nemo": "exp_manager: {{}}\ntrainer: {{}}\nmodel:\n  optim:\n    name: {name}\n    weight_decay: {decay}\n{rest}\n",
    "graphgym": "gnn: {{}}\ndataset: 1\noptim:\n  optimizer: {name}\n  base_lr: 1\n  weight_decay: {decay}\n{rest}\n",
    "llm-foundry": "max_duration: 1\ntrain_loader: {{}}\noptimizer:\n  name: {name}\n  weight_decay: {decay}\n{rest}\n",
    "fairseq": "task: {{}}\ncriterion: {{}}\noptimizer:\n  _name: {name}\n  weight_decay: {decay}\n{rest}\n",
    "ultralytics": "lr0: 0.1\nlrf: 0.1\noptimizer: {name}\nweight_decay: {decay}\n{rest}\n",
}


@pytest.mark.parametrize(
    ("framework", "name", "decay", "rest", "codes"),
    [
        ("espnet", "adamw", 0.01, "", ["WD103"]),
        ("espnet", "adam", 0.01, "", ["WD103", "WD201"]),
        ("espnet", "adamw", 0.01, "exclude_weight_decay: true", []),
        ("espnet", "adam", 0.01, "exclude_weight_decay: true", ["WD201"]),
        ("espnet", "sgd", 0.01, "", []),
        ("espnet", "own", 0.01, "", []),
        ("super-gradients", "AdamW", 0.01, "", ["WD103"]),
        ("super-gradients", "AdamW", 0.01, "zero_weight_decay_on_bias_and_bn: False", ["WD103"]),
        ("super-gradients", "AdamW", 0.01, "zero_weight_decay_on_bias_and_bn: True", []),
        ("nemo", "adamw", 0.01, "", ["WD103"]),
        ("nemo", "adam", "${x.y}", "", []),
        ("nemo", "adamw", 0.0, "", []),
        ("graphgym", "adam", 0.0, "", []),
        ("graphgym", "adam", 5e-4, "", ["WD103", "WD201"]),
        ("llm-foundry", "decoupled_adamw", 1e-4, "", ["WD103"]),
        ("llm-foundry", "decoupled_adamw", 1e-4, "  param_groups: [{param_str_match: norm, weight_decay: 0.0}]", []),
        ("llm-foundry", "decoupled_adamw", 1e-4, "model: {peft_config: {peft_type: LORA}}\n", []),
        ("llm-foundry", "decoupled_adamw", 1e-4, "model: {peft_config: null}\n", ["WD103"]),
        ("llm-foundry", "adamw", 1e-4, "", []),
        ("fairseq", "adam", 0.01, "", ["WD103"]),
        ("fairseq", "adagrad", 0.01, "", ["WD103", "WD201"]),
        ("ultralytics", "AdamW", 5e-4, "", []),
        ("ultralytics", "Adam", 5e-4, "", ["WD201"]),
    ],
)
def test_frameworks(framework: str, name: str, decay: object, rest: str, codes: list[str]) -> None:
    text = FRAMEWORKS[framework].format(name=name, decay=decay, rest=rest)
    assert [row[-5:] for row in in_one("c.yaml", text)] == codes


def test_silent_defaults_of_frameworks() -> None:
    assert in_one("c.yaml", "gnn: {}\ndataset: {}\noptim:\n  base_lr: 0.1\n") == ["3:1 WD104", "3:1 WD201"]
    assert in_one("c.yaml", "optimizer: Adam\ninitial_lr: 0.1\noptimizer_params: {}\n") == [
        "1:1 WD104",
        "1:1 WD201",
    ]


def test_detectron2() -> None:
    text = "_BASE_: x.yaml\nSOLVER:\n  WEIGHT_DECAY: 0.01\n  WEIGHT_DECAY_NORM: {}\n"
    assert in_one("c.yaml", text.format(0.01)) == ["4:3 WD103"]
    assert in_one("c.yaml", text.format(0.0)) == []
    assert in_one("c.yaml", text.format("0.0\n  WEIGHT_DECAY_BIAS: 0.01")) == []
    assert in_one("c.yaml", text.format("0.01\n  OPTIMIZER: ADAMW")) == [], "no key of detectron2's"
    own = {"c.yaml": text.format(0.01), "train.py": "def build_optimizer(cfg, model): ...\n"}
    assert found(own) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("optim: adamw\nencoder: x\noptim_conf: {weight_decay: 1e-3}\n", ("o", "exclude_weight_decay: true\no")),
        (
            "encoder: x\nexclude_weight_decay: false # why\noptim: adamw\noptim_conf: {lr: 1, weight_decay: 0.1}\n",
            ("false", "true"),
        ),
        ("optim: adam\nexclude_weight_decay: true\nencoder: x\noptim_conf: {weight_decay: 0.1}\n", ("adam", "adamw")),
        ("SOLVER: {WEIGHT_DECAY_NORM: 0.1, STEPS: 1}\n", ("0.1", "0.0, WEIGHT_DECAY_BIAS: 0.0")),
        (
            "SOLVER:\n  WEIGHT_DECAY_NORM: 1e-4 # all\n  WEIGHT_DECAY: 1e-4\n",
            ("1e-4 # all", "0.0\n  WEIGHT_DECAY_BIAS: 0.0 # all"),
        ),
        ("SOLVER:\n  WEIGHT_DECAY_NORM: 1e-4\n  WEIGHT_DECAY_BIAS: 0.5\n", ("1e-4\n  WEIGHT_DECAY_BIAS: 0.5",
                                                                     "0.0\n  WEIGHT_DECAY_BIAS: 0.0")),
    ],
)  # fmt: skip
def test_repairs_in_yaml(before: str, after: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from wdlint.commands.fixing import mended_text

    monkeypatch.chdir(tmp_path)
    data = before.encode()
    linter = Linter(Configuration(isolated=True), {"c.yaml": data})
    outcome = mended_text("c.yaml", data, linter, lambda fix: bool(fix.edits))
    assert outcome.data.decode() == before.replace(*after, 1)
    assert outcome.left == ()


RECBOLE = "USER_ID_FIELD: user\ntrain_batch_size: 2048\nweight_decay: {}\n"


def test_recbole_couples_unless_it_is_told_another_learner() -> None:
    assert in_one("bpr.yaml", RECBOLE.format(1e-4)) == ["3:1 WD201"]
    assert in_one("bpr.yaml", RECBOLE.format(0.0)) == []
    assert in_one("bpr.yaml", RECBOLE.format(1e-4) + "learner: adamw\n") == []
    assert in_one("bpr.yaml", RECBOLE.format(1e-4) + "learner: RMSprop\n") == ["3:1 WD201"]
    assert in_one("bpr.yaml", RECBOLE.format(1e-4).replace("USER_ID_FIELD", "users")) == []
    (fix,) = (f.fix for f in lint_files({"x.yaml": RECBOLE.format(1e-4) + "learner: Adam\n"}, {})[0])
    assert fix is not None
    assert [edit.text for edit in fix.edits] == ["AdamW"]


def test_scripts_are_looked_through_once_for_all_optimizers_of_a_file() -> None:
    text = "".join(f"k{n}: {{_target_: torch.optim.AdamW, weight_decay: 0.1}}\n" for n in range(30))
    asked: list[str] = []

    def scripts(word: str) -> list[str]:
        asked.append(word)
        return ["instantiate(cfg.optimizer, params=model.parameters())"]

    observed = observe("c.yaml", text.encode(), lambda path: None, scripts)
    assert observed is not None
    assert {setup.use.groups[0].division for setup in observed.setups} == {EVERYTHING}
    assert len(observed.setups) == 30
    assert len(asked) == 2


def test_what_is_too_large_to_configure_is_passed_over_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps({"optimizer": {"weight_decay": 1}, "data": list(range(100_000))}))
    assert "larger" in Linter(Configuration(isolated=True)).check(str(file)).passed_over
