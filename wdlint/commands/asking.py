"""`--fix --ask`: each fix is shown as a diff, and written if the person at the terminal says so."""

from __future__ import annotations

import sys

import click

from wdlint.commands.fixing import Fixer
from wdlint.complaint import Complaint
from wdlint.facts import Applicability
from wdlint.files.patch import patch
from wdlint.fix.one_by_one import Answer, Offer, OneByOne
from wdlint.harmless import harmless
from wdlint.report.plain import position

_QUESTION = "Write this to {file}? [y]es, [n]o, [a]ll that follow, [q]uit: "
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def asking(coloured: bool) -> Fixer:
    """What fixes files after asking. Questions and diffs go to standard error, beside the report.

    Raises:
        Complaint: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise Complaint("--ask needs a terminal to ask at; --diff shows what --fix would change")
    return OneByOne(lambda offer: _answer(offer, coloured)).fixed


def _answer(offer: Offer, coloured: bool) -> Answer:
    for line in shown(offer):
        colour = _COLOURS.get(line[:1]) if coloured else None
        click.echo(click.style(line, fg=colour) if colour else line, err=True)
    while True:
        sys.stderr.write(_QUESTION.format(file=harmless(offer.file)))
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:  # the terminal was closed, or Ctrl-D
            click.echo(err=True)
            return Answer.QUIT
        word = line.strip().lower()[:1]
        if word in {answer.value for answer in Answer}:
            return Answer(word)


def shown(offer: Offer) -> list[str]:
    """A fix as it is asked for: the faults that it mends, what it does, and the lines that it changes."""
    fix = offer.findings[0].fix
    assert fix is not None
    unsafe = fix.applicability is Applicability.UNSAFE
    hazard = f" (unsafe: {fix.hazard or 'it changes the update rule'})" if unsafe else ""
    faults = [f"{finding.code} {finding.rule} at {position(finding.place)}" for finding in offer.findings]
    changes = patch(offer.file, offer.before, offer.after).decode("utf-8", "backslashreplace")
    hunks = changes.split("\n")[2:-1]  # without the header, which names the file
    return ["", *map(harmless, [*faults, f"{fix.title}{hazard}", *hunks])]
