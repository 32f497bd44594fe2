"""What can be asked of an answer: its members, items, elements and entries, later changes included.

Changes made in place (`config["wd"] = …`, `groups.append(…)`, `self.model = …`) are found by `flow` and
kept with the value; here they are read back. What library calls return is in `calls`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.facts import Origin
from wdlint.source import flow
from wdlint.source import tree as t
from wdlint.source.evaluation import Evaluation
from wdlint.source.values import (
    Answers,
    Arguments,
    Attribute,
    Change,
    Changed,
    ClassValue,
    Collection,
    Condition,
    Context,
    Deferred,
    Element,
    Entry,
    External,
    FolderValue,
    Frame,
    FunctionValue,
    Instance,
    Item,
    Known,
    MappingValue,
    Method,
    ModuleValue,
    Operation,
    Part,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
)

_MODULE_BASES = frozenset(
    (
        "torch.nn.Module",
        "torch.nn.modules.module.Module",
        "torch.nn.modules.Module",
        "pytorch_lightning.LightningModule",
        "lightning.LightningModule",
        "lightning.pytorch.LightningModule",
        "pytorch_lightning.core.LightningModule",
        "pytorch_lightning.core.lightning.LightningModule",
        "transformers.PreTrainedModel",
        "transformers.modeling_utils.PreTrainedModel",
        "torch.jit.ScriptModule",
    )
)
_LAYER_LISTS = frozenset(("torch.nn.ModuleList", "torch.nn.Sequential", "torch.nn.ParameterList"))


# ---- changes


def changes_in(evaluator: Evaluation, statement: t.Stmt, root: str, frame: Frame, certain: bool) -> Iterator[Change]:
    """What one statement does in place to the object that `root` names."""
    context = frame.at(statement)
    conditions = loop_conditions(statement, frame)

    def change(path: tuple[str | int | None, ...], action: str, value: t.Expr | None = None,
               arguments: tuple[t.Argument, ...] = ()) -> Change:  # fmt: skip
        return Change(path, action, value, arguments, context, certain, conditions)

    match statement:
        case t.Assign() if statement.value is not None:
            for target in statement.targets:
                for place, value in _targets(evaluator, target, statement.value):
                    path = path_below(evaluator, place, root, context)
                    if path:
                        yield change(path, "set", value)
        case t.AugAssign():
            path = path_below(evaluator, statement.target, root, context)
            if path is not None:
                yield change(path, statement.op + "=", statement.value)
        case t.Delete():
            for target in statement.targets:
                path = path_below(evaluator, target, root, context)
                if path:
                    yield change(path, "delete")
        case t.Expression(value=t.Call() as call):
            if isinstance(call.func, t.Attribute) and isinstance(call.func.value, t.Conditional):
                chosen = call.func.value
                for side, truth in ((chosen.body, True), (chosen.orelse, False)):
                    path = path_below(evaluator, side, root, context)
                    if path is not None:
                        guards = (*conditions, Condition(chosen.test, truth, context))
                        yield Change(path, call.func.attr, None, call.args, context, False, guards)
            elif isinstance(call.func, t.Attribute):
                path = path_below(evaluator, call.func.value, root, context)
                if path is not None:
                    yield change(path, call.func.attr, None, call.args)
            elif isinstance(call.func, t.Name) and call.func.id == "setattr" and len(call.args) == 3:
                path = path_below(evaluator, call.args[0].value, root, context)
                if path is not None:
                    key = _key(evaluator, call.args[1].value, context)
                    yield change((*path, key), "set", call.args[2].value)
        case _:
            return


def _targets(evaluator: Evaluation, target: t.Expr, value: t.Expr) -> Iterator[tuple[t.Expr, t.Expr]]:
    """Each attribute or item that an assignment sets, with the expression that it is set to."""
    if not isinstance(target, t.Display):
        yield target, value
        return
    same = isinstance(value, t.Display) and len(value.items) == len(target.items)
    for index, part in enumerate(target.items):
        if same:
            assert isinstance(value, t.Display)
            yield from _targets(evaluator, part, value.items[index])
        else:
            piece = _piece(evaluator, value, index)
            yield from _targets(evaluator, part, piece)


def _piece(evaluator: Evaluation, value: t.Expr, index: int) -> t.Subscript:
    """`value[index]` as a node; kept on the evaluator, since memos go by a node's identity."""
    pieces: dict[tuple[int, int], t.Subscript] = evaluator.memo("pieces")
    key = id(value), index
    if key not in pieces:
        pieces[key] = t.Subscript(value.cst, value, t.Const(value.cst, index))
        evaluator.keep(value)
    return pieces[key]


