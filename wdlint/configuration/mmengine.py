"""mmengine's configurations, and mmcv's before it: Python that is data, with `_base_` files below it.

How `paramwise_cfg` divides was measured on mmengine 0.10.7. Without it all parameters are one group. A file in a
folder `_base_` is a part of others, and who gets what is not judged there; nor is it where a constructor of the
project's own divides, where a file that is inherited from can't be seen, or where a model gets adapters, whose matrices
alone are trained. SGD decays everything by convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wdlint.configuration.mmengine_repairs import repairs
from wdlint.configuration.options import Chosen, chosen
from wdlint.configuration.setups import CANT_TELL, EVERYTHING, Dialect, Document, Setup, configured
from wdlint.documents.nodes import Entry, Listing, Mapping, Node, Scalar, mappings, number
from wdlint.facts import Coupling, Division, Loop, Ternary

_DEEPEST = 8  # files that inherit from one another
_OF_THEIRS = (
    "optimizer_config", "lr_config", "runner", "param_scheduler", "train_cfg", "train_dataloader", "default_scope",
    "checkpoint_config", "custom_imports"
)  # fmt: skip
_OF_GROUPS = ("paramwise_cfg", "weight_decay", "lr_decay", "momentum_decay", "decoupled_weight_decay")
_DEFAULT = ("DefaultOptimWrapperConstructor", "DefaultOptimizerConstructor")
_ADVICE = "exempt them in the file: `paramwise_cfg=dict({})` beside the optimizer"


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The optimizer of a configuration with all that it inherits."""

    owner: Mapping  # what holds `paramwise_cfg` and `constructor`
    optimizer: Mapping
    is_whole: bool  # nothing that is inherited is out of sight, and the whole model is trained
    is_wrapper: bool  # mmengine's; else mmcv's


def _read(document: Document) -> Sequence[Setup] | None:
    made = _made(document)
    if made is None:
        return None
    named = made.optimizer.entry("type")
    name = named.value.value if named is not None and isinstance(named.value, Scalar) else None
    if named is None or not isinstance(name, str):
        return ()
    path = name if "." in name else f"torch.optim.{name}"
    found = chosen(path, made.optimizer, named, document.root)
    place = _own_place(made, document.file)
    if found is None or place is None:
        return ()
    held = _held(made, found, document.file)
    advice = _ADVICE.format("flat_decay_mult=0." if made.is_wrapper else "norm_decay_mult=0., bias_decay_mult=0.")
    builder = "mmengine.optim.build_optim_wrapper" if made.is_wrapper else "mmcv.runner.build_optimizer"
    loop = Loop(builder, advice, "measured 0.10.7" if made.is_wrapper else "read 1.x", divides=False)
    use = configured(found.known, found.amount, place.place, loop, rate=found.rate, held=held, callee=path)
    return (Setup(use, repairs(document, made.owner, made.optimizer, named, is_wrapper=made.is_wrapper)),)


def _made(document: Document) -> Made | None:
    """The optimizer that a file configures, merged with what it inherits."""
    root = document.root
    own_wrapper, own_optimizer = root.mapping("optim_wrapper"), root.mapping("optimizer")
    inherits = root.get("_base_") is not None
    if own_wrapper is None and not (own_optimizer is not None and (inherits or root.has(*_OF_THEIRS))):
        return None
    merged, is_whole = _inherited(document, root, 0)
    is_whole = is_whole and not _has_adapters(merged)
    wrapper = merged.mapping("optim_wrapper")
    if own_wrapper is not None and wrapper is not None:
        optimizer = wrapper.mapping("optimizer")
        return Made(wrapper, optimizer, is_whole and wrapper.complete, True) if optimizer is not None else None
    optimizer = merged.mapping("optimizer")
    if optimizer is None or optimizer.text("type") is None or wrapper is not None:
        return None
    return Made(optimizer, _without(optimizer, "paramwise_cfg", "constructor"), is_whole and optimizer.complete, False)


def _has_adapters(root: Mapping) -> bool:
    """Whether something that the file makes puts low-rank adapters on a model."""
    kinds = (mapping.text("type") for mapping, _ in mappings(root))
    return any("lora" in kind.rpartition(".")[2].lower() for kind in kinds if kind)


def _without(mapping: Mapping, *keys: str) -> Mapping:
    return replace(mapping, entries=tuple(entry for entry in mapping.entries if entry.key not in keys))


def _inherited(document: Document, root: Mapping, depth: int) -> tuple[Mapping, bool]:
    """A file merged with the files that it names as its bases, and whether all that matter of them could be read."""
    base = root.get("_base_")
    if base is None:
        return root, True
    paths = list(_paths(base))
    whole, is_whole = Mapping((), root.place), bool(paths) and depth < _DEEPEST
    for path in paths if depth < _DEEPEST else ():
        found = document.neighbour(path)
        if found is None:
            is_whole = is_whole and _makes_no_optimizer(path)
            continue
        inner = replace_paths(document, path)
        below, seen = _inherited(inner, found, depth + 1)
        whole, is_whole = _merged(whole, below), is_whole and seen
    return _merged(whole, root), is_whole


