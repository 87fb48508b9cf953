"""A notebook that computes everything again, with graphcore and with torch, and says whether they agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.code.source import array_source
from graphcore.export.source import Source, of_program
from graphcore.ops.namespaces import Array

if TYPE_CHECKING:
    from graphcore.compare import Comparison

Json = dict[str, Any]

PROGRAMS = 100_000  # characters of a program that a cell still holds
WRITTEN = 60  # entries up to which a leaf is written out in it
_MARKDOWN = "\\`*_{}[]()<>#|~!&$"


def to_notebook(run: Trace, comparison: Comparison | None = None, source: Source | None = None) -> str:
    """A notebook (``.ipynb``, nbformat 4.5) whose cells run: the graph, both passes, the verdict, programs to hand in.

    ``source`` says how to make the graph again where it is not of a program; raises
    :class:`~graphcore.errors.GraphError` where nothing does. The comparison is made again in it, never copied.
    """
    source = source or of_program(run.graph)
    cells = [_cell(k, kind, text) for k, (kind, text) in enumerate(_cells(run, source))]
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _cell(number: int, kind: str, text: str) -> Json:
    made: Json = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    return made | {"execution_count": None, "outputs": []} if kind == "code" else made


def _cells(run: Trace, source: Source) -> Iterator[tuple[str, str]]:
    graph = run.graph
    name = "".join(f"\\{c}" if c in _MARKDOWN else c if c.isprintable() else " " for c in graph.outputs[0].name)
    yield (
        "markdown",
        (
            f"# Backpropagation of {name}\n\nEvery cell computes anew; run them from the top. `graphcore` must be importable: "
            "open this notebook in Chainrule's folder."
        ),
    )
    yield "code", "import graphcore as gc\nimport numpy as np"
    yield "markdown", "## The graph"
    yield "code", source.code
    yield "markdown", "## Forward and backward pass\n\nEvery value and every gradient; the picture is live."
    yield "code", _traced(run)
    yield "code", "run"
    yield "code", _TABLE
    yield "markdown", "## Beside torch autograd"
    yield "code", _VERDICT
    yield from _by_torch(run) if source.module else _programs(run)


_TABLE = """from graphcore import tables

result = gc.compare(run)
print(tables.text(tables.rows(run, result)))"""

_VERDICT = """print(result.banner.sign, result.banner.bold, result.banner.small)
for reason in result.banner.reasons:
    print(reason.sign, reason.title, reason.text)
print("verdict:", result.verdict)"""


def _traced(run: Trace) -> str:
    """The lines that repeat the trace, at other leaf values and from other seeds where it had those."""
    graph = run.graph
    moved = {
        graph.names[k]: np.asarray(run.argument(k))
        for k, written in graph.leaf_values.items()
        if not np.array_equal(np.asarray(run.argument(k)), np.asarray(written), equal_nan=True)
    }
    seeds = {graph.names[k]: np.asarray(seed) for k, seed in run.seeds.items()}
    plain = all(not graph.shapes[graph.index(name)] and float(seed) == 1.0 for name, seed in seeds.items())
    lines, given = [], ["graph"]
    if moved:
        lines.append(f"values = {_mapping(moved)}")
        given.append("values")
    if not plain:
        lines.append(f"upstream = {_mapping(seeds)}")
        given.append("upstream=upstream")
    return "\n".join([*lines, f"run = gc.trace({', '.join(given)})"])


def _mapping(arrays: dict[str, Array]) -> str:
    entries = [f"    {name!r}: {array_source(array)}," for name, array in arrays.items()]
    return "\n".join(["{", *entries, "}"])


def _programs(run: Trace) -> Iterator[tuple[str, str]]:
    """The two programs to hand in, each with what it gives beside the run."""
    from graphcore.code import Saved, gradient_variables, numpy_program, torch_program, variables

    graph = run.graph
    wanted = [leaf.index for leaf in graph.leaves if run.gradient(leaf.index) is not None]
    names, gradients = variables(graph), gradient_variables(graph)
    # the programs' variables may be called anything, so the names that must outlive them are free
    check, value_of = (_free(name, {*names, *gradients}) for name in ("same_gradients", "value_of"))
    saved = Saved("", {leaf.name: f"{value_of}({leaf.name!r})" for leaf in graph.leaves if np.prod(leaf.shape) > WRITTEN})
    written = {"numpy": numpy_program(run, saved=saved), "torch": torch_program(run, saved=saved)}
    if not wanted or max(map(len, written.values())) > PROGRAMS:
        return
    yield "markdown", "## The backward pass in NumPy alone"
    yield "code", _SAME.replace("CHECK", check).replace("VALUE_OF", value_of) + "\n\n\n" + written["numpy"].rstrip()
    yield "code", _checked(check, "NumPy", [(graph.names[k], gradients[k]) for k in wanted])
    yield "markdown", "## The same in torch alone"
    yield "code", written["torch"].rstrip()
    yield "code", _checked(check, "torch", [(graph.names[k], f"{names[k]}.grad.numpy()") for k in wanted])


def _checked(check: str, who: str, pairs: list[tuple[str, str]]) -> str:
    entries = [f"    {name!r}: {variable}," for name, variable in pairs]
    return "\n".join([f'{check}("{who}", {{', *entries, "})"])


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


_SAME = """VALUE_OF = run.value


def CHECK(who, found, gradient_of=run.gradient):
    for name, gradient in found.items():
        ours, theirs = gradient_of(name), np.asarray(gradient)
        np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-9 * np.max(np.abs(ours), initial=0.0))
    print(who, "gives the same", len(found), "gradients")"""


def _by_torch(run: Trace) -> Iterator[tuple[str, str]]:
    """The module itself under torch, where it ends in one number."""
    graph = run.graph
    if len(graph.outputs) > 1 or graph.outputs[0].shape:
        return
    yield "markdown", "## The module itself, by `backward()`"
    yield "code", _MODULE


_MODULE = """import torch

loss = module(*tensors)
loss.backward()
found = {name: parameter.grad for name, parameter in getattr(module, "named_parameters", dict)() if parameter.grad is not None}
for name, gradient in found.items():
    gradient = gradient.detach().double().numpy()
    eps = torch.finfo(module.get_parameter(name).dtype).eps
    apart = float(np.max(np.abs(gradient - run.gradient(name)), initial=0.0))
    print(f"{name}: {apart:.1e} apart, largest entry {np.max(np.abs(gradient), initial=0.0):.1e}, eps {eps:.1e}")"""
