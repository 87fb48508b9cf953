"""Functions of ours as source to paste into a program; what they call and the constants they use come with them."""

from __future__ import annotations

import ast
import inspect
import math
import sys
import textwrap
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from statistics import NormalDist
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from graphcore.code.plain import erf
from graphcore.code.source import array_source
from graphcore.ops import functions

_IMPORTS: Mapping[str, str] = {"numpy": "import numpy as np", "math": "import math", "torch": "import torch"}
_SHORT: Mapping[str, str] = {"numpy": "np"}
_OURS = "graphcore."
# errors of ours are those of Python in a program that stands alone
_ERRORS: Mapping[str, str] = {"TraceError": "ValueError", "ShapeError": "ValueError"}


class NoSource(Exception):  # noqa: N818 - an answer, not an error
    """Something that a program needs cannot be written as source."""


class Pasted:
    """Definitions of functions and classes, each once, under names that nothing else in the program has.

    >>> from graphcore.ops.backward import layer
    >>> pasted = Pasted({"layer"})
    >>> pasted.text(layer)
    'layer_2'
    >>> print(pasted.definitions[0].splitlines()[0])
    def layer_2(g, slot, axis):
    """

    def __init__(self, taken: Collection[str]) -> None:
        self.imports: set[str] = set()
        self.definitions: list[str] = []
        self._taken = set(taken)
        self._names: dict[Any, str] = {}

    def text(self, value: Any, wish: str = "") -> str:
        """An expression for a value that code of ours uses; NoSource where there is none. A function is called ``wish``."""
        if callable(value) and str(getattr(value, "__module__", "")).startswith(_OURS):
            value = inspect.unwrap(value)
        # the table that makes ours fast is no help to a reader
        value = erf if value is functions.erf else value
        plain = _plain(value)
        if plain is not None:
            return plain
        if type(value) in (tuple, list, set, frozenset, dict):
            return self._many(value)
        if isinstance(value, ModuleType):
            return self._module(value)
        if isinstance(value, np.ndarray):
            return array_source(value)
        if isinstance(value, (FunctionType, type)) and value.__module__.startswith(_OURS):
            return _ERRORS.get(value.__name__) or self._paste(value, wish)
        return self._foreign(value)

    def _many(self, values: Any) -> str:
        """Several values in their brackets."""
        if type(values) is dict:
            return "{" + ", ".join([f"{self.text(key)}: {self.text(value)}" for key, value in values.items()]) + "}"
        listed = ", ".join([self.text(value) for value in values])
        if type(values) is tuple:
            return f"({listed}{',' if len(values) == 1 else ''})"
        return f"[{listed}]" if type(values) is list else f"{{{listed}}}" if listed else "set()"

    def _module(self, module: ModuleType) -> str:
        if module.__name__ not in _IMPORTS:
            raise NoSource(module.__name__)
        self.imports.add(_IMPORTS[module.__name__])
        return _SHORT.get(module.__name__, module.__name__)

    def _foreign(self, value: Any) -> str:
        """A function or class of Python's or NumPy's own."""
        if isinstance(value, NormalDist):
            self.imports.add("from statistics import NormalDist")
            return repr(value)
        name = str(getattr(value, "__name__", ""))
        if isinstance(value, np.ufunc) and name.endswith(" (vectorized)"):
            self.imports.update((_IMPORTS["math"], _IMPORTS["numpy"]))
            return f"np.vectorize(math.{name.split()[0]}, otypes=[float])"
        for module in (np, np.linalg, math):
            if name and getattr(module, name, None) is value:
                self.imports.add(_IMPORTS[module.__name__.split(".")[0]])
                return f"{module.__name__.replace('numpy', 'np')}.{name}"
        module_name = getattr(value, "__module__", None)
        if not name or not module_name or getattr(sys.modules.get(module_name), name, None) is not value:
            raise NoSource(name or repr(value)[:40])
        if module_name != "builtins":
            self.imports.add(f"from {module_name.lstrip('_')} import {name}")
        return name

    def _paste(self, value: Any, wish: str) -> str:
        if value in self._names:
            return self._names[value]
        wish = wish or value.__qualname__.replace("<locals>.", "").replace("<lambda>", "function").replace(".", "_")
        name, count = wish, 1
        while name in self._taken:
            count += 1
            name = f"{wish}_{count}"
        self._taken.add(name)
        self._names[value] = name
        tree = _definition(value)
        tree.name = name
        made = _Plain(self, _scope(value)).visit(tree)
        self.definitions.append(ast.unparse(ast.fix_missing_locations(made)))
        return name


def _plain(value: Any) -> str | None:
    """A number or a text as source; torch's own constants too."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, str, slice)):
        return repr(value)
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else f'float("{float(value)}")'
    if type(value).__module__ == "torch" and type(value).__name__ in ("dtype", "memory_format", "layout"):
        return repr(value)
    return None


def _scope(value: Any) -> dict[str, Any]:
    """What the names in a function or class mean that it does not bind itself."""
    if isinstance(value, type):
        return dict(vars(sys.modules[value.__module__]))
    cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
    return {**value.__globals__, **{name: cell.cell_contents for name, cell in cells}}


def _definition(value: Any) -> Any:
    """The syntax tree of a function or class, a lambda as a function that returns its body."""
    if value.__name__ == "<lambda>":
        found = _lambda(value)
        return ast.FunctionDef("", found.args, [ast.Return(found.body)], [])
    try:
        tree: Any = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
    except (OSError, TypeError) as problem:
        raise NoSource(value.__name__) from problem
    if isinstance(tree, ast.FunctionDef):
        tree.decorator_list = []
    return tree


@lru_cache(maxsize=64)
def _lambdas(module: str) -> tuple[ast.Lambda, ...]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Lambda))


def _lambda(function: Callable[..., Any]) -> ast.Lambda:
    """The lambda whose body the function's code was compiled from; of several in a line the columns tell."""
    places = {(line, column) for line, _, column, _ in function.__code__.co_positions()}
    for node in _lambdas(function.__module__):
        if node.lineno == function.__code__.co_firstlineno and (node.body.lineno, node.body.col_offset) in places:
            # the tree is changed by who asks for it
            copied = ast.parse(ast.unparse(node), mode="eval").body
            assert isinstance(copied, ast.Lambda)
            return copied
    raise NoSource(function.__qualname__)


def _bound(tree: ast.AST) -> set[str]:
    """The names that a function binds: arguments, what is assigned, functions inside."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef) and node is not tree:
            found.add(node.name)
    return found


class _Plain(ast.NodeTransformer):
    """A definition as a person would paste it: no annotations, and every name from outside means something."""

    def __init__(self, pasted: Pasted, scope: Mapping[str, Any]) -> None:
        self.pasted = pasted
        self.scope = scope
        self.bound: list[set[str]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        self.bound.append(_bound(node))
        self.generic_visit(node)
        self.bound.pop()
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if not self.bound:
            # a field of a class is one by its annotation, whatever that says
            node.annotation = ast.Name("object", ast.Load())
            return node
        return None if node.value is None else self.visit(ast.Assign([node.target], node.value))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or any(node.id in names for names in self.bound) or node.id not in self.scope:
            return node
        return self._outside(self.scope[node.id])

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        named = node.value
        if isinstance(named, ast.Name) and not any(named.id in names for names in self.bound):
            module = self.scope.get(named.id)
            if isinstance(module, ModuleType) and module.__name__.startswith(_OURS):
                return self._outside(getattr(module, node.attr))
        return self.generic_visit(node)

    def _outside(self, value: Any) -> ast.AST:
        return ast.parse(self.pasted.text(value), mode="eval").body
