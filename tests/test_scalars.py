"""Down to scalars: gradients add up from the edges shown, and what is written out is the value."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from aten_cases_two import ALL
from aten_harness import overload
from op_samples import samples
from test_aten_rows_one import made

import graphcore as gc
from graphcore.backprop import Trace, trace
from graphcore.errors import EntryError
from graphcore.graph import Builder
from graphcore.jacobian.parts import flattened, size_of
from graphcore.networks import GALLERY
from graphcore.ops import REGISTRY
from graphcore.picture.network.session import NetworkSession
from graphcore.picture.network.views import settings_of
from graphcore.picture.session import Session
from graphcore.scalars import At, Quantity, entry_of, scalar, scalar_count
from graphcore.scalars.table import ROWS

EVERYTHING = 10**6
EPS = float(np.finfo(np.float64).eps)


def entries(run: Trace, node: int, most: int = 6) -> Iterator[tuple[int, ...]]:
    size = size_of(run, node)
    for position in sorted({round(k * (size - 1) / max(most - 1, 1)) for k in range(most)} if size else ()):
        yield entry_of(run, node, position)


def adds_up(run: Trace, node: int, entry: tuple[int, ...]) -> None:
    """The gradient is the sum of what the edges carry, whether all are shown or few with a rest."""
    opened = scalar(run, node, entry, limit=EVERYTHING)
    if opened.gradient is None:
        assert all(link.downstream is None for link in opened.to.shown)
        return
    parts = [link.downstream for link in opened.to.shown if link.downstream is not None]
    parts += [opened.seed] if opened.seed is not None else []
    assert opened.to.more == 0
    if not np.isfinite([opened.gradient, *parts]).all():
        return
    assert all(link.downstream == link.upstream * link.local for link in opened.to.shown if link.downstream is not None)
    largest = np.abs(flattened(run, node, run.gradient(node))).max()
    room = 512 * EPS * max(sum(map(abs, parts)), largest)
    left = opened.to.rest or 0.0
    assert abs(math.fsum(parts) + left - opened.gradient) <= room, opened
    few = scalar(run, node, entry, limit=2)
    shown = [link.downstream for link in few.to.shown if link.downstream is not None]
    assert abs(math.fsum(shown) + (few.to.rest or 0.0) + (few.seed or 0.0) - few.gradient) <= room


def both_ways(run: Trace, node: int, entry: tuple[int, ...]) -> None:
    """An edge seen from its end is the edge seen from its beginning."""
    opened = scalar(run, node, entry, limit=EVERYTHING)
    for link in opened.came.shown[:4]:
        other = scalar(run, link.node, link.entry, limit=EVERYTHING)
        back = [one for one in other.to.shown if one.edge == link.edge and one.entry == entry]
        if math.isfinite(link.local):
            assert [one.local for one in back] == pytest.approx([link.local], rel=1e-12) or (not back and link.local == 0)


def evaluated(run: Trace, opened: Any) -> float:
    """What the written-out form comes to with all digits."""
    texts = []
    for token in opened.written.tokens:
        if isinstance(token, str):
            texts.append(token)
        elif isinstance(token, Quantity):
            texts.append(f"({token.value!r})")
        else:
            assert isinstance(token, At)
            value: Any = run.argument(token.node)
            flat = np.concatenate([np.ravel(part) for part in value]) if isinstance(value, tuple) else np.ravel(value)
            texts.append(f"({float(flat[token.position])!r})")
    text = "".join(texts).replace("·", "*").replace("\u2212", "-").replace("²", "**2").replace("√", "sqrt").replace("^", "**")
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    names = {name: getattr(np, name) for name in ("exp", "log", "sqrt", "max", "min", "inf", "nan")}
    names |= {"abs": abs, "max": lambda *x: np.max(x), "min": lambda *x: np.min(x)}
    return float(eval(text, {"__builtins__": {}}, names))  # noqa: S307  # our own text


def runs_of(name: str) -> Iterator[Trace]:
    op = REGISTRY[name]
    for sample in samples(op):
        b = Builder()
        leaves = [b.leaf(f"x{k}", value) for k, value in enumerate(sample.operands)]
        y = b.apply(op, *leaves, name="y", **sample.statics)
        graph = b.graph(y)
        with np.errstate(all="ignore"):
            yield trace(graph, upstream=np.random.default_rng(5).normal(size=graph.shapes[y]))


@pytest.mark.parametrize("name", REGISTRY)
def test_every_op_adds_up_and_is_written_as_its_value(name: str) -> None:
    for run in runs_of(name):
        for node in range(len(run.graph)):
            for entry in entries(run, node):
                adds_up(run, node, entry)
        y = len(run.graph) - 1
        for entry in entries(run, y, 3):
            both_ways(run, y, entry)
            opened = scalar(run, y, entry)
            assert opened.written.symbols(run)
            assert opened.written.numbers(run)
            if name in ROWS and math.isfinite(opened.value):
                assert evaluated(run, opened) == pytest.approx(opened.value, rel=1e-9, abs=1e-12)


def recorded_runs() -> Iterator[Any]:
    groups = ("linear", "reductions", "views", "places", "joins", "binary", "picks")
    cases = [(name, args, kwargs) for group, _, (name, args, kwargs) in made() if group in groups]
    cases += [(name, args, rest[0] if rest else {}) for name, args, *rest in ALL]
    for k, (name, args, kwargs) in enumerate(cases):
        yield pytest.param(name, args, kwargs, id=f"{k}-{name}")


def recorded(name: str, args: Any, kwargs: Any) -> Trace | None:
    """One call recorded alone, with a random upstream gradient; None where there is no gradient to have."""
    tensors: list[torch.Tensor] = []

    def taken(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [taken(part) for part in value]
        if isinstance(value, torch.Tensor):
            tensors.append(value)
            return len(tensors) - 1, "tensor"
        return value

    def given(value: Any, now: Any) -> Any:
        if isinstance(value, tuple) and value[1:] == ("tensor",):
            return now[value[0]]
        return [given(part, now) for part in value] if isinstance(value, list) else value

    shape = taken(list(args))
    try:
        graph = gc.record(lambda *now: overload(name)(*given(shape, now), **kwargs), *tensors)
    except (RuntimeError, ValueError, NotImplementedError):
        return None
    rng = np.random.default_rng(3)
    kinds = graph.recorded.kinds if graph.recorded else {}
    upstream = [None if k in kinds else rng.normal(size=graph.shapes[k]) for k in graph.output_indices]
    if name == "native_group_norm":
        upstream[1:] = [None, None]  # as in torch, its moments are numbers where they alone are used
    try:
        return trace(graph, upstream=upstream if len(upstream) > 1 else upstream[0])
    except (ValueError, RuntimeError):
        return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args", "kwargs"), list(recorded_runs()))
def test_every_recorded_op_adds_up(name: str, args: Any, kwargs: Any) -> None:
    with np.errstate(all="ignore"):
        run = recorded(name, args, kwargs)
        if run is None:
            return
        for node, op in enumerate(run.graph.ops):
            for entry in entries(run, node, 4):
                adds_up(run, node, entry)
                opened = scalar(run, node, entry)
                assert (op is None) == (opened.written.symbols(run) == "")
                listed = op is not None and opened.written.symbols(run).startswith(f"{op.name}(")
                if op and op.name in ROWS and not listed and math.isfinite(opened.value):
                    assert evaluated(run, opened) == pytest.approx(opened.value, rel=1e-6, abs=1e-9)


# ---- what a person reads -----------------------------------------------------------------------------------------


def run_of(text: str) -> Trace:
    return trace(gc.parse(text))


def lines(text: str, node: str, entry: tuple[int, ...] = ()) -> tuple[str, str]:
    run = run_of(text)
    opened = scalar(run, node, entry)
    return opened.written.symbols(run), opened.written.numbers(run)


WRITTEN = [
    (
        "W = [[1, 2], [3, 4]]\nx = [[5], [-6]]\nz = W @ x\ny = sum(z)",
        "z",
        (1, 0),
        "W[1,0]·x[0,0] + W[1,1]·x[1,0]",
        "3·5 + 4·(−6)",
    ),
    ("x = [1, 2]\ny = sum(softmax(x)[0])", "v1", (0,), "exp(x[0]) / (exp(x[0]) + exp(x[1]))", "exp(1) / (exp(1) + exp(2))"),
    ("x = [3, -4]\ny = norm(x)", "y", (), "√(x[0]² + x[1]²)", "√(3² + (−4)²)"),
    ("x = [3, -4]\ny = mean(x)", "y", (), "(x[0] + x[1]) / 2", "(3 + (−4)) / 2"),
    ("x = [3, -4]\ny = max(x)", "y", (), "max(x[0], x[1])", "max(3, −4)"),
    ("x = [[1, 2], [3, 4]]\nb = [5, 6]\nz = x * b + 1\ny = sum(z)", "v1", (1, 0), "x[1,0]·b[0]", "3·5"),
    ("x = [[1, 2, 3], [4, 5, 6]]\nz = x.T\ny = sum(z * z)", "z", (2, 1), "x[1,2]", "6"),
    ("x = [[1, 2], [3, 4]]\nk = const([1, 1])\nz = take(x, k)\ny = sum(z)", "z", (0, 1), "x[1,1]", "4"),
]


@pytest.mark.parametrize(("text", "node", "entry", "symbols", "numbers"), WRITTEN)
def test_an_entry_is_written_as_people_write_it(text: str, node: str, entry: Any, symbols: str, numbers: str) -> None:
    assert lines(text, node, entry) == (symbols, numbers)


def test_a_convolution_says_its_window_and_the_padding() -> None:
    def forward(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv2d(x, w, padding=1).sum()

    x, w = torch.arange(9.0).reshape(1, 1, 3, 3), torch.ones(2, 1, 3, 3)
    run = trace(gc.record(forward, x.requires_grad_(), w.requires_grad_()))
    name = next(node.name for node in run.graph.nodes if node.op and node.op.name == "convolution")
    corner = scalar(run, name, (0, 1, 0, 0))
    assert corner.written.symbols(run).startswith("x[0,0,0,0]·w[1,0,1,1] + x[0,0,0,1]·w[1,0,1,2]")
    assert any("x[0,0,0:2,0:2]" in text and "w[1]" in text for text in corner.written.says)
    assert any("5 of the window's 9 places lie in the padding" in text for text in corner.written.says)
    weight = scalar(run, "w", (1, 0, 0, 0))
    assert weight.to.size == 4, "the corner of the kernel meets the image at four places"
    assert math.fsum(link.downstream or 0 for link in weight.to.shown) == weight.gradient == 0 + 1 + 3 + 4


def test_a_bias_is_the_sum_over_the_batch() -> None:
    run = run_of("x = [[1, 2], [3, 4], [5, 6]]\nb = [1, -1]\nz = x + b\ny = sum(z * z)")
    bias = scalar(run, "b", (1,))
    assert [link.entry for link in bias.to.shown] == [(0, 1), (1, 1), (2, 1)]
    assert bias.gradient == sum(link.downstream or 0 for link in bias.to.shown) == 2 * (1 + 3 + 5)
    assert bias.says == ("`z` uses it 3 times (summed over 3 rows): what they hand on adds up.",)


def test_a_row_looked_up_twice_is_a_sum() -> None:
    numbers = torch.tensor([[0, 2], [2, 1]])
    table = torch.arange(12.0).reshape(4, 3).requires_grad_()
    run = trace(gc.record(lambda w: torch.nn.functional.embedding(numbers, w, padding_idx=1).pow(2).sum(), table))
    twice = scalar(run, "w", (2, 1))
    assert [link.entry for link in twice.to.shown] == [(0, 1, 1), (1, 0, 1)]
    assert twice.gradient == 2 * 2 * 7
    assert scalar(run, "w", (1, 0)).to.size == 0
    for entry in entries(run, 0, 12):
        adds_up(run, 0, entry)


def test_an_operand_used_twice_has_two_edges() -> None:
    run = run_of("x = 3\ny = x * x")
    x = scalar(run, "x")
    assert [(link.edge.slot, link.local, link.downstream) for link in x.to.shown] == [(0, 3, 3), (1, 3, 3)]
    assert x.gradient == 6
    y = scalar(run, "y")
    assert (y.seed, y.gradient, y.to.size) == (1, 1, 0)
    assert [link.gradient for link in y.came.shown] == [6, 6]


def test_pages_hold_every_edge_once_the_largest_first() -> None:
    run = run_of("x = randn(30, 40)\nw = randn(40)\ny = sum((x @ w) ** 2)")
    whole = scalar(run, "w", (3,), limit=EVERYTHING).to
    pages = [scalar(run, "w", (3,), to=start, limit=8).to for start in range(0, whole.size, 8)]
    met = [link.entry for page in pages for link in page.shown]
    assert len(set(met)) == len(met) == whole.size == 30
    sizes = [abs(link.downstream or 0) for page in pages for link in page.shown]
    assert sizes == sorted(sizes, reverse=True)
    assert (pages[0].more, pages[0].start, pages[1].start) == (22, 0, 8)


def test_many_terms_are_counted_and_their_rest_is_said() -> None:
    run = run_of("x = randn(2, 784)\nw = randn(784, 3)\nz = x @ w\ny = sum(z)")
    opened = scalar(run, "z", (1, 2))
    assert opened.came.size == 2 * 784
    assert opened.written.symbols(run).endswith("… (772 more)")
    assert opened.written.symbols(run).count("·") == 12
    assert evaluated(run, opened) == pytest.approx(opened.value)


@pytest.mark.parametrize(("node", "entry"), [("z", (2, 0)), ("z", (0,)), ("z", (-1, 0)), ("y", (0,)), ("z", (0, 0.0))])
def test_an_entry_that_is_not_there_is_refused(node: str, entry: Any) -> None:
    run = run_of("z = [[1], [2]]\ny = sum(z)")
    with pytest.raises(EntryError, match=f"`{node}` has no entry"):
        scalar(run, node, entry)
    with pytest.raises(KeyError, match="Did you mean `z`"):
        scalar(run, "Z", (0, 0))


def network(key: str) -> Any:
    known = next(one for one in GALLERY if one.key == key)
    session = NetworkSession(known.text, settings_of(known))
    assert session.wait(60)
    session.payload()
    return session


def test_network_f_has_14378_scalars_and_stays_folded() -> None:
    session = network("f")
    run = session._result.run
    assert scalar_count(run.graph) == 14_378
    took = []
    for number, entry in enumerate([[0, 3], [0, 20]], 1):
        start = time.process_time()
        session.act({"id": number, "kind": "scalar", "tab": "scalars", "name": "13.addmm", "entry": entry})
        data = session.payload()["scalar"]
        took.append(time.process_time() - start)
        assert data["label"] == f"13.addmm[0,{entry[1]}]"
        assert data["count"] == 14_378
        assert data["came"]["size"] == 43 and len(data["came"]["shown"]) == 8
    assert min(took) < 0.05


def test_an_answer_for_a_large_program_is_quick_and_brings_the_scalar_alone() -> None:
    text = "X = randn(64, 784)\nW1 = randn(784, 512)\nW2 = randn(512, 512)\nW3 = randn(512, 10)\n"
    session = Session(text + "h1 = relu(X @ W1 * 0.05)\nh2 = relu(h1 @ W2 * 0.05)\ny = sum(log_softmax(h2 @ W3))")
    held, took = session.payload()["stamp"], []
    for number, (name, entry) in enumerate([("X", [1, 2]), ("W1", [1, 2]), ("v1", [1, 2]), ("h2", [3, 4]), ("y", [])], 1):
        start = time.process_time()
        session.act({"id": number, "kind": "scalar", "tab": "scalars", "name": name, "entry": entry, "have": held})
        data = session.payload()
        took.append(time.process_time() - start)
        held = data["stamp"]
        assert data["scalar"]["label"].split("[")[0] == name
        assert data["numbers"] is None and "numbers" in data["kept"]
        assert len(json.dumps(data)) < 20_000
    assert sorted(took)[len(took) // 2] < 0.05


def test_what_is_asked_wrongly_changes_nothing() -> None:
    session = Session("x = [1, 2]\ny = sum(x * x)")
    session.act({"id": 1, "kind": "scalar", "tab": "scalars", "node": 0, "entry": [1]})
    assert session.payload()["scalar"]["label"] == "x[1]"
    wrong: list[dict[str, Any]] = [{"node": 9, "entry": []}, {"node": "0", "entry": [0]}, {"node": 0}, {"name": "q", "entry": []}]
    wrong += [{"node": 0, "entry": [0.5]}, {"node": 0, "entry": "1"}, {"node": -1, "entry": []}]
    for number, more in enumerate(wrong, 2):
        session.act({"id": number, "kind": "scalar", **more})
        assert session.payload()["scalar"]["label"] == "x[1]"
    session.act({"id": 20, "kind": "scalar", "node": 0, "entry": [7]})
    assert session.payload()["scalar"]["label"] == "y", "an entry that is not there: the output"
    session.act({"id": 21, "kind": "run", "text": "a = 2\nb = a * a * a"})
    assert session.payload()["scalar"]["label"] == "b"
