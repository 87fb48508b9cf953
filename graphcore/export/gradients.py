"""Gradients as ``.dat`` text in the forms that homework has, and as ``.npz``.

Three styles of ``.dat``: "full" (the parameter's own name, all digits), "layers" (``Hidden_layer 3 weight gradient:``, five
decimals) and "numpy" (``dLdw3`` with ``numpy.array2string(..., precision=7, separator=',')``). "full" is the default: at
five decimals gradients of 1e-6 print as zeros, and two files agree that are not the same.
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from graphcore.errors import GraphError

STYLES = ("full", "layers", "numpy")
SIZE_LIMIT = 100_000_000
_WORDS = re.compile(r"\b(?:nan|inf)\b", re.IGNORECASE)
# what a row of numbers is made of; a name (`0.weight gradient:`) has other letters too
_ROW = re.compile(r"[\[\]\s,+\-.\deE]*")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf)", re.IGNORECASE)


def gradients_dat(names: Sequence[str], arrays: Sequence[Any], style: str = "full") -> str:
    """The text of a gradient file: for each tensor a line that names it, then its numbers.

    >>> import numpy as np
    >>> print(gradients_dat(["0.weight"], [np.array([[0.1, 2.0]])]), end="")
    0.weight gradient:
    [[1.0000000000000001e-01,2.0000000000000000e+00]]
    >>> print(gradients_dat(["0.weight", "0.bias"], [np.eye(1), np.ones(1)], "numpy"), end="")
    dLdw1
    [[1.]]
    dLdb1
    [1.]
    """
    if style not in STYLES:
        raise ValueError(f"no style is called `{style}`; there are {', '.join(STYLES)}.")
    labels = _LABELS[style](names)
    parts = [
        f"{label}\n{_numbers(np.asarray(array, dtype=np.float64), style)}\n" for label, array in zip(labels, arrays, strict=True)
    ]
    return "".join(parts)


def _numbers(array: np.ndarray[Any, Any], style: str) -> str:
    if style == "numpy":
        return np.array2string(array, precision=7, separator=",", threshold=array.size + 1)
    # 17 digits always: a number that prints short is then seen to be short, not rounded
    digits = ".16e" if style == "full" else ".5f"
    formatter: Any = {"float_kind": lambda number: format(number, digits)}
    return np.array2string(
        array, separator="," if style == "full" else " ", threshold=array.size + 1, max_line_width=120, formatter=formatter
    )


def _full(names: Sequence[str]) -> list[str]:
    return [f"{name} gradient:" for name in names]


def _order(names: Sequence[str]) -> dict[str, int]:
    """The layers in the order of their parameters, from 0."""
    layers: dict[str, int] = {}
    for name in names:
        layers.setdefault(name.rpartition(".")[0], len(layers))
    return layers


def _layers(names: Sequence[str]) -> list[str]:
    order = _order(names)
    last = len(order) - 1
    labels = []
    for name in names:
        layer, _, kind = name.rpartition(".")
        k = order[layer]
        title = "Input_layer" if k == 0 else "Output_layer" if k == last else f"Hidden_layer {k}"
        labels.append(f"{title} {kind} gradient:")
    return labels


def _numpy(names: Sequence[str]) -> list[str]:
    order = _order(names)
    labels = []
    for name in names:
        layer, _, kind = name.rpartition(".")
        short = {"weight": "w", "bias": "b"}.get(kind)
        labels.append(f"dLd{short}{order[layer] + 1}" if short else f"dLd({name})")
    return labels


_LABELS = {"full": _full, "layers": _layers, "numpy": _numpy}


def gradients_npz(names: Sequence[str], arrays: Sequence[Any]) -> bytes:
    """The bytes of an ``.npz`` file with one float64 array a name."""
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.asarray(array, dtype=np.float64) for name, array in zip(names, arrays, strict=True)})  # type: ignore[arg-type]
    return buffer.getvalue()


class Printed(NamedTuple):
    """An array read from a file, and half a unit of the last digit printed for each entry (0 where all digits stand)."""

    numbers: np.ndarray[Any, Any]
    half: np.ndarray[Any, Any]


def read_dat(text: str) -> dict[str, Printed]:
    """The tensors of a gradient file by label, in any of the styles.

    >>> {label: found.numbers.tolist() for label, found in read_dat("dLdw1\\n[[1.,2.5]]\\n").items()}
    {'dLdw1': [[1.0, 2.5]]}
    """
    if len(text) > SIZE_LIMIT:
        raise GraphError(f"the file has {len(text):,} characters.", instead=f"At most {SIZE_LIMIT:,} are read.")
    found: dict[str, list[str]] = {}
    label: str | None = None
    for number, row in enumerate(text.splitlines(), 1):
        if not _ROW.fullmatch(_WORDS.sub("", row)):
            label = row.strip()
            if label in found:
                raise GraphError(f"`{label}` stands in the file twice.", line=number, column=1, source=row)
            found[label] = []
        elif label is not None:
            found[label].append(row)
        elif row.strip():
            raise GraphError("numbers stand here before any name.", line=number, column=1, source=row)
    texts = {label: "\n".join(rows) for label, rows in found.items()}
    # trailing zeros are left out by some writers, so a file's longest number says how it was rounded
    written = [number for text in texts.values() for number in _NUMBER.findall(text)]
    decimals = max((_decimals(number) for number in written), default=0)
    exact = any(_is_exact(number) for number in written)
    return {label: _array(label, text, None if exact else decimals) for label, text in texts.items()}


def _array(label: str, text: str, decimals: int | None) -> Printed:
    written = _NUMBER.findall(text)
    numbers = np.array([float(part) for part in written])
    half = np.array([0.0 if decimals is None else _half_unit(part, decimals) for part in written])
    shape = _shape(text, len(written))
    if shape is None:
        raise GraphError(f"the rows of `{label}` differ in length.", instead="Write each tensor whole, without dots.")
    return Printed(numbers.reshape(shape), half.reshape(shape))


def _shape(text: str, count: int) -> tuple[int, ...] | None:
    """The shape that the brackets say: how many of each depth are opened."""
    opened: dict[int, int] = {}
    depth = 0
    for c in text:
        if c == "[":
            opened[depth] = opened.get(depth, 0) + 1
            depth += 1
        elif c == "]":
            depth -= 1
    if not opened:
        return () if count == 1 else (count,)
    counts = [opened[k] for k in sorted(opened)] + [count]
    if depth or counts[0] != 1 or any(b % a for a, b in itertools.pairwise(counts)):
        return None
    return tuple(b // a for a, b in itertools.pairwise(counts))


def _decimals(number: str) -> int:
    return len(number.lower().partition("e")[0].partition(".")[2])


def _is_exact(number: str) -> bool:
    """Whether a number is printed to as many digits as float64 has."""
    return sum(c.isdigit() for c in number.lower().partition("e")[0]) >= 16


def _half_unit(number: str, decimals: int) -> float:
    mantissa, _, exponent = number.lower().partition("e")
    return 0.0 if "n" in mantissa else 0.5 * 10.0 ** (int(exponent or "0") - decimals)


def read_npz(data: bytes) -> dict[str, Printed]:
    """The arrays of an ``.npz`` file; nothing in it is unpickled."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            arrays: Mapping[str, Any] = {name: np.asarray(found[name], dtype=np.float64) for name in found.files}
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise GraphError(f"this is not an .npz file of numbers: {str(error).rstrip('.')}.") from None
    return {name: Printed(array, np.zeros(array.shape)) for name, array in arrays.items()}
