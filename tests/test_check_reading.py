"""Reading of gradient files: whatever people print is read back to the digit, and what cannot be read is said in a sentence."""

import contextlib
import io
import json
import time
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from graphcore.check.hand_in import HandIn
from graphcore.check.reading import read_gradients
from graphcore.check.reading.commas import with_points
from graphcore.errors import ReadError
from graphcore.export.gradients import STYLES, gradients_dat, gradients_npz

FILES = Path(__file__).resolve().parents[2] / "shared" / "data" / "gradients"
real = pytest.mark.skipif(not FILES.exists(), reason="the real gradient files are not here")
F32 = float(np.finfo(np.float32).eps)


def only(text: str) -> np.ndarray:
    found = read_gradients(text)
    assert len(found.readings) == 1
    return found.readings[0].array


def labels(found: HandIn) -> list[str]:
    return [reading.label for reading in found.readings]


def close(found: np.ndarray, half: np.ndarray, truth: np.ndarray) -> bool:
    """Whether the true numbers lie within half a printed unit, but for the rounding of the sum itself."""
    return bool(np.all(np.abs(found - truth) <= half * (1 + 1e-6) + 4e-16 * np.abs(truth)))


# ------------------------------------------------------------------ real files


@real
@pytest.mark.parametrize("side", ["my", "torch"])
def test_file_a(side: str) -> None:
    found = read_gradients(FILES / "a" / f"{side}_autograd.dat")
    first = found.readings[0]
    named = {"my": "First hidden layer weights gradient", "torch": "Weights gradient of first hidden layer"}[side]
    assert (first.label, first.array.shape, first.line, first.form) == (named, (2, 10), 2, "torch")
    assert first.array[1, 9] == 0.0039
    assert first.eps == F32
    shapes = [reading.array.shape for reading in found.readings]
    assert (
        shapes
        == {
            "my": [(2, 10), (1, 10), (10, 10), (1, 10), (1, 1), (10, 1), (1, 1)],
            "torch": [(2, 10), (10,), (10, 10), (10,), (10, 1), (1,)],
        }[side]
    )
    assert labels(found)[-1] == {"my": "", "torch": "Bias gradient of output layer"}[side]
    assert all(np.all(reading.half == 5e-5) for reading in found.readings)
    assert found.second is None
    assert found.runs == ("",)


@real
@pytest.mark.parametrize("side", ["my", "torch"])
def test_file_b_has_carriage_returns_and_mixed_notation(side: str) -> None:
    found = read_gradients(FILES / "b" / f"{side}_autograd.dat")
    assert labels(found)[:3] == ["input.0.weight", "input.0.bias", "hidden.0.weight"]
    assert [reading.line for reading in found.readings[:3]] == [2, 46, 53]
    assert found["input.0.weight"].shape == (21, 10)
    assert found["hidden.18.weight"].shape == (21, 21)
    first = found.readings[0]
    assert first.array[0, 0] == 2.3006e-07
    assert first.half[0, 0] == pytest.approx(5e-12)
    assert first.half[1, 0] <= 5e-12
    assert np.all(found.readings[-1].half == 5e-5)


@real
@pytest.mark.parametrize("side", ["my", "torch"])
def test_file_c_holds_six_runs(side: str) -> None:
    found = read_gradients(FILES / "c" / f"{side}_autograd.dat")
    assert len(found.runs) == 6
    assert len(found.everything) == 132
    last = found.select(5)
    assert len(last.readings) == 22
    assert last.readings[-1].array.tolist() == [-0.30141]
    assert last.readings[-2].array.size == 21
    # rounded to five decimals before they were printed, in either notation
    assert all(np.allclose(reading.half, 5e-6, rtol=1e-9) for reading in found.everything)


@real
def test_file_d_is_a_table() -> None:
    mine, torch = (read_gradients(FILES / "d" / f"{side}_autograd.dat") for side in ("my", "torch"))
    assert labels(mine) == labels(torch) == ["dw3", "db3", "dw2", "db2", "dw1", "db1"]
    assert [r.array.shape for r in mine.readings] == [(10,), (10,), (10, 10), (1, 10), (1, 2, 1, 10), (1, 10)]
    assert [r.array.shape for r in torch.readings] == [(1, 10), (10,), (10, 10), (10, 1), (10, 2), (10, 1)]
    assert [r.line for r in mine.readings] == [2, 3, 4, 33, 35, 41]
    assert mine["dw3"][0] == 19.14415081
    assert all(r.eps == float(np.finfo(float).eps) for r in (*mine.readings, *torch.readings))
    assert all(r.role == "gradient" for r in mine.readings)


