"""What a change adds to the findings in public repositories, and what it takes away, finding by finding.

    python benchmarks/ecosystem.py SNAPSHOTS [--repo OWNER/NAME …] [--update]

SNAPSHOTS holds unpacked repositories as OWNER+NAME/, each at the commit that `ecosystem.csv` names; those that are
missing are left out and said. `ecosystem_findings.csv` holds the findings that are expected as facts: path, line, code.
Prints a table for the reviewer, in Markdown; exit code 1 if anything differs. `--update` writes what is found now.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PINNED = HERE / "ecosystem.csv"
EXPECTED = HERE / "ecosystem_findings.csv"


class Fact(NamedTuple):
    """One finding as a fact; a notebook's `line` is that of its cell."""

    repo: str
    path: str
    cell: str  # from 1; empty in a script
    line: int
    code: str


def expected() -> list[Fact]:
    """The findings that are expected, of all repositories."""
    with open(EXPECTED, encoding="utf-8", newline="") as file:
        return [Fact(r["repo"], r["path"], r["cell"], int(r["line"]), r["code"]) for r in csv.DictReader(file)]


def pinned() -> dict[str, str]:
    """The commit of each repository."""
    with open(PINNED, encoding="utf-8", newline="") as file:
        return {row["repo"]: row["commit"] for row in csv.DictReader(file)}


def found(repo: str, folder: Path) -> list[Fact]:
    """The findings in one unpacked repository.

    Raises:
        RuntimeError: wdlint did not come to an end; the message is what it said.
    """
    command = [sys.executable, "-m", "wdlint", "check", "--isolated", "--no-cache", "--exit-zero", "--latent"]
    done = subprocess.run([*command, "--output-format", "json", "."], cwd=folder, capture_output=True, text=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(done.stderr.strip() or f"exit code {done.returncode}") from None
    return [fact(repo, folder, finding) for finding in report]


def fact(repo: str, folder: Path, finding: dict[str, object]) -> Fact:
    """A finding of a JSON report as a fact."""
    path = Path(str(finding["filename"])).relative_to(folder.resolve()).as_posix()
    place = finding["location"]
    assert isinstance(place, dict)
    cell = finding["cell"]
    return Fact(repo, path, "" if cell is None else str(cell), int(place["row"]), str(finding["code"]))


def compared(before: Iterable[Fact], after: Iterable[Fact]) -> tuple[list[Fact], list[Fact]]:
    """What came and what went; a finding made twice at one place counts twice."""
    old, new = Counter(before), Counter(after)
    return sorted((new - old).elements()), sorted((old - new).elements())


def table(added: Sequence[Fact], gone: Sequence[Fact]) -> str:
    """Both as a table in Markdown, by repository, with the numbers of each code."""
    if not added and not gone:
        return "Nothing changed.\n"
    rows = sorted([*((f, "added") for f in added), *((f, "removed") for f in gone)])
    lines = ["| | code | repository | place |", "|---|---|---|---|"]
    for one, what in rows:
        cell = f"cell {one.cell}:" if one.cell else ""
        lines.append(f"| {what} | {one.code} | {one.repo} | `{one.path}:{cell}{one.line}` |")
    counts = Counter(f.code for f in added), Counter(f.code for f in gone)
    by_code = [f"{code} +{counts[0][code]} -{counts[1][code]}" for code in sorted({*counts[0], *counts[1]})]
    return "\n".join((*lines, "", ", ".join(by_code))) + "\n"


def write(facts: Iterable[Fact]) -> None:
    """Keep findings as the expected ones."""
    with open(EXPECTED, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Fact._fields)
        writer.writerows(sorted(facts))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("snapshots", type=Path)
    parser.add_argument("--repo", action="append", help="this repository only")
    parser.add_argument("--update", action="store_true", help="write what is found as what is expected")
    options = parser.parse_args()
    repos = [repo for repo in pinned() if not options.repo or repo in options.repo]
    now: list[Fact] = []
    read: set[str] = set()
    for repo in repos:
        folder = options.snapshots / repo.replace("/", "+")
        if not folder.is_dir():
            print(f"{repo}: not there", file=sys.stderr)
            continue
        try:
            now += found(repo, folder)
            read.add(repo)
        except RuntimeError as error:
            print(f"{repo}: {error}", file=sys.stderr)
    known = expected()
    added, gone = compared((f for f in known if f.repo in read), now)
    print(table(added, gone), end="")
    if options.update:
        write([*(f for f in known if f.repo not in read), *now])
    return 1 if added or gone or len(read) < len(repos) else 0


if __name__ == "__main__":
    sys.exit(main())
