"""From findings and the facts they rest on to fixes: which kind of fix goes where.

A fix that is planned is not proven yet: `apply` proves it. How groups are divided is in `division`, how wrong splits
are mended in `splits`, changes of the update rule are in `coupled`, `penalties` and `step`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wdlint.facts import Applicability, FileFacts, Finding, Fix
from wdlint.fix import coupled, emit
from wdlint.fix.added import fixes_of_all
from wdlint.fix.construction import Site, lowered, site_of
from wdlint.fix.division import reach_fixes, target_of
from wdlint.fix.factories import factory_of
from wdlint.fix.hazards.elsewhere import Imports
from wdlint.fix.helper import through_helper
from wdlint.fix.keys import key_fixes, split_key_fixes
from wdlint.fix.penalties.moved import penalty_fixes
from wdlint.fix.program import Program, program_of
from wdlint.fix.scheduled import for_what_decays
from wdlint.fix.splits.at_once import passed_and_mended, spelled_and_mended
from wdlint.fix.splits.literals import literal_fixes
from wdlint.fix.splits.mended import condition_fixes, finished_groups, name_fixes, pattern_fixes
from wdlint.fix.splits.strengths import strength_fixes
from wdlint.fix.splits.used_up import listed
from wdlint.fix.step import step_fixes
from wdlint.source.read import tree as t

REACH = ("WD101", "WD102", "WD103", "WD104", "WD106")
PENALTIES = ("WD202", "WD203", "WD206")
SPLITS = ("WD301", "WD302", "WD303", "WD304", "WD305", "WD306")


def with_fixes(
    findings: Iterable[Finding], facts: FileFacts, data: bytes, module: t.Module | None, style: str = "inline",
    imports: Imports | None = None,
) -> list[Finding]:  # fmt: skip
    """The findings, each with a fix where one can be planned.

    `module` is the program in the file's bytes; where names lead that it imports is asked of `imports`.
    """
    found = list(findings)
    if module is None or not any(f.fix is None and _may_be_fixed(f) for f in found):
        return found
    try:
        program = program_of(facts.file, data, module)
    except RecursionError:
        return found
    planned: list[Finding] = []
    lost = {f.place for f in found if f.code == "WD303"}
    for finding in found:
        fixes: list[Fix] = []
        if finding.fix is None and finding.code == "WD204":
            fixes = list(step_fixes(finding, facts, program, data))
        elif finding.fix is None:
            fixes = list(_fixes(finding, facts, program, style, finding.place in lost, imports))
        if fixes:
            finding = replace(finding, fix=replace(fixes[0], otherwise=tuple(fixes[1:])))
        planned.append(finding)
    return planned


def _may_be_fixed(finding: Finding) -> bool:
    return finding.code in (*REACH, *SPLITS, *PENALTIES, "WD201", "WD204", "WD401")


TRAINED = "parameters that are in no group now are trained after the fix"


def _fixes(
    finding: Finding, facts: FileFacts, program: Program, style: str, lost: bool, imports: Imports | None
) -> Iterator[Fix]:
    """The fixes of one finding, the one to try first in front.

    `lost` says that the groups at its place leave out parameters, which a fix brings back.
    """
    if finding.place.file != facts.file:
        return
    if finding.code == "WD401":
        yield from key_fixes(finding, facts, program)
        yield from spelled_and_mended(finding, facts, program, style)
        return
    if finding.code in PENALTIES:
        yield from penalty_fixes(finding, facts, program, style)
        return
    if finding.code in SPLITS:
        yield from split_key_fixes(finding, facts, program)
    site = site_of(finding.place, facts, program, style, finding.code == "WD201", imports)
    if site is None:
        return
    if finding.code == "WD201":
        yield from coupled.optimizer_fixes(program, site.call, site.uses, factory_of(site) is not None)
        return
    if not site.key:
        return
    fixes = fixes_of_all(site) if finding.code in REACH else _split_fixes(finding, site)
    for fix in fixes:
        for one in filter(None, (for_what_decays(fix, site), fix)):
            trusted = lowered(one, site)
            if lost and trusted.applicability is Applicability.SAFE:
                trusted = replace(trusted, applicability=Applicability.UNSAFE, hazard=TRAINED)
            yield trusted


def _split_fixes(finding: Finding, site: Site) -> Iterator[Fix]:
    if finding.code == "WD303":
        yield from listed(site)
    if finding.code != "WD306":
        yield from pattern_fixes(finding, site.program, site.uses)
        yield from name_fixes(finding, site)
    yield from literal_fixes(site)
    yield from condition_fixes(site)
    target, _ = target_of(site)
    test = emit.dividing_test([use.inventory for use in site.uses])
    if finding.code == "WD306":
        yield from finished_groups(site)
        yield from passed_and_mended(finding, site)
    if finding.code == "WD306" and test is not None:
        yield from reach_fixes(site)
    elif finding.code in ("WD301", "WD306"):
        yield from strength_fixes(site, test or emit.BY_DIMENSION)
        yield from through_helper(site, target)