@real
@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
def test_a_real_file_reads_the_same_as_text_and_as_bytes(name: str) -> None:
    path = FILES / name / "my_autograd.dat"
    one, two = read_gradients(path.read_bytes()), read_gradients(path.read_text(encoding="utf-8"))
    assert [r.label for r in one.everything] == [r.label for r in two.everything]
    assert all(np.array_equal(a.array, b.array) for a, b in zip(one.everything, two.everything))


# ------------------------------------------------------------------ what NumPy and torch print


def arrays(rng: np.random.Generator) -> np.ndarray:
    shape = tuple(int(size) for size in rng.integers(1, 6, size=int(rng.integers(1, 4))))
    scale = 10.0 ** rng.integers(-9, 6)
    array = rng.normal(size=shape) * scale
    if rng.random() < 0.3:
        array = array * 10.0 ** rng.integers(-4, 4, size=shape)
    if rng.random() < 0.3:
        array[rng.random(shape) < 0.5] = 0.0
    if rng.random() < 0.2:
        array = np.round(array)
    return array


@pytest.mark.parametrize("seed", range(60))
def test_numpy_prints_are_read_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    array = arrays(rng)
    precision = int(rng.integers(2, 12))
    settings = {
        "precision": precision,
        "suppress_small": bool(rng.random() < 0.3),
        "max_line_width": int(rng.integers(40, 160)),
        "separator": [" ", ",", ", "][int(rng.integers(3))],
        "threshold": 10**6,
    }
    printed = np.array2string(array, **settings)
    found = read_gradients(f"dW:\n{printed}\n").readings[0]
    assert found.array.shape == array.shape
    again = np.array2string(found.array, **settings)
    assert "".join(again.split()) == "".join(printed.split())
    if not np.array_equal(found.array, np.round(found.array)):
        assert close(found.array, np.maximum(found.half, 0.5 * 10.0 ** -max(precision, 8)), array)
    assert np.all(found.half <= 0.51 * 10.0 ** (np.floor(np.log10(np.max(np.abs(array)) or 1)) + 1))


@pytest.mark.parametrize("seed", range(60))
def test_torch_prints_are_read_back(seed: int) -> None:
    import torch

    rng = np.random.default_rng(1000 + seed)
    array = arrays(rng)
    dtype = [torch.float64, torch.float32][int(rng.integers(2))]
    tensor = torch.tensor(array, dtype=dtype, requires_grad=bool(rng.random() < 0.3))
    precision = int(rng.integers(2, 10))
    sci = [None, True, False][int(rng.integers(3))]
    torch.set_printoptions(precision=precision, sci_mode=sci, linewidth=int(rng.integers(40, 160)), threshold=10**6)
    try:
        printed = str(tensor)
    finally:
        torch.set_printoptions(profile="default")
        torch._tensor_str.PRINT_OPTS.sci_mode = None
    found = read_gradients(f"W1.grad {printed}").readings[0]
    truth = tensor.detach().double().numpy()
    assert (found.form, found.array.shape, found.label) == ("torch", truth.shape, "W1.grad")
    assert close(found.array, found.half, truth)
    assert found.eps == (F32 if dtype == torch.float32 else float(np.finfo(float).eps))


@pytest.mark.parametrize("printed", [str, repr])
def test_numpy_dots_are_incomplete(printed: object) -> None:
    array = np.random.default_rng(5).normal(size=(60, 70))
    found = read_gradients(f"W1: {printed(array)}").readings[0]  # type: ignore[operator]
    assert found.incomplete
    if printed is repr and "shape=" in repr(array):
        assert found.array.shape == (60, 70)
        assert np.isnan(found.array).sum() == 60 * 70 - 36
        assert np.allclose(found.array[-1, -3:], array[-1, -3:], atol=1e-8)
    else:
        assert found.array.shape == (6, 6)
        assert np.allclose(found.array, array[[0, 1, 2, -3, -2, -1]][:, [0, 1, 2, -3, -2, -1]], atol=1e-8)


def test_torch_dots_are_incomplete() -> None:
    import torch

    found = read_gradients(f"W1\n{torch.ones(50, 60)}\nafter: 0.5")
    assert found.readings[0].incomplete
    assert found.readings[0].array.shape == (6, 6)
    assert "`W1`" in found.notes[0]
    assert found["after"] == 0.5


