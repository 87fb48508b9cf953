"""Calls: which op is meant, which arguments are operands and which are static, and what composites expand into."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from graphcore import ops
from graphcore.errors import nearest
from graphcore.graph import Span
from graphcore.ops.namespaces import ARRAYS
from graphcore.parse import constructors, refusals
from graphcore.parse.constants import Constant, as_value, whole

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator

PREFIXES = frozenset(
    "np numpy torch math F nn nn.functional torch.nn.functional torch.nn np.linalg numpy.linalg torch.linalg linalg "
    "torch.special special scipy.special np.random numpy.random random torch.autograd autograd jnp jax.nn jax.numpy "
    "np.ma torch.distributions functional".split()
)
CONSTANT_PREFIXES = frozenset("np numpy torch math jnp jax.numpy".split())
ROOTS = frozenset(prefix.split(".")[0] for prefix in PREFIXES)

# methods and functions that hand their operand on unchanged
SAME = frozenset(
    "clone contiguous float double cpu cuda to type astype copy requires_grad_ float64 float32 half asarray "
    "ascontiguousarray retain_grad".split()
)
# module classes that are called with their settings first: nn.ReLU()(x)
_MODULES: Mapping[str, str] = {
    "ReLU": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Softplus": "softplus",
    "GELU": "gelu",
    "SiLU": "silu",
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "MSELoss": "mse_loss",
    "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "binary_cross_entropy",
    "Flatten": "flatten",
}
# Python's own functions, for which no op is the nearest
_PYTHON = frozenset(name for name in dir(builtins) if name.islower()) - frozenset(["pow", "abs", "round", "divmod"])
# other languages and other habits, where the nearest name would mislead
_MEANT: Mapping[str, str] = {
    "ln": "log", "lg": "log10", "tg": "tan", "sen": "sin", "arctg": "atan", "arctan": "atan", "arcsin": "asin", "arccos": "acos",
    "σ": "sigmoid", "Σ": "sum", "sgn": "sign", "logistic": "sigmoid", "sqr": "square", "pow2": "square", "root": "sqrt", "magnitude": "norm",
    "length": "norm", "average": "mean", "avg": "mean", "product": "prod", "ch": "cosh", "sh": "sinh", "th": "tanh", "expit": "sigmoid",
    "ctg": "1 / tan", "cot": "1 / tan", "sec": "1 / cos", "csc": "1 / sin", "dot_product": "dot", "Γ": "gamma", "concat": "concatenate",
    "sigma": "sigmoid", "rectifier": "relu", "heaviside": "where", "step": "where", "if": "where",
}  # fmt: skip
_IGNORED_KEYWORDS = frozenset({"dtype", "device", "inplace", "layout", "memory_format", "copy", "order", "name"})
# static arguments that are a tuple, which may be written as separate numbers
_TUPLES = frozenset({"shape", "newshape", "axes", "dims", "size", "reps"})


class Template(NamedTuple):
    """A composite being expanded: what its operands are, where its call stands, how its parts are shown."""

    operands: Mapping[str, Operand]
    texts: Mapping[str, str]
    span: Span

    def label(self, node: ast.expr) -> str:
        """A part of the body with the operands' own texts in it."""
        return ast.unparse(_Texts(self.texts).visit(ast.parse(ast.unparse(node), mode="eval").body))


class _Texts(ast.NodeTransformer):
    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def visit_Name(self, node: ast.Name) -> ast.AST:
        text = self.texts.get(node.id)
        if text is None:
            return node
        return ast.Name(text if text.isidentifier() or text.replace(".", "").isdigit() else f"({text})", ast.Load())


# what shape rules raise for settings of another kind than theirs
BAD_SETTINGS = (TypeError, ValueError, IndexError, ArithmeticError)


def refuse_settings(tr: Translator, name: str, node: ast.expr, settings: Mapping[str, Any]) -> NoReturn:
    """A static argument that its op cannot be given."""
    listed = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    if len(listed) > 80:
        listed = listed[:79] + "…"
    tr.refuse(node, f"`{name}` cannot be given {listed or 'these operands'}.", "Axes and shapes are whole numbers.")


def is_op(name: str) -> bool:
    """Whether an op or composite has this name."""
    return name in ops.REGISTRY or name in ops.ALIASES or name in ops.COMPOSITES


