"""The source problems as people have them in the clipboard: NumPy, torch, notebooks, sessions."""

from __future__ import annotations

import numpy as np
import pytest

from graphcore import trace
from graphcore.backprop import Trace
from graphcore.parse import parse


def run(text: str) -> Trace:
    return trace(parse(text))


A_FORMS = {
    "math": """
import math

# inputs
x1, w1, x2, w2 = -1, 3, -2, 3
s = math.sin(x1 * w1)
c = math.cos(x2 * w2)
f = 1 / (2 + s**2 + c)
print(f"f = {f:.4f}")
""",
    "numpy in one line": """
import numpy as np
x1 = -1.0
w1 = 3.0
x2 = -2.0
w2 = 3.0
f = 1.0 / (2 + np.sin(x1*w1)**2 + np.cos(x2*w2))
f
""",
    "torch": """
import torch
x1 = torch.tensor(-1.0, requires_grad=True, dtype=torch.float64)
w1 = torch.tensor(3.0, requires_grad=True, dtype=torch.float64)
x2 = torch.tensor(-2.0, requires_grad=True, dtype=torch.float64)
w2 = torch.tensor(3.0, requires_grad=True, dtype=torch.float64)
v1 = torch.mul(x1, w1)
v2 = torch.sin(v1)
v3 = torch.pow(v2, 2)
v4 = x2 * w2
v5 = v4.cos()
v6 = torch.add(v3, v5)
v7 = v6 + 2
f = v7.reciprocal()
f.backward()
print(x1.grad, w1.grad, x2.grad, w2.grad)
""",
    "gates": """
In [1]: x1 = -1; w1 = 3

In [2]: x2 = -2; w2 = 3

In [3]: a = x1 * w1

In [4]: b = np.sin(a)

In [5]: b
Out[5]: -0.1411200080598672

In [6]: d = x2 * w2; e = np.cos(d)

In [7]: f = (b ** 2 + e + 2) ** -1
Out[7]: 0.3355608822921746
""",
}


@pytest.mark.parametrize("text", A_FORMS.values(), ids=A_FORMS.keys())
def test_a_scalar_graph(text: str) -> None:
    traced = run(text)
    assert float(traced.value("f")) == pytest.approx(0.3355608822921746, rel=1e-14)
    expected = {"x1": -0.09438748216145315, "w1": 0.031462494053817715, "x2": 0.09438748216145315, "w2": -0.06292498810763544}
    for name, gradient in expected.items():
        found = traced.gradient(name)
        assert found is not None
        assert float(found) == pytest.approx(gradient, rel=1e-13)


def test_a_in_degrees() -> None:
    traced = run("x1=-1; w1=3; x2=-2; w2=3\nf = 1/(2 + np.sin(np.deg2rad(x1*w1))**2 + np.cos(np.radians(x2*w2)))")
    assert float(traced.value("f")) == pytest.approx(0.33363795060041734, rel=1e-14)
    assert float(traced.gradient("x1")) == pytest.approx(0.0006092339232244628, rel=1e-12)  # type: ignore[arg-type]


B_FORMS = {
    "numpy": """
import numpy as np
W = np.array([[0.4, 0.1, -0.5],
              [0.2, -0.32, 0.8],
              [0.7, 0.4, -0.6]])
x = np.array([-0.2, 0.6, -0.4]).reshape(-1, 1)
z = W.dot(x)
s = 1 / (1 + np.exp(-z))
f = np.linalg.norm(s)**2
""",
    "torch session": """
>>> import torch
>>> W = torch.tensor([[0.4, 0.1, -0.5], [0.2, -0.32, 0.8],
...                   [0.7, 0.4, -0.6]], requires_grad=True, dtype=torch.float64)
>>> x = torch.tensor([-0.2, 0.6, -0.4], dtype=torch.float64).view(3, 1)
>>> q = torch.sigmoid(torch.mm(W, x))
>>> f = q.pow(2).sum()
>>> f
tensor(0.7717, dtype=torch.float64, grad_fn=<SumBackward0>)
>>> f.backward()
>>> W.grad
tensor([[-0.0540,  0.1621, -0.1081],
        [-0.0339,  0.1017, -0.0678],
        [-0.0568,  0.1703, -0.1135]], dtype=torch.float64)
""",
    "vector": """
W = [[0.4, 0.1, -0.5], [0.2, -0.32, 0.8], [0.7, 0.4, -0.6]]
x = [-0.2, 0.6, -0.4]
f = torch.sum(F.sigmoid(W @ x) ** 2)
""",
}


