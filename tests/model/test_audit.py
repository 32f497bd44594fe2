"""A live optimizer is judged by the linter's rules, exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import wdlint
from wdlint.judging.selection import UnknownRule
from wdlint.model.audit import Report
from wdlint.testing import assert_decay

pytest_plugins = ["wdlint.testing"]


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.body = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.scale = nn.Parameter(torch.ones(1, 8))
        self.head = nn.Linear(8, 2, bias=False)

    def forward(self, ids):
        return self.head(self.norm(self.body(self.embed(ids))) * self.scale)


def split(model: nn.Module, exempt: Callable[[str, nn.Parameter], bool], decay: float = 0.05) -> list[dict[str, Any]]:
    named = list(model.named_parameters())
    return [
        {"params": [p for n, p in named if not exempt(n, p)], "weight_decay": decay},
        {"params": [p for n, p in named if exempt(n, p)], "weight_decay": 0.0},
    ]


def codes(report: Report) -> list[str]:
    return sorted({f.code for f in report.findings})


def test_one_group_for_everything() -> None:
    model = Network()
    report = wdlint.audit(model, torch.optim.AdamW(model.parameters(), weight_decay=0.1))
    assert codes(report) == ["WD101", "WD102"]
    assert {f.code: set(f.parameters) for f in report.findings} == {
        "WD101": {"body.bias", "norm.bias"},
        "WD102": {"norm.weight", "scale"},
    }


def test_correct_groups_are_silent() -> None:
    model = Network()
    report = wdlint.audit(model, torch.optim.AdamW(wdlint.decay_groups(model, 0.1)))
    assert report.ok
    assert str(report).endswith("No faults found.\n")


def test_a_split_by_dimension_misses_a_broad_gain() -> None:
    model = Network()
    report = wdlint.audit(model, torch.optim.AdamW(split(model, lambda n, p: p.ndim < 2)))
    assert codes(report) == ["WD301"]
    assert report.findings[0].parameters == ("scale",)


def test_weights_in_the_exempt_group() -> None:
    model = Network()
    optimizer = torch.optim.AdamW(split(model, lambda n, p: p.ndim < 2 or "head" in n or n == "scale"))
    assert codes(wdlint.audit(model, optimizer)) == ["WD305"]


def test_a_parameter_left_out_of_a_split() -> None:
    model = Network()
    groups = split(model, lambda n, p: p.ndim < 2 or n == "scale")
    groups[0]["params"] = groups[0]["params"][:-1]
    assert codes(wdlint.audit(model, torch.optim.AdamW(groups))) == ["WD303"]


def test_an_exempt_group_that_a_used_up_iterator_left_empty() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
    once = (p for p in model.parameters())
    weights, others = [p for p in once if p.ndim >= 2], [p for p in once if p.ndim < 2]
    groups = [{"params": weights, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    assert codes(wdlint.audit(model, torch.optim.AdamW(groups))) == ["WD303"]


class Flattened:
    """An optimizer that steps one flat copy of all parameters, as partitioning wrappers make it."""

    def __init__(self, inner: torch.optim.Optimizer) -> None:
        self.inner = inner
        for group in inner.param_groups:
            group["params"] = [nn.Parameter(torch.cat([p.detach().flatten() for p in group["params"]]))]

    def step(self) -> None:
        self.inner.step()


def test_a_flat_copy_of_all_parameters_is_not_judged_and_help_says_when_to_ask() -> None:
    model = Network()
    report = wdlint.audit(model, Flattened(torch.optim.AdamW(model.parameters(), weight_decay=0.1)))  # type: ignore[arg-type]
    assert report.ok
    assert "not judged: 1 decayed" in str(report)
    assert "audit before `deepspeed.initialize`" in str(report)


def test_a_scheduler_leads_to_its_optimizer() -> None:
    model = Network()
    schedule = torch.optim.lr_scheduler.StepLR(torch.optim.AdamW(model.parameters()), 1)
    assert codes(wdlint.audit(model, schedule)) == ["WD101", "WD102"]  # type: ignore[arg-type]


def test_one_rule_may_be_named_by_itself() -> None:
    model = Network()
    report = wdlint.audit(model, torch.optim.AdamW(model.parameters()), select="WD101")
    assert codes(report) == ["WD101"]


def test_what_another_optimizer_holds_is_not_left_out() -> None:
    model = Network()
    groups = split(model, lambda n, p: p.ndim < 2 or n == "scale")
    head = groups[0]["params"].pop()
    both = [torch.optim.AdamW(groups), torch.optim.AdamW([head])]
    assert wdlint.audit(model, both).ok


@pytest.mark.parametrize("cls", [torch.optim.Adam, torch.optim.RMSprop, torch.optim.NAdam])
def test_coupling_is_found_whatever_the_class(cls: Any) -> None:
    model = Network()
    report = wdlint.audit(model, cls(wdlint.decay_groups(model, 0.1)))
    assert codes(report) == ["WD201"]


def test_coupling_of_a_class_that_no_table_knows() -> None:
    class Mine(torch.optim.Adam):
        pass

    model = Network()
    assert codes(wdlint.audit(model, Mine(wdlint.decay_groups(model, 0.1)))) == ["WD201"]


def test_a_key_that_nothing_reads() -> None:
    model = Network()
    groups = wdlint.decay_groups(model, 0.1)
    del groups[1]["weight_decay"]
    groups[1]["weight_deacy"] = 0.0
    report = wdlint.audit(model, torch.optim.AdamW(groups, weight_decay=0.0))
    assert codes(report) == ["WD401"]


class OwnKey(torch.optim.AdamW):
    """Reads `weight_decay_rate`, as early BERT code did."""

    def __init__(self, params: Any, weight_decay_rate: float = 0.01) -> None:
        super().__init__(params)
        self.defaults["weight_decay_rate"] = weight_decay_rate
        del self.defaults["weight_decay"]
        for group in self.param_groups:
            group.setdefault("weight_decay_rate", weight_decay_rate)

    def step(self, closure: Any = None) -> Any:
        kept = [group.get("weight_decay") for group in self.param_groups]
        for group in self.param_groups:
            group["weight_decay"] = group["weight_decay_rate"]
        result = super().step(closure)
        for group, value in zip(self.param_groups, kept, strict=True):
            group["weight_decay"] = value
        return result


def test_the_key_that_the_optimizer_reads_is_the_one_that_counts() -> None:
    model = Network()
    optimizer = OwnKey(wdlint.decay_groups(model, 0.0))
    report = wdlint.audit(model, optimizer)
    assert "WD101" in codes(report)
    assert report.table[0].decay == 0.01


def test_a_key_that_the_optimizer_reads_itself_is_no_fault() -> None:
    class Mine(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            for group in self.param_groups:
                group["lr"] *= group.get("l2", 1.0)
            return super().step(closure)

    model = Network()
    groups = [{**g, "l2": 1.0} for g in wdlint.decay_groups(model, 0.0)]
    assert wdlint.audit(model, Mine(groups, lr=0.1)).ok


def test_an_implausible_strength() -> None:
    model = Network()
    report = wdlint.audit(model, torch.optim.AdamW(wdlint.decay_groups(model, 0.5), lr=0.5))
    assert codes(report) == ["WD402"]


class Declaring(Network):
    def no_weight_decay(self) -> set[str]:
        return {"embed.weight"}


def test_an_exemption_that_the_model_asks_for() -> None:
    model = Declaring()
    report = wdlint.audit(model, torch.optim.AdamW(split(model, lambda n, p: p.ndim < 2 or n == "scale")))
    assert codes(report) == ["WD106"]
    assert wdlint.audit(model, torch.optim.AdamW(wdlint.decay_groups(model, 0.1))).ok


def test_rules_are_chosen_as_on_the_command_line() -> None:
    model = Network()
    optimizer = torch.optim.AdamW(model.parameters())
    assert codes(wdlint.audit(model, optimizer, select=["WD101"])) == ["WD101"]
    assert codes(wdlint.audit(model, optimizer, ignore=["decayed-gain"])) == ["WD101"]
    with pytest.raises(UnknownRule, match="WD999"):
        wdlint.audit(model, optimizer, ignore=["WD999"])


def test_the_table_gives_shrink_and_half_life() -> None:
    model = Network()
    decayed, exempt = wdlint.audit(model, torch.optim.AdamW(wdlint.decay_groups(model, 0.1), lr=1e-2)).table
    assert decayed.shrink == pytest.approx(1e-3)
    assert decayed.half_life == pytest.approx(692.8, abs=0.5)
    assert exempt.half_life is None


def test_the_place_is_the_line_that_asked() -> None:
    model = Network()
    report = wdlint.audit(model, torch.optim.AdamW(model.parameters()))
    assert report.findings[0].place.file.endswith("test_audit.py")
    assert "wdlint.audit(model" in str(report)


def test_faults_raise_an_assertion_with_the_report() -> None:
    model = Network()
    with pytest.raises(AssertionError, match="WD101"):
        assert_decay(model, torch.optim.AdamW(model.parameters()))
    with pytest.raises(wdlint.DecayFault, match="WD102"):
        wdlint.audit(model, torch.optim.AdamW(model.parameters())).raise_for_findings()


def test_the_fixture(assert_decay: Callable[..., Report]) -> None:
    model = Network()
    assert assert_decay(model, torch.optim.AdamW(wdlint.decay_groups(model, 0.1))).ok


def test_a_notebook_gets_a_table_and_nothing_unescaped() -> None:
    model = nn.Sequential()
    model.add_module("<script>", nn.Linear(2, 2))
    text = wdlint.audit(model, torch.optim.AdamW(model.parameters()))._repr_html_()
    assert text.startswith("<div>")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_torch_is_not_imported_by_the_package_alone() -> None:
    import subprocess
    import sys

    words = "import sys, wdlint; assert 'torch' not in sys.modules; wdlint.audit; assert 'torch' in sys.modules"
    subprocess.run([sys.executable, "-c", words], check=True)


def test_a_declared_name_means_that_parameter_and_no_other_that_holds_its_letters() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Linear(4, 4)
            self.t = nn.Parameter(torch.zeros(1, 4))

        def forward(self, x):
            return self.mix(x) + self.t

        def no_weight_decay(self):
            return {"t"}

    net = Net()
    together = wdlint.audit(net, torch.optim.AdamW(net.parameters(), weight_decay=0.1), select=["WD106"])
    assert [f.parameters for f in together.findings] == [("t",)]
    groups = [
        {"params": [net.mix.bias], "weight_decay": 0.1},
        {"params": [net.mix.weight, net.t], "weight_decay": 0.0},
    ]
    inverted = wdlint.audit(net, torch.optim.AdamW(groups), select=["WD305"])
    assert [f.parameters for f in inverted.findings] == [("mix.weight",)]


class Pair(nn.Module):
    """Two networks that an optimizer each trains, as in adversarial training."""

    def __init__(self) -> None:
        super().__init__()
        self.make, self.judge = Network(), Network()


class Trainer:
    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.first = torch.optim.AdamW(pair.make.parameters(), weight_decay=0.1)
        self.second: torch.optim.Optimizer = torch.optim.AdamW(pair.judge.parameters(), weight_decay=0.1)

    def check(self) -> Report:
        return wdlint.audit(self.pair, [self.first, self.second])


def marked(report: Report) -> list[str]:
    """The source line of each finding, in order and once."""
    lines = Path(__file__).read_text().splitlines()
    return list(dict.fromkeys(lines[f.place.line - 1].strip() for f in report.findings))


def test_two_optimizers_of_a_class_are_told_apart_and_found_where_they_are_made() -> None:
    report = Trainer(Pair()).check()
    assert [row.optimizer for row in report.table] == ["AdamW of make", "AdamW of judge"]
    first, second = marked(report)
    assert first.startswith("self.first = torch.optim.AdamW(")
    assert second.startswith("self.second: torch.optim.Optimizer = torch.optim.AdamW(")
    assert len(report.findings) == 4


def test_two_that_are_made_on_lines_that_nothing_tells_are_two_all_the_same() -> None:
    pair = Pair()
    report = wdlint.audit(pair, [torch.optim.AdamW(part.parameters()) for part in (pair.make, pair.judge)])
    assert len(report.findings) == 4
    assert any("judge" in f.message for f in report.findings)


def factory(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters())


def test_the_place_is_the_call_that_an_optimizer_came_from() -> None:
    model = Network()
    optimizer = factory(model)
    assert marked(wdlint.audit(model, optimizer)) == ["optimizer = factory(model)"]
    model, other = model, torch.optim.AdamW(model.parameters())
    assert marked(wdlint.audit(model, other)) == ["model, other = model, torch.optim.AdamW(model.parameters())"]
    if (third := factory(model)) is not None:
        assert marked(wdlint.audit(model, third)) == ["if (third := factory(model)) is not None:"]
    fourth = factory(model)
    fourth = factory(model)
    (line,) = marked(wdlint.audit(model, fourth))
    assert line.startswith("(line,) = ")  # two lines could be it


def test_help_is_code_that_runs() -> None:
    model = Network()
    groups = [{"params": [*model.parameters()][:1], "weight_decay": 0.1}, {"params": [*model.parameters()][1:]}]
    for finding in wdlint.audit(model, torch.optim.AdamW(groups, weight_decay=0.1)).findings:
        assert "Network" not in finding.help
