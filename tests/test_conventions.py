"""Kinks and special values: the manual engine gives torch's values and torch's gradients.

Each probe is a program and the torch expression it stands for; what is expected is taken from torch in the test, and for
the well-known ones also written down. The names are those of the list of 120 probes the project started from.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import graphcore as gc
from graphcore.parse import parse

inf, nan = float("inf"), float("nan")


class Probe(NamedTuple):
    """A program whose last line is the probe, torch's expression of its leaves, and the gradients known by heart."""

    name: str
    program: str
    torch: Callable[..., Any]
    known: tuple[Any, ...] | None = None


def call(name: str, text: str, function: Callable[..., Any], *leaves: str, known: tuple[Any, ...] | None = None) -> Probe:
    """A probe whose leaves x, w, z have these values and whose last line is ``text``."""
    lines = [f"{leaf} = {value}" for leaf, value in zip("xwz", leaves)]
    return Probe(name, "\n".join([*lines, f"y = {text}"]), function, known)


def mean_of(function: Callable[..., Any], **settings: Any) -> Callable[..., Any]:
    return lambda *tensors: function(*tensors, **settings)


PROBES = [
    call("relu(0)", "relu(x)", torch.relu, "[0, -0.0, 1, -1]", known=([0, 0, 1, 0],)),
    call("relu(nan)", "relu(x)", torch.relu, "[nan, inf, -inf]", known=([1, 1, 0],)),
    call("abs(0)", "abs(x)", torch.abs, "[0, -0.0, nan]", known=([0, 0, 0],)),
    call("sign(0)", "sign(x)", torch.sign, "[0, 2, nan]", known=([0, 0, 0],)),
    call(
        "clamp(x,-1,1) at bounds",
        "clip(x, min=-1, max=1)",
        lambda x: x.clamp(-1, 1),
        "[-1, 1, 0, 2, -2, nan]",
        known=([1, 1, 1, 0, 0, 0],),
    ),
    call("clamp(min>max)", "clip(x, min=2, max=1)", lambda x: x.clamp(2, 1), "[0, 3]", known=([0, 0],)),
    call("hardtanh at -1,1", "hardtanh(x)", F.hardtanh, "[-1, 1, 0, nan]", known=([0, 0, 1, 1],)),
    call("relu6 at 0,6", "relu6(x)", F.relu6, "[0, 6, 3, nan]", known=([0, 0, 1, 1],)),
    call("hardswish at -3,3", "hardswish(x)", F.hardswish, "[-3, 3, 0, nan, -inf]", known=([0, 1, 0.5, 1, 0],)),
    call("hardshrink(0.5) at +-0.5", "hardshrink(x)", F.hardshrink, "[-0.5, 0.5, 0.6, nan]", known=([0, 0, 1, 1],)),
    call("softshrink(0.5) at +-0.5", "softshrink(x)", F.softshrink, "[-0.5, 0.5, 0.6]", known=([0, 0, 1],)),
    call("leaky_relu(.01) at 0", "leaky_relu(x)", F.leaky_relu, "[0, -1, nan]", known=([0.01, 0.01, 0.01],)),
    call("elu at 0", "elu(x)", F.elu, "[0, -1, nan, -inf, 1000]"),
    call("selu at 0", "selu(x)", F.selu, "[0, -1, nan]"),
    call("celu at 0", "celu(x)", F.celu, "[0, -1, nan]", known=([1, np.exp(-1), 1],)),
    call("prelu at 0 (x, w)", "prelu(x, w)", F.prelu, "[0, -1, 1]", "[0.25]", known=([0.25, 0.25, 1], [-1])),
    call("threshold(x,0,0) at 0", "threshold(x)", lambda x: F.threshold(x, 0, 0), "[0, 1, nan]", known=([0, 1, 1],)),
    call("softplus(x) thr 20", "softplus(x)", F.softplus, "[0, 20, 20.0001, -800, 800]"),
    call("logsigmoid extremes", "logsigmoid(x)", F.logsigmoid, "[-800, 0, 800]", known=([1, 0.5, 0],)),
    call("sigmoid extremes", "sigmoid(x)", torch.sigmoid, "[-1000, 0, 1000]", known=([0, 0.25, 0],)),
    call("tanh extremes", "tanh(x)", torch.tanh, "[-1000, 1000, inf]", known=([0, 0, 0],)),
    call("max() full, ties", "max(x)", torch.max, "[1, 3, 3, 2]", known=([0, 0.5, 0.5, 0],)),
    call("min() full, ties", "min(x)", torch.min, "[1, 1, 3, 2]", known=([0.5, 0.5, 0, 0],)),
    call("max(dim=0), ties", "max(x, axis=0)", lambda x: torch.max(x, dim=0).values, "[3, 3, 1]", known=([1, 0, 0],)),
    call("amax(dim), ties", "amax(x, axis=0)", lambda x: torch.amax(x, dim=0), "[3, 3, 1]", known=([0.5, 0.5, 0],)),
    call("amin(dim), ties", "amin(x, axis=0)", lambda x: torch.amin(x, dim=0), "[1, 1, 3]", known=([0.5, 0.5, 0],)),
    call("aminmax ties", "amax(x) + amin(x)", lambda x: torch.amax(x) + torch.amin(x), "[1, 1, 3, 3]", known=([0.5] * 4,)),
    call("max with nan", "max(x)", torch.max, "[1, nan, 2]", known=([0, 1, 0],)),
    call(
        "maximum(a,b) tie",
        "maximum(x, w)",
        torch.maximum,
        "[2, 1, nan, 1]",
        "[2, 3, 1, nan]",
        known=([0.5, 0, 1, 1], [0.5, 1, 1, 1]),
    ),
    call("minimum(a,b) tie", "minimum(x, w)", torch.minimum, "[2, 1]", "[2, 3]", known=([0.5, 1], [0.5, 0])),
    call("logsumexp all -inf", "logsumexp(x)", lambda x: torch.logsumexp(x, 0), "[-inf, -inf]", known=([nan, nan],)),
    call("logsumexp", "logsumexp(x)", lambda x: torch.logsumexp(x, 0), "[1000, 1000]"),
    call("softmax all -inf row", "softmax(x)", lambda x: torch.softmax(x, 0), "[-inf, -inf]", known=([nan, nan],)),
    call("softmax w/ one -inf, cot [1,0]", "softmax(x)[0]", lambda x: torch.softmax(x, 0)[0], "[-inf, 0]", known=([0, 0],)),
    call(
        "log_softmax w/ -inf picked other",
        "log_softmax(x)[1]",
        lambda x: torch.log_softmax(x, 0)[1],
        "[-inf, 0]",
        known=([0, 0],),
    ),
    call("sqrt(0), sqrt(-1)", "sqrt(x)", torch.sqrt, "[0, -1]", known=([inf, nan],)),
    call("rsqrt(0)", "rsqrt(x)", torch.rsqrt, "[0, -0.0, inf, -1]"),
    call("norm p=2 at 0 vector", "norm(x)", torch.linalg.norm, "[0, 0]", known=([0, 0],)),
    call("torch.norm at 0", "norm(x)", torch.norm, "[0, 0]", known=([0, 0],)),
    call("norm p=1 at 0", "norm(x, ord=1)", lambda x: torch.linalg.vector_norm(x, 1), "[0, 1, nan]", known=([0, 1, 0],)),
    call(
        "norm p=inf ties", "norm(x, ord=inf)", lambda x: torch.linalg.vector_norm(x, inf), "[2, -2, 1]", known=([0.5, -0.5, 0],)
    ),
    call("norm p=3 at 0", "norm(x, ord=3)", lambda x: torch.linalg.vector_norm(x, 3), "[0, 0]", known=([0, 0],)),
    call("norm p=1.5 elt 0", "norm(x, ord=1.5)", lambda x: torch.linalg.vector_norm(x, 1.5), "[0, 1]", known=([0, 1],)),
    call("x**2 at 0", "x ** 2", lambda x: x**2, "[0]", known=([0],)),
    call("x**0 at 0", "x ** 0", lambda x: x**0, "[0, 2, nan, inf]", known=([0, 0, 0, 0],)),
    call("x**0.5 at 0", "x ** 0.5", lambda x: x**0.5, "[0]", known=([inf],)),
    call("x**1.5 at -1", "x ** 1.5", lambda x: x**1.5, "[-1, 0]", known=([nan, 0],)),
    call("x**3. at -2", "x ** 3.0", lambda x: x**3.0, "[-2]", known=([12],)),
    call("x**-1 at 0", "x ** -1", lambda x: x**-1, "[0]", known=([-inf],)),
    call("pow(x,y): 0**0, 0**2, 0**-1", "x ** w", torch.pow, "[0, 0, 0]", "[0, 2, -1]"),
    call("pow(x,y): (-1)**2, 2**0", "x ** w", torch.pow, "[-1, 2]", "[2, 0]", known=([-2, 0], [nan, np.log(2)])),
    call("2**y", "2 ** x", lambda x: 2**x, "[0, 3]"),
    call("0**y", "0 ** x", lambda x: 0**x, "[0, 2, -1]", known=([0, 0, -inf],)),
    call("log(0), log(-1)", "log(x)", torch.log, "[0, -1]", known=([inf, -1],)),
    call("log1p(-1)", "log1p(x)", torch.log1p, "[-1]", known=([inf],)),
    call("x*log(x) at 0", "x * log(x)", lambda x: x * torch.log(x), "[0]", known=([nan],)),
    call("logit(0),(1)", "logit(x)", torch.logit, "[0, 1, 0.5, -1, 2]", known=([inf, inf, 4, nan, nan],)),
    call("xlogy(0,0) wrt both", "xlogy(x, w)", torch.xlogy, "[0, 0, 1, 0]", "[0, 2, 0, nan]"),
    call(
        "kl_div at 0",
        "kl_div(x, const([0, 1]), reduction='sum')",
        lambda x: F.kl_div(x, torch.tensor([0.0, 1.0]).double(), reduction="sum"),
        "[-1, -2]",
    ),
    call("1/x at 0", "1 / x", lambda x: 1 / x, "[0, -0.0]", known=([-inf, -inf],)),
    call("x/y 0/0", "x / w", torch.div, "[0, 1]", "[0, 0]", known=([inf, inf], [nan, -inf])),
    call("exp overflow 710", "exp(x)", torch.exp, "[709, 710, -1000]"),
    call(
        "floor/ceil/round/trunc",
        "floor(x) + ceil(x) + round(x) + trunc(x)",
        lambda x: x.floor() + x.ceil() + x.round() + x.trunc(),
        "[0.5, 1, -1.5, 2.5]",
        known=([0, 0, 0, 0],),
    ),
    call("frac", "frac(x)", torch.frac, "[1.5, 2, -0.3]", known=([1, 1, 1],)),
    call("fmod(x,y)", "fmod(x, w)", torch.fmod, "[5.5, -5.5]", "[2, 2]", known=([1, 1], [-2, 2])),
    call("remainder(x,y) neg", "x % w", torch.remainder, "[-5.5]", "[2]", known=([1], [3])),
    call("floor_divide?", "x // w", lambda x, w: torch.div(x, w, rounding_mode="floor"), "[5]", "[2]", known=([0], [0])),
    call(
        "where(x>0,log x,0) at 0: grad",
        "where(x > 0, log(x), 0)",
        lambda x: torch.where(x > 0, torch.log(x), 0),
        "[0, 1]",
        known=([nan, 1],),
    ),
    call(
        "where(x>0,sqrt(x),0) at -1",
        "where(x > 0, sqrt(x), 0)",
        lambda x: torch.where(x > 0, torch.sqrt(x), 0),
        "[-1, 0]",
        known=([nan, nan],),
    ),
    call("masked_fill", "where(x < 0, 0, x)", lambda x: x.masked_fill(x < 0, 0), "[-1, 0, 1]", known=([0, 1, 1],)),
    call("atan2(0,0)", "atan2(x, w)", torch.atan2, "[0]", "[0]", known=([0], [0])),
    call("hypot(0,0)", "hypot(x, w)", torch.hypot, "[0]", "[0]", known=([nan], [nan])),
    call("asin(1),acos(1),atanh(1)", "asin(x) + acos(x)", lambda x: x.asin() + x.acos(), "[1]", known=([nan],)),
    call("acosh(1)", "acosh(x)", torch.acosh, "[1, -2]", known=([inf, 1 / np.sqrt(3)],)),
    call("atanh(1)", "atanh(x)", torch.atanh, "[1]", known=([inf],)),
    call("tan(pi/2)", "tan(x)", torch.tan, "[pi / 2]"),
    call("prod with one zero", "prod(x)", torch.prod, "[0, 2, 3]", known=([6, 0, 0],)),
    call("prod with two zeros", "prod(x)", torch.prod, "[0, 0, 3]", known=([0, 0, 0],)),
    call("cumprod with zero", "cumprod(x)", lambda x: torch.cumprod(x, 0), "[2, 0, 4]", known=([1, 10, 0],)),
    call("std of const", "std(x)", lambda x: torch.std(x, correction=0), "[2, 2, 2]", known=([0, 0, 0],)),
    call("std of single (unbiased)", "std(x, ddof=1)", lambda x: torch.std(x, correction=1), "[2]", known=([nan],)),
    call("var of const", "var(x)", lambda x: torch.var(x, correction=0), "[2, 2]", known=([0, 0],)),
    call("mean of empty", "mean(x)", torch.mean, "zeros(0)", known=([],)),
    call("sum of empty", "sum(x)", torch.sum, "zeros(0)", known=([],)),
    call("prod of empty", "prod(x)", torch.prod, "zeros(0)", known=([],)),
    call("l1_loss equal", "l1_loss(x, w)", F.l1_loss, "[1, 2]", "[1, 1]", known=([0, 0.5], [0, -0.5])),
    call("smooth_l1 at |d|=1", "smooth_l1_loss(x, w)", F.smooth_l1_loss, "[0, 1, -1]", "[0, 0, 0]"),
    call("huber at delta", "huber_loss(x, w)", F.huber_loss, "[1, -1]", "[0, 0]", known=([0.5, -0.5], [-0.5, 0.5])),
    call(
        "bce p=0,t=0 / p=0,t=1 / p=1,t=1",
        "binary_cross_entropy_each(x, w)",
        mean_of(F.binary_cross_entropy, reduction="none"),
        "[0, 0, 1]",
        "[0, 1, 1]",
    ),
    call(
        "bce_logits 800,-800 t=0,1",
        "binary_cross_entropy_with_logits(x, const([0, 1]), reduction='sum')",
        lambda x: F.binary_cross_entropy_with_logits(x, torch.tensor([0.0, 1.0], dtype=torch.float64), reduction="sum"),
        "[800, -800]",
        known=([1, -1],),
    ),
    call(
        "cosine_similarity zero vec",
        "cosine_similarity(x, w)",
        mean_of(F.cosine_similarity, dim=0),
        "[0, 0]",
        "[1, 0]",
        known=([1e8, 0], [0, 0]),
    ),
    call("normalize zero vec", "normalize(x)", mean_of(F.normalize, dim=0), "[0, 0]", known=([1e12, 1e12],)),
    call(
        "batch_norm const batch",
        "batch_norm(x)",
        lambda x: F.batch_norm(x, None, None, training=True),
        "[[2], [2]]",
        known=([[0], [0]],),
    ),
    call("layer_norm const", "layer_norm(x)", lambda x: F.layer_norm(x, (2,)), "[[2, 2]]", known=([[0, 0]],)),
    call("gelu 0", "gelu(x)", F.gelu, "[0, -inf, nan]", known=([0.5, nan, nan],)),
    call("silu -inf", "silu(x)", F.silu, "[-inf, 0, inf]", known=([nan, 0.5, nan],)),
    call("mish -inf", "mish(x)", F.mish, "[-inf, 0, inf]", known=([nan, 0.6, nan],)),
    call("trapezoid det singular", "det(x)", torch.linalg.det, "[[0, 0], [0, 0]]", known=([[0, 0], [0, 0]],)),
    call("unused input", "x * 1", lambda x, w: x * 1, "[2]", "[3]", known=([1], None)),
    call("detach", "x * detach(x)", lambda x: x * x.detach(), "[3]", known=([3],)),
    call("same input twice", "x * x + x", lambda x: x * x + x, "[3]", known=([7],)),
    call("broadcast (1,)+(3,)", "x * w", torch.mul, "[2]", "[1, 2, 3]", known=([6], [2, 2, 2])),
    call("scalar + mat", "x + w", torch.add, "2", "[[1, 2], [3, 4]]", known=(4, [[1, 1], [1, 1]])),
    call("expand grads", "broadcast_to(x, (3, 2))", lambda x: x.expand(3, 2), "[1, 2]", known=([3, 3],)),
    call("index dup", "take(x, const([0, 0, 1]))", lambda x: x[torch.tensor([0, 0, 1])], "[1, 2]", known=([2, 1],)),
    call("empty slice", "x[1:1]", lambda x: x[1:1], "[1, 2]", known=([0, 0],)),
    call("matmul (3,)@(3,)", "x @ w", torch.matmul, "[1, 2, 3]", "[1, 1, 1]", known=([1, 1, 1], [1, 2, 3])),
    call("acosh below 1", "acosh(x)", torch.acosh, "[0.5, inf]"),
    call("erf at the ends", "erf(x)", torch.erf, "[-inf, inf, 0, nan]"),
    call("softsign at the ends", "softsign(x)", F.softsign, "[-inf, inf, 0, nan]"),
    call("tanhshrink at the ends", "tanhshrink(x)", F.tanhshrink, "[-inf, inf, 0, nan]"),
    call("gelu tanh at the ends", "gelu(x, approximate='tanh')", mean_of(F.gelu, approximate="tanh"), "[-inf, inf, 0, nan]"),
    call(
        "exp2, log2 at the ends",
        "exp2(x) + log2(w)",
        lambda x, w: torch.exp2(x) + torch.log2(w),
        "[-inf, inf, 0, 2000]",
        "[0, inf, 1, -1]",
    ),
    call(
        "square, reciprocal at the ends",
        "square(x) + reciprocal(x)",
        lambda x: torch.square(x) + torch.reciprocal(x),
        "[0, -0.0, inf, -inf, nan]",
    ),
    call("amax with nan", "amax(x, axis=0)", lambda x: torch.amax(x, dim=0), "[1, nan, nan]"),
    call("max(dim) with nan", "max(x, axis=0)", lambda x: torch.max(x, dim=0).values, "[1, nan, nan]", known=([0, 1, 0],)),
    call("norm with nan", "norm(x)", torch.linalg.norm, "[1, nan]", known=([nan, nan],)),
    call(
        "norm p=-inf ties", "norm(x, ord=-inf)", lambda x: torch.linalg.vector_norm(x, -inf), "[1, 1, -2]", known=([0.5, 0.5, 0],)
    ),
    call("norm p=0.5 elt 0", "norm(x, ord=0.5)", lambda x: torch.linalg.vector_norm(x, 0.5), "[0, 1, -2]"),
    call("sinc(0)", "sinc(x)", torch.sinc, "[0, -0.0, 1, 1e-310, inf, nan]", known=([0, 0, -1, 0, nan, nan],)),
    call("median even/ties", "torch.median(x)", torch.median, "[1, 2, 2, 3]", known=([0, 0.5, 0.5, 0],)),
    call(
        "median tie lower",
        "torch.median(x, dim=0).values",
        lambda x: torch.median(x, dim=0).values,
        "[1, 2, 2, 3]",
        known=([0, 1, 0, 0],),
    ),
    call("median of many ties", "median(x, axis=0)", lambda x: torch.median(x, dim=0).values, "[3, 2, 5, 2, 1, 2, 7]"),
    call("median with nan", "torch.median(x)", torch.median, "[1, nan, nan, 2]", known=([0, 0.5, 0.5, 0],)),
    call("median(dim) with nan", "torch.median(x, dim=0)[0]", lambda x: torch.median(x, dim=0).values, "[3, nan, 5, nan]"),
    call(
        "cross_entropy ignore_index all",
        "cross_entropy(x, const([-100]))",
        lambda x: F.cross_entropy(x, torch.tensor([-100])),
        "[[1, 2]]",
        known=([[0, 0]],),
    ),
    call(
        "cross_entropy ignore_index some",
        "F.cross_entropy(x, [1, 0, 1], ignore_index=0)",
        lambda x: F.cross_entropy(x, torch.tensor([1, 0, 1]), ignore_index=0),
        "[[1, 2], [3, 5], [0, inf]]",
    ),
    call("erfc at the ends", "erfc(x)", torch.erfc, "[-inf, inf, 0, nan, 30]"),
    call(
        "logaddexp at the ends",
        "logaddexp(x, w)",
        torch.logaddexp,
        "[inf, -inf, inf, -inf, nan, 0, 800, -800]",
        "[inf, -inf, -inf, 3, 1, 0, -800, -801]",
    ),
    call("matrix norm 1 ties", "np.linalg.norm(x, 1)", lambda x: torch.linalg.norm(x, 1), "[[1, 2], [-1, -2], [3, 1]]"),
    call("norm fro at 0", "norm(x, ord='fro')", lambda x: torch.linalg.norm(x, "fro"), "[[0, 0]]", known=([[0, 0]],)),
    call("glu at the ends", "glu(x)", F.glu, "[1, inf, 0, 2, -inf, inf]"),
    call("cross with inf", "cross(x, w)", torch.linalg.cross, "[1, 2, inf]", "[0, 3, 1]"),
    call(
        "gather dup",
        "gather(x, 0, const([0, 0, 1]))",
        lambda x: torch.gather(x, 0, torch.tensor([0, 0, 1])),
        "[1, 2]",
        known=([2, 1],),
    ),
    call("dot of nothing", "x @ w", torch.matmul, "zeros(0)", "zeros(0)"),
]

