"""Layers made in float64 with parameters drawn from a generator of their own.

A function mode, which is a matter of this thread alone, gives every initializer of torch our generator and every new
tensor the dtype float64: the parameters are those that ``torch.manual_seed(seed)`` and ``torch.set_default_dtype(torch.float64)``
before the same lines would give, and neither the global generator nor the default dtype is touched. The entries of
every tensor are counted before it is made.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from graphcore.errors import ChainruleError

PARAMETER_LIMIT = 10**7

_MADE = frozenset({"empty", "zeros", "ones", "full", "tensor", "rand", "randn", "eye", "linspace", "arange", "randint"})
_MADE_FLOATING = _MADE - {"arange", "randint", "tensor", "full"}
_DRAWS = frozenset(
    """
    uniform_ normal_ kaiming_uniform_ kaiming_normal_ xavier_uniform_ xavier_normal_ trunc_normal_ orthogonal_ sparse_
    bernoulli_ rand randn randint bernoulli
    """.split()  # noqa: SIM905
)


class TooLargeError(ChainruleError):
    """More entries than a network may have; caught where the line is known."""


def made_with(generator: Any) -> AbstractContextManager[Any]:
    """The mode under which layers are made; ``generator`` is a ``torch.Generator``."""
    mode: AbstractContextManager[Any] = _mode_class()(generator)
    return mode


def _entries(name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> int:
    """How many entries a call that makes a tensor asks for; 0 where that is not a matter of its arguments."""
    if name in ("tensor", "arange", "linspace"):
        numbers = [abs(a) for a in args if isinstance(a, int | float)] if name != "tensor" else []
        return int(min(max(numbers, default=0), 1e18))
    sizes = keywords.get("size", args[2:] if name == "randint" else args)
    flat: list[int] = []
    for size in sizes if isinstance(sizes, tuple | list) else (sizes,):
        parts = size if isinstance(size, tuple | list) else (size,)
        flat.extend(part for part in parts if type(part) is int)
        if name == "full":
            break
    return math.prod(flat) ** (2 if name == "eye" and len(flat) == 1 else 1)


@lru_cache(maxsize=1)
def _mode_class() -> type:
    import torch
    from torch.overrides import TorchFunctionMode

    class Drawn(TorchFunctionMode):
        def __init__(self, generator: torch.Generator) -> None:
            super().__init__()
            self.generator = generator
            self.entries = 0

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            keywords = dict(kwargs or {})
            name = getattr(func, "__name__", "")
            if name in _MADE:
                self.count(_entries(name, args, keywords))
                floating = name in _MADE_FLOATING or (name == "full" and isinstance(args[-1], float))
                if floating and keywords.get("dtype") is None:
                    keywords["dtype"] = torch.float64
            elif name == "clone":
                self.count(args[0].numel())
            if name in _DRAWS and keywords.get("generator") is None:
                keywords["generator"] = self.generator
            made = func(*args, **keywords)
            if name in ("tensor", "as_tensor", "from_numpy") and made.dtype == torch.float32:
                return made.double()
            return made

        def count(self, entries: int) -> None:
            self.entries += entries
            if self.entries > PARAMETER_LIMIT:
                raise TooLargeError(f"{self.entries:,}")

    return Drawn
