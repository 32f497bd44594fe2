"""Modules read and flattened: the parameters of everything that a model holds, name by name.

What is held comes from `construction` and `library_modules`, later changes from `changes`; kinds of raw parameters
come from `raw_parameter`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from wdlint.facts import Kind, Ternary
from wdlint.source.models.changes import apply, is_mark
from wdlint.source.models.children_taken import members_of_children
from wdlint.source.models.construction import Construction
from wdlint.source.models.forward.use import Use, parameter_uses
from wdlint.source.models.forward.value import OF_LAYER
from wdlint.source.models.library_modules import is_inert, makes_model, members_of_library
from wdlint.source.models.members import ANY, CONTAINERS, Contents, Leaf, Members, Slot, is_below
from wdlint.source.models.module_rows import in_order
from wdlint.source.models.raw_kind import is_broad, kind_of, narrowed
from wdlint.source.models.raw_parameter import initial, is_parameter, trainable
from wdlint.source.models.signature import signature
from wdlint.source.models.trained import mark
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.classes import is_module, may_be_module
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.execution import gone_with, taken
from wdlint.source.values.values import (
    Change,
    Changed,
    ClassValue,
    External,
    Instance,
    Method,
    Part,
    Unknown,
    Value,
    bare,
)

MOST = 8_000  # parameters of one model that are told apart
_DEEPEST = 40  # modules within modules
_MOST_MODULES = 3_000  # modules of a linted file's models that are read
_MOST_TENSORS = 16  # of which a parameter is one
_SAME_CLASS = 5  # instances of one class within each other
# Names of attributes that hold functions or parameterless modules where they hold something that can't be told.
_HARMLESS = tuple(
    "act relu gelu nonlin loss criterion drop pool softmax sigmoid tanh fn func callback hook logger tokenizer "
    "metric transform optim schedul config args hparams collate sampler dataset loader device dtype log print save_ "
    "generator rng trainer upsample interp flatten".split()
)


_EMPTY = Contents((), True)
_NOT_KNOWN = Contents((), False)


class Survey:
    """One reading of a model. What was learnt of a value is kept with the evaluator."""

    def __init__(self, evaluator: Evaluation) -> None:
        self.evaluator = evaluator
        self.stack: list[int] = []
        self.classes: list[int] = []
        self.members: dict[int, tuple[Members | None, tuple[t.ClassDef, ...]]] = evaluator.memo("members")
        self.contents: dict[int, Contents] = evaluator.memo("contents")
        self.changed: dict[int, Contents] = evaluator.memo("changed contents")
        self.shared: dict[Hashable, Contents] = evaluator.memo("shared contents")
        self.signatures: dict[int, Hashable | None] = {}
        self.uses: dict[tuple[int, frozenset[str]], dict[str, Use]] = evaluator.memo("uses")
        self.known: dict[str, ClassValue] = evaluator.memo("surveyed_classes")

    # ---- modules

    def below(self, model: Value) -> Contents | None:
        """The contents of a model or, for a part of one, of what the whole model holds under its path."""
        part = model
        changes: list[Change] = []
        while isinstance(part, Changed):
            changes[:0] = part.changes
            part = part.base
        if isinstance(part, Part):
            whole = self.contents_of(part.root)
            leaves = [replace(leaf) for leaf in whole.leaves if leaf.name.startswith(part.path + ".")] if whole else []
            if leaves and not changes:
                depth = len(leaves[0].ancestors) - leaves[0].name.count(".") + part.path.count(".") + 1
                for leaf in leaves:
                    leaf.name = leaf.name[len(part.path) + 1 :]
                    leaf.ancestors = leaf.ancestors[max(0, depth) :]
                own = self.contents_of(part.value)
                return Contents(tuple(leaves), own is not None and own.complete)
        members, later = self.peeled(model)
        inner = bare(model)
        if members is None or not isinstance(inner, Instance):
            return None
        return self.flattened(members, later, inner)

    def tensors(self, value: Value) -> Iterable[Leaf]:
        """The parameters of a module, by which the same tensors are known again in another one."""
        contents = self.contents_of(value)
        return contents.leaves if contents is not None else ()

    def peeled(self, value: Value) -> tuple[Members | None, list[Change]]:
        """What a module holds, and the changes made to it after its construction, in order."""
        changes: list[Change] = []
        while isinstance(value, (Changed, Part)):
            if isinstance(value, Changed):
                changes[:0] = value.changes
                value = value.base
            else:
                value = value.value
        return (self.held_by(value) if isinstance(value, Instance) else None), changes

    def held_by(self, instance: Instance) -> Members | None:
        """What an instance's own construction registers."""
        key = id(instance)
        if key not in self.members:
            self.evaluator.keep(instance)
            self.members[key] = None, ()
            self.members[key] = self._held_by(instance)
        return self.members[key][0]

    def _held_by(self, instance: Instance) -> tuple[Members | None, tuple[t.ClassDef, ...]]:
        if isinstance(instance.cls, External):
            return members_of_children(self, instance) or members_of_library(self.evaluator, instance), ()
        if not may_be_module(self.evaluator, instance):
            return None, ()
        self.known.setdefault(instance.cls.path, instance.cls)
        reading = Construction(self.evaluator, instance)
        return reading.read(), reading.definitions

    def contents_of(self, value: Value) -> Contents | None:
        """The parameters of a module; None where a value is no module that is known."""
        inner = bare(value)
        if not isinstance(inner, Instance):
            return None
        plain = not isinstance(value, Changed) and not (isinstance(value, Part) and value.value is not inner)
        if plain:
            known = self.contents.get(id(inner)) or self._alike(inner)
            if known is not None:
                return known
        elif id(value) in self.changed:
            return self.changed[id(value)]
        if self._is_too_deep(inner):
            return _NOT_KNOWN
        definition = id(inner.cls.definition) if isinstance(inner.cls, ClassValue) else 0
        self.stack.append(id(inner))
        self.classes.append(definition)
        try:
            members, changes = self.peeled(value)
            if members is None:
                return None
            found = self.flattened(members, changes, inner)
        finally:
            self.stack.pop()
            self.classes.pop()
        if not plain:
            self.evaluator.keep(value)
            self.changed[id(value)] = found
        elif not changes:
            self.contents[id(inner)] = found
            alike = self.signatures.get(id(inner))
            if alike is not None:
                self.shared.setdefault(alike, found)
        return found

    def _is_too_deep(self, instance: Instance) -> bool:
        """Whether a module contains itself, or so many others that no end is in sight."""
        if id(instance) in self.stack or len(self.stack) > _DEEPEST or len(self.members) > _MOST_MODULES:
            return True
        return isinstance(instance.cls, ClassValue) and self.classes.count(id(instance.cls.definition)) >= _SAME_CLASS

    def _alike(self, instance: Instance) -> Contents | None:
        """The parameters of another instance of the class that was made from arguments like these."""
        if not isinstance(instance.cls, ClassValue):
            return None
        alike = signature(self.evaluator, instance)
        self.signatures[id(instance)] = alike
        known = self.shared.get(alike) if alike is not None else None
        if known is None:
            return None
        leaves = tuple(
            replace(leaf, key=(leaf.key, id(instance)) if leaf.key else None, either=()) for leaf in known.leaves
        )
        self.evaluator.keep(instance)
        found = self.contents[id(instance)] = Contents(leaves, known.complete)
        return found

    def settled(self, value: Value) -> Members | None:
        """What a module holds, later changes included; None where a value is no module that is known."""
        members, changes = self.peeled(value)
        inner = bare(value)
        return self._changed(members, changes, inner) if members and isinstance(inner, Instance) else None

    def _changed(self, members: Members, changes: list[Change], instance: Instance) -> Members:
        if not changes:
            return members
        members = members.copy()
        made = instance.arguments.context.statement if instance.arguments and instance.arguments.context else None
        for change in changes:
            statement = change.context.statement
            if self._is_uncalled(change):
                continue
            sure = Ternary.YES
            if statement is not None:
                sure = taken(self.evaluator, statement, change.context.frame, gone_with(made, statement))
            if sure is not Ternary.NO:
                apply(self.evaluator, members, change, sure)
        return members

    def flattened(self, members: Members, changes: list[Change], instance: Instance) -> Contents:
        """The parameters below what a module holds, later changes included."""
        members = self._changed(members, changes, instance)
        complete = members.complete
        own, inner = list(members.fixed), list[Leaf]()
        uses = self._uses_of(members, instance)
        for name, slot in list(members.slots.items()):
            leaves, known = self._slot(name, slot, members, instance, uses)
            complete = complete and known
            for leaf in leaves:
                (inner if "." in leaf.name else own).append(leaf)
        leaves = in_order([*own, *inner], members)[:MOST]
        complete = complete and (bool(leaves) or not any(_is_unseen(n, slot) for n, slot in members.slots.items()))
        for freeze, later in members.frozen:
            mark(self, instance, leaves, [freeze], complete, later)
        return Contents(tuple(_settled(leaves, members)), complete and len(leaves) < MOST)

    def _is_uncalled(self, change: Change) -> bool:
        """Whether a change stands in a module's method that its construction does not call."""
        frame = change.context.frame
        definition, receiver = frame.scope.definition, frame.receiver
        if not isinstance(definition, t.FunctionDef) or not isinstance(receiver, Instance):
            return False
        called = self.evaluator.memo("constructing")
        return id(definition) not in called and is_module(self.evaluator, receiver)

    # ---- slots

    def _slot(
        self, name: str, slot: Slot, members: Members, instance: Instance, uses: dict[str, Use]
    ) -> tuple[list[Leaf], bool]:
        """The parameters under one name."""
        complete = True
        kept: list[list[Leaf]] = []
        for alternative in slot.alternatives:
            found: list[list[Leaf]] = []
            for value in alternative.values:
                leaves, known = self._value(name, value, alternative.several, slot, members, instance, uses)
                complete = complete and known
                found.append(leaves)
            if ANY in name:
                kept.append(_merged(found, alternative.present))
            else:
                kept.extend(found)
        if ANY in name:
            return [leaf for leaves in kept for leaf in leaves], complete
        return _merged(kept, Ternary.YES if slot.sure else Ternary.UNKNOWN), complete

    def _value(
        self,
        name: str,
        value: Value,
        several: bool,
        slot: Slot,
        members: Members,
        instance: Instance,
        uses: dict[str, Use],
    ) -> tuple[list[Leaf], bool]:
        if is_parameter(value):
            return [self._raw(name, value, several, slot, members, uses)], True
        contents = self._module(Changed(value, tuple(slot.changes)) if slot.changes else value)
        if contents is None:
            return [], not self._may_hold(name, value, instance)
        leaves = [leaf.below(name, members.owner) for leaf in contents.leaves]
        made = bare(value)
        shared_by_type = isinstance(made, Instance) and made.arguments is None
        for leaf in leaves:
            if shared_by_type or several:
                leaf.either = ()
            if shared_by_type:
                leaf.key = None
            elif several and leaf.key is not None:
                leaf.key = (leaf.key, name, id(instance))
            if leaf.owner in ("torch.nn.ParameterList", "torch.nn.ParameterDict") and leaf.name.count(".") == 1:
                use = uses.get(f"{name}.0")
                leaf.kind, leaf.evidence = kind_of(name, leaf.made, use, (), f"`{members.owner}`")
        return leaves, contents.complete

    def _module(self, value: Value) -> Contents | None:
        inner = bare(value)
        return self.contents_of(value) if isinstance(inner, Instance) else None

    def _raw(self, name: str, value: Value, several: bool, slot: Slot, members: Members, uses: dict[str, Use]) -> Leaf:
        made = initial(self.evaluator, value)
        siblings = tuple(other for other in members.slots if other != name)
        use = narrowed(uses.get(name), made, lambda other: self._is_broad(other, members))
        kind, evidence = kind_of(name, made, use, siblings, f"`{members.owner}`")
        learns = Ternary.of(trainable(self.evaluator, value))
        changes = value.changes if isinstance(value, Changed) else ()
        key = (id(bare(value)), name if several else "")
        marks = frozenset(
            str(change.path[0])
            for change in (*changes, *slot.changes)
            if len(change.path) == 1 and is_mark(self.evaluator, change)
        )
        return Leaf(
            name, kind, evidence, made.ndim, made.shape, members.owner, name, Ternary.YES, learns, (), key, made, marks
        )

    def _is_broad(self, name: str, members: Members) -> bool:
        """Whether a raw parameter of a class is broad; one of a layer is."""
        slot = members.slots.get(name)
        held = (value for alternative in slot.alternatives for value in alternative.values) if slot else ()
        return name == OF_LAYER or any(is_broad(initial(self.evaluator, value)) for value in held)

    def _uses_of(self, members: Members, instance: Instance) -> dict[str, Use]:
        """How the class of an instance uses its raw parameters, those of its containers included."""
        definitions = self.members.get(id(instance), (None, ()))[1]
        raw = frozenset(
            name if is_parameter(value) else f"{name}.0"
            for name, slot in members.slots.items()
            for alternative in slot.alternatives
            for value in alternative.values
            if is_parameter(value) or _is_parameter_container(value)
        )
        if not raw or not definitions:
            return {}
        key = id(definitions[0]), raw
        if key not in self.uses:
            self.uses[key] = parameter_uses(definitions, raw)
        return self.uses[key]

    def _may_hold(self, name: str, value: Value, instance: Instance) -> bool:
        """Whether something that is no known module may be one, and hold parameters."""
        inner = bare(value)
        if isinstance(inner, Instance):
            if isinstance(inner.cls, ClassValue):
                return may_be_module(self.evaluator, inner)
            path = inner.cls.path
            return not is_inert(path) and (makes_model(path) or self._is_called(name, instance))
        if isinstance(inner, (Unknown, Method)):
            if isinstance(inner, Unknown) and inner.computed:
                return False
            return not name.lower().startswith(_HARMLESS) and self._is_called(name, instance)
        return False

    def _is_called(self, name: str, instance: Instance) -> bool:
        """Whether the class calls an attribute as a module, or iterates over a container's places."""
        if isinstance(instance.cls, External) or name == ANY or name.isdigit():
            return True
        cache: dict[int, frozenset[str]] = self.evaluator.memo("called_members")
        for definition in self.members.get(id(instance), (None, ()))[1]:
            if id(definition) not in cache:
                cache[id(definition)] = frozenset(_called_members(definition))
            if name in cache[id(definition)]:
                return True
        return False