# the probes whose op the language does not have, and why
TORCH_ONLY = {
    "hardsigmoid at -3,3": "torch's constant is float32(1/6): its gradient is 0.1666666716; ours is g/6 (see below)",
    "fmax tie / nan": "no fmax: maximum is the one people type",
    "max_pool1d tie": "pooling belongs to recorded networks",
    "adaptive_max_pool1d tie": "pooling belongs to recorded networks",
    **dict.fromkeys(("cummax ties", "topk(2) ties", "sort ties", "kthvalue(2) ties"), "sorting is not in the language"),
    "nanmedian": "it leaves entries out by their value",
    "norm p=0": "refused: it has no gradient",
    **dict.fromkeys(("special.entr(0)", "erfinv(1)"), "a special function"),
    "heaviside(x,v)": "torch has no gradient for it either",
    "max of empty": "refused, as in torch",
    "hinge_embedding at margin": "not in the language",
    "margin_ranking at 0": "not in the language",
    "bce p=1.1": "torch refuses it; ours is a number",
    "cross_entropy target out of range": "refused, as in torch",
    "pairwise_distance equal": "not in the language",
    "cdist equal": "not in the language",
    "batch_norm one value/channel": "torch refuses it; ours is 0",
    "dropout p=1": "random numbers are not in the language",
    "inverse singular": "refused, as in torch",
    "svd repeated": "several outputs",
    "svdvals repeated": "not in the language",
    "matmul shape err": "refused, as in torch",
}


