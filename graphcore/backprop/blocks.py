"""A formula of several steps over a large array, a block at a time.

Each step of a formula makes an array. Over a whole large one that is memory to be fetched anew for every step; over a block
all of them stay in the cache.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphcore.ops import Formula, Op
from graphcore.ops.namespaces import Kernel, Shape

BLOCK = 8192  # entries: 64 kB an array
LARGE = 4 * BLOCK
STEPS = 3  # a formula of fewer makes too few arrays for it to matter


def in_blocks(op: Op, shape: Shape, others: Sequence[Shape]) -> bool:
    """Whether an op works entry by entry on arrays of one shape that are large."""
    return op.entrywise and math.prod(shape) >= LARGE and all(other in (shape, ()) for other in others)


def by_blocks(formula: Formula | None, kernel: Kernel, shape: Shape) -> Kernel:
    """The kernel of a formula over blocks of arrays of this shape, where it has enough steps; else the kernel itself."""
    if formula is None or formula.function is not None or _steps(formula) < STEPS:
        return kernel

    def run(*values: Any) -> Any:
        flat = [v if np.ndim(v) == 0 else v.reshape(-1) for v in values]
        out = np.empty(math.prod(shape))
        for start in range(0, out.size, BLOCK):
            part = slice(start, start + BLOCK)
            out[part] = kernel(*[v if np.ndim(v) == 0 else v[part] for v in flat])
        return out.reshape(shape)

    return run


def _steps(formula: Formula) -> int:
    return sum(isinstance(node, (ast.BinOp, ast.Call, ast.UnaryOp)) for node in ast.walk(formula.tree))