def prefix_of(tr: Translator, node: ast.expr) -> str | None:
    """``np.linalg`` where that stands before an op, None where the expression is a value."""
    parts: list[str] = []
    while type(node) is ast.Attribute:
        parts.append(node.attr)
        node = node.value
    if type(node) is not ast.Name or node.id in tr.assigned or node.id not in ROOTS or tr.template is not None:
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def method_of(tr: Translator, node: ast.Call) -> ast.expr | None:
    """The value whose method is called, None for a call by name."""
    function = node.func
    if type(function) is not ast.Attribute:
        return None
    root: ast.expr = function.value
    while type(root) is ast.Attribute:
        root = root.value
    if type(root) is ast.Name and tr.template is None and root.id not in tr.assigned:
        if root.id in ROOTS:
            return None
        text = tr.line.segment(function)
        tr.refuse(function, f"`{text}` is not part of this language.", "Before an op may stand np., torch., math. or F.")
    return function.value


def call(tr: Translator, node: ast.Call) -> Operand:
    """A call by name, with or without a module before it."""
    function = node.func
    keywords = list(node.keywords)
    if type(function) is ast.Call:
        # nn.ReLU()(x): the settings come from the first call
        inner = function.func
        name = inner.attr if type(inner) is ast.Attribute else inner.id if type(inner) is ast.Name else ""
        meant = _MODULES.get(name)
        if meant is None:
            tr.refuse(node, f"`{tr.line.segment(function)[:40]}` cannot be called.", "Write an op before the brackets.")
        return arguments(tr, meant, node, list(node.args), [*function.keywords, *keywords], None)
    if type(function) is ast.Attribute:
        prefix = prefix_of(tr, function.value)
        name = function.attr
        if prefix not in PREFIXES:
            tr.refuse(function, f"`{tr.line.segment(function)}` is not part of this language.", _near(name))
    elif type(function) is ast.Name:
        name = function.id
        module = tr.modules.get(name) if tr.template is None else None
        if module is not None:
            return arguments(tr, module[0], node, list(node.args), [*module[1], *keywords], None)
        if tr.template is None and name in tr.assigned:
            _refuse_own_name(tr, node, function)
    else:
        _refuse_product(tr, node)
    return named_call(tr, name, node, list(node.args), keywords)


def _refuse_own_name(tr: Translator, node: ast.Call, function: ast.Name) -> NoReturn:
    name = function.id
    where = f"assigned in line {tr.assigned[name]}"
    if is_op(name):
        tr.refuse(function, f"`{name}` is a name of yours ({where}), so the op cannot be called.", "Give yours another name.")
    own = tr.names.get(name)
    sign = "@" if own is not None and len(tr.shape(own)) > 1 else "*"
    _refuse_call(tr, node, f"`{name}` is a name of yours ({where}) and cannot be called.", f"{name} {sign}", sign)


def _refuse_call(tr: Translator, node: ast.Call, what: str, head: str, sign: str) -> NoReturn:
    """A bracket after something that is no op: a product was meant."""
    if len(node.args) != 1 or node.keywords:
        tr.refuse(node, what, "Write an op before the brackets.")
    text = f"{head} ({tr.line.segment(node.args[0])})"
    tr.refuse(node, what, f"Write `{text}` for a product.", (sign, node, text))


def _refuse_product(tr: Translator, node: ast.Call) -> NoReturn:
    left = tr.line.segment(node.func)
    if isinstance(node.func, ast.BinOp | ast.UnaryOp):
        left = f"({left})"
    _refuse_call(tr, node, f"`{left}` cannot be called.", f"{left} *", "*")


def named_call(tr: Translator, name: str, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]) -> Operand:
    """A constructor, an op or a composite by its name."""
    make = constructors.FUNCTIONS.get(name)
    if make is not None:
        for keyword in keywords:
            if keyword.arg is None:
                tr.refuse(keyword.value, "a starred argument is not part of this language.", "Write the arguments out.")
        return make(tr, node, args, {keyword.arg: keyword.value for keyword in keywords if keyword.arg is not None})
    if name in ("max", "min") and len(args) == 2:
        # max(a, b) of two values, max(x, 0) of an array and its axis
        first = tr.visit(args[0])
        if not _is_static(args[1]) or not tr.shape(first):
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
            tr.refuse(node, "a single number has no length.", "Leave `len` out.")
        return Constant(float(shape[0] if name == "len" else np.prod(shape)), node)
    return arguments(tr, name, node, args, keywords, None)


