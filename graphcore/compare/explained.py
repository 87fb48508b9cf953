"""What each kind of autograd node does, in a sentence."""

from __future__ import annotations

import re

# ruff: noqa: E501  # a table: one kind a line reads better than wrapped sentences

ACCUMULATE = "AccumulateGrad"

# fn without the trailing "Backward0": the number tells overloads apart, not functions
SENTENCES = {
    "AccumulateGrad": "Adds the gradient that arrives to the leaf's `.grad`. It is where the backward pass ends; it computes nothing else.",
    # arithmetic
    "Add": "Backward of `a + b`: hands the gradient on unchanged to both, summed over the axes along which one was broadcast.",
    "Sub": "Backward of `a - b`: hands the gradient on to a, and minus the gradient to b.",
    "Rsub": "Backward of a number minus a tensor: hands on minus the gradient.",
    "Mul": "Backward of `a * b`: each factor gets the gradient times the other one. It keeps both factors.",
    "Div": "Backward of `a / b`: a gets `g / b`, b gets `-g * a / b**2`. It keeps both.",
    "Reciprocal": "Backward of `1 / x`: hands on `-g / x**2`, from the result y it kept as `-g * y * y`. A number over a tensor is this times the number.",
    "Neg": "Backward of `-x`: hands on minus the gradient.",
    "Pow": "Backward of a power: the base gets `g * n * x**(n - 1)`; an exponent that is a tensor gets `g * y * log(x)`. It keeps base and exponent.",
    "Square": "Backward of `x**2`: hands on `2 * g * x`.",
    "Abs": "Backward of `|x|`: hands on `g * sign(x)`, which is 0 at 0. It keeps x.",
    "Sign": "Backward of `sign`: the function is flat, so it hands on zeros.",
    "Sgn": "Backward of `sgn`: the function is flat, so it hands on zeros.",
    # functions of every entry
    "Sin": "Backward of `sin`: hands on `g * cos(x)`. It keeps x.",
    "Cos": "Backward of `cos`: hands on `-g * sin(x)`. It keeps x.",
    "Tan": "Backward of `tan`: hands on `g * (1 + y**2)`. It keeps the result y.",
    "Asin": "Backward of `asin`: hands on `g / sqrt(1 - x**2)`. It keeps x.",
    "Acos": "Backward of `acos`: hands on `-g / sqrt(1 - x**2)`. It keeps x.",
    "Atan": "Backward of `atan`: hands on `g / (1 + x**2)`. It keeps x.",
    "Atan2": "Backward of `atan2(a, b)`: a gets `g * b / (a**2 + b**2)`, b gets `-g * a / (a**2 + b**2)`.",
    "Sinh": "Backward of `sinh`: hands on `g * cosh(x)`. It keeps x.",
    "Cosh": "Backward of `cosh`: hands on `g * sinh(x)`. It keeps x.",
    "Tanh": "Backward of `tanh`: hands on `g * (1 - y**2)`. It keeps the result y, not x.",
    "Asinh": "Backward of `asinh`: hands on `g / sqrt(x**2 + 1)`. It keeps x.",
    "Acosh": "Backward of `acosh`: hands on `g / sqrt(x**2 - 1)`. It keeps x.",
    "Atanh": "Backward of `atanh`: hands on `g / (1 - x**2)`. It keeps x.",
    "Exp": "Backward of `exp`: hands on `g * y`, because the exponential is its own derivative. It keeps the result y.",
    "Exp2": "Backward of `2**x`: hands on `g * y * log(2)`. It keeps the result y.",
    "Expm1": "Backward of `exp(x) - 1`: hands on `g * (y + 1)`. It keeps the result y.",
    "Log": "Backward of the natural logarithm: hands on `g / x`. It keeps x.",
    "Log2": "Backward of `log2`: hands on `g / (x * log(2))`. It keeps x.",
    "Log10": "Backward of `log10`: hands on `g / (x * log(10))`. It keeps x.",
    "Log1P": "Backward of `log(1 + x)`: hands on `g / (1 + x)`. It keeps x.",
    "Log1p": "Backward of `log(1 + x)`: hands on `g / (1 + x)`. It keeps x.",
    "Sqrt": "Backward of the square root: hands on `g / (2 * y)`, infinite at 0. It keeps the result y.",
    "Rsqrt": "Backward of `1 / sqrt(x)`: hands on `-g * y**3 / 2`. It keeps the result y.",
    "Erfc": "Backward of `1 - erf(x)`: hands on `-g * 2 / sqrt(pi) * exp(-x**2)`. It keeps x.",
    "Sinc": "Backward of `sin(pi*x) / (pi*x)`: hands on `g * (pi*x*cos(pi*x) - sin(pi*x)) / (pi*x**2)`, and 0 at 0. It keeps x.",
    "Logaddexp": "Backward of `log(exp(a) + exp(b))`: a gets `g / (1 + exp(b - a))`, b the rest of g. It keeps both.",
    "LinalgSolveEx": "Backward of `solve(A, b)`: b gets `inv(A).T @ g`, A minus the outer product of that and the solution. It keeps A's factors.",
    "LinalgCross": "Backward of the cross product: a gets `cross(b, g)`, b gets `cross(g, a)`. It keeps both.",
    "Median": "Backward of `median`: the entry in the middle gets the gradient; where several are equal to it they share it.",
    "Erf": "Backward of `erf`: hands on `g * 2 / sqrt(pi) * exp(-x**2)`. It keeps x.",
    "Deg2Rad": "Backward of degrees to radians: hands on `g * pi / 180`.",
    "Rad2Deg": "Backward of radians to degrees: hands on `g * 180 / pi`.",
    "Logit": "Backward of `log(x / (1 - x))`: hands on `g / (x * (1 - x))`. It keeps x.",
    "Xlogy": "Backward of `a * log(b)`, 0 where a is 0: a gets `g * log(b)`, b gets `g * a / b`. It keeps both.",
    "Maximum": "Backward of `maximum(a, b)`: the larger one gets the gradient; on a tie each gets half. It keeps both.",
    "Minimum": "Backward of `minimum(a, b)`: the smaller one gets the gradient; on a tie each gets half. It keeps both.",
    "Clamp": "Backward of `clip`: passes the gradient where x lies within the bounds, bounds included, and 0 elsewhere. It keeps x.",
    "ClampMin": "Backward of `clip` from below: passes the gradient where x is at least the bound. It keeps x.",
    "ClampMax": "Backward of `clip` from above: passes the gradient where x is at most the bound. It keeps x.",
    "Where": "Backward of `where(c, a, b)`: a gets the gradient where c holds, b where it does not. It keeps c alone.",
    "MaskedFill": "Backward of filling masked entries: passes the gradient where nothing was filled. It keeps the mask.",
    "Floor": "Backward of `floor`: the function is flat, so it hands on zeros.",
    "Ceil": "Backward of `ceil`: the function is flat, so it hands on zeros.",
    "Round": "Backward of `round`: the function is flat, so it hands on zeros.",
    "Trunc": "Backward of `trunc`: the function is flat, so it hands on zeros.",
    "Fmod": "Backward of the remainder with the sign of a: a gets the gradient, b gets `-g * trunc(a / b)`.",
    "Remainder": "Backward of the remainder: a gets the gradient, b gets `-g * floor(a / b)`.",
    "Frac": "Backward of the part after the point: hands the gradient on unchanged.",
    "Hypot": "Backward of `hypot(a, b)`, the length of (a, b): a gets `g * a / y`, b gets `g * b / y`. It keeps both and the result.",
    # neural networks
    "Relu": "Backward of `relu`: passes the gradient where the result is positive and 0 elsewhere, at 0 too. It keeps the result.",
    "LeakyRelu": "Backward of `leaky_relu`: multiplies by 1 where x > 0 and by the slope elsewhere. It keeps x.",
    "Elu": "Backward of `elu`: multiplies by 1 where x > 0 and by `y + alpha` elsewhere.",
    "Celu": "Backward of `celu`: multiplies by 1 where x > 0 and by an exponential elsewhere.",
    "Softplus": "Backward of `log(1 + exp(x))`: hands on `g * sigmoid(x)`; for x above 20 the gradient itself. It keeps x.",
    "Sigmoid": "Backward of the logistic function: hands on `g * y * (1 - y)`. It keeps the result y, not x.",
    "LogSigmoid": "Backward of `log(sigmoid(x))`: hands on `g * sigmoid(-x)`. It keeps x.",
    "Silu": "Backward of `x * sigmoid(x)`: hands on `g * s * (1 + x * (1 - s))` with s the sigmoid. It keeps x.",
    "Gelu": "Backward of `gelu`, x times the normal distribution function: hands on `g * (P(x) + x * p(x))`. It keeps x.",
    "Mish": "Backward of `x * tanh(softplus(x))`. It keeps x.",
    "Hardtanh": "Backward of `hardtanh`: passes the gradient strictly between the bounds. It keeps x.",
    "Hardsigmoid": "Backward of `hardsigmoid`: passes a sixth of the gradient strictly between -3 and 3, and 0 elsewhere. It keeps x.",
    "Hardswish": "Backward of `hardswish`: hands on `g * (x / 3 + 1 / 2)` between -3 and 3, the gradient above, 0 below. It keeps x.",
    "Hardshrink": "Backward of `hardshrink`: passes the gradient where x is larger than the bound in size, and 0 elsewhere. It keeps x.",
    "Softshrink": "Backward of `softshrink`: passes the gradient where x is larger than the bound in size, and 0 elsewhere. It keeps x.",
    "Threshold": "Backward of `threshold`: passes the gradient where x is above the threshold, and 0 elsewhere. It keeps x.",
    "Prelu": "Backward of `prelu`: passes the gradient where x > 0 and times the slope elsewhere; the slope gets `g * x` where x is negative.",
    "PreluKernel": "Backward of `prelu`: passes the gradient where x > 0 and times the slope elsewhere; the slope gets `g * x` where x is negative.",
    "Softmax": "Backward of `softmax`: hands on `y * (g - sum(g * y))` along the axis, because every output depends on every input. It keeps the result y.",
    "LogSoftmax": "Backward of `log_softmax`: hands on `g - exp(y) * sum(g)` along the axis. It keeps the result y.",
    "Logsumexp": "Backward of `log(sum(exp(x)))`: hands on `g * softmax(x)`. It keeps x and the result.",
    "NllLoss": "Backward of picking the negative log-probability of the right class: puts the gradient, negative, at that class and 0 elsewhere.",
    "MseLoss": "Backward of the mean squared error: hands on `2 * g * (a - b) / n`. It keeps both.",
    "BinaryCrossEntropy": "Backward of binary cross-entropy: hands on `g * (p - t) / (p * (1 - p))`, averaged. It keeps both.",
    "Convolution": "Backward of a convolution: the input gets the gradient convolved with the flipped kernel, the kernel the input correlated with the gradient.",
    # linear algebra
    "Mm": "Backward of matrix times matrix, `a @ b`: a gets `g @ b.T`, b gets `a.T @ g`. It keeps both.",
    "Mv": "Backward of matrix times vector, `W @ x`: W gets the outer product of g and x, x gets `W.T @ g`. It keeps both.",
    "Dot": "Backward of the inner product of two vectors: each gets the gradient, one number, times the other one. It keeps both.",
    "Bmm": "Backward of a batch of matrix products: per matrix, a gets `g @ b.T` and b gets `a.T @ g`. It keeps both.",
    "Addmm": "Backward of `c + a @ b` in one call: c gets g, a gets `g @ b.T`, b gets `a.T @ g`.",
    "Addmv": "Backward of `c + W @ x` in one call: c gets g, W the outer product of g and x, x gets `W.T @ g`.",
    "T": "Backward of the transpose of a matrix: transposes the gradient back. No number changes.",
    "Transpose": "Backward of swapping two axes: swaps them back in the gradient. No number changes.",
    "Permute": "Backward of reordering the axes, such as `.T`: puts the gradient's axes back in order. No number changes.",
    "NumpyT": "Backward of `.T`: transposes the gradient back. No number changes.",
    "LinalgDet": "Backward of the determinant: hands on `g * y * inv(x).T`. It keeps the factors of x.",
    "LinalgInvEx": "Backward of the inverse: hands on `-y.T @ g @ y.T`. It keeps the result y.",
    "LinalgInv": "Backward of the inverse: hands on `-y.T @ g @ y.T`. It keeps the result y.",
    "LinalgVectorNorm": "Backward of the length of a vector: hands on `g * x / |x|`, and 0 at the zero vector. It keeps x and the norm.",
    "Norm": "Backward of a norm: for the 2-norm it hands on `g * x / |x|`. It keeps x and the norm.",
    # sums and selections
    "Sum": "Backward of a sum: spreads the gradient to every entry that was summed. It keeps the shape alone.",
    "Mean": "Backward of a mean: spreads the gradient divided by the number of entries. It keeps the shape alone.",
    "Prod": "Backward of a product: every entry gets the gradient times the product of all the others. It keeps x and the result.",
    "Cumsum": "Backward of running sums: hands on the running sum of the gradient from the other end.",
    "Cumprod": "Backward of running products. It keeps x and the result.",
    "Var": "Backward of the variance: hands on `2 * g * (x - mean(x)) / (n - 1)`. It keeps x.",
    "Std": "Backward of the standard deviation: hands on `g * (x - mean(x)) / ((n - 1) * y)`. It keeps x and the result.",
    "Max": "Backward of the largest entry: it gets the gradient; with an axis the first of equal ones, else equal ones share it.",
    "Min": "Backward of the smallest entry: it gets the gradient; with an axis the first of equal ones, else equal ones share it.",
    "Amax": "Backward of the largest entry along axes: it gets the gradient; equal ones share it. It keeps x and the result.",
    "Amin": "Backward of the smallest entry along axes: it gets the gradient; equal ones share it. It keeps x and the result.",
    "Select": "Backward of picking one index along an axis, `x[i]`: puts the gradient at that place and zeros elsewhere.",
    "Slice": "Backward of a slice, `x[a:b]`: puts the gradient at those places and zeros elsewhere.",
    "Index": "Backward of picking entries by index arrays: adds each gradient to the place it was picked from. It keeps the indices.",
    "IndexSelect": "Backward of picking rows by number: adds each row's gradient to the row it was picked from. It keeps the indices.",
    "Gather": "Backward of `gather`: adds each gradient to the entry it was picked from. It keeps the indices.",
    "Take": "Backward of `take`: adds each gradient to the entry it was picked from. It keeps the indices.",
    "Embedding": "Backward of a table look-up: adds each row's gradient to the row it was read from.",
    # shapes
    "View": "Backward of `reshape` on the same memory: gives the gradient the old shape. No number changes.",
    "UnsafeView": "Backward of a reshape inside a matrix product: gives the gradient the old shape. No number changes.",
    "ReshapeAlias": "Backward of `reshape` on the same memory: gives the gradient the old shape. No number changes.",
    "Alias": "Backward of a view of the whole tensor: hands the gradient on unchanged.",
    "Clone": "Backward of a copy: hands the gradient on unchanged.",
    "ToCopy": "Backward of a change of number type: hands the gradient on in the old type.",
    "Unsqueeze": "Backward of a new axis of length 1: takes it away from the gradient again. No number changes.",
    "Squeeze": "Backward of dropping axes of length 1: puts them back into the gradient. No number changes.",
    "Expand": "Backward of repeating along an axis: sums the gradient over the repeats.",
    "Repeat": "Backward of tiling: sums the gradient over the copies.",
    "Flip": "Backward of reversing an axis: reverses the gradient along it. No number changes.",
    "Roll": "Backward of a cyclic shift: shifts the gradient back. No number changes.",
    "Cat": "Backward of joining tensors: cuts the gradient into the parts that were joined.",
    "Stack": "Backward of stacking tensors on a new axis: hands each its layer of the gradient.",
    "Unbind": "Backward of taking a tensor apart along an axis: stacks the gradients again.",
    "Split": "Backward of cutting a tensor: joins the gradients of the pieces.",
    "Diag": "Backward of a diagonal: puts the gradient on the diagonal, zeros elsewhere.",
    "DiagEmbed": "Backward of making a diagonal matrix: takes the diagonal of the gradient.",
    "Diagonal": "Backward of a diagonal: puts the gradient on the diagonal, zeros elsewhere.",
    "Trace": "Backward of the trace: puts the gradient on the whole diagonal.",
    "Tril": "Backward of the lower triangle: keeps the lower triangle of the gradient.",
    "Triu": "Backward of the upper triangle: keeps the upper triangle of the gradient.",
    "ConstantPadNd": "Backward of padding: cuts the padding off the gradient.",
    "CopySlices": "Backward of writing into a part of a tensor: that part's gradient goes to what was written, the rest to the tensor.",
}


def sentence(fn: str) -> str:
    """What an autograd node of this name does and keeps.

    >>> sentence("SinBackward0")
    'Backward of `sin`: hands on `g * cos(x)`. It keeps x.'
    >>> sentence("FooBarBackward1")
    'Backward of foo bar: multiplies the gradient by the local gradient of that operation.'
    """
    base = re.sub(r"Backward\d*$", "", fn)
    known = SENTENCES.get(base)
    if known is not None:
        return known
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", base).lower()
    return f"Backward of {words}: multiplies the gradient by the local gradient of that operation."
