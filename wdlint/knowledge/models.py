"""What is known of the models that libraries make: every parameter's name pattern, kind and dimensions.

`LIBRARY.models.gz`, written by `make/models.py`, holds the module trees of all models that a library
builds from a default configuration. It is text in five blocks, one fact a line:

    classes      qualified name, then the classes of torch.nn that it is built on
    nodes        number of the class, own parameters (`weight:2w`: name, dimensions, first letter of the
                 kind; `!` if frozen), children (`attn>9`: under that name the node 9; `0,3>7`, `*>7`)
    models       name, number of the root node
    Auto classes name, then `type=class` for each model type
    no parameters  classes that were only ever seen without any

A file is read when it is first asked for, and a model's lines are taken apart when its parameters are.
What checkpoint names mean is in `checkpoints`; single layers of torch.nn are in `layers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from wdlint.facts import Evidence, Inventory, Kind, Parameter, Ternary, Witness
from wdlint.knowledge.checkpoints import model_type
from wdlint.knowledge.factories import factory

FOLDER = Path(__file__).parent
LIBRARIES = ("transformers", "diffusers", "timm", "torchvision")

_MODULE = "torch.nn.modules.module.Module"
_KINDS = {kind.value[0]: kind for kind in Kind}
_LOADERS = ("from_pretrained", "from_config", "_from_config")
# Predecessors of transformers, with the same names for the same models.
_FORMER = {
    "pytorch_transformers": "transformers",
    "pytorch_pretrained_bert": "transformers",
    "adapter_transformers": "transformers",
}
_FORMER_AUTO = {
    "AutoModelWithLMHead": "AutoModelForCausalLM",
    "AutoModelForVision2Seq": "AutoModelForImageTextToText",
}

# Models of sentence_transformers hold one of transformers under this name.
_WITHIN = {
    "sentence_transformers.SentenceTransformer": "0.auto_model.",
    "sentence_transformers.models.Transformer": "auto_model.",
    "sentence_transformers.CrossEncoder": "model.",
    "sentence_transformers.cross_encoder.CrossEncoder": "model.",
}

# Model types in the order in which a reader is likely to meet them; those unnamed follow by name.
_COMMON_TYPES = """
    bert roberta distilbert deberta-v2 gpt2 t5 llama qwen2 bart xlm-roberta electra albert mistral deberta
    opt gpt_neo gpt_neox bloom phi gemma mbart pegasus mt5 xlnet longformer camembert mpnet vit
    swin beit convnext deit resnet segformer clip wav2vec2 hubert whisper layoutlm layoutlmv3 led marian
    modernbert qwen3 gemma2 phi3 falcon
"""


@dataclass(frozen=True, slots=True)
class LibraryModel:
    """A model of a library, as its default configuration builds it."""

    library: str
    name: str  # e.g. `BertModel`, `vit_base_patch16_224`
    roots: tuple[int, ...]  # one; for a class within models each of its forms
    assumed: bool = False  # other arguments than the default may give other parameters
    complete: bool = True
    model_type: str = ""  # of transformers, where an Auto class chose it
    within: str = ""  # the name under which another library's model holds it

    @property
    def title(self) -> str:
        """How a message names it."""
        return f"{self.library}.{self.name}"

    def parameters(self, prefix: str = "") -> tuple[Parameter, ...]:
        """Every parameter, its name after `prefix`."""
        found = _parameters(self.library, self.roots, self.title)
        prefix += self.within
        if not prefix:
            return found
        return tuple(replace(parameter, name=prefix + parameter.name) for parameter in found)

    def inventory(self) -> Inventory:
        """The same as a fact."""
        return Inventory(self.title, self.parameters(), complete=self.complete, assumed=self.assumed)


@dataclass(frozen=True, slots=True)
class _Table:
    """One library's file, taken apart as far as every question needs it."""

    owners: list[str]  # each line: qualified name, then ancestors
    nodes: list[str]
    models: dict[str, int]
    autos: dict[str, dict[str, str]]
    empty: frozenset[str]