def _one(tr: Translator, name: str, node: ast.Call, args: list[ast.expr]) -> ast.expr:
    if len(args) != 1:
        tr.refuse(node, f"`{name}` takes 1 operand, {len(args)} were given.")
    return args[0]


def _is_static(node: ast.expr) -> bool:
    if type(node) is ast.UnaryOp:
        node = node.operand
    return type(node) is ast.Constant and (type(node.value) is int or node.value is None)


def method(tr: Translator, node: ast.Call, value: Operand) -> Operand:
    """An op written as a method of its first operand."""
    assert type(node.func) is ast.Attribute
    name = node.func.attr
    if name in SAME:
        for keyword in node.keywords:
            if keyword.arg == "requires_grad" and type(value) is Constant:
                value.wants = bool(static(tr, keyword.value))
        if name == "requires_grad_" and type(value) is Constant:
            value.wants = not node.args or bool(static(tr, node.args[0]))
        return value
    if name in ("detach", "numpy", "item") and type(value) is Constant:
        value.wants = False if name == "detach" else value.wants
        return value
    refused = refusals.ATTRIBUTES.get(name)
    if refused is not None:
        tr.refuse(node, f"{refused[0]}.", refused[1])
    if name in ("size", "numel", "dim"):
        shape = tr.shape(value)
        if name == "size" and node.args:
            axis = whole(static(tr, node.args[0]))
            if axis is None or not -len(shape) <= axis < len(shape):
                tr.refuse(node, f"there is no such axis; the shape is {shape}.")
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
        tr.refuse(node, "names with two underscores are not part of this language.", "")
    return arguments(tr, name, node, list(node.args), list(node.keywords), value)


def transpose(tr: Translator, node: ast.expr, value: Operand) -> Operand:
    """``W.T`` and ``W.t()``; of fewer than two axes it is the operand itself, as in NumPy."""
    if len(tr.shape(value)) < 2:
        return value
    return tr.apply("T", (value,), node, {})


def arguments(
    tr: Translator, name: str, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword], first: Operand | None
) -> Operand:
    """Bind the arguments of a call to the operands and static arguments of its op, and apply it."""
    if not is_op(name):
        _refuse_unknown(tr, name, node, first is not None)
    composite = ops.COMPOSITES.get(ops.ALIASES.get(name, name))
    row: Any = composite if composite is not None else ops.get(name)
    operands: list[Any] = [] if first is None else [first]
    wanted = [operand.lstrip("*") for operand in row.operands]
    variadic = bool(row.operands) and row.operands[-1].startswith("*")
    rest = list(args)
    for argument in rest:
        if type(argument) is ast.Starred:
            tr.refuse(argument, "a starred argument is not part of this language.", "Write the arguments out.")
    if variadic:
        rest = _spread(tr, operands, rest)
    else:
        while rest and len(operands) < len(wanted):
            operands.append(tr.visit(rest.pop(0)))
    given = _positional_statics(tr, row, name, node, rest)
    slots: dict[int, Operand] = {}
    for keyword in keywords:
        _keyword(tr, row, name, keyword, wanted, slots, given)
    for slot in sorted(slots):
        if slot < len(operands):
            tr.refuse(node, f"`{name}` is given `{wanted[slot]}` twice.")
        operands.insert(slot, slots[slot])
    optional = composite.optional if composite is not None else 0
    if not variadic and not len(wanted) - optional <= len(operands) <= len(wanted):
        _refuse_arity(tr, row, name, node, len(wanted), len(operands))
    if variadic and not operands:
        _refuse_arity(tr, row, name, node, 1, 0)
    defaults = ops.TORCH_DEFAULTS.get(row.name)
    if defaults and _is_torch(tr, node):
        given = {**defaults, **given}
    if composite is not None:
        return expand(tr, composite, operands, node, given)
    return tr.apply(row.name, operands, node, given)


