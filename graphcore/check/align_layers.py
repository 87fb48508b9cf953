"""Layers in labels: which parameter "second hidden layer bias", ``hidden.4.weight`` or the third weight is.

People count layers from 0 or from 1, leave out the first or the last, or number them as modules with activations between.
So all labels that count in one way are read together, and the way of counting in which most shapes fit is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from graphcore.check.align_shapes import fit
from graphcore.check.labels import Label, read_label
from graphcore.graph import Graph
from graphcore.ops.namespaces import Shape

_KINDS = frozenset({"weight", "bias"})
# the letters of the textbooks: delta is the gradient at z
_BEFORE = frozenset({"z", "delta", "preactivation", "δ", "logit", "logits"})
_AFTER = frozenset({"a", "activation", "activations"})
_MULTIPLICATIONS = frozenset({"matmul", "mm", "addmm", "mv", "linear", "mul", "bmm", "convolution"})
# words beside the kind that leave a label one about layers
_SMALL = frozenset({"l", "ln", "lay", "loss", "all", "my", "manual", "torch", "autograd", "numpy"})


class Layer(NamedTuple):
    """A layer of a graph, as nodes: its weight, its bias, what it gives ``before`` its activation and ``after`` it."""

    weight: int | None
    bias: int | None
    before: int | None = None
    after: int | None = None


class Place(NamedTuple):
    """Where a label says something stands: ``group`` is "input", "hidden", "output" or ""; ``kind`` is a
    field of :class:`Layer`, or "".
    """

    group: str
    numbers: tuple[int, ...]
    kind: str


class Counted(NamedTuple):
    """The node found for a label about layers: its layer from 0, and whether no other way of counting fits as well."""

    node: int | None
    layer: int
    sure: bool


def place_of(label: Label) -> Place | None:
    """Where a label says its parameter stands; None where it speaks of other things than layers.

    >>> from graphcore.check.labels import read_label
    >>> place_of(read_label("Second hidden layer bias gradient"))
    Place(group='hidden', numbers=(2,), kind='bias')
    >>> place_of(read_label("attention output weight")) is None
    True
    """
    bare = set(label.bare) - _SMALL
    kind = label.kind or ("before" if bare & _BEFORE else "after" if bare & _AFTER else "")
    if bare - _KINDS - (_BEFORE if kind == "before" else _AFTER if kind == "after" else frozenset()):
        return None
    places = {word for word in ("input", "hidden", "output") if word in label.words}
    if "hidden" in places and len(places) == 2 and not label.numbers:
        # the weights between two layers belong to the later one, and the input has none before it
        places = {"input"} if "input" in places else {"output"}
    group = "output" if "output" in places else "input" if "input" in places else "hidden" if places else ""
    if not group and not label.numbers:
        return None
    return Place(group, label.numbers, kind)


def layers_of(graph: Graph) -> tuple[Layer, ...]:
    """The layers of a graph in the order of the forward pass: each weight with the bias that is used with or after it."""
    first = _first_uses(graph)
    wanted = [index for index in graph.leaf_values if graph.active[index] and index in first]
    kinds = {index: read_label(graph.names[index]).kind for index in wanted}
    if not any(kinds.values()):
        kinds = {index: _kind_by_use(graph, first[index]) for index in wanted}
    weights = sorted((index for index in wanted if kinds[index] == "weight"), key=lambda index: first[index])
    biases = [index for index in wanted if kinds[index] == "bias"]
    owner = {_module(graph.names[index]): index for index in weights if "." in graph.names[index]}
    owned: dict[int, int] = {}
    for bias in biases:
        before = [index for index in weights if first[index] <= first[bias]]
        module = _module(graph.names[bias])
        if module in owner:
            owned.setdefault(owner[module], bias)
        elif before:
            owned.setdefault(before[-1], bias)
    if not weights:
        return tuple(Layer(None, bias) for bias in biases)
    plain = [Layer(weight, owned.get(weight), _before(graph, first, weight, owned.get(weight))) for weight in weights]
    later = [_fed(graph, layer) for layer in plain[1:]]
    return tuple(layer._replace(after=after) for layer, after in zip(plain, [*later, None]))


def _before(graph: Graph, first: Mapping[int, int], weight: int, bias: int | None) -> int | None:
    """What a layer gives before its activation: the sum with the bias, else the product with the weight."""
    node = first[weight] if bias is None else first[bias]
    op = graph.ops[node]
    # torch transposes a weight before it multiplies
    return first.get(node) if op is not None and op.name in ("t", "transpose") else node


def _fed(graph: Graph, layer: Layer) -> int | None:
    """What goes into a layer: the one computed operand of its product and sum that is not computed from its parameters."""
    inner, own = layer.before, {layer.weight, layer.bias}
    for _ in range(3):
        if inner is None or graph.ops[inner] is None:
            return None
        operands = [k for k in graph.arguments[inner] if k >= 0]
        of_weight = [k for k in operands if own & set(graph.arguments[k]) and graph.ops[k] is not None]
        others = [k for k in operands if k not in own and k not in of_weight]
        if others:
            return others[0] if len(others) == 1 else None
        inner = of_weight[0] if of_weight else None
    return None


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _first_uses(graph: Graph) -> dict[int, int]:
    first: dict[int, int] = {}
    for target, arguments in enumerate(graph.arguments):
        for source in arguments:
            if source >= 0:
                first.setdefault(source, target)
    return first


def _kind_by_use(graph: Graph, target: int) -> str:
    op = graph.ops[target]
    name = "" if op is None else op.name
    return "weight" if name in _MULTIPLICATIONS else "bias" if name in ("add", "sub") else ""


def count(graph: Graph, layers: Sequence[Layer], places: Mapping[int, Place], shapes: Mapping[int, Shape]) -> dict[int, Counted]:
    """The nodes that labels about layers mean, by reading index; readings that no way of counting reaches are left out."""
    found: dict[int, Counted] = {}
    groups = {place.group for place in places.values()}
    for reading, place in places.items():
        if place.group in ("input", "output") and layers:
            layer = 0 if place.group == "input" else len(layers) - 1
            node = _node(graph, layers, layer, place.kind, shapes[reading])
            found[reading] = Counted(node, layer, node is not None and place.kind not in ("before", "after"))
    for group in ("hidden", ""):
        members = {reading: place for reading, place in places.items() if place.group == group}
        if members and layers:
            found.update(_count_group(graph, layers, members, shapes, groups))
    return found


def _count_group(
    graph: Graph, layers: Sequence[Layer], members: Mapping[int, Place], shapes: Mapping[int, Shape], groups: set[str]
) -> dict[int, Counted]:
    numbers = _numbers(members)
    order = sorted(set(numbers.values()))
    scored = []
    for away, way in _ways(order, len(layers), groups):
        reached = {r: way[k] for r, k in numbers.items() if 0 <= way[k] < len(layers)}
        nodes = {r: _node(graph, layers, layer, members[r].kind, shapes[r]) for r, layer in reached.items()}
        fits = sum(node is not None and fit(shapes[r], graph.shapes[node]) is not None for r, node in nodes.items())
        scored.append((fits, -away, way, nodes))
    best = max(scored, key=lambda entry: entry[:2])
    if not best[0] and best[1]:
        return {}  # another way of counting needs at least a shape that speaks for it
    ties = sum(fits == best[0] for fits, _, _, _ in scored)
    whole = len(order) + len(groups & {"input", "output"}) >= len(layers)
    sure = best[0] == len(members) and (ties == 1 or (whole and best[1] == 0))
    inner = ("before", "after")
    return {r: Counted(node, best[2][numbers[r]], sure and members[r].kind not in inner) for r, node in best[3].items()}


def _numbers(members: Mapping[int, Place]) -> dict[int, int]:
    """The number that counts layers in each label: of several numbers the one that differs most between the labels."""
    width = max(len(place.numbers) for place in members.values())
    spread = [len({place.numbers[k] for place in members.values() if k < len(place.numbers)}) for k in range(width)]
    column = spread.index(max(spread)) if spread else 0
    return {r: place.numbers[column] if column < len(place.numbers) else 1 for r, place in members.items()}


def _ways(order: Sequence[int], count: int, groups: set[str]) -> Iterator[tuple[int, dict[int, int]]]:
    """Ways of counting, each with how far it is from the usual one: number -> layer from 0."""
    start = 1 if "input" in groups else 0
    if "hidden" in groups and "output" in groups and "input" not in groups and len(order) == count - 2:
        start = 1  # hidden layers without the first one
    usual = start + order[0] - (0 if 0 in order else 1)
    gaps = order[-1] - order[0] != len(order) - 1
    for first in range(count):
        yield abs(first - usual), {k: first + k - order[0] for k in order}
        if gaps:
            yield (
                abs(first - start) + (0 if usual + order[-1] - order[0] >= count else 1),
                {k: first + i for i, k in enumerate(order)},
            )


def _node(graph: Graph, layers: Sequence[Layer], layer: int, kind: str, shape: Shape) -> int | None:
    """The parameter of a layer that a label means; without a kind the one that the shape fits."""
    found = layers[layer]
    if kind:
        node: int | None = getattr(found, kind)
        return node
    both = [node for node in (found.weight, found.bias) if node is not None]
    fitting = [node for node in both if fit(shape, graph.shapes[node]) is not None]
    plain = [node for node in fitting if graph.shapes[node] == shape]
    return fitting[0] if len(fitting) == 1 else plain[0] if len(plain) == 1 else None
