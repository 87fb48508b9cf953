"""Every exception that graphcore raises on purpose.

::

    ChainruleError                  one base class
    +-- GraphError (ValueError)     a program or graph cannot be built; knows the line and the column
    +-- TraceError (ValueError)     a graph cannot be run on these numbers
    +-- JacobianError (ValueError)  a Jacobian is too large to be written out
    +-- EntryError (IndexError)     a node has no such entry
    +-- ReadError (ValueError)      a file or a text of gradients cannot be read
    +-- RecordError (ValueError)    a torch module or function cannot be recorded
    +-- UnsupportedError (RuntimeError)  a recorded graph has ops without a rule; knows them all and the forward pass
    +-- CompareError (RuntimeError) torch cannot repeat a graph: too large, or torch refuses an op
    +-- LayoutError (RuntimeError)  Graphviz is missing or refused a drawing
    +-- WorkspaceError (ValueError) a saved workspace cannot be opened; says why
    +-- UnknownNameError (KeyError) no node or op has that name
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class ChainruleError(Exception):
    """Base of every error raised on purpose by graphcore."""


@dataclass(frozen=True)
class Fix:
    """A mend that one click applies: the button's label and the whole mended program."""

    label: str
    text: str


class GraphError(ChainruleError, ValueError):
    """A program or a graph that cannot be built.

    ``what`` says what is wrong and quotes it, ``instead`` what to write; ``line`` and ``column`` count from 1
    (None where there is no text); ``end_column`` is the column after the last marked character; ``source`` is
    the line as written.

    >>> str(GraphError("no op is called `sine`.", instead="Did you mean `sin`?", line=5, column=9))
    'Line 5, column 9: no op is called `sine`. Did you mean `sin`?'
    """

    def __init__(
        self,
        what: str,
        *,
        instead: str = "",
        line: int | None = None,
        column: int | None = None,
        end_column: int | None = None,
        source: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        self.what = what
        self.instead = instead
        self.line = line
        self.column = column
        self.end_column = end_column
        self.source = source
        self.fix = fix
        super().__init__(what)

    @property
    def where(self) -> str:
        """``Line 5, column 9``, ``Line 5``, or nothing."""
        if self.line is None:
            return ""
        return f"Line {self.line}" + (f", column {self.column}" if self.column is not None else "")

    def __str__(self) -> str:
        prefix = f"{self.where}: " if self.where else ""
        return prefix + " ".join(part for part in (self.what, self.instead) if part)


class TraceError(ChainruleError, ValueError):
    """A graph that cannot be run: a leaf value of another shape, a missing or misshapen seed."""


class JacobianError(ChainruleError, ValueError):
    """A Jacobian too large to be written out in full."""


class EntryError(ChainruleError, IndexError):
    """An entry that a node has not got; quotes it and says the shape."""


class ReadError(ChainruleError, ValueError):
    """A file or a text of gradients that cannot be read: too large, of another kind, or without numbers."""


class RecordError(ChainruleError, ValueError):
    """A torch module or function that cannot be recorded; quotes the line of the user's code where there is one."""


class UnsupportedError(ChainruleError, RuntimeError):
    """A recorded graph that cannot be run backward: some of its ops have no rule.

    ``ops`` are all of them by name, with how often each occurs; ``forward`` is the trace of the forward pass alone.

    >>> str(UnsupportedError({"lu": 1, "cdist": 2}))
    'no rule for `cdist` (2 times), `lu`: the gradient cannot be computed here. The forward pass is in `.forward`.'
    """

    def __init__(self, ops: Mapping[str, int], forward: object = None) -> None:
        self.ops = dict(ops)
        self.forward = forward
        named = ", ".join(f"`{name}`" + (f" ({count} times)" if count > 1 else "") for name, count in sorted(ops.items()))
        super().__init__(f"no rule for {named}: the gradient cannot be computed here. The forward pass is in `.forward`.")


class CompareError(ChainruleError, RuntimeError):
    """A graph that torch cannot repeat: too large, or torch refuses one of its ops."""


class LayoutError(ChainruleError, RuntimeError):
    """Graphviz is not to be found or refused the drawing."""


class WorkspaceError(ChainruleError, ValueError):
    """A saved workspace that cannot be opened: damaged, too large, of a newer version, or not one at all."""


class UnknownNameError(ChainruleError, KeyError):
    """No node, leaf or op has the name asked for; the message names the nearest.

    >>> str(UnknownNameError("node", "w3", ["w1", "x1"]))
    'no node is called `w3`. Did you mean `w1`?'
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.nearest = nearest(name, known)
        hint = f" Did you mean `{self.nearest}`?" if self.nearest else ""
        self.message = f"no {kind} is called `{name}`.{hint}"
        super().__init__(self.message)

    def __str__(self) -> str:  # KeyError would print the repr of its argument
        return self.message


def first_line(problem: BaseException) -> str:
    """What an exception says, in one line; its class where it says nothing.

    >>> first_line(ValueError("bad\\nand more")), first_line(KeyError())
    ('bad', 'KeyError')
    """
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, or None where nothing is near.

    >>> nearest("sine", ["cos", "sin", "sinh"])
    'sin'
    """
    by_folded = {candidate.lower(): candidate for candidate in known}
    folded = name.lower()
    if folded in by_folded:
        return by_folded[folded]
    found = difflib.get_close_matches(folded, by_folded, n=3, cutoff=0.6)
    if not found and len(folded) <= 3:
        # w3 and w1 share half of their letters: near enough where the first one is among them
        found = [name for name in difflib.get_close_matches(folded, by_folded, n=3, cutoff=0.5) if name[0] == folded[0]]
    # a candidate that the typed name starts with ("sine", "sin") beats an equally close other one ("sinh")
    found.sort(key=lambda candidate: not folded.startswith(candidate))
    return by_folded[found[0]] if found else None
