"""Which calls are worth asking what they construct: decided by names and bytes, before anything is evaluated.

To ask what a callee is means to parse the module that it comes from, and the modules that one imports. Most
callees come from modules without a word about optimizers; those are not even parsed. What a call that is worth
asking does construct is decided in `sites`, by what it is and not by its name.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator

from wdlint.knowledge.handed_on import LIBRARIES as HANDED
from wdlint.knowledge.handed_on import called_by_methods
from wdlint.knowledge.trainers import LIBRARIES, methods, names
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation, Modules
from wdlint.source.values.values import Context, FunctionValue

_LOOP = "Trainer"  # how the names of training loops end
SUGGESTIVE = re.compile(r"opt|adam|sgd|rmsprop|adagrad|lamb|lars|lion|muon", re.IGNORECASE)
_HANDED = ("torch.optim", "optim")  # a module that is handed to what picks a class of it
# What is given to an optimizer, as names go: something that is called with none of these is no optimizer.
_GIVEN = re.compile(
    r"param|group|weight|model|net|module|layer|var|lr|rate|decay|^(?:self|p|ps|w|ws|m)$", re.IGNORECASE
)
_PARAMETERS = re.compile(r"param|group", re.IGNORECASE)


def worth_asking(evaluation: Modules, call: t.Call, context: Context) -> bool:
    """Whether a call could construct an optimizer, as far as its names and the bytes of modules tell."""
    func = call.func
    if isinstance(func, t.Attribute):
        if SUGGESTIVE.search(func.attr) is not None or func.attr in ("initialize", "instantiate"):
            return True
        if any(syntax.dotted(argument.value) in _HANDED for argument in call.args):
            return True
        if not func.attr[:1].isupper():
            return _gives_parameters(call) or _trains_itself(func.attr, context.frame.scope.module)
        root = syntax.root_name(func.value)
        return root is None or root == "self" or _from_a_maker(evaluation, root, func.attr, call, context.frame.scope)
    if isinstance(func, t.Name) and SUGGESTIVE.search(func.id) is None and func.id != "instantiate":
        scope = context.frame.scope
        return _from_a_maker(evaluation, func.id, func.id, call, scope) or _hands_parameters(func.id, call, scope)
    return True


def _from_a_maker(
    evaluation: Modules,
    name: str,
    wanted: str,
    call: t.Call | None,
    scope: t.Scope,
    asked: frozenset[int] = frozenset(),  # classes whose bases are being asked: they may derive from each other
) -> bool:
    """False for a name that only modules without optimizers may have given, or that a call gives no parameters."""
    around: t.Scope | None = scope
    while around is not None:
        if around.kind == "function" and isinstance(around.definition, t.FunctionDef):
            if any(parameter.name == name for parameter in around.definition.params):
                return call is None or _takes_parameters(call)
        bound = around.bound.get(name)
        if bound:
            return any(_makes(evaluation, b, name, wanted, around, asked) for b in bound)
        around = around.parent
    if hasattr(builtins, name):
        return False
    stars = [s for s in scope.module.scope.bound.get("*", ()) if isinstance(s, t.ImportFrom)]
    return not stars or any(_brings(evaluation, star, "*", wanted, scope.module) for star in stars)


def _makes(
    evaluation: Modules, statement: t.Stmt, name: str, wanted: str, scope: t.Scope, asked: frozenset[int]
) -> bool:
    if isinstance(statement, (t.Import, t.ImportFrom)):
        return _brings(evaluation, statement, name, wanted, scope.module)
    if not isinstance(statement, t.ClassDef):
        return True
    if id(statement) in asked:
        return False
    asked |= {id(statement)}
    for base in statement.bases:
        dotted = syntax.dotted(base.value)
        if dotted is None:
            return True
        root, last = dotted.split(".", 1)[0], dotted.rsplit(".", 1)[-1]
        if root != name and (SUGGESTIVE.search(last) or _from_a_maker(evaluation, root, last, None, scope, asked)):
            return True
    return False


def _brings(
    evaluation: Modules, statement: t.Import | t.ImportFrom, name: str, wanted: str, importer: t.Module
) -> bool:
    """Whether an import may bring something that makes an optimizer."""
    project = evaluation.project
    if isinstance(statement, t.ImportFrom):
        for original, alias in statement.names:
            if (alias or original) == name:
                if not statement.level and statement.module.split(".", 1)[0] in HANDED:
                    return True
                asked = wanted if name == "*" else original
                if _is_loops(asked) and _loops(evaluation, statement.module, importer, statement.level):
                    return True
                if SUGGESTIVE.search(original) or project.may_make(
                    statement.module, importer.path, statement.level, asked
                ):
                    return True
        return False
    return any(
        dotted.split(".", 1)[0] in HANDED
        or project.may_make(dotted, importer.path, 0, wanted)
        or (_is_loops(wanted) and _loops(evaluation, dotted, importer, 0))
        for dotted, alias in statement.names
        if (alias or dotted.split(".", 1)[0]) == name
    )


def _is_loops(name: str) -> bool:
    return name.endswith(_LOOP) or name in names()


def _loops(evaluation: Modules, dotted: str, importer: t.Module, level: int) -> bool:
    """Whether a module may give a training loop that makes its optimizer: a library's, or one derived from it."""
    if not level and dotted.split(".", 1)[0] in LIBRARIES:
        return True
    return evaluation.project.holding(dotted, importer, level, (b"Trainer)", b"Trainer,")) is not None