@pytest.mark.parametrize(
    ("text", "shape", "eps"),
    [
        ("tensor([[1., 2.]], grad_fn=<MmBackward>)", (1, 2), F32),
        ("tensor([1.5000, 2.0000], device='cuda:0', dtype=torch.float64, grad_fn=<AddBackward0>)", (2,), 2.0**-52),
        ("tensor([1.5000, 2.0000], dtype=torch.float16)", (2,), 2.0**-10),
        ("tensor([1.5000, 2.0000],\n       dtype=torch.bfloat16)", (2,), 2.0**-7),
        ("Parameter containing:\ntensor([[1.5000, 2.0000]], requires_grad=True)", (1, 2), F32),
        ("array([1.5, 2. ], dtype=float32)", (2,), F32),
        ("np.array([[1.5, 2.], [3., 4.]])", (2, 2), 2.0**-52),
        ("tensor(0.5000)", (), F32),
        ("tensor(1.00000e-05 *\n       [ 1.5000,  2.0000])", (2,), F32),
        ("tensor([], size=(0, 3))", (0, 3), F32),
        ("[[1.5 2. ]\n [3.  4. ]]", (2, 2), 2.0**-52),
        ("[1.5, 2.0]", (2,), 2.0**-52),
        ("(1.5, 2.0)", (2,), 2.0**-52),
        ("1.5 2.0\n3.0 4.0", (2, 2), 2.0**-52),
        ("1.5\n2.0\n3.0", (3,), 2.0**-52),
        ("<tf.Tensor: shape=(1, 2), dtype=float32, numpy=array([[1.5, 2. ]], dtype=float32)>", (1, 2), F32),
        ("masked_array(data=[1.5, 2.0])", (2,), 2.0**-52),
    ],
)
def test_spellings(text: str, shape: tuple[int, ...], eps: float) -> None:
    found = read_gradients("dW1:\n" + text + "\n").readings
    assert [(r.label, r.array.shape, r.eps) for r in found] == [("dW1", shape, eps)]


def test_a_scale_before_the_numbers_multiplies_them() -> None:
    old = read_gradients("W1\n\n1.00000e-05 *\n  1.5000  2.0000\n  3.0000  4.2500\n[torch.FloatTensor of size 2x2]\n").readings
    new = read_gradients("W1 tensor(1.00000e-05 *\n       [[ 1.5000,  2.0000],\n        [ 3.0000,  4.2500]])").readings
    for (found,) in (old, new):
        assert (found.label, found.form, found.eps) == ("W1", "torch", F32)
        assert found.array == pytest.approx(np.array([[1.5e-5, 2e-5], [3e-5, 4.25e-5]]))
        assert found.half == pytest.approx(np.full((2, 2), 5e-10))


# ------------------------------------------------------------------ labels


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("W1: 0.031", "W1", 0.031),
        ("dL/dw1 = 0.5", "dL/dw1", 0.5),
        ("f.grad: -2.5e-3", "f.grad", -2.5e-3),
        ("loss 0.234", "loss", 0.234),
        ("w1\t0.5", "w1", 0.5),
        ("∂L/∂w₁ = −0.5", "∂L/∂w₁", -0.5),
        ("dw = 0.5 * 0.3 = 0.15", "dw", 0.15),
        ("0: W1_grad: 0.25", "0: W1_grad", 0.25),
        (">>> w.grad\ntensor(0.2500)", "w.grad", 0.25),
        ("In [3]: w.grad\nOut[3]: tensor(0.2500)", "w.grad", 0.25),
        ("dW[1] = [0.25]", "dW[1]", [0.25]),
        ("weights (10x2) layer 3:\n[0.25]", "weights (10x2) layer 3", [0.25]),
        ("<b>W</b> & $x$: [0.25]", "<b>W</b> & $x$", [0.25]),
        ("'W1': array([0.25])", "W1", [0.25]),
        ("W1 torch.Size([1])\n[0.25]", "W1", [0.25]),
        ("input.0.weight tensor([0.2500])", "input.0.weight", [0.25]),
        ("bias gradient:\n\n   tensor([0.2500])  # done", "bias gradient", [0.25]),
    ],
)
def test_labels(text: str, label: str, value: object) -> None:
    found = read_gradients(text).readings
    assert [(r.label, r.array.tolist()) for r in found] == [(label, value)]


def test_several_on_a_line_and_text_around() -> None:
    text = "Results of my homework\n======\n\nx1 = -1, x2 = 3.5; dw1=0.25\nSee table 3 for more.\n"
    found = read_gradients(text)
    assert {label: float(value) for label, value in found.items()} == {"x1": -1.0, "x2": 3.5, "dw1": 0.25}


