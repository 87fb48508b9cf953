"""The gradients that were handed in for the course problems, as their authors printed them: one click away on the Check page.

What was written down is here as text; what followed from a wrong program is computed by that program, mistakes and all, at the
parameters of the gallery.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace, trace
from graphcore.check.hand_in import Array
from graphcore.errors import UnknownNameError
from graphcore.parse import parse
from graphcore.problems import problem


class Example(NamedTuple):
    """A hand-in: its key, a title and a sentence for the chooser, the key of its problem in the gallery, and its texts.

    ``text`` is the file of gradients, ``values`` the forward values that came with it ("" where none did).
    """

    key: str
    title: str
    sentence: str
    problem: str
    text: str
    values: str = ""


_DEGREES = """df/d(2 + s**2 + c) = -0.11131
df/d(s**2) = -0.11131
df/ds = 0.01165
df/d(x1 * w1) = 0.01164
df/dw1 = -0.01164
df/dx1 = 0.03491
df/dc = -0.11131
df/d(x2 * w2) = -0.01164
df/dw2 = 0.02327
df/dx2 = -0.03491
"""

_DEGREES_VALUES = """x1 * w1 = -3
s = -0.0523
s**2 = 0.0027
x2 * w2 = -6
c = 0.9945
2 + s**2 + c = 2.9973
f = 0.3336
"""

_TRANSPOSED = """dL/dW1:
[[ 0  0]
 [13 -1]
 [26 -2]]
dL/dW2:
[[ -4 -10]
 [ -4 -10]]
dL/db1:
[13 -1]
dL/db2:
[-2 -5]
"""


@lru_cache(maxsize=1)
def examples() -> tuple[Example, ...]:
    """All examples, computed when they are first asked for."""
    layers = _deep_gradients()
    return (
        Example(
            "a-degrees",
            "A · Degrees",
            "Gate by gate to five decimals; the leaves are too large.",
            "a-degrees",
            _DEGREES,
            _DEGREES_VALUES,
        ),
        Example("b-rounded", "B · Rounded on the way", "The last digit differs here and there.", "b", *_rounded()),
        Example("c-weak", "C · Right, at a weak point", "Every number agrees, and proves less than it seems.", "c", _TRANSPOSED),
        Example(
            "d-sums", "D · A running sum", "Loops over neurons and columns, at the gallery's parameters.", "d", *_running_sum()
        ),
        Example(
            "e-right",
            "E · Right",
            "Handed in right, to seven digits.",
            "e",
            _numpy_text(_parameters(_run("e")), "dLd{}", lower=True),
        ),
        Example(
            "f-hidden",
            "F · Hidden layers, five decimals",
            "The first and the last layer are left out, and most numbers print as zero.",
            "f",
            _layers_text({k: layers[k] for k in range(1, 11)}),
        ),
        Example("f-all", "F · All layers, all digits", "The same backward pass, nothing left out.", "f", _all_text(layers)),
    )


def example(key: str) -> Example:
    """The example with this key; raises a KeyError that names the nearest.

    >>> example("c-weak").problem
    'c'
    """
    for candidate in examples():
        if candidate.key == key:
            return candidate
    raise UnknownNameError("example", key, [candidate.key for candidate in examples()])


def _run(key: str) -> Trace:
    return trace(parse(problem(key).text))


def _value(run: Trace, name: str) -> Array:
    return np.asarray(run.value(name), dtype=np.float64)


def _sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)), dtype=np.float64)


def _rounded() -> tuple[str, str]:
    """Problem B with the sigmoid rounded to four digits before going on, and the norm before it is squared."""
    run = _run("b")
    x, h = _value(run, "x"), np.round(_sigmoid(_value(run, "z")), 4)
    f = np.round(np.sqrt(np.sum(h**2)), 4) ** 2
    gradient = (2 * h * h * (1 - h)) @ x.T
    return f"df/dW =\n{_decimals(gradient, 4)}\n", f"h =\n{_decimals(h, 4)}\nf = {f:.5f}\n"


def _running_sum() -> tuple[str, str]:
    """Problem D as its loops compute it: biases added once a column, sums that go on from neuron to neuron.

    W3 stays a row where its transpose is wanted, so the second layer multiplies two rows entry by entry: its gradient has one
    axis too few.
    """
    run = _run("d")
    x, y = _value(run, "x").ravel(), float(_value(run, "y"))
    w1, w2, w3 = (_value(run, name) for name in ("W1", "W2", "W3"))
    b1, b2, b3 = (_value(run, name).ravel() for name in ("b1", "b2", "b3"))
    h1 = _sigmoid(_sums(w1, x, b1))
    h2 = _sigmoid(_sums(w2, h1, b2))
    p = _sums(w3, h2, b3)
    d3 = 2 * (p - y)
    d2 = d3 * w3[0] * h2 * (1 - h2)
    d1 = (w2.T @ d2) * h1 * (1 - h1)
    gradients = {"dw3": d3 * h2, "db3": d3, "dw2": d2 * h1, "db2": d2, "dw1": np.outer(d1, x), "db1": d1}
    values = {"h1": h1, "h2": h2, "p": p, "L": np.sum((p - y) ** 2)}
    return _named_text(gradients), "".join(f"{name} {array.tolist()}\n" for name, array in values.items())


def _sums(weights: Array, entries: Array, biases: Array) -> Array:
    """What every neuron of a layer is given when the running sum is never set back."""
    total = 0.0
    sums = []
    for row, bias in zip(weights, biases):
        for weight, entry in zip(row, entries):
            total += weight * entry + bias
        sums.append(total)
    return np.array(sums)


def _deep_gradients() -> dict[int, tuple[Array, Array]]:
    """Problem F: the gradients of weight and bias layer by layer, with ReLU' at layer 0 too, which has no ReLU."""
    run = _run("f")
    upstream = 2 * (_value(run, "p") - _value(run, "y"))
    found = {11: (upstream @ _value(run, "h10").T, upstream)}
    for k in range(10, -1, -1):
        h = _value(run, f"h{k}")
        upstream = (_value(run, f"W{k + 1}").T @ upstream) * (h > 0)
        found[k] = (upstream @ _value(run, f"h{k - 1}" if k else "x").T, upstream)
    return dict(sorted(found.items()))


