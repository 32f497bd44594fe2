"""Comments that suppress findings: where they stand, what they cover, which are of no use.

    # wdlint: ignore[WD101, decayed-gain] why     covers the statement that it stands in or above
    # wdlint: ignore[WD1]                         covers every rule whose code begins so
    # wdlint: ignore                              covers every rule there
    # wdlint: ignore-file[WD201]                  covers the file
    # noqa: WD101                                 is honoured like the first

A comment on any line of a statement covers the whole of it; one that stands alone covers the statement
below. In a notebook a cell is a unit of its own, `ignore-file` excepted. In YAML a comment covers the entry
that it stands in or above, with all that is in it. Where an optimizer is made in another file, a comment there
covers it, too. What a finding is does not matter here, only its code and places.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from wdlint.configuration.screen import is_configuration
from wdlint.facts import Applicability, Edit, FileFacts, Finding, Fix, Place, Suppression
from wdlint.files.encoding import encoding_of
from wdlint.judging import yaml_comments
from wdlint.judging.judge import judge
from wdlint.judging.rule import Rule
from wdlint.source.read.notebook import neutralised

BEYOND = ("WD901", "WD902")  # no comment suppresses them: one's file can't hold any, the other is about them
MARKS = (b"wdlint:", b"noqa", b"NOQA", b"NoQA", b"noQA")
"""Bytes without one of which a file holds no such comment."""

_LONE_RETURN = re.compile(r"\r(?!\n)")
_OWN = re.compile(r"#\s*wdlint:\s*(?P<verb>ignore-file|ignore)\b(?P<list>\s*\[(?P<codes>[^\]]*)\])?", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa(?P<list>\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*))?(?![\w:])", re.IGNORECASE)


@dataclass
class Comment:
    """One suppressing comment of a program."""

    place: Place  # from its sign to the end of the directive
    first: int  # program lines that it covers
    last: int
    codes: tuple[str, ...]  # as written; empty: everything
    verb: str  # `ignore` or `ignore-file`
    borrowed: bool  # another tool's comment: it may well be there for another tool's sake
    room: Place  # what goes with the comment: the blanks before it, or its whole line
    used: set[str] = field(default_factory=set)  # codes that suppressed a finding

    def names(self, rule: Rule) -> list[str]:
        """The words of the comment that stand for a rule; for a comment without words, the code."""
        if not self.codes:
            return [rule.code]
        return [word for word in self.codes if _stands_for(word, rule)]

    def fix(self, unused: Sequence[str]) -> Fix:
        """What removes the unused words, or the comment where nothing would remain of it."""
        left = [word for word in self.codes if word not in unused]
        if not left:
            return Fix("Remove the comment", Applicability.SAFE, (Edit(self.room, ""),))
        listed = ", ".join(left)
        text = f"# noqa: {listed}" if self.borrowed else f"# wdlint: {self.verb}[{listed}]"
        return Fix("Remove what is of no use", Applicability.SAFE, (Edit(self.place, text),))


def may_suppress(data: bytes) -> bool:
    """Whether a file can hold such a comment, by its bytes."""
    return any(mark in data for mark in MARKS)


def split(
    file: str, data: bytes, findings: Sequence[Finding], rules: Sequence[Rule]
) -> tuple[list[Finding], list[Finding], list[Comment]]:
    """Findings that stay, findings that are suppressed, and the comments with what each suppressed.

    `rules` are those that were judged by: of a word that names none of them it can't be told whether
    it is of use, and it counts as used.
    """
    program = _Program(file, data)
    comments = program.comments()
    by_code = {rule.code: rule for rule in rules}
    stay: list[Finding] = []
    suppressed: list[Finding] = []
    for finding in findings:
        covering = [] if finding.place.file != file else _covering(finding, comments, by_code, program)
        (suppressed if covering else stay).append(finding)
    return stay, suppressed, [comment for comment in comments if not comment.borrowed or _ours(comment, rules)]


def kept_where_made(
    findings: Sequence[Finding], read: Callable[[str], bytes | None], rules: Sequence[Rule]
) -> tuple[list[Finding], list[Finding]]:
    """Findings that stay, and those whose optimizer is made in another file under a comment that suppresses them.

    Who was told where to repair an optimizer says there that it is meant so.
    """
    kept: set[int] = set()
    made: dict[str, dict[int, Finding]] = {}
    for index, finding in enumerate(findings):
        if finding.made_place is not None and finding.made_place.file != finding.place.file:
            made.setdefault(finding.made_place.file, {})[index] = replace(finding, place=finding.made_place)
    for file, there in made.items():
        data = read(file)
        if data is None or not may_suppress(data):
            continue
        with contextlib.suppress(ValueError, SyntaxError, LookupError):  # no program: nothing is said in it
            _, suppressed, _ = split(file, data, list(there.values()), rules)
            kept |= {index for index, finding in there.items() if finding in suppressed}
    stay = [finding for index, finding in enumerate(findings) if index not in kept]
    return stay, [finding for index, finding in enumerate(findings) if index in kept]


def judged(comments: Sequence[Comment], file: str, rules: Sequence[Rule]) -> list[Finding]:
    """What the rules say of the comments themselves, with the fix that removes what is of no use."""
    found: list[Finding] = []
    for comment in comments:
        fact = _as_fact(comment, rules)
        unused = [word for word in comment.codes if word not in fact.used]
        told = judge(FileFacts(file, suppressions=(fact,)), rules)
        found += [replace(finding, fix=comment.fix(unused)) for finding in told]
    return found


def unknown(comments: Sequence[Comment], rules: Sequence[Rule]) -> list[tuple[Place, str]]:
    """The words of wdlint's own comments that name none of all the rules there are, each with its place."""
    own = [comment for comment in comments if not comment.borrowed]
    return [(c.place, word) for c in own for word in c.codes if not any(_stands_for(word, rule) for rule in rules)]


