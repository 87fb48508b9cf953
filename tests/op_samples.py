"""What every row of the registry is tried on: made from the row's kind, so that a new ordinary row needs nothing here."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from graphcore.ops import Op


class Sample(NamedTuple):
    """Operand values and static arguments for one row."""

    operands: tuple[Any, ...]
    statics: Mapping[str, Any] = MappingProxyType({})


# the numbers an op is tried on, where those from -2 to 2 will not do
DOMAIN = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt"), (0.3, 3)),
    "log1p": (-0.6, 3),
    "asin": (-0.7, 0.7),
    "acos": (-0.7, 0.7),
    "atanh": (-0.6, 0.6),
    "acosh": (1.3, 3),
    "tan": (-1.1, 1.1),
    "cbrt": (0.3, 3),
    "reciprocal": (0.4, 3),
    "pow": (0.1, 3),
    "logit": (0.3, 0.7),
    "xlogy": (0.3, 3),
    "binary_cross_entropy_each": (0.3, 0.7),
    "hardsigmoid": (-5, 5),
    "hardswish": (-5, 5),
    "relu6": (-3, 9),
    "softplus": (-30, 30),
    "cumprod": (0.5, 2),
    "selu": (-3, 3),
}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "clip": [{"min": -1, "max": 1}, {"min": 0.5}, {"max": 0.5}, {"min": 1, "max": -1}],
    "leaky_relu": [{}, {"negative_slope": 0.3}],
    "elu": [{}, {"alpha": 0.5}],
    "celu": [{}, {"alpha": 0.5}],
    "softplus": [{}, {"beta": 2.0, "threshold": 5.0}],
    "gelu": [{}, {"approximate": "tanh"}],
    "hardtanh": [{}, {"min_val": -0.5, "max_val": 1.5}],
    "hardshrink": [{}, {"lambd": 1.0}],
    "softshrink": [{}, {"lambd": 1.0}],
    "threshold": [{}, {"threshold": 0.5, "value": -3.0}],
}
REDUCTIONS = [{}, {"keepdims": True}, {"axis": 0}, {"axis": -1}, {"axis": 1, "keepdims": True}, {"axis": (0, 1)}]


def drawn(op: Op, *shapes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    low, high = DOMAIN.get(op.name, (-2, 2))
    generator = np.random.default_rng(zlib.crc32(f"{op.name}{shapes}".encode()))
    if op.name in ("fmod", "remainder", "floor_divide"):  # keep off the jumps: a is half a step from a multiple of b
        return tuple(
            generator.integers(-3, 3, s) + 0.5 if k == 0 else generator.uniform(0.97, 1.03, s) for k, s in enumerate(shapes)
        )
    return tuple(generator.uniform(low, high, shape) for shape in shapes)


def pointwise(op: Op) -> Iterator[Sample]:
    """Scalars, matrices, broadcasting, nothing at all, and every setting."""
    n = len(op.operands)
    for statics in SETTINGS.get(op.name, [{}]):
        for shapes in {((),) * n, ((2, 3),) * n, ((0, 3),) * n, *itertools.permutations(((3,), (2, 3), (2, 1))[:n])}:
            values = drawn(op, *shapes)
            if op.name == "where":
                values = ((values[0] > 0) * 1.0, *values[1:])
            yield Sample(values, statics)
        yield Sample(tuple(v.T[::-1] for v in drawn(op, *[(3, 2)] * n)), statics)


PRODUCTS = {
    "matmul": [((2, 3), (3, 4)), ((2, 3), (3, 1)), ((2, 0), (0, 3))],
    "matvec": [((2, 3), (3,))],
    "vecmat": [((3,), (3, 2))],
    "dot": [((3,), (3,)), ((0,), (0,))],
    "matmul_batched": [((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2))],
    "matvec_batched": [((2, 3, 4), (4,)), ((5, 2, 3, 4), (4,))],
    "vecmat_batched": [((3,), (2, 3, 4)), ((3,), (5, 2, 3, 4))],
    "outer": [((2,), (3,))],
    "solve": [((3, 3), (3,))],
    "solve_columns": [((3, 3), (3, 2)), ((2, 2), (2, 2))],
    "cross": [((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (1, 3)), ((0, 3), (0, 3))],
    "binary_cross_entropy_each": [((2, 3), (2, 3)), ((), ()), ((0, 3), (0, 3))],
    "xlogy": [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (2, 3)), ((), ()), ((0, 3), (0, 3))],
    "prelu": [((2, 3), (1,)), ((2, 3), ()), ((), ()), ((2, 3), (3,)), ((0, 3), (1,))],
    "linear": [((3,), (2, 3), (2,)), ((4, 3), (2, 3), (2,)), ((5, 4, 3), (2, 3), (2,))],
    "kron": [((2, 3), (3, 2))],
    "T": [((2, 3),)],
    "trace": [((3, 3),)],
    "det": [((3, 3),)],
    "inv": [((3, 3),)],
    "softmax": [((2, 3),), ((4,),), ((2, 3, 4),)],
    "log_softmax": [((2, 3),), ((4,),)],
}
# further operands than the shapes say, and static arguments
MOVED: dict[str, list[tuple[tuple[tuple[int, ...], ...], dict[str, Any]]]] = {
    "softmax": [(((2, 3),), {"axis": 0})],
    "log_softmax": [(((2, 3),), {"axis": 0})],
    "getitem": [
        (((4, 5),), {"index": index})
        for index in [
            (1,),
            (-1, 2),
            (slice(1, 3),),
            (slice(None), 2),
            (slice(0, 4, 2), slice(None, -1)),
            (None, 1),
            (Ellipsis, 0),
        ]
    ]
    + [(((4,),), {"index": (slice(2, 2),)})],
    "reshape": [(((2, 6),), {"newshape": s}) for s in [(3, 4), (-1,), (2, -1, 3), 12]] + [(((0, 3),), {"newshape": (3, 0)})],
    "flatten": [(((2, 3),), {}), (((),), {})],
    "transpose": [
        (((2, 3),), {}),
        (((2, 3, 4),), {}),
        (((2, 3, 4),), {"axes": (2, 0, 1)}),
        (((2, 3, 4),), {"axes": (-1, 0, 1)}),
        (((3,),), {}),
    ],
    "swapaxes": [(((2, 3, 4),), {"axis1": 0, "axis2": -1})],
    "squeeze": [(((1, 3, 1),), {}), (((1, 3, 1),), {"axis": 0}), (((1, 3, 1),), {"axis": (0, -1)})],
    "expand_dims": [(((2, 3),), {"axis": k}) for k in (0, 1, -1)],
    "broadcast_to": [(((3,),), {"newshape": (2, 3)}), (((2, 1),), {"newshape": (4, 2, 3)}), (((),), {"newshape": (2,)})],
    "tile": [(((2, 3),), {"reps": r}) for r in [2, (2,), (3, 1), (2, 1, 2)]],
    "repeat": [(((2, 3),), {"repeats": 2}), (((2, 3),), {"repeats": 2, "axis": 0}), (((2, 3),), {"repeats": 3, "axis": -1})],
    "flip": [(((2, 3),), {}), (((2, 3),), {"axis": 1}), (((2, 3),), {"axis": (0, 1)})],
    "roll": [(((2, 3),), {"shift": 1}), (((2, 3),), {"shift": -1, "axis": 1}), (((2, 3),), {"shift": (1, 2), "axis": (0, 1)})],
    "tril": [(((3, 4),), {}), (((2, 3, 3),), {"k": -1})],
    "triu": [(((3, 4),), {}), (((2, 3, 3),), {"k": 1})],
    "cross": [(((3, 2), (3, 2)), {"axis": 0})],
    "pad": [
        (((3,),), {"width": ((1, 2),)}),
        (((2, 3),), {"width": ((0, 1), (2, 0)), "value": -1.5}),
        (((0, 3),), {"width": ((1, 0), (1, 1))}),
    ],
    "diag": [(((3,),), {})],
    "diagonal": [(((3, 3),), {})],
    "concatenate": [(((2, 3), (1, 3)), {}), (((2, 3), (2, 1), (2, 2)), {"axis": -1}), (((2,),), {})],
    "hstack": [(((2, 3), (2, 1)), {})],
    "vstack": [(((2, 3), (1, 3)), {})],
    "stack": [(((2, 3), (2, 3)), {}), (((2, 3), (2, 3), (2, 3)), {"axis": -1}), (((), ()), {})],
    "detach": [(((2, 3),), {})],
    "cumsum": [(((4,),), {}), (((2, 3),), {"axis": 0}), (((2, 3),), {"axis": -1})],
    "cumprod": [(((4,),), {}), (((2, 3),), {"axis": 0}), (((2, 3),), {"axis": -1})],
}


def reduced(op: Op) -> Iterator[Sample]:
    settings = [s for s in REDUCTIONS if not (op.name in ("prod", "median") and isinstance(s.get("axis"), tuple))]
    if op.name == "norm":
        orders = [1, 2, 3, 1.5, math.inf, -math.inf]
        settings = [*settings, {"ord": "fro"}, {"ord": "fro", "axis": (1, 0), "keepdims": True}]
        settings = settings + [{"ord": p, "axis": 1} for p in orders] + [{"ord": p, "axis": 0, "keepdims": True} for p in orders]
    if op.name in ("var", "std"):
        settings = [*settings, {"ddof": 1}, {"ddof": 1, "axis": 0}]
    for statics in settings:
        yield Sample(drawn(op, (2, 3)), statics)
        yield Sample((drawn(op, (3, 2))[0].T,), statics)
    yield Sample(drawn(op, (2, 3, 4)), {"axis": 1})
    if op.name not in ("std", "var"):
        yield Sample(drawn(op, ()))
    if op.shape.__name__ not in ("extreme", "median") and op.name not in ("std", "var"):
        yield Sample((np.zeros((0, 3)),), {"axis": 1})


def samples(op: Op) -> Iterator[Sample]:
    """What a row is tried on."""
    for shapes in PRODUCTS.get(op.name, []):
        values = drawn(op, *shapes)
        if op.name in ("solve", "solve_columns"):  # well away from a singular matrix
            values = (values[0] + 5 * np.eye(len(values[0])), values[1])
        yield Sample(values)
        if op.name == "matmul":
            yield Sample(tuple(v.T for v in drawn(op, *[s[::-1] for s in shapes])))
    for shapes, statics in MOVED.get(op.name, []):
        yield Sample(drawn(op, *shapes), statics)
    if op.name == "take":
        yield Sample((*drawn(op, (3, 2)), np.array([0.0, 2, 2, 1])))
        yield Sample((*drawn(op, (4,)), np.array([[0.0, 3], [3, -1]])))
    elif op.name == "gather":
        yield Sample((*drawn(op, (2, 3)), np.array([[0.0, 2], [1, 1]])), {"axis": 1})
        yield Sample((*drawn(op, (3, 2)), np.array([[0.0, 2]])), {"axis": 0})
        yield Sample((*drawn(op, (4,)), np.array([3.0, 0, 0, 0, 1])), {"axis": -1})
    elif op.name in ("pick", "pick_one"):
        yield Sample((*drawn(op, (3, 4)), np.array([0.0, 3, 1])) if op.name == "pick" else (*drawn(op, (4,)), np.array(2.0)))
    elif (op.group == "reductions" and "keepdims" in op.statics) or op.name == "logsumexp":
        yield from reduced(op)
    elif op.entrywise and op.name not in PRODUCTS:
        yield from pointwise(op)