def same(ours: Any, theirs: Any) -> bool:
    """Equal to rounding, with nan beside nan and inf beside the same inf."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if ours.shape != theirs.shape:
        return False
    odd = ~np.isfinite(theirs)
    if not np.array_equal(ours[odd], theirs[odd], equal_nan=True):
        return False
    return bool(np.all(np.abs(ours[~odd] - theirs[~odd]) <= 64 * np.finfo(float).eps * np.abs(theirs[~odd])))


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_probe(probe: Probe) -> None:
    graph = parse(probe.program)
    out = graph.outputs[0]
    run = gc.trace(graph, upstream=np.ones(out.shape))
    leaves = [node for node in graph.leaves if node.index not in graph.constants]
    tensors = [torch.tensor(run.value(node.name), dtype=torch.float64, requires_grad=True) for node in leaves]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of a variance without degrees of freedom
        y = probe.torch(*tensors)
    gradients = torch.autograd.grad(y.sum(), tensors, allow_unused=True)
    assert same(run.value(out.name), y.detach().numpy()), (run.value(out.name), y)
    for k, (node, theirs) in enumerate(zip(leaves, gradients)):
        ours = run.gradient(node.name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert same(ours, theirs.numpy()), (node.name, ours, theirs)
        if probe.known is not None and ours is not None:
            assert same(ours, np.reshape(np.array(probe.known[k], dtype=float), ours.shape)), (ours, probe.known[k])


def of_one_elementwise_op(probe: Probe) -> bool:
    """Whether all operands are arrays of one shape and every op works on each entry alone."""
    graph = parse(probe.program)
    shapes = {node.shape for node in graph.nodes}
    return len(shapes) == 1 and not shapes & {(), (0,)} and all(op is None or op.entrywise for op in graph.ops)


@pytest.mark.parametrize("probe", [p for p in PROBES if of_one_elementwise_op(p)], ids=lambda probe: probe.name)
def test_probe_entry_by_entry_on_floats(probe: Probe) -> None:
    """A probe of one elementwise op gives the same on Python floats, one number at a time."""
    graph = parse(probe.program)
    run = gc.trace(graph, upstream=np.ones(graph.outputs[0].shape))
    for k in range(graph.outputs[0].shape[0]):
        b = gc.Builder()
        handles: list[Any] = []
        for node in graph.nodes:
            if node.op is None:
                handles.append(
                    b.leaf(node.name, float(run.value(node.index)[k]), wants_gradient=node.index not in graph.constants)
                )
                continue
            operands = [handles[a] if a >= 0 else graph.literals[-1 - a].value for a in node.arguments]
            handles.append(b.apply(node.op, *operands, **dict(node.statics)))
        one = gc.trace(b.graph())
        for node in graph.nodes:
            assert same(one.value(node.index), run.value(node.index)[k])
            gradient = run.gradient(node.index)
            assert (one.gradient(node.index) is None) == (gradient is None)
            if gradient is not None:
                assert same(one.gradient(node.index), gradient[k])


def test_hardsigmoid_is_ours() -> None:
    """torch multiplies by float32(1/6); a numerical derivative says 1/6."""
    run = gc.trace(parse("x = [-3, 3, 0, nan]\ny = hardsigmoid(x)"), upstream=np.ones(4))
    assert same(run.gradient("x"), [0, 0, 1 / 6, 0])
    x = torch.tensor(run.value("x"), requires_grad=True)
    F.hardsigmoid(x).sum().backward()
    assert same(run.value("y"), F.hardsigmoid(x).detach().numpy())
    assert np.allclose(run.gradient("x"), x.grad.numpy(), rtol=3e-8, atol=0)


def test_how_many_probes_are_covered() -> None:
    names = {probe.name for probe in PROBES}
    assert not names & set(TORCH_ONLY)
    assert len(names) == len(PROBES)
    print(f"{len(names)} probes run, {len(TORCH_ONLY)} are torch's only")
    assert len(names) >= 100


def test_where_on_large_arrays_is_where_to_the_last_bit() -> None:
    """Large masks go another way than small ones: nothing that stood beside them may come through."""
    from graphcore.ops.functions import where

    generator = np.random.default_rng(0)
    special = np.array([np.inf, -np.inf, np.nan, -0.0, 0.0, 5e-324, 1.5])
    value = generator.choice(special, (80, 90)).T[::-1]
    mask = generator.random((90, 80)) < 0.5
    zero = np.array(0.0)
    for found, plain in [
        (where(mask, value, zero), np.where(mask, value, 0.0)),
        (where(mask, zero, value), np.where(mask, 0.0, value)),
        (where(mask, 0, value), np.where(mask, 0, value)),
        (where(mask, value, -0.0), np.where(mask, value, -0.0)),
        (where(mask, value, value[:1]), np.where(mask, value, value[:1])),
    ]:
        np.testing.assert_array_equal(found, plain)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(plain))


@pytest.mark.parametrize("shape", [(), (1,)])
def test_atan2_around_the_origin_is_torchs_to_the_sign_of_zero(shape: tuple[int, ...]) -> None:
    numbers = [0.0, -0.0, 1e-200, -1e-200, 1e-160, 1e-310, 1.0, -2.0, 1e200, inf, nan]
    for a, b, seed in itertools.product(numbers, numbers, (1.0, -2.5, inf, nan)):
        leaves = [torch.full(shape, v, dtype=torch.float64, requires_grad=True) for v in (a, b)]
        upstream = np.full(shape, seed)
        theirs = torch.autograd.grad(torch.atan2(*leaves), leaves, torch.tensor(upstream))
        builder = gc.Builder()
        out = builder.apply("atan2", builder.leaf("a", np.full(shape, a)), builder.leaf("b", np.full(shape, b)))
        run = gc.trace(builder.graph(out), upstream=upstream)
        for name, gradient in zip("ab", theirs):
            np.testing.assert_allclose(run.gradient(name), gradient.numpy(), rtol=1e-14)
            if not np.isnan(gradient.numpy()).all():
                assert (np.signbit(run.gradient(name)) == np.signbit(gradient.numpy())).all()
