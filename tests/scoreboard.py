"""torch's own op database through ``record`` and ``trace``: ``python -m tests.scoreboard [NAME ...] [--all]``.

Each entry of the database that has autograd on the CPU in float64 brings sample inputs. Every sample is recorded, traced with a
random upstream gradient and compared with ``torch.autograd.grad`` on the same numbers. An entry passes fully where
every sample does; a gradient that misses the rule is settled by a numerical derivative: where that sides with us, torch is
disputed.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

import graphcore as gc
from graphcore.compare.dispute import numerical
from graphcore.compare.states import EPS, NOISE_ALLOWED, compare_tensors, measure_noise, size
from graphcore.errors import ChainruleError

PER_ENTRY = 8  # samples of an entry that the command takes, spread over all it has
IN_TESTS = 5  # and those of the test, which runs whenever anything changes
LARGEST = 200_000  # numbers in a sample's tensors beyond which it is left out


@dataclass
class Entry:
    """What became of one entry of the database."""

    name: str
    passed: int = 0
    unsupported: int = 0
    disputed: int = 0
    wrong: int = 0
    left_out: int = 0
    says: Counter[str] = field(default_factory=Counter)

    @property
    def state(self) -> str:
        """One word for the entry: a wrong number decides, then what is missing."""
        if self.wrong:
            return "wrong"
        if self.disputed:
            return "disputed"
        if self.passed and not self.unsupported:
            return "full"
        return "part" if self.passed else "unsupported"


class Wrong(AssertionError):
    """A gradient of ours that torch and a numerical derivative contradict."""


class Disputed(Exception):
    """A gradient of ours that a numerical derivative confirms against torch."""


def entries() -> list[Any]:
    """The entries with autograd on the CPU in float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    return [e for e in op_db if e.supports_autograd and e.supports_dtype(torch.float64, "cpu")]


def full_name(entry: Any) -> str:
    """The entry's name with its variant."""
    return f"{entry.name}.{entry.variant_test_name}" if entry.variant_test_name else str(entry.name)


