"""Where the project is published: the one line in `pyproject.toml` that says it, put wherever pages name the address.

Until there is such a line, pages say OWNER in its place.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wdlint.version import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).resolve().parents[2]
NOWHERE = "https://github.com/OWNER/wdlint"
_ADDRESS = re.compile(r"https://[\w.-]+/[\w./-]*?/wdlint\b(?!-)")
_PINNED = re.compile(r"(git\+https://[\w./-]+?/wdlint@v)[\w.]+")
_ACTION = re.compile(r"(?<=uses: )[\w.-]+/wdlint@v[\w.]+")
_HOOK = re.compile(r"(repo: https://\S+/wdlint\n +rev: v)\S+")


def address() -> str:
    """The repository's address, without a slash at its end."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project.get("urls", {}).get("Repository", NOWHERE)).rstrip("/")


def placed(text: str, where: str = "", version: str = __version__) -> str:
    """A page with the address and the version of today wherever it tells how wdlint is got."""
    where = where or address()
    text = _ADDRESS.sub(where, text)
    text = _PINNED.sub(rf"\g<1>{version}", text)
    text = _HOOK.sub(rf"\g<1>{version}", text)
    owner, name = where.split("/")[-2:]
    return _ACTION.sub(f"{owner}/{name}@v{version}", text)
