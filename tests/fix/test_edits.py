"""Only touched bytes change, whatever the file's encoding, line ends and layout; writes are whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint
from wdlint.commands.fixing import mended_text
from wdlint.facts import Applicability, Edit, FileFacts, Finding, Fix, Place
from wdlint.fix.apply import Overlapping, applied, fixed
from wdlint.fix.proof.version import Version
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration
from wdlint.source.read.parse import parse

CALL = "optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.1)"
SOURCE = f"import torch\nfrom torch import nn\n\nnet = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))\n{CALL}\n"
GROUPS = (
    "param_groups = [\n"
    '    {"params": [p for p in net.parameters() if p.ndim >= 2]},\n'
    '    {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},\n'
    "]\n"
)
FIXED = SOURCE.replace(CALL, GROUPS + CALL.replace("net.parameters()", "param_groups"))


def mended(data: bytes, file: str = "train.py") -> bytes:
    def safe(fix: Fix) -> bool:
        return bool(fix.edits) and fix.applicability is Applicability.SAFE

    return mended_text(file, data, Linter(Configuration(isolated=True)), safe).data


@pytest.mark.parametrize(
    ("before", "after", "encoding"),
    [
        ("", "", "utf-8"),
        ("", "", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-\n# caf\xe9\n", "", "latin-1"),
        ("# -*- coding: cp1252 -*-\ns = '\u20ac'\n", "", "cp1252"),
        ("\x0c\n", "\n\x0c\nx = 1", "utf-8"),
        ("", "\nx = 1  \t\n\n\n", "utf-8"),
        ("s = '\u6f22\u5b57'; t = '\U0001f600'\n", "", "utf-8"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_other_byte_is_kept(before: str, after: str, encoding: str, newline: str) -> None:
    old = (before + SOURCE + after).replace("\n", newline).encode(encoding)
    new = (before + FIXED + after).replace("\n", newline).encode(encoding)
    double = new.replace(b"'params'", b'"params"').replace(b"'weight_decay'", b'"weight_decay"')
    result = mended(old)
    assert result in (new, double) or result.replace(b"'", b'"') == new.replace(b"'", b'"')


def test_a_file_without_a_final_newline_gets_none() -> None:
    assert mended(SOURCE.rstrip("\n").encode()) == FIXED.rstrip("\n").encode()


def test_a_notebook_keeps_its_outputs_and_its_other_cells() -> None:
    cells = [
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "import torch\n", "from torch import nn"],
            "outputs": [1],
        },
        {"cell_type": "markdown", "source": ["# Title"]},
        {"cell_type": "code", "source": "".join(SOURCE.splitlines(True)[3:]), "outputs": [], "execution_count": 3},
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    new = json.loads(mended(json.dumps(book, indent=1).encode(), "train.ipynb"))
    assert new["cells"][:2] == cells[:2]
    assert new["cells"][2]["source"] == "".join(FIXED.splitlines(True)[3:])


def version(data: bytes, *findings: Finding) -> Version:
    return Version(data, findings, FileFacts("a.py"), parse(data, "a.py"))


def test_what_is_not_proven_is_dropped() -> None:
    place = Place("a.py", 1, 1, 1, 2)
    fault = Finding("WD101", place, "m", fix=Fix("t", Applicability.SAFE, (Edit(place, "1"),)))
    outcome = fixed("a.py", b"0", lambda text: version(text, fault), lambda fix: True)
    assert outcome.data == b"0"
    assert outcome.unproven == (fault,)


def test_a_fix_that_brings_a_new_finding_is_dropped() -> None:
    place = Place("a.py", 1, 1, 1, 2)
    fault = Finding("WD101", place, "m", fix=Fix("t", Applicability.SAFE, (Edit(place, "1"),)))
    other = Finding("WD305", place, "n")
    outcome = fixed("a.py", b"0", lambda text: version(text, fault if text == b"0" else other), lambda fix: True)
    assert outcome.data == b"0"


def test_another_way_is_tried_where_the_first_does_not_prove_itself() -> None:
    place = Place("a.py", 1, 1, 1, 2)
    second = Fix("second", Applicability.SAFE, (Edit(place, "2"),))
    fault = Finding("WD101", place, "m", fix=Fix("t", Applicability.SAFE, (Edit(place, "1"),), otherwise=(second,)))
    outcome = fixed("a.py", b"0", lambda text: version(text, *([] if text == b"2" else [fault])), lambda fix: True)
    assert outcome.data == b"2"
    assert [f.fix for f in outcome.fixed] == [second]


def test_overlapping_edits_are_refused() -> None:
    edits = [Edit(Place("a.py", 1, 1, 1, 3), "a"), Edit(Place("a.py", 1, 2, 1, 4), "b")]
    with pytest.raises(Overlapping):
        applied("a.py", b"1234", edits)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    old = os.getcwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(wdlint, [*arguments, "--no-cache", "--isolated"])
    finally:
        os.chdir(old)
    return result.exit_code, result.output


def test_fix_writes_keeps_mode_and_links_and_does_nothing_twice(tmp_path: Path) -> None:
    real, link = tmp_path / "real.py", tmp_path / "train.py"
    real.write_text(SOURCE)
    real.chmod(0o750)
    link.symlink_to("real.py")
    code, said = run(tmp_path, "train.py", "--fix")
    assert code == 0
    assert "Fixed 2 faults in 1 file." in said
    assert real.read_text() == FIXED
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o750
    time = real.stat().st_mtime_ns
    assert run(tmp_path, "train.py", "--fix")[0] == 0
    assert real.stat().st_mtime_ns == time


def test_exit_codes_are_those_of_ruff(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text(SOURCE)
    assert run(tmp_path, "train.py", "--diff")[0] == 1
    assert file.read_text() == SOURCE
    assert run(tmp_path, "train.py", "--fix", "--exit-non-zero-on-fix")[0] == 1
    assert run(tmp_path, "train.py", "--fix", "--exit-non-zero-on-fix")[0] == 0
    assert run(tmp_path, "train.py", "--diff")[0] == 0


def test_fix_only_reports_nothing_that_is_left(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SOURCE.replace("AdamW", "Adam"))
    code, said = run(tmp_path, "train.py", "--fix-only")
    assert code == 0
    assert "WD201 coupled-optimizer" not in said
    assert "left WD201" in said and "--unsafe-fixes" in said


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_diff_is_what_git_applies(tmp_path: Path, end: str) -> None:
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "train.py"
    file.write_text(SOURCE.rstrip("\n") + end)
    out = tmp_path / "patch"
    result = subprocess.run(
        [os.sys.executable, "-m", "wdlint", "sub/train.py", "--diff", "--no-cache", "--isolated"],
        cwd=tmp_path, capture_output=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    out.write_bytes(result.stdout)
    subprocess.run(["git", "apply", "--unsafe-paths", str(out)], cwd=tmp_path, check=True)
    assert file.read_text() == FIXED.rstrip("\n") + end


SPLIT = """\
import torch
from transformers import {model}

