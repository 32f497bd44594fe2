"""What must hold of a program after its fixes, told from the optimizers of its runs: `harm` in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from math import isclose

from helpers.programs.grammar import Program
from helpers.programs.runs import Held, Live, Run, runs

from wdlint.facts import Applicability, Finding, Fix
from wdlint.fix.apply import fixed
from wdlint.fix.proof.version import Version
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

SAFE = (Applicability.SAFE,)
BOTH = (Applicability.SAFE, Applicability.UNSAFE)
NAME = "generated_program.py"
# Fixes that move a strength, correct a key, or give weights back a decay that was meant for them.
MOVES = {"WD202", "WD203", "WD206", "WD401", "WD305", "WD306", "WD301", "WD302"}


@dataclass
class Mended:
    """A program, the texts that fixes make of it, and what they mended."""

    program: Program
    safe: str
    unsafe: str
    fixed_safe: list[str]
    fixed_unsafe: list[str]
    found: list[str]
    left: list[str]
    refused: list[str] = field(default_factory=list)
    again: bool = False  # a second run changes something


def mended(program: Program) -> Mended:
    data = program.text.encode()
    linter = Linter(Configuration(isolated=True), {NAME: data})

    @cache
    def read(text: bytes) -> Version | None:
        return linter.version(NAME, text)

    def outcome(most: tuple[Applicability, ...], text: bytes = data) -> tuple[str, list[str], tuple[Finding, ...]]:
        def allowed(fix: Fix) -> bool:
            return bool(fix.edits) and fix.applicability in most

        made = fixed(NAME, text, read, allowed)
        return made.data.decode(), [f.code for f in made.fixed], made.left

    version = read(data)
    findings = version.findings if version is not None else ()
    safe, fixed_safe, _ = outcome(SAFE)
    unsafe, fixed_unsafe, left = outcome(BOTH)
    again = outcome(SAFE, safe.encode())[0] != safe or outcome(BOTH, unsafe.encode())[0] != unsafe
    refused = [f"{f.code} {f.unfixed or (f.fix.hazard if f.fix else 'no fix is planned')}" for f in left]
    return Mended(
        program,
        safe,
        unsafe,
        fixed_safe,
        fixed_unsafe,
        [f.code for f in findings],
        [f.code for f in left],
        refused,
        again,
    )


@dataclass
class Verdict:
    """What came of one program."""

    ran: bool
    faulty: bool
    right: bool  # after all fixes
    harms: list[str]


def judged(one: Mended) -> Verdict:
    """Run a program before and after its fixes, and compare."""
    before = one.program.text
    changed_safe, changed_unsafe = one.safe != before, one.unsafe != before
    texts = [(before, True)]
    if changed_safe:
        texts += [(before, False), (one.safe, True), (one.safe, False)]
    if changed_unsafe:
        texts.append((one.unsafe, True))
    made = runs(texts)
    first = made[0]
    if first.error:
        return Verdict(False, False, False, [])
    harms = ["a second run changes the text"] if one.again else []
    faults = _faults(first, before)
    if not faults and (changed_safe or changed_unsafe):
        harms.append("a correct program is changed")
    if changed_safe:
        harms += [f"safe: {harm}" for harm in _harms(first, made[2], one.fixed_safe)]
        if not made[2].error and not made[1].error and not _same(made[1].losses, made[3].losses, before):
            harms.append("safe: the losses without decay are others")
    after = made[-1] if changed_unsafe else first
    if changed_unsafe:
        harms += [f"unsafe: {harm}" for harm in _harms(first, after, one.fixed_unsafe)]
    right = bool(faults) and not after.error and not _faults(after, one.unsafe)
    return Verdict(True, bool(faults), right, harms)


def _same(before: list[float], after: list[float], text: str) -> bool:
    """Whether losses are the same, bit by bit; a sum over the parameters of all groups is rounded in another order."""
    near = 1e-5 if 'for p in group["params"]' in text else 0.0
    return len(before) == len(after) and all(isclose(a, b, rel_tol=near) for a, b in zip(before, after, strict=True))


def _harms(before: Run, after: Run, codes: list[str]) -> list[str]:
    if after.error:
        return [after.error]
    if len(before.optimizers) != len(after.optimizers):
        return ["another number of optimizers"]
    found: list[str] = []
    for old, new in zip(before.optimizers, after.optimizers, strict=True):
        if old.strangers != new.strangers:
            found.append("parameters of no model are lost or new")
        for name, was in old.parameters.items():
            found += [f"{name} ({was.kind}): {harm}" for harm in _harm(was, new.parameters[name], old, set(codes))]
    return found


def _harm(was: Held, now: Held, old: Live, codes: set[str]) -> list[str]:
    if len(was.groups) == 1 and len(now.groups) != 1:
        return [f"is in {len(now.groups)} groups"]
    if not was.groups:
        return ["is trained now"] if now.groups and not codes & {"WD303"} else []
    decays, rates = {d for d, _ in was.groups}, {r for _, r in was.groups}
    found = [] if {r for _, r in now.groups} <= rates else [f"learning rate {now.groups}, was {was.groups}"]
    if was.kind in ("gain", "bias"):
        if not {d for d, _ in now.groups} <= decays | {0.0}:
            found.append(f"decay {now.groups}, was {was.groups}")
    elif not {d for d, _ in now.groups} <= decays:
        if not codes & MOVES or (max(decays) > 0 and not codes & {"WD401", "WD306"}):
            found.append(f"decay {now.groups}, was {was.groups}")
    return found


_PENALISED = ("pow(2)", "p ** 2", "square()", "p * p", "mse_loss", "torch.norm", "p.grad.")


def _faults(run: Run, text: str) -> list[str]:
    """What is wrong with a program, told from its optimizers, and of penalties from its text."""
    found = [
        word for word in ("pow(2)", "p ** 2", "square()", "p * p", "mse_loss", "torch.norm", "p.grad.") if word in text
    ]
    for live in run.optimizers:
        decayed = {name for name, held in live.parameters.items() if any(d for d, _ in held.groups)}
        weights = {n for n, held in live.parameters.items() if held.kind == "weight" and held.groups}
        if live.couples and decayed:
            found.append("coupled")
        found += [f"{n} decays" for n in decayed if live.parameters[n].kind in ("gain", "bias")]
        if decayed:
            found += [f"{n} does not decay" for n in weights - decayed]
        found += [f"{n} is in no group" for n, held in live.parameters.items() if not held.groups]
    if "deacy" in text or text.count("groups_split") == 1:
        found.append("says something else than it does")
    return found
