"""Two gradient files compared, as the text that is shown beside them and taken away with them."""

from __future__ import annotations

from graphcore.check.diff import Difference, difference, difference_text
from graphcore.check.reading import read_gradients

NAMES = ("my_autograd.dat", "torch_autograd.dat")


def compare_files(first: str | bytes, second: str | bytes, names: tuple[str, str] = NAMES) -> Difference:
    """The difference of two files, each the text of a ``.dat`` or the bytes of any file that can be read."""
    one, other = (read_gradients(source, name) for source, name in zip((first, second), names, strict=True))
    return difference(one, other, names)


def comparison_text(first: str | bytes, second: str | bytes, names: tuple[str, str] = NAMES) -> str:
    """The comparison as text: what it proves, then a line a tensor and what explains the ones that differ."""
    return difference_text(compare_files(first, second, names))
