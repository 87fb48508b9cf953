"""Guesses by shape and by place in the file, for arrays whose labels say nothing: never sure, always said."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from graphcore.check.align_found import Found
from graphcore.check.align_shapes import fit, shape_text

if TYPE_CHECKING:
    from graphcore.check.align_search import Search

_UNLIKELY = 3  # the rank of a fit that needs a reshape


def guess(search: Search) -> dict[int, Found]:
    """What the arrays left over may be, by reading index."""
    return _by_place(search) or _only_one(search)


def _by_place(search: Search) -> dict[int, Found]:
    """Arrays without labels, one for each leaf that wants a gradient: in the order of the leaves, or in the opposite one."""
    left = [r for r in search.left() if not search.said[r].plain and not search.roles[r]]
    graph = search.graph
    free = [leaf for leaf in graph.leaf_values if graph.active[leaf] and (leaf, "gradient") not in search.taken]
    if len(left) < 2 or len(left) != len(free):
        return {}
    for order, said in ((free, "in the order of the leaves"), (free[::-1], "in the order of the backward pass")):
        fits = [fit(search.readings[r].array.shape, graph.shapes[leaf]) for r, leaf in zip(left, order)]
        if all(found is not None and found.rank < _UNLIKELY for found in fits):
            how = f"by its place in the file, {said}"
            return {r: Found(leaf, "gradient", how, False) for r, leaf in zip(left, order)}
    return {}


def _only_one(search: Search) -> dict[int, Found]:
    """Arrays that fit one free node and no other, where no second array fits it as well."""
    only = {r: node for r in search.left() if (node := _only(search, r)) is not None}
    wanted = Counter(only.values())
    found = {}
    for reading, node in only.items():
        if wanted[node] == 1:
            role = search.roles[reading] or "gradient"
            kind = "leaf" if node in search.graph.leaf_values else "node"
            how = f"by shape, the only free {kind} of {shape_text(search.graph.shapes[node])}"
            found[reading] = Found(node, role, how, False)
    return found


def _only(search: Search, reading: int) -> int | None:
    graph, role = search.graph, search.roles[reading] or "gradient"
    if role in ("value", "ignored"):
        return None
    slot = "gradient" if role == "gradient" else "point"
    kind, shape = search.said[reading].label.kind, search.readings[reading].array.shape
    pools: dict[str, list[tuple[int, int]]] = {"wanted": [], "constant": [], "inner": []}
    for node in search.by_size.get(math.prod(shape), ()):
        leaf, active = node in graph.leaf_values, graph.active[node]
        pool = "wanted" if leaf and active else "constant" if leaf else "inner" if active else ""
        found = fit(shape, graph.shapes[node]) if pool else None
        if found is not None and found.rank < _UNLIKELY and (node, slot) not in search.taken and _is_kind(search, node, kind):
            pools[pool].append((found.rank, node))
    order = {"gradient": ("wanted", "inner"), "parameter": ("wanted",)}.get(role, ("constant", "wanted"))
    for near in (pools[pool] for pool in order if pools[pool]):
        best = min(near)[0]
        nodes = [node for rank, node in near if rank == best]
        return nodes[0] if len(nodes) == 1 else None
    return None


def _is_kind(search: Search, node: int, kind: str) -> bool:
    """Whether a node may be what a label calls a weight or a bias."""
    if not kind:
        return True
    others = {"weight": "bias", "bias": "weight"}
    return node not in {getattr(layer, others[kind]) for layer in search.layers}
