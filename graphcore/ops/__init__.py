"""The registry: every op in one row, grouped by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from graphcore.errors import UnknownNameError
from graphcore.ops import activations, arithmetic, elementwise, linear, network, reductions, shape
from graphcore.ops.composites import COMPOSITES, Composite
from graphcore.ops.names import ALIASES, EXCLUDED, KEYWORDS, TORCH_DEFAULTS, keyword
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import REQUIRED, Formula, Op, ShapeError, Statics

__all__ = [
    "ALIASES",
    "COMPOSITES",
    "EXCLUDED",
    "KEYWORDS",
    "REGISTRY",
    "REQUIRED",
    "TORCH_DEFAULTS",
    "Composite",
    "Formula",
    "Op",
    "ShapeError",
    "Statics",
    "get",
    "keyword",
    "resolve",
]

_TABLES = (arithmetic, elementwise, activations, linear, reductions, shape, network)
REGISTRY: Mapping[str, Op] = MappingProxyType({row.name: row for table in _TABLES for row in table.ROWS})


def get(name: str) -> Op:
    """The row called ``name`` (or an alias of it); :class:`UnknownNameError` names the nearest."""
    row = REGISTRY.get(ALIASES.get(name, name))
    if row is None:
        raise UnknownNameError("op", name, [*REGISTRY, *ALIASES])
    return row


def resolve(name: str, shapes: Sequence[Shape]) -> Op:
    """The row for ``name`` on operands of these shapes: some words mean one row per number of axes.

    >>> resolve("matmul", [(2, 3), (3,)]).name, resolve("matmul", [(3,), (3,)]).name
    ('matvec', 'dot')
    """
    found = ALIASES.get(name, name)
    choose = _BY_RANK.get(found)
    return get(found if choose is None else choose(*[len(shape) for shape in shapes]))


def _product(a: int = 2, b: int = 2, *_: int) -> str:
    if min(a, b) == 1 or max(a, b) <= 2:
        kind = {(True, True): "dot", (False, True): "matvec", (True, False): "vecmat"}.get((a < 2, b < 2), "matmul")
        batched = max(a, b) > 2
        return f"{kind}_batched" if batched else kind
    return "matmul_batched"


# how many axes the operands have -> the row meant
_BY_RANK = {
    "matmul": _product,
    "dot": lambda a=1, b=1, *_: "mul" if 0 in (a, b) else _product(a, b),
    "T": lambda a=2, *_: "T" if a == 2 else "transpose",
    "diag": lambda a=1, *_: "diagonal" if a == 2 else "diag",
    "pick": lambda a=2, *_: "pick_one" if a == 1 else "pick",
    "hstack": lambda *ranks: "concatenate" if max(ranks, default=1) < 2 else "hstack",
    "vstack": lambda *ranks: "stack" if max(ranks, default=1) < 2 else "vstack",
}
