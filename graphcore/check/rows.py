"""The class table: a row for every hand-in, which mistakes were made how often, and both as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from graphcore.errors import ChainruleError
from graphcore.mistakes import UNKNOWN

if TYPE_CHECKING:
    from graphcore.check.findings import Checkup, Finding

Outcome = Literal["right", "wrong", "unproven", "unread"]
FORMULAS = ("=", "+", "-", "@")


class Row(NamedTuple):
    """One hand-in of many.

    ``key`` is the same for the same content, problem and version of Chainrule. ``verdict`` is "unread" where ``error`` says why
    the hand-in could not be judged. ``origins`` are the nodes where mistakes began, ``mistakes`` the names of the likeliest
    explanations in the same order. ``mended`` is the share of the judged arrays that are right once the likeliest mistake
    of each origin is mended (None where nothing was judged), ``sentence`` the verdict in words.
    """

    file: str
    key: str
    verdict: Outcome
    origins: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    mended: float | None = None
    sentence: str = ""
    error: str = ""


class MistakeCount(NamedTuple):
    """How often a mistake was made: ``times`` in all, in ``files`` hand-ins."""

    mistake: str
    times: int
    files: int


def row_of(file: str, key: str, checkup: Checkup) -> Row:
    """A judged hand-in as a row."""
    from graphcore.check.words import banner

    origins = checkup.origins
    said = banner(checkup)
    return Row(
        file,
        key,
        checkup.verdict,
        tuple(checkup.run.graph.names[f.node] for f in origins),
        tuple(f.explanations[0].mistake if f.explanations else "unknown" for f in origins),
        _mended(checkup, origins),
        f"{said.bold} {said.small}".strip(),
    )


def _mended(checkup: Checkup, origins: Sequence[Finding]) -> float | None:
    everything = (*checkup.values.values(), *checkup.findings.values())
    judged = [f for f in everything if f.handed is not None and f.status in ("right", "origin", "inherited")]
    if not judged:
        return None
    wrong = sum(f.status != "right" for f in judged)
    if origins and all(f.explanations and f.explanations[0].mistake != UNKNOWN for f in origins):
        return 1.0
    mended = sum(f.explanations[0].mended for f in origins if f.explanations)
    return (len(judged) - wrong + min(mended, wrong)) / len(judged)


def mistake_counts(rows: Iterable[Row]) -> tuple[MistakeCount, ...]:
    """Every mistake that was made, the most frequent first.

    >>> mistake_counts([Row("a", "", "wrong", ("s", "c"), ("wrong-sign", "wrong-sign")), Row("b", "", "right")])
    (MistakeCount(mistake='wrong-sign', times=2, files=1),)
    """
    times: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for row in rows:
        times.update(row.mistakes)
        files.update(set(row.mistakes))
    order = sorted(times, key=lambda mistake: (-times[mistake], -files[mistake], mistake))
    return tuple(MistakeCount(mistake, times[mistake], files[mistake]) for mistake in order)


def rows_csv(rows: Iterable[Row]) -> str:
    """The rows as CSV with a line of headings; no cell starts like a formula of a spreadsheet.

    >>> print(rows_csv([Row("=1+1.dat", "", "unread", error="it is empty.")]).splitlines()[1])
    '=1+1.dat,unread,,,,,it is empty.,
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("file", "verdict", "origins", "mistakes", "mended", "sentence", "error", "key"))
    for row in rows:
        share = "" if row.mended is None else f"{row.mended:.4g}"
        cells = (row.file, row.verdict, " ".join(row.origins), " ".join(row.mistakes), share, row.sentence, row.error, row.key)
        writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    # a spreadsheet passes over leading blanks, and would run what follows
    return f"'{shown}" if shown.lstrip().startswith(FORMULAS) else shown


def rows_json(rows: Iterable[Row]) -> str:
    """The rows as a JSON list of objects, one on each line."""
    lines = ",\n".join(row_json(row) for row in rows)
    return f"[\n{lines}\n]" if lines else "[]"


def row_json(row: Row) -> str:
    """One row as a JSON object on one line.

    >>> read_row(row_json(Row("a", "k", "right", mended=1.0))).mended
    1.0
    """
    return json.dumps(row._asdict(), ensure_ascii=False, allow_nan=False)


def read_row(line: str) -> Row:
    """A row from its JSON; ChainruleError where the line is none.

    >>> read_row("[1, 2]")
    Traceback (most recent call last):
        ...
    graphcore.errors.ChainruleError: `[1, 2]` is no row of results.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping) or not _is_row(found):
        raise ChainruleError(f"`{line.strip()[:80]}` is no row of results.")
    lists: dict[str, Any] = {name: tuple(found[name]) for name in ("origins", "mistakes")}
    return Row(**{**found, **lists})


def _is_row(found: Mapping[str, Any]) -> bool:
    def texts(value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)

    return (
        set(found) == set(Row._fields)
        and all(isinstance(found[name], str) for name in ("file", "key", "verdict", "sentence", "error"))
        and found["verdict"] in ("right", "wrong", "unproven", "unread")
        and texts(found["origins"])
        and texts(found["mistakes"])
        and (found["mended"] is None or isinstance(found["mended"], (int, float)))
    )
