"""A run as programs a person would hand in: the backward pass in NumPy, and the torch program that checks it.

Both are written from the rows of the registry: a forward line is the row's ``numpy`` or ``torch`` text, a backward line
its derivative rule, each with the user's names.
"""

from __future__ import annotations

from graphcore.code.names import gradient_variables, variables
from graphcore.code.programs import Saved, numpy_program, torch_program

__all__ = ["Saved", "gradient_variables", "numpy_program", "torch_program", "variables"]