def test_what_is_no_array_is_not_read_as_one() -> None:
    text = "Linear(in_features=2, out_features=10, bias=True)\n12:30:05 started, 50% done\nW1 shape: (10, 2)\nW1: [1.5 2.5]\n"
    assert labels(read_gradients(text)) == ["W1"]


def test_a_shape_after_the_label_is_not_an_array() -> None:
    found = read_gradients("W1: (2, 2)\n[[1.5 2. ]\n [3.  4. ]]\nW2: (1, 2)\n[[1.5 2.]]")
    assert [(r.label, r.array.shape) for r in found.readings] == [("W1", (2, 2)), ("W2", (1, 2))]


def test_roles() -> None:
    import torch

    layer = torch.nn.Linear(2, 1)
    found = read_gradients(f"W {layer.weight!r}\ndL/dW: [1.5 2.5]\nh: [0.5 0.5]\n")
    assert [r.role for r in found.readings] == ["parameter", "gradient", ""]


# ------------------------------------------------------------------ dicts, lists, JSON, CSV


def test_python_structures() -> None:
    import torch

    w, b = torch.tensor([[0.5, 0.25]]), np.array([0.125])
    for text in (
        str({"W1": w, "b1": b}),
        str(OrderedDict(W1=w, b1=b)),
        str([("W1", w), ("b1", b)]),
        f"grads = { {'W1': w, 'b1': b} }",
    ):
        found = read_gradients(text)
        assert {k: v.tolist() for k, v in found.items()} == {"W1": [[0.5, 0.25]], "b1": [0.125]}, text
    listed = read_gradients(f"grads: {[w, w]}")
    assert labels(listed) == ["grads[0]", "grads[1]"]
    assert labels(read_gradients(str((w, w)))) == ["", ""]
    scalars = read_gradients("{'w': np.float64(0.5), 'v': [np.float64(0.25), np.float64(1.0)], 3: 0.75}")
    assert {k: v.tolist() for k, v in scalars.items()} == {"w": 0.5, "v": [0.25, 1.0], "3": 0.75}


def test_json() -> None:
    nested = {"layer1": {"W": [[1, 0.1], [2, 1 / 3]], "b": [0.5]}, "loss": 3, "note": "fine", "none": None}
    found = read_gradients(json.dumps(nested, indent=1))
    assert {k: v.tolist() for k, v in found.items()} == {"layer1.W": nested["layer1"]["W"], "layer1.b": [0.5], "loss": 3.0}
    assert not found.readings[0].half.any()
    named = read_gradients(json.dumps([{"name": "W1", "grad": [[1, 2]]}, {"name": "b1", "grad": [0.5]}]))
    assert [(r.label, r.role, r.run) for r in named.readings] == [("W1", "gradient", 0), ("b1", "gradient", 0)]
    runs = read_gradients("\n".join(json.dumps({"epoch": k, "W1": [k + 0.5]}) for k in range(3)))
    assert runs.runs == ("epoch 0", "epoch 1", "epoch 2")
    assert runs.select(2)["W1"].tolist() == [2.5]


