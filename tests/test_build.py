"""What is installed from a checkout: its sources, and nothing that an earlier build has left there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from wdlint.version import __version__

TOP = Path(__file__).parent.parent
SOURCES = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py", "rules", "wdlint")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """A wheel that is built from a checkout in which old builds lie about."""
    pytest.importorskip("setuptools", minversion="77")
    checkout = tmp_path_factory.mktemp("checkout")
    for name in SOURCES:
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(TOP / name, checkout / name)
    stale = checkout / "build" / "lib" / "wdlint"
    stale.mkdir(parents=True)
    (stale / "gone.py").write_text("raise SystemExit('an older build')\n")
    (stale / "facts.py").write_text("raise SystemExit('an older build')\n")
    later = (TOP / "wdlint" / "facts.py").stat().st_mtime + 1_000_000
    os.utime(stale / "facts.py", (later, later))
    (checkout / "wdlint" / "leftover.json").write_text("{}")
    (checkout / "wdlint.egg-info").mkdir()
    (checkout / "wdlint.egg-info" / "SOURCES.txt").write_text("wdlint/leftover.json\nbuild/lib/wdlint/gone.py\n")
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([sys.executable, "-c", build, str(out)], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(out / done.stdout.splitlines()[-1])


def test_what_older_builds_left_is_not_installed(wheel: zipfile.ZipFile) -> None:
    assert {"wdlint/gone.py", "wdlint/leftover.json"}.isdisjoint(wheel.namelist())
    assert wheel.read("wdlint/facts.py") == (TOP / "wdlint" / "facts.py").read_bytes()


def test_every_module_and_every_table_is_installed(wheel: zipfile.ZipFile) -> None:
    """A package that is missing in pyproject.toml's list would only be missed by whoever installs it."""
    kept = (".py", ".csv", ".gz", ".html", ".json", ".toml", ".tsv", ".typed")
    wanted = {path.relative_to(TOP).as_posix() for path in (TOP / "wdlint").rglob("*") if path.suffix in kept}
    wanted |= {f"wdlint/rules/{path.name}" for path in (TOP / "rules").glob("*.py")} | {"wdlint/py.typed"}
    assert wanted - set(wheel.namelist()) == set()


@pytest.mark.parametrize("address", ["", "https://git.example.org/us/wdlint"])
def test_the_page_for_an_index_leads_to_the_repository(address: str, tmp_path: Path) -> None:
    for name in ("README.md", "LICENSE", "setup.py", "pyproject.toml"):
        shutil.copy(TOP / name, tmp_path / name)
    (tmp_path / "wdlint").mkdir()
    shutil.copy(TOP / "wdlint" / "version.py", tmp_path / "wdlint" / "version.py")
    if address:
        with open(tmp_path / "pyproject.toml", "a", encoding="utf-8") as file:
            file.write(f'\n[project.urls]\nRepository = "{address}"\n')
    script = "import setuptools; setuptools.setup = lambda **told: print(told['long_description']); import runpy"
    run = [sys.executable, "-c", f"{script}; runpy.run_path('setup.py')"]
    page = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    relative = re.findall(r'(?:\]\(|src=")(?!https?:|#)[^)"\s]+', page)
    assert bool(relative) == (not address)
    if address:
        assert f'src="{address}/raw/v{__version__}/docs/terminal.svg"' in page
        assert f"]({address}/blob/v{__version__}/docs/rules/decayed-bias.md)" in page
