"""How the `step` of an optimizer class applies decay.

`flow` reads the class; here the notes become one answer. Which classes are optimizers, and what a library's
base class does, is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wdlint.facts import Coupling, Division, Ternary
from wdlint.source.optimizers.step.calls import call
from wdlint.source.optimizers.step.flow import Resolver, StepReader, named
from wdlint.source.optimizers.step.value import Cell, Tag, Term, is_decay
from wdlint.source.read import syntax
from wdlint.source.read import tree as t

_LIBRARY = {"adamw": Coupling.DECOUPLED, "sgd": Coupling.COUPLED_PLAIN, "asgd": Coupling.COUPLED_PLAIN}
_KEEPING = ("state", "momentum", "nesterov", "buf", "veloc", "avg", "moment", "beta", "dampening")
_COUPLED = (Coupling.COUPLED_ADAPTIVE, Coupling.COUPLED_PLAIN)


@dataclass(frozen=True, slots=True)
class Step:
    """How one optimizer class decays.

    `node`: the statement that applies decay. `decay_key`: the option it reads. `default`: that option's default in
    the constructor. `reads`: group keys that the class reads or sets defaults for. `switch`: an option that selects
    between coupled and decoupled decay. `exempts`: what its own step leaves undecayed. `lr_scaled`: whether the
    learning rate multiplies the decay. `inherits`: a base class elsewhere makes (the rest of) the step.
    `carried`: something is kept between steps; without it, plain descent, coupled and decoupled decay are one.
    """

    coupling: Coupling
    node: t.Node | None = None
    decay_key: str | None = None
    default: t.Expr | None = None
    reads: tuple[str, ...] = ()
    switch: str | None = None
    exempts: Division | None = None
    lr_scaled: bool | None = None
    inherits: bool = False
    carried: bool = True


Setting = t.Constant | t.FunctionDef | t.Lambda  # what a call writes for an option


def read_step(
    cls: t.ClassDef,
    module: t.Module,
    resolve: Resolver | None = None,
    settings: Mapping[str, Setting] | None = None,
) -> Step:
    """Read how an optimizer class decays, with `settings` in place of its options' defaults.

    `resolve` finds functions that `module` does not define, by their dotted name as written; `self.name` asks for
    a method of a base class. Without it, and where it gives None, such calls hand their arguments on unread.
    """
    classes = _lineage(cls, module)
    methods: dict[str, list[t.FunctionDef]] = {}
    for owner in classes:
        own = {s.name: s for s in t.statements(owner.inner.body) if isinstance(s, t.FunctionDef)}
        for name, method in own.items():  # of several definitions (overloads) the last counts
            methods.setdefault(name, []).append(method)
    written = _defaults(methods)
    constants = {k: v.value for k, v in written.items() if isinstance(v, t.Const)}
    tests = {k: v for k, v in (settings or {}).items() if isinstance(v, (t.FunctionDef, t.Lambda))}
    constants.update({k: v for k, v in (settings or {}).items() if not isinstance(v, (t.FunctionDef, t.Lambda))})
    reader = StepReader(methods, module, resolve or _nothing, constants, tests, call)
    for owner in reversed(classes):
        for statement in owner.inner.body.statements:
            if isinstance(statement, t.Assign) and isinstance(statement.value, t.Const):
                for constant in (n for target in statement.targets for n in syntax.target_names(target)):
                    reader.fields[constant] = Cell(constant=statement.value.value, role="constant")
    for constructor in methods.get("__init__", ())[:2]:
        reader.enter(constructor, {p.name: named(p.name) for p in constructor.params})
    keys = _group_keys(methods, reader)
    steps = methods.get("step", ())
    if not steps:
        decay = next((k for k in keys if is_decay(k)), None)
        return Step(Coupling.UNKNOWN, None, decay, written.get(decay or ""), tuple(keys), inherits=True)
    reader.algebra.terms.clear()
    reader.decay_read = False
    reader.read(steps[0])
    reads = tuple(dict.fromkeys((*keys, *reader.reads)))
    terms = [term for term in reader.algebra.terms if term.seen]
    if terms:
        step = _judge(terms, written, reads, reader.calls_base)
        return replace(step, carried=_keeps_something(reader, methods, reads))
    # A strength that is read and goes nowhere we know is not the same as none.
    unknown = reader.calls_base or reader.decay_read
    decay = next((k for k in reads if is_decay(k)), None) if unknown else None
    coupling = Coupling.UNKNOWN if unknown else Coupling.NONE
    return Step(coupling, None, decay, written.get(decay or ""), reads, inherits=reader.calls_base)


def _keeps_something(reader: StepReader, methods: Mapping[str, Sequence[t.FunctionDef]], reads: Sequence[str]) -> bool:
    """Whether a class keeps anything of its gradients between steps, or may: it has state or an option for it.

    State that is allocated, or counts steps, and that no gradient enters, is not kept for anything.
    """
    if reader.state.terms or reader.calls_base or reader.hands_state_on:
        return True
    entries = reader.state.entries
    if any(_holds_gradients(cell) for cell in (*entries.values(), *reader.fields.values())):
        return True
    idle = {str(key) for key in entries} | {"state"} if entries else set[str]()
    words = {*methods, *(reader.reads if entries else (*reads, *reader.fields))}
    for method in (m for name, same_name in methods.items() for m in same_name if not entries or name != "__init__"):
        for statement in t.statements(method.inner.body):
            for top in syntax.expressions(statement):
                words |= {syntax.last_part(node) for node in syntax.walk(top)}
    return any(part in word.lower() for word in words - idle for part in _KEEPING)


def _holds_gradients(cell: Cell) -> bool:
    within = any(_holds_gradients(inner) for inner in cell.entries.values())
    return within or bool(cell.terms) or cell.has(Tag.GRADIENT, Tag.STATISTIC, Tag.RESCALED)


def _nothing(name: str) -> t.FunctionDef | None:
    return None


def _lineage(cls: t.ClassDef, module: t.Module) -> list[t.ClassDef]:
    """The class and its bases in the same module, most derived first."""
    found = [cls]
    for current in found:
        for base in current.bases:
            if isinstance(base.value, t.Name) and len(found) < 10:
                for statement in module.scope.bound.get(base.value.id, ()):
                    if isinstance(statement, t.ClassDef) and statement not in found:
                        found.append(statement)
    return found


def _defaults(methods: dict[str, list[t.FunctionDef]]) -> dict[str, t.Expr]:
    """Default expressions of the constructor's options, the most derived class first; then `defaults`' own values."""
    found: dict[str, t.Expr] = {}
    for constructor in methods.get("__init__", ()):
        for parameter in constructor.params:
            if parameter.default is not None:
                found.setdefault(parameter.name, parameter.default)
        parameters = {p.name for p in constructor.params}
        for key, value in _pairs(constructor):
            if isinstance(value, t.Name) and value.id in found:
                found.setdefault(key, found[value.id])
            elif not isinstance(value, t.Name) or value.id not in parameters:
                found.setdefault(key, value)
    return found


def _pairs(constructor: t.FunctionDef) -> list[tuple[str, t.Expr]]:
    """The entries of dictionaries in a constructor: `dict(lr=lr, …)` and `{"lr": lr, …}`."""
    found: list[tuple[str, t.Expr]] = []
    for statement in t.statements(constructor.inner.body):
        for top in syntax.expressions(statement):
            for node in syntax.walk(top):
                if isinstance(node, t.Call) and isinstance(node.func, t.Name) and node.func.id == "dict":
                    found.extend((a.keyword, a.value) for a in node.args if a.keyword)
                elif isinstance(node, t.DictDisplay):
                    for key, value in node.items:
                        if isinstance(key, t.Const) and isinstance(key.value, str):
                            found.append((key.value, value))
    return found


def _group_keys(methods: dict[str, list[t.FunctionDef]], reader: StepReader) -> list[str]:
    keys = [key for constructor in methods.get("__init__", ()) for key, _ in _pairs(constructor) if key != "params"]
    return list(dict.fromkeys((*keys, *reader.reads)))


def _judge(terms: Sequence[Term], written: dict[str, t.Expr], reads: tuple[str, ...], calls_base: bool) -> Step:
    # Averaged SGD and its kin have a λ of their own beside the option that is called decay.
    terms = [term for term in terms if not term.key.startswith("lambd")] or list(terms)
    # Decay that the options' defaults turn off still tells of a switch.
    active = [term for term in terms if all(c.holds is not False for c in term.conditions)] or list(terms)
    couplings = {_coupling(term) for term in active}
    switch = _switch(terms)
    if Coupling.DECOUPLED in couplings and len(couplings) > 1:
        coupling = Coupling.UNKNOWN
    else:
        coupling = next(c for c in (*_COUPLED, Coupling.DECOUPLED) if c in couplings)
    chosen = next((term for term in active if _coupling(term) is coupling), active[0])
    return Step(
        coupling,
        chosen.node,
        chosen.key or None,
        written.get(chosen.key),
        reads,
        switch,
        _exempts(active),
        chosen.in_rate,
        calls_base,
    )


def _coupling(term: Term) -> Coupling:
    if term.calls:
        return _LIBRARY.get(term.calls, Coupling.COUPLED_ADAPTIVE)
    if term.joined:
        return Coupling.COUPLED_ADAPTIVE if term.rescaled else Coupling.COUPLED_PLAIN
    if term.late and term.carried:
        return Coupling.COUPLED_PLAIN
    return Coupling.DECOUPLED


def _switch(terms: Sequence[Term]) -> str | None:
    """An option tested around coupled or decoupled decay where the class knows both."""
    sides: tuple[list[Term], list[Term]] = ([], [])
    for term in terms:
        sides[_coupling(term) is Coupling.DECOUPLED].append(term)
    if not all(sides):
        return None
    options = [
        option
        for term in terms
        for condition in term.conditions
        for option in sorted(condition.options)
        if not is_decay(option)
    ]
    telling = [o for o in options if "decouple" in o or "l2" in o.lower() or "adamw" in o.lower() or "couple" in o]
    return next(iter((*telling, *options)), None)


def _exempts(terms: Sequence[Term]) -> Division | None:
    """Vectors left undecayed by a test on the number of dimensions."""
    vectors = all(any(c.for_vectors is False and c.for_matrices is not False for c in t_.conditions) for t_ in terms)
    if vectors:
        return Division(weights=Ternary.NO, gains=Ternary.YES, biases=Ternary.YES)
    return None
