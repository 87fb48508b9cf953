"""One array as it is printed: ``tensor(...)``, ``array(...)``, brackets alone, rows without brackets, a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphcore.check.reading.blocks import NUMBER, NUMBERS, Block, block, cut, extent
from graphcore.check.reading.digits import LONGEST, Digits, Floats, digits
from graphcore.errors import ReadError

CALL = re.compile(
    r"(?<![A-Za-z0-9_.])(?:[A-Za-z_][A-Za-z0-9_]{0,40}\.){0,3}"
    r"(tensor|array|Tensor|Array|Parameter|matrix|asarray|masked_array|Variable|DeviceArray|FloatTensor|DoubleTensor)\(\s{0,99}"
)
_CONTAINING = re.compile(r"Parameter containing:\s{0,99}")
_KEYWORD = re.compile(r"data\s?=\s{0,20}")
SCALE = re.compile(r"([0-9][0-9.]{0,20}[eE][+-]?[0-9]{1,2})[ \t]*\*\s")
_TORCH = ("tensor", "Tensor", "Parameter", "Variable", "FloatTensor", "DoubleTensor")
_TAIL = 600
_DTYPE = re.compile(r"dtype\s?=\s?['\"<]?(?:[a-z]{1,10}\.)?([a-z]{1,12}[0-9]{0,3})")
_SIZE = re.compile(r"(?:size|shape)\s?=\s?\(([0-9, ]{0,99})\)")
_COMPLEX = re.compile(r"[0-9.]j")
_EPS = {"float32": 2.0**-23, "float": 2.0**-23, "float16": 2.0**-10, "half": 2.0**-10, "bfloat16": 2.0**-7}


class Value(NamedTuple):
    """An array as it was written. ``end`` is where the text goes on; ``form``, ``eps`` and ``role`` as in a Reading."""

    end: int
    numbers: Floats
    digits: Digits
    form: str
    eps: float
    scale: float = 1.0
    gaps: bool = False
    role: str = ""
    problem: str = ""
    note: str = ""


def complex_refused(where: str) -> ReadError:
    """What is said of complex numbers."""
    return ReadError(f"{where} holds complex numbers; gradients are read as real numbers.")


def value_at(text: str, start: int, room: int = NUMBERS) -> Value | None:
    """The array that begins exactly at ``start``; None where none does.

    >>> found = value_at("tensor([[1.5000, 2.0000]], grad_fn=<MmBackward>)", 0)
    >>> found.numbers.tolist(), found.form, found.end
    ([[1.5, 2.0]], 'torch', 48)
    """
    at, role, calls = start, "", 0
    form, scale = "", 1.0
    while True:
        if role != "parameter" and (contained := _CONTAINING.match(text, at)):
            at, role = contained.end(), "parameter"
        elif (called := CALL.match(text, at)) and calls < 4:
            at, calls = called.end(), calls + 1
            form = "torch" if called[1] in _TORCH else form or "numpy"
            role = "parameter" if called[1] == "Parameter" else role
        elif calls and (keyword := _KEYWORD.match(text, at)):
            at = keyword.end()
        else:
            break
    if calls and (scaled := SCALE.match(text, at)):
        scale = float(scaled[1])
        at = scaled.end() + len(text[scaled.end() : scaled.end() + 99]) - len(text[scaled.end() : scaled.end() + 99].lstrip())
    found = _content(text, at, room, bool(calls))
    if found is None:
        return None
    written, end = found
    tail, end = _tail(text, end, calls) if calls and not written.cut else ("", end)
    return _value(text, at, end, written, form, tail, scale, role)


def _content(text: str, at: int, room: int, called: bool) -> tuple[Block, int] | None:
    mark = text[at : at + 1]
    if mark and mark in "[(":
        end, closed = extent(text, at)
        if _COMPLEX.match(text, end - 1):
            raise complex_refused(f"line {text.count(chr(10), 0, at) + 1}")
        if closed:
            return block(text[at:end], room), end
        return _unclosed(text, at, end, room)
    if called and (number := NUMBER.match(text, at)):
        if _COMPLEX.match(text, number.end() - 1):
            raise complex_refused(f"line {text.count(chr(10), 0, at) + 1}")
        return Block([number[0]], (), {}), number.end()
    return None


def _unclosed(text: str, at: int, end: int, room: int) -> tuple[Block, int] | None:
    """Brackets that never close: a file cut short, or the next label standing where a row should."""
    if end < len(text):
        end = text.rfind("\n", at, end) + 1
        if end <= at:
            return None
    found = cut(text[at:end], room)
    return (found, end) if found.words else None


def _tail(text: str, start: int, calls: int) -> tuple[str, int]:
    """What stands between the numbers and the end of the call; where that end is."""
    depth = calls
    for at in range(start, min(start + _TAIL, len(text))):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth == 0:
                return text[start:at], at + 1
        elif text[at] == "\n" and text.startswith("\n", at + 1):
            break
    return "", start


def _value(text: str, at: int, end: int, written: Block, form: str, tail: str, scale: float, role: str) -> Value:
    content_has_comma = "," in text[at : min(end, at + 2000)]
    if not form:
        # NumPy alone writes "1." and rows without commas
        dotted = any(word.endswith(".") for word in written.words[:200])
        form = "list" if content_has_comma and not dotted else "numpy"
    dtype = kind[1] if (kind := _DTYPE.search(tail)) else ""
    if dtype.startswith("complex"):
        raise complex_refused(f"line {text.count(chr(10), 0, at) + 1}")
    eps = _EPS.get(dtype, float(np.finfo(np.float64).eps)) if dtype or form != "torch" else _EPS["float32"]
    if "requires_grad=True" in tail and not role:
        role = "parameter"
    size = tuple(int(part) for part in given[1].replace(",", " ").split()) if (given := _SIZE.search(tail)) else None
    return array(written, end, form, eps, scale=scale, role=role, size=size)


def array(
    written: Block, end: int, form: str, eps: float, *, scale: float = 1.0, role: str = "", size: tuple[int, ...] | None = None
) -> Value:
    """The numbers of a block as an array; entries the file leaves out are nan where ``size`` tells how many they are."""
    words, note = list(written.words), ""
    if any(len(word) > LONGEST for word in words):
        words = [word if len(word) <= LONGEST else "nan" for word in words]
        note = f"a number of more than {LONGEST} characters is not read"
    numbers, bad = _floats(words)
    if bad:
        note = f"{len(bad)} of its entries {'is no number' if len(bad) == 1 else 'are no numbers'} (`{words[bad[0]][:20]}`)"
        words = ["nan" if k in set(bad) else word for k, word in enumerate(words)] if len(bad) < 1000 else _all_or_nan(words)
    found = digits(words, numbers)
    problem = written.problem
    if not problem:
        numbers = numbers.reshape(written.shape)
        if size is not None and not written.gaps and int(np.prod(size, dtype=np.int64)) == numbers.size:
            numbers = numbers.reshape(size)
        if written.gaps:
            numbers, found, problem = _spread(numbers, found, written.gaps, size)
            note = note or ("" if size is not None else "`...` stands for entries the file does not have, how many is not said")
    if written.cut:
        note = note or "its brackets never close, and the last row may be missing"
    gaps = bool(written.gaps or bad or written.cut or note)
    with np.errstate(over="ignore", under="ignore"):
        numbers = numbers * scale
    return Value(end, numbers, found, form, eps, scale, gaps, role, problem, note)


def _floats(words: Sequence[str]) -> tuple[Floats, list[int]]:
    """The numbers, and the places of words that are none (nan stands there)."""
    try:
        if not any("_" in word for word in words):
            return np.array([float(word) for word in words], dtype=np.float64), []
    except ValueError:
        pass
    good = [NUMBER.fullmatch(word) is not None for word in words]
    numbers = np.array([float(word) if fine else np.nan for word, fine in zip(words, good)], dtype=np.float64)
    return numbers, [k for k, fine in enumerate(good) if not fine]


def _all_or_nan(words: Sequence[str]) -> list[str]:
    return [word if NUMBER.fullmatch(word) else "nan" for word in words]


def _spread(shown: Floats, found: Digits, gaps: dict[int, int], size: tuple[int, ...] | None) -> tuple[Floats, Digits, str]:
    """The visible corners put in their places in an array of ``size``."""
    if size is None:
        return shown, found, ""
    if len(size) != shown.ndim or any(whole < part for whole, part in zip(size, shown.shape)):
        return shown, found, f"its brackets do not fit the shape {size} that it says"
    if int(np.prod(size, dtype=np.int64)) > NUMBERS:
        return shown, found, f"its shape {size} is larger than what is read"
    places = [
        np.array([k if axis not in gaps or k < gaps[axis] else k + whole - part for k in range(part)], dtype=np.intp)
        for axis, (whole, part) in enumerate(zip(size, shown.shape))
    ]
    where = np.ix_(*places)

    def put(values: Any, empty: float) -> Any:
        full = np.full(size, empty, dtype=values.dtype)
        full[where] = values.reshape(shown.shape)
        return full

    numbers = put(shown, np.nan)
    spread = found._replace(
        decimals=put(found.decimals, 0).reshape(-1),
        exponent=put(found.exponent, 0).reshape(-1),
        significant=put(found.significant, 99).reshape(-1),
        numbers=numbers.reshape(-1),
    )
    return numbers, spread, ""
