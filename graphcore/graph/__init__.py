"""Nodes, edges and graphs, and the builder that makes them."""

from graphcore.graph.builder import Builder, Handle
from graphcore.graph.columns import Edge, Graph, Literal, Node, Source, Span, Statics, Value

__all__ = ["Builder", "Edge", "Graph", "Handle", "Literal", "Node", "Source", "Span", "Statics", "Value"]
