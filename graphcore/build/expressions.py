"""Expressions of a checked text: literals, names, arithmetic, subscripts, comprehensions, calls."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphcore.build import calls, checking, members, names, spaces
from graphcore.build.machine import Frame, Machine

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_IN_PLACE: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.Div: operator.itruediv,
    ast.Pow: operator.ipow,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: operator.contains(b, a),
    ast.NotIn: lambda a, b: not operator.contains(b, a),
}
ITEM_LIMIT = 10_000


def value(machine: Machine, node: ast.expr, frame: Frame) -> Any:
    """The value of an expression."""
    machine.step(node)
    match node:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=name):
            return named(machine, node, name, frame)
        case ast.Attribute(value=base, attr=attr):
            return members.read(machine, node, value(machine, base, frame), attr)
        case ast.Call():
            return calls.call(machine, node, frame)
        case ast.BinOp(left=left, op=op, right=right):
            return binary(machine, node, type(op), value(machine, left, frame), value(machine, right, frame))
        case ast.UnaryOp(op=sign, operand=operand):
            return machine.guarded(node, _UNARY[type(sign)], value(machine, operand, frame))
        case ast.BoolOp(op=either, values=parts):
            return _either(machine, isinstance(either, ast.And), parts, frame)
        case ast.Compare():
            return _compared(machine, node, frame)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return value(machine, body if machine.truth(test, frame) else orelse, frame)
        case ast.Subscript(value=base, slice=index):
            return machine.guarded(node, operator.getitem, value(machine, base, frame), value(machine, index, frame))
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if part is None else value(machine, part, frame) for part in (lower, upper, step)))
        case ast.Tuple(elts=parts):
            return tuple(spread(machine, parts, frame))
        case ast.List(elts=parts) | ast.Set(elts=parts):
            return spread(machine, parts, frame)
        case ast.Dict():
            return _dictionary(machine, node, frame)
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
            return _comprehension(machine, node, element, frame)
        case ast.JoinedStr(values=parts):
            return _joined(machine, node, parts, frame)
    raise machine.error(node, f"`{machine.source.segment(node)}` is not read here.")


def named(machine: Machine, node: ast.Name, name: str, frame: Frame) -> Any:
    """What a name means: a local, a name of the text, a module, or a layer written without its prefix."""
    if name in frame.names:
        return frame.names[name]
    if name in machine.names:
        return machine.names[name]
    if name in machine.aliases:
        return calls.from_path(machine.aliases[name])
    if name in names.LAYERS or name in names.CONTAINERS or name in names.LOSSES:
        return spaces.LayerClass(name)
    if name in names.BUILTINS:
        return calls.builtin(name)
    raise checking.unknown_name(
        machine.source, node, frame.names.keys() | machine.names.keys() | names.LAYERS | names.CONTAINERS | machine.aliases.keys()
    )


def binary(machine: Machine, node: ast.expr, kind: type[ast.operator], a: Any, b: Any) -> Any:
    """Arithmetic, of plain numbers only as far as they stay small."""
    function = _BINARY.get(kind)
    if function is None:
        raise machine.error(node, f"`{machine.source.segment(node)}` is not read here.", "The signs are + - * / // % ** and @.")
    _limit(machine, node, kind, a, b)
    return machine.guarded(node, function, a, b)


def in_place(machine: Machine, node: ast.AugAssign, kind: type[ast.operator], a: Any, b: Any) -> Any:
    """``x += y``, which writes into a tensor or a list as Python does."""
    _limit(machine, node, kind, a, b)
    function = _IN_PLACE.get(kind, _BINARY.get(kind))
    if function is None:
        raise machine.error(node, f"`{machine.source.segment(node)}` is not read here.")
    return machine.guarded(node, function, a, b)


def _limit(machine: Machine, node: ast.AST, kind: type[ast.operator], a: Any, b: Any) -> None:
    if isinstance(a, int) and isinstance(b, int):
        large = kind is ast.Pow and abs(a) > 1 and b > 64
        if large or (kind in (ast.Mult, ast.Pow, ast.Add) and abs(_BINARY[kind](a, b)) > 2**62):
            raise machine.error(node, f"`{machine.source.segment(node)}` is too large for a network.")
    for items, times in ((a, b), (b, a)):
        if isinstance(items, list | tuple | str) and isinstance(times, int) and kind is ast.Mult:
            if len(items) * times > ITEM_LIMIT:
                raise machine.error(node, f"this makes {len(items) * times:,} items.", f"At most {ITEM_LIMIT:,} are read.")
            if times > 1 and any(hasattr(item, "named_parameters") for item in items):
                machine.notes[
                    "A list times a number repeats the same layers: the repeats share their parameters, as in Python."
                ] = None
    if (
        kind is ast.Add
        and isinstance(a, list | tuple | str)
        and isinstance(b, list | tuple | str)
        and len(a) + len(b) > ITEM_LIMIT
    ):
        raise machine.error(node, f"this makes {len(a) + len(b):,} items.", f"At most {ITEM_LIMIT:,} are read.")
    if kind is ast.Mod and isinstance(a, str):
        raise machine.error(node, "texts are not formatted with % here.", 'Write as in f"layer{i}".')


def _either(machine: Machine, both: bool, parts: list[ast.expr], frame: Frame) -> Any:
    result: Any = None
    for part in parts:
        result = value(machine, part, frame)
        if bool(machine.guarded(part, bool, result)) is not both:
            return result
    return result


def _compared(machine: Machine, node: ast.Compare, frame: Frame) -> Any:
    left = value(machine, node.left, frame)
    result: Any = True
    for kind, right_node in zip(node.ops, node.comparators, strict=True):
        right = value(machine, right_node, frame)
        result = machine.guarded(node, _COMPARED[type(kind)], left, right)
        left = right
        if len(node.ops) > 1 and not machine.guarded(node, bool, result):
            return result
    return result


def spread(machine: Machine, parts: list[ast.expr], frame: Frame) -> list[Any]:
    """The values of a row of expressions, starred ones spread out."""
    made: list[Any] = []
    for part in parts:
        if isinstance(part, ast.Starred):
            made.extend(machine.items(part.value, frame))
        else:
            made.append(value(machine, part, frame))
        if len(made) > ITEM_LIMIT:
            raise machine.error(part, f"this makes more than {ITEM_LIMIT:,} items.")
    return made


def _dictionary(machine: Machine, node: ast.Dict, frame: Frame) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key, item in zip(node.keys, node.values, strict=True):
        title = None if key is None else value(machine, key, frame)
        if not isinstance(title, str | int):
            raise machine.error(key or node, "the keys of a dictionary are words or whole numbers here.")
        made[title] = value(machine, item, frame)
    return made


def _comprehension(machine: Machine, node: ast.ListComp | ast.GeneratorExp, element: ast.expr, frame: Frame) -> list[Any]:
    inner = Frame(dict(frame.names), frame.owner, frame.self)
    made = []
    for _ in _rounds(machine, node.generators, inner):
        made.append(value(machine, element, inner))
        if len(made) > ITEM_LIMIT:
            raise machine.error(node, f"this makes more than {ITEM_LIMIT:,} items.")
    return made


def _rounds(machine: Machine, generators: list[ast.comprehension], frame: Frame) -> Iterator[None]:
    if not generators:
        yield
        return
    first, rest = generators[0], generators[1:]
    for item in machine.items(first.iter, frame):
        machine.step(first.iter)
        machine.assign(first.target, item, frame)
        if all(machine.truth(test, frame) for test in first.ifs):
            yield from _rounds(machine, rest, frame)


def _joined(machine: Machine, node: ast.expr, parts: list[ast.expr], frame: Frame) -> str:
    made = ""
    for part in parts:
        if isinstance(part, ast.FormattedValue):
            shown = value(machine, part.value, frame)
            if part.format_spec is not None or part.conversion != -1 or not isinstance(shown, int | str):
                raise machine.error(node, "only whole numbers and words stand in an f-string here.", 'Write as in f"layer{i}".')
            made += str(shown)
        else:
            made += str(value(machine, part, frame))
    if len(made) > checking.STRING_LIMIT:
        raise machine.error(node, "this word is too long.")
    return made