def _trains_itself(method: str, module: t.Module) -> bool:
    """Whether a module imports a library whose models train themselves by a method of this name."""
    libraries = methods().get(method, frozenset()) | called_by_methods().get(method, frozenset())
    return bool(libraries) and any(
        dotted.partition(".")[0] in libraries
        for bound in module.scope.bound.values()
        for statement in bound
        for dotted in _imported(statement)
    )


def _imported(statement: t.Stmt) -> Iterator[str]:
    if isinstance(statement, t.ImportFrom) and not statement.level:
        yield statement.module
    elif isinstance(statement, t.Import):
        yield from (dotted for dotted, _ in statement.names)


def _takes_parameters(call: t.Call) -> bool:
    for argument in call.args:
        if argument.star or (argument.keyword is not None and _GIVEN.search(argument.keyword)):
            return True
        for node in syntax.walk(argument.value):
            name = node.id if isinstance(node, t.Name) else node.attr if isinstance(node, t.Attribute) else ""
            if name and _GIVEN.search(name):
                return True
    return False


def _gives_parameters(call: t.Call) -> bool:
    """Whether a call gives what only an optimizer takes: parameters and a rate or a decay, or options for those."""
    named = {argument.keyword for argument in call.args if argument.keyword}
    if not named & {"lr", "weight_decay"} and not any(argument.star == "**" for argument in call.args):
        return False
    return "params" in named or any(
        isinstance(node, (t.Name, t.Attribute)) and _PARAMETERS.search(syntax.last_part(node))
        for argument in call.args[:1]
        for node in syntax.walk(argument.value)
    )


def _hands_parameters(name: str, call: t.Call, scope: t.Scope) -> bool:
    """Whether a function of another module is given a model's parameters: it may build what a registry holds."""
    imported = any(isinstance(statement, t.ImportFrom) for statement in scope.module.scope.bound.get(name, ()))
    return imported and any(
        isinstance(node, t.Attribute) and node.attr in ("parameters", "named_parameters")
        for argument in call.args
        for node in syntax.walk(argument.value)
    )


def suggests_optimizer(evaluator: Evaluation, function: FunctionValue, depth: int = 0) -> bool:
    """Whether a project function might construct an optimizer, by the names of what it calls."""
    cache: dict[int, bool] = evaluator.memo("suggests")
    definition = function.definition
    if not isinstance(definition, t.FunctionDef) or depth > 3:
        return False
    if id(definition) in cache:
        return cache[id(definition)]
    cache[id(definition)] = False
    found = False
    for statement in t.statements(definition.inner.body):
        if found:
            break
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Call):
                    name = syntax.dotted(node.func)
                    if name is None or SUGGESTIVE.search(name.rsplit(".", 1)[-1]) or SUGGESTIVE.search(name):
                        found = found or name is not None or isinstance(node.func, (t.Subscript, t.Call))
    cache[id(definition)] = found
    return found
