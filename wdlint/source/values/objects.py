"""What can be asked of an answer: its members, its items and its entries by their keys, later changes included.

Changes made in place are found in `in_place` and kept with the value; here they are read back. All that a list or
mapping holds is in `contents`, what a loop runs over in `elements`, what library calls return in `calls`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wdlint.facts import Origin
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import contents, registries
from wdlint.source.values.classes import class_member, field_argument, is_module, may_be_module
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import instance_changes
from wdlint.source.values.values import (
    SLICED,
    Answers,
    Arguments,
    Attribute,
    Change,
    Changed,
    ClassValue,
    Collection,
    Context,
    Element,
    External,
    FolderValue,
    FunctionValue,
    Instance,
    Known,
    MappingValue,
    Method,
    ModuleValue,
    Part,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
)

_OF_FLAGS = "absl.flags.FLAGS."
_MAY_CHANGE = (Origin.ARGUMENT_DEFAULT, Origin.FIELD_DEFAULT)


def member(evaluator: Evaluation, value: Value, name: str, context: Context) -> Answers:
    """What `value.name` may be."""
    match value:
        case Changed():
            return _changed_member(evaluator, value, name, context)
        case ModuleValue() if name == "__dict__":
            return (value,)
        case External():
            given = value.path.startswith(_OF_FLAGS)  # a configuration that the command line names
            holder = value.path.rpartition(".")[2]
            found = evaluator.libraries.setting(evaluator, holder, name, context) if given else ()
            path = f"{value.path}.{name}"
            return found or evaluator.libraries.named(evaluator, path, context) or (External(path),)
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
            found = class_member(evaluator, value, name)
            return tuple(_bound_to_class(v, value) for v in found) or (Unknown(f"{value.path}.{name}"),)
        case MappingValue():
            found = entry(evaluator, value, name)
            return found or (Method(value, name),)
        case Unknown():
            if name == "module":
                return (value,)
            option = evaluator.libraries.option(evaluator, name, context) if not is_methodlike(name) else ()
            return option or (Method(value, name),)
        case Method(receiver=Unknown() | Method() | Changed() | MappingValue(), name=holder) if not is_methodlike(name):
            return evaluator.libraries.setting(evaluator, holder, name, context) or (Method(value, name),)
        case Element() | Attribute() | TextOf():
            return (Attribute(value, name),)
        case FunctionValue() if name in ("apply", "remote", "__wrapped__"):
            return (value,)
        case _:
            return (Method(value, name),)


_COPYING = ("clone", "copy", "deepcopy", "freeze", "as_dict", "to_dict")
_OF_MODELS = ("parameters", "named_parameters", "modules", "named_modules", "children", "named_children")


def _bound_to_class(value: Value, cls: ClassValue) -> Value:
    """A class method takes the class that it is asked of."""
    if isinstance(value, FunctionValue) and isinstance(value.definition, t.FunctionDef):
        if "classmethod" in syntax.decorator_names(value.definition):
            return FunctionValue(value.definition, value.frame, None, cls)
    return value


def is_methodlike(name: str) -> bool:
    return name in ("parameters", "named_parameters", "modules", "named_modules", "items", "values", "keys", "get")


def _changed_member(evaluator: Evaluation, value: Changed, name: str, context: Context) -> Answers:
    found, rest, replaced = _after_changes(evaluator, value.changes, name)
    if not replaced:
        base = member(evaluator, value.base, name, context)
        container = isinstance(bare(value.base), (Collection, SequenceValue, MappingValue))
        if not found and (container or name in _OF_MODELS or name in _COPYING):
            # a method of a changed container or model keeps the changes, and so does a copy of anything
            base = tuple(Method(value, v.name) if isinstance(v, Method) else v for v in base)
        methods = all(isinstance(v, Method) for v in base)
        if not found or not methods:
            found = [v for v in base if not (found and isinstance(v, Known) and v.value is None)] + found
    if _are_settings(evaluator, value.base):
        found = [v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v for v in found]
    answers = tuple(Changed(v, rest) if rest else v for v in found)
    root = bare(value.base)
    if isinstance(root, Instance) and any(change.context.frame.receiver is root for change in value.changes):
        return tuple(as_part(evaluator, root, "", name, v) for v in answers)  # of `self`, in a method of its own
    return answers


def _are_settings(evaluator: Evaluation, value: Value) -> bool:
    """Whether an object is a configuration: a file or the command line may change what the program sets in it."""
    inner = bare(value)
    if isinstance(inner, MappingValue):
        return inner.settings
    if not isinstance(inner, Instance) or not isinstance(inner.cls, ClassValue):
        return False
    return any(isinstance(b, External) and evaluator.libraries.are_settings(b.path) for b in evaluator.bases(inner.cls))


def _after_changes(
    evaluator: Evaluation, changes: Sequence[Change], key: str | int, held: Callable[[], object] | None = None
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
            updated = _updated(evaluator, change, key, held is not None)
            if change.action == "setdefault" and (found or (held is not None and held())):
                continue  # it is there already
            if updated and change.certain and change.action == "update":
                found, replaced = [], True
            found.extend(updated)
    return found, tuple(deeper), replaced


def _updated(evaluator: Evaluation, change: Change, key: str | int, asked: bool) -> Answers:
    """What `d.update(…)` or `d.setdefault(k, v)` puts at a key; where it is asked for by `d[key]`, perhaps at any."""
    arguments = Arguments(change.arguments, change.context)
    if change.action == "setdefault":
        given = evaluator.positional(arguments)
        constants = [v.value for v in given[0] if isinstance(v, Known)] if given else []
        named = key in constants or (asked and not constants)
        return given[1] if len(given) == 2 and named else ()
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
        return evaluator.libraries.member(evaluator, value, name, context)
    own = class_member(evaluator, value.cls, name)
    functions = [v for v in own if isinstance(v, FunctionValue) and isinstance(v.definition, t.FunctionDef)]
    if functions:
        return tuple(v for f in functions for v in _bound_function(evaluator, f, value, context))
    # `self.x = f(self.x)` reads what was there before, not itself.
    changes = [c for c in instance_changes(evaluator, value, name) if not _makes(c, context.statement)]
    found, deeper, replaced = _after_changes(evaluator, changes, name)
    if own and not replaced:
        constants = tuple(v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v for v in own)
        found = [*constants, *found]
    given = field_argument(evaluator, value, name)
    if given:
        found = list(given)
    if not found and name == "__dict__":
        return (value,)
    if not found:
        found = list(evaluator.libraries.inherited(evaluator, value, name, context))
    if not found:
        outside = evaluator.libraries.option(evaluator, name, context) if value.arguments is None else ()
        if outside and not is_module(evaluator, value):
            return outside
        return (Method(value, name),)
    if len(found) > 1:
        found = [v for v in found if not (isinstance(v, Known) and v.value is None)] or found
    answers = tuple(Changed(v, deeper) if deeper else v for v in found)
    return tuple(as_part(evaluator, value, "", name, v) for v in answers)


def _makes(change: Change, statement: t.Stmt | None) -> bool:
    return statement is not None and change.action == "set" and change.context.statement is statement


def _bound_function(evaluator: Evaluation, function: FunctionValue, receiver: Value, context: Context) -> Answers:
    assert isinstance(function.definition, t.FunctionDef)
    decorators = set(syntax.decorator_names(function.definition))
    if "staticmethod" in decorators:
        return (function,)
    bound = FunctionValue(function.definition, function.frame, None, receiver)
    if decorators & {"property", "cached_property", "lazy_property"}:
        return evaluator.call_function(bound, Arguments(), None, context)
    cache: dict[tuple[int, int], FunctionValue] = evaluator.memo("bound_functions")
    return (cache.setdefault((id(function.definition), id(receiver)), bound),)


def as_part(evaluator: Evaluation, root: Value, path: str, name: str, value: Value) -> Value:
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
    return as_part(evaluator, part.root, part.path, name, found)


def item(evaluator: Evaluation, value: Value, index: Value, context: Context) -> Answers:
    """What `value[index]` may be."""
    key = index.value if isinstance(index, Known) else None
    if isinstance(key, int) and key < 0 and (chain := _chain(value)) is not None and not _is_set(value, key):
        number = _from_the_front(value, chain, key)
        index = Unknown(f"@{id(value)}[{key}]", computed=True) if number is None else Known(number)
        return item(evaluator, value, index, context)
    match value:
        case Changed() if value.changes and value.changes[-1].action == SLICED:
            return item(evaluator, value.base, Unknown(f"@{id(value)}", computed=True), context)
        case Changed() if isinstance(key, (str, int)):
            found, deeper, replaced = _after_changes(evaluator, value.changes, key, lambda: ())
            if not replaced:
                base = item(evaluator, value.base, index, context)
                weak = all(isinstance(v, Unknown) for v in base)
                found = ([] if weak and found else list(base)) + found
            if isinstance(key, int) and isinstance(bare(value.base), SequenceValue) and not found:
                found = [v for i in contents.items(evaluator, value) if not i.spread for v in evaluator.force(i.value)]
                if any(_holds_one_parameter(evaluator, v) for v in found):
                    return (Unknown(f"@{id(value)}[{key}]", computed=True),)  # of one turn of a loop, not of each
            return tuple(Changed(v, deeper) if deeper else v for v in found)
        case Changed():
            return item(evaluator, value.base, index, context)
        case Part():
            inner = item(evaluator, value.value, index, context)
            named = str(key) if isinstance(key, (str, int)) and not str(key).startswith("-") else "*"
            return tuple(as_part(evaluator, value.root, value.path, named, v) for v in inner)
        case SequenceValue():
            return _sequence_item(evaluator, value, key)
        case External() if value.path.endswith(".__dict__"):
            module = value.path.removesuffix("__dict__")
            return (External(module + key if isinstance(key, str) else f"{module}?"),)
        case ModuleValue():
            held = evaluator.module_member(value.module, key) if isinstance(key, str) else ()
            return held or tuple(contents.any_of_module(evaluator, value.module))
        case MappingValue():
            if isinstance(key, (str, int)):
                found_entry = entry(evaluator, value, key)
                if found_entry:
                    return found_entry
                if value.missing is not None and not any(e.key is None for e in value.entries):
                    return (value.missing,)
                if isinstance(index, Known) and index.origin in _MAY_CHANGE:
                    key = None  # a default that the mapping lacks: the user gives another key
            if isinstance(index, Element):
                return _element_of_mapping(evaluator, value, index)
            if key is None:
                return tuple(v for e in value.entries if e.key is not None for v in evaluator.force(e.value))
            return (Unknown(f"@{id(value)}[{key!r}]"),)
        case Collection() if isinstance(index, (Element, TextOf, Attribute)):
            return _by_name(value, index)
        case Instance():
            own = registries.item(evaluator, value, index, context) if not is_module(evaluator, value) else ()
            if own:
                return own
            held = evaluator.libraries.item(evaluator, value, index, context)
            if not isinstance(key, int) or key < 0:
                return held
            return tuple(as_part(evaluator, value, "", str(key), v) for v in held)
        case Unknown():
            if isinstance(key, str):
                return evaluator.libraries.option(evaluator, key, context) or (Unknown(f"{value.key}.{key}"),)
            return (Unknown(f"{value.key}[{key!r}]" if key is not None else f"{value.key}[{id(index)}]"),)
        case Element() | Attribute():
            return (Attribute(value, f"[{key!r}]"),)
        case _:
            return ()


def _is_set(value: Value, key: int) -> bool:
    """Whether something is put at a key, under this very name of the place."""
    return isinstance(value, Changed) and any(change.path[:1] == (key,) for change in value.changes)


_RESIZING = frozenset(("append", "extend", "insert", "pop", "add_module", "register_module", "+=", "delete", SLICED))


def _chain(value: Value) -> Instance | None:
    """The `nn.Sequential` that a value is."""
    made = bare(value)
    known = isinstance(made, Instance) and isinstance(made.cls, External) and made.cls.path == "torch.nn.Sequential"
    return made if isinstance(made, Instance) and known else None


def _from_the_front(value: Value, chain: Instance, key: int) -> int | None:
    """The number of a layer that is counted from the end; None where it can't be told how many there are."""
    while isinstance(value, (Changed, Part)):
        if isinstance(value, Changed):
            if any(change.action in _RESIZING for change in value.changes):
                return None
            value = value.base
        else:
            value = value.value
    layers = chain.arguments.written if chain.arguments is not None else ()
    if any(layer.star or layer.keyword for layer in layers) or -key > len(layers):
        return None
    return len(layers) + key


def _holds_one_parameter(evaluator: Evaluation, value: Value) -> bool:
    """Whether a value is a group `{"params": [p]}` of the one parameter that a loop was at."""
    inner = bare(value)
    for held in entry(evaluator, inner, "params") if isinstance(inner, MappingValue) else ():
        made = bare(held)
        if isinstance(made, SequenceValue) and isinstance(made.node, t.Display) and len(made.items) == 1:
            (only,) = made.items
            held = next(iter(() if only.spread else evaluator.force(only.value)), made)
        if isinstance(held, Element) and held.part == "parameter":
            return True
    return False


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


def entry(evaluator: Evaluation, value: Value, key: str | int) -> Answers:
    """What a mapping holds at a key, spread mappings and later changes included; empty where it holds nothing."""
    match value:
        case Changed():
            base = entry(evaluator, value.base, key)
            found, deeper, replaced = _after_changes(evaluator, value.changes, key, lambda: base)
            if not replaced:
                found = [*base, *found]
            if _are_settings(evaluator, value.base):
                found = [v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v for v in found]
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
            return evaluator.libraries.entry(evaluator, value, key)
        case _:
            return ()
