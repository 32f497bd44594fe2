"""What a loop runs over: the elements of collections, and the parameters, names and modules that stand for a model's.

What lists and mappings hold as written is in `contents`. Of a slice (`names[1:]`, `self.layers[2:]`) it is told exactly
what lies between constant bounds of a list that is written out. Of a model's parameters or layers a slice takes some,
and which ones can't be told: a condition that nothing answers stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from wdlint.source.read import tree as t
from wdlint.source.values import contents
from wdlint.source.values.evaluation import Asking, Evaluation
from wdlint.source.values.objects import as_part
from wdlint.source.values.values import (
    SLICED,
    Answers,
    Attribute,
    Change,
    Changed,
    Collection,
    Condition,
    Context,
    Deferred,
    Element,
    External,
    Instance,
    Item,
    Known,
    MappingValue,
    Method,
    Operation,
    Part,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
    constant,
)

OUTCOME = "outcome"  # the operation that stands for what a test of a parameter came to
_DEEPEST = 6  # containers in containers, to the elements of a model
_DEEPEST_PAIRS = 4  # the same, to pairs of their names and themselves
_LAYER_LISTS = frozenset(("torch.nn.ModuleList", "torch.nn.Sequential", "torch.nn.ParameterList"))

# Members that hold no layers, whatever has them.
_NO_LAYERS = frozenset(("items", "values", "keys", "param_groups"))


def elements_of(evaluator: Evaluation, answers: Answers, turn: int) -> Answers:
    """What the loop variable may be when a loop runs over these answers."""
    return tuple(_elements_of(evaluator, answers, turn, {}))


def _elements_of(evaluator: Evaluation, answers: Answers, turn: int, seen: dict[int, Value]) -> Iterator[Value]:
    """The same; what was gone over already adds nothing: lists that are made of each other are many times in one."""
    for value in answers:
        if id(value) not in seen:
            seen[id(value)] = value
            yield from _elements(evaluator, value, turn, seen)


def _elements(evaluator: Evaluation, value: Value, turn: int, seen: dict[int, Value]) -> Iterator[Value]:
    inner = bare(value)
    match inner:
        case Collection():
            yield from _collection_elements(evaluator, inner, turn)
        case Operation():
            if inner.name in ("enumerate", "zip"):
                counted = inner.operands[:1] if inner.name == "enumerate" else inner.operands
                parts = [elements_of(evaluator, o, turn) for o in counted]
                if inner.name == "enumerate":
                    parts.insert(0, (_number(evaluator, inner, turn),))
                yield SequenceValue("tuple", tuple(Item(p) for p in parts))
            elif inner.name == "items":
                yield from _pairs(evaluator, inner, turn)
            elif pairs_within(evaluator, inner):
                yield _pair(Collection("selected", inner), "parameter", turn)
            else:
                yield Element(Collection("selected", inner), symbolic_part(evaluator, inner) or "parameter", turn)
        case SequenceValue():
            outcome = _outcome(inner) if value is inner else None
            if outcome is not None:
                yield outcome
                return
            part = symbolic_part(evaluator, value)
            if part is not None:
                yield Element(Collection("selected", value), part, turn)
                return
            if pairs_within(evaluator, value):
                yield _pair(Collection("selected", value), "parameter", turn)
                return
            for one in contents.items(evaluator, value):
                answers = evaluator.force(one.value)
                if one.spread:
                    cut = next((c for c in one.conditions if isinstance(c.test, t.Subscript) and c.truth), None)
                    found = _elements_of(evaluator, answers, turn, seen)
                    yield from found if cut is None else (_one_of(v, cut.test, cut.context) for v in found)
                else:
                    yield from (_selected_pair(evaluator, held, value, turn) for held in answers)
        case MappingValue():
            for one_entry in contents.entries(evaluator, value):
                if one_entry.key is not None:
                    yield from (_selected_key(key, value, turn) for key in evaluator.force(one_entry.key))
        case Instance(cls=External(path=path)) if path in _LAYER_LISTS:
            yield from _layers_of(evaluator, value, inner)
        case Instance():
            yield from evaluator.libraries.elements(evaluator, inner, turn)
        case Unknown():
            yield Unknown(f"{inner.key}[*{turn}]")
        case Element() if inner.part == "module":
            yield Element(Collection("children", inner), "module", turn)
        case Method() if isinstance(bare(inner.receiver), Instance) and inner.name not in _NO_LAYERS:
            yield Method(inner, "*")  # one of the layers in a part of a library's model, or of whatever it is
        case Method():
            yield Unknown(f"@{id(inner.receiver)}.{inner.name}[*{turn}]")
        case _:
            return


def _number(evaluator: Evaluation, enumerated: Operation, turn: int) -> Value:
    """The number that `enumerate` gives with each element."""
    key, start = f"index{turn}", enumerated.operands[1:]
    call = enumerated.node
    if isinstance(call, t.Call) and enumerated.context is not None:
        named = (a.value for a in call.args if a.keyword == "start")
        start = (*start, *(evaluator.evaluate(one, enumerated.context) for one in named))
    first = constant(start[0]) if start else 0
    if not isinstance(first, int) or not enumerated.operands:
        return Unknown(key, computed=True)
    return Unknown(key, computed=True, counts=enumerated.operands[0], first=first)


def _layers_of(evaluator: Evaluation, value: Value, made: Instance) -> Iterator[Value]:
    """The layers (or raw parameters) of a list of torch's, later additions included; parts of their model."""
    changed = value.value if isinstance(value, Part) else value
    changes = changed.changes if isinstance(changed, Changed) else ()
    found: list[Value] = []
    listed = evaluator.positional(made.arguments) if made.arguments is not None else ()
    for answers in listed:
        for given in answers:
            if isinstance(bare(given), SequenceValue):
                found.extend(elements_of(evaluator, (given,), id(made)))
            else:
                found.append(given)
    numbered = _are_written(evaluator, made, listed) and all(change.action == SLICED for change in changes)
    for item in contents.items(evaluator, Changed(SequenceValue("list", ()), changes)):
        held = evaluator.force(item.value)
        found.extend(elements_of(evaluator, held, id(made)) if item.spread else held)
    cut = next((change for change in changes if change.action == SLICED and change.value is not None), None)
    root, path = (value.root, value.path) if isinstance(value, Part) else (made, "")
    if numbered:
        parts = [as_part(evaluator, root, path, str(number), layer) for number, layer in enumerate(found)]
        chosen: slice | None = slice(None)
        if cut is not None and isinstance(cut.value, t.Subscript) and isinstance(cut.value.index, t.Slice):
            chosen = _bounds(evaluator, cut.value.index, cut.context)
        if chosen is not None:
            yield from parts[chosen]
            return
    for layer in found:
        layer = as_part(evaluator, root, path, "*", layer) if isinstance(value, Part) else layer
        yield layer if cut is None or cut.value is None else _one_of(layer, cut.value, cut.context)


