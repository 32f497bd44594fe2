"""The live verdict beside the source engine's, on every fixture that trains.

    python benchmarks/model_fixtures.py [--workers 2] [FOLDER]

Each script is linted and run up to its first optimizer step; findings are compared by file, line and meaning. What
only source can show (penalties, silent defaults, unused splits) is mapped or left out, as said in MEANING.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What a code says of an optimizer, in terms that a live optimizer can confirm; other codes concern source only.
MEANING = {
    "WD101": "reach", "WD102": "reach", "WD103": "reach", "WD104": "reach", "WD301": "reach", "WD302": "reach",
    "WD306": "reach", "WD106": "declared", "WD201": "coupled", "WD303": "left out", "WD304": "twice",
    "WD305": "weights exempt", "WD401": "ignored key", "WD402": "implausible",
}  # fmt: skip

Found = set[tuple[str, int, str]]


def meanings(text: str, root: Path) -> Found:
    start = 0 if text.startswith("[") else text.rfind("\n[\n") + 1
    if text.rstrip().endswith("[]"):
        return set()
    found = set()
    for finding in json.loads(text[start:]):
        if finding["code"] in MEANING:
            name = os.path.relpath(os.path.join(root, finding["filename"]), root)
            found.add((name, finding["location"]["row"], MEANING[finding["code"]]))
    return found


def compare(script: Path, root: Path) -> tuple[Path, str, Found, Found]:
    wdlint = [sys.executable, "-m", "wdlint"]
    options = {"cwd": root, "capture_output": True, "text": True, "timeout": 300, "check": False}
    live = subprocess.run([*wdlint, "run", "--output-format", "json", str(script)], **options)  # type: ignore[call-overload]
    if live.returncode not in (0, 1):
        return script, live.stderr.strip().splitlines()[-1] if live.stderr.strip() else "trouble", set(), set()
    files = [str(script)]
    read = subprocess.run([*wdlint, "check", "--output-format", "json", *files], **options)  # type: ignore[call-overload]
    return script, "", meanings(live.stdout, root), meanings(read.stdout, root)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent.parent / "fixtures")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    root = options.folder.resolve()
    scripts = [
        p.relative_to(root)
        for p in sorted(root.rglob("*.py"))
        if '__name__ == "__main__"' in p.read_text("utf-8", "replace")
    ]
    tally: Counter[str] = Counter()
    with ThreadPoolExecutor(options.workers) as pool:
        for script, trouble, live, read in pool.map(lambda s: compare(s, root), scripts):
            if trouble:
                tally["not run"] += 1
                print(f"{script}: not run: {trouble}")
                continue
            own = {f for f in read if f[0] == str(script)}
            seen = {f for f in live if f[0] == str(script)}
            tally["agrees" if own == seen else "differs"] += 1
            for file, line, meaning in sorted(own ^ seen):
                print(f"{file}:{line}: {meaning} by {'source' if (file, line, meaning) in own else 'the run'} only")
    print(dict(tally))


if __name__ == "__main__":
    main()
