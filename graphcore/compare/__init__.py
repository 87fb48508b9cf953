"""The same graph under torch autograd, node by node, and the words of the verdict.

``run`` repeats the graph under torch, ``states`` judges every gradient, ``kinks``, ``weak`` and ``words`` say how
much a match proves, ``twins`` and ``drawn`` tell which autograd node belongs to which node of ours.
"""

from __future__ import annotations

from graphcore.compare.comparison import Comparison, compare
from graphcore.compare.states import Match
from graphcore.compare.stronger import stronger_point
from graphcore.compare.twins import TorchGraph, Twin
from graphcore.compare.words import Banner

__all__ = ["Banner", "Comparison", "Match", "TorchGraph", "Twin", "compare", "stronger_point"]