NO_DECAY = ["bias", "LayerNorm.weight"]


def split(model):
    exempt = [p for n, p in model.named_parameters() if any(x in n for x in NO_DECAY)]
    rest = [p for n, p in model.named_parameters() if not any(x in n for x in NO_DECAY)]
    return [{{"params": rest, "weight_decay": 0.01}}, {{"params": exempt, "weight_decay": 0.0}}]


def main():
    model = {model}.from_pretrained("{name}")
    return torch.optim.AdamW(split(model), lr=5e-5)
"""
SHARED = SPLIT.format(model="T5ForConditionalGeneration", name="t5-small")
IMPORTING = """\
import torch
from transformers import BertForSequenceClassification

from train_t5 import split

bert = BertForSequenceClassification.from_pretrained("bert-base-uncased")
optimizer = torch.optim.AdamW(split(bert), lr=5e-5)
"""


def test_a_fix_leaves_files_right_that_import_what_it_changes(tmp_path: Path) -> None:
    """The list serves two models: what matches nothing in one is the right name in the other."""
    (tmp_path / "train_t5.py").write_text(SHARED)
    (tmp_path / "train_bert.py").write_text(IMPORTING)
    assert run(tmp_path, "train_bert.py")[0] == 0
    run(tmp_path, ".", "--fix", "--unsafe-fixes")
    assert run(tmp_path, "train_bert.py")[0] == 0
    assert '"LayerNorm.weight"' in (tmp_path / "train_t5.py").read_text()


def test_a_fix_that_would_make_an_importing_file_wrong_is_offered_nowhere(tmp_path: Path) -> None:
    (tmp_path / "train_t5.py").write_text(SHARED)
    (tmp_path / "train_bert.py").write_text(IMPORTING)
    _, said = run(tmp_path, ".", "--output-format", "json")
    fixes = [entry["fix"] for entry in json.loads(said) if entry["code"] == "WD302"]
    texts = [edit["content"] for fix in fixes if fix for edit in fix["edits"]]
    assert fixes and not any("LayerNorm.weight" not in text and "layer_norm" in text for text in texts)
    _, alone = run(tmp_path, "train_t5.py", "--diff")
    assert alone


def test_one_list_for_several_models_is_changed_for_none_where_it_serves_another(tmp_path: Path) -> None:
    both = SHARED.replace("import T5", "import BertForSequenceClassification, T5") + IMPORTING.split("split\n\n")[1]
    (tmp_path / "train.py").write_text(both)
    run(tmp_path, "train.py", "--fix", "--unsafe-fixes")
    assert '"LayerNorm.weight"' in (tmp_path / "train.py").read_text()


def test_a_read_only_file_is_said_and_left(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text(SOURCE)
    file.chmod(0o444)
    code, said = run(tmp_path, "train.py", "--fix")
    assert code == 2
    assert "train.py: is read-only and is left as it is" in said
    assert file.read_text() == SOURCE


def test_lines_are_those_of_the_text_as_it_was(tmp_path: Path) -> None:
    """Fixes of several rounds move what is below them."""
    second = CALL.replace("optimizer", "another").replace("net.", "other.").replace("AdamW", "Adam")
    third = 'groups = [{"params": other.parameters(), "weight_deacy": 0.1}]\nlast = torch.optim.SGD(groups, lr=0.1)\n'
    source = f"{SOURCE}other = nn.Linear(2, 2, bias=False)\n{second}\n{third}"
    (tmp_path / "train.py").write_text(source)
    _, said = run(tmp_path, "train.py", "--fix-only", "--unsafe-fixes")
    told = {line.split()[1:3][0]: int(line.split(":")[1]) for line in said.splitlines() if line.startswith("fixed")}
    lines = source.splitlines()
    assert told["WD201"] == lines.index(second) + 1
    assert told["WD401"] == lines.index(third.splitlines()[0]) + 1


def test_why_a_fix_did_not_prove_itself_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wdlint.fix.proof.offers.refusal", lambda *given, **named: "`x` would be lost")
    (tmp_path / "train.py").write_text(SOURCE)
    _, said = run(tmp_path, "train.py", "--fix", "--unsafe-fixes")
    assert "left WD101 train.py:5:13: its fix did not prove itself: `x` would be lost" in said
    assert "[*]" not in said
    assert (tmp_path / "train.py").read_text() == SOURCE
