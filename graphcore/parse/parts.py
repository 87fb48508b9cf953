"""``split(x, 2)[0]``: of an op that gives several arrays, the one that is taken."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any

from graphcore.parse import subscripts
from graphcore.parse.constants import Constant, whole
from graphcore.parse.foreign import written_by
from graphcore.parse.reader import DEPTH_LIMIT
from graphcore.parse.statics import index_of, static

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator

# what the second argument is called
_SPLITS = {"split": ("split_size_or_sections", "indices_or_sections", "split_size"), "chunk": ("chunks",)}
_AXES = ("dim", "axis")


def of_a_split(tr: Translator, node: ast.expr) -> bool:
    """Whether this is a subscript of ``split(...)`` or ``chunk(...)``, by name or as a method."""
    if type(node) is not ast.Subscript or type(node.value) is not ast.Call or tr.template is not None:
        return False
    function = node.value.func
    if type(function) is ast.Attribute:
        return function.attr in _SPLITS
    return type(function) is ast.Name and function.id in _SPLITS and function.id not in tr.assigned


def part(tr: Translator, node: ast.Subscript) -> Operand:
    """The part taken, as a slice of the whole."""
    call = node.value
    assert isinstance(call, ast.Call)
    author = written_by(tr, call)
    name, args = _arguments(tr, call, author)
    tr._depth += 1
    if tr._depth > DEPTH_LIMIT:
        raise tr.error(node, "splits are nested too deep here.", "Give inner parts names of their own.")
    value = tr.visit(args[0])
    tr._depth -= 1
    shape = tr.shape(value)
    axis = whole(static(tr, args[2])) if len(args) > 2 else 0
    if axis is None or not -len(shape) <= axis < len(shape):
        raise tr.error(call, f"there is no such axis; the shape is {shape}.")
    ends = _ends(tr, call, name, author, shape[axis], static(tr, args[1]))
    index, count = index_of(tr, node.slice), len(ends)
    if not -count <= index < count:
        raise tr.error(node, f"there are {count} parts, numbered 0 to {count - 1}; there is no part {index}.")
    index %= count
    taken = slice(ends[index - 1] if index else 0, ends[index])
    place = (*[slice(None)] * (axis % len(shape)), taken)
    if isinstance(value, Constant):
        return subscripts.taken(tr, node, value, place)
    return tr.apply("getitem", (value,), node, {"index": place})


def _arguments(tr: Translator, call: ast.Call, author: str) -> tuple[str, list[ast.expr]]:
    """The op's name, and what is split, how and along which axis."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
    args = [function.value, *call.args] if author == "method" and isinstance(function, ast.Attribute) else list(call.args)
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for place, names in enumerate((("tensor", "ary", "input"), _SPLITS[name], _AXES)):
        said = next((given.pop(k) for k in names if k in given), None)
        if said is not None:
            args[place:place] = [said]
    if given or not 2 <= len(args) <= 3:
        raise tr.error(call, f"`{name}` takes an array, how it is split, and an axis.", f"Write as in `{name}(x, 2)[0]`.")
    return name, args


def _ends(tr: Translator, call: ast.Call, name: str, author: str, length: int, how: Any) -> list[int]:
    """Where each part ends, as NumPy or torch reads the number."""
    readings = [_chunks] if name == "chunk" else [_sections] if author == "numpy" else [_sizes]
    if name == "split" and author == "":
        readings = [_sizes, _sections]
    found = [reading(length, how) for reading in readings]
    if None in found and found.count(None) == len(found):
        raise tr.error(call, f"{length} entries cannot be split by {how!r}.", "Write slices: `x[0:2]`, `x[2:4]`.")
    if found[0] != found[-1]:
        raise tr.error(
            call,
            f"`{tr.source_of(call)}` is read in two ways: NumPy counts the parts, torch the entries of a part.",
            "Write `np.split` or `torch.split`.",
        )
    assert found[0] is not None
    return found[0]


def _chunks(length: int, how: Any) -> list[int] | None:
    count = whole(how)
    return None if count is None or count < 1 else _sizes(length, max(math.ceil(length / count), 1))


def _sizes(length: int, how: Any) -> list[int] | None:
    """torch: parts of so many entries, or of the sizes listed."""
    if isinstance(how, tuple):
        sizes = [whole(n) for n in how]
        if any(n is None or n < 0 for n in sizes) or sum(n or 0 for n in sizes) != length:
            return None
        return [sum(n or 0 for n in sizes[: k + 1]) for k in range(len(sizes))]
    size = whole(how)
    return None if size is None or size < 1 else [*range(size, length, size), length]


def _sections(length: int, how: Any) -> list[int] | None:
    """NumPy: so many equal parts, or parts that begin where is said."""
    if isinstance(how, tuple):
        places = [whole(n) for n in how]
        if any(n is None or not 0 <= n <= length for n in places) or places != sorted(places, key=lambda n: n or 0):
            return None
        return [*[n or 0 for n in places], length]
    count = whole(how)
    if count is None or count < 1 or length % count:
        return None
    return [length // count * (k + 1) for k in range(count)]
