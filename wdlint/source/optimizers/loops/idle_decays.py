"""Decays that a library takes and never uses: of training loops that are given, or choose, an optimizer without it.

What a loop's optimizers do with the decay of its settings is data (`knowledge.trainers`). Only what stands in the file
itself counts, and only a number that nothing else in the file asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wdlint.facts import Amount, Coupling, IdleDecay, Origin, Place
from wdlint.knowledge.trainers import LIBRARIES, methods, optimizer_named, training_loop
from wdlint.source.optimizers.loops.training import loop_of_model, setting
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.read.positions import Places
from wdlint.source.values import contents, objects
from wdlint.source.values.amounts import amount_of, source_text
from wdlint.source.values.call_arguments import argument, spreads
from wdlint.source.values.callers import all_statements
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Arguments,
    ClassValue,
    Context,
    External,
    Instance,
    SequenceValue,
    Value,
    bare,
    constant,
)

_SETTINGS = re.compile(r"TrainingArguments$|^(?:SFT|DPO|GRPO|Reward|KTO|RLOO|CPO|ORPO|PPO|OnlineDPO|GKD)Config$")
_IN_TEXT = re.compile(r"(?:^|,)\s*weight_decay\s*=\s*([-+.\deE]+)")
_MEASURED = "a measurement of transformers 5.24.0"
_OWN_GROUPS = "the groups that the Trainer makes carry the decay of its arguments"
_MOVE = "give the decay as `weight_decay` of the training arguments"


def idle_decays(evaluator: Evaluation, module: t.Module, places: Places) -> Iterator[IdleDecay]:
    """The decays of a module without effect, in textual order."""
    if not any(_imports(statement) for statement in all_statements(module.scope)):
        return
    reader = _Reader(evaluator, module, places)
    for statement in all_statements(module.scope):
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Call):
                    name = syntax.last_name(node) or ""
                    context = evaluator.frame(statement.scope).at(statement)
                    if _SETTINGS.search(name):
                        yield from reader.of_settings(node, context)
                    elif name.endswith("Trainer"):
                        yield from reader.of_loop(node, context)
                    elif name == "create_loraplus_optimizer":
                        yield from reader.of_lora_plus(node, context)
                    elif name in methods():
                        yield from reader.of_model(node, context)


def _imports(statement: t.Stmt) -> bool:
    wanted = (*LIBRARIES, "peft")
    if isinstance(statement, t.ImportFrom):
        return not statement.level and statement.module.partition(".")[0] in wanted
    return isinstance(statement, t.Import) and any(name.partition(".")[0] in wanted for name, _ in statement.names)


class _Reader:
    def __init__(self, evaluator: Evaluation, module: t.Module, places: Places) -> None:
        self._evaluator = evaluator
        self._module = module
        self._places = places

    def of_settings(self, call: t.Call, context: Context) -> Iterator[IdleDecay]:
        """Settings whose optimizer leaves their decay aside, or whose `optim_args` hold one."""
        if not any(_of_library(self._evaluator, value) for value in self._evaluator.evaluate(call.func, context)):
            return
        chosen = constant(self._answers(call, "optim", context))
        chosen = chosen if isinstance(chosen, str) else ""
        known = optimizer_named(chosen)
        leaves_aside = known is not None and known.coupling is Coupling.NONE
        decay = self._written(call, "weight_decay", context)
        if leaves_aside and decay is not None:
            reason = f'`optim="{chosen}"` makes its groups without a decay'
            yield IdleDecay(*decay, reason, "choose an optimizer that decays, or leave the decay out", _MEASURED)
        text = constant(self._answers(call, "optim_args", context))
        found = _IN_TEXT.search(text) if isinstance(text, str) else None
        given = next((a for a in call.args if a.keyword == "optim_args"), None)
        place = self._places.of(self._module, given.value) if given is not None else None
        if found is not None and place is not None and not leaves_aside and _is_number(found[1]):
            amount = Amount(float(found[1]), Origin.WRITTEN, found[1], place)
            yield IdleDecay(amount, place, _OWN_GROUPS, _MOVE, _MEASURED)

    def of_loop(self, call: t.Call, context: Context) -> Iterator[IdleDecay]:
        """A loop that is given a class with a decay among its arguments, or an optimizer beside a decay of its own."""
        evaluator, given = self._evaluator, Arguments(call.args, context)
        callees = evaluator.evaluate(call.func, context)
        loops = [training_loop(value.path) for value in callees if isinstance(value, External)]
        loop = loops[0] if len(callees) == 1 and loops else None
        if loop is None or loop.settings is None:
            return
        settings = argument(evaluator, given, loop.settings.name, loop.settings.position)
        acting = constant(setting(evaluator, settings, loop.decay.name, context))
        acting = float(acting) if isinstance(acting, int | float) else None
        for value in argument(evaluator, given, "optimizer_cls_and_kwargs", None):
            yield from self._among_arguments(value, acting, self._places.of(self._module, call))
        if not self._is_made(argument(evaluator, given, "optimizers", None)) or self._asks_for_decay():
            return
        told = next((a for a in call.args if a.keyword == "optimizers"), None)
        for value in settings:
            made = bare(value)
            if not isinstance(made, Instance) or not isinstance(made.node, t.Call) or made.arguments is None:
                continue
            there = made.arguments.context
            if there is None or there.module is not self._module or not _of_library(evaluator, made.cls):
                continue
            decay = self._written(made.node, "weight_decay", there)
            if decay is not None and told is not None:
                reason = "the loop is given an optimizer, which has its own"
                advice = "give the decay to that optimizer's groups, or leave it out"
                yield IdleDecay(*decay, reason, advice, _MEASURED, self._places.of(self._module, told.value))

    def of_lora_plus(self, call: t.Call, context: Context) -> Iterator[IdleDecay]:
        callees = self._evaluator.evaluate(call.func, context)
        if not any(isinstance(v, External) and v.path.endswith("create_loraplus_optimizer") for v in callees):
            return
        decay = self._written(call, "weight_decay", context)
        if decay is not None:
            reason = "LoRA+ makes all groups with `loraplus_weight_decay`"
            yield IdleDecay(*decay, reason, "give it as `loraplus_weight_decay`", "a measurement of peft 0.21.2")

    def of_model(self, call: t.Call, context: Context) -> Iterator[IdleDecay]:
        """A model that trains itself, with a decay among what its optimizer is given beside the groups."""
        evaluator, given = self._evaluator, Arguments(call.args, context)
        loops = [loop_of_model(value) for value in evaluator.evaluate(call.func, context)]
        if len(loops) != 1 or (loop := loops[0]) is None:
            return
        told = argument(evaluator, given, loop.decay.name, None)
        acting = constant(told) if told else loop.decay.default
        beside = argument(evaluator, given, "optimizer_params", None)
        if len(beside) == 1 and not spreads(evaluator, given):
            acts = float(acting) if isinstance(acting, int | float) else None
            reason = f"the groups that `{loop.path.rpartition('.')[2]}` makes carry its own `weight_decay`"
            advice = f"give the decay as `weight_decay` of `{loop.path.rpartition('.')[2]}`"
            yield from self._in_mapping(beside[0], acts, self._places.of(self._module, call), reason, advice)

    def _among_arguments(self, value: Value, acting: float | None, here: Place | None) -> Iterator[IdleDecay]:
        """The decay in `(cls, {"weight_decay": …})`, where another one acts."""
        inner = bare(value)
        items = list(contents.items(self._evaluator, inner)) if isinstance(inner, SequenceValue) else []
        held = self._evaluator.force(items[1].value) if len(items) == 2 else ()
        for mapping in held[:1]:
            yield from self._in_mapping(mapping, acting, here, _OWN_GROUPS, _MOVE)

    def _in_mapping(
        self, mapping: Value, acting: float | None, here: Place | None, reason: str, advice: str
    ) -> Iterator[IdleDecay]:
        """The decay among options of an optimizer, where it stands in this file and another one acts."""
        draft = amount_of(objects.entry(self._evaluator, bare(mapping), "weight_decay"), "")
        amount = draft.placed(self._places) if draft is not None and draft.value and not draft.varies else None
        place = amount.place if amount is not None else None
        if amount is not None and place is not None and here is not None and amount.value != acting:
            if place.file == here.file:
                yield IdleDecay(amount, place, reason, advice, _MEASURED)

    def _is_made(self, answers: tuple[Value, ...]) -> bool:
        """Whether the first of `(optimizer, scheduler)` is certainly an optimizer, and not what may be None."""
        inner = bare(answers[0]) if len(answers) == 1 else None
        first = next(iter(contents.items(self._evaluator, inner)), None) if isinstance(inner, SequenceValue) else None
        held = self._evaluator.force(first.value) if first is not None and not first.spread else ()
        return bool(held) and all(isinstance(bare(value), Instance) for value in held)

    def _answers(self, call: t.Call, name: str, context: Context) -> tuple[Value, ...]:
        return argument(self._evaluator, Arguments(call.args, context), name, None)

    def _written(self, call: t.Call, name: str, context: Context) -> tuple[Amount, Place] | None:
        """A decay other than 0 that a call gives by name, itself or in a dictionary that it spreads."""
        given = next((a for a in call.args if a.keyword == name), None)
        draft = amount_of(self._answers(call, name, context), source_text(self._module, given.value) if given else "")
        if draft is None or not draft.value or draft.varies:
            return None
        amount = draft.placed(self._places)
        place = self._places.of(self._module, given.value) if given is not None else amount.place
        call_place = self._places.of(self._module, call)
        if place is None or call_place is None or place.file != call_place.file:
            return None
        return amount, place

    def _asks_for_decay(self) -> bool:
        """Whether anything in the module reads `….weight_decay`."""
        for statement in all_statements(self._module.scope):
            for expression in syntax.expressions(statement):
                if any(isinstance(n, t.Attribute) and n.attr == "weight_decay" for n in syntax.walk(expression)):
                    return True
        return False


def _of_library(evaluator: Evaluation, value: Value) -> bool:
    """Whether a class is a library's settings, or derives from them."""
    bases = linear_bases(evaluator, value) if isinstance(value, ClassValue) else (value,)
    paths = (base.path for base in bases if isinstance(base, External))
    return any(path.partition(".")[0] in LIBRARIES and _SETTINGS.search(path.rpartition(".")[2]) for path in paths)


def _is_number(text: str) -> bool:
    try:
        return float(text) != 0
    except ValueError:
        return False
