"""What Chainrule costs beside torch: paired, interleaved, medians as ratios, one thread. Run by ``make bench``.

``python -m tests.bench first wide`` runs these rows alone: A, D, F, wide, first, chain, others, picture.

Every row times the two sides in turn, so a slow moment of the machine falls on both. torch's side makes fresh leaves,
runs forward and ``autograd.grad`` for the same leaves; ours is ``graphcore.trace(graph, values)``, which keeps every
node's numbers.
"""

from __future__ import annotations

import gc as collector
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch

import graphcore as gc
from graphcore import problems

SIGMOID_WIDTHS = (2, 10, 10, 1)
DEEP_WIDTHS = (10, *[21] * 11, 1)


class Row(NamedTuple):
    """One measured figure beside its limit."""

    name: str
    figure: float
    limit: float | None
    unit: str


def median_ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int, inner: int) -> tuple[float, float, float]:
    """The median over rounds of ours/theirs, and both medians in microseconds a call."""
    pairs = []
    for _ in range(rounds):
        timed = []
        for work in (ours, theirs):
            start = time.perf_counter()
            for _ in range(inner):
                work()
            timed.append((time.perf_counter() - start) / inner)
        pairs.append(timed)
    ratio = statistics.median(a / b for a, b in pairs)
    return ratio, statistics.median(a for a, _ in pairs) * 1e6, statistics.median(b for _, b in pairs) * 1e6


def torch_gradients(values: dict[str, np.ndarray], forward: Callable[[dict[str, torch.Tensor]], torch.Tensor], wanted: list[str]):
    """A call that makes fresh leaves, runs forward and asks for the gradients of the wanted ones."""

    def work():
        leaves = {name: torch.tensor(value, requires_grad=name in wanted) for name, value in values.items()}
        return torch.autograd.grad(forward(leaves), [leaves[name] for name in wanted])

    return work


def scalar_graph(t: dict[str, torch.Tensor]) -> torch.Tensor:
    s = torch.sin(t["x1"] * t["w1"])
    c = torch.cos(t["x2"] * t["w2"])
    return 1 / (2 + s**2 + c)


def network_text(widths: tuple[int, ...], activation: str, batch: int, first_activation: int = 1) -> str:
    """A fully connected network with squared loss as a program; rows are examples."""
    lines = [f"x = const(rand({batch}, {widths[0]}, seed=1))", f"t = const(rand({batch}, {widths[-1]}, seed=2))"]
    last = "x"
    for k in range(1, len(widths)):
        scale = 1 / widths[k - 1] ** 0.5
        lines.append(f"W{k} = randn({widths[k - 1]}, {widths[k]}, seed={k + 10}) * {scale:.6f}")
        lines.append(f"b{k} = randn({widths[k]}, seed={k + 50}) * 0.1")
        hidden = k < len(widths) - 1 and k >= first_activation
        lines.append(f"z{k} = {last} @ W{k} + b{k}")
        if hidden:
            lines.append(f"h{k} = {activation}(z{k})")
        last = f"h{k}" if hidden else f"z{k}"
    lines.append(f"L = mean(({last} - t)**2)")
    return "\n".join(lines)


def network_forward(widths: tuple[int, ...], activation: Callable, first_activation: int = 1):
    """The same network as a torch person writes it, with addmm."""

    def forward(t: dict[str, torch.Tensor]) -> torch.Tensor:
        h = t["x"]
        for k in range(1, len(widths)):
            h = torch.addmm(t[f"b{k}"], h, t[f"W{k}"])
            if first_activation <= k < len(widths) - 1:
                h = activation(h)
        return ((h - t["t"]) ** 2).mean()

    return forward


def versus_torch(name: str, graph: gc.Graph, forward: Callable, limit: float, rounds: int, inner: int) -> Row:
    """One graph traced by us and run by torch, in turn; the gradients are compared first."""
    run = gc.trace(graph)
    values = {leaf.name: np.array(run.value(leaf.name)) for leaf in graph.leaves}
    wanted = [leaf.name for leaf in graph.leaves if leaf.index not in graph.constants]
    theirs = torch_gradients(values, forward, wanted)
    for leaf, gradient in zip(wanted, theirs(), strict=True):
        worst = np.max(np.abs(run.gradient(leaf) - gradient.numpy()))
        if not worst <= 1e-9 * max(1.0, float(gradient.abs().max())):
            raise SystemExit(f"{name}: the gradients of {leaf} differ by {worst}")
    ours_values = {leaf: float(v) if v.ndim == 0 else v for leaf, v in values.items()}
    ratio, ours_us, theirs_us = median_ratio(lambda: gc.trace(graph, ours_values), theirs, rounds, inner)
    print(f"    {name}: ours {ours_us:.1f} us, torch {theirs_us:.1f} us")
    return Row(f"{name}, trace / torch", ratio, limit, "")


def first_run(text: str, forward: Callable, limit: float) -> Row:
    """Parse, plan and trace together, over torch's forward and backward."""
    graph = gc.parse(text)
    run = gc.trace(graph)
    values = {leaf.name: np.array(run.value(leaf.name)) for leaf in graph.leaves}
    theirs = torch_gradients(values, forward, [leaf.name for leaf in graph.leaves if leaf.index not in graph.constants])
    ratio, ours_us, theirs_us = median_ratio(lambda: gc.trace(gc.parse(text)), theirs, 15, 5)
    print(f"    F first run: ours {ours_us:.0f} us, torch {theirs_us:.0f} us")
    return Row("F first run with parse / torch", ratio, limit, "")


