"""Gradient files: written in three styles, read back, compared tensor by tensor."""

import numpy as np
import pytest

from graphcore.errors import GraphError
from graphcore.export import STYLES, compare_files, comparison_text, gradients_dat, gradients_npz, read_dat, read_npz

NAMES = ["0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"]
RANDOM = np.random.default_rng(0)
ARRAYS = [RANDOM.standard_normal(shape) * 10.0**-k for k, shape in enumerate([(21, 10), (21,), (21, 21), (21,), (1, 21), (1,)])]


def test_the_default_style_keeps_every_digit() -> None:
    found = read_dat(gradients_dat(NAMES, ARRAYS))
    assert [label.removesuffix(" gradient:") for label in found] == NAMES
    for (printed, half), array in zip(found.values(), ARRAYS, strict=True):
        assert printed.shape == array.shape
        assert np.array_equal(printed, array)
        assert not half.any()


def test_the_styles_of_the_homework() -> None:
    text = gradients_dat(NAMES, ARRAYS, "numpy")
    assert text.startswith("dLdw1\n" + np.array2string(ARRAYS[0], precision=7, separator=",", threshold=10**6) + "\ndLdb1\n")
    assert [row for row in text.splitlines() if row[0] == "d"] == ["dLdw1", "dLdb1", "dLdw2", "dLdb2", "dLdw3", "dLdb3"]
    layers = gradients_dat(NAMES, ARRAYS, "layers")
    assert "Hidden_layer 1 weight gradient:\n" in layers
    assert layers.startswith("Input_layer weight gradient:\n")
    assert "Output_layer bias gradient:\n" in layers
    for style in STYLES:
        assert [found.numbers.shape for found in read_dat(gradients_dat(NAMES, ARRAYS, style)).values()] == [
            a.shape for a in ARRAYS
        ]
    with pytest.raises(ValueError, match="no style"):
        gradients_dat(NAMES, ARRAYS, "word")


@pytest.mark.parametrize(
    "array", [np.array(2.5), np.zeros((0,)), np.zeros((2, 3, 4)), np.array([np.nan, np.inf, -np.inf]), np.array([1e-300])]
)
@pytest.mark.parametrize("style", STYLES)
def test_unusual_arrays(array: np.ndarray, style: str) -> None:
    found = read_dat(gradients_dat(["x"], [array], style))
    (printed,) = found.values()
    assert printed.numbers.shape == array.shape
    if style == "full":
        assert np.array_equal(printed.numbers, array, equal_nan=True)


def test_npz_round_trip_and_refusals() -> None:
    found = read_npz(gradients_npz(NAMES, ARRAYS))
    assert list(found) == NAMES
    assert all(np.array_equal(found[name].numbers, array) for name, array in zip(NAMES, ARRAYS, strict=True))
    with pytest.raises(GraphError, match=r"not an \.npz file"):
        read_npz(b"PK\x03\x04 and no more")
    with pytest.raises(GraphError, match="twice"):
        read_dat("a\n1\na\n2\n")
    with pytest.raises(GraphError, match="before any name"):
        read_dat("1 2 3\n")
    with pytest.raises(GraphError, match="differ in length"):
        read_dat("a\n[[1 2]\n [3]]\n")


def test_equal_files_are_equal_to_rounding() -> None:
    text = gradients_dat(NAMES, ARRAYS)
    nearly = gradients_dat(NAMES, [array * (1 + 2e-16) for array in ARRAYS])
    assert {pair.state for pair in compare_files(nearly, text)} == {"equal"}
    assert {pair.state for pair in compare_files(gradients_npz(NAMES, ARRAYS), gradients_npz(NAMES, ARRAYS))} == {"equal"}
    assert "6 of 6 tensors are equal to rounding." in comparison_text(text, text)


def test_zeros_that_are_printed_hide_a_difference_and_it_is_said() -> None:
    small = np.array([1.2e-6, 3.4e-7, -2e-6, 4e-5])
    wrong = small * 1.6
    mine, torch_s = gradients_dat(["0.weight"], [wrong], "layers"), gradients_dat(["0.weight"], [small], "layers")
    (pair,) = compare_files(mine, torch_s)
    assert pair.zeros == (0.75, 0.75)
    assert pair.state == "different"
    (hidden,) = compare_files(
        gradients_dat(["0.weight"], [wrong[:3]], "layers"), gradients_dat(["0.weight"], [small[:3]], "layers")
    )
    assert hidden.state == "zero"
    assert "proves nothing" in comparison_text(
        gradients_dat(["a.b"], [wrong[:3]], "layers"), gradients_dat(["a.b"], [small[:3]], "layers")
    )
    (full,) = compare_files(gradients_dat(["0.weight"], [wrong]), gradients_dat(["0.weight"], [small]))
    assert full.state == "different"
    assert full.relative == pytest.approx(0.6)


def test_a_rounded_file_is_equal_as_printed() -> None:
    pairs = compare_files(
        gradients_dat(["0.weight"], [ARRAYS[0]], "layers").replace("Input_layer weight", "0.weight"),
        gradients_dat(["0.weight"], [ARRAYS[0]]),
    )
    assert [pair.state for pair in pairs] == ["equal as printed"]


def test_missing_tensors_and_shapes_are_said() -> None:
    text = comparison_text(gradients_dat(NAMES[:2], ARRAYS[:2]), gradients_dat([NAMES[0], NAMES[2]], [ARRAYS[0].T, ARRAYS[2]]))
    assert "shapes differ: (21, 10) and (10, 21)" in text
    assert "only in the first" in text
    assert "only in the second" in text
    assert "3 cannot be compared" in text


def test_numbers_that_print_short_are_not_taken_for_rounded_ones() -> None:
    (pair,) = compare_files(gradients_dat(["w"], [np.array([0.5, 2.0])]), gradients_dat(["w"], [np.array([0.54, 2.0])]))
    assert pair.state == "different"
    (rounded,) = compare_files("dLdw1\n[0.5,0.1234567]\n", "dLdw1\n[0.5400000,0.1234567]\n")
    assert rounded.state == "different"
