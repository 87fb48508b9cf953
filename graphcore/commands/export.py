"""``python -m graphcore export``: a run as a file to take home: page, picture, report, notebook, gradients, workspace."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from graphcore.arguments import InputError, literal, program, setting
from graphcore.backprop import Trace, trace
from graphcore.commands import asked, problem
from graphcore.commands.output import MATCH, complain
from graphcore.export.formats import FORMATS, Format, export
from graphcore.export.gradients import STYLES
from graphcore.export.source import Source, of_factory, of_network, of_program
from graphcore.export.workspace import Workspace, is_workspace, read_workspace
from graphcore.graph import Graph
from graphcore.parse import parse, rewrite

ABOUT = "write a run to a file: " + ", ".join(FORMATS)


class _Problem(NamedTuple):
    """What is exported: the graph, where it comes from, and the workspace that holds it, if one can."""

    graph: Graph
    source: Source | None
    workspace: Workspace | None


def add(commands: Any) -> None:
    """Adds the command to the subparsers."""
    command = commands.add_parser("export", help=ABOUT, description=ABOUT.capitalize() + ".")
    command.add_argument(
        "program",
        metavar="FILE_OR_TEXT",
        nargs="?",
        help="a file with a program or a workspace, a program as text, an example (a, network:d), or - for stdin",
    )
    command.add_argument(
        "--module",
        metavar="PACKAGE.MODULE:FACTORY",
        help="a torch module in place of a program: factory() returns it with its inputs",
    )
    command.add_argument("--to", choices=tuple(FORMATS), help="the kind of file; else the suffix of -o says it")
    command.add_argument("-o", "--output", metavar="FILE", help="where to write; a file that is there is replaced; - for stdout")
    command.add_argument("--which", choices=("manual", "torch", "both"), default="both", help="the graph of a picture")
    command.add_argument("--side", choices=("manual", "torch"), default="manual", help="whose gradients dat and npz hold")
    command.add_argument("--style", choices=STYLES, default="full", help="how dat writes numbers")
    command.add_argument("--decimals", type=int, default=4, choices=range(13), metavar="0..12", help="digits that are shown")
    asked.add_numbers(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Writes the file, says where, and returns the exit code."""
    kind = _format(options)
    made = _problem(options)
    traced = _trace(made.graph, options)
    source = made.source
    if source is None and not made.graph.source.text and kind.name == "ipynb":
        raise InputError("a notebook needs to know where the graph comes from: give a program, a network or --module.")
    data = export(
        traced,
        kind.name,
        which=options.which,
        decimals=options.decimals,
        style=options.style,
        side=options.side,
        source=source,
        workspace=_moved(made, traced, options) if kind.name == "json" else None,
    )
    _write(data, options.output, kind)
    return MATCH


def _format(options: argparse.Namespace) -> Format:
    if options.to is not None:
        return FORMATS[options.to]
    suffix = Path(options.output or "").suffix.lower()
    found = next((kind for kind in FORMATS.values() if kind.suffix == suffix), None)
    if found is None:
        raise InputError(f"say what to write with --to {'|'.join(FORMATS)}, or give a file whose suffix says it: -o run.svg.")
    return found


def _problem(options: argparse.Namespace) -> _Problem:
    if (options.module is None) == (options.program is None):
        raise InputError("give a program, a workspace, or a torch module with --module package.module:factory.")
    if options.module is not None:
        return _Problem(asked.graph(options), of_factory(options.module), None)
    text = _content(options.program)
    if is_workspace(text):
        return _of_workspace(read_workspace(text))
    graph = problem.recipe(options.program).graph() if options.program != "-" else parse(text)
    if graph.source.text:
        return _Problem(graph, None, Workspace("explore", graph.source.text))
    return _of_workspace(_network(options.program.removeprefix(problem.NETWORK)))


def _content(given: str) -> str:
    """The text of a file or of standard input; nothing where it is neither."""
    if given == "-":
        return program(given)
    path = Path(given)
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            start = file.read(2000)
            # a workspace with weights in it is larger than any program
            return (start + file.read()).decode("utf-8-sig") if is_workspace(start) else program(given)
    except (OSError, ValueError):
        return ""


def _network(key: str) -> Workspace:
    from graphcore import networks
    from graphcore.picture.network.views import settings_of

    network = networks.network(key)
    return Workspace("networks", network.text, "network", settings_of(network))


def _of_workspace(workspace: Workspace) -> _Problem:
    if workspace.kind == "program":
        graph = parse(workspace.text)
        return _Problem(graph, of_program(graph), workspace)
    from graphcore.picture.network.prepare import prepare
    from graphcore.picture.network.settings import Request, Settings, Weights
    from graphcore.record import record

    saved = workspace.weights
    weights = None if saved is None else Weights(saved.name, saved.data, "")
    request = Request(workspace.text, Settings.read(workspace.settings), weights)
    made = prepare(request)
    return _Problem(record(made.module, *made.tensors), of_network(request), workspace)


def _trace(graph: Graph, options: argparse.Namespace) -> Trace:
    upstream = None if options.upstream is None else literal(options.upstream, f"--upstream {options.upstream}")
    return trace(graph, dict(map(setting, options.set)), upstream)


def _moved(made: _Problem, traced: Trace, options: argparse.Namespace) -> Workspace:
    """The workspace, its program with the values of ``--set`` written into it."""
    if made.workspace is None:
        raise InputError("a module is Python code of your own, which no workspace keeps. Export a program or a network instead.")
    if not options.set:
        return made.workspace
    if made.workspace.kind != "program":
        raise InputError("--set changes a program's values; a network's weights come from its file of weights.")
    values = {name: traced.value(name) for name, _ in map(setting, options.set)}
    return replace(made.workspace, text=rewrite(made.workspace.text, made.graph, values))


def _write(data: bytes, output: str | None, kind: Format) -> None:
    if output in (None, "-"):
        if output is None and not kind.text:
            raise InputError(f"{kind.name} is no text for a terminal. Say where to write it: -o run{kind.suffix}.")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(str(output))
    if path.is_dir():
        raise InputError(f"`{output}` is a folder; the name of a file is wanted, such as {path / f'run{kind.suffix}'}.")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder `{path.parent}` to write `{path.name}` into. Make it first.")
    there = path.exists()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"`{output}` could not be written: {error.strerror or error}.") from None
    complain(f"{'replaced' if there else 'wrote'} {output}, {len(data):,} bytes")
