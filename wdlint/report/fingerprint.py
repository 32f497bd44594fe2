"""A name for a finding that outlives edits elsewhere in its file.

It is made of the rule, the file, the site and the text of the offending lines, never of a line
number. Baselines, SARIF and GitLab use the same name.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from wdlint.facts import Finding
from wdlint.report.excerpt import Excerpts


def fingerprints(
    findings: Iterable[Finding], excerpts: Excerpts, base: str, known_as: str | None = None
) -> dict[int, str]:
    """The fingerprint of each finding, by the finding's `id`.

    Files are named as seen from the folder `base`, or all as `known_as`. Findings that agree in
    everything are numbered in the order of their places, so that each keeps a name of its own.
    """
    met: Counter[str] = Counter()
    found = {}
    for finding in sorted(findings, key=lambda finding: finding.place.line):
        file = known_as or os.path.relpath(finding.place.file, base).replace(os.sep, "/")
        lines = (" ".join(line.split()) for line in excerpts.lines(finding.place))
        told = "\0".join((finding.code, file, finding.subject, *lines))
        met[told] += 1
        number = f"\0{met[told]}" if met[told] > 1 else ""
        found[id(finding)] = sha256((told + number).encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return found
