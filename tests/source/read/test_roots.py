"""What an import leads to is told from the file: the same from every folder, and however the file is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wdlint.api import check_paths
from wdlint.source.read.location import Locator

MODEL = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4, bias=False)
        self.b = nn.Linear(4, 2, bias=False)

    def forward(self, x):
        return self.b(self.a(x).relu())
"""
TRAIN = """\
import torch
from {module} import Net

optimizer = torch.optim.AdamW(Net().parameters(), lr=1e-3, weight_decay=0.1)
"""
# The module's file, the script, what the script imports, and a file that marks the project, if any.
LAYOUTS = (
    ("src/mypkg/models.py", "scripts/train.py", "mypkg.models", "pyproject.toml"),
    ("src/mypkg/models.py", "train.py", "mypkg.models", "pyproject.toml"),
    ("src/mypkg/models.py", "scripts/deep/er/train.py", "mypkg.models", "setup.py"),
    ("mypkg/models.py", "scripts/train.py", "mypkg.models", "wdlint.toml"),
    ("mypkg/models.py", "scripts/train.py", "mypkg.models", "README.md"),
    ("mypkg/models.py", "scripts/train.py", "mypkg.models", None),
    ("nets.py", "experiments/first/train.py", "nets", None),
    ("lib/nets.py", "experiments/train.py", "lib.nets", "LICENSE"),
)


@pytest.mark.parametrize(("model", "script", "module", "mark"), LAYOUTS)
def test_the_model_is_found_from_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, script: str, module: str, mark: str | None
) -> None:
    project = tmp_path / "elsewhere" / "project"
    for name, text in ((model, MODEL), (script, TRAIN.format(module=module))):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    if "/" in model and model != "lib/nets.py":
        (project / model).parent.joinpath("__init__.py").touch()
    if mark:
        (project / mark).touch()
    file = project / script
    for folder in {project, file.parent, tmp_path, Path("/")}:
        monkeypatch.chdir(folder)
        for name in (str(file), os.path.relpath(file)):
            assert check_paths([name]) == [], f"{name} from {folder}"


def test_what_lies_where_one_stands_is_no_module_of_another_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").touch()
    script = tmp_path / "project" / "train.py"
    script.write_text(TRAIN.format(module="nets"))
    (tmp_path / "nets.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    assert [finding.code for finding in check_paths([str(script)])] == ["WD103"]


def test_nothing_is_looked_for_where_unrelated_things_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    for shared in (tmp_path, tmp_path / "tmp"):
        (shared / "one" / "two").mkdir(parents=True)
        for mark in ("nets.py", "README", "setup.py"):
            (shared / mark).touch()
        assert Locator().locate(str(shared / "one" / "two" / "train.py"), "nets", 0) is None
        (shared / "one" / "nets.py").touch()
        found = Locator().locate(str(shared / "one" / "two" / "train.py"), "nets", 0)
        assert found == str(shared / "one" / "nets.py")


def test_the_top_is_the_repositorys_and_without_one_the_highest_that_is_marked(tmp_path: Path) -> None:
    example = tmp_path / "kept" / "project" / "examples" / "first"
    example.mkdir(parents=True)
    (example / "requirements.txt").touch()
    assert Locator().top(str(example)) == str(example)
    (example.parents[1] / "LICENSE").touch()
    assert Locator().top(str(example)) == str(example.parents[1])
    (example.parents[2] / "README").touch()  # says what lies in a folder of projects
    assert Locator().top(str(example)) == str(example.parents[1])
    (example.parent / ".git").mkdir()
    assert Locator().top(str(example)) == str(example.parent)
    assert Locator([example]).top(str(example)) == str(example)


@pytest.mark.parametrize("folder", ["torch", "tutorials/torch", "torch/examples", "ignite"])
def test_a_folder_of_scripts_named_like_a_library_is_not_the_library(tmp_path: Path, folder: str) -> None:
    text = TRAIN.replace("from {module} import Net", "from torch import nn\n\nNet = lambda: nn.LayerNorm(8)")
    script = tmp_path / folder / "train.py"
    script.parent.mkdir(parents=True)
    script.write_text(text)
    (tmp_path / "README.md").write_text("")
    beside = tmp_path / "tutorials" / "train.py"
    beside.parent.mkdir(exist_ok=True)
    beside.write_text(text)
    found = check_paths([str(script), str(beside)])
    assert [f.code for f in found if f.place.file == str(script)] == ["WD101", "WD102"]
    assert [f.code for f in found if f.place.file == str(beside)] == ["WD101", "WD102"]


def test_a_module_or_package_named_like_a_library_is_still_found(tmp_path: Path) -> None:
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm" / "__init__.py").write_text("")
    (tmp_path / "torch.py").write_text("")
    (tmp_path / "train.py").write_text("")
    locator = Locator()
    assert locator.locate(str(tmp_path / "train.py"), "timm", 0) == str(tmp_path / "timm" / "__init__.py")
    assert locator.locate(str(tmp_path / "train.py"), "torch", 0) == str(tmp_path / "torch.py")
