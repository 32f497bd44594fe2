"""Files around the one that makes an optimizer, which meet it as a part of something else: `context.optimizer`.

Nobody hands them the optimizer by itself, so that calls do not lead to them (see `elsewhere`); imports do.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from wdlint.fix.hazards.calls import of_calls
from wdlint.fix.hazards.counts import Had, of_uses
from wdlint.fix.hazards.elsewhere import consulted
from wdlint.fix.hazards.groups import Names, is_groups
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.hazards.order import of_order
from wdlint.fix.program import Program, dotted
from wdlint.knowledge.optimizers import names_in
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

# Words without which a file counts on no groups.
_MARKS = (
    "param_groups", "get_last_lr", "get_lr", "load_state_dict", "LambdaLR", "MultiplicativeLR", "OneCycleLR",
    "CyclicLR", "ReduceLROnPlateau",
)  # fmt: skip


def of_neighbours(program: Program, had: Had) -> Iterator[Hazard]:
    """The first thing in each file around this one that may be otherwise with more groups.

    It is the same for every optimizer of the file that has as many.
    """
    known: dict[Had, tuple[Hazard, ...]] = program.memo("neighbours")
    if had not in known:
        known.clear()  # a trial's project is not kept for it
        known[had] = tuple(_of_neighbours(program, had))
    yield from known[had]


def _of_neighbours(program: Program, had: Had) -> Iterator[Hazard]:
    if had.imports is None:
        return
    for module, importing in had.imports.neighbours(program.module, _MARKS):
        where = consulted(module)
        names = _made_in(where)
        if not importing and not any(_is_part(node, names) for node in where.nodes):
            continue
        found = chain(of_uses(where, names, had), of_order(where, names), of_calls(where, names, had.number))
        for hazard in found:
            yield Hazard(f"in {where.file}, {hazard.reason}", hazard.most)
            break


def _made_in(program: Program) -> Names:
    """What the optimizers go by that a file makes itself."""
    targets = [
        target
        for node in program.nodes
        if isinstance(node, t.Assign) and isinstance(node.value, t.Call) and _is_class(node.value.func)
        for target in node.targets
    ]
    made = frozenset(map(last_part, targets)) - {""}
    attributes = frozenset(last_part(target) for target in targets if not isinstance(target, t.Name))
    return Names(frozenset(), made, made - attributes)


def _is_class(func: t.Expr) -> bool:
    return last_part(func) in names_in("torch.optim") or "optim." in (dotted(func) or "")


def _is_part(node: object, names: Names) -> bool:
    """`trainer.optimizer.param_groups`: of something that is more than an optimizer, and not of the object itself."""
    if not (is_groups(node, names) and isinstance(node, t.Attribute) and isinstance(node.value, t.Attribute)):
        return False
    return not (isinstance(node.value.value, t.Name) and node.value.value.id == "self")
