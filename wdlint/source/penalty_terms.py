"""What an L2 term is: a sum of squares, or a norm, of a model's parameters.

Here single expressions are read: which operand they square, of which they take the norm, and whether that
operand is a parameter at all. How such a term travels to the loss is in `penalty_flow`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.source import callers, flow, objects
from wdlint.source import tree as t
from wdlint.source.evaluate import Evaluator
from wdlint.source.values import (
    Answers,
    Attribute,
    Changed,
    Collection,
    Context,
    Element,
    External,
    Instance,
    Known,
    Method,
    Operation,
    Part,
    SequenceValue,
    Unknown,
    Value,
    bare,
    constant,
)

_NORM_FUNCTIONS = frozenset(
    f"torch.{name}"
    for name in (
        "norm",
        "functional.norm",
        "linalg.norm",
        "linalg.vector_norm",
        "linalg.matrix_norm",
        "frobenius_norm",
    )
)
_DOT_FUNCTIONS = frozenset(("torch.dot", "torch.inner", "torch.vdot"))
_MEAN_SQUARES = frozenset(
    ("torch.nn.functional.mse_loss", "torch.nn.MSELoss", "torch.nn.modules.loss.MSELoss", "torch.mse_loss")
)
_ZEROS = frozenset(("torch.zeros_like", "torch.zeros", "torch.zeros_like_", "torch.autograd.Variable"))
# Methods that return the same numbers in another shape or place, the gradient kept.
RESHAPED = frozenset(
    "view reshape flatten ravel contiguous float double half bfloat16 cuda cpu to type squeeze unsqueeze clone t "
    "transpose permute abs view_as type_as expand requires_grad_ coalesce to_dense".split()
)
_RESHAPING = frozenset(
    f"torch.{name}" for name in "flatten ravel clone abs squeeze unsqueeze transpose reshape t absolute".split()
)
_JOINING = frozenset(f"torch.{name}" for name in "cat concat concatenate hstack vstack stack".split())
_VECTORS = frozenset(("torch.nn.utils.parameters_to_vector", "torch.nn.utils.convert_parameters.parameters_to_vector"))
_RAW = frozenset(("torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.nn.UninitializedParameter"))
_WEIGHT_LIKE = re.compile(r"(^|_)(weight|weights|bias|kernel)(_|$|\d)|^(weight|bias)_[a-z]+_l\d")
# Learned things that are no weights of a model: inputs, latent codes, statistics of a posterior.
_NO_WEIGHTS = re.compile(
    r"(^|_)(x|z|zs|img|image|images|latent|latents|code|codes|noise|delta|pert|perturbation|prompt|mask|masks|adv|"
    r"mu|mean|means|rho|sigma|sigmas|std|var|logvar|logstd|grad|grads|gradient|gradients|logits|pose|shape|betas)(_|\d|$)",
    re.IGNORECASE,
)
_PARAMETERS = re.compile(r"(^|[._])(params|parameters)\w*(\(\))?\[\*\d+\]$")
_TEXTBOOK = re.compile(
    r"^(w|ws|weight|weights|theta|thetas|coef|params|parameters|kernel)[_\d]*[a-z]{0,3}\d*$", re.IGNORECASE
)
_TEXTBOOK_BIAS = re.compile(r"^(b|bias|biases)[_\d]*$")
_APPLIES = re.compile(r"lin|logistic|softmax|reg|net|model|forward|predict|mlp|conv|affine", re.IGNORECASE)
_CONTRACTIONS = frozenset("matmul mm mv bmm einsum linear conv1d conv2d conv3d dot addmm".split())


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """The parameters under a norm or a square. `proven` says that they are certainly parameters."""

    values: Answers
    proven: bool


_ELSEWHERE = Operand((), False)


# ---- calls of libraries


def called(evaluator: Evaluator, call: t.Call, context: Context) -> str | None:
    """The import path of a library's function, or None where a method or the project's own is called."""
    for value in evaluator.evaluate(call.func, context):
        if isinstance(value, External):
            return value.path
    dotted = t.dotted(call.func)
    return dotted if dotted is not None and dotted.startswith("torch.") else None


def last_name(call: t.Call) -> str:
    func = call.func
    return func.id if isinstance(func, t.Name) else func.attr if isinstance(func, t.Attribute) else ""


def given(call: t.Call, name: str, position: int) -> t.Expr | None:
    """An argument by name or position; None where it is not given, or spread."""
    for argument in call.args:
        if argument.keyword == name:
            return argument.value
    plain = [a for a in call.args if a.keyword is None]
    if any(a.star for a in plain[: position + 1]) or position >= len(plain):
        return None
    return plain[position].value


def operands(evaluator: Evaluator, call: t.Call, context: Context) -> tuple[str | None, list[t.Expr]]:
    """A call as a function of a library with its positional arguments; a method's receiver comes first."""
    path = called(evaluator, call, context)
    plain = [a.value for a in call.args if a.keyword is None and not a.star]
    if path is not None:
        if not plain:
            plain = [a.value for a in call.args if a.keyword in ("input", "self", "x", "A")]
        return path, plain
    return None, [call.func.value, *plain] if isinstance(call.func, t.Attribute) else plain


