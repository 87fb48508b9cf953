"""The hand-ins that are one click away, and the problems to hand in for, as the chooser wants them."""

from __future__ import annotations

from typing import Any

from graphcore.check.examples import Example, examples
from graphcore.picture import payload as program_view
from graphcore.picture.check.sources import Source
from graphcore.picture.check.work import Asked
from graphcore.picture.network import views as network_view
from graphcore.picture.network.settings import Request
from graphcore.problems import problem

Json = dict[str, Any]

GROUP = "Handed in"
TYPED = 8_000  # characters up to which a hand-in is shown in the box it could have been typed into


def example(key: str) -> Example | None:
    """The example with this key."""
    return next((known for known in examples() if known.key == key), None)


def asked(example: Example) -> Asked:
    """What is asked when an example is opened; a long hand-in comes as the file it is, not as typed text."""
    long = len(example.text) > TYPED
    source = Source(f"{example.key}.dat", example.text.encode()) if long else Source("", example.text)
    return Asked(Request(problem(example.problem).text), (source,), values=example.values)


def listed() -> list[Json]:
    """Examples, programs and networks as entries of the chooser."""
    handed = [
        {"key": e.key, "title": e.title, "sentence": e.sentence, "text": problem(e.problem).text, "group": GROUP, "hand": True}
        for e in examples()
    ]
    programs = [{**row, "hand": False} for row in program_view.examples()]
    networks = [{**row, "hand": False} for row in network_view.examples()]
    return [*handed, *programs, *networks]
