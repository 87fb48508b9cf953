"""A seeded generator of planted mistakes: wrong backward passes over small networks, handed in exactly, in float32 or printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import graphcore as gc
from graphcore.backprop import Trace
from graphcore.check.belief import Belief, cost
from graphcore.check.hand_in import HandIn, Reading
from graphcore.check.search import Search
from graphcore.mistakes import Change, Places

EPS32 = float(np.finfo(np.float32).eps)
FORMS = ("exact", "float32", "4 decimals")


def _mlp(act: str, reduce: str) -> str:
    # no two sizes alike, so that no two counts are mistaken for each other
    return f"""x = const(randn(3, 1, seed=1))
t = const(randn(7, 1, seed=2))
W1 = randn(5, 3, seed=3)
b1 = randn(5, 1, seed=4)
W2 = randn(4, 5, seed=5)
b2 = randn(4, 1, seed=6)
W3 = randn(7, 4, seed=7)
b3 = randn(7, 1, seed=8)
h1 = {act}(W1 @ x + b1)
h2 = {act}(W2 @ h1 + b2)
p = W3 @ h2 + b3
L = {reduce}((p - t)**2)"""


PROGRAMS = {
    "sigmoid MLP": _mlp("sigmoid", "sum"),
    "tanh MLP": _mlp("tanh", "mean"),
    "ReLU MLP": _mlp("relu", "sum"),
    "residual": """x = const(randn(3, seed=1))
t = const(randn(5, seed=2))
W0 = randn(5, 3, seed=3)
b0 = randn(5, seed=4)
W1 = randn(6, 5, seed=5)
b1 = randn(6, seed=6)
W2 = randn(5, 6, seed=7)
b2 = randn(5, seed=8)
u = W0 @ x + b0
h = tanh(W1 @ u + b1)
s = W2 @ h + b2 + u
q = s * sigmoid(s)
L = sum((q - t)**2)""",
    "square weights": """x = const(randn(3, 1, seed=1))
t = const(randn(2, 1, seed=2))
W1 = randn(5, 3, seed=3)
W2 = randn(5, 5, seed=4)
b2 = randn(5, 1, seed=5)
W3 = randn(5, 5, seed=6)
W4 = randn(2, 5, seed=7)
h1 = tanh(W1 @ x)
h2 = sigmoid(W2 @ h1 + b2)
h3 = tanh(W3 @ h2)
L = sum((W4 @ h3 - t)**2)""",
    "softmax batch": """X = const(randn(6, 3, seed=1))
t = const([0, 2, 1, 1, 0, 2])
W1 = randn(3, 5, seed=2)
b1 = randn(5, seed=3)
W2 = randn(5, 3, seed=4)
b2 = randn(3, seed=5)
h = relu(X @ W1 + b1)
z = h @ W2 + b2
L = cross_entropy(z, t)""",
    "scalar graph": """x1 = -1.3
