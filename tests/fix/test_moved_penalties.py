"""L2 penalties and decay in the gradient, taken out and moved to where they act on the weights themselves."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from wdlint.commands.fixing import mended_text
from wdlint.facts import Applicability, Fix
from wdlint.linting.lint import Linter
from wdlint.settings.catalogue import Settings

MADE = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
optimizer = torch.optim.{made}
"""

DIVIDED = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
param_groups = [
    {{"params": [p for p in model.parameters() if p.ndim >= 2]}},
    {{"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0}},
]
optimizer = torch.optim.{made}
"""

LOOP = """\
for x in (torch.ones(4), torch.zeros(4)):
    loss = model(x).sum()
{penalty}
    loss.backward()
    optimizer.step()
"""

PLAIN = "".join(line for line in LOOP.splitlines(True) if "{penalty}" not in line)


def mended(source: str, unsafe: bool = True) -> str:
    def allowed(fix: Fix) -> bool:
        most = (Applicability.SAFE, Applicability.UNSAFE) if unsafe else (Applicability.SAFE,)
        return bool(fix.edits) and fix.applicability in most

    return mended_text("train.py", source.encode(), Linter(lambda folder: Settings()), allowed).data.decode()


def with_penalty(made: str, penalty: str) -> str:
    return MADE.format(made=made) + LOOP.format(penalty=textwrap.indent(penalty, "    "))


PENALTIES = [
    "loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())",
    "loss += 1e-4 * sum([torch.sum(p ** 2) for p in model.parameters()])",
    "loss = loss + sum(p.square().sum() for p in model.parameters()) * 1e-4",
    "l2 = sum((p * p).sum() for p in model.parameters())\nloss = loss + 2e-4 / 2 * l2",
    "l2 = 0.0\nfor p in model.parameters():\n    l2 += (p ** 2).sum()\nloss = loss + 0.5 * 2e-4 * l2",
    "l2 = torch.tensor(0.0)\nfor p in model.parameters():\n    l2 = l2 + torch.norm(p) ** 2\nloss += 1e-4 * l2",
    "for name, p in model.named_parameters():\n    if 'bias' not in name:\n        loss += 1e-4 * p.norm(2) ** 2",
    "strength = 1e-4\nloss = loss + strength * sum(p.pow(2).sum() for p in model.parameters())",
]


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_penalty_becomes_the_decay_of_the_weights(penalty: str) -> None:
    """`λ‖w‖²` has the gradient `2λw`: here λ is 1e-4 however it is spelled."""
    found = mended(with_penalty("Adam(model.parameters(), lr=1e-3)", penalty))
    assert found.replace("'", '"') == DIVIDED.format(made="AdamW(param_groups, lr=1e-3, weight_decay=2e-4)") + PLAIN


@pytest.mark.parametrize("penalty", PENALTIES)
def test_sgd_trains_the_same_weights_after_the_move(penalty: str) -> None:
    """Run: where nothing is exempt and the optimizer is SGD, the strength that is moved is the very same decay."""
    pytest.importorskip("torch")
    source = with_penalty("SGD(model.parameters(), lr=0.1, momentum=0.9)", penalty.replace("1e-4", "0.05"))
    source = source.replace("nn.Linear(4, 4), nn.LayerNorm(4)", "nn.Linear(4, 4, bias=False), nn.Tanh()")
    source = source.replace("    loss.backward()", "    optimizer.zero_grad()\n    loss.backward()")
    after = mended(source)
    assert "weight_decay=" in after
    before, now = trained(source), trained(after)
    assert now == pytest.approx(before, rel=1e-5)
    assert now != pytest.approx(trained(source.replace("0.05", "0.0").replace("2e-4", "0.0")), rel=1e-5)


LOSSES = {
    "none": "loss = None\n",
    "zero": "loss = 0.0\n",
    "a tensor": "loss = torch.zeros(())\n",
}


@pytest.mark.parametrize("before", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("penalty", ["for p in model.parameters():\n    loss += p.pow(2).sum() * 1e-4", PENALTIES[0]])
def test_a_loss_that_is_named_before_the_loop(before: str, penalty: str) -> None:
    source = with_penalty("Adam(model.parameters(), lr=1e-3)", penalty).replace("for x in", f"{before}for x in")
    found = mended(source)
    assert "AdamW(param_groups, lr=1e-3, weight_decay=2e-4)" in found
    assert found.endswith(before + PLAIN)


@pytest.mark.parametrize("added", ["loss = loss + 1e-4 * l2", "loss += l2"])
def test_a_sum_that_begins_with_the_first_parameter_is_not_cut_in_two(added: str) -> None:
    penalty = (
        "l2 = None\nfor p in model.parameters():\n    if l2 is None:\n        l2 = p.norm(2) ** 2\n"
        f"    else:\n        l2 = l2 + p.norm(2) ** 2\n{added}"
    )
    found = mended(with_penalty("SGD(model.parameters(), lr=1e-3)", penalty))
    assert found.count("norm(2)") in (0, 2)


def trained(source: str) -> list[float]:
    """The weights that a script ends with."""
    import torch

    torch.manual_seed(0)
    names: dict[str, Any] = {}
    exec(compile(source.replace("for x in (", "for x in 5 * ("), "train.py", "exec"), names)
    return [float(value) for p in names["model"].parameters() for value in p.detach().flatten()]


@pytest.mark.parametrize(
    ("made", "becomes"),
    [
        ("AdamW(model.parameters(), lr=1e-3, weight_decay=0)", "AdamW(param_groups, lr=1e-3, weight_decay=2e-4)"),
        ("SGD(model.parameters(), lr=1e-3)", "SGD(param_groups, lr=1e-3, weight_decay=2e-4)"),
        ("NAdam(model.parameters())", "NAdam(param_groups, decoupled_weight_decay=True, weight_decay=2e-4)"),
    ],
)
def test_the_strength_goes_where_the_optimizer_reads_it(made: str, becomes: str) -> None:
    penalty = "loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())"
    assert mended(with_penalty(made, penalty)) == DIVIDED.format(made=becomes) + PLAIN


def test_a_name_that_means_the_same_at_the_optimizer_is_kept() -> None:
    source = MADE.replace("model =", "strength = 1e-3\nmodel =").format(made="Adam(model.parameters())")
    source += LOOP.format(penalty="    loss = loss + strength * sum(p.pow(2).sum() for p in model.parameters())")
    assert "AdamW(param_groups, weight_decay=2 * strength)" in mended(source)


def test_decay_in_the_gradient_becomes_decay_of_the_weights() -> None:
    loop = """\
    for x in (torch.ones(4), torch.zeros(4)):
        model(x).sum().backward()
        for p in model.parameters():
            p.grad.add_(p.data, alpha=5e-4)
        optimizer.step()
    """
    found = mended(MADE.format(made="Adam(model.parameters())") + textwrap.dedent(loop))
    assert "AdamW(param_groups, weight_decay=5e-4)" in found
    assert "grad" not in found


def test_where_the_optimizer_is_made_elsewhere_the_weights_decay_beside_its_step() -> None:
    source = """\
        import torch


        def train(model, optimizer, batches, wd):
            for x, y in batches:
                loss = model(x, y)
                loss += wd * 0.5 * sum([torch.sum(p ** 2) for p in model.parameters()])
                loss.backward()
                optimizer.step()
        """
    assert mended(textwrap.dedent(source)) == textwrap.dedent("""\
        import torch


        def train(model, optimizer, batches, wd):
            for x, y in batches:
                loss = model(x, y)
                loss.backward()
                with torch.no_grad():
                    for p in model.parameters():
                        if p.ndim >= 2:
                            p.mul_(1 - optimizer.param_groups[0]["lr"] * wd)
                optimizer.step()
        """)


@pytest.mark.parametrize("other", ["print(p)", "loss = loss * p", "wd = min(wd, p)"])
def test_a_loop_beside_the_step_takes_no_name_that_means_something_else(other: str) -> None:
    source = textwrap.dedent(f"""\
        import torch


        def train(model, optimizer, batches, wd, p):
            for x, y in batches:
                loss = model(x, y)
                loss += wd * sum([torch.sum(p ** 2) for p in model.parameters()])
                {other}
                loss.backward()
                optimizer.step()
        """)
    assert mended(source) == source
    inside = source.replace("wd, p)", "wd)").replace(other, "print(sum(p.numel() for p in model.parameters()))")
    assert "p.mul_(1 - " in mended(inside)


IMPORTED = """\
import torch

WD = 1e-3


def train(model, optimizer, batches):
    for x, y in batches:
        loss = model(x, y)
        loss = loss + WD * sum(p.pow(2).sum() for p in model.parameters())
        loss.backward()
        optimizer.step()
"""


def test_names_of_a_module_stay_for_others_who_may_import_them() -> None:
    found = mended(IMPORTED)
    assert found != IMPORTED
    assert "WD = 1e-3" in found
    made = MADE.format(made="Adam(model.parameters())")
    for text, stays in (("WD = 1e-3\n", False), ("WD = 1e-3\n__all__ = ['WD']\n", True)):
        loop = LOOP.format(penalty="    loss = loss + WD * sum(p.pow(2).sum() for p in model.parameters())")
        assert ("WD = 1e-3" in mended(made + text + loop)) is stays


@pytest.mark.parametrize(
    "held", ["[*model.parameters(), *other.parameters()]", "list(model.parameters()) + list(other.parameters())"]
)
def test_what_the_penalty_does_not_reach_gets_no_decay(held: str) -> None:
    source = with_penalty(
        f"Adam({held}, lr=0.1)", "loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())"
    ).replace("optimizer =", "other = nn.Linear(4, 4)\noptimizer =")
    found = mended(source)
    assert f"Adam({held}, lr=0.1)" in found
    assert "for p in model.parameters():" in found
    assert "p.mul_(1 - " in found


def test_where_two_optimizers_step_neither_rate_is_taken_for_both() -> None:
    made = "Adam(model[0].parameters(), lr=0.1)\nsecond = torch.optim.Adam(model[1].parameters(), lr=0.01)"
    source = with_penalty(made, "loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())")
    for steps in ("optimizer.step()\n    second.step()", "optimizer.step(); second.step()"):
        text = source.replace("optimizer.step()", steps)
        assert mended(text) == text


def test_where_the_optimizer_steps_in_two_places_nothing_is_written_beside_one() -> None:
    source = textwrap.dedent("""\
        import torch


        def train(model, optimizer, scaler, batches, wd):
            for x, y in batches:
                loss = model(x, y)
                loss += wd * sum([torch.sum(p ** 2) for p in model.parameters()])
                if scaler is not None:
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                else:
                    loss.backward()
                    optimizer.step()
        """)
    assert mended(source) == source


def test_a_helper_that_is_called_once_is_followed() -> None:
    source = MADE.format(made="Adam(model.parameters())") + textwrap.dedent("""\


        def penalty(net):
            return 0.5 * sum(p.pow(2).sum() for p in net.parameters())


        def step(x):
            loss = model(x).sum()
            (loss + 1e-2 * penalty(model)).backward()
            optimizer.step()
        """)
    found = mended(source)
    assert "weight_decay=0.01" in found
    assert "    loss.backward()\n" in found


def test_what_else_is_in_the_sum_stays() -> None:
    penalty = "loss = loss + x.sum() + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())"
    found = mended(with_penalty("Adam(model.parameters())", penalty))
    assert "    loss = loss + x.sum()\n" in found
    assert "weight_decay=2e-4" in found


def test_a_penalty_that_is_logged_too_is_still_computed() -> None:
    penalty = "l2 = sum(p.pow(2).sum() for p in model.parameters())\nprint(l2.item())\nloss = loss + 1e-4 * l2"
    found = mended(with_penalty("Adam(model.parameters())", penalty))
    assert "print(l2.item())" in found
    assert "1e-4" not in found


PENALTY = "l2 = sum(p.pow(2).sum() for p in model.parameters())\nloss = loss + 1e-4 * l2"


def test_a_comment_that_announces_a_penalty_goes_with_it() -> None:
    found = mended(with_penalty("Adam(model.parameters())", f"# an L2 penalty\n{PENALTY}"))
    assert "1e-4" not in found
    assert "penalty" not in found


@pytest.mark.parametrize("comment", ["# what else counts", "# the loss has two terms, of which\n# one is a penalty"])
def test_a_comment_of_something_else_stays(comment: str) -> None:
    found = mended(with_penalty("Adam(model.parameters())", f"{comment}\n{PENALTY}"))
    assert "1e-4" not in found
    assert all(f"    {line}\n" in found for line in comment.splitlines())


@pytest.mark.parametrize(
    "penalty",
    [
        "if x.sum() > 0:\n    loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model.parameters())",  # not always
        "l2 = x.sum() + sum(p.pow(2).sum() for p in model.parameters())\nloss = loss + 1e-4 * l2",  # scaled later
        "loss = loss + 1e-4 * sum(p.norm() for p in model.parameters())",  # no decay equals it
    ],
)
def test_what_no_decay_equals_is_left(penalty: str) -> None:
    source = with_penalty("Adam(model.parameters())", penalty)
    assert mended(source) == source


def test_an_attribute_of_the_trainer_is_the_same_in_its_methods() -> None:
    source = textwrap.dedent("""\
        import lightning
        import torch
        from torch import nn


        class Trained(lightning.LightningModule):
            def __init__(self, l2=1e-4, after=10):
                super().__init__()
                self.net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
                self.l2 = l2
                self.after = after

            def training_step(self, batch, index):
                x, y = batch
                loss = nn.functional.mse_loss(self.net(x), y)
                if self.{asked} > 0:
                    loss = loss + self.l2 * sum(p.pow(2).sum() for p in self.parameters())
                return loss

            def configure_optimizers(self):
                return torch.optim.Adam(self.parameters(), lr=1e-3)
        """)
    always, sometimes = source.replace("{asked}", "l2"), source.replace("{asked}", "after")
    assert "AdamW(param_groups, lr=1e-3, weight_decay=2 * self.l2)" in mended(always)
    assert "if self.l2 > 0" not in mended(always)
    assert mended(sometimes) == sometimes


@pytest.mark.parametrize("part", ["model[0]", "model[1]", "model[-1]"])
def test_a_penalty_over_a_part_does_not_become_decay_of_everything(part: str) -> None:
    penalty = f"loss = loss + 1e-4 * sum(p.pow(2).sum() for p in {part}.parameters())"
    source = with_penalty("Adam(model.parameters())", penalty)
    found = mended(source.replace("nn.LayerNorm(4))", "nn.LayerNorm(4), nn.Linear(4, 4))"))
    assert "torch.optim.Adam(model.parameters())" in found


def test_a_penalty_over_the_only_part_that_has_weights_becomes_the_decay_of_the_model() -> None:
    penalty = "loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model[0].parameters())"
    found = mended(with_penalty("Adam(model.parameters())", penalty))
    assert "torch.optim.AdamW(param_groups, weight_decay=2e-4)" in found


def test_a_penalty_is_never_moved_without_being_asked() -> None:
    source = with_penalty("Adam(model.parameters())", "loss += 1e-4 * sum(p.pow(2).sum() for p in model.parameters())")
    assert mended(source, unsafe=False) == source


OVER_MODULES = {
    "layers of a list": """\
    layers = [m for m in model.modules() if isinstance(m, nn.LayerNorm)]
    loss = loss + 1e-3 * sum((m.weight ** 2).sum() for m in layers)""",
    "layers by their class": """\
    loss = loss + 1e-3 * sum((m.weight ** 2).sum() for m in model.modules() if isinstance(m, nn.LayerNorm))""",
    "a loop over parts": """\
    for part in [model[0], model[1]]:
        loss = loss + 1e-3 * part.weight.pow(2).sum()""",
    "a loop over a model": """\
    for part in model:
        loss = loss + 1e-3 * (part.weight ** 2).sum()""",
}


@pytest.mark.parametrize("penalty", OVER_MODULES.values(), ids=OVER_MODULES)
def test_modules_are_not_multiplied(penalty: str) -> None:
    program = MADE.format(made="Adam(model.parameters(), lr=0.1)") + LOOP.format(penalty=penalty)
    changed = mended(program)
    assert ".mul_(" not in changed
    exec(compile(changed, "<mended>", "exec"), {})


OVER_GROUPS = """\
for group in optimizer.param_groups:
    for p in group["params"]:
        loss = loss + 1e-3 * (p ** 2).sum()"""


def test_a_penalty_over_groups_that_decay_goes() -> None:
    made = "AdamW(param_groups, lr=0.01, weight_decay=0.1)"
    source = DIVIDED.format(made=made) + LOOP.format(penalty=textwrap.indent(OVER_GROUPS, "    "))
    assert mended(source) == DIVIDED.format(made=made) + PLAIN


def test_a_penalty_over_groups_that_do_not_decay_becomes_a_step_over_them() -> None:
    made = "import torch\n\n\ndef train(model, optimizer, x):\n    loss = model(x).sum()\n{penalty}"
    step = "    loss.backward()\n    optimizer.step()\n"
    penalty = textwrap.indent(OVER_GROUPS, "    ") + "\n"
    decay = """\
    with torch.no_grad():
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.ndim >= 2:
                    p.mul_(1 - group["lr"] * 0.002)
"""
    after = made.format(penalty="") + step.replace("    optimizer", f"{decay}    optimizer")
    assert mended(made.format(penalty=penalty) + step) == after


def test_the_step_in_the_block_of_the_penalty_is_the_one_that_it_joins() -> None:
    made = """\
import torch


def update(value_net, actor, optimizer_value, optimizer_actor, states, l2):
    for _ in range(5):
        loss = value_net(states).mean()
{penalty}        optimizer_value.zero_grad()
        loss.backward()
{decay}        optimizer_value.step()
    optimizer_actor.step()
"""
    penalty = "        for p in value_net.parameters():\n            loss += p.pow(2).sum() * l2\n"
    decay = """\
        with torch.no_grad():
            for p in value_net.parameters():
                if p.ndim >= 2:
                    p.mul_(1 - optimizer_value.param_groups[0]["lr"] * 2 * l2)
"""
    assert mended(made.format(penalty=penalty, decay="")) == made.format(penalty="", decay=decay)


@pytest.mark.parametrize(
    "penalty",
    [
        "loss = loss + 1e-4 * sum(p.pow(2).sum() for p in model[1].parameters())",
        "for p in model[1].parameters():\n    loss = loss + 1e-4 * p.pow(2).sum()",
        "loss = loss + 1e-4 * model[1].weight.pow(2).sum()",
        "loss = loss + 1e-4 * (model[0].bias ** 2).sum()",
    ],
)
def test_a_penalty_over_gains_and_biases_alone_goes(penalty: str) -> None:
    source = with_penalty("AdamW(model.parameters(), lr=0.1, weight_decay=0.0)", penalty)
    assert mended(source) == MADE.format(made="AdamW(model.parameters(), lr=0.1, weight_decay=0.0)") + PLAIN


MEANS = [
    "loss = loss + 1e-2 * sum(p.pow(2).mean() for p in model.parameters())",
    "loss += 1e-2 * torch.stack([(p ** 2).mean() for p in model.parameters()]).sum()",
    "for p in model.parameters():\n    loss = loss + 1e-2 * torch.mean(p ** 2)",
]


@pytest.mark.parametrize("penalty", MEANS)
def test_a_mean_over_what_decays_already_goes(penalty: str) -> None:
    made = "AdamW(param_groups, lr=0.1, weight_decay=0.05)"
    source = DIVIDED.format(made=made) + LOOP.format(penalty=textwrap.indent(penalty, "    "))
    assert mended(source) == DIVIDED.format(made=made) + PLAIN


@pytest.mark.parametrize("penalty", MEANS)
def test_a_mean_becomes_no_decay(penalty: str) -> None:
    made = "AdamW(param_groups, lr=0.1, weight_decay=0.0)"
    source = DIVIDED.format(made=made) + LOOP.format(penalty=textwrap.indent(penalty, "    "))
    assert mended(source) == source
