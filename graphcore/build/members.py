"""Attributes and methods: what may be read from a tensor, a module, a list; what may be put on ``self``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from graphcore.build import checking, names, spaces
from graphcore.build.machine import Machine, UserFunction
from graphcore.errors import nearest


class Bound(NamedTuple):
    """A method of the text with the object it belongs to."""

    function: UserFunction
    instance: Any


class Parent(NamedTuple):
    """What ``super()`` means in a method: the methods of the class above, on this object."""

    owner: Any
    instance: Any


def read(machine: Machine, node: ast.Attribute, base: Any, name: str) -> Any:
    """The value of ``base.name``, where the allow-list has it."""
    import torch

    if isinstance(base, spaces.Space):
        try:
            return spaces.member(base.path, name)
        except KeyError:
            raise checking.unknown_member(machine.source, node, base.path) from None
    if isinstance(base, Parent):
        return _of_parent(machine, node, base, name)
    if isinstance(base, torch.Tensor):
        return _of_tensor(machine, node, base, name)
    if isinstance(base, torch.nn.Module):
        return _of_module(machine, node, base, name)
    if isinstance(base, spaces.LayerClass) and name == "__init__":
        return spaces.Function("__init__", lambda *_: None)
    if isinstance(base, tuple) and name in ("values", "indices") and hasattr(base, name):
        return getattr(base, name)
    allowed = names.DICT_METHODS if isinstance(base, dict) else names.LIST_METHODS if isinstance(base, list) else frozenset[str]()
    allowed = names.STRING_METHODS if isinstance(base, str) else allowed
    if isinstance(base, torch.Size):
        allowed = frozenset({"numel"})
    if name in allowed:
        return spaces.Function(name, getattr(base, name))
    found = nearest(name, sorted(allowed))
    hint = f"Did you mean `.{found}`?" if found else ""
    raise machine.error(node, f"`{machine.source.segment(node.value)}` has no `.{name}` that is read here.", hint)


def _of_parent(machine: Machine, node: ast.Attribute, base: Parent, name: str) -> Any:
    function = base.owner.parent.find(name) if base.owner.parent is not None else None
    if function is not None:
        return Bound(function, base.instance)
    if name == "__init__":
        return spaces.Function("__init__", lambda *_, **__: None)
    raise machine.error(node, f"the class above has no `{name}`.", "`super().__init__()` is what is read here.")


def _of_tensor(machine: Machine, node: ast.Attribute, base: Any, name: str) -> Any:
    if name in names.ATTRIBUTES:
        return getattr(base, name)
    if name in ("float", "half", "double"):
        return spaces.Function(name, base.double)
    if name in ("to", "cpu"):
        return spaces.Function(name, _to(base))
    if name in names.METHODS:
        return spaces.Function(name, getattr(base, name))
    found = nearest(name, sorted(names.METHODS | names.ATTRIBUTES))
    hint = f"Did you mean `.{found}`?" if found and found != name else ""
    raise machine.error(node, f"`.{name}` of a tensor is not on the list of what is read here.", hint)


def _to(tensor: Any) -> Callable[..., Any]:
    """``x.to(...)``: another dtype; a device is left out, for everything stays on the CPU."""
    import torch

    def to(*wanted: Any, dtype: Any = None, **_: Any) -> Any:
        kinds = [w.dtype if isinstance(w, torch.Tensor) else w for w in (*wanted, dtype)]
        kinds = [kind for kind in kinds if isinstance(kind, torch.dtype)]
        return tensor.to(kinds[0]) if kinds else tensor

    return to


def own(module: Any, name: str) -> bool:
    """Whether a module holds a parameter, buffer, layer or plain attribute of this name."""
    plain = not name.startswith("__") and name in vars(module) and name not in _INNER
    return name in module._parameters or name in module._buffers or name in module._modules or plain


_INNER = frozenset({"_parameters", "_buffers", "_modules", "_non_persistent_buffers_set"})


def _of_module(machine: Machine, node: ast.Attribute, module: Any, name: str) -> Any:
    definition = getattr(type(module), "definition", None)
    if definition is not None:
        function = definition.find(name)
        if function is not None:
            return Bound(function, module)
        if name in definition.constants and not own(module, name):
            return definition.constants[name]
    if own(module, name):
        return getattr(module, name)
    if name in names.MODULE_METHODS and hasattr(module, name):
        return spaces.Function(name, _method(machine, node, module, name))
    whose = machine.source.segment(node.value)
    every = [*module._parameters, *module._buffers, *module._modules, *(k for k in vars(module) if not k.startswith("_"))]
    found = nearest(name, every)
    hint = f"Did you mean `{whose}.{found}`?" if found else f"It has {', '.join(f'`{k}`' for k in module._modules)}."
    raise machine.error(node, f"`{whose}` has no `{name}`.", hint if every else "")


def _method(machine: Machine, node: ast.AST, module: Any, name: str) -> Callable[..., Any]:
    if name in ("add_module", "register_module", "register_buffer", "register_parameter"):

        def register(title: str, value: Any, **keywords: Any) -> None:
            check_title(machine, node, module, title)
            if name.endswith("module"):
                check_layer(machine, node, value)
            getattr(module, name)(title, value, **keywords)

        return register
    if name in ("append", "extend", "insert"):

        def grow(*values: Any) -> Any:
            for value in values[-1] if name == "extend" else values[-1:]:
                check_layer(machine, node, value)
            return getattr(module, name)(*values)

        return grow
    if name in ("to", "double", "float"):
        return lambda *_, **__: module
    if name in ("parameters", "children", "modules", "named_children", "named_parameters", "named_modules"):
        return lambda *_, **__: list(getattr(module, name)())
    method: Callable[..., Any] = getattr(module, name)
    return method


def check_layer(machine: Machine, node: ast.AST, value: Any) -> None:
    """Refuse what is no layer where a layer is wanted."""
    import torch

    if isinstance(value, torch.nn.Module):
        return
    if isinstance(value, spaces.LayerClass):
        raise machine.error(node, f"`{value.name}` is the class of a layer.", f"Write `nn.{value.name}(...)` with its brackets.")
    if isinstance(value, spaces.Function):
        layer = nearest(value.name.replace("_", ""), sorted(names.LAYERS))
        hint = f"Write `nn.{layer}()`." if layer else "Write the layer."
        raise machine.error(node, f"`{value.name}` is a function and no layer.", hint)
    raise machine.error(node, f"layers are wanted here, and `{str(value)[:40]}` is none.", "Write as in `nn.Linear(10, 21)`.")


def check_title(machine: Machine, node: ast.AST, module: Any, name: Any) -> None:
    """Refuse names that would hide what every module has."""
    import torch

    if not isinstance(name, str) or (not name.isidentifier() and not name.isdigit()) or name.startswith("__"):
        raise machine.error(node, f"`{name}` is not a name for a part of a network.", "Names are letters, digits and _.")
    definition = getattr(type(module), "definition", None)
    if hasattr(torch.nn.Module, name) or name in _INNER or (definition is not None and definition.find(name) is not None):
        raise machine.error(node, f"`{name}` is already what every module calls something else.", f"Write `{name}_layer`.")


def put(machine: Machine, node: ast.AST, instance: Any, name: str, value: Any) -> None:
    """``self.name = value``."""
    import torch

    if name != "training":
        check_title(machine, node, instance, name)
    if isinstance(value, list | tuple | dict):
        items = value.values() if isinstance(value, dict) else value
        if any(isinstance(item, torch.nn.Module) for item in items):
            note = f"`self.{name}` is a plain list or dictionary: torch does not see the layers in it as parts of the network."
            machine.notes[f"{note} Write `nn.ModuleList`, and their parameters are found."] = None
    machine.guarded(node, setattr, instance, name, value)


def put_item(machine: Machine, node: ast.AST, base: Any, index: Any, value: Any) -> None:
    """``base[index] = value`` for a tensor, a list, a dictionary or a list of layers."""
    import torch

    if isinstance(base, torch.nn.Module):
        check_layer(machine, node, value)
    elif not isinstance(base, torch.Tensor | list | dict):
        raise machine.error(node, "nothing can be written into this.", "Tensors and lists can be written into.")
    machine.guarded(node, operator.setitem, base, index, value)
