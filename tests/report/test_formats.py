"""Each format against its golden file, and what no format may let through.

A golden file is written anew with `python -m pytest tests/report --golden` and then read by a person.
"""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from helpers.sarif import SCHEMA

from wdlint import __version__
from wdlint.facts import Applicability, Confidence, Edit, Finding, Fix, Note, Place, Severity
from wdlint.judging.rule import built_in
from wdlint.report import Run, render
from wdlint.report.blocks.hunks import FIRST, MOST
from wdlint.report.excerpt import Excerpts
from wdlint.report.github import job_summary
from wdlint.report.statistics import statistics_lines
from wdlint.settings.catalogue import FORMATS

GOLDEN = Path(__file__).parent / "golden"

TRAIN = """\
import torch
from model import Net

net = Net()
optimizer = torch.optim.AdamW(
    net.parameters(),
    lr=1e-3,
    weight_decay=0.05,
)
\tloss = ce + 1e-4 * l2  # 損失 <b>
"""
NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "source": ["a = 1\n", "opt = Adam(p)"]}]}, indent=1
)


def example() -> Run:
    call = Place("src/train.py", 5, 13, 9, 2)
    fix = Fix(
        "Divide the parameters",
        Applicability.SAFE,
        (Edit(Place("src/train.py", 6, 5, 6, 21), "groups"),),
    )
    names = {rule.code: rule.name for rule in built_in()}
    findings = [
        Finding(
            "WD101",
            call,
            "AdamW decays 12 biases of `net` by 0.05",
            help="put them into a group without decay",
            notes=(
                Note("a bias only shifts an output"),
                Note("the decay is written here", Place("src/train.py", 8, 18, 8, 22)),
                Note("the model's class", Place("model.py", 3, 7, 3, 10)),
            ),
            parameters=("blocks.*.bias", "head.bias"),
            fix=fix,
            subject="net",
        ),
        Finding("WD202", Place("src/train.py", 10, 13, 10, 22), "an L2 penalty", severity=Severity.ERROR),
        Finding(
            "WD201",
            Place("nb.ipynb", 2, 7, 2, 14, cell=2),
            "Adam adds its decay to the gradient",
            confidence=Confidence.ASSUMED,
            latent=True,
            fix=replace(fix, applicability=Applicability.SHOWN, edits=(), hazard="the schedule reads group 0"),
        ),
    ]
    given = {"src/train.py": TRAIN.encode(), "nb.ipynb": NOTEBOOK.encode()}
    return Run(
        [replace(finding, rule=names[finding.code]) for finding in findings],
        files=14,
        read_rules=built_in,
        excerpts=Excerpts(given),
        errors=[("gone.py", "can't be read: No such file or directory")],
        suppressed=[Finding("WD102", Place("src/train.py", 1, 1, 1, 13), "kept quiet by a comment")],
        baselined=[Finding("WD103", Place("src/train.py", 2, 1, 2, 22), "known")],
    )


def normal(text: str) -> str:
    """A report without what differs between machines and versions."""
    here = json.dumps(str(Path.cwd()))[1:-1]
    return text.replace(here, "/here").replace(f'"version": "{__version__}"', '"version": "VERSION"')


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_is_as_its_golden_file(form: str, request: pytest.FixtureRequest) -> None:
    run = example()
    if form == "sarif":  # the rules' own pages are tested elsewhere and change for other reasons
        run = replace(run, read_rules=lambda: [replace(rule, documentation=PAGE) for rule in built_in()[:2]])
    text = normal(render(run, form))
    golden = GOLDEN / f"{form}.txt"
    if request.config.getoption("--golden"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


PAGE = "A rule.\n\n## What it does\nIt judges\nfacts.\n"


def test_there_is_a_golden_file_for_each_format_and_no_other() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_a_clean_run_has_a_report(form: str) -> None:
    text = render(replace(example(), findings=[], errors=[], suppressed=[], baselined=[]), form)
    assert form in ("json-lines", "github", "azure", "pylint") or text.endswith("\n")
    if form in ("json", "gitlab"):
        assert json.loads(text) == []
    if form in ("text", "full", "concise", "grouped"):
        assert text == "No faults found in 14 files.\n"


EVIL = "ev\x1b[31mil\u202e\n::error::x<b>|`]]>&\x00\u2028%0A\ud800"


@pytest.mark.parametrize("form", FORMATS)
def test_names_can_inject_nothing(form: str) -> None:
    place = Place(EVIL + ".py", 1, 1, 1, 2)
    bad = Finding("WD101", place, EVIL, help=EVIL, notes=(Note(EVIL, place),), parameters=(EVIL,))
    run = replace(
        example(), findings=[bad], excerpts=Excerpts({EVIL + ".py": f"x = '{EVIL}'".encode(errors="replace")})
    )
    text = render(run, form)
    text.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u202e]", text)
    if form == "github":
        assert all(line.startswith(("::warning title=", "::error title=wdlint,")) for line in text.splitlines())
    elif form == "azure":
        assert all(re.fullmatch(r"##vso\[task\.logissue [^\]]*\][^\]]*", line) for line in text.splitlines())
    elif form == "junit":
        ElementTree.fromstring(text)
    elif form == "json-lines":
        assert len(text.splitlines()) == 1
    elif form in ("text", "full", "concise", "grouped", "pylint"):
        assert not any(line.startswith("::") for line in text.splitlines())
    else:
        json.loads(text)