def path_below(evaluator: Evaluation, expr: t.Expr, root: str, context: Context) -> tuple[str | int | None, ...] | None:
    """`("a", "b")` for `root.a["b"]`; None where the expression is not rooted in the name."""
    if t.root_name(expr) != root:
        return None  # before keys are evaluated
    path: list[str | int | None] = []
    while True:
        match expr:
            case t.Attribute():
                path.append(expr.attr)
                expr = expr.value
            case t.Subscript():
                path.append(None if isinstance(expr.index, t.Slice) else _key(evaluator, expr.index, context))
                expr = expr.value
            case t.Name():
                return tuple(reversed(path)) if expr.id == root else None
            case _:
                return None


def _key(evaluator: Evaluation, expr: t.Expr, context: Context) -> str | int | None:
    if isinstance(expr, t.Const):
        return expr.value if isinstance(expr.value, (str, int)) else None
    answers = evaluator.evaluate(expr, context)
    if len(answers) == 1 and isinstance(answers[0], Known) and isinstance(answers[0].value, (str, int)):
        return answers[0].value
    return None


def loop_conditions(statement: t.Stmt, frame: Frame) -> tuple[Condition, ...]:
    """The tests around a statement inside its outermost loop: they decide for which elements it runs."""
    outermost: t.Block | None = None
    for block in flow.ancestors(statement):
        if isinstance(block.parent, t.For) and block is block.parent.body:
            outermost = block.parent.block
    if outermost is None:
        return ()
    found = flow.guards(statement, outermost)
    return tuple(Condition(test, truth, frame.at(branch)) for test, truth, branch in found)


# ---- members


def member(evaluator: Evaluation, value: Value, name: str, context: Context) -> Answers:
    """What `value.name` may be."""
    match value:
        case Changed():
            return _changed_member(evaluator, value, name, context)
        case External():
            return (External(f"{value.path}.{name}"),)
        case ModuleValue():
            return evaluator.module_member(value.module, name)
        case FolderValue():
            return evaluator.submodule(value, name)
        case Part():
            inner = member(evaluator, value.value, name, context)
            return tuple(_of_part(evaluator, value, name, v) for v in inner)
        case Instance():
            return _instance_member(evaluator, value, name, context)
        case ClassValue():
            return class_member(evaluator, value, name) or (Unknown(f"{value.path}.{name}"),)
        case MappingValue():
            found = entry(evaluator, value, name)
            return found or (Method(value, name),)
        case Unknown():
            if name == "module":
                return (value,)
            option = evaluator.option_default(name, context) if not is_methodlike(name) else ()
            return option or (Method(value, name),)
        case Element() | Attribute() | TextOf():
            return (Attribute(value, name),)
        case FunctionValue() if name in ("apply", "remote", "__wrapped__"):
            return (value,)
        case _:
            return (Method(value, name),)


def is_methodlike(name: str) -> bool:
    return name in ("parameters", "named_parameters", "modules", "named_modules", "items", "values", "keys", "get")


def _changed_member(evaluator: Evaluation, value: Changed, name: str, context: Context) -> Answers:
    found, rest, replaced = _after_changes(evaluator, value.changes, name)
    if not replaced:
        base = member(evaluator, value.base, name, context)
        if isinstance(bare(value.base), (Collection, SequenceValue, MappingValue)) and not found:
            # a method of a changed container keeps the changes
            base = tuple(Method(value, v.name) if isinstance(v, Method) else v for v in base)
        methods = all(isinstance(v, Method) for v in base)
        if not found or not methods:
            found = [v for v in base if not (found and isinstance(v, Known) and v.value is None)] + found
    return tuple(Changed(v, rest) if rest else v for v in found)


