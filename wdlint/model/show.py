"""The `wdlint model` command: from its options to what it prints and an exit code."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wdlint.complaint import Complaint, complain
from wdlint.model.loading.targets import Loaded, UserError, build, load, need_torch, parse_argument, resolve
from wdlint.model.showing import listing
from wdlint.model.showing.describe import Description, of_checkpoint, of_model, with_groups

if TYPE_CHECKING:
    from wdlint.model.audit import Report

CLEAN, FOUND, TROUBLE = 0, 1, 2


def show(target: str, options: Mapping[str, Any]) -> int:
    """Describe a model and, with `--optimizer`, audit one over it."""
    try:
        return _show(target, options)
    except UserError as error:
        sys.stderr.write(error.report)
        complain(str(error))
    except Complaint as error:
        complain(str(error))
    return TROUBLE


def _show(target: str, options: Mapping[str, Any]) -> int:
    arguments = dict(map(parse_argument, options["arguments"]))
    loaded = load(target, arguments, options["device"])
    described, report = _described(loaded, options)
    colour = options["colour"] == "always" or (options["colour"] == "auto" and sys.stdout.isatty())
    sys.stdout.write(_text(described, report, options, colour))
    if options["html"] is not None:
        from wdlint.files.writing import write_whole
        from wdlint.model.showing.page import page

        text = page(described, report.table, report.findings) if report is not None else page(described)
        write_whole(options["html"], text.encode())
    return FOUND if report is not None and not report.ok else CLEAN


def _described(loaded: Loaded, options: Mapping[str, Any]) -> tuple[Description, Report | None]:
    if loaded.model is None:
        if options["optimizer"] is not None:
            raise Complaint("--optimizer needs a model that can be built: a checkpoint holds names and shapes only")
        return of_checkpoint(loaded.title, loaded.entries, loaded.source), None
    from wdlint.model.kinds.classify import classify
    from wdlint.model.optimizers.uses import declared_exemptions

    # What is kept beside the verdict holds every testimony; a glance at the screen needs the verdict only.
    thorough = options["verbose"] or options["html"] is not None or options["form"] == "json"
    seen = classify(loaded.model, thorough=thorough, watch=options["forward"])
    described = of_model(seen, loaded.title, loaded.source, declared_exemptions(loaded.model, seen))
    if options["optimizer"] is None:
        return described, None
    report = _audited(loaded.model, seen, options["optimizer"])
    strengths = {
        name: (row.decay or 0.0, f"{row.optimizer}[{row.index}]") for row in report.table for name in row.names
    }
    return with_groups(described, strengths), report


def _audited(model: Any, seen: Any, target: str) -> Report:
    """Call the user's factory with the model and judge what it returns."""
    from wdlint.facts import Place
    from wdlint.files.paths import display
    from wdlint.model.audit import report_on
    from wdlint.model.holding.wrappers import is_optimizer
    from wdlint.model.optimizers.uses import observe_optimizer, steppers

    need_torch()
    place, _, attribute = target.rpartition(":")
    if not place:
        raise Complaint(f"--optimizer {target}: write module:factory, where factory(model) returns the optimizer")
    factory = resolve(place, attribute)
    if not callable(factory):
        raise Complaint(f"--optimizer {target}: is no function that takes the model")
    made = build(target, lambda: factory(model), {}, "cpu")
    optimizers = list(made) if isinstance(made, (list, tuple)) else [made]
    if not optimizers or not all(map(is_optimizer, optimizers)):
        raise Complaint(f"--optimizer {target}: returned {type(made).__name__}, and no optimizer")
    code = getattr(inspect.unwrap(factory), "__code__", None)
    file, line = (display(code.co_filename), code.co_firstlineno) if code is not None else (target, 1)
    at = Place(file, line, 1, line, 1)
    stepping = steppers(optimizers)
    called = type(model).__name__
    lives = [observe_optimizer(o, seen, at, model, model_name=called, others=stepping) for o in stepping]
    return report_on(lives, seen, file)


def _text(described: Description, report: Report | None, options: Mapping[str, Any], colour: bool) -> str:
    if options["form"] == "json":
        return listing.as_json(described)
    if options["form"] == "csv":
        return listing.as_csv(described)
    parts = [listing.summary(described)]
    if options["form"] == "table":
        parts.append(listing.as_table(described, options["verbose"], colour))
    elif options["form"] == "tree" or options["verbose"]:
        parts.append(listing.as_tree(described, options["verbose"], colour))
    if options["compare"]:
        parts.append(listing.comparison(described))
    if report is not None:
        from wdlint.model.showing.panels import report_text

        parts.append(report_text(report.table, report.findings, colour))
    return "\n".join(parts)
