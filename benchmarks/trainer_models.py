"""The split of transformers' Trainer over its own models: the static reading beside what the Trainer itself answers.

    python benchmarks/trainer_models.py [--at-most N] [CLASS…]

Each class of which wdlint has an inventory is built on the meta device with its default configuration, and asked by
`Trainer.get_decay_parameter_names` which parameters decay. The script that trains the same class is read as source.
Compared is each parameter that is trained; those of which the reading says "can't tell" are counted apart.
transformers and torch must be installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from model_zoo import declare_torchvision

from wdlint.facts import OptimizerUse, Ternary
from wdlint.knowledge.models import library_model
from wdlint.making.models import built, transformers_models
from wdlint.source.engine import Project, observe

SCRIPT = """\
import transformers

model = transformers.{name}(transformers.{config}())
args = transformers.TrainingArguments("out", weight_decay=0.1)
transformers.Trainer(model=model, args=args)
"""


@dataclass
class Compared:
    """The parameters of one model, by what came of them."""

    agree: int = 0
    untold: int = 0
    wrong: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # in the model and in no line of the inventory


def read(name: str, config: str) -> OptimizerUse | None:
    """The optimizer that wdlint reads in a script that trains a class."""
    uses = observe("train.py", SCRIPT.format(name=name, config=config).encode(), Project([])).uses
    return uses[0] if len(uses) == 1 else None


def compared(use: OptimizerUse, model: Any, decayed: frozenset[str]) -> Compared:
    """What the reading says of each parameter, beside the Trainer's own answer."""
    assert use.inventory is not None
    group = next(g for g in use.groups if g.amount.decays)
    told = {p.name: group.members[index] for index, p in enumerate(use.inventory.parameters)}
    found = Compared()
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue  # in no group
        pattern = next((p for p in _patterns(name) if p in told), None)
        if pattern is None:
            found.unlisted.append(name)
        elif told[pattern] is Ternary.UNKNOWN:
            found.untold += 1
        elif (told[pattern] is Ternary.YES) is (name in decayed):
            found.agree += 1
        else:
            found.wrong.append(f"{name}: {'not ' if name in decayed else ''}decayed by the reading")
    return found


def _patterns(name: str) -> Iterator[str]:
    """The name as an inventory may have it: each number a star or itself."""
    starts = [""]
    for part in name.split("."):
        forms = ("*", part) if part.isdigit() else (part,)
        starts = [f"{start}.{form}" if start else form for start in starts for form in forms]
    yield from starts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("classes", nargs="*")
    parser.add_argument("--at-most", type=int, default=0, help="stop after so many classes")
    options = parser.parse_args()
    declare_torchvision()
    import transformers

    models = parameters = untold = unlisted = 0
    wrong: list[str] = []
    for name, build in transformers_models():
        if (options.classes and name not in options.classes) or library_model(f"transformers.{name}") is None:
            continue
        if options.at_most and models >= options.at_most:
            break
        try:
            model = built(build)
            decayed = frozenset(transformers.Trainer.get_decay_parameter_names(None, model))
        except Exception as error:
            print(f"{name}: not built: {type(error).__name__}: {str(error)[:100]}")
            continue
        use = read(name, model.config_class.__name__)
        if use is None or use.inventory is None:
            wrong.append(f"{name}: the script is not read")
            continue
        found = compared(use, model, decayed)
        models += 1
        parameters += found.agree
        untold += found.untold
        unlisted += len(found.unlisted)
        wrong += [f"{name}: {row}" for row in found.wrong]
        if found.wrong or found.unlisted:
            told = f"{len(found.wrong)} wrong, {len(found.unlisted)} unlisted"
            print(f"{name}: {told}: {', '.join((found.wrong + found.unlisted)[:3])}")
    print(*wrong, sep="\n")
    print(
        f"{models} models: {parameters} parameters agree, {untold} can't be told, {unlisted} are in no inventory, "
        f"{len(wrong)} are wrong"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
