"""Picking one tensor out of an op that returns several."""

from __future__ import annotations

from typing import Any

from graphcore.ops.aten.row import aten
from graphcore.ops.parts import Parts
from graphcore.ops.row import Formula


def _pick(self: Any, k: int) -> Any:
    return self[k]


def _put_back(g: Any, y: Any, self: Any, k: int) -> Any:
    return Parts({k: g})


OUTPUT = aten("output(self)", Formula("self[k]", _pick), self=Formula("g", _put_back), spoken="output of several", plumbing=True)
