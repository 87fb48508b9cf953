"""Ops over sequences of unequal lengths: bags of embeddings, and the connectionist temporal classification loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.aten.resampling import add_at
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array
from graphcore.ops.row import Formula

_SUM, _MEAN, _MAX = 0, 1, 2


def _bags(indices: Any, offsets: Any, include_last_offset: bool) -> tuple[Any, int]:
    """The bag of every index, and how many bags there are."""
    starts = offsets[:-1] if include_last_offset else offsets
    return np.searchsorted(starts, np.arange(indices.size), "right") - 1, len(starts)


def _bag(weight: Array, indices: Any, offsets: Any, mode: int, per_sample_weights: Any, padding_idx: int, **rest: Any) -> Any:
    bags, count = _bags(indices, offsets, rest["include_last_offset"])
    used = indices != padding_idx
    sizes = np.bincount(bags[used], minlength=count)
    rows, mine = weight[indices[used]], bags[used]
    if mode == _MAX:
        largest = np.zeros((count, weight.shape[1]))
        places = np.zeros(largest.shape, np.int64)
        for bag in np.flatnonzero(sizes):
            here = rows[mine == bag]
            best = np.argmax(here, 0)
            largest[bag] = np.take_along_axis(here, best[None], 0)[0]
            places[bag] = indices[used][mine == bag][best]
        return largest, bags, sizes, places
    if per_sample_weights is not None:
        rows = rows * per_sample_weights[used][:, None]
    total = add_at(rows, mine, count, 0)
    if mode == _MEAN:
        return total / np.maximum(sizes, 1)[:, None], bags, sizes, sizes
    return total, bags, np.zeros(count, np.int64), np.zeros(count, np.int64)


def _bag_weight(
    g: Any, y: Any, weight: Array, indices: Any, mode: int, per_sample_weights: Any, padding_idx: int, **_: Any
) -> Any:
    _, bags, sizes, places = y
    if mode == _MAX:
        full = np.zeros(weight.shape)
        bag, column = np.nonzero(np.broadcast_to(sizes[:, None] > 0, places.shape))
        np.add.at(full, (places[bag, column], column), g[0][bag, column])
        return full
    used = indices != padding_idx
    upstream = g[0] / np.maximum(sizes, 1)[:, None] if mode == _MEAN else g[0]
    felt = upstream[bags[used]]
    if per_sample_weights is not None:
        felt = felt * per_sample_weights[used][:, None]
    return add_at(felt, indices[used], len(weight), 0)


def _bag_samples(g: Any, y: Any, weight: Array, indices: Any, padding_idx: int, **_: Any) -> Any:
    felt = np.add.reduce(g[0][y[1]] * weight[indices], 1)
    return np.where(indices != padding_idx, felt, 0.0)


def _lines(targets: Any, lengths: Any) -> list[Any]:
    """The classes that each sample should spell."""
    if targets.ndim == 2:
        return [line[:n] for line, n in zip(targets, lengths)]
    ends = np.cumsum(lengths)
    return [targets[end - n : end] for end, n in zip(ends, lengths)]


def _spelled(line: Any, blank: int) -> tuple[Any, Any]:
    """The states of a line (blank, class, blank, ...), and which of them may be reached past a blank."""
    states = np.full(2 * len(line) + 1, blank)
    states[1::2] = line
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    return states, skips


def _log_sum(parts: Array) -> Any:
    """log of the sum of the exponentials of the rows, in the order in which torch rounds it."""
    top = np.max(parts, 0)
    top = np.where(top == -np.inf, 0.0, top)
    return np.log(np.add.reduce(np.exp(parts - top), 0)) + top


def _forward_sums(log_probs: Array, states: Any, skips: Any) -> Array:
    """log of the probability to be in each state after each step, by all ways there."""
    alpha = np.full((len(log_probs), len(states)), -np.inf)
    if not len(alpha):
        return alpha
    alpha[0, :2] = log_probs[0, states[:2]]
    for t in range(1, len(alpha)):
        parts = np.full((3, len(states)), -np.inf)
        parts[0], parts[1, 1:] = alpha[t - 1], alpha[t - 1, :-1]
        parts[2, 2:] = np.where(skips[2:], alpha[t - 1, :-2], -np.inf)
        alpha[t] = _log_sum(parts) + log_probs[t, states]
    return alpha


def _spelling(alpha: Array) -> Any:
    """log of the probability of the whole line."""
    if not len(alpha):
        return 0.0 if alpha.shape[1] == 1 else -np.inf
    return _log_sum(alpha[-1, -2:])


def _ctc(log_probs: Array, targets: Any, input_lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool) -> Any:
    steps, samples = log_probs.shape[:2]
    widest = int(np.max(target_lengths, initial=0))
    alphas = np.full((samples, steps, 2 * widest + 1), -np.inf)
    losses = np.zeros(samples)
    for k, line in enumerate(_lines(targets, target_lengths)):
        alpha = _forward_sums(log_probs[: input_lengths[k], k], *_spelled(line, blank))
        alphas[k, : alpha.shape[0], : alpha.shape[1]] = alpha
        losses[k] = -_spelling(alpha)
    return losses, alphas


def _ctc_back(
    g: Any, y: Any, log_probs: Array, targets: Any, input_lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool
) -> Any:
    """torch's gradient: less a part along exp(log_probs), which the log_softmax before the loss takes out again."""
    found = np.zeros(log_probs.shape)
    for k, line in enumerate(_lines(targets, target_lengths)):
        if zero_infinity and y[0][k] == np.inf:
            continue
        states, skips = _spelled(line, blank)
        mine = log_probs[: input_lengths[k], k]
        alpha = y[1][k, : len(mine), : len(states)]
        # from the end the same sums: the states backwards, and a skip into a state is a skip out of the one two before
        turned = np.concatenate((np.zeros(2, bool), skips[:1:-1])) if len(states) > 1 else skips
        beta = _forward_sums(mine[::-1], states[::-1], turned)[::-1, ::-1]
        ways = np.full(mine.shape, -np.inf)
        for s, state in enumerate(states):
            ways[:, state] = _log_sum(np.stack((ways[:, state], alpha[:, s] + beta[:, s])))
        found[: len(mine), k] = (np.exp(mine) - np.exp(ways + y[0][k] - mine)) * g[0][k]
    return found


ROWS: list[Row | Same] = [
    aten(
        "_embedding_bag(weight, indices, offsets, scale_grad_by_freq=False, mode=0, sparse=False, per_sample_weights=None, "
        "include_last_offset=False, padding_idx=-1)",
        Formula("bag(weight[indices])", _bag),
        spoken="bag of embeddings",
        says="every row gets the g of all the bags that it is in",
        # torch divides by the count of another index there
        when=lambda arguments: not arguments.get("scale_grad_by_freq", False),
        weight=Formula("gather_add(g[bag], indices)", _bag_weight),
        per_sample_weights=Formula("sum(g[bag] * weight[indices], 1)", _bag_samples),
    ),
    aten(
        "_ctc_loss(log_probs, targets, input_lengths=(), target_lengths=(), blank=0, zero_infinity=False)",
        Formula("-log(sum(probability_of_ways(log_probs, targets)))", _ctc),
        spoken="connectionist temporal classification",
        says="less a part that the log_softmax before it takes out again",
        log_probs=Formula("g * (exp(log_probs) - share_of_ways(log_probs, targets))", _ctc_back),
    ),
]
