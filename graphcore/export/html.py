"""The stand-alone page, as ``show`` writes it, with everything on paper when it is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphcore.backprop import Trace
from graphcore.export.paper import paper

if TYPE_CHECKING:
    from graphcore.compare import Comparison


def to_html(run: Trace, comparison: Comparison | None, decimals: int = 4, source: str | None = None) -> str:
    """One HTML file that needs no network and no Python; printed, it is a report of all that the page can show.

    ``source`` is the text that the graph was made of, where it is no program.
    """
    from graphcore.picture.page import page

    return page(run, comparison=comparison, paper=paper(run, comparison, decimals, source))
