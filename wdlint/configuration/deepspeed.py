"""DeepSpeed's JSON: its `optimizer` section makes an optimizer of one group, whatever split the Trainer has.

What the section does was measured on deepspeed 0.19.8. A section is dead, and its number too, where a script hands
`deepspeed.initialize` an optimizer or groups, unless that call names another file. A script that trains adapters
silences all: what is left to decay are the adapters' own matrices. Where a script names this file in the call that
uses it, the fault is said there, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wdlint.configuration.scripts import arguments, hands_all, without_all
from wdlint.configuration.setups import Dialect, Document, Setup, by_default, configured, written
from wdlint.documents.nodes import Mapping, Scalar, number
from wdlint.facts import Amount, Coupling, IdleDecay, Loop, OptimizerClass, Place
from wdlint.knowledge.optimizers import optimizer

_SOURCE = "measured 0.19.8"
_BESIDE = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "fp16", "bf16")
_OWN = {
    "adam": ("FusedAdam", Coupling.DECOUPLED),
    "adamw": ("FusedAdam", Coupling.DECOUPLED),
    "lamb": ("FusedLamb", Coupling.DECOUPLED),
    "lion": ("FusedLion", Coupling.DECOUPLED),
    "muon": ("Muon", Coupling.DECOUPLED),
    "onebitadam": ("OnebitAdam", Coupling.DECOUPLED),
    "zerooneadam": ("ZeroOneAdam", Coupling.DECOUPLED),
    "onebitlamb": ("OnebitLamb", Coupling.DECOUPLED),
}
_ADVICE = (
    "under transformers' Trainer delete the `optimizer` section, so that the Trainer passes its own groups; "
    "else pass groups as `model_parameters` of `deepspeed.initialize`"
)
_CALLS = re.compile(r"(\w+\s*\.\s*)?\b(initialize|DummyOptim)\s*\(")
# `optimizer_cls = torch.optim.AdamW if … else DummyOptim`
_CHOSEN = re.compile(r"\b(\w+)\s*=(?!=)(?:(?:[^=]|==){0,300}?\belse)?\s*\(?\s*(?:\w+\.)*DummyOptim\b(?!\s*\()")
_USERS = re.compile(r"\b(initialize|\w+Arguments|\w+Config)\s*\(")
_ALIAS = re.compile(r"\bimport\s+deepspeed\s+as\s+(\w+)")
_BARE = re.compile(r"\bfrom\s+deepspeed\s+import\b[^\n]*(?:\binitialize\b|\()")
_TOLD = re.compile(r"\b(?:model_parameters|optimizer)\s*=\s*(?!None\b)")
# `ds_config.pop("optimizer", None)`, `del config["optimizer"]["params"]["weight_decay"]`; no checkpoint's
_OF_CONFIG = r"(?i:\w*(?:conf|cfg|deepspeed|ds_)\w*|ds)(?:\.\w+|\[[^\]\n]+\])*"
_KEY = r"[\"'](?:optimizer|params|weight_decay)[\"']"
_REMOVED = re.compile(rf"\b{_OF_CONFIG}\.pop\(\s*{_KEY}|\bdel\s+{_OF_CONFIG}\[\s*{_KEY}\s*\]")
_NAMED = re.compile(r"\b(?:config|config_params|deepspeed)\s*=\s*[\"']([^\"']+\.json)[\"']")


@dataclass(frozen=True, slots=True)
class Section:
    """The optimizer that a configuration has DeepSpeed make."""

    known: OptimizerClass
    amount: Amount | None  # None: left to the script ("auto"), or not to be told
    place: Place  # of the key that decides
    rate: Amount | None


def _read(document: Document) -> Sequence[Setup | IdleDecay] | None:
    root = document.root
    if not is_deepspeed(root):
        return None
    idle = tuple(_beside(root))
    made = section(root)
    if made is None or made.amount is None or _is_overruled(document):
        return idle
    callee = f"optimizer.{made.known.name.rsplit('.', 1)[-1]}"
    loop = Loop("deepspeed.initialize", _ADVICE, _SOURCE, divides=False)
    return (*idle, Setup(configured(made.known, made.amount, made.place, loop, rate=made.rate, callee=callee)))


def _beside(root: Mapping) -> Iterator[IdleDecay]:
    """A decay beside `params` instead of in it."""
    made = root.mapping("optimizer")
    decay = made.entry("weight_decay") if made is not None and made.get("type") is not None else None
    value = number(decay.value) if decay is not None else None
    if decay is not None and value:
        reason = "of an optimizer's section DeepSpeed reads `type` and `params` alone"
        yield IdleDecay(written(value, decay.place), decay.place, reason, "write it in `params`", "deepspeed's source")


def is_deepspeed(root: Mapping) -> bool:
    """Whether a mapping is DeepSpeed's configuration."""
    made = root.mapping("optimizer")
    named = made is not None and made.get("type") is not None and made.mapping("params") is not None
    return root.mapping("zero_optimization") is not None or (named and root.has(*_BESIDE))


