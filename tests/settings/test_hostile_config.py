"""Configuration files that are wrong, large or weapons: each is said in words, and none stops anything else."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wdlint.commands.cli import wdlint
from wdlint.settings.catalogue import Knowledge, Settings
from wdlint.settings.config import as_toml, keys, read

FAULT = "import torch\nopt = torch.optim.Adam(m.parameters(), weight_decay=1e-2)\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(FAULT)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(wdlint, ["--no-cache", *arguments, "train.py"], prog_name="wdlint")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe[tool.wdlint]\n", "is not UTF-8, as TOML must be"),
        (b"[tool.wdlint]\nselect = " + b"[" * 100_000 + b"]" * 100_000, "is nested too deeply"),
        (b"[tool.wdlint]\n" + b"x = {a=" * 5000, "is not TOML"),
        (b"[tool.wdlint]\n#" + b"x" * 2_000_000, "is larger than 1 MB"),
        (b'[tool.wdlint]\nroots = ["\\u0000"]', "NUL"),
        (b'[tool.wdlint]\nbaseline = "\\u0000"', "NUL"),
        (b'[tool.wdlint]\n"a\\u001b[31m" = 1', "`a\\x1b[31m`: there is no such key"),
        (b'[tool.wdlint]\nfixable = ["WD777"]', "`fixable`: no rule is called `WD777`"),
        (b'[tool.wdlint]\nextend-unsafe-fixes = ["nope"]', "`extend-unsafe-fixes`: no rule is called `nope`"),
        (b'[tool.wdlint]\nper-file-ignores = { "*" = ["nope"] }', "`per-file-ignores`: no rule is called `nope`"),
        (b'[tool.wdlint]\nrule-paths = ["nowhere"]', "there is no such folder of rules"),
        (b"[tool.wdlint.knowledge.optimizers.a]\ndefault = nan", "must be a finite number"),
        (b"[tool.wdlint]\nlatent = [" + b"1, " * 1000 + b"]", "must be true or false, not [1, 1,"),
    ],
)
def test_a_file_that_is_wrong_is_said_in_one_line(here: Path, data: bytes, said: str) -> None:
    (here / "pyproject.toml").write_bytes(data)
    result = run("--trust-rules") if b"rule-paths" in data else run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.startswith("wdlint: error: ")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 500


def test_a_byte_order_mark_is_no_trouble(here: Path) -> None:
    (here / "pyproject.toml").write_bytes(b'\xef\xbb\xbf[tool.wdlint]\nignore = ["WD201"]\n')
    assert run().exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
@pytest.mark.parametrize("name", ["pyproject.toml", "wdlint.toml"])
def test_what_is_no_file_is_no_configuration(here: Path, name: str) -> None:
    def reported() -> bool:
        return "WD201" in run("--output-format", "concise").stdout

    path = here / name
    path.mkdir()
    assert reported()
    path.rmdir()
    os.mkfifo(path)
    assert reported()
    path.unlink()
    path.symlink_to("/dev/zero")
    assert reported()
    path.unlink()
    path.symlink_to(name)  # leads to itself
    assert reported() or "can't be read: Too many levels of symbolic links" in run().stderr


# Every key with a value of every type.

_SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**40), 2**40), st.floats(), st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["WD1", "WD201", "decayed-bias", "ALL", "error", "off", "decay", "text", "inline", "*", "tests/*"]),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abWD12*-", max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def read_again(held: Settings, folder: Path) -> Settings | None:
    """The settings as `--show-settings` would show them, read."""
    path = folder / "again.toml"
    path.write_text(as_toml(held), encoding="utf-8", errors="surrogatepass")
    return read(str(path))


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return (
            json.dumps(value).replace("\x7f", "\\u007f") if value.isascii() else json.dumps(value, ensure_ascii=False)
        )
    return str(value).lower()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_of_any_key_is_taken_or_refused_in_words(data: st.DataObject, here: Path) -> None:
    key = data.draw(st.sampled_from([*keys(Settings), *(f"knowledge.{key}" for key in keys(Knowledge))]))
    value = data.draw(_VALUES)
    path = here / "other.toml"
    path.write_text(f"{key} = {toml(value)}\n", encoding="utf-8")
    result = run("--config", str(path))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "internal error" not in result.stderr
    if result.exit_code == 2:
        assert result.stderr.startswith("wdlint: error: ")
        assert result.stderr.count("\n") == 1
    else:
        held = read(str(path))
        assert held is not None
        assert read_again(held, here) == held
