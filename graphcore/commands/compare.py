"""``python -m graphcore compare``: every gradient beside torch autograd's."""

from __future__ import annotations

import argparse
from typing import Any

from graphcore import tables
from graphcore.commands import asked
from graphcore.commands.output import CODES, dump, nodes, plain, say
from graphcore.compare import Comparison, compare

ABOUT = "print the verdict and the table"


def add(commands: Any) -> None:
    """Adds the command to the subparsers."""
    command = commands.add_parser("compare", help=ABOUT, description=ABOUT.capitalize() + ".")
    asked.add_run(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints the comparison; returns the exit code of its verdict."""
    result = compare(asked.run(options))
    say(_json(result) if options.json else _text(result))
    return CODES[result.verdict]


def _text(result: Comparison) -> str:
    banner = result.banner
    return "\n".join([f"{banner.sign} {banner.bold} {banner.small}".rstrip(), "", tables.text(tables.rows(result.run, result))])


def _json(result: Comparison) -> str:
    found = nodes(result.run)
    for name, match in result.matches.items():
        found[name] |= {"torch": plain(match.torch), "error": plain(match.error), "state": match.state}
    banner = result.banner
    sentence = f"{banner.bold} {banner.small}".strip()
    return dump({"verdict": result.verdict, "sentence": sentence, "nodes": found})
