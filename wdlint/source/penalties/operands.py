"""Whether an expression is a parameter of a model, in whatever shape: what a penalty must square.

Looked-up rows, activations, gradients, copies without gradient and differences of parameters are none. A loop's
element stands for those that the tests between the loop and the statement let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wdlint.source.models.plain_weights import is_no_weight, is_plain_weight, name_of
from wdlint.source.penalties.terms import called, operands
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import contents, flow
from wdlint.source.values.elements import element_within
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import (
    Answers,
    Attribute,
    Changed,
    Collection,
    Condition,
    Context,
    Element,
    External,
    Instance,
    Item,
    Known,
    Method,
    Operation,
    Part,
    SequenceValue,
    Unknown,
    Value,
    bare,
)

# Methods that return the same numbers in another shape or place, the gradient kept.
RESHAPED = frozenset(
    (
        "view", "reshape", "flatten", "ravel", "contiguous", "float", "double", "half", "bfloat16", "cuda", "cpu", "to",
        "type", "squeeze", "unsqueeze", "clone", "t", "transpose", "permute", "abs", "view_as", "type_as", "expand",
        "requires_grad_", "coalesce", "to_dense",
    )
)  # fmt: skip
_RESHAPING = frozenset(
    f"torch.{name}"
    for name in ["flatten", "ravel", "clone", "abs", "squeeze", "unsqueeze", "transpose", "reshape", "t", "absolute"]
)
_JOINING = frozenset(f"torch.{name}" for name in ["cat", "concat", "concatenate", "hstack", "vstack", "stack"])
_VECTORS = frozenset(("torch.nn.utils.parameters_to_vector", "torch.nn.utils.convert_parameters.parameters_to_vector"))
_RAW = frozenset(("torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.nn.UninitializedParameter"))
_WEIGHT_LIKE = re.compile(r"(^|_)(weight|weights|bias|kernel)(_|$|\d)|^(weight|bias)_[a-z]+_l\d")
_VECTOR_METHODS = re.compile(r"\.(get_params|get_parameters|get_flat_params|flat_params|parameter_vector)\(\)$")
_PARAMETERS = re.compile(r"(^|[._])(params|parameters)\w*(\(\))?\[\*\d+\]$")


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """The parameters under a norm or a square. `proven` says that they are certainly parameters."""

    values: Answers
    proven: bool


Clauses = Mapping[int, tuple[t.Clause, Context]]  # comprehensions' clauses by their inner context's identity
_ELSEWHERE = Operand((), False)


# ---- parameters


def parameters(evaluator: Asking, expr: t.Expr, context: Context, depth: int = 0) -> Operand | None:
    """The parameters that an expression is (in whatever shape), or None where it may be something else."""
    if depth > 6:
        return None
    match expr:
        case t.Call():
            func = expr.func
            path = called(evaluator, expr, context)
            if isinstance(func, t.Attribute) and func.attr in RESHAPED and path is None:
                return parameters(evaluator, func.value, context, depth + 1)
            if syntax.last_name(expr) in ("detach", "item", "numpy"):
                return None
            _, plain = operands(evaluator, expr, context)
            if path in _RESHAPING and plain:
                return parameters(evaluator, plain[0], context, depth + 1)
            if path in _JOINING and plain:
                return _joined(evaluator, plain[0], context, depth + 1)
            if path in _VECTORS and plain:
                return all_of(evaluator, plain[0], context)
        case t.Subscript():
            parts = expr.index.items if isinstance(expr.index, t.Display) else (expr.index,)
            if all(isinstance(p, t.Slice) for p in parts):
                return parameters(evaluator, expr.value, context, depth + 1)
        case t.Attribute(attr="T" | "mT"):
            return parameters(evaluator, expr.value, context, depth + 1)
        case t.Attribute(attr="data" | "grad" | "shape"):
            return None
        case t.Attribute(value=t.Attribute(attr=layer)) if is_no_weight(layer):
            return None
        case t.Attribute() if _WEIGHT_LIKE.search(expr.attr):
            held = _held_by_layer(evaluator, expr, context)
            if held is not None:
                return held
        case t.Binary() | t.Unary() | t.Compare() | t.Const():
            return None
        case _:
            pass
    if isinstance(expr, t.Name):
        bound = _bound(evaluator, expr.id, context, depth)
        if bound is not _ELSEWHERE:
            return bound
    return _of_answers(evaluator, evaluator.evaluate(expr, context), depth)


def _bound(evaluator: Asking, name: str, context: Context, depth: int) -> Operand | None:
    """The parameters that plain assignments give to a name; `_ELSEWHERE` where something else binds it."""
    scope = context.frame.scope
    if context.local is not None or context.statement is None or name not in scope.bound:
        return _ELSEWHERE
    reach = flow.reaching(name, context.statement, scope)
    found: list[Operand] = []
    for binding in reach.bindings:
        if not isinstance(binding, t.Assign) or binding.value is None:
            return _ELSEWHERE
        if not any(isinstance(target, t.Name) and target.id == name for target in binding.targets):
            return _ELSEWHERE
        if evaluator.possible(binding, context.frame, context.statement):
            operand = parameters(evaluator, binding.value, context.frame.at(binding), depth + 1)
            if operand is None:
                return _ELSEWHERE if len(reach.bindings) > 1 else None
            found.append(operand)
    if reach.changes or not reach.certain or not found:
        return _ELSEWHERE
    return Operand(tuple(v for o in found for v in o.values), all(o.proven for o in found))


def _of_answers(evaluator: Asking, answers: Answers, depth: int) -> Operand | None:
    """The parameters among the answers; None unless every answer that can be a tensor is one."""
    kept: list[Value] = []
    proven = True
    for value in answers:
        if isinstance(value, Known) and value.value is None:
            continue
        if isinstance(bare(value), (Collection, Operation)) or _is_row(value):
            proven = False  # it belongs to a branch that holds something else
            continue
        sure = _is_parameter(evaluator, value, depth)
        if sure is None:
            return None
        proven = proven and sure
        kept.append(value)
    return Operand(tuple(kept), proven) if kept else None


def _is_row(value: Value) -> bool:
    """`p[0]` of a loop's element: a row of a parameter, or a pair taken apart in a branch for pairs."""
    return isinstance(value, Attribute) and isinstance(value.of, Element) and value.name.startswith("[")


