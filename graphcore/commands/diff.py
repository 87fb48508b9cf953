"""``python -m graphcore diff``: two files of gradients, without the network they belong to."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphcore.arguments import InputError
from graphcore.check.many import name_of
from graphcore.commands import handed_in
from graphcore.commands.output import CODES, MISMATCH, UNPROVEN, aligned, dump, printable, say
from graphcore.commands.problem import recipe

if TYPE_CHECKING:
    from graphcore.check.hand_in import HandIn

ABOUT = "compare two files of gradients, and say what kind of difference there is"


def add(commands: Any) -> None:
    """Adds the command to the subparsers."""
    command = commands.add_parser("diff", help=ABOUT, description=ABOUT.capitalize() + ".")
    command.add_argument("mine", metavar="MY", help="a file of gradients, or - for stdin")
    command.add_argument("other", metavar="TORCH", nargs="?", help="the file to compare it with; not needed where MY holds both")
    command.add_argument("--network", metavar="PROBLEM", help="a program or an example in place of the second file: what fits")
    handed_in.add_run_number(command)
    command.add_argument("--json", action="store_true", help="one JSON object with all digits; nan and inf are strings")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints the difference; returns the exit code of its verdict."""
    from graphcore.check.diff import difference, difference_json, difference_text

    if options.network is not None:
        return _beside_network(options)
    given = [options.mine] if options.other is None else [options.mine, options.other]
    if given == ["-", "-"]:
        raise InputError("standard input can be one of the two files, not both.")
    found = [_run(handed_in.read(handed_in.sources([name])[0]), options.chosen) for name in given]
    if len(found) == 1:
        if found[0].second is None:
            raise InputError(f"`{options.mine}` holds one side only; name the file to compare it with.")
        found.append(found[0].second)
        result = difference(found[0], found[1])
    else:
        result = difference(found[0], found[1], _names(given))
    say(dump(difference_json(result)) if options.json else printable(difference_text(result)))
    return CODES[result.verdict]


def _beside_network(options: argparse.Namespace) -> int:
    """One file and a network without its numbers: nothing can be proven, but a broken law is a difference."""
    from graphcore.check.diff import difference_with_network

    if options.other is not None:
        raise InputError("--network stands in the place of the second file; give one of the two.")
    graph = recipe(options.network).graph()
    fit = difference_with_network(_run(handed_in.read(handed_in.sources([options.mine])[0]), options.chosen), graph)
    broken = any(law.state == "broken" for _, law in fit.laws)
    if options.json:
        laws = [{"label": label, "state": law.state, "text": law.text} for label, law in fit.laws]
        fitting = [dict(zip(("leaf", "label", "how"), row, strict=True)) for row in fit.fitting]
        say(dump({"sentence": fit.sentence, "fitting": fitting, "misfits": list(fit.misfits), "laws": laws}))
    else:
        table = aligned([("leaf", "label", "how"), *fit.fitting]) if fit.fitting else []
        said = [f"{label}: {law.text}" for label, law in fit.laws]
        say(printable("\n".join([fit.sentence, "", *table, *fit.misfits, *said])))
    return MISMATCH if broken else UNPROVEN


def _run(hand_in: HandIn, chosen: int | None) -> HandIn:
    """One run of a file that holds several, as if it held no other; a file of one run as it is."""
    if chosen is None or len(hand_in.runs) == 1:
        return hand_in
    found = handed_in.select(hand_in, chosen)
    readings = tuple(reading._replace(run=0) for reading in found.readings)
    return replace(found, readings=readings, everything=readings, runs=(found.runs[found.run],), run=0)


def _names(given: list[str]) -> tuple[str, str]:
    """The files by their names, by their paths where the names are the same."""
    short = [Path(name).name for name in given]
    mine, other = map(name_of, short if short[0] != short[1] else given)
    return mine, other