@pytest.mark.parametrize("evil", [False, True])
def test_sarif_is_valid_and_its_indices_lead_to_rules(evil: bool) -> None:
    run = example()
    if evil:
        place = Place(EVIL + ".py", 1, 1, 1, 2)
        run = replace(run, findings=[Finding("WD101", place, EVIL, notes=(Note(EVIL, place),))])
    document = json.loads(render(run, "sarif"))
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    (told,) = document["runs"]
    for result in told["results"]:
        assert told["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["suppressions"][0]["kind"] for result in told["results"] if "suppressions" in result] == [
        "inSource",
        "external",
    ]
    assert len({result["partialFingerprints"]["wdlint/v1"] for result in told["results"]}) == len(told["results"])


def test_a_job_summary_escapes_markup() -> None:
    name = "a|b<c>`d`*e* www.evil.com #1.py"
    bad = Finding("WD101", Place(name, 1, 1, 1, 2), "<img src=x> | [link](y) @someone `a_b[*]` **c** https://x")
    row = job_summary(replace(example(), findings=[bad])).splitlines()[-2]
    assert row.count("|") == 4
    told = row.replace("<code>", "").replace("</code>", "").replace("|", "")
    assert not re.search(r"[<>`*_\[\]()@:~]|www\.", told)
    assert html.unescape(told).split() == [*f"{name}:1:1".split(), "WD101", *bad.message.replace("`", "").split()]


def test_a_place_in_a_notebook_is_shown_at_its_line_of_the_file() -> None:
    for form, line in (
        ("gitlab", '"line": 10'),
        ("rdjson", '"line": 10'),
        ("sarif", '"startLine": 10'),
        ("github", "line=10"),
    ):
        assert line in render(example(), form)
    assert NOTEBOOK.splitlines()[9].strip() == '"opt = Adam(p)"'


def test_a_suggestion_of_reviewdog_counts_in_bytes() -> None:
    source = "größe = '損失'; opt = Adam(p)\n"
    start = source.index("Adam") + 1
    place = Place("a.py", 1, start, 1, start + 4)
    fix = Fix("Decouple", Applicability.UNSAFE, (Edit(place, "AdamW"),))
    run = replace(
        example(), findings=[Finding("WD201", place, "m", fix=fix)], excerpts=Excerpts({"a.py": source.encode()})
    )
    (told,) = json.loads(render(run, "rdjson"))["diagnostics"]
    for span in (told["location"]["range"], told["suggestions"][0]["range"]):
        assert source.encode()[span["start"]["column"] - 1 : span["end"]["column"] - 1] == b"Adam"


def test_a_fix_of_several_edits_is_one_suggestion() -> None:
    first = example().findings[0]
    edits = (
        Edit(Place("src/train.py", 4, 1, 4, 1), "groups = divided(net)\n"),
        Edit(Place("src/train.py", 6, 5, 6, 21), "groups"),
    )
    fix = Fix("Divide", Applicability.SAFE, edits)
    run = replace(example(), findings=[replace(first, fix=fix)])
    (suggestion,) = json.loads(render(run, "rdjson"))["diagnostics"][0]["suggestions"]
    assert suggestion == {
        "range": {"start": {"line": 4, "column": 1}, "end": {"line": 6, "column": 22}},
        "text": "groups = divided(net)\nnet = Net()\noptimizer = torch.optim.AdamW(\n    groups,",
    }
    (result, *_) = json.loads(render(run, "sarif"))["runs"][0]["results"]
    assert len(result["fixes"][0]["artifactChanges"][0]["replacements"]) == 2


