"""Calls: by name, with a module before it, or as a method of the first operand."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np

from graphcore import ops
from graphcore.errors import GraphError
from graphcore.parse import constructors, dialect, refusals
from graphcore.parse.binding import arguments, near, prefix_of
from graphcore.parse.constants import Constant, as_value, whole
from graphcore.parse.spelling import MODULES, PREFIXES, ROOTS, SAME, is_op
from graphcore.parse.statics import is_static, static

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator


def method_of(tr: Translator, node: ast.Call) -> ast.expr | None:
    """The value whose method is called, None for a call by name."""
    function = node.func
    if type(function) is not ast.Attribute:
        return None
    root: ast.expr = function.value
    while type(root) is ast.Attribute:
        root = root.value
    if type(root) is ast.Name and tr.template is None and root.id not in tr.assigned:
        if root.id in ROOTS or dialect.draws(tr, function):
            return None
        text = tr.line.segment(function)
        raise tr.error(function, f"`{text}` is not part of this language.", "Before an op may stand np., torch., math. or F.")
    return function.value


def call(tr: Translator, node: ast.Call) -> Operand:
    """A call by name, with or without a module before it."""
    function = node.func
    keywords = list(node.keywords)
    if type(function) is ast.Call:
        # nn.ReLU()(x): the settings come from the first call
        inner = function.func
        name = inner.attr if type(inner) is ast.Attribute else inner.id if type(inner) is ast.Name else ""
        meant = MODULES.get(name)
        if meant is None:
            instead = dialect.INSTEAD.get(name, "Write an op before the brackets.")
            raise tr.error(node, f"`{tr.line.segment(function)[:40]}` cannot be called.", instead)
        return arguments(tr, meant, node, list(node.args), [*settings(meant, function), *keywords], None)
    if type(function) is ast.Attribute:
        prefix = prefix_of(tr, function.value)
        name = function.attr
        if prefix not in PREFIXES and not dialect.draws(tr, function):
            raise tr.error(function, f"`{tr.line.segment(function)}` is not part of this language.", near(name))
    elif type(function) is ast.Name:
        name = function.id
        module = tr.modules.get(name) if tr.template is None else None
        if module is not None:
            return arguments(tr, module[0], node, list(node.args), [*module[1], *keywords], None)
        if tr.template is None and name in tr.assigned:
            raise _own_name_error(tr, node, function)
    else:
        raise _product_error(tr, node)
    return named_call(tr, name, node, list(node.args), keywords)


def named_call(tr: Translator, name: str, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]) -> Operand:
    """A constructor, an op or a composite by its name."""
    make = constructors.FUNCTIONS.get(name)
    if make is not None:
        for keyword in keywords:
            if keyword.arg is None:
                raise tr.error(keyword.value, "a starred argument is not part of this language.", "Write the arguments out.")
        return make(tr, node, args, {keyword.arg: keyword.value for keyword in keywords if keyword.arg is not None})
    if name in ("max", "min") and len(args) == 2:
        # max(a, b) of two values, max(x, 0) of an array and its axis
        first = tr.visit(args[0])
        if not is_static(args[1]) or not tr.shape(first):
            name = "maximum" if name == "max" else "minimum"
        return arguments(tr, name, node, args[1:], keywords, first)
    if name == "transpose" and len(args) == 3:
        name = "swapaxes"
    if name in SAME and len(args) == 1 and not is_op(name):
        if node is tr.top:
            tr.top = args[0]
        return tr.visit(args[0])
    if name in ("len", "numel"):
        shape = tr.shape(tr.visit(_one(tr, name, node, args)))
        if not shape:
            raise tr.error(node, "a single number has no length.", "Leave `len` out.")
        return Constant(float(shape[0] if name == "len" else np.prod(shape)), node)
    return arguments(tr, name, node, args, keywords, None)


def _one(tr: Translator, name: str, node: ast.Call, args: list[ast.expr]) -> ast.expr:
    if len(args) != 1:
        raise tr.error(node, f"`{name}` takes 1 operand, {len(args)} were given.")
    return args[0]


def method(tr: Translator, node: ast.Call, value: Operand) -> Operand:
    """An op written as a method of its first operand."""
    name = node.func.attr  # type: ignore[attr-defined]
    if name == "masked_fill":
        return dialect.masked_fill(tr, node, value, node.args)
    if name in ("view_as", "reshape_as", "expand_as") and len(node.args) == 1:
        shape = tr.shape(tr.visit(node.args[0]))
        op, key = ("broadcast_to", "newshape") if name == "expand_as" else ("reshape", "newshape")
        return tr.apply(op, (value,), node, {key: shape})
    if name in SAME:
        if name in ("astype", "type", "to", "float", "double") and any(
            map(dialect.is_integer, [*node.args, *(keyword.value for keyword in node.keywords)])
        ):
            dialect.refuse_rounding(tr, node, value)
        for keyword in node.keywords:
            if keyword.arg == "requires_grad" and isinstance(value, Constant):
                value.wants = bool(static(tr, keyword.value))
        if name == "requires_grad_" and isinstance(value, Constant):
            value.wants = not node.args or bool(static(tr, node.args[0]))
        return value
    if name in ("detach", "numpy", "item") and isinstance(value, Constant):
        value.wants = False if name == "detach" else value.wants
        return value
    refused = refusals.ATTRIBUTES.get(name)
    if refused is not None:
        raise tr.error(node, f"{refused[0]}.", refused[1])
    if name in ("size", "numel", "dim"):
        shape = tr.shape(value)
        if name == "size" and node.args:
            axis = whole(static(tr, node.args[0]))
            if axis is None or not -len(shape) <= axis < len(shape):
                raise tr.error(node, f"there is no such axis; the shape is {shape}.")
            return Constant(float(shape[axis]), node)
        if name == "size":
            return Constant(as_value([float(n) for n in shape]), node)
        return Constant(float(len(shape) if name == "dim" else int(np.prod(shape))), node)
    if name in ("t", "T"):
        return transpose(tr, node, value)
    # torch's meaning where NumPy's would be another: x.transpose(0, 1) swaps, x.repeat(2, 1) tiles
    if name == "transpose" and len(node.args) == 2:
        name = "swapaxes"
    elif name == "repeat" and len(node.args) > 1 and not node.keywords:
        name = "tile"
    if name.startswith("__"):
        raise tr.error(node, "names with two underscores are not part of this language.", "")
    return arguments(tr, name, node, list(node.args), list(node.keywords), value)


def transpose(tr: Translator, node: ast.expr, value: Operand) -> Operand:
    """``W.T`` and ``W.t()``; of fewer than two axes it is the operand itself, as in NumPy."""
    if len(tr.shape(value)) < 2:
        return value
    return tr.apply("T", (value,), node, {})


def module(node: ast.expr) -> tuple[str, list[ast.keyword]] | None:
    """``nn.MSELoss()`` before it is called: the op it stands for and its settings."""
    if type(node) is not ast.Call:
        return None
    name = node.func.attr if type(node.func) is ast.Attribute else node.func.id if type(node.func) is ast.Name else ""
    meant = MODULES.get(name)
    return None if meant is None else (meant, settings(meant, node))


def settings(meant: str, node: ast.Call) -> list[ast.keyword]:
    """The settings of ``nn.LeakyReLU(0.1)`` by name, in the order of its op's own."""
    if meant == "flatten":
        # unlike the function, nn.Flatten() keeps the first axis
        axes = zip(("start_dim", "end_dim"), node.args or [ast.Constant(1)], strict=False)
        said = {keyword.arg for keyword in node.keywords}
        return [*(ast.keyword(key, value) for key, value in axes if key not in said), *node.keywords]
    row = ops.COMPOSITES.get(ops.ALIASES.get(meant, meant)) or ops.get(meant)
    names = [name for name in row.statics if name != "reduction"]
    if row.name in ("cross_entropy", "nll_loss"):
        names = ["weight", "size_average", "ignore_index"]
    positional = [
        ast.keyword(names[k] if k < len(names) else "another", value, lineno=value.lineno, col_offset=value.col_offset)
        for k, value in enumerate(node.args)
    ]
    for keyword, value in zip(positional, node.args, strict=True):
        keyword.end_lineno, keyword.end_col_offset = value.end_lineno, value.end_col_offset
    return [*positional, *node.keywords]


