"""What torch's schema says of a call: argument names, what it writes to, and its name in our table."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import torch

from graphcore.graph import Ref
from graphcore.ops.aten import Slot

_LEFT_OUT = frozenset({"device", "layout", "pin_memory", "memory_format", "generator", "non_blocking", "names"})
# ops whose result the random generator decides, though gradient flows through them all the same
_RANDOM_WITH_GRADIENT = frozenset({"native_dropout", "rrelu_with_noise", "_standard_gamma", "_sample_dirichlet"})
_COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "isnan", "isinf", "isfinite"})
_NOTHING = frozenset({"lift_fresh", "lift", "scalar_tensor", "empty_strided", "_efficientzerotensor"})
# torch writes to these although the schema does not say so
_HIDDEN_WRITES = {"native_batch_norm": ("running_mean", "running_var"), "cudnn_batch_norm": ("running_mean", "running_var")}


class Schema(NamedTuple):
    """One overload; ``base`` is its functional name, ``functional`` the overload that writes nowhere (or None).

    ``target`` is the argument that an in-place call writes its result to, ``also`` are those it writes something else to.
    """

    base: str
    overload: str
    arguments: tuple[str, ...]
    target: str | None
    also: tuple[str, ...]
    out: frozenset[str]
    functional: Any
    random: bool
    moves: bool
    nothing: bool

    @property
    def shown(self) -> str:
        """The op as it is named in node names."""
        return "tensor" if self.base.startswith("lift") else self.base.strip("_") or self.base


@lru_cache(maxsize=4096)
def schema_of(func: Any) -> Schema:
    """The schema of an overload, read once."""
    schema = func._schema
    namespace, _, name = schema.name.partition("::")
    written = [a.name for a in schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    returned = [r for r in schema.returns if r.alias_info is not None and r.alias_info.is_write]
    functional, base, target = func, name, None
    if written and returned and len(schema.returns) == 1:
        target = written[0]
    if written:
        base, functional = _functional(namespace, name, schema)
    tags = func.tags
    also = tuple(name for name in written if name != target) or _HIDDEN_WRITES.get(base, ())
    return Schema(
        base if namespace == "aten" else f"{namespace}.{base}",
        schema.overload_name,
        tuple([a.name for a in schema.arguments]),
        target,
        also,
        frozenset(a.name for a in schema.arguments if a.is_out),
        functional,
        torch.Tag.nondeterministic_seeded in tags and base not in _RANDOM_WITH_GRADIENT,
        torch.Tag.inplace_view in tags,
        base.endswith("_like") or base.startswith("new_") or base in _NOTHING,
    )


def _functional(namespace: str, name: str, schema: Any) -> tuple[str, Any]:
    """The name and the overload that give the same result without writing it anywhere."""
    base = name
    if name.endswith("_") and not name.endswith("__"):
        base = name[:-1]
    elif name.startswith("__i"):
        base = f"__{name[3:]}"
    packet = getattr(getattr(torch.ops, namespace), base, None)
    wanted = [(a.name, _type(a)) for a in schema.arguments if not a.is_out]
    for overload in packet.overloads() if packet is not None else ():
        candidate = getattr(packet, overload)._schema
        if not candidate.is_mutable and [(a.name, _type(a)) for a in candidate.arguments] == wanted:
            return base, getattr(packet, overload)
    return base, None


def _type(argument: Any) -> str:
    return str(argument.type)


class Given(NamedTuple):
    """One call with its arguments by torch's names; ``described`` are those that our rows read, Slots count ``tensors``."""

    func: Any
    schema: Schema
    args: tuple[Any, ...]
    keywords: dict[str, Any]
    bound: dict[str, Any]
    described: dict[str, Any]
    tensors: list[torch.Tensor]

    @property
    def target(self) -> torch.Tensor | None:
        """The tensor that an in-place call writes its result to."""
        return self.bound.get(self.schema.target) if self.schema.target else None

    def run(self) -> Any:
        """torch's own result."""
        return self.func(*self.args, **self.keywords)

    def with_refs(self, nodes: list[int]) -> tuple[tuple[str, Any], ...]:
        """The arguments for a repetition: tensors are the nodes that hold their value."""
        refs = iter(nodes)
        out = self.schema.out
        bound = [(name, value) for name, value in self.bound.items() if name not in out and name not in ("generator", "device")]
        return tuple([(name, _with_refs(value, refs)) for name, value in bound])


def given_of(func: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Given:
    """A call as torch makes it; defaults are left out, as torch leaves them out."""
    schema = schema_of(func)
    bound = {**dict(zip(schema.arguments, args)), **keywords}
    tensors: list[torch.Tensor] = []
    out = schema.out
    described = {name: _described(v, tensors) for name, v in bound.items() if name not in _LEFT_OUT and name not in out}
    return Given(func, schema, args, keywords, bound, described, tensors)


def kind_of(tensor: torch.Tensor) -> str:
    """ "float", "int" or "bool"."""
    dtype = tensor.dtype
    return "float" if dtype.is_floating_point else "bool" if dtype is torch.bool else "int"


def tensors_of(result: Any) -> list[Any]:
    """The results of a call that are tensors."""
    if isinstance(result, torch.Tensor):
        return [result]
    return [part for part in result if isinstance(part, torch.Tensor)] if isinstance(result, (tuple, list)) else []


def cause_of(given: Given, result: torch.Tensor, grad_mode: bool) -> str:
    """Why no gradient flows on from the result of a call."""
    name = given.schema.base
    if name.startswith("detach"):
        return "detach"
    if given.schema.random:
        return "random"
    if name.startswith("arg"):
        return "argmax"
    if name in _COMPARISONS:
        return "comparison"
    if result.dtype is torch.bool:
        return "boolean"
    if not result.dtype.is_floating_point:
        return "integer"
    return "no rule" if grad_mode else "no_grad"


def _described(value: Any, tensors: list[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return Slot(len(tensors) - 1, tuple(value.shape), kind_of(value))
    if isinstance(value, (list, tuple)):
        return tuple([_described(v, tensors) for v in value])
    if isinstance(value, torch.dtype):
        return "float64" if value.is_floating_point else "bool" if value is torch.bool else "int64"
    return value


def _with_refs(value: Any, refs: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return Ref(next(refs))
    if isinstance(value, (list, tuple)):
        return tuple([_with_refs(v, refs) for v in value])
    return value
