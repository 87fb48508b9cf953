"""A recorded node to be written in plain NumPy, and the lines that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Place(NamedTuple):
    """A statement that adds into the gradient ``{d}``, an array of zeros at first."""

    statement: str


class Lines(NamedTuple):
    """The right side of a forward line, and per operand that of its gradient; the registry's rule where there is none.

    With ``parts`` the right side is taken apart into the op's outputs; else it is the first output alone.
    """

    forward: str
    rules: Mapping[str, str | Place]
    parts: bool = False


@dataclass(frozen=True, eq=False)
class Asked:
    """A node to be written: the names of its operands, of its value ``y`` and of the gradient ``g`` that arrives there.

    Where the op returns several tensors ``y`` and ``g`` are those of the first; ``outputs`` are the values of all of them and
    ``gradients`` the source of what arrives at each. ``arrays`` are the values of the operands; ``helper`` pastes a function.
    """

    operands: Mapping[str, str]
    arrays: Mapping[str, Any]
    statics: Mapping[str, Any]
    outputs: tuple[Any, ...]
    y: str
    g: str
    gradients: tuple[str, ...]
    helper: Callable[[Any], str]

    def __getitem__(self, name: str) -> str:
        return self.operands[name]

    def get(self, name: str) -> str | None:
        """The name of a tensor that may be left out."""
        return self.operands.get(name)

    def shape(self, name: str) -> Shape:
        """The shape of an operand."""
        return np.shape(self.arrays[name])

    def each(self, name: str, rank: int) -> Shape:
        """A setting per axis."""
        value = self.statics[name]
        values = (value,) if isinstance(value, int) else tuple(value)
        return values * rank if len(values) == 1 else values

    def settings(self, rank: int, **usual: int) -> str:
        """Settings as keywords, those left out that are the usual ones: one number where all axes have the same."""
        found = ""
        for name, value in usual.items():
            given = self.each(name, rank)
            if given != (value,) * rank:
                found += f", {name}={given[0] if len(set(given)) == 1 else given}"
        return found


Row = Callable[[Asked], Lines | None]


def along(name: str, rank: int) -> str:
    """A number a channel, along axis 1 of (sample, channel, ``rank`` axes)."""
    return f"{name}.reshape({', '.join(map(str, (-1, *(1,) * rank)))})" if rank else name
