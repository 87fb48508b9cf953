"""How an entry of a convolution, a pooling, a normalization is written out: with its window, or its group."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphcore.jacobian.entries import Whole
from graphcore.ops.aten.windows import each, windows
from graphcore.ops.namespaces import Shape
from graphcore.scalars.forms import listed, moved, weighted
from graphcore.scalars.places import label
from graphcore.scalars.writing import At, Here, Quantity, Token, Written, added, joined, largest, others


def _reached(size: Shape, starts: Any, steps: Any, kernel: Any) -> tuple[Whole, Whole]:
    """Of a window the places inside the array, and where they lie there; both flattened."""
    lines = [start + np.arange(n) * step for start, step, n in zip(starts, steps, kernel)]
    grid = np.meshgrid(*lines, indexing="ij")
    inside = np.logical_and.reduce([(line >= 0) & (line < n) for line, n in zip(grid, size)])
    places = np.zeros(inside.shape, dtype=np.intp)
    for line, n in zip(grid, size):
        places = places * n + line
    kept = inside.reshape(-1).nonzero()[0]
    return kept, places.reshape(-1)[kept]


def _span(start: int, count: int, step: int, size: int) -> str:
    last = min(start + (count - 1) * step, size - 1)
    return f"{max(start, 0)}:{last + 1}" + (f":{step}" if step != 1 else "")


def convolution(me: Here) -> Written:
    """The window times the kernel, and the bias; places in the padding are left out and said."""
    if me.statics.get("transposed"):
        return listed(me)
    x, w = me.named["input"], me.named["weight"]
    of_x, of_w = me.shape_of(x), me.shape_of(w)
    rank = len(of_w) - 2
    stride, padding, dilation = (each(me.statics[key], rank) for key in ("stride", "padding", "dilation"))
    sample, channel, *place = me.entry
    channels, area, room = of_w[1], prod(of_w[2:]), prod(of_x[2:])
    starts = [k * s - p for k, s, p in zip(place, stride, padding)]
    kept, spots = _reached(of_x[2:], starts, dilation, of_w[2:])
    first = channel // (of_w[0] // me.statics.get("groups", 1)) * channels
    c = np.repeat(np.arange(channels), len(kept))
    of_input = (sample * of_x[1] + first + c) * room + np.tile(spots, channels)
    of_kernel = (channel * channels + c) * area + np.tile(kept, channels)
    tokens = added(me, [(x, of_input), (w, of_kernel)])
    bias: list[Token] = [" + ", At(me.named["bias"], channel)] if me.named.get("bias") is not None else []
    spans = [_span(*ends) for ends in zip(starts, of_w[2:], dilation, of_x[2:])]
    range_ = f"{first}:{first + channels}" if channels > 1 else str(first)
    window = f"{me.graph.names[x]}[{','.join([str(sample), range_, *spans])}]"
    says = [f"The window is `{window}`; it meets the kernel `{label(me.graph.names[w], (channel,))}`."]
    if len(kept) < area:
        says.append(f"{area - len(kept)} of the window's {area} places lie in the padding: they count as 0.")
    return Written((*tokens, *bias), tuple(says))


def _window(me: Here, rank: int) -> tuple[int, Whole, int]:
    """The operand of a pooling, the entries in the window, and how many places the window has."""
    x = me.arguments[0]
    shape, s = me.shape_of(x), me.statics
    w = windows(shape[-rank:], s["kernel_size"], s["stride"], s["padding"], s.get("dilation", 1), s["ceil_mode"])
    place = me.entry[-rank:]
    starts = [k * step - p for k, step, p in zip(place, w.stride, w.padding)]
    _, spots = _reached(shape[-rank:], starts, w.dilation, w.kernel)
    before = 0
    for n, k in zip(shape[:-rank], me.entry[:-rank]):
        before = before * n + k
    return x, before * prod(shape[-rank:]) + spots, prod(w.kernel)


def largest_of(rank: int) -> Any:
    """Max pooling: the largest of the window."""

    def write(me: Here) -> Written:
        if me.part:
            return Written(
                (Quantity(f"{me.value:g}", me.value),), ("Where the largest entry lies: a place, not a number to differentiate.",)
            )
        x, spots, places = _window(me, rank)
        values = me.flat(x)[spots]
        kept = largest(np.where(values == me.value, np.inf, values))
        terms: list[list[Token]] = [[At(x, int(spots[k]))] for k in kept]
        if len(kept) < len(spots):
            terms.append([others(np.delete(values, kept), np.max)])
        said = f"The largest of the {len(spots)} numbers in its window; the others get no gradient from here."
        return Written(("max(", *joined(terms, ", "), ")"), (said, *_hanging(places, len(spots))))

    return write


def mean_of(rank: int) -> Any:
    """Average pooling: the mean of the window."""

    def write(me: Here) -> Written:
        x, spots, places = _window(me, rank)
        if not len(spots):
            return moved(me)
        override = me.statics.get("divisor_override")
        values = me.flat(x)[spots]
        divisor = override or (places if me.statics["count_include_pad"] else len(spots))
        if abs(values.sum() - me.value * divisor) > 1e-9 * np.abs(values).sum():
            return weighted(me)  # a window that hangs over the end
        return Written(("(", *added(me, [(x, spots)]), f") / {divisor}"), _hanging(places, len(spots)))

    return write


def _hanging(places: int, inside: int) -> tuple[str, ...]:
    return (f"{places - inside} of the window's {places} places lie in the padding.",) if inside < places else ()


def normalized(channel: bool) -> Any:
    """Distance from the mean over the spread, then weight and bias; one group a sample, or one a channel."""

    def write(me: Here) -> Written:
        x = me.named["input"]
        shape = me.shape_of(x)
        value: Any = me.run.argument(me.node)
        if me.part or not np.size(value[1]):
            return listed(me)
        count = np.size(value[1])
        rows = prod(shape) // count if count else 1
        group = me.entry[1] if channel else me.position // max(rows, 1)
        middle = Quantity("mean", float(np.ravel(value[1])[group]))
        rate = Quantity("rstd", float(np.ravel(value[2])[group]))
        tokens: list[Token] = ["(", At(x, me.position), " \u2212 ", middle, ")·", rate]
        for name, sign in (("weight", "·"), ("bias", " + ")):
            argument = me.named.get(name)
            if argument is not None:
                size = prod(me.shape_of(argument))
                by_channel = channel or "group" in me.op.name
                tokens += [sign, At(argument, me.entry[1] if by_channel else me.position % size)]
        among = "channel" if channel else "group"
        says = f"Mean and rstd = 1/√(variance + ε) are of the {rows} entries of its {among}: so all of them have a part in it."
        return Written(tuple(tokens), (says,))

    return write