@pytest.mark.parametrize("text", B_FORMS.values(), ids=B_FORMS.keys())
def test_b_vector_graph(text: str) -> None:
    traced = run(text)
    assert float(traced.value("f")) == pytest.approx(0.7716891132200121, rel=1e-14)
    expected = [[-0.0540, 0.1621, -0.1081], [-0.0339, 0.1017, -0.0678], [-0.0568, 0.1703, -0.1135]]
    assert np.round(np.asarray(traced.gradient("W")), 4).tolist() == expected


C_NUMPY = """
import numpy as np
x1 = np.array([[0], [1], [2]])
W1 = np.array([[3, -1, 1], [-5, 2, -1]])
b1 = np.array([[1], [2]])
W2 = np.array([[1, -2], [-3, 1]])
b2 = np.array([[1], [1]])
t = np.array([[1], [2]])

z1 = np.matmul(W1, x1) + b1
x2 = {act}
x3 = W2 @ x2 + b2
L = 0.5 * np.sum((t - x3)**2)
print("loss:", L)
"""
C_TORCH = """
import torch
import torch.nn.functional as F
x1 = torch.tensor([0., 1., 2.]).double()
W1 = torch.tensor([[3., -1., 1.], [-5., 2., -1.]], dtype=torch.double, requires_grad=True)
b1 = torch.tensor([1., 2.], dtype=torch.double, requires_grad=True)
W2 = torch.tensor([[1., -2.], [-3., 1.]], dtype=torch.double, requires_grad=True)
b2 = torch.ones(2, dtype=torch.double, requires_grad=True)
t = torch.tensor([1., 2.], dtype=torch.double)
x2 = {act}
x3 = F.linear(x2, W2, b2)
loss = torch.norm(t - x3)**2 / 2
loss.backward()
"""
RELU = (14.5, [[0, 13, 26], [0, -1, -2]], [[-4, -4], [-10, -10]])
SIGMOID = (4.201102887391705, [[0, 0.7774, 1.5547], [0, -0.1050, -0.2100]], [[-0.7758, -0.7758], [-2.4324, -2.4324]])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (C_NUMPY.format(act="np.maximum(z1, 0)"), RELU),
        (C_NUMPY.format(act="np.where(z1 > 0, z1, 0)"), RELU),
        (C_NUMPY.format(act="z1 * (z1 > 0)"), RELU),
        (C_NUMPY.format(act="1 / (1 + np.exp(-z1))"), SIGMOID),
        (C_TORCH.format(act="torch.relu(W1 @ x1 + b1)"), RELU),
        (C_TORCH.format(act="F.relu(F.linear(x1, W1, b1))"), RELU),
        (C_TORCH.format(act="torch.clamp(W1.matmul(x1) + b1, min=0)"), RELU),
        (C_TORCH.format(act="nn.Sigmoid()(W1.mv(x1) + b1)"), SIGMOID),
    ],
)
def test_c_two_layers(text: str, expected: tuple[float, list[list[float]], list[list[float]]]) -> None:
    traced = run(text)
    assert float(traced.value(traced.graph.outputs[0].index)) == pytest.approx(expected[0], rel=1e-14)
    for name, gradient in (("W1", expected[1]), ("W2", expected[2])):
        assert (np.round(np.asarray(traced.gradient(name)), 4) + 0.0).tolist() == gradient


