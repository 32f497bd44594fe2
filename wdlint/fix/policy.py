"""What the settings say of fixes: which rules have them, and how far each may be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wdlint.facts import Applicability, Finding, Fix
from wdlint.settings.catalogue import Settings


def admitted(findings: Iterable[Finding], settings: Settings) -> list[Finding]:
    """The findings with fixes as the settings allow them."""
    if not (settings.fixable or settings.unfixable or settings.extend_safe_fixes or settings.extend_unsafe_fixes):
        return list(findings)
    from wdlint.judging.selection import codes

    only, never = codes(settings.fixable, settings), codes(settings.unfixable, settings)
    safe, unsafe = codes(settings.extend_safe_fixes, settings), codes(settings.extend_unsafe_fixes, settings)

    def counting(fix: Fix, code: str) -> Fix:
        if code in safe and fix.applicability is Applicability.UNSAFE:
            return replace(fix, applicability=Applicability.SAFE)
        if code in unsafe and fix.applicability is Applicability.SAFE:
            return replace(fix, applicability=Applicability.UNSAFE)
        return fix

    found = []
    for finding in findings:
        fix = finding.fix
        if fix is not None and (finding.code in never or (settings.fixable and finding.code not in only)):
            finding = replace(finding, fix=None)
        elif fix is not None:
            others = tuple(counting(other, finding.code) for other in fix.otherwise)
            finding = replace(finding, fix=replace(counting(fix, finding.code), otherwise=others))
        found.append(finding)
    return found
