"""Links: what goes into a URL comes back, and what somebody else wrote there does no harm."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcore.problems import GALLERY
from pages.ui.link import LONGEST_PROGRAM, pack, read_link, unpack


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_a_program_survives_the_url(text: str) -> None:
    packed = pack(text)
    assert unpack(packed) == text
    assert all(c.isalnum() or c in "-_" for c in packed)


def test_every_example_has_a_link() -> None:
    for example in GALLERY:
        assert read_link({"example": example.key}).text == example.text


def test_step_and_decimals_are_kept_within_reason() -> None:
    link = read_link({"p": pack("x = 2"), "step": "3", "decimals": "40"})
    assert (link.text, link.step, link.decimals, link.problem) == ("x = 2", 3, 12, None)
    assert read_link({"step": "-1", "decimals": "1e3"})[1:3] == (None, None)
    assert read_link({"step": "٣"}).step is None


@pytest.mark.parametrize("packed", ["%%%", "AAAA", "a", pack("x = 2")[:-3], "é"])
def test_a_damaged_link_says_so(packed: str) -> None:
    link = read_link({"p": packed})
    assert link.text is None
    assert "cannot be read" in link.problem


def test_a_link_does_not_unpack_without_bound() -> None:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = squeezed.compress(b"x" * (LONGEST_PROGRAM * 40)) + squeezed.flush()
    with pytest.raises(ValueError, match="longer than"):
        unpack(base64.urlsafe_b64encode(bomb).decode())


def test_an_unknown_example_is_named() -> None:
    link = read_link({"example": "<script>"})
    assert link.text is None
    assert "<script>" in link.problem
