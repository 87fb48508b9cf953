"""Two gradient files compared tensor by tensor: the error, and how much of each is exactly zero."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphcore.compare.states import ALLOWED, EPS
from graphcore.export.gradients import Printed, read_dat, read_npz


class TensorPair(NamedTuple):
    """One tensor in both files: ``error`` is in eps of the largest entry, ``relative`` its share of that entry."""

    name: str
    shape: tuple[int, ...]
    state: str  # "equal", "equal as printed", "zero", "different", "shapes differ", "only in the first", "only in the second"
    error: float = 0.0
    relative: float = 0.0
    zeros: tuple[float, float] = (0.0, 0.0)


def compare_files(first: str | bytes, second: str | bytes) -> tuple[TensorPair, ...]:
    """The tensors of two files (text of a ``.dat``, bytes of an ``.npz``), paired by name, in the order of the first."""
    mine, other = (_read(source) for source in (first, second))
    pairs = [_pair(name, mine[name], other[name]) for name in mine if name in other]
    pairs += [TensorPair(name, found.numbers.shape, "only in the first") for name, found in mine.items() if name not in other]
    pairs += [TensorPair(name, found.numbers.shape, "only in the second") for name, found in other.items() if name not in mine]
    return tuple(pairs)


def _read(source: str | bytes) -> dict[str, Printed]:
    if isinstance(source, str):
        return read_dat(source)
    return read_npz(source) if source.startswith(b"PK") else read_dat(source.decode(errors="replace"))


def _pair(name: str, mine: Printed, other: Printed) -> TensorPair:
    a, b = mine.numbers, other.numbers
    if a.shape != b.shape:
        return TensorPair(name, a.shape, f"shapes differ: {a.shape} and {b.shape}")
    zeros = (_share(a), _share(b))
    if not a.size or not (np.any(a) or np.any(b)):
        return TensorPair(name, a.shape, "zero", zeros=zeros)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.all(same | finite):
        return TensorPair(name, a.shape, "different", np.inf, np.inf, zeros)
    gap = np.where(same, 0.0, np.abs(np.where(finite, a, 0.0) - np.where(finite, b, 0.0)))
    largest = float(np.max(np.abs(b[finite]), initial=0.0)) or float(np.max(np.abs(a[finite]), initial=0.0))
    relative = float(np.max(gap)) / largest if largest else 0.0
    # two numbers rounded to the same digit may differ by one unit, half of it on each side
    printed = bool(np.all(gap <= (mine.half + other.half) * (1 + 4 * EPS) + 4 * EPS * np.abs(np.where(finite, b, 0.0))))
    state = "equal" if relative <= ALLOWED * EPS else "equal as printed" if printed else "different"
    coarse = bool(np.any(np.maximum(mine.half, other.half) > ALLOWED * EPS * largest))
    if state == "equal" and coarse:
        state = "equal as printed"
    return TensorPair(name, a.shape, state, relative / EPS, relative, zeros)


def _share(array: np.ndarray) -> float:
    return float(np.mean(array == 0)) if array.size else 0.0


def comparison_text(
    first: str | bytes, second: str | bytes, names: tuple[str, str] = ("my_autograd.dat", "torch_autograd.dat")
) -> str:
    """The comparison as text: a line a tensor, then what it proves."""
    pairs = compare_files(first, second)
    width = max([len(pair.name) for pair in pairs] + [len("tensor")])
    rows = [f"{names[0]} beside {names[1]}", "", f"{'tensor':<{width}}  {'shape':<12} {'error':>10}  {'zeros':>15}  state"]
    for pair in pairs:
        compared = pair.state in ("equal", "equal as printed", "different", "zero")
        error = f"{pair.error:,.1f} eps" if pair.error < 1e6 else f"{pair.relative:.1e} of max"
        zeros = f"{pair.zeros[0]:.0%} and {pair.zeros[1]:.0%}"
        shown = (error, zeros) if compared else ("", "")
        rows.append(f"{pair.name:<{width}}  {pair.shape!s:<12} {shown[0]:>10}  {shown[1]:>15}  {pair.state}")
    return "\n".join([*rows, "", _said(pairs)]) + "\n"


def _said(pairs: tuple[TensorPair, ...]) -> str:
    count = {state: sum(pair.state == state for pair in pairs) for state in ("equal", "equal as printed", "zero", "different")}
    rest = len(pairs) - sum(count.values())
    parts = []
    if count["different"]:
        worst = max((pair for pair in pairs if pair.state == "different"), key=lambda pair: pair.relative)
        parts.append(
            f"{count['different']} of {len(pairs)} tensors differ, "
            f"most of all {worst.name} (by {worst.relative:.2g} of its largest entry)."
        )
    if count["equal"]:
        parts.append(f"{count['equal']} of {len(pairs)} tensors are equal to rounding.")
    if count["equal as printed"]:
        zeros = max(max(pair.zeros) for pair in pairs if pair.state == "equal as printed")
        more = f"; up to {zeros:.0%} of a tensor prints as 0, where nothing can be seen" if zeros else ""
        parts.append(
            f"{count['equal as printed']} are equal to the digits printed, which proves no more than those digits{more}."
        )
    if count["zero"]:
        parts.append(f"{count['zero']} are zero in both, which proves nothing.")
    if rest:
        parts.append(f"{rest} cannot be compared: they stand in one file only or differ in shape.")
    return " ".join(parts) or "There is nothing to compare."
