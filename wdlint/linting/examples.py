"""Examples of rules, run through the real way from source to findings.

An example is Python source. `# WD101` at the end of a line says that the rule must report there,
anywhere in a reported span of lines; `# todo: WD101` that it ought to (or, where nothing must be
reported, ought not to) but is known not to do so. Lines `# file: model.py` divide an example into
several files of one project. Rules, fixtures and rules by others are tested with this.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wdlint.facts import Finding
from wdlint.judging.rule import Rule
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

_FILE = re.compile(r"^# file: (?P<name>[\w./-]+)\s*$")
_MARK = re.compile(r"#\s*(?P<todo>todo:\s*)?(?P<codes>[A-Z]{2,}\d{2,}(?:\s*,\s*[A-Z]{2,}\d{2,})*)\s*(?=#|$)")


@dataclass(frozen=True, slots=True)
class Mark:
    """An expectation: a code at a line of a file; `todo` where it is known not to be met yet."""

    file: str
    line: int
    code: str
    todo: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}"


def files_of(example: str, name: str = "example.py") -> dict[str, str]:
    """The files that an example is made of, by name."""
    files: dict[str, list[str]] = {}
    current = name
    for line in example.splitlines(keepends=True):
        named = _FILE.match(line)
        if named:
            current = named["name"]
            files.setdefault(current, [])
        else:
            files.setdefault(current, []).append(line)
    return {file: "".join(lines) for file, lines in files.items()}


def marks_of(files: Mapping[str, str]) -> list[Mark]:
    """The expectations written into files."""
    return [
        Mark(file, number, code.strip(), bool(mark["todo"]))
        for file, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for mark in _MARK.finditer(line)
        for code in mark["codes"].split(",")
    ]


def differences(findings: Iterable[Finding], marks: Iterable[Mark], codes: Sequence[str] | None = None) -> list[str]:
    """What findings and expectations disagree on, in words; nothing where they agree.

    `codes` limits the comparison to some rules.
    """
    wanted = [mark for mark in marks if codes is None or mark.code in codes]
    found = [finding for finding in findings if codes is None or finding.code in codes]
    told = []
    for finding in found:
        met = [mark for mark in wanted if _meets(finding, mark)]
        place = finding.place
        where = f"{place.file}:{place.line}: {finding.code}"
        if not met:
            told.append(f"{where} is reported and not expected: {finding.message}")
        elif all(mark.todo for mark in met):
            told.append(f"{where} is reported now: the `todo` can go")
    missed = [mark for mark in wanted if not mark.todo and not any(_meets(finding, mark) for finding in found)]
    return told + [f"{mark} is expected and not reported" for mark in missed]


def _meets(finding: Finding, mark: Mark) -> bool:
    place = finding.place
    same = (finding.code, place.file.replace(os.sep, "/")) == (mark.code, mark.file)
    return same and place.line <= mark.line <= place.end_line


def lint_files(files: Mapping[str, str], settings: Mapping[str, object]) -> tuple[list[Finding], list[str]]:
    """Lint files in a folder of their own: the findings, named by file, and errors in words."""
    with tempfile.TemporaryDirectory(prefix="wdlint-example-") as folder:
        top = os.path.realpath(folder)
        for name, text in files.items():
            path = os.path.join(top, *name.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        linter = Linter(Configuration({**settings, "root": top}, isolated=True))
        checked = [linter.check(os.path.join(top, *name.split("/"))) for name in sorted(files)]
    findings = [_renamed(finding, top) for one in checked for finding in one.findings]
    return findings, [f"{os.path.relpath(one.file, top)}: {one.error}" for one in checked if one.error]


def _renamed(finding: Finding, top: str) -> Finding:
    from dataclasses import replace

    file = os.path.relpath(os.path.abspath(finding.place.file), top)
    return replace(finding, place=replace(finding.place, file=file))


def test_folders(paths: Iterable[str]) -> tuple[str, bool]:
    """Run the examples of the rules in files and folders: what to say of them, and whether any failed.

    Raises:
        BrokenRule: a file is no rule.
    """
    from pathlib import Path

    from wdlint.judging.rule import from_folder

    lines = []
    failed = False
    for path in map(os.path.abspath, paths):
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        for rule in from_folder(Path(folder)):
            if path != folder and rule.name.replace("-", "_") != os.path.splitext(os.path.basename(path))[0]:
                continue
            told = problems(rule, [folder])
            failed = failed or bool(told)
            number = len(rule.flagged) + len(rule.passed)
            lines.append(f"{rule.code} {rule.name}: " + ("failed" if told else f"{number} examples behave as they say"))
            lines += [f"  {problem}" for problem in told]
    return "".join(f"{line}\n" for line in lines), failed


def problems(rule: Rule, rule_paths: Sequence[str] = ()) -> list[str]:
    """What is wrong with a rule's examples, in words; nothing where each behaves as it says."""
    told = []
    for kind, examples in (("FLAGGED", rule.flagged), ("PASSED", rule.passed)):
        for number, example in enumerate(examples, 1):
            told += [f"{kind} {number}: {problem}" for problem in _problems(rule, kind, example, rule_paths)]
    return told


def _problems(rule: Rule, kind: str, example: str, rule_paths: Sequence[str]) -> list[str]:
    files = files_of(example)
    marks = [mark for mark in marks_of(files) if mark.code == rule.code]
    if kind == "FLAGGED" and not marks:
        return [f"no line is marked with `# {rule.code}`"]
    if kind == "PASSED" and any(not mark.todo for mark in marks):
        return [f"a line is marked with `# {rule.code}`"]
    findings, errors = lint_files(files, {"select": ("ALL",), "rule_paths": tuple(rule_paths)})
    if errors:
        return errors
    if kind == "PASSED":  # a known false alarm is an expectation here
        marks = [Mark(mark.file, mark.line, mark.code) for mark in marks]
    return differences(findings, marks, [rule.code])
