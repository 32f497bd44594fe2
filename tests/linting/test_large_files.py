"""A file that is too large to be worth it is skipped, and the run says so and how it is read all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wdlint.linting.checked import Checked
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration, ConfigurationError

TRAIN = "import torch\nmodel = torch.nn.Linear(3, 3)\nopt = torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"


def checked(path: Path, data: str, **settings: object) -> Checked:
    path.write_text(data, encoding="utf-8")
    return Linter(Configuration(settings, isolated=True)).check(str(path))


def test_a_large_file_is_skipped_and_said(tmp_path: Path) -> None:
    small, large = tmp_path / "small.py", tmp_path / "large.py"
    assert [f.code for f in checked(small, TRAIN, max_size=200).findings] == ["WD101"]
    one = checked(large, TRAIN + "#" * 200, max_size=200)
    assert not one.findings and not one.error
    assert one.remarks == (
        f"{one.file}: skipped: it has {len(TRAIN) + 200} bytes of code, and `max-size` is 200; "
        "a greater one reads it all the same",
    )
    assert [f.code for f in checked(large, TRAIN + "#" * 200, max_size=1_000).findings] == ["WD101"]


def test_what_the_screen_lets_pass_is_not_spoken_of(tmp_path: Path) -> None:
    assert checked(tmp_path / "data.py", "rows = [1, 2]\n" * 100, max_size=200).remarks == ()


def test_pictures_in_a_notebook_do_not_count(tmp_path: Path) -> None:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 5_000}}
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": TRAIN, "outputs": [picture]}
    data = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert [f.code for f in checked(tmp_path / "train.ipynb", data, max_size=300).findings] == ["WD101"]
    assert checked(tmp_path / "train.ipynb", data, max_size=100).remarks


@pytest.mark.parametrize("value", ['"2 MB"', "-1", "true", "1.5"])
def test_the_size_is_a_number_of_bytes(tmp_path: Path, value: str) -> None:
    file = tmp_path / "wdlint.toml"
    file.write_text(f"max-size = {value}\n")
    with pytest.raises(ConfigurationError, match="max-size"):
        Configuration(file=str(file))
