"""Build the models of transformers, diffusers, timm and torchvision on the meta device and write their parameters down.

    python -m wdlint.making.models LIBRARY [TRUTH.csv.gz]

LIBRARY is one of transformers, diffusers, timm, torchvision, which must be installed with torch. No weights are
loaded: a model is built from its default configuration. TRUTH.csv.gz, if given, holds measured kinds
(one row a parameter: library, model, param, shape, owner, kind, sub, how); a measured kind of an
owner's parameter is taken over for that class, and the others are classified by `wdlint.model`.
Writes `LIBRARY.models.gz` into `wdlint/knowledge`; `wdlint.knowledge.models` says how it is laid out.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import inspect
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from wdlint import knowledge
from wdlint.facts import Kind, Parameter
from wdlint.making.trees import Forest, qualified, torch_ancestors
from wdlint.model.kinds.classify import classify

FOLDER = Path(knowledge.__file__).parent
SECONDS = 120  # for one model
LETTERS = {Kind.WEIGHT: "w", Kind.GAIN: "g", Kind.BIAS: "b", Kind.EMBEDDING: "e", Kind.OTHER: "o", Kind.UNKNOWN: "u"}


# What some configurations must be told before a model can be built; none of it adds or removes a parameter.
OPTIONS: dict[str, dict[str, Any]] = {
    "Esm": {"vocab_size": 33},
    "Informer": {"prediction_length": 24},
    "TimeSeriesTransformer": {"prediction_length": 24},
    "Wav2Vec2BertForCTC": {"vocab_size": 32},
    "Wav2Vec2ConformerForCTC": {"vocab_size": 32},
    "ReformerModelWithLMHead": {"is_decoder": True},
    "Ministral": {"head_dim": 128},
    "HunYuanDense": {"head_dim": 128},
    "HunYuanMoE": {"head_dim": 128},
    "Nemotron": {"num_key_value_heads": 8},
    "BeitForSemanticSegmentation": {"out_indices": [3, 5, 7, 11]},
    "DeepseekOcr2Text": {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}},
}


class Kinds:
    """The kind of each parameter: measured where it was measured, else what the model engine says of it."""

    def __init__(self, truth: Path | None) -> None:
        self.measured: dict[tuple[str, str], Kind] = {}
        self.told: dict[tuple[str, str, int], Kind] = {}
        self.agreement: Counter[tuple[Kind, Kind]] = Counter()
        if truth is not None:
            with gzip.open(truth, "rt", encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if row["how"] != "judged":
                        self.measured.setdefault((row["owner"], row["param"].rpartition(".")[2]), measured_kind(row))

    def of(self, model: Any) -> Callable[[Any, str, str], str]:
        """How to tell the kinds of one model's parameters."""
        classification: dict[str, Kind] = {}

        def kind(module: Any, leaf: str, path: str) -> str:
            key = (qualified(type(module)), leaf, module._parameters[leaf].dim())
            if key not in self.told:
                if not classification:
                    found = classify(model, watch=False)
                    classification.update(
                        (c.parameter.name, told_kind(c.parameter, c.held.owner)) for c in found.parameters
                    )
                self.told[key] = classification.get(path, Kind.UNKNOWN)
                if key[:2] in self.measured:
                    self.agreement[self.measured[key[:2]], self.told[key]] += 1
            return LETTERS[self.measured.get(key[:2], self.told[key])]

        return kind


def transformers_models() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every model class of transformers that a default configuration builds."""
    transformers: Any = importlib.import_module("transformers")
    pretrained = transformers.PreTrainedModel
    for name in sorted(dir(transformers)):
        if name.endswith("PreTrainedModel") or not name[0].isupper() or name.startswith(("Auto", "TF", "Flax")):
            continue
        try:
            cls = getattr(transformers, name)
        except Exception:  # an optional dependency that isn't installed
            continue
        if (
            isinstance(cls, type)
            and issubclass(cls, pretrained)
            and isinstance(getattr(cls, "config_class", None), type)
        ):
            yield name, partial(on_meta, cls)


def measured_kind(row: dict[str, str]) -> Kind:
    """A measured kind in the words of `wdlint.facts`, where raw tokens and positions are no embeddings."""
    raw = row["sub"] in ("token", "position") and not row["owner"].startswith("torch.nn.modules.sparse.")
    return Kind.OTHER if row["kind"] == "embedding" and raw else Kind(row["kind"])


def told_kind(parameter: Parameter, owner: Any) -> Kind:
    """The same for what the model engine says: an embedding is a table that is looked up."""
    looked_up = any("sparse.Embedding" in name for name in (qualified(type(owner)), *torch_ancestors(type(owner))))
    if parameter.kind is Kind.EMBEDDING and not looked_up and "looked up" not in parameter.evidence.text:
        return Kind.OTHER
    return parameter.kind


def on_meta(cls: Any) -> Any:
    """Default configurations may mean a model of hundreds of gigabytes: never on a real device."""
    options = next((given for start, given in OPTIONS.items() if cls.__name__.startswith(start)), {})
    try:
        return cls(cls.config_class(**options))
    except NotImplementedError as error:
        raise RuntimeError(error) from error


def transformers_autos() -> dict[str, dict[str, str]]:
    """Each Auto class with the model class that it gives for each model type."""
    module: Any = importlib.import_module("transformers.models.auto.modeling_auto")
    found = {}
    for name in dir(module):
        mapping = getattr(getattr(module, name), "_model_mapping", None)
        if name.startswith("AutoModel") and mapping is not None:
            named = {kind: cls[0] if isinstance(cls, tuple) else cls for kind, cls in mapping._model_mapping.items()}
            found[name] = named
    return found


def diffusers_models() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every model class of diffusers that its default arguments build."""
    diffusers: Any = importlib.import_module("diffusers")
    for name in sorted(dir(diffusers)):
        try:
            cls = getattr(diffusers, name)
        except Exception:  # an optional dependency that isn't installed
            continue
        if inspect.isclass(cls) and issubclass(cls, diffusers.ModelMixin) and cls is not diffusers.ModelMixin:
            yield name, cls


