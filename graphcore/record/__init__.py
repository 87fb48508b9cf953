"""A torch module or function becomes a graph by watching the ATen calls of one real run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphcore.graph import Graph


def record(function: Callable[..., Any], *tensors: Any, **keywords: Any) -> Graph:
    """The graph of one real run of a torch module or function.

    A private copy is run: the module and the tensors are not changed. Parameters and arguments that require grad want a
    gradient; if none does, all floating ones. Leaves are called as in ``named_parameters()`` or as the function's arguments.
    Raises :class:`~graphcore.errors.RecordError`.
    """
    from graphcore.record.recording import recorded

    return recorded(function, tensors, keywords)
