"""What is made from the project itself: run `python tests/generated.py` to write it anew.

The README's table of rules, the README's look at the tool at work, and the schema of the settings.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from wdlint.cli import wdlint
from wdlint.explain import markdown_table
from wdlint.rule import built_in
from wdlint.schema import schema

TOP = Path(__file__).parent.parent
_PART = re.compile(r"(<!-- (?P<what>rules|run: (?P<command>.*?)) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL)


def generated() -> dict[Path, str]:
    """Each generated file, or file with generated parts, as it ought to be."""
    readme = TOP / "README.md"
    return {
        readme: _PART.sub(_part, readme.read_text(encoding="utf-8")),
        TOP / "wdlint" / "settings.schema.json": json.dumps(schema(), indent=2) + "\n",
    }


def _part(found: re.Match[str]) -> str:
    if found["command"] is None:
        body = markdown_table(built_in())
    else:
        arguments = shlex.split(found["command"])
        assert arguments[0] == "wdlint"
        shown = CliRunner().invoke(wdlint, arguments[1:], prog_name="wdlint")
        body = f"```console\n$ {found['command']}\n{shown.output}```\n"
    return f"{found[1]}{body}{found[5]}"


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8", newline="\n")
