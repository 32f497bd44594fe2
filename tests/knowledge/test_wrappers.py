"""What libraries do around an optimizer."""

import ast

import pytest

from wdlint.facts import Ternary
from wdlint.knowledge import wrappers
from wdlint.knowledge.optimizers import optimizer
from wdlint.knowledge.wrappers import Form, helper, wrapper


def test_zero_redundancy_builds_a_class_over_the_parameters():
    found = wrapper("torch.distributed.optim.ZeroRedundancyOptimizer")
    assert found is not None
    assert found.form is Form.CLASS
    assert (found.parameters.position, found.optimizer.name) == (0, "optimizer_class")
    assert "parameters_as_bucket_view" in found.own
    assert "weight_decay" not in found.own


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("accelerate.Accelerator.prepare", Form.ARGUMENTS),
        ("apex.amp.initialize", Form.ARGUMENTS),
        ("deepspeed.initialize", Form.ENGINE),
        ("horovod.torch.DistributedOptimizer", Form.INSTANCE),
        ("timm.optim.Lookahead", Form.INSTANCE),
        ("pytorch_optimizer.SAM", Form.CLASS),
        ("fairscale.optim.OSS", Form.CLASS),
    ],
)
def test_how_a_wrapper_passes_an_optimizer_on(path, form):
    found = wrapper(path)
    assert found is not None
    assert found.form is form
    assert (found.optimizer is None) == (form is Form.ARGUMENTS)


def test_a_wrapper_is_no_optimizer():
    for found in wrappers._WRAPPERS:
        assert optimizer(found.path) is None, found.path


def test_schedulers_wrap_nothing():
    assert wrapper("transformers.get_scheduler") is None
    assert helper("torch.optim.AdamW") is None


def test_timm_makes_an_optimizer_that_spares_vectors():
    found = helper("timm.optim.create_optimizer_v2")
    assert found is not None
    assert found.makes_optimizer
    assert found.honours_declared
    assert (found.decay.name, found.decay.default) == ("weight_decay", 0.0)
    assert (found.decayed.gains, found.decayed.biases) == (Ternary.NO, Ternary.NO)


def test_names_are_not_groups():
    found = helper("transformers.trainer_pt_utils.get_parameter_names")
    assert found is not None
    assert found.returns_names


def test_every_condition_is_an_expression():
    for found in wrappers._HELPERS:
        assert isinstance(ast.parse(found.exempt, mode="eval").body, ast.expr)


def test_every_path_is_listed_once():
    assert len(wrappers._BY_PATH) == len(wrappers._WRAPPERS)
    assert len(wrappers._HELPER_BY_PATH) == len(wrappers._HELPERS)
