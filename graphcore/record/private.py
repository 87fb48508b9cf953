"""The private copy of what is recorded, and the leaves it has from the start."""

from __future__ import annotations

import copy
import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode

from graphcore.errors import RecordError
from graphcore.record.reach import Reach
from graphcore.record.writer import refuse

_PLAIN = frozenset({bool, int, float, str, bytes, type(None)})


class Leaf(NamedTuple):
    """A tensor that is a leaf by name: the caller's own, the one that the run meets, and its module's path."""

    name: str
    own: torch.Tensor
    private: torch.Tensor
    scope: str


class Private(NamedTuple):
    """What is run in place of the caller's: nothing in it is shared with them but tensors met from outside."""

    run: Callable[..., Any]
    tensors: tuple[Any, ...]
    keywords: dict[str, Any]
    arguments: list[Leaf]
    parameters: list[Leaf]
    buffers: list[Leaf]
    modules: dict[str, torch.nn.Module]
    everything: bool
    notes: list[str]


class _Clones(TorchFunctionMode):
    """Copies a tensor of any kind, also results of earlier runs, which torch itself refuses to copy."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.__deepcopy__:
            tensor, memo = args
            if id(tensor) not in memo:
                memo[id(tensor)] = _clone(tensor)
            return memo[id(tensor)]
        return func(*args, **(kwargs or {}))


def private(function: Callable[..., Any], tensors: tuple[Any, ...], keywords: dict[str, Any]) -> Private:
    """A copy of a module or function with its arguments."""
    reach = Reach()
    reach.look("", function)
    named = [(name, value) for name, value in _arguments(function, tensors, keywords)]
    for name, value in named:
        if isinstance(value, torch.nn.Module):
            reach.look(name, value)
    memo: dict[int, Any] = {}
    notes: dict[str, None] = {}
    single = len(reach.modules) == 1
    roots = {"" if single else name: module for name, module in reach.modules.items()}
    parameters = [leaf for path, module in roots.items() for leaf in _parameters(path, module, memo, notes)]
    given = [(name, value) for name, value in named if isinstance(value, torch.Tensor) and id(value) not in memo]
    everything = not any([leaf.own.requires_grad for leaf in parameters] + [value.requires_grad for _, value in given])
    arguments = [_argument(name, value, memo, everything, notes) for name, value in given if id(value) not in memo]
    for module in roots.values():
        _prepare_empty(module, memo)
    copies = {path: _copied(module, memo) for path, module in roots.items()}
    parameters = [_as_copied(leaf, copies) for leaf in parameters]
    run = reach.replaced(function, lambda value: _copied(value, memo))
    modules = {_join(path, inner): module for path, root in copies.items() for inner, module in root.named_modules()}
    buffers = [
        Leaf(_join(path, name), buffer, buffer, _join(path, name).rpartition(".")[0])
        for path, root in copies.items()
        for name, buffer in root.named_buffers()
    ]
    again = _copied((tensors, keywords), memo)
    return Private(run, again[0], again[1], arguments, parameters, buffers, modules, everything, list(notes))


def _parameters(path: str, module: torch.nn.Module, memo: dict[int, Any], notes: dict[str, None]) -> Iterator[Leaf]:
    for inner, tensor in module.named_parameters():
        name = _join(path, inner)
        if is_lazy(tensor):
            raise RecordError(f"`{name}` has no shape yet: call the module once, then record it.")
        if id(tensor) in memo:
            continue
        refuse(tensor)
        made = torch.nn.Parameter(_moved(tensor, notes), requires_grad=tensor.dtype.is_floating_point)
        memo[id(tensor)] = made
        yield Leaf(name, tensor, made, name.rpartition(".")[0])
    for buffer in module.buffers():
        memo.setdefault(id(buffer), _moved(buffer, notes))


def _prepare_empty(root: torch.nn.Module, memo: dict[int, Any]) -> None:
    """Copies of the empty containers that every module has a dozen of: ``copy.deepcopy`` is slow at them."""
    for module in root.modules():
        for value in vars(module).values():
            if type(value) in (dict, OrderedDict, set) and not value:
                memo[id(value)] = type(value)()


def _as_copied(leaf: Leaf, copies: dict[str, torch.nn.Module]) -> Leaf:
    """The parameter as its copied module has it: a module of TorchScript copies its own."""
    for path, root in copies.items():
        if isinstance(root, torch.jit.ScriptModule):
            for name, tensor in root.named_parameters():
                if _join(path, name) == leaf.name:
                    return leaf._replace(private=tensor.requires_grad_(leaf.private.requires_grad))
    return leaf


def _argument(name: str, tensor: torch.Tensor, memo: dict[int, Any], everything: bool, notes: dict[str, None]) -> Leaf:
    refuse(tensor)
    made = _moved(tensor, notes)
    if tensor.dtype.is_floating_point and (tensor.requires_grad or everything):
        made.requires_grad_()
        if everything:
            # torch refuses to write in place to a leaf that wants a gradient, and the caller's own tensor wants none
            made = made.clone()
    memo[id(tensor)] = made
    return Leaf(name, tensor, made, "")


def _moved(tensor: torch.Tensor, notes: dict[str, None]) -> torch.Tensor:
    made = _clone(tensor).detach()
    if made.device.type != "cpu":
        notes[f"Tensors on {made.device.type} were copied to the CPU."] = None
        made = made.cpu()
    if made.dtype in (torch.float16, torch.bfloat16):
        dtype = str(made.dtype).removeprefix("torch.")
        notes[f"The module computes in {dtype}; here its values are kept and repeated in float64."] = None
    return made


def _clone(tensor: torch.Tensor) -> torch.Tensor:
    with torch._C.DisableTorchFunction():
        made = tensor.detach().clone()
        return made.requires_grad_(tensor.requires_grad)


def _copied(thing: Any, memo: dict[int, Any]) -> Any:
    if isinstance(thing, torch.nn.Module):
        with _Clones():
            return _module(thing, memo)
    try:
        with _Clones():
            return copy.deepcopy(thing, memo)
    except Exception as problem:
        raise RecordError(f"`{type(thing).__name__}` cannot be copied: {problem}") from problem


def _module(module: torch.nn.Module, memo: dict[int, Any]) -> torch.nn.Module:
    """A copy of a module, attribute by attribute: what cannot be copied (a lock, an open file) is shared."""
    found: torch.nn.Module | None = memo.get(id(module))
    if found is not None:
        return found
    kind = type(module)
    if hasattr(kind, "__deepcopy__") or kind.__reduce_ex__ is not object.__reduce_ex__ or _keeps_state(kind):
        try:
            again: torch.nn.Module = copy.deepcopy(module, memo)
            return again
        except Exception:  # whatever it raises: the attributes are there to be copied
            memo.pop(id(module), None)
    made = kind.__new__(kind)
    memo[id(module)] = made
    state: dict[str, Any] = {}
    for name, value in vars(module).items():
        if name == "_modules":
            state[name] = {key: None if inner is None else _module(inner, memo) for key, inner in value.items()}
        elif type(value) in _PLAIN or isinstance(value, torch.dtype | torch.device | type):
            state[name] = value
        else:
            state[name] = _attribute(value, memo)
    vars(made).update(state)
    return made


def _attribute(value: Any, memo: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in (dict, list, set, OrderedDict) and not value:
        return kind()
    if isinstance(value, torch.nn.Module):
        return _module(value, memo)
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # what cannot be copied is shared
        return value


def _keeps_state(kind: type) -> bool:
    return getattr(kind, "__getstate__", None) is not getattr(object, "__getstate__", None)


def _arguments(function: Callable[..., Any], tensors: tuple[Any, ...], keywords: dict[str, Any]) -> list[tuple[str, Any]]:
    """Every argument with its name: ``x``, ``tensors[0]``, or a keyword."""
    called = function.forward if isinstance(function, torch.nn.Module) else function
    given: dict[str, Any] = {}
    try:
        bound = inspect.signature(called).bind(*tensors, **keywords)
    except (TypeError, ValueError):
        given = {"tensors": tensors, **keywords}
    else:
        for name, value in bound.arguments.items():
            if bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                given.update(value)
            else:
                given[name] = value
    return [(name, leaf) for key, value in given.items() for name, leaf in _inside(key, value)]


def _inside(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        return [found for k, part in enumerate(value) for found in _inside(f"{name}[{k}]", part)]
    if isinstance(value, dict):
        return [found for key, part in value.items() for found in _inside(f"{name}[{key!r}]", part)]
    return [(name, value)]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
