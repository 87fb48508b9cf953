"""Nodes, edges and graphs, and the builder that makes them."""

from graphcore.graph.builder import Builder, Handle
from graphcore.graph.columns import Edge, Graph, Literal, Node, Source, Span, Statics, Value
from graphcore.graph.recorded import Group, Recorded, Ref, Stop, TorchCall
from graphcore.ops.parts import Parts

__all__ = [
    "Builder",
    "Edge",
    "Graph",
    "Group",
    "Handle",
    "Literal",
    "Node",
    "Parts",
    "Recorded",
    "Ref",
    "Source",
    "Span",
    "Statics",
    "Stop",
    "TorchCall",
    "Value",
]
