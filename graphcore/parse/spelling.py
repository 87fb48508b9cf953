"""What may stand before an op, and what people write where they mean another name."""

from __future__ import annotations

import builtins
from collections.abc import Mapping

from graphcore import ops

PREFIXES = frozenset(
    """np numpy torch math F nn nn.functional torch.nn.functional torch.nn functional np.linalg numpy.linalg torch.linalg
    linalg torch.special special scipy.special np.random numpy.random random torch.autograd autograd jnp jax.numpy jax.nn
    """.split()  # noqa: SIM905
)
CONSTANT_PREFIXES = frozenset({"np", "numpy", "torch", "math", "jnp", "jax.numpy"})
ROOTS = frozenset(prefix.split(".")[0] for prefix in PREFIXES)

# methods and functions that hand their operand on unchanged
SAME = frozenset(
    """clone contiguous float double half to type astype copy cpu cuda requires_grad_ retain_grad float32 float64
    asarray ascontiguousarray""".split()  # noqa: SIM905
)
# module classes that are called with their settings first: nn.ReLU()(x)
MODULES: Mapping[str, str] = {
    "ReLU": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Softplus": "softplus",
    "GELU": "gelu",
    "SiLU": "silu",
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "MSELoss": "mse_loss",
    "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "binary_cross_entropy",
    "Flatten": "flatten",
    "GLU": "glu",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "NLLLoss": "nll_loss",
    "KLDivLoss": "kl_div",
    "Softmin": "softmin",
    "Softsign": "softsign",
    "Tanhshrink": "tanhshrink",
    "Hardtanh": "hardtanh",
    "Hardsigmoid": "hardsigmoid",
    "Hardswish": "hardswish",
    "LogSigmoid": "logsigmoid",
    "Mish": "mish",
    "SELU": "selu",
    "CELU": "celu",
    "ReLU6": "relu6",
}

# Python's own functions, for which no op is the nearest
PYTHON = frozenset(name for name in dir(builtins) if name.islower()) - frozenset(["pow", "abs", "round", "divmod"])

# other languages and other habits, where the nearest name would mislead
MEANT: Mapping[str, str] = {
    "ln": "log",
    "lg": "log10",
    "root": "sqrt",
    "sqr": "square",
    "pow2": "square",
    "sgn": "sign",
    "tg": "tan",
    "sen": "sin",
    "arctg": "atan",
    "ctg": "1 / tan",
    "cot": "1 / tan",
    "sec": "1 / cos",
    "csc": "1 / sin",
    "ch": "cosh",
    "sh": "sinh",
    "th": "tanh",
    "σ": "sigmoid",
    "sigma": "sigmoid",
    "logistic": "sigmoid",
    "rectifier": "relu",
    "Σ": "sum",
    "Π": "prod",
    "magnitude": "norm",
    "length": "norm",
    "avg": "mean",
    "product": "prod",
    "dot_product": "dot",
    "heaviside": "where",
    "step": "where",
    "iif": "where",
}

IGNORED_KEYWORDS = frozenset({"dtype", "device", "inplace", "layout", "memory_format", "copy", "order", "name"})

# static arguments that are a tuple, which may be written as separate numbers
TUPLES = frozenset({"shape", "newshape", "axes", "dims", "size", "reps"})


def is_op(name: str) -> bool:
    """Whether an op or composite has this name."""
    return name in ops.REGISTRY or name in ops.ALIASES or name in ops.COMPOSITES
