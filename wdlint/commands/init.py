"""`wdlint init`: the settings, the hook and the CI job that a repository has a place for, and a first look at it.

What would be written is shown and asked for, file by file. Of what is there nothing is changed, only added to; a file
that has no place for an addition is left alone.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from wdlint.version import __version__

_HOOKS = ".pre-commit-config.yaml"
SETTINGS = '{head}# Every key: `wdlint config`.\nrequired-version = ">={version}"\n'
_HOOK = "{indent}- repo: {repo}\n{indent}  rev: v{version}\n{indent}  hooks:\n{indent}    - id: wdlint\n"
_LOCAL_HOOK = (
    "{indent}- repo: local\n{indent}  hooks:\n{indent}    - id: wdlint\n{indent}      name: wdlint\n"
    "{indent}      entry: wdlint check --force-exclude --with-importers\n{indent}      language: system\n"
    "{indent}      types_or: [python, jupyter, yaml, json]\n{indent}      require_serial: true\n"
)
_WORKFLOW = """\
name: weight decay

on: pull_request

permissions:
  contents: read

jobs:
  wdlint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install "wdlint[yaml] @ git+{repo}@v{version}"
      - run: wdlint
"""
_GITLAB = """
wdlint:
  image: python:3.12
  script:
    - pip install "wdlint[yaml] @ git+{repo}@v{version}"
    - wdlint --output-format gitlab --output-file gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"""


@dataclass(frozen=True)
class Addition:
    """What is to be written into a file."""

    file: str  # as seen from the folder
    adds: str  # the new lines
    text: str  # the whole file afterwards


@click.command(short_help="Set up settings, hook, CI job and baseline.")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False))
@click.option("-y", "--yes", is_flag=True, help="Write all of it without asking.")
def init(folder: str, yes: bool) -> None:
    """Set up wdlint in a repository: settings, hook, CI job and baseline, each shown and asked for."""
    from wdlint.complaint import Complaint, complain

    try:
        set_up(folder, (lambda question: True) if yes else _asked)
    except Complaint as complaint:
        complain(str(complaint))
        sys.exit(2)


def set_up(folder: str, agreed: Callable[[str], bool]) -> None:
    """Write what is agreed to, then look at the repository once and offer a baseline.

    Raises:
        Complaint: a file can't be written, or the settings can't be used.
    """
    from wdlint.files.writing import write_whole
    from wdlint.report.address import repository

    for addition in additions(folder, repository()):
        click.echo(f"{addition.file}:\n" + "".join(f"  + {line}\n" for line in addition.adds.splitlines()), nl=False)
        if agreed(f"Write it to {addition.file}?"):
            path = os.path.join(folder, addition.file)
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            write_whole(path, addition.text.encode())
            if addition.file == _HOOKS:
                click.echo("`pre-commit install` lets git run the hook before each commit.")
    if not repository() and os.path.isdir(os.path.join(folder, ".github", "workflows")):
        click.echo("No CI job: this wdlint does not know where it can be installed from.")
    _look(folder, agreed)


def additions(folder: str, repo: str) -> Iterator[Addition]:
    """What a repository has a place for and does not have yet. `repo` is the address of wdlint's own, if known."""
    known = {"repo": repo, "version": __version__}
    if not os.path.exists(os.path.join(folder, "wdlint.toml")):
        project = _read(folder, "pyproject.toml")
        if project is None:
            text = SETTINGS.format(head="", **known)
            yield Addition("wdlint.toml", text, text)
        elif "[tool.wdlint" not in project:
            yield _appended("pyproject.toml", project, "\n" + SETTINGS.format(head="[tool.wdlint]\n", **known))
    hooks = _read(folder, _HOOKS)
    if hooks is not None and "wdlint" not in hooks:
        yield from _hook(hooks, _HOOK if repo else _LOCAL_HOOK, known)
    if not repo:
        return
    workflow = os.path.join(".github", "workflows", "wdlint.yml")
    if os.path.isdir(os.path.join(folder, ".github", "workflows")) and _read(folder, workflow) is None:
        text = _WORKFLOW.format(**known)
        yield Addition(workflow, text, text)
    gitlab = _read(folder, ".gitlab-ci.yml")
    if gitlab is not None and "wdlint" not in gitlab:
        yield _appended(".gitlab-ci.yml", gitlab, _GITLAB.format(**known))


def _hook(hooks: str, form: str, known: dict[str, str]) -> Iterator[Addition]:
    """The hook at the head of the list of repositories, indented as those that are there."""
    found = re.search(r"^repos:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*?([ ]*)(?=- )", hooks, re.MULTILINE)
    if found is None:  # an empty list, or one in brackets
        return
    adds = form.format(indent=found[1], **known)
    start = found.end() - len(found[1])
    yield Addition(_HOOKS, adds, hooks[:start] + _like(hooks, adds) + hooks[start:])


def _appended(file: str, text: str, adds: str) -> Addition:
    between = "" if text.endswith("\n") or not text else "\n"
    return Addition(file, adds.lstrip("\n"), text + _like(text, between + adds))


def _like(text: str, adds: str) -> str:
    """New lines with the ends that those of a file have."""
    return adds.replace("\n", "\r\n") if "\r\n" in text else adds


def _read(folder: str, name: str) -> str | None:
    from wdlint.complaint import Complaint

    try:
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Complaint(f"{os.path.join(folder, name)}: can't be read: {error}") from None


def _look(folder: str, agreed: Callable[[str], bool]) -> None:
    """Lint once, say what is there, and offer to remember it."""
    from wdlint.commands.check import tell_lacking
    from wdlint.complaint import warn
    from wdlint.files.paths import discover
    from wdlint.linting.cache import default_folder
    from wdlint.linting.work import Plan, check_files
    from wdlint.report import baseline
    from wdlint.report.excerpt import Excerpts
    from wdlint.report.plain import counted
    from wdlint.settings.baseline import NAME, baseline_of
    from wdlint.settings.config import Configuration

    configuration = Configuration()
    checked = check_files(list(discover([folder], configuration)), Plan(configuration, cache_folder=default_folder()))
    findings = [finding for one in checked for finding in one.findings]
    settings = configuration(os.path.abspath(folder))
    tell_lacking(checked)
    for one in checked:
        if one.error:
            warn(f"{one.file}: {one.error}")
    files = counted(sum(one.counted and not one.error for one in checked), "file")
    if not findings:
        click.echo(f"No faults found in {files}.")
        return
    known = bool(baseline_of(settings))
    command = "wdlint --no-baseline" if known else "wdlint"
    click.echo(f"{counted(len(findings), 'fault')} in {files}; `{command}` shows them.")
    if known:
        return
    if agreed(f"Remember them in {NAME}, so that only new ones fail a run?"):
        path = os.path.join(settings.root, NAME)
        baseline.write(path, baseline.entries_of(findings, Excerpts(), path))
        click.echo(f"Wrote {NAME}. `wdlint --no-baseline` shows them still.")


def _asked(question: str) -> bool:
    return click.confirm(question, default=True)