def _after_changes(
    evaluator: Evaluation, changes: Sequence[Change], key: str | int
) -> tuple[list[Value], tuple[Change, ...], bool]:
    """The values set at a key, the changes that go deeper below it, and whether the base is replaced."""
    found: list[Value] = []
    deeper: list[Change] = []
    replaced = False
    for change in changes:
        if change.path == (key,) and change.action == "set" and change.value is not None:
            values = evaluator.evaluate(change.value, change.context)
            if change.certain:
                found, deeper, replaced = [], [], True
            found.extend(values)
        elif change.path[:1] == (key,):
            shorter = Change(change.path[1:], change.action, change.value, change.arguments, change.context,
                             change.certain, change.conditions)  # fmt: skip
            deeper.append(shorter)
        elif not change.path and change.action in ("update", "setdefault", "set_defaults", "merge"):
            updated = _updated(evaluator, change, key)
            if updated and change.certain and change.action == "update":
                found, replaced = [], True
            found.extend(updated)
    return found, tuple(deeper), replaced


def _updated(evaluator: Evaluation, change: Change, key: str | int) -> Answers:
    """What `d.update(…)` or `d.setdefault(k, v)` puts at a key."""
    arguments = Arguments(change.arguments, change.context)
    if change.action == "setdefault":
        given = evaluator.positional(arguments)
        if len(given) == 2 and any(isinstance(v, Known) and v.value == key for v in given[0]):
            return given[1]
        return ()
    for name, answers in evaluator.keywords(arguments):
        if name == key:
            return answers
    found: list[Value] = []
    for answers in (*evaluator.positional(arguments), *evaluator.spreads(arguments)):
        for value in answers:
            if isinstance(key, str):
                found.extend(entry(evaluator, value, key))
    return tuple(found)


