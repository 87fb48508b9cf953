"""Gradient files: written in three styles, read back, compared tensor by tensor."""

import numpy as np
import pytest

from graphcore.check.reading import read_gradients
from graphcore.export import STYLES, compare_files, comparison_text, gradients_dat, gradients_npz

NAMES = ["0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"]
RANDOM = np.random.default_rng(0)
ARRAYS = [RANDOM.standard_normal(shape) * 10.0**-k for k, shape in enumerate([(21, 10), (21,), (21, 21), (21,), (1, 21), (1,)])]


def test_the_default_style_keeps_every_digit() -> None:
    found = read_gradients(gradients_dat(NAMES, ARRAYS)).readings
    assert [reading.label.removesuffix(" gradient") for reading in found] == NAMES
    for reading, array in zip(found, ARRAYS, strict=True):
        assert reading.array.shape == array.shape
        assert np.array_equal(reading.array, array)
        assert not reading.half.any()


def test_the_styles_of_the_homework() -> None:
    text = gradients_dat(NAMES, ARRAYS, "numpy")
    assert text.startswith("dLdw1\n" + np.array2string(ARRAYS[0], precision=7, separator=",", threshold=10**6) + "\ndLdb1\n")
    assert [row for row in text.splitlines() if row[0] == "d"] == ["dLdw1", "dLdb1", "dLdw2", "dLdb2", "dLdw3", "dLdb3"]
    layers = gradients_dat(NAMES, ARRAYS, "layers")
    assert "Hidden_layer 1 weight gradient:\n" in layers
    assert layers.startswith("Input_layer weight gradient:\n")
    assert "Output_layer bias gradient:\n" in layers
    for style in STYLES:
        found = read_gradients(gradients_dat(NAMES, ARRAYS, style)).readings
        assert [reading.array.shape for reading in found] == [array.shape for array in ARRAYS]
    with pytest.raises(ValueError, match="no style"):
        gradients_dat(NAMES, ARRAYS, "word")


@pytest.mark.parametrize(
    "array", [np.array(2.5), np.zeros((0,)), np.zeros((2, 3, 4)), np.array([np.nan, np.inf, -np.inf]), np.array([1e-300])]
)
@pytest.mark.parametrize("style", STYLES)
def test_unusual_arrays(array: np.ndarray, style: str) -> None:
    (found,) = read_gradients(gradients_dat(["x"], [array], style)).readings
    assert found.array.shape == array.shape
    if style == "full":
        assert np.array_equal(found.array, array, equal_nan=True)


def test_npz_round_trip() -> None:
    found = read_gradients(gradients_npz(NAMES, ARRAYS)).readings
    assert [reading.label for reading in found] == NAMES
    assert all(np.array_equal(reading.array, array) for reading, array in zip(found, ARRAYS, strict=True))


def test_npz_takes_names_that_numpy_keeps_for_itself() -> None:
    names = ["file", "allow_pickle", "self"]
    found = read_gradients(gradients_npz(names, [np.eye(2), np.array(3.0), np.ones((2, 0))])).readings
    assert [reading.label for reading in found] == names
    assert [reading.array.shape for reading in found] == [(2, 2), (), (2, 0)]


def test_equal_files_are_equal_to_rounding() -> None:
    text = gradients_dat(NAMES, ARRAYS)
    nearly = gradients_dat(NAMES, [array * (1 + 2e-16) for array in ARRAYS])
    for found in (compare_files(nearly, text), compare_files(gradients_npz(NAMES, ARRAYS), gradients_npz(NAMES, ARRAYS))):
        assert {pair.state for pair in found.pairs} == {"equal"}
        assert found.verdict == "equal"
    assert "Equal to rounding. 6 arrays compared." in comparison_text(text, text)


def test_zeros_that_are_printed_hide_a_difference_and_it_is_said() -> None:
    small = np.array([1.2e-6, 3.4e-7, -2e-6, 4e-5])
    wrong = small * 1.6
    found = compare_files(gradients_dat(["0.weight"], [wrong], "layers"), gradients_dat(["0.weight"], [small], "layers"))
    assert found.pairs[0].zeros == (3, 3)
    assert found.verdict == "different"
    hidden = [gradients_dat(["a.b"], [array[:3]], "layers") for array in (wrong, small)]
    assert compare_files(hidden[0], hidden[1]).verdict == "unproven"
    assert "proves nothing" in comparison_text(hidden[0], hidden[1])
    full = compare_files(gradients_dat(["0.weight"], [wrong]), gradients_dat(["0.weight"], [small]))
    assert full.verdict == "different"
    assert full.pairs[0].relation.factor == pytest.approx(1.6)


def test_a_rounded_file_is_equal_as_printed() -> None:
    rounded = gradients_dat(["0.weight"], [ARRAYS[0]], "layers").replace("Input_layer weight", "0.weight")
    (pair,) = compare_files(rounded, gradients_dat(["0.weight"], [ARRAYS[0]])).pairs
    assert pair.state == "printed"
    assert "the 5 decimals printed" in pair.text


def test_missing_tensors_and_layouts_are_said() -> None:
    mine, other = gradients_dat(NAMES[:2], ARRAYS[:2]), gradients_dat([NAMES[0], NAMES[3]], [ARRAYS[0].T, ARRAYS[3][:3]])
    text = comparison_text(mine, other)
    assert "transposed" in text
    assert "Only in my_autograd.dat: 0.bias" in text
    assert "Only in torch_autograd.dat: 1.bias" in text


def test_numbers_that_print_short_are_not_taken_for_rounded_ones() -> None:
    found = compare_files(gradients_dat(["w"], [np.array([0.5, 2.0])]), gradients_dat(["w"], [np.array([0.54, 2.0])]))
    assert found.verdict == "different"