def _are_written(evaluator: Evaluation, made: Instance, listed: Sequence[Answers]) -> bool:
    """Whether the layers of a list are written one by one, each of them one thing, so that they have numbers."""
    written = made.arguments.written if made.arguments is not None else ()
    if any(argument.star for argument in written) or any(len(answers) != 1 for answers in listed):
        return False
    for (given,) in listed:
        inner = bare(given)
        if isinstance(inner, SequenceValue):
            if given is not inner or isinstance(inner.node, t.Comprehension) or not inner.complete or len(listed) > 1:
                return False
            if any(item.spread or item.conditions or len(evaluator.force(item.value)) != 1 for item in inner.items):
                return False
        elif not isinstance(inner, Instance):
            return False
    return True


def _selected_pair(evaluator: Evaluation, held: Value, whole: Value, turn: int) -> Value:
    """`(n, p)` out of a list of such pairs that was selected from the model: its parts are of that selection."""
    if not isinstance(held, SequenceValue) or held.kind != "tuple":
        return held
    parts = [evaluator.force(item.value) for item in held.items]
    if not any(isinstance(v, Element) for part in parts for v in part):
        return held
    selected = Collection("selected", whole)
    moved = (tuple(Element(selected, v.part, turn) if isinstance(v, Element) else v for v in part) for part in parts)
    return SequenceValue("tuple", tuple(Item(part) for part in moved))


def _selected_key(key: Value, whole: Value, turn: int) -> Value:
    """A name out of a dictionary of what was selected from the model: it is of that selection."""
    return Element(Collection("selected", whole), "name", turn) if _is_name(key) else key


def _is_name(value: Value) -> bool:
    return isinstance(value, Element) and value.part == "name"


def _outcome(value: SequenceValue) -> Value | None:
    """The element of a mask, `["bias" in n for n in names]`: a test of the parameter at the same place."""
    if len(value.items) != 1 or not isinstance(value.node, t.Comprehension):
        return None
    (item,) = value.items
    if item.conditions or not isinstance(item.value, Deferred) or not _is_test(item.value.expr):
        return None
    here = item.value.context.local or {}
    about = [held for answers in here.values() for held in answers]
    if not about or any(element_within(held) is None for held in about):
        return None
    return Operation(OUTCOME, (), item.value.expr, item.value.context)


