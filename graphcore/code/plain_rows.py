"""How torch's large ops are written in plain NumPy: the forward line and the line of each gradient, with the names of the nodes.

A row is a function of one recorded node; it answers None for what it does not cover (an entry that is nan, a setting that needs
more than a line), and the program then holds the registry's own functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphcore.code import plain
from graphcore.code.plain_node import Asked, Lines, Place, Row, along
from graphcore.code.plain_windows import WINDOWS
from graphcore.code.plain_writes import WRITES


def _scaled(hat: str, weight: str | None, bias: str | None) -> str:
    return hat + (f" * {weight}" if weight else "") + (f" + {bias}" if bias else "")


def _layer_norm(a: Asked) -> Lines | None:
    x, w, b = a["input"], a.get("weight"), a.get("bias")
    last = len(a.statics["normalized_shape"])
    axes: Any = tuple(range(-last, 0)) if last > 1 else -1
    first = tuple(range(len(a.shape("input")) - last))
    hat = f"{a.helper(plain.normalized)}({x}, {axes}, {a.statics['eps']!r})"
    upstream = f"{a.g} * {w}" if w else a.g
    rules = {
        "input": f"{a.helper(plain.normalized_input)}({upstream}, {x}, {axes}, {a.statics['eps']!r})",
        "weight": f"({a.g} * {hat}).sum(axis={first})" if first else f"{a.g} * {hat}",
        "bias": f"{a.g}.sum(axis={first})" if first else a.g,
    }
    return Lines(_scaled(hat, w, b), rules)


def _batch_norm(a: Asked) -> Lines | None:
    x, rank, eps = a["input"], len(a.shape("input")) - 2, a.statics["eps"]
    w, b = (None if name is None else along(name, rank) for name in (a.get("weight"), a.get("bias")))
    axes = (0, *range(2, rank + 2)) if rank else 0
    upstream = f"{a.g} * {w}" if w else a.g
    if a.statics.get("training", True):
        hat = f"{a.helper(plain.normalized)}({x}, {axes}, {eps!r})"
        back = f"{a.helper(plain.normalized_input)}({upstream}, {x}, {axes}, {eps!r})"
    else:
        deviation = f"np.sqrt({along(a['running_var'], rank)} + {eps!r})"
        hat = f"({x} - {along(a['running_mean'], rank)}) / {deviation}"
        back = f"{upstream} / {deviation}"
    return Lines(
        _scaled(hat, w, b), {"input": back, "weight": f"({a.g} * {hat}).sum(axis={axes})", "bias": f"{a.g}.sum(axis={axes})"}
    )


def _group_norm(a: Asked) -> Lines | None:
    x, rank, eps = a["input"], len(a.shape("input")) - 2, a.statics["eps"]
    w, b = (None if name is None else along(name, rank) for name in (a.get("weight"), a.get("bias")))
    groups = f"reshape({a.statics['N']}, {a.statics['group']}, -1)"
    hat = f"{a.helper(plain.normalized)}({x}.{groups}, 2, {eps!r}).reshape({x}.shape)"
    upstream = f"({a.g} * {w})" if w else a.g
    axes = (0, *range(2, rank + 2))
    rules = {
        "input": f"{a.helper(plain.normalized_input)}({upstream}.{groups}, {x}.{groups}, 2, {eps!r}).reshape({x}.shape)",
        "weight": f"({a.g} * {hat}).sum(axis={axes})",
        "bias": f"{a.g}.sum(axis={axes})",
    }
    return Lines(_scaled(hat, w, b), rules)


def _nll(a: Asked) -> Lines | None:
    x, t, reduction = a["self"], a["target"], a.statics["reduction"]
    ignored = np.any(a.arrays["target"] == a.statics["ignore_index"])
    if len(a.shape("self")) != 2 or a.get("weight") or reduction == 0 or ignored or not a.shape("self")[0]:
        return None
    count = a.shape("self")[0]
    places = f"[np.arange({count}), {t}]"
    share = f"{a.g} / {count}" if reduction == 1 else a.g
    return Lines(f"-{x}{places}.{'mean' if reduction == 1 else 'sum'}()", {"self": Place(f"{{d}}{places} -= {share}")})


def _of_pairs(each: str, slope: str, other: str | None) -> Row:
    """A loss entry by entry: ``each`` of ``{p}`` and ``{t}``, its derivative by p, and that by t where there is one."""

    def lines(a: Asked) -> Lines | None:
        p, t, reduction = a["self"], a["target"], a.statics["reduction"]
        if a.shape("self") != a.shape("target") or a.get("weight") or a.get("pos_weight") or not np.size(a.arrays["self"]):
            return None
        count = np.size(a.arrays["self"])
        forward = each.format(p=p, t=t)
        if reduction:
            forward = f"np.{'mean' if reduction == 1 else 'sum'}({forward})"
        share = f"{a.g} / {count}" if reduction == 1 else a.g
        rules = {"self": f"{share} * {slope.format(p=p, t=t)}"}
        if other:
            rules["target"] = f"{share} * {other.format(p=p, t=t)}"
        return Lines(forward, rules)

    return lines


def _entropy(a: Asked) -> Lines | None:
    # torch keeps logarithms and divisors off 0
    near = np.asarray(a.arrays["self"])
    if not ((near > 1e-11) & (near < 1 - 1e-11)).all():
        return None
    each = "-({t} * np.log({p}) + (1 - {t}) * np.log(1 - {p}))"
    return _of_pairs(each, "({p} - {t}) / ({p} * (1 - {p}))", "(np.log(1 - {p}) - np.log({p}))")(a)


def _embedding(a: Asked) -> Lines | None:
    if a.statics["scale_grad_by_freq"]:
        return None
    rows, padding = a["indices"], a.statics["padding_idx"]
    felt = a.g if padding < 0 else f"np.where(({rows} != {padding})[..., None], {a.g}, 0.0)"
    return Lines(f"{a['weight']}[{rows}]", {"weight": Place(f"np.add.at({{d}}, {rows}, {felt})")})


def _split(a: Asked) -> Lines | None:
    axis = a.statics["dim"]
    ends = np.cumsum([np.shape(part)[axis] for part in a.outputs])[:-1].tolist()
    return Lines(
        f"np.split({a['self']}, {ends}, axis={axis})", {"self": f"np.concatenate([{', '.join(a.gradients)}], axis={axis})"}, True
    )


def _unbind(a: Asked) -> Lines | None:
    axis = a.statics["dim"]
    forward = f"np.moveaxis({a['self']}, {axis}, 0)" if axis else a["self"]
    return Lines(forward, {"self": f"np.stack([{', '.join(a.gradients)}], axis={axis})"}, True)


def _softmax(a: Asked) -> Lines | None:
    x, axis = a["self"], a.statics["dim"]
    if not a.shape("self") or not np.isfinite(np.max(a.arrays["self"], axis=axis, initial=-np.inf)).all():
        return None
    forward = f"{a.helper(plain.softmax_of)}({x}, {axis})"
    return Lines(forward, {"self": f"{a.y} * ({a.g} - ({a.g} * {a.y}).sum({axis}, keepdims=True))"})


def _index(a: Asked) -> Lines | None:
    """Tensors of numbers or truth values in places beside each other, where NumPy and torch mean the same."""
    names = [name for name in a.operands if name.startswith("indices")]
    spots = [int(name.removeprefix("indices")) for name in names]
    if not spots or spots != list(range(spots[0], spots[0] + len(spots))):
        return None
    taken = [":"] * spots[0] + [a[name] for name in names]
    apart = ["slice(None), "] * spots[0] + [f"{a[name]}, " for name in names]
    where = f"({''.join(apart)[: -2 if len(apart) > 1 else -1]})"
    return Lines(f"{a['self']}[{', '.join(taken)}]", {"self": Place(f"np.add.at({{d}}, {where}, {a.g})")})


def _along_axis(function: Any) -> Row:
    """A row of the language whose forward is long in one line; its rule is the language's own."""
    return lambda a: Lines(f"{a.helper(function)}({a['a']}, {a.statics['axis']})", {}) if a.shape("a") else None


