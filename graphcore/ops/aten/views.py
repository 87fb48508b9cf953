"""Views and other moves that the language has too: the same numbers in another shape or order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphcore.ops.aten.kinds import Arguments, float_self, same
from graphcore.ops.aten.row import Row, Same, aten

Settings = Callable[[Arguments], dict[str, Any] | None]


def _always(arguments: Arguments) -> bool:
    return True


def _rank(arguments: Arguments) -> int:
    return len(arguments["self"].shape)


def _newshape(arguments: Arguments) -> dict[str, Any] | None:
    size = arguments.get("size", arguments.get("shape"))
    return None if size is None else {"newshape": tuple(size)}


def _expanded(arguments: Arguments) -> dict[str, Any]:
    shape, size = arguments["self"].shape, tuple(arguments["size"])
    known = (1,) * (len(size) - len(shape)) + shape
    return {"newshape": tuple(k if n == -1 else n for n, k in zip(size, known, strict=True))}


def _axes(arguments: Arguments) -> dict[str, Any]:
    return {"axes": tuple(arguments["dims"])}


def _swapped(arguments: Arguments) -> dict[str, Any] | None:
    return {"axis1": arguments["dim0"], "axis2": arguments["dim1"]} if _rank(arguments) else None


def _squeezed(arguments: Arguments) -> dict[str, Any]:
    shape = arguments["self"].shape
    if "dim" not in arguments:
        return {"axis": None}
    dims = arguments["dim"] if isinstance(arguments["dim"], tuple) else (arguments["dim"],)
    short = tuple(dim for dim in dims if shape and shape[dim] == 1)
    return {"axis": short[0] if len(short) == 1 else short}


def _selected(arguments: Arguments) -> dict[str, Any]:
    before = arguments["dim"] % _rank(arguments)
    return {"index": (slice(None),) * before + (arguments["index"],)}


def cut(shape: tuple[int, ...], dim: int, start: int | None, end: int | None, step: int) -> tuple[slice, ...]:
    """torch's slice along one axis as a subscript, its ends left out where they are the axis's own."""
    dim %= len(shape)
    low = start if start else None
    high = None if end is None or end >= shape[dim] else end
    return (*(slice(None),) * dim, slice(low, high, None if step == 1 else step))


def _sliced(arguments: Arguments) -> dict[str, Any]:
    start, end = arguments.get("start"), arguments.get("end")
    return {"index": cut(arguments["self"].shape, arguments.get("dim", 0), start, end, arguments.get("step", 1))}


def _narrowed(arguments: Arguments) -> dict[str, Any]:
    dim = arguments["dim"] % _rank(arguments)
    start = arguments["start"] % arguments["self"].shape[dim]
    return {"index": (*(slice(None),) * dim, slice(start, start + arguments["length"]))}


def _flipped(arguments: Arguments) -> dict[str, Any]:
    return {"axis": tuple(arguments["dims"])}


def _rolled(arguments: Arguments) -> dict[str, Any] | None:
    shifts, dims = tuple(arguments["shifts"]), tuple(arguments.get("dims", ()))
    return {"shift": shifts, "axis": dims} if dims else {"shift": shifts[0], "axis": None}


def _tiled(arguments: Arguments) -> dict[str, Any]:
    return {"reps": tuple(arguments["repeats"])}


def _diagonal(arguments: Arguments) -> dict[str, Any]:
    return {"k": arguments.get("diagonal", 0)}


def _main_diagonal(arguments: Arguments) -> bool:
    shape = arguments["self"].shape
    dims = arguments.get("offset", 0), arguments.get("dim1", 0), arguments.get("dim2", 1)
    return float_self(arguments) and len(shape) == 2 and shape[0] == shape[1] and dims == (0, 0, 1)


_MOVES: dict[str, tuple[str, Settings]] = {
    "view _unsafe_view reshape _reshape_alias _reshape_copy view_copy": ("reshape", _newshape),
    "expand expand_copy broadcast_to": ("broadcast_to", _expanded),
    "permute permute_copy": ("transpose", _axes),
    "transpose transpose_copy": ("swapaxes", _swapped),
    "squeeze squeeze_copy": ("squeeze", _squeezed),
    "unsqueeze unsqueeze_copy": ("expand_dims", lambda given: {"axis": given["dim"]}),
    "select select_copy": ("getitem", _selected),
    "slice slice_copy": ("getitem", _sliced),
    "narrow_copy": ("getitem", _narrowed),
    "flip": ("flip", _flipped),
    "roll": ("roll", _rolled),
    "repeat": ("tile", _tiled),
    "tril": ("tril", _diagonal),
    "triu": ("triu", _diagonal),
}

ROWS: list[Row | Same] = [
    *[same(name, row, when=_always, statics=settings) for names, (row, settings) in _MOVES.items() for name in names.split()],
    # a single number has no axes to exchange
    aten("transpose(self, dim0, dim1)", "self", spoken="transpose", self="g", plumbing=True),
    same("diagonal", "diagonal", when=_main_diagonal),
]
