"""What recorded networks cost beside torch: ratios of interleaved pairs, float64, one thread. Run by ``make bench``.

torch's side runs the module forward and ``autograd.grad`` for the same leaves; ours is ``graphcore.trace(graph)``, which
keeps every node's value and gradient. Beside each stands the floor: the time of the matrix products alone, in NumPy's BLAS.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import graphcore as gc
from pages.ui.memory import keep_memory
from tests.bench import Row, median_ratio, report
from tests.models import Block, LeNet, Recurrent, WithLoss, classes, numbers, seeded, squared, tail

Products = list[tuple[tuple[int, ...], tuple[int, ...]]]


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def linear_products(rows: int, *widths: int) -> Products:
    """The products of fully connected layers: forward, weight's and input's gradient."""
    found: Products = []
    for a, b in pairwise(widths):
        found += [((rows, a), (a, b)), ((b, rows), (rows, a)), ((rows, b), (b, a))]
    return found


def convolution_products(batch: int, channels: int, size: int, kernel: int, filters: int) -> Products:
    """The products of a convolution written as one matrix product over its windows."""
    windows, entries = batch * size * size, channels * kernel * kernel
    return [
        ((filters, entries), (entries, windows)),
        ((filters, windows), (windows, entries)),
        ((entries, filters), (filters, windows)),
    ]


def floor(products: Products) -> Callable[[], object]:
    """A call that computes these matrix products and nothing else."""
    pairs = [(np.ones(a), np.ones(b)) for a, b in products]
    return lambda: [a @ b for a, b in pairs]


def traced(
    name: str, model: nn.Module, inputs: tuple[Any, ...], limit: float, products: Products, rounds: int, inner: int
) -> Iterator[Row]:
    """One network traced by us and run by torch, in turn; the gradients are compared first."""
    graph = gc.record(model, *inputs)
    run = gc.trace(graph)
    parameters = dict(model.named_parameters())

    def theirs() -> Any:
        return torch.autograd.grad(model(*inputs), list(parameters.values()))

    for key, gradient in zip(parameters, theirs(), strict=True):
        worst = float(np.max(np.abs(run.gradient(key) - gradient.numpy())))
        if not worst <= 1e-9 * max(1.0, float(gradient.abs().max())):
            raise SystemExit(f"{name}: the gradients of {key} differ by {worst}")
    ratio, ours_us, theirs_us = median_ratio(lambda: gc.trace(graph), theirs, rounds, inner)
    least, floor_us, _ = median_ratio(floor(products), theirs, max(3, rounds // 3), inner)
    print(f"    {name}: ours {ours_us:.0f} us, torch {theirs_us:.0f} us, matrix products alone {floor_us:.0f} us")
    yield Row(f"{name}, trace / torch (floor {least:.2f})", ratio, limit, "")
    yield recorded(name, model, inputs, 20.0, max(5, rounds // 3))


def recorded(name: str, model: nn.Module, inputs: tuple[Any, ...], limit: float | None, rounds: int) -> Row:
    """What recording costs beside the forward pass."""
    with torch.no_grad():
        ratio, _, _ = median_ratio(lambda: gc.record(model, *inputs), lambda: model(*inputs), rounds, 1)
    return Row(f"{name}, record / forward", ratio, limit, "")


def large() -> Iterator[Row]:
    """A residual network of 18 layers at 64 pixels: time of the whole way, and memory over the values it keeps."""
    try:
        import transformers
    except ImportError:
        print("    transformers is not installed: ResNet-18 is not measured")
        return
    config = transformers.ResNetConfig(
        layer_type="basic", depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512], embedding_size=64, num_labels=10
    )
    body = seeded(lambda: transformers.ResNetForImageClassification(config))

    class Loss(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = body

        def forward(self, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return F.cross_entropy(self.body(x).logits, target)

    model, inputs = Loss(), (numbers(1, 3, 64, 64), classes(10, 1))
    start = time.perf_counter()
    graph = gc.record(model, *inputs)
    run = gc.trace(graph)
    verdict = gc.compare(run).verdict
    yield Row(f"ResNet-18 at 64 pixels recorded, traced, compared ({verdict})", time.perf_counter() - start, 10.0, "s")
    kept = sum(_bytes(run.argument(k)) for k in range(len(graph))) + sum(_bytes(run.gradient(k)) for k in range(len(graph)))
    del run
    tracemalloc.start()
    gc.compare(gc.trace(graph))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    yield Row("ResNet-18, memory over the values it keeps", peak / kept, 3.0, "")


def _bytes(value: Any) -> int:
    if isinstance(value, tuple):
        return sum(map(_bytes, value))
    return 0 if value is None else np.asarray(value).nbytes


def rows(names: Iterable[str]) -> Iterator[Row]:
    """The rows asked for, all by default: wide, lenet, block, small, resnet."""
    wanted = set(names) or {"wide", "lenet", "block", "small", "resnet"}
    if "wide" in wanted:
        model, inputs = WithLoss(seeded(mlp), squared), (numbers(64, 784), numbers(64, 10, seed=1))
        yield from traced("784-512-512-10 batch 64", model, inputs, 1.15, linear_products(64, 784, 512, 512, 10), 21, 3)
    if "lenet" in wanted:
        model, inputs = WithLoss(seeded(LeNet), tail), (numbers(8, 1, 28, 28), classes(10, 8))
        products = (
            convolution_products(8, 1, 28, 5, 6) + convolution_products(8, 6, 10, 5, 16) + linear_products(8, 400, 120, 84, 10)
        )
        yield from traced("LeNet batch 8", model, inputs, 1.4, products, 21, 3)
    if "block" in wanted:
        model, inputs = WithLoss(seeded(lambda: Block(256, 8)), squared), (numbers(2, 64, 256), numbers(2, 64, 256, seed=1))
        products = linear_products(128, 256, 768) + linear_products(128, 256, 256) + linear_products(128, 256, 1024, 256)
        yield from traced("transformer block d=256", model, inputs, 1.5, products, 21, 3)
    if "small" in wanted:
        # where an op takes torch a few microseconds, watching it costs many times that: told, not limited
        deep = seeded(lambda: nn.Sequential(*[layer for _ in range(10) for layer in (nn.Linear(21, 21), nn.ReLU())]))
        yield recorded("ten layers of width 21", deep, (numbers(1, 21),), None, 21)
        yield recorded("LSTM over 9 words", seeded(lambda: Recurrent(nn.LSTM)), (classes(11, 2, 9),), None, 7)
    if "resnet" in wanted:
        yield from large()


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)
    if keep_memory():
        print("    the C library keeps what is freed, for both sides, as the app has it")
    return 1 if report(rows(arguments)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