def _is_unseen(name: str, slot: Slot) -> bool:
    """Whether a name holds something given from outside: in a model with no parameters of its own, its modules."""
    return not name.lower().startswith(_HARMLESS) and any(
        isinstance(bare(value), Unknown) and not getattr(bare(value), "computed", False)
        for alternative in slot.alternatives
        for value in alternative.values
    )


def _called_members(definition: t.ClassDef) -> Iterable[str]:
    """Attributes of `self` that the methods of a class call, or ask for parameters."""
    for method in t.statements(definition.inner.body):
        if isinstance(method, t.FunctionDef) and method.params:
            name = method.params[0].name
            for statement in t.statements(method.inner.body):
                for expression in syntax.expressions(statement):
                    for node in syntax.walk(expression):
                        if isinstance(node, t.Call) and isinstance(node.func, t.Attribute):
                            yield from _called(node.func, name)


def _called(func: t.Attribute, self_name: str) -> Iterable[str]:
    inner = func.value
    if isinstance(inner, t.Name) and inner.id == self_name:
        yield func.attr
    elif (
        func.attr
        in ("parameters", "named_parameters", "forward", "encode", "decode", "generate", "eval", "requires_grad_")
        and isinstance(inner, t.Attribute)
        and isinstance(inner.value, t.Name)
        and inner.value.id == self_name
    ):
        yield inner.attr


