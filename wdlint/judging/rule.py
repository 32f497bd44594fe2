"""What a rule is, and how rules are found.

A rule is one module: a docstring under fixed headings, `code`, `severity`, `default`, `formerly`
(codes and names that it had), the examples `FLAGGED` and `PASSED`, and a function `judge` from one
kind of fact to findings. The file's name is the rule's name. Everything shown of a rule elsewhere is
derived from that module. This module knows no rule and no report.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from wdlint.complaint import Complaint
from wdlint.facts import Finding, Severity

OWN = "wdlint.rules"  # the package of wdlint's own rules, found by scanning like anybody else's
HEADINGS = (
    "What it does",
    "Why is this bad?",
    "Example",
    "Use instead",
    "When not to use",
    "Fix safety",
    "References",
)


class BrokenRule(Complaint):
    """A rule file that lacks what a rule must have; the message says what."""


@dataclass(frozen=True)
class Rule:
    """One rule, as its module states it."""

    code: str
    name: str  # the module's stem with hyphens
    severity: Severity
    default: bool  # selected unless the user says otherwise
    judge: Callable[[object], Iterable[Finding]]
    subject: type  # the kind of fact that `judge` takes
    flagged: tuple[str, ...]  # code with `# WD101` on each line that must be flagged
    passed: tuple[str, ...]  # code that must not be flagged
    documentation: str
    file: str = ""  # the module's
    unanimous: bool = False  # a fault only where all callers of a construction have it
    formerly: tuple[str, ...] = ()  # codes and names that it had before, in capitals or with hyphens; they stand for it

    def called(self, word: str) -> bool:
        """Whether a word that a user types is the rule's code or name, or was."""
        code, name = word.upper(), word.lower().replace("_", "-")
        return code == self.code or name == self.name or code in self.formerly or name in self.formerly

    @cached_property
    def summary(self) -> str:
        """The docstring's first line, without its final stop."""
        return self.documentation.split("\n", 1)[0].strip().rstrip(".")

    @cached_property
    def sections(self) -> dict[str, str]:
        """The docstring's text under each heading."""
        found: dict[str, str] = {}
        heading = ""
        for line in self.documentation.splitlines():
            if line.startswith("## "):
                heading = line[3:].strip()
                found[heading] = ""
            elif heading:
                found[heading] += line + "\n"
        return {title: text.strip("\n") for title, text in found.items()}


def rule_of(module: ModuleType) -> Rule:
    """Read a rule from its module.

    Raises:
        BrokenRule: the module lacks a code, a judge, a docstring heading or an annotation.
    """
    stem = module.__name__.rsplit(".", 1)[-1]
    documentation = inspect.cleandoc(module.__doc__ or "")
    missing = [f"the heading '## {h}'" for h in HEADINGS if f"## {h}\n" not in documentation + "\n"]
    missing += [f"`{name}`" for name in ("code", "judge", "FLAGGED", "PASSED") if not hasattr(module, name)]
    if missing:
        raise BrokenRule(f"{module.__file__}: the rule lacks {', '.join(missing)}")
    judge = module.judge
    parameters = list(inspect.signature(judge, eval_str=True).parameters.values())
    if len(parameters) != 1 or not isinstance(parameters[0].annotation, type):
        raise BrokenRule(f"{module.__file__}: `judge` must take one argument, annotated with a fact")
    return Rule(
        code=module.code,
        name=stem.replace("_", "-"),
        severity=getattr(module, "severity", Severity.WARNING),
        default=getattr(module, "default", True),
        judge=judge,
        subject=parameters[0].annotation,
        flagged=tuple(module.FLAGGED),
        passed=tuple(module.PASSED),
        documentation=documentation,
        file=module.__file__ or "",
        unanimous=getattr(module, "unanimous", False),
        formerly=tuple(getattr(module, "formerly", ())),
    )


@cache
def built_in() -> tuple[Rule, ...]:
    """The rules that come with wdlint, ordered by code."""
    names = sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(OWN).__path__))
    modules = (importlib.import_module(f"{OWN}.{name}") for name in names)
    return tuple(sorted((rule_of(module) for module in modules), key=lambda rule: rule.code))


class _AsWritten(SourceFileLoader):
    """Reads a rule as it is. Bytecode beside it may be of what it was a moment ago, and is none of ours to write."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def from_folder(folder: Path) -> Iterator[Rule]:
    """The rules of a user's folder, one a file (or of one such file).

    Raises:
        BrokenRule: there is no such folder, or a file there is no rule or can't be imported.
    """
    if not folder.exists():
        raise BrokenRule(f"{folder}: there is no such folder of rules")
    for path in [folder] if folder.is_file() else sorted(folder.glob("[!_]*.py")):
        name = f"wdlint_rules_of_user.{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path, loader=_AsWritten(name, str(path)))
        if spec is None or spec.loader is None:
            raise BrokenRule(f"{path}: can't be imported")
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise BrokenRule(f"{path}: {type(error).__name__}: {error}") from error
        yield rule_of(module)
