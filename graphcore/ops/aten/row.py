"""One row per ATen op: torch's signature, the forward formula and a rule per tensor, for NumPy alone.

A row is written with the argument names of torch's own schema. What a recorded call gives it decides which
:class:`~graphcore.ops.Op` it becomes: tensors are operands, everything else is a static argument.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from graphcore.ops.namespaces import Kernel, Shape
from graphcore.ops.row import Formula, Op, Statics
from graphcore.syntax import expression

Function = Callable[..., Any]


class Slot(NamedTuple):
    """A tensor among the arguments of a recorded call: its number, its shape, and "float", "int" or "bool"."""

    index: int  # type: ignore[assignment]  # as of a node; tuple.index is not missed
    shape: Shape
    kind: str = "float"


class Call(NamedTuple):
    """A recorded call in our terms: operands are numbers of slots, a float among them is a literal."""

    op: Op
    operands: tuple[int | float, ...]
    statics: Statics


# per argument that holds tensors: its name, and how many places its list has (None: a tensor alone), holes by position
_Pattern = tuple[tuple[str, int | None, tuple[int, ...]], ...]


@dataclass(frozen=True, eq=False)
class Row:
    """An ATen op. ``rules`` go by argument name; an argument without one carries no gradient.

    A formula is a text over the argument names (``g`` upstream, ``y`` output), or a function with the text that is
    shown for it. Functions get every argument by name, tensors as arrays, a list of tensors as a tuple with None in its
    holes; a rule also gets ``g`` and ``y`` first, and for a list ``slot``, the place in the list that it is for. For an op
    that returns several tensors ``y`` is a tuple and ``g`` a :class:`~graphcore.graph.Parts`. ``when`` refuses calls
    that the row does not cover.
    """

    name: str
    defaults: Mapping[str, Any]
    forward: Formula
    rules: Mapping[str, Formula]
    spoken: str
    plumbing: bool = False
    entrywise: bool = False
    kink: Formula | None = None
    kink_says: str = ""
    says: str = ""
    when: Callable[[Mapping[str, Any]], bool] | None = None

    def call(self, arguments: Mapping[str, Any]) -> Call | None:
        """The call in our terms, or None where this row does not cover it."""
        if self.when is not None and not self.when(arguments):
            return None
        operands: list[int | float] = []
        pattern: list[tuple[str, int | None, tuple[int, ...]]] = []
        statics: dict[str, Any] = dict(self.defaults)
        for name, value in arguments.items():
            if isinstance(value, Slot):
                operands.append(value.index)
                pattern.append((name, None, (0,)))
                statics.pop(name, None)
            elif isinstance(value, (list, tuple)) and not isinstance(value, Slot) and any(isinstance(v, Slot) for v in value):
                filled = tuple(k for k, v in enumerate(value) if v is not None)
                operands.extend(value[k].index for k in filled)
                pattern.append((name, len(value), filled))
                statics.pop(name, None)
            else:
                statics[name] = tuple(value) if isinstance(value, list) else value
        return Call(_op(self, tuple(pattern)), tuple(operands), tuple(statics.items()))


@dataclass(frozen=True, eq=False)
class Same:
    """An ATen op that the language has too: its row is used, so that the picture says it in the same words.

    ``arguments`` are torch's argument names in the order of the row's operands; a number there is a literal. ``rest`` are the
    values that all other arguments must have; ``statics`` makes the row's static arguments of torch's.
    """

    name: str
    op: Op
    arguments: tuple[str, ...]
    rest: Mapping[str, Any] = field(default_factory=dict)
    statics: Callable[[Mapping[str, Any]], Mapping[str, Any] | None] | None = None
    when: Callable[[Mapping[str, Any]], bool] | None = None

    def call(self, arguments: Mapping[str, Any]) -> Call | None:
        """The call in our terms, or None where the language's row does not cover it."""
        if self.when is not None and not self.when(arguments):
            return None
        if any(name in arguments and arguments[name] != value for name, value in self.rest.items()):
            return None
        operands: list[int | float] = []
        for name in self.arguments:
            value = arguments.get(name)
            if isinstance(value, Slot):
                operands.append(value.index)
            elif isinstance(value, (int, float)):
                operands.append(float(value))
            else:
                return None
        given = self.statics(arguments) if self.statics else {}
        if given is None:
            return None
        return Call(self.op, tuple(operands), tuple({**self.op.statics, **given}.items()))


