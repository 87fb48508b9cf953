"""The problem that hand-ins are judged against: a program, an example of a gallery, or a torch module."""

from __future__ import annotations

import os
from pathlib import Path

from graphcore import networks, problems
from graphcore.arguments import InputError, program
from graphcore.check.many import Recipe
from graphcore.errors import nearest
from graphcore.graph import Graph
from graphcore.parse import parse

NETWORK = "network:"


def recipe(given: str) -> Recipe:
    """How the graph of a problem is made: of a file, of an example by its key, or of the program itself.

    Where a program and a network of the galleries have the same key, the program is meant; ``network:d`` is the network.

    >>> recipe("b").graph().names
    ('W', 'x', 'z', 'h', 'v1', 'f')
    """
    if not _is_file(given):
        if given in (example.key for example in problems.GALLERY):
            return Recipe(parse, (problems.problem(given).text,))
        key = given.removeprefix(NETWORK)
        if key in (example.key for example in networks.GALLERY):
            return Recipe(recorded, (key,))
        if given.startswith(NETWORK) or ("=" not in given and not any(c in given for c in "\n;(") and given != "-"):
            raise InputError(_unknown(given))
    return Recipe(parse, (program(given),))


def _is_file(given: str) -> bool:
    try:
        path = Path(os.fsencode(given).decode("utf-8", errors="replace"))
        return bool(given) and path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


def _unknown(given: str) -> str:
    keys = [*(example.key for example in problems.GALLERY), *(NETWORK + example.key for example in networks.GALLERY)]
    near = nearest(given, keys)
    hint = f"Did you mean `{near}`?" if near else f"The examples are {', '.join(keys)}."
    return f"there is no file and no example called `{given[:80]}`. {hint}"


def recorded(key: str) -> Graph:
    """The recorded graph of a network of the gallery, with its own input, target and loss."""
    from graphcore.picture.network.prepare import prepare
    from graphcore.picture.network.settings import Request, Settings
    from graphcore.record import record

    network = networks.network(key)
    gradient = "input" if network.input_gradient else ""
    settings = Settings(loss=network.loss, input=network.input, target=network.target, gradient=gradient)
    made = prepare(Request(network.text, settings))
    return record(made.module, *made.tensors)
