"""Plain tensors that serve as weights, as in code written to teach: made with `requires_grad=True`.

A tensor counts by its name and by what the module does with it: its inputs are multiplied with it. Images,
latent codes and the like, which are learned too, are no weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import callers
from wdlint.source.values.evaluation import Memory
from wdlint.source.values.values import External, Instance

# Learned things that are no weights of a model: inputs, latent codes, statistics of a posterior.
_NO_WEIGHTS = re.compile(
    r"(^|_)(x|z|zs|img|image|images|latent|latents|code|codes|noise|delta|pert|perturbation|prompt|mask|masks|adv|"
    r"mu|mean|means|rho|sigma|sigmas|std|var|logvar|logstd|grad|grads|gradient|gradients|logits|pose|shape|betas)(_|\d|$)",
    re.IGNORECASE,
)
_TEXTBOOK = re.compile(
    r"^(w|ws|weight|weights|theta|thetas|coef|params|parameters|kernel)[_\d]*[a-z]{0,3}\d*$", re.IGNORECASE
)
_TEXTBOOK_BIAS = re.compile(r"^(b|bias|biases)[_\d]*$")
_APPLIES = re.compile(r"lin|logistic|softmax|reg|net|model|forward|predict|mlp|conv|affine", re.IGNORECASE)
_CONTRACTIONS = frozenset(
    ("matmul", "mm", "mv", "bmm", "einsum", "linear", "conv1d", "conv2d", "conv3d", "dot", "addmm")
)


def is_no_weight(name: str) -> bool:
    """Whether a learned tensor's name says that it is an input, a latent code, a statistic or the like."""
    return bool(_NO_WEIGHTS.search(name))


def is_plain_weight(evaluator: Memory, value: Instance) -> bool | None:
    """A plain tensor made with `requires_grad=True` that the module multiplies its inputs with."""
    assert isinstance(value.cls, External)
    if not value.cls.path.startswith("torch.") or value.node is None or value.frame is None:
        return None
    notes = _notes(evaluator, value.frame.scope.module)
    name = name_of(evaluator, value)
    if name in notes.trained and _TEXTBOOK_BIAS.match(name):
        return True
    if name not in notes.trained or name not in notes.applied:
        return None
    return True if _TEXTBOOK.match(name) and not is_no_weight(name) else None


def name_of(evaluator: Memory, value: Instance) -> str:
    """The plain name that was given to what a call made, if it was given one."""
    if value.node is None or value.frame is None:
        return ""
    return _notes(evaluator, value.frame.scope.module).made.get(id(value.node), "")


@dataclass(frozen=True, slots=True, eq=False)
class _Notes:
    """What a module's statements say of plain names: which call made them, trained, used as weights."""

    made: dict[int, str]
    trained: frozenset[str]
    applied: frozenset[str]


def _notes(evaluator: Memory, module: t.Module) -> _Notes:
    cache: dict[int, _Notes] = evaluator.memo("weight_notes")
    if id(module) not in cache:
        cache[id(module)] = _read_notes(module)
    return cache[id(module)]


def _read_notes(module: t.Module) -> _Notes:
    made: dict[int, str] = {}
    trained: set[str] = set()
    applied: set[str] = set()
    for statement in callers.all_statements(module.scope):
        if isinstance(statement, t.Assign) and statement.value is not None:
            for target in statement.targets:
                _note_assignment(target, statement.value, made, trained)
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                applied.update(_applied(node))
                match node:
                    case t.Call(func=t.Attribute(attr="requires_grad_", value=t.Name(id=name))):
                        trained.add(name)
                    case _:
                        pass
    return _Notes(made, frozenset(trained), frozenset(applied))


def _note_assignment(target: t.Expr, value: t.Expr, made: dict[int, str], trained: set[str]) -> None:
    if isinstance(target, t.Display) and isinstance(value, t.Display) and len(target.items) == len(value.items):
        for part, given_part in zip(target.items, value.items, strict=True):
            _note_assignment(part, given_part, made, trained)
    elif isinstance(target, t.Attribute) and target.attr == "requires_grad" and isinstance(target.value, t.Name):
        trained.add(target.value.id)
    elif isinstance(target, t.Name):
        for node in syntax.walk(value):
            if isinstance(node, t.Call):
                made[id(node)] = target.id
                wants = any(
                    a.keyword == "requires_grad" and isinstance(a.value, t.Const) and a.value.value is True
                    for a in node.args
                )
                if wants or syntax.last_name(node) == "requires_grad_":
                    trained.add(target.id)


def _applied(node: t.Expr) -> Iterator[str]:
    if isinstance(node, t.Binary) and node.op == "@":
        yield from (side.id for side in (node.left, node.right) if isinstance(side, t.Name))
    elif isinstance(node, t.Call):
        name = syntax.last_name(node)
        if name in _CONTRACTIONS or _APPLIES.search(name):
            yield from (a.value.id for a in node.args if isinstance(a.value, t.Name))
            if name in _CONTRACTIONS and isinstance(node.func, t.Attribute) and isinstance(node.func.value, t.Name):
                yield node.func.value.id