def _makes_no_optimizer(path: str) -> bool:
    """Whether a base that can't be read is of a kind that holds no optimizer, by where all of OpenMMLab keeps it."""
    *folders, name = path.replace("\\", "/").split("/")
    return "_base_" in folders and (folders[-1] == "datasets" or name == "default_runtime.py")


def replace_paths(document: Document, path: str) -> Document:
    """The document as seen from another file's folder."""
    folder = path.rpartition("/")[0]
    inside = document.neighbour
    return replace(document, neighbour=lambda other: inside(f"{folder}/{other}" if folder else other))


def _paths(base: Node) -> Iterator[str]:
    items = base.items if isinstance(base, Listing) else (base,)
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            yield item.value


def _merged(below: Mapping, above: Mapping) -> Mapping:
    """What inherits over what is inherited, as mmengine merges: `_delete_=True` takes the place of all below."""
    deletes = above.get("_delete_")
    if isinstance(deletes, Scalar) and deletes.value is True:
        return _without(above, "_delete_")
    entries = {entry.key: entry for entry in below.entries}
    for entry in above.entries:
        before = entries.get(entry.key)
        value = entry.value
        if before is not None and isinstance(before.value, Mapping) and isinstance(value, Mapping):
            value = _merged(before.value, value)
        elif isinstance(value, Mapping):
            value = _merged(Mapping((), value.place), value)
        entries[entry.key] = Entry(entry.key, entry.place, value)
    return Mapping(tuple(entries.values()), above.place, complete=below.complete and above.complete)


def _own_place(made: Made, file: str) -> Entry | None:
    """The key that decides, of those that stand in the file itself."""
    keys = [made.optimizer.entry("weight_decay"), made.optimizer.entry("type"), made.owner.entry("paramwise_cfg")]
    return next((entry for entry in keys if entry is not None and entry.place.file == file), None)


def _held(made: Made, found: Chosen, file: str) -> Division:
    """Who decays: all, unless `paramwise_cfg` exempts some; unknown where something else decides."""
    constructor = made.owner.get("constructor")
    if constructor is not None and not (isinstance(constructor, Scalar) and constructor.value in _DEFAULT):
        return CANT_TELL
    if not made.is_whole or any(part.strip("_") == "base" for part in file.replace("\\", "/").split("/")[:-1]):
        return CANT_TELL
    if any(_divides_by_itself(entry) for entry in (*made.owner.entries, *made.optimizer.entries)):
        return CANT_TELL
    given = made.owner.get("paramwise_cfg")
    if given is None:
        return CANT_TELL if found.known.coupling is Coupling.COUPLED_PLAIN else EVERYTHING
    if not isinstance(given, Mapping) or not given.complete:
        return CANT_TELL
    exempt = Exempted.of(given)
    if exempt is None:
        return CANT_TELL
    held = Division(Ternary.YES, ~exempt.gains, ~exempt.biases)
    plain = held == EVERYTHING and found.known.coupling is Coupling.COUPLED_PLAIN
    return CANT_TELL if plain else held


def _divides_by_itself(entry: Entry) -> bool:
    """Whether no optimizer has such an option: a builder of the project's own reads it, as `paramwise_options`."""
    if entry.key in _OF_GROUPS or not any(word in entry.key for word in ("param", "group", "decay", "wise")):
        return False
    return not isinstance(entry.value, Scalar) or entry.value.value is not None


@dataclass(frozen=True, slots=True)
class Exempted:
    """Whether ordinary gains and biases are exempt by a `paramwise_cfg`."""

    gains: Ternary
    biases: Ternary

    @staticmethod
    def of(given: Mapping) -> Exempted | None:
        """None where a number in it can't be told."""
        factors: dict[str, float] = {}
        for entry in given.entries:
            if entry.key.endswith("decay_mult"):
                value = number(entry.value)
                if value is None:
                    return None
                factors[entry.key] = value
        by_name = _exempting_words(given.get("custom_keys"))
        if by_name is None:
            return None
        flat = factors.get("flat_decay_mult") == 0
        gains = Ternary.of(flat or factors.get("norm_decay_mult") == 0)
        biases = Ternary.of(flat or factors.get("bias_decay_mult") == 0 or any("bias".endswith(w) for w in by_name))
        if gains is Ternary.NO and any("norm" in word or "bn" in word or "ln" in word for word in by_name):
            gains = Ternary.UNKNOWN
        if biases is Ternary.NO and any("bias" in word for word in by_name if not word.endswith("table")):
            biases = Ternary.UNKNOWN
        return Exempted(gains, biases)


def _exempting_words(keys: Node | None) -> list[str] | None:
    """The parts of names that `custom_keys` exempts; None where that can't be told."""
    if keys is None:
        return []
    if not isinstance(keys, Mapping) or not keys.complete:
        return None
    found: list[str] = []
    for entry in keys.entries:
        factor = entry.value.get("decay_mult") if isinstance(entry.value, Mapping) else None
        if factor is not None and number(factor) is None:
            return None
        if number(factor) == 0:
            found.append(entry.key.lstrip("."))
    return found


DIALECT = Dialect("mmengine", ((b"optim_wrapper", b"optimizer"),), (".py",), _read)