def test_csv() -> None:
    found = read_gradients("epoch,w1,b1\n1,0.5,0.25\n2,0.75,0.125\n")
    assert found.runs == ("epoch 1", "epoch 2")
    assert {k: float(v) for k, v in found.select(1).items()} == {"w1": 0.75, "b1": 0.125}
    long = read_gradients("name;value\nW1;[0.5 0.25]\nb1;0.5\n")
    assert {k: v.tolist() for k, v in long.items()} == {"W1": [0.5, 0.25], "b1": 0.5}
    both = read_gradients("name,torch,manual\nW1,0.5,0.51\nb1,0.25,0.26\n")
    assert float(both["W1"]) == 0.51
    assert both.second is not None
    assert float(both.second["W1"]) == 0.5
    hole = read_gradients('run,w,v\n1,"[0.5, 1.5]",none\n')
    assert labels(hole) == ["w"]
    assert "`v` (line 2)" in hole.notes[0]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x1;w1;x2\n0,29;0,18;0,08\n", {"x1": 0.29, "w1": 0.18, "x2": 0.08}),
        ('"x1";"w1"\n"0,29";"-1,5E-03"\n', {"x1": 0.29, "w1": -0.0015}),
        ('x1,w1\n"0,29","0,18"\n', {"x1": 0.29, "w1": 0.18}),
        ("x1\tw1\n0,29\t0,18\n", {"x1": 0.29, "w1": 0.18}),
        ("name;gradient\nx1;0,29\nw1;3\n", {"x1": 0.29, "w1": 3.0}),
        ("dW:\n0,29;0,18\n0,08;2\n", {"dW": [[0.29, 0.18], [0.08, 2.0]]}),
        ("0,29;0,18;0,08\n", {"": [0.29, 0.18, 0.08]}),
        (' "0,29" ;" 0,18 "\n', {"": [0.29, 0.18]}),
    ],
)
def test_decimal_commas_of_spreadsheets(text: str, values: dict[str, object]) -> None:
    found = read_gradients(text)
    assert {label: array.tolist() for label, array in found.items()} == values
    assert found.notes == ("Commas were read as decimal points: `0,29` is 0.29.",)
    assert found.readings[0].half.max() == 0.005


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x1;w1\n0,29;0.18\n", "`0,29` (line 2) and `0.18` (line 2)"),
        ("x1;w1\n1.234,5;0,18\n", "`1.234,5`"),
        ('x1,w1\n"1,234","2,500"\n', "may be 1.234 or 1234"),
        ("x1,w1\n0,29,0,18\n", "has 4 numbers under 2 labels"),
        ("x1 = 0,29\n", "Write 0.29"),
    ],
)
def test_commas_that_may_mean_either_are_refused(text: str, says: str) -> None:
    with pytest.raises(ReadError) as refused:
        read_gradients(text)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text", ["dW = [\n1,2;3,4\n]", "dW: 1,2,3", "a,b\n1,2\n", "w: [0,29]", "gradient of W, by rows\n1,2,3,4"]
)
def test_commas_between_numbers_stay_so(text: str) -> None:
    assert with_points(text, "a") == (text, [])


@pytest.mark.parametrize("piece", [";", '"', "0,1;", '"; ', "0,", ":", "a=0,", "1,1:"])
def test_many_commas_are_answered(piece: str) -> None:
    start = time.process_time()
    with contextlib.suppress(ReadError):
        read_gradients(piece * 30_000 + "0,1[")
    assert time.process_time() - start < 5


def test_a_notebook() -> None:
    printed = {"source": ["print(dW)"], "outputs": [{"output_type": "stream", "text": ["dW1:\n", "[[0.5 0.25]]\n"]}]}
    result = {"source": "x = 1\nW.grad", "outputs": [{"data": {"text/plain": ["tensor([[0.5000, 0.2500]])"]}}]}
    book = json.dumps({"cells": [{"source": "text"}, printed, result], "nbformat": 4, "metadata": {"n": 3}})
    found = read_gradients(book.encode(), "homework.ipynb")
    assert {k: v.tolist() for k, v in found.items()} == {"dW1": [[0.5, 0.25]], "W.grad": [[0.5, 0.25]]}
    assert "homework.ipynb" in found.notes[0]


# ------------------------------------------------------------------ runs and sides


def test_runs_of_two_sides_are_selected_together() -> None:
    block = "my W: [{0}.5]\ntorch W: [{0}.25]\n"
    found = read_gradients("".join(block.format(k) for k in range(3))).select(2)
    assert found.second is not None
    assert (found["my W"].tolist(), found.second["torch W"].tolist()) == ([2.5], [2.25])


def test_runs_by_headings_and_by_repeats() -> None:
    body = "W1:\n[[{0}.5 2.]]\nb1: [{0}.25]\n"
    headed = read_gradients("".join(f"=== Epoch {k} ===\n" + body.format(k) for k in range(3)))
    assert headed.runs == ("Epoch 0", "Epoch 1", "Epoch 2")
    plain = read_gradients("".join(body.format(k) for k in range(3)))
    assert plain.runs == ("run 1", "run 2", "run 3")
    for found in (headed, plain):
        assert labels(found) == ["W1", "b1"]
        assert found.select(2)["b1"].tolist() == [2.25]
    inline = read_gradients("Data point 1: w = 0.5, b = 0.25\nData point 2: w = 1.5, b = 1.25\n")
    assert inline.runs == ("Data point 1", "Data point 2")
    assert float(inline.select(1)["b"]) == 1.25


def test_sections_are_not_runs() -> None:
    found = read_gradients("Layer 1:\nweights:\n[1.5]\nbias: [3.5]\nLayer 2:\nweights:\n[2.5]\nbias: [4.5]\n")
    assert labels(found) == ["Layer 1 weights", "Layer 1 bias", "Layer 2 weights", "Layer 2 bias"]
    steps = read_gradients("Step 1: dL/dy = 0.5\nStep 2: dL/dx = 0.25\n")
    assert steps.runs == ("",)
    assert len(steps.readings) == 2


