"""Detection models of torchvision: with pretrained weights the norms of their backbone are constants, no parameters.

`FrozenBatchNorm2d` stands there then, unless both the model and its backbone are made anew (torchvision 0.28,
`models/detection`); the weights of the backbone are pretrained by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wdlint.facts import Parameter
from wdlint.source.values.call_arguments import argument
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Arguments, Known, bare

_MODELS, _END = "torchvision.models.detection.", "_fpn"  # those whose names end in `_v2` train their norms
_NORMS = ".BatchNorm2d"


def present(
    evaluator: Evaluation, path: str, arguments: Arguments | None, parameters: Iterable[Parameter]
) -> Iterator[Parameter]:
    """The parameters that a model has, of those that it has when it is made anew."""
    frozen = path.startswith(_MODELS) and path.endswith(_END) and not _is_made_anew(evaluator, arguments)
    for parameter in parameters:
        if not (frozen and parameter.owner.endswith(_NORMS) and parameter.name.startswith("backbone.body.")):
            yield parameter


def _is_made_anew(evaluator: Evaluation, arguments: Arguments | None) -> bool:
    if arguments is None:
        return False
    model = [argument(evaluator, arguments, name, 0) for name in ("weights", "pretrained")]
    backbone = [argument(evaluator, arguments, name, None) for name in ("weights_backbone", "pretrained_backbone")]
    return all(map(_is_none, filter(None, model))) and any(backbone) and all(map(_is_none, filter(None, backbone)))


def _is_none(answers: Answers) -> bool:
    """Whether something is certainly `None` or `False`."""
    return all(isinstance(inner := bare(value), Known) and not inner.value for value in answers)
