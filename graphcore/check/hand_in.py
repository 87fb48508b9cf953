"""What a person hands in: arrays as they were written, each with its label, its place and its printed precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# how arrays of less than float64's precision are called in sentences, by their rounding
NARROW = {2.0**-23: "float32, about 7 digits", 2.0**-10: "float16, about 3 digits", 2.0**-7: "bfloat16, about 2 digits"}


class Reading(NamedTuple):
    """One array as it was handed in.

    ``label`` is the person's own ("" where there is none), ``line`` where the array begins (from 1, None in a binary file).
    ``half`` is half a unit of the last digit printed, entry by entry (0 where all digits stand); ``eps`` the rounding of the
    arithmetic that made it (float32's for a torch print without a dtype). Entries that the file leaves out are nan and
    ``incomplete`` is True. ``form`` is how it was written: "torch", "numpy", "list", "number" or "binary"; ``run`` which of
    several runs or points in one file it belongs to, from 0; ``role`` what a file says it is: "gradient", "value",
    "parameter", "input", "target", or "" where it does not say.
    """

    label: str
    array: Array
    half: Array
    eps: float = float(np.finfo(np.float64).eps)
    line: int | None = None
    form: str = "binary"
    incomplete: bool = False
    run: int = 0
    role: str = ""


@dataclass(frozen=True)
class HandIn(Mapping[str, Array]):
    """The arrays of one hand-in, by label; one run of the file.

    ``readings`` are this run's, in the order of the file, ``runs`` the names of all runs or points that the file holds (one
    name at least), ``run`` the chosen one, ``everything`` the readings of all runs. ``notes`` are sentences about what was left
    out or read in a particular way. ``second`` is the other side where one paste holds two, as a hand-in of its own.
    """

    readings: tuple[Reading, ...]
    runs: tuple[str, ...] = ("",)
    run: int = 0
    notes: tuple[str, ...] = ()
    second: HandIn | None = None
    everything: tuple[Reading, ...] = field(default=(), repr=False)

    def select(self, run: int) -> HandIn:
        """Another run or point of the same file, from 0, of both sides where there are two; IndexError where there is none."""
        if not 0 <= run < len(self.runs):
            raise IndexError(f"there is no run {run}; the file has {len(self.runs)}.")
        second = self.second
        if second is not None and len(second.runs) == len(self.runs):
            second = second.select(run)
        return replace(self, readings=tuple(r for r in self.everything if r.run == run), run=run, second=second)

    def beside(self, values: HandIn) -> HandIn:
        """These gradients with the forward values of another hand-in."""
        more = tuple(reading._replace(role="value") for reading in values.readings)
        return replace(self, readings=self.readings + more, notes=self.notes + values.notes)

    def swapped(self) -> HandIn:
        """The two sides of one paste the other way round."""
        return self if self.second is None else replace(self.second, second=replace(self, second=None))

    def __getitem__(self, label: str) -> Array:
        for reading in self.readings:
            if reading.label == label:
                return reading.array
        raise KeyError(label)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(reading.label for reading in self.readings))

    def __len__(self) -> int:
        return len({reading.label for reading in self.readings})


def from_mapping(arrays: Mapping[str, Any], role: str = "") -> HandIn:
    """A mapping of names to numbers as a hand-in: exact, in the precision of its arrays.

    >>> from_mapping({"w": 2.0}).readings[0].half.item()
    0.0
    """
    readings = []
    for label, given in arrays.items():
        found = np.asarray(given)
        precision = np.finfo(found.dtype) if found.dtype.kind == "f" else np.finfo(np.float64)
        array = found.astype(np.float64)
        readings.append(Reading(str(label), array, np.zeros(array.shape), float(precision.eps), role=role))
    return HandIn(tuple(readings), everything=tuple(readings))
