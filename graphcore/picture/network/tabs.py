"""What stands in the tabs of page Networks: layers, autograd nodes, files of gradients, programs; as plain data."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

from graphcore.errors import ChainruleError
from graphcore.graph import Graph
from graphcore.layers import Activation, Layer, Parameter
from graphcore.picture import encode
from graphcore.picture import payload as shared
from graphcore.picture.network.pipeline import Result

Json = dict[str, Any]

PLACES = 40  # of one kind of autograd node that are listed with what they saved
WRITTEN = 300_000  # numbers up to which files of gradients are written out
SIDES = {"torch": "torch_autograd", "manual": "my_autograd"}
PARAMETERS, PARAMETERS_FILE = "parameters", "parameters.npz"


def _number(value: float | None) -> Any:
    return None if value is None else encode.number(value)


def layers(result: Result) -> list[Json]:
    """The rows of the per-layer table, in the order in which the layers are used."""
    return [_layer(layer, result.graph) for layer in result.layers]


def _layer(layer: Layer, graph: Graph) -> Json:
    return {
        "path": layer.path,
        "module": layer.module,
        "node": layer.output,
        "gradient": _number(layer.gradient),
        "after": layer.after,
        "factor": _number(layer.factor),
        "weights": _number(layer.weights),
        "activation": _number(layer.activation),
        "activations": [_activation(made, graph) for made in layer.activations],
        "parameters": [_parameter(made, layer.path) for made in layer.parameters],
    }


def _activation(made: Activation, graph: Graph) -> Json:
    return {
        "node": made.node,
        "name": graph.names[made.node],
        "op": made.op,
        "kind": made.kind,
        "count": made.count,
        "of": made.of,
        "dead": made.dead,
        "units": made.units,
    }


def _parameter(made: Parameter, path: str) -> Json:
    return {
        "node": made.node,
        "name": made.name,
        "short": made.name.removeprefix(f"{path}.") if path else made.name,
        "shape": list(made.shape),
        "manual": _number(made.manual),
        "torch": _number(made.torch),
        "error": _number(made.error),
        "state": made.state,
        "zeros": made.zeros,
    }


def explained(result: Result) -> list[Json]:
    """Each kind of autograd node that occurs, defined, with where it occurs and what it saved there."""
    from graphcore.compare.saved import kept
    from graphcore.compare.twins import torch_graph

    graph = result.graph
    theirs = torch_graph(graph)
    saved = kept(graph)
    return [
        {
            "fn": entry.fn,
            "sentence": entry.sentence,
            "count": len(entry.nodes),
            "places": [
                {
                    "node": node,
                    "name": graph.names[node],
                    "saved": [list(one) for one in saved.get(node, ())] if _is_twin(theirs, node, entry.fn) else [],
                }
                for node in entry.nodes[:PLACES]
            ],
        }
        for entry in theirs.explained
    ]


def _is_twin(theirs: Any, node: int, fn: str) -> bool:
    twin = theirs.twins[node]
    return twin is not None and twin.fn == fn


def styles() -> Sequence[str]:
    """The ways in which a file of gradients can be written."""
    from graphcore.export import STYLES

    return STYLES


def files(result: Result, style: str) -> Json:
    """Both files of gradients in one style, and what comes of comparing them."""
    from graphcore.export import STYLES, gradients_dat

    if result.comparison is None:
        return {"says": "There are no gradients on both sides, so there are no files to compare."}
    names = _with_gradient(result)
    count = sum(math.prod(result.graph.node(name).shape) for name in names)
    if not names or count > WRITTEN:
        many = f"{count:,} numbers are more than this page writes out; `python -m graphcore` writes files of any size."
        return {"says": many if names else "No parameter gets a gradient, so there is nothing to write."}
    texts = {side: gradients_dat(names, _gradients(result, names, side), style) for side in SIDES}
    return {
        "style": style,
        "styles": list(STYLES),
        "texts": [{"name": f"{SIDES[side]}.dat", "text": text, "side": side} for side, text in texts.items()],
        "comparison": _compared(texts["manual"], texts["torch"]),
    }


def _compared(mine: str, theirs: str) -> str:
    from graphcore.export import comparison_text

    try:
        return comparison_text(mine, theirs)
    except ChainruleError as fault:
        return f"The files cannot be compared: {fault}"


def download(result: Result, side: str) -> Json:
    """One side's gradients as an ``.npz`` file, or the arrays that the programs load."""
    from graphcore.export.gradients import npz

    if side == PARAMETERS:
        from graphcore.code import loaded_leaves

        arrays = loaded_leaves(result.run) if _explored(result)[0] is None else _parameters(result)
        return {"name": PARAMETERS_FILE, "data": base64.b64encode(npz(arrays)).decode()}
    names = _with_gradient(result)
    data = npz(dict(zip(names, _gradients(result, names, side), strict=True)))
    return {"name": f"{SIDES[side]}.npz", "data": base64.b64encode(data).decode()}


