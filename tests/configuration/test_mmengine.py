"""Configurations of mmengine and mmcv: who decays, what inherits from what, and what a repair writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.linting.examples import lint_files
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

ADAMW = "dict(type='AdamW', lr=1e-3, weight_decay=0.05)"


def found(text: str, **files: str) -> list[str]:
    """`line:column code` for each finding in `c.py`."""
    findings, errors = lint_files({"c.py": text, **{f"{name}.py": other for name, other in files.items()}}, {})
    assert errors == []
    return [f"{f.place.line}:{f.place.column} {f.code}" for f in findings if f.place.file == "c.py"]


def wrapper(optimizer: str = ADAMW, rest: str = "") -> str:
    return f"optim_wrapper = dict(\n    optimizer={optimizer},\n    {rest})\n"


@pytest.mark.parametrize(
    ("rest", "codes"),
    [
        ("", ["WD103"]),
        ("paramwise_cfg=dict(flat_decay_mult=0.)", []),
        ("paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0)", []),
        ("paramwise_cfg=dict(norm_decay_mult=0.0)", ["WD301"]),
        ("paramwise_cfg=dict(norm_decay_mult=0.5)", ["WD103"]),
        ("paramwise_cfg=dict(norm_decay_mult=factor)", []),
        ("paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)})", ["WD103"]),
        ("paramwise_cfg=dict(custom_keys={'norm': dict(decay_mult=0.)})", ["WD301"]),
        ("paramwise_cfg=dict(custom_keys={'norm': dict(decay_mult=0.), '.bias': dict(decay_mult=0.)})", []),
        ("paramwise_cfg=dict(**common)", []),
        ("paramwise_cfg=common", []),
        ("constructor='LayerDecayOptimizerConstructor'", []),
        ("constructor='DefaultOptimWrapperConstructor'", ["WD103"]),
    ],
)
def test_who_is_exempt(rest: str, codes: list[str]) -> None:
    assert [row[-5:] for row in found(wrapper(rest=rest))] == codes


def test_adapters_are_all_that_is_trained() -> None:
    model = "model = dict(type='SupervisedFinetune', {}=dict(type={}, r=8))\n"
    imported = "from peft import LoraConfig\nfrom xtuner.model import Plain\n"
    assert found(imported + model.format("llm_lora", "LoraConfig") + wrapper()) == []
    assert found(model.format("module", "'LoRAModel'") + wrapper()) == []
    assert found("_base_ = 'b.py'\n" + wrapper(), b=model.format("lora", "'peft.LoraConfig'")) == []
    assert found(imported + model.format("llm", "Plain") + wrapper()) == ["5:43 WD103"]


def test_classes_and_strengths() -> None:
    assert found(wrapper()) == ["2:43 WD103"]
    assert found(wrapper("dict(type='AdamW', lr=1e-3)")) == ["2:20 WD104"]
    assert found(wrapper("dict(type='Adam', lr=1e-3, weight_decay=1e-4)")) == ["2:42 WD103", "2:42 WD201"]
    assert found(wrapper("dict(type='SGD', lr=1e-3, weight_decay=1e-4)")) == []
    assert found(wrapper("dict(type='SGD', weight_decay=1e-4)", "paramwise_cfg=dict(norm_decay_mult=0.)")) == [
        "2:32 WD301"
    ]
    assert found(wrapper("dict(type='Unknown', weight_decay=1e-4)")) == []
    assert found(wrapper("dict(type='AdamW', weight_decay=strength)")) == []
    assert found("from torch.optim import AdamW\n" + wrapper("dict(type=AdamW, weight_decay=0.1)")) == ["3:32 WD103"]
    assert found("wd = 0.1\noptimizer = dict(type='AdamW', weight_decay=wd)\n" + wrapper("optimizer")) == ["2:32 WD103"]


def test_mmcv_is_told_from_any_other_dictionary() -> None:
    made = f"optimizer = {ADAMW}\n"
    assert found(f"{made}optimizer_config = dict()\n") == ["1:41 WD103"]
    assert found(f"{made}print(optimizer)\n") == []
    inside = made.replace("0.05)", "0.05, paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.))")
    assert found(f"{inside}optimizer_config = dict()\n") == []


@pytest.mark.parametrize(
    ("option", "codes"),
    [
        ("paramwise_options={'norm': dict(weight_decay=0.)}", []),
        ("param_groups=dict(bias=0.)", []),
        ("layer_decay=0.75", []),
        ("paramwise_options=None", ["2:54 WD103"]),
        ("amsgrad=True", ["2:54 WD103"]),
        ("momentum_decay=0.004", ["2:54 WD103"]),
    ],
)
def test_an_option_that_a_builder_of_the_projects_own_reads(option: str, codes: list[str]) -> None:
    text = f"_base_ = 'b.py'\noptimizer = dict(type='AdamW', lr=1e-3, betas=(0.9, 0.99), weight_decay=0.05, {option})\n"
    assert found(text, b="model = dict(type='Net')\n") == [code.replace("2:54", "2:60") for code in codes]
    child = "_base_ = 'b.py'\noptimizer = dict(weight_decay=0.1)\n"
    base = text.partition("\n")[2]
    assert bool(found(child, b=base)) is bool(codes)


def test_what_is_inherited() -> None:
    child = "_base_ = ['base.py']\noptim_wrapper = dict(optimizer=dict(weight_decay=0.1))\n"
    assert found(child, base=wrapper()) == ["2:37 WD103"]
    exempt = "paramwise_cfg=dict(flat_decay_mult=0.)"
    assert found(child, base=wrapper(rest=exempt)) == []
    assert found(child) == []  # what it inherits can't be seen
    anew = child.replace("optim_wrapper = dict(", "optim_wrapper = dict(_delete_=True, ")
    assert found(anew.replace("dict(weight", "dict(type='AdamW', weight"), base=wrapper(rest=exempt)) == ["2:66 WD103"]
    assert found("_base_ = './base.py'\nmodel = dict()\n", base=wrapper()) == []  # nothing of it stands here
    loop = f"_base_ = './c.py'\n{wrapper()}"
    assert found(loop) == []
    elsewhere = "_base_ = ['../lib/configs/_base_/datasets/nus.py', '../lib/configs/_base_/{}.py']\n" + wrapper()
    assert found(elsewhere.format("default_runtime")) == ["3:43 WD103"]  # data and logging make no optimizer
    assert found(elsewhere.format("schedules/1x")) == []


def test_a_part_of_others_is_not_judged_by_itself() -> None:
    files = {"_base_/schedule.py": wrapper(), "c.py": f"_base_ = '_base_/schedule.py'\n{wrapper()}"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert [finding.place.file for finding in findings] == ["c.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "optim_wrapper = dict(optimizer=dict(type='AdamW', weight_decay=0.05), clip_grad=None)  # é\n",
            "optim_wrapper = dict(optimizer=dict(type='AdamW', weight_decay=0.05), "
            "paramwise_cfg=dict(flat_decay_mult=0.), clip_grad=None)  # é\n",
        ),
        (
            "optim_wrapper = dict(\r\n    optimizer=dict(type='AdamW', weight_decay=0.05))\r\n",
            "optim_wrapper = dict(\r\n    optimizer=dict(type='AdamW', weight_decay=0.05),\r\n"
            "    paramwise_cfg=dict(flat_decay_mult=0.))\r\n",
        ),
        (
            "optimizer = dict(type='AdamW', weight_decay=0.05)\noptim_wrapper = dict(optimizer=optimizer)\n",
            "optimizer = dict(type='AdamW', weight_decay=0.05)\n"
            "optim_wrapper = dict(optimizer=optimizer, paramwise_cfg=dict(flat_decay_mult=0.))\n",
        ),
        (
            "optim_wrapper = {'optimizer': {'type': 'AdamW', 'weight_decay': 0.05}}\n",
            "optim_wrapper = {'optimizer': {'type': 'AdamW', 'weight_decay': 0.05}, "
            "'paramwise_cfg': {'flat_decay_mult': 0.}}\n",
        ),
        (
            "optim_wrapper = dict(\n    optimizer=dict(type='AdamW', weight_decay=0.05),\n    paramwise_cfg=dict(\n"
            "        norm_decay_mult=0.,\n        custom_keys={'x': dict(lr_mult=2)}))\n",
            "optim_wrapper = dict(\n    optimizer=dict(type='AdamW', weight_decay=0.05),\n    paramwise_cfg=dict(\n"
            "        flat_decay_mult=0.,\n        norm_decay_mult=0.,\n        custom_keys={'x': dict(lr_mult=2)}))\n",
        ),
        (
            "optimizer = dict(type='AdamW', weight_decay=0.05)\nlr_config = dict()\n",
            "optimizer = dict(type='AdamW', weight_decay=0.05, "
            "paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.))\nlr_config = dict()\n",
        ),
        (
            "optimizer = dict(type='AdamW', weight_decay=0.05, "
            "paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=1))\nlr_config = dict()\n",
            "optimizer = dict(type='AdamW', weight_decay=0.05, "
            "paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.))\nlr_config = dict()\n",
        ),
    ],
    ids=range(7),
)
def test_repairs(before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wdlint.commands.fixing import mended_text

    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.py").write_bytes(before.encode())
    linter = Linter(Configuration(isolated=True), {"c.py": before.encode()})
    outcome = mended_text("c.py", before.encode(), linter, lambda fix: bool(fix.edits))
    assert outcome.data.decode() == after
    assert outcome.left == ()


def test_what_is_spread_from_elsewhere_is_not_edited() -> None:
    text = "common = dict(norm_decay_mult=0.)\n" + wrapper(rest="paramwise_cfg=dict(**common, bias_decay_mult=1.)")
    findings, _ = lint_files({"c.py": text}, {})
    assert [(finding.code, finding.fix) for finding in findings] == [("WD301", None)]


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ("{'backbone': dict(lr_mult=0.1)}", True),
        ("{'pos': dict(decay_mult=0.), 'backbone': dict(lr_mult=0.1, decay_mult=1.0)}", True),
        ("{'pos': dict(decay_mult=0.)}", False),
    ],
)
def test_a_repair_says_what_it_does_not_reach(keys: str, named: bool) -> None:
    files = {"config.py": wrapper(rest=f"paramwise_cfg=dict(custom_keys={keys})")}
    findings, _ = lint_files(files, {})
    (fix,) = [finding.fix for finding in findings]
    assert fix is not None
    assert ("that no key of `custom_keys` matches" in fix.title) is named
