"""Two files of gradients without any weights: paired, compared to the printed digits, and explained as far as they allow."""

from graphcore.check.diff.difference import difference
from graphcore.check.diff.network import Fit, difference_with_network
from graphcore.check.diff.result import Difference, Law, Layer, Note, Pair, Relation
from graphcore.check.diff.words import difference_json, difference_markdown, difference_text

__all__ = [
    "Difference",
    "Fit",
    "Law",
    "Layer",
    "Note",
    "Pair",
    "Relation",
    "difference",
    "difference_json",
    "difference_markdown",
    "difference_text",
    "difference_with_network",
]
