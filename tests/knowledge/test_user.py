"""What a user's settings add to the tables and correct in the facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wdlint import check_source
from wdlint.commands.explain_site import explain_site
from wdlint.knowledge import user
from wdlint.knowledge.factories import factory
from wdlint.knowledge.layers import layer
from wdlint.knowledge.optimizers import optimizer
from wdlint.knowledge.wrappers import helper
from wdlint.settings.catalogue import Knowledge, OptimizerEntry

SOURCE = """\
import torch
from mylib import ScaleNorm, Sophia
from torch import nn


class OwnNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.randn(3, 3))
        self.shift = nn.Parameter(torch.randn(3, 3))

    def forward(self, x):
        return torch.einsum("ij,jk,kl->il", x, self.a, self.shift)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(5, 3)
        self.fc = nn.Linear(3, 3, bias=False)
        self.norm = {norm}
        self.alpha = nn.Parameter(torch.randn(3, 3))

    def forward(self, x):
        return torch.einsum("ij,jk->ik", self.norm(self.fc(self.tokens(x))), self.alpha)


net = Net()
optimizer = {optimizer}(net.parameters(), lr=1e-3, weight_decay=0.1)
"""


@pytest.fixture(autouse=True)
def nothing_added() -> Iterator[None]:
    yield
    user.use(Knowledge())


def reached(norm: str = "nn.Identity()", code: str = "WD102", **settings: object) -> tuple[str, ...]:
    embeddings = settings.pop("embeddings", "either")
    source = SOURCE.format(norm=norm, optimizer="torch.optim.AdamW")
    found = check_source(
        source, select=(code,), embeddings=embeddings, knowledge=Knowledge(**settings)  # type: ignore[arg-type]
    )  # fmt: skip
    return tuple(name for finding in found for name in finding.parameters)


def test_without_settings_none_is_a_gain() -> None:
    assert reached() == ()


def test_a_parameter_is_a_gain_by_its_name() -> None:
    assert reached(gain_names=("alpha",)) == ("alpha",)
    assert reached(code="WD101", bias_names=("alpha",)) == ("alpha",)


def test_a_layer_of_a_library_is_a_norm() -> None:
    assert "norm.weight" in reached("ScaleNorm(3)", norm_layers=("mylib.ScaleNorm",))


def test_a_layer_of_the_project_is_a_norm() -> None:
    assert reached("OwnNorm()", norm_layers=("OwnNorm",)) == ("norm.a",)
    assert reached("OwnNorm()", code="WD101", norm_layers=("OwnNorm",)) == ("norm.shift",)


def test_embeddings_are_what_the_policy_says() -> None:
    assert reached(code="WD105") == ()
    assert reached(code="WD105", embeddings="exempt") == ("tokens.weight",)
    assert reached(code="WD105", embeddings="decay") == ()


def test_an_optimizer_is_known_by_its_path() -> None:
    source = SOURCE.format(norm="nn.Identity()", optimizer="Sophia")
    assert check_source(source) == []
    entry = OptimizerEntry("mylib.Sophia", "weight_decay", 0.1, "adaptive")
    assert [f.code for f in check_source(source, knowledge=Knowledge(optimizers=(entry,)))] == ["WD201"]


def test_additions_do_not_outlive_their_settings() -> None:
    user.use(Knowledge(norm_layers=("mylib.ScaleNorm",), optimizers=(OptimizerEntry("mylib.Sophia"),)))
    assert optimizer("mylib.Sophia") is not None
    assert layer("mylib.ScaleNorm") is not None
    user.use(Knowledge())
    assert optimizer("mylib.Sophia") is None
    assert layer("mylib.ScaleNorm") is None


FACTORIES = """\
import torch
from mylib import build, divided

net = build("big")
optimizer = torch.optim.AdamW({parameters}, lr=1e-3, weight_decay=0.1)
"""


def told(folder: Path, parameters: str, known: str) -> str:
    """What wdlint reads of the optimizer, with settings that know something."""
    (folder / "train.py").write_text(FACTORIES.format(parameters=parameters))
    (folder / "wdlint.toml").write_text(f"[knowledge]\n{known}\n")
    return explain_site(str(folder / "train.py"))


def test_a_model_factory_makes_a_model(tmp_path: Path) -> None:
    known = 'model-factories = ["mylib.build"]'
    assert "the model (net) can't be seen" in told(
        tmp_path, "divided(net)", known + '\ngroup-factories = ["mylib.divided"]'
    )
    assert factory("mylib.build") is not None


def test_a_group_factory_divides_as_it_should(tmp_path: Path) -> None:
    assert "not every group could be read" in told(tmp_path, "divided(net, 0.1)", "")
    text = told(tmp_path, "divided(net, 0.3)", 'group-factories = ["mylib.divided"]')
    assert "group 1: weights in, gains out, biases out" in text
    assert "group 2: weights out, gains in, biases in" in text
    assert "decay 0.3" in text


def test_what_one_configuration_adds_is_unknown_to_the_next() -> None:
    user.use(Knowledge(group_factories=("mylib.divided",), model_factories=("mylib.build",)))
    assert helper("mylib.divided") is not None
    assert factory("mylib.build") is not None
    user.use(Knowledge())
    assert helper("mylib.divided") is None
    assert factory("mylib.build") is None
