"""Fixes tried on generated training programs, which are run before and after: harms, and what is refused and why.

Run by hand with torch installed: `python benchmarks/generated_programs.py [FIRST] [NUMBER] [-v]`. Programs are those of
the tests (`tests/helpers/programs`), a pure function of their numbers. Prints every harm, counts (also meanwhile, to
the standard error), and the reasons why faulty programs are not right after all fixes; exit code 1 where a fix harms.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from helpers.programs.workshop import worked, workshop

EVERY = 250
"""A long run says how far it is after so many programs."""


def main(first: int, number: int, verbose: bool) -> int:
    begun = time.monotonic()
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    with workshop() as pool:
        for at, (one, verdict) in enumerate(worked(pool, range(first, first + number)), first):
            counts["programs"] += 1
            if counts["programs"] % EVERY == 0:
                told = ", ".join(f"{amount} {what}" for what, amount in counts.items())
                print(f"{time.monotonic() - begun:.0f} s: {told}", file=sys.stderr, flush=True)
            if verdict.harms:
                counts["harmed"] += 1
                print(f"{at} {one.program.choices if one else ''}: {'; '.join(verdict.harms[:4])}", flush=True)
            if one is None or not verdict.ran:
                continue
            counts["ran"] += 1
            counts["faulty"] += verdict.faulty
            counts["right after all fixes"] += verdict.right
            counts["changed by safe fixes"] += one.safe != one.program.text
            counts["changed by all fixes"] += one.unsafe != one.program.text
            counts["faulty and silent"] += verdict.faulty and not one.found
            counts["right and not silent"] += not verdict.faulty and bool(one.found)
            if verdict.faulty and not verdict.right:
                refused.update(set(one.refused or ["nothing is found"]))
                if verbose:
                    print(f"{at} {one.program.choices}: {'; '.join(one.refused)}", flush=True)
    for what, amount in counts.items():
        print(f"{amount:6} {what}")
    print(f"{time.monotonic() - begun:6.0f} seconds\n\nfaulty programs that are not right, by what was refused:")
    for reason, amount in refused.most_common():
        print(f"{amount:6} {reason}")
    return 1 if counts["harmed"] else 0


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    sys.exit(main(numbers[0] if numbers else 0, numbers[1] if len(numbers) > 1 else 500, "-v" in sys.argv))