w1 = 0.7
x2 = 0.4
w2 = 1.9
s = sin(x1 * w1)
c = cos(x2 * w2)
e = exp(s * c)
f = 1 / (2 + s**2 + c) + log(e + 3)""",
}


@cache
def networks() -> dict[str, gc.graph.Graph]:
    """The graphs by name: seven programs, and two networks recorded from torch."""
    import torch

    graphs = {name: gc.parse(text) for name, text in PROGRAMS.items()}
    generator = torch.Generator().manual_seed(3)

    def drawn(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    norm = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.LayerNorm(5), torch.nn.Tanh(), torch.nn.Linear(5, 3)).double()
    conv = torch.nn.Sequential(
        torch.nn.Conv1d(1, 2, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(12, 3)
    ).double()
    for name, module, x, t in (
        ("layer norm", norm, drawn(4, 3), drawn(4, 3)),
        ("convolution", conv, drawn(2, 1, 6), drawn(2, 3)),
    ):
        graphs[name] = gc.record(lambda x, t, module=module: torch.nn.functional.mse_loss(module(x), t), x, t)
    return graphs


def a_run(name: str, generator: np.random.Generator) -> Trace:
    """A network at random leaf values; class numbers stay."""
    graph = networks()[name]
    values = {}
    for leaf in graph.leaves:
        value = np.asarray(graph.leaf_values[leaf.index])
        if value.dtype.kind == "f" and not (leaf.index in graph.constants and np.array_equal(value, np.round(value))):
            values[leaf.name] = generator.normal(0, 0.9, value.shape) + (0.1 if not value.shape else 0.0)
    return gc.trace(graph, values)


@dataclass
class Planted:
    """A hand-in with mistakes: what was planted, where, and the arrays handed in, by node."""

    run: Trace
    changes: tuple[Change, ...]
    unlisted: int | None
    gradients: dict[int, Any]
    origins: frozenset[int]
    form: str
    leaves_only: bool

    def hand_in(self) -> HandIn:
        """The arrays as a file would carry them."""
        readings = tuple(
            handed(self.run.graph.names[index], gradient, self.form) for index, gradient in sorted(self.gradients.items())
        )
        return HandIn(readings, everything=readings)


def handed(name: str, gradient: Any, form: str) -> Reading:
    """One gradient in the form it is handed in."""
    array = np.asarray(gradient, dtype=np.float64)
    if form == "4 decimals":
        return Reading(name, np.round(array, 4), np.full(array.shape, 0.5e-4), form="numpy")
    return Reading(name, array, np.zeros(array.shape), EPS32 if form == "float32" else float(np.finfo(np.float64).eps))


def search_of(run: Trace) -> Search:
    """A search with nothing handed in, for its passes."""
    return Search(run, Places(run), run._gradients, {})


def backward(search: Search, belief: Belief, form: str, unlisted: tuple[int, Any] | None = None) -> dict[int, Any]:
    """The backward pass with the changes of a belief; in float32 every number is rounded on the way."""
    for index in search.active:
        total = search.computed(belief, index)
        if unlisted is not None and index == unlisted[0] and total is not None:
            total = unlisted[1](total)
        if form == "float32" and total is not None and not isinstance(total, dict):
            rounded = np.asarray(total, dtype=np.float32).astype(np.float64)
            total = float(rounded) if isinstance(total, float) else rounded
        belief.gradients[index] = total
    return belief.gradients


def canonical(search: Search, others: list[Search], node: int) -> list[Change]:
    """The changes at a node of which no earlier row of the table gives the same numbers at two other points."""
    kept: list[tuple[Change, list[Any]]] = []
    for change in sorted(search.changes(node), key=cost):
        numbers = [_numbers(other, change) for other in others]
        if any(n is None for n in numbers) or all(_alike(n, other.right[node]) for n, other in zip(numbers, others, strict=True)):
            continue
        if not any(all(_alike(a, b) for a, b in zip(numbers, known, strict=True)) for _, known in kept):
            kept.append((change, numbers))
    return [change for change, _ in kept]


def _numbers(search: Search, change: Change) -> Any:
    belief = Belief().with_change(change, change.node, 1.0)
    return search._wrong(belief, change)


def _alike(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-12 * max(1e-30, float(np.abs(b).max(initial=0.0)))))


@cache
def _canonical_of(name: str) -> dict[str, list[Change]]:
    """Every canonical change of a network by the name of its mistake."""
    generator = np.random.default_rng(12)
    search, *others = (search_of(a_run(name, generator)) for _ in range(3))
    found: dict[str, list[Change]] = {}
    for node in search.active:
        if search.places.leaving[node]:
            for change in canonical(search, others, node):
                found.setdefault(change.mistake.name, []).append(change)
    return found


def unlisted_mistakes(generator: np.random.Generator) -> list[Any]:
    """Errors that no row of the table makes."""
    stretch = generator.uniform(0.3, 3.0, 4096)
    return [
        lambda g: g * _fit(stretch, g),
        lambda g: np.sign(g) * np.abs(g) ** 1.5 * 1.3,
        lambda g: np.roll(np.asarray(g) * 1.37, 1) + 0.05 * float(np.abs(g).max()) if np.size(g) > 1 else g * 1.37 + 0.11,
        lambda g: np.where(_fit(stretch, g) > 1.5, 0.0, g) + _fit(stretch, g) * 0.07 * float(np.abs(g).max()),
    ]


def _fit(numbers: Any, g: Any) -> Any:
    return numbers[: np.size(g)].reshape(np.shape(g)) if np.size(g) <= 4096 else np.resize(numbers, np.shape(g))


def plant(name: str, count: int, form: str, leaves_only: bool, seed: int, listed: bool = True) -> Planted | None:
    """One hand-in with ``count`` mistakes of the table (or one outside of it), or None where no number changed."""
    generator = np.random.default_rng(seed)
    run = a_run(name, generator)
    if form == "float32":
        run = in_float32(run)
    search = search_of(run)
    by_name = _canonical_of(name)
    belief = Belief()
    unlisted = None
    changes: list[Change] = []
    if listed:
        for mistake in generator.choice(sorted(by_name), size=min(count, len(by_name)), replace=False):
            change = by_name[mistake][generator.integers(len(by_name[mistake]))]
            if change.node in {c.node for c in changes}:
                continue
            changes.append(change)
            belief = belief.with_change(change, change.node, 1.0)
    elif count:
        nodes = [k for k in search.active if search.places.leaving[k] and k not in run.graph.tuples]
        mistakes = unlisted_mistakes(generator)
        unlisted = (int(generator.choice(nodes)), mistakes[generator.integers(len(mistakes))])
    gradients = backward(search, belief, form, unlisted)
    asked = [k for k in search.active if gradients[k] is not None and not isinstance(gradients[k], dict)]
    asked = [k for k in asked if not leaves_only or run.graph.ops[k] is None]
    arrays = {k: handed("", gradients[k], form) for k in asked}
    origins = set()
    for node in {c.node for c in changes} | ({unlisted[0]} if unlisted else set()):
        plain = Belief(gradients)
        implied = search.computed(plain, node)
        if _differs(implied, handed("", gradients[node], form)):
            origins.add(node)
    if leaves_only:
        # a mistake that no handed-in number shows, nobody can find
        for change in changes:
            rest = Belief()
            for other in changes:
                rest = rest if other is change else rest.with_change(other, other.node, 1.0)
            without = backward(search, rest, form)
            if not any(_differs(without[k], arrays[k]) for k in asked):
                origins.discard(change.node)
    changed = any(_differs(run._gradients[k], arrays[k]) for k in asked)
    if (changes or unlisted) and not changed:
        return None
    return Planted(run, tuple(changes), None if unlisted is None else unlisted[0], {k: gradients[k] for k in asked},
                   frozenset(origins), form, leaves_only)  # fmt: skip


def _differs(right: Any, reading: Reading) -> bool:
    if right is None:
        return True
    array = np.asarray(right, dtype=np.float64)
    slack = reading.half * (1 + 1e-9) + 4096 * reading.eps * float(np.abs(array).max(initial=0.0))
    return bool((np.abs(array - reading.array) > slack).any())


def in_float32(run: Trace) -> Trace:
    """The same run with every forward value rounded to float32, as a person has it who works in single precision."""
    from graphcore.backprop.passes import backward as passes
    from graphcore.check.rounded import forward_rows

    graph = run.graph
    store = list(run._store)
    for index, kernel, arguments in forward_rows(graph):
        made = kernel(*[store[k] for k in arguments])
        store[index] = made if isinstance(made, tuple) else _single(made)
    with np.errstate(all="ignore"):
        gradients, downstream = passes(graph, graph.plan, store, run.seeds)
    return Trace(graph, store, gradients, downstream, run.seeds)


def _single(value: Any) -> Any:
    if np.asarray(value).dtype.kind != "f":
        return value
    rounded = np.asarray(value, dtype=np.float32).astype(np.float64)
    return float(rounded) if isinstance(value, float) else rounded


def point_of(run: Trace) -> dict[str, Any]:
    """The leaf values of a run, by name."""
    return {leaf.name: run.argument(leaf.index) for leaf in run.graph.leaves}


def cases(runs: int, form: str, leaves_only: bool, seed: int, listed: bool = True) -> Iterator[Planted]:
    """Planted hand-ins over all networks in turn, with one to three mistakes."""
    names = list(networks())
    made = tries = 0
    while made < runs and tries < 4 * runs:
        tries += 1
        planted = plant(names[tries % len(names)], 1 + tries % 3, form, leaves_only, seed + tries, listed)
        if planted is not None:
            made += 1
            yield planted
