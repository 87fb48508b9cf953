"""Calls that try the rows of pointwise, curves and special: (name, arguments, keywords)."""

from collections.abc import Iterator
from typing import Any

import torch

Case = tuple[str, tuple[Any, ...], dict[str, Any]]
_maker = torch.Generator().manual_seed(3)
INF, NAN = float("inf"), float("nan")


def again(seed: int) -> None:
    """The random numbers start anew, so that a case that is added leaves those of other groups as they are."""
    _maker.manual_seed(seed)


def f(*shape: int, low: float = -2.0, high: float = 2.0, grad: bool = True) -> torch.Tensor:
    """Random numbers between two bounds."""
    drawn = torch.rand(shape, generator=_maker, dtype=torch.float64)
    return (drawn * (high - low) + low).requires_grad_(grad)


def v(*values: Any) -> torch.Tensor:
    """These numbers."""
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def n(*values: int) -> torch.Tensor:
    return torch.tensor(values)


def case(name: str, *args: Any, **kwargs: Any) -> Case:
    return name, args, kwargs


_PAIRS = "nextafter atan2 hypot maximum minimum fmax fmin xlogy special_xlog1py logaddexp logaddexp2 copysign fmod remainder"
_COMPARED = "gt ge lt le eq ne"
_UNARY = {
    "sin cos tan sinh cosh tanh atan asinh exp exp2 expm1 erf neg sigmoid silu mish abs sign sgn floor ceil trunc frac round": (
        -3.5,
        3.5,
    ),
    "deg2rad rad2deg relu hardswish hardsigmoid gelu leaky_relu elu celu softplus hardtanh hardshrink softshrink": (-7, 7),
    "clone alias lift_fresh lift alias_copy log_sigmoid_forward sinc detach _to_copy zero nan_to_num": (-4, 4),
    "asin acos atanh erfinv": (-0.95, 0.95),
    "log log2 log10 sqrt rsqrt reciprocal special_entr lgamma digamma": (0.1, 5.0),
    "acosh": (1.1, 4.0),
    "log1p": (-0.9, 3.0),
    "logit": (0.05, 0.95),
}
_CORNERS = (
    "abs sign sgn relu hardswish hardsigmoid hardtanh hardshrink softshrink leaky_relu elu celu floor ceil trunc round frac gelu"
)
_SPECIAL_VALUES = "relu abs sqrt rsqrt reciprocal log log1p exp tanh sigmoid special_entr logit asin acosh atanh neg sinc sin"
_SHIFTS = "bitwise_left_shift.Tensor bitwise_right_shift.Tensor __lshift__.Tensor __rshift__.Tensor gcd lcm"


