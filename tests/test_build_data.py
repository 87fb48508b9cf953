"""Inputs, targets, losses, weights, and networks as programs."""

import copy

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

import graphcore as gc
from graphcore.backprop import trace
from graphcore.build import build, data, explore, fitting, losses, weights, wrong
from graphcore.errors import GraphError
from graphcore.networks import GALLERY, network

SEQUENTIAL = "nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))"


def test_inputs_from_text() -> None:
    module = build(SEQUENTIAL).module
    before = torch.get_rng_state()
    (x,) = data.inputs("rand(4, 3)", module, seed=5)
    assert (x.shape, x.dtype) == ((4, 3), torch.float64)
    assert torch.equal(x, torch.rand(4, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64))
    for text in ("rand(4, 3, seed=5)", "torch.rand(4, 3)", "x = torch.rand((4, 3))", "np.random.rand(4, 3)"):
        assert torch.equal(data.inputs(text, module, seed=5)[0], x), text
    assert data.inputs("[[1, 2, 3]]", module)[0].tolist() == [[1.0, 2.0, 3.0]]
    assert data.inputs("2 * ones(1, 3) - 0.5", module)[0].tolist() == [[1.5, 1.5, 1.5]]
    assert len(data.inputs("randn(1, 3), randn(1, 4)", module)) == 2
    embedding = build("nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 1))").module
    assert data.inputs("[[1, 6, 0]]", embedding)[0].dtype == torch.int64
    with pytest.raises(GraphError, match="fractions"):
        data.inputs("[[1.5]]", embedding)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("text", "batch", "wanted"),
    [
        (SEQUENTIAL, 4, "rand(4, 3, seed=0)"),
        ("nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))", 4, "rand(4, 3, seed=0)"),
        ("nn.Conv1d(1, 1, 3, padding=1)", 2, "randn(2, 1, 28, seed=0)"),
        ("nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 1))", 2, "randint(0, 7, (2, 5,), seed=0)"),
        ("nn.LSTM(3, 4)", 2, "randn(5, 2, 3, seed=0)"),
        (network("g").text, 3, "randn(1, 1, 10, seed=0)"),
        (network("lstm").text, 2, "rand(2, 3, seed=0), rand(2, 4, seed=1), rand(2, 4, seed=2)"),
    ],
)
def test_default_inputs_fit(text: str, batch: int, wanted: str) -> None:
    built = build(text)
    made = data.default_input(built.module, batch=batch)
    assert made == wanted
    fitting.check(built, data.inputs(made, built.module))


def test_layers_that_do_not_fit_are_told_at_their_line() -> None:
    built = build("Linear(3, 4)\nLinear(5, 2)")
    with pytest.raises(GraphError, match="Line 2") as caught:
        fitting.check(built, data.inputs(data.default_input(built.module), built.module))
    assert "[1, 4] X [5, 2]" in str(caught.value)


def usual(key: str, target: torch.Tensor | None, p: torch.Tensor) -> torch.Tensor:
    functional = nn.functional
    table = {
        "mse": functional.mse_loss,
        "squared error": lambda a, b: ((a - b) ** 2).sum(),
        "l1": functional.l1_loss,
        "smooth_l1": functional.smooth_l1_loss,
        "cross_entropy": functional.cross_entropy,
        "nll": functional.nll_loss,
        "binary_cross_entropy": functional.binary_cross_entropy,
        "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
        "sum": lambda a, _: a.sum(),
        "mean": lambda a, _: a.mean(),
    }
    return table[key](p, target)