def section(root: Mapping) -> Section | None:
    """What the `optimizer` section says; None where there is none, or its class is not known."""
    made = root.mapping("optimizer")
    chosen = made.entry("type") if made is not None else None
    name = chosen.value.value if chosen is not None and isinstance(chosen.value, Scalar) else None
    if made is None or chosen is None or not isinstance(name, str):
        return None
    params = made.mapping("params") or Mapping((), made.place)
    known = _class(name, params)
    if known is None:
        return None
    decay = params.entry("weight_decay")
    if decay is None:
        amount: Amount | None = by_default(known.default_decay or 0.0)
    else:
        value = number(decay.value)
        amount = written(value, decay.place) if value is not None else None
    lr = params.entry("lr")
    rate = number(lr.value) if lr is not None else None
    place = decay.place if decay is not None else chosen.place
    return Section(known, amount, place, written(rate, lr.place) if lr is not None and rate is not None else None)


def _class(name: str, params: Mapping) -> OptimizerClass | None:
    """The class that DeepSpeed makes under a name."""
    said = f"a measurement of deepspeed {_SOURCE.removeprefix('measured ')}"
    torch = _flag(params, "torch_adam")
    own = _OWN.get(name.lower())
    if own is None:
        known = optimizer(f"torch.optim.{name}")
        return known.described({}) if known is not None else None
    cls, coupling = own
    adamw = name.lower() == "adamw" or _flag(params, "adam_w_mode") is not False
    if name.lower() in ("adam", "adamw") and torch:
        known = optimizer(f"torch.optim.{'AdamW' if adamw else 'Adam'}")
        return known.described({}) if known is not None else None
    if name.lower() == "adam" and not adamw:
        cls, coupling = "Adam", Coupling.COUPLED_ADAPTIVE
    return OptimizerClass(f"deepspeed.{cls}", coupling, default_decay=0.0, source=said)


def _flag(params: Mapping, key: str) -> bool | None:
    found = params.get(key)
    return found.value if isinstance(found, Scalar) and isinstance(found.value, bool) else None


def removes_section(script: str) -> bool:
    """Whether a script takes the section, or the decay in it, out of a configuration that it has read or made."""
    return _REMOVED.search(script) is not None


def _is_overruled(document: Document) -> bool:
    """Whether some script gives DeepSpeed an optimizer or groups, trains adapters alone, or names the file itself."""
    if any("deepspeed" in text for text in document.scripts("LoraConfig")):
        return True
    return any("deepspeed" in text and _takes_over(document.file, text) for text in document.scripts("deepspeed"))


def _takes_over(file: str, text: str) -> bool:
    if removes_section(text):
        return True
    for call in _CALLS.finditer(text):
        if call[2] == "initialize" and not _is_deepspeeds((call[1] or "").rstrip(". \t\n"), text):
            continue
        given = arguments(text, call.end())
        named = _NAMED.search(given)
        if named is not None and not _is_path_of(named[1], file):
            continue
        if call[2] == "DummyOptim" and not hands_all(given):
            return True
        if _TOLD.search(without_all(given)):
            return True
    if any(not _is_given_all(name[1], text) for name in _CHOSEN.finditer(text)):
        return True
    users = (call for call in _USERS.finditer(text) if call[1] == "initialize" or "Trainer(" in text)
    calls = (_NAMED.search(arguments(text, call.end())) for call in users)
    return any(named is not None and _is_path_of(named[1], file) for named in calls)


def _is_given_all(name: str, text: str) -> bool:
    """Whether a script calls what a name holds, and hands it all parameters each time."""
    calls = [arguments(text, call.end()) for call in re.finditer(rf"\b{name}\s*\(", text)]
    return bool(calls) and all(map(hands_all, calls))


def _is_deepspeeds(before: str, text: str) -> bool:
    """Whether `before.initialize(…)` is DeepSpeed's, as far as the imports of a script tell."""
    if not before:
        return _BARE.search(text) is not None
    return before == "deepspeed" or any(alias[1] == before for alias in _ALIAS.finditer(text))


def _is_path_of(path: str, file: str) -> bool:
    """Whether a path, as seen from wherever a run is started, may lead to a file."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return file.replace("\\", "/").split("/")[-len(parts) :] == parts


DIALECT = Dialect("DeepSpeed", ((b'"optimizer"',), (b'"params"',)), (".json",), _read)
