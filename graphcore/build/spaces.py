"""What a dotted name of torch means: namespaces, and the members of the allow-list in each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphcore.build import names
from graphcore.errors import nearest


class Space(NamedTuple):
    """A module such as ``torch.nn.functional``, by its full name."""

    path: str


class LayerClass(NamedTuple):
    """A layer, container or loss of ``torch.nn``, by name."""

    name: str


class Function(NamedTuple):
    """A function of the allow-list, and what it calls."""

    name: str
    call: Callable[..., Any]


ALIASES: Mapping[str, str] = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "init": "torch.nn.init",
    "math": "math",
    "np": "math",
    "numpy": "math",
    "collections": "collections",
    "th": "torch",
}
# full name -> the names known in it
MEMBERS: Mapping[str, frozenset[str]] = {
    "torch": names.TORCH | names.DTYPES.keys() | names.TORCH_OTHER | {"nn", "special", "linalg"},
    "torch.nn": names.LAYERS | names.CONTAINERS | names.LOSSES.keys() | names.NN_OTHER,
    "torch.nn.functional": names.FUNCTIONAL,
    "torch.nn.init": names.INITIALIZERS,
    "torch.special": names.SPECIAL,
    "torch.linalg": names.LINALG,
    "math": names.MATH,
    "collections": frozenset({"OrderedDict"}),
}
# modules that stand in front of a network and are not needed to build it
KNOWN_MODULES = frozenset({"torch.optim", "torch.utils", "torchvision", "torch.cuda", "torch.autograd", "torchviz"})


def is_space(path: str) -> bool:
    """Whether a full dotted name is a namespace that can be read from."""
    return path in MEMBERS


def closest(path: str, name: str) -> str | None:
    """The member of a namespace most like ``name``."""
    return nearest(name, sorted(MEMBERS[path]))


def member(path: str, name: str) -> Any:
    """The value of ``path.name``; raises KeyError where the allow-list has no such name."""
    if name not in MEMBERS[path]:
        raise KeyError(name)
    if f"{path}.{name}" in MEMBERS:
        return Space(f"{path}.{name}")
    if path == "torch.nn":
        return _parameter() if name == "Parameter" else LayerClass(name)
    if path == "math":
        value = getattr(math, name)
        return Function(name, value) if callable(value) else value
    if path == "collections":
        return Function(name, dict)
    return _of_torch(path, name)


def _of_torch(path: str, name: str) -> Any:
    import torch

    if path == "torch" and name in names.DTYPES:
        return getattr(torch, names.DTYPES[name])
    if path == "torch" and name in ("Tensor", "Size"):
        return LayerClass(name)
    if path == "torch" and name in ("device", "manual_seed"):
        return Function(name, lambda *_: None)
    if path == "torch" and name == "newaxis":
        return None
    holder = torch
    for part in path.split(".")[1:]:
        holder = getattr(holder, part)
    value = getattr(holder, name)
    return Function(name, value) if callable(value) else value


def _parameter() -> Function:
    import torch

    return Function("Parameter", lambda data, requires_grad=True: torch.nn.Parameter(data, requires_grad=requires_grad))