@pytest.mark.parametrize("key", losses.LOSSES)
def test_losses_with_their_default_targets(key: str) -> None:
    end = {"nll": ", nn.LogSoftmax(dim=1)", "binary_cross_entropy": ", nn.Sigmoid()"}.get(key, "")
    built = build(SEQUENTIAL[:-1] + end + ")")
    xs = data.inputs("rand(4, 3)", built.module)
    shape = fitting.check(built, xs)
    assert shape == (4, 2)
    target = data.target(data.default_target(shape, key), xs, shape, key)
    losses.check_loss(key, shape, target)
    whole = losses.problem(built.module, key)
    given = xs if target is None else (*xs, target)
    assert torch.equal(whole(*given), usual(key, target, built.module(*xs)))
    assert whole(*given).shape == ()
    assert [n for n, _ in whole.named_parameters()] == [n for n, _ in built.module.named_parameters()]
    assert [n for n, _ in whole.named_modules()] == [n for n, _ in built.module.named_modules()]
    assert all(a is b for a, b in zip(whole.parameters(), built.module.parameters(), strict=True))
    assert type(whole).__name__ == "Sequential"
    assert torch.equal(copy.deepcopy(whole)(*given), whole(*given))
    assert type(built.module) is nn.Sequential


def test_targets_from_text() -> None:
    x = torch.tensor([[0.5, 1.0]], dtype=torch.float64)
    assert data.target("sum(x**2) / 2", [x], (1, 1), "squared error").tolist() == [[0.625]]  # type: ignore[union-attr]
    assert data.target("x.pow(2).mean()", [x], (1, 1), "mse").tolist() == [[0.625]]  # type: ignore[union-attr]
    assert data.target("[3, 7]", [x], (2, 10), "cross_entropy").dtype == torch.int64  # type: ignore[union-attr]
    assert data.target("", [x], (), "sum") is None
    with pytest.raises(GraphError, match="needs a target"):
        data.target(" ", [x], (1, 1), "mse")


@pytest.mark.parametrize(
    ("loss", "shape", "target", "what"),
    [
        ("mse", (4, 1), "rand(3)", r"output has shape \(4, 1\) and the target \(3,\)"),
        ("cross_entropy", (4, 3), "[0, 1, 2, 3]", "0 to 2"),
        ("cross_entropy", (4, 3), "[0, 1]", r"class numbers of shape \(4,\)"),
        ("nll", (), "0", "single number"),
        ("binary_cross_entropy", (2, 1), "[[2], [0]]", "between 0 and 1"),
    ],
)
def test_targets_that_do_not_fit(loss: str, shape: tuple[int, ...], target: str, what: str) -> None:
    with pytest.raises(GraphError, match=what):
        losses.check_loss(loss, shape, data.target(target, [], shape, loss))


def test_unknown_losses_name_the_nearest() -> None:
    with pytest.raises(KeyError, match="Did you mean `cross_entropy`"):
        losses.problem(nn.Linear(1, 1), "crossentropy")


@pytest.mark.parametrize("entry", GALLERY, ids=lambda entry: entry.key)
def test_the_gallery_builds_runs_and_records(entry) -> None:  # type: ignore[no-untyped-def]
    built = wrong.built(entry.wrong) if entry.wrong else build(entry.text)
    assert built.notes == ()
    xs = data.inputs(entry.input, built.module)
    shape = fitting.check(built, xs)
    assert shape is not None
    target = data.target(entry.target, xs, shape, entry.loss)
    losses.check_loss(entry.loss, shape, target)
    loss = losses.problem(built.module, entry.loss)(*xs, *([] if target is None else [target]))
    loss.backward()
    assert loss.shape == ()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in built.module.parameters())


def test_problem_f_is_as_it_was_set() -> None:
    entry = network("f")
    (x,) = data.inputs(entry.input, build(entry.text).module)
    assert x.tolist() == [[0.9791, 0.3044, 0.5577, 0.0042, 0.9444, 0.6920, 0.2920, 0.7540, 0.3450, 0.7382]]
    assert entry.target == "[[0.4051]]"
    assert float((x**2).mean()) == pytest.approx(0.4051, abs=5e-5)


