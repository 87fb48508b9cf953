"""What each autograd node kept of the forward pass for its backward, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.compare.run import autograd_on, calls, leaves, refuse_large, release

if TYPE_CHECKING:
    from graphcore.graph import Graph

PREFIX = "_saved_"


class Kept(NamedTuple):
    """One thing that an autograd node saved: torch's name for it, and what it is."""

    name: str
    what: str


def kept(graph: Graph) -> Mapping[int, tuple[Kept, ...]]:
    """What the twin of each node saved, by node; tensors are told by the names of our nodes.

    Runs the graph forward once under autograd. Raises :class:`~graphcore.errors.CompareError` as ``compare`` does.
    """
    made: Mapping[int, tuple[Kept, ...]] | None = vars(graph).get("_torch_kept")
    if made is None:
        made = vars(graph)["_torch_kept"] = _read(graph)
    return made


def _read(graph: Graph) -> dict[int, tuple[Kept, ...]]:
    refuse_large(graph)
    found: dict[int, tuple[Kept, ...]] = {}
    with autograd_on():
        made = leaves(graph, graph.leaf_values)
        names: dict[tuple[Any, ...], str] = {}
        seen = 0
        for node, tensor in calls(graph, made):
            for index in range(seen, node + 1):
                _name(names, made.tensors[index], graph.names[index])
            seen = node + 1
            fn = getattr(tensor, "grad_fn", None)
            if fn is not None:
                found[node] = _of(fn, names)
        release(made)
    return found


def _key(tensor: Any) -> tuple[Any, ...]:
    return (tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)


def _name(names: dict[tuple[Any, ...], str], tensor: Any, name: str) -> None:
    for part in tensor if isinstance(tensor, tuple) else (tensor,):
        if hasattr(part, "data_ptr") and part.numel():
            names.setdefault(_key(part), name)


def _of(fn: Any, names: Mapping[tuple[Any, ...], str]) -> tuple[Kept, ...]:
    found: list[tuple[bool, Kept]] = []
    for attribute in dir(fn):
        if not attribute.startswith(PREFIX) or attribute.endswith("_sym_strides"):
            continue
        try:
            value = getattr(fn, attribute)
        except RuntimeError:
            continue  # freed, or not to be had from Python
        what = _what(value, names)
        if what:
            name = attribute.removeprefix(PREFIX)
            of = name.removesuffix("_opt").removesuffix("_sym_sizes")
            shape = "_sym_sizes" in name
            found.append((not hasattr(value, "data_ptr"), Kept(f"shape of {of}" if shape else name, what)))
    # tensors first: they are what the rule needs, the rest is how it was called
    return tuple(kept for _, kept in sorted(found, key=lambda pair: pair[0]))


def _what(value: Any, names: Mapping[tuple[Any, ...], str]) -> str:
    """A saved value in words; empty for what says nothing."""
    if value is None or value == () or (isinstance(value, Sequence) and not value):
        return ""
    if not hasattr(value, "data_ptr"):
        return str(tuple(value)) if isinstance(value, (list, tuple)) else str(value)[:60]
    shape = "×".join(map(str, value.shape)) or "scalar"
    known = names.get(_key(value)) if value.numel() else None
    kind = "" if value.dtype.is_floating_point else f" {str(value.dtype).removeprefix('torch.')}"
    return f"`{known}` ({shape})" if known else f"a tensor of its own ({shape}{kind})"
