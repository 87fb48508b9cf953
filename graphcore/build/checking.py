"""The check of a whole text before anything of it is interpreted: allowed syntax, and names that mean something."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from graphcore.build import names, spaces
from graphcore.build.source import Source
from graphcore.errors import nearest

NUMBER_LIMIT = 10**9
STRING_LIMIT = 200

_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Module, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.If, ast.Return, ast.Pass, ast.Assert,
    ast.With, ast.withitem, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg, ast.Import, ast.ImportFrom, ast.alias,
    ast.Break, ast.Continue, ast.Raise, ast.Delete,
    ast.Constant, ast.Name, ast.Attribute, ast.Call, ast.keyword, ast.Starred, ast.Subscript, ast.Slice, ast.BinOp,
    ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.ListComp,
    ast.GeneratorExp, ast.comprehension, ast.JoinedStr, ast.FormattedValue,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip
_CALLED: Mapping[type[ast.AST], str] = {
    ast.Lambda: "a lambda",
    ast.While: "`while`",
    ast.Try: "`try`",
    ast.NamedExpr: "`:=`",
    ast.Await: "`await`",
    ast.AsyncFunctionDef: "`async`",
    ast.Yield: "`yield`",
    ast.YieldFrom: "`yield`",
    ast.Global: "`global`",
    ast.Nonlocal: "`nonlocal`",
    ast.DictComp: "a dictionary comprehension",
    ast.SetComp: "a set comprehension",
    ast.Match: "`match`",
}
_NEVER = frozenset(
    """
    eval exec compile open input globals locals vars dir delattr breakpoint exit quit memoryview type object classmethod
    staticmethod property callable id hash iter next map filter bytes bytearray os sys subprocess builtins importlib pickle
    """.split()  # noqa: SIM905
)
_READ = "The text is read and never run."


def check(source: Source, tree: ast.Module) -> None:
    """Refuse, with line and column, what no network's text may hold."""
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            called = _CALLED.get(type(node), f"`{source.segment(node)}`")
            raise source.error(
                node, f"{called} is not part of a network's text here.", "Write assignments, calls and `for` loops."
            )
        if isinstance(node, ast.Constant):
            _constant(source, node)
        elif isinstance(node, ast.Name):
            if node.id in _NEVER or (node.id.startswith("__") and node.id != "__name__"):
                raise source.error(node, f"`{node.id}` is not part of a network's text here.", _READ)
        elif isinstance(node, ast.Attribute):
            _attribute(source, node)
        elif isinstance(node, ast.FunctionDef):
            _function(source, node)
        elif isinstance(node, ast.ClassDef) and (node.decorator_list or node.keywords):
            raise source.error(node, "a class is written without decorators and metaclasses here.", "Leave them out.")


def _constant(source: Source, node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, complex | bytes):
        raise source.error(node, f"`{source.segment(node)}` is neither a real number nor a word.", "Write real numbers.")
    if isinstance(value, int) and abs(value) > NUMBER_LIMIT:
        raise source.error(node, f"`{source.segment(node)}` is too large for a network.", f"At most {NUMBER_LIMIT:,} is read.")


def _attribute(source: Source, node: ast.Attribute) -> None:
    if not node.attr.startswith("_"):
        return
    base = node.value
    of_super = isinstance(base, ast.Call) and isinstance(base.func, ast.Name) and base.func.id == "super"
    of_parent = (isinstance(base, ast.Attribute) and base.attr == "Module") or isinstance(base, ast.Name)
    if node.attr == "__init__" and (of_super or of_parent):
        return
    if not node.attr.startswith("__") and isinstance(base, ast.Name) and base.id == "self":
        return
    raise source.error(node, f"`.{node.attr}` reaches into Python, not into the network.", _READ)


def _function(source: Source, node: ast.FunctionDef) -> None:
    if node.decorator_list:
        raise source.error(node.decorator_list[0], "decorators are not read here.", "Leave the decorator out.")
    if node.name.startswith("__") and node.name != "__init__":
        raise source.error(node, f"`{node.name}` is not read here.", "Write `__init__`, `forward` and methods it calls.")
    for inner in ast.walk(node):
        if inner is not node and isinstance(inner, ast.FunctionDef | ast.ClassDef):
            raise source.error(inner, "a definition inside of a function is not read here.", "Move it to the top of the text.")


