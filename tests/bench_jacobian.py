"""Time and memory of local Jacobians on a network 784-512-512-10 at batch 64: ``python tests/bench_jacobian.py``."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc

import numpy as np

from graphcore.backprop import Trace, trace
from graphcore.graph import Builder
from graphcore.jacobian import local_jacobian


def network(activation: str = "relu") -> Trace:
    rng = np.random.default_rng(0)
    b = Builder()
    h = b.leaf("X", rng.normal(size=(64, 784)))
    for k, (n, m) in enumerate([(784, 512), (512, 512), (512, 10)], 1):
        weights = b.leaf(f"W{k}", rng.normal(size=(n, m)) / np.sqrt(n))
        z = b.apply("add", b.apply("matmul", h, weights, name=f"p{k}"), b.leaf(f"b{k}", rng.normal(size=m)), name=f"z{k}")
        h = b.apply(activation, z, name=f"h{k}") if k < 3 else b.apply("log_softmax", z, name="logp")
    classes = b.leaf("t", rng.integers(0, 10, 64), wants_gradient=False)
    b.apply("neg", b.apply("mean", b.apply("pick", h, classes, name="picked"), name="average"), name="loss")
    return trace(b.graph())


def microseconds(work: object, times: int) -> float:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()  # type: ignore[operator]
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1e6


def main() -> None:
    rng = np.random.default_rng(1)
    run = network()
    values = sum(run.value(k).nbytes for k in range(len(run.graph)))
    edges = run.graph.backward_edges
    local_jacobian(run, edges[0]).entry(0)  # what is compiled once per op is not what is measured
    print(f"{'edge':18}{'size':>16}  {'kind':12}{'structure':14}{'made':>8}{'16x16':>8}{'entry':>8}{'row':>8}   (us, medians)")
    for edge in edges:
        local = local_jacobian(run, edge)
        local.entry(0)
        rows, columns = local.shape
        r, c = (int(rng.integers(max(n - 16, 1))) for n in (rows, columns))
        figures = [
            microseconds(lambda edge=edge: local_jacobian(run, edge).kind, 50),  # type: ignore[misc]
            max(
                microseconds(lambda a=a, b=b: local.block(slice(a, a + 16), slice(b, b + 16)), 300)  # type: ignore[misc]  # noqa: B023
                for a, b in ((0, 0), (r, c))
            ),
            microseconds(lambda c=c: local.entry(c), 100),  # type: ignore[misc]  # noqa: B023
            microseconds(lambda r=r: local.row(r), 100),  # type: ignore[misc]  # noqa: B023
        ]
        name = f"d{run.graph.names[edge.target]}/d{run.graph.names[edge.source]}"
        size = f"{rows} x {columns}"
        print(f"{name:18}{size:>16}  {local.kind:12}{local.structure:14}" + "".join(f"{f:8.1f}" for f in figures))
    for activation in ("relu", "sigmoid"):
        run = network(activation)
        gc.collect()
        tracemalloc.start()
        kept = [local_jacobian(run, edge) for edge in run.graph.backward_edges]
        for local in kept:
            local.entry(0)
        extra = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        print(f"{activation}: all {len(kept)} Jacobians hold {extra / 1e6:.2f} MB, {extra / values:.1%} of the values")


if __name__ == "__main__":
    main()
