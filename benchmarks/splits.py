"""Well-known splits over models of libraries: what the engine says of each parameter, and what happens.

Run by hand with torch, transformers, timm and torchvision installed: `python benchmarks/splits.py [-v] [PART …]`.
Models are built on the meta device; a PART limits the splits and models to those whose name contains it.
Interrupted, it reports what it has until then.
Prints one row a split, and the agreement where the engine claims to know. Exit code 1 if any claim is wrong.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from helpers.split_agreement import Comparison, compare, happened, read, run, scripts

TRANSFORMERS = """
    GPT2LMHeadModel BertForSequenceClassification RobertaModel DistilBertModel T5ForConditionalGeneration
    LlamaForCausalLM Qwen2ForCausalLM BartForConditionalGeneration CLIPModel ViTForImageClassification SwinModel
    DebertaV2Model ElectraModel AlbertModel OPTForCausalLM BloomModel GPTNeoXModel PhiForCausalLM GemmaForCausalLM
    Wav2Vec2Model WhisperForConditionalGeneration MambaModel ConvNextModel SegformerModel DetrForObjectDetection
""".split()
TIMM = """
    vit_base_patch16_224 deit_tiny_patch16_224 swin_tiny_patch4_window7_224 convnext_tiny beit_base_patch16_224
    mixer_b16_224 resnet50 efficientnet_b0 regnety_016 cait_xxs24_224 xcit_tiny_12_p16_224 maxvit_tiny_tf_224
    coatnet_0_rw_224 mobilenetv3_large_100 resmlp_12_224
""".split()
TORCHVISION = """
    resnet50 densenet121 vgg16_bn mobilenet_v3_large efficientnet_b0 convnext_tiny vit_b_16 swin_t mnasnet1_0
    shufflenet_v2_x1_0
""".split()


def builders() -> dict[str, tuple[str, str, Callable[[], Any]]]:
    """Each model's title, with the import and the expression that the engine reads, and how it is built."""
    import timm
    import torchvision
    import transformers

    found: dict[str, tuple[str, str, Callable[[], Any]]] = {}
    for name in TRANSFORMERS:
        cls = getattr(transformers, name)
        config = cls.config_class.__name__
        written = f"transformers.{name}(transformers.{config}())"
        found[f"transformers.{name}"] = ("import transformers", written, lambda cls=cls: cls(cls.config_class()))
    for name in TIMM:
        written = f'timm.create_model("{name}", pretrained=False)'
        found[f"timm.{name}"] = ("import timm", written, lambda name=name: timm.create_model(name))
    for name in TORCHVISION:
        make = getattr(torchvision.models, name)
        found[f"torchvision.{name}"] = ("import torchvision", f"torchvision.models.{name}()", make)
    return found


def main(arguments: list[str]) -> int:
    warnings.simplefilter("ignore")
    verbose = "-v" in arguments
    parts = [a for a in arguments if a != "-v"]
    splits, models = scripts(), builders()
    if parts:
        splits = [s for s in splits if any(p in s.stem for p in parts)] or splits
        models = {t: m for t, m in models.items() if any(p in t for p in parts)} or models
    results: dict[str, list[tuple[str, Comparison]]] = defaultdict(list)
    failed: Counter[str] = Counter()
    clock = [0.0, 0.0]
    try:
        _compare_all(models, splits, results, failed, clock, verbose)
    except KeyboardInterrupt:
        print("interrupted: what follows is what was compared until now")
    spent, broken = clock
    return _report(results, failed, len(models), spent, verbose) or min(int(broken), 1)


def _compare_all(
    models: dict[str, tuple[str, str, Callable[[], Any]]],
    splits: list[Path],
    results: dict[str, list[tuple[str, Comparison]]],
    failed: Counter[str],
    clock: list[float],
    verbose: bool,
) -> None:
    """Fills `results` and `failed`; `clock` gets the seconds of reading, and how many readings broke."""
    import torch

    for title, (imports, construction, make) in models.items():
        with torch.device("meta"):
            model = make()
        for split in splits:
            try:
                built, optimizer = run(split, lambda model=model: model)
            except Exception as error:
                failed[split.stem] += 1
                if verbose:
                    print(f"  {split.stem} can't be run over {title}: {error}")
                continue
            start = time.perf_counter()
            try:
                uses = read(split, imports, construction)
            except Exception as error:
                print(f"{split.stem} over {title}: {type(error).__name__}: {error}")
                clock[1] += 1
                continue
            clock[0] += time.perf_counter() - start
            results[split.stem].append(
                (title, compare(uses[0] if len(uses) == 1 else None, happened(built, optimizer)))
            )
        del model
        gc.collect()


def _report(
    results: dict[str, list[tuple[str, Comparison]]], failed: Counter[str], models: int, spent: float, verbose: bool
) -> int:
    agree = wrong = untold = 0
    print(f"{'split':<28}{'models':>7}{'parameters':>12}{'agree':>9}{'wrong':>7}{'unknown':>9}")
    for name, pairs in results.items():
        right = sum(c.agree for _, c in pairs)
        errors = sum(len(c.disagree) for _, c in pairs)
        open_ = sum(c.untold for _, c in pairs)
        agree, wrong, untold = agree + right, wrong + errors, untold + open_
        total = right + errors + open_
        print(f"{name:<28}{len(pairs):>7}{total:>12}{right:>9}{errors:>7}{open_ / max(1, total):>9.1%}")
        if verbose:
            for title, comparison in pairs:
                if comparison.unnamed:
                    print(f"    {title}: {comparison.unnamed} parameters have no name in the inventory")
                for line in comparison.disagree[:3]:
                    print("    {}: {} is said to be {}, and is {}".format(title, *line))
    told = agree + wrong
    runs = sum(len(pairs) for pairs in results.values())
    print(f"\n{len(results)} splits over {models} models, {runs} runs ({sum(failed.values())} splits can't be run)")
    print(f"agreement where the engine claims to know: {agree / max(1, told):.3%} of {told} parameters, {wrong} wrong")
    print(f"unknown: {untold / max(1, told + untold):.2%}; {spent / max(1, runs) * 1000:.0f} ms to read a script")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