def library_model(path: str, name: str | None = None) -> LibraryModel | None:
    """The model that a call makes; None where it isn't known.

    Args:
        path: import path of the callable, e.g. `transformers.AutoModel.from_pretrained`,
            `transformers.GPT2LMHeadModel`, `timm.create_model`, `torchvision.models.resnet50`.
        name: the model's or checkpoint's name, where the call gives one.
    """
    if path in _WITHIN:
        head = "AutoModelForSequenceClassification" if "CrossEncoder" in path else "AutoModel"
        inner = library_model(f"transformers.{head}", name)
        return replace(inner, within=_WITHIN[path], assumed=True) if inner else None
    library, _, rest = path.partition(".")
    library = _FORMER.get(library, library)
    if library not in LIBRARIES or not rest:
        return None
    parts = rest.split(".")
    if parts[-1] in _LOADERS and len(parts) > 1:
        parts.pop()
    last = _FORMER_AUTO.get(parts[-1], parts[-1])
    if library in ("transformers", "diffusers"):
        return _by_class_or_auto(library, last, name) or _part(library, f"{library}.{'.'.join(parts)}")
    if last in ("create_model", "get_model"):
        return _named(library, name) if name else None
    return _named(library, last) or _part(library, f"{library}.{rest}")


def families(path: str, at_most: int = 24) -> tuple[LibraryModel, ...]:
    """The models that an Auto class of transformers can give, the common ones first.

    Args:
        path: e.g. `transformers.AutoModelForSequenceClassification.from_pretrained`.
        at_most: how many.
    """
    names = [_FORMER_AUTO.get(part, part) for part in path.split(".") if part not in _LOADERS]
    if _FORMER.get(names[0], names[0]) != "transformers" or len(names) < 2:
        return ()
    table = _table("transformers")
    given = table.autos.get(names[-1], {})
    rank = {kind: number for number, kind in enumerate(_COMMON_TYPES.split())}
    kinds = sorted(given, key=lambda kind: (rank.get(kind, len(rank)), kind))[:at_most]
    return tuple(
        LibraryModel("transformers", given[kind], (table.models[given[kind]],), assumed=True, model_type=kind)
        for kind in kinds
    )


def kinds_held(path: str, name: str | None = None) -> frozenset[Kind]:
    """The kinds of parameter that every model holds which this call may make; empty: nothing is certain."""
    model = library_model(path, name)
    if model is not None:
        return frozenset(p.kind for p in model.parameters() if p.present is Ternary.YES)
    several = families(path)
    if several:
        return frozenset.intersection(*(frozenset(p.kind for p in model.parameters()) for model in several))
    found = factory(path)
    return found.holds if found is not None else frozenset()


def ancestors(owner: str) -> tuple[str, ...]:
    """The classes of torch.nn that a library's class is built on, e.g. `torch.nn.modules.normalization.LayerNorm`.

    Empty where the class is not known; one that is built on no layer of torch.nn has `Module` alone.
    """
    library = owner.partition(".")[0]
    above = _ancestors(library).get(owner) if library in LIBRARIES else None
    return () if above is None else above or (_MODULE,)


def has_no_parameters(path: str) -> bool:
    """Whether a library's class was only ever seen without parameters, e.g. `timm.layers.DropPath`."""
    library, _, _ = path.partition(".")
    if library not in LIBRARIES:
        return False
    empty = _table(library).empty
    if path in empty:
        return True
    last = path.rpartition(".")[2]
    return any(name.endswith(f".{last}") for name in empty) and last not in _by_class_name(library)


def _by_class_or_auto(library: str, last: str, name: str | None) -> LibraryModel | None:
    table = _table(library)
    given = table.autos.get(last)
    if given is None:
        return _named(library, last)
    kind = model_type(name) if name else None
    cls = given.get(kind) if kind is not None else None
    if cls is None:
        return None
    return LibraryModel("transformers", cls, (table.models[cls],), model_type=kind or "")


def _named(library: str, name: str) -> LibraryModel | None:
    """A model by the name that its library gives it; timm's tags and prefixes are taken off."""
    models = _table(library).models
    if library == "timm":
        name = re.sub(r"^(hf[-_]hub:)?(timm/)?", "", name).partition(".")[0]
    # The default arguments of diffusers' classes are rarely those of a checkpoint.
    return LibraryModel(library, name, (models[name],), assumed=library == "diffusers") if name in models else None