def _is_torch(tr: Translator, node: ast.Call) -> bool:
    """Whether the call is written with torch's name (a method is torch's in a program that mentions torch)."""
    function = node.func
    if type(function) is not ast.Attribute or tr.template is not None:
        return False
    prefix = prefix_of(tr, function.value)
    return "torch" in tr.program.text if prefix is None else prefix.split(".")[0] == "torch"


def _spread(tr: Translator, operands: list[Any], args: list[ast.expr]) -> list[ast.expr]:
    """The operands of an op that takes any number: one list of them, or one after the other."""
    if args and type(args[0]) in (ast.List, ast.Tuple):
        operands.extend(tr.visit(element) for element in args[0].elts)  # type: ignore[attr-defined]
        return args[1:]
    rest: list[ast.expr] = []
    for argument in args:
        if rest or operands and _is_static(argument):
            rest.append(argument)
        else:
            operands.append(tr.visit(argument))
    return rest


def _positional_statics(tr: Translator, row: Any, name: str, node: ast.Call, args: Sequence[ast.expr]) -> dict[str, Any]:
    if not args:
        return {}
    keys = list(row.statics)
    if not keys:
        _refuse_arity(tr, row, name, node, len(row.operands), len(row.operands) + len(args))
    values = [static(tr, argument) for argument in args]
    if len(values) > 1 and keys[0] in _TUPLES and all(whole(value) is not None for value in values):
        return {keys[0]: tuple(values)}
    if len(values) > len(keys):
        _refuse_arity(tr, row, name, node, len(row.operands) + len(keys), len(row.operands) + len(values))
    return dict(zip(keys, values, strict=False))


def _keyword(
    tr: Translator, row: Any, name: str, keyword: ast.keyword, wanted: list[str], slots: dict[int, Operand], given: dict[str, Any]
) -> None:
    key = keyword.arg
    if key is None:
        tr.refuse(keyword.value, "a starred argument is not part of this language.", "Write the arguments out.")
    meant = ops.keyword(row, key)
    if meant in row.statics:
        given[meant] = static(tr, keyword.value)
    elif meant in wanted:
        slots[wanted.index(meant)] = tr.visit(keyword.value)
    elif key not in _IGNORED_KEYWORDS:
        known = ", ".join(f"`{k}`" for k in row.statics)
        near = nearest(key, row.statics)
        hint = f"Did you mean `{near}`?" if near else f"It takes {known}." if known else "It takes operands only."
        tr.refuse(keyword, f"`{name}` has no argument `{key}`.", hint)


def _refuse_arity(tr: Translator, row: Any, name: str, node: ast.Call, wanted: int, given: int) -> NoReturn:
    names = ", ".join([*(operand.lstrip("*") for operand in row.operands), *(f"{key}=..." for key in row.statics)])
    plural = "s" if wanted != 1 else ""
    were = "was" if given == 1 else "were"
    tr.refuse(node, f"`{name}` takes {wanted} operand{plural}, {given} {were} given.", f"Write it as `{name}({names})`.")


def _near(name: str) -> str:
    guess = _MEANT.get(name)
    if guess is None or not is_op(guess.split()[-1]):
        guess = nearest(name, [*ops.REGISTRY, *ops.ALIASES, *ops.COMPOSITES, *constructors.FUNCTIONS])
    return f"Did you mean `{guess}`?" if guess else "The page Ops lists all of them."


def _refuse_unknown(tr: Translator, name: str, node: ast.Call, is_method: bool) -> NoReturn:
    function = node.func
    if name in _PYTHON:
        tr.refuse(function, f"`{name}` is not part of this language.", "Write an expression of named ops.")
    excluded = ops.EXCLUDED.get(name)
    if excluded:
        tr.refuse(function, f"`{name}` is not an op here: {excluded}.", "")
    instead = _near(name)
    mend = None
    if instead.startswith("Did you mean") and type(function) in (ast.Name, ast.Attribute):
        guess = instead.split("`")[1]
        written = tr.line.segment(function)
        mend = (guess, function, written[: len(written) - len(name)] + guess if " " not in guess else guess)
    elif name.startswith("__"):
        tr.refuse(node, "names with two underscores are not part of this language.", "Write an expression of named ops.")
    kind = "op" if not is_method else "op or method"
    tr.refuse(function, f"no {kind} is called `{name}`.", instead, mend)