def unary() -> Iterator[Case]:
    for names, (low, high) in _UNARY.items():
        for name in names.split():
            for shape in ((3, 4), (), (2, 0), (5,)):
                yield case(name, f(*shape, low=low, high=high))
    for name in _CORNERS.split():
        yield case(name, v(0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 0.5, -0.5, 6.0, 2.5, INF, -INF))
    for name in _SPECIAL_VALUES.split():
        yield case(name, v(0.0, 1.0, -1.0, 2.0, INF, -INF, NAN))
    yield case("nan_to_num", v(NAN, INF, -INF, 1.0), nan=2.0, posinf=7.0, neginf=-8.0)
    yield case("logit", v(0.01, 0.5, 0.99, 0.2, 0.8), eps=0.2)
    yield case("angle", v(-1.0, 2.0, NAN))
    yield case("frexp.Tensor", v(0.3, -5.0, 17.0, 0.0))
    yield case("round.decimals", f(7, low=-20, high=20), decimals=1)
    yield case("angle", v(-1.0, 2.0, NAN))
    yield case("frexp.Tensor", v(0.3, -5.0, 17.0, 0.0))
    yield case("round.decimals", f(7, low=-200, high=200), decimals=-1)
    yield case("gelu", f(3, 4), approximate="tanh")
    yield case("leaky_relu", f(3, 4), 0.3)
    yield case("elu", f(3, 4), 1.6732632423543772848170429916717, 1.0507009873554804934193349852946)
    yield case("elu", f(3, 4), 0.5)
    yield case("elu", f(3, 4), 0.5, 2.0, 1.5)
    yield case("celu", f(3, 4), 0.5)
    yield case("softplus", v(-800.0, -1.0, 0.0, 4.9, 5.1, 800.0), 2.0, 10.0)
    yield case("softplus", v(20.0, 20.0001, 0.0, -800.0, 800.0))
    yield case("hardtanh", v(-0.5, 0.0, 0.7, 1.0, 2.0), -0.5, 0.7)
    yield case("hardtanh", v(-0.5, 0.0, 3.0, 6.0, 7.0), 0.0, 6.0)
    yield case("threshold", v(-0.5, 0.0, 0.3, 1.0), 0.3, 2.0)
    yield case("hardshrink", f(3, 4), 0.3)
    yield case("softshrink", f(3, 4), 0.3)
    yield case("_prelu_kernel", f(2, 3, 4), f(1, 3, 1))
    yield case("_prelu_kernel", v(0.0, -1.0, 2.0), f(1))
    yield case("rrelu_with_noise", f(3, 4), torch.zeros(3, 4))
    yield case("glu", f(3, 4, 5), 1)
    yield case("glu", f(3, 4))
    yield case("log_sigmoid_forward", v(-800.0, 0.0, 800.0))
    for name in ("neg", "abs", "sign", "relu"):
        yield case(name, n(-2, 0, 3))
    yield case("_to_copy", n(1, 2), dtype=torch.float64)
    for dtype in (torch.int64, torch.int32, torch.bool, torch.uint8):
        yield case("_to_copy", v(0.0, 1.7, 2.2), dtype=dtype)
    yield case("_to_copy", n(0, 2), dtype=torch.bool)
    yield case("copy", f(3, 4), f(4))
    yield case("copy", f(3, 4), f())
    yield case("copy", f(3), n(4))
    yield case("fill.Scalar", f(3, 4), 2)
    yield case("fill.Tensor", f(3, 4), f())
    yield case("fill.Scalar", n(3, 4), 2)


def special() -> Iterator[Case]:
    for name, low, high in (
        ("erfc", -3, 6),
        ("special_erfcx", -3, 30),
        ("special_log_ndtr", -40, 4),
        ("special_ndtri", 0.001, 0.999),
    ):
        yield case(name, f(3, 7, low=low, high=high))
    yield case("erfinv", v(0.0, 1.0, -1.0, 0.9999, 1e-9, 1 - 1e-12, 1.5))
    yield case("lgamma", f(20, low=-5, high=20))
    yield case("lgamma", v(0.0, -1.0, 1.0, 2.0, 300.0))
    yield case("digamma", f(20, low=-5, high=20))
    yield case("digamma", v(0.0, 1.0, 2.0, 300.0, 0.5))
    for order in (0, 1, 2, 3):
        yield case("polygamma", order, f(3, 7, low=0.1, high=20))
        yield case("polygamma", order, f(3, 7, low=0.1, high=0.9))
    yield case("mvlgamma", f(3, 4, low=2, high=9), 3)
    for name in ("i0", "special_i0e", "special_i1", "special_i1e"):
        for high in (3, 29, 100):
            yield case(name, f(20, low=-high, high=high))
        yield case(name, v(0.0, 30.0, 31.0))


