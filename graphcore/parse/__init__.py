"""Program text into a graph, by an allow-list of Python's syntax; no user text is ever evaluated."""

from graphcore.parse.program import parse
from graphcore.parse.rewriting import rewrite

__all__ = ["parse", "rewrite"]