@pytest.mark.parametrize(
    "text",
    [
        "my W1:\n[1.5 2.]\ntorch W1:\n[1.5 2.1]\nmy b1: [0.5]\ntorch b1: [0.6]\n",
        "W1 (manual): [1.5 2.]\nW1 (autograd): [1.5 2.1]\nb1 (manual): [0.5]\nb1 (autograd): [0.6]\n",
        "W1:\n[1.5 2.]\nb1:\n[0.5]\nW1:\ntensor([1.5000, 2.1000])\nb1:\ntensor([0.6000])\n",
        "W1:\n[1.5 2.]\ntensor([1.5000, 2.1000])\nb1:\n[0.5]\ntensor([0.6000])\n",
        "My gradients\nW1: [1.5 2.]\nb1: [0.5]\nTorch gradients\nW1: [1.5 2.1]\nb1: [0.6]\n",
        "W1: [1.5 2.]\nW1: [1.5 2.1]\nb1: [0.5]\nb1: [0.6]\n",
        "dW1: [1.5 2.]\nW1.grad: tensor([1.5000, 2.1000])\ndb1: [0.5]\nb1.grad: tensor([0.6000])\n",
    ],
)
def test_two_sides_in_one_paste(text: str) -> None:
    found = read_gradients(text)
    assert found.second is not None
    assert found.notes
    assert [r.array.tolist() for r in found.readings] == [[1.5, 2.0], [0.5]]
    assert [r.array.tolist() for r in found.second.readings] == [[1.5, 2.1], [0.6]]
    other = found.swapped()
    assert other.readings == found.second.readings
    assert other.second is not None
    assert other.second.readings == found.readings


@pytest.mark.parametrize("style", STYLES)
def test_our_own_styles_come_back(style: str) -> None:
    rng = np.random.default_rng(3)
    names = ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]
    given = [rng.normal(size=shape) * 0.1 for shape in [(4, 3), (4,), (5, 4), (5,), (1, 5), (1,)]]
    text = gradients_dat(names, given, style)
    found = read_gradients(text)
    assert labels(found) == [line.removesuffix(":") for line in text.splitlines() if "w" in line or "b" in line]
    for reading, array in zip(found.readings, given, strict=True):
        assert reading.array.shape == array.shape
        assert np.all(reading.half == {"full": 0.0, "layers": 0.5 * 10.0**-5, "numpy": 0.5 * 10.0**-7}[style])
        assert close(reading.array, reading.half, array)
    assert all(not r.half.any() for r in found.readings) == (style == "full")


# ------------------------------------------------------------------ digits


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("w: 0.031", 0.0005),
        ("w: -1.5e-07", 5e-9),
        ("w: 0.1234567890123456", 0.0),
        ("w: 57", 0.5),
        ("w: 0", 0.0),
        ("w: [0.1250 0.5   ]", 5e-5),
        ("w: [0.125 0.5  ]", 5e-4),
        ("w: tensor([1., 2.])", 0.0),
        ("w: [13 -1]", 0.0),
        ("w: [13. -1.]", 5e-9),
        ("w: [1.5e-03 2.0e-05 0.0e+00]", [5e-5, 5e-6, 5e-6]),
        ("w: [1.52e-03 2.37e-05 0.00e+00]", [5e-6, 5e-8, 5e-8]),
        ("w: [nan inf 0.5]", [0.0, 0.0, 0.05]),
        ("w: [0.1, 22.45, 3.125, 1.0]", [0.05, 0.005, 0.0005, 0.0005]),
        ("w: [0.5, 0.30000000000000004]", 0.0),
    ],
)
def test_half_units(text: str, half: object) -> None:
    found = read_gradients(text).readings[0]
    assert found.half == pytest.approx(np.broadcast_to(half, found.array.shape), rel=1e-9)  # type: ignore[call-overload]


def test_dropped_zeros_are_known_from_the_other_arrays() -> None:
    found = read_gradients("a: [0.12345 0.54321]\nb: [0. 0. 0.]\nc: [0.1234]\n")
    assert all(np.allclose(reading.half, 5e-6) for reading in found.readings)


def test_special_numbers() -> None:
    array = only("W: [-0. nan -inf inf 1e400 1.e-05]")
    assert np.signbit(array[0])
    assert np.isnan(array[1])
    assert array[2:5].tolist() == [-np.inf, np.inf, np.inf]
    assert array[5] == 1e-5


# ------------------------------------------------------------------ binary files