# ---- squares and norms


def squared(evaluator: Evaluator, expr: t.Expr, context: Context) -> t.Expr | None:
    """The operand of an elementwise square or of a dot product with itself."""
    match expr:
        case t.Binary(op="**"):
            return expr.left if _number(evaluator, expr.right, context) == 2 else None
        case t.Binary(op="*" | "@"):
            return expr.left if times_itself(expr) else None
        case t.Call():
            name = last_name(expr)
            if name not in ("pow", "square", "mul", "multiply", "dot", "inner", "vdot", "pow_", "square_"):
                return None
            path, plain = operands(evaluator, expr, context)
            if path is not None and not path.startswith("torch."):
                return None
            if name in ("square", "square_"):
                return plain[0] if plain else None
            exponent = given(expr, "exponent", 1 if path is not None else 0)
            if name in ("pow", "pow_"):
                right = exponent is not None and _number(evaluator, exponent, context) == 2
                return plain[0] if plain and right else None
            return plain[0] if len(plain) == 2 and same(plain[0], plain[1]) else None
        case _:
            return None


def times_itself(expr: t.Binary) -> bool:
    """Whether a product is `w * w` or `w.t() @ w`."""
    return same(_unturned(expr.left), _unturned(expr.right))


def scaled_square(expr: t.Expr) -> tuple[t.Expr, t.Expr] | None:
    """The strength and the operand of `strength * w * w`, which is read as `(strength * w) * w`."""
    match expr:
        case t.Binary(op="*", left=t.Binary(op="*") as left) if same(left.right, expr.right):
            return left.left, expr.right
        case _:
            return None


def _unturned(expr: t.Expr) -> t.Expr:
    """`w` of `w.t()` and `w.T`, so that `w.t() @ w` is seen as a product with itself."""
    if isinstance(expr, t.Call) and isinstance(expr.func, t.Attribute) and expr.func.attr == "t":
        return expr.func.value
    return expr.value if isinstance(expr, t.Attribute) and expr.attr in ("T", "mT") else expr


def normed(evaluator: Evaluator, expr: t.Expr, context: Context) -> tuple[t.Expr, bool] | None:
    """The operand of a Euclidean norm, and whether it is taken along one axis only."""
    if not isinstance(expr, t.Call) or "norm" not in last_name(expr):
        return None
    name = last_name(expr)
    path = called(evaluator, expr, context)
    if path is not None:
        if path not in _NORM_FUNCTIONS:
            return None
        first, order = given(expr, "input", 0) or given(expr, "x", 0) or given(expr, "A", 0), 1
    elif name == "norm" and isinstance(expr.func, t.Attribute):
        first, order = expr.func.value, 0
    else:
        return None
    if first is None:
        return None
    kind = given(expr, "p", order) or given(expr, "ord", order)
    if kind is not None:
        answers = evaluator.evaluate(kind, context)
        if not all(isinstance(v, Known) and v.value in (None, 2, "fro") for v in answers):
            return None
    along = given(expr, "dim", order + 1) or given(expr, "axis", order + 1)
    whole = along is None or constant(evaluator.evaluate(along, context)) is None and isinstance(along, t.Const)
    return first, not whole


def squared_error_to_zero(evaluator: Evaluator, expr: t.Expr, context: Context) -> t.Expr | None:
    """The operand of `F.mse_loss(p, torch.zeros_like(p))` and `nn.MSELoss()(p, zeros)`."""
    if not isinstance(expr, t.Call) or len(expr.args) < 2:
        return None
    if not any(word in last_name(expr).lower() for word in ("mse", "crit", "loss", "l2")):
        return None
    callees = evaluator.evaluate(expr.func, context)
    paths = {
        v.path if isinstance(v, External) else v.cls.path
        for v in map(bare, callees)
        if isinstance(v, External) or (isinstance(v, Instance) and isinstance(v.cls, External))
    }
    if not paths or not paths <= _MEAN_SQUARES:
        return None
    first, second = given(expr, "input", 0), given(expr, "target", 1)
    if first is None or second is None:
        return None
    zeros = [bare(v) for v in evaluator.evaluate(second, context)]
    if zeros and all(isinstance(v, Instance) and isinstance(v.cls, External) and v.cls.path in _ZEROS for v in zeros):
        return first
    return None