def _is_test(expr: t.Expr) -> bool:
    if isinstance(expr, t.Call):
        name = expr.func.attr if isinstance(expr.func, t.Attribute) else getattr(expr.func, "id", "")
        return name in ("any", "all", "isinstance", "hasattr", "startswith", "endswith")
    return isinstance(expr, (t.Compare, t.Boolean)) or (isinstance(expr, t.Unary) and expr.op == "not")


def _pairs(evaluator: Evaluation, operation: Operation, turn: int) -> Iterator[Value]:
    """The (key, value) pairs of `mapping.items()`."""
    for value in operation.operands[0]:
        for one in contents.filled(evaluator, value):
            if one.key is None:
                for spread in evaluator.force(one.value):
                    yield from _pairs(evaluator, Operation("items", ((spread,),)), turn)
                continue
            keys, held = evaluator.force(one.key), evaluator.force(one.value)
            if any(isinstance(v, Element) for v in held):
                selected = Collection("selected", value)
                keys = (Element(selected, "name", turn),)
                held = (Element(selected, "parameter", turn),)
            yield SequenceValue("tuple", (Item(keys), Item(held)))


def _collection_elements(evaluator: Evaluation, collection: Collection, turn: int) -> Iterator[Value]:
    if collection.keyed:
        yield Element(collection, "name", turn)
        return
    match collection.what:
        case "parameters" | "selected":
            part = "parameter"
            if collection.what == "selected":
                part = symbolic_part(evaluator, collection.model) or "parameter"
            yield Element(collection, part, turn)
        case "modules" | "children":
            yield Element(collection, "module", turn)
        case "names":
            yield Element(collection, "name", turn)
        case "named_parameters":
            yield _pair(collection, "parameter", turn)
        case _:
            yield _pair(collection, "module", turn)


def pairs_within(evaluator: Evaluation, value: Value) -> bool:
    """Whether a container holds pairs of a parameter's name and the parameter."""
    return _holds_pairs(evaluator, value, 0, {})


def _holds_pairs(evaluator: Evaluation, value: Value, depth: int, seen: dict[int, tuple[int, bool, Value]]) -> bool:
    """The same; `seen` are the containers that were looked through, each with the depth at it, and the answer."""
    known = seen.get(id(value))
    if depth > _DEEPEST_PAIRS or (known is not None and known[0] <= depth):
        return known is not None and known[1]
    seen[id(value)] = depth, False, value
    found = _of_pairs(evaluator, value, depth, seen)
    seen[id(value)] = depth, found, value
    return found


def _of_pairs(evaluator: Evaluation, value: Value, depth: int, seen: dict[int, tuple[int, bool, Value]]) -> bool:
    inner = bare(value)
    if isinstance(inner, Collection):
        return inner.what == "named_parameters" and not inner.keyed
    if isinstance(inner, Operation):
        return inner.name in ("filter", "flatten", "reordered") and any(
            _holds_pairs(evaluator, v, depth + 1, seen) for v in inner.operands[-1]
        )
    if not isinstance(inner, SequenceValue):
        return False
    found = False
    for one in contents.items(evaluator, value):
        for held in evaluator.force(one.value):
            if one.spread:
                found = found or _holds_pairs(evaluator, held, depth + 1, seen)
                continue
            if not isinstance(held, SequenceValue) or len(held.items) != 2 or held.kind != "tuple":
                return False
            first, second = (evaluator.force(i.value) for i in held.items)
            names = all(isinstance(v, Element) and v.part == "name" for v in first)
            if not names or not all(isinstance(v, Element) and v.part == "parameter" for v in second):
                return False
            found = True
    return found


def _pair(collection: Collection, part: str, turn: int) -> Value:
    name, thing = Element(collection, "name", turn), Element(collection, part, turn)
    return SequenceValue("tuple", (Item((name,)), Item((thing,))))


def symbolic_part(evaluator: Evaluation, value: Value) -> str | None:
    """ "parameter", "name" or "module" where a container holds elements of a model, else None."""
    return _part_in(evaluator, value, 0, {})


def _part_in(evaluator: Evaluation, value: Value, depth: int, seen: dict[int, tuple[int, Value]]) -> str | None:
    """The same; `seen` are the containers that were looked through, each with the depth at which that began."""
    if depth > _DEEPEST or seen.get(id(value), (_DEEPEST + 1, value))[0] <= depth:
        return None
    seen[id(value)] = depth, value
    match value:
        case Collection():
            if value.what == "selected":
                return _part_in(evaluator, value.model, depth + 1, seen)
            if value.keyed:
                return "name"
            return {"parameters": "parameter", "names": "name", "modules": "module"}.get(value.what)
        case Operation():
            for operand in value.operands:
                for one in operand:
                    part = _part_in(evaluator, one, depth + 1, seen)
                    if part is not None:
                        return part
            return None
        case SequenceValue() | Changed() | Part():
            for position, one_item in enumerate(contents.items(evaluator, value)):
                if position > 20:
                    break
                for held in evaluator.force(one_item.value):
                    if one_item.spread:
                        part = _part_in(evaluator, held, depth + 1, seen)
                        if part is not None:
                            return part
                    elif isinstance(held, Element):
                        return held.part
                    elif isinstance(held, (TextOf, Attribute)):
                        root = element_within(held)
                        if root is not None:
                            return "name" if isinstance(held, TextOf) or root.part == "name" else "parameter"
            return None
        case _:
            return None


