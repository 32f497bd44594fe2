"""What the constructor of a project's module class registers on `self`, and under which conditions.

The constructor is read statement by statement, base constructors where they are called, and methods
that it calls and that register something. Values are found by the evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint.facts import Ternary
from wdlint.source.libraries.torch import REPARAMETRISING
from wdlint.source.models.changes import apply
from wdlint.source.models.freezing import freezes_in, may_freeze
from wdlint.source.models.library_modules import members_of_path
from wdlint.source.models.members import ANY, Members, names_of, set_slot
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.execution import answers, taken
from wdlint.source.values.in_place import changes_in, path_below
from wdlint.source.values.values import (
    Arguments,
    Change,
    ClassValue,
    External,
    Frame,
    FunctionValue,
    Instance,
    Method,
    Value,
    bare,
)

# Base classes of libraries that hold no parameters, by the last part of their names.
_BARE_BASES = frozenset(
    [
        "object",
        "Module",
        "LightningModule",
        "PreTrainedModel",
        "ABC",
        "Generic",
        "Protocol",
        "ScriptModule",
        "PyTorchModelHubMixin",
        "GenerationMixin",
        "ModuleUtilsMixin",
        "Function",
        "Registrable",
        "BaseModel",
        "Enum",
        "NamedTuple",
        "MessagePassing",
        "Model",
        "FairseqModel",
        "BaseFairseqModel",
        "FairseqEncoder",
        "FairseqDecoder",
        "FairseqIncrementalDecoder",
        "BaseModule",
        "TorchModelV2",
    ]
)
# Base classes of frameworks, which hold no parameters of their own, where the framework itself is linted.
_FRAMEWORK = frozenset(("PreTrainedModel", "LightningModule", "ModuleUtilsMixin", "GenerationMixin"))
# Methods that frameworks call between construction and the optimizer's making.
_HOOKS = ("setup", "configure_model", "build", "build_model", "_build", "_build_model", "init_model", "create_model")
_DEEPEST = 6  # methods called from methods


class Construction:
    """The reading of one instance of a project class."""

    def __init__(self, evaluator: Evaluation, instance: Instance) -> None:
        assert isinstance(instance.cls, ClassValue)
        self.evaluator = evaluator
        self.instance = instance
        self.cls = instance.cls
        self.bases = list(linear_bases(evaluator, instance.cls))
        self.members = Members(instance.cls.path)
        self.entered: set[int] = set()
        self.depth = 0

    @property
    def definitions(self) -> tuple[t.ClassDef, ...]:
        """The class and its bases in the project, most derived first."""
        return tuple(base.definition for base in self.bases if isinstance(base, ClassValue))

    def read(self) -> Members:
        """Everything that the instance registers."""
        self._construct(0, None, Ternary.YES)
        for base in self.bases:
            if isinstance(base, External) and base.path.startswith("?"):
                self.members.complete = False
        for method, owner in self._methods():
            if id(method) not in self.entered and method.name in _HOOKS and self._registers(method):
                self._walk(method, owner, self.evaluator.method_frame(method, owner, self.instance), Ternary.YES)
        settled = set(self.members.slots)
        for method, owner in self._methods():
            if id(method) not in self.entered and method.name != "forward":
                self._elsewhere(method, owner, settled)
        return self.members

    def _methods(self) -> Iterator[tuple[t.FunctionDef, ClassValue]]:
        seen: set[str] = set()
        for base in self.bases:
            if isinstance(base, ClassValue) and base.definition.name not in _FRAMEWORK:
                for statement in t.statements(base.definition.inner.body):
                    if isinstance(statement, t.FunctionDef) and statement.params and statement.name not in seen:
                        seen.add(statement.name)
                        yield statement, base

    # ---- constructors

    def _construct(self, position: int, call: tuple[t.Call, Frame, t.Stmt] | None, present: Ternary) -> None:
        """Run the first constructor at or after a place among the bases."""
        for place in range(position, len(self.bases)):
            base = self.bases[place]
            if isinstance(base, External):
                if self._library_base(base.path, call, present):
                    return
                continue
            if base.definition.name in _FRAMEWORK:
                return
            for statement in base.definition.inner.bound.get("__init__", ())[-1:]:
                if isinstance(statement, t.FunctionDef) and statement.params:
                    frame = self.evaluator.method_frame(statement, base, self.instance)
                    self._walk(statement, base, frame, present)
                    return

    def _library_base(self, path: str, call: tuple[t.Call, Frame, t.Stmt] | None, present: Ternary) -> bool:
        """Register what a library's base class holds; whether its constructor ends the chain."""
        last = path.rpartition(".")[2]
        if path.startswith("?") or last in ("Module", "LightningModule"):
            return not path.startswith("?")
        if last in _BARE_BASES or last.endswith(("Mixin", "PreTrainedModel")) or path.startswith("builtins."):
            return False
        arguments = self.instance.arguments
        if call is not None:
            written = call[0].args
            by_class = isinstance(call[0].func, t.Attribute) and not isinstance(call[0].func.value, t.Call)
            arguments = Arguments(written[1:] if by_class else written, call[1].at(call[2]))
        held = members_of_path(self.evaluator, path, arguments, id(self.instance))
        if held is None:
            self.members.complete = False
            return False
        own = self.members
        own.complete = own.complete and held.complete
        own.container, own.numbered = held.container or own.container, held.numbered
        for leaf in held.fixed:
            leaf.present &= present
            own.fixed.append(leaf)
        for name, slot in held.slots.items():
            own.slots[name] = slot
        return True

    # ---- methods

    def _walk(self, method: t.FunctionDef, owner: ClassValue, frame: Frame, present: Ternary) -> None:
        self.entered.add(id(method))
        self.evaluator.memo("constructing")[id(method)] = True
        if self.depth > _DEEPEST:
            self.members.complete = False
            return
        self.depth += 1
        self_name = method.params[0].name
        for statement in t.statements(method.inner.body):
            touched = self_name in statement.touches
            if isinstance(statement, (t.If, t.While, t.With, t.Try, t.FunctionDef, t.ClassDef)):
                continue
            self._frozen(statement, frame, present)
            if isinstance(statement, t.For):
                continue
            called = list(_calls_of_self(statement, self_name))
            if not touched and not called:
                continue
            doubt = taken(self.evaluator, statement, frame) & present
            if doubt is Ternary.NO:
                continue
            for call in called:
                self._called(call, statement, self_name, owner, frame, doubt)
            if touched:
                self._changed(statement, self_name, frame, doubt)
        self.depth -= 1

    def _called(
        self, call: t.Call, statement: t.Stmt, self_name: str, owner: ClassValue, frame: Frame, present: Ternary
    ) -> None:
        """A call of a base constructor, of another method, or of something that changes a sub-module."""
        func = call.func
        if isinstance(func, t.Attribute):
            if isinstance(func.value, t.Call) and syntax.dotted(func.value.func) == "super":
                place = next((i for i, b in enumerate(self.bases) if b is owner), 0)
                if func.attr == "__init__":
                    self._construct(place + 1, (call, frame, statement), present)
                else:
                    self._method(func.attr, place + 1, call, statement, frame, present)
                return
            if func.attr == "__init__":
                self._construct_by_name(func.value, call, statement, frame, present)
                return
            if isinstance(func.value, t.Name) and func.value.id == self_name:
                if func.attr == "__setattr__" and len(call.args) == 2:
                    self._set_computed(call.args[0].value, call.args[1].value, statement, frame, present)
                self._method(func.attr, 0, call, statement, frame, present)
                return
        if isinstance(statement, t.Expression) and call is statement.value and call.args:
            self._reparametrised(call, statement, self_name, frame, present)

    def _construct_by_name(
        self, target: t.Expr, call: t.Call, statement: t.Stmt, frame: Frame, present: Ternary
    ) -> None:
        for value in self.evaluator.evaluate(target, frame.at(statement)):
            for place, base in enumerate(self.bases):
                same = (
                    isinstance(base, ClassValue)
                    and isinstance(value, ClassValue)
                    and base.definition is value.definition
                )
                if same or (isinstance(base, External) and isinstance(value, External) and base.path == value.path):
                    self._construct(place, (call, frame, statement), present)
                    return

    def _method(
        self, name: str, position: int, call: t.Call, statement: t.Stmt, frame: Frame, present: Ternary
    ) -> None:
        """Read a method that the constructor calls, if it registers something."""
        for base in self.bases[position:]:
            if isinstance(base, ClassValue):
                if base.definition.name in _FRAMEWORK:
                    return
                for found in base.definition.inner.bound.get(name, ())[-1:]:
                    if isinstance(found, t.FunctionDef) and found.params and self._registers(found):
                        function = FunctionValue(found, base.frame, None, self.instance)
                        arguments = Arguments(call.args, frame.at(statement))
                        inner = self.evaluator.call_frame(function, arguments, call, frame.at(statement))
                        if inner is not None:
                            self._walk(found, base, inner, present)
                        else:
                            self.members.complete = False
                    return

    def _registers(self, method: t.FunctionDef) -> bool:
        """Whether a method may register or freeze something on `self`, as far as its syntax tells."""
        cache: dict[int, bool] = self.evaluator.memo("registering")
        found = cache.get(id(method))
        if found is None:
            cache[id(method)] = False
            found = cache[id(method)] = self._may_register(method)
        return found

    def _may_register(self, method: t.FunctionDef) -> bool:
        if may_freeze(self.evaluator, method):
            return True
        name = method.params[0].name
        for statement in t.statements(method.inner.body):
            if name in statement.touches and any(
                isinstance(n, t.Call) for e in syntax.expressions(statement) for n in syntax.walk(e)
            ):
                return True
            if any(
                isinstance(call.func, t.Attribute)
                and isinstance(call.func.value, t.Name)
                and call.func.value.id == name
                and self._other_registers(call.func.attr)
                for call in _calls_of_self(statement, name)
            ):
                return True
        return False

    def _other_registers(self, name: str) -> bool:
        for base in self.bases:
            if isinstance(base, ClassValue):
                for found in base.definition.inner.bound.get(name, ())[-1:]:
                    return isinstance(found, t.FunctionDef) and bool(found.params) and self._registers(found)
        return name == "requires_grad_"

    # ---- changes

    def _changed(self, statement: t.Stmt, self_name: str, frame: Frame, present: Ternary) -> None:
        evaluator = self.evaluator
        for change in changes_in(evaluator, statement, self_name, frame, False):
            if change.path == (None,) and change.action == "set" and change.value is not None:
                self._set_computed(_computed_key(statement), change.value, statement, frame, present)
            elif len(change.path) == 1 and change.action == "set" and change.value is not None:
                self._set(change, str(change.path[0]), self_name, present)
            else:
                self._tie(change, self_name)
                apply(evaluator, self.members, change, present)

    def _set_computed(
        self, key: t.Expr | None, value: t.Expr, statement: t.Stmt, frame: Frame, present: Ternary
    ) -> None:
        """`setattr(self, f"layer{i}", …)`."""
        context = frame.at(statement)
        names = names_of(self.evaluator.evaluate(key, context)) if key is not None else (ANY,)
        for name in names:
            held = answers(self.evaluator, value, context)
            set_slot(self.members, name, held, present, statement, len(names) > 1)

    def _set(self, change: Change, name: str, self_name: str, present: Ternary) -> None:
        assert change.value is not None
        self._tie(change, self_name)
        fixed = [leaf for leaf in self.members.fixed if leaf.name == name]
        if fixed:
            apply(self.evaluator, self.members, change, present)
            return
        values = answers(self.evaluator, change.value, change.context)
        set_slot(self.members, name, values, present, change.context.statement)

    def _tie(self, change: Change, self_name: str) -> None:
        """Note that two names mean one tensor or module: `self.head.weight = self.embedding.weight`."""
        if change.action != "set" or change.value is None or None in change.path:
            return
        if not isinstance(change.value, (t.Attribute, t.Subscript, t.Name)):
            return
        target = ".".join(map(str, change.path))
        path = path_below(self.evaluator, change.value, self_name, change.context)
        if path and None not in path:
            self.members.ties.append((target, ".".join(map(str, path))))
            return
        for value in self.evaluator.evaluate(change.value, change.context):
            if isinstance(value, Method) and len(change.path) > 1:
                source = self._slot_of(value.receiver)
                if source is not None:
                    self.members.ties.append((target, f"{source}.{value.name}"))

    def _slot_of(self, value: Value) -> str | None:
        inner = bare(value)
        for name, slot in self.members.slots.items():
            if any(bare(v) is inner for a in slot.alternatives for v in a.values):
                return name
        return None

    def _elsewhere(self, method: t.FunctionDef, owner: ClassValue, settled: set[str]) -> None:
        """What a method registers that nothing seen here calls: it may be there."""
        name = method.params[0].name
        frame = self.evaluator.method_frame(method, owner, self.instance)
        for statement in t.statements(method.inner.body):
            match statement:
                case t.Assign(
                    targets=(t.Attribute(value=t.Name(id=root), attr=attr),), value=t.Call(func=func) as call
                ):
                    made = (syntax.dotted(func) or "").rpartition(".")[2]
                    if root == name and attr not in settled and made[:1].isupper():
                        values = answers(self.evaluator, call, frame.at(statement))
                        set_slot(self.members, attr, values, Ternary.UNKNOWN, statement)
                case _:
                    continue

    # ---- freezing and reparametrisation

    def _frozen(self, statement: t.Stmt, frame: Frame, present: Ternary) -> None:
        """Note what a statement freezes; what is set anew after it is not frozen with the rest."""
        for found in freezes_in(self.evaluator, statement, frame, self.instance):
            self.members.frozen.append((replace(found, sure=found.sure & present), []))

    def _reparametrised(self, call: t.Call, statement: t.Stmt, self_name: str, frame: Frame, present: Ternary) -> None:
        """`nn.utils.weight_norm(self.conv)` as a statement of its own."""
        context = frame.at(statement)
        path = path_below(self.evaluator, call.args[0].value, self_name, context)
        if path is None or not isinstance(call.func, (t.Attribute, t.Name)):
            return
        for value in self.evaluator.evaluate(call.func, context):
            if isinstance(value, External) and value.path in REPARAMETRISING:
                action = REPARAMETRISING[value.path]
                change = Change(path, action, None, call.args[1:], context, False)
                apply(self.evaluator, self.members, change, present)


def _calls_of_self(statement: t.Stmt, self_name: str) -> Iterator[t.Call]:
    """Calls in a statement that may register something: methods of `self` or `super()`, or functions given `self`."""
    for expression in syntax.expressions(statement):
        for node in syntax.walk(expression):
            if isinstance(node, t.Call):
                func = node.func
                if isinstance(func, t.Attribute):
                    if (
                        (isinstance(func.value, t.Call) and syntax.dotted(func.value.func) == "super")
                        or syntax.root_name(func.value) == self_name
                        or func.attr == "__init__"
                        or (node.args and syntax.root_name(node.args[0].value) == self_name)
                    ):
                        yield node
                elif isinstance(func, t.Name) and node.args and syntax.root_name(node.args[0].value) == self_name:
                    yield node


def _computed_key(statement: t.Stmt) -> t.Expr | None:
    """The key of `setattr(self, key, …)` or `self[key] = …`."""
    match statement:
        case t.Expression(value=t.Call(args=args)) if len(args) == 3:
            return args[1].value
        case t.Assign(targets=(t.Subscript(index=index), *_)):
            return index
        case _:
            return None
