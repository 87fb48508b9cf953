"""A file of results: one row of JSON a line, kept while a class is judged and taken up again by the next run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from graphcore.arguments import InputError
from graphcore.check.rows import Row, read_row, row_json
from graphcore.errors import ChainruleError


class Results:
    """The rows of a file, and where new ones go; a file of anything else is refused and left as it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows, whole = _read(path)
        if whole is not None:
            # the run before was stopped in the middle of a line
            os.truncate(path, whole)

    def kept(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows on their way: each new one is written at once, and all in their order at the end."""
        known = {row.key for row in self.rows}
        passed = []
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            for row in rows:
                passed.append(row)
                if row.key not in known or not row.key:
                    file.write(row_json(row) + "\n")
                    file.flush()
                yield row
        self._put_in_order(passed)

    def _put_in_order(self, passed: list[Row]) -> None:
        """Rows of other problems first; a row of a file that has changed since gives way."""
        answered = {(row.file, _problem(row)) for row in passed}
        keys = {row.key for row in passed}
        others = [row for row in self.rows if row.key not in keys and row.key and (row.file, _problem(row)) not in answered]
        content = "".join(row_json(row) + "\n" for row in (*others, *passed))
        if content != self.path.read_text("utf-8"):
            beside = self.path.with_name(self.path.name + ".part")
            beside.write_text(content, "utf-8", newline="\n")
            beside.replace(self.path)


def _problem(row: Row) -> str:
    return row.key.partition("-")[0]


def _read(path: Path) -> tuple[list[Row], int | None]:
    """The rows of a file, and how many of its bytes are whole lines where the last one is not."""
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise InputError(f"--out {path}: {error.strerror}.") from None
    whole = content.rfind(b"\n") + 1
    rows = []
    for number, line in enumerate(content[:whole].decode("utf-8", "replace").split("\n")[:-1], 1):
        try:
            rows.append(read_row(line))
        except ChainruleError as error:
            raise InputError(f"--out {path}, line {number}: {error} The file is left as it is; name another one.") from None
    if whole < len(content) and not content[whole:].startswith(b'{"file"'):
        raise InputError(f"--out {path} is no file of results. It is left as it is; name another one.")
    return rows, whole if whole < len(content) else None
