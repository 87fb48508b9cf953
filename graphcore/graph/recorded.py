"""What a recording adds to its graph: module paths, torch's own calls, the autograd nodes met, and where gradients stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Ref(NamedTuple):
    """The place of a node's value among the arguments of a recorded call."""

    node: int


class TorchCall(NamedTuple):
    """One torch call of the recorded run, to be repeated under autograd.

    ``function`` is what is called (an ATen overload or a ``torch.autograd.Function``); tensors among ``arguments`` and
    ``keywords``, at any depth of tuples, are :class:`Ref`. ``outputs`` are the nodes of its results in their order, None
    for a result that nothing uses; ``whole`` is the node whose value is the tuple of all results, None for a single one.
    """

    function: Any
    arguments: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    outputs: tuple[int | None, ...]
    whole: int | None = None


class Group(NamedTuple):
    """Nodes that stand for one torch call: a decomposition, or the forward of a ``torch.autograd.Function``.

    ``nodes`` are all of them in order, the last ones (``outputs``) among them; ``inputs`` are the nodes from outside it uses.
    """

    name: str
    kind: str  # "decomposition" or "function"
    nodes: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Stop(NamedTuple):
    """Why no gradient flows on from a node that gradient could have reached, and the module's line that says so."""

    cause: str  # "detach", "no_grad", "integer", "boolean", "argmax", "comparison", "random", "no rule"
    line: str


@dataclass(frozen=True, eq=False)
class Recorded:
    """What one recorded run of a torch module or function adds to its graph; columns go by node index.

    ``active`` is what torch says ``requires_grad`` of; ``scopes`` the module paths (``layers.3.fc``, empty outside of
    modules) and ``modules`` the class of each path; ``calls`` torch's calls in their order; ``twins`` the names of the
    autograd nodes that a node's call made, the twin last; ``kinds`` the dtype of every node that is not floating;
    ``unsupported`` the ops without a rule, by name, with their nodes; ``notes`` sentences on what was done to the input.
    """

    active: tuple[bool, ...]
    scopes: tuple[str, ...]
    calls: tuple[TorchCall, ...]
    twins: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    stops: Mapping[int, Stop] = field(default_factory=dict)
    lines: Mapping[int, str] = field(default_factory=dict)
    kinds: Mapping[int, str] = field(default_factory=dict)
    unsupported: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
