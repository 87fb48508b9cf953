"""Lines to paste at the end of a notebook: they write ``handin.npz``, with everything that judging needs.

The lines import NumPy and nothing of ours. The keys say what each array is and what it is called:
``parameter:W1``, ``input:x``, ``target:t``, ``gradient:W1``, ``value:h1``.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from graphcore.check.align_layers import layers_of
from graphcore.graph import Graph

FILE = "handin.npz"
# more names than this make a line that nobody reads: then the notebook's own names are searched
_MOST = 40
_TARGETS = frozenset({"t", "T", "y", "Y", "target", "targets", "label", "labels"})
_SAVE = f'np.savez("{FILE}", **{{f"{{kind}}:{{name}}": _number(a) for kind, part in _parts.items() for name, a in part.items()}})'
_NUMBER = '_number = lambda a: a.detach().cpu().numpy() if hasattr(a, "detach") else np.asarray(a)'


class Leaves(NamedTuple):
    """The leaves of a graph by what they are for, each in its order."""

    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    buffers: tuple[str, ...] = ()


def leaves_of(graph: Graph) -> Leaves:
    """What the leaves of a graph are: parameters, inputs, targets, and the buffers of a recorded module."""
    if graph.recorded is None:
        parameters = [leaf for leaf in graph.leaf_values if graph.active[leaf]]
        given = [leaf for leaf in graph.leaf_values if not graph.active[leaf]]
        buffers: list[int] = []
    else:
        given = _arguments(graph)
        rest = [leaf for leaf in graph.leaf_values if leaf not in given]
        parameters = [leaf for leaf in rest if graph.active[leaf]]
        buffers = [leaf for leaf in rest if not graph.active[leaf] and "." in graph.names[leaf]]
    targets = [leaf for leaf in given if graph.names[leaf] in _TARGETS]
    inputs = [leaf for leaf in given if leaf not in targets]
    # an x called y is no target where it is all that goes in
    inputs, targets = (inputs, targets) if inputs or parameters else (targets, [])
    return Leaves(*(tuple(graph.names[leaf] for leaf in group) for group in (parameters, inputs, targets, buffers)))


def _arguments(graph: Graph) -> list[int]:
    """The leaves of a recorded graph that its caller passed: they come first, and their names have no module in them."""
    in_modules = any("." in graph.names[leaf] for leaf in graph.leaf_values)
    found: list[int] = []
    for leaf in graph.leaf_values:
        name = graph.names[leaf]
        if "." in name or name.startswith(("outside", "memory")):
            break
        if not graph.active[leaf] or (in_modules and all(graph.active[k] for k in found)):
            found.append(leaf)
    return found


def torch_snippet(graph: Graph | None = None) -> str:
    """The lines for a notebook with a torch module called ``model``; the inputs have the names that ``graph`` gives them.

    >>> len(torch_snippet().splitlines())
    6
    """
    leaves = Leaves((), ("x",), ("t",)) if graph is None else leaves_of(graph)
    example = next((name for name in leaves.parameters if "." in name), "0.weight")
    buffers = f" | {{n: model.get_buffer(n) for n in {list(leaves.buffers)!r}}}" if leaves.buffers else ""
    # an input that wants a gradient has its own beside the parameters'
    wanting = [name for name in leaves.inputs if graph is not None and graph.active[graph.index(name)]]
    more = [f"({name!r}, {_variable(name)})" for name in wanting]
    every = f"[*model.named_parameters(), {', '.join(more)}]" if more else "model.named_parameters()"
    parts = {
        "parameter": f"dict(model.named_parameters()){buffers}",
        "input": _pairs(leaves.inputs, _variables(leaves.inputs)),
        "target": _pairs(leaves.targets, ["y"] if len(leaves.targets) == 1 else _variables(leaves.targets)),
        "gradient": "_mine",
    }
    return _written(
        f"_mine = {{}}  # your gradients by parameter name, such as {{{example!r}: dW1}}; empty: those of backward()",
        f"_mine = _mine or {{n: p.grad for n, p in {every} if p.grad is not None}}",
        parts,
    )


def numpy_snippet(graph: Graph | None = None) -> str:
    """The lines for a notebook with arrays of its own, under the names of the leaves of ``graph``; the gradient of W is dW.

    Without a graph, and where it has very many leaves, every array is handed in that has its gradient beside it under such
    a name.

    >>> from graphcore.parse import parse
    >>> print(numpy_snippet(parse("W = [1, 2]; x = const([3, 4]); L = sum(W * x)")).splitlines()[2])
    _mine = {'W': dW}
    """
    leaves = Leaves((), ("x",), ("y",)) if graph is None else leaves_of(graph)
    parts = {
        "parameter": "{n: globals()[n] for n in _mine}",
        "input": _pairs(leaves.inputs, _variables(leaves.inputs)),
        "target": _pairs(leaves.targets, _variables(leaves.targets)),
        "gradient": "_mine",
    }
    if graph is None or len(leaves.parameters) > _MOST:
        found = '{n: globals()["d" + n] for n in list(globals()) if "d" + n in globals() and not callable(globals()[n])}'
        comment = "# the gradient of W1 is called dW1 here, the input x and the target y"
        return _written(comment, f"_mine = {found}", parts)
    names = _short(graph, leaves.parameters)
    gradients = _pairs(leaves.parameters, [f"d{variable}" for variable in names.values()])
    parts["parameter"] = _pairs(leaves.parameters, names.values())
    comment = (
        "# your gradients and your arrays: on the right of each colon stands your own name; leave out what you did not compute"
    )
    return _written(comment, f"_mine = {gradients}", parts)


def _written(first: str, second: str, parts: Mapping[str, str]) -> str:
    """The lines around those that differ."""
    together = ", ".join(f"{kind!r}: {part}" for kind, part in parts.items() if part != "{}")
    lines = ["import numpy as np", first, second, f"_parts = {{{together}}}", _NUMBER, _SAVE]
    return "\n".join(lines)


def _pairs(names: Iterable[str], variables: Iterable[str]) -> str:
    """A dictionary as text; a name is quoted by Python itself, so that it stays a name whatever is in it."""
    return "{" + ", ".join(f"{name!r}: {variable}" for name, variable in zip(names, variables)) + "}"


def _variables(names: Iterable[str]) -> list[str]:
    return [_variable(name) for name in names]


def _variable(name: str) -> str:
    """A name as a variable may be called."""
    if name.isidentifier() and not keyword.iskeyword(name):
        return name
    changed = re.sub(r"\W+", "_", name).strip("_") or "a"
    return f"p{changed}" if not changed.isidentifier() or keyword.iskeyword(changed) else changed


def _short(graph: Graph, names: Iterable[str]) -> Mapping[str, str]:
    """What a person calls the parameters: by their own name, those of a module's layers W1, b1, W2 and so on."""
    found = {name: _variable(name) for name in names}
    for k, layer in enumerate(layers_of(graph), 1):
        for letter, node in (("W", layer.weight), ("b", layer.bias)):
            if node is not None and "." in graph.names[node] and graph.names[node] in found:
                found[graph.names[node]] = f"{letter}{k}"
    return found
