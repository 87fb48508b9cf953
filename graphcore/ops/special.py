"""The error function over arrays, which NumPy does not have.

Rational approximations of W. J. Cody's kind with the coefficients of Sun's fdlibm (``s_erf.c``), within one unit of the last
place; a block at a time, so that what is worked on stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_BLOCK = 4096
# erf(x) = x + x P(x^2)/Q(x^2) for |x| < 0.84375
_PP = (-2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02, -3.25042107247001499370e-01,
       1.28379167095512558561e-01)  # fmt: skip
_QQ = (-3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03, 6.50222499887672944485e-02,
       3.97917223959155352819e-01, 1.0)  # fmt: skip
# erf(x) = c + P(|x| - 1)/Q(|x| - 1) for 0.84375 <= |x| < 1.25
_ERX = 8.45062911510467529297e-01
_PA = (-2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01, 3.18346619901161753674e-01,
       -3.72207876035701323847e-01, 4.14856118683748331666e-01, -2.36211856075265944077e-03)  # fmt: skip
_QA = (1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01, 7.18286544141962662868e-02,
       5.40397917702171048937e-01, 1.06420880400844228286e-01, 1.0)  # fmt: skip
# erf(x) = 1 - exp(-x^2 - 0.5625 + R(1/x^2)/S(1/x^2))/x, in two ranges that meet at 1/0.35
_RA = (-9.81432934416914548592e+00, -8.12874355063065934246e+01, -1.84605092906711035994e+02, -1.62396669462573470355e+02,
       -6.23753324503260060396e+01, -1.05586262253232909814e+01, -6.93858572707181764372e-01,
       -9.86494403484714822705e-03)  # fmt: skip
_SA = (-6.04244152148580987438e-02, 6.57024977031928170135e+00, 1.08635005541779435134e+02, 4.29008140027567833386e+02,
       6.45387271733267880336e+02, 4.34565877475229228821e+02, 1.37657754143519042600e+02, 1.96512716674392571292e+01,
       1.0)  # fmt: skip
_RB = (-4.83519191608651397019e+02, -1.02509513161107724954e+03, -6.37566443368389627722e+02, -1.60636384855821916062e+02,
       -1.77579549177547519889e+01, -7.99283237680523006574e-01, -9.86494292470009928597e-03)  # fmt: skip
_SB = (-2.24409524465858183362e+01, 4.74528541206955367215e+02, 2.55305040643316442583e+03, 3.19985821950859553908e+03,
       1.53672958608443695994e+03, 3.25792512996573918826e+02, 3.03380607434824582924e+01, 1.0)  # fmt: skip


def _poly(coefficients: tuple[float, ...], x: Any) -> Any:
    """A polynomial, highest power first."""
    value = coefficients[0] * x
    for c in coefficients[1:-1]:
        value += c
        value *= x
    value += coefficients[-1]
    return value


def _small(x: Any) -> Any:
    """erf below 0.84375."""
    z = x * x
    z = _poly(_PP, z) / _poly(_QQ, z)
    z *= x
    z += x
    return z


def _middle(size: Any) -> Any:
    """erf from 0.84375 to 1.25."""
    s = size - 1
    return _ERX + _poly(_PA, s) / _poly(_QA, s)


def _far(size: Any) -> Any:
    """erf from 1.25 on; from 6 on nothing is left beside the 1."""
    size = np.minimum(size, 6.0)
    s = 1 / (size * size)
    ratio = _poly(_RA, s) / _poly(_SA, s)
    beyond = size >= 1 / 0.35
    if beyond.any():
        s = s[beyond]
        ratio[beyond] = _poly(_RB, s) / _poly(_SB, s)
    # the square is split so that its rounding does not reach the exponential
    whole = size.astype(np.float32).astype(np.float64)
    return 1 - np.exp(-whole * whole - 0.5625) * np.exp((whole - size) * (whole + size) + ratio) / size


def _by_blocks(function: Callable[[Any], Any], x: Any) -> Any:
    out = np.empty_like(x)
    for start in range(0, x.size, _BLOCK):
        out[start : start + _BLOCK] = function(x[start : start + _BLOCK])
    return out


def erf(x: Any) -> Any:
    """The error function of every entry, for floats and arrays.

    >>> erf(np.array([0.0, 0.5, -1.0, 2.0, np.inf])).tolist()
    [0.0, 0.5204998778130465, -0.8427007929497149, 0.9953222650189527, 1.0]
    """
    array = np.asarray(x, dtype=np.float64)
    flat = array.ravel()
    size = np.abs(flat)
    out = _by_blocks(_small, np.minimum(size, 1.0))
    for low, high, function in ((0.84375, 1.25, _middle), (1.25, np.inf, _far)):
        (at,) = np.nonzero((size >= low) & (size < high) if high < np.inf else size >= low)
        if at.size:
            out[at] = _by_blocks(function, size[at])
    out = np.copysign(out, flat)
    return out.reshape(array.shape) if array.ndim else float(out[0])
