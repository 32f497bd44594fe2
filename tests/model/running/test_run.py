"""`wdlint run`: the user's script up to its first step, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

NETWORK = """
import sys
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(self.mix(x))

net = Net()
"""
TRAIN = """
for epoch in range(2):
    optimizer.zero_grad()
    net(torch.randn(3, 4)).square().sum().backward()
    optimizer.step()
    print("stepped", epoch)
"""
FAULTY = NETWORK + "optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.1)\n" + TRAIN
CLEAN = NETWORK + "optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.0)\n" + TRAIN


def line_of(text: str, start: str = "optimizer =") -> int:
    """The line of a script that begins so."""
    return next(i for i, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from wdlint.commands.model import run; run()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def write(folder: Path, text: str, name: str = "train.py") -> Path:
    (folder / name).write_text(text)
    return folder


def test_it_stops_at_the_first_step_with_findings_at_the_users_line(tmp_path: Path) -> None:
    done = run(write(tmp_path, FAULTY), "train.py")
    assert done.returncode == 1
    assert "WD101" in done.stdout
    assert f"train.py:{line_of(FAULTY)}:13" in done.stdout
    assert "stepped" not in done.stdout


def test_a_clean_script_is_clean(tmp_path: Path) -> None:
    done = run(write(tmp_path, CLEAN), "train.py")
    assert (done.returncode, "No faults found." in done.stdout) == (0, True)


def test_it_goes_on_if_asked_and_ends_as_the_findings_say(tmp_path: Path) -> None:
    done = run(write(tmp_path, FAULTY), "--keep-going", "train.py")
    assert done.returncode == 1
    assert "stepped 1" in done.stdout


def test_names_are_those_of_the_model_inside_a_wrapper(tmp_path: Path) -> None:
    wrapped = NETWORK + "net = nn.DataParallel(net)\noptimizer = torch.optim.AdamW(net.parameters())\n" + TRAIN
    done = run(write(tmp_path, wrapped), "train.py")
    assert done.returncode == 1
    assert "decays 1 gain (`norm.weight`) of `Net` by" in done.stdout


def test_arguments_reach_the_script(tmp_path: Path) -> None:
    write(
        tmp_path, FAULTY.replace("net = Net()", "net = Net()\nassert sys.argv == ['train.py', '--lr', '1'], sys.argv")
    )
    assert run(tmp_path, "train.py", "--", "--lr", "1").returncode == 1
    assert run(tmp_path, "train.py", "--lr", "1").returncode == 1


def test_a_module_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    write(tmp_path / "project", "")
    (tmp_path / "project" / "__init__.py").write_text("")
    write(tmp_path / "project", FAULTY)
    assert run(tmp_path, "-m", "project.train").returncode == 1


def test_several_optimizers_are_audited_together(tmp_path: Path) -> None:
    text = NETWORK + "other = nn.Linear(4, 4)\nlater = torch.optim.Adam(other.parameters(), weight_decay=0.2)\n"
    text += "optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.1)\n" + TRAIN
    done = run(write(tmp_path, text), "--output-format", "json", "train.py")
    found = {(f["code"], f["location"]["row"]) for f in json.loads(done.stdout)}
    later, first = line_of(text, "later ="), line_of(text)
    assert found == {("WD101", later), ("WD201", later), ("WD101", first), ("WD102", first)}


def test_a_script_that_fails_first_is_trouble_and_shows_its_own_error(tmp_path: Path) -> None:
    done = run(write(tmp_path, NETWORK + "raise ValueError('the data is missing')\n"), "train.py")
    assert done.returncode == 2
    assert "ValueError: the data is missing" in done.stderr
    assert "before any optimizer stepped" in done.stderr


def test_a_script_that_never_steps_is_trouble(tmp_path: Path) -> None:
    assert run(write(tmp_path, "print('hello')\n"), "train.py").returncode == 2
    assert "there is no such script" in run(tmp_path, "missing.py").stderr


def test_a_script_that_swallows_everything_still_stops(tmp_path: Path) -> None:
    body = "".join(f"    {line}\n" for line in TRAIN.splitlines())
    caught = f"try:\n{body}except BaseException:\n    print('caught')\n"
    write(tmp_path, NETWORK + "optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.1)\n" + caught)
    done = run(tmp_path, "train.py")
    assert (done.returncode, "caught" in done.stdout) == (1, False)


SPAWNING = (
    NETWORK.replace("import torch\n", "import torch, torch.multiprocessing\n", 1)
    + """
def work(rank):
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
    net(torch.randn(3, 4)).square().sum().backward()
    optimizer.step()
    print("stepped")

if __name__ == "__main__":
    torch.multiprocessing.spawn(work, nprocs=2)