def check_names(source: Source, tree: ast.Module, aliases: Mapping[str, str], known: Iterable[str]) -> None:
    """Refuse names in classes and functions that mean nothing, before a layer is made."""
    own = _own_names(tree)
    every = (
        frozenset(known) | frozenset(aliases) | _RAISED | names.BUILTINS | names.LAYERS | names.CONTAINERS | names.LOSSES.keys()
    )
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        skipped = _annotations(function)
        stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        stored |= {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
        for node in ast.walk(function):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                if node.id not in stored and node.id not in every:
                    raise unknown_name(source, node, stored | every)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                _check_member(source, node, aliases, own, stored)


_RAISED = frozenset({"Exception", "ValueError", "TypeError", "RuntimeError", "NotImplementedError", "AssertionError"})


def _own_names(tree: ast.Module) -> frozenset[str]:
    """What is assigned on ``self``, defined as a method or given as a text anywhere in the program."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            targets = [target for part in node.body if isinstance(part, ast.Assign) for target in part.targets]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.JoinedStr):
            found.add(_MADE_UP)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.add(node.value)
    return frozenset(found)


# stands for every name where names are put together, as in `f"layer{i}"`
_MADE_UP = "f-string"


def _annotations(function: ast.FunctionDef) -> set[int]:
    roots: list[ast.AST] = [n.annotation for n in ast.walk(function) if isinstance(n, ast.arg | ast.AnnAssign) and n.annotation]
    if function.returns is not None:
        roots.append(function.returns)
    return {id(node) for root in roots for node in ast.walk(root)}


def dotted(node: ast.expr) -> list[str] | None:
    """``torch.nn.Linear`` as its parts, or None for what is no dotted name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*parts, node.id][::-1] if isinstance(node, ast.Name) else None


_PLAIN = (
    names.METHODS | names.ATTRIBUTES | names.MODULE_METHODS | names.LIST_METHODS | names.DICT_METHODS | names.STRING_METHODS
    | frozenset("values indices weight bias in_features out_features num_features hidden_size input_size num_layers".split())  # noqa: SIM905
    | frozenset("embedding_dim num_embeddings in_channels out_channels training kernel_size stride padding __init__".split())  # noqa: SIM905
)  # fmt: skip


def _check_member(source: Source, node: ast.Attribute, aliases: Mapping[str, str], own: frozenset[str], stored: set[str]) -> None:
    parts = dotted(node)
    if parts is not None and parts[0] in aliases and parts[0] not in stored:
        path = ".".join([aliases[parts[0]], *parts[1:-1]])
        if spaces.is_space(path) and parts[-1] not in spaces.MEMBERS[path]:
            raise unknown_member(source, node, path)
        return
    if node.attr in _PLAIN or node.attr in own or _MADE_UP in own:
        return
    if isinstance(node.value, ast.Name) and node.value.id == "self":
        found = nearest(node.attr, sorted(own))
        hint = f"Did you mean `self.{found}`?" if found else f"Assign it in `__init__`: `self.{node.attr} = ...`."
        raise source.error(node, f"`self.{node.attr}` is assigned nowhere.", hint)
    found = nearest(node.attr, sorted(_PLAIN | own))
    raise source.error(
        node, f"`.{node.attr}` is not on the list of what is read here.", f"Did you mean `.{found}`?" if found else ""
    )


def unknown_member(source: Source, node: ast.expr, path: str) -> Exception:
    """The error for ``nn.Linaer``: no such name in that namespace."""
    name = node.attr if isinstance(node, ast.Attribute) else source.segment(node)
    known = KERAS.get(name) or spaces.closest(path, name)
    hint = f"Did you mean `{known}`?" if known else "The layers and functions of a first and second course are."
    return source.error(node, f"`{source.segment(node)}` is not on the list of what is read here.", hint)


def unknown_name(source: Source, node: ast.Name, known: Iterable[str]) -> Exception:
    """The error for a name that means nothing here."""
    found = KERAS.get(node.id) or nearest(node.id, sorted(known))
    hint = f"Did you mean `{found}`?" if found and found != node.id else "Assign it first, or write one of torch's layers."
    return source.error(node, f"`{node.id}` is not known here.", hint)


# what other libraries and papers call a layer
KERAS: Mapping[str, str] = {
    "Dense": "Linear",
    "FullyConnected": "Linear",
    "BatchNormalization": "BatchNorm1d",
    "MaxPooling2D": "MaxPool2d",
    "AveragePooling2D": "AvgPool2d",
    "GlobalAveragePooling2D": "AdaptiveAvgPool2d",
    "Activation": "ReLU",
    "Swish": "SiLU",
    "relu": "ReLU",
}