D_NUMPY = """
import numpy as np
np.random.seed(0)
x = np.random.rand(2, 1)
y = (x[0]**2 + x[1]**2) / 2
W1, W2, W3 = np.random.randn(10, 2), np.random.randn(10, 10), np.random.randn(1, 10)
b1 = np.zeros((10, 1))
b2 = np.zeros((10, 1))
b3 = np.zeros((1, 1))

def_ = 1  # no function here
h1 = 1/(1+np.exp(-(np.dot(W1, x) + b1)))
h2 = 1/(1+np.exp(-(np.dot(W2, h1) + b2)))
p = np.dot(W3, h2) + b3
loss = ((p - y)**2).sum()
np.savetxt
"""


def test_d_network_in_numpy() -> None:
    text = D_NUMPY.replace("np.savetxt\n", "").replace("def_ = 1  # no function here\n", "")
    traced = run(text)
    shapes = {"W1": (10, 2), "W2": (10, 10), "W3": (1, 10), "b1": (10, 1), "b2": (10, 1), "b3": (1, 1)}
    for name, shape in shapes.items():
        gradient = traced.gradient(name)
        assert gradient is not None
        assert gradient.shape == shape
        assert np.abs(gradient).max() > 0


E_TORCH = """
import torch
import torch.nn as nn
torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
x = torch.rand(1, 2)
y = (x**2).sum(dim=1, keepdim=True) / 2
w1 = nn.Parameter(torch.randn(2, 10)); bias1 = nn.Parameter(torch.randn(10))
w2 = nn.Parameter(torch.randn(10, 5)); bias2 = nn.Parameter(torch.randn(5))
w3 = nn.Parameter(torch.randn(5, 1)); bias3 = nn.Parameter(torch.randn(1))
criterion = nn.MSELoss(reduction='sum')
h1 = torch.sigmoid(x @ w1 + bias1)
h2 = torch.sigmoid(h1 @ w2 + bias2)
out = torch.addmm(bias3, h2, w3)
loss = criterion(out, y)
loss.backward()
print(w1.grad)
"""


def test_e_network_in_torch() -> None:
    text = E_TORCH.replace("torch.addmm(bias3, h2, w3)", "h2 @ w3 + bias3")
    traced = run(text)
    value = {name: np.asarray(traced.value(name)) for name in ("x", "y", "w1", "w2", "w3", "bias1", "bias2", "bias3")}
    h1 = 1 / (1 + np.exp(-(value["x"] @ value["w1"] + value["bias1"])))
    h2 = 1 / (1 + np.exp(-(h1 @ value["w2"] + value["bias2"])))
    out = h2 @ value["w3"] + value["bias3"]
    assert float(traced.value("loss")) == pytest.approx(((out - value["y"]) ** 2).item(), rel=1e-14)
    assert np.allclose(np.asarray(traced.gradient("w3")), h2.T @ (2 * (out - value["y"])), rtol=1e-13)
    assert dict(traced.graph.source.skipped) == {"import": 2, "seed": 1, "setting": 1, "backward": 1, "print": 1}


def test_g_fan_out() -> None:
    traced = run("x = torch.randn(1, 1, 10)\nz = x.flatten() + torch.flatten(x)\nloss = torch.sum((z - x.sum())**2)")
    assert traced.gradient("x").shape == (1, 1, 10)  # type: ignore[union-attr]


def test_cross_entropy_from_a_lecture() -> None:
    traced = run("""
logits = torch.tensor([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]], requires_grad=True)
target = torch.tensor([0, 1])
loss = nn.CrossEntropyLoss()(logits, target)
""")
    z = np.array([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]])
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert float(traced.value("loss")) == pytest.approx(-np.log(p[[0, 1], [0, 1]]).mean(), rel=1e-14)
    assert np.allclose(np.asarray(traced.gradient("logits")), (p - np.eye(3)[[0, 1]]) / 2, rtol=1e-13)
