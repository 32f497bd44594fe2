"""What fixes write, spelling by spelling, and what lowers them."""

from __future__ import annotations

import textwrap

import pytest

from wdlint.api import check_source
from wdlint.commands.fixing import mended_text
from wdlint.facts import Applicability, Finding, Fix
from wdlint.fix.apply import Outcome
from wdlint.linting.lint import Linter
from wdlint.settings.catalogue import Settings

MODEL = """\
# This line is as wide as the file may be, and fixes keep to it: ............................................
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.norm = nn.LayerNorm(8)


net = Net()
"""


def mend(source: str, unsafe: bool = False, **settings: object) -> Outcome:
    def allowed(fix: Fix) -> bool:
        most = (Applicability.SAFE, Applicability.UNSAFE) if unsafe else (Applicability.SAFE,)
        return bool(fix.edits) and fix.applicability in most

    return mended_text("train.py", source.encode(), Linter(lambda folder: Settings(**settings)), allowed)  # type: ignore[arg-type]


def mended(source: str, unsafe: bool = False, **settings: object) -> str:
    return mend(source, unsafe, **settings).data.decode()


def first_fix(source: str) -> Fix:
    fixes = [f.fix for f in check_source(source, "train.py") if f.fix is not None]
    assert fixes
    return fixes[0]