def _is_parameter(evaluator: Asking, value: Value, depth: int) -> bool | None:
    """True: certainly a parameter; False: it seems one; None: no."""
    match value:
        case Changed():
            if any(not change.path for change in value.changes):
                return None
            return _is_parameter(evaluator, value.base, depth)
        case Part():
            if is_no_weight(value.path.rsplit(".", 1)[-1]):
                return None
            return _is_parameter(evaluator, value.value, depth)
        case Element(part="parameter"):
            return _runs_over_parameters(evaluator, value.collection, 0)
        case Attribute(of=Element(part="module"), called=False):
            return True if _WEIGHT_LIKE.search(value.name) else None
        case Instance(cls=External() as cls):
            if cls.path in _RAW:
                return None if is_no_weight(name_of(evaluator, value)) else True
            if cls.path in _JOINING and value.node is not None and value.node.args and value.arguments is not None:
                if value.arguments.context is None:
                    return None
                held = _joined(evaluator, value.node.args[0].value, value.arguments.context, depth + 1)
                return held.proven if held is not None else None
            if cls.path in _VECTORS and value.node is not None and value.arguments is not None:
                if value.arguments.context is None or not value.node.args:
                    return None
                held = all_of(evaluator, value.node.args[0].value, value.arguments.context)
                return held.proven if held is not None else None
            return is_plain_weight(evaluator, value)
        case Method() if _WEIGHT_LIKE.search(value.name):
            layer = bare(value.receiver)
            external = layer.cls if isinstance(layer, Instance) else None
            return True if isinstance(external, External) and _is_layer(external) else None
        case Unknown():
            # an element of something that can't be seen: `for p in group["params"]`, `for p in model_params`
            return False if _PARAMETERS.search(value.key) or _VECTOR_METHODS.search(value.key) else None
        case _:
            return None


def _runs_over_parameters(evaluator: Asking, collection: Collection, depth: int) -> bool | None:
    """Whether a loop's elements are parameters themselves, rather than something made of them."""
    if collection.what in ("parameters", "named_parameters"):
        return True
    if collection.what != "selected" or depth > 5:
        return None
    return _holds_parameters(evaluator, collection.model, depth + 1)