def binary() -> Iterator[Case]:
    ones = (0.3, 3.0)
    for name in ("add.Tensor", "sub.Tensor", "rsub.Tensor", "mul.Tensor", "div.Tensor"):
        for a, b in (((3, 4), (4,)), ((3, 1), (1, 4)), ((), ()), ((2, 0), (1,)), ((), (3, 2))):
            yield case(name, f(*a), f(*b))
        yield case(name, f(3), n(1, 2, 3))
        yield case(name, n(1, 2, 3), f(3))
        if name != "div.Tensor":
            yield case(name, n(1, 2, 3), n(4, 5, 7))
        if name != "rsub.Tensor":
            yield case(name, f(3), 2.5)
            yield case(name, n(3, 7) if name != "div.Tensor" else f(2), 2)
    for name in ("add", "sub", "rsub"):
        yield case(f"{name}.Tensor", f(3, 4), f(4), alpha=2.5)
        yield case(f"{name}.Scalar", f(3, 4), 3, 2)
        yield case(f"{name}.Scalar", f(3, 4), 3)
        yield case(f"{name}.Scalar", n(3, 4), 3)
        yield case(f"{name}.Tensor", n(3, 4), n(5, 5), alpha=2)
    yield case("add.Tensor", torch.tensor([True, False, True]), torch.tensor([True, True, False]))
    yield case("mul.Tensor", torch.tensor([True, False]), f(2))
    yield case("mul.Scalar", f(3), 2)
    yield case("div.Scalar", f(3), 2)
    for mode in ("floor", "trunc", None):
        yield case("div.Tensor_mode", f(3, 4, low=-9, high=9), f(4, low=0.4), rounding_mode=mode)
        if mode:
            yield case("div.Tensor_mode", n(-7, 7, 8), n(2, -2, 4), rounding_mode=mode)
        yield case("div.Scalar_mode", f(3, 4, low=-9, high=9), 1.5, rounding_mode=mode)
    yield case("floor_divide", n(-7, 7, 8), n(2, -2, 4))
    yield case("floor_divide.Scalar", n(-7, 7), 2)
    yield case("pow.Tensor_Tensor", f(3, 4, low=0.2), f(4))
    yield case("pow.Tensor_Tensor", v(0.0, 0.0, 0.0, -1.0, 2.0, -2.0), v(0.0, 2.0, -1.0, 2.0, 0.0, 3.0))
    yield case("pow.Tensor_Tensor", f(3), n(1, 2, 3))
    for exponent in (2, 3, 0, 0.5, -1, -0.5, 1.5, 1):
        yield case("pow.Tensor_Scalar", v(0.0, 1.0, -1.0, 2.5, 0.3), exponent)
    yield case("pow.Tensor_Scalar", n(2, 3), 2)
    yield case("pow.Scalar", 2, f(3, 4))
    yield case("pow.Scalar", 0, v(0.0, 2.0, -1.0))
    for name in _PAIRS.split():
        full = f"{name}.Tensor" if name in ("xlogy", "copysign", "fmod", "remainder") else name
        for a, b in (((3, 4), (4,)), ((2, 1, 3), (4, 1)), ((), ()), ((2, 0), (2, 1))):
            yield case(full, f(*a, low=0.2), f(*b, low=0.2))
    for name in (
        "nextafter",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "copysign.Tensor",
        "logaddexp",
        "atan2",
        "hypot",
        "xlogy.Tensor",
    ):
        yield case(name, v(1.0, 2.0, 0.0, -1.0, NAN, 1.0), v(1.0, 1.0, 0.0, -0.0, 1.0, NAN))
    for name in ("fmod.Tensor", "remainder.Tensor", "copysign.Tensor", "logaddexp", "maximum", "fmin", "atan2"):
        yield case(name, f(3, 4, low=-9, high=9), f(4, low=-3, high=3))
    for name in ("fmod", "remainder"):
        yield case(f"{name}.Scalar", f(5, low=-9, high=9), 2.5)
        yield case(f"{name}.Scalar", n(5, -5), 3)
    yield case("remainder.Scalar_Tensor", 7, n(5, 2))
    yield case("copysign.Scalar", f(5), -1)
    yield case("xlogy.Scalar_Other", f(5), 2.0)
    yield case("xlogy.Scalar_Self", 2.0, f(5, low=0.1))
    yield case("special_xlog1py", v(0.0, 0.0, 2.0), v(-1.0, 1.0, 0.5))
    yield case("special_xlog1py.other_scalar", f(5), 2.0)
    yield case("special_xlog1py.self_scalar", 2.0, f(5, low=0.1))
    yield case("maximum", n(1, 5), n(3, 2))
    yield case("minimum", n(1, 5), n(3, 2))
    yield case("ldexp.Tensor", f(3, 4), n(1, 2, 3, 0))
    yield case("ldexp.Tensor", f(3, 4), f(4))
    yield case("lerp.Scalar", f(3, 4), f(4), 0.3)
    yield case("lerp.Scalar", f(3, 4), f(4), 0.7)
    yield case("lerp.Tensor", f(3, 4), f(4), f(3, 1))
    for name in ("addcmul", "addcdiv"):
        yield case(name, f(3, 4), f(4), f(3, 1, low=ones[0]))
        yield case(name, f(), f(4), f(3, 1, low=ones[0]), value=2.5)
    mask = torch.tensor([[True, False, True, True]])
    yield case("where.self", mask, f(3, 4), f(3, 1))
    yield case("where.self", mask, f(), f(3, 1))
    yield case("where.self", torch.tensor(True), f(2), f(2))
    yield case("where.self", mask, n(1), n(2))
    yield case("where.ScalarOther", mask, f(3, 1), 2)
    yield case("masked_fill.Scalar", f(3, 4), mask, -INF)
    yield case("masked_fill.Scalar", f(3, 4), mask, 2)
    yield case("masked_fill.Tensor", f(3, 4), mask, f())
    yield case("masked_fill.Scalar", n(1, 2, 3, 4), mask, 2)
    yield case("masked_fill.Scalar", f(), torch.tensor(True), 2)
    edges = v(-1.0, 1.0, 0.0, 2.0, -2.0, NAN)
    yield case("clamp", edges, -1, 1)
    yield case("clamp", edges, 1, -1)
    yield case("clamp", edges, None, 1.0)
    yield case("clamp_min", edges, 0)
    yield case("clamp_max", edges, 0)
    yield case("clamp", n(1, 5), 2, 3)
    yield case("clamp.Tensor", f(3, 4), f(4), f(3, 1))
    yield case("clamp.Tensor", v(1.0, 2.0, 0.0, 3.0, 1.0), v(1.0, 1.0, 1.0, 1.0, 2.0), v(2.0, 2.0, 2.0, 2.0, 1.0))
    yield case("clamp.Tensor", f(3, 4), f(4))
    yield case("clamp.Tensor", f(3, 4), None, f(4))
    yield case("clamp_min.Tensor", v(1.0, 2.0, 3.0), v(2.0, 2.0, 2.0))
    yield case("clamp_max.Tensor", v(1.0, 2.0, 3.0), v(2.0, 2.0, 2.0))
    yield case("clamp_max.Tensor", f(3, 4), f(1, 4))


def truths() -> Iterator[Case]:
    for name in _COMPARED.split():
        yield case(f"{name}.Tensor", v(1.0, 2.0, 3.0), v(2.0, 2.0, 2.0))
        yield case(f"{name}.Scalar", n(1, 2, 3), 2)
        yield case(f"{name}.Scalar", f(), 0.5)
    bits = torch.tensor([True, False, True]), torch.tensor([True, True, False])
    for name in ("and", "or", "xor"):
        yield case(f"logical_{name}", *bits)
        yield case(f"logical_{name}", n(0, 1, 2), f(3))
        yield case(f"bitwise_{name}.Tensor", *bits)
        yield case(f"bitwise_{name}.Scalar", n(5, 6), 3)
        yield case(f"bitwise_{name}.Scalar_Tensor", 3, n(5, 6))
    yield case("logical_not", v(0.0, 1.0))
    yield case("bitwise_not", bits[0])
    yield case("bitwise_not", n(5))
    for name in _SHIFTS.split():
        yield case(name, n(12, 6), n(1, 2))
    for name in ("isnan", "isinf", "isposinf", "isneginf", "signbit"):
        yield case(name, v(NAN, INF, -INF, 1.0, -0.0))
