"""Recorded graphs made by hand, for tests that want to know every node of them."""

from typing import Any

import numpy as np

import graphcore as gc
from graphcore.graph import Group, Stop
from graphcore.ops import Formula
from graphcore.ops.aten.row import aten
from graphcore.ops.aten.tuples import OUTPUT
from graphcore.record.tape import Tape


def _split(self: Any, **_: Any) -> tuple[Any, ...]:
    half = self.shape[1] // 2
    return self[:, :half], self[:, half:]


def _split_rule(g: Any, y: Any, self: Any, **_: Any) -> Any:
    return np.concatenate([g.get(k, np.zeros_like(part)) for k, part in enumerate(y)], axis=1)


def _cat(tensors: Any, **_: Any) -> Any:
    return np.concatenate(tensors, axis=1)


def _cat_rule(g: Any, y: Any, tensors: Any, slot: int, **_: Any) -> Any:
    start = sum(tensor.shape[1] for tensor in tensors[:slot])
    return g[:, start : start + tensors[slot].shape[1]]


ROWS = {
    row.name: row
    for row in (
        aten("t(self)", "self.T", self="g.T", plumbing=True, spoken="transpose"),
        aten(
            "addmm(self, mat1, mat2, beta=1, alpha=1)",
            "beta * self + alpha * (mat1 @ mat2)",
            self="beta * g",
            mat1="alpha * (g @ mat2.T)",
            mat2="alpha * (mat1.T @ g)",
        ),
        aten("relu(self)", "maximum(self, 0)", self="g * (self > 0)", entrywise=True, kink="self == 0"),
        aten("tanh(self)", "tanh(self)", self="g * (1 - y ** 2)", entrywise=True),
        aten("mul(self, other)", "self * other", self="g * other", other="g * self", entrywise=True),
        aten("add(self, other, alpha=1)", "self + alpha * other", self="g", other="g * alpha", entrywise=True),
        aten(
            "view(self, size)",
            Formula("self, same numbers", lambda self, size: self.reshape(size)),
            self=Formula("g, same numbers", lambda g, y, self, size: g.reshape(self.shape)),
            plumbing=True,
        ),
        aten("detach(self)", Formula("self", lambda self: self), plumbing=True),
        aten(
            "sum(self)",
            Formula("sum(self)", lambda self: self.sum()),
            self=Formula("g spread over all entries", lambda g, y, self: np.broadcast_to(g, self.shape)),
        ),
        aten("halves(self)", Formula("both halves of self", _split), self=Formula("g put back", _split_rule)),
        aten("cat(tensors, dim=0)", Formula("tensors side by side", _cat), tensors=Formula("the part of g", _cat_rule)),
        OUTPUT,
    )
}


class Maker:
    """Writes a recorded graph call by call, with the values that a real recording would have met."""

    def __init__(self, seed: int = 0) -> None:
        self.tape = Tape()
        self.random = np.random.default_rng(seed)
        self.values: dict[int, Any] = {}
        self.scope = ""

    def leaf(self, name: str, *shape: int, wants: bool = True, scope: str | None = None) -> int:
        value = self.random.standard_normal(shape) * 0.5
        index = self.tape.leaf(name, value, wants=wants, scope=self.scope if scope is None else scope)
        self.values[index] = value
        return index

    def call(self, name: str, *tensors: Any, active: bool | None = None, twins: tuple[str, ...] = (), **others: Any) -> int:
        from graphcore.ops.aten.row import Slot

        row = ROWS[name]
        names = {"cat": ["tensors"], "addmm": ["self", "mat1", "mat2"]}.get(name, ["self", "other"])

        def slot(k: Any) -> Any:
            return tuple(slot(one) for one in k) if isinstance(k, tuple) else Slot(k, np.shape(self.values[k]))

        made = row.call({**dict(zip(names, map(slot, tensors), strict=False)), **others})
        assert made is not None
        value = made.op.forward.compile(made.op.operands, gc.ops.namespaces.ARRAYS, dict(made.statics))(
            *[self.values[k] for k in made.operands]
        )
        shape = () if isinstance(value, tuple) else np.shape(value)
        index = self.tape.node(made.op, made.operands, made.statics, shape, self.scope, "float", name)
        self.tape.active[index] = self.tape.depends(index) if active is None else active
        if self.tape.active[index]:
            self.tape.twins[index] = twins or (f"{name.title()}Backward0",)
        self.values[index] = value
        return index

    def linear(self, path: str, x: int, out: int) -> int:
        before, self.scope = self.scope, path
        self.tape.modules[path] = "Linear"
        weight = self.leaf(f"{path}.weight", out, self.values[x].shape[1])
        bias = self.leaf(f"{path}.bias", out)
        made = self.call("addmm", bias, x, self.call("t", weight), beta=1, alpha=1)
        self.scope = before
        return made

    def module(self, path: str, name: str) -> None:
        self.scope = path
        self.tape.modules[path] = name

    def graph(self, *outputs: int) -> Any:
        return self.tape.graph(outputs)


def deep(layers: int = 12, width: int = 4) -> Any:
    """A stack of blocks, each a linear layer and a relu, with a skip around the middle of it."""
    made = Maker()
    x = h = made.leaf("x", 3, width, wants=False, scope="")
    for k in range(layers):
        made.module(f"blocks.{k}", "Block")
        inner = made.linear(f"blocks.{k}.fc", h, width)
        made.module(f"blocks.{k}.act", "Tanh")
        inner = made.call("tanh", inner)
        made.scope = f"blocks.{k}"
        h = made.call("add", h, inner, alpha=1) if k else inner
    made.scope = ""
    made.tape.modules["blocks"] = "ModuleList"
    out = made.linear("head", h, 2)
    loss = made.call("sum", made.call("mul", out, out))
    assert x == 0
    return made.graph(loss)


def shared() -> Any:
    """One activation module called twice, a weight used by two modules, a hidden view used twice, a tuple, a stop, a group."""
    made = Maker(1)
    x = made.leaf("x", 2, 4)
    weight = made.leaf("tied", 4, 4)
    made.module("first", "Cell")
    a = made.call("addmm", made.leaf("first.bias", 4), x, weight, beta=1, alpha=1)
    made.module("act", "ReLU")
    made.tape.modules["net"] = "Net"
    a = made.call("relu", a)
    a = made.call("mul", a, a)
    made.module("second", "Cell")
    b = made.call("addmm", made.leaf("second.bias", 4), a, weight, beta=1, alpha=1)
    made.module("act", "ReLU")
    b = made.call("relu", b)
    b = made.call("mul", b, b)
    made.scope = ""
    both = made.call("halves", b)
    left, right = made.call("output", both, k=0), made.call("output", both, k=1)
    flat = made.call("view", left, size=(4,))
    start = len(made.tape)
    twice = made.call("mul", flat, flat)
    turned = made.call("tanh", twice)
    made.tape.groups.append(Group("squash", "function", (start, start + 1), (flat,), (turned,)))
    cut = made.call("detach", right, active=False)
    made.tape.stops[cut] = Stop("detach", "net.py:12")
    joined = made.call("cat", (right, cut), dim=1)
    loss = made.call("add", made.call("sum", joined), made.call("sum", turned), alpha=1)
    return made.graph(loss)
