"""The gallery: named programs with a sentence each. Texts only."""

from __future__ import annotations

from typing import NamedTuple

from graphcore.errors import UnknownNameError


class Problem(NamedTuple):
    """A program of the gallery: a stable key for links, a title, one sentence, its text, its group in the chooser."""

    key: str
    title: str
    sentence: str
    text: str
    group: str


COURSE, NETWORKS, SINGLE = "Course problems", "Networks and losses", "Single cases"

_A = """x1 = -1
w1 = 3
x2 = -2
w2 = 3
s = sin(x1 * w1)
c = cos(x2 * w2)
f = 1 / (2 + s**2 + c)"""

_A_DEGREES = """x1 = -1
w1 = 3
x2 = -2
w2 = 3
s = sin(radians(x1 * w1))
c = cos(radians(x2 * w2))
f = 1 / (2 + s**2 + c)"""

_B = """W = [[0.4, 0.1, -0.5], [0.2, -0.32, 0.8], [0.7, 0.4, -0.6]]
x = [[-0.2], [0.6], [-0.4]]
z = W @ x
h = sigmoid(z)
f = sum(h**2)"""

_C = """x1 = const([[0], [1], [2]])
W1 = [[3, -1, 1], [-5, 2, -1]]
b1 = [[1], [2]]
W2 = [[1, -2], [-3, 1]]
b2 = [[1], [1]]
t = const([[1], [2]])
z1 = W1 @ x1 + b1
x2 = {act}(z1)
x3 = W2 @ x2 + b2
L = 0.5 * sum((t - x3)**2)"""


def _sigmoid_network(width: int, narrow: int) -> str:
    return f"""x = const(rand(2, 1, seed=1))
y = sum(x**2) / 2
W1 = randn({width}, 2, seed=2)
b1 = randn({width}, 1, seed=3)
W2 = randn({narrow}, {width}, seed=4)
b2 = randn({narrow}, 1, seed=5)
W3 = randn(1, {narrow}, seed=6)
b3 = randn(1, 1, seed=7)
h1 = sigmoid(W1 @ x + b1)
h2 = sigmoid(W2 @ h1 + b2)
p = W3 @ h2 + b3
L = sum((p - y)**2)"""


def _deep_relu() -> str:
    entries = "0.9791, 0.3044, 0.5577, 0.0042, 0.9444, 0.6920, 0.2920, 0.7540, 0.3450, 0.7382"
    column = ", ".join(f"[{entry}]" for entry in entries.split(", "))
    # weights and biases of a layer with n inputs between -1/sqrt(n) and 1/sqrt(n), as torch.nn.Linear draws them
    lines = [
        f"x = const([{column}])",
        "y = mean(x**2)",
        "W0 = 2 * (rand(21, 10, seed=1) - 0.5) / sqrt(10)",
        "b0 = 2 * (rand(21, 1, seed=2) - 0.5) / sqrt(10)",
        "h0 = W0 @ x + b0",
    ]
    for k in range(1, 11):
        lines += [
            f"W{k} = 2 * (rand(21, 21, seed={2 * k + 1}) - 0.5) / sqrt(21)",
            f"b{k} = 2 * (rand(21, 1, seed={2 * k + 2}) - 0.5) / sqrt(21)",
            f"h{k} = relu(W{k} @ h{k - 1} + b{k})",
        ]
    lines += [
        "W11 = 2 * (rand(1, 21, seed=23) - 0.5) / sqrt(21)",
        "b11 = 2 * (rand(1, 1, seed=24) - 0.5) / sqrt(21)",
        "p = W11 @ h10 + b11",
        "L = sum((p - y)**2)",
    ]
    return "\n".join(lines)


_SHARED = """x = 0.7
a = x * x
b = sin(x)
f = a * b + x"""

_SOFTMAX = """z = [2, 1, -1]
t = const([0, 1, 0])
p = softmax(z)
L = -sum(t * log(p))"""

