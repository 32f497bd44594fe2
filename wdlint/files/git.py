"""What git knows of the files around a path: revisions, and what became of files since one.

Nothing of a repository is run: no hooks, no drivers of its own, no monitor of its files.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from wdlint.complaint import Complaint


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of a repository's files since a commit. Paths are absolute; names are as the commit has them."""

    commit: str
    top: str
    edited: Mapping[str, str]  # present path: name then; renamed files are among them
    added: frozenset[str]  # present paths, those that git does not know among them
    gone: Mapping[str, str]  # path then: name then; what was renamed has gone from where it was

    def present(self) -> frozenset[str]:
        """The files that are not as they were."""
        return self.added.union(self.edited)

    def then(self, name: str) -> bytes:
        """A file's bytes as the commit has them."""
        return output(os.path.join(self.top, "x"), "show", f"{self.commit}:{name}")

    def path_then(self, path: str) -> str:
        """Where a present file lay."""
        name = self.edited.get(path)
        return path if name is None else os.path.join(self.top, name)


def output(path: str, *arguments: str) -> bytes:
    """What git prints in the folder of a file.

    Raises:
        Complaint: git is missing, or refuses; nothing but `--diff-base` asks it.
    """
    folder = os.path.dirname(os.path.abspath(path))
    try:
        done = subprocess.run(
            ["git", "--literal-pathspecs", "-c", "core.fsmonitor=false", *arguments],
            cwd=folder,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise Complaint(f"--diff-base needs git: {error.strerror or error}") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")[0] or "there is no such revision"
        raise Complaint(f"--diff-base: git {arguments[0]}: {words}")
    return done.stdout


def verify(path: str, revision: str) -> str:
    """The commit that a revision of the repository around a path stands for.

    Raises:
        Complaint: git is missing, the path is in no repository, or there is no such revision.
    """
    if revision.startswith("-"):  # git would take it for an option
        raise Complaint(f"--diff-base: `{revision}` is no revision")
    if revision.endswith("..."):
        return output(path, "merge-base", revision[:-3], "HEAD").decode().strip()
    return output(path, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()


def top_of(path: str) -> str:
    """The top folder of the repository around a path, spelled as the path is."""
    folder = os.path.dirname(os.path.abspath(path))
    prefix = os.fsdecode(output(path, "rev-parse", "--show-prefix").removesuffix(b"\n")).rstrip("/")
    if not f"{folder}/".endswith(f"/{prefix}/" if prefix else "/"):  # a link on the way
        return os.fsdecode(output(path, "rev-parse", "--show-toplevel").removesuffix(b"\n"))
    return folder.removesuffix(prefix).rstrip("/") or "/"


def difference(path: str, revision: str) -> Difference:
    """What became since a revision of the files in the repository around a path.

    Raises:
        Complaint: as for `verify`.
    """
    commit, top = verify(path, revision), top_of(path)
    inside = os.path.join(top, "x")
    told = output(inside, "diff", "--name-status", "--find-renames", "--no-ext-diff", "-z", commit)
    words = iter(os.fsdecode(told).split("\0")[:-1])
    edited, added, gone = {}, set(), {}
    for status in words:
        name = next(words)
        path_then = os.path.join(top, name)
        if status[0] in "RC":
            edited[os.path.join(top, next(words))] = name
        elif status == "A":
            added.add(path_then)
        elif status != "D":
            edited[path_then] = name
        if status[0] in "RD":
            gone[path_then] = name
    unknown = output(inside, "ls-files", "--others", "--exclude-standard", "-z")
    added.update(os.path.join(top, name) for name in os.fsdecode(unknown).split("\0")[:-1])
    return Difference(commit, top, edited, frozenset(added), gone)
