"""How ops over windows are written in plain NumPy: convolution and pooling."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from graphcore.code import plain
from graphcore.code.plain_node import Asked, Lines, Row, Shape, along


def _convolution(a: Asked) -> Lines | None:
    x, w, rank = a["input"], a["weight"], len(a.shape("weight")) - 2
    more = a.settings(rank, stride=1, padding=0, dilation=1)
    more += f", groups={a.statics['groups']}" if a.statics["groups"] != 1 else ""
    across, back, weight = (a.helper(k) for k in (plain.convolve, plain.convolution_input, plain.convolution_weight))
    bias = a.get("bias")
    axes = (0, *range(2, rank + 2))
    if a.statics["transposed"]:
        forward = f"{back}({x}, {w}, {np.shape(a.outputs[0])}{more})"
        forward += "" if bias is None else f" + {along(bias, rank)}"
        rules = {
            "input": f"{across}({a.g}, {w}, None, {a.shape('input')[2:]}{more})",
            "weight": f"{weight}({x}, {a.g}, {w}.shape{more})",
        }
    else:
        forward = f"{across}({x}, {w}, {bias}, {np.shape(a.outputs[0])[2:]}{more})"
        rules = {
            "input": f"{back}({a.g}, {w}, {x}.shape{more})",
            "weight": f"{weight}({a.g}, {x}, {w}.shape{more})",
        }
    return Lines(forward, {**rules, "bias": f"{a.g}.sum(axis={axes})"})


def _max_pool(rank: int) -> Row:
    def lines(a: Asked) -> Lines | None:
        # of several nan torch takes the last, and where all is -inf none is the largest
        if not np.isfinite(a.outputs[0]).all():
            return None
        kernel, size = a.each("kernel_size", rank), np.shape(a.outputs[0])[-rank:]
        more = _stride(a, rank, kernel) + a.settings(rank, padding=0, dilation=1)
        forward = f"{a.helper(plain.max_pool)}({a['self']}, {kernel}, {size}{more})"
        return Lines(forward, {"self": f"{a.helper(plain.max_pool_input)}({a.g}, {a['self']}, {kernel}{more})"})

    return lines


def _stride(a: Asked, rank: int, kernel: Shape) -> str:
    stride = a.each("stride", rank) if a.statics["stride"] else kernel
    return f", stride={stride[0] if len(set(stride)) == 1 else stride}"


def _mean_of_windows(rank: int) -> Row:
    def lines(a: Asked) -> Lines | None:
        kernel, size = a.each("kernel_size", rank), np.shape(a.outputs[0])[-rank:]
        stride = a.each("stride", rank) if a.statics["stride"] else kernel
        padding, lengths = a.each("padding", rank), a.shape("self")[-rank:]
        ends = [(n - 1) * s - p + k for n, s, p, k in zip(size, stride, padding, kernel, strict=True)]
        border = padding if a.statics["count_include_pad"] else (0,) * rank
        even = all(e <= n + b for e, n, b in zip(ends, lengths, border, strict=True)) and padding == border
        count = a.statics["divisor_override"] or (math.prod(kernel) if even else None)
        if count is None:
            return None
        more = _stride(a, rank, kernel) + a.settings(rank, padding=0)
        forward = f"{a.helper(plain.window_sum)}({a['self']}, {kernel}, {size}{more}) / {count}"
        back = f"{a.helper(plain.window_sum_input)}({a.g} / {count}, {a['self']}.shape, {kernel}{more})"
        return Lines(forward, {"self": back})

    return lines


def _adaptive_mean(rank: int) -> Row:
    def lines(a: Asked) -> Lines | None:
        lengths, size = a.shape("self")[-rank:], np.shape(a.outputs[0])[-rank:]
        if any(not n or length % n for length, n in zip(lengths, size, strict=True)):
            return None
        kernel = tuple(length // n for length, n in zip(lengths, size, strict=True))
        more = f", stride={kernel[0] if len(set(kernel)) == 1 else kernel}"
        forward = f"{a.helper(plain.window_sum)}({a['self']}, {kernel}, {size}{more}) / {math.prod(kernel)}"
        back = f"{a.helper(plain.window_sum_input)}({a.g} / {math.prod(kernel)}, {a['self']}.shape, {kernel}{more})"
        return Lines(forward, {"self": back})

    return lines


WINDOWS: Mapping[str, Row] = {
    "convolution": _convolution,
    "_convolution": _convolution,
    **{f"max_pool{rank}d_with_indices": _max_pool(rank) for rank in (2, 3)},
    **{f"avg_pool{rank}d": _mean_of_windows(rank) for rank in (1, 2, 3)},
    **{f"_adaptive_avg_pool{rank}d": _adaptive_mean(rank) for rank in (2, 3)},
}