def _instance_member(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers:
    if isinstance(value.cls, External):
        return evaluator.library_member(value, name, context)
    own = class_member(evaluator, value.cls, name)
    functions = [v for v in own if isinstance(v, FunctionValue) and isinstance(v.definition, t.FunctionDef)]
    if functions:
        return tuple(v for f in functions for v in _bound_function(evaluator, f, value, context))
    found, deeper, replaced = _after_changes(evaluator, instance_changes(evaluator, value, name), name)
    if own and not replaced:
        constants = tuple(v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v for v in own)
        found = [*constants, *found]
    given = _field_argument(evaluator, value, name)
    if given:
        found = list(given)
    if not found:
        outside = evaluator.option_default(name, context) if value.arguments is None else ()
        if outside and not is_module(evaluator, value):
            return outside
        return (Method(value, name),)
    if len(found) > 1:
        found = [v for v in found if not (isinstance(v, Known) and v.value is None)] or found
    answers = tuple(Changed(v, deeper) if deeper else v for v in found)
    return tuple(_as_part(evaluator, value, "", name, v) for v in answers)


def _bound_function(evaluator: Evaluation, function: FunctionValue, receiver: Value, context: Context) -> Answers:
    assert isinstance(function.definition, t.FunctionDef)
    decorators = set(t.decorator_names(function.definition))
    if "staticmethod" in decorators:
        return (function,)
    bound = FunctionValue(function.definition, function.frame, None, receiver)
    if decorators & {"property", "cached_property", "lazy_property"}:
        return evaluator.call_function(bound, Arguments(), None, context)
    cache: dict[tuple[int, int], FunctionValue] = evaluator.memo("bound_functions")
    return (cache.setdefault((id(function.definition), id(receiver)), bound),)


def _as_part(evaluator: Evaluation, root: Value, path: str, name: str, value: Value) -> Value:
    """A member that is itself a module of a model is a part of it."""
    if not isinstance(root, Instance) or not is_module(evaluator, root):
        return value
    inner = bare(value)
    if isinstance(value, Part):
        return value if value.root is root else Part(root, f"{path}.{name}" if path else name, value.value)
    if isinstance(inner, (Instance, Unknown)) and not isinstance(inner, Known):
        if isinstance(inner, Instance) and not may_be_module(evaluator, inner):
            return value
        if isinstance(inner, Unknown) and inner.computed:
            return value
        cache: dict[tuple[int, str, int], Part] = evaluator.memo("parts")
        key = id(root), f"{path}.{name}" if path else name, id(value)
        if key not in cache:
            cache[key] = Part(root, key[1], value)
        return cache[key]
    return value


def _of_part(evaluator: Evaluation, part: Part, name: str, found: Value) -> Value:
    """A member of a part of a model: a part itself, or a method or tensor of that part."""
    if isinstance(found, Method) and bare(found.receiver) is bare(part):
        return Method(part, found.name)
    return _as_part(evaluator, part.root, part.path, name, found)


def class_member(evaluator: Evaluation, cls: ClassValue, name: str) -> Answers:
    """What a class or its bases in the project bind to a name."""
    for owner in linear_bases(evaluator, cls):
        if isinstance(owner, ClassValue) and name in owner.definition.inner.bound:
            frame = evaluator.frame(owner.definition.inner)
            found = evaluator.in_scope(name, None, frame)
            if found:
                return found
    return ()


def linear_bases(evaluator: Evaluation, cls: ClassValue) -> Iterator[ClassValue | External]:
    """A class and its ancestors, nearest first, each once."""
    seen: set[object] = set()
    queue: list[ClassValue | External] = [cls]
    while queue:
        current = queue.pop(0)
        key = id(current.definition) if isinstance(current, ClassValue) else current.path
        if key in seen:
            continue
        seen.add(key)
        yield current
        if isinstance(current, ClassValue):
            queue[0:0] = list(evaluator.bases(current))


def is_module(evaluator: Evaluation, value: Instance) -> bool:
    """Whether an instance is certainly a module in torch's sense."""
    if isinstance(value.cls, External):
        return value.cls.path.startswith("torch.nn.") and not value.cls.path.startswith("torch.nn.functional")
    return any(
        isinstance(base, External)
        and (base.path in _MODULE_BASES or base.path.rsplit(".", 1)[-1] in ("LightningModule", "PreTrainedModel")
             or base.path.startswith(("torch.nn.", "transformers.", "timm.", "torchvision.models.")))
        for base in linear_bases(evaluator, value.cls)
    )  # fmt: skip


def may_be_module(evaluator: Evaluation, value: Instance) -> bool:
    if isinstance(value.cls, External):
        return not value.cls.path.startswith(("builtins.", "torch.optim.", "argparse.", "logging.", "os.", "numpy."))
    bases = list(linear_bases(evaluator, value.cls))
    return is_module(evaluator, value) or any(isinstance(b, External) and b.path.startswith("?") for b in bases)


def instance_changes(evaluator: Evaluation, instance: Instance, name: str | None = None) -> tuple[Change, ...]:
    """Everything that the methods of an instance's class do to `self`, `__init__` first.

    With a name, only what may concern this attribute: large classes are asked for few of theirs.
    """
    cache: dict[tuple[int, str | None], tuple[Change, ...]] = evaluator.memo("instance_changes")
    key = id(instance), name
    found = cache.get(key)
    if found is not None:
        return found
    cache[key] = ()
    evaluator.keep(instance)
    assert isinstance(instance.cls, ClassValue)
    owners = [c for c in linear_bases(evaluator, instance.cls) if isinstance(c, ClassValue)]
    constructors: list[Change] = []
    others: list[Change] = []
    for owner in reversed(owners):
        for method, statement in _concerning(evaluator, owner.definition, name):
            frame = evaluator.method_frame(method, owner, instance)
            certain = statement.block.parent is None and method.name == "__init__"
            changes = changes_in(evaluator, statement, method.params[0].name, frame, certain)
            (constructors if method.name == "__init__" else others).extend(changes)
    cache[key] = (*constructors, *others)
    return cache[key]


def _concerning(evaluator: Evaluation, definition: t.ClassDef, name: str | None) -> list[tuple[t.FunctionDef, t.Stmt]]:
    """The statements of a class's methods that may change an attribute of `self`, in textual order."""
    indices: dict[int, list[tuple[t.FunctionDef, t.Stmt, set[str] | None]]] = evaluator.memo("changing_statements")
    index = indices.get(id(definition))
    if index is None:
        index = indices[id(definition)] = [
            (method, statement, _attributes_changed(statement, method.params[0].name))
            for method in t.statements(definition.inner.body)
            if isinstance(method, t.FunctionDef) and method.params
            for statement in t.statements(method.inner.body)
            if method.params[0].name in statement.touches and not any(True for _ in t.blocks(statement))
        ]
    return [(m, s) for m, s, changed in index if name is None or changed is None or name in changed]


def _attributes_changed(statement: t.Stmt, root: str) -> set[str] | None:
    """The attributes of `root` that a statement changes, or None where that can't be read off."""
    places: list[t.Expr] = []
    match statement:
        case t.Assign():
            places = [*statement.targets]
        case t.AugAssign():
            places = [statement.target]
        case t.Delete():
            places = [*statement.targets]
        case t.Expression(value=t.Call(func=t.Attribute(value=held))):
            places = [held]
        case t.Expression(value=t.Call(func=t.Name(id="setattr"), args=(held, key, _))):
            name = key.value.value if isinstance(key.value, t.Const) else None
            places = [t.Attribute(None, held.value, name) if isinstance(name, str) else held.value]
    if not places:
        return None
    found: set[str] = set()
    while places:
        place = places.pop()
        first: str | None = None
        while isinstance(place, (t.Attribute, t.Subscript)):
            first = place.attr if isinstance(place, t.Attribute) else None
            place = place.value
        if isinstance(place, t.Display):
            places.extend(place.items)
        elif isinstance(place, t.Starred):
            places.append(place.value)
        elif isinstance(place, t.Name) and place.id != root:
            continue
        elif not isinstance(place, t.Name) or first is None:
            return None
        else:
            found.add(first)
    return found


def method_named(evaluator: Evaluation, instance: Instance, name: str) -> FunctionValue | None:
    """A method of an instance of a project class, bound to it."""
    assert isinstance(instance.cls, ClassValue)
    for value in class_member(evaluator, instance.cls, name):
        if isinstance(value, FunctionValue):
            return FunctionValue(value.definition, value.frame, None, instance)
    return None


def constructor_arguments(evaluator: Evaluation, instance: Instance, owner: ClassValue) -> Arguments | None:
    """What `owner.__init__` is given when the instance is made, through `super().__init__(…)` where it inherits."""
    assert isinstance(instance.cls, ClassValue)
    owners = [c for c in linear_bases(evaluator, instance.cls) if isinstance(c, ClassValue)]
    makers = [c for c in owners if "__init__" in c.definition.inner.bound]
    if not makers or makers[0].definition is owner.definition:
        return instance.arguments
    for derived in makers:
        if derived.definition is owner.definition:
            return None
        for statement in derived.definition.inner.bound["__init__"]:
            if isinstance(statement, t.FunctionDef):
                call = _super_call(statement, owner.definition.name)
                if call is not None:
                    frame = evaluator.method_frame(statement, derived, instance)
                    by_name = not isinstance(call[0].func, t.Attribute) or not isinstance(call[0].func.value, t.Call)
                    args = call[0].args[1:] if by_name else call[0].args
                    return Arguments(args, frame.at(call[1]))
    return None


def _super_call(method: t.FunctionDef, base: str) -> tuple[t.Call, t.Stmt] | None:
    for statement in t.statements(method.inner.body):
        if isinstance(statement, t.Expression) and isinstance(statement.value, t.Call):
            func = statement.value.func
            if isinstance(func, t.Attribute) and func.attr == "__init__":
                if isinstance(func.value, t.Call) and t.dotted(func.value.func) == "super":
                    return statement.value, statement
                if (t.dotted(func.value) or "").rsplit(".", 1)[-1] == base:
                    return statement.value, statement
    return None


def _field_argument(evaluator: Evaluation, value: Instance, name: str) -> Answers:
    """What a dataclass or named tuple was given for a field when it was made."""
    assert isinstance(value.cls, ClassValue)
    if value.arguments is None or "__init__" in value.cls.definition.inner.bound:
        return ()
    for keyword, answers in evaluator.keywords(value.arguments):
        if keyword == name:
            return answers
    fields = [
        target.id
        for statement in value.cls.definition.inner.body.statements
        if isinstance(statement, t.Assign) and statement.annotation is not None
        for target in statement.targets
        if isinstance(target, t.Name)
    ]
    if name in fields:
        given = evaluator.positional(value.arguments)
        if fields.index(name) < len(given):
            return given[fields.index(name)]
    return ()


# ---- items, elements, entries


def item(evaluator: Evaluation, value: Value, index: Value, context: Context) -> Answers:
    """What `value[index]` may be."""
    key = index.value if isinstance(index, Known) else None
    match value:
        case Changed() if isinstance(key, (str, int)):
            found, deeper, replaced = _after_changes(evaluator, value.changes, key)
            if not replaced:
                base = item(evaluator, value.base, index, context)
                weak = all(isinstance(v, Unknown) for v in base)
                found = ([] if weak and found else list(base)) + found
            if isinstance(key, int) and isinstance(bare(value.base), SequenceValue) and not found:
                found = [v for i in items(evaluator, value) if not i.spread for v in evaluator.force(i.value)]
            return tuple(Changed(v, deeper) if deeper else v for v in found)
        case Changed():
            return item(evaluator, value.base, index, context)
        case Part():
            inner = item(evaluator, value.value, index, context)
            named = str(key) if isinstance(key, (str, int)) and not str(key).startswith("-") else "*"
            return tuple(_as_part(evaluator, value.root, value.path, named, v) for v in inner)
        case SequenceValue():
            return _sequence_item(evaluator, value, key)
        case MappingValue():
            if isinstance(key, (str, int)):
                found_entry = entry(evaluator, value, key)
                if found_entry:
                    return found_entry
            if isinstance(index, Element):
                return _element_of_mapping(evaluator, value, index)
            if key is None:
                return tuple(v for e in value.entries if e.key is not None for v in evaluator.force(e.value))
            return (Unknown(f"@{id(value)}[{key!r}]"),)
        case Collection() if isinstance(index, (Element, TextOf, Attribute)):
            return _by_name(value, index)
        case Instance():
            return evaluator.library_item(value, index, context)
        case Unknown():
            if isinstance(key, str):
                return evaluator.option_default(key, context) or (Unknown(f"{value.key}.{key}"),)
            return (Unknown(f"{value.key}[{key!r}]" if key is not None else f"{value.key}[{id(index)}]"),)
        case Element() | Attribute():
            return (Attribute(value, f"[{key!r}]"),)
        case _:
            return ()


def _by_name(value: Collection, index: Value) -> Answers:
    """`dict(model.named_parameters())[name]`: the parameter of the element whose name it is."""
    if isinstance(index, Element) and index.part == "name":
        return (Element(index.collection, "parameter", index.turn),)
    return (Element(value, "parameter", id(index)),)


def _element_of_mapping(evaluator: Evaluation, value: MappingValue, index: Element) -> Answers:
    for one in value.entries:
        if one.key is not None:
            for held in evaluator.force(one.value):
                if isinstance(held, Element):
                    return (Element(index.collection, "parameter", index.turn),)
    return tuple(v for e in value.entries if e.key is not None for v in evaluator.force(e.value))


def _sequence_item(evaluator: Evaluation, value: SequenceValue, key: t.Constant) -> Answers:
    plain = all(not i.spread and not i.conditions for i in value.items)
    if isinstance(key, int) and plain and value.complete and -len(value.items) <= key < len(value.items):
        return evaluator.force(value.items[key].value)
    if isinstance(key, int) and value.items and not value.items[0].spread and key == 0:
        return evaluator.force(value.items[0].value)
    return tuple(v for i in value.items if not i.spread for v in evaluator.force(i.value))


def items(evaluator: Evaluation, value: Value) -> Iterator[Item]:
    """The elements of a list, tuple or set, later additions included."""
    match value:
        case SequenceValue():
            yield from value.items
        case Part():
            yield from items(evaluator, value.value)
        case Changed():
            yield from items(evaluator, value.base)
            for change in value.changes:
                if change.path:
                    continue
                positional = [a for a in change.arguments if a.keyword is None]
                if change.action in ("append", "add", "insert") and positional:
                    expr = positional[-1].value
                    yield Item(Deferred(expr, change.context), change.conditions)
                elif change.action in ("extend", "update") and positional:
                    yield Item(Deferred(positional[0].value, change.context), change.conditions, spread=True)
                elif change.action in ("+=", "|=") and change.value is not None:
                    yield Item(Deferred(change.value, change.context), change.conditions, spread=True)
        case _:
            return


def entries(evaluator: Evaluation, value: Value) -> Iterator[Entry]:
    """The entries of a mapping, later additions included."""
    match value:
        case MappingValue():
            yield from value.entries
        case Part():
            yield from entries(evaluator, value.value)
        case Changed():
            yield from entries(evaluator, value.base)
            for change in value.changes:
                if len(change.path) == 1 and change.action == "set" and change.value is not None:
                    key = change.path[0]
                    known: Answers = (Known(key) if key is not None else Unknown(f"@{id(change)}"),)
                    deferred = Deferred(change.value, change.context)
                    yield Entry(known, deferred, change.conditions, change.value)
        case _:
            return


def values_of(evaluator: Evaluation, value: Value) -> Iterator[Item]:
    """The values of a mapping, each with what was done to it under its key: `groups[key]["params"].append(p)`."""
    changes = value.changes if isinstance(value, Changed) else ()
    deeper = [change for change in changes if len(change.path) > 1]
    for one in entries(evaluator, value):
        if one.key is None:
            continue
        if not deeper:
            yield Item(one.value, one.conditions)
            continue
        keys = [key.value if isinstance(key, Known) else None for key in evaluator.force(one.key)]
        below = tuple(
            Change(c.path[1:], c.action, c.value, c.arguments, c.context, c.certain, c.conditions)
            for c in deeper
            if c.path[0] is None or None in keys or c.path[0] in keys
        )
        held = evaluator.force(one.value)
        yield Item(tuple(Changed(v, below) for v in held) if below else held, one.conditions)


def entry(evaluator: Evaluation, value: Value, key: str | int) -> Answers:
    """What a mapping holds at a key, spread mappings and later changes included; empty where it holds nothing."""
    match value:
        case Changed():
            found, deeper, replaced = _after_changes(evaluator, value.changes, key)
            if not replaced:
                found = [*entry(evaluator, value.base, key), *found]
            return tuple(Changed(v, deeper) if deeper else v for v in found)
        case MappingValue():
            for one in reversed(value.entries):
                if one.key is None:
                    spread = tuple(v for m in evaluator.force(one.value) for v in entry(evaluator, m, key))
                    if spread:
                        return spread
                elif any(isinstance(k, Known) and k.value == key for k in evaluator.force(one.key)):
                    return evaluator.force(one.value)
            return ()
        case Instance() if isinstance(value.cls, ClassValue) and isinstance(key, str):
            found_member = class_member(evaluator, value.cls, key)
            return found_member and _instance_member(
                evaluator, value, key, evaluator.frame(evaluator.module.scope).at(None)
            )
        case Instance() if isinstance(key, str):
            return evaluator.library_entry(value, key)
        case _:
            return ()


def elements_of(evaluator: Evaluation, answers: Answers, turn: int) -> Answers:
    """What the loop variable may be when a loop runs over these answers."""
    found: list[Value] = []
    for value in answers:
        found.extend(_elements(evaluator, value, turn))
    return tuple(found)


def _elements(evaluator: Evaluation, value: Value, turn: int) -> Iterator[Value]:
    inner = bare(value)
    match inner:
        case Collection():
            yield from _collection_elements(evaluator, inner, turn)
        case Operation():
            if inner.name in ("enumerate", "zip"):
                parts = [elements_of(evaluator, o, turn) for o in inner.operands]
                if inner.name == "enumerate":
                    parts.insert(0, (Unknown(f"index{turn}", computed=True),))
                yield SequenceValue("tuple", tuple(Item(p) for p in parts))
            elif inner.name == "items":
                yield from _pairs(evaluator, inner, turn)
            elif _pairs_within(evaluator, inner):
                yield _pair(Collection("selected", inner), "parameter", turn)
            else:
                yield Element(Collection("selected", inner), symbolic_part(evaluator, inner) or "parameter", turn)
        case SequenceValue():
            part = symbolic_part(evaluator, value)
            if part is not None:
                yield Element(Collection("selected", value), part, turn)
                return
            if _pairs_within(evaluator, value):
                yield _pair(Collection("selected", value), "parameter", turn)
                return
            for one in items(evaluator, value):
                answers = evaluator.force(one.value)
                if one.spread:
                    yield from elements_of(evaluator, answers, turn)
                else:
                    yield from (_selected_pair(evaluator, held, value, turn) for held in answers)
        case MappingValue():
            for one_entry in entries(evaluator, value):
                if one_entry.key is not None:
                    yield from evaluator.force(one_entry.key)
        case Instance(cls=External(path=path)) if path in _LAYER_LISTS:
            yield from _layers_of(evaluator, value, inner)
        case Instance() | Unknown():
            yield from evaluator.library_elements(inner, turn)
        case Element() if inner.part == "module":
            yield Element(Collection("children", inner), "module", turn)
        case Method():
            yield Unknown(f"@{id(inner.receiver)}.{inner.name}[*{turn}]")
        case _:
            return


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
    for item in items(evaluator, Changed(SequenceValue("list", ()), changes)):
        held = evaluator.force(item.value)
        found.extend(elements_of(evaluator, held, id(made)) if item.spread else held)
    for layer in found:
        yield _as_part(evaluator, value.root, value.path, "*", layer) if isinstance(value, Part) else layer


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


def _pairs(evaluator: Evaluation, operation: Operation, turn: int) -> Iterator[Value]:
    """The (key, value) pairs of `mapping.items()`."""
    for value in operation.operands[0]:
        for one in entries(evaluator, value):
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


def _pairs_within(evaluator: Evaluation, value: Value, depth: int = 0) -> bool:
    """Whether a container holds pairs of a parameter's name and the parameter."""
    if depth > 4:
        return False
    inner = bare(value)
    if isinstance(inner, Collection):
        return inner.what == "named_parameters"
    if isinstance(inner, Operation):
        return inner.name in ("filter", "flatten") and any(
            _pairs_within(evaluator, v, depth + 1) for v in inner.operands[-1]
        )
    if not isinstance(inner, SequenceValue):
        return False
    found = False
    for one in items(evaluator, value):
        for held in evaluator.force(one.value):
            if one.spread:
                found = found or _pairs_within(evaluator, held, depth + 1)
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


def symbolic_part(evaluator: Evaluation, value: Value, depth: int = 0) -> str | None:
    """ "parameter", "name" or "module" where a container holds elements of a model, else None."""
    if depth > 6:
        return None
    match value:
        case Collection():
            if value.what == "selected":
                return symbolic_part(evaluator, value.model, depth + 1)
            return {"parameters": "parameter", "names": "name", "modules": "module"}.get(value.what)
        case Operation():
            for operand in value.operands:
                for one in operand:
                    part = symbolic_part(evaluator, one, depth + 1)
                    if part is not None:
                        return part
            return None
        case SequenceValue() | Changed() | Part():
            for position, one_item in enumerate(items(evaluator, value)):
                if position > 20:
                    break
                for held in evaluator.force(one_item.value):
                    if one_item.spread:
                        part = symbolic_part(evaluator, held, depth + 1)
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
