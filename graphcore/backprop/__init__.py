"""The forward and the backward pass, with every number kept.

Both passes are loops over rows compiled once per graph: forward over the nodes, backward over the edges in reverse.
"""

from graphcore.backprop.plan import Plan, compile_plan, kernels
from graphcore.backprop.run import Step, Trace, read_only, trace

__all__ = ["Plan", "Step", "Trace", "compile_plan", "kernels", "read_only", "trace"]
