"""The gallery against the numbers of the course work it comes from (torch 2.13, float64)."""

import numpy as np
import pytest

import graphcore as gc
from graphcore.compare import Comparison, compare
from graphcore.jacobian import local_jacobian
from graphcore.parse import parse
from graphcore.problems import GALLERY, STARTS, problem

ULPS = {"rtol": 4 * np.finfo(float).eps, "atol": 0}


def run(key: str) -> gc.Trace:
    return gc.trace(parse(problem(key).text))


def gradient(trace: gc.Trace, name: str) -> np.ndarray:
    found = trace.gradient(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("key", "f", "gradients"),
    [
        (
            "a",
            0.3355608822921746,
            {"x1": -0.09438748216145315, "w1": 0.031462494053817715, "x2": 0.09438748216145315, "w2": -0.06292498810763543},
        ),
        (
            "a-degrees",
            0.33363795060041734,
            {
                "x1": 0.0006092339232244628,
                "w1": -0.00020307797440815428,
                "x2": -0.000609233923224463,
                "w2": 0.0004061559488163086,
            },
        ),
    ],
)
def test_a(key: str, f: float, gradients: dict[str, float]) -> None:
    trace = run(key)
    np.testing.assert_allclose(trace.value("f"), f, **ULPS)
    for name, expected in gradients.items():
        np.testing.assert_allclose(gradient(trace, name), expected, **ULPS)


def test_a_counts_eleven_gradients() -> None:
    result = compare(run("a"))
    assert result.verdict == "match" and result.states.count("match") == result.counted == 11


def test_b() -> None:
    trace = run("b")
    np.testing.assert_allclose(trace.value("z").ravel(), [0.18, -0.552, 0.34], rtol=1e-15)
    np.testing.assert_allclose(trace.value("h").ravel(), [0.5449, 0.3654, 0.5842], atol=5e-5)
    np.testing.assert_allclose(trace.value("f"), 0.7716891132200121, **ULPS)
    expected = [[-0.0540, 0.1621, -0.1081], [-0.0339, 0.1017, -0.0678], [-0.0568, 0.1703, -0.1135]]
    np.testing.assert_allclose(gradient(trace, "W"), expected, atol=5e-5)


def test_c_with_relu() -> None:
    trace = run("c")
    assert trace.value("L") == 14.5
    assert gradient(trace, "W1").T.tolist() == [[0, 0], [13, -1], [26, -2]]
    assert gradient(trace, "W2").T.tolist() == [[-4, -10], [-4, -10]]
    assert gradient(trace, "b1").ravel().tolist() == [13, -1]
    assert gradient(trace, "b2").ravel().tolist() == [-2, -5]


def test_c_with_sigmoid() -> None:
    trace = run("c-sigmoid")
    np.testing.assert_allclose(trace.value("L"), 4.201102887391705, **ULPS)
    np.testing.assert_allclose(gradient(trace, "W1").T, [[0, 0], [0.7774, -0.1050], [1.5547, -0.2100]], atol=5e-5)
    np.testing.assert_allclose(gradient(trace, "W2").T, [[-0.7758, -2.4324], [-0.7758, -2.4324]], atol=5e-5)
    np.testing.assert_allclose(gradient(trace, "b1").ravel(), [0.7774, -0.1050], atol=5e-5)
    np.testing.assert_allclose(gradient(trace, "b2").ravel(), [-0.8808, -2.7616], atol=5e-5)


@pytest.mark.parametrize(
    ("weight", "product", "row"), [("W1", "W1 @ x1", [0, 0, 13, -1, 26, -2]), ("W2", "W2 @ x2", [-4, -10, -4, -10])]
)
def test_c_row_vectors_by_kronecker_jacobians(weight: str, product: str, row: list[int]) -> None:
    # columns of W stacked: d(W x)/d vec(W) = x^T kron I
    trace = run("c")
    graph = trace.graph
    node = next(n for n in graph.nodes if n.label == product)
    source = graph.index(weight)
    edge = next(e for e in graph.edges if e.target == node.index and e.source == source)
    dense = local_jacobian(trace, edge).dense()
    rows, columns = graph.nodes[source].shape
    stacked = dense.reshape(rows, rows, columns).transpose(0, 2, 1).reshape(rows, -1)
    x = trace.value(product.split(" @ ")[1])
    assert stacked.tolist() == np.kron(x.T, np.eye(rows)).tolist()
    assert (gradient(trace, node.name).T @ stacked).ravel().tolist() == row
    assert gradient(trace, weight).T.ravel().tolist() == row


