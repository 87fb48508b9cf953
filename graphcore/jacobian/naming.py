"""A structure spelled out with the user's names: ``I ⊗ W2ᵀ``, ``diag(y)``, ``1/6 1ᵀ``; read off the indices of one term.

Every index of a term is part of one factor of a Kronecker product: of an identity (it runs along both sides), of an
array (it runs along the array's memory), or of a column or row of ones. The factors stand in the order in which their
indices lie in the flattened arrays; where the two sides disagree there is no such product.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from graphcore.jacobian.entries import Entries
from graphcore.jacobian.terms import flat_strides
from graphcore.ops.namespaces import Array, Shape

Named = Sequence[tuple[str, Any]]
_SHORTEST = 6  # digits of a number in a formula
_COMPARED = 4096  # entries up to which an array is compared with one of the other sign


class _Piece(NamedTuple):
    """One factor of the product: its name, and the steps of its indices on both sides (0: none there)."""

    name: str
    tall: tuple[int, ...]
    wide: tuple[int, ...]


class Sides(NamedTuple):
    """The shapes of target and source, whether their columns are stacked, and whether the transpose is wanted."""

    target: Shape
    source: Shape
    columns: bool = False
    denominator: bool = False


def structure_of(terms: Sequence[Entries], kind: str, named: Named, sides: Sides) -> str:
    """The kind spelled out with the names of the arrays it holds, where they say it all, else the kind."""
    word = {"sum": "broadcast", "broadcast": "sum"}.get(kind, kind) if sides.denominator else kind
    if kind == "zero":
        return "0"
    if len(terms) != 1 or kind in ("selection", "blocks", "function") or 0 in (*sides.target, *sides.source):
        return word
    e = terms[0]
    if e.hidden or (kind != "permutation" and (e.first or e.start)):
        return word
    split = _split(e, named)
    if split is None:
        return word
    scale, arrays = split
    if kind == "permutation":
        return _joined(scale, turned("K") if sides.denominator else "K") if _transposes(e) else word
    pieces = _pieces(e, arrays, named, sides)
    if pieces is None:
        return "permutation" if kind == "identity" else word
    if pieces == ["I"] and prod(sides.target) == 1:
        return scale if scale not in ("", "−") else f"{scale}1"
    return _joined(scale, " ⊗ ".join(map(turned, pieces) if sides.denominator else pieces))


def turned(piece: str) -> str:
    """The transpose of one factor.

    >>> turned("x1ᵀ"), turned("W2"), turned("I")
    ('x1', 'W2ᵀ', 'I')
    """
    if piece == "I" or piece.startswith("diag("):
        return piece
    return piece[:-1] if piece.endswith("ᵀ") else f"{piece}ᵀ"


_SOFTMAX = {
    "softmax": ("diag({y}) − {y} {y}ᵀ",) * 2,
    "log_softmax": ("I − 1 exp({y})ᵀ", "I − exp({y}) 1ᵀ"),
}


def softmax_of(op: str, name: str, sides: Sides) -> str:
    """The formula of a softmax whose result has this name; of several one for each."""
    formulas = _SOFTMAX.get(op.removeprefix("_"))
    if formulas is None:
        return "softmax"
    several = len([n for n in sides.target if n != 1]) > 1
    return formulas[sides.denominator].format(y=name) + (", one block each" if several else "")


def _joined(scale: str, rest: str) -> str:
    return f"{scale}{rest}" if scale in ("", "−") else f"{scale} {rest}"


def _split(e: Entries, named: Named) -> tuple[str, list[tuple[int, Array]]] | None:
    """The numbers that multiply everything, as text, and the arrays with their place among the factors."""
    number, names, arrays = 1.0, [], []
    for n, factor in enumerate(e.term.factors, 1):
        if any(ix.moves[n] for ix in e.term.indices):
            if factor.combine is not np.multiply:
                return None
            arrays.append((n, factor.memory))
            continue
        if factor.combine not in (np.multiply, np.divide):
            return None
        name, _ = _name_of(factor.memory, named)
        if name and factor.combine is np.multiply:
            names.append(name)
            continue
        value = float(factor.memory.reshape(-1)[e.term.starts[n]])
        number = number * value if factor.combine is np.multiply else number / value if value else np.nan
    if not np.isfinite(number):
        return None
    written = _number(number)
    between = " " if names and written not in ("", "−") else ""
    return written + between + " ".join(names), arrays


def _number(value: float) -> str:
    if value in (1.0, -1.0):
        return "" if value > 0 else "−"
    text = f"{value:.{_SHORTEST}g}"
    over = 1 / value if value else 0.0
    if float(text) != value and round(over) and abs(over - round(over)) < 1e-9 * abs(over):
        text = f"{'-' if value < 0 else ''}1/{abs(round(over))}"
    return text.replace("-", "−")


def _name_of(memory: Array, named: Named) -> tuple[str, Any]:
    """Whose numbers these are, perhaps with the sign changed; and the array of that name."""
    arrays = [(n, v) for n, v in named if isinstance(v, np.ndarray)]
    for name, value in arrays:
        if np.may_share_memory(memory, value):
            return name, value
    for name, value in arrays:
        if 1 < value.size == memory.size <= _COMPARED and np.array_equal(memory.reshape(-1), -value.ravel(order="K")):
            return f"−{name}", value
    return "", memory


def _transposes(e: Entries) -> bool:
    """Whether two axes are exchanged and nothing else."""
    a = sorted(e.shared, key=lambda k: -e.strides[k])
    b = sorted(e.shared, key=lambda k: -e.steps[k])
    return len(a) == 2 and a == b[::-1] and not e.first and not e.start


def _pieces(e: Entries, arrays: Sequence[tuple[int, Array]], named: Named, sides: Sides) -> list[str] | None:
    tall, wide = list(e.inner.order), [k for k in e.columns.order if k not in e.shared]
    left, names = {*tall, *wide, *e.shared}, dict[frozenset[int], str | None]()
    for n, memory in arrays:
        own = frozenset(k for k, ix in enumerate(e.term.indices) if ix.moves[n])
        if own <= set(e.shared):
            names[own] = _diagonal(names.get(own, "diag()"), memory, named, own, e)
        elif own <= left and not own & set(e.shared):
            names[own] = _matrix(e, n, memory, [k for k in tall if k in own], [k for k in wide if k in own], named)
        else:
            return None
    for own in names:
        if not own <= left:
            return None
        left -= own
    # identities and ones that lie next to each other are one
    names.update({frozenset((k,)): "I" if k in e.shared else "1" if k in tall else "1ᵀ" for k in left})
    pieces = [_piece(e, name, own, sides) for own, name in names.items() if name is not None]
    if len(pieces) < len(names) or None in pieces:
        return None
    found = _ordered([piece for piece in pieces if piece is not None] or [_Piece("I", (1,), (1,))])
    return found and [name for k, name in enumerate(found) if not k or name != found[k - 1] or name not in ("I", "1", "1ᵀ")]


def _diagonal(sofar: str | None, memory: Array, named: Named, own: frozenset[int], e: Entries) -> str | None:
    name, value = _name_of(memory, named)
    if sofar is None or not name or value.size != prod(e.sizes[k] for k in own):
        return None
    return f"diag({name})" if sofar == "diag()" else f"{sofar[:-1]} · {name})"


def _piece(e: Entries, name: str, own: frozenset[int], sides: Sides) -> _Piece | None:
    tall = [_place(e.strides[k], e.sizes[k], sides.target, sides.columns) for k in own if e.strides[k]]
    wide = [_place(e.steps[k], e.sizes[k], sides.source, sides.columns) for k in own if e.steps[k]]
    if None in tall or None in wide:
        same = [n for n in sides.target if n != 1] == [n for n in sides.source if n != 1]
        if own & set(e.shared) and not same:
            return None  # one side read by rows and written by rows, but stacked by columns
        whole = [k for k in own if e.sizes[k] == prod(sides.target if e.strides[k] else sides.source)]
        if len(whole) < len(own):
            return None
        tall, wide = [1] * len(tall), [1] * len(wide)
    return _Piece(name, tuple(k for k in tall if k), tuple(k for k in wide if k))


def _place(step: int, size: int, shape: Shape, columns: bool) -> int | None:
    """How far one step of an index goes in the flattened array; None where it runs over several axes that do not follow."""
    step = abs(step)
    if not columns:
        return step
    along, before = flat_strides(shape), 1
    for n, stride in zip(shape, along):
        if stride <= step and step * (size - 1) < stride * n and n != 1:
            return step // stride * before
        before *= n
    return None


def _matrix(e: Entries, n: int, memory: Array, tall: list[int], wide: list[int], named: Named) -> str | None:
    """The array's name, turned where its rows run along the columns of the Jacobian; a vector is a column."""
    name, value = _name_of(memory, named)
    if not name or value.ndim > 2 or len(tall) > 1 or len(wide) > 1:
        return None
    moves = [ix.moves[n] for ix in e.term.indices]
    if tall and wide:
        turned = moves[tall[0]] * value.itemsize == value.strides[1] if value.ndim > 1 else False
        if value.size != e.sizes[tall[0]] * e.sizes[wide[0]]:
            return None
    else:
        (k,) = tall or wide or (None,)
        if k is None or value.size != e.sizes[k]:
            return None
        turned = bool(wide)
        if value.ndim == 2 and 1 not in value.shape:
            return f"vec({name}){'ᵀ' * turned}" if moves[k] == 1 and value.flags.c_contiguous else None
        if value.ndim == 2:
            turned = (value.shape[0] == 1) != turned if value.shape[0] == 1 else turned
    return (name + "ᵀ" * turned).removesuffix("ᵀᵀ")


def _ordered(pieces: list[_Piece]) -> list[str] | None:
    """The factors from the one that moves slowest, or None where the sides do not agree on who does."""

    def before(a: _Piece, b: _Piece) -> bool | None:
        said = {max(x) > max(y) for x, y in ((a.tall, b.tall), (a.wide, b.wide)) if x and y}
        return None if len(said) > 1 else said.pop() if said else True

    order: list[_Piece] = []
    for piece in pieces:
        place = next((k for k, other in enumerate(order) if before(piece, other) and not _follows(piece, order[k:])), None)
        order.insert(len(order) if place is None else place, piece)
    for k, a in enumerate(order):
        if not all(before(a, b) for b in order[k + 1 :]):
            return None
    return [piece.name for piece in order]


def _follows(piece: _Piece, others: Sequence[_Piece]) -> bool:
    """Whether one of these must stand before the piece."""
    pairs = [(max(x), max(y)) for other in others for x, y in ((piece.tall, other.tall), (piece.wide, other.wide)) if x and y]
    return any(mine < theirs for mine, theirs in pairs)
