"""Layers made from checked arguments; wrong ones are told with the parameters of the class."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from graphcore.build import members, names, spaces
from graphcore.build.machine import Machine
from graphcore.errors import GraphError, nearest

LAYER_LIMIT = 2_000
NUMBER_LIMIT = 10**7
_STACKED = ("num_layers",)


def make(machine: Machine, node: ast.AST, name: str, args: list[Any], keywords: dict[str, Any]) -> Any:
    """The layer, container or loss ``name`` of these arguments."""
    import torch

    if name in names.CONTAINERS:
        return _container(machine, node, name, args, keywords)
    if name not in names.LAYERS and name not in names.LOSSES:
        raise machine.error(node, f"`{name}` is not a layer.", "Write as in `nn.Linear(10, 21)`.")
    kind = getattr(torch.nn, name)
    keywords = {key: value for key, value in keywords.items() if key not in ("device", "dtype")}
    args, keywords = [_plain(a) for a in args], {key: _plain(value) for key, value in keywords.items()}
    _check(machine, node, name, kind, args, keywords)
    if name == "TransformerEncoder":
        # nested tensors speed inference up and have no gradient; asking for them warns
        keywords["enable_nested_tensor"] = False
    try:
        made = machine.guarded(node, kind, *args, **keywords)
    except GraphError as error:
        if error.instead or error.__cause__ is None:
            raise
        raise machine.error(node, error.what, parameters(name, kind)) from error.__cause__
    made.double()
    machine.made.append((made, node))
    return made


def _plain(value: Any) -> Any:
    return value.call if isinstance(value, spaces.Function) else value


def _check(machine: Machine, node: ast.AST, name: str, kind: Any, args: list[Any], keywords: dict[str, Any]) -> None:
    try:
        bound = _bound(kind, args, keywords)
    except TypeError as error:
        known = list(inspect.signature(kind).parameters)
        unknown = next((key for key in keywords if key not in known), None)
        if unknown is not None and name not in _HIDING:
            found = nearest(unknown, known)
            hint = f"Did you mean `{found}`? " if found else ""
            raise machine.error(node, f"`{name}` has no argument `{unknown}`.", hint + parameters(name, kind)) from None
        told = str(error).replace("'", "`")
        raise machine.error(node, f"`{machine.source.segment(node)}`: {told}.", parameters(name, kind)) from None
    stacked = [bound[key] for key in _STACKED if type(bound.get(key)) is int]
    machine.layers += max([1, *stacked])
    if machine.layers > LAYER_LIMIT:
        raise machine.error(node, f"this network has more than {LAYER_LIMIT:,} layers.", "Write fewer repeats.")
    for key, value in bound.items():
        for part in value if isinstance(value, tuple | list) else (value,):
            if isinstance(part, int) and abs(part) > NUMBER_LIMIT:
                what = f"`{key}` of `{name}` is {part:,}, which is too large: a network has at most {NUMBER_LIMIT:,} parameters."
                raise machine.error(node, what)
            if isinstance(part, int | float) and part <= 0 and key in _POSITIVE:
                raise machine.error(node, f"`{key}` of `{name}` is {part}; it is at least 1.", parameters(name, kind))
        if (isinstance(value, float | str) and key in _POSITIVE - {"kernel_size"}) or (
            isinstance(value, str) and key == "kernel_size"
        ):
            raise machine.error(node, f"`{key}` of `{name}` is a whole number, and `{value}` is none.", parameters(name, kind))


def _bound(kind: Any, args: list[Any], keywords: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name; recurrent layers of torch hide theirs behind ``*args``."""
    signature = inspect.signature(kind)
    if kind.__name__ in _HIDING:
        kinds = [item.partition("=") for item in (*_RECURRENT, "proj_size=0", "nonlinearity='tanh'")]
        made = inspect.Parameter
        signature = inspect.Signature(
            [made(name, made.POSITIONAL_OR_KEYWORD, default=made.empty if not sign else value) for name, sign, value in kinds]
        )
    return signature.bind(*args, **keywords).arguments


_POSITIVE = frozenset(
    """
    in_features out_features in_channels out_channels kernel_size num_features num_embeddings embedding_dim input_size
    hidden_size num_layers groups d_model nhead dim_feedforward embed_dim num_heads num_channels num_groups
    in1_features in2_features
    """.split()  # noqa: SIM905
)


def parameters(name: str, kind: Any) -> str:
    """The sentence that lists what a class of torch takes.

    >>> import torch
    >>> parameters("Linear", torch.nn.Linear)
    'Its arguments are `Linear(in_features, out_features, bias=True)`.'
    """
    shown = []
    for parameter in inspect.signature(kind).parameters.values():
        if parameter.name in ("device", "dtype", "enable_nested_tensor", "mask_check"):
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            shown += _RECURRENT if name in _HIDING else []
        elif parameter.kind is not parameter.VAR_KEYWORD:
            default = parameter.default
            text = getattr(default, "__name__", repr(default))
            shown.append(parameter.name if default is parameter.empty else f"{parameter.name}={text}")
    return f"Its arguments are `{name}({', '.join(shown)})`."


_HIDING = frozenset({"RNN", "LSTM", "GRU"})
_RECURRENT = ["input_size", "hidden_size", "num_layers=1", "bias=True", "batch_first=False", "dropout=0.0", "bidirectional=False"]


def _container(machine: Machine, node: ast.AST, name: str, args: list[Any], keywords: dict[str, Any]) -> Any:
    import torch

    if keywords:
        raise machine.error(node, f"`nn.{name}` takes layers and no keywords.", "Write `nn.Sequential(nn.Linear(10, 1), ...)`.")
    inner = args[0] if len(args) == 1 and isinstance(args[0], dict | list | tuple) else None
    if name == "Sequential":
        pairs: Any = inner.items() if isinstance(inner, dict) else inner if _is_pairs(inner) else enumerate(args)
        if isinstance(inner, list | tuple) and not _is_pairs(inner):
            raise machine.error(
                node, "`nn.Sequential` takes layers, and this is one list of them.", "Write `nn.Sequential(*layers)`."
            )
        made: Any = torch.nn.Sequential()
        for title, layer in list(pairs):
            members.check_layer(machine, _part(node, title), layer)
            members.check_title(machine, node, made, str(title))
            made.add_module(str(title), layer)
        return made
    if name == "ModuleDict":
        pairs = inner.items() if isinstance(inner, dict) else inner or []
        made = torch.nn.ModuleDict()
        for title, layer in pairs:
            members.check_layer(machine, node, layer)
            machine.guarded(node, made.add_module, title, layer)
        return made
    if args and inner is None:
        raise machine.error(node, f"`nn.{name}` takes one list.", f"Write `nn.{name}([...])`.")
    if name == "ModuleList":
        for layer in inner or []:
            members.check_layer(machine, node, layer)
        return machine.guarded(node, torch.nn.ModuleList, inner or [])
    return machine.guarded(node, torch.nn.ParameterList, inner or [])


def _is_pairs(inner: Any) -> bool:
    pair: Any = (list, tuple)
    return (
        isinstance(inner, pair)
        and bool(inner)
        and all(isinstance(p, pair) and len(p) == 2 and isinstance(p[0], str) for p in inner)
    )


def _part(node: ast.AST, title: Any) -> ast.AST:
    """The argument that is meant, where the arguments are written out."""
    plain = isinstance(node, ast.Call) and isinstance(title, int) and not any(isinstance(a, ast.Starred) for a in node.args)
    return node.args[title] if plain and isinstance(node, ast.Call) and title < len(node.args) else node
