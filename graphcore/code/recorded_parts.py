"""What the two programs of a recorded network share: reserved names, sections by module, ops that return several tensors."""

from __future__ import annotations

import builtins
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from graphcore.code.programs import one_line
from graphcore.graph import Graph
from graphcore.ops.row import Formula

_LONG, _WIDE = 108, 92
# what people call tensors, though Python has functions of these names; nothing that is pasted calls them
_FREE = frozenset({"input", "id"})
RESERVED = frozenset(dir(builtins)) - _FREE | {"saved", "_"}
# what stands above the forward of a hand-written Function in each program
_OWN = "# {name} has a backward of its own, left out here: these lines are its forward, and the gradients are"
OWN_NUMPY = (_OWN, "# those of this forward. Where its backward is right, it gives the same.")
OWN_TORCH = (_OWN, "# what torch makes of them. Where its backward is right, it gives the same.")


def own_backward(name: str, lines: tuple[str, ...]) -> list[str]:
    """The comment above the forward of a hand-written Function."""
    return [one_line(line.replace("{name}", name)) for line in lines]


class Sections:
    """Lines under the path of the module that each belongs to."""

    def __init__(self, graph: Graph, *, apart: bool) -> None:
        assert graph.recorded is not None
        self.recorded = graph.recorded
        self.last: str | None = None
        self.apart = apart

    def head(self, index: int) -> Iterator[str]:
        """The comment before a node of another module than the last one."""
        scope = self.recorded.scopes[index]
        if scope == self.last:
            return
        if self.apart or self.last is not None:
            yield ""
        self.last = scope
        kind = self.recorded.modules.get(scope, "")
        yield one_line(f"# {scope}{f' ({kind})' if kind else ''}") if scope else "# around the modules"


def used_nodes(graph: Graph) -> set[int]:
    """The nodes that another node uses, and the outputs."""
    return {k for arguments in graph.arguments for k in arguments if k >= 0} | {*graph.output_indices}


class Outputs:
    """The outputs of every op that returns several tensors: per node, the number of each output that is used and its node.

    ``extra`` are the ops of which one output is two nodes.
    """

    def __init__(self, graph: Graph) -> None:
        self.of: dict[int, dict[int, int]] = {}
        self.extra: set[int] = set()
        used = used_nodes(graph)
        for index, op in enumerate(graph.ops):
            if op is None or op.name != "output" or index not in used:
                continue
            parts = self.of.setdefault(graph.arguments[index][0], {})
            part = dict(graph.statics[index])["k"]
            if part in parts:
                self.extra.add(graph.arguments[index][0])
            parts[part] = index


def origin(formula: Formula) -> tuple[Any, Any, dict[str, Any]]:
    """The function of a table's row behind what the graph calls, how its operands are named, and what else it is given."""
    assert formula.function is not None
    around = inspect.getclosurevars(formula.function).nonlocals if inspect.isfunction(formula.function) else {}
    if "inner" in around and "named" in around:
        return around["inner"], around["named"], dict(around.get("more", {}))
    return formula.function, None, {}


def wrapped(line: str) -> str:
    """A long line whose right side is one call, its arguments on lines of their own.

    >>> print(wrapped("y = f(" + "argument, " * 12 + "last)"))
    y = f(
        argument, argument, argument, argument, argument, argument, argument, argument, argument,
        argument, argument, argument, last
    )
    """
    opening = line.find("(")
    if len(line) <= _LONG or opening < 0 or "\n" in line or not line.endswith(")"):
        return line
    arguments, depth, start = [], 0, opening + 1
    for k, c in enumerate(line[opening:], opening):
        depth += (c in "([{") - (c in ")]}")
        if depth == 0 and k < len(line) - 1:
            # the first bracket is not around all the rest
            return line
        if depth == 1 and line.startswith(", ", k):
            arguments.append(line[start : k + 1])
            start = k + 2
    rows = textwrap.fill(
        " ".join([a.replace(" ", "\0") for a in (*arguments, line[start:-1])]),
        _WIDE,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join([line[: opening + 1], *(f"    {row}" for row in rows.replace("\0", " ").split("\n")), ")"])