def test_one_group_becomes_two_by_dimension_where_that_is_exact() -> None:
    call = "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    assert mended(MODEL + call) == MODEL + textwrap.dedent("""\
        param_groups = [
            {"params": [p for p in net.parameters() if p.ndim >= 2]},
            {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(param_groups, lr=1e-3, weight_decay=0.1)
        """)


def test_a_name_that_is_used_once_is_divided_where_it_is_bound() -> None:
    code = "params = [p for p in net.parameters() if p.requires_grad]\noptimizer = torch.optim.AdamW(params)\n"
    assert mended(MODEL + code) == MODEL + textwrap.dedent("""\
        params = [
            {"params": [p for p in net.parameters() if p.requires_grad and p.ndim >= 2]},
            {"params": [p for p in net.parameters() if p.requires_grad and p.ndim < 2], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(params)
        """)


def test_groups_that_separate_learning_rates_keep_doing_so() -> None:
    code = """\
optimizer = torch.optim.SGD([
    {"params": net.body.parameters(), "lr": 0.1},
    {"params": net.norm.parameters()},
], lr=1.0, weight_decay=5e-4)
"""
    assert mended(MODEL + code) == MODEL + textwrap.dedent("""\
        optimizer = torch.optim.SGD([
            {"params": [p for p in net.body.parameters() if p.ndim >= 2], "lr": 0.1},
            {"params": [p for p in net.body.parameters() if p.ndim < 2], "lr": 0.1, "weight_decay": 0.0},
            {"params": net.norm.parameters(), "weight_decay": 0.0},
        ], lr=1.0, weight_decay=5e-4)
        """)


def test_a_model_that_cannot_be_seen_is_divided_by_dimension() -> None:
    source = textwrap.dedent("""\
        import torch


        def make(model):
            return torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
        """)
    assert mended(source) == source.replace(
        "    return",
        textwrap.indent(
            textwrap.dedent("""\
        param_groups = [
            {"params": [p for p in model.parameters() if p.ndim >= 2]},
            {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ]
        return"""),
            "    ",
        ),
    ).replace("AdamW(model.parameters()", "AdamW(param_groups")


def test_parameters_that_may_be_gone_over_once_are_put_into_a_list() -> None:
    source = textwrap.dedent("""\
        import torch
        from torch import nn


        def make(params):
            return torch.optim.AdamW(params, lr=1e-3, weight_decay=0.1)


        make(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)).parameters())
        """)
    assert '    params = list(params)\n    param_groups = [\n        {"params": [p for p in params if' in mended(source)


def test_groups_of_any_make_get_the_helper_once() -> None:
    source = textwrap.dedent("""\
        import torch


        def first(model):
            params = [{"params": m.parameters()} for m in (model.body, model.head)]
            return torch.optim.AdamW(params, lr=1e-3, weight_decay=0.1)


        def second(model):
            params = [{"params": m.parameters()} for m in (model.body, model.head)]
            return torch.optim.SGD(params, lr=1e-3, weight_decay=0.1)
        """)
    new = mended(source, unsafe=True)
    assert new.count("def exempt_gains_and_biases(params, *models):") == 1
    assert "torch.optim.AdamW(exempt_gains_and_biases(params), lr=1e-3" in new
    assert "torch.optim.SGD(exempt_gains_and_biases(params), lr=1e-3" in new
    assert new.index("import torch") < new.index("def exempt_gains_and_biases") < new.index("def first")


def test_the_helper_can_be_imported_instead() -> None:
    source = "import torch\n\n\ndef make(model):\n    return torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"
    new = mended(source, fix_style="import")
    assert "from wdlint import decay_groups\n" in new
    assert "torch.optim.AdamW(decay_groups(model, weight_decay=0.1), weight_decay=0.1)" in new


def test_quotes_and_indentation_are_the_files_own() -> None:
    source = (
        "import torch\nfrom torch import nn\n\ndef make():\n\tnet = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))\n"
        "\tprint('a', 'b')\n\treturn torch.optim.AdamW(net.parameters(), weight_decay=0.1)\n"
    )
    assert "\t\t{'params': [p for p in net.parameters() if p.ndim < 2], 'weight_decay': 0.0},\n\t]\n" in mended(source)


def test_adam_becomes_adamw_with_its_import() -> None:
    source = "from torch import nn\nfrom torch.optim import Adam, SGD\n\nnet = nn.Linear(4, 4, bias=False)\n"
    call = "optimizer = Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)\n"
    assert mended(source + call) == source + call
    new = mended(source + call, unsafe=True)
    assert new == (source + call).replace("Adam", "AdamW")


@pytest.mark.parametrize("name", ["NAdam", "RAdam"])
def test_a_switch_decouples_where_there_is_one(name: str) -> None:
    source = (
        f"import torch\nfrom torch import nn\n\nnet = nn.Linear(4, 4, bias=False)\noptimizer = torch.optim.{name}(\n"
    )
    call = "    net.parameters(),\n    lr=1e-3,\n    weight_decay=1e-4,\n)\n"
    wanted = call.replace("1e-4,\n", "1e-4,\n    decoupled_weight_decay=True,\n")
    assert mended(source + call, unsafe=True) == source + wanted


LIBRARIES = [  # how it is imported, how it is made, and how it is made after the fix; None: as before
    ("from prodigyopt import Prodigy", "Prodigy({}, decouple=False)", "Prodigy({}, decouple=True)"),
    ("from apex.optimizers import FusedAdam", "FusedAdam({}, adam_w_mode=False)", "FusedAdam({}, adam_w_mode=True)"),
    ("from dadaptation import DAdaptAdam", "DAdaptAdam({})", "DAdaptAdam({}, decouple=True)"),
    ("from mup import MuAdam", "MuAdam({})", "MuAdamW({})"),
    ("import torchao.optim as ao", "ao.Adam8bit({})", "ao.AdamW8bit({})"),
    ("import torch", "torch.optim.Adam({})", "torch.optim.AdamW({})"),
    ("from torch_optimizer import Yogi", "Yogi({})", None),
    ("import torch\nmore = dict(eps=1e-6)", "torch.optim.NAdam({}, **more)", None),  # they may hold the switch
    (
        "import torch\nclass Mine(torch.optim.NAdam):\n    def __init__(self, params, weight_decay):\n"
        "        super().__init__(params, weight_decay=weight_decay)\n",
        "Mine({})",
        None,
    ),
]


@pytest.mark.parametrize(("imports", "made", "wanted"), LIBRARIES)
def test_each_library_decouples_in_its_own_way(imports: str, made: str, wanted: str | None) -> None:
    head = f"{imports}\nfrom torch import nn\n\nnet = nn.Linear(4, 4, bias=False)\n"
    given = "net.parameters(), weight_decay=0.1"
    new = mended(f"{head}optimizer = {made.format(given)}\n", unsafe=True)
    assert new.rpartition("optimizer = ")[2] == f"{(wanted or made).format(given)}\n"


def test_groups_without_decay_keep_having_none_under_adamw() -> None:
    source = "import torch\nfrom torch import nn\n\na = nn.Linear(4, 4, bias=False)\nb = nn.Linear(4, 4, bias=False)\n"
    call = 'optimizer = torch.optim.Adam([{"params": a.weight, "weight_decay": 0.1}, {"params": b.weight}], lr=1e-3)\n'
    assert mended(source + call, unsafe=True).endswith("lr=1e-3, weight_decay=0.0)\n")


PENALISED = """\
import torch
from torch import nn

model = nn.Linear(4, 4, bias=False)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
for x in range(3):
    loss = model(torch.ones(4)).sum()
    loss = loss + {term}
    loss.backward()
    optimizer.step()
"""


def test_a_penalty_beside_an_optimizer_that_decays_is_taken_out() -> None:
    source = PENALISED.format(term="1e-4 * sum(p.pow(2).sum() for p in model.parameters())")
    assert mended(source) == source
    assert mended(source, unsafe=True) == "".join(x for x in source.splitlines(True) if "loss = loss +" not in x)


def test_a_misspelt_key_is_corrected() -> None:
    source = "import torch\nfrom torch import nn\n\na = nn.Linear(4, 4, bias=False)\n"
    call = "optimizer = torch.optim.SGD([{'params': a.weight, 'weight_deacy': 0.1}], lr=1e-3)\n"
    assert mended(source + call) == source + call.replace("deacy", "decay")


def test_a_key_that_another_optimizer_reads_stays_beside_the_right_one() -> None:
    source = textwrap.dedent("""\
        import sys

        import torch
        from torch import nn


        class Own(torch.optim.Optimizer):
            def __init__(self, params, lr=1e-3, weight_decay_rate=0.01):
                super().__init__(params, dict(lr=lr, weight_decay_rate=weight_decay_rate))

            def step(self, closure=None):
                for group in self.param_groups:
                    for p in group["params"]:
                        p.data.mul_(1 - group["lr"] * group["weight_decay_rate"]).sub_(group["lr"] * p.grad.data)


        def make(net: nn.Linear, own: bool):
            groups = [{"params": [net.weight], "weight_decay": 0.1}, {"params": [net.bias], "weight_decay": 0.0}]
            if own:
                return Own(groups)
            return torch.optim.AdamW(groups)


        make(nn.Linear(4, 4), len(sys.argv) > 1)
        """)
    new = source.replace('"weight_decay": 0.1', '"weight_decay": 0.1, "weight_decay_rate": 0.1')
    new = new.replace('"weight_decay": 0.0', '"weight_decay": 0.0, "weight_decay_rate": 0.0')
    assert mended(source) == new


def test_arguments_that_are_aligned_with_a_bracket_stay_aligned() -> None:
    source = textwrap.dedent("""\
        import torch
        from torch import nn

        net = nn.Linear(4, 4, bias=False)
        optimizer = torch.optim.Adam(net.parameters(),
                                     lr=1e-3,
                                     betas=(0.9,
                                            0.95),
                                     weight_decay=1e-4,
        )
        """)
    lines = source.replace("Adam(", "AdamW(").splitlines(keepends=True)
    assert mended(source, unsafe=True) == "".join(f" {x}" if x.startswith(" " * 10) else x for x in lines)


def test_a_list_is_divided_by_its_name() -> None:
    source = textwrap.dedent("""\
        import torch


        def make(encoder, decoder, learning_rate, decay):
            both = list(encoder.parameters()) + list(decoder.parameters())
            return torch.optim.AdamW(both, lr=learning_rate, weight_decay=decay)
        """)
    new = mended(source)
    assert '{"params": [p for p in both if p.ndim < 2], "weight_decay": 0.0},' in new
    assert "AdamW(param_groups, lr=learning_rate" in new


def test_a_short_name_of_an_exempt_parameter_is_told_by_its_dot() -> None:
    source = textwrap.dedent("""\
        import torch
        from torch import nn


        class Shift(nn.Module):
            def __init__(self):
                super().__init__()
                self.m = nn.Parameter(torch.zeros(4, 1))

            def forward(self, x):
                return x + self.m


        class Flow(nn.Module):
            def __init__(self):
                super().__init__()
                self.mix = nn.Linear(4, 4)
                self.shift = Shift()

            def forward(self, x):
                return self.shift(self.mix(x))


        flow = Flow()
        optimizer = torch.optim.AdamW(flow.parameters(), lr=1e-3, weight_decay=0.1)
        """)
    assert 'p.ndim < 2 or n.endswith(".m")' in mended(source)


def test_groups_that_are_divided_already_only_get_their_decay() -> None:
    code = textwrap.dedent("""\
        matrices = [q for q in net.parameters() if q.ndim >= 2]
        optimizer = torch.optim.AdamW([
            {"params": matrices, "lr": 0.1},
            {"params": [p for p in net.parameters() if p.ndim < 2], "lr": 0.2},
        ], weight_decay=0.1)
        """)
    assert mended(MODEL + code) == MODEL + code.replace('"lr": 0.2', '"lr": 0.2, "weight_decay": 0.0')


def test_a_list_of_patterns_gets_what_it_lacks() -> None:
    code = textwrap.dedent("""\
        skip = ["bias", "LayerNorm.weight"]
        groups = [
            {"params": [p for n, p in net.named_parameters() if not any(d in n for d in skip)], "weight_decay": 0.1},
            {"params": [p for n, p in net.named_parameters() if any(d in n for d in skip)], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=1e-3)
        """)
    assert mended(MODEL + code) == MODEL + code.replace("LayerNorm.weight", "norm.weight")


SHOWN, UNSAFE, SAFE = Applicability.SHOWN, Applicability.UNSAFE, Applicability.SAFE


@pytest.mark.parametrize(
    ("after", "trust", "words"),
    [
        ('optimizer.param_groups[0]["lr"] = 0.1\n', SHOWN, "param_groups"),
        ('print(optimizer.param_groups[0]["lr"])\n', SAFE, ""),
        ('norm = nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)\n', SHOWN, "param_groups"),
        ("(group,) = optimizer.param_groups\n", SHOWN, "number of `param_groups`"),
        ("assert len(optimizer.param_groups) == 1\n", SHOWN, "number of `param_groups`"),
        ('for g, rate in zip(optimizer.param_groups, [0.1]):\n    g["lr"] = rate\n', SHOWN, "number"),
        ('rates = [0.1]\nfor i, g in enumerate(optimizer.param_groups):\n    g["lr"] = rates[i]\n', SHOWN, "number"),
        ('for i, g in enumerate(optimizer.param_groups):\n    print(i, g["lr"])\n', SAFE, ""),
        ("for i, g in enumerate(optimizer.param_groups):\n    print(f\"lr{i}: {g['lr']}\")\n", SAFE, ""),
        ('for i, g in enumerate(optimizer.param_groups):\n    log("lr/" + str(i), g["lr"])\n', SAFE, ""),
        ('for i, g in enumerate(optimizer.param_groups):\n    g["lr"] = 0.1 * (i + 1)\n', SHOWN, "number"),
        ('for i, g in enumerate(optimizer.param_groups):\n    g["lr"] = rate(i)\n', SHOWN, "number"),
        ('assert [g["lr"] for g in optimizer.param_groups] == [1e-3]\n', SHOWN, "number"),
        ('rates = [g["lr"] for g in optimizer.param_groups]\nprint(rates == [1e-3])\n', SHOWN, "number"),
        ('rates = [g["lr"] for g in optimizer.param_groups]\nprint(rates[0])\n', SAFE, ""),
        ('for group in optimizer.param_groups:\n    group["lr"] = 0.2\n', SAFE, ""),
        ("torch.optim.lr_scheduler.LambdaLR(optimizer, [lambda step: 1.0])\n", SHOWN, "one value for each group"),
        ("torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)\n", SAFE, ""),
        ("torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=[0.1], total_steps=9)\n", SHOWN, "one value"),
        ('optimizer.load_state_dict(torch.load("state.pt"))\n', UNSAFE, "optimizer state"),
        ('from utils import load_checkpoint\nload_checkpoint("last.pt", net, optimizer)\n', UNSAFE, "optimizer state"),
        ("again = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.0)\n", SAFE, ""),
    ],
)
def test_what_counts_on_the_groups_lowers_a_fix(after: str, trust: Applicability, words: str) -> None:
    call = "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    fix = first_fix(MODEL + call + after)
    assert fix.applicability is trust
    assert words in fix.hazard


def test_a_loop_that_gives_all_groups_one_decay_gives_it_to_the_decayed_ones() -> None:
    call = "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    source = f'{MODEL}{call}for group in optimizer.param_groups:\n    group["weight_decay"] = 0.2\n'
    written = '    if group["weight_decay"] > 0:\n        group["weight_decay"] = 0.2\n'
    assert mended(source).endswith(written)


@pytest.mark.parametrize("given", ["strength", "0.0", "-0.1"])
def test_groups_are_not_divided_where_a_loop_gives_all_of_them_what_cannot_be_told(given: str) -> None:
    call = "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    source = f'{MODEL}{call}for group in optimizer.param_groups:\n    group["weight_decay"] = {given}\n'
    assert mended(source, unsafe=True) == source


NAMES = """\
groups = [
    {"params": [p for n, p in net.named_parameters() if "bias" not in n and "norms" not in n], "weight_decay": 0.1},
    {"params": [p for n, p in net.named_parameters() if "bias" in n or "norms" in n], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
"""


def test_parameters_that_change_their_group_change_their_rate_where_it_goes_by_number() -> None:
    assert first_fix(MODEL + NAMES).applicability is Applicability.SAFE
    assert first_fix(f'{MODEL}{NAMES}optimizer.param_groups[1]["lr"] = 0.1\n').applicability is Applicability.SHOWN


def test_a_new_name_for_a_key_is_not_lowered_by_what_counts_the_groups() -> None:
    source = "import torch\nfrom torch import nn\n\na = nn.Linear(4, 4, bias=False)\n"
    call = "optimizer = torch.optim.SGD([{'params': a.weight, 'weight_deacy': 0.1}], lr=1e-3)\n"
    assert first_fix(f'{source}{call}optimizer.param_groups[0]["lr"] = 0.1\n').applicability is Applicability.SAFE


WRAPPED = {
    "flat": "from torch.distributed.fsdp import FullyShardedDataParallel as FSDP\nmodel = FSDP(model)\n",
    "original": "from torch.distributed.fsdp import FullyShardedDataParallel\n"
    "model = FullyShardedDataParallel(model, use_orig_params=True)\n",
    "fabric": 'from lightning import Fabric\nfabric = Fabric(strategy="fsdp")\nmodel = fabric.setup_module(model)\n',
    "strategy": "from lightning.fabric import Fabric\nfrom lightning.fabric.strategies import FSDPStrategy\n"
    "fabric = Fabric(strategy=FSDPStrategy())\nmodel = fabric.setup(model)\n",
    "zero": "import deepspeed\nwith deepspeed.zero.Init():\n"
    "    model = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))\n",
    "plugin": "from accelerate import Accelerator, DeepSpeedPlugin\n"
    "accelerator = Accelerator(deepspeed_plugin=DeepSpeedPlugin('ds.json'))\n",
    "trainer": 'import lightning as L\ntrainer = L.Trainer(strategy="fsdp")\n',
}
SEEN = "import torch\nfrom torch import nn\n\nmodel = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))\n"


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_dimensions_divide_nothing_that_is_sharded(wrap: str) -> None:
    source = SEEN + wrap + "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)\n"
    found = check_source(source, "train.py")
    assert {f.code for f in found} == {"WD101", "WD102"}
    new = mended(source, unsafe=True)
    assert "ndim" not in new and "exempt_gains" not in new


def test_the_stand_in_for_deepspeeds_optimizer_is_read_and_not_divided_by_dimensions() -> None:
    source = f"{SEEN}from accelerate.utils import DummyOptim\n"
    found = check_source(f"{source}optimizer = DummyOptim(model.parameters(), lr=1e-3, weight_decay=0.1)\n", "train.py")
    assert [(f.code, f.fix) for f in found] == [("WD101", None), ("WD102", None)]
    assert check_source(f"{source}optimizer = DummyOptim(model.parameters(), lr=1e-3)\n", "train.py") == []
    groups = "[{'params': model[0].weight}, {'params': [*model[1].parameters(), model[0].bias], 'weight_decay': 0.0}]"
    assert check_source(f"{source}optimizer = DummyOptim({groups}, 1e-3, 0.1)\n", "train.py") == []


def test_fsdp2_keeps_dimensions() -> None:
    source = (
        f"{SEEN}from torch.distributed.fsdp import fully_shard\nfully_shard(model)\n"
        "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)\n"
    )
    assert first_fix(source).applicability is Applicability.SAFE


def test_a_split_by_dimensions_after_sharding_decays_nothing_and_is_made_by_name() -> None:
    source = (
        SEEN
        + WRAPPED["original"]
        + textwrap.dedent("""\
        decay = [p for p in model.parameters() if p.ndim >= 2]
        rest = [p for p in model.parameters() if p.ndim < 2]
        groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=1e-3)
        """)
    )
    found = check_source(source, "train.py")
    assert [f.code for f in found] == ["WD305"]
    new = mended(source, unsafe=True)
    assert "ndim" not in new
    assert 'decay = [p for n, p in model.named_parameters() if not n.endswith(("bias", "1.weight"))]' in new
    before = source.replace(WRAPPED["original"], "") + WRAPPED["original"]
    assert check_source(before, "train.py") == []


@pytest.mark.parametrize(("setting", "fixed"), [("unfixable", False), ("fixable", True)])
def test_settings_choose_what_is_fixed(setting: str, fixed: bool) -> None:
    call = "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    new = mended(MODEL + call, **{setting: ("WD1",)})
    assert (new != MODEL + call) is fixed


def test_what_a_model_declares_is_exempt_too() -> None:
    source = textwrap.dedent("""\
        import torch
        from torch import nn


        class Encoder(nn.Module):
            def __init__(self):
                super().__init__()
                self.position = nn.Parameter(torch.zeros(1, 3, 4))
                self.mix = nn.Linear(4, 4, bias=False)

            def no_weight_decay(self):
                return {"position"}

            def forward(self, x):
                return self.mix(x + self.position)


        encoder = Encoder()
        optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-3, weight_decay=0.05)
        """)
    assert 'n.endswith("position")' in mended(source)


def test_a_model_that_may_not_be_there_is_not_named() -> None:
    source = textwrap.dedent("""\
        import torch


        def make(models, params):
            for model in models:
                params.extend(model.parameters())
            return torch.optim.AdamW(params, lr=1e-3, weight_decay=0.1)


        def main(net, other):
            return make([net], list(other.parameters()))
        """)
    assert "exempt_gains_and_biases(params, model)" not in mended(source, unsafe=True)


def test_settings_move_rules_between_safe_and_unsafe() -> None:
    call = "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    assert mended(MODEL + call, extend_unsafe_fixes=("WD1",)) == MODEL + call
    adam = "import torch\nfrom torch import nn\n\nnet = nn.Linear(4, 4, bias=False)\n"
    adam += "optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)\n"
    assert "AdamW(" in mended(adam, extend_safe_fixes=("WD201",))


def test_what_is_not_fixed_stays_a_finding() -> None:
    call = "optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
    left: tuple[Finding, ...] = mend(MODEL + call, unfixable=("WD101", "WD102")).left
    assert {finding.code for finding in left} == {"WD101", "WD102"}
