"""Calls in a checked text: torch's functions, layers, classes and functions of the text, a few of Python's."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

from graphcore.build import layers, members, spaces
from graphcore.build.machine import STEP_LIMIT, Frame, Machine, UserFunction

SIZE_LIMIT = 10**7
_FACTORIES = frozenset({"zeros", "ones", "empty", "rand", "randn", "eye", "full", "linspace", "arange", "tensor"})
_ALWAYS_FLOATING = _FACTORIES - {"full", "arange", "tensor"}


def from_path(path: str) -> Any:
    """The value of an imported name: a module, or one of its members."""
    if spaces.is_space(path):
        return spaces.Space(path)
    head, _, name = path.rpartition(".")
    return spaces.member(head, name)


def call(machine: Machine, node: ast.Call, frame: Frame) -> Any:
    """The value of a call."""
    from graphcore.build import expressions

    if isinstance(node.func, ast.Name) and node.func.id in _WITH_FRAME and node.func.id not in frame.names:
        return _WITH_FRAME[node.func.id](machine, node, frame)
    function = machine.value(node.func, frame)
    args = expressions.spread(machine, node.args, frame)
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        value = machine.value(keyword.value, frame)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
            keywords.update(value)
        else:
            raise machine.error(keyword.value, "`**` spreads a dictionary of words.")
    return apply(machine, node, function, args, keywords)


def apply(machine: Machine, node: ast.Call, function: Any, args: list[Any], keywords: dict[str, Any]) -> Any:
    """Call what a name or an attribute meant."""
    import torch

    from graphcore.build.written import Definition, instantiate

    if isinstance(function, spaces.LayerClass):
        return layers.make(machine, node, function.name, args, keywords)
    if isinstance(function, Definition):
        return instantiate(machine, node, function, args, keywords)
    if isinstance(function, UserFunction):
        return machine.call(function, args, keywords, node)
    if isinstance(function, members.Bound):
        return machine.call(function.function, args, keywords, node, function.instance)
    if isinstance(function, torch.nn.Module):
        return machine.guarded(node, function, *args, **keywords)
    if isinstance(function, spaces.Function):
        _check_sizes(machine, node, function.name, args, keywords)
        if function.name in _FACTORIES:
            return _factory(machine, node, function, args, keywords)
        return machine.guarded(node, function.call, *args, **keywords)
    raise machine.error(node, f"`{machine.source.segment(node.func)}` cannot be called.")


def _check_sizes(machine: Machine, node: ast.Call, name: str, args: list[Any], keywords: Mapping[str, Any]) -> None:
    numbers = []
    for value in (*args, *keywords.values()):
        if isinstance(value, range) and len(value) > STEP_LIMIT:
            raise machine.error(node, f"this goes over {len(value):,} numbers.", f"At most {STEP_LIMIT:,} are read.")
        numbers += [part for part in (value if isinstance(value, tuple | list) else (value,)) if type(part) is int]
    large = max((abs(number) for number in numbers), default=0)
    entries = math.prod(numbers) if name in _FACTORIES - {"tensor", "arange", "linspace", "full"} else 0
    if max(large, entries) > SIZE_LIMIT:
        raise machine.error(node, f"`{machine.source.segment(node)}` is too large.", f"At most {SIZE_LIMIT:,} entries are made.")


def _factory(machine: Machine, node: ast.Call, function: spaces.Function, args: list[Any], keywords: dict[str, Any]) -> Any:
    """A new tensor in float64, as the network is, where torch would take float32."""
    import torch

    floats = any(isinstance(value, float) for value in (*args, *keywords.values()))
    if keywords.get("dtype") is None and (function.name in _ALWAYS_FLOATING or (function.name != "tensor" and floats)):
        keywords["dtype"] = torch.float64
    made = machine.guarded(node, function.call, *args, **keywords)
    return made.double() if made.dtype == torch.float32 else made


# --- what Python itself has
def _isinstance(value: Any, kinds: Any) -> bool:
    import torch

    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if isinstance(kind, spaces.LayerClass):
            holder = torch if kind.name in ("Tensor", "Size") else torch.nn
            if isinstance(value, getattr(holder, kind.name)):
                return True
        elif isinstance(kind, spaces.Function) and kind.name in _TYPES and isinstance(value, _TYPES[kind.name]):
            return True
    return False


_TYPES: Mapping[str, type] = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict}


def _number(kind: type) -> Callable[..., Any]:
    def convert(value: Any = 0) -> Any:
        if isinstance(value, str) and len(value) > 20:
            raise ValueError("the word is too long")
        return kind(value)

    return convert


_BUILTINS: Mapping[str, Callable[..., Any]] = {
    "range": range,
    "len": len,
    "enumerate": lambda items, start=0: list(enumerate(items, start)),
    "zip": lambda *items, strict=False: list(zip(*items, strict=strict)),
    "reversed": lambda items: list(reversed(items)),
    "sorted": sorted,
    "int": _number(int),
    "float": _number(float),
    "bool": bool,
    "str": lambda value="": str(value) if isinstance(value, int | float | str) else "",
    "min": min,
    "max": max,
    "sum": sum,
    "abs": abs,
    "round": round,
    "list": lambda items=(): list(items),
    "tuple": lambda items=(): tuple(items),
    "dict": lambda items=(), **given: dict(items, **given),
    "OrderedDict": lambda items=(), **given: dict(items, **given),
    "isinstance": _isinstance,
    "print": lambda *_, **__: None,
}


def builtin(name: str) -> spaces.Function:
    """One of Python's functions that are read."""
    return spaces.Function(name, _BUILTINS[name])


def _super(machine: Machine, node: ast.Call, frame: Frame) -> Any:
    if frame.self is None or frame.owner is None:
        raise machine.error(node, "`super()` stands in a method of a class.")
    return members.Parent(frame.owner, frame.self)


def _titled(machine: Machine, node: ast.Call, frame: Frame, count: int) -> tuple[Any, str, list[Any]]:
    args = [machine.value(argument, frame) for argument in node.args]
    what = f"`{machine.source.segment(node)}` is not read here."
    if not count <= len(args) <= 3 or node.keywords or not hasattr(args[0], "named_parameters") or not isinstance(args[1], str):
        raise machine.error(node, what, 'Write as in `getattr(self, f"layer{i}")`.')
    if args[1].startswith("_") or not args[1].isidentifier():
        raise machine.error(node, what, "The name is one of your own.")
    return args[0], args[1], args[2:]


def _getattr(machine: Machine, node: ast.Call, frame: Frame) -> Any:
    module, name, default = _titled(machine, node, frame, 2)
    if default and not members.own(module, name):
        return default[0]
    attribute = ast.copy_location(ast.Attribute(node.args[0], name, ast.Load()), node)
    return members.read(machine, attribute, module, name)


def _setattr(machine: Machine, node: ast.Call, frame: Frame) -> None:
    module, name, value = _titled(machine, node, frame, 3)
    members.put(machine, node, module, name, value[0])


def _hasattr(machine: Machine, node: ast.Call, frame: Frame) -> bool:
    module, name, _ = _titled(machine, node, frame, 2)
    return members.own(module, name)


_WITH_FRAME: Mapping[str, Callable[[Machine, ast.Call, Frame], Any]] = {
    "super": _super,
    "getattr": _getattr,
    "setattr": _setattr,
    "hasattr": _hasattr,
}
