"""Names of files that are weapons, through every way out: nothing is lost and nothing injected."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="such names can't exist elsewhere")

FAULT = b"import torch\nopt = torch.optim.Adam(m.parameters(), weight_decay=1e-2)\n"
NAMES = [
    b"a\x1b[31m\n::error::b.py",
    b"quo\"te's<b>&amp;|`x`.py",
    b"not-utf-8-\xff\xfe.py",
    "turned\u202ex.py".encode(),
    b"sp ace, c:d%41.py",
    b"]]>-->.py",
    b"tab\there\r.py",
    b"www.evil.com [x](y) @me.py",
    b"-dash.py",
    b"back\\slash.py",
]
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202e]")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / "kept"))
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    os.mkdir("d")
    for name in NAMES:
        with open(b"d/" + name, "wb") as file:
            file.write(FAULT)
    return tmp_path


def wdlint(*arguments: str, **environment: str) -> bytes:
    command = [sys.executable, "-m", "wdlint", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environment})
    assert done.returncode in (0, 1), done.stderr
    assert not STEERING.search(done.stderr.decode())
    return done.stdout


def report(form: str) -> str:
    text = wdlint("--output-format", form, "d").decode()
    assert not STEERING.search(text)
    return text


def test_the_formats_of_lines_have_a_line_a_file() -> None:
    for form in ("concise", "github", "azure", "json-lines"):
        lines = report(form).splitlines()
        starts = {"concise": "d/", "github": "::warning title=wdlint ", "azure": "##vso[", "json-lines": "{"}
        assert sum(line.startswith(starts[form]) for line in lines) == len(NAMES)
    assert len(re.findall(r"^ *--> d/.*\.py:2:7$", report("text"), re.MULTILINE)) == len(NAMES)
    assert wdlint("--show-files", "d").decode().count("\n") == len(NAMES)


def test_the_documents_are_valid_and_name_every_file() -> None:
    by_form = {
        "json": [row["filename"] for row in json.loads(report("json"))],
        "json-lines": [json.loads(line)["filename"] for line in report("json-lines").splitlines()],
        "gitlab": [row["location"]["path"] for row in json.loads(report("gitlab"))],
        "rdjson": [row["location"]["path"] for row in json.loads(report("rdjson"))["diagnostics"]],
        "junit": [suite.attrib["name"] for suite in ElementTree.fromstring(report("junit"))],
    }
    for names in by_form.values():
        assert len(set(names)) == len(NAMES)
        for name in names:
            name.encode()  # no lone surrogates, which strict parsers refuse
    results = json.loads(report("sarif"))["runs"][0]["results"]
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert {unquote_to_bytes(uri) for uri in uris} == {b"d/" + name for name in NAMES}


def test_a_job_summary_has_a_row_a_file(here: Path) -> None:
    wdlint("d", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(here / "summary.md"))
    text = (here / "summary.md").read_text(encoding="utf-8")
    assert not STEERING.search(text)
    assert len(re.findall(r"^\| <code>d/", text, re.MULTILINE)) == len(NAMES)


def test_a_patch_applies_to_every_file(here: Path) -> None:
    told = wdlint("--diff", "--unsafe-fixes", "d")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "apply"], input=told, check=True)
    assert all(b"AdamW(" in (here / "d" / os.fsdecode(name)).read_bytes() for name in NAMES)


def test_a_baseline_knows_every_file(here: Path) -> None:
    wdlint("--write-baseline", "d")
    assert len(json.loads((here / "wdlint-baseline.json").read_bytes())["findings"]) == len(NAMES)
    assert wdlint("--baseline", "wdlint-baseline.json", "d").decode() == (
        f"No faults found in {len(NAMES)} files ({len(NAMES)} in the baseline); {len(NAMES)} optimizers judged.\n"
    )


def test_fixes_and_comments_reach_every_file(here: Path) -> None:
    assert wdlint("--add-ignore=known", "d") == f"Added {len(NAMES)} comments.\n".encode()
    assert wdlint("d").startswith(b"No faults found")
    wdlint("--fix", "--unsafe-fixes", "--ignore-suppressions", "d")
    assert all(b"AdamW(" in (here / "d" / os.fsdecode(name)).read_bytes() for name in NAMES)


def test_every_file_is_kept_in_the_cache() -> None:
    assert wdlint("d") == wdlint("d") == wdlint("--no-cache", "-j", "2", "d")
