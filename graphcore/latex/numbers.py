"""Numbers as the picture prints them: four digits, a true minus sign, powers of ten where they are far from 1."""

from __future__ import annotations

import math
from typing import Any

MINUS = "\u2212"
_NOT_FINITE = {"nan": ("nan", r"\mathrm{nan}"), "inf": ("∞", r"\infty"), "-inf": (MINUS + "∞", r"-\infty")}


def parts(value: float, decimals: int = 4) -> tuple[str, str, str]:
    """Sign, digits and power of ten of a number.

    >>> parts(-0.11259), parts(3.2e-7), parts(2.0), parts(2.98)
    (('-', '0.1126', ''), ('', '3.20', '-7'), ('', '2', ''), ('', '2.980', ''))
    """
    sign = "-" if math.copysign(1.0, value) < 0 and value != 0 else ""
    size = abs(value)
    if size.is_integer() and size < 1e4:
        return sign, str(int(size)), ""
    if not 1e-3 <= size < 1e4:
        digits, power = f"{size:.{max(decimals - 2, 0)}e}".split("e")
        return sign, digits, str(int(power))
    if size < 1:
        return sign, f"{size:.{decimals}f}", ""
    return sign, f"{size:.{max(decimals - len(str(int(size))), 0)}f}", ""


def number_text(value: float, decimals: int = 4) -> str:
    """A number as plain text.

    >>> number_text(-0.11259), number_text(3.2e-7)
    ('−0.1126', '3.20e−7')
    """
    if not math.isfinite(value):
        return _NOT_FINITE[str(float(value))][0]
    sign, digits, power = parts(value, decimals)
    return (MINUS if sign else "") + digits + (f"e{power.replace('-', MINUS)}" if power else "")


def number_latex(value: float, decimals: int = 4) -> str:
    r"""A number in LaTeX.

    >>> print(number_latex(3.2e-7))
    3.20 \times 10^{-7}
    """
    if not math.isfinite(value):
        return _NOT_FINITE[str(float(value))][1]
    sign, digits, power = parts(value, decimals)
    return sign + digits + (rf" \times 10^{{{power}}}" if power else "")


def number_math(value: float, decimals: int = 4) -> list[Any]:
    """A number as a math tree."""
    if not math.isfinite(value):
        return ["mn", number_text(value)]
    sign, digits, power = parts(value, decimals)
    mantissa = ["mn", (MINUS if sign else "") + digits]
    if not power:
        return mantissa
    return ["mrow", mantissa, ["mo", "×"], ["msup", ["mn", "10"], ["mn", power.replace("-", MINUS)]]]
