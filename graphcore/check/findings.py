"""What a check finds: a status for every node, and the explanations of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from graphcore.compare.states import ALLOWED, EPS
from graphcore.mistakes import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from graphcore.backprop import Trace
    from graphcore.check.align import Alignment
    from graphcore.check.hand_in import Array
    from graphcore.graph import Edge

Status = Literal["right", "origin", "inherited", "missing", "undecided"]
Verdict = Literal["right", "wrong", "unproven"]


class Explanation(NamedTuple):
    """One mistake that would give the handed-in numbers.

    ``mistake`` is its stable name, ``certain`` whether it reproduces every printed digit ("is") or only looks alike. ``node``
    is where the gradient goes wrong, ``edge`` the use of it whose rule was wrong (None where it is the node itself).
    ``wrong`` and ``right`` are formulas in the user's names, ``text`` the sentence, ``apart`` what would tell it from the next
    explanation ("" where there is nothing to tell), ``mended`` how many of the wrong numbers are right once this is, ``eps``
    the rounding of the numbers it was found by, where they were handed in with all their digits.
    """

    mistake: str
    text: str
    node: int
    edge: Edge | None = None
    certain: bool = True
    wrong: str = ""
    right: str = ""
    apart: str = ""
    mended: int = 0
    eps: float = EPS

    @property
    def formula(self) -> str:
        """The right formula."""
        return self.right


class Finding(NamedTuple):
    """What is said of one node: ``handed`` beside ``right``, and where a mistake began its ranked explanations.

    ``implied`` is what the handed-in gradients around it give through the right rules. ``error`` is the largest difference
    from the right gradient, ``allowed`` how much printing and rounding explain of it; ``why`` gives the reason of
    "undecided" and of what is remarkable about "right" (every number prints as zero). ``forward`` marks a finding about the
    forward value; then ``handed``, ``right`` and ``implied`` are values. ``error`` is nan where an entry of only one side is
    nan. ``eps`` is the rounding of the arithmetic that made ``handed``, ``gaps`` are entries that the file leaves out.
    """

    status: Status
    node: int
    handed: Array | None = None
    right: Array | None = None
    implied: Array | None = None
    error: float | None = None
    allowed: float | None = None
    explanations: tuple[Explanation, ...] = ()
    why: str = ""
    forward: bool = False
    label: str = ""
    line: int | None = None
    eps: float = EPS
    gaps: NDArray[np.bool_] | None = None

    @property
    def worst(self) -> tuple[int, ...] | None:
        """The place of the entry that is furthest from right; None where there are no two numbers to compare."""
        apart = self._apart
        return None if apart is None else tuple(int(k) for k in np.unravel_index(int(np.argmax(apart)), apart.shape))

    @property
    def differing(self) -> int:
        """How many entries are wrong beyond what printing and rounding explain."""
        if self._apart is None or self.right is None:
            return 0
        largest = float(np.max(np.abs(self.right), initial=0.0, where=np.isfinite(self.right)))
        return int(np.count_nonzero(self._apart > (self.allowed or 0.0) + ALLOWED * self.eps * largest))

    @property
    def _apart(self) -> Array | None:
        if self.handed is None or self.right is None or self.handed.shape != self.right.shape or not self.handed.size:
            return None
        return distances(self.right, self.handed, self.gaps)


@dataclass(frozen=True, eq=False, repr=False)
class Checkup:
    """A hand-in, judged: :attr:`findings` by node name for gradients, :attr:`values` for forward values.

    ``origins`` are the nodes where mistakes began, in the order of the backward pass (forward mistakes first);
    ``alignment`` says which handed-in array was read as which node.
    """

    run: Trace
    findings: Mapping[str, Finding]
    values: Mapping[str, Finding]
    verdict: Verdict
    alignment: Alignment | None = None
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        said = ", ".join(f"{f.status} {name}" for name, f in self.findings.items())
        return f"<Checkup {self.verdict}: {said or 'nothing handed in'}>"

    @property
    def origins(self) -> tuple[Finding, ...]:
        """The findings where a mistake began: forward values first, then gradients from the output to the leaves."""
        forward = [f for f in self.values.values() if f.status == "origin"]
        backward = [f for f in self.findings.values() if f.status == "origin"]
        return (*sorted(forward, key=lambda f: f.node), *sorted(backward, key=lambda f: -f.node))

    @property
    def elsewhere(self) -> bool:
        """Whether nothing handed in fits this point, so that it may have been computed at another one."""
        return nothing_fits(self.findings, self.values, self.alignment)

    @property
    def foreign(self) -> bool:
        """Whether nearly all that was handed in has no place in this problem, so that it may belong to another one."""
        return is_foreign(self.alignment)

    def wrong(self) -> tuple[Finding, ...]:
        """Every finding whose numbers are wrong, origins and inherited."""
        everything = (*self.values.values(), *self.findings.values())
        return tuple(f for f in everything if f.status in ("origin", "inherited"))


def distances(right: Array, handed: Array, gaps: NDArray[np.bool_] | None = None) -> Array:
    """How far apart each two entries are: infinitely where one of them is nan, not at all where the file leaves it out.

    >>> distances(np.array([1.0, np.inf, np.nan, 2.0]), np.array([1.5, np.inf, np.nan, np.nan])).tolist()
    [0.5, 0.0, 0.0, inf]
    """
    with np.errstate(all="ignore"):
        apart = np.abs(right - handed)
    same = (right == handed) | (np.isnan(right) & np.isnan(handed))
    return np.where(same if gaps is None else same | gaps, 0.0, np.where(np.isnan(apart), np.inf, apart))


def furthest(right: Array, handed: Array, gaps: NDArray[np.bool_] | None = None) -> float:
    """The largest difference of two arrays of one shape, nan where the entry of one of them is nan.

    >>> furthest(np.array([1.0, 2.0]), np.array([1.0, np.nan])), furthest(np.array([1.0, 2.0]), np.array([np.inf, 2.0]))
    (nan, inf)
    """
    if not handed.size:
        return 0.0
    apart = distances(right, handed, gaps)
    place = int(np.argmax(apart))
    found = float(apart.flat[place])
    return float("nan") if found and (np.isnan(right.flat[place]) or np.isnan(handed.flat[place])) else found


def is_foreign(alignment: Alignment | None) -> bool:
    """Whether most of several arrays found no node."""
    rows = () if alignment is None else alignment.rows
    strange = sum(row.node is None for row in rows)
    return strange > 2 and strange > 2 * (len(rows) - strange)


def nothing_fits(findings: Mapping[str, Finding], values: Mapping[str, Finding], alignment: Alignment | None = None) -> bool:
    """Whether several numbers were handed in, none is right, and no mistake of the table explains them."""
    everything = [*findings.values(), *values.values()]
    judged = [f for f in everything if f.handed is not None and f.status in ("right", "origin", "inherited")]
    origins = [f for f in everything if f.status == "origin"]
    unnamed = [f for f in origins if not f.explanations or f.explanations[0].mistake == UNKNOWN]
    several = len(judged) > 2 and len(unnamed) > 1
    strange = bool(unnamed) and is_foreign(alignment)
    return (several or strange) and 2 * len(unnamed) > len(origins) and all(f.status != "right" for f in judged)
