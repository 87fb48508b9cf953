"""What a text of a network becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphcore.build.source import Source

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Built:
    """A network read from text.

    ``module`` is in float64 and in training mode; its parameters are drawn from a generator of their own, and are those that
    ``torch.manual_seed(seed)`` and ``torch.set_default_dtype(torch.float64)`` before the same lines give. ``kind`` is
    "sequential", "printed", "class" or "lines"; ``settings`` what the text says about loss, input and target, as
    texts; ``lines`` the line on which each module was written, by path; ``notes`` sentences on how the text was read.
    """

    module: nn.Module
    kind: str
    settings: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: Source | None = None

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """The shape of an input with a batch of one that runs, found by trying; None where none was found."""
        from graphcore.build.fitting import guess

        found = guess(self.module)
        return None if found is None else found.shapes[0]
