"""Aligning: every way to call a node finds it, what does not fit says why, and guesses are marked as guesses."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphcore as gc
from graphcore.check.align import Alignment, Choice, align
from graphcore.check.hand_in import HandIn, Reading, from_mapping
from graphcore.check.reading import read_gradients
from graphcore.problems import problem

GRADIENTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "gradients"
rng = np.random.default_rng(7)


def program(key: str) -> gc.Graph:
    return gc.parse(problem(key).text)


@pytest.fixture(scope="module")
def network() -> gc.Graph:
    return program("d")


@pytest.fixture(scope="module")
def recorded() -> gc.Graph:
    torch = pytest.importorskip("torch")
    from graphcore.build.losses import problem as with_loss

    nn = torch.nn
    module = nn.Sequential(nn.Linear(2, 10), nn.Sigmoid(), nn.Linear(10, 10), nn.Sigmoid(), nn.Linear(10, 1)).double()
    return gc.record(with_loss(module, "mse"), torch.rand(1, 2, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64))


def numbers(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def unlabelled(*shapes: tuple[int, ...]) -> HandIn:
    return HandIn(tuple(Reading("", numbers(*shape), np.zeros(shape), line=3 * k + 1) for k, shape in enumerate(shapes)))


def named(graph: gc.Graph, found: Alignment) -> list[str | None]:
    return [None if row.node is None else graph.names[row.node] for row in found.rows]


SPELLINGS = [
    *("W1", "dL/dW1", "dLdw1", "dLdW1", "dL_dW1", "dl_dw1", "dL/dw_1:", "d_W1", "dW1", "dw1 =", "∂L/∂W_1", "∂L/∂W1", "dJ/dW1"),
    *("W1_grad", "grad_W1", "W1.grad", "W1.grad.data", "self.W1.grad", "gradW1", "grad(W1)", "W1 (grad)", "W1grad", "delta_W1"),
    *("gradient of W1", "Gradient W1", "W1 gradient:", "The gradient of W1", "gradient of the loss with respect to W1:"),
    *(
        "gradient wrt W1",
        "gradient w.r.t. W[1]",
        "W[1] gradient",
        "0: W1_grad:",
        "gradient:W1",
        r"\frac{\partial L}{\partial W_{1}}",
    ),
    *("dloss/dW1", "W1 gradient [10x2]", "W1.grad (10, 2)", "weights 1", "First hidden layer weights gradient", "W^(1)"),
    *("my dW1", "Gradient of W1 (manual)", "params['W1'].grad", "self.dW1", "W1's gradient", "print(dW1)", 'grads["dW1"]'),
    *("Weights gradient of first hidden layer", "derivative of W1", "layer 1 weight", "fc1.weight", "weights_input_hidden"),
]


@pytest.mark.parametrize("label", SPELLINGS)
def test_every_spelling_of_one_gradient(network: gc.Graph, label: str) -> None:
    given = numbers(10, 2)
    row = align(network, from_mapping({label: given})).rows[0]
    assert (row.node, row.role, row.sure, row.change) == (network.index("W1"), "gradient", True, ""), row.how
    assert np.array_equal(row.array, given)


@pytest.mark.parametrize(
    ("label", "node", "shape"),
    [
        ("h1 (forward)", "h1", (10, 1)),
        ("value of h1", "h1", (10, 1)),
        ("activation h1", "h1", (10,)),
        ("Hidden layer 1 activations", "h1", (10, 1)),
        ("loss", "L", ()),
        ("Loss value", "L", (1, 1)),
        ("L", "L", ()),
        ("value:h2", "h2", (10, 1)),
    ],
)
def test_labels_of_forward_values(network: gc.Graph, label: str, node: str, shape: tuple[int, ...]) -> None:
    found = align(network, from_mapping({label: numbers(*shape)}))
    assert found.rows[0].role == "value"
    assert named(network, found) == [node]
    assert list(found.values) == [network.index(node)] and not found.gradients


def test_the_seed_at_the_output_is_its_gradient(network: gc.Graph) -> None:
    assert align(network, from_mapping({"L": 1.0})).rows[0].role == "gradient"
    assert align(network, from_mapping({"dL/dL": 2.0})).gradients.keys() == {network.index("L")}


def test_a_name_beside_its_gradient_is_its_value(network: gc.Graph) -> None:
    arrays = {"W1": numbers(10, 2), "dW1": numbers(10, 2), "h1": numbers(10, 1), "dh1": numbers(10, 1), "x": numbers(2, 1)}
    found = align(network, from_mapping(arrays))
    assert [row.role for row in found.rows] == ["parameter", "gradient", "value", "gradient", "input"]
    assert found.point.keys() == {"W1", "x"}
    assert np.array_equal(found.point["W1"], arrays["W1"])
    assert np.array_equal(found.gradients[network.index("W1")].array, arrays["dW1"])


def test_a_bare_name_among_labels_that_say_gradient(network: gc.Graph) -> None:
    arrays = {"dW1": numbers(10, 2), "h1": numbers(10, 1), "b1": numbers(10, 1), "x": numbers(2, 1)}
    found = align(network, from_mapping(arrays))
    assert [(row.role, row.sure) for row in found.rows] == [
        *(("gradient", True), ("value", False), ("gradient", False), ("input", True)),
    ]
    assert found.rows[1].how == "by name; other labels say that they are gradients, so this is its value"


def test_bare_names_alone_are_gradients_even_of_what_wants_none(network: gc.Graph) -> None:
    found = align(network, from_mapping({"W1": numbers(10, 2), "h1": numbers(10, 1), "x": numbers(2, 1)}))
    assert [(row.role, row.sure) for row in found.rows] == [("gradient", True)] * 3
    assert not found.point, "a gradient must never become the point"


FRAGMENTS = [
    "dL/d",
    "W",
    "b",
    "1",
    "2",
    "3",
    "x",
    "h",
    " ",
    "_",
    ".",
    "grad",
    "of",
    "hidden",
    "layer",
    "output",
    "weight",
    "(",
    ":",
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_the_labels_and_shapes(network: gc.Graph, data: st.DataObject) -> None:
    label = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)
    shape = st.sampled_from(
        [(), (1,), (10,), (10, 1), (1, 10), (10, 2), (2, 10), (10, 10), (100,), (20,), (3, 7), (0,), (1, 2, 1, 10)]
    )
    entries = data.draw(
        st.lists(st.tuples(label, shape, st.sampled_from(["", "gradient", "value", "parameter", "input"])), max_size=9)
    )
    arrays = [np.arange(float(np.prod(shape))).reshape(shape) for _, shape, _ in entries]
    readings = [Reading(said, array, array, role=role) for (said, _, role), array in zip(entries, arrays)]
    found = align(network, HandIn(tuple(readings)))
    assert [row.reading for row in found.rows] == list(range(len(entries)))
    slots = [(row.node, row.role) for row in found.rows if row.node is not None]
    assert len(set(slots)) == len(slots)
    for row, array, (_, _, role) in zip(found.rows, arrays, entries):
        assert row.how
        assert row.array.shape == row.half.shape == (array.shape if row.node is None else network.shapes[row.node])
        assert sorted(row.array.ravel()) == sorted(array.ravel())
        assert np.array_equal(row.array, row.half)
        assert role != "parameter" or row.node is None or row.node in network.leaf_values
    gc.trace(network, found.point)


def test_the_role_a_file_states_goes_before_the_label(network: gc.Graph) -> None:
    reading = Reading("dW1", numbers(10, 2), np.zeros((10, 2)), role="parameter")
    assert align(network, HandIn((reading,))).rows[0].role == "parameter"


def test_a_local_jacobian_is_no_gradient_of_the_output(network: gc.Graph) -> None:
    row = align(network, from_mapping({"dh2/dW2": numbers(10, 10)})).rows[0]
    assert (row.node, row.role) == (None, "ignored")
    assert row.how == "`dh2/dW2` is the derivative of `h2`, not of the output"


def test_inner_expressions_by_their_text_and_ops_by_their_name() -> None:
    graph = program("a-degrees")
    found = align(
        graph, from_mapping({"df/d(x1*w1)": 1.0, "grad s ** 2": 2.0, "grad cos": 3.0, "d(x2 * w2)": 4.0, "df/dx1": 5.0})
    )
    assert [graph.labels.get(row.node, graph.names[row.node]) for row in found.rows] == [
        *("x1 * w1", "s**2", "c", "x2 * w2", "x1"),
    ]
    assert all(row.sure and row.role == "gradient" for row in found.rows)
    forward = align(graph, from_mapping({"x1*w1": 1.0, "s ** 2": 2.0, "cos": 3.0, "df/dx1": 5.0}))
    assert [row.role for row in forward.rows] == ["value", "value", "value", "gradient"]


def test_the_letters_of_textbooks_are_guesses(network: gc.Graph) -> None:
    arrays = {f"{letter}{k}": numbers(10) for letter in ("dz", "da") for k in (1, 2)} | {"delta3": numbers(1)}
    found = align(network, from_mapping(arrays))
    labels = [network.labels.get(row.node, network.names[row.node]) for row in found.rows]
    assert labels == ["W1 @ x + b1", "W2 @ h1 + b2", "h1", "h2", "p"]
    assert not any(row.sure for row in found.rows)


def test_orientation_and_axes_of_length_one(network: gc.Graph) -> None:
    w1, b1, w3, b3 = numbers(2, 10), numbers(1, 10), numbers(10), numbers()
    rows = align(network, from_mapping({"dW1": w1, "db1": b1, "dW3": w3, "db3": b3})).rows
    assert [row.change for row in rows] == ["transposed", "transposed", "squeezed", "squeezed"]
    assert np.array_equal(rows[0].array, w1.T) and np.array_equal(rows[1].array, b1.T)
    assert rows[2].array.shape == (1, 10) and rows[3].array.shape == (1, 1)
    assert rows[0].how == "by name, transposed from shape (2, 10)"


def test_the_printed_precision_turns_with_the_array(network: gc.Graph) -> None:
    half = np.abs(numbers(2, 10))
    row = align(network, HandIn((Reading("dW1", numbers(2, 10), half),))).rows[0]
    assert np.array_equal(row.half, half.T)


def test_a_square_matrix_is_taken_as_it_stands_and_that_is_said(network: gc.Graph) -> None:
    w2 = numbers(10, 10)
    found = align(network, from_mapping({"dW1": numbers(10, 2), "dW2": w2}))
    assert np.array_equal(found.rows[1].array, w2)
    assert found.rows[1].sure
    assert found.notes == ("`W2` is square, which does not show its orientation: taken as it stands.",)


def test_a_square_matrix_follows_the_others_where_all_are_transposed(network: gc.Graph) -> None:
    w2 = numbers(10, 10)
    found = align(network, from_mapping({"dW1": numbers(2, 10), "dW2": w2, "dW3": numbers(10, 1)}))
    assert np.array_equal(found.rows[1].array, w2.T)
    assert (found.rows[1].change, found.rows[1].sure) == ("transposed", False)
    assert "square" in found.rows[1].how and "taken transposed" in found.notes[0]


def test_one_transposed_gradient_among_others_turns_no_square_one(network: gc.Graph) -> None:
    w2 = numbers(10, 10)
    found = align(network, from_mapping({"dW1": numbers(2, 10), "dW2": w2, "dW3": numbers(1, 10)}))
    assert [row.change for row in found.rows] == ["transposed", "", ""]
    assert np.array_equal(found.rows[1].array, w2)


def test_matrices_that_differ_in_orientation_are_told_apart() -> None:
    graph = gc.parse("W1 = ones(3, 2)\nW2 = ones(4, 3)\nW3 = ones(4, 4)\nL = sum(W3 @ (W2 @ (W1 @ [1, 2])))")
    found = align(graph, from_mapping({"dW1": numbers(2, 3), "dW2": numbers(4, 3), "dW3": numbers(4, 4)}))
    assert [row.change for row in found.rows] == ["transposed", "", ""]
    assert "`W1` had to be transposed to fit, `W2` not." in found.notes


def test_entries_in_a_row_are_read_row_by_row_and_that_is_no_certainty() -> None:
    graph = program("c")
    flat = numbers(1, 6)
    found = align(graph, from_mapping({"dL/dW1": flat}))
    assert np.array_equal(found.rows[0].array, flat.reshape(2, 3))
    assert (found.rows[0].change, found.rows[0].sure) == ("reshaped", False)
    assert "column by column" in found.notes[0]


def test_an_array_of_another_size_names_its_node_and_is_not_put_elsewhere(network: gc.Graph) -> None:
    found = align(network, from_mapping({"dw2": numbers(10), "db2": numbers(10)}))
    first, second = found.rows
    assert (first.node, first.meant, first.sure) == (None, network.index("W2"), False)
    assert first.array.shape == (10,)
    assert first.how == "named `W2`, but it has shape (10,) and the node shape (10, 10)"
    assert second.node == network.index("b2")
    assert network.index("W2") not in found.missing


def test_a_misshapen_value_or_parameter_is_put_nowhere(network: gc.Graph) -> None:
    rows = [Reading("W2", numbers(10), np.zeros(10), role="parameter"), Reading("h1", numbers(3), np.zeros(3), role="value")]
    found = align(network, HandIn(tuple(rows)))
    assert named(network, found) == [None, None] and not found.point


def test_a_misshapen_array_yields_its_node_to_one_that_fits(network: gc.Graph) -> None:
    found = align(network, from_mapping({"dW2": numbers(10), "second hidden layer weights": numbers(10, 10)}))
    assert named(network, found) == [None, "W2"]


def test_two_arrays_never_share_a_node(network: gc.Graph) -> None:
    found = align(network, from_mapping({"dW1": numbers(10, 2), "W1_grad": numbers(10, 2), "W1 gradient": numbers(2, 10)}))
    assert named(network, found) == ["W1", None, None]
    assert found.rows[1].meant == network.index("W1")
    assert found.rows[1].how == "reads as `W1`, and another array, `dW1`, has been read as that"


def test_by_shape_alone_is_never_sure(network: gc.Graph) -> None:
    row = align(network, unlabelled((10, 2))).rows[0]
    assert (row.node, row.sure) == (network.index("W1"), False)
    assert row.how == "by shape, the only free leaf of shape (10, 2)"


def test_a_shape_that_several_have_is_not_guessed(network: gc.Graph) -> None:
    row = align(network, unlabelled((10, 1))).rows[0]
    assert row.node is None
    assert row.how.startswith("it has no label, and `b1`, `b2`")


def test_two_arrays_for_one_free_shape_are_not_guessed(network: gc.Graph) -> None:
    assert named(network, align(network, unlabelled((10, 2), (10, 2)))) == [None, None]


@pytest.mark.parametrize("backward", [False, True])
def test_arrays_without_labels_go_by_their_place(network: gc.Graph, backward: bool) -> None:
    leaves = [leaf for leaf in network.leaves if network.active[leaf.index]]
    leaves = leaves[::-1] if backward else leaves
    found = align(network, unlabelled(*(leaf.shape for leaf in leaves)))
    assert named(network, found) == [leaf.name for leaf in leaves]
    assert not any(row.sure for row in found.rows)
    assert ("backward pass" in found.rows[0].how) is backward


def test_what_fits_nothing_keeps_its_array_and_says_why(network: gc.Graph) -> None:
    given = numbers(4, 4)
    row = align(network, from_mapping({"attention mask": given})).rows[0]
    assert (row.node, row.sure) == (None, False)
    assert row.how == "nothing is called `attention mask`, and no free node has shape (4, 4)"
    assert np.array_equal(row.array, given)


def test_a_number_beyond_the_last_layer_is_no_layer(network: gc.Graph) -> None:
    row = align(network, from_mapping({"dW7": numbers(3, 3)})).rows[0]
    assert (row.node, row.meant) == (None, None)


def test_missing_are_the_leaves_that_want_a_gradient(network: gc.Graph) -> None:
    found = align(network, from_mapping({"dW1": numbers(10, 2), "W2 (value)": numbers(10, 10), "x": numbers(2, 1)}))
    assert [network.names[leaf] for leaf in found.missing] == ["b1", "W2", "b2", "W3", "b3"]


def test_numbers_counted_from_another_end() -> None:
    deep = program("f")
    shapes = [(21, 10), *[(21, 21)] * 10, (1, 21)]
    arrays = {f"dLdw{k}": numbers(*shape) for k, shape in enumerate(shapes, 1)}
    found = align(deep, from_mapping(arrays))
    assert named(deep, found) == [f"W{k}" for k in range(12)]
    assert not any(row.sure for row in found.rows), "a name says one thing and the shapes another"
    from_zero = {f"W{k}": numbers(*shape) for k, shape in enumerate([(10, 2), (10, 10), (1, 10)])}
    assert named(program("d"), align(program("d"), from_mapping(from_zero))) == ["W1", "W2", "W3"]


def test_a_wrongly_shaped_gradient_stays_with_its_name() -> None:
    graph = program("c")
    found = align(graph, from_mapping({"dW1": numbers(2, 2), "dW2": numbers(2, 2)}))
    assert named(graph, found) == [None, "W2"]
    assert found.rows[0].meant == graph.index("W1")


def test_names_of_a_recorded_module(recorded: gc.Graph) -> None:
    arrays = {"0.weight.grad": numbers(10, 2), "model.2.weight.grad": numbers(10, 10), "0.bias grad": numbers(10)}
    arrays |= {"grad 0.addmm": numbers(1, 10), "4.bias gradient": numbers(1), "x": numbers(1, 2)}
    found = align(recorded, from_mapping(arrays))
    assert named(recorded, found) == ["0.weight", "2.weight", "0.bias", "0.addmm", "4.bias", "x"]
    assert found.sure


def test_numbered_layers_of_a_recorded_module_are_counted_and_not_read_as_module_numbers(recorded: gc.Graph) -> None:
    arrays = {"dw1": numbers(10, 2), "db1": numbers(10, 1), "dw2": numbers(10, 10), "dw3": numbers(10, 1), "db3": numbers(1, 1)}
    found = align(recorded, from_mapping(arrays))
    assert named(recorded, found) == ["0.weight", "0.bias", "2.weight", "4.weight", "4.bias"]
    assert all(row.sure for row in found.rows)


def test_the_exports_of_the_app_are_read_back(recorded: gc.Graph) -> None:
    from graphcore.check.reading import read_gradients
    from graphcore.export.gradients import gradients_dat

    names = [leaf.name for leaf in recorded.leaves if "." in leaf.name]
    for style in ("full", "layers", "numpy"):
        text = gradients_dat(names, [numbers(*recorded.node(name).shape) for name in names], style)
        found = align(recorded, read_gradients(text))
        assert named(recorded, found) == names, style


@pytest.mark.parametrize("choice", [None, Choice(), Choice(role="ignored"), Choice(node=4, role="ignored")])
def test_an_array_left_out_by_choice(network: gc.Graph, choice: Choice | None) -> None:
    row = align(network, from_mapping({"dW1": numbers(10, 2)}), {0: choice}).rows[0]
    assert (row.node, row.role, row.how) == (None, "ignored", "left out by choice")


def test_choices_go_before_names(network: gc.Graph) -> None:
    arrays = from_mapping({"dW2": numbers(10, 10), "db1": numbers(10, 1), "h1": numbers(10, 1)})
    b2 = network.index("b2")
    found = align(network, arrays, {0: Choice(network.index("W2"), change="transposed"), 1: Choice(b2), 2: Choice(role="value")})
    assert named(network, found) == ["W2", "b2", "h1"]
    assert np.array_equal(found.rows[0].array, arrays["dW2"].T)
    assert found.rows[2].role == "value"
    assert found.sure


def test_a_chosen_node_is_not_given_to_a_name_as_well(network: gc.Graph) -> None:
    w1 = network.index("W1")
    found = align(network, from_mapping({"dW1": numbers(10, 2), "mine": numbers(10, 2)}), {1: Choice(w1)})
    assert found.rows[1].node == w1
    assert found.rows[0].node is None and found.rows[0].meant == w1


@pytest.mark.parametrize("choice", [Choice(node=99), Choice(node=-1), Choice(node=5), Choice(node=4, change="squeezed")])
def test_a_choice_that_does_not_fit_says_so(network: gc.Graph, choice: Choice) -> None:
    row = align(network, from_mapping({"dW1": numbers(2, 10)}), {0: choice, 7: choice}).rows[0]
    assert row.node is None and not row.sure
    assert "there is no node number" in row.how or "does not become" in row.how


def test_long_labels_are_cut_and_markup_is_only_text(network: gc.Graph) -> None:
    label = "<script>alert(1)</script>" * 100_000
    found = align(network, from_mapping({label: numbers(4, 4)}))
    assert len(found.rows[0].how) < 200


def test_every_label_ever_is_read_in_linear_time(network: gc.Graph) -> None:
    nasty = [
        "d" * 5000,
        "grad_" * 2000,
        "(" * 5000,
        "dL/d" * 2000,
        " " * 9000 + "x",
        "\\frac{" * 3000,
        "∂" * 4000,
        "gradient of " * 900,
    ]
    start = time.process_time()
    align(network, from_mapping({label: numbers(3, 3) for label in nasty}))
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("form", ["dL/dW{}", "hidden.{}.weight", "nonsense thing {}"])
def test_a_hundred_arrays_and_two_thousand_nodes(form: str) -> None:
    builder = gc.Builder()
    last = builder.leaf("x", 1.0)
    for k in range(200):
        builder.leaf(f"W{k}", np.ones((k % 7 + 1, 3)))
    for _ in range(1800):
        last = builder.apply("sin", last)
    graph = builder.graph()
    hand_in = from_mapping({form.format(k): numbers(k % 7 + 1, 3) for k in range(100)})
    times = []
    for _ in range(5):
        start = time.process_time()
        align(graph, hand_in)
        times.append(time.process_time() - start)
    assert min(times) < 0.1


def real(name: str) -> HandIn:
    path = GRADIENTS / name
    if not path.exists():
        pytest.skip("the real files are not here")
    return read_gradients(path)


BOTH = pytest.mark.parametrize("side", ["my_autograd", "torch_autograd"])


@BOTH
def test_real_words_and_transposed_matrices(network: gc.Graph, side: str) -> None:
    hand_in = real(f"a/{side}.dat")
    found = align(network, hand_in)
    labelled = [row for row in found.rows if hand_in.readings[row.reading].label]
    assert len(labelled) == 6
    for row in labelled:
        label = hand_in.readings[row.reading].label
        layer = 1 if "irst" in label else 2 if "econd" in label else 3
        assert row.node == network.index(f"{'b' if 'ias' in label else 'W'}{layer}"), label
    square = next(row for row in labelled if row.node == network.index("W2"))
    assert (square.change, square.sure) == ("transposed", False)
    assert all(row.sure for row in labelled if row is not square)
    assert not found.missing
    # the last line of one file is a tensor without a label: the prediction, which nothing tells
    assert all(row.node is None for row in found.rows if row not in labelled)


@BOTH
def test_real_module_paths_on_another_naming(side: str) -> None:
    deep = program("f")
    hand_in = real(f"b/{side}.dat")
    found = align(deep, hand_in)
    assert found.sure and not found.missing and len(found.rows) == 24
    by_label = {reading.label: name for reading, name in zip(hand_in.readings, named(deep, found))}
    assert (by_label["input.0.weight"], by_label["hidden.4.bias"], by_label["output.0.bias"]) == ("W0", "b3", "b11")


@BOTH
def test_real_layers_with_the_first_left_out(side: str) -> None:
    deep = program("f")
    hand_in = real(f"c/{side}.dat")
    found = align(deep, hand_in)
    by_label = {reading.label: name for reading, name in zip(hand_in.readings, named(deep, found))}
    last = "Output_layer" if side == "my_autograd" else "Hidden_layer 11"
    assert len(found.rows) == 22 and found.sure
    assert by_label["Hidden_layer 1 weight gradient"] == "W1" and by_label[f"{last} weight gradient"] == "W11"
    assert [deep.names[leaf] for leaf in found.missing] == ["W0", "b0"]


@BOTH
def test_a_real_file_in_which_a_shape_is_wrong(network: gc.Graph, side: str) -> None:
    hand_in = real(f"d/{side}.dat")
    found = align(network, hand_in)
    nodes = {reading.label: name for reading, name in zip(hand_in.readings, named(network, found))}
    assert nodes == {"dw3": "W3", "db3": None, "dw2": "W2", "db2": "b2", "dw1": "W1", "db1": "b1"}
    assert next(row for row in found.rows if row.node is None).meant == network.index("b3")


@pytest.mark.parametrize("key", ["g", "lenet", "attention", "lstm"])
def test_every_node_of_a_recorded_network_by_its_name(key: str) -> None:
    pytest.importorskip("torch")
    from graphcore.networks import network as gallery
    from graphcore.picture.network.prepare import prepare
    from graphcore.picture.network.settings import Request, Settings

    chosen = gallery(key)
    made = prepare(Request(chosen.text, Settings(loss=chosen.loss, input=chosen.input, target=chosen.target)))
    graph = gc.record(made.module, *made.tensors)
    found = align(graph, from_mapping({f"{node.name} gradient": np.ones(node.shape) for node in graph.nodes}))
    # what a node with several results is worth is no one array
    assert {row.reading for row in found.rows if row.node is None} == set(graph.tuples)
    assert all(row.node == row.reading and row.sure for row in found.rows if row.node is not None)
