"""The modules that a function reaches, and the function again with other modules in their place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import torch

from graphcore.record.frames import is_users

_LARGEST = 1000
_DEEPEST = 20


class Reach:
    """Follows closures, defaults, globals, partials and objects; ``modules`` are those found, by the name they are known by."""

    def __init__(self) -> None:
        self.modules: dict[str, torch.nn.Module] = {}
        self._holding: dict[int, bool] = {}
        self._kept: list[Any] = []
        self._again: dict[int, Any] = {}

    def look(self, name: str, value: Any, depth: int = 0) -> bool:
        """Whether a value reaches a module."""
        if isinstance(value, torch.nn.Module):
            if not any(value is known for known in self.modules.values()):
                self.modules[self._free(name)] = value
            return True
        if isinstance(value, (torch.Tensor, type, str, bytes, int, float, CodeType)) or value is None or depth > _DEEPEST:
            return False
        known = self._holding.get(id(value))
        if known is None:
            self._kept.append(value)
            self._holding[id(value)] = False
            parts = _parts(name, value)
            known = self._holding[id(value)] = sum([self.look(part, inner, depth + 1) for part, inner in parts]) > 0
        return known

    def replaced(self, value: Any, copied: Callable[[Any], Any]) -> Any:
        """A value with copies of all modules that it reaches; ``copied`` copies a module, or an object that holds some."""
        if isinstance(value, torch.nn.Module):
            return copied(value)
        if not self._holding.get(id(value)):
            return value
        found = self._again.get(id(value))
        if found is None:
            found = self._made(value, copied)
        return found

    def _made(self, value: Any, copied: Callable[[Any], Any]) -> Any:
        again: Any
        if isinstance(value, functools.partial):
            again = functools.partial(
                self.replaced(value.func, copied),
                *[self.replaced(v, copied) for v in value.args],
                **{key: self.replaced(v, copied) for key, v in value.keywords.items()},
            )
        elif isinstance(value, MethodType):
            again = MethodType(self.replaced(value.__func__, copied), self.replaced(value.__self__, copied))
        elif isinstance(value, FunctionType):
            return self._function(value, copied)
        else:
            again = copied(value)
        self._again[id(value)] = again
        return again

    def _function(self, value: FunctionType, copied: Callable[[Any], Any]) -> FunctionType:
        cells = [CellType() for _ in value.__closure__ or ()]
        shown = dict(value.__globals__)
        again = FunctionType(value.__code__, shown, value.__name__, value.__defaults__, tuple(cells) or None)
        # known before its parts are: a function may call itself
        self._again[id(value)] = again
        again.__kwdefaults__ = {key: self.replaced(v, copied) for key, v in (value.__kwdefaults__ or {}).items()} or None
        again.__defaults__ = tuple([self.replaced(v, copied) for v in value.__defaults__ or ()]) or None
        again.__dict__.update(value.__dict__)
        for name in _names(value.__code__):
            if name in shown:
                shown[name] = self.replaced(shown[name], copied)
        for cell, old in zip(cells, value.__closure__ or ()):
            try:
                cell.cell_contents = self.replaced(old.cell_contents, copied)
            except ValueError:  # an empty cell stays empty
                continue
        return again

    def _free(self, name: str) -> str:
        count, free = 1, name
        while free in self.modules:
            count += 1
            free = f"{name}_{count}"
        return free


def _parts(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, functools.partial):
        keywords = list(value.keywords.items())
        return [(name, value.func), *[(f"{name}_{k}", v) for k, v in enumerate(value.args)], *keywords]
    if isinstance(value, MethodType):
        return [("self", value.__self__), (name, value.__func__)]
    if isinstance(value, FunctionType):
        return _reached(value) if is_users(value.__code__) else []
    if isinstance(value, (list, tuple)):
        return [(f"{name}_{k}", v) for k, v in enumerate(value[:_LARGEST])]
    if isinstance(value, dict):
        return [(str(key), v) for key, v in list(value.items())[:_LARGEST]]
    if hasattr(value, "__dict__") and callable(value) and not isinstance(value, type):
        return list(vars(value).items())[:_LARGEST]
    return list(vars(value).items())[:_LARGEST] if name == "self" and hasattr(value, "__dict__") else []


def _reached(value: FunctionType) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
        try:
            found.append((name, cell.cell_contents))
        except ValueError:  # a name that has no value yet
            continue
    arguments = value.__code__.co_varnames[: value.__code__.co_argcount]
    defaults = value.__defaults__ or ()
    found += list(zip(arguments[len(arguments) - len(defaults) :], defaults))
    found += list((value.__kwdefaults__ or {}).items())
    return found + [(name, value.__globals__[name]) for name in _names(value.__code__) if name in value.__globals__]


def _names(code: CodeType) -> list[str]:
    names = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names += _names(constant)
    return list(dict.fromkeys(names))
