"""A recorded call against torch: our row's forward and rules beside ``torch.autograd.grad`` with a random upstream.

``check("addmm", (a, b, c), {"beta": 2})`` binds the arguments as the recorder does, with and without the defaults, and does
it again with operands whose entries do not lie in a row in memory. ``USED`` collects the rows that were met.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from graphcore.backprop.plan import kernels
from graphcore.graph import Parts
from graphcore.ops.aten import ROWS, Call, Slot, resolve
from graphcore.ops.namespaces import unbroadcast

USED: set[int] = set()
LEFT_OUT = {"layout", "device", "pin_memory", "memory_format", "generator"}
EPS = 256 * np.finfo(np.float64).eps


def overload(name: str) -> Any:
    """The function of ``"add.Tensor"`` or ``"relu"``."""
    base, _, rest = name.partition(".")
    return getattr(getattr(torch.ops.aten, base), rest or "default")


def kind(tensor: torch.Tensor) -> str:
    return "float" if tensor.is_floating_point() else "bool" if tensor.dtype == torch.bool else "int"


class Bound:
    """Arguments by name as a row wants them, and the tensors among them in order."""

    def __init__(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], full: bool) -> None:
        self.tensors: list[torch.Tensor] = []
        schema = function._schema.arguments
        self.arguments: dict[str, Any] = {}
        for k, argument in enumerate(schema):
            if argument.name in LEFT_OUT:
                continue
            if k < len(args) and not argument.kwarg_only:
                value = args[k]
            elif argument.name in kwargs:
                value = kwargs[argument.name]
            elif full and argument.has_default_value():
                value = argument.default_value
            else:
                continue
            self.arguments[argument.name] = self._slots(value)

    def _slots(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            self.tensors.append(value)
            return Slot(len(self.tensors) - 1, tuple(value.shape), kind(value))
        if isinstance(value, (list, tuple)):
            return tuple(self._slots(part) for part in value)
        return str(value).removeprefix("torch.") if isinstance(value, torch.dtype) else value


def array(tensor: torch.Tensor) -> Any:
    """Its numbers as the engine has them: float64, int64 or bool; they cannot be written."""
    wanted = {"float": np.float64, "int": np.int64, "bool": np.bool_}[kind(tensor)]
    found = tensor.detach().numpy(force=True).astype(wanted, copy=False).view()
    found.flags.writeable = False
    return found


def scattered(value: Any) -> Any:
    """The same tensors with gaps between their entries, or transposed in memory."""
    if isinstance(value, (list, tuple)):
        return type(value)(scattered(part) for part in value)
    if not isinstance(value, torch.Tensor) or not value.ndim:
        return value
    plain = value.detach()
    apart = plain.mT.contiguous().mT if plain.ndim > 1 else torch.stack((plain, plain), -1)[..., 0]
    return apart.requires_grad_(value.requires_grad)


def close(ours: Any, theirs: Any, what: str, eps: float = EPS) -> None:
    """Equal to 256 eps of the largest entry; nan and inf at the same places."""
    a, b = np.asarray(ours), np.asarray(theirs)
    assert a.shape == b.shape, f"{what}: shape {a.shape}, torch has {b.shape}"
    if b.dtype != np.float64:
        assert a.dtype == b.dtype, f"{what}: {a.dtype}, torch has {b.dtype}"
        assert np.array_equal(a, b), f"{what}: {a}, torch has {b}"
        return
    assert a.dtype == np.float64, f"{what}: {a.dtype}, torch has {b.dtype}"
    odd = ~np.isfinite(b)
    same = np.array_equal(a[odd], b[odd], equal_nan=True) and np.isfinite(a[~odd]).all()
    assert same, f"{what}: not finite elsewhere: {a}, torch has {b}"
    off = np.max(np.abs(a[~odd] - b[~odd]), initial=0.0)
    size = np.max(np.abs(b[~odd]), initial=0.0)
    assert off <= eps * size, f"{what}: off by {off / (size or 1):.2g}: {a}, torch has {b}"


def found(name: str, arguments: Mapping[str, Any]) -> Call:
    """The call in our terms; the row is noted as used."""
    base, _, rest = name.partition(".")
    call = resolve(base, rest or "default", arguments)
    assert call is not None, f"{name}: no row covers {dict(arguments)}"
    for row in (*ROWS.get(f"{base}.{rest or 'default'}", ()), *ROWS.get(base, ())):
        if row.call(arguments) is not None:
            USED.add(id(row))
            break
    return call


def refused(name: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> bool:
    """Whether no row covers the call."""
    base, _, rest = name.partition(".")
    bound = Bound(overload(name), args, kwargs or {}, True)
    return resolve(base, rest or "default", bound.arguments) is None


def check(
    name: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    *,
    eps: float = EPS,
    strided: bool = True,
    inner: Sequence[int] = (),
) -> None:
    """One call in every way it can be bound; AssertionError where a number differs from torch's.

    ``inner`` are outputs that torch keeps for itself, whose numbers depend on how an operand lies in memory; without ``strided``
    operands lie in a row alone.
    """
    kwargs = kwargs or {}
    _check(name, args, kwargs, True, eps, inner)
    _check(name, args, kwargs, False, eps, inner)
    if strided:
        _check(name, scattered(tuple(args)), {key: scattered(value) for key, value in kwargs.items()}, True, eps, inner)


def _check(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], full: bool, eps: float, inner: Sequence[int] = ()) -> None:
    function = overload(name)
    bound = Bound(function, args, kwargs, full)
    call = found(name, bound.arguments)
    run, rules = kernels(call.op, call.statics, False)
    values = [np.asarray(k) if isinstance(k, float) else array(bound.tensors[k]) for k in call.operands]
    # copy has a derivative only where it writes in place
    result = args[0].clone().copy_(*args[1:]) if name == "copy" else function(*args, **kwargs)
    several = isinstance(result, (tuple, list))
    outputs = list(result) if several else [result]
    with np.errstate(all="ignore"):
        y = run(*values)
        if several:
            assert isinstance(y, tuple), f"{name}: {len(outputs)} outputs make a tuple"
            assert len(y) == len(outputs), f"{name}: {len(y)} outputs, torch has {len(outputs)}"
        for k, output in enumerate(outputs):
            if k in inner:
                assert np.shape(y[k]) == tuple(output.shape), f"{name} output {k}"
                continue
            close(y[k] if several else y, array(output), f"{name} output {k}", eps)
        active = [k for k, output in enumerate(outputs) if output.requires_grad]
        sources = [k for k, place in enumerate(call.operands) if type(place) is int and bound.tensors[place].requires_grad]
        if not active:
            assert all(rules[min(k, len(rules) - 1)] is None for k in sources), f"{name}: a rule where torch has no gradient"
        for some in [active, *([k] for k in active if len(active) > 1)]:
            if some and sources:
                _gradients(name, call, rules, values, y, outputs, some, sources, several, bound.tensors, eps)


def _gradients(
    name: str,
    call: Call,
    rules: Any,
    values: list[Any],
    y: Any,
    outputs: list[torch.Tensor],
    some: list[int],
    sources: list[int],
    several: bool,
    tensors: list[torch.Tensor],
    eps: float,
) -> None:
    maker = torch.Generator().manual_seed(7)
    upstream = [torch.randn(outputs[k].shape, generator=maker, dtype=torch.float64) for k in some]
    wanted = [tensors[int(call.operands[k])] for k in sources]
    theirs = torch.autograd.grad([outputs[k] for k in some], wanted, upstream, retain_graph=True, allow_unused=True)
    g: Any = Parts({k: array(up) for k, up in zip(some, upstream)}) if several else array(upstream[0])
    for k, gradient in zip(sources, theirs):
        rule = rules[min(k, len(rules) - 1)]
        what = f"{name} gradient of {call.op.operands[min(k, len(rules) - 1)]}, output {some}"
        if rule is None:
            assert gradient is None, f"{what}: no rule, torch has {gradient}"
            continue
        more = {"slot": k} if call.op.variadic and k >= len(rules) - 1 else {}
        ours = unbroadcast(rule(g, y, *values, **more), np.shape(values[k]))
        theirs_or_zero = torch.zeros(np.shape(values[k]), dtype=torch.float64) if gradient is None else gradient
        close(ours, array(theirs_or_zero), what, eps)
