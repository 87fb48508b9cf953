"""Findings layer by layer, from the output to the input: a wrong delta, a wrong outer product or a wrong forward pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphcore.check.diff.deltas import derivative
from graphcore.check.diff.forward import Counted, bias_counts, bias_note, running_note
from graphcore.check.diff.pairs import said
from graphcore.check.diff.printed import Printed, telling
from graphcore.check.diff.result import Law, Layer, Note, Pair
from graphcore.check.diff.scalings import factor
from graphcore.compare.numbers import number

# relations of db that the findings about the whole network take up
FORWARD = frozenset({"bias-once-per-column", "running-sum-not-reset"})


def findings(
    layers: Sequence[Layer], pairs: Sequence[Pair], names: tuple[str, str], run: int = 0, start: int = 0
) -> tuple[Note, ...]:
    """Everything that the numbers of one run say about where and how its files part.

    ``pairs`` are those of all runs so far, this one's from ``start``.
    """
    own = pairs[start:]
    if all(pair.state not in ("different", "shapes") for pair in own):
        return ()
    everywhere = _everywhere(own, names, run)
    if everywhere is not None:
        return (everywhere,)
    counts = bias_counts(layers, pairs, names)
    notes = [note for note in (bias_note(counts, names, run), running_note(layers, pairs, counts, names, run)) if note]
    notes += [_of_layer(layer, layers, pairs, counts, names) for layer in reversed(layers) if not layer.agrees]
    inside = {k for layer in layers for k in (layer.weight, layer.bias)}
    for k, pair in enumerate(own, start):
        if k not in inside and pair.state in ("different", "shapes"):
            notes.append(
                Note(pair.relation.mistake or "unknown", f"`{pair.label or pair.other}`: {pair.text}.", None, False, None, run)
            )
    origin = _origin(layers, pairs, counts, run)
    return (*notes, origin) if origin else tuple(notes)


def _everywhere(pairs: Sequence[Pair], names: tuple[str, str], run: int) -> Note | None:
    """One constant factor in every array that is not zero."""
    seen = [pair for pair in pairs if pair.state != "zero"]
    factors = {pair.relation.factor if pair.relation.kind == "factor" else None for pair in seen}
    if len(seen) < 2 or len(factors) != 1 or None in factors:
        return None
    relation = seen[0].relation
    text = (
        f"All {len(seen)} arrays: {said(relation, names)}. One factor everywhere enters at the loss or at the starting gradient."
    )
    return Note(relation.mistake, text, None, True, None, run)


def _of_layer(
    layer: Layer, layers: Sequence[Layer], pairs: Sequence[Pair], counts: Sequence[Counted], names: tuple[str, str]
) -> Note:
    """What is wrong with one layer, told by db, dW and the law in both files."""
    weight = None if layer.weight is None else pairs[layer.weight]
    bias = None if layer.bias is None else pairs[layer.bias]
    if weight is None or bias is None or layer.laws is None:
        return _of_arrays(layer, weight, bias, names)
    counted = [found for found in counts if found.layer == layer.number]
    if weight.relation.kind == "equal":
        return _wrong_bias(layer, bias, counted, names)
    broken = [k for k, found in enumerate(layer.laws) if found.state in ("broken", "batch")]
    if len(broken) == 1:
        return _wrong_product(layer, broken[0], pairs, names)
    same_bias, inputs = bias.relation.kind == "equal", layer.inputs
    if same_bias and (inputs is None or inputs.kind == "equal"):
        text = f"db agrees, dW does not: {weight.text}; the upstream gradient is right, the outer product or the activation not"
        return Note(weight.relation.mistake or "unknown", _sentence(layer, text), layer.number, False, None, layer.run)
    if inputs is None:
        return _of_arrays(layer, weight, bias, names)
    if inputs.kind == "equal" or counted:
        return _wrong_delta(layer, layers, pairs, counted, names)
    text = f"both files keep the rank-one law, but the activation that comes in differs: {said(inputs, names)}"
    text += "; db agrees" if same_bias else f"; db differs too ({said(bias.relation, names)})"
    return Note(inputs.mistake or "unknown", _sentence(layer, text), layer.number, False, None, layer.run)


def _sentence(layer: Layer, text: str) -> str:
    return f"{layer.name[0].upper()}{layer.name[1:]}: {text}."


def _wrong_bias(layer: Layer, bias: Pair, counted: Sequence[Counted], names: tuple[str, str]) -> Note:
    """dW agrees, so the delta is right and db alone is not."""
    relation = bias.relation
    mistake = "bias-once-per-column" if counted else relation.mistake or "unknown"
    c = relation.factor or 0.0
    examples = max(found.rank or 0 for found in layer.laws or ())
    whole = max(abs(c), 1 / abs(c)) if c else 0.0
    if not counted and examples > 1 and c > 0 and whole >= examples and abs(whole - round(whole)) < 1e-6:
        # dW is a sum over several examples; db was divided by, or not divided by, their number
        mistake = "averaged-over-batch" if c < 1 else "sum-for-mean"
    text = f"dW agrees, db does not: {counted[0].text if counted else said(relation, names)}"
    return Note(mistake, _sentence(layer, text), layer.number, False, None, layer.run)


def _of_arrays(layer: Layer, weight: Pair | None, bias: Pair | None, names: tuple[str, str]) -> Note:
    """Where the law says nothing: what each array has to do with its counterpart."""
    own = [pair for pair in (bias, weight) if pair is not None and pair.state in ("different", "shapes")]
    text = "; ".join(f"`{pair.label or pair.other}`: {pair.text}" for pair in own)
    mistakes = [pair.relation.mistake for pair in own if pair.relation.mistake]
    same = len(own) > 1 and own[0].relation.factor is not None and own[0].relation.factor == own[1].relation.factor
    text += "; the same in db and dW, so it came with the upstream gradient" if same else ""
    return Note(mistakes[0] if mistakes else "unknown", _sentence(layer, text), layer.number, False, None, layer.run)


def _wrong_delta(
    layer: Layer, layers: Sequence[Layer], pairs: Sequence[Pair], counted: Sequence[Counted], names: tuple[str, str]
) -> Note:
    """Outer product and activation are right in both files; what arrives from above is not."""
    assert layer.bias is not None
    bias = pairs[layer.bias]
    but = " but for that count of the bias" if counted else ""
    start = f"both files keep the rank-one law and the activation that comes in agrees{but}, so the outer product is right"
    above = next((other for other in layers if other.number == layer.number + 1), None)
    outputs = _outputs(above)
    named = None if bias.sides is None or outputs is None else derivative(*bias.sides, outputs)
    if named is not None:
        turned = f"is the other's {named.text} (y recovered from the next layer)"
        text = f"{start}; the upstream gradient of {names[named.side]} {turned}"
        return Note(named.mistake, _sentence(layer, text), layer.number, False, named.side, layer.run)
    relation = bias.relation
    inherited = above is not None and not above.agrees
    if inherited and above is not None and above.bias is not None and relation.factor is not None:
        same = pairs[above.bias].relation.factor == relation.factor
        text = f"{start}; the upstream gradient: {said(relation, names)}{', as in ' + above.name if same else ''}"
        mistake = "inherited" if same else relation.mistake
        return Note(mistake, _sentence(layer, text), layer.number, False, None, layer.run)
    text = f"{start}; the upstream gradient that arrives differs: {said(relation, names)}"
    text += "; it may be inherited from above" if inherited else ""
    mistake = relation.mistake or ("inherited" if inherited else "unknown")
    return Note(mistake, _sentence(layer, text), layer.number, False, None, layer.run)


def _outputs(following: Layer | None) -> Printed | None:
    """The activations that a layer hands on, recovered from the next one: from the second file where it tells."""
    found: Sequence[Law] = () if following is None or following.laws is None else following.laws[::-1]
    return next((law.input for law in found if law.input is not None), None)


def _wrong_product(layer: Layer, side: int, pairs: Sequence[Pair], names: tuple[str, str]) -> Note:
    """One file breaks the law that the other keeps."""
    assert layer.laws is not None
    assert layer.weight is not None
    assert layer.bias is not None
    mine, other = layer.laws[side], layer.laws[1 - side]
    bias, weight = pairs[layer.bias], pairs[layer.weight]
    text = f"in {names[side]} {mine.text}"
    if other.state == "holds":
        text += f"; in {names[1 - side]} {other.text}"
    mistake, more = weight.relation.mistake, ""
    exchanged = _exchanged(mine, other)
    if exchanged:
        mistake, more = "missing-transpose", f". {exchanged}"
    elif weight.relation.kind != "none":
        more = f"; {said(weight.relation, names)}"
    if bias.relation.kind == "equal":
        more += "; db agrees, so it is the outer product that is wrong and not the upstream gradient"
    return Note(mistake or "unknown", _sentence(layer, text + more), layer.number, False, side, layer.run)


def _exchanged(mine: Law, other: Law) -> str:
    """dW has the law's numbers on its diagonal and is an outer product: a factor of the delta carries the index of the input."""
    if mine.rank != 1 or mine.weight is None or mine.bias is None or other.input is None:
        return ""
    matrix, delta, x = mine.weight, mine.bias, other.input
    if matrix.array.shape != (delta.array.size, x.array.size) or delta.array.size != x.array.size:
        return ""
    diagonal = matrix.moved(np.diagonal)
    half = np.abs(delta.array) * x.half + np.abs(x.array) * delta.half + x.half * delta.half
    law = Printed(delta.array * x.array, half, max(delta.eps, x.eps))
    if not np.isfinite(law.array).all() or np.count_nonzero(telling(diagonal) & telling(law)) < 3:
        return ""
    found = factor(diagonal, law)
    if found is None or found.vague:
        return ""
    times = "" if found.holds(1.0) else f" (times {_size(found.low, found.high, x.array.size)})"
    return (
        f"On its diagonal dW is db times the other's activation{times}, elsewhere it is not: a factor of the upstream gradient"
        " carries the index of the input and the activation that of the output, as when the next layer's weights stand where"
        " their transpose belongs"
    )


