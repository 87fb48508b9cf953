"""Other spellings: what NumPy, torch and math call the same row, the same argument; and what has no row, and why."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from graphcore.ops.row import Op


def _pairs(text: str) -> Mapping[str, str]:
    """``name: other other`` lines as other -> name."""
    lines = (line.split(":") for line in text.strip().splitlines())
    return MappingProxyType({other: name.strip() for name, others in lines for other in others.split()})


ALIASES: Mapping[str, str] = _pairs("""
    sub: subtract
    mul: multiply
    div: divide true_divide
    neg: negative
    pow: power float_power
    remainder: mod
    greater: gt
    greater_equal: ge
    less: lt
    less_equal: le
    equal: eq
    not_equal: ne
    asin: arcsin
    acos: arccos
    atan: arctan
    asinh: arcsinh
    acosh: arccosh
    atanh: arctanh
    atan2: arctan2
    abs: absolute fabs
    sign: sgn
    trunc: fix
    round: rint around
    clip: clamp
    radians: deg2rad
    degrees: rad2deg
    sigmoid: expit
    silu: swish
    logsigmoid: log_sigmoid
    relu: rectify
    matmul: mm bmm mv
    dot: vdot inner
    outer: ger
    det: linalg_det
    inv: inverse
    mean: average
    norm: vector_norm
    cumsum: cumulative_sum
    reshape: view
    flatten: ravel
    T: t
    transpose: permute
    swapaxes: swapdims
    expand_dims: unsqueeze
    broadcast_to: expand
    repeat: repeat_interleave
    concatenate: cat concat
    hstack: column_stack
    vstack: row_stack
    gather: take_along_axis take_along_dim
    moveaxis: movedim
    detach: stop_gradient
    log_softmax: logsoftmax
    mse: mse_loss mean_squared_error
    l1_loss: l1 mae
    huber_loss: huber
    smooth_l1_loss: smooth_l1
    binary_cross_entropy: bce
    binary_cross_entropy_with_logits: bce_with_logits
    nll_loss: nll
    cross_entropy: cross_entropy_loss
""")

KEYWORDS: Mapping[str, str] = _pairs("""
    axis: dim dims
    keepdims: keepdim
    axes: permutation
    axis1: dim0 axis0
    axis2: dim1
    newshape: shape size
    ddof: correction
    min: a_min amin lower
    max: a_max amax upper
    ord: p
    index: indices
    shift: shifts
    k: diagonal
    a: input x self tensor tensors arrays a1 arr logits z input1
    b: other target y exponent weight x2 a2 mat2 vec2 input2
    c: bias
""")

# arguments whose default is another one where the call is written with torch's name
TORCH_DEFAULTS: Mapping[str, Mapping[str, object]] = MappingProxyType({"var": {"ddof": 1}, "std": {"ddof": 1}})


def keyword(row: Op, name: str) -> str:
    """The static argument or operand of ``row`` that the keyword ``name`` means; unknown names come back as they are.

    >>> from graphcore.ops import get
    >>> keyword(get("sum"), "dim"), keyword(get("transpose"), "dims"), keyword(get("where"), "condition")
    ('axis', 'axes', 'c')
    """
    if name in row.statics or name in row.operands:
        return name
    special = _SPECIAL.get((row.name, name))
    return special or KEYWORDS.get(name, name)


_SPECIAL: Mapping[tuple[str, str], str] = {
    ("gather", "index"): "b",
    ("gather", "indices"): "b",
    ("gather", "arr"): "a",
    ("pad", "pad"): "width",
    ("pad", "pad_width"): "width",
    ("pad", "array"): "a",
    ("pad", "constant_values"): "value",
    ("solve", "A"): "a",
    ("solve", "B"): "b",
    ("cross_entropy", "target"): "b",
    ("matrix_power", "M"): "a",
    ("transpose", "dims"): "axes",
    ("where", "condition"): "c",
    ("where", "x"): "a",
    ("where", "input"): "a",
    ("where", "y"): "b",
    ("where", "other"): "b",
}

_POSITION = "it gives a position, a whole number, and no gradient flows through it"
_RANDOM = "it draws random numbers in every run; write its numbers as a constant"
EXCLUDED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("argmax", "argmin", "argsort", "searchsorted", "nonzero", "argwhere"), _POSITION),
        **dict.fromkeys(("dropout", "bernoulli", "multinomial", "normal", "uniform", "rand_like", "randn_like"), _RANDOM),
        "nanmedian": "it leaves entries out by their value; write median of the others",
        "sort": "its order is decided by positions, which carry no gradient",
        "topk": "its order is decided by positions, which carry no gradient",
        "any": "it gives a truth value, and no gradient flows through it",
        "all": "it gives a truth value, and no gradient flows through it",
        "isnan": "it gives a truth value, and no gradient flows through it",
        "tensordot": "write it with reshape and @, so that each step has its rule",
        "conv1d": "convolutions belong to recorded networks",
        "conv2d": "convolutions belong to recorded networks",
        "max_pool1d": "pooling belongs to recorded networks",
        "max_pool2d": "pooling belongs to recorded networks",
        "svd": "it has several outputs; a node of a program has one",
        "eig": "it has several outputs; a node of a program has one",
    }
)
