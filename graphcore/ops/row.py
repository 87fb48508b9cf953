"""One row per op: its formula forward, its derivative rule per operand, and how each is written elsewhere.

The formulas are texts in the language that users type, with ``g`` for the upstream gradient, ``y`` for the output
and the operands' names. The text that is shown is the text that is computed: it is parsed once, compiled into a
Python function per namespace, and printed by the views. Only texts of this package are ever compiled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphcore.ops.forms import ArrayForm, FloatForm
from graphcore.ops.namespaces import ARRAYS, FLOATS, Kernel, Namespace, Shape
from graphcore.syntax import expression, parsed


class _Required:
    """The default of a static argument that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = _Required()
Statics = tuple[tuple[str, Any], ...]


class StaticsKey:
    """Static arguments as a cache key: equal when they print alike, whatever they hold."""

    __slots__ = ("pairs", "text")

    def __init__(self, pairs: Statics) -> None:
        self.pairs = pairs
        self.text = repr(pairs)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StaticsKey) and self.text == other.text


ShapeRule = Callable[..., Shape]


class _Given(ast.NodeTransformer):
    """Decides every ``x if test else y`` whose test asks only about static arguments."""

    def __init__(self, statics: Mapping[str, Any]) -> None:
        self.statics = statics

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        test = eval(compile(ast.Expression(node.test), "<test>", "eval"), dict(self.statics))  # noqa: S307  # a row's text
        chosen: ast.AST = self.visit(node.body if test else node.orelse)
        return chosen


@dataclass(frozen=True)
class Formula:
    """A formula as text; ``function`` does the work where no text in the language can say it.

    With a ``function`` the text is what is shown. A function takes the same arguments as the formula would,
    and the static arguments of the op by keyword.
    """

    text: str
    function: Kernel | None = None

    @cached_property
    def tree(self) -> ast.expr:
        """The formula as a syntax tree, for the printers."""
        return expression(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name the formula mentions, functions included."""
        return frozenset(n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name))

    def given(self, statics: Mapping[str, Any]) -> Formula:
        """The formula for these static arguments: of ``x if axis is None else y`` the side that applies.

        >>> Formula("a.sum() if axis is None else a.sum(axis)").given({"axis": None}).text
        'a.sum()'
        """
        if " if " not in self.text:
            return self
        try:
            tree = _Given(statics).visit(parsed(self.text, "eval"))
        except (SyntaxError, NameError):
            if self.function is None:
                raise
            return self  # words beside a function
        return Formula(ast.unparse(tree), self.function)

    def compile(self, parameters: tuple[str, ...], namespace: Namespace, statics: Mapping[str, Any]) -> Kernel:
        """The formula as a Python function of ``parameters`` over ``namespace``.

        A starred last parameter takes any number of operands, which the text sees as one tuple; the function then
        has a keyword ``slot``, the number of the operand that a rule is for.

        >>> from graphcore.ops.namespaces import FLOATS
        >>> Formula("g * 2 * a").compile(("g", "y", "a"), FLOATS, {})(1.5, 0.0, 3.0)
        9.0
        """
        if self.function is not None:
            function = self.function
            if not statics:
                return function
            return lambda *values, **more: function(*values, **statics, **more)
        text = self.given(statics).text
        plain = text.removesuffix(f"({', '.join(parameters)})")
        if plain in namespace and callable(namespace[plain]):
            return namespace[plain]  # type: ignore[no-any-return]  # the C function itself, without a lambda around it
        arguments = ast.arguments([], [ast.arg(p) for p in parameters if not p.startswith("*")], None, [], [], None, [])
        starred = next((p for p in parameters if p.startswith("*")), None)
        if starred:
            arguments.vararg = ast.arg(starred.lstrip("*"))
            arguments.kwonlyargs, arguments.kw_defaults = [ast.arg("slot")], [ast.Constant(0)]
        body = expression(text)
        if namespace is FLOATS:
            body = FloatForm().visit(body)
        numbers: Mapping[str, Any] = {}
        if namespace is ARRAYS:
            form = ArrayForm()
            body, numbers = form.visit(body), form.numbers
        tree = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, body)))
        # the text is a row of this package, never a user's
        return eval(compile(tree, f"<{text}>", "eval"), {**namespace, **statics, **numbers})  # type: ignore[no-any-return]  # noqa: S307

    def runs_on(self, namespace: Namespace, parameters: tuple[str, ...]) -> bool:
        """Whether every name the formula mentions means something in ``namespace``; tests on statics do not count."""
        if self.function is not None:
            return False
        return all(name in namespace or name in parameters for name in self.names)


@dataclass(frozen=True, eq=False)
class Op:
    """A primitive operation: one row of the registry.

    ``operands`` are the names used in the formulas (a last one written ``*a`` takes any number); ``statics`` the
    keyword arguments with their defaults; ``rules`` the downstream gradient per operand (an operand without a rule
    carries no gradient); ``shape`` maps operand shapes and statics to the output's shape and raises
    :class:`ShapeError` where they do not fit; ``written`` is how a user writes the op, ``numpy`` and ``torch`` how it
    is written there; ``kink`` says, as a formula, where the op is not differentiable and ``kink_says`` what torch
    uses there. ``takes_numbers`` is False where torch's function wants tensors only: literals are then
    ``torch.tensor(2.0)`` there; ``entrywise`` where the op works on every entry alone, so that its local derivative is a formula
    of numbers. ``says`` captions a factor on the screen; ``reads`` is the rule in words, for a reference, where its
    formula is more code than mathematics. In a text a starred operand stands for the sequence of all its operands.
    """

    name: str
    operands: tuple[str, ...]
    forward: Formula
    rules: Mapping[str, Formula]
    shape: ShapeRule
    written: Formula
    numpy: Formula
    torch: Formula
    group: str
    spoken: str
    statics: Mapping[str, Any] = field(default_factory=dict)
    kink: Formula | None = None
    kink_says: str = ""
    local: Mapping[str, Formula] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    plumbing: bool = False
    takes_numbers: bool = True
    entrywise: bool = False
    example: str = ""

    @property
    def variadic(self) -> bool:
        """Whether the op takes any number of operands."""
        return bool(self.operands) and self.operands[-1].startswith("*")

    def rule(self, slot: int) -> Formula | None:
        """The rule of operand number ``slot``, or None where no gradient flows to it."""
        name = self.operands[min(slot, len(self.operands) - 1)].lstrip("*")
        return self.rules.get(name)

    def __repr__(self) -> str:
        return f"Op({self.name!r})"


class ShapeError(Exception):
    """Operand shapes that do not fit; ``{0}``, ``{1}`` in the text stand for the operands' names."""


def said(value: object) -> str:
    """A value as the text of a :class:`ShapeError` has it: a brace of its own stands for no operand."""
    return repr(value).replace("{", "{{").replace("}", "}}")
