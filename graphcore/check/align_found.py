"""What the search for nodes finds, and how it quotes labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from graphcore.check.align_names import Role
from graphcore.check.align_shapes import Change


class Found(NamedTuple):
    """What one array was read as: ``node`` None with the reason in ``how``; ``change`` None where the shape is to say it."""

    node: int | None
    role: Role
    how: str
    sure: bool
    change: Change | None = None
    meant: int | None = None


class Named(NamedTuple):
    """A node that a label names: ``how`` the name was met, and the name as the label has it."""

    node: int
    how: str
    name: str


def quoted(text: str) -> str:
    """A piece of a label in a sentence, cut where it is long.

    >>> quoted("a" * 60)[-3:]
    'a…`'
    """
    text = " ".join(text.split())
    return f"`{text[:47]}…`" if len(text) > 48 else f"`{text}`"


def known_role(role: str) -> Role | Literal[""]:
    """A role that a file states, as one of ours."""
    known: Mapping[str, Role] = {
        "gradient": "gradient",
        "value": "value",
        "parameter": "parameter",
        "input": "input",
        "target": "target",
    }
    return known.get(role, "")