def _covering(finding: Finding, comments: list[Comment], by_code: dict[str, Rule], program: _Program) -> list[Comment]:
    rule = by_code.get(finding.code)
    if rule is None:
        return []
    first, last = program.span(finding.place)
    found = []
    for comment in comments:
        if comment.first <= last and first <= comment.last and (words := comment.names(rule)):
            comment.used.update(words)
            found.append(comment)
    return found


def _ours(comment: Comment, rules: Sequence[Rule]) -> bool:
    return any(_stands_for(word, rule) for word in comment.codes for rule in rules)


def _stands_for(word: str, rule: Rule) -> bool:
    """Whether a word of a comment is a rule's code or name, or begins the code as `WD1` does."""
    return rule.called(word) or (len(word) > 1 and rule.code.startswith(word.upper()))


def _as_fact(comment: Comment, rules: Sequence[Rule]) -> Suppression:
    unknown = {word for word in comment.codes if not any(_stands_for(word, rule) for rule in rules)}
    return Suppression(comment.codes, tuple(sorted(comment.used | unknown)), comment.place)


class _Program:
    """A file's program as lines and tokens; a notebook's cells are one after the other.

    A file of data has no statements: of YAML a comment covers its entry, and JSON has no comments.
    """

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.notebook = None
        if file.endswith(".ipynb"):
            from wdlint.source.read.notebook import read_notebook

            self.notebook = read_notebook(data)
            self.text = self.notebook.text
        else:
            self.text = data.decode(encoding_of(data))
            if is_configuration(file):
                self._commented = [] if file.endswith(".json") else list(yaml_comments.entries(self.text))
                self._statements: list[_Commented] = []
                return
            if "# %%" in self.text:  # a script in cells may hold lines of IPython's
                self.text = neutralised(self.text)
        self._commented = self._statements = list(statements(self.text))

    def comments(self) -> list[Comment]:
        found: list[Comment] = []
        for first, last, tokens in self._commented:
            for token, alone in tokens:
                covers = (first, last)
                if alone and not first <= token.start[0] <= last:
                    covers = (token.start[0], last)
                found += self._read(token, *covers)
        return found

    def _read(self, token: tokenize.TokenInfo, first: int, last: int) -> Iterator[Comment]:
        match = _OWN.search(token.string)
        borrowed = match is None
        match = match or _NOQA.search(token.string)
        if match is None:
            return
        if match["list"] is None and match.re is _OWN and token.string[match.end() :].lstrip().startswith("["):
            return  # a list that isn't closed: better nothing than everything
        codes = tuple(re.findall(r"[\w-]+", match["codes"] or ""))
        if match.re is _OWN and match["verb"].lower() == "ignore-file":
            first, last = 1, sys.maxsize
        row, column = token.start
        cell, line = self.notebook.where(row) if self.notebook else (None, row)
        start = column + match.start()
        place = Place(self.file, line, start + 1, line, column + match.end() + 1, cell)
        verb = "" if borrowed else match["verb"].lower()
        yield Comment(place, first, last, codes, verb, borrowed, self._room(token, match.start(), place))

    def _room(self, token: tokenize.TokenInfo, start: int, place: Place) -> Place:
        """The directive, the reason after it and the blanks before it; the whole line if nothing else is on it."""
        before = token.line[: token.start[1] + start]
        width = len(token.line.rstrip("\r\n"))
        if not before.strip():
            return replace(place, column=1, end_line=place.line + 1, end_column=1)
        return replace(place, column=len(before.rstrip()) + 1, end_column=width + 1)

    def span(self, place: Place) -> tuple[int, int]:
        """The program lines of the statements that a place touches."""
        first, last = place.line, place.end_line
        if self.notebook is not None and place.cell is not None:
            first, last = self.notebook.line_of(place.cell, first), self.notebook.line_of(place.cell, last)
        for start, end, _ in self._statements:
            if start <= last and first <= end:
                first, last = min(first, start), max(last, end)
        return first, last


_Commented = tuple[int, int, list[tuple[tokenize.TokenInfo, bool]]]


def statements(text: str) -> Iterator[_Commented]:
    """First and last line of each logical line, with the comments in it and those alone above it.

    A comment comes with whether it stands alone on its line. What can't be split into tokens ends here.
    """
    comments: list[tuple[tokenize.TokenInfo, bool]] = []
    first = last = 0
    try:
        # A lone carriage return ends a line too, as Python reads files, but not as its tokens are made.
        lines = io.StringIO(_LONE_RETURN.sub("\n", text))
        for token in tokenize.generate_tokens(lines.readline):
            if token.type == tokenize.COMMENT:
                comments.append((token, not token.line[: token.start[1]].strip()))
            elif token.type == tokenize.NEWLINE:
                yield first, token.start[0], comments
                first, comments = 0, []
            elif token.type == tokenize.NL:
                if not first and not token.line.strip():
                    yield from _loose(comments)  # a blank line parts a comment from what follows
                    comments = []
            elif token.type not in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                first = first or token.start[0]
                last = token.end[0]
    except (tokenize.TokenError, SyntaxError):
        if first:
            yield first, last, comments
            return
    yield from _loose(comments)


def _loose(comments: list[tuple[tokenize.TokenInfo, bool]]) -> Iterator[_Commented]:
    for comment in comments:
        row = comment[0].start[0]
        yield row, row, [comment]
