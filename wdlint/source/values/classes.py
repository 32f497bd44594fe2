"""The classes of the project: their ancestors, members and constructors, and whether they are modules in torch's sense.

What an instance holds, later changes included, is in `objects`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    ClassValue,
    Context,
    External,
    Frame,
    FunctionValue,
    Instance,
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
_MODULES_BY_NAME = ("LightningModule", "MessagePassing", "PreTrainedModel")
_STANDARD = frozenset(("abc", "builtins", "collections", "dataclasses", "enum", "threading", "torch", "typing"))


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
        and (base.path in _MODULE_BASES or base.path.rsplit(".", 1)[-1] in _MODULES_BY_NAME
             or base.path.startswith(("torch.nn.", "transformers.", "timm.", "torchvision.models.")))
        for base in linear_bases(evaluator, value.cls)
    )  # fmt: skip


def may_be_module(evaluator: Evaluation, value: Instance) -> bool:
    if isinstance(value.cls, External):
        return not value.cls.path.startswith(("builtins.", "torch.optim.", "argparse.", "logging.", "os.", "numpy."))
    bases = list(linear_bases(evaluator, value.cls))
    if is_module(evaluator, value) or any(isinstance(b, External) and b.path.startswith("?") for b in bases):
        return True
    # what has a `forward` and derives from a class of some library is taken for a layer: `class Conv(GraphLayer)`
    own = any(isinstance(b, ClassValue) and "forward" in b.definition.inner.bound for b in bases)
    return own and any(isinstance(b, External) and b.path.partition(".")[0] not in _STANDARD for b in bases)


def method_named(evaluator: Evaluation, instance: Instance, name: str) -> FunctionValue | None:
    """A method of an instance of a project class, bound to it."""
    assert isinstance(instance.cls, ClassValue)
    for value in class_member(evaluator, instance.cls, name):
        if isinstance(value, FunctionValue):
            return FunctionValue(value.definition, value.frame, None, instance)
    return None


def inherited(evaluator: Evaluation, frame: Frame, name: str) -> Answers:
    """What `super().name` is in a method: what the classes behind the one that defines the method bind to the name."""
    receiver = frame.receiver
    if not isinstance(receiver, Instance) or not isinstance(receiver.cls, ClassValue) or frame.scope.parent is None:
        return ()
    behind = False
    for owner in linear_bases(evaluator, receiver.cls):
        if behind and isinstance(owner, ClassValue) and name in owner.definition.inner.bound:
            found = evaluator.in_scope(name, None, evaluator.frame(owner.definition.inner))
            plain = (v for v in found if isinstance(v, FunctionValue))
            methods = (v for v in plain if isinstance(v.definition, t.FunctionDef) and not v.definition.decorators)
            return tuple(FunctionValue(v.definition, v.frame, None, receiver) for v in methods)
        behind = behind or (isinstance(owner, ClassValue) and owner.definition.inner is frame.scope.parent)
    return ()


def constructor_arguments(evaluator: Evaluation, instance: Instance, owner: ClassValue | External) -> Arguments | None:
    """What `owner.__init__` is given when the instance is made, through `super().__init__(…)` where it inherits."""
    assert isinstance(instance.cls, ClassValue)
    last = owner.definition if isinstance(owner, ClassValue) else None
    owners = [c for c in linear_bases(evaluator, instance.cls) if isinstance(c, ClassValue)]
    makers = [c for c in owners if "__init__" in c.definition.inner.bound]
    if not makers or makers[0].definition is last:
        return instance.arguments
    for derived in makers:
        if derived.definition is last:
            return None
        for statement in derived.definition.inner.bound["__init__"]:
            if isinstance(statement, t.FunctionDef):
                call = _super_call(statement, owner.path.rpartition(".")[2])
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
                if isinstance(func.value, t.Call) and syntax.dotted(func.value.func) == "super":
                    return statement.value, statement
                if (syntax.dotted(func.value) or "").rsplit(".", 1)[-1] == base:
                    return statement.value, statement
    return None


def field_argument(evaluator: Evaluation, value: Instance, name: str) -> Answers:
    """What a dataclass or named tuple was given for a field when it was made."""
    assert isinstance(value.cls, ClassValue)
    if value.arguments is None or "__init__" in value.cls.definition.inner.bound:
        return ()
    for keyword, answers in evaluator.keywords(value.arguments):
        if keyword == name:
            return answers
    fields = field_names(value.cls)
    if name in fields:
        given = evaluator.positional(value.arguments)
        if fields.index(name) < len(given):
            return given[fields.index(name)]
    return ()


def field_given(value: Instance, name: str) -> tuple[t.Expr, Context] | None:
    """The expression that a dataclass or named tuple was given for a field, and where it stands."""
    cls, given = value.cls, value.arguments
    if not isinstance(cls, ClassValue) or given is None or given.context is None:
        return None
    fields = field_names(cls) if "__init__" not in cls.definition.inner.bound else []
    plain = [a for a in given.written if a.keyword is None]
    for argument in given.written:
        if argument.keyword == name and name in fields:
            return argument.value, given.context
    if name not in fields or any(a.star for a in given.written) or fields.index(name) >= len(plain):
        return None
    return plain[fields.index(name)].value, given.context


def field_names(cls: ClassValue) -> list[str]:
    """The fields of a dataclass or named tuple in their order: what its body annotates."""
    return [
        target.id
        for statement in cls.definition.inner.body.statements
        if isinstance(statement, t.Assign) and statement.annotation is not None
        for target in statement.targets
        if isinstance(target, t.Name)
    ]