def _part(library: str, path: str) -> LibraryModel | None:
    """A class that stands somewhere within the models, e.g. `timm.models.vision_transformer.Block`.

    It takes arguments, so that more forms of it may exist than were seen, unless it is a layer seen in one form.
    """
    forms = _by_class(library).get(path)
    if forms is None:
        last = path.rpartition(".")[2]
        candidates = _by_class_name(library).get(last, [])
        forms = candidates[0] if len(candidates) == 1 else _shared_layer(library, last)
    if forms is None:
        return None
    plain = len(forms) == 1 and ">" not in _table(library).nodes[forms[0]]
    return LibraryModel(library, path.partition(".")[2], forms, assumed=not plain, complete=plain)


@cache
def _table(library: str) -> _Table:
    import gzip

    text = gzip.decompress((FOLDER / f"{library}.models.gz").read_bytes()).decode()
    owners, nodes, models, autos, empty = (block.strip("\n").split("\n") for block in text.split("\n\n"))
    return _Table(
        owners=owners,
        nodes=nodes,
        models={name: int(number) for name, _, number in (line.partition("\t") for line in models)},
        autos={
            auto: dict(pair.split("=") for pair in pairs)
            for auto, *pairs in (line.split("\t") for line in autos if line)
        },
        empty=frozenset(empty),
    )


@cache
def _ancestors(library: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(above) for name, *above in (line.split("\t") for line in _table(library).owners)}


@cache
def _by_class(library: str) -> dict[str, tuple[int, ...]]:
    """Each class with the nodes of it."""
    table = _table(library)
    found: dict[int, list[int]] = {}
    for number, line in enumerate(table.nodes):
        found.setdefault(int(line.partition(" ")[0]), []).append(number)
    return {table.owners[owner].partition("\t")[0]: tuple(numbers) for owner, numbers in found.items()}


def _shared_layer(library: str, name: str) -> tuple[int, ...] | None:
    """A layer that many model modules re-export: `timm.models.vision_transformer.Mlp` is `timm.layers.mlp.Mlp`."""
    for path, forms in _by_class(library).items():
        if path.startswith(f"{library}.layers.") and path.endswith(f".{name}"):
            return forms
    return None


@cache
def _by_class_name(library: str) -> dict[str, list[tuple[int, ...]]]:
    """The same by the class's bare name, which packages re-export under shorter paths."""
    found: dict[str, list[tuple[int, ...]]] = {}
    for path, numbers in _by_class(library).items():
        found.setdefault(path.rpartition(".")[2], []).append(numbers)
    return found


@cache
def _parameters(library: str, roots: tuple[int, ...], title: str) -> tuple[Parameter, ...]:
    """Those of every form; one that some form lacks may or may not be present."""
    table = _table(library)
    evidence = Evidence(Witness.LIBRARY, f"inventory of {title}")
    forms = [{(p.name, p.owner): p for p in _walk(table, root, "", evidence)} for root in roots]
    if len(forms) == 1:
        return tuple(forms[0].values())
    found: dict[tuple[str, Kind], Parameter] = {}
    for form in forms:
        found |= {(p.name, p.kind): p for p in form.values() if (p.name, p.kind) not in found}
    names = [{name for name, _ in form} for form in forms]
    everywhere = set.intersection(*names)
    return tuple(p if p.name in everywhere else replace(p, present=Ternary.UNKNOWN) for p in found.values())


def _walk(
    table: _Table, number: int, prefix: str, evidence: Evidence, above: tuple[str, ...] = ()
) -> Iterator[Parameter]:
    owner, *items = table.nodes[number].split(" ")
    owner = table.owners[int(owner)].partition("\t")[0]
    for item in items:
        names, child, node = item.partition(">")
        if child:
            for name in names.split(","):
                yield from _walk(table, int(node), f"{prefix}{name}.", evidence, (*above, owner))
            continue
        leaf, _, facts = item.rpartition(":")
        frozen = facts.endswith("!")
        facts = facts.rstrip("!")
        yield Parameter(
            name=prefix + leaf,
            kind=_KINDS[facts[-1]],
            evidence=evidence,
            ndim=int(facts[:-1]),
            owner=owner,
            attribute=leaf,
            trainable=Ternary.of(not frozen),
            ancestors=above,
        )