def _number(evaluator: Evaluator, expr: t.Expr, context: Context) -> t.Constant:
    if isinstance(expr, t.Const):
        return expr.value
    return constant(evaluator.evaluate(expr, context))


def same(left: t.Expr, right: t.Expr) -> bool:
    """Whether two expressions are written alike."""
    match left, right:
        case t.Name(), t.Name():
            return left.id == right.id
        case t.Const(), t.Const():
            return left.value == right.value
        case t.Attribute(), t.Attribute():
            return left.attr == right.attr and same(left.value, right.value)
        case t.Subscript(), t.Subscript():
            return same(left.value, right.value) and same(left.index, right.index)
        case t.Unary(), t.Unary():
            return left.op == right.op and same(left.operand, right.operand)
        case t.Call(), t.Call():
            if len(left.args) != len(right.args) or not same(left.func, right.func):
                return False
            pairs = zip(left.args, right.args, strict=True)
            return all(a.keyword == b.keyword and a.star == b.star and same(a.value, b.value) for a, b in pairs)
        case _:
            return False


# ---- parameters


def parameters(evaluator: Evaluator, expr: t.Expr, context: Context, depth: int = 0) -> Operand | None:
    """The parameters that an expression is (in whatever shape), or None where it may be something else."""
    if depth > 6:
        return None
    match expr:
        case t.Call():
            func = expr.func
            if isinstance(func, t.Attribute) and func.attr in RESHAPED:
                if called(evaluator, expr, context) is None:
                    return parameters(evaluator, func.value, context, depth + 1)
            if last_name(expr) in ("detach", "item", "numpy"):
                return None
            path, plain = operands(evaluator, expr, context)
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
        case t.Attribute(value=t.Attribute(attr=layer)) if _NO_WEIGHTS.search(layer):
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


def _bound(evaluator: Evaluator, name: str, context: Context, depth: int) -> Operand | None:
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
        if evaluator.possible(binding, context.frame):
            operand = parameters(evaluator, binding.value, context.frame.at(binding), depth + 1)
            if operand is None:
                return _ELSEWHERE if len(reach.bindings) > 1 else None
            found.append(operand)
    if reach.changes or not reach.certain or not found:
        return _ELSEWHERE
    return Operand(tuple(v for o in found for v in o.values), all(o.proven for o in found))


def _of_answers(evaluator: Evaluator, answers: Answers, depth: int) -> Operand | None:
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


def _is_parameter(evaluator: Evaluator, value: Value, depth: int) -> bool | None:
    """True: certainly a parameter; False: it seems one; None: no."""
    match value:
        case Changed():
            if any(not change.path for change in value.changes):
                return None
            return _is_parameter(evaluator, value.base, depth)
        case Part():
            if _NO_WEIGHTS.search(value.path.rsplit(".", 1)[-1]):
                return None
            return _is_parameter(evaluator, value.value, depth)
        case Element(part="parameter"):
            return _runs_over_parameters(evaluator, value.collection, 0)
        case Attribute(of=Element(part="module"), called=False):
            return True if _WEIGHT_LIKE.search(value.name) else None
        case Instance(cls=External() as cls):
            if cls.path in _RAW:
                return None if _NO_WEIGHTS.search(_made_as(evaluator, value)) else True
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
            return _textbook(evaluator, value)
        case Method() if _WEIGHT_LIKE.search(value.name):
            layer = bare(value.receiver)
            external = layer.cls if isinstance(layer, Instance) else None
            return True if isinstance(external, External) and _is_layer(external) else None
        case Unknown():
            # an element of something that can't be seen: `for p in group["params"]`, `for p in model_params`
            return False if _PARAMETERS.search(value.key) else None
        case _:
            return None


def _runs_over_parameters(evaluator: Evaluator, collection: Collection, depth: int) -> bool | None:
    """Whether a loop's elements are parameters themselves, rather than something made of them."""
    if collection.what in ("parameters", "named_parameters"):
        return True
    if collection.what != "selected" or depth > 5:
        return None
    return _holds_parameters(evaluator, collection.model, depth + 1)


def _holds_parameters(evaluator: Evaluator, value: Value, depth: int) -> bool | None:
    if depth > 6:
        return None
    match value:
        case Collection():
            return _runs_over_parameters(evaluator, value, depth)
        case SequenceValue() | Changed() | Part():
            found: bool | None = None
            for item in objects.items(evaluator, value):
                for held in evaluator.force(item.value):
                    if item.spread:
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


