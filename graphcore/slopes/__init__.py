"""A gradient is a slope: the output over one entry of one leaf, with the tangent that the gradient draws."""

from graphcore.slopes.curve import SAMPLES, Curve, Kink, curve, window
from graphcore.slopes.output import reached_from, seeded_sum

__all__ = ["SAMPLES", "Curve", "Kink", "curve", "reached_from", "seeded_sum", "window"]
