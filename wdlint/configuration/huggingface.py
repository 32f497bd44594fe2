"""Files of transformers' training arguments, and of what derives from them: axolotl, LLaMA-Factory, trl's command line.

The loop that they go to divides the parameters by its own rule, which suits most models; what is certain from the file
is an optimizer that couples, and a decay that never acts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wdlint.configuration.setups import CANT_TELL, Dialect, Document, Setup, configured, written
from wdlint.documents.nodes import Entry, Mapping, Scalar, number
from wdlint.facts import Coupling, IdleDecay, Loop
from wdlint.knowledge.trainers import optimizer_named

_OF_THEIRS = ("per_device_train_batch_size", "output_dir", "gradient_accumulation_steps", "micro_batch_size",
              "model_name_or_path", "base_model", "learning_rate", "num_train_epochs")  # fmt: skip
_MOST_LIKELY = 3  # of these keys make such a file
_IN_TEXT = re.compile(r"(?:^|,)\s*weight_decay\s*=\s*([-+.\deE]+)")
_MEASURED = "a measurement of transformers 5.24.0"


def _read(document: Document) -> Sequence[Setup | IdleDecay] | None:
    root = document.root
    if sum(root.has(key) for key in _OF_THEIRS) < _MOST_LIKELY:
        return None
    return tuple(_found(root))


def _found(root: Mapping) -> Iterator[Setup | IdleDecay]:
    decay = root.entry("weight_decay")
    strength = number(decay.value) if decay is not None else None
    chosen = root.entry("optim") or root.entry("optimizer")
    name = chosen.value.value if chosen is not None and isinstance(chosen.value, Scalar) else None
    known = optimizer_named(name) if isinstance(name, str) else None
    leaves_aside = known is not None and known.coupling is Coupling.NONE
    if decay is not None and strength and known is not None:
        amount = written(strength, decay.place)
        if leaves_aside:
            reason = f"`{name}` makes its groups without a decay"
            advice = "choose an optimizer that decays, or leave the decay out"
            yield IdleDecay(amount, decay.place, reason, advice, _MEASURED)
        else:
            loop = Loop("transformers.Trainer", "", "measured 5.24.0")
            yield Setup(configured(known, amount, decay.place, loop, held=CANT_TELL, callee=f"optim {name}"))
    given = root.entry("optim_args")
    if given is not None and not leaves_aside:
        yield from _in_text(given)


def _in_text(given: Entry) -> Iterator[IdleDecay]:
    """A decay in `optim_args`, which the groups' own overrules."""
    text = given.value.value if isinstance(given.value, Scalar) else None
    found = _IN_TEXT.search(text) if isinstance(text, str) else None
    try:
        strength = float(found[1]) if found is not None else 0.0
    except ValueError:
        return
    if found is not None and strength:
        amount = written(strength, given.place, found[1])
        reason = "the groups that the Trainer makes carry the decay of its arguments"
        yield IdleDecay(amount, given.place, reason, "give the decay as `weight_decay`", _MEASURED)


DIALECT = Dialect(
    "transformers' arguments",
    ((b"weight_decay",), (b"per_device_train_batch_size", b"micro_batch_size", b"output_dir"), (b"optim",)),
    (".json", ".yaml", ".yml"),
    _read,
    tuple(key.encode() for key in _OF_THEIRS),
    _MOST_LIKELY,
)
