"""Turn models into a table of module trees in which equal parts stand once.

A model's parameters are a tree of modules. Equal subtrees, within one model and across models, become
one line, so a few thousand lines hold the parameters of a few thousand models. Children of a list are
merged under `*` unless that would hide a difference in kind, dimensions or owner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# What a parameter is, in the table: its leaf name, dimensions and kind, and whether it is trained.
Leaf = tuple[str, int, str, bool]
Facts = tuple[int, str, str]


@dataclass(frozen=True)
class Node:
    """One module: its class, its own parameters, and its children by name (`*`, or `0,2` for some of a list)."""

    owner: str
    leaves: tuple[Leaf, ...]
    children: tuple[tuple[str, int], ...]


@dataclass
class Forest:
    """Every distinct subtree seen, each under a number."""

    nodes: list[Node] = field(default_factory=list)
    numbers: dict[Node, int] = field(default_factory=dict)
    ancestors: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of each owner, those of torch.nn
    empty: set[str] = field(default_factory=set)  # classes of modules seen without parameters
    below: list[dict[str, Facts]] = field(default_factory=list)  # of each node: relative name to its facts

    def add(self, model: Any, kind_of: Callable[[Any, str, str], str]) -> int | None:
        """The number of a model's tree; None where it has no parameters.

        Args:
            kind_of: from a module, the name of one of its parameters and the parameter's full name to its kind.
        """
        return self._module(model, "", set(), kind_of)

    def _module(self, module: Any, path: str, seen: set[int], kind_of: Callable[[Any, str, str], str]) -> int | None:
        owner = qualified(type(module))
        leaves: list[Leaf] = []
        for name, parameter in module._parameters.items():
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                leaves.append((name, parameter.dim(), kind_of(module, name, path + name), parameter.requires_grad))
        children = []
        for name, child in module._modules.items():
            if child is not None and (number := self._module(child, f"{path}{name}.", seen, kind_of)) is not None:
                children.append((name, number))
        if not leaves and not children:
            if not any(parameter is not None for parameter in module.parameters()):  # else: all tied, seen before
                self.empty.add(owner)
            return None
        self.ancestors.setdefault(owner, torch_ancestors(type(module)))
        return self._number(Node(owner, merged_leaves(leaves), self._merged(children)))

    def without_parameters(self) -> list[str]:
        """Classes that were never seen with a parameter, those of torch.nn left out."""
        held = {node.owner for node in self.nodes}
        return sorted(owner for owner in self.empty - held if not owner.startswith("torch."))

    def _merged(self, children: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        """Children with the numbered ones under `*` where nothing is lost by it."""
        listed = [(name, number) for name, number in children if name.isdigit()]
        if len(listed) < 2:
            return tuple(children)
        facts: dict[str, Facts] = {}
        harmless = all(
            facts.setdefault(name, seen) == seen for _, number in listed for name, seen in self.below[number].items()
        )
        groups: dict[int, list[str]] = defaultdict(list)
        for name, number in listed:
            groups[number].append(name)
        short = [("*" if harmless else ",".join(names), number) for number, names in groups.items()]
        return tuple([child for child in children if not child[0].isdigit()] + short)

    def _number(self, node: Node) -> int:
        if node in self.numbers:
            return self.numbers[node]
        facts: dict[str, Facts] = {name: (ndim, kind, node.owner) for name, ndim, kind, _ in node.leaves}
        for names, number in node.children:
            for name in names.split(","):
                facts.update((f"{name}.{rest}", seen) for rest, seen in self.below[number].items())
        self.below.append(facts)
        self.nodes.append(node)
        self.numbers[node] = len(self.nodes) - 1
        return self.numbers[node]


def merged_leaves(leaves: list[Leaf]) -> tuple[Leaf, ...]:
    """Own parameters, with those of a ParameterList under `*` if they are alike."""
    listed = {leaf[1:] for leaf in leaves if leaf[0].isdigit()}
    if len(listed) != 1:
        return tuple(leaves)
    return tuple(dict.fromkeys(("*", *leaf[1:]) if leaf[0].isdigit() else leaf for leaf in leaves))


def qualified(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def torch_ancestors(cls: type) -> tuple[str, ...]:
    """The layers of torch.nn that a class is built on."""
    own = qualified(cls)
    names = [qualified(base) for base in cls.__mro__[1:]]
    return tuple(
        name for name in names if name.startswith("torch.nn.modules.") and name != "torch.nn.modules.module.Module"
        and not own.startswith("torch.nn.modules.container.")
    )  # fmt: skip
