"""What a difference of two files is made of; every part can be written as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from graphcore.check.diff.printed import Printed
from graphcore.compare.words import Banner

Verdict = Literal["equal", "different", "unproven"]
State = Literal["equal", "printed", "zero", "different", "shapes"]


class Relation(NamedTuple):
    """How one side's numbers follow from the other's.

    ``kind`` is equal, factor, sign, mask, transpose, order, permutation, sum, diagonal, cumulated, rows, columns,
    function or none;
    ``mistake`` the stable name of the mistake that makes such numbers ("" where none does), ``factor`` a constant in it.
    ``swapped``: the second side follows from the first.
    """

    kind: str
    text: str
    mistake: str = ""
    factor: float | None = None
    swapped: bool = False


class Pair(NamedTuple):
    """Two arrays that were laid beside each other.

    ``how`` says why these two ("by name", "by the words ..."), ``sure`` whether more than their shape says so; ``change``
    what was done to the second so that it lies as the first does. ``error`` is the largest difference, ``wrong`` how many of the
    ``compared`` entries differ beyond the printed digits; ``zeros`` how many print as zero on each side.
    """

    label: str
    other: str
    indices: tuple[int, int]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    how: str
    sure: bool
    change: str
    state: State
    text: str
    relation: Relation
    error: float = 0.0
    wrong: int = 0
    compared: int = 0
    zeros: tuple[int, int] = (0, 0)
    precision: str = ""
    run: int = 0
    sides: tuple[Printed, Printed] | None = None


class Law(NamedTuple):
    """The rank-one law of one layer inside one file: dW = outer(db, activation).

    ``state`` is holds, broken, batch (the rank is above one), column-bias (the bias has an entry a column) or unknown;
    ``layout`` says whether dW is written (out, in) or (in, out); ``input`` is the activation that follows from it.
    """

    state: str
    text: str
    layout: str = ""
    rank: int | None = None
    input: Printed | None = None
    weight: Printed | None = None
    bias: Printed | None = None


class Layer(NamedTuple):
    """One layer in both files, numbered from the input: its pairs (by index), laws and the relation of its recovered inputs."""

    name: str
    number: int
    weight: int | None
    bias: int | None
    laws: tuple[Law, Law] | None = None
    inputs: Relation | None = None
    agrees: bool = False
    run: int = 0


class Note(NamedTuple):
    """One finding: a mistake's stable name, the sentence with its numbers, and whether the numbers leave no other reading."""

    mistake: str
    text: str
    layer: int | None = None
    certain: bool = False
    side: int | None = None
    run: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class Difference:
    """Two files of gradients, laid beside each other.

    ``names`` is what the files are called in the sentences. ``unpaired_a`` and ``unpaired_b`` are labels that stand on one
    side only; ``layers`` go from the input to the output, ``findings`` from the output to the input.
    """

    pairs: tuple[Pair, ...]
    unpaired_a: tuple[str, ...]
    unpaired_b: tuple[str, ...]
    layers: tuple[Layer, ...]
    findings: tuple[Note, ...]
    verdict: Verdict
    banner: Banner
    notes: tuple[str, ...] = ()
    names: tuple[str, str] = ("the first file", "the second file")

    @property
    def sentence(self) -> str:
        """The verdict in one line: what the banner says in bold and small."""
        return " ".join(part for part in (self.banner.bold, self.banner.small) if part)

    def __repr__(self) -> str:
        return f"<Difference {self.verdict}: {self.banner.bold}>"