def static(tr: Translator, node: ast.expr) -> Any:
    """The value of a static argument: a number, a tuple of numbers, True, False, None or a word."""
    kind = type(node)
    if kind is ast.Constant:
        value = node.value  # type: ignore[attr-defined]
        if value is None or isinstance(value, bool | int | float | str):
            return value
    if kind is ast.Tuple or kind is ast.List:
        return tuple(static(tr, element) for element in node.elts)  # type: ignore[attr-defined]
    value = tr.visit(node)
    if type(value) is not Constant:
        known = tr.leaves.get(value)
        if known is None or known.random:
            text = tr.line.segment(node)
            tr.refuse(node, f"`{text}` is computed, and a number is wanted here.", "Write the number itself.")
        tr.static_leaves.add(int(value))
        value = known
    if type(value.value) is float:
        exact = whole(value.value)
        return value.value if exact is None else exact
    listed = value.value.tolist()
    return tuple(n if whole(n) is None else whole(n) for n in listed) if value.value.ndim == 1 else listed


def subscript(tr: Translator, node: ast.Subscript, value: Operand) -> Operand:
    """``x[0, 1:3]`` and ``x[indices]``."""
    parts = node.slice.elts if type(node.slice) is ast.Tuple else [node.slice]
    index: list[Any] = []
    for part in parts:
        kind = type(part)
        if kind is ast.Slice:
            index.append(slice(*[None if k is None else _index(tr, k) for k in (part.lower, part.upper, part.step)]))  # type: ignore[attr-defined]
        elif kind is ast.Constant and (part.value is None or part.value is Ellipsis):  # type: ignore[attr-defined]
            index.append(part.value)  # type: ignore[attr-defined]
        elif kind is ast.Attribute and part.attr == "newaxis":  # type: ignore[attr-defined]
            index.append(None)
        elif kind is ast.Compare:
            tr.refuse(part, "a mask as a subscript gives a shape that depends on the numbers.", "Write `where(mask, x, 0)`.")
        else:
            found = _index_operand(tr, part)
            if type(found) is int:
                index.append(found)
            elif len(parts) == 1:
                return _take(tr, node, value, found)
            else:
                tr.refuse(node, "only one subscript may be a list of indices, and it stands alone.", "Write as in `x[[0, 2]]`.")
    if type(value) is Constant:
        return _constant_subscript(tr, node, value, tuple(index))
    return tr.apply("getitem", (value,), node, {"index": tuple(index)})


def _take(tr: Translator, node: ast.Subscript, value: Operand, found: Any) -> Operand:
    """``x[[0, 2]]``: the numbers are known, so one that is out of range is told here."""
    shape = tr.shape(value)
    numbers = found.value if type(found) is Constant else tr.leaves[found].value
    if shape:
        beyond = [int(k) for k in np.ravel(numbers) if not -shape[0] <= k < shape[0]]
        if beyond:
            base = tr.source_of(node.value)
            tr.refuse(
                node,
                f"{tr.source_of(node)} does not fit. {base} is {shape}: it has no entry {beyond[0]}.",
                f"Entries count from 0 to {shape[0] - 1}.",
            )
    return tr.apply("take", (value, found), node, {})


def _constant_subscript(tr: Translator, node: ast.Subscript, value: Constant, index: tuple[Any, ...]) -> Constant:
    try:
        taken = np.asarray(value.value)[index]
    except (IndexError, ValueError) as problem:
        tr.refuse(node, f"`{tr.text(Constant(0.0, node))}` does not fit: {problem}.", f"The shape is {value.shape}.")
    same = (
        value.entries
        if taken.size == np.size(value.value) and all(k is None or k == slice(None) or k is Ellipsis for k in index)
        else None
    )
    return Constant(as_value(taken), node, same, value.wants, value.random)


def _index(tr: Translator, node: ast.expr) -> int:
    value = whole(static(tr, node))
    if value is None:
        tr.refuse(node, f"`{tr.line.segment(node)}` is not a whole number.", "A subscript counts entries.")
    return value


