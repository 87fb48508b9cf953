"""``python -m graphcore check``: gradients that somebody handed in, one file in full, of many a line each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from graphcore.arguments import InputError, literal, setting
from graphcore.check.many import Recipe, Source, check_many
from graphcore.check.rows import Row, mistake_counts, rows_csv
from graphcore.commands import asked, handed_in
from graphcore.commands.checked import checkup_json, checkup_text
from graphcore.commands.classes import class_json, counts_text, line, summary
from graphcore.commands.output import BAD_INPUT, CODES, MATCH, MISMATCH, UNPROVEN, columns, complain, say
from graphcore.commands.problem import recipe
from graphcore.commands.results import Results
from graphcore.commands.workers import workers

ABOUT = "judge gradients that somebody computed: which node is wrong, and why"


def add(commands: Any) -> None:
    """Adds the command to the subparsers."""
    usage = "python -m graphcore check PROBLEM FILE_OR_FOLDER... [options]"
    command = commands.add_parser("check", help=ABOUT, description=ABOUT.capitalize() + ".", usage=usage)
    command.add_argument(
        "paths",
        metavar="PROBLEM FILE_OR_FOLDER...",
        nargs="+",
        help="the problem (a program as file or text, or the key of an example), then the files handed in; - is stdin",
    )
    command.add_argument("--module", metavar="PACKAGE.MODULE:FACTORY", help="a torch module in place of PROBLEM")
    asked.add_numbers(command)
    handed_in.add_run_number(command)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object with all digits; nan and inf are strings")
    form.add_argument("--csv", action="store_true", help="a line for each file, for a spreadsheet")
    command.add_argument("--jobs", metavar="N", type=int, default=1, help="how many processes judge; 0: one for each CPU")
    command.add_argument(
        "--out", "--resume", metavar="FILE", type=Path, help="keep the rows in FILE (JSON lines) and pass over what is in it"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints what was found; returns the exit code."""
    if options.jobs < 0:
        raise InputError(f"--jobs {options.jobs}: write how many processes, or 0 for one on each CPU.")
    made, paths = _problem(options)
    asked_for = handed_in.sources(paths, options.out)
    if len(asked_for) == 1 and not (options.csv or options.out or handed_in.is_folder(paths[0])):
        return _one(options, made, asked_for[0])
    return _many(options, made, asked_for)


def _problem(options: argparse.Namespace) -> tuple[Recipe, list[str]]:
    """How the problem's graph is made, and what was handed in."""
    if options.module is None:
        if len(options.paths) < 2:
            raise InputError("give the problem and then a file or folder with gradients. Try `python -m graphcore check --help`.")
        return recipe(options.paths[0]), options.paths[1:]
    from graphcore.record.factory import from_factory

    return Recipe(from_factory, (options.module,)), options.paths


def _numbers(options: argparse.Namespace) -> tuple[dict[str, Any], Any]:
    """The leaf values and the starting gradient of ``--set`` and ``--upstream``."""
    upstream = None if options.upstream is None else literal(options.upstream, f"--upstream {options.upstream}")
    return dict(map(setting, options.set)), upstream


def _one(options: argparse.Namespace, made: Recipe, source: Source) -> int:
    from graphcore.check.judge import check

    at, upstream = _numbers(options)
    graph = made.graph()
    hand_in = handed_in.select(handed_in.read(source), options.chosen)
    checkup = check(graph, hand_in, at=at, upstream=upstream)
    say(checkup_json(checkup) if options.json else checkup_text(checkup, hand_in))
    return CODES[checkup.verdict]


def _many(options: argparse.Namespace, made: Recipe, sources: list[Source]) -> int:
    at, upstream = _numbers(options)
    results = None if options.out is None else Results(options.out)
    number = handed_in.run_index(options.chosen)
    done = results.rows if results else ()
    with workers(options.jobs, len(sources)) as executor:
        found = check_many(made, sources, at=at, upstream=upstream, run=number, executor=executor, done=done)
        # closed before the executor is left, which would wait for everything begun
        with closing(found):
            rows = _shown(options, results.kept(found) if results else found, sources)
    if options.csv:
        say(rows_csv(rows).rstrip("\n"))
    elif options.json:
        say(class_json(rows))
    else:
        say("\n".join(["", summary(rows), *counts_text(mistake_counts(rows))]))
    return _code(rows)


def _shown(options: argparse.Namespace, rows: Iterator[Row], sources: list[Source]) -> list[Row]:
    """All rows, printed as they come where people read them."""
    titles = handed_in.short_titles(sources)
    width = max(map(columns, titles.values()), default=0)
    found = []
    for row in rows:
        found.append(row)
        if not (options.json or options.csv):
            say(line(row._replace(file=titles[row.file]), width))
        elif row.error:
            complain(f"{row.file}: {row.error}")
    return found


def _code(rows: list[Row]) -> int:
    verdicts = {row.verdict for row in rows}
    if "wrong" in verdicts:
        return MISMATCH
    return BAD_INPUT if "unread" in verdicts else UNPROVEN if "unproven" in verdicts else MATCH