@pytest.mark.parametrize("key", ["sigmoid", "scale", "square"])
def test_the_wrong_backwards_have_a_right_forward_and_a_wrong_gradient(key: str) -> None:
    function = wrong.functions()[key]
    x = torch.tensor([[0.3, -0.7, 1.1], [0.2, 0.4, -0.5]], dtype=torch.float64, requires_grad=True)
    w = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    right = {"sigmoid": lambda: torch.sigmoid(x), "scale": lambda: x * w, "square": lambda: x * x}[key]()
    made = function.apply(x, w) if key == "scale" else function.apply(x)
    assert torch.allclose(made, right, rtol=1e-15)
    asked = w if key == "scale" else x
    (wanted,) = torch.autograd.grad(right.sum(), asked)
    (got,) = torch.autograd.grad(made.sum(), asked, allow_unused=True) if made.requires_grad else (None,)
    assert got is None or not torch.allclose(got, wanted)


# --- weights
def test_weights_are_put_in_and_checked() -> None:
    module, other = build(SEQUENTIAL, seed=0).module, build(SEQUENTIAL, seed=1).module
    assert weights.load_weights(module, save(dict(other.state_dict()))) == ()
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), other.parameters(), strict=True))
    single = {f"module.{k}": v.float() for k, v in other.state_dict().items()}
    notes = weights.load_weights(module, save(single), "a.safetensors")
    assert "`module.`" in notes[0]
    assert "float32" in notes[1]
    assert torch.equal(module[0].weight.detach(), single["module.0.weight"].double())
    assert all(p.requires_grad and p.dtype == torch.float64 for p in module.parameters())


def test_weights_that_do_not_fit_are_listed_and_change_nothing() -> None:
    module = build(SEQUENTIAL).module
    before = {k: v.clone() for k, v in module.state_dict().items()}
    given = {k: v.clone() for k, v in before.items()}
    given["0.weight"] = given["0.weight"].T.contiguous()
    given["2.bias"] = torch.zeros(5)
    given["2.weights"] = given.pop("2.weight")
    with pytest.raises(GraphError) as caught:
        weights.load_weights(module, save(given), "w.safetensors")
    told = str(caught.value)
    assert "`0.weight` has shape (3, 4) in the file and (4, 3) in the network. It is the transpose" in told
    assert "`2.bias` has shape (5,) in the file and (2,)" in told
    assert "`2.weight` with shape (2, 4) is missing in the file. The file has `2.weights`" in told
    assert "`2.weights` is in the file and not in the network" in told
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.pkl", "net.pt2", "net.ckpt", "pytorch_model.bin", "NET.PT"])
def test_files_that_can_run_code_are_refused_with_the_two_lines(name: str) -> None:
    with pytest.raises(GraphError, match="can run code") as caught:
        weights.load_weights(nn.Linear(1, 1), b"anything", name)
    wanted = f'torch.export.load("{name}").state_dict' if name.endswith(".pt2") else f'torch.load("{name}", weights_only=True)'
    assert wanted in str(caught.value)
    assert "save_file" in str(caught.value)


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\x80\x02}q", b"\x80\x04\x95"])
def test_pickles_under_another_name_are_refused_too(start: bytes) -> None:
    with pytest.raises(GraphError, match="can run code"):
        weights.load_weights(nn.Linear(1, 1), start + b"0" * 50, "weights.safetensors")


@pytest.mark.parametrize("content", [b"", b"\x00" * 8, b"hello world, this is text", b"\xff" * 40])
def test_what_is_no_safetensors_file_is_said(content: bytes) -> None:
    with pytest.raises(GraphError, match=r"not a \.safetensors file"):
        weights.load_weights(nn.Linear(1, 1), content)


def test_nan_in_weights_is_said_and_tied_weights_are_held_once() -> None:
    module = nn.Linear(1, 1).double()
    notes = weights.load_weights(
        module, save({"weight": torch.tensor([[float("nan")]], dtype=torch.float64), "bias": torch.zeros(1, dtype=torch.float64)})
    )
    assert notes == ("nan or inf stands in `weight`.",)
    tied = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)).double()
    tied[1].weight = tied[0].weight
    weights.load_weights(tied, save({"0.weight": torch.eye(2, dtype=torch.float64)}))
    assert tied[1].weight.tolist() == [[1.0, 0.0], [0.0, 1.0]]


