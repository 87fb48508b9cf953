"""The product that the Jacobian of a path is: its local Jacobians one by one, of a long path both ends of it."""

from __future__ import annotations

from graphcore.jacobian import Jacobian
from graphcore.jacobian.path import PathJacobian
from graphcore.picture.jacobian_text import FACTORS

HALF = FACTORS // 2  # local Jacobians of each end of a long path


def ends_of(found: Jacobian | PathJacobian) -> tuple[Jacobian, ...]:
    """The local Jacobians that are shown, from the target on; none of an edge, or where paths part and meet again."""
    chain = _chain(found)
    return chain if len(chain) <= FACTORS else chain[:HALF] + chain[-HALF:]


def left_out(found: Jacobian | PathJacobian) -> tuple[Jacobian, ...]:
    """The local Jacobians between the ends: a path of their own, which shows them."""
    chain = _chain(found)
    return chain[HALF:-HALF] if len(chain) > FACTORS else ()


def _chain(found: Jacobian | PathJacobian) -> tuple[Jacobian, ...]:
    return (found.chain or ()) if isinstance(found, PathJacobian) else ()
