"""Values known while parsing: literals, what folds from them, and the constructors of leaves."""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from graphcore.graph import Value
from graphcore.ops.namespaces import Shape

ELEMENT_LIMIT = 10**6
TOTAL_LIMIT = 5 * 10**6

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan}


@dataclass(slots=True)
class Constant:
    """A value that no leaf is needed for.

    ``node`` is the syntax it was read from; ``entries`` the literal whose numbers, row by row, are the value's
    entries (None where they are computed); ``wants`` what the text says about a gradient (None: nothing);
    ``random`` whether the value was drawn.
    """

    value: Value
    node: ast.expr
    entries: ast.expr | None = None
    wants: bool | None = None
    random: bool = False

    @property
    def shape(self) -> Shape:
        """The shape of the value."""
        return () if type(self.value) is float else np.shape(self.value)


class ConstantError(Exception):
    """A constant that cannot be: the text is the sentence, ``instead`` what to write."""

    def __init__(self, what: str, instead: str = "") -> None:
        self.what = what
        self.instead = instead
        super().__init__(what)


def as_value(result: Any) -> Value:
    """A float for one number, else a read-only float64 array."""
    array = np.asarray(result, dtype=np.float64)
    if array.ndim == 0:
        return float(array)
    array.flags.writeable = False
    return array


def number(literal: Any) -> float:
    """A number as written; what is too large for float64 is inf.

    >>> number(10**400)
    inf
    """
    try:
        return float(literal)
    except OverflowError:
        return math.inf


_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Mod: np.remainder,
    ast.FloorDiv: np.floor_divide,
    ast.MatMult: np.matmul,
}


def binary(operator: type[ast.operator], a: Value, b: Value) -> Value:
    """Arithmetic on two constants in float64, by IEEE: ``1 / 0`` is inf.

    >>> binary(ast.Pow, 10.0, 1e10)
    inf
    """
    shapes = np.shape(a), np.shape(b)
    if operator is not ast.MatMult and any(shapes):
        try:
            check_size(np.broadcast_shapes(*shapes))
        except ValueError:
            raise ConstantError(f"shapes {shapes[0]} and {shapes[1]} do not broadcast.") from None
    elif operator is ast.MatMult and len(shapes[0]) and len(shapes[1]):
        check_size(shapes[0][:-1] + shapes[1][-1:])
    with np.errstate(all="ignore"):
        try:
            return as_value(_BINARY[operator](np.asarray(a), np.asarray(b)))
        except ValueError:
            raise ConstantError(f"shapes {shapes[0]} and {shapes[1]} do not fit.") from None


def check_size(shape: Shape) -> None:
    """Refuse a tensor above the limit before it is made."""
    if any(type(n) is not int or n < 0 for n in shape):
        raise ConstantError(f"{shape} is not a shape.", "A shape is whole numbers from 0.")
    count = math.prod(shape)
    if count > ELEMENT_LIMIT:
        raise ConstantError(f"shape {shape} has {count:,} entries.", f"A tensor may have at most {ELEMENT_LIMIT:,}.")


def nested(entries: Any) -> Value:
    """Nested lists of floats as an array; refuses ragged ones."""
    try:
        return as_value(entries)
    except (ValueError, TypeError):
        raise ConstantError(
            "the rows of this nested list differ in length.", "Give every row the same number of entries."
        ) from None


def plain_entries(node: ast.List | ast.Tuple) -> Any:
    """The numbers of a nested list that holds plain numbers only, else None."""
    made: list[Any] = []
    for element in node.elts:
        kind = type(element)
        if kind is ast.Constant:
            value = element.value  # type: ignore[attr-defined]
            if type(value) is float:
                made.append(value)
            elif type(value) is int:
                made.append(number(value))
            else:
                return None
        elif kind is ast.UnaryOp and type(element.op) is ast.USub and type(element.operand) is ast.Constant:  # type: ignore[attr-defined]
            value = element.operand.value  # type: ignore[attr-defined]
            if type(value) not in (int, float):
                return None
            made.append(-number(value))
        elif kind is ast.List or kind is ast.Tuple:
            inner = plain_entries(element)  # type: ignore[arg-type]
            if inner is None:
                return None
            made.append(inner)
        else:
            return None
    return made


class Random:
    """Draws for leaves, each from a stream of its own: by the seed given, else by the leaf's name.

    A name gives the same numbers in every process; no state is shared with anybody else.
    """

    def __init__(self) -> None:
        self._bits = np.random.PCG64(0)
        self._generator = np.random.Generator(self._bits)

    def draw(self, kind: str, shape: Shape, seed: int | None, name: str) -> Value:
        """Entries of ``kind``: ``rand`` uniform in [0, 1), ``randn`` standard normal."""
        check_size(shape)
        if math.prod(shape) > _REMEMBERED:
            return self._draw(kind, shape, seed, name)
        # a program is read again at every key typed, and its seeds are the same: small draws are remembered
        key = (kind, shape, name if seed is None else seed)
        value = _SMALL.get(key)
        if value is None:
            if len(_SMALL) >= 512:
                _SMALL.clear()
            value = _SMALL[key] = self._draw(kind, shape, seed, name)
        return value

    def _draw(self, kind: str, shape: Shape, seed: int | None, name: str) -> Value:
        # setting the state costs a tenth of making a generator, and a network has dozens of leaves
        self._bits.state = _state_of_name(name) if seed is None else _state_of_seed(seed)
        source = self._generator
        return as_value(source.random(shape) if kind == "rand" else source.standard_normal(shape))


# draws up to this many entries are remembered, 16 MB of them at most
_REMEMBERED = 4096
_SMALL: dict[tuple[str, Shape, str | int], Value] = {}


@lru_cache(maxsize=1024)
def _state_of_seed(seed: int) -> Any:
    return np.random.PCG64(seed).state


@lru_cache(maxsize=1024)
def _state_of_name(name: str) -> Any:
    digest = hashlib.blake2b(name.encode(), digest_size=32).digest()
    state, step = int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:], "big") | 1
    return {"bit_generator": "PCG64", "state": {"state": state, "inc": step}, "has_uint32": 0, "uinteger": 0}


def whole(value: object) -> int | None:
    """A whole number as an int, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None
