"""True weights land in the exempt group of a split.

## What it does
Reports weights, the operands of linear layers and convolutions, that a hand-made split puts into its
group without decay, beside the gains and biases that belong there: a short pattern that matches too much
(`"ln" in name` also matches `vuln_head`, `"bn"` matches `subnet`), a white list of types that misses
attention's `in_proj_weight`, a split that is inverted by mistake, a decay under a key that is not read
(WD401), so that no weight decays at all. The split states the intent, so it is
reported even where the visible default of the decay is 0.

## Why is this bad?
The weights are what decay is for. Nothing limits those in the exempt group, and the part of the model
that holds them is regularised less than the rest.

## Example
```python
no_decay = [p for n, p in model.named_parameters() if "bias" in n or "bn" in n]  # also subnet.weight
```

## Use instead
```python
no_decay = [p for n, p in model.named_parameters() if n.endswith("bias") or ".bn" in n]
```
or `decay_groups(model, weight_decay=0.05)`, which goes by what a parameter does.

## When not to use
When a layer is exempt on purpose, such as an output layer or adapters, in one group with the gains and biases
of others; give it a group of its own, name it in `no_weight_decay()` or suppress the finding there.

## Fix safety
Safe: the condition of the split is replaced by one that is exact for this model. The weights then decay
as the others do.

## References
- Names swapped: https://github.com/ArrowLuo/CLIP4Clip/issues/11
- Only biases and norms decayed: https://github.com/facebookresearch/BalancingGroups/issues/6
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint import wording
from wdlint.facts import Confidence, Finding, Group, Kind, Note, OptimizerUse, Parameter, Pattern, Severity, Ternary
from wdlint.reach import UNDECAYED_KINDS, asked_to_exempt, decayed_groups, held
from wdlint.splits import exempt_groups, is_inverted, unread_decay_keys

code = "WD305"
severity = Severity.WARNING
default = True

FLAGGED = (
    """\
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.subnet = nn.Linear(8, 8)
        self.bn1 = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.bn1(self.subnet(x)))


model = Network()
exempt = [p for n, p in model.named_parameters() if "bias" in n or "bn" in n]
decay = [p for n, p in model.named_parameters() if not ("bias" in n or "bn" in n)]
optimizer = torch.optim.AdamW(  # WD305
    [{"params": decay, "weight_decay": 0.05}, {"params": exempt, "weight_decay": 0.0}], lr=1e-3
)
""",
)

PASSED = (
    """\
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.subnet = nn.Linear(8, 8)
        self.bn1 = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.bn1(self.subnet(x)))


model = Network()
exempt = [p for n, p in model.named_parameters() if "bias" in n or n.startswith("bn")]
decay = [p for n, p in model.named_parameters() if not ("bias" in n or n.startswith("bn"))]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.05}, {"params": exempt, "weight_decay": 0.0}], lr=1e-3
)
""",
    """\
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8))
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.body(x))