def _gelu(a: Asked) -> Lines | None:
    if a.statics["approximate"] != "none":
        return None
    x, below, density = a["a"], a.helper(plain.below), a.helper(plain.density)
    return Lines(f"{x} * {below}({x})", {"a": f"{a.g} * ({below}({x}) + {x} * {density}({x}))"})


_LOGITS = _of_pairs(
    "(1 - {t}) * {p} + np.maximum(-{p}, 0) + np.log1p(np.exp(-np.abs({p})))", "(1 / (1 + np.exp(-{p})) - {t})", "-{p}"
)
ROWS: Mapping[str, Row] = {
    **WINDOWS,
    **WRITES,
    "native_layer_norm": _layer_norm,
    **dict.fromkeys(("native_batch_norm", "_native_batch_norm_legit", "_batch_norm_with_update"), _batch_norm),
    "native_group_norm": _group_norm,
    "nll_loss_forward": _nll,
    "mse_loss": _of_pairs("({p} - {t}) ** 2", "2 * ({p} - {t})", "2 * ({t} - {p})"),
    "binary_cross_entropy": _entropy,
    "binary_cross_entropy_with_logits": _LOGITS,
    "embedding": _embedding,
    **dict.fromkeys(("split", "unsafe_split", "split_copy"), _split),
    **dict.fromkeys(("split_with_sizes", "unsafe_split_with_sizes", "split_with_sizes_copy"), _split),
    **dict.fromkeys(("unbind", "unbind_copy"), _unbind),
    "_safe_softmax": _softmax,
    "index": _index,
}
LANGUAGE: Mapping[str, Row] = {
    "softmax": _along_axis(plain.softmax_of),
    "log_softmax": _along_axis(plain.log_softmax_of),
    "gelu": _gelu,
}