def samples(entry: Any, everything: bool, count: int = PER_ENTRY) -> Iterator[Any]:
    """Sample inputs that want gradients, with no more numbers than are affordable."""
    torch.manual_seed(20260601)
    found = list(entry.sample_inputs("cpu", torch.float64, requires_grad=True))
    step = 1 if everything else max(1, len(found) // count)
    yield from found[::step]


def case(entry: Any, sample: Any) -> tuple[Any, list[Any]]:
    """A function of tensors alone, and the tensors, of which some want a gradient."""
    leaves, spec = pytree.tree_flatten((sample.input, tuple(sample.args), sample.kwargs))
    places = [k for k, value in enumerate(leaves) if isinstance(value, torch.Tensor)]

    def function(*tensors: Any) -> Any:
        values = list(leaves)
        for k, tensor in zip(places, tensors, strict=True):
            values[k] = tensor
        given, args, kwargs = pytree.tree_unflatten(values, spec)
        return sample.output_process_fn_grad(entry.gradcheck_wrapper(entry.op, given, *args, **kwargs))

    return function, [leaves[k] for k in places]


def fresh(tensors: list[Any]) -> list[Any]:
    """The same tensors as leaves of their own, with their strides."""
    return [t.detach().clone().requires_grad_(t.requires_grad) for t in tensors]


def differentiable(found: Any) -> list[Any]:
    """The tensors of a result that gradient can start from, in their order."""
    return [t for t in pytree.tree_leaves(found) if isinstance(t, torch.Tensor)]


class Rounded(TorchDispatchMode):
    """Notices whether any number on the way has fewer digits than float64."""

    def __init__(self) -> None:
        super().__init__()
        self.met = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in pytree.tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and tensor.is_floating_point() and tensor.dtype != torch.float64:
                self.met = True
        return out


def run_sample(entry: Any, sample: Any) -> None:
    """One sample through both; raises :class:`Wrong`, :class:`Disputed` or a ChainruleError."""
    function, tensors = case(entry, sample)
    torch.manual_seed(7)
    graph = gc.record(function, *fresh(tensors))
    inputs = fresh(tensors)
    torch.manual_seed(7)
    with warnings.catch_warnings(), Rounded() as rounded:
        warnings.simplefilter("ignore")
        outputs = differentiable(function(*inputs))
    generator = np.random.default_rng(11)
    seeds = [generator.standard_normal(tuple(t.shape)) if t.requires_grad and t.is_floating_point() else None for t in outputs]
    pairs = [(t, torch.tensor(s)) for t, s in zip(outputs, seeds, strict=True) if s is not None]
    wanted = [t for t in inputs if t.requires_grad]
    if not pairs or not wanted:
        return
    found = torch.autograd.grad([t for t, _ in pairs], wanted, [s for _, s in pairs], allow_unused=True)
    run = gc.trace(graph, upstream=seeds if len(seeds) > 1 else seeds[0])
    # what a function rounds to fewer digits on purpose is computed here in full, and compared to those digits
    coarse = rounded.met
    for k, output in enumerate(outputs):
        if seeds[k] is not None:
            same_value(run, graph.output_indices[k], output.detach().double().numpy(), coarse)
    names = [node.index for node in graph.leaves if node.index not in graph.constants]
    theirs = dict(zip([k for k, t in enumerate(inputs) if t.requires_grad], found, strict=True))
    arguments = [name for name in graph.names if name.startswith("tensors[")]
    for k, other in theirs.items():
        index = graph.index(f"tensors[{k}]") if f"tensors[{k}]" in arguments else names[list(theirs).index(k)]
        same_gradient(run, index, None if other is None else other.detach().numpy(force=True), coarse)


def same_value(run: Any, index: int, theirs: Any, coarse: bool) -> None:
    """Raise :class:`Wrong` where a forward value is not torch's."""
    ours = run.value(index)
    if ours.shape != theirs.shape:
        raise Wrong(f"forward: shape {ours.shape} here, {theirs.shape} in torch")
    if not np.allclose(ours, theirs, rtol=0.01 if coarse else 1e-8, atol=0.01 if coarse else 1e-10, equal_nan=True):
        raise Wrong(f"forward: {np.nanmax(np.abs(ours - theirs)):.3g} apart")


def same_gradient(run: Any, index: int, theirs: Any, coarse: bool) -> None:
    """Raise where a gradient is neither torch's nor apart by its own noise."""
    ours = run.gradient(index)
    state, error = compare_tensors(ours, theirs)
    if state != "mismatch":
        return
    if ours is None or theirs is None:
        if not np.any(ours if theirs is None else theirs):
            return  # zero, or no gradient at all: the same slope
    elif ours.shape == theirs.shape and np.isfinite(ours).all() and np.isfinite(theirs).all():
        scale = max(size(theirs), *map(size, run.seeds.values()))
        noise = measure_noise(run, [index])[index] + EPS * scale
        if size(ours - theirs) <= NOISE_ALLOWED * noise + sensitivity(run, index) + (0.02 * scale if coarse else 0):
            return
    name = run.graph.names[index]
    direction = np.random.default_rng(3).uniform(0.5, 1.5, np.shape(run.argument(index)))
    slope, doubt = numerical(run, index, direction)
    along = [float(np.sum(direction * (0.0 if g is None else g))) for g in (ours, theirs)]
    near = [bool(np.isfinite(slope) and abs(slope - g) <= 4 * doubt + 1e-9 * abs(g)) for g in along]
    text = f"gradient of {name}: {_short(error)} eps; numerically {slope:.6g}, here {along[0]:.6g}, torch {along[1]:.6g}"
    if near[0] and not near[1]:
        raise Disputed(text)
    raise Wrong(text)


def _short(error: float | None) -> str:
    return "-" if error is None else f"{error:.3g}"


def sensitivity(run: Any, index: int) -> float:
    """How far the gradient moves when every leaf is off by one rounding, 64 times: near a singular point that is much."""
    generator = np.random.default_rng(5)
    graph = run.graph
    moved = {}
    for k in graph.leaf_values:
        value = np.asarray(run.argument(k))
        if value.dtype.kind == "f":
            moved[graph.names[k]] = value * (1 + EPS * (generator.integers(0, 2, size=value.shape) * 2 - 1))
    try:
        other = gc.trace(graph, moved, upstream={graph.names[k]: seed for k, seed in run.seeds.items()})
    except ChainruleError:
        return 0.0
    there, here = other.gradient(index), run.gradient(index)
    return 0.0 if there is None or here is None else NOISE_ALLOWED * size(there - here)


def run_entry(entry: Any, everything: bool = False, count: int = PER_ENTRY) -> Entry:
    """All samples of one entry."""
    result = Entry(full_name(entry))
    for sample in samples(entry, everything, count):
        numbers = sum(
            t.numel() for t in pytree.tree_leaves((sample.input, sample.args, sample.kwargs)) if isinstance(t, torch.Tensor)
        )
        if numbers > LARGEST:
            result.left_out += 1
            continue
        try:
            run_sample(entry, sample)
            result.passed += 1
        except Disputed as problem:
            result.disputed += 1
            result.says[f"disputed: {problem}"] += 1
        except Wrong as problem:
            result.wrong += 1
            result.says[f"wrong: {problem}"] += 1
        except ChainruleError as problem:
            result.unsupported += 1
            result.says[f"{type(problem).__name__}: {problem}"[:300]] += 1
        except Exception as problem:  # a fault of ours; not a wrong number, but no pass either
            result.unsupported += 1
            result.says[f"FAULT {type(problem).__name__}: {problem}"[:300]] += 1
    return result


def run_share(share: int, of: int, everything: bool, count: int, names: tuple[str, ...]) -> list[tuple[Entry, float]]:
    """One of ``of`` equal shares of the entries (those with one of these names, if any), with the seconds each took."""
    torch.set_num_threads(1)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for entry in [e for e in entries() if _wanted(full_name(e), names)][share::of]:
            began = time.perf_counter()
            found.append((run_entry(entry, everything, count), time.perf_counter() - began))
    return found


def _wanted(name: str, names: tuple[str, ...]) -> bool:
    return not names or any(name == wanted or name.startswith(f"{wanted}.") for wanted in names)


def run_all(everything: bool = False, count: int = PER_ENTRY, names: tuple[str, ...] = ()) -> list[tuple[Entry, float]]:
    """Every entry, in the order of the database, worked through by a process for each processor."""
    processes = 1 if names else os.cpu_count() or 1
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        given = [(share, processes, everything, count, names) for share in range(processes)]
        shares = [future.result() for future in [pool.submit(run_share, *arguments) for arguments in given]]
    return [found for row in zip_longest(*shares) for found in row if found is not None]


def scoreboard(found: list[Entry]) -> str:
    """The counts in one line."""
    counts = Counter(entry.state for entry in found)
    words = {"full": "fully pass", "part": "partly", "unsupported": "unsupported", "disputed": "torch disputed", "wrong": "wrong"}
    return f"{len(found)} entries: " + ", ".join(f"{counts[key]} {word}" for key, word in words.items())


def main(arguments: list[str]) -> int:
    """Print every entry that does not fully pass, and the counts."""
    everything = "--all" in arguments
    names = tuple(a for a in arguments if not a.startswith("-"))
    start = time.perf_counter()
    found = run_all(everything, names=names)
    for result, took in found:
        if result.state != "full" or names:
            counts = f"{result.passed} pass, {result.unsupported} unsupported, {result.wrong} wrong"
            print(f"{result.state:12} {result.name}: {counts} ({took:.1f} s)")
            for text, count in result.says.most_common(4):
                print(f"    {count} x {text}")
    results = [result for result, _ in found]
    print(scoreboard(results), f"in {time.perf_counter() - start:.0f} s")
    return 1 if any(entry.wrong for entry in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