model = Network()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in model.body.parameters() if p.ndim >= 2]},
        {"params": [p for p in model.body.parameters() if p.ndim < 2], "weight_decay": 0.0},
        {"params": model.head.parameters(), "weight_decay": 0.0},  # a decision: the head whole
    ],
    lr=1e-3,
    weight_decay=0.05,
)
""",
)


def judge(use: OptimizerUse) -> Iterator[Finding]:
    decayed = decayed_groups(use)
    if use.inventory is None:
        return
    if use.inventory.sharded:
        yield from _flat(use)
    if not decayed:
        yield from _unread(use)
    if not use.divided or not decayed:
        return
    inverted = is_inverted(use)
    groups = exempt_groups(use) if inverted else tuple(g for g in exempt_groups(use) if not _is_decision(use, g))
    indexed = dict(held(use, groups))
    asked = asked_to_exempt(use)
    weights = {i: p for i, p in indexed.items() if p.kind is Kind.WEIGHT and not asked(p)}
    present = {i: p for i, p in weights.items() if p.present is Ternary.YES}
    stray = present or (weights if inverted else {})  # whichever of its parts a model has, all that it exempts is wrong
    if not stray:
        return
    parameters = tuple(stray.values())
    wrong = [p for _, p in held(use, decayed) if p.kind in UNDECAYED_KINDS]
    instead = f" and decays {wording.kinds(wrong, use)}: it is inverted" if inverted else ""
    patterns = tuple(_matching(use, stray))
    yield Finding(
        code=code,
        place=use.place,
        message=(
            f"the split of {wording.model(use)} exempts {wording.counted(parameters, Kind.WEIGHT, use)} "
            f"from the decay of {wording.amounts(decayed, use)}{instead}"
        ),
        help=wording.split_advice(use, decayed),
        notes=(
            Note("weights multiply features and are what decay is for"),
            *(Note(f"`{p.text}` matches `{name}`", p.place) for p, name in patterns[:2]),
            *wording.evidence_note(parameters),
        ),
        parameters=tuple(p.name for p in parameters),
        confidence=Confidence.PROVEN if present and not use.inventory.assumed else Confidence.ASSUMED,
        subject=wording.subject(use),
    )


def _flat(use: OptimizerUse) -> Iterator[Finding]:
    """Weights that a split by dimensions exempts because sharding has left them with one."""
    asked = tuple(g for g in use.groups if g.amount.decays and "dimension" in g.selection)
    weights = tuple(p for _, p in held(use, exempt_groups(use)) if p.kind is Kind.WEIGHT)
    if not asked or not weights or any(p.kind is Kind.WEIGHT for _, p in held(use, asked)):
        return
    yield Finding(
        code=code,
        place=use.place,
        message=(
            f"{wording.counted(weights, Kind.WEIGHT)} of {wording.model(use)} "
            f"{'do' if len(weights) > 1 else 'does'} not decay: the split asks for dimensions after sharding"
        ),
        help="divide the parameters by names or layers, or before the model is wrapped",
        notes=(
            Note("FSDP leaves every parameter with one dimension, with `use_orig_params=True` too"),
            *(Note("no parameter is in this group", g.place) for g in asked),
        ),
        parameters=tuple(p.name for p in weights),
        confidence=Confidence.ASSUMED if use.inventory is not None and use.inventory.assumed else Confidence.PROVEN,
        subject=wording.subject(use),
    )


def _is_decision(use: OptimizerUse, group: Group) -> bool:
    """Whether a group holds modules whole, or weights alone: somebody chose them, such as a head that is not decayed.

    A slip takes weights along with the gains and biases of other modules.
    """
    inside = [p for _, p in held(use, (group,))]
    chosen = {p.name.rpartition(".")[0] for p in inside if p.kind is Kind.WEIGHT}
    return all(p.name.rpartition(".")[0] in chosen for p in inside if p.kind in UNDECAYED_KINDS)


def _unread(use: OptimizerUse) -> Iterator[Finding]:
    """Weights whose group tries to set a decay by a key that is not read, beside a group that doesn't try."""
    keys = {key for group in use.groups for _, key, _ in unread_decay_keys(use, group)}
    trying = tuple(g for g in use.groups if keys.intersection(g.options))
    resting = tuple(g for g in use.groups if g not in trying)
    weights = tuple(p for _, p in held(use, trying) if p.kind is Kind.WEIGHT and p.present is Ternary.YES)
    if not weights or not any(p.kind in UNDECAYED_KINDS for _, p in held(use, resting)):
        return
    yield Finding(
        code=code,
        place=use.place,
        message=(
            f"{wording.counted(weights, Kind.WEIGHT)} of {wording.model(use)} "
            f"{'do' if len(weights) > 1 else 'does'} not decay: "
            f"{wording.optimizer(use)} does not read {wording.listed([f'`{key}`' for key in sorted(keys)])}"
        ),
        help="correct the key, as WD401 says",
        notes=(
            Note("weights multiply features and are what decay is for"),
            *(Note("the group that tries to set a decay", g.place) for g in trying),
        ),
        parameters=tuple(p.name for p in weights),
        confidence=Confidence.ASSUMED if use.inventory is not None and use.inventory.assumed else Confidence.PROVEN,
        subject=wording.subject(use),
    )


def _matching(use: OptimizerUse, stray: dict[int, Parameter]) -> Iterator[tuple[Pattern, str]]:
    """The exempting patterns that match one of these weights, each once, with the weight's name."""
    patterns = {p.text: p for group in use.groups for p in group.patterns if p.exempts}
    for pattern in patterns.values():
        matched = next((i for i in stray if i < len(pattern.matches) and pattern.matches[i] is Ternary.YES), None)
        if matched is not None:
            yield pattern, stray[matched].name
