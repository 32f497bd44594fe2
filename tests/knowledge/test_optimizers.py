"""The optimizer table: the import path decides, never the bare name."""

import csv

import pytest

from wdlint.facts import Coupling, Ternary
from wdlint.knowledge import optimizers
from wdlint.knowledge.optimizers import names_in, optimizer


def known(path):
    found = optimizer(path)
    assert found is not None, path
    return found


@pytest.mark.parametrize(
    ("path", "key", "position", "default", "coupling"),
    [
        ("torch.optim.AdamW", "weight_decay", 4, 0.01, Coupling.DECOUPLED),
        ("torch.optim.adamw.AdamW", "weight_decay", 4, 0.01, Coupling.DECOUPLED),
        ("torch.optim.Adam", "weight_decay", 4, 0, Coupling.COUPLED_ADAPTIVE),
        ("torch.optim.SGD", "weight_decay", 4, 0, Coupling.COUPLED_PLAIN),
        ("torch.optim.ASGD", "weight_decay", 5, 0, Coupling.COUPLED_PLAIN),
        ("torch.optim.RMSprop", "weight_decay", 4, 0, Coupling.COUPLED_ADAPTIVE),
        ("torch.optim.Adagrad", "weight_decay", 3, 0, Coupling.COUPLED_ADAPTIVE),
        ("torch.optim.Muon", "weight_decay", 2, 0.1, Coupling.DECOUPLED),
        ("transformers.AdamW", "weight_decay", 4, 0, Coupling.DECOUPLED),
        ("transformers.optimization.AdamW", "weight_decay", 4, 0, Coupling.DECOUPLED),
        ("transformers.Adafactor", "weight_decay", 6, 0, Coupling.DECOUPLED),
        ("pytorch_pretrained_bert.optimization.BertAdam", "weight_decay", 8, 0.01, Coupling.DECOUPLED),
        ("apex.optimizers.FusedAdam", "weight_decay", 6, 0, Coupling.DECOUPLED),
        ("apex.optimizers.FusedLAMB", "weight_decay", 5, 0.01, Coupling.DECOUPLED),
        ("deepspeed.ops.adam.FusedAdam", "weight_decay", 6, 0, Coupling.DECOUPLED),
        ("bitsandbytes.optim.AdamW8bit", "weight_decay", 4, 0.01, Coupling.DECOUPLED),
        ("bitsandbytes.optim.Adam8bit", "weight_decay", 4, 0, Coupling.DECOUPLED),
        ("bitsandbytes.optim.LARS", "weight_decay", 4, 0, Coupling.COUPLED_PLAIN),
        ("timm.optim.Lamb", "weight_decay", 5, 0.01, Coupling.DECOUPLED),
        ("timm.optim.Nadam", "weight_decay", 4, 0, Coupling.COUPLED_ADAPTIVE),
        ("torch_optimizer.NovoGrad", "weight_decay", 4, 0, Coupling.COUPLED_PLAIN),
        ("lion_pytorch.Lion", "weight_decay", 3, 0, Coupling.DECOUPLED),
        ("schedulefree.AdamWScheduleFree", "weight_decay", 4, 0, Coupling.DECOUPLED),
        ("schedulefree.SGDScheduleFree", "weight_decay", 3, 0, Coupling.COUPLED_PLAIN),
        ("fastai.optimizer.Adam", "wd", None, 0.01, Coupling.DECOUPLED),
    ],
)
def test_a_known_optimizer(path, key, position, default, coupling):
    found = known(path)
    assert found.decay is not None
    assert (found.decay.name, found.decay.position, found.decay.default) == (key, position, default)
    assert found.coupling is coupling


@pytest.mark.parametrize("path", ["torch.optim.SparseAdam", "torch.optim.LBFGS", "torch.optim.Rprop"])
def test_an_optimizer_without_decay(path):
    assert known(path).decay is None
    assert known(path).coupling is Coupling.NONE
    assert known(path).described({}).decay_key is None


@pytest.mark.parametrize(
    "path", ["AdamW", "torch.AdamW", "torch.optim.Optimizer", "mylib.AdamW", "torch_optimizer.SAM"]
)
def test_a_path_that_names_no_known_optimizer(path):
    assert optimizer(path) is None