def _is_parameter_container(value: Value) -> bool:
    inner = bare(value)
    path = inner.cls.path if isinstance(inner, Instance) and isinstance(inner.cls, External) else ""
    return path in CONTAINERS and CONTAINERS[path].startswith("Parameter")


def _merged(found: list[list[Leaf]], present: Ternary) -> list[Leaf]:
    """The leaves of a slot that holds one of several things: those that all share are there in any case."""
    if len(found) == 1:
        for leaf in found[0]:
            leaf.present &= present
        return found[0]
    merged: dict[tuple[str, Kind], Leaf] = {}
    counts: dict[tuple[str, Kind], int] = {}
    for leaves in found:
        for key, leaf in {(leaf.name, leaf.kind): leaf for leaf in leaves}.items():
            counts[key] = counts.get(key, 0) + 1
            known = merged.get(key)
            if known is None:
                merged[key] = leaf
                continue
            if known.key != leaf.key or known.either or leaf.either:
                either = (*(known.either or (replace(known),)), *(leaf.either or (leaf,)))
                known.either = either if len(either) <= _MOST_TENSORS else ()
                known.key = None
            known.present &= leaf.present
            known.ndim = known.ndim if known.ndim == leaf.ndim else None
            known.shape = known.shape if known.shape == leaf.shape else None
            known.trainable = known.trainable if known.trainable is leaf.trainable else Ternary.UNKNOWN
    for key, leaf in merged.items():
        leaf.present &= present if counts[key] == len(found) else Ternary.UNKNOWN
    return list(merged.values())


def _settled(leaves: list[Leaf], members: Members) -> list[Leaf]:
    """Leaves with ties resolved."""
    for target, source in members.ties:
        targets = [leaf for leaf in leaves if is_below(leaf.name, target)]
        sources = [leaf for leaf in leaves if is_below(leaf.name, source)]
        if not targets or not sources:
            continue
        later = targets if leaves.index(targets[0]) > leaves.index(sources[0]) else sources
        leaves = [leaf for leaf in leaves if leaf not in later]
    return leaves
