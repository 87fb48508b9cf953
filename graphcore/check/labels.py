"""What a label says, whatever its wording: ``dLdw1``, ``W1_grad`` and ``Weights gradient of the first layer`` are one label."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 400
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: k for row in (_ORDINALS, _CARDINALS) for k, word in enumerate(row, 1)}
_GRADIENT = frozenset(["gradient", "gradients", "grad", "grads", "derivative", "derivatives", "nabla", "backward"])
_EMPTY = frozenset(
    [
        "of",
        "the",
        "for",
        "wrt",
        "with",
        "respect",
        "to",
        "by",
        "at",
        "in",
        "from",
        "is",
        "layer",
        "layers",
        "tensor",
        "array",
        "matrix",
        "vector",
        "values",
        "value",
    ]
)
_SAME = {
    **dict.fromkeys(["weight", "weights", "w", "kernel", "wt", "wts", "wgt"], "weight"),
    **dict.fromkeys(["bias", "biases", "b"], "bias"),
    **dict.fromkeys(["output", "outputs", "out", "final", "last"], "output"),
    **dict.fromkeys(["input", "inputs", "inp"], "input"),
    **dict.fromkeys(["hidden", "hid"], "hidden"),
    **dict.fromkeys(["linear", "lin", "fc", "dense", "affine"], "linear"),
}
# words that say where or in what a parameter stands; a file may leave them out when it numbers its layers
_PLACES = frozenset(["hidden", "linear", "model", "net", "network", "module", "sequential", "input", "output", "loss"])
_COUNTED = re.compile(r"^\s*\d+\s*:\s*(?=\D)")
_LOSS = r"(?:[LJCEfFS]|[Ll]oss|[Cc]ost|[Ee]rr(?:or)?)"
# dL/dW1, dLdw1, ∂J/∂b
_QUOTIENT = re.compile(rf"(?<![A-Za-z])(?:[d∂]_?\s*{_LOSS}\s*[/_]?\s*[d∂]_?\s*\(?(?=[A-Za-z0-9])|dl_?/?d_?(?=[A-Za-z]))")
# dw1, d_b, dWq, dbias
_DIFFERENTIAL = re.compile(
    r"(?<![A-Za-z])(?:[d∂]_?(?=[A-Za-z](?![A-Za-z]))|d(?=[A-Z])|d_?(?=(?:weights?|bias(?:es)?)(?![a-z]))|∂)"
)
_PIECE = re.compile(r"[A-Z]{2,}(?![a-z])|[^\W\d_][a-zß-ÿ]*|\d+")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\b", re.IGNORECASE)


class Label(NamedTuple):
    """A label taken apart: its words in alphabetical order, its numbers in their own, and whether it says "gradient"."""

    words: tuple[str, ...]
    numbers: tuple[int, ...]
    gradient: bool

    @property
    def kind(self) -> str:
        """ "weight" or "bias", or "" where the label says neither or both."""
        found = [word for word in ("weight", "bias") if word in self.words]
        return found[0] if len(found) == 1 else ""

    @property
    def bare(self) -> tuple[str, ...]:
        """The words without those that only say in what kind of layer a parameter stands."""
        return tuple(word for word in self.words if word not in _PLACES)


def read_label(label: str) -> Label:
    """A label taken apart; case, underscores, word order, number words and the many ways to say gradient do not count.

    >>> read_label("Second hidden layer weights gradient:")
    Label(words=('hidden', 'weight'), numbers=(2,), gradient=True)
    >>> read_label("dLdw3") == read_label("dW3") == read_label("0: W3_grad:") == read_label("∂L/∂w_3")
    True
    """
    text = _COUNTED.sub("", label[:LONGEST]).strip()
    text, quotients = _QUOTIENT.subn(" ", text)
    # `db` is a differential, `d` and `delta` are names
    text, differentials = _DIFFERENTIAL.subn(" ", text)
    pieces = _PIECE.findall(_ORDINAL.sub(r" \1 ", text).replace("∇", " nabla "))
    found, numbers, gradient = [], [], bool(quotients or differentials)
    for piece in (piece.lower() for piece in pieces):
        if piece in _GRADIENT:
            gradient = True
        elif piece in _NUMBERS:
            numbers.append(_NUMBERS[piece])
        elif piece.isdecimal():
            numbers.append(int(piece))
        elif piece not in _EMPTY:
            found.append(_SAME.get(piece, piece))
    return Label(tuple(sorted(dict.fromkeys(found))), tuple(numbers), gradient)


def words(label: str) -> tuple[str, ...]:
    """What a label says as a tuple that can be compared: its words in alphabetical order, then its numbers in their own.

    >>> words("First hidden layer weights gradient") == words("Weights gradient of first hidden layer")
    True
    >>> words("dw3"), words("input.0.weight:"), words("Output_layer bias gradient:")
    (('weight', '3'), ('input', 'weight', '0'), ('bias', 'output'))
    """
    taken = read_label(label)
    return (*taken.words, *map(str, taken.numbers))