def _own_name_error(tr: Translator, node: ast.Call, function: ast.Name) -> GraphError:
    name = function.id
    where = f"assigned in line {tr.assigned[name]}"
    if is_op(name):
        return tr.error(
            function, f"`{name}` is a name of yours ({where}), so the op cannot be called.", "Give yours another name."
        )
    own = tr.names.get(name)
    sign = "@" if own is not None and len(tr.shape(own)) > 1 else "*"
    return _call_error(tr, node, f"`{name}` is a name of yours ({where}) and cannot be called.", f"{name} {sign}", sign)


def _call_error(tr: Translator, node: ast.Call, what: str, head: str, sign: str) -> GraphError:
    """A bracket after something that is no op: a product was meant."""
    if len(node.args) != 1 or node.keywords:
        return tr.error(node, what, "Write an op before the brackets.")
    text = f"{head} ({tr.line.segment(node.args[0])})"
    return tr.error(node, what, f"Write `{text}` for a product.", (sign, node, text))


def _product_error(tr: Translator, node: ast.Call) -> GraphError:
    left = tr.line.segment(node.func)
    if isinstance(node.func, ast.BinOp | ast.UnaryOp):
        left = f"({left})"
    return _call_error(tr, node, f"`{left}` cannot be called.", f"{left} *", "*")