def element_within(value: Value) -> Element | None:
    """The loop element that a symbolic value is about."""
    match value:
        case Element():
            return value
        case Attribute():
            return element_within(value.of)
        case TextOf():
            for piece in value.pieces:
                if not isinstance(piece, str):
                    found = element_within(piece)
                    if found is not None:
                        return found
            return None
        case Method():
            return element_within(value.receiver)
        case _:
            return None


def known_range(evaluator: Asking, value: Instance) -> range | None:
    """A `range(…)` with constant bounds, defaults included; None where it can't be told."""
    given = evaluator.positional(value.arguments) if value.arguments is not None else ()
    told = [constant(answers) for answers in given]
    bounds = [b for b in told if isinstance(b, int) and not isinstance(b, bool)]
    if not 1 <= len(bounds) == len(told) <= 3:
        return None
    return range(*bounds) if bounds[2:] != [0] else None


# ---- slices


def sliced(evaluator: Evaluation, value: Value, expr: t.Subscript, index: t.Slice, context: Context) -> Value:
    """What a slice of a value is; the value itself where that makes no difference here."""
    if isinstance(value, Part):
        inner = sliced(evaluator, value.value, expr, index, context)
        return value if inner is value.value else replace(value, value=inner)
    held = bare(value)
    if isinstance(held, Instance):
        layers = isinstance(held.cls, External) and held.cls.path in _LAYER_LISTS
        return Changed(value, (Change((), SLICED, expr, (), context, True),)) if layers else value
    if isinstance(value, SequenceValue) and value.complete and not isinstance(value.node, t.Comprehension):
        if all(not item.spread and not item.conditions for item in value.items):
            chosen = _bounds(evaluator, index, context)
            return value if chosen is None else replace(value, items=value.items[chosen])
    if symbolic_part(evaluator, value) or pairs_within(evaluator, value) or _children_in(evaluator, value):
        return some_of(value, expr, context)
    return value


def _children_in(evaluator: Evaluation, value: Value) -> bool:
    """Whether a list holds the direct modules of a model, such as `list(model.children())`."""
    held = [value]
    if isinstance(value, SequenceValue):
        held = [v for item in value.items if item.spread for v in evaluator.force(item.value)]
    return any(isinstance(one, Collection) and one.what in ("children", "named_children") for one in map(bare, held))


def _one_of(layer: Value, expr: t.Expr, context: Context) -> Value:
    """A layer that a slice may have left out: of what it holds some is taken, as of the slice itself."""
    if isinstance(layer, Part):
        return replace(layer, value=_one_of(layer.value, expr, context))
    cut = Change((), SLICED, expr, (), context, True)
    if isinstance(layer, Element) and layer.part == "module":
        return replace(layer, collection=replace(layer.collection, model=Changed(layer.collection.model, (cut,))))
    return Changed(layer, (cut,)) if isinstance(bare(layer), Instance) else layer


def some_of(value: Value, expr: t.Expr, context: Context) -> Value:
    """Some of what a collection holds: those that an expression takes, which ones can't be told."""
    return SequenceValue("list", (Item((value,), (Condition(expr, True, context),), spread=True),), expr, context)


def whole(value: Value) -> tuple[Value, Change | None]:
    """A list of layers before it was sliced, and the slice; the value itself where it is none."""
    if isinstance(value, Part):
        inner, change = whole(value.value)
        return (value if change is None else replace(value, value=inner)), change
    if isinstance(value, Changed) and value.changes[-1].action == SLICED:
        return value.base, value.changes[-1]
    return value, None


def _bounds(evaluator: Evaluation, index: t.Slice, context: Context) -> slice | None:
    """A slice between constants; None where one of its bounds can't be told."""
    bounds: list[int | None] = []
    for end in (index.lower, index.upper, index.step):
        answers: Answers = evaluator.evaluate(end, context) if end is not None else (Known(None),)
        told = answers[0].value if len(answers) == 1 and isinstance(answers[0], Known) else ""
        if not isinstance(told, (int, type(None))) or (end is index.step and told == 0):
            return None
        bounds.append(told)
    return slice(*bounds)