def aten(
    signature: str,
    forward: str | Formula,
    *,
    spoken: str = "",
    plumbing: bool = False,
    entrywise: bool = False,
    kink: str = "",
    kink_says: str = "",
    says: str = "",
    when: Callable[[Mapping[str, Any]], bool] | None = None,
    **rules: str | Formula,
) -> Row:
    """A row from torch's signature, ``"addmm(self, mat1, mat2, beta=1, alpha=1)"``; defaults are literals.

    >>> aten("exp(self)", "exp(self)", **{"self": "g * y"}).rules["self"].text
    'g * y'
    """
    tree = expression(signature)
    assert isinstance(tree, ast.Call) and isinstance(tree.func, (ast.Name, ast.Attribute))
    name = ast.unparse(tree.func)
    defaults = {k.arg: ast.literal_eval(k.value) for k in tree.keywords if k.arg is not None}
    return Row(
        name,
        defaults,
        forward if isinstance(forward, Formula) else Formula(forward),
        {key: rule if isinstance(rule, Formula) else Formula(rule) for key, rule in rules.items()},
        spoken or name.strip("_").replace("_", " "),
        plumbing,
        entrywise,
        Formula(kink) if kink else None,
        kink_says,
        says,
        when,
    )


class _Named:
    """Turns operand values in order into the arguments by name that a row's function wants."""

    def __init__(self, pattern: _Pattern) -> None:
        self.pattern = pattern

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The names of the operands: ``tensors0``, ``tensors1`` for the places of a list."""
        return tuple(name if size is None else f"{name}{k}" for name, size, filled in self.pattern for k in filled)

    def collect(self, values: tuple[Any, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        rest = iter(values)
        for name, size, filled in self.pattern:
            if size is None:
                found[name] = next(rest)
                continue
            places: list[Any] = [None] * size
            for k in filled:
                places[k] = next(rest)
            found[name] = tuple(places)
        return found


@lru_cache(maxsize=4096)
def _op(row: Row, pattern: _Pattern) -> Op:
    named = _Named(pattern)
    lists = any(size is not None for _, size, _ in pattern)
    rules: dict[str, Formula] = {}
    for name, size, filled in pattern:
        rule = row.rules.get(name)
        if rule is None:
            continue
        for k in filled:
            key = name if size is None else f"{name}{k}"
            rules[key] = _rule(rule, named, None if size is None else k, lists)
    names = named.operands
    return Op(
        name=row.name,
        operands=names,
        forward=_forward(row.forward, named, lists),
        rules=rules,
        shape=recorded_shape,
        written=Formula(f"{row.name}({', '.join(names)})"),
        numpy=row.forward,
        torch=Formula(f"torch.ops.aten.{row.name}({', '.join(names)})"),
        group="recorded",
        spoken=row.spoken,
        kink=row.kink,
        kink_says=row.kink_says,
        says=dict.fromkeys(rules, row.says) if row.says else {},
        plumbing=row.plumbing,
        entrywise=row.entrywise and not lists,
    )


def _forward(formula: Formula, named: _Named, lists: bool) -> Formula:
    function = formula.function
    if function is None and not lists:
        return formula
    inner: Kernel = function or _by_text(formula, named, ())

    def run(*values: Any, **statics: Any) -> Any:
        return inner(**named.collect(values), **statics)

    return Formula(formula.text, run)


def _rule(formula: Formula, named: _Named, slot: int | None, lists: bool) -> Formula:
    function = formula.function
    if function is None and not lists:
        return formula
    inner: Kernel = function or _by_text(formula, named, ("g", "y"))
    more = {} if slot is None else {"slot": slot}

    def run(g: Any, y: Any, *values: Any, **statics: Any) -> Any:
        return inner(g, y, **named.collect(values), **statics, **more)

    return Formula(formula.text, run)


def _by_text(formula: Formula, named: _Named, first: tuple[str, ...]) -> Kernel:
    raise NotImplementedError(f"`{formula.text}`: an op with a list of tensors needs a function")


def recorded_shape(*_: Any, **__: Any) -> Shape:
    """The shape rule of a recorded op, which is never asked."""
    raise NotImplementedError("a recorded op takes its shape from the recording")
