"""Python's own parser, one thread at a time."""

from __future__ import annotations

import ast
import threading
from typing import Any

_PARSING = threading.Lock()


def expression(code: str) -> ast.expr:
    """The tree of one expression."""
    tree: ast.expr = parsed(code, "eval").body
    return tree


def parsed(code: str, mode: str = "exec") -> Any:
    """``ast.parse`` for several threads: that of Python 3.11 mixes up the nesting of two that parse at once.

    >>> parsed("a + b", "eval").body.op.__class__.__name__
    'Add'
    """
    for _ in range(20):
        try:
            with _PARSING:
                return ast.parse(code, mode=mode)
        except SystemError:  # a thread outside of this lock came between
            continue
    return ast.parse(code, mode=mode)