def _parameters(result: Result) -> dict[str, Any]:
    """What a program must load to compute with these very numbers."""
    made = result.prepared
    tensors = dict(made.built.module.named_parameters())
    given = {"input": made.inputs[0]} if len(made.inputs) == 1 else {f"input{k}": x for k, x in enumerate(made.inputs)}
    given |= {} if made.target is None else {"target": made.target}
    return {name: tensor.detach().numpy() for name, tensor in {**given, **tensors}.items()}


def _with_gradient(result: Result) -> list[str]:
    rows = [row for layer in result.layers for row in layer.parameters]
    return [row.name for row in rows if row.manual is not None and row.torch is not None]


def _gradients(result: Result, names: Sequence[str], side: str) -> list[Any]:
    run, comparison = result.run, result.comparison
    assert comparison is not None
    index = result.graph.index
    return [run.gradient(name) if side == "manual" else comparison.torch_gradient(index(name)) for name in names]


def code(result: Result) -> Json:
    """The programs that reproduce a network with these very weights, written out or loaded, or why there are none."""
    explored, reason = _explored(result)
    return _recorded(result, reason) if explored is None else explored


def _explored(result: Result) -> tuple[Json | None, str]:
    """The programs of a network that the language of Explore can say, or why it cannot."""
    from graphcore.backprop import trace
    from graphcore.build.explore import as_program
    from graphcore.parse import parse

    made = result.prepared
    if len(made.inputs) > 1:
        return None, "Explore has no program for a network with several inputs."
    program = as_program(made.built.module, made.tensors[0], made.target, made.used["loss"])
    if program.text is None:
        return _loading(result, program.reason)
    says = "The same network as a program, with these very weights, input and target."
    return {"program": program.text, "says": says, "file": None, **shared.code(trace(parse(program.text)))}, ""


def _loading(result: Result, reason: str) -> tuple[Json | None, str]:
    """The programs of a network too large to be written out: they load its parameters from a file."""
    from graphcore.backprop import trace
    from graphcore.build.explore import outlined
    from graphcore.code import Saved, numpy_program, torch_program
    from graphcore.parse import parse

    made = result.prepared
    outline = outlined(made.built.module, made.tensors[0], made.target, made.used["loss"])
    if outline.text is None:
        return None, f"There is no program of Explore for it: {outline.reason}"
    try:
        run = trace(parse(outline.text), {name: tensor.numpy() for name, (_, tensor) in outline.leaves.items()})
    except ChainruleError as refused:
        return None, f"There is no program of Explore for it: {refused}"
    saved = Saved(f'saved = np.load("{PARAMETERS_FILE}")', {name: f"saved[{key!r}]" for name, (key, _) in outline.leaves.items()})
    says = f"For Explore {reason} These two programs load the very parameters from `{PARAMETERS_FILE}`: put it beside them."
    texts = {"numpy": numpy_program(run, saved=saved), "torch": torch_program(run, saved=saved)}
    return {"program": None, "says": says, "file": PARAMETERS_FILE, **texts}, ""


def _recorded(result: Result, reason: str) -> Json:
    """The programs of any other network, written from its recording node for node."""
    from graphcore.code import recorded_programs

    nothing = {"program": None, "numpy": None, "torch": None, "file": None}
    if result.unsupported:
        ops = ", ".join(f"`{name}`" for name in result.unsupported)
        return {**nothing, "says": f"There are no programs for it, because there is no rule for {ops}."}
    made = recorded_programs(result.run, PARAMETERS_FILE)
    if made.reason:
        return {**nothing, "says": f"{reason} {made.reason}"}
    file = f"; they load the very parameters from `{PARAMETERS_FILE}`: put it beside them."
    says = f"{reason} These two programs are its recording, node for node{file if made.loads else ', with these very numbers.'}"
    if made.missing:
        ops = ", ".join(f"`{name}`" for name in made.missing)
        which = "The programs are" if made.numpy is made.torch is None else f"The {'torch' if made.numpy else 'NumPy'} program is"
        says = f"{reason} {which} not shown, because {ops} cannot be written out."
    return {**nothing, "says": says, "numpy": made.numpy, "torch": made.torch, "file": PARAMETERS_FILE if made.loads else None}
