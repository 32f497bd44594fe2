"""absl's flags, and those of TensorFlow that are read like them."""

from __future__ import annotations

from wdlint.source.libraries.library import Declarer, Library
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, External, Instance, Unknown


def _member(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers | None:
    if not isinstance(value.cls, External) or not value.cls.path.endswith(".FLAGS"):
        return None
    return evaluator.libraries.option(evaluator, name, context) or (Unknown(f"@{id(value)}.{name}"),)


_FLAG = Declarer(mark=(b"DEFINE_",), default=1, plain=True)

LIBRARY = Library(
    paths=("absl",),
    member=_member,
    declarers={f"DEFINE_{kind}": _FLAG for kind in ("float", "string", "integer", "bool", "boolean", "enum")},
)
