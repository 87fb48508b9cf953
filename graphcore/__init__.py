"""graphcore: backpropagation with every number kept, node by node beside torch autograd."""

from graphcore.backprop import Step, Trace, trace
from graphcore.check.judge import check
from graphcore.check.reading import read_gradients
from graphcore.compare import Comparison, Match, compare
from graphcore.errors import ChainruleError, GraphError, TraceError
from graphcore.graph import Builder, Edge, Graph, Node
from graphcore.jacobian import Jacobian
from graphcore.parse import parse
from graphcore.picture import show
from graphcore.record import record

__all__ = [
    "Builder",
    "ChainruleError",
    "Comparison",
    "Edge",
    "Graph",
    "GraphError",
    "Jacobian",
    "Match",
    "Node",
    "Step",
    "Trace",
    "TraceError",
    "check",
    "compare",
    "parse",
    "read_gradients",
    "record",
    "show",
    "trace",
]
