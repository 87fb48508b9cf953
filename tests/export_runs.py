"""Runs that the tests of the files taken home share: a course problem, a network, and names that nobody should trust."""

from __future__ import annotations

from functools import lru_cache

from graphcore import Builder, compare, parse, trace
from graphcore.backprop import Trace
from graphcore.commands.problem import recorded
from graphcore.compare import Comparison
from graphcore.problems import problem

# each would do something, or break the file, in one of the formats if it were not taken as text
HOSTILE = [
    r"\input{secret}\end{document}%",
    "<script>alert(1)</script>",
    '"]; evil [label="x',
    "a&b <i>",
    "$x$ ^_{}~#",
    "]]>-->",
    "`x` [y](z)",
    "back\\slash\\N",
    "line\nbreak\x00\x1b",
    "ünï €🎉 −",
]


@lru_cache(maxsize=8)
def run_of(key: str) -> tuple[Trace, Comparison]:
    """A run and its comparison: a problem of the gallery, ``network:d``, or ``hostile``."""
    if key == "hostile":
        run = trace(hostile())
    elif key.startswith("network:"):
        run = trace(recorded(key.removeprefix("network:")))
    else:
        run = trace(parse(problem(key).text))
    return run, compare(run)


def hostile():  # type: ignore[no-untyped-def]
    """A graph whose nodes have names that are code somewhere."""
    builder = Builder()
    nodes = [builder.leaf(name, 0.5 + k) for k, name in enumerate(HOSTILE[:-1])]
    total = nodes[0]
    for node in nodes[1:]:
        total = builder.apply("add", total, node)
    builder.apply("sin", total, name=HOSTILE[-1])
    return builder.graph()
