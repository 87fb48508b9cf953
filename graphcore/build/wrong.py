"""Networks with a hand-written backward pass that is wrong, to see where the mistake is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphcore.build.built import Built
from graphcore.build.drawing import made_with
from graphcore.errors import UnknownNameError

if TYPE_CHECKING:
    from torch import nn


@lru_cache(maxsize=1)
def functions() -> Mapping[str, Any]:
    """The wrong functions, by key: classes of ``torch.autograd.Function`` with a right forward."""
    return {"sigmoid": _sigmoid(), "scale": _scale(), "square": _square()}


def _sigmoid() -> Any:
    import torch

    class ForgetfulSigmoid(torch.autograd.Function):
        """The logistic function; its backward forgets the factor (1 - y)."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = 1 / (1 + torch.exp(-x))
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            (y,) = ctx.saved_tensors
            return upstream[0] * y

    return ForgetfulSigmoid


def _scale() -> Any:
    import torch

    class ForgetfulScale(torch.autograd.Function):
        """Every row times the same weights; its backward forgets the sum over the rows and takes the first one."""

        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            x, w = ctx.saved_tensors
            return upstream[0] * w, (upstream[0] * x)[0]

    return ForgetfulScale


def _square() -> Any:
    import torch

    class ForgetfulSquare(torch.autograd.Function):
        """The square of each entry; its backward returns None, as if nothing flowed."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * x

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            return None

    return ForgetfulSquare


@lru_cache(maxsize=1)
def _network_class() -> type:
    import torch

    class WrongBackward(torch.nn.Module):
        """Linear(2, 3), a wrong function, Linear(3, 1)."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.first = torch.nn.Linear(2, 3)
            self.last = torch.nn.Linear(3, 1)
            self.key = key
            if key == "scale":
                self.w = torch.nn.Parameter(torch.rand(3))

        def forward(self, x: Any) -> Any:
            wrong: Callable[..., Any] = functions()[self.key].apply
            z = self.first(x)
            return self.last(wrong(z, self.w) if self.key == "scale" else wrong(z))

    return WrongBackward


def built(key: str = "sigmoid", *, seed: int = 0) -> Built:
    """The network with this wrong function in its middle: "sigmoid", "scale" or "square"."""
    import torch

    if key not in functions():
        raise UnknownNameError("wrong function", key, functions())
    generator = torch.Generator()
    generator.manual_seed(seed)
    with made_with(generator):
        module: nn.Module = _network_class()(key)
    return Built(module, "custom")
