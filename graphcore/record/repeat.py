"""What torch calls when a recorded run is repeated, where that is not the recorded overload itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from graphcore.ops.aten.writes import places

_KINDS = {"float": torch.float64, "int": torch.int64, "bool": torch.bool}


class Stopped(NamedTuple):
    """A call through which no gradient flowed in the recorded run, whatever its own derivative says."""

    function: Callable[..., Any]

    def __call__(self, /, *arguments: Any, **keywords: Any) -> Any:
        """The call's result, unseen by autograd."""
        with torch.no_grad():
            return self.function(*arguments, **keywords)


class Straight(torch.autograd.Function):
    """New numbers for a tensor whose gradient passes as if it were the old one."""

    @staticmethod
    def forward(ctx: Any, self: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """The new numbers."""
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """The gradient, unchanged."""
        return gradients[0], None


def _index(shape: Any, where: dict[str, Any]) -> torch.Tensor:
    return torch.from_numpy(places(tuple(shape), **where)[0].copy())


def write(self: torch.Tensor, src: torch.Tensor, **where: Any) -> torch.Tensor:
    """``self`` with ``src`` written into a part of it."""
    index = _index(self.shape, _tuples(where)).reshape(-1)
    return self.reshape(-1).index_put((index,), src.reshape(-1)).reshape(self.shape)


def take(self: torch.Tensor, **where: Any) -> torch.Tensor:
    """A part of ``self``."""
    return torch.take(self, _index(self.shape, _tuples(where)))


def copy(src: torch.Tensor, size: Any, kind: str) -> torch.Tensor:
    """``src`` in another shape and kind."""
    return src.to(_KINDS[kind]).expand(tuple(size)).clone()


def straight(self: torch.Tensor, value: torch.Tensor) -> Any:
    """``value`` in place of ``self``."""
    return Straight.apply(self, value)  # type: ignore[no-untyped-call]  # torch's own


def _tuples(where: dict[str, Any]) -> dict[str, Any]:
    # lists are what a repeated call makes of tuples
    return {key: value if isinstance(value, int) else tuple(value) for key, value in where.items()}
