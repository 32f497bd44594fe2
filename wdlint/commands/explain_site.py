"""`wdlint explain-site`: the optimizers of a file, or those of one of its lines, as the engine reads them."""

from __future__ import annotations

import os
from pathlib import Path

from wdlint.complaint import Complaint
from wdlint.configuration.screen import is_configuration
from wdlint.facts import FileFacts
from wdlint.files import paths
from wdlint.report.site import described
from wdlint.settings.catalogue import Settings
from wdlint.settings.config import Configuration


def explain_site(where: str) -> str:
    """What is known of the optimizers at `FILE:LINE`, or of all in `FILE`.

    Raises:
        Complaint: the file can't be read, or no optimizer stands there.
    """
    file, line = _split(where)
    facts = _facts(file)
    uses = [use for use in facts.uses if line is None or use.place.line <= line <= use.place.end_line]
    if not uses:
        known = ", ".join(f"line {use.place.line}" for use in facts.uses)
        at = f"there is no optimizer in line {line}" if line is not None else "there is no optimizer"
        raise Complaint(f"{file}: {at}" + (f"; there is one in {known}" if known else ""))
    return "\n".join(described(use) for use in uses)


def _split(where: str) -> tuple[str, int | None]:
    file, _, line = where.rpartition(":")
    if file and line.isdigit():
        return file, int(line)
    return where, None


def _of_configuration(file: str, data: bytes, settings: Settings) -> FileFacts:
    from wdlint.configuration.engine import ReaderMissing
    from wdlint.knowledge import user
    from wdlint.linting.configured import Configurations

    shown = paths.display(file)
    user.use(settings.knowledge)
    try:
        observed = Configurations({}).observed(shown, data)
    except ReaderMissing as error:
        raise Complaint(f"{file}: can't be read: {error} is not installed (`pip install ruamel.yaml`)") from None
    return user.corrected(observed.facts, settings) if observed is not None else FileFacts(shown)


def _facts(file: str) -> FileFacts:
    from wdlint.knowledge import user
    from wdlint.source.engine import Project, observe

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise Complaint(f"{file}: can't be read: {error.strerror or error}") from None
    settings = Configuration()(os.path.dirname(os.path.abspath(file)))
    if is_configuration(file):
        return _of_configuration(file, data, settings)
    roots = [Path(settings.root, root) for root in settings.roots]
    user.use(settings.knowledge)
    facts = user.corrected(observe(paths.display(file), data, Project(roots, settings)), settings)
    if facts.troubles:
        raise Complaint(f"{file}: can't be read: {facts.troubles[0].message}")
    return facts
