"""The README and the pages in docs/: every command, example and output on them holds, every link leads somewhere."""

from __future__ import annotations

import itertools
import re
import shlex
import sys
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest

import wdlint as package
from wdlint.commands.cli import wdlint
from wdlint.judging.rule import built_in

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "docs" / "make"))
from claims import Untrue  # noqa: E402
from generated import page, pages  # noqa: E402
from pages import anchors, blocks, inline_code, links  # noqa: E402
from story import told  # noqa: E402
from terminal import COLUMNS, picture  # noqa: E402

PAGES = pages()
OTHERS = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md", "fixtures/README.md")
LINKED = [*PAGES, *(TOP / "docs" / "rules").glob("*.md"), *(TOP / name for name in OTHERS)]
MOST_NOT_RUN = 3  # blocks on all pages that can't be run here


def named(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_page_is_true(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == page(path), f"run `python docs/make {named(path)}`"


@pytest.mark.parametrize("path", LINKED, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    for target in links(path.read_text(encoding="utf-8")):
        if target.startswith(("https:", "http:", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        other = (path.parent / file).resolve() if file else path
        assert other.exists(), target
        assert not anchor or anchor in anchors(other.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("path", LINKED, ids=named)
def test_commands_and_codes_in_the_running_text_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for command in (code for code in inline_code(text) if code.startswith("wdlint ")):
        assert unknown_options(command) == [], command
    assert set(re.findall(r"\bWD\d{3}\b", text)) <= {rule.code for rule in built_in()}


def unknown_options(line: str) -> list[str]:
    """The options in a command line that the command does not have."""
    context = click.Context(wdlint)
    words = list(itertools.takewhile(lambda word: word != "--", shlex.split(line)[1:]))
    name = words[0] if words[0] in wdlint.list_commands(context) else "check"
    command = wdlint.get_command(context, name)
    assert command is not None
    known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)} | {"-", "--help", "--version"}
    return [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]


def test_options_that_do_not_exist_are_told_from_those_that_do() -> None:
    assert unknown_options("wdlint train.py --diff -o x --add-ignore='as agreed'") == []
    assert unknown_options("wdlint run train.py -- --epochs 1") == []
    assert unknown_options("wdlint train.py --dif") == ["--dif"]
    assert unknown_options("wdlint explain WD101 --diff") == ["--diff"]
    assert list(inline_code("a `wdlint\nrules` b\n```\n`no`\n```\n")) == ["wdlint rules"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, left = set(), [TOP / "README.md"]
    while left:
        path = left.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        inside = (link.partition("#")[0] for link in links(path.read_text(encoding="utf-8")) if ":" not in link)
        left += [(path.parent / file).resolve() for file in inside if file]
    assert {path for path in LINKED if "docs" in path.parts} <= reached


def test_every_public_name_of_python_is_on_its_page() -> None:
    page_of_python = (TOP / "docs" / "python.md").read_text(encoding="utf-8")
    public = [name for name in package.__all__ if not name.startswith("_")]
    assert [name for name in public if f"`wdlint.{name}`" not in page_of_python] == []


def test_few_blocks_are_not_run() -> None:
    found = [block.mark("not run") for path in PAGES for block in blocks(path.read_text(encoding="utf-8"))]
    reasons = [reason for reason in found if reason is not None]
    assert all(reasons)
    assert len(reasons) <= MOST_NOT_RUN, reasons


def test_the_readmes_first_blocks_are_those_that_ci_runs() -> None:
    first, second = (b for b in blocks((TOP / "README.md").read_text()) if b.mark("run by") == ".ci/run")
    assert (first.language, second.language) == ("bash", "bash")
    assert "pip install ." in first.text
    assert "pytest" in second.text


# The pages' own way of being tested: it runs what it is shown, and refuses what does not hold.

TRAIN = "import torch\n\n\ndef build(model):\n    return torch.optim.AdamW(model.parameters(), weight_decay=0.1)\n"


def block(language: str, text: str, *marks: str) -> str:
    return "".join(f"<!-- {mark} -->\n" for mark in marks) + f"```{language}\n{text}```\n"


def test_outputs_are_those_of_today() -> None:
    story = block("python", TRAIN, "file: train.py") + block("console", "$ wdlint --output-format concise\nno faults\n")
    assert "train.py:5:12: WD103" in told(story)
    assert "no faults" not in told(story)
    printing = block("python", "print(6 * 7)\n") + block("text", "41\n", "output")
    assert told(printing).endswith("```text\n42\n```\n")


@pytest.mark.parametrize(
    ("untrue", "why"),
    [
        (block("python", "import nothing_of_the_kind\n"), "ModuleNotFoundError"),
        (block("python", "assert 1 == 2\n"), "AssertionError"),
        (block("console", "$ wdlint --no-such-option\n"), "exit code 2"),
        (block("console", "$ wdlint\n", "ends with: 1"), "exit code 0"),
        (block("console", "$ wdlint nowhere.py\n", "only run"), "exit code 2"),
        (block("console", "$ false || exit 3\n"), "exit code 3"),
        (block("toml", '[tool.wdlint]\nselct = ["WD1"]\n'), "selct"),
        (block("toml", 'select = ["WD9999"]\n'), "no rule is called"),
        (block("yaml", "- repo: somewhere\n  hooks:\n    - id: wdlnt\n"), "no hook `wdlnt`"),
        (block("yaml", "uses: OWNER/wdlint@v1\nwith:\n  arguments: x\n"), "no input"),
        (block("yaml", "script:\n  - wdlint --no-such-option\n"), "exit code 2"),
        (block("json", "{'a': 1}\n"), "JSONDecodeError"),
        (block("ruby", "x = 1\n"), "needs the mark `not run`"),
        (block("lua", "x = 1\n"), "run by"),
        (block("lua", "x = 1\n", "not run:"), "no reason"),
        (block("bash", "pip install .\n"), "run by"),
    ],
)
def test_what_does_not_hold_is_refused(untrue: str, why: str) -> None:
    with pytest.raises(Untrue, match=why):
        told(untrue)


def test_what_is_given_is_there_and_what_can_not_be_run_is_left() -> None:
    assert told(block("python", "assert x == 1\n", "given\nx = 1\n"))
    assert told(block("lua", "x = 1\n", "not run: no Lua here")).endswith("x = 1\n```\n")


def test_toml_of_another_program_is_only_read() -> None:
    other = block("toml", '[language-server]\ncommand = "wdlint"\n', "file: languages.toml")
    assert told(other) == other
    with pytest.raises(Untrue, match="TOMLDecodeError"):
        told(block("toml", "= 1\n", "file: languages.toml"))


def test_links_and_anchors_are_read_as_github_makes_them() -> None:
    text = '# A `b`, c\n[x](y.md#z) ![p](q.svg) <img src="r.svg">\n```\n[no](no.md)\n# no\n```\n## A b c\n'
    assert list(links(text)) == ["y.md#z", "q.svg", "r.svg"]
    assert anchors(text) == {"a-b-c", "a-b-c-1"}


def test_the_picture_shows_the_text_and_nothing_runs_over() -> None:
    long = " ".join(["word"] * COLUMNS)
    drawn = picture("wdlint a&b", f"\x1b[1;31mWD101\x1b[0m <x>\n{long}\n")
    assert ">WD101</text>" in drawn
    assert "&lt;x&gt;" in drawn
    assert "a&amp;b" in drawn
    assert "\x1b" not in drawn
    assert drawn.count("word") == COLUMNS
    assert all(len(line) < COLUMNS + 200 for line in drawn.splitlines()[6:])


def test_the_walk_through_the_rooms_names_what_is_there() -> None:
    text = (TOP / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\|[^|]*\| `(wdlint\.[\w.]+)` \|", text, re.MULTILINE)
    assert len(steps) > 10
    for step in steps:
        assert callable(resolve_name(step)), step


def test_every_room_is_on_the_page_that_shows_them() -> None:
    text = (TOP / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    folders = (path.parent for path in (TOP / "wdlint").glob("**/__init__.py"))
    rooms = {path for path in folders if path.parent in (TOP / "wdlint", TOP / "wdlint" / "source")}
    shown = {(TOP / "docs" / link).resolve() for link in links(text)}
    assert rooms <= shown
