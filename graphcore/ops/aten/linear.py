"""Products of matrices and vectors, and distances between rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.aten.kinds import Arguments, float_self, floating, same
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.row import Formula


def added(signature: str, product: str, **rules: Any) -> list[Row]:
    """The two rows of a sum with a product: without factors and with; torch does not look at ``self`` where beta is 0."""
    name, operands = signature.split("(")
    scaled = f"alpha * ({product}) if beta == 0 else beta * self + alpha * ({product})"
    spoken = "sum with a product"

    def plain(arguments: Arguments) -> bool:
        return float_self(arguments) and (arguments.get("beta", 1), arguments.get("alpha", 1)) == (1, 1)

    with_factors: dict[str, Any] = {key: f"alpha * ({rule})" for key, rule in rules.items()}
    whole = f"{name}({operands}, beta=1, alpha=1)"
    return [
        aten(whole, f"self + {product}", spoken=spoken, self="g", when=plain, **rules),
        aten(whole, scaled, spoken=spoken, self="beta * g", when=float_self, **with_factors),
    ]


def _matrix(arguments: Arguments) -> bool:
    return len(arguments["self"].shape) == 2


def _square(arguments: Arguments) -> bool:
    shape = arguments["self"].shape
    return float_self(arguments) and shape[0] == shape[1]


def _trace_rule(g: Any, y: Any, self: Any) -> Any:
    return g * np.eye(*np.shape(self))


def _cross(self: Any, other: Any, dim: int = -1) -> Any:
    a, b = np.moveaxis(self, dim, 0), np.moveaxis(other, dim, 0)
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], axis=dim)


def _apart(x1: Any, x2: Any) -> Any:
    return np.asarray(x1)[..., :, None, :] - np.asarray(x2)[..., None, :, :]


def length(gaps: Any, p: float) -> Any:
    """The p-norm of the last axis."""
    size = np.abs(gaps)
    if p == 2:
        return np.sqrt(np.sum(size**2, axis=-1))
    if p == 0:
        return np.sum(size != 0, axis=-1, dtype=np.float64)
    if p == np.inf:
        return np.max(size, axis=-1, initial=0.0)
    return np.sum(size, axis=-1) if p == 1 else np.sum(size**p, axis=-1) ** (1 / p)


def slope(gaps: Any, p: float, found: Any) -> Any:
    """The derivative of :func:`length` by every gap; 0 where the length is 0, as torch has it."""
    found, size = found[..., None], np.abs(gaps)
    if p == 2:
        return np.where(found == 0, 0.0, gaps / found)
    if p == np.inf:
        return np.sign(gaps) * (size == found)
    if p in (0, 1):
        return np.sign(gaps) * p
    return np.where((found == 0) | (size == 0), 0.0, np.sign(gaps) * (size / found) ** (p - 1))


def _distances(x1: Any, x2: Any, p: float = 2.0, compute_mode: int | None = None) -> Any:
    return length(_apart(x1, x2), p)


def _distances_x1(g: Any, y: Any, x1: Any, x2: Any, p: float = 2.0, compute_mode: int | None = None) -> Any:
    return np.sum(g[..., None] * slope(_apart(x1, x2), p, y), axis=-2)


def _distances_x2(g: Any, y: Any, x1: Any, x2: Any, p: float = 2.0, compute_mode: int | None = None) -> Any:
    return -np.sum(g[..., None] * slope(_apart(x1, x2), p, y), axis=-3)


def _pairs(self: Any) -> Any:
    above = np.triu_indices(len(self), 1)
    return above, self[above[0]] - self[above[1]]


def _among(self: Any, p: float = 2.0) -> Any:
    return length(_pairs(self)[1], p)


def _among_rule(g: Any, y: Any, self: Any, p: float = 2.0) -> Any:
    (first, second), gaps = _pairs(self)
    each = g[..., None] * slope(gaps, p, y)
    found = np.zeros(np.shape(self))
    np.add.at(found, first, each)
    np.subtract.at(found, second, each)
    return found


def _distance(self: Any, other: Any, p: float = 2) -> Any:
    return length(np.ravel(np.asarray(self) - other), p)


def _distance_rule(g: Any, y: Any, self: Any, other: Any, p: float = 2) -> Any:
    gaps = np.asarray(self) - other
    return g * slope(np.ravel(gaps), p, np.asarray(y)).reshape(gaps.shape)


def _distance_other(g: Any, y: Any, self: Any, other: Any, p: float = 2) -> Any:
    return -_distance_rule(g, y, self, other, p)


def _ordinary(arguments: Arguments) -> bool:
    return bool(floating(arguments) and arguments.get("p", 2) >= 0)


def _widened(tensors: list[Any], expansions: list[Any]) -> list[Any]:
    return [np.expand_dims(tensor, tuple(places)) for tensor, places in zip(tensors, expansions, strict=True)]


def _trilinear(i1: Any, i2: Any, i3: Any, expand1: Any, expand2: Any, expand3: Any, sumdim: Any, unroll_dim: int = 1) -> Any:
    a, b, c = _widened([i1, i2, i3], [expand1, expand2, expand3])
    return np.sum(a * b * c, axis=tuple(sumdim))


def _trilinear_rule(slot: int) -> Any:
    def rule(
        g: Any, y: Any, i1: Any, i2: Any, i3: Any, expand1: Any, expand2: Any, expand3: Any, sumdim: Any, unroll_dim: int = 1
    ) -> Any:
        expansions = [expand1, expand2, expand3]
        wide = _widened([i1, i2, i3], expansions)
        rank = np.ndim(wide[0])
        given = np.expand_dims(g, tuple(sumdim))
        product = given * wide[(slot + 1) % 3] * wide[(slot + 2) % 3]
        repeated = tuple(k for k in range(rank) if np.shape(wide[slot])[k] == 1)
        return np.sum(product, axis=repeated, keepdims=True).reshape(np.shape((i1, i2, i3)[slot]))

    return rule


_SHOWN = Formula("g * (x1 - x2) / y", _distances_x1), Formula("-g * (x1 - x2) / y", _distances_x2)

ROWS: list[Row | Same] = [
    same("mm", "matmul", "self", "mat2"),
    aten("mm(self, mat2)", "self @ mat2", spoken="matrix product"),
    same("bmm", "matmul_batched", "self", "mat2"),
    aten("bmm(self, mat2)", "self @ mat2", spoken="matrix products"),
    same("mv", "matvec", "self", "vec"),
    same("dot", "dot", "self", "tensor"),
    same("vdot", "dot", "self", "other"),
    same("outer", "outer", "self", "vec2"),
    same("linear", "linear", "input", "weight", "bias"),
    aten(
        "linear(input, weight, bias=None)",
        "input @ weight.T",
        spoken="linear layer",
        input="g @ weight",
        weight="flat(g).T @ flat(input)",
        when=lambda given: floating(given) and given.get("bias") is None and len(given["weight"].shape) == 2,
    ),
    *added("addmm(self, mat1, mat2", "mat1 @ mat2", mat1="g @ mat2.T", mat2="mat1.T @ g"),
    *added("addmv(self, mat, vec", "mat @ vec", mat="outer(g, vec)", vec="mat.T @ g"),
    *added("addr(self, vec1, vec2", "outer(vec1, vec2)", vec1="g @ vec2", vec2="g.T @ vec1"),
    *added("baddbmm(self, batch1, batch2", "batch1 @ batch2", batch1="g @ batch2.mT", batch2="batch1.mT @ g"),
    *added("addbmm(self, batch1, batch2", "sum(batch1 @ batch2, 0)", batch1="g @ batch2.mT", batch2="batch1.mT @ g"),
    same("t", "T", when=_matrix),
    same("t_copy", "T", when=_matrix),
    aten("t(self)", "self", spoken="transpose", self="g", plumbing=True),
    same("trace", "trace", when=_square),
    aten(
        "trace(self)",
        Formula("trace(self)", lambda self: np.trace(self)),
        spoken="trace",
        self=Formula("where(eye(self) == 1, g, 0)", _trace_rule),
    ),
    aten(
        "linalg_cross(self, other, dim=-1)",
        Formula("cross(self, other)", _cross),
        spoken="cross product",
        self=Formula("cross(other, g)", lambda g, y, self, other, dim=-1: _cross(other, g, dim)),
        other=Formula("cross(g, self)", lambda g, y, self, other, dim=-1: _cross(g, self, dim)),
        when=floating,
    ),
    aten(
        "_cdist_forward(x1, x2, p, compute_mode)",
        Formula("norm(x1 - x2)", _distances),
        spoken="distances",
        x1=_SHOWN[0],
        x2=_SHOWN[1],
        when=_ordinary,
    ),
    aten("_euclidean_dist(x1, x2)", Formula("norm(x1 - x2)", _distances), spoken="distances", x1=_SHOWN[0], x2=_SHOWN[1]),
    aten(
        "_pdist_forward(self, p=2.0)",
        Formula("norm(self[i] - self[j])", _among),
        spoken="distances of all pairs",
        self=Formula("g * (self[i] - self[j]) / y", _among_rule),
        when=_ordinary,
    ),
    aten(
        "_trilinear(i1, i2, i3, expand1, expand2, expand3, sumdim, unroll_dim=1)",
        Formula("sum(i1 * i2 * i3)", _trilinear),
        spoken="product of three",
        i1=Formula("sum(g * i2 * i3)", _trilinear_rule(0)),
        i2=Formula("sum(g * i1 * i3)", _trilinear_rule(1)),
        i3=Formula("sum(g * i1 * i2)", _trilinear_rule(2)),
    ),
    aten(
        "dist(self, other, p=2)",
        Formula("norm(self - other)", _distance),
        spoken="distance",
        self=Formula("g * (self - other) / y", _distance_rule),
        other=Formula("-g * (self - other) / y", _distance_other),
        when=lambda given: _ordinary(given) and given.get("p", 2) != 0,
    ),
]
