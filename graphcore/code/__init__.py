"""A run as programs a person would hand in: the backward pass in NumPy, and the torch program that checks it.

Both are written from the rows of the registry: a forward line is the row's ``numpy`` or ``torch`` text, a backward line
its derivative rule, each with the user's names. A recorded network is written node for node.
"""

from __future__ import annotations

from graphcore.code.names import gradient_variables, variables
from graphcore.code.programs import Saved, numpy_program, torch_program
from graphcore.code.recorded import Programs, loaded_leaves, recorded_programs

__all__ = [
    "Programs",
    "Saved",
    "gradient_variables",
    "loaded_leaves",
    "numpy_program",
    "recorded_programs",
    "torch_program",
    "variables",
]
