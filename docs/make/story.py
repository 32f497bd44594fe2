"""A page is a story: its blocks are run one after the other in a folder of its own.

`told` returns the page with the outputs that its commands and its Python have today, and raises `Untrue` at the
first block that does not do what the page says. Writing the page and testing it are thereby one thing. What the
blocks and their marks are stands in `pages`; how settings and YAML are looked at, in `claims`.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claims import Untrue, claim
from click.testing import CliRunner
from pages import Block, blocks

TOP = Path(__file__).resolve().parent.parent.parent
SHELL = frozenset("|;&<>$")
QUIET = {
    "GIT_AUTHOR_NAME": "you", "GIT_AUTHOR_EMAIL": "you@example.org", "GIT_COMMITTER_NAME": "you",
    "GIT_COMMITTER_EMAIL": "you@example.org", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    "NO_COLOR": "1", "COLUMNS": "100", "PYTHONWARNINGS": "ignore",
}  # fmt: skip
LOUD = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "FORCE_COLOR", "PYTEST_CURRENT_TEST")


def told(page: str) -> str:
    """The page as it ought to be, outputs and all.

    Raises:
        Untrue: a block does not do what the page says.
    """
    pieces: list[str] = []
    position = 0
    with _folder() as folder:
        scene = Scene(folder)
        for block in blocks(page):
            try:
                text = scene.play(block)
            except Untrue as untrue:
                raise Untrue(f"line {block.line}: {untrue}") from untrue
            pieces += [page[position : block.start], text]
            position = block.end
    return "".join((*pieces, page[position:]))


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """An empty working folder, with an environment in which outputs are the same everywhere."""
    before, environment = os.getcwd(), dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="wdlint-page-") as made:
        folder = Path(made).resolve() / "project"
        folder.mkdir()
        for name in LOUD:
            os.environ.pop(name, None)
        bin_folder = str(Path(sys.executable).parent)
        path = f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"
        os.environ.update(QUIET, WDLINT_CACHE_DIR=str(folder.parent / "cache"), PATH=path)
        os.chdir(folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield folder
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


class Scene:
    """The state of a page as its blocks go by: the folder, the names of its Python, what that printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "page"}
        self.printed = ""

    def play(self, block: Block) -> str:
        """Do what a block says, and return its text as it ought to be."""
        for mark in block.marks:
            if mark.name == "with":
                self._copy(mark.argument)
            elif mark.name == "given":
                self._python(mark.argument, "what is given")
        if block.mark("not run") is not None:
            if not block.mark("not run"):
                raise Untrue("`not run` gives no reason")
            return block.text
        if block.mark("output") is not None:
            return self.printed
        name = block.mark("file")
        if name:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(block.text, encoding="utf-8")
        play = self._plays().get(block.language)
        if play is None:
            raise Untrue(f"a block of `{block.language or 'no language'}` needs the mark `not run` and a reason")
        return play(block)

    def _plays(self) -> dict[str, Callable[[Block], str]]:
        def checked(block: Block) -> str:
            for command in claim(block.language, block.text, block.mark("file") or ""):
                self._command(command, None)
            return block.text

        return {
            "bash": self._bash,
            "console": self._console,
            "lua": self._elsewhere,
            "python": self._block_of_python,
            **dict.fromkeys(("toml", "yaml", "json"), checked),
        }

    def _copy(self, words: str) -> None:
        source, _, name = words.partition(" as ")
        target = self.folder / (name or source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if (TOP / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(TOP / source, target, dirs_exist_ok=True, ignore=ignored)
        else:
            shutil.copy(TOP / source, target)

    def _block_of_python(self, block: Block) -> str:
        if block.mark("file"):
            compile(block.text, block.mark("file") or "", "exec")
        else:
            self._python(block.text, f"the Python of line {block.line}")
        return block.text

    def _python(self, text: str, name: str) -> None:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(text, name, "exec"), self.names)
        except Exception as error:
            raise Untrue(f"{name}: {type(error).__name__}: {error}") from error
        self.printed = printed.getvalue()

    def _bash(self, block: Block) -> str:
        """A block to paste, which another script of this repository runs whole: here only wdlint's own part of it."""
        for line in self._elsewhere(block).splitlines():
            if line.startswith("wdlint "):
                self._command(line, None)
        return block.text

    def _elsewhere(self, block: Block) -> str:
        """A block that another script or test of this repository runs."""
        runner = block.mark("run by")
        if not runner or not (TOP / runner).is_file():
            raise Untrue(f"a block of {block.language} needs the mark `run by` and the script that runs it")
        return block.text

    def _console(self, block: Block) -> str:
        commands = [line for line in block.text.splitlines() if line.startswith("$ ")]
        if not block.text.startswith("$ "):
            raise Untrue("a block of commands starts with `$ `")
        ends = block.mark("ends with")
        shown = []
        for line in commands:
            wanted = int(ends) if ends and line is commands[-1] else None
            shown.append(f"{line}\n{self._command(line.removeprefix('$ '), wanted)}")
        return block.text if block.mark("only run") is not None else "".join(shown)

    def _command(self, line: str, wanted: int | None) -> str:
        """What a command prints; it must end as it is said to, or else in peace (0, or 1 for findings)."""
        words = shlex.split(line, comments=True)
        if words[0] == "wdlint" and not SHELL & set(line.partition(" #")[0]):
            from wdlint.commands.cli import wdlint

            result = CliRunner().invoke(wdlint, words[1:], prog_name="wdlint")
            output, code = result.output, result.exit_code
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise Untrue(f"`{line}`: {result.exception!r}")
        else:
            done = subprocess.run(["bash", "-c", line], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            output, code = done.stdout, done.returncode
        if code != wanted if wanted is not None else code not in (0, 1):
            raise Untrue(f"`{line}` ended with exit code {code}:\n{output}")
        return output.replace(str(self.folder), "~/project")
