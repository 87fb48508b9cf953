"""What a match proves: the honest list behind the banner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphcore.compare.numbers import listed, number, plural
from graphcore.compare.states import ALLOWED, EPS
from graphcore.compare.words import Reason, worst

if TYPE_CHECKING:
    from graphcore.compare.comparison import Comparison


def reasons(result: Comparison) -> tuple[Reason, ...]:
    """The reasons of a comparison: what was compared, what weakens it, what strengthens it."""
    return tuple(
        r
        for r in (
            *_counted(result),
            *_moved(result),
            _outputs(result),
            *_weak(result),
            *_zeros(result),
            *_kinks(result),
            *_told_apart(result),
        )
        if r
    )


def _counted(result: Comparison) -> list[Reason]:
    equal = result.states.count("match")
    found = []
    if equal:
        error, node = worst(result)
        apart = "No digit differs."
        if node is not None and error:
            apart = (
                f"The largest difference is {error:.1f} eps, at {result.run.graph.names[node]}; up to {ALLOWED} eps is rounding."
            )
        found.append(
            Reason(
                "=",
                "right",
                f"{plural(equal, 'gradient')} equal torch's" if equal > 1 else "1 gradient equals torch's",
                f"{apart} One eps is 2.2e-16 of a tensor's largest entry. The starting gradient is put in, so it does not count.",
            )
        )
    wrong = result.states.count("mismatch")
    if wrong:
        text = f"They are further apart than {ALLOWED} eps, which rounding does not explain."
        found.append(Reason("≠", "wrong", f"{plural(wrong, 'gradient')} {'differs' if wrong == 1 else 'differ'}", text))
    return found


def _outputs(result: Comparison) -> Reason | None:
    run = result.run
    for k, theirs in result.torch_outputs.items():
        ours = np.asarray(run.argument(k), dtype=np.float64)
        other = np.asarray(theirs, dtype=np.float64)
        name = run.graph.names[k]
        if ours.shape != other.shape or not np.allclose(ours, other, rtol=1e-9, atol=1e3 * EPS, equal_nan=True):
            text = f"{name} is {_first(ours)} here and {_first(other)} in torch, before any gradient."
            return Reason("≠", "wrong", "The forward values differ", text)
    return None


def _first(value: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return number(value.flat[0]) if value.size == 1 else f"an array of shape {value.shape}"


def _moved(result: Comparison) -> list[Reason]:
    """Gradients that a last digit of the forward values moves."""
    if not result.moved:
        return []
    names = listed([result.run.graph.names[k] for k in result.moved], 8)
    apart = max(result.errors[k] or 0.0 for k in result.moved)
    text = (
        f"{names}: at this point one rounding of a forward value moves them by up to {max(result.moved.values()):,.0f} eps (a "
        f"function is nearly flat here), and the two sides are {apart:,.0f} eps apart. A smaller error would not show."
    )
    return [Reason("0", "off", f"{plural(len(result.moved), 'gradient')} compared less sharply", text)]


def _zeros(result: Comparison) -> list[Reason]:
    names = result.run.graph.names
    found = []
    zeros = [names[k] for k, state in enumerate(result.states) if state == "zero"]
    if zeros:
        be, prove = ("is", "proves") if len(zeros) == 1 else ("are", "prove")
        text = f"{listed(zeros, 8)} {be} zero on both sides, exactly or to rounding: a wrong rule would agree too."
        found.append(Reason("0", "weak", f"{plural(len(zeros), 'gradient')} {prove} nothing", text))
    unused = [names[k] for k in result.run.graph.leaf_values if result.states[k] == "none"]
    if unused:
        be, get = ("is", "gets") if len(unused) == 1 else ("are", "get")
        text = f"The output does not depend on {listed(unused, 8)} through any rule, on either side."
        found.append(Reason("0", "off", f"{plural(len(unused), 'leaf', 'leaves')} {be} not used and {get} no gradient", text))
    bad = [names[k] for k, state in enumerate(result.states) if state == "non-finite"]
    if bad:
        text = f"{listed(bad, 8)}: nan or inf at the same places on both sides; such numbers prove nothing."
        found.append(Reason("∞", "off", f"{plural(len(bad), 'gradient')} not finite", text))
    return found


def _kinks(result: Comparison) -> list[Reason]:
    found = [Reason("0", "weak", "At a kink", sentence[0].upper() + sentence[1:]) for sentence in result.kinks.values()][:8]
    if found:
        return found
    kinked = [op.name for op in dict.fromkeys(result.run.graph.ops) if op is not None and op.kink is not None]
    if not kinked:
        return []
    text = f"{listed(kinked)}: only the side of the kink that this point is on was compared."
    return [Reason("=", "right", "No node is at a kink", text)]


def _weak(result: Comparison) -> list[Reason]:
    weakness = result.weakness
    found = [Reason("0", "weak", "A wrong rule would agree too", finding.text) for finding in weakness.findings[:8]]
    return found + [Reason("0", "off", "Only one side was tried", text) for text in weakness.one_sided[:4]]


def _told_apart(result: Comparison) -> list[Reason]:
    count = result.weakness.told_apart
    if not count:
        return []
    other = "other " if result.weakness.findings else ""
    rules = f"{count:,} {other}wrong rule{'' if count == 1 else 's'} {'was' if count == 1 else 'were'}"
    text = (
        f"{rules} tried at this point, one at a time: a factor left out, the function in place of its derivative, "
        "a missing transpose. Each would have changed a gradient."
    )
    return [Reason("=", "right", f"{'Other' if other else 'Likely'} mistakes would show", text)]