# --- as a program
CASES = [
    ("nn.Sequential(nn.Linear(2, 10), nn.Sigmoid(), nn.Linear(10, 10), nn.Sigmoid(), nn.Linear(10, 1))", "squared error", 1),
    ("nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))", "mse", 4),
    ("nn.Sequential(nn.Linear(3, 4, bias=False), nn.Tanh(), nn.Sequential(nn.Identity(), nn.Linear(4, 3)))", "cross_entropy", 4),
    ("nn.Sequential(nn.Linear(3, 4), nn.LogSoftmax(dim=1))", "nll", 3),
    ("nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())", "binary_cross_entropy", 3),
    ("nn.Sequential(nn.Linear(3, 2), nn.GELU())", "binary_cross_entropy_with_logits", 3),
    ("nn.Sequential(nn.Linear(3, 2), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.Softplus())", "l1", 3),
    ("nn.Sequential(nn.Linear(3, 2), nn.SiLU(), nn.Softmax(dim=-1))", "smooth_l1", 3),
    ("nn.Sequential(nn.Linear(3, 2), nn.SELU(), nn.Softsign(), nn.Tanhshrink())", "sum", 3),
    (
        "nn.Sequential(nn.Flatten(), nn.Linear(3, 2), nn.Mish(), nn.Hardswish(), nn.LogSigmoid(), nn.ReLU6(), nn.CELU())",
        "mean",
        2,
    ),
]


@pytest.mark.parametrize(("text", "loss", "batch"), CASES)
def test_as_a_program_with_the_same_numbers(text: str, loss: str, batch: int) -> None:
    built = build(text, seed=4)
    xs = data.inputs(data.default_input(built.module, batch=batch), built.module)
    shape = fitting.check(built, xs)
    assert shape is not None
    target = data.target(data.default_target(shape, loss), xs, shape, loss)
    program = explore.as_program(built.module, xs[0], target, loss)
    assert program.text is not None, program.reason
    run = trace(gc.parse(program.text))
    made = losses.problem(built.module, loss)(*xs, *([] if target is None else [target]))
    made.backward()
    assert float(run.value("L")) == pytest.approx(made.item(), rel=1e-12, abs=1e-12)
    k = 0
    for part in built.module.modules():
        if isinstance(part, nn.Linear):
            k += 1
            assert run.value(f"W{k}").tolist() == part.weight.tolist()
            np.testing.assert_allclose(run.gradient(f"W{k}"), part.weight.grad.numpy(), rtol=1e-12, atol=1e-12)
            if part.bias is not None:
                np.testing.assert_allclose(run.gradient(f"b{k}"), part.bias.grad.numpy(), rtol=1e-12, atol=1e-12)
    assert losses.problem(built.module, loss) is not built.module
    wrapped = explore.as_program(losses.problem(built.module, loss), xs[0], target, loss)
    assert wrapped.text == program.text


@pytest.mark.parametrize(
    ("text", "shape", "reason"),
    [
        (network("f").text, (1, 10), "4,873 parameters"),
        ("nn.Sequential(nn.Conv1d(1, 1, 3), nn.Flatten())", (1, 1, 8), "`Conv1d`.*no short form"),
        ("nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))", (1, 2), "`Dropout`"),
        ("nn.Sequential(nn.Linear(2, 2), nn.GELU(approximate='tanh'))", (1, 2), "`GELU`"),
    ],
)
def test_no_program_has_its_reason(text: str, shape: tuple[int, ...], reason: str) -> None:
    program = explore.as_program(build(text).module, torch.zeros(shape, dtype=torch.float64), None, "sum")
    assert program.text is None
    assert __import__("re").search(reason, program.reason), program.reason