def _index_operand(tr: Translator, node: ast.expr) -> Any:
    """A subscript: an int where the text says a number, else an operand of whole numbers."""
    found = tr.visit(node)
    value = found if type(found) is Constant else tr.leaves.get(found)  # type: ignore[arg-type]
    if value is None:
        tr.refuse(node, f"`{tr.line.segment(node)}` is computed, and a subscript must be written.", "Write whole numbers.")
    if not np.all(np.isfinite(value.value)) or np.any(np.trunc(value.value) != value.value):
        tr.refuse(node, f"`{tr.line.segment(node)}` is not whole numbers.", "A subscript counts entries.")
    if type(value.value) is float:
        if type(found) is not Constant:
            tr.static_leaves.add(int(found))
        return int(value.value)
    return found


@lru_cache(maxsize=512)
def _body(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def expand(tr: Translator, composite: Any, operands: Sequence[Operand], node: ast.Call, given: Mapping[str, Any]) -> Operand:
    """A composite as ordinary nodes."""
    statics = {**composite.statics, **given}
    shapes = [tr.shape(operand) for operand in operands]
    values = [operand.value if type(operand) is Constant else _known(tr, operand) for operand in operands]
    try:
        body = _body(composite.body(shapes, values, statics))
    except ops.ShapeError as problem:
        texts = [tr.text(k) if type(k) is Constant else tr.builder.label(k) for k in operands]  # type: ignore[arg-type]
        tr.refuse(node, f"{tr.source_of(node)} does not fit. {str(problem).format(*texts)}")
    except BAD_SETTINGS:
        refuse_settings(tr, composite.name, node, given)
    names = [name.lstrip("*") for name in composite.operands]
    texts = {
        name: tr.text(operand) if type(operand) is Constant else tr.builder.label(operand)  # type: ignore[arg-type]
        for name, operand in zip(names, operands, strict=False)
    }
    outer, top = tr.template, tr.top
    span = tr.line.span(node) if outer is None else outer.span
    tr.template = Template(dict(zip(names, operands, strict=False)), texts, span)
    if node is top:
        tr.top = body
    try:
        made = tr.visit(body)
    finally:
        tr.template, tr.top = outer, top
    if type(made) is Constant:
        made.node, made.entries = node, None
    elif node is not top:
        tr.builder.labels[made] = tr.line.segment(node) if outer is None else outer.label(node)  # type: ignore[index]
    return made


def _known(tr: Translator, operand: Any) -> Any:
    leaf = tr.leaves.get(operand)
    return None if leaf is None or leaf.random else leaf.value


def fold(tr: Translator, name: str, operands: Sequence[Constant], node: ast.expr, statics: Mapping[str, Any]) -> Constant:
    """An op on constants, computed at once."""
    shapes = [operand.shape for operand in operands]
    row = ops.resolve(name, shapes)
    texts = [tr.text(operand) for operand in operands]
    for key in statics:
        if key not in row.statics:
            tr.refuse(node, f"`{row.name}` has no argument `{key}`.")
    merged = {**row.statics, **statics}
    for key, setting in merged.items():
        if setting is ops.REQUIRED:
            tr.refuse(node, f"`{row.name}` needs its argument `{key}`.")
    try:
        shape = row.shape(*shapes, **merged)
    except ops.ShapeError as problem:
        tr.refuse(node, f"{tr.source_of(node)} does not fit. {str(problem).format(*texts)}")
    except BAD_SETTINGS:
        refuse_settings(tr, row.name, node, merged)
    tr.count(node, shape)
    try:
        with np.errstate(all="ignore"):
            kernel = row.forward.compile(row.operands, ARRAYS, merged)
            value = as_value(kernel(*[np.asarray(operand.value) for operand in operands]))
    except BAD_SETTINGS:
        tr.refuse(node, f"`{tr.line.segment(node)}` cannot be computed.", "")
    same = operands[0].entries if row.plumbing and row.name == "reshape" else None
    said = {operand.wants for operand in operands}
    wants = False if False in said else (True if True in said else None)
    return Constant(value, node, same, wants, any(operand.random for operand in operands))


def module(node: ast.expr) -> tuple[str, list[ast.keyword]] | None:
    """``nn.MSELoss()`` before it is called: the op it stands for and its settings."""
    if type(node) is not ast.Call or node.args:
        return None
    name = node.func.attr if type(node.func) is ast.Attribute else node.func.id if type(node.func) is ast.Name else ""
    meant = _MODULES.get(name)
    return None if meant is None else (meant, node.keywords)
