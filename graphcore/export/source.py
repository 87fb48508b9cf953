"""Where a graph comes from: the text that a person wrote, and the lines of Python that make the same graph again."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from graphcore.errors import GraphError
from graphcore.graph import Graph

if TYPE_CHECKING:
    from graphcore.picture.network.settings import Request

EMBEDDED = 5_000_000  # bytes of a weights file that a notebook carries


class Source(NamedTuple):
    """The text to show, and lines that leave a variable ``graph``; with ``module`` also ``module`` and ``tensors``."""

    text: str
    code: str
    module: bool = False


def of_program(graph: Graph) -> Source:
    """The program that a graph was parsed from; a graph made otherwise has none."""
    if not graph.source.text:
        raise GraphError(
            "this graph was not made of a program, so no lines of Python can make it again.",
            instead="Say where it comes from: a program, a network's text, or package.module:factory.",
        )
    return Source(graph.source.text, f"program = {literal(graph.source.text)}\ngraph = gc.parse(program)")


def of_network(request: Request) -> Source:
    """A network of page Networks: its text with the fields beside it, and its weights where it has a file of them."""
    weights = request.weights
    lines = ["from graphcore.picture.network.prepare import prepare"]
    given = ""
    if weights is not None:
        if len(weights.data) > EMBEDDED:
            raise GraphError(
                f"the weights in {weights.name} are {len(weights.data):,} bytes.",
                instead=f"A notebook carries at most {EMBEDDED:,}.",
            )
        encoded = base64.b64encode(weights.data).decode()
        given = ", weights"
        lines += ["from graphcore.picture.network.settings import Request, Settings, Weights", ""]
        lines += [f"weights = Weights.read({weights.name!r}, {encoded!r})"]
    else:
        lines += ["from graphcore.picture.network.settings import Request, Settings", ""]
    plain = ", ".join(f"{name}={value!r}" for name, value in request.settings.plain().items())
    lines += [f"text = {literal(request.text)}", f"made = prepare(Request(text, Settings({plain}){given}))"]
    lines += ["module, tensors = made.module, made.tensors", "graph = gc.record(module, *tensors)"]
    return Source(request.text, "\n".join(lines), module=True)


def of_factory(named: str) -> Source:
    """A torch module that ``package.module:factory`` returns with its inputs."""
    package, _, factory = named.partition(":")
    lines = ["import importlib", "", f"factory = importlib.import_module({package!r})"]
    lines += [f"for name in {factory!r}.split('.'):", "    factory = getattr(factory, name)"]
    lines += ["module, *tensors = factory()", "graph = gc.record(module, *tensors)"]
    return Source(f"# {named}", "\n".join(lines), module=True)


def literal(text: str) -> str:
    r"""A text as Python source, over several lines where that is as safe.

    >>> print(literal("x = 2\ny = x").replace(chr(34), "|"))
    |||\
    x = 2
    y = x|||
    >>> print(literal(r"back\slash"))
    'back\\slash'
    """
    plain = all(c.isprintable() or c == "\n" for c in text)
    if "\n" not in text or not plain or "\\" in text or '"' in text:
        return repr(text)
    return f'"""\\\n{text}"""'