def _parameters(run: Trace) -> dict[str, Array]:
    graph = run.graph
    return {leaf.name: np.asarray(run.gradient(leaf.name)) for leaf in graph.leaves if graph.active[leaf.index]}


def _numpy_text(arrays: Mapping[str, Array], form: str, *, lower: bool = False) -> str:
    """A label a line and ``numpy.array2string`` to seven digits with commas."""
    lines = []
    for name, array in arrays.items():
        label = form.format(name.lower() if lower else name)
        lines.append(f"{label}\n{np.array2string(array, precision=7, separator=',')}\n")
    return "".join(lines)


def _named_text(arrays: Mapping[str, Any]) -> str:
    """What ``print("name", array)`` writes."""
    return "".join(f"{name} {np.array2string(np.asarray(array))}\n" for name, array in arrays.items())


def _decimals(array: Array, digits: int) -> str:
    return np.array2string(array, formatter={"float_kind": lambda number: f"{number:.{digits}f}"})


def _layers_text(layers: Mapping[int, tuple[Array, Array]]) -> str:
    """The hidden layers to five decimals."""
    lines = []
    for k, pair in layers.items():
        for kind, array in zip(("weight", "bias"), pair):
            lines.append(f"Hidden_layer {k} {kind} gradient:\n{np.array2string(np.round(array, 5), threshold=array.size + 1)}\n")
    return "".join(lines)


def _all_text(layers: Mapping[int, tuple[Array, Array]]) -> str:
    """Every layer with all digits."""
    lines = []
    for k, pair in layers.items():
        title = "Input_layer" if k == 0 else "Output_layer" if k == max(layers) else f"Hidden_layer {k}"
        for kind, array in zip(("weight", "bias"), pair):
            numbers = np.array2string(array, threshold=array.size + 1, floatmode="unique", precision=17, max_line_width=160)
            lines.append(f"{title} {kind} gradient:\n{numbers}\n")
    return "".join(lines)
