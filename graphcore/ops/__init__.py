"""The registry: every op in one row, grouped by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from graphcore.errors import UnknownNameError
from graphcore.ops import activations, arithmetic, elementwise, linear, network, reductions, shape
from graphcore.ops.composites import COMPOSITES, Composite
from graphcore.ops.names import ALIASES, EXCLUDED, KEYWORDS, TORCH_DEFAULTS, keyword
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import REQUIRED, Formula, Op, ShapeError, Statics, StaticsKey

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
    "StaticsKey",
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
    if choose is not None:
        found = choose(*[len(shape) for shape in shapes])
    row = REGISTRY.get(found)
    return get(name) if row is None else row


def _product(a: int = 2, b: int = 2, *_: int) -> str:
    kind = "dot" if a < 2 and b < 2 else "matvec" if b < 2 else "vecmat" if a < 2 else "matmul"
    return kind if max(a, b) < 3 else f"{kind}_batched"


def _dot(a: int = 1, b: int = 1, *_: int) -> str:
    return "mul" if 0 in (a, b) else _product(a, b)


def _any(least: int, below: str, above: str) -> Callable[..., str]:
    """One row where no operand has ``least`` axes or more, else another."""
    return lambda *ranks: above if max(ranks, default=least) >= least else below


# how many axes the operands have -> the row meant
_BY_RANK: Mapping[str, Callable[..., str]] = {
    "matmul": _product,
    "dot": _dot,
    "T": lambda *ranks: "T" if ranks in ((2,), ()) else "transpose",
    "diag": _any(2, "diag", "diagonal"),
    "pick": lambda *ranks: "pick_one" if ranks[:1] == (1,) else "pick",
    "solve": lambda *ranks: "solve_columns" if ranks[1:] == (2,) else "solve",
    "hstack": _any(2, "concatenate", "hstack"),
    "vstack": _any(2, "stack", "vstack"),
}