def test_c_is_said_to_prove_little() -> None:
    banner = compare(run("c")).banner
    assert banner.state == "weak" and "x2" in banner.small


@pytest.mark.parametrize(
    ("key", "shapes"),
    [
        ("d", {"W1": (10, 2), "b1": (10, 1), "W2": (10, 10), "b2": (10, 1), "W3": (1, 10), "b3": (1, 1)}),
        ("e", {"W1": (10, 2), "b1": (10, 1), "W2": (5, 10), "b2": (5, 1), "W3": (1, 5), "b3": (1, 1)}),
    ],
)
def test_d_and_e(key: str, shapes: dict[str, tuple[int, ...]]) -> None:
    trace = run(key)
    x = trace.value("x")
    assert x.shape == (2, 1) and ((x >= 0) & (x < 1)).all()
    np.testing.assert_allclose(trace.value("y"), np.sum(x**2) / 2, rtol=1e-15)
    assert trace.gradient("x") is None and trace.gradient("y") is None
    for name, shape in shapes.items():
        assert gradient(trace, name).shape == shape and np.abs(gradient(trace, name)).max() > 0
    # by hand, layer by layer
    delta = 2 * (trace.value("p") - trace.value("y"))
    for layer, before in ((3, "h2"), (2, "h1"), (1, "x")):
        np.testing.assert_allclose(gradient(trace, f"W{layer}"), delta @ trace.value(before).T, rtol=1e-13)
        np.testing.assert_allclose(gradient(trace, f"b{layer}"), delta, rtol=1e-13)
        h = trace.value(before)
        delta = (trace.value(f"W{layer}").T @ delta) * h * (1 - h)
    assert compare(trace).verdict == "match"


def test_f() -> None:
    trace = run("f")
    assert trace.value("x").shape == (10, 1)
    assert float(trace.value("y")) == pytest.approx(0.4051, abs=5e-5)
    weights = [node for node in trace.graph.leaves if node.name.startswith("W")]
    assert [node.shape for node in weights] == [(21, 10), *[(21, 21)] * 10, (1, 21)]
    assert sum(node.op is not None and node.op.name == "relu" for node in trace.graph.nodes) == 10
    sizes = [np.abs(gradient(trace, node.name)).max() for node in weights]
    assert 0 < sizes[0] < 1e-2 * sizes[-1], "the gradient vanishes on the way back"
    assert compare(trace).verdict == "match"


def test_weights_are_seeded() -> None:
    for key in ("d", "e", "f"):
        assert np.array_equal(run(key).value("W1"), run(key).value("W1"))
        assert not np.array_equal(run(key).value("W1").ravel()[:5], run(key).value("b1").ravel()[:5])


def results() -> dict[str, Comparison]:
    return {entry.key: compare(run(entry.key)) for entry in GALLERY}


def test_the_verdicts_of_the_gallery() -> None:
    found = results()
    states = {key: result.banner.state for key, result in found.items()}
    assert all(result.verdict == "match" for key, result in found.items() if key != "nan")
    assert found["nan"].verdict == "unproven" and states["nan"] == "non-finite"
    assert states["kink"] == "kink" and states["a"] == states["shared"] == "match"


def test_softmax_cross_entropy_gives_p_minus_t() -> None:
    trace = run("softmax")
    np.testing.assert_allclose(gradient(trace, "z"), trace.value("p") - trace.value("t"), rtol=1e-14)


def test_the_shared_node_is_used_four_times() -> None:
    trace = run("shared")
    x = trace.graph.index("x")
    assert sum(edge.source == x for edge in trace.graph.backward_edges) == 4
    v = 0.7
    np.testing.assert_allclose(gradient(trace, "x"), 2 * v * np.sin(v) + v * v * np.cos(v) + 1, rtol=1e-15)


def test_texts_and_keys() -> None:
    keys = [entry.key for entry in GALLERY]
    assert len(set(keys)) == len(keys) and set(STARTS) <= set(keys)
    for entry in GALLERY:
        assert entry.text == entry.text.strip() and "\t" not in entry.text
        assert entry.sentence.endswith(".") and entry.title and entry.group
    with pytest.raises(KeyError, match="Did you mean `softmax`"):
        problem("softmaxx")
