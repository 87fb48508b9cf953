"""What the command line asks about: a program or a torch module, other values of its leaves, a starting gradient."""

from __future__ import annotations

import argparse

from graphcore.arguments import InputError, literal, program, setting
from graphcore.backprop import Trace, trace
from graphcore.graph import Graph
from graphcore.parse import parse


def add_run(command: argparse.ArgumentParser) -> None:
    """The arguments that say what is run and on which numbers."""
    command.add_argument(
        "program",
        metavar="FILE_OR_TEXT",
        nargs="?",
        help="a file, a program as text (lines may end in ; or \\n), or - for stdin",
    )
    command.add_argument(
        "--module",
        metavar="PACKAGE.MODULE:FACTORY",
        help="a torch module in place of a program: factory() returns it with its inputs",
    )
    add_numbers(command)
    command.add_argument("--json", action="store_true", help="one JSON object with all digits; nan and inf are strings")


def add_numbers(command: argparse.ArgumentParser) -> None:
    """``--set`` and ``--upstream``."""
    command.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="another value for a leaf: w1=2 or W=[[1,2],[3,4]]"
    )
    command.add_argument(
        "--upstream", metavar="GRADIENT", help="the gradient put in at an output that is not one number: [1,0,2]"
    )


def run(options: argparse.Namespace) -> Trace:
    """The trace that the options of :func:`add_run` ask for."""
    upstream = None if options.upstream is None else literal(options.upstream, f"--upstream {options.upstream}")
    return trace(graph(options), dict(map(setting, options.set)), upstream)


def graph(options: argparse.Namespace) -> Graph:
    """The graph of the program or of the torch module that the command line names."""
    if (options.module is None) == (options.program is None):
        raise InputError(
            "give a program, or a torch module with --module package.module:factory. Try `python -m graphcore --help`."
        )
    if options.module is None:
        return parse(program(options.program))
    from graphcore.record.factory import from_factory

    return from_factory(options.module)