def _joined(evaluator: Evaluator, expr: t.Expr, context: Context, depth: int) -> Operand | None:
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
            return Operand(answers, all(sure)) if sure and None not in sure and _no_comprehension(answers) else None


def _no_comprehension(answers: Answers) -> bool:
    return all(not isinstance(bare(v), SequenceValue) or bare(v).items for v in answers)  # type: ignore[union-attr]


def all_of(evaluator: Evaluator, expr: t.Expr, context: Context) -> Operand | None:
    answers = evaluator.evaluate(expr, context)
    sure = [_holds_parameters(evaluator, v, 0) for v in answers]
    return Operand(answers, all(sure)) if sure and None not in sure else None


def _held_by_layer(evaluator: Evaluator, expr: t.Attribute, context: Context) -> Operand | None:
    """`layer.weight`, where the layer is one of torch's, or seems to be a layer of a model that can't be seen."""
    found: list[Value] = []
    proven = True
    for holder in evaluator.evaluate(expr.value, context):
        inner = bare(holder)
        if isinstance(inner, Instance) and isinstance(inner.cls, External) and _is_layer(inner.cls):
            found.append(Attribute(holder, expr.attr))
        elif isinstance(inner, Element) and inner.part == "module":
            found.append(Attribute(inner, expr.attr))
        elif isinstance(inner, (Method, Unknown)) and _seems_layer(expr.value) and expr.attr in ("weight", "bias"):
            found.append(Attribute(holder, expr.attr))
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
    """Whether an expression reads as a layer of a model: `self.fc1`, `model.layers[0]`, `net.out`."""
    while isinstance(expr, t.Subscript):
        expr = expr.value
    if isinstance(expr, t.Attribute):
        root = t.root_name(expr) or ""
        return root in ("self", "net", "module") or "model" in root.lower() or "net" in root.lower()
    return False


# ---- weights of textbook code


def _textbook(evaluator: Evaluator, value: Instance) -> bool | None:
    """A plain tensor made with `requires_grad=True` that the module multiplies its inputs with."""
    assert isinstance(value.cls, External)
    if not value.cls.path.startswith("torch.") or value.node is None or value.frame is None:
        return None
    notes = _notes(evaluator, value.frame.scope.module)
    name = _made_as(evaluator, value)
    if name in notes.trained and _TEXTBOOK_BIAS.match(name):
        return True
    if name not in notes.trained or name not in notes.applied:
        return None
    return True if _TEXTBOOK.match(name) and not _NO_WEIGHTS.search(name) else None


def _made_as(evaluator: Evaluator, value: Instance) -> str:
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


def _notes(evaluator: Evaluator, module: t.Module) -> _Notes:
    cache: dict[int, _Notes] = evaluator.__dict__.setdefault("_weight_notes", {})
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
        for expression in t.expressions(statement):
            for node in t.walk(expression):
                applied.update(_applied(node))
                if isinstance(node, t.Call) and isinstance(node.func, t.Attribute):
                    if node.func.attr == "requires_grad_" and isinstance(node.func.value, t.Name):
                        trained.add(node.func.value.id)
    return _Notes(made, frozenset(trained), frozenset(applied))


def _note_assignment(target: t.Expr, value: t.Expr, made: dict[int, str], trained: set[str]) -> None:
    if isinstance(target, t.Display) and isinstance(value, t.Display) and len(target.items) == len(value.items):
        for part, given_part in zip(target.items, value.items, strict=True):
            _note_assignment(part, given_part, made, trained)
    elif isinstance(target, t.Attribute) and target.attr == "requires_grad" and isinstance(target.value, t.Name):
        trained.add(target.value.id)
    elif isinstance(target, t.Name):
        for node in t.walk(value):
            if isinstance(node, t.Call):
                made[id(node)] = target.id
                wants = any(
                    a.keyword == "requires_grad" and isinstance(a.value, t.Const) and a.value.value is True
                    for a in node.args
                )
                if wants or last_name(node) == "requires_grad_":
                    trained.add(target.id)


def _applied(node: t.Expr) -> Iterator[str]:
    if isinstance(node, t.Binary) and node.op == "@":
        yield from (side.id for side in (node.left, node.right) if isinstance(side, t.Name))
    elif isinstance(node, t.Call):
        name = last_name(node)
        if name in _CONTRACTIONS or _APPLIES.search(name):
            yield from (a.value.id for a in node.args if isinstance(a.value, t.Name))
            if name in _CONTRACTIONS and isinstance(node.func, t.Attribute) and isinstance(node.func.value, t.Name):
                yield node.func.value.id
