"""The mistakes people make in a backward pass, one row each. Adding one is adding a row.

The order counts: where two rows give the same numbers at a place, the earlier one is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from graphcore.mistakes.row import Mistake, edge, node, value

SQUARES = "square mse_loss var var_mean std"
UNKNOWN = "unknown"
ROUNDED = "rounded-on-the-way"
FACTOR = "constant-factor"

TABLE: tuple[Mistake, ...] = (
    Mistake(
        "missing-transpose",
        "the transpose of {other} is missing",
        (
            edge("matmul matmul_batched", "a", "g @ b"),
            edge("matmul matmul_batched", "b", "a @ g"),
            edge("addmm", "mat1", "g @ mat2"),
            edge("addmm", "mat2", "mat1 @ g"),
            edge("matvec mv", "b", "a @ g"),
            edge("vecmat", "a", "g @ b"),
            edge("linear", "a", "g @ b.T"),
            edge("T t", None, "g"),
        ),
    ),
    Mistake(
        "transposed-result",
        "the result is transposed",
        (edge("product", None, "right.T"), edge("matvec", "a", "outer(b, g)"), edge("vecmat", "b", "outer(g, a)")),
    ),
    Mistake(
        "elementwise-for-matmul",
        "an elementwise product was used where the matrix product belongs",
        (
            edge("matmul", "a", "g * b"),
            edge("matmul", "b", "a * g"),
            edge("matmul", "a", "g * sum(b, axis=1)"),
            edge("matmul", "b", "sum(a, axis=0)[:, None] * g"),
            edge("matvec", "a", "g * b"),
            edge("matvec", "b", "sum(a, axis=0) * g"),
            edge("addmm", "mat1", "g * mat2"),
            edge("addmm", "mat2", "mat1 * g"),
            edge("addmm", "mat2", "sum(mat1, axis=0)[:, None] * g[0]"),
        ),
    ),
    Mistake(
        "overwritten-fan-out",
        "{node} is used {uses} times and only the last contribution was kept: = in place of +=",
        (node("fan-out", "parts[-1]"), node("fan-out", "parts[0]")),
    ),
    Mistake("missing-path", "one of the {uses} uses of {node} was left out of the sum", (edge("fan-out", None, "0 * right"),)),
    Mistake(
        "wrong-log-or-division-sign",
        "the sign of the derivative of the {op} is wrong",
        (
            edge("div", "b", "-right"),
            edge("div", "a", "g * b", "it was multiplied by {other} where a division belongs"),
            edge("log log2 log10 log1p log_softmax logsumexp reciprocal nll_loss_forward rsqrt", None, "-right"),
        ),
    ),
    Mistake(
        "diagonal-softmax",
        "only the diagonal of the softmax Jacobian was used: y (1 - y), without the terms - y[i] y[j]",
        (edge("softmax _softmax", None, "g * y * (1 - y)"),),
    ),
    Mistake(
        "softmax-derivative-twice",
        "the derivative of softmax was applied a second time",
        (
            edge("softmax _softmax", None, "y * (right - sum(right * y, axis, True))"),
            edge("log_softmax", None, "exp(y) * (right - sum(right * exp(y), axis, True))"),
        ),
    ),
    Mistake(
        "complement-for-derivative",
        "the complement 1 - y was used where the derivative of the {op} belongs",
        (
            edge("sigmoid tanh softmax _softmax", None, "g * (1 - y)"),
            edge("relu", None, "where(a > 0, 0.0, g)", "the mask is the wrong way round: it keeps what the relu cuts off"),
        ),
    ),
    Mistake(
        "mask-from-upstream",
        "the mask was taken from the upstream gradient, not from the input",
        (edge("relu leaky_relu relu6 elu", None, "where(g > 0, g, 0.0)"),),
    ),
    Mistake(
        "function-for-derivative",
        "the function itself was used where its derivative belongs",
        (edge("unary pow softmax _softmax", None, "g * y"), edge("relu", None, "g * a")),
    ),
    Mistake(
        "derivative-at-output",
        "the derivative of the {op} was taken at its output {through}, not at its input {node}",
        (edge("unary", None, "local(y)"),),
    ),
    Mistake(
        "input-for-output",
        "the input {node} of the {op} was used where its output {through} belongs",
        (edge("sigmoid", None, "g * a * (1 - a)"), edge("tanh", None, "g * (1 - a ** 2)"), edge("exp", None, "g * a")),
    ),
    Mistake(
        "sigmoid-for-tanh",
        "the derivative of the sigmoid was used where that of the hyperbolic tangent belongs",
        (edge("tanh", None, "g * y * (1 - y)"),),
    ),
    Mistake(
        "tanh-for-sigmoid",
        "the derivative of the hyperbolic tangent was used where that of the sigmoid belongs",
        (edge("sigmoid", None, "g * (1 - y ** 2)"),),
    ),
    Mistake(
        "degrees",
        "the factor π/180 is missing",
        (
            edge("radians", None, "g"),
            edge("degrees", None, "g"),
            edge("sin cos tan", None, "right * (180 / pi)"),
            value("sin", "sin(a * pi / 180)", "the angle was read in degrees"),
            value("cos", "cos(a * pi / 180)", "the angle was read in degrees"),
            value("tan", "tan(a * pi / 180)", "the angle was read in degrees"),
        ),
    ),
    Mistake(
        "skipped-op",
        "the derivative of the {op} was left out",
        (
            edge("unary softmax _softmax log_softmax", None, "g"),
            edge("pow", "a", "g"),
            edge("mul", None, "g", "the factor {other} was left out"),
            edge("div", "a", "g", "the divisor {other} was left out"),
        ),
    ),
    Mistake(
        "missing-factor-two",
        "the factor 2 of the square is missing",
        (edge(SQUARES, None, "right / 2"), edge("pow", "a", "g * a ** (b - 1)", "the exponent is missing as a factor")),
    ),
    Mistake("extra-factor-two", "there is a factor 2 too many", (edge(f"{SQUARES} pow", None, "2 * right"),)),
    Mistake(
        "sum-for-mean",
        "the rule of a sum was used where that of the mean belongs: the division by the number of entries is missing",
        (
            edge("mean mse_loss nll_loss_forward binary_cross_entropy", None, "right * averaged"),
            edge(
                "mean mse_loss",
                None,
                "right * averaged / shape(right)[0]",
                "it was divided by the number of rows, not by that of all entries",
            ),
        ),
    ),
    Mistake(
        "mean-for-sum",
        "the rule of a mean was used where that of the sum belongs",
        (edge("sum", None, "right / (size(right) / size(g))"),),
    ),
    Mistake(
        "not-summed-over-batch",
        "the gradient was not summed over the batch: only one row of it is there",
        (
            edge("batch", None, "before[-1]"),
            edge("batch", None, "before[0]"),
            edge("rows", None, "outer(a[-1], g[-1])"),
            edge("rows", None, "outer(a[0], g[0])"),
            edge("columns", None, "outer(g[:, -1], b[:, -1])"),
            edge("columns", None, "outer(g[:, 0], b[:, 0])"),
        ),
    ),
    Mistake(
        "averaged-over-batch",
        "the gradient was averaged over the batch where it is a sum",
        (
            edge("batch", None, "right / n"),
            edge("rows", None, "right / shape(g)[0]"),
            edge("columns", None, "right / shape(g)[1]"),
        ),
    ),
    Mistake(
        "summed-over-wrong-axis",
        "the sum runs over the wrong axis",
        (
            edge("batch", None, "sum(before, axis=-1)"),
            edge("sum mean", None, "restore(g / shared, shape(a), 1 - axis)"),
            edge("softmax", None, "y * (g - sum(g * y, 1 - axis % 2, True))"),
        ),
    ),
    Mistake(
        "not-unbroadcast",
        "the operand was repeated by broadcasting, and its gradient not summed over the copies",
        (edge("repeated", None, "before.reshape((-1, *shape(right)))[0]"),),
    ),
    Mistake(
        "row-column-order",
        "the entries stand in the order of columns where rows belong",
        (
            edge("reshape flatten view _unsafe_view", None, "reshape(ravel(g, 'F'), shape(right))"),
            edge("reshape flatten view _unsafe_view", None, "reshape(ravel(g), shape(right), 'F')"),
            node("matrix-leaf", "reshape(ravel(right, 'F'), shape(right))"),
        ),
    ),
    Mistake(
        "bias-once-per-column",
        "the bias was added once per column of the product: {fan_in} times",
        (edge("bias", None, "fan_in * right"), value("bias", "right + (fan_in - 1) * bias")),
    ),
    Mistake(
        "running-sum-not-reset",
        "a running sum was not reset from one entry to the next",
        (
            edge("product", None, "cumsum(right, axis=0)"),
            edge("product", None, "cumsum(right, axis=-1)"),
            value("product-value", "cumsum(right, axis=0)"),
            value("product-value", "cumsum(right, axis=-1)"),
            value("bias", "cumsum(right, axis=0)"),
            value(
                "bias",
                "cumsum(right + (fan_in - 1) * bias, axis=0)",
                "a running sum was not reset from one entry to the next, with the bias added once per column: {fan_in} times",
            ),
        ),
    ),
    Mistake(
        "forgotten-term",
        "a term of the derivative of the {op} is missing",
        (
            edge("tanh", None, "g * y ** 2"),
            edge("silu", None, "g * sigmoid(a)"),
            edge("gelu", None, "g * y / a"),
            edge("softmax _softmax", None, "y * g - sum(g * y, axis, True)"),
            edge("div", "b", "-g / b ** 2"),
            edge("div", "b", "-g * a / b"),
            edge("pow", "a", "g * b * y", "the exponent was not lowered by one"),
            edge("pow", "b", "g * y"),
            edge("norm", None, "0 * a + g"),
            edge("native_layer_norm", "input", "rstd * weight * g"),
            edge("native_layer_norm", "input", "rstd * (weight * g - mean(weight * g))"),
            edge("native_layer_norm", "weight", "sum(g)"),
            edge("var", None, "2 * g * a / size(a)"),
            edge("xlogy", "a", "g"),
        ),
    ),
    Mistake(
        "extra-activation-derivative",
        "there is a derivative of an activation too many: {node} has none",
        (
            node("inner with-relu", "where(v > 0, right, 0.0)"),
            node("inner with-sigmoid", "right * sigmoid(v) * (1 - sigmoid(v))"),
            node("inner with-sigmoid", "right * v * (1 - v)"),
            node("inner with-tanh", "right * (1 - tanh(v) ** 2)"),
            node("inner with-tanh", "right * (1 - v ** 2)"),
        ),
    ),
    Mistake(
        "wrong-layer",
        "{swapped} was used where {other} belongs",
        (
            edge("mul", "a", "g * a", "the factor {node} was used where {other} belongs"),
            edge("mul", "b", "g * b", "the factor {node} was used where {other} belongs"),
            edge("product mul", None, "rule(swapped)"),
            edge("unary", None, "local(swapped)"),
        ),
    ),
    Mistake("wrong-sign", "the sign is wrong", (edge("any", None, "-right"),)),
    Mistake(
        "accumulated-twice",
        "the gradient was added a second time to what was there: it was not set to zero in between",
        (node("any-node", "2 * right"),),
    ),
    Mistake(
        "function-applied-twice",
        "the {op} was applied twice",
        (
            value("unary", "forward(y)"),
            value("after-unary", "again()", "{inner} was applied a second time before the {op}"),
            edge("unary", None, "local(forward(a))"),
        ),
    ),
)
# what is found by looking at the numbers, not by trying a formula
FOUND: Mapping[str, str] = MappingProxyType(
    {
        FACTOR: "the gradient is {factor} times the right one",
        ROUNDED: "rounded on the way, no mistake in the chain rule: an intermediate number was rounded to {digits} decimals",
        UNKNOWN: "no mistake of the table gives these numbers",
    }
)
MISTAKES: Mapping[str, Mistake] = MappingProxyType({mistake.name: mistake for mistake in TABLE})
NAMES: tuple[str, ...] = (*MISTAKES, *FOUND)
