"""Text of a network -> a module of torch, by an allow-list; its inputs, its loss, its weights.

Nothing of a text is evaluated: it is read as a syntax tree, checked against the names of :mod:`graphcore.build.names`, and walked
by an interpreter of our own. torch is loaded when it is first needed.
"""

from graphcore.build.built import Built
from graphcore.build.machine import line_in_work
from graphcore.build.reading import build

__all__ = ["Built", "build", "line_in_work"]
