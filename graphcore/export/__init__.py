"""What is taken away from a page as a file: gradients as text and ``.npz``, and their comparison."""

from graphcore.export.gradients import STYLES, gradients_dat, gradients_npz, read_dat, read_npz
from graphcore.export.versus import TensorPair, compare_files, comparison_text

__all__ = [
    "STYLES",
    "TensorPair",
    "compare_files",
    "comparison_text",
    "gradients_dat",
    "gradients_npz",
    "read_dat",
    "read_npz",
]
