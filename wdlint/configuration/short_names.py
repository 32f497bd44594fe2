"""YAML of training frameworks that name an optimizer by a word and give its options beside it.

What each does with gains and biases was measured on live groups. SGD decays everything by convention: nothing is said
of its groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wdlint.configuration.options import decoupled, excerpt, resolved
from wdlint.configuration.setups import CANT_TELL, EVERYTHING, Dialect, Document, Setup, by_default, configured, written
from wdlint.documents.nodes import Entry, Mapping, Scalar, number
from wdlint.facts import Applicability, Coupling, Division, Edit, Fix, Loop, OptimizerClass, Place, Ternary
from wdlint.knowledge.optimizers import optimizer, torch_classes

_EXEMPT = Division(Ternary.YES, Ternary.NO, Ternary.NO)
_NO_KEY = "nothing in the file exempts parameters"


@dataclass(frozen=True, slots=True)
class Style:
    """How the files of one framework are told, and where in them is what."""

    name: str
    source: str
    told_by: tuple[tuple[str, ...], ...]  # paths of keys, one of each row's must be there
    chooses: str  # the path of the key that names the optimizer
    options: str  # the path of the mapping that holds the decay
    switch: str = ""  # the path of the key that exempts gains and biases if true
    advice: str = _NO_KEY
    usual: str = ""  # the optimizer where the file names none
    defaults: tuple[tuple[str, float], ...] = ()  # the decay where the file gives none, where it is not the class's own
    own: tuple[tuple[str, Coupling], ...] = ()  # optimizers that are not torch's
    divides: bool = False  # nothing is said of its groups: it divides by itself, and well
    adapters: str = ""  # the path of the key that has adapters trained alone


_DECOUPLED = Coupling.DECOUPLED
STYLES = (
    Style(
        "espnet2", "measured 202511",
        (("optim_conf",), ("scheduler_conf", "batch_type", "batch_bins", "encoder", "max_epoch")),
        "optim", "optim_conf", "exclude_weight_decay", "write `exclude_weight_decay: true`",
    ),
    Style(
        "super-gradients", "measured 3.7.1",
        (("optimizer_params", "zero_weight_decay_on_bias_and_bn"), ("initial_lr", "lr_mode", "max_epochs")),
        "optimizer", "optimizer_params", "zero_weight_decay_on_bias_and_bn",
        "write `zero_weight_decay_on_bias_and_bn: True`", defaults=(("adam", 1e-4), ("rmsprop", 1e-4), ("sgd", 1e-4)),
    ),
    Style(
        "NeMo", "measured 3.0.0", (("exp_manager",), ("trainer",), ("model.optim",)), "model.optim.name", "model.optim",
        advice=f"{_NO_KEY}: override `setup_optimizer_param_groups`", usual="adam", adapters="model.peft.peft_scheme",
    ),
    Style(
        "GraphGym", "measured 2.8.1", (("gnn",), ("dataset",), ("optim.base_lr",)), "optim.optimizer", "optim",
        advice=f"{_NO_KEY}: write `weight_decay: 0.0`, or register an optimizer", usual="adam",
        defaults=(("adam", 5e-4), ("sgd", 5e-4)),
    ),
    Style(
        "llm-foundry", "measured 0.22.0", (("max_duration",), ("train_loader",)), "optimizer.name", "optimizer",
        "optimizer.param_groups",
        "add `param_groups: [{param_str_match: 'bias|norm|ln_', weight_decay: 0.0}]` to the optimizer",
        defaults=(("decoupled_adamw", 0.0),), adapters="model.peft_config",
        own=tuple((name, _DECOUPLED) for name in ("decoupled_adamw", "decoupled_lionw", "adalr_lion", "clip_lion")),
    ),
    Style(
        "fairseq", "measured 0.12.2", (("task",), ("criterion",), ("optimizer._name",)), "optimizer._name", "optimizer",
        own=(("adam", _DECOUPLED), ("adamax", _DECOUPLED), ("adafactor", _DECOUPLED), ("nag", _DECOUPLED)),
    ),
    Style(
        "RecBole", "measured 1.2.1",
        (("weight_decay",), ("eval_args", "stopping_step", "train_batch_size"),
         ("USER_ID_FIELD", "ITEM_ID_FIELD", "load_col", "train_neg_sample_args", "eval_args")),
        "learner", "", usual="adam", divides=True,  # most of its models hold embeddings alone
    ),
    Style(
        "ultralytics", "measured 8.4.190", (("lr0",), ("lrf",)), "optimizer", "", divides=True,
    ),
)  # fmt: skip


def _read(document: Document) -> Sequence[Setup] | None:
    for style in STYLES:
        if all(any(_at(document.root, path) is not None for path in row) for row in style.told_by):
            return tuple(_setups(document, style))
    return None


def _at(root: Mapping, path: str) -> Entry | None:
    """The entry at a path of keys such as `model.optim.name`."""
    *above, last = path.split(".")
    node: Mapping | None = root
    for key in above:
        node = node.mapping(key) if node is not None else None
    return node.entry(last) if node is not None else None


def _setups(document: Document, style: Style) -> Iterator[Setup]:
    root = document.root
    named = _at(root, style.chooses)
    word = named.value.value if named is not None and isinstance(named.value, Scalar) else style.usual
    at_options = _at(root, style.options) if style.options else None
    options = at_options.value if at_options is not None else root if not style.options else None
    known = _class(style, word.lower()) if isinstance(word, str) and word else None
    if known is None or (options is not None and not isinstance(options, Mapping)):
        return
    decay = options.entry("weight_decay") if options is not None else None
    deciding = decay or named or at_options
    if deciding is None:
        return
    if decay is None:
        amount = by_default(known.default_decay or 0.0)
    else:
        strength = number(resolved(decay.value, root))
        if strength is None:
            return
        amount = written(strength, decay.place)
    loop = Loop(style.name, style.advice, style.source, divides=style.divides)
    held = _held(root, style, known)
    use = configured(known, amount, deciding.place, loop, held=held, callee=f"{style.name} {word}")
    yield Setup(use, _fixes(document, style, named, known))


def _class(style: Style, word: str) -> OptimizerClass | None:
    """The class that the framework makes under a word."""
    default = dict(style.defaults).get(word)
    coupling = dict(style.own).get(word)
    if coupling is not None:
        return OptimizerClass(f"{style.name}.{word}", coupling, default_decay=default or 0.0, source=style.source)
    found = optimizer(torch_classes().get(word, "")) if not style.own or style.name == "fairseq" else None
    if found is None:
        return None
    known = found.described({})
    return known if default is None else replace(known, default_decay=default, source=f"{style.name}, {style.source}")


def _held(root: Mapping, style: Style, known: OptimizerClass) -> Division:
    switch = _at(root, style.switch) if style.switch else None
    if switch is not None and not isinstance(switch.value, Scalar):
        return CANT_TELL  # groups of the file's own
    if switch is not None and isinstance(switch.value, Scalar) and switch.value.value is not False:
        return _EXEMPT if switch.value.value is True else CANT_TELL
    quiet = style.divides or _has_adapters(root, style) or known.coupling is Coupling.COUPLED_PLAIN
    return CANT_TELL if quiet else EVERYTHING


def _has_adapters(root: Mapping, style: Style) -> bool:
    """Whether the file has adapters put on the model, whose matrices alone are trained."""
    found = _at(root, style.adapters) if style.adapters else None
    return found is not None and not (isinstance(found.value, Scalar) and found.value.value is None)


def _fixes(document: Document, style: Style, named: Entry | None, known: OptimizerClass) -> dict[str, Fix]:
    found: dict[str, Fix] = {}
    if named is not None and known.name == "torch.optim.Adam" and style.name != "GraphGym":
        found.update(decoupled(named, known.name, excerpt(document.text, named.value.place)))
    if not style.switch or "." in style.switch or named is None:
        return found
    switch = document.root.entry(style.switch)
    if switch is not None:
        edit = Edit(switch.value.place, "true")
    else:
        place = replace(named.place, end_line=named.place.line, end_column=named.place.column)
        if place.column != 1:
            return found
        line_end = "\r\n" if "\r\n" in document.text else "\n"
        edit = Edit(Place(place.file, place.line, 1, place.line, 1), f"{style.switch}: true{line_end}")
    fix = Fix(f"Exempt gains and biases: `{style.switch}: true`", Applicability.SAFE, (edit,))
    found.update(dict.fromkeys(("WD103", "WD104"), fix))
    return found


_MARKS = (
    b"optim_conf", b"initial_lr", b"zero_weight_decay", b"exp_manager", b"gnn:", b"train_loader", b"criterion", b"lr0",
    b"eval_args", b"USER_ID_FIELD", b"ITEM_ID_FIELD"
)  # fmt: skip
DIALECT = Dialect("a framework's YAML", ((b"optim", b"weight_decay"), _MARKS), (".yaml", ".yml"), _read)