def test_npy_and_npz(tmp_path: Path) -> None:
    given = {"W1": np.arange(6.0).reshape(2, 3), "b": np.float32([0.1, 0.2]), "n": np.array(3), "f": np.asfortranarray(np.eye(3))}
    np.savez_compressed(tmp_path / "a.npz", **given)
    found = read_gradients(tmp_path / "a.npz")
    assert {k: v.tolist() for k, v in found.items()} == {k: v.astype(float).tolist() for k, v in given.items()}
    assert [r.eps for r in found.readings] == [2.0**-52, F32, 2.0**-52, 2.0**-52]
    assert all(r.line is None and r.form == "binary" and not r.half.any() for r in found.readings)
    for version in ((1, 0), (2, 0), (3, 0)):
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, given["W1"], version=version)
        (tmp_path / "dW1.npy").write_bytes(buffer.getvalue())
        found = read_gradients(tmp_path / "dW1.npy")
        assert (labels(found), found.readings[0].role) == (["dW1"], "gradient")
        assert found["dW1"].tolist() == given["W1"].tolist()
    ours = read_gradients(gradients_npz(["0.weight"], [np.eye(2)]))
    assert ours["0.weight"].tolist() == np.eye(2).tolist()


def test_a_handin_names_its_roles() -> None:
    buffer = io.BytesIO()
    keys = ["parameter:W1", "input:x", "target:y", "gradient:W1", "value:h", "db1", "other:thing"]
    np.savez(buffer, **{key: np.ones(2) for key in keys})
    found = read_gradients(buffer.getvalue(), "handin.npz")
    assert [(r.role, r.label) for r in found.readings] == [
        ("parameter", "W1"), ("input", "x"), ("target", "y"), ("gradient", "W1"), ("value", "h"), ("gradient", "db1"),
        ("", "other:thing"),
    ]  # fmt: skip


def test_safetensors() -> None:
    import torch
    from safetensors.torch import save

    data = save({"W": torch.tensor([[0.5, 0.25]]), "b": torch.tensor([0.1], dtype=torch.bfloat16), "k": torch.tensor([3])})
    found = read_gradients(data, "grads.safetensors")
    assert {k: v.tolist() for k, v in found.items()} == {"W": [[0.5, 0.25]], "b": [0.10009765625], "k": [3.0]}
    assert {r.label: r.eps for r in found.readings} == {"W": F32, "b": 2.0**-7, "k": 2.0**-52}
    with pytest.raises(ReadError, match=r"no whole \.safetensors"):
        read_gradients(data[:-2], "grads.safetensors")


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "a.dat", "a.dat is empty"),
        (b" \n\t", "a.dat", "is empty"),
        (b"\x00\x01\x02\x03" * 50, "a.dat", "binary file"),
        (bytes(range(256)) * 4, "a.dat", "binary file"),
        (b"\x89PNG\r\n\x1a\n....", "a.dat", "a picture"),
        (b"no numbers here\nat all\n", "a.dat", "no array and no labelled number"),
        (b"anything", "net.pt", "two lines"),
        (b"\x80\x04\x95abc", "a.dat", "a pickle"),
        (b"W: [[1, 2], [3]]", "a.dat", "differ in length"),
        (b"W: [1.+2.j 3.+0.j]", "a.dat", "complex"),
        (b"W: tensor([1.+2.j, 3.+0.j])", "a.dat", "complex"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'", "a.npy", "not a whole .npy"),
        (b"PK\x03\x04broken", "a.npz", "no whole .npz"),
        (b"text", "a.npz", "no .npz file"),
        (b"\xff\xfeW\x00:\x00\x00", "a.dat", "utf-16"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, name: str, says: str) -> None:
    with pytest.raises(ReadError) as raised:
        read_gradients(data, name)
    assert says in str(raised.value)


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.pkl", "a.pickle", "a.pt2"])
def test_pickles_are_refused_with_the_way_out(name: str) -> None:
    with pytest.raises(ReadError, match="save_file"):
        read_gradients(b"x", name)


def test_a_torch_archive_is_refused_by_its_content() -> None:
    import torch

    buffer = io.BytesIO()
    torch.save({"W": torch.ones(2)}, buffer)
    with pytest.raises(ReadError, match="can run code"):
        read_gradients(buffer.getvalue(), "grads.dat")


def test_objects_in_numpy_files_are_not_opened() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ReadError, match="Python objects"):
        read_gradients(buffer.getvalue(), "a.npy")
    for array, says in ((np.ones(2) * 1j, "complex"), (np.array(["a"]), "no numbers"), (np.zeros(2, dtype="f8,i4"), "records")):
        buffer = io.BytesIO()
        np.save(buffer, array)
        with pytest.raises(ReadError, match=says):
            read_gradients(buffer.getvalue(), "a.npy")


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(90_000_000))
    with pytest.raises(ReadError, match="more than 10,000,000 numbers"):
        read_gradients(buffer.getvalue(), "a.npz")


