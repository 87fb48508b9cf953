"""``einsum`` of one or two operands, shown as the products, sums and transpositions it stands for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphcore.ops.composite import Composite, Values
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import REQUIRED, ShapeError

_TEXT = re.compile(r"([A-Za-z]*)(?:,([A-Za-z]*))?->([A-Za-z]*)", re.ASCII)


def _einsum(shapes: Sequence[Shape], _: Values, statics: Mapping[str, Any]) -> str:
    text = statics["subscripts"]
    if not isinstance(text, str):
        raise ShapeError("it begins with its letters, as in einsum('ij,jk->ik', A, B).")
    said = _TEXT.fullmatch(text.replace(" ", ""))
    if said is None:
        raise ShapeError("its letters are written as in 'ij,jk->ik': one or two operands, the arrow, and the output.")
    first, second, out = said.groups()
    terms = [first] if second is None else [first, second]
    if len(terms) != len(shapes):
        raise ShapeError(f"the letters speak of {len(terms)} operand{'s' * (len(terms) > 1)}, {len(shapes)} were given.")
    sizes = _sizes(terms, shapes)
    strange = [letter for letter in out if letter not in sizes]
    if strange or len(set(out)) < len(out):
        letter = strange[0] if strange else next(k for k in out if out.count(k) > 1)
        raise ShapeError(f"the output's letter {letter} {'is in no operand' if strange else 'stands there twice'}.")
    if second is None:
        return _alone(first, out)
    for term in terms:
        if len(set(term)) < len(term):
            raise ShapeError(f"a letter stands twice in {term}; take the diagonal on a line of its own, with diag.")
    return _both(first, second, out, sizes)


def _sizes(terms: Sequence[str], shapes: Sequence[Shape]) -> dict[str, int]:
    """How long each letter's axis is; ShapeError where operands disagree."""
    sizes: dict[str, int] = {}
    for k, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        if len(term) != len(shape):
            raise ShapeError(f"{{{k}}} is {shape}: it has {len(shape)} axes, and {term or 'no'} letters stand for them.")
        for letter, n in zip(term, shape, strict=True):
            if sizes.setdefault(letter, n) != n:
                raise ShapeError(f"the axis {letter} has {sizes[letter]} entries, and {n} in {{{k}}}.")
    return sizes


def _alone(term: str, out: str) -> str:
    """One operand: summed, its axes in another order, or its diagonal."""
    if len(set(term)) == len(term):
        return _arranged("a", term, out)
    if len(term) == 2 and out in ("", term[0]):
        return "diag(a)" if out else "trace(a)"
    raise ShapeError(f"of {term} only the trace and the diagonal of a matrix are taken.")


def _arranged(text: str, have: str, want: str) -> str:
    """``text`` summed over the letters not wanted, its axes in the order wanted."""
    gone = tuple(k for k, letter in enumerate(have) if letter not in want)
    if gone:
        text = f"sum({text}, axis={gone[0] if len(gone) == 1 else gone})"
    rest = [letter for letter in have if letter in want]
    if rest == list(want):
        return text
    if len(want) == 2:
        return f"{text}.T"
    return f"transpose({text}, axes={tuple(rest.index(letter) for letter in want)})"


def _both(first: str, second: str, out: str, sizes: Mapping[str, int]) -> str:
    """A matrix product where both operands have axes of their own, else a sum of products of entries."""
    shared = [letter for letter in first if letter in second]
    summed = "".join(letter for letter in shared if letter not in out)
    batch = "".join(letter for letter in out if letter in shared)
    left = "".join(letter for letter in out if letter in first and letter not in shared)
    right = "".join(letter for letter in out if letter in second and letter not in shared)
    plain = not batch and len(summed) == 1 and len(left) < 2 and len(right) < 2
    if plain or (summed and left and right):
        return _product((first, second), (batch, left, summed, right), out, sizes)
    order = out + summed
    parts = [_spread(_arranged(name, have, _kept(order, have)), have, order) for name, have in (("a", first), ("b", second))]
    if not summed:
        return " * ".join(parts)
    axes = tuple(range(len(out), len(order)))
    return f"sum({' * '.join(parts)}, axis={axes[0] if len(axes) == 1 else axes})"


def _kept(order: str, have: str) -> str:
    return "".join(letter for letter in order if letter in have)


def _spread(text: str, have: str, order: str) -> str:
    """``text`` with an axis of length 1 for each letter it has not, so that it broadcasts."""
    missing = [letter not in have for letter in order]
    if not any(missing) or not _kept(order, have):
        return text
    while missing[0]:
        missing.pop(0)  # leading axes broadcast by themselves
    return f"{text}[{', '.join('None' if gone else ':' for gone in missing)}]" if any(missing) else text


def _product(terms: tuple[str, str], parts: tuple[str, str, str, str], out: str, sizes: Mapping[str, int]) -> str:
    batch, left, summed, right = parts
    a = _arranged("a", terms[0], batch + left + summed)
    b = _arranged("b", terms[1], batch + summed + right)

    def size(letters: str) -> int:
        return math.prod(sizes[letter] for letter in letters)

    wide = len(left) > 1 or len(right) > 1
    shape = [sizes[letter] for letter in batch]
    if len(left) > 1 or len(summed) > 1:
        a = f"reshape({a}, {(*shape, size(left), size(summed))})"
    if len(right) > 1 or len(summed) > 1:
        b = f"reshape({b}, {(*shape, size(summed), size(right))})"
    text = f"({a} @ {b})"
    if wide:
        text = f"reshape({text}, {tuple(sizes[letter] for letter in batch + left + right)})"
    text = _arranged(text, batch + left + right, out)
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


ROWS = [
    Composite(
        "einsum",
        ("a", "b"),
        _einsum,
        "products summed over the letters that the output has not",
        "A = [[1, 2], [3, 4]]\nB = [[5, 6], [7, 8]]\ny = sum(einsum('ij,jk->ik', A, B) ** 2)",
        "torch.einsum(subscripts, a, b)",
        {"subscripts": REQUIRED},
        optional=1,
    ),
]
