"""The command line: ``python -m graphcore trace|compare FILE_OR_TEXT [--set w1=2] [--json]``.

``--module package.module:factory`` in place of a program records a torch module: the factory returns it with its inputs.

Exit codes: 0 every gradient matches torch (or the trace was made), 1 a gradient differs, 2 bad input, 3 unproven.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphcore import dot, latex, tables
from graphcore.arguments import InputError, literal, program, setting
from graphcore.backprop import Trace, trace
from graphcore.compare import Comparison, compare
from graphcore.errors import ChainruleError, GraphError
from graphcore.graph import Graph
from graphcore.parse import parse

MATCH, MISMATCH, BAD_INPUT, UNPROVEN = range(4)
# sysexits.h calls it an internal software error
FAULT = 70
CODES = {"match": MATCH, "mismatch": MISMATCH, "unproven": UNPROVEN}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise InputError(f"{message}. Try `python -m graphcore --help`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code and never raises on bad input."""
    _speak_utf8()
    try:
        options = _parser().parse_args(arguments)
        upstream = None if options.upstream is None else literal(options.upstream, f"--upstream {options.upstream}")
        run = trace(_graph(options), dict(map(setting, options.set)), upstream)
        if options.command == "trace":
            _print(_trace_json(run) if options.json else _trace_text(run))
            return MATCH
        result = compare(run)
        _print(_compare_json(result) if options.json else _compare_text(result))
        return CODES[result.verdict]
    except GraphError as error:
        _complain(_with_carets(error))
    except (ChainruleError, InputError) as error:
        _complain(str(error))
    except BrokenPipeError:
        # whoever read our output has closed it; without this Python would complain once more on the way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return MATCH
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        _complain(f"the output could not be written: {error.strerror or error}.")
    except Exception as fault:  # a fault of ours must not look like the 1 of a mismatch
        _complain(f"Chainrule itself failed ({type(fault).__name__}: {str(fault)[:300]}). Please report it with the program.")
        return FAULT
    return BAD_INPUT


def _speak_utf8() -> None:
    # a C locale has no minus sign or partial derivative
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m graphcore", description="Backpropagation, every number beside torch autograd's.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="trace|compare")
    about = {"trace": "print the forward and the backward pass and the table", "compare": "print the verdict and the table"}
    for command, help_text in about.items():
        sub = commands.add_parser(command, help=help_text, description=help_text.capitalize() + ".")
        sub.add_argument(
            "program",
            metavar="FILE_OR_TEXT",
            nargs="?",
            help="a file, a program as text (lines may end in ; or \\n), or - for stdin",
        )
        sub.add_argument(
            "--module",
            metavar="PACKAGE.MODULE:FACTORY",
            help="a torch module in place of a program: factory() returns it with its inputs",
        )
        sub.add_argument(
            "--set", metavar="NAME=VALUE", action="append", default=[], help="another value for a leaf: w1=2 or W=[[1,2],[3,4]]"
        )
        sub.add_argument(
            "--upstream", metavar="GRADIENT", help="the gradient put in at an output that is not one number: [1,0,2]"
        )
        sub.add_argument("--json", action="store_true", help="one JSON object with all digits; nan and inf are strings")
    return parser


def _graph(options: argparse.Namespace) -> Graph:
    """The graph of the program or of the torch module that the command line names."""
    if (options.module is None) == (options.program is None):
        raise InputError(
            "give a program, or a torch module with --module package.module:factory. Try `python -m graphcore --help`."
        )
    if options.module is None:
        return parse(program(options.program))
    from graphcore.record.factory import from_factory

    return from_factory(options.module)


def _trace_text(run: Trace) -> str:
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


def _compare_text(result: Comparison) -> str:
    banner = result.banner
    return "\n".join([f"{banner.sign} {banner.bold} {banner.small}".rstrip(), "", tables.text(tables.rows(result.run, result))])


def _trace_json(run: Trace) -> str:
    graph = run.graph
    steps = [
        {
            "source": graph.names[edge.source],
            "target": graph.names[edge.target],
            "slot": edge.slot,
            "upstream": _plain(run.gradient(edge.target)),
            "local": _local(run, position),
            "downstream": _plain(run.downstream(position)),
        }
        for position, edge in enumerate(graph.backward_edges)
        if run.downstream(position) is not None
    ]
    return _dump({"nodes": _nodes(run), "outputs": [node.name for node in graph.outputs], "steps": steps})


def _local(run: Trace, position: int) -> Any:
    """The local derivative: a number between two numbers, else the kind and the shape of the Jacobian."""
    local = run.step(position).local
    return _plain(local.dense()[0, 0]) if local.shape == (1, 1) else {"kind": local.kind, "shape": list(local.shape)}


def _compare_json(result: Comparison) -> str:
    nodes = _nodes(result.run)
    for name, match in result.matches.items():
        nodes[name] |= {"torch": _plain(match.torch), "error": _plain(match.error), "state": match.state}
    banner = result.banner
    sentence = f"{banner.bold} {banner.small}".strip()
    return _dump({"verdict": result.verdict, "sentence": sentence, "nodes": nodes})


def _nodes(run: Trace) -> dict[str, dict[str, Any]]:
    return {
        node.name: {
            "op": node.op.name if node.op else None,
            "operands": [run.graph.names[k] for k in node.operands],
            "shape": list(node.shape),
            "value": _plain(run.value(node.index)),
            "gradient": _plain(run.gradient(node.index)),
        }
        for node in run.graph.nodes
    }


def _plain(value: Any) -> Any:
    """Numbers and nested lists for JSON, which has no nan and no infinity."""
    if value is None:
        return None
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    return float(value) if np.isfinite(value) else "nan" if value != value else "inf" if value > 0 else "-inf"


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)


def _with_carets(error: GraphError) -> str:
    """The error as a person reads it: the sentence, the line, carets under the place, the mend."""
    lines = [str(error)]
    if error.source is not None:
        lines.append(f"  {error.source}")
        if error.column is not None:
            first = error.column - 1
            lines.append("  " + " " * first + "^" * max(1, (error.end_column or 0) - error.column))
    if error.fix is not None and error.line is not None:
        mended = error.fix.text.splitlines()
        if error.line <= len(mended):
            lines.append(f"  {error.fix.label}: {mended[error.line - 1].strip()}")
    return "\n".join(lines)


def _print(text: str) -> None:
    print(text, flush=True)


def _complain(text: str) -> None:
    # control characters of a program must not reach the terminal
    shown = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    print(shown, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
