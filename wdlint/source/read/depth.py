"""Whether code is nested too deeply for the parser, which would end the whole process at it.

libcst's parser is native code that recurses: from about two thousand levels on it overflows its stack, and long
before that its time grows with the square of the depth. Python itself reads at most 200 nested brackets.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_BRACKETS = 200  # the limit of Python's tokenizer
_LEVELS = 1_300  # of anything else; people's code stays below 50, and generated sums have some hundred terms
_LONG_LINE = 2_000  # characters
_FRAMES = 9_000  # of Python's, that questions about such code may take; the evaluator bounds their nesting itself

_BRACKET = re.compile(r"[()\[\]{}]")
_PREFIXES = re.compile(r"(?:(?:[-+~]|not\b|await\b|lambda\s*:)[ \t]*){100}")


@contextmanager
def deep_questions() -> Iterator[None]:
    """Lets functions call each other as deeply as what may be parsed is nested."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def too_deep(text: str) -> bool:
    """Whether a program's expressions or chains of `elif` are nested beyond what can be parsed safely."""
    return _may_be_deep(text) and _is_deep(text)


def _may_be_deep(text: str) -> bool:
    """A cheap look that is sure to see nested brackets, and long runs of what else nests."""
    depth = 0
    for bracket in _BRACKET.findall(text):
        if bracket in "([{":
            depth += 1
            if depth > _BRACKETS:
                return True
        elif depth:
            depth -= 1
    if text.count("elif") > _LEVELS or _PREFIXES.search(text):
        return True
    return any(len(line) > _LONG_LINE for line in text.split("\n"))


def _is_deep(text: str) -> bool:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return "too many nested" in str(error)
    except (RecursionError, MemoryError):
        return True
    except ValueError:
        return False
    level: list[ast.AST] = [tree]
    for _ in range(_LEVELS):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
