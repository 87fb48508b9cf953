"""The message from Python to the picture for a recorded graph in one state of folding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphcore.backprop import Trace
from graphcore.graph import Graph
from graphcore.picture import fold_numbers
from graphcore.picture import payload as payloads
from graphcore.picture.fold import Folded, every_path, first_open, fold
from graphcore.picture.fold_structure import later, structure, topology
from graphcore.picture.fold_units import places

if TYPE_CHECKING:
    from graphcore.compare import Comparison
    from graphcore.compare.twins import TorchGraph

__all__ = ["later", "numbers", "payload", "states", "structure", "topology"]

Json = dict[str, Any]

SMALL = 1200  # nodes up to which a state of folding goes into a file beside the first
ENOUGH = 1000  # nodes of all states together from which on no more go into a file


def numbers(folded: Folded, run: Trace, comparison: Comparison | None, *, written: bool = True) -> Json:
    """Numbers ``N`` of the contract with the browser."""
    return fold_numbers.numbers(run, comparison, folded, written=written)


def payload(run: Trace, comparison: Comparison | None, said: str = "") -> Json:
    """Everything the picture of a recorded run shows on a page without Python: several states of folding to choose from.

    ``said`` is why there is no comparison, if there is none.
    """
    graph = run.graph
    torch_graph = None if comparison is None else comparison.torch
    made = [_state(folded, torch_graph, run, comparison) for folded in states(graph)]
    first = made[0]
    banner = payloads.verdict(comparison, None)
    if comparison is None:
        small = f"{said[:1].upper()}{said[1:]}" if said else "Some ops have no rule: here are the forward values."
        banner = {**banner, "state": "unsupported", "bold": "Not compared.", "small": small}
    if banner["action"] and banner["action"].get("nodes"):
        at = first["structure"]["shown"]
        banner = {**banner, "action": {**banner["action"], "nodes": sorted({at[k] for k in banner["action"]["nodes"]})}}
    return {
        **payloads.payload(None),
        **first,
        "verdict": banner,
        "folds": made[1:],
    }


def _state(folded: Folded, torch_graph: TorchGraph | None, run: Trace, comparison: Comparison | None) -> Json:
    # torchviz's own drawing does not change: the first state has it, if the graph is small
    return {
        "topology": topology(folded),
        "structure": {**structure(folded, torch_graph), "later": []},
        "numbers": numbers(folded, run, comparison),
    }


def states(graph: Graph) -> list[Folded]:
    """The states that a page without Python can show: the first one, each level of modules, with bookkeeping all open."""
    levels = list(places(graph).levels)
    everything = every_path(graph)
    wanted = [(first_open(graph), False), *((level, False) for level in levels), (everything, False), (everything, True)]
    first = fold(graph)
    boxes = [node.place.path for node in first.shown if node.place is not None]
    found: dict[tuple[frozenset[str], bool], Folded] = {}
    drawn = 0
    # at last each module of the first state opened alone, as long as the file stays small
    for opened, plumbing in dict.fromkeys([*wanted, *((first.opened | {path}, False) for path in boxes)]):
        if found and drawn > ENOUGH:
            break
        folded = fold(graph, opened, plumbing)
        if not found or len(folded.shown) <= SMALL:
            drawn += len(folded.shown)
            found.setdefault((folded.opened, folded.plumbing), folded)
    return list(found.values())