def _holds_parameters(evaluator: Asking, value: Value, depth: int) -> bool | None:
    if depth > 6:
        return None
    match value:
        case Collection():
            return _runs_over_parameters(evaluator, value, depth)
        case SequenceValue() | Changed() | Part():
            found: bool | None = None
            for item in contents.items(evaluator, value):
                for held in evaluator.force(item.value):
                    if item.spread or (isinstance(held, SequenceValue) and held.kind == "tuple"):
                        sure = _holds_parameters(evaluator, held, depth + 1)
                    elif isinstance(held, Element) and held.part == "name":
                        sure = True  # names that parameters are looked up by
                    else:
                        sure = _is_parameter(evaluator, held, depth + 1)
                    if sure is None:
                        return None
                    found = sure if found is None else found and sure
            return found
        case Operation(name="filter") if len(value.operands) == 2:
            held_by = [_holds_parameters(evaluator, v, depth + 1) for v in value.operands[1]]
            return all(held_by) if held_by and None not in held_by else None
        case Operation(name="items"):
            return True
        case _:
            return None


def _joined(evaluator: Asking, expr: t.Expr, context: Context, depth: int) -> Operand | None:
    """The parameters that `torch.cat([p.view(-1) for p in …])` holds."""
    match expr:
        case t.Comprehension(kind="list" | "generator"):
            inner, _ = evaluator.clauses(expr, context)
            return parameters(evaluator, expr.element, inner, depth + 1)
        case t.Display():
            found = [parameters(evaluator, item, context, depth + 1) for item in expr.items]
            kept = [operand for operand in found if operand is not None]
            if not kept or len(kept) != len(found):
                return None
            return Operand(tuple(v for o in kept for v in o.values), all(o.proven for o in kept))
        case _:
            answers = evaluator.evaluate(expr, context)
            sure = [_holds_parameters(evaluator, v, depth) for v in answers]
            return Operand(answers, all(sure)) if sure and None not in sure else None


def all_of(evaluator: Asking, expr: t.Expr, context: Context) -> Operand | None:
    answers = evaluator.evaluate(expr, context)
    sure = [_holds_parameters(evaluator, v, 0) for v in answers]
    return Operand(answers, all(sure)) if sure and None not in sure else None


def _held_by_layer(evaluator: Asking, expr: t.Attribute, context: Context) -> Operand | None:
    """`layer.weight`, where the layer is one of torch's, or seems to be a layer of a model that can't be seen."""
    found: list[Value] = []
    proven = True
    for holder in evaluator.evaluate(expr.value, context):
        inner = bare(holder)
        if isinstance(inner, Instance) and isinstance(inner.cls, External) and _is_layer(inner.cls):
            found.append(Method(holder, expr.attr))
        elif isinstance(inner, Element) and inner.part == "module":
            found.append(Attribute(inner, expr.attr))
        elif isinstance(inner, (Method, Unknown)) and _seems_layer(expr.value) and expr.attr in ("weight", "bias"):
            found.append(Method(holder, expr.attr))
            proven = False
        elif isinstance(inner, Known) and inner.value is None:
            continue
        else:
            return None
    return Operand(tuple(found), proven) if found else None


def _is_layer(cls: External) -> bool:
    path = cls.path
    return path.startswith("torch.nn.") and not path.startswith("torch.nn.functional") and path not in _RAW


def _seems_layer(expr: t.Expr) -> bool:
    """Whether an expression reads as a layer of a model: `self.fc1`, `model.layers[0]`, `net.out`, `net[0]`."""
    part = isinstance(expr, (t.Attribute, t.Subscript))
    while isinstance(expr, t.Subscript):
        expr = expr.value
    if part and isinstance(expr, (t.Attribute, t.Name)):
        root = syntax.root_name(expr) or ""
        return root in ("self", "net", "module") or "model" in root.lower() or "net" in root.lower()
    return False


# ---- a loop's elements


def selected(value: Value, context: Context, clauses: Clauses) -> Value:
    """A loop's element as a list of it under the tests that select it; other values unchanged."""
    element = element_within(value)
    conditions: list[Condition] = []
    while element is not None:
        conditions.extend(_tests(element.turn, context, clauses))
        element = element.collection.owner
    return SequenceValue("list", (Item((value,), tuple(conditions)),)) if conditions else value


def _tests(turn: int, context: Context, clauses: Clauses) -> Iterator[Condition]:
    """The tests between a loop or comprehension, known by its turn, and what stands inside it."""
    around: Context | None = context
    while around is not None:
        held = clauses.get(id(around))
        if held is not None and id(held[0]) == turn:
            for test in held[0].ifs:
                yield Condition(test, True, around)
        around = around.outer
    statement = context.statement
    if statement is None:
        return
    for block in flow.ancestors(statement):
        loop = block.parent
        if isinstance(loop, t.For) and id(loop) == turn:
            for test, truth, branch in flow.guards(statement, loop.block):
                yield Condition(test, truth, context.frame.at(branch))
