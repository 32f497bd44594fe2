"""The way through: a file's bytes → screen → facts → rules → findings.

Trouble with one file never stops the others. Nothing here prints or parses: engines observe, rules
judge, reports show; many files at once are the business of `wdlint.linting.work`. What is imported at the
top is all that a screened-out file costs.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from wdlint.configuration.screen import is_configuration
from wdlint.files import paths
from wdlint.linting.checked import NO_CODE, NO_OPTIMIZER, NO_SIGN, Checked
from wdlint.linting.configured import looked_at
from wdlint.settings.catalogue import Settings
from wdlint.source.read.screen import has_marked_code, has_marks

if TYPE_CHECKING:
    from wdlint.configuration.engine import Observed
    from wdlint.facts import FileFacts, Finding, Place
    from wdlint.fix.hazards.elsewhere import Imports
    from wdlint.fix.proof.version import Version
    from wdlint.judging.rule import Rule
    from wdlint.linting.cache import Cache
    from wdlint.linting.configured import Configurations
    from wdlint.source.engine import Project
    from wdlint.source.read.files import Programs
    from wdlint.source.read.tree import Module

# When a project's memory of parsed files is given up: it grows with every file.
_KEPT_FILES = 200
_KEPT_BYTES = 4_000_000


class Pending(NamedTuple):
    """A file that passed the screen and is not judged yet."""

    path: str
    data: bytes


class Reading(NamedTuple):
    """What the engine made of one file, and the files (there or not) that this rests on."""

    facts: FileFacts
    files: tuple[str, ...]
    module: Module | None
    imports: Imports | None = None


class Linter:
    """Lints files one by one; what was learnt of the files around them is kept between files.

    Args:
        settings_of: the settings in force in a folder.
        given: bytes of files, by the path that reports show, that are not read from disk.
        heed_comments: whether comments suppress findings.
        cache: where results are kept between runs.
        programs: what parses, and may remember what it parsed for another linter.
        plans: whether fixes are planned; a file that is only a witness of another one's fix needs none.

    Attributes:
        reading: of the file that was judged last; None where it did not pass the screen or could not be read.
        known: the facts of the judged files that rest on others, by the path that reports show.
    """

    def __init__(
        self,
        settings_of: Callable[[str], Settings],
        given: dict[str, bytes] | None = None,
        heed_comments: bool = True,
        cache: Cache | None = None,
        programs: Programs | None = None,
        plans: bool = True,
    ) -> None:
        self.reading: Reading | None = None
        self.known: dict[str, FileFacts] = {}
        self._plans = plans
        self._settings_of = settings_of
        self._given = {} if given is None else given
        self._heed_comments = heed_comments
        self._cache = cache
        self._programs = programs
        self._projects: dict[Settings, Project] = {}
        self._kept = (0, 0)

    @cached_property
    def _configurations(self) -> Configurations:
        from wdlint.linting.configured import Configurations

        return Configurations(self._given)

    def check(self, path: str) -> Checked:
        """Lint one file. Its trouble is in the result; nothing is raised for it.

        Raises:
            Complaint: the settings can't be used.
        """
        looked = self.look(path)
        return looked if isinstance(looked, Checked) else self.judge(looked)

    def look(self, path: str) -> Checked | Pending:
        """Read and screen one file: done with it, or what is left to judge."""
        self.reading = None
        shown = paths.display(path)
        data = self._given.get(shown)
        if is_configuration(path):
            read = looked_at(path, shown, data)
            return Pending(path, read) if isinstance(read, bytes) else read
        if data is None:
            try:
                with open(path, "rb") as file:
                    data = file.read()
            except OSError as error:
                return Checked(shown, error=f"can't be read: {error.strerror or error}")
        commented = b"wdlint:" in data
        if not commented and not has_marks(data):
            return Checked(shown, passed_over=NO_SIGN)
        if self._cache is None:
            return Pending(path, data) if commented or has_marked_code(data) else Checked(shown, passed_over=NO_CODE)
        settings = self._settings_of(_folder(path))
        name = self._cache.name(shown, data, settings)
        kept = self._cache.get(name, settings)
        if kept is not None:
            return kept
        if commented or has_marked_code(data):
            return Pending(path, data)
        passed = Checked(shown, passed_over=NO_CODE)
        self._cache.put(name, passed)
        return passed

    def judge(self, pending: Pending) -> Checked:
        """Lint a file that passed the screen."""
        path, data = pending
        shown = paths.display(path)
        settings = self._settings_of(_folder(path))
        if is_configuration(path):
            return self._of_configuration(shown, data, settings)
        if len(data) > settings.max_size and (size := _size_of_code(path, data)) > settings.max_size:
            return _too_large(shown, size, settings)
        project = self._project(settings, len(data))
        checked = self._judged(shown, data, settings, project)
        checked = checked._replace(rests_on=project.trail.besides(shown))
        if checked.rests_on and self.reading is not None:
            self.known[shown] = self.reading.facts
        if self._cache is not None:
            self._keep(checked, self._cache, self._cache.name(shown, data, settings), project)
        return checked

    def _of_configuration(self, shown: str, data: bytes, settings: Settings) -> Checked:
        """Judge a file that may configure an optimizer. Nothing is kept of it between runs: it is read soon enough."""
        from wdlint.configuration.engine import ReaderMissing

        rules = rules_for(shown, settings)
        try:
            judged = self._configurations.judged(shown, data, rules, settings)
        except ReaderMissing as error:
            return Checked(shown, counted=False, lacking=str(error), passed_over=f"{error} is not installed")
        except Exception as error:
            return _failed(shown, error)
        if judged is None:
            return Checked(shown, counted=False, passed_over=NO_OPTIMIZER)
        observed, findings = judged
        self.reading = Reading(observed.facts, (), None)
        return self._reported(shown, data, observed.facts, findings, settings, rules)

    def _judged(self, shown: str, data: bytes, settings: Settings, project: Project) -> Checked:
        from wdlint.judging.judge import judge
        from wdlint.knowledge import user
        from wdlint.source.engine import observe
        from wdlint.source.read.depth import deep_questions
        from wdlint.source.read.neighbours import Surroundings

        rules = rules_for(shown, settings)
        try:
            user.use(settings.knowledge)
            with deep_questions():
                observed = observe(shown, data, project, edited=self._plans)
                configured = self._configurations.in_python(shown, data, project)
                facts = user.corrected(configured.added_to(observed), settings)
                module = project.module(facts.file, data)
                around = project.trail.besides(facts.file)
                self.reading = Reading(facts, around, module, Surroundings(project))
                findings = self._with_fixes(judge(facts, rules), facts, configured, data, project, settings, rules)
        except Exception as error:
            return _failed(shown, error)
        return self._reported(shown, data, facts, findings, settings, rules)

    def _with_fixes(
        self, findings: list[Finding], facts: FileFacts, configured: Observed, data: bytes, project: Project,
        settings: Settings, rules: Sequence[Rule],
    ) -> list[Finding]:  # fmt: skip
        """The findings with the fixes that can be planned, prove themselves, and are allowed by the settings.

        Of latent ones that are not reported none is proved, which is most of the work; they are left out.
        """
        told = findings if settings.latent else [finding for finding in findings if not finding.latent]
        if not self._plans or not told or facts.troubles:  # what does not parse is not edited
            return told
        from wdlint.fix.plan import with_fixes
        from wdlint.fix.policy import admitted
        from wdlint.fix.proof.offers import proven
        from wdlint.fix.proof.version import Version
        from wdlint.linting.configured import with_repairs
        from wdlint.source.read.neighbours import Surroundings

        module = project.module(facts.file, data)
        around = Surroundings(project)
        planned = with_fixes(findings, facts, data, module, settings.fix_style, around)
        planned = with_repairs(planned, configured.setups)
        version = Version(data, tuple(findings), facts, module, around)

        def read(new: bytes) -> Version | None:
            return self._read(facts.file, new, project, settings, rules)

        return admitted(proven(facts.file, planned, version, read, latent=settings.latent), settings)

    def _read(
        self, shown: str, data: bytes, project: Project, settings: Settings, rules: Sequence[Rule]
    ) -> Version | None:
        """What a file would be with other bytes: its facts and all findings; None where it is no program."""
        from wdlint.fix.proof.version import Version
        from wdlint.judging.judge import judge
        from wdlint.knowledge import user
        from wdlint.source.engine import observe

        changed = project.with_text(shown, data)
        try:
            observed = observe(shown, data, changed, edited=False)
            facts = user.corrected(self._configurations.in_python(shown, data, project).added_to(observed), settings)
            return Version(data, tuple(judge(facts, rules)), facts, changed.module(shown, data))
        except RecursionError:
            return None

    def _reported(
        self, shown: str, data: bytes, facts: FileFacts, findings: list[Finding], settings: Settings,
        rules: Sequence[Rule],
    ) -> Checked:  # fmt: skip
        """What of the findings is reported: those that the settings ask for and no comment suppresses."""
        from wdlint.judging.suppress import may_suppress

        if not settings.latent:  # those of a configuration; a program's are left out before their fixes are proved
            findings = [finding for finding in findings if not finding.latent]
        if settings.weak_half_life:
            from wdlint.judging.effect import weakened

            findings = [weakened(finding, settings.weak_half_life) for finding in findings]
        checked = Checked(shown, tuple(findings))
        if self._heed_comments and may_suppress(data):
            checked = _without_suppressed(shown, data, findings, rules, settings)
        if self._heed_comments and any(finding.made_place for finding in findings):
            checked = self._without_kept_where_made(checked, rules)
        return checked._replace(
            unread=_unspoken(facts, findings),
            optimizers=tuple(dict.fromkeys(use.place for use in facts.uses)),
            penalties=len({penalty.place for penalty in facts.penalties}),
        )

    def _without_kept_where_made(self, checked: Checked, rules: Sequence[Rule]) -> Checked:
        """Take out what a comment suppresses in the other file in which the optimizer is made."""
        from wdlint.judging.suppress import kept_where_made
        from wdlint.source.read.files import Files

        stay, suppressed = kept_where_made(checked.findings, Files(self._given).read, rules)
        return checked._replace(findings=tuple(stay), suppressed=(*checked.suppressed, *suppressed))

    def version(self, path: str, data: bytes) -> Version | None:
        """A file with other bytes, as it would be judged and reported; None where it can't be.

        Raises:
            Complaint: the settings can't be used.
        """
        from wdlint.facts import FileFacts
        from wdlint.fix.proof.version import Version

        shown = paths.display(path)
        self._given[shown] = data
        checked = self.check(path)
        if checked.error:
            return None
        if self.reading is not None:
            facts, _, module, imports = self.reading
            return Version(data, checked.findings, facts, module, imports)
        if is_configuration(path):
            return Version(data, checked.findings, FileFacts(shown), None)
        from wdlint.source.read.parse import Unreadable, parse

        try:  # nothing of interest to the screen
            return Version(data, checked.findings, FileFacts(shown), parse(data, shown))
        except Unreadable:
            return None

    def _project(self, settings: Settings, size: int) -> Project:
        """The project that settings describe, ready for the next file."""
        from pathlib import Path

        from wdlint.source.engine import Project
        from wdlint.source.read.files import Files, Programs
        from wdlint.source.read.project import Trail

        files, total = self._kept
        if files >= _KEPT_FILES or total >= _KEPT_BYTES:
            self._projects.clear()
            gc.collect()  # the trees are circles, and `work.collecting_rarely` lets them lie
            files, total = 0, 0
        self._kept = (files + 1, total + size)
        if settings not in self._projects:
            roots = [Path(settings.root, root) for root in settings.roots]
            programs = self._programs or Programs()
            self._projects[settings] = Project(roots, settings, Files(self._given), programs)
        project = self._projects[settings]
        project.trail = Trail()
        return project

    @staticmethod
    def _keep(checked: Checked, cache: Cache, name: str, project: Project) -> None:
        from wdlint.linting.cache import Dependencies

        trail = project.trail
        files = {path: cache.digest_of(path) for path in trail.besides(checked.file)}
        imports = [(*key, led) for key, led in trail.imports.items()]
        searches = [(*key, found) for key, found in trail.searches.items()]
        cache.put(name, checked, Dependencies(files, imports, searches))


def _size_of_code(path: str, data: bytes) -> int:
    """The bytes of a file that are to be read; pictures and other output of a notebook are not."""
    if not path.endswith(".ipynb"):
        return len(data)
    from wdlint.source.read.notebook import NotebookError, read_notebook

    try:
        return len(read_notebook(data).text)
    except NotebookError:  # a finding, later
        return 0


def _too_large(shown: str, size: int, settings: Settings) -> Checked:
    why = f"it has {size:,} bytes of code, and `max-size` is {settings.max_size:,}"
    return Checked(shown, passed_over=why, remarks=(f"{shown}: skipped: {why}; a greater one reads it all the same",))


def _failed(shown: str, error: Exception) -> Checked:
    """What is said of a file at which something went wrong; the other files go on."""
    from wdlint.judging.judge import RuleFailed

    if isinstance(error, RuleFailed):
        return Checked(shown, error=str(error))
    if isinstance(error, RecursionError):
        return Checked(shown, error="is nested too deeply to be read")
    if isinstance(error, MemoryError):
        return Checked(shown, error="is too large to be read in the memory there is")
    if os.environ.get("WDLINT_DEBUG"):  # else a fault of wdlint's own is said
        raise error
    return Checked(shown, error=f"internal error, please report it: {type(error).__name__}: {error}")


def _unspoken(facts: FileFacts, findings: Sequence[Finding]) -> tuple[Place, ...]:
    """The optimizers that could not be read and of which no finding speaks."""
    spoken = {(finding.place.cell, finding.place.line) for finding in findings}
    return tuple(place for place in facts.unread if (place.cell, place.line) not in spoken)


def _folder(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


def _without_suppressed(
    shown: str, data: bytes, findings: list[Finding], rules: Sequence[Rule], settings: Settings
) -> Checked:
    """Take out what comments in the file suppress, and judge the comments themselves."""
    from wdlint.judging.judge import in_order
    from wdlint.judging.selection import available, near
    from wdlint.judging.suppress import judged, split, unknown

    try:
        stay, suppressed, comments = split(shown, data, findings, rules)
    except (ValueError, SyntaxError, LookupError):  # no program: its finding is WD901
        return Checked(shown, tuple(findings))
    stay += judged(comments, shown, rules)
    every = available(settings)
    # A word may name a rule that nobody trusts enough to read it.
    words = [] if settings.withheld_rules else unknown(comments, every)
    remarks = [
        f"{place.file}:{place.line}: a comment ignores `{word}`, and no rule is called so{near(word, every)}"
        for place, word in words
    ]
    return Checked(shown, tuple(in_order(stay)), tuple(suppressed), remarks=tuple(remarks))


def rules_for(shown: str, settings: Settings) -> Sequence[Rule]:
    """The rules that a file is judged by: those selected, without those that the settings leave out for it.

    Raises:
        Complaint: the settings name rules that there are not, or bring one that can't be read.
    """
    from wdlint.judging.selection import codes, selected

    rules = selected(settings)
    if not settings.per_file_ignores:
        return rules

    absolute = os.path.abspath(shown)
    ignored: set[str] = set()
    for glob, selectors in settings.per_file_ignores:
        inverted = glob.startswith("!")
        if paths.matches(absolute, settings.root, (glob.removeprefix("!"),)) is not inverted:
            ignored |= codes(selectors, settings)
    return [rule for rule in rules if rule.code not in ignored]