def chain(count: int) -> list[Row]:
    """A chain of scalar nodes: building it and tracing it."""
    build, run = [], []
    for _ in range(7):
        collector.collect()
        start = time.perf_counter()
        builder = gc.Builder()
        x = builder.leaf("x", 0.5)
        for _ in range(count):
            x = builder.apply("sin", x)
        graph = builder.graph()
        build.append(time.perf_counter() - start)
        gc.trace(graph)
        start = time.perf_counter()
        gc.trace(graph)
        run.append(time.perf_counter() - start)
    return [
        Row("chain of 100,000: building", statistics.median(build) / count * 1e6, 1.5, "us a node"),
        Row("chain of 100,000: trace", statistics.median(run) / count * 1e6, 1.0, "us a node"),
    ]


def others() -> list[Row]:
    """Two other engines on problem A, where they are installed."""
    rows = []
    try:
        import autograd
        import autograd.numpy as anp
    except ImportError:
        pass
    else:

        def f(x1, w1, x2, w2):
            return 1 / (2 + anp.sin(x1 * w1) ** 2 + anp.cos(x2 * w2))

        gradient = autograd.grad(f, (0, 1, 2, 3))
        graph = gc.parse(problem("a"))
        values = {"x1": -1.0, "w1": 3.0, "x2": -2.0, "w2": 3.0}
        ratio, _, _ = median_ratio(lambda: gc.trace(graph, values), lambda: gradient(-1.0, 3.0, -2.0, 3.0), 15, 100)
        rows.append(Row("A, trace / HIPS autograd", ratio, None, ""))
    try:
        from micrograd.engine import Value
    except ImportError:
        return rows

    def small() -> None:
        x = Value(0.5)
        y = x
        for _ in range(200):
            y = y * 1.001 + x
        y.backward()

    builder = gc.Builder()
    x = builder.leaf("x", 0.5)
    y = x
    for _ in range(200):
        y = builder.apply("add", builder.apply("mul", y, 1.001), x)
    graph = builder.graph()
    ratio, _, _ = median_ratio(lambda: gc.trace(graph), small, 15, 5)
    rows.append(Row("chain of 400, trace / micrograd", ratio, None, ""))
    return rows


def problem(key: str) -> str:
    """A gallery program by its key."""
    return next(example.text for example in problems.GALLERY if example.key == key)


def picture() -> list[Row]:
    """From a changed number to new numbers for the picture, and from a new program to its geometry."""
    from graphcore.picture.session import Session

    text = problem("a") + "".join(f"\ng{k} = {'f' if k == 0 else f'g{k - 1}'} * 2 + sin(x1)" for k in range(3))
    session = Session()
    session.act({"id": 1, "kind": "run", "text": text})
    shown = session.payload()["stamp"]
    times, fresh = [], []
    for k in range(40):
        start = time.perf_counter()
        # as the browser does it: the new number, and what it shows already
        session.act({"id": 2 + k, "kind": "nudge", "text": text, "values": {"w1": 3 + k / 100}, "have": shown})
        shown = session.payload()["stamp"]
        times.append(time.perf_counter() - start)
    for k in range(12):
        start = time.perf_counter()
        Session().act({"id": 1, "kind": "run", "text": f"{text} + sin(w1) * {k + 3}.5 + " + "+".join(["x1"] * (k + 1))})
        fresh.append(time.perf_counter() - start)
    count = len(gc.parse(text))
    return [
        Row(f"changed number to numbers for the picture, {count} nodes", statistics.median(times) * 1e3, 5.0, "ms"),
        Row(f"new program to its geometry, about {count} nodes", statistics.median(fresh) * 1e3, 100.0, "ms"),
    ]


def report(rows: Iterable[Row]) -> int:
    """Print every row beside its limit; returns how many missed theirs."""
    missed = 0
    for row in rows:
        verdict = "" if row.limit is None else ("ok" if row.figure <= row.limit else "MISSED")
        missed += verdict == "MISSED"
        limit = "" if row.limit is None else f"limit {row.limit:g}"
        print(f"{row.name:62s} {row.figure:8.3f} {row.unit:10s} {limit:12s} {verdict}", flush=True)
    return missed


def main() -> int:
    torch.set_num_threads(1)
    deep = network_text(DEEP_WIDTHS, "relu", 1, first_activation=2)
    deep_forward = network_forward(DEEP_WIDTHS, torch.relu, first_activation=2)
    wide = (784, 512, 512, 10)
    work: dict[str, Callable[[], Row | list[Row]]] = {
        "A": lambda: versus_torch("A", gc.parse(problem("a")), scalar_graph, 0.2, 25, 200),
        "D": lambda: versus_torch(
            "D 2-10-10-1",
            gc.parse(network_text(SIGMOID_WIDTHS, "sigmoid", 1)),
            network_forward(SIGMOID_WIDTHS, torch.sigmoid),
            0.65,
            25,
            100,
        ),
        "F": lambda: versus_torch("F deep", gc.parse(deep), deep_forward, 0.65, 25, 30),
        "wide": lambda: versus_torch(
            "784-512-512-10 b64",
            gc.parse(network_text(wide, "relu", 64)),
            network_forward(wide, torch.relu),
            1.15,
            15,
            3,
        ),
        "first": lambda: first_run(deep, deep_forward, 4.0),
        "chain": lambda: chain(100_000),
        "others": others,
        "picture": picture,
    }
    rows: list[Row] = []
    for name in sys.argv[1:] or work:
        made = work[name]()
        rows += made if isinstance(made, list) else [made]
    return 1 if report(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
