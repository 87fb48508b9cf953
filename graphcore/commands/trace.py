"""``python -m graphcore trace``: the forward and the backward pass, step by step."""

from __future__ import annotations

import argparse
from typing import Any

from graphcore import dot, latex, tables
from graphcore.backprop import Trace
from graphcore.commands import asked
from graphcore.commands.output import MATCH, dump, nodes, plain, say

ABOUT = "print the forward and the backward pass and the table"


def add(commands: Any) -> None:
    """Adds the command to the subparsers."""
    command = commands.add_parser("trace", help=ABOUT, description=ABOUT.capitalize() + ".")
    asked.add_run(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints the trace; returns the exit code."""
    made = asked.run(options)
    say(_json(made) if options.json else _text(made))
    return MATCH


def _text(run: Trace) -> str:
    graph = run.graph
    lines = ["Forward"]
    for node in graph.nodes:
        value = tables.tensor_text(run.value(node.index))
        lines.append(f"  {latex.head(graph, node.index)} = {value}")
    lines += ["", "Backward"]
    table = tables.rows(run)
    stepped = [row for row in table if row.through]
    for edge, row in zip(dot.carrying(graph), stepped, strict=True):
        symbol = latex.local_symbol(graph, edge, "text")
        # between scalars the derivative is a number, and a symbol that is no number says where it comes from
        why = f"   (d{row.through}/d{row.node} = {symbol})" if symbol and any(map(str.isalpha, symbol)) else ""
        local = row.local if isinstance(row.local, str) else _short(row.local)
        lines.append(f"  {row.node} from {row.through}: {_short(row.upstream)} × {local} = {_short(row.downstream)}{why}")
    return "\n".join([*lines, "", tables.text(table)])


def _short(value: Any) -> str:
    return tables.tensor_text(value) or "none"


def _json(run: Trace) -> str:
    graph = run.graph
    steps = [
        {
            "source": graph.names[edge.source],
            "target": graph.names[edge.target],
            "slot": edge.slot,
            "upstream": plain(run.gradient(edge.target)),
            "local": _local(run, position),
            "downstream": plain(run.downstream(position)),
        }
        for position, edge in enumerate(graph.backward_edges)
        if run.downstream(position) is not None
    ]
    return dump({"nodes": nodes(run), "outputs": [node.name for node in graph.outputs], "steps": steps})


def _local(run: Trace, position: int) -> Any:
    """The local derivative: a number between two numbers, else the kind and the shape of the Jacobian."""
    local = run.step(position).local
    return plain(local.dense()[0, 0]) if local.shape == (1, 1) else {"kind": local.kind, "shape": list(local.shape)}
