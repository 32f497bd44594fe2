"""Groups that a library's helper makes of a model: timm's, transformers', detectron2's.

The rule by which a helper divides is data (`knowledge.wrappers`), a Python expression over the parameter, its
name and its owner; here it is read as if it stood in the program. What groups are is in `groups`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Coupling, OptimizerClass, Origin
from wdlint.knowledge.optimizers import Argument, optimizer
from wdlint.knowledge.wrappers import CLASS_LISTS, Helper, helper
from wdlint.source.libraries.library import Call, Library
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections import ruled_names
from wdlint.source.selections.taking import condition_reader
from wdlint.source.values import call_arguments
from wdlint.source.values.amounts import AmountDraft, amount_of, source_text
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Collection,
    Context,
    Element,
    External,
    Instance,
    Item,
    Known,
    Operation,
    SequenceValue,
    Unknown,
    Value,
    bare,
    constant,
)

_OPTIONAL = ("no_weight_decay_list", "skip_list", "forbidden_layer_names", "wd_ban_list")
_CLASSES = {"adamw": "AdamW", "adam": "Adam", "sgd": "SGD", "momentum": "SGD", "nesterov": "SGD", "nadam": "NAdam",
            "nadamw": "NAdam", "radam": "RAdam", "rmsprop": "RMSprop", "adamax": "Adamax", "adagrad": "Adagrad",
            "adadelta": "Adadelta"}  # fmt: skip


def helper_of(value: Value) -> Helper | None:
    """The helper whose call made a value, where that is one which returns groups."""
    if not isinstance(value, Instance) or not isinstance(value.cls, External) or value.arguments is None:
        return None
    found = helper(value.cls.path)
    return found if found is not None and not found.returns_names and not found.makes_optimizer else None


def exempt(evaluator: Evaluation, known: Helper, arguments: Arguments, context: Context) -> s.Selector | None:
    """The parameters that the helper keeps from decay; None where it does not divide them, or can't be told."""
    if known.divides_unless is not None:
        given = call_arguments.argument(evaluator, arguments, known.divides_unless, None)
        if given:
            divides = constant(given)
            if divides is None:
                return None
            if not divides:
                return s.Always(False)
    models = _model(evaluator, known, arguments)
    if not models:
        return None
    collection = Collection("named_parameters", models[0])
    owners = Collection("named_modules", models[0])
    local: dict[str, Answers] = {
        "n": (Element(collection, "name", id(collection)),),
        "p": (Element(collection, "parameter", id(collection)),),
        "m": (Element(owners, "module", id(collection)),),
        "nn": (External("torch.nn"),),
        "re": (External("re"),),
    }
    expression = _parsed(evaluator, known.exempt)
    for node in syntax.walk(expression):
        if isinstance(node, t.Name) and node.id not in local:
            given = _given(evaluator, known, arguments, node.id)
            if given:
                local[node.id] = given
    inner = Context(context.frame, context.statement, local, context)
    evaluator.keep((inner, collection, owners))
    rule = condition_reader(evaluator, whole=known.returns_names).read(expression, inner)
    return s.either(rule, declared(evaluator, models[0])) if known.honours_declared else rule


# What models of libraries declare is not known; it is tables and tokens, never the weight of a plain layer.
_DECLARABLE = ("pos", "rel", "token", "embed", "table", "scale", "temperature")


def declared(evaluator: Evaluation, model: Value) -> s.Selector:
    """The parameters that a model's own `no_weight_decay()` keeps from decay."""
    from wdlint.source.models.declared_exemptions import models_declared_exemptions

    inner = bare(model)
    if isinstance(inner, Instance) and isinstance(inner.cls, External):
        if not inner.cls.path.startswith("timm."):
            return s.Always(False)  # models of other libraries declare nothing
        name = s.FullName()
        likely = s.either(s.negation(s.Equals(s.Leaf(), "weight")), *(s.Contains(name, word) for word in _DECLARABLE))
        return s.both(s.Opaque(f"declared:{inner.cls.path}", "the model declares it exempt"), likely)
    said = models_declared_exemptions(evaluator, model)
    return s.InNames(s.FullName(), said.names) if said is not None and said.names else s.Always(False)


def _given(evaluator: Evaluation, known: Helper, arguments: Arguments, name: str) -> Answers:
    """One of the helper's own arguments, or what it is where nobody gives it."""
    position = known.patterns.position if known.patterns is not None and known.patterns.name == name else None
    given = call_arguments.argument(evaluator, arguments, name, position)
    if given:
        return tuple(_listed(value) for value in given)
    if name in _OPTIONAL:
        return (SequenceValue("list", ()),)
    return (Known(None),) if name in ("weight_decay_norm", "weight_decay_bias") else ()


