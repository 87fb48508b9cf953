"""Classes of the text as modules of torch: ``__init__`` and ``forward`` are walked by the interpreter."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graphcore.build.machine import STANDING, Frame, Machine, UserFunction


class Definition:
    """A class of the text: its name, its methods, its constants and the class above it."""

    def __init__(self, machine: Machine, node: ast.ClassDef, parent: Definition | None) -> None:
        self.machine = machine
        self.node = node
        self.name = node.name
        self.parent = parent
        self.methods: dict[str, UserFunction] = {}
        self.constants: dict[str, Any] = dict(parent.constants) if parent else {}
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                self.methods[statement.name] = UserFunction(machine, statement, self)
            elif isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets):
                value = machine.value(statement.value, Frame(dict(self.constants)))
                self.constants.update({target.id: value for target in statement.targets if isinstance(target, ast.Name)})
            elif not isinstance(statement, ast.Pass | ast.AnnAssign) and not _is_docstring(statement):
                raise machine.error(statement, "a class holds methods here.", "Move this line into `__init__`.")
        if self.find("forward") is None:
            raise machine.error(node, f"`{node.name}` has no `forward`.", "Write `def forward(self, x): ...`.")

    def __deepcopy__(self, memo: Any) -> Definition:
        return self

    def find(self, name: str) -> UserFunction | None:
        """The method of this name, here or in a class above."""
        if name in self.methods:
            return self.methods[name]
        return self.parent.find(name) if self.parent is not None else None

    @property
    def inputs(self) -> tuple[int, int]:
        """How many inputs ``forward`` needs and how many it may take, ``self`` not counted."""
        forward = self.find("forward")
        assert forward is not None
        spec = forward.node.args
        most = len(spec.posonlyargs) + len(spec.args) - 1
        return most - len(spec.defaults), most


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def instantiate(machine: Machine, node: ast.AST, definition: Definition, args: list[Any], keywords: Mapping[str, Any]) -> Any:
    """An object of a class of the text, its ``__init__`` run."""
    from graphcore.build.layers import LAYER_LIMIT

    machine.layers += 1
    if machine.layers > LAYER_LIMIT:
        raise machine.error(node, f"this network has more than {LAYER_LIMIT:,} layers.", "Write fewer repeats.")
    kind = type(definition.name, (_written_class(),), {"definition": definition, "__module__": __name__})
    module = kind()
    start = definition.find("__init__")
    if start is not None:
        machine.call(start, args, keywords, node, module)
    elif args or keywords:
        raise machine.error(node, f"`{definition.name}` takes no arguments: it has no `__init__`.")
    machine.made.append((module, node))
    return module


@lru_cache(maxsize=1)
def _written_class() -> type:
    import torch

    class Written(torch.nn.Module):
        """A module whose ``forward`` is a method of the text."""

        definition: Definition

        def forward(self, *args: Any, **keywords: Any) -> Any:
            definition = type(self).definition  # a layer of the user's may be called so
            function = definition.find("forward")
            assert function is not None
            machine = definition.machine
            if STANDING.depth == 0:
                STANDING.steps = 0
            return machine.call(function, args, keywords, function.node, self)

    return Written
