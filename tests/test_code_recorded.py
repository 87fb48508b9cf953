"""Programs written from recorded networks: they run alone, and give the gradients of the trace."""

import ast
import base64
import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import graphcore as gc
from graphcore.backprop import Trace
from graphcore.code import loaded_leaves, numpy_program, recorded, recorded_programs
from graphcore.code.names import gradient_variables, variables
from graphcore.code.recorded import Programs
from graphcore.code.recorded_parts import RESERVED
from graphcore.networks import GALLERY, network
from graphcore.picture.network import tabs
from graphcore.picture.network.pipeline import Result, run_request
from graphcore.picture.network.prepare import prepare
from graphcore.picture.network.settings import Request, Settings
from graphcore.picture.network.views import settings_of
from tests import models

FILE = "parameters.npz"
Case = tuple[Callable[..., Any], tuple[torch.Tensor, ...]]


def programs_of(run: Trace) -> Programs:
    made = recorded_programs(run, FILE)
    assert not made.missing and not made.reason and made.numpy is not None and made.torch is not None
    return made


def ran(program: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """The names of a program that ran alone; what it loads stands in the place of the file."""
    names: dict[str, Any] = {"stored": arrays}
    with redirect_stdout(io.StringIO()):
        exec(program.replace(f'np.load("{FILE}")', "stored"), names)
    return names


def check(run: Trace, made: Programs | None = None) -> Programs:
    """Both programs against the trace: every leaf's gradient, to ten digits of the tensor or of the largest of all."""
    made = made or programs_of(run)
    graph, arrays = run.graph, loaded_leaves(run)
    assert made.numpy is not None and made.torch is not None and made.loads == bool(arrays)
    ours, theirs = ran(made.numpy, arrays), ran(made.torch, arrays)
    names, gradients = variables(graph, RESERVED), gradient_variables(graph, RESERVED)
    wanted = [k for k in graph.leaf_values if k not in graph.constants]
    assert wanted
    largest = max(np.abs(run.gradient(k)).max(initial=0.0) for k in wanted if run.gradient(k) is not None)
    for k in wanted:
        right, tensor = run.gradient(k), theirs[names[k]].grad
        if right is None:
            assert gradients[k] not in ours and tensor is None
            continue
        # the gradient of a bias before batch norm is zero up to rounding
        scale = max(np.abs(right).max(initial=0.0), 1e-4 * largest)
        for found in (ours[gradients[k]], tensor.numpy()):
            assert np.shape(found) == right.shape, graph.names[k]
            assert np.abs(found - right).max(initial=0.0) <= 1e-10 * scale, graph.names[k]
    return made


def traced(function: Callable[..., Any], *tensors: torch.Tensor, **more: Any) -> Trace:
    """A recorded function, started from random numbers."""
    graph = gc.record(function, *tensors, **more)
    generator = np.random.default_rng(5)
    seeds = [generator.standard_normal(node.shape) if graph.active[node.index] else None for node in graph.outputs]
    return gc.trace(graph, upstream=seeds if len(seeds) > 1 else seeds[0])


def wanting(*shape: int, seed: int = 0) -> torch.Tensor:
    return models.numbers(*shape or (1,), seed=seed).reshape(shape).requires_grad_()


@pytest.mark.parametrize("chosen", GALLERY, ids=lambda chosen: chosen.key)
def test_every_network_of_the_gallery(chosen: Any) -> None:
    made = prepare(Request(chosen.text, Settings.read(settings_of(chosen))))
    check(gc.trace(gc.record(made.module, *made.tensors)))


@pytest.mark.parametrize("name", models.cases())
def test_whole_models(name: str) -> None:
    module, inputs = models.cases()[name]()
    check(gc.trace(gc.record(module, *inputs)))


CONVOLUTIONS: dict[str, tuple[Callable[..., Any], tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": (F.conv2d, (2, 3, 6, 7), (4, 3, 3, 2), {}),
    "strides": (F.conv2d, (2, 3, 9, 8), (4, 3, 3, 2), {"stride": (2, 3)}),
    "padding": (F.conv2d, (2, 3, 5, 6), (4, 3, 3, 3), {"padding": (1, 2), "stride": 2}),
    "dilation": (F.conv2d, (1, 2, 9, 9), (3, 2, 3, 2), {"dilation": (2, 3), "padding": 1}),
    "groups": (F.conv2d, (2, 6, 5, 5), (4, 3, 3, 3), {"groups": 2, "padding": 1, "stride": (1, 2)}),
    "depthwise": (F.conv2d, (2, 4, 6, 6), (4, 1, 3, 3), {"groups": 4, "dilation": 2, "padding": 2}),
    "a line": (F.conv1d, (2, 3, 11), (5, 3, 4), {"stride": 3, "padding": 2}),
    "a box": (F.conv3d, (1, 2, 4, 5, 6), (3, 2, 2, 3, 2), {"stride": (1, 2, 2), "padding": (1, 0, 1)}),
    "transposed": (F.conv_transpose2d, (2, 3, 4, 5), (3, 4, 3, 2), {"stride": 2, "padding": 1, "output_padding": 1}),
    "transposed, groups": (F.conv_transpose2d, (2, 4, 4, 3), (4, 3, 2, 3), {"groups": 2, "dilation": 2, "stride": 3}),
    "transposed line": (F.conv_transpose1d, (2, 3, 5), (3, 2, 4), {"stride": 2, "padding": 1}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_in_plain_numpy(name: str) -> None:
    function, shape, weight, settings = CONVOLUTIONS[name]
    outs = weight[1] * settings.get("groups", 1) if "transposed" in name else weight[0]
    tensors = wanting(*shape), wanting(*weight, seed=1), wanting(outs, seed=2)
    made = check(traced(lambda x, w, b: function(x, w, b, **settings), *tensors))
    assert made.numpy is not None and made.torch is not None
    assert "_Plan" not in made.numpy and "def convolution_input(" in made.numpy and "F.conv" in made.torch
    check(traced(lambda x, w: function(x, w, **settings), *tensors[:2]))


POOLS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], tuple[int, ...]]] = {
    "max": (lambda x: F.max_pool2d(x, 2), (2, 3, 6, 8)),
    "max, overlapping": (lambda x: F.max_pool2d(x, (3, 2), stride=(2, 1), padding=1), (2, 2, 7, 6)),
    "max, dilated": (lambda x: F.max_pool2d(x, 2, stride=1, dilation=(2, 3)), (1, 2, 6, 7)),
    "max, over the end": (lambda x: F.max_pool2d(x, 3, stride=2, ceil_mode=True), (1, 2, 6, 8)),
    "max of a line": (lambda x: F.max_pool1d(x, 3, stride=2, padding=1), (2, 3, 9)),
    "max of a box": (lambda x: F.max_pool3d(x, 2), (1, 2, 4, 4, 6)),
    "mean": (lambda x: F.avg_pool2d(x, 2), (2, 3, 6, 8)),
    "mean, overlapping": (lambda x: F.avg_pool2d(x, 3, stride=(2, 1), padding=1), (2, 2, 7, 6)),
    "mean without the border": (lambda x: F.avg_pool2d(x, 3, padding=1, count_include_pad=False), (2, 2, 7, 6)),
    "mean, over the end": (lambda x: F.avg_pool2d(x, 3, stride=2, ceil_mode=True), (1, 2, 6, 8)),
    "mean, other divisor": (lambda x: F.avg_pool2d(x, 2, padding=1, divisor_override=3), (1, 2, 6, 8)),
    "adaptive mean": (lambda x: F.adaptive_avg_pool2d(x, (2, 3)), (2, 2, 4, 9)),
    "adaptive mean, uneven": (lambda x: F.adaptive_avg_pool2d(x, (3, 2)), (2, 2, 7, 5)),
}


@pytest.mark.parametrize("name", POOLS)
def test_pooling_in_plain_numpy(name: str) -> None:
    function, shape = POOLS[name]
    made = check(traced(function, wanting(*shape)))
    # what plain NumPy does not cover is done by the registry's own functions
    registry = name in ("mean without the border", "mean, over the end", "adaptive mean, uneven")
    assert made.numpy is not None and ("def bordered(" in made.numpy) == (not registry)


def test_of_equal_entries_the_first_is_the_largest() -> None:
    check(traced(lambda x: F.max_pool2d(x, 3, stride=1, padding=1), torch.randint(0, 3, (1, 2, 5, 6)).double().requires_grad_()))
    odd = wanting(1, 1, 4, 4).detach().clone()
    odd[0, 0, 0, :2] = -torch.inf
    check(traced(lambda x: F.max_pool2d(x, (1, 2)), odd.requires_grad_()))


def batch_norm(training: bool) -> Callable[..., Any]:
    kept = models.numbers(3, seed=7), models.numbers(3, seed=8).abs()
    return lambda x, w, b: F.batch_norm(x, kept[0].clone(), kept[1].clone(), w, b, training=training)


NORMS: dict[str, Case] = {
    "layer": (lambda x, w, b: F.layer_norm(x, (4,), w, b), (wanting(2, 3, 4), wanting(4, seed=1), wanting(4, seed=2))),
    "layer, two axes": (lambda x, w, b: F.layer_norm(x, (3, 4), w, b), (wanting(2, 3, 4), wanting(3, 4, seed=1), wanting(3, 4))),
    "layer, bare": (lambda x: F.layer_norm(x, (4,)), (wanting(3, 4),)),
    "layer, whole": (lambda x, w: F.layer_norm(x, (4,), w), (wanting(4), wanting(4, seed=1))),
    "batch": (batch_norm(True), (wanting(4, 3, 2, 5), wanting(3, seed=1), wanting(3, seed=2))),
    "batch, evaluation": (batch_norm(False), (wanting(4, 3, 2, 5), wanting(3, seed=1), wanting(3, seed=2))),
    "batch of rows": (batch_norm(True), (wanting(4, 3), wanting(3, seed=1), wanting(3, seed=2))),
    "batch, bare": (lambda x: F.batch_norm(x, None, None, training=True), (wanting(4, 3, 5),)),
    "group": (lambda x, w, b: F.group_norm(x, 2, w, b), (wanting(2, 6, 3, 2), wanting(6, seed=1), wanting(6, seed=2))),
    "group, bare": (lambda x: F.group_norm(x, 3), (wanting(2, 6, 4),)),
    "instance": (lambda x, w: F.instance_norm(x, weight=w), (wanting(2, 3, 4, 4), wanting(3, seed=1))),
    "rms": (lambda x, w: F.rms_norm(x, (4,), w), (wanting(3, 4), wanting(4, seed=1))),
}


@pytest.mark.parametrize("name", NORMS)
def test_norms_in_plain_numpy(name: str) -> None:
    function, tensors = NORMS[name]
    check(traced(function, *tensors))


T = models.classes(4, 5, seed=2)
SHARES = models.numbers(5, 4, seed=1).sigmoid()
LOSSES: dict[str, Case] = {
    "cross entropy": (lambda x: F.cross_entropy(x, T), (wanting(5, 4),)),
    "summed": (lambda x: F.cross_entropy(x, T, reduction="sum"), (wanting(5, 4),)),
    "one ignored": (lambda x: F.cross_entropy(x, T, ignore_index=int(T[0])), (wanting(5, 4),)),
    "weights": (lambda x: F.nll_loss(x, T, weight=SHARES[0]), (wanting(5, 4),)),
    "none": (lambda x: F.nll_loss(x, T, reduction="none"), (wanting(5, 4),)),
    "squares": (F.mse_loss, (wanting(5, 4), wanting(5, 4, seed=1))),
    "squares, apart": (lambda x, t: F.mse_loss(x, t, reduction="none"), (wanting(5, 4), wanting(5, 4, seed=1))),
    "smooth": (lambda x: F.smooth_l1_loss(x, SHARES, beta=0.5), (wanting(5, 4),)),
    "huber": (lambda x: F.huber_loss(x, SHARES, delta=0.3), (wanting(5, 4),)),
    "entropy": (lambda x: F.binary_cross_entropy(torch.sigmoid(x), SHARES), (wanting(5, 4),)),
    "entropy of logits": (lambda x: F.binary_cross_entropy_with_logits(x, SHARES), (wanting(5, 4),)),
    "weighted entropy": (
        lambda x: F.binary_cross_entropy_with_logits(x, SHARES, pos_weight=SHARES[0], reduction="sum"),
        (wanting(5, 4),),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    function, tensors = LOSSES[name]
    check(traced(function, *tensors))


def in_place(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, 1] = x[:, 0] ** 2
    y[0].mul_(3)
    return y.t().contiguous().view(-1)


def parts_in_place(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[1:, ::2] *= 3
    y[..., -1:] += x[:, :1]
    z = y.t()
    z[0] = 5 * z[1]
    y.diagonal().mul_(2)
    y.view(-1)[3:7] = 0
    with torch.no_grad():
        y.mul_(3)
    return y * z.t()


def without_gradient(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        scale = x.abs().max(dim=0)[0] * 2
    return x / scale + x.detach() * x


NUMBERS = torch.tensor([[2, 0], [1, 2]])
OPS: dict[str, Case] = {
    "entries by number": (lambda x: x[:, NUMBERS] * x[NUMBERS[0], NUMBERS[1]].sum(), (wanting(3, 3),)),
    "entries by mask": (lambda x: x[x > 0] ** 2, (wanting(3, 3),)),
    "entries apart": (lambda x: x[NUMBERS[0], :, NUMBERS[1]], (wanting(3, 2, 3),)),
    "put": (lambda x, v: x.index_put((NUMBERS[0],), v, accumulate=True), (wanting(3, 3), wanting(2, 3, seed=1))),
    "embedding": (lambda w: F.embedding(NUMBERS, w, padding_idx=0), (wanting(4, 3),)),
    "scatter": (lambda x, s: x.scatter_reduce(0, NUMBERS, s, "amax"), (wanting(3, 2), wanting(2, 2, seed=1))),
    "joined and split": (
        lambda x: torch.cat([*x.split([1, 2], dim=1)[::-1], *x.unbind(0)[1:][0][:, None].chunk(1)], 1),
        (wanting(3, 3),),
    ),
    "one part used": (lambda x: x.split(1, dim=1)[1] * 2, (wanting(3, 3),)),
    "running": (lambda x: torch.cumsum(x, 0) * torch.cumprod(x, 1) + torch.logcumsumexp(x, 0), (wanting(3, 3),)),
    "sorted": (lambda x: x.sort(dim=1, descending=True)[0] * x.topk(3, dim=0)[0], (wanting(3, 3),)),
    "extremes": (lambda x: x.max(dim=1)[0] + x.median(dim=0)[0] + x.amin(1) + x.max(), (wanting(3, 3),)),
    "softmax, first axis": (lambda x: x.softmax(0) * x.log_softmax(0), (wanting(3, 4),)),
    "curves": (
        lambda x: F.gelu(x) + F.gelu(x, approximate="tanh") + torch.erfinv(torch.erf(x)) + F.mish(x) + F.glu(x.t()).sum(),
        (wanting(4, 3),),
    ),
    "lengths": (
        lambda x: x.norm() + torch.linalg.vector_norm(x, 3) + x.norm(dim=1, p=1) + F.cosine_similarity(x, x * x),
        (wanting(3, 3),),
    ),
    "resampling": (lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"), (wanting(1, 2, 3, 4),)),
    "padding": (lambda x: F.pad(x, (1, 2), mode="reflect") + F.pad(x, (1, 2), value=3.0), (wanting(2, 4),)),
    "einsum": (lambda x, y: torch.einsum("bij,bjk->ik", x, y), (wanting(2, 3, 4), wanting(2, 4, 3, seed=1))),
    "systems": (lambda x: torch.linalg.inv(x) @ torch.linalg.solve(x, x.t()) + torch.linalg.det(x), (wanting(3, 3),)),
    "in place": (in_place, (wanting(3, 3),)),
    "parts in place": (parts_in_place, (wanting(3, 4),)),
    "without gradient": (without_gradient, (wanting(3, 3),)),
    "broadcasting": (lambda x, y, s: (x * y + s) ** 2 / (x - 9), (wanting(3, 4), wanting(3, 1, seed=1), wanting(seed=2))),
    "a choice of one": (lambda x, y: torch.where(x.sum() > 9, x, y), (wanting(3, 1, 2), wanting(3, 4, 1))),
    "many uses": (lambda x: x + x.t() + x * x + x[0] + x, (wanting(3, 3),)),
    "attention": (lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), (wanting(1, 2, 4, 3),)),
    "several outputs": (lambda x, y: {"a": x * y, "b": (x.sum(), x.detach() > 0)}, (wanting(3), wanting(3, seed=1))),
    "one number": (lambda s: s + s + s * s, (wanting(),)),
    "nothing in it": (lambda x, y: torch.cat([x, y]) * 2, (wanting(0, 3), wanting(2, 3))),
}


@pytest.mark.parametrize("name", OPS)
def test_all_kinds_of_ops(name: str) -> None:
    function, tensors = OPS[name]
    check(traced(function, *tensors))


def test_the_mask_of_a_dropout_is_an_array_of_the_program() -> None:
    module = models.seeded(lambda: nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)))
    check(traced(module, models.numbers(2, 4)))


def test_a_parameter_without_gradient_prints_none() -> None:
    made = check(traced(lambda x, unused: x * 2, wanting(2), wanting(3)))
    assert made.numpy is not None and made.numpy.endswith('print("dunused =", None)\n')


class Doubled(torch.autograd.Function):
    """A right forward and a wrong backward."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        first, second = torch.sigmoid(x * y).split(2)
        return F.layer_norm(torch.cat([first, second[:1].exp(), second[1:] > 0]), (3,)) + 2 * x

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0], None


def test_a_function_with_a_backward_of_its_own_is_its_forward() -> None:
    made = check(traced(lambda x, y: Doubled.apply(x, y) * x, wanting(4, 3), wanting(4, 3, seed=1)))
    for text in (made.numpy, made.torch):
        assert text is not None and text.count("# Doubled has a backward of its own") == 1


HOSTILE = (
    "x'''",
    'w"\nboom()\n#',
    "\\",
    "a\u202eb",
    "\u2028boom()",
    "saved",
    "np",
    "_",
    "lambda",
    "print",
    "a\0b",
    "{d}",
    "sum",
)


def test_names_stay_inside_of_their_strings_and_comments() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for k, name in enumerate(HOSTILE):
                # a class of modules is called as its author likes, too
                layer = type(f"K{name}".replace("\0", ""), (nn.Linear,), {})(6, 6).double()
                layer.weight = nn.Parameter(models.numbers(6, 6, seed=k))
                self.add_module(name, layer)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for layer in self.children():
                x = torch.tanh(layer(x))
            function = type("Bad\nboom()", (Doubled,), {})
            return function.apply(x[:4, :3], x[:4, :3]).sum()  # type: ignore[no-any-return, attr-defined]

    module = Odd()
    run = gc.trace(gc.record(module, models.numbers(6, 6)))
    made = check(run)
    for text in (made.numpy, made.torch):
        assert text is not None and len(ast.parse(text).body) > len(HOSTILE)
        called = {
            node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "boom" not in called and all(c.isprintable() or c == "\n" for c in text)


def result_of(key: str) -> Result:
    chosen = network(key)
    return run_request(Request(chosen.text, Settings.read(settings_of(chosen))), lambda *_: None)[0]


def test_a_program_runs_beside_the_file_that_the_page_hands_out(tmp_path: Path) -> None:
    result = result_of("lenet")
    code, file = tabs.code(result), tabs.download(result, tabs.PARAMETERS)
    assert code["file"] == file["name"] == FILE and code["program"] is None
    assert f"`{FILE}`" in code["says"] and "p0_weight = saved['0.weight']" in code["numpy"]
    assert "t = np.array([3, 7])" in code["numpy"] and "t = torch.tensor([3, 7])" in code["torch"]
    (tmp_path / FILE).write_bytes(base64.b64decode(file["data"]))
    (tmp_path / "program.py").write_text(code["numpy"] + "np.save('found.npy', dp3_weight)\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and done.stdout.startswith("dp0_weight = [[[["), done.stderr
    right = result.run.gradient("3.weight")
    assert right is not None and np.allclose(np.load(tmp_path / "found.npy"), right, rtol=1e-10, atol=1e-16)


def test_a_few_numbers_are_written_out() -> None:
    code = tabs.code(result_of("lstm"))
    assert code["file"] is None and "saved" not in code["numpy"] and "several inputs" in code["says"]
    assert "# from_x (Linear)\n" in code["numpy"] and "from_x_addmm = torch.addmm(from_x_bias, x, from_x_t)" in code["torch"]
    assert "mse_loss.backward()" in code["torch"]


def test_the_lines_are_what_a_person_would_write() -> None:
    numpy = tabs.code(result_of("attention"))["numpy"]
    assert "norm1_output = normalized(x, -1, 1e-05) * norm1_weight + norm1_bias\n" in numpy
    assert "attention_output, attention_output_2, attention_output_3 = np.split(" in numpy
    assert "\ndadd = dadd + normalized_input(dnorm2_output * norm2_weight, add, -1, 1e-05)\n" in numpy
    assert max(map(len, numpy.split("\n"))) <= 140


def test_what_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    result = result_of("lenet")
    monkeypatch.setattr(recorded, "CHARACTERS", 1_000)
    code = tabs.code(result)
    assert (code["numpy"], code["torch"], code["file"]) == (None, None, None) and "too long" in code["says"]
    monkeypatch.setattr(recorded, "LINES", 10)
    assert "32 nodes" in tabs.code(result)["says"]
    monkeypatch.undo()

    def refuse(self: Any, *_: Any) -> str:
        raise recorded.NoSource("convolution")

    monkeypatch.setattr(recorded.RecordedNumpy, "node", refuse)
    code = tabs.code(result)
    assert code["numpy"] is None and code["torch"] is not None
    assert "The NumPy program is not shown, because `convolution` cannot be written out." in code["says"]


def test_an_op_without_a_rule_leaves_no_program() -> None:
    result = result_of("lenet")
    code = tabs.code(Result(result.request, result.prepared, result.run, None, {"odd_op": 2}))
    assert (code["numpy"], code["torch"]) == (None, None) and "no rule for `odd_op`" in code["says"]


@pytest.mark.parametrize(
    "text",
    [
        "s = 3\ny = s + s + s",
        "x = [[1, 2], [3, 5]]\ny = sum(softmax(x, axis=0) * x)",
        "x = [[1, 2]]\nc = 0\ny = sum(where(c, x, [[1], [2]]))",
    ],
)
def test_a_gradient_is_never_added_to_another_by_mistake_and_an_axis_0_is_kept(text: str) -> None:
    run = gc.trace(gc.parse(text))
    names = ran(numpy_program(run), {})
    leaf = run.graph.leaves[0].name
    assert np.allclose(names[f"d{leaf}"], run.gradient(leaf), rtol=1e-13)