def _listed(value: Value) -> Value:
    """A list of layer classes that a library exports, as a list."""
    if isinstance(value, External) and value.path in CLASS_LISTS:
        return SequenceValue("list", tuple(Item((External(path),)) for path in CLASS_LISTS[value.path]))
    return value


def _parsed(evaluator: Evaluation, text: str) -> t.Expr:
    import ast

    from wdlint.source.read import lower_ast_expressions

    cache: dict[str, t.Expr] = evaluator.memo("helper_rules")
    if text not in cache:
        cache[text] = lower_ast_expressions.expression(ast.parse(text, mode="eval").body)
    return cache[text]


def _model(evaluator: Evaluation, known: Helper, arguments: Arguments) -> Answers:
    given = call_arguments.argument(evaluator, arguments, known.model.name, known.model.position)
    if not given and known.path.startswith("detectron2."):
        return (Unknown("the model that detectron2 sets later"),)
    return given


def _names(evaluator: Evaluation, call: Call) -> Answers | None:
    """What a helper that returns the names of decayed parameters gives; None where it is none."""
    assert isinstance(call.callee, External)
    known = helper(call.callee.path)
    if known is None or not known.returns_names:
        return None
    models = _model(evaluator, known, call.arguments)
    rule = exempt(evaluator, known, call.arguments, call.context)
    if len(models) != 1 or rule is None:
        return None
    return (ruled_names.names_under(evaluator, models[0], s.negation(rule), call.node, call.context),)


def _returns_names(path: str) -> bool:
    return path.startswith("transformers.") and "parameter_names" in path


LIBRARY = Library(paths=("transformers",), families=((_returns_names, _names),))


def strengths(
    evaluator: Evaluation, known: Helper, arguments: Arguments, context: Context
) -> Iterator[tuple[s.Selector, AmountDraft | None]]:
    """Each group's condition and strength; a strength of None leaves it to the optimizer."""
    rule = exempt(evaluator, known, arguments, context)
    amount: AmountDraft | None
    if known.decay is None:
        amount = AmountDraft(None, Origin.UNKNOWN, "a configuration")
    else:
        answers = call_arguments.argument(evaluator, arguments, known.decay.name, known.decay.position)
        default = known.decay.default
        usual = _usual(known, default) if default is not None else None
        amount = (amount_of(answers, _text(known.decay, arguments)) if answers else None) or usual
    if rule is None:
        rule = s.Opaque(f"{known.path}:{id(arguments)}", f"what {known.path} exempts")
    yield s.both(s.Trainable(), s.negation(rule)), amount
    if rule != s.Always(False):
        yield s.both(s.Trainable(), rule), AmountDraft(0.0, Origin.WRITTEN, known.path)


def _usual(known: Helper, default: float) -> AmountDraft:
    """The strength where none is given: of what makes the optimizer, too, it is written nowhere."""
    if known.makes_optimizer:
        return AmountDraft(default, Origin.OPTIMIZER_DEFAULT, "")
    return AmountDraft(default, Origin.ARGUMENT_DEFAULT, "the helper's default")


def _text(argument: Argument, arguments: Arguments) -> str:
    if arguments.context is None:
        return argument.name
    for written in arguments.written:
        if written.keyword == argument.name:
            return source_text(arguments.context.module, written.value)
    plain = [a for a in arguments.written if a.keyword is None and not a.star]
    if argument.position is not None and argument.position < len(plain):
        return source_text(arguments.context.module, plain[argument.position].value)
    return argument.name


def parts_given(evaluator: Evaluation, known: Helper, arguments: Arguments) -> tuple[Answers, bool]:
    """What the helper is given for a model, and whether that is one rather than parameters or groups."""
    answers = _model(evaluator, known, arguments)
    plain = (Collection, SequenceValue, Operation, Element, Known)
    is_model = bool(answers) and not any(isinstance(bare(v), plain) for v in answers)
    return answers, is_model


def described(evaluator: Evaluation, known: Helper, arguments: Arguments) -> OptimizerClass:
    """The class of the optimizer that a helper makes, as far as its name tells."""
    given = (
        call_arguments.argument(evaluator, arguments, known.optimizer.name, known.optimizer.position)
        if known.optimizer
        else ()
    )
    name = constant(given) if given else None
    if isinstance(name, str):
        cls = optimizer(f"torch.optim.{_CLASSES.get(name.lower().removeprefix('fused'), '?')}")
        if cls is not None:
            return cls.described({"decoupled_weight_decay": True} if name.lower() == "nadamw" else {})
    return OptimizerClass(known.path, Coupling.UNKNOWN, source="the optimizer is chosen by name")
