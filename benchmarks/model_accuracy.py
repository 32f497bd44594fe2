"""How often a parameter's kind is wrong: ours, the rules in use and torch-audit, in one run.

    python benchmarks/model_accuracy.py [TRUTH.csv.gz] [--library transformers] [--every 10] [--workers 2] [--show]
        [--kept RESULTS.jsonl]

The truth file has one row a tensor: library, model, param, shape, owner, kind, sub, how. For the libraries that are
not in it `model_reference` says what is counted. A gain or bias counts as decayed by us if we take it for a weight
or can't tell; a weight as exempted if we take it for anything else.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parent))

T = TypeVar("T")
Task = tuple[str, str, list[dict[str, str]]]


def score_model(task: Task) -> dict[str, Any]:
    """Build one model, classify it, and compare every row of the truth."""
    library, name, rows = task
    import torch
    from model_zoo import silence, time_limit

    torch.set_num_threads(1)
    out: dict[str, Any] = {"library": library, "model": name, "rows": len(rows), "unreferenced": 0}
    for capped in (True, False) if rows else (True,):  # the truth may have been taken at another depth
        out.update(wrong=[], missing=0, error="")
        try:
            with silence(), time_limit(240):
                compare(library, name, rows, out, capped)
        except (Exception, TimeoutError) as error:
            out["error"] = f"{type(error).__name__}: {error}"[:200]
        if not out["missing"] and not out["error"]:
            break
    return out


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns, and the CPU seconds that it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def compare(library: str, name: str, rows: list[dict[str, str]], out: dict[str, Any], capped: bool) -> None:
    from model_reference import rows_of
    from model_rules import torch_audit_decays
    from model_zoo import BUILDERS

    from wdlint.model.kinds.classify import classify
    from wdlint.model.optimizers.uses import declared_exemptions
    from wdlint.model.showing.describe import of_model
    from wdlint.model.showing.rules_in_use import SPLITS

    build = lambda: BUILDERS[library](name, capped)  # noqa: E731
    model, _ = timed(build)  # it imports what it needs
    _, out["first_s"] = timed(lambda: classify(model))
    model, out["build_s"] = timed(build)
    seen, out["classify_s"] = timed(lambda: classify(model))  # what its classes' sources say is kept by now
    if not rows:
        rows, out["unreferenced"] = rows_of(classify(model, thorough=True))
        out["rows"] = len(rows)
    out["observed"] = seen.observed
    described = of_model(seen, name, "", declared_exemptions(model, seen))
    ours = {alias: row for row in described.rows for alias in (row.parameter.name, *row.aliases)}
    audited = torch_audit_decays(model)
    out["rules"] = {rule: [0, 0, 0] for rule in ("wdlint", *SPLITS, "torch-audit 0.3")}
    for truth in rows:
        mine = ours.get(truth["param"])
        if mine is None:
            out["missing"] += 1
            continue
        kind = mine.parameter.kind.value
        if kind != truth["kind"]:
            e = mine.parameter.evidence
            out["wrong"].append([*(truth[k] for k in ("param", "shape", "owner", "kind", "sub", "how")), kind, e.text])
        for rule, tally in out["rules"].items():
            if rule == "wdlint":
                hits = kind in ("weight", "unknown"), kind != "weight", kind == "weight"
            else:
                decays = truth["param"] in audited if rule not in SPLITS else bool(SPLITS[rule](mine))
                hits = decays, not decays, decays
            tally[0] += truth["kind"] in ("gain", "bias") and hits[0]
            tally[1] += truth["kind"] == "weight" and hits[1]
            tally[2] += truth["kind"] == "other" and hits[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--library", action="append", help="these libraries only")
    parser.add_argument("--model", action="append", help="these models only")
    parser.add_argument("--every", type=int, default=1, help="take every n-th model")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kept", type=Path, help="a line of JSON a model; what is in it already is not done again")
    parser.add_argument("--show", action="store_true", help="print every distinct difference")
    options = parser.parse_args()
    by_model: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    if options.truth is not None:
        with gzip.open(options.truth, "rt", newline="") as stream:
            for row in csv.DictReader(stream):
                by_model[row["library"], row["model"]].append(row)
    tasks: list[Task] = [(lib, model, rows) for (lib, model), rows in by_model.items() if lib != "torch.nn"]
    tasks += [task for task in without_truth(options.library) if task[:2] not in by_model]
    if options.library:
        tasks = [t for t in tasks if t[0] in options.library]
    tasks = [t for t in tasks if t[1] in options.model] if options.model else tasks[:: options.every]
    results = sorted(scored(tasks, options.workers, options.kept), key=lambda r: (r["library"], r["model"]))
    for library in sorted({r["library"] for r in results}):
        report(library, [r for r in results if r["library"] == library], options.show)


def scored(tasks: list[Task], workers: int, kept: Path | None) -> list[dict[str, Any]]:
    """The result of every task, of those that are kept from an earlier run as well."""
    from model_pool import answers

    lines = kept.read_text().splitlines() if kept is not None and kept.exists() else []
    known = {(r["library"], r["model"]): r for r in map(json.loads, lines)}
    for (library, name, rows), result, trouble in answers(
        score_model, [t for t in tasks if t[:2] not in known], workers
    ):
        empty = {"library": library, "model": name, "rows": len(rows), "missing": 0, "unreferenced": 0, "wrong": []}
        known[library, name] = result or {**empty, "error": trouble}
        if kept is not None:
            with kept.open("a") as stream:
                stream.write(json.dumps(known[library, name]) + "\n")
    return [known[task[:2]] for task in tasks]


def without_truth(libraries: list[str] | None) -> list[Task]:
    """Every model of the libraries that can be listed, as far as they are installed."""
    from model_zoo import NAMES, silence

    tasks: list[Task] = []
    for library, names in NAMES.items():
        if libraries and library not in libraries:
            continue
        try:
            with silence():
                tasks += [(library, name, []) for name in names()]
        except ImportError as error:
            print(f"{library} is left out: {error}")
    return tasks


def report(library: str, results: list[dict[str, Any]], show: bool) -> None:
    built = [r for r in results if not r["error"]]
    tensors, missing = sum(r["rows"] - r["missing"] for r in built), sum(r["missing"] for r in built)
    seconds = [sum(r[key] for r in built) for key in ("build_s", "classify_s")]
    print(f"\n{library}: {len(built)} models, {tensors} tensors; {missing} rows not found")
    if unknown := sum(r["unreferenced"] for r in built):
        print(f"  {unknown} tensors have no reference and are not counted")
    cheaper = sum(r["classify_s"] <= r["build_s"] for r in built)
    print(f"  built on meta in {seconds[0]:.0f} CPU s, classified in {seconds[1]:.0f} s, {cheaper} models in less")
    for r in results:
        if r["error"]:
            print(f"  not built: {r['model']}: {r['error']}")
    differ = Counter((w[3], w[6]) for r in built for w in r["wrong"])
    print(
        "  kinds that differ (truth→ours):", ", ".join(f"{t}→{k} {n}" for (t, k), n in differ.most_common()) or "none"
    )
    heads = ("gain/bias decayed", "models", "weights exempted", "models", "special decayed")
    print(f"  {'rule':42}" + "".join(f"{head:>19}" for head in heads))
    for rule in built[0]["rules"] if built else ():
        t = [r["rules"][rule] for r in built]
        counts = (sum(x[0] for x in t), sum(x[0] > 0 for x in t), sum(x[1] for x in t), sum(x[1] > 0 for x in t))
        print(f"  {rule:42}" + "".join(f"{n:>19}" for n in (*counts, sum(x[2] for x in t))))
    if show:
        distinct = {(w[2], w[0].rpartition(".")[2], w[3], w[6]): (r["model"], w) for r in built for w in r["wrong"]}
        for model, w in distinct.values():
            owner = w[2].rpartition(".")[2]
            print(f"    {model}:{w[0]} {w[1]} {owner}: truth {w[3]}/{w[4]} ({w[5]}), ours {w[6]}: {w[7]}")


if __name__ == "__main__":
    main()
