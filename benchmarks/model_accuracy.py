"""How often a parameter's kind is wrong: ours and the rules in use, on models whose truth is on file.

    python benchmarks/model_accuracy.py TRUTH.csv.gz [--library transformers] [--every 10] [--workers 2] [--show]

The truth file has one row a tensor: library, model, param, shape, owner, kind, sub, how. Rows decided by name alone
(`judged`) are scored apart. A wrong row is one whose group is wrong: weight, or gain and bias, or everything else.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import multiprocessing
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))


def score_model(task: tuple[str, str, list[dict[str, str]]]) -> dict[str, Any]:
    """Build one model, classify it, and compare every row."""
    library, name, rows = task
    import torch
    from model_zoo import BUILDERS, silence, time_limit

    from wdlint.model.classify import classify

    torch.set_num_threads(1)
    out: dict[str, Any] = {"library": library, "model": name, "wrong": [], "rows": len(rows), "missing": 0}
    try:
        with silence(), time_limit(120):
            start = time.perf_counter()
            model = BUILDERS[library](name)
            built = time.perf_counter()
            result = classify(model)
            out["build_s"], out["classify_s"] = built - start, time.perf_counter() - built
            out["observed"] = result.observed
    except (Exception, TimeoutError) as error:
        out["error"] = f"{type(error).__name__}: {error}"[:300]
        return out
    ours = {}
    for c in result.parameters:
        for alias in (c.parameter.name, *c.held.aliases):
            ours[alias] = c
    from model_rules import RULES

    with silence():
        decayed = {rule: decide(model) for rule, decide in RULES.items()}
    out["rules"] = {rule: [0, 0, 0, 0] for rule in ("wdlint", *RULES)}
    for row in rows:
        mine = ours.get(row["param"])
        if mine is None:
            out["missing"] += 1
            continue
        truth, kind = row["kind"], mine.parameter.kind.value
        if kind != truth:
            e = mine.parameter.evidence
            out["wrong"].append(
                (row["param"], row["shape"], row["owner"], truth, row["sub"], row["how"], kind, e.witness.value, e.text,
                 [(t.kind.value, t.evidence.witness.value) for t in mine.testimonies])
            )  # fmt: skip
        for rule, tally in out["rules"].items():
            decays = kind in ("weight", "embedding", "unknown") if rule == "wdlint" else row["param"] in decayed[rule]
            if kind == "unknown" and rule == "wdlint":
                tally[3] += 1
            tally[0] += truth in ("gain", "bias") and (decays if rule != "wdlint" else kind in ("weight", "unknown"))
            tally[1] += truth == "weight" and (not decays if rule != "wdlint" else kind != "weight")
            tally[2] += truth == "other" and decays
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--library", action="append")
    parser.add_argument("--model", action="append")
    parser.add_argument("--every", type=int, default=1, help="take every n-th model")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write every model's result here")
    parser.add_argument("--show", action="store_true", help="print every distinct wrong row")
    options = parser.parse_args()
    with gzip.open(options.truth, "rt", newline="") as stream:
        by_model: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for row in csv.DictReader(stream):
            by_model[row["library"], row["model"]].append(row)
    tasks = [(lib, model, rows) for (lib, model), rows in by_model.items() if lib != "torch.nn"]
    if options.library:
        tasks = [t for t in tasks if t[0] in options.library]
    tasks = [t for t in tasks if t[1] in options.model] if options.model else tasks[:: options.every]
    with multiprocessing.get_context("forkserver").Pool(options.workers, maxtasksperchild=40) as pool:
        results = []
        for result in pool.imap_unordered(score_model, tasks):
            results.append(result)
            if "error" in result:
                print(f"{result['library']}:{result['model']}: {result['error']}", file=sys.stderr)
    results.sort(key=lambda r: (r["library"], r["model"]))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    report(results, options.show)


def report(results: list[dict[str, Any]], show: bool) -> None:
    for library in sorted({r["library"] for r in results}):
        mine = [r for r in results if r["library"] == library and "error" not in r]
        rows = sum(r["rows"] - r["missing"] for r in mine)
        print(f"\n{library}: {len(mine)} models, {rows} tensors, {sum(r['missing'] for r in mine)} rows not found,"
              f" {sum('error' in r for r in results if r['library'] == library)} not built;"
              f" build {sum(r['build_s'] for r in mine):.0f} s, classify {sum(r['classify_s'] for r in mine):.0f} s")  # fmt: skip
        confusion = Counter((w[3], w[6], w[5] == "judged") for r in mine for w in r["wrong"])
        print("  kinds that differ:", ", ".join(f"{t}→{k}{' (judged)' if j else ''}: {n}" for (t, k, j), n in confusion.most_common()))
        print(f"  {'rule':38} {'gain/bias decayed':>18} {'models':>7} {'weights exempted':>17} {'models':>7} {'special decayed':>16}")
        for rule in mine[0]["rules"] if mine else ():
            t = [r["rules"][rule] for r in mine]
            print(f"  {rule:38} {sum(x[0] for x in t):>18} {sum(x[0] > 0 for x in t):>7}"
                  f" {sum(x[1] for x in t):>17} {sum(x[1] > 0 for x in t):>7} {sum(x[2] for x in t):>16}")  # fmt: skip
        if show:
            seen = set()
            for r in mine:
                for w in r["wrong"]:
                    key = (w[2], w[0].rpartition(".")[2], w[3], w[6])
                    if key not in seen:
                        seen.add(key)
                        print(f"    {r['model']}:{w[0]} {w[1]} {w[2].rpartition('.')[2]} truth {w[3]}/{w[4]} ({w[5]}) ours {w[6]} by {w[7]}: {w[8]} {w[9]}")


if __name__ == "__main__":
    main()