@pytest.mark.parametrize(
    ("path", "settings", "coupling"),
    [
        ("torch.optim.Adam", {"decoupled_weight_decay": True}, Coupling.DECOUPLED),
        ("torch.optim.Adam", {"decoupled_weight_decay": False}, Coupling.COUPLED_ADAPTIVE),
        ("torch.optim.Adam", {"decoupled_weight_decay": ...}, Coupling.UNKNOWN),
        ("torch.optim.Adam", {"amsgrad": True}, Coupling.COUPLED_ADAPTIVE),
        ("torch.optim.NAdam", {"decoupled_weight_decay": True}, Coupling.DECOUPLED),
        ("torch.optim.RAdam", {"decoupled_weight_decay": True}, Coupling.DECOUPLED),
        ("apex.optimizers.FusedAdam", {"adam_w_mode": False}, Coupling.COUPLED_ADAPTIVE),
        ("deepspeed.ops.adam.DeepSpeedCPUAdam", {"adamw_mode": False}, Coupling.COUPLED_ADAPTIVE),
        ("adabelief_pytorch.AdaBelief", {"weight_decouple": False}, Coupling.COUPLED_ADAPTIVE),
        ("torch_optimizer.AdaBelief", {"weight_decouple": True}, Coupling.DECOUPLED),
        ("torch_optimizer.QHM", {"weight_decay_type": "direct"}, Coupling.DECOUPLED),
        ("prodigyopt.Prodigy", {"decouple": False}, Coupling.COUPLED_ADAPTIVE),
        ("timm.optim.MADGRAD", {"decoupled_decay": True}, Coupling.DECOUPLED),
    ],
)
def test_a_switch_changes_the_coupling(path, settings, coupling):
    assert known(path).coupling_under(settings) is coupling
    assert known(path).described(settings).coupling is coupling


def test_the_group_keys_that_torch_reads():
    assert {"params", "lr", "betas", "weight_decay"} <= set(known("torch.optim.AdamW").reads)
    assert "wd" not in known("torch.optim.AdamW").reads
    assert "weight_decay_rate" not in known("transformers.AdamW").reads


def test_a_step_that_spares_vectors_says_so():
    spared = known("pytorch_optimizer.LARS").exempts
    assert spared is not None
    assert (spared.gains, spared.biases, spared.weights) == (Ternary.YES, Ternary.YES, Ternary.NO)


def test_the_classes_of_a_module():
    names = names_in("torch.optim")
    assert {"Adam", "AdamW", "SGD", "RMSprop", "LBFGS"} <= set(names)
    assert not any("." in name for name in names)
    assert names_in("torch.nn") == ()


def test_every_line_can_be_read():
    for path in optimizers._lines():
        found = known(path)
        assert found.parameters.position == 0
        assert found.decay is None or found.decay.position is None or found.decay.position > 0
        assert (found.decay is None) <= (found.coupling in (Coupling.NONE, Coupling.UNKNOWN))


def test_the_table_has_one_line_a_class_and_one_class_a_path():
    lines = optimizers.TABLE.read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(lines[1:], delimiter="\t", quoting=csv.QUOTE_NONE))
    paths = [path for row in rows for path in (row[0], *row[1].split())]
    assert len(paths) == len(set(paths))
    assert {len(row) for row in rows} == {10}


@pytest.mark.parametrize(
    ("path", "settings", "decoupled"),
    [
        ("torch.optim.Adam", {}, "AdamW"),
        ("torch.optim.Adam", {"decoupled_weight_decay": False}, "decoupled_weight_decay=True"),
        ("torch.optim.NAdam", {}, "decoupled_weight_decay=True"),
        ("torch.optim.RMSprop", {}, ""),
        ("prodigyopt.Prodigy", {"decouple": False}, "decouple=True"),
        ("torchao.optim.Adam8bit", {}, "AdamW8bit"),
        ("torch_optimizer.RAdam", {}, ""),  # another RAdam than torch's, which has no switch
    ],
)
def test_what_decouples_an_optimizer_is_known_by_its_library(path: str, settings: dict, decoupled: str) -> None:
    known = optimizer(path)
    assert known is not None and known.decoupled(settings) == decoupled