"""
)


def test_workers_that_a_script_spawns_are_watched_too(tmp_path: Path) -> None:
    done = run(write(tmp_path, SPAWNING), "train.py")
    assert done.returncode == 1, done.stderr
    assert f"train.py:{line_of(SPAWNING, '    optimizer =')}:17" in done.stdout
    assert "stepped" not in done.stdout


def test_the_builder_is_the_users_line_behind_a_factory(tmp_path: Path) -> None:
    factory = "def build(params):\n    return torch.optim.AdamW(params, weight_decay=0.1)\n"
    factory += "optimizer = build(net.parameters())\n"
    done = run(write(tmp_path, NETWORK + factory + TRAIN), "--output-format", "json", "train.py")
    assert {f["location"]["row"] for f in json.loads(done.stdout)} == {len(NETWORK.splitlines()) + 2}


def test_the_training_is_the_same_with_and_without(tmp_path: Path) -> None:
    seeded = (
        FAULTY.replace("net = Net()", "torch.manual_seed(0)\nnet = Net()")
        + "print(sum(p.sum().item() for p in net.parameters()))\n"
    )
    write(tmp_path, seeded)
    alone = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    watched = run(tmp_path, "--keep-going", "train.py")
    assert watched.stdout.startswith(alone.stdout)


@pytest.mark.parametrize("library", ["lightning", "accelerate", "transformers"])
def test_frameworks(tmp_path: Path, library: str) -> None:
    pytest.importorskip(library)
    done = run(write(tmp_path, FRAMEWORKS[library]), "--output-format", "json", "train.py")
    assert done.returncode == 1, done.stderr
    start = done.stdout.index("[\n")
    expected = {"WD301"} if library == "transformers" else {"WD101", "WD102"}  # Trainer splits, and misses a gain
    assert {f["code"] for f in json.loads(done.stdout[start:])} == expected


FRAMEWORKS = {
    "lightning": NETWORK
    + """
import lightning
class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = net
    def training_step(self, batch, index):
        return self.net(batch[0]).square().sum()
    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), weight_decay=0.1)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(8, 4)), batch_size=4)
quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet)
trainer.fit(Module(), data)
""",
    "accelerate": NETWORK
    + """
from accelerate import Accelerator
accelerator = Accelerator(cpu=True)
optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
net, optimizer = accelerator.prepare(net, optimizer)
accelerator.backward(net(torch.randn(3, 4)).square().sum())
optimizer.step()
""",
    "transformers": """
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments
class Odd(GPT2LMHeadModel):
    def __init__(self, config):
        super().__init__(config)
        import torch
        self.gain = torch.nn.Parameter(torch.ones(1))
    def forward(self, input_ids, labels=None, **options):
        out = super().forward(input_ids, labels=labels)
        out.loss = out.loss * self.gain.sum()
        return out
model = Odd(GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=20))
data = [{"input_ids": [1, 2, 3], "labels": [1, 2, 3]}] * 4
arguments = TrainingArguments(output_dir="out", max_steps=1, use_cpu=True, weight_decay=0.1, report_to=[])
Trainer(model=model, args=arguments, train_dataset=data).train()
""",
}


DISTRIBUTED = """
import os, sys
import torch
import torch.distributed as dist
from torch import nn

dist.init_process_group("gloo")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        return self.norm(self.mix(x)) * self.scale

net = Net()
WRAP
optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
net(torch.randn(3, 8)).square().sum().backward()
optimizer.step()
print("stepped")
"""
WRAPPERS = {
    "data parallel": "net = nn.parallel.DistributedDataParallel(net)",
    "compiled": "net = torch.compile(net, backend='eager')",
    "sharded": """
from torch.distributed.fsdp import fully_shard
from torch.distributed.device_mesh import init_device_mesh
fully_shard(net, mesh=init_device_mesh('cpu', (2,)))
""",
    "sharded, the older": """
from torch.distributed.fsdp import FullyShardedDataParallel
net = FullyShardedDataParallel(net, use_orig_params=True, device_id=torch.device('cpu'))
""",
}
LAUNCH = ("--nproc-per-node", "2", "--master-port", "0", "train.py")


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_workers_of_a_launcher_are_audited_and_the_first_speaks(tmp_path: Path, wrapper: str) -> None:
    write(tmp_path, DISTRIBUTED.replace("WRAP", WRAPPERS[wrapper]))
    done = run(tmp_path, "--output-format", "json", "-m", "torch.distributed.run", "--", "--standalone", *LAUNCH)
    assert done.returncode == 1, done.stderr
    assert "stepped" not in done.stdout
    found = {f["code"]: f["message"] for f in json.loads(done.stdout[done.stdout.index("[") :])}
    assert set(found) == {"WD101", "WD102"}
    assert "2 gains" in found["WD102"]
    assert "2 biases" in found["WD101"]


def test_torch_that_is_imported_before_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, FAULTY)
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "sitecustomize.py").write_text("import torch\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "start"))
    assert run(tmp_path, "train.py").returncode == 1


def test_a_launcher_by_the_name_of_its_command(tmp_path: Path) -> None:
    write(tmp_path, FAULTY)
    (tmp_path / "launch").write_text(
        f"#!{sys.executable}\nimport subprocess, sys\n"
        "sys.exit(subprocess.Popen([sys.executable, '-u', '-W', 'ignore', 'train.py', '--x']).wait())\n"
    )
    (tmp_path / "launch").chmod(0o755)
    done = run(tmp_path, "launch")
    assert (done.returncode, "WD101" in done.stdout, "stepped" in done.stdout) == (1, True, False)


def test_a_command_that_is_no_python_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "sh", "-c", "true")
    assert done.returncode == 2
    assert "is a command and no Python script" in done.stderr


def test_only_what_trains_is_watched_among_children() -> None:
    from wdlint.model.running.launching import watched_command

    watch = ["-m", "wdlint.model.running.watch"]
    assert watched_command([sys.executable, "-m", "pip", "list"]) == [sys.executable, "-m", "pip", "list"]
    assert watched_command(["git", "status"]) == ["git", "status"]
    assert watched_command([sys.executable, "-c", "pass"]) == [sys.executable, "-c", "pass"]
    module = watched_command([sys.executable, "-u", "-m", "pkg.train", "--a"])
    assert module == [sys.executable, "-u", *watch, "--module", "pkg.train", "--a"]
    assert watched_command(["python3", "-X", "dev", __file__, "b"]) == ["python3", "-X", "dev", *watch, __file__, "b"]
