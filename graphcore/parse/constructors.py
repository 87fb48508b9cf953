"""The functions that make leaves: numbers around a literal, and arrays of a given shape."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.ops.namespaces import Shape
from graphcore.parse import constants, dialect
from graphcore.parse.constants import Constant, as_value, check_size, whole
from graphcore.parse.statics import static

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator

Keywords = dict[str, ast.expr]
Constructor = Callable[["Translator", ast.Call, list[ast.expr], Keywords], "Operand"]

AXIS_LIMIT = 32
_QUIET = frozenset({"dtype", "device", "copy", "order", "ndmin", "layout", "pin_memory", "like", "generator", "out"})


def _keywords(tr: Translator, node: ast.Call, given: Keywords, *allowed: str) -> None:
    for key, value in given.items():
        if key not in allowed and key not in _QUIET and key != "requires_grad":
            known = ", ".join(f"`{k}`" for k in allowed) or "`requires_grad`"
            raise tr.error(value, f"`{_name(node)}` has no argument `{key}`.", f"It takes {known}.")


def _name(node: ast.Call) -> str:
    function = node.func
    return function.attr if type(function) is ast.Attribute else function.id if type(function) is ast.Name else "call"


def _wants(tr: Translator, given: Keywords) -> bool | None:
    said = given.get("requires_grad")
    return None if said is None else bool(static(tr, said))


def _wrapped(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
    """``np.array(...)``, ``torch.tensor(...)``: what is inside, with what is said about its gradient."""
    _keywords(tr, node, given, "data", "object")
    inside = args[:1] or [given[k] for k in ("data", "object") if k in given]
    if not inside or len(args) > 2:
        raise tr.error(node, f"`{_name(node)}` takes 1 operand, {len(args)} were given.", f"Write it as `{_name(node)}([1, 2])`.")
    if node is tr.top:
        tr.top = inside[0]
    word = inside[0].value if type(inside[0]) is ast.Constant and _name(node) in ("float", "float64", "float32") else None
    if isinstance(word, str) and word.lower().lstrip("+-") in ("inf", "infinity", "nan"):
        return Constant(float(word), node)
    value = tr.visit(inside[0])
    if _name(node) in ("int", "LongTensor", "IntTensor") or ("dtype" in given and dialect.is_integer(given["dtype"])):
        dialect.refuse_rounding(tr, node, value)
    if isinstance(value, Constant):
        wants = _wants(tr, given)
        return Constant(value.value, node, value.entries, value.wants if wants is None else wants, value.random)
    return value


def _const(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
    """``const(...)``: a value that wants no gradient."""
    value = _wrapped(tr, node, args, given)
    if not isinstance(value, Constant):
        raise tr.error(node, "`const` takes numbers, and this is computed.", "Write the numbers themselves.")
    value.wants = False
    return value


def _parameter(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
    value = _wrapped(tr, node, args, given)
    if isinstance(value, Constant) and value.wants is None:
        value.wants = True
    return value


def shape_of(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Shape:
    """The shape written as numbers, or as one tuple or list."""
    values = [static(tr, argument) for argument in args]
    values += [static(tr, given[key]) for key in ("size", "shape") if key in given]
    if len(values) == 1 and isinstance(values[0], tuple):
        values = list(values[0])
    numbers = [whole(value) for value in values]
    if None in numbers:
        raise tr.error(node, "a shape is written in whole numbers.", f"Write as in `{_name(node)}(3, 2)`.")
    shape = tuple(n for n in numbers if n is not None)
    if len(shape) > AXIS_LIMIT:
        raise tr.error(node, f"this has {len(shape)} axes.", f"At most {AXIS_LIMIT} are computed.")
    tr.checked(node, check_size, shape)
    return shape


def _made(tr: Translator, node: ast.Call, value: Any, given: Keywords, *, random: bool = False) -> Constant:
    return Constant(as_value(value), node, None, _wants(tr, given), random)


def _one_number(tr: Translator, node: ast.expr) -> float:
    value = static(tr, node)
    if not isinstance(value, int | float):
        raise tr.error(node, "one number is wanted here.", "Write as in `0.5`.")
    return constants.number(value)


def _seed(tr: Translator, given: Keywords) -> int | None:
    if "seed" not in given:
        return None
    seed = whole(static(tr, given["seed"]))
    if seed is None or seed < 0:
        raise tr.error(given["seed"], "a random seed is a whole number from 0.", "Write as in `seed=0`.")
    return seed


def _random(kind: str) -> Constructor:
    def make(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
        _keywords(tr, node, given, "size", "seed")
        seed = _seed(tr, given)
        shape = shape_of(tr, node, args, given)
        value = tr.random.draw(kind, shape, seed, tr.target or "")
        return _made(tr, node, value, given, random=True)

    return make


def _scaled(kind: str) -> Constructor:
    """``np.random.normal(loc, scale, size)`` and ``uniform(low, high, size)``."""

    def make(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
        names = ("loc", "scale", "size") if kind == "randn" else ("low", "high", "size")
        named = dict(zip(names, args, strict=False)) | given
        _keywords(tr, node, named, *names, "seed")
        a = _one_number(tr, named[names[0]]) if names[0] in named else 0.0
        b = _one_number(tr, named[names[1]]) if names[1] in named else 1.0
        seed = _seed(tr, named)
        shape = shape_of(tr, node, [named["size"]] if "size" in named else [], {})
        drawn = tr.random.draw(kind, shape, seed, tr.target or "")
        with np.errstate(all="ignore"):
            return _made(tr, node, a + np.asarray(drawn) * (b if kind == "randn" else b - a), given, random=True)

    return make


def _filled(fill: float) -> Constructor:
    def make(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
        _keywords(tr, node, given, "size", "shape")
        return _made(tr, node, np.full(shape_of(tr, node, args, given), fill), given)

    return make


def _like(kind: str) -> Constructor:
    def make(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
        _keywords(tr, node, given)
        if len(args) != 1:
            raise tr.error(node, f"`{_name(node)}` takes 1 operand, {len(args)} were given.", f"Write it as `{_name(node)}(x)`.")
        shape = tr.shape(tr.visit(args[0]))
        tr.checked(node, check_size, shape)
        if kind in ("rand", "randn"):
            return _made(tr, node, tr.random.draw(kind, shape, None, tr.target or ""), given, random=True)
        return _made(tr, node, np.full(shape, float(kind)), given)

    return make


def _full(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
    _keywords(tr, node, given, "size", "shape", "fill_value")
    if len(args) == 2:
        given = {**given, "fill_value": args[1]}
        args = args[:1]
    if "fill_value" not in given:
        raise tr.error(
            node,
            f"`full` takes 2 operands, {len(args)} {'was' if len(args) == 1 else 'were'} given.",
            "Write it as `full((3, 2), 0.5)`.",
        )
    fill = static(tr, given.pop("fill_value"))
    if not isinstance(fill, int | float):
        raise tr.error(node, "`full` is filled with one number.", "Write it as `full((3, 2), 0.5)`.")
    return _made(tr, node, np.full(shape_of(tr, node, args, given), constants.number(fill)), given)


def _eye(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
    _keywords(tr, node, given)
    shape = shape_of(tr, node, args, {})
    if len(shape) not in (1, 2):
        raise tr.error(node, f"`eye` takes 1 or 2 numbers, {len(shape)} were given.", "Write it as `eye(3)`.")
    tr.checked(node, check_size, (shape[0], shape[-1]))
    return _made(tr, node, np.eye(shape[0], shape[-1]), given)


def _numbers(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords, names: tuple[str, ...]) -> list[float]:
    _keywords(tr, node, given, *names)
    values = [static(tr, argument) for argument in args]
    values += [static(tr, given[name]) for name in names[len(values) :] if name in given]
    if not values or len(values) > len(names) or not all(isinstance(value, int | float) for value in values):
        raise tr.error(
            node, f"`{_name(node)}` takes 1 to {len(names)} numbers.", f"Write it as `{_name(node)}({', '.join(names)})`."
        )
    return [constants.number(value) for value in values]


def _arange(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
    values = _numbers(tr, node, args, given, ("start", "stop", "step"))
    start, stop, step = (0.0, values[0], 1.0) if len(values) == 1 else (*values, 1.0)[:3]
    if not step or not np.all(np.isfinite((start, stop, step))):
        raise tr.error(node, "a range needs finite numbers and a step that is not 0.", "Write as in `arange(0, 1, 0.1)`.")
    # the count is estimated as a float, so that no range is too large to be refused
    count = max(0, int(min(np.ceil((stop - start) / step), 1e18)))
    tr.checked(node, check_size, (count,))
    if not count:
        return _made(tr, node, np.zeros(0), given)
    return _made(tr, node, np.arange(start, stop, step), given)


def _linspace(tr: Translator, node: ast.Call, args: list[ast.expr], given: Keywords) -> Operand:
    values = _numbers(tr, node, args, given, ("start", "stop", "num"))
    count = whole(values[2]) if len(values) == 3 else 50 if len(values) == 2 else None
    if count is None or count < 0:
        raise tr.error(
            node, "`linspace` takes a start, a stop and a whole number of points.", "Write as in `linspace(0, 1, 11)`."
        )
    tr.checked(node, check_size, (count,))
    with np.errstate(all="ignore"):
        return _made(tr, node, np.linspace(values[0], values[1], count), given)


FUNCTIONS: Mapping[str, Constructor] = {
    **dict.fromkeys(
        ["array", "asarray", "tensor", "as_tensor", "from_numpy", "Tensor", "FloatTensor", "DoubleTensor", "matrix"], _wrapped
    ),
    **dict.fromkeys(["float", "int", "float64", "float32", "double", "atleast_1d", "list", "tuple"], _wrapped),
    "const": _const,
    "Parameter": _parameter,
    "Variable": _parameter,
    "rand": _random("rand"),
    "random": _random("rand"),
    "random_sample": _random("rand"),
    "randn": _random("randn"),
    "standard_normal": _random("randn"),
    "normal": _scaled("randn"),
    "uniform": _scaled("rand"),
    "zeros": _filled(0.0),
    "ones": _filled(1.0),
    "zeros_like": _like("0"),
    "ones_like": _like("1"),
    "rand_like": _like("rand"),
    "randn_like": _like("randn"),
    "full": _full,
    "eye": _eye,
    "identity": _eye,
    "arange": _arange,
    "range": _arange,
    "linspace": _linspace,
}
