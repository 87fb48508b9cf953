"""A row of the table of words, and the examples that several rows share."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """A word of the interface.

    ``key`` stands in links; ``forms`` are other ways it is written on the screen; ``never`` are words that come to mind for the
    same and are not used. The example is a program, or the layer text of a network, with the step to open it at and the node to
    look at: ``folding`` says which of the network's states of folding that is, ``hand`` are gradients handed in for it.
    """

    key: str
    word: str
    forms: tuple[str, ...]
    text: str
    program: str
    step: int
    node: str
    look: str
    never: tuple[str, ...] = ()
    network: bool = False
    folding: int = 0
    hand: str = ""


SQUARE = "x = 3\ny = x**2"
CHAIN = "x = 0.5\ns = sin(x)\ny = s**2"
TWICE = "x = 3\ny = x * x"
VECTOR = "x = [0.5, -1]\nh = x**2\ny = sum(h)"
KINK = "x = 0\ny = relu(x)"
SIDE = "x = 3\nt = const(2)\ny = x * t"
LAYER = "Linear(2, 1)\nSigmoid()"
HAND = "s: 0.4794\nx: 0.4207"
FOLDED, EVERYTHING = 1, 2  # states of a network: 0 is how a page shows it first
