"""Selections in words."""

from __future__ import annotations

import pytest

from wdlint.source.selections.description import words
from wdlint.source.selections.predicates import (
    Always,
    AncestorIs,
    Contains,
    Dims,
    EndsWith,
    Equals,
    FullName,
    HasFlag,
    InNames,
    Leaf,
    Lower,
    Matches,
    Opaque,
    OwnerIs,
    OwnerName,
    OwnerType,
    Placed,
    Prefixed,
    Replaced,
    Segment,
    Selector,
    Size,
    StartsWith,
    Trainable,
    Upper,
    Within,
    both,
    either,
    negation,
)

NAME = FullName()
EXEMPT = either(Contains(NAME, "bias"), Contains(NAME, "LayerNorm.weight"))
NORMS = OwnerIs(frozenset({"torch.nn.LayerNorm", "torch.nn.modules.batchnorm.BatchNorm2d"}))


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (EXEMPT, "name contains any of 'bias', 'LayerNorm.weight'"),
        (negation(EXEMPT), "name contains none of 'bias', 'LayerNorm.weight'"),
        (negation(Contains(NAME, "bias")), "name does not contain 'bias'"),
        (both(NORMS, EndsWith(NAME, "bias")), "owner is nn.BatchNorm2d or nn.LayerNorm and name ends with 'bias'"),
        (negation(NORMS), "owner is neither nn.BatchNorm2d nor nn.LayerNorm"),
        (either(NORMS, OwnerIs(frozenset({"a.RMSNorm"}))), "owner is one of RMSNorm, nn.BatchNorm2d, nn.LayerNorm"),
        (AncestorIs(frozenset({"a.Head"})), "a module on its path is Head"),
        (negation(AncestorIs(frozenset({"a.Head"}))), "no module on its path is Head"),
        (Dims("<", 2), "fewer than 2 dimensions"),
        (Dims("<=", 1), "fewer than 2 dimensions"),
        (Dims("==", 1), "1 dimension"),
        (Dims("==", 0), "no dimensions"),
        (Dims("!=", 1), "not 1 dimension"),
        (Dims(">", 1), "2 or more dimensions"),
        (Size(0, "==", 1), "size of axis 0 equal to 1"),
        (Size(None, "<=", 1), "number of elements at most 1"),
        (
            both(Trainable(), either(Dims("<", 2), EXEMPT)),
            "trainable and (fewer than 2 dimensions or name contains any of 'bias', 'LayerNorm.weight')",
        ),
        (
            negation(both(Trainable(), either(Dims("<", 2), Contains(NAME, "bias")))),
            "not trainable or (2 or more dimensions and name does not contain 'bias')",
        ),
        (either(Opaque("k", "args.freeze"), negation(EXEMPT)), f"args.freeze or {words(negation(EXEMPT))}"),
        (negation(Opaque("k", "args.freeze")), "not (args.freeze)"),
        (Opaque("k"), "a condition that can't be told"),
        (HasFlag("_no_weight_decay"), "marked _no_weight_decay"),
        (Placed("", False, None, 4), "one of the parameters [:4] of the model"),
        (negation(Placed("body", True, -2)), "not of a child [-2:] of `body`"),
        (negation(HasFlag("_no_weight_decay")), "not marked _no_weight_decay"),
        (InNames(NAME, ("cls_token",)), "name is 'cls_token'"),
        (negation(InNames(NAME, ("cls_token", "pos_embed"))), "name is none of 'cls_token', 'pos_embed'"),
        (InNames(NAME, tuple("abcdefghij")), "name is one of 'a', 'b', 'c', 'd', 'e', 'f' and 4 more"),
        (Equals(Leaf(), "bias"), "last part of name is 'bias'"),
        (Equals(Segment(NAME, -2), "norm"), "second last part of name is 'norm'"),
        (Equals(Segment(NAME, 11), "norm"), "12th part of name is 'norm'"),
        (Equals(Segment(NAME, 21), "norm"), "22nd part of name is 'norm'"),
        (StartsWith(OwnerName(), "layers"), "owner's path starts with 'layers'"),
        (Contains(Lower(OwnerType()), "norm"), "lower-case owner's class name contains 'norm'"),
        (Contains(Upper(NAME), "NORM"), "upper-case name contains 'NORM'"),
        (EndsWith(Replaced(NAME, "module.", ""), "x"), "name without 'module.' ends with 'x'"),
        (EndsWith(Replaced(NAME, "_", "."), "x"), "name with '.' for '_' ends with 'x'"),
        (StartsWith(Prefixed("module.", NAME), "x"), "'module.' + name starts with 'x'"),
        (Within(NAME, "bias"), "name is part of the string 'bias'"),
        (Matches(NAME, "norm"), "name matches the pattern 'norm'"),
        (Matches(NAME, "norm", "match", 2), "name matches the pattern 'norm' at its beginning in any case"),
        (negation(Matches(NAME, "norm", "fullmatch")), "name does not match the pattern 'norm' as a whole"),
        (Always(True), "every parameter"),
        (Always(False), "no parameter"),
    ],
)
def test_words(selector: Selector, text: str) -> None:
    assert words(selector) == text