_LOGISTIC = """X = const([[0.5, 1.2], [-1, 0.3], [1.5, -0.7], [-0.4, -1.1]])
y = const([1, 0, 1, 0])
w = [0.8, -0.3]
b = 0.1
p = sigmoid(X @ w + b)
L = -mean(y * log(p) + (1 - y) * log(1 - p))"""

_ATTENTION = """X = [[1, 0.5], [-0.5, 1], [0.3, -0.8]]
Wq = [[0.6, -0.2], [0.1, 0.9]]
Wk = [[-0.4, 0.7], [0.5, 0.3]]
Wv = [[1, 0.2], [-0.3, 0.8]]
Q = X @ Wq
K = X @ Wk
V = X @ Wv
A = softmax(Q @ K.T / sqrt(2), axis=1)
Y = A @ V
L = mean(Y**2)"""

_KINK = """x = [1, -2, 3]
w = [2, 1, 0]
z = w * x + [0, 2, 1]
h = relu(z)
L = sum(h**2) + sum(h)"""

_NAN = """x = 2
w = -3
v = x * w
u = log(v)
f = u**2 + x"""

GALLERY: tuple[Problem, ...] = (
    Problem(
        "a", "A · Scalar graph, radians", "Seven operations, four leaves: small enough to check every number by hand.", _A, COURSE
    ),
    Problem(
        "a-degrees",
        "A · Scalar graph, degrees",
        "The same in degrees: each angle brings a factor π/180 into the chain rule.",
        _A_DEGREES,
        COURSE,
    ),
    Problem("b", "B · Norm of a sigmoid layer", "‖σ(W x)‖² and its gradient for every entry of W.", _B, COURSE),
    Problem(
        "c",
        "C · Two layers, ReLU",
        "The gradients of two weight matrices, and why a match at this point proves less than it seems.",
        _C.format(act="relu"),
        COURSE,
    ),
    Problem(
        "c-sigmoid",
        "C · Two layers, sigmoid",
        "The same two layers with sigmoid, whose slope is never zero.",
        _C.format(act="sigmoid"),
        COURSE,
    ),
    Problem(
        "d",
        "D · Sigmoid network 2-10-10-1",
        "A network with two hidden layers, one data point and a squared loss.",
        _sigmoid_network(10, 10),
        COURSE,
    ),
    Problem("e", "E · Sigmoid network 2-10-5-1", "The same task with a narrower second layer.", _sigmoid_network(10, 5), COURSE),
    Problem(
        "f",
        "F · Deep ReLU network",
        "Twelve linear layers: watch the gradient shrink from layer to layer.",
        _deep_relu(),
        COURSE,
    ),
    Problem("shared", "A shared node", "x is used four times: its gradient is the sum over four edges.", _SHARED, SINGLE),
    Problem(
        "softmax",
        "Softmax cross-entropy",
        "Follow dL/dz through log and softmax and find p − t.",
        _SOFTMAX,
        NETWORKS,
    ),
    Problem("logistic", "Logistic regression", "Four points, two weights and a bias under the log loss.", _LOGISTIC, NETWORKS),
    Problem(
        "attention",
        "One attention head",
        "Queries, keys and values of three tokens; X reaches the loss in three ways.",
        _ATTENTION,
        NETWORKS,
    ),
    Problem("kink", "A kink", "`relu` has no derivative exactly at zero; torch uses 0.", _KINK, SINGLE),
    Problem(
        "nan", "Not a number", "The logarithm of a negative number, and what it does to every gradient before it.", _NAN, SINGLE
    ),
)

# the examples offered where there is no program yet
STARTS: tuple[str, ...] = ("a", "shared", "softmax")


def problem(key: str) -> Problem:
    """The problem with this key; raises a KeyError that names the nearest.

    >>> problem("a").title
    'A · Scalar graph, radians'
    """
    for candidate in GALLERY:
        if candidate.key == key:
            return candidate
    raise UnknownNameError("example", key, [candidate.key for candidate in GALLERY])
