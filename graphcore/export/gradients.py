"""Gradients as ``.dat`` text in the forms that homework has, and as ``.npz``.

Three styles of ``.dat``: "full" (the parameter's own name, all digits), "layers" (``Hidden_layer 3 weight gradient:``, five
decimals) and "numpy" (``dLdw3`` with ``numpy.array2string(..., precision=7, separator=',')``). "full" is the default: at
five decimals gradients of 1e-6 print as zeros, and two files agree that are not the same.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

STYLES = ("full", "layers", "numpy")


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
    return npz({name: np.asarray(array, dtype=np.float64) for name, array in zip(names, arrays, strict=True)})


def npz(arrays: Mapping[str, Any]) -> bytes:
    """The bytes of an ``.npz`` file; any name will do, also those that ``np.savez`` keeps for itself.

    >>> np.load(io.BytesIO(npz({"file": np.eye(2)})))["file"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            # always the same moment, so that the same arrays make the same file
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(
                    file, np.ascontiguousarray(np.asarray(array)).reshape(np.shape(array)), allow_pickle=False
                )
    return buffer.getvalue()
