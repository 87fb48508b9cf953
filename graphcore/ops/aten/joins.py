"""Many tensors put into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphcore.ops import REGISTRY
from graphcore.ops.aten.kinds import Arguments
from graphcore.ops.aten.row import Call, Row, Same, Slot, aten
from graphcore.ops.row import Formula


@dataclass(frozen=True, eq=False)
class Listed(Same):
    """The language's row of any number of operands, for a list of tensors."""

    def call(self, arguments: Mapping[str, Any]) -> Call | None:
        """The call in our terms; None where a tensor of the list is missing."""
        tensors = arguments[self.arguments[0]]
        if not all(isinstance(tensor, Slot) for tensor in tensors) or (self.when is not None and not self.when(arguments)):
            return None
        given = self.statics(arguments) if self.statics else {}
        return Call(self.op, tuple(tensor.index for tensor in tensors), tuple({**self.op.statics, **(given or {})}.items()))


def _axis(arguments: Arguments) -> Mapping[str, Any]:
    return {"axis": arguments.get("dim", 0)}


def _of_one_rank(arguments: Arguments) -> bool:
    return len({len(tensor.shape) for tensor in arguments["tensors"]}) == 1


def _kept(tensors: tuple[Any, ...]) -> list[int]:
    """torch leaves out a vector without entries beside tensors with more axes."""
    return [k for k, tensor in enumerate(tensors) if np.shape(tensor) != (0,)]


def _joined(tensors: tuple[Any, ...], dim: int = 0) -> Any:
    return np.concatenate([tensors[k] for k in _kept(tensors)], axis=dim)


def _joined_rule(g: Any, y: Any, tensors: tuple[Any, ...], slot: int, dim: int = 0) -> Any:
    kept = _kept(tensors)
    if slot not in kept:
        return np.zeros((0,))
    ends = np.cumsum([0, *[np.shape(tensors[k])[dim] for k in kept]])
    place = kept.index(slot)
    return g[(*(slice(None),) * (dim % np.ndim(g)), slice(ends[place], ends[place + 1]))]


def _corners(tensors: tuple[Any, ...]) -> list[tuple[int, int, Any]]:
    matrices = [np.atleast_2d(tensor) for tensor in tensors]
    rows = np.cumsum([0, *[len(matrix) for matrix in matrices]])
    columns = np.cumsum([0, *[matrix.shape[1] for matrix in matrices]])
    return list(zip(rows.tolist(), columns.tolist(), matrices, strict=False))


def _blocks(tensors: tuple[Any, ...]) -> Any:
    corners = _corners(tensors)
    size = sum(len(matrix) for *_, matrix in corners), sum(matrix.shape[1] for *_, matrix in corners)
    found = np.zeros(size, dtype=np.result_type(*tensors))
    for row, column, matrix in corners:
        found[row : row + matrix.shape[0], column : column + matrix.shape[1]] = matrix
    return found


def _block(g: Any, y: Any, tensors: tuple[Any, ...], slot: int) -> Any:
    row, column, matrix = _corners(tensors)[slot]
    return g[row : row + matrix.shape[0], column : column + matrix.shape[1]].reshape(np.shape(tensors[slot]))


def listed(name: str, row: str, when: Callable[[Arguments], bool] | None = None) -> Same:
    """A row of the language for a list of tensors."""
    return Listed(name, REGISTRY[row], ("tensors",), statics=_axis, when=when)


ROWS: list[Row | Same] = [
    listed("cat", "concatenate", _of_one_rank),
    aten(
        "cat(tensors, dim=0)",
        Formula("concatenate(tensors)", _joined),
        spoken="joined",
        tensors=Formula("piece(g, tensors)", _joined_rule),
        says="each part takes its piece back",
        plumbing=True,
    ),
    listed("stack", "stack"),
    aten(
        "block_diag(tensors)",
        Formula("block_diag(tensors)", _blocks),
        spoken="blocks on a diagonal",
        tensors=Formula("block(g, tensors)", _block),
        says="each part takes its block back",
        plumbing=True,
    ),
]
