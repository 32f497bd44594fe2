"""OmegaConf: a configuration is what it was made of.

What its methods return is in `configuration`.
"""

from __future__ import annotations

from wdlint.facts import Origin
from wdlint.source.libraries import mappings
from wdlint.source.libraries.library import Call, Library, passed_through
from wdlint.source.values import objects
from wdlint.source.values.call_arguments import argument
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Known, Method, Unknown, constant


def _select(evaluator: Evaluation, call: Call) -> Answers | None:
    """`OmegaConf.select(cfg, "optim.wd", default=0.1)`: what lies there, or what is given for want of it."""
    given = call.positional(evaluator)
    key = constant(given[1]) if len(given) > 1 else None
    if not isinstance(key, str):
        return None
    found = given[0]
    for part in key.split("."):
        found = tuple(v for holder in found for v in objects.member(evaluator, holder, part, call.context))
    found = tuple(v for v in found if not isinstance(v, (Method, Unknown)))
    fallback = argument(evaluator, call.arguments, "default", None)
    return found or tuple(v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v for v in fallback) or None


LIBRARY = Library(
    paths=("omegaconf", "OmegaConf"),
    calls={
        "OmegaConf.to_container": passed_through,
        "omegaconf.DictConfig": mappings.mapping,
        "omegaconf.OmegaConf.create": passed_through,
        "omegaconf.OmegaConf.merge": passed_through,
        "omegaconf.OmegaConf.select": _select,
        "omegaconf.OmegaConf.structured": passed_through,
        "omegaconf.OmegaConf.to_container": passed_through,
    },
)