@pytest.mark.parametrize("place", [Place("other.py", 1, 1, 1, 1), Place("src/train.py", 1, 1, 1, 1, cell=2)])
def test_half_of_a_fix_is_no_suggestion(place: Place) -> None:
    fix = Fix("Divide", Applicability.SAFE, (Edit(Place("src/train.py", 6, 5, 6, 21), "a"), Edit(place, "b")))
    run = replace(example(), findings=[replace(example().findings[0], fix=fix)])
    assert "suggestions" not in json.loads(render(run, "rdjson"))["diagnostics"][0]


def test_statistics_count_by_rule() -> None:
    run = example()
    run = replace(run, findings=[*run.findings, run.findings[1]])
    assert statistics_lines(run).splitlines()[0].split()[:2] == ["2", "WD202"]
    assert len(statistics_lines(run).splitlines()) == 3


def test_colour_adds_escapes_and_nothing_else() -> None:
    plain = render(example(), "text")
    coloured = render(replace(example(), colour=True), "text")
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


@pytest.mark.parametrize(
    ("line", "column", "end_column"), [("x", 1, 500), ("", 1, 1), ("a" * 5000, 4000, 4010), ("\t\t字x", 3, 4)]
)
def test_carets_stay_below_their_line(line: str, column: int, end_column: int) -> None:
    odd = Finding("WD101", Place("a.py", 1, column, 1, end_column), "m")
    text = render(replace(example(), findings=[odd], excerpts=Excerpts({"a.py": line.encode()})), "text")
    assert all(len(row) < 200 for row in text.splitlines())
    assert "^" in text


def test_a_file_that_has_gone_is_reported_without_its_lines() -> None:
    text = render(replace(example(), excerpts=Excerpts()), "text")
    assert "src/train.py:5:13" in text


def test_a_long_span_is_shown_by_its_ends() -> None:
    source = "\n".join(f"line{n}" for n in range(1, 41))
    long = Finding("WD101", Place("a.py", 5, 1, 30, 4), "m")
    text = render(replace(example(), findings=[long], excerpts=Excerpts({"a.py": source.encode()})), "text")
    assert "line6" in text
    assert "line30" in text
    assert "line20" not in text


def test_a_fix_is_shown_as_the_lines_that_it_removes_and_adds() -> None:
    text = render(example(), "text")
    start = text.index("fix: Divide the parameters")
    assert text[start:].splitlines()[1:6] == [
        "   |",
        " 5 |   optimizer = torch.optim.AdamW(",
        "   | -     net.parameters(),",
        "   | +     groups,",
        " 7 |       lr=1e-3,",
    ]


def test_a_fix_that_reaches_elsewhere_or_no_longer_fits_is_not_shown() -> None:
    first = example().findings[0]
    assert first.fix is not None
    for place in (Place("other.py", 1, 1, 1, 2), Place("src/train.py", 90, 1, 90, 2)):
        fix = replace(first.fix, edits=(Edit(place, "x"),))
        text = render(replace(example(), findings=[replace(first, fix=fix)]), "text")
        assert "fix: " not in text


def test_a_fix_that_is_only_shown_is_no_suggestion_to_apply() -> None:
    first = example().findings[0]
    assert first.fix is not None
    shown = replace(first, fix=replace(first.fix, applicability=Applicability.SHOWN))
    run = replace(example(), findings=[shown])
    assert "suggestions" not in json.loads(render(run, "rdjson"))["diagnostics"][0]
    assert json.loads(render(run, "json"))[0]["fix"]["applicability"] == "display"
    (result, *_) = json.loads(render(run, "sarif"))["runs"][0]["results"]
    assert "fixes" not in result
    assert "fix by hand: Divide the parameters" in render(run, "text")


def test_a_long_fix_is_shown_in_part() -> None:
    first = example().findings[0]
    assert first.fix is not None
    fix = replace(first.fix, edits=(Edit(Place("src/train.py", 1, 1, 1, 1), "line\n" * 50),))
    text = render(replace(example(), findings=[replace(first, fix=fix)]), "text")
    assert text.count("+ line") == FIRST
    (tail,) = re.findall(r"\+ line\n\.\.\.\n.*\n", text)
    assert "import torch" in tail  # what comes after it is seen
    many = replace(
        example(), findings=[replace(first, fix=replace(fix, edits=_every_line()))],
        excerpts=Excerpts({"src/train.py": b"x = 1\n" * 40}),
    )  # fmt: skip
    assert render(many, "text").count("- x = 1") <= MOST


def _every_line() -> tuple[Edit, ...]:
    return tuple(Edit(Place("src/train.py", line, 1, line, 2), "y") for line in range(1, 40))
