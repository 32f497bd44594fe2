"""The linter from Python: source or paths in, findings out. Nothing is printed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from wdlint.facts import Finding
from wdlint.files import paths
from wdlint.linting.lint import Linter
from wdlint.linting.work import Plan, check_files
from wdlint.settings.config import Configuration
from wdlint.settings.trust import said


class NotChecked(Exception):
    """Files that could not be judged; the message says which and why."""


def check_source(
    source: str | bytes, filename: str = "<source>", trust_rules: bool = False, **settings: object
) -> list[Finding]:
    """The findings in one program.

    Args:
        source: Python source, or a notebook's JSON where `filename` ends in `.ipynb`.
        filename: the file that the source stands for; imports are looked for around it. It need not exist.
        trust_rules: whether rules may be run that configuration files name in `rule-paths`.
        settings: those of a configuration file, with underscores: `select=("WD1",)`, `latent=True`. They
            win over the configuration files that are found for `filename`.

    Raises:
        NotChecked: the source could not be judged. That it is no Python is a finding, WD901.
        wdlint.complaint.Complaint: the settings can't be used.
    """
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    shown = paths.display(filename)
    configuration = Configuration(settings, trust_rules=trust_rules)
    checked = Linter(configuration, {shown: data}).check(filename)
    _warn_of_withheld(configuration)
    if checked.error:
        raise NotChecked(f"{checked.file}: {checked.error}")
    return list(checked.findings)


def check_paths(named: Iterable[str], workers: int = 0, trust_rules: bool = False, **settings: object) -> list[Finding]:
    """The findings in files and folders, as the command line would report them; nothing is cached.

    `trust_rules` and the settings are those of `check_source`.

    Raises:
        NotChecked: a path does not exist, or a file could not be judged.
        wdlint.complaint.Complaint: the settings can't be used.
    """
    named = list(named)
    configuration = Configuration(settings, trust_rules=trust_rules)
    checked = check_files(list(paths.discover(named, configuration)), Plan(configuration), workers)
    _warn_of_withheld(configuration)
    troubles = [f"{path}: no such file or folder" for path in paths.missing(named)]
    troubles += [f"{one.file}: {one.error}" for one in checked if one.error]
    if troubles:
        raise NotChecked("; ".join(troubles))
    return [finding for one in checked for finding in one.findings]


def _warn_of_withheld(configuration: Configuration) -> None:
    if configuration.withheld:
        warnings.warn(said(configuration.withheld), stacklevel=3)
