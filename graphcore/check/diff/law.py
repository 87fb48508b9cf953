"""The rank-one law inside one file: with one example, dW is the outer product of db and the activation that came in."""

from __future__ import annotations

import numpy as np

from graphcore.check.diff.printed import PRODUCT, Printed, quotients, telling
from graphcore.check.diff.result import Law
from graphcore.compare.numbers import number
from graphcore.compare.states import EPS

SKETCH = 64
SHOWN = 4


def law(weight: Printed, bias: Printed, transposed: bool = False) -> Law:
    """What the law says of a layer's two arrays (axes of length one left out).

    ``transposed`` is the layout to suppose where a square dW fits neither way: (in, out). A dW of one axis stands for one
    neuron, or for one input where db has as many entries.
    """
    for layout, matrix in _readings(weight, bias, transposed):
        recovered = _input(matrix, bias)
        if recovered is not None:
            return _holds(layout, matrix, bias, recovered)
    if weight.array.ndim == 1 and bias.array.shape == weight.array.shape:
        return _column_bias(weight, bias)
    layouts = _readings(weight, bias, transposed)
    if not layouts:
        return Law("unknown", f"db has {bias.array.size} entries, dW is {weight.array.shape}: they do not belong to one layer")
    layout, matrix = layouts[0]
    if not np.any(telling(bias)) or not np.isfinite(matrix.array).all():
        said = "db prints as zero" if not np.any(telling(bias)) else "dW is not complete"
        return Law("unknown", f"{said}, so nothing follows from it", layout, weight=matrix, bias=bias)
    rank = numerical_rank(matrix)
    if rank == 1:
        return Law(
            "broken", f"dW is an outer product, but not with its own db{_ratios(matrix, bias)}", layout, 1, None, matrix, bias
        )
    text = f"dW has rank {rank}{' at least' if rank >= SKETCH else ''}: more than one example, or no outer product"
    return Law("batch", text, layout, rank, None, matrix, bias)


def _readings(weight: Printed, bias: Printed, transposed: bool) -> list[tuple[str, Printed]]:
    """dW as (out, in), in every way that the number of biases allows."""
    array, n = weight.array, bias.array.size
    if bias.array.ndim > 1 or array.ndim > 2:
        return []
    if array.ndim < 2:
        if n == 1:
            return [("", weight.moved(lambda v: np.reshape(v, (1, -1))))]
        return [("", weight.moved(lambda v: np.reshape(v, (-1, 1))))] if n == array.size else []
    straight, turned = ("(out, in)", weight), ("(in, out)", weight.moved(np.transpose))
    found = [turned, straight] if transposed else [straight, turned]
    return [(layout, matrix) for layout, matrix in found if matrix.array.shape[0] == n]


def _products(numbers: Printed) -> Printed:
    """The rounding of one product added to every interval."""
    return numbers._replace(half=numbers.half * (1 + 1e-9) + PRODUCT * numbers.eps * np.abs(numbers.array))


def _input(matrix: Printed, bias: Printed) -> Printed | None:
    """The activation x with dW = db x, as far as the printed digits tell; None where there is none."""
    wide, delta = _products(matrix), _products(bias.moved(lambda v: np.reshape(v, (-1, 1))))
    if not np.any(telling(delta)) or np.isnan(wide.array).any():
        return None
    across = delta.moved(lambda v: np.broadcast_to(v, wide.array.shape))
    lowest, highest = quotients(wide, across)
    low, high = np.max(lowest, axis=0), np.min(highest, axis=0)
    if np.any(low > high):
        return None
    known = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(known, low, 0.0), np.where(known, high, 0.0)
    filled, half = (low + high) / 2, (high - low) / 2
    x = np.where(known, filled, np.nan)
    beyond = np.abs(wide.array - filled * across.array) > (wide.half + np.abs(filled) * across.half + half * np.abs(across.array))
    if np.any(beyond & known):
        return None
    return Printed(x, half, matrix.eps)


def _holds(layout: str, matrix: Printed, bias: Printed, recovered: Printed) -> Law:
    rows = int(np.count_nonzero(telling(bias)))
    state = "holds" if rows > 1 else "trivial"
    count = "one neuron" if matrix.array.shape[0] == 1 else "one entry of db that is not zero"
    why = "" if rows > 1 else f"; with {count} it always is"
    return Law(state, f"dW is the outer product of its own db and {_shown(recovered)}{why}", layout, 1, recovered, matrix, bias)


def _shown(numbers: Printed) -> str:
    values = numbers.array[:SHOWN]
    return f"({', '.join('?' if np.isnan(v) else number(v) for v in values)}{', ...' if numbers.array.size > SHOWN else ''})"


def _column_bias(weight: Printed, bias: Printed) -> Law:
    """One neuron whose db has an entry for every column of its weights, all the same."""
    wide = _products(bias)
    equal = np.max(wide.array - wide.half) <= np.min(wide.array + wide.half)
    if not equal or not np.all(telling(bias)):
        return Law("unknown", "dW and db have one axis each and no constant ratio", weight=weight, bias=bias)
    lowest, highest = quotients(_products(weight), wide)
    recovered = Printed((lowest + highest) / 2, (highest - lowest) / 2, weight.eps)
    text = f"db has {bias.array.size} entries, one a column, all {number(bias.array.flat[0])}; dW / db is {_shown(recovered)}"
    return Law("column-bias", text, "(out, in)", 1, recovered, weight.moved(lambda v: np.reshape(v, (1, -1))), bias)


def _ratios(matrix: Printed, bias: Printed) -> str:
    """How one column of dW relates to db: it should be a constant."""
    known = np.flatnonzero(telling(bias))
    if len(known) < 2:
        return ""
    column = int(np.argmax(np.abs(matrix.array[known[0]])))
    values = [number(matrix.array[k, column] / bias.array[k]) for k in known[:SHOWN]]
    return f": dW / db is {', '.join(values)}{' ...' if len(known) > SHOWN else ''} where it should be one number"


def numerical_rank(matrix: Printed) -> int:
    """The rank that the printed digits prove; of a large matrix no more than SKETCH is counted.

    >>> v = np.array([[1.0, 2.0]])
    >>> numerical_rank(Printed(v.T @ v, np.full((2, 2), 5e-5), 0.0)), numerical_rank(Printed(np.eye(3), np.zeros((3, 3)), 1e-16))
    (1, 3)
    """
    array = matrix.array
    # an error of these sizes moves no singular value by more than its Frobenius norm
    noise = float(np.sqrt(np.sum(np.square(matrix.half)))) + PRODUCT * max(matrix.eps, EPS) * float(
        np.sqrt(np.sum(np.square(array)))
    )
    if min(array.shape) > 2 * SKETCH:
        directions = np.random.default_rng(20260512).standard_normal((array.shape[1], SKETCH))
        directions, _ = np.linalg.qr(directions)
        array = array @ directions
    return int(np.count_nonzero(np.linalg.svd(array, compute_uv=False) > noise))
