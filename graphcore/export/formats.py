"""Every kind of file that a run is taken home as, in one table: the command line and the pages' menus read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.backprop import Trace
from graphcore.errors import GraphError, UnknownNameError
from graphcore.export.data import Side, to_dat, to_npz
from graphcore.export.drawing import Which
from graphcore.export.html import to_html
from graphcore.export.notebook import to_notebook
from graphcore.export.png import to_png
from graphcore.export.source import Source
from graphcore.export.svg import to_svg
from graphcore.export.tex import to_tex
from graphcore.export.workspace import Workspace, to_workspace

if TYPE_CHECKING:
    from graphcore.compare import Comparison


@dataclass(frozen=True)
class Wanted:
    """What is taken home, and how: the choices that some formats have.

    ``which`` is the graph of a picture, ``side`` whose gradients a file of numbers holds, ``style`` how ``.dat`` writes
    them; ``source`` says where the graph comes from, ``workspace`` is the page's state.
    """

    run: Trace
    comparison: Comparison | None = None
    which: Which = "both"
    decimals: int = 4
    style: str = "full"
    side: Side = "manual"
    source: Source | None = None
    workspace: Workspace | None = None

    @property
    def said(self) -> str | None:
        """The text that the graph was made of, where that is known."""
        return None if self.source is None else self.source.text


class Format(NamedTuple):
    """A kind of file: ``name`` as ``--to`` takes it, ``title`` for a menu, suffix, MIME type, and what writes it.

    ``compares`` says that it shows torch's gradients, ``text`` that it can be read in a terminal.
    """

    name: str
    title: str
    suffix: str
    mime: str
    make: Callable[[Wanted], str | bytes]
    compares: bool = True
    text: bool = True


def _workspace(wanted: Wanted) -> bytes:
    if wanted.workspace is not None:
        return to_workspace(wanted.workspace)
    text = wanted.run.graph.source.text
    if not text:
        raise GraphError(
            "this graph was not made of a program, so there is no text that a workspace could keep.",
            instead="A workspace is made of a program or of the text of a network.",
        )
    return to_workspace(Workspace("explore", text))


_ROWS = (
    Format("html", "Stand-alone page", ".html", "text/html", lambda w: to_html(w.run, w.comparison, w.decimals, w.said)),
    Format("svg", "Picture, SVG", ".svg", "image/svg+xml", lambda w: to_svg(w.run, w.comparison, w.which, w.decimals)),
    Format("png", "Picture, PNG", ".png", "image/png", lambda w: to_png(w.run, w.comparison, w.which, w.decimals), text=False),
    Format("tex", "LaTeX report", ".tex", "application/x-tex", lambda w: to_tex(w.run, w.comparison, w.decimals, w.said)),
    Format(
        "ipynb", "Notebook", ".ipynb", "application/x-ipynb+json",
        lambda w: to_notebook(w.run, w.comparison, w.source), compares=False,
    ),
    Format("dat", "Gradients, text", ".dat", "text/plain", lambda w: to_dat(w.run, w.comparison, w.style, w.side), False),
    Format(
        "npz", "Gradients, NumPy", ".npz", "application/octet-stream",
        lambda w: to_npz(w.run, w.comparison, w.side), compares=False, text=False,
    ),
    Format("json", "Workspace", ".json", "application/json", _workspace, False),
)  # fmt: skip

FORMATS: Mapping[str, Format] = MappingProxyType({row.name: row for row in _ROWS})


def format_of(name: str) -> Format:
    """The format with this name; raises :class:`~graphcore.errors.UnknownNameError` with the nearest.

    >>> format_of("tex").suffix
    '.tex'
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownNameError("format", name, FORMATS) from None


def export(run: Trace, to: str, comparison: Comparison | None = None, **choices: Any) -> bytes:
    """A run as the bytes of a file in one of the :data:`FORMATS`; ``choices`` are the fields of :class:`Wanted`.

    Where the format shows torch's gradients and no comparison is given, one is made. Raises a ChainruleError where the
    file cannot be made: no such format, torch refuses the graph, nothing to lay out, no text to keep.

    >>> from graphcore import parse, trace
    >>> export(trace(parse("x = 3\\ny = x * x")), "dat", style="numpy")
    b'dLd(x)\\n6.\\n'
    """
    kind = format_of(to)
    if comparison is None and (kind.compares or choices.get("side") == "torch"):
        from graphcore.compare import compare

        comparison = compare(run)
    made = kind.make(Wanted(run, comparison, **choices))
    return made.encode("utf-8", "replace") if isinstance(made, str) else made
