"""The files that a command line hands in: in folders, from standard input, and which run of them is meant."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphcore.arguments import InputError
from graphcore.check.many import LARGEST, Source, name_of
from graphcore.commands.output import complain

if TYPE_CHECKING:
    from graphcore.check.hand_in import HandIn

# what lies beside hand-ins in a folder and is none
OTHER = frozenset([".py", ".ipynb", ".pyc", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".md", ".html", ".docx", ".jsonl"])


def add_run_number(command: argparse.ArgumentParser) -> None:
    """``--run N``, as ``options.chosen``."""
    command.add_argument(
        "--run", metavar="N", dest="chosen", type=int, help="which run or point of files that hold several, from 1"
    )


def run_index(chosen: int | None) -> int | None:
    """The number of ``--run`` as an index."""
    if chosen is not None and chosen < 1:
        raise InputError(f"--run {chosen}: runs are counted from 1.")
    return None if chosen is None else chosen - 1


def read(source: Source) -> HandIn:
    """A hand-in; raises where it cannot be read."""
    from graphcore.check.reading import read_gradients

    if isinstance(source, tuple):
        return read_gradients(source[1], source[0])
    if not source.exists():
        raise InputError(f"there is no file called `{source}`.")
    if source.is_dir():
        raise InputError(f"`{source}` is a folder; a file of gradients is wanted.")
    try:
        return read_gradients(source)
    except OSError as error:
        raise InputError(f"{source}: {error.strerror}.") from None


def select(hand_in: HandIn, chosen: int | None) -> HandIn:
    """The run that ``--run`` asks for; raises where there is no such run."""
    index = run_index(chosen)
    if index is None:
        return hand_in
    if index >= len(hand_in.runs):
        have = "one run" if len(hand_in.runs) == 1 else f"{len(hand_in.runs)} runs"
        raise InputError(f"--run {chosen}: the file holds {have}.")
    return hand_in.select(index)


def sources(paths: list[str], results: Path | None = None) -> list[Source]:
    """Every hand-in that the paths name, those of a folder in the order of their names; each once."""
    found: dict[Path | str, Source] = {}
    left_out = 0
    for given in paths:
        if given == "-":
            found.setdefault("-", ("standard input", sys.stdin.buffer.read(LARGEST + 1)))
            continue
        path = Path(given)
        if not is_folder(given):
            found.setdefault(path.absolute(), path)
            continue
        inside = sorted((file for file in path.rglob("*") if _is_shown(file, path)), key=_order)
        taken = [file for file in inside if file.suffix.lower() not in OTHER and not _is_same(file, results)]
        left_out += len(inside) - len(taken)
        for file in taken:
            found.setdefault(file.absolute(), file)
    if left_out:
        those = "1 file of the folder is no hand-in by its name and is"
        if left_out > 1:
            those = f"{left_out} files of the folder are no hand-ins by their names and are"
        complain(f"{those} left out.")
    if not found:
        raise InputError(f"there is no file to judge in {', '.join(f'`{given}`' for given in paths)}.")
    return list(found.values())


def is_folder(given: str) -> bool:
    """Whether a path of the command line is a folder."""
    try:
        return Path(given).is_dir()
    except (OSError, ValueError):
        return False


def title(source: Source) -> str:
    """What a hand-in is called."""
    return name_of(source[0] if isinstance(source, tuple) else source)


def short_titles(sources: Sequence[Source]) -> dict[str, str]:
    """By its title what each hand-in is called in a table: its name, with as many of its folders as tell it from others.

    >>> short_titles([Path("class/ann/hand_in.npz"), Path("class/bob/hand_in.npz"), Path("class/cora.dat")]).values()
    dict_values(['ann/hand_in.npz', 'bob/hand_in.npz', 'cora.dat'])
    """
    parts = {title(source): source.parts if isinstance(source, Path) else (source[0],) for source in sources}
    taken = dict.fromkeys(parts, 1)
    while True:
        short = {whole: name_of(Path(*parts[whole][-count:])) for whole, count in taken.items()}
        often = Counter(short.values())
        longer = [whole for whole, count in taken.items() if often[short[whole]] > 1 and count < len(parts[whole])]
        if not longer:
            return short
        for whole in longer:
            taken[whole] += 1


def _is_shown(file: Path, folder: Path) -> bool:
    inside = file.relative_to(folder).parts
    return file.is_file() and not any(part.startswith((".", "__")) for part in inside)


def _is_same(file: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and file.samefile(other)


def _order(file: Path) -> list[list[tuple[int, int, str]]]:
    """student2 before student10."""
    return [[_piece(piece) for piece in re.split(r"([0-9]{1,18})", part) if piece] for part in file.parts]


def _piece(piece: str) -> tuple[int, int, str]:
    return (0, int(piece), "") if piece.isdecimal() else (1, 0, piece)