def timm_models() -> Iterator[tuple[str, Callable[[], Any]]]:
    timm: Any = importlib.import_module("timm")
    for name in timm.list_models():
        yield name, partial(timm.create_model, name, pretrained=False)


def timm_former_names() -> dict[str, str]:
    """Names of earlier releases with the names that they stand for now."""
    registry: Any = importlib.import_module("timm.models._registry")
    return {old: now.partition(".")[0] for old, now in registry._deprecated_models.items() if now}


def torchvision_models() -> Iterator[tuple[str, Callable[[], Any]]]:
    models: Any = importlib.import_module("torchvision.models")
    for name in models.list_models():
        segments = {"weights_backbone": None} if _takes_backbone(models, name) else {}
        yield name, partial(models.get_model, name, weights=None, **segments)


def _takes_backbone(models: Any, name: str) -> bool:
    return "weights_backbone" in inspect.signature(models.get_model_builder(name)).parameters


SOURCES = {
    "transformers": transformers_models,
    "diffusers": diffusers_models,
    "timm": timm_models,
    "torchvision": torchvision_models,
}


def built(make: Callable[[], Any]) -> Any:
    """A model on the meta device, or an error within `SECONDS`."""
    torch: Any = importlib.import_module("torch")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not built within {SECONDS} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        with torch.device("meta"):
            return make()
    except NotImplementedError:  # its construction reads values, which meta tensors don't have
        return make()
    finally:
        signal.alarm(0)


def written(forest: Forest, roots: dict[str, int], autos: dict[str, dict[str, str]]) -> str:
    """The table: classes, nodes, models, Auto classes, and classes without parameters, one a line, in five blocks."""
    owners = {owner: str(number) for number, owner in enumerate(sorted({node.owner for node in forest.nodes}))}
    blocks = [
        ["\t".join([owner, *forest.ancestors[owner]]) for owner in owners],
        [node_line(owners[node.owner], node) for node in forest.nodes],
        [f"{name}\t{number}" for name, number in sorted(roots.items())],
        ["\t".join([auto, *(f"{kind}={cls}" for kind, cls in sorted(given.items()) if cls in roots)])
         for auto, given in sorted(autos.items())],
        forest.without_parameters(),
    ]  # fmt: skip
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def node_line(owner: str, node: Any) -> str:
    """`12 weight:2w bias:1b! 0,3>7 attn>9`: class, own parameters (`!`: frozen), children."""
    leaves = [f"{name}:{ndim}{kind}{'' if trained else '!'}" for name, ndim, kind, trained in node.leaves]
    return " ".join([owner, *leaves, *(f"{name}>{number}" for name, number in node.children)])


def main() -> None:
    library = sys.argv[1]
    kinds = Kinds(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    forest = Forest()
    roots: dict[str, int] = {}
    failed: list[str] = []
    begun = time.perf_counter()
    for name, make in SOURCES[library]():
        try:
            model = built(make)
            number = forest.add(model, kinds.of(model))
        except Exception as error:  # a model that its default configuration doesn't build: named in the report
            failed.append(f"{name}: {type(error).__name__}: {str(error)[:120]}")
            continue
        if number is not None:
            roots[name] = number
    if library == "timm":
        roots |= {old: roots[now] for old, now in timm_former_names().items() if now in roots and old not in roots}
    text = written(forest, roots, transformers_autos() if library == "transformers" else {})
    target = FOLDER / f"{library}.models.gz"
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    report(kinds, failed)
    print(f"{library}: {len(roots)} models, {len(failed)} not built, {len(forest.nodes)} nodes,")
    print(f"{len(text)} bytes of text, {target.stat().st_size} packed, {time.perf_counter() - begun:.0f} s")


def report(kinds: Kinds, failed: list[str]) -> None:
    """What was not built, and how often the model engine says what was measured."""
    print("\n".join(failed))
    both = sum(kinds.agreement.values())
    if both:
        same = sum(count for (measured, told), count in kinds.agreement.items() if measured is told)
        spared = sum(
            count
            for (measured, told), count in kinds.agreement.items()
            if (measured is Kind.WEIGHT) is (told is Kind.WEIGHT) and told is not Kind.UNKNOWN
        )
        print(f"of {both} measured (class, parameter) pairs: same kind {same}, same side of decay {spared}")
        for (measured, told), count in sorted(kinds.agreement.items(), key=str):
            if measured is not told:
                print(f"  measured {measured.value}, told {told.value}: {count}")
    unmeasured = Counter(told for key, told in kinds.told.items() if key[:2] not in kinds.measured)
    print("not measured:", ", ".join(f"{kind.value} {count}" for kind, count in unmeasured.items()))


if __name__ == "__main__":
    main()
