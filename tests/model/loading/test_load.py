"""From a target to a model, and what is said when that can't be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
import torch
from torch import nn

from wdlint.complaint import Complaint
from wdlint.facts import Kind
from wdlint.model.loading.checkpoint import read, safetensors_header
from wdlint.model.loading.targets import UserError, load, parse_argument
from wdlint.model.showing.describe import of_checkpoint

SOURCE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width, depth: int = 1):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

def make(width=4):
    return Net(width)

def reads_values(width=4):
    shares = [x.item() for x in torch.linspace(0, 1, 3)]
    return Net(width, depth=len(shares))

def fails():
    raise KeyError("no such thing")

ready = Net(3)
number = 3
nothing = lambda: 5
"""


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "user_nets.py").write_text(SOURCE)
    return str(tmp_path / "user_nets.py")


def test_a_class_a_factory_and_a_module(source: str) -> None:
    assert load(f"{source}:Net", {"width": 5}).model.layers[0].weight.is_meta  # type: ignore[union-attr]
    assert load(f"{source}:make", {}).model is not None
    assert isinstance(load(f"{source}:ready", {}).model, nn.Module)
    assert load("torch.nn:Linear", {"in_features": 2, "out_features": 3}).model.weight.shape == (3, 2)  # type: ignore[union-attr]


def test_a_device_of_the_users_choice(source: str) -> None:
    assert load(f"{source}:make", {}, "cpu").model.layers[0].weight.device.type == "cpu"  # type: ignore[union-attr]


def test_a_factory_that_reads_values_gets_them_and_parameters_are_on_meta(source: str) -> None:
    model = load(f"{source}:reads_values", {}).model
    assert isinstance(model, nn.Module)
    assert all(p.is_meta for p in model.parameters())


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("{source}:Net", "needs `width`: add --arg width=..."),
        ("{source}:nett", "has no `nett`"),
        ("{source}:number", "is an int, and neither"),
        ("{source}:nothing", "returned an int and no module"),
        ("{source}", "no model: write"),
        ("no.such.module:Net", "there is no module `no`"),
        ("nowhere.py:Net", "there is no such file"),
        ("nowhere.safetensors", "there is no such file"),
    ],
)
def test_errors_say_what_to_do(source: str, target: str, words: str) -> None:
    with pytest.raises(Complaint, match=words.replace("(", r"\(")):
        load(target.format(source=source), {})


def test_an_error_of_the_users_code_is_shown_as_his(source: str) -> None:
    with pytest.raises(UserError, match="KeyError") as caught:
        load(f"{source}:fails", {})
    assert "user_nets.py" in caught.value.report
    assert "wdlint" not in caught.value.report


def test_arguments_are_literals_or_strings() -> None:
    assert parse_argument("width=[1, 2]") == ("width", [1, 2])
    assert parse_argument("name=base") == ("name", "base")
    with pytest.raises(Complaint, match="key=value"):
        parse_argument("width")


def safetensors(path: Path, tensors: dict[str, tuple[str, list[int]]]) -> Path:
    """A file of the format with a header and no values worth reading."""
    header = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]} for name, (dtype, shape) in tensors.items()
    }
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    return path


TENSORS = {
    "embed_tokens.weight": ("BF16", [100, 8]),
    "layers.0.self_attn.q_proj.weight": ("BF16", [8, 8]),
    "layers.0.input_layernorm.weight": ("BF16", [8]),
    "layers.0.mlp.up_proj.bias": ("BF16", [8]),
    "layers.0.bn.weight": ("F32", [8]),
    "layers.0.bn.running_mean": ("F32", [8]),
    "layers.0.bn.num_batches_tracked": ("I64", []),
    "cls_token": ("F32", [1, 1, 8]),
}


def test_a_safetensors_header_gives_kinds_by_name_and_shape(tmp_path: Path) -> None:
    entries = read(safetensors(tmp_path / "model.safetensors", TENSORS))
    described = of_checkpoint("m", entries, "")
    assert [row.parameter.kind for row in described.rows] == [
        Kind.EMBEDDING, Kind.WEIGHT, Kind.GAIN, Kind.BIAS, Kind.GAIN, Kind.EMBEDDING,
    ]  # fmt: skip


def test_shards_are_read_through_their_index(tmp_path: Path) -> None:
    half = dict(list(TENSORS.items())[:4]), dict(list(TENSORS.items())[4:])
    for number, tensors in enumerate(half):
        safetensors(tmp_path / f"part-{number}.safetensors", tensors)
    places = {name: f"part-{number}.safetensors" for number, tensors in enumerate(half) for name in tensors}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places}))
    assert {e.name for e in read(index)} == set(TENSORS)


def test_of_a_file_only_the_header_is_read(tmp_path: Path) -> None:
    many = {f"layers.{i}.weight": ("F32", [4096, 4096]) for i in range(2000)}
    path = safetensors(tmp_path / "large.safetensors", many)
    with path.open("ab") as stream:
        stream.truncate(path.stat().st_size + 2**33)  # a sparse file of 8 GiB
    tracemalloc.start()
    try:
        assert len(safetensors_header(path)) == 2000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**24  # bytes


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 8, b"\xff" * 40, (4).to_bytes(8, "little") + b"[1]x", (9).to_bytes(8, "little") + b"{}"]
)
def test_a_damaged_file_is_a_complaint(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(data)
    with pytest.raises(Complaint, match="no safetensors file"):
        read(path)


def test_a_header_needs_no_torch(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "model.safetensors", TENSORS)
    words = "import sys; sys.modules['torch'] = None; from wdlint.commands.model import model; model()"
    command = [sys.executable, "-c", words, str(path), "--compare"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "biases" in done.stdout


def test_a_state_dict_is_found_where_scripts_put_it(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    torch.save({"epoch": 3, "model_state_dict": nn.LayerNorm(4).state_dict()}, path)
    assert [(e.name, e.shape) for e in read(path)] == [("weight", (4,)), ("bias", (4,))]


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("trapped",)


def test_a_pickled_checkpoint_never_runs_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"model": Trap()}, "trap.pt")
    with pytest.raises(Complaint, match="which wdlint never does"):
        read(Path("trap.pt"))
    assert not Path("trapped").exists()


def test_what_is_no_checkpoint_is_called_none(tmp_path: Path) -> None:
    (tmp_path / "junk.bin").write_bytes(b"xx")
    with pytest.raises(Complaint, match=r"junk\.bin: no checkpoint that torch can read"):
        read(tmp_path / "junk.bin")


def test_a_whole_pickled_module_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "whole.pt")
    with pytest.raises(Complaint, match=r"would call `torch\.nn\.modules\.linear\.Linear`"):
        read(tmp_path / "whole.pt")


def test_no_state_dict_says_what_is_there(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "loss": 0.5}, tmp_path / "log.pt")
    with pytest.raises(Complaint, match="its keys: epoch, loss"):
        read(tmp_path / "log.pt")