def test_a_header_that_promises_too_much_is_refused() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999, 99999, 99999), }\n"
    with pytest.raises(ReadError, match="more than 10,000,000"):
        read_gradients(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header, "a.npy")


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "[]",
        "(",
        "{",
        "[{",
        "{'a':",
        "[(",
        "\n[",
        "[1,",
        "a[",
        "(]",
        '"',
        "'a",
        "tensor(",
        ".",
        "=",
        "x:",
        "[[1],[2,3]]",
        "1e",
    ],
)
def test_much_of_nothing_is_answered(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    try:
        found = read_gradients(text)
    except ReadError as problem:
        assert 10 < len(str(problem)) < 2000
    else:
        assert found.readings


def test_fifty_megabytes_of_brackets() -> None:
    with pytest.raises(ReadError, match="more than 64 brackets"):
        read_gradients("[" * 50_000_000)


def test_files_too_large() -> None:
    with pytest.raises(ReadError, match=r"at most 100,000,000"):
        read_gradients(bytes(100_000_001), "a.dat")


def test_paths(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot be read"):
        read_gradients(tmp_path / "none.dat")
    with pytest.raises(ReadError, match="is a folder"):
        read_gradients(tmp_path)
    (tmp_path / "a.dat").write_text("w: 0.5")
    assert float(read_gradients(tmp_path / "a.dat")["w"]) == 0.5
    with pytest.raises(ReadError):  # a str is the text itself, never a path
        read_gradients(str(tmp_path / "a"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8"])
def test_encodings(encoding: str) -> None:
    text = "Gewichte der Schicht 1 (gradient):\r\n[[0.5 0.25]]\r\n"
    if encoding in ("latin-1", "utf-8"):
        text = text.replace("Gewichte", "für")
    found = read_gradients(text.encode(encoding), "a.dat")
    assert found.readings[0].label == text.partition(":")[0]
    assert found.readings[0].line == 2


def test_nothing_is_lost_beside_what_cannot_be_read() -> None:
    found = read_gradients("W1: [[1.5, 2.5], [3.5]]\nW2: [1.5, abc, 2.5]\nb: [0.5]\nlast:\n[[1.5 2.5]\n [3.5 4.")
    assert found["b"].tolist() == [0.5]
    assert found["last"].tolist() == [[1.5, 2.5]]
    assert found.readings[-1].incomplete
    assert "`W1` (line 1) is left out: its rows differ in length (2 and 1)." in found.notes


def test_markup_in_labels_stays_as_it_is() -> None:
    label = "<script>alert(1)</script> **b** $\\frac{1}{2}$ {{x}}"
    assert labels(read_gradients(f"{label}: [0.5]")) == [label]


def test_nothing_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    import ast
    import builtins
    import pickle

    def never(*given: object, **more: object) -> None:
        raise AssertionError("something was evaluated")

    buffer = io.BytesIO()
    np.savez(buffer, W=np.ones(2))
    for place, name in ((builtins, "eval"), (ast, "literal_eval"), (pickle, "loads"), (pickle, "load")):
        monkeypatch.setattr(place, name, never)
    assert labels(read_gradients(buffer.getvalue())) == ["W"]
    assert labels(read_gradients("{'a': [1.5, 2.5], '__import__(\"os\")': [0.5]}")) == ["a", '__import__("os")']


@pytest.mark.parametrize(
    ("text", "numbers", "said"),
    [
        ("dW = -np.float64(0.5)", -0.5, False),
        ("dW = -np.float64(-0.5)", 0.5, False),
        ("dW: [np.float64(-1.0), -np.float64(2.0)]", [-1.0, -2.0], False),
        ("dW = -tensor([0.5, -1.0])", [-0.5, 1.0], True),
        ("dW: -[0.5, 1.0]", [-0.5, -1.0], True),
        ("dW: - [0.5, 1.0]", [0.5, 1.0], False),  # a dash of a list
    ],
)
def test_a_minus_sign_before_an_array_is_not_lost(text: str, numbers: object, said: bool) -> None:
    found = read_gradients(text)
    assert [reading.array.tolist() for reading in found.readings] == [numbers]
    assert any("minus sign" in note for note in found.notes) == said
