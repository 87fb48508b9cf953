"""The verdict in words: one banner with one action, and behind it the honest list of what a match proves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.compare.notfinite import first_not_finite
from graphcore.compare.numbers import listed, number, plural
from graphcore.compare.states import ALLOWED

if TYPE_CHECKING:
    from graphcore.compare.comparison import Comparison
    from graphcore.compare.functions import FunctionMatch


@dataclass(frozen=True)
class Action:
    """What one click on the banner does: ``kind`` is reasons, stronger, show, goto or report."""

    label: str
    kind: str
    nodes: tuple[int, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Reason:
    """One thing that a match proves, or does not."""

    sign: str
    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class Banner:
    """The verdict in words: a sign with its tone, a bold sentence, a small one, one action, and the reasons."""

    state: str
    sign: str
    tone: str
    bold: str
    small: str
    action: Action | None
    reasons: tuple[Reason, ...] = field(default=())

    def payload(self) -> dict[str, Any]:
        """The banner as plain data for the picture."""
        action = self.action
        made: Mapping[str, Any] | None = None
        if action is not None:
            made = {"label": action.label, "kind": action.kind}
            if action.nodes:
                made["nodes"] = list(action.nodes)
            if action.text:
                made["text"] = action.text
        return {
            "state": self.state,
            "sign": self.sign,
            "tone": self.tone,
            "bold": self.bold,
            "small": self.small,
            "action": made,
            "reasons": [{"sign": r.sign, "tone": r.tone, "title": r.title, "text": r.text} for r in self.reasons],
        }


ASK = Action("What does this prove?", "reasons")
STRONGER = Action("Use a stronger point", "stronger")
ALL_MATCH = "Every gradient matches torch."


def banner(result: Comparison) -> Banner:
    """The banner of a comparison, in the order of what matters most."""
    from graphcore.compare.reasons import reasons

    if result.verdict == "mismatch":
        return _mismatch(result)
    bad = first_not_finite(result)
    if bad is not None:
        goto = Action(f"Go to {result.run.graph.names[bad.node]}", "goto", (bad.node,))
        return Banner("non-finite", "∞", "off", bad.bold, bad.small, goto, reasons(result))
    if result.verdict == "unproven":
        return Banner("unproven", "0", "weak", "Unproven.", _why_unproven(result), _unproven_action(result), reasons(result))
    state, sign, tone, bold, small, action = _matched(result)
    return Banner(state, sign, tone, bold, small, action, reasons(result))


def _matched(result: Comparison) -> tuple[str, str, str, str, str, Action]:
    names = result.run.graph.names
    zeros = [k for k, state in enumerate(result.states) if state == "zero"]
    equal = result.states.count("match")
    every = ALL_MATCH if not zeros else f"{plural(equal, 'gradient')} {'matches' if equal == 1 else 'match'} torch."
    if result.kinks:
        node, sentence = next(iter(result.kinks.items()))
        arguments = result.run.graph.arguments[node]
        place = next((k for k in arguments if k >= 0), node)
        more = f" {plural(len(result.kinks) - 1, 'more node')} at a kink." if len(result.kinks) > 1 else ""
        small = sentence.replace(" is at its kink", " sits at its kink", 1) + more
        return "kink", "=", "right", every, small, Action(f"Go to {names[place]}", "goto", (place,))
    if result.weakness.findings:
        small = result.weakness.findings[0].text
        return "weak", "0", "weak", "Matches, but proves little.", small, STRONGER
    if zeros:
        are = "are" if len(zeros) > 1 else "is"
        prove = "prove" if len(zeros) > 1 else "proves"
        small = f"{len(zeros)} more {are} zero on both sides and {prove} nothing: {listed([names[k] for k in zeros])}."
        return "some-zero", "=", "right", every, small, Action("Show them" if len(zeros) > 1 else "Show it", "show", tuple(zeros))
    return "match", "=", "right", ALL_MATCH, f"{equal_to_rounding(result)} None is zero, none at a kink.", ASK


def equal_to_rounding(result: Comparison) -> str:
    """``11 of 11 equal to rounding, worst 1.0 eps (256 allowed).``"""
    equal = result.states.count("match")
    error = worst(result)[0]
    size = f"{error:.1f}" if error >= 0.05 else "under 0.1"
    how = f"worst {size} eps ({ALLOWED} allowed)" if error else "bit for bit"
    return f"{equal} of {result.counted} equal to rounding, {how}."


def worst(result: Comparison) -> tuple[float, int | None]:
    """The largest error among the matches, with its node."""
    equal = [k for k, state in enumerate(result.states) if state == "match" and k not in result.moved]
    found = [(result.errors[k] or 0.0, k) for k in equal]
    return max(found, key=lambda pair: pair[0]) if found else (0.0, None)


def _why_unproven(result: Comparison) -> str:
    states = result.states
    graph = result.run.graph
    zeros, equal = states.count("zero"), states.count("match")
    unused = [graph.names[k] for k in graph.leaf_values if states[k] == "none"]
    if all(k in graph.constants for k in graph.leaf_values):
        return "No leaf wants a gradient, so there is nothing to compare."
    if zeros and not equal:
        what = f"All {zeros} gradients are" if zeros > 1 else "The only gradient is"
        return f"{what} zero on both sides; a wrong rule would agree too."
    if zeros:
        return (
            f"{plural(equal, 'gradient')} inside {'matches' if equal == 1 else 'match'}, but every leaf's gradient is zero "
            "on both sides; a wrong rule would agree too."
        )
    if unused:
        be = "is" if len(unused) == 1 else "are"
        return f"No gradient reaches a leaf: {listed(unused)} {be} not used by the output, on either side."
    return "There is no rule to compare: the output is a leaf, and its gradient is the one that was put in."


def _unproven_action(result: Comparison) -> Action | None:
    return STRONGER if "zero" in result.states else ASK


def _mismatch(result: Comparison) -> Banner:
    from graphcore.compare.dispute import dispute
    from graphcore.compare.reasons import reasons

    wrong = [k for k, state in enumerate(result.states) if state == "mismatch"]
    faulty = [match for match in result.functions if not match.right]
    if faulty and len(wrong) == len(faulty):
        return _wrong_functions(result, faulty)
    count = result.counted
    verb = "differs" if len(wrong) == 1 else "differ"
    bold = f"{len(wrong)} of {plural(count, 'gradient')} {verb} from torch."
    # every consumer of the last one agrees, so its own error was made there
    origin = wrong[-1]
    numbers = difference(result, origin)
    case = dispute(result, origin)
    action = Action("Report it", "report", (origin,), report(result, wrong, case.text))
    return Banner("mismatch", "≠", "wrong", bold, f"{numbers} {case.text}", action, reasons(result))


def _wrong_functions(result: Comparison, faulty: list[FunctionMatch]) -> Banner:
    """Hand-written backward passes that are not the derivative of their own forward."""
    from graphcore.compare.reasons import reasons

    first = faulty[0]
    name, match = next((name, match) for name, match in first.inputs.items() if match.state == "mismatch")
    numbers = apart(f"for {name}", match.manual, match.torch, "by its forward", "returned")
    inherited = result.states.count("inherited")
    tail = (
        f" {plural(inherited, 'gradient')} {'differs' if inherited == 1 else 'differ'} only because of it." if inherited else ""
    )
    bold = f"The backward of {first.name} is wrong." if len(faulty) == 1 else f"{len(faulty)} hand-written backwards are wrong."
    action = Action(f"Go to {first.name}", "goto", (first.node,))
    return Banner("mismatch", "≠", "wrong", bold, f"{numbers[0].upper()}{numbers[1:]}{tail}", action, reasons(result))


def difference(result: Comparison, index: int) -> str:
    """``c: -0.1126 here, 0.1126 in torch.`` at the entry that differs most."""
    return apart(result.run.graph.names[index], result.run.gradient(index), result.torch_gradient(index))


def apart(name: str, ours: Any, theirs: Any, here: str = "here", there: str = "in torch") -> str:
    """Two gradients at the entry where they differ most, in words."""
    if ours is None or theirs is None:
        a, b = ("no gradient" if v is None else number(np.asarray(v).flat[np.argmax(np.abs(v))]) for v in (ours, theirs))
        return f"{name}: {a} {here}, {b} {there}."
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape:
        return f"{name}: shape {ours.shape} {here}, {theirs.shape} {there}."
    with np.errstate(all="ignore"):
        distance = np.where((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)), 0.0, np.abs(ours - theirs))
    far = np.nan_to_num(distance, nan=np.inf)
    place = tuple(int(k) for k in np.unravel_index(int(np.argmax(far)), ours.shape))
    a, b = number(ours[place]), number(theirs[place])
    if a == b:
        a, b = f"{float(ours[place])!r}", f"{float(theirs[place])!r}"
    return f"{name}{list(place) if place else ''}: {a} {here}, {b} {there}."


def report(result: Comparison, wrong: list[int], case: str) -> str:
    """A text that lets somebody else see the same mismatch: program, numbers, versions."""
    import platform

    import torch

    graph = result.run.graph
    lines = [
        "Chainrule and torch disagree on a gradient.",
        f"torch {torch.__version__}, numpy {np.__version__}, Python {platform.python_version()}",
        "",
        *(difference(result, k) for k in reversed(wrong[-10:])),
        case,
        "",
        graph.source.text
        or "\n".join(
            f"{k} {name}: {op.name if op else 'leaf'} {args}"
            for k, (name, op, args) in enumerate(zip(graph.names[:50], graph.ops, graph.arguments, strict=False))
        ),
        "",
        *(f"{leaf.name} = {result.run.value(leaf.index).tolist()}" for leaf in graph.leaves[:20] if math.prod(leaf.shape) <= 100),
    ]
    return "\n".join(lines)
