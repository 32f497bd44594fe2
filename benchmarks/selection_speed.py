"""How long it takes to decide hand-made splits over an inventory of 1,000 parameter patterns.

Run by hand: `python benchmarks/selection_speed.py`. Prints milliseconds of processor time: for the first
time that a split meets the inventory, when nothing is remembered, and for later times (the best of ten).
"""

from __future__ import annotations

import time

from wdlint.facts import Evidence, Kind, Parameter, Witness
from wdlint.source.selections.membership import members, outcomes
from wdlint.source.selections.ordinary_parameters import division
from wdlint.source.selections.predicates import (
    Contains,
    Dims,
    Equals,
    FullName,
    InNames,
    Lower,
    Matches,
    Opaque,
    Segment,
    Selector,
    StartsWith,
    both,
    either,
    negation,
)

NAME = FullName()
LEGACY = either(Contains(NAME, "bias"), Contains(NAME, "LayerNorm.weight"))
TRAINER = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]


def inventory(size: int) -> list[Parameter]:
    """Names as libraries have them, half of them with an index that is not fixed."""
    leaves = ["norm1.weight", "attn.qkv.weight", "attn.qkv.bias", "mlp.fc1.weight", "LayerNorm.bias"]
    evidence = Evidence(Witness.NAME, "")
    return [
        Parameter(
            f"encoder.{'layers.*' if index % 2 else f'stage{index}.0'}.block{index}.{leaves[index % 5]}",
            Kind.UNKNOWN,
            evidence,
            ndim=index % 3,
        )
        for index in range(size)
    ]


def splits(parameters: list[Parameter]) -> dict[str, Selector]:
    names = tuple(parameter.name.replace("*", "3") for parameter in parameters[::3])
    layers = either(*(StartsWith(NAME, f"encoder.layers.{index}.") for index in range(12)))
    return {
        "two substrings, negated": negation(LEGACY),
        "fewer than 2 dimensions": Dims("<", 2),
        "last part is 'bias', or lower-case name has 'norm1'": either(
            Equals(Segment(NAME, -1), "bias"), Contains(Lower(NAME), "norm1")
        ),
        "five regular expressions": either(*(Matches(NAME, pattern) for pattern in TRAINER)),
        "a third of the names, listed": InNames(NAME, names),
        "twelve layers by prefix": layers,
        "a condition that can't be told": either(both(Opaque("q"), LEGACY), Dims("<", 2)),
    }


def main() -> None:
    parameters = inventory(1000)
    print(f"{'first':>8} {'later':>8}  ms for 1,000 patterns")
    for label, selector in splits(parameters).items():
        times = []
        for _ in range(11):
            start = time.process_time()
            members(selector, parameters)
            times.append(1e3 * (time.process_time() - start))
        print(f"{times[0]:8.1f} {min(times[1:]):8.1f}  {label}")
    groups = [StartsWith(NAME, f"encoder.layers.{index}.") for index in range(12)]
    start = time.process_time()
    for parameter in parameters:
        outcomes([*groups, negation(either(*groups))], parameter)
    print(f"{1e3 * (time.process_time() - start):8.1f} {'':8}  13 groups at once, one a layer")
    start = time.process_time()
    division(LEGACY)
    print(f"{1e3 * (time.process_time() - start):8.1f} {'':8}  two substrings, over a model that can't be seen")


if __name__ == "__main__":
    main()