def _size(low: float, high: float, n: int) -> str:
    return str(n) if low <= n * (1 + 1e-12) and high >= n * (1 - 1e-12) else number((low + high) / 2)


def _together(names: Sequence[str]) -> str:
    """The layers that agree, in one sentence without its full stop."""
    if len(names) == 1:
        return f"L{names[0][1:]} agrees"
    short = [name.removeprefix("layer ") for name in names]
    return f"Layers {' and '.join([', '.join(short[:-1]), short[-1]])} agree"


def _origin(layers: Sequence[Layer], pairs: Sequence[Pair], counts: Sequence[Counted], run: int) -> Note | None:
    """The highest layer that differs, and what that leaves open."""
    differing = [layer for layer in layers if not layer.agrees]
    if not differing:
        return None
    top = differing[-1]
    above = [layer.name for layer in layers if layer.number > top.number]
    start = f"{_together(above)}. " if above else ""
    equal_bias = top.bias is not None and pairs[top.bias].relation.kind == "equal"
    equal_weight = top.weight is not None and pairs[top.weight].relation.kind == "equal"
    if equal_bias:
        text = f"The origin is in {top.name}, below its upstream gradient: the outer product or the activation that comes in."
    elif equal_weight:
        text = f"The origin is the bias of {top.name}; its upstream gradient is right, as dW shows."
    else:
        text = f"The origin is at or above {top.name}{'' if above else ', up to the loss'}; with the weights I could say which."
    return Note("origin", start + text, top.number, False, None, run)
