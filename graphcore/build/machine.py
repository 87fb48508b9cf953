"""The interpreter of a checked text: statements and functions, over values of the allow-list alone.

It walks the syntax tree itself. Every step is counted, so that no text runs for long; what torch refuses is raised again
with the line and column of the call in the user's text.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphcore.build.source import Source
from graphcore.errors import ChainruleError, GraphError, first_line

STEP_LIMIT = 200_000
CALL_LIMIT = 40


class Standing(threading.local):
    """Where this thread stands in a text: nested calls, steps taken, and the line in work."""

    depth = 0
    steps = 0
    line: tuple[int, str] | None = None


STANDING = Standing()


def line_in_work() -> str:
    """The line of the user's text that is being run in this thread, ``line 12: z = self.fc(x)``; empty outside of one."""
    line = STANDING.line
    return f"line {line[0]}: {line[1]}" if line is not None and STANDING.depth else ""


class UserFunction:
    """A function or method of the text; never copied, for its text does not change."""

    __slots__ = ("machine", "node", "owner")

    def __init__(self, machine: Machine, node: ast.FunctionDef, owner: Any = None) -> None:
        self.machine = machine
        self.node = node
        self.owner = owner

    def __deepcopy__(self, memo: Any) -> UserFunction:
        return self


@dataclass
class Frame:
    """One call: its local names, and the class and object it belongs to."""

    names: dict[str, Any] = field(default_factory=dict)
    owner: Any = None
    self: Any = None


class _Signal:
    __slots__ = ("kind", "value")

    def __init__(self, kind: str, value: Any = None) -> None:
        self.kind = kind
        self.value = value


class Machine:
    """A text being interpreted: its names, the layers it made and where each was written."""

    def __init__(self, source: Source, aliases: Mapping[str, str], *, functions: Mapping[str, Any] | None = None) -> None:
        self.source = source
        self.aliases = dict(aliases)
        self.names: dict[str, Any] = dict(functions or {})
        self.made: list[tuple[Any, ast.AST]] = []
        self.layers = 0
        self.notes: dict[str, None] = {}

    def __deepcopy__(self, memo: Any) -> Machine:
        return self

    def error(self, node: ast.AST, what: str, instead: str = "") -> GraphError:
        """The error at a syntax node of this text."""
        return self.source.error(node, what, instead)

    # --- statements
    def step(self, node: ast.AST) -> None:
        """Count one step; raises where a text takes too many."""
        STANDING.steps += 1
        if STANDING.steps > STEP_LIMIT:
            raise self.error(node, f"this takes more than {STEP_LIMIT:,} steps.", "Use fewer repeats.")

    def run(self, statements: Sequence[ast.stmt], frame: Frame) -> _Signal | None:
        """Run statements in order; the signal of a ``return``, ``break`` or ``continue`` among them, else None."""
        for statement in statements:
            self.step(statement)
            STANDING.line = (statement.lineno, self.source.rows[statement.lineno - 1].strip())
            signal = self._statement(statement, frame)
            if signal is not None:
                return signal
        return None

    def _statement(self, node: ast.stmt, frame: Frame) -> _Signal | None:
        match node:
            case ast.Expr(value=value):
                if not isinstance(value, ast.Constant):
                    self.value(value, frame)
            case ast.Assign(targets=targets, value=value):
                result = self.value(value, frame)
                for target in targets:
                    self.assign(target, result, frame)
            case ast.AnnAssign(target=target, value=annotated):
                if annotated is not None:
                    self.assign(target, self.value(annotated, frame), frame)
            case ast.AugAssign():
                self._augmented(node, frame)
            case ast.Return(value=returned):
                return _Signal("return", None if returned is None else self.value(returned, frame))
            case ast.If(test=test, body=body, orelse=orelse):
                return self.run(body if self.truth(test, frame) else orelse, frame)
            case ast.For():
                return self._loop(node, frame)
            case ast.With():
                return self._with(node, frame)
            case ast.Assert(test=test):
                if not self.truth(test, frame):
                    raise self.error(node, f"this does not hold: `{self.source.segment(test)}`.")
            case ast.Raise():
                raise self.error(node, f"the text itself raises an error here: `{self.source.segment(node)}`.")
            case ast.Break():
                return _Signal("break")
            case ast.Continue():
                return _Signal("continue")
            case ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Delete():
                return None
            case _:
                raise self.error(node, f"`{self.source.segment(node)[:40]}` is not read here.")
        return None

    def _augmented(self, node: ast.AugAssign, frame: Frame) -> None:
        from graphcore.build import expressions

        old = self.value(_loaded(node.target), frame)
        new = expressions.in_place(self, node, type(node.op), old, self.value(node.value, frame))
        self.assign(node.target, new, frame)

    def _loop(self, node: ast.For, frame: Frame) -> _Signal | None:
        if node.orelse:
            raise self.error(node, "`for` with `else` is not read here.", "Leave `else` out.")
        for item in self.items(node.iter, frame):
            self.step(node)
            self.assign(node.target, item, frame)
            signal = self.run(node.body, frame)
            if signal is not None and signal.kind == "break":
                break
            if signal is not None and signal.kind == "return":
                return signal
        return None

    def _with(self, node: ast.With, frame: Frame) -> _Signal | None:
        import torch

        context = self.value(node.items[0].context_expr, frame)
        if len(node.items) != 1 or not isinstance(context, torch.no_grad | torch.enable_grad):
            raise self.error(node.items[0].context_expr, "`with` is read for `torch.no_grad()` alone.", "Leave it out.")
        with context:
            return self.run(node.body, frame)

    def assign(self, target: ast.expr, value: Any, frame: Frame) -> None:
        """Bind a value to a name, an attribute of ``self``, places of a tensor, or several of these."""
        from graphcore.build import members

        match target:
            case ast.Name(id=name):
                frame.names[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = self.sequence(target, value)
                if any(isinstance(part, ast.Starred) for part in parts) or len(values) != len(parts):
                    raise self.error(target, f"{len(values)} values do not fit {len(parts)} names.")
                for part, item in zip(parts, values, strict=True):
                    self.assign(part, item, frame)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if frame.self is not None:
                members.put(self, target, frame.self, name, value)
            case ast.Subscript(value=base, slice=index):
                members.put_item(self, target, self.value(base, frame), self.value(index, frame), value)
            case _:
                raise self.error(target, f"nothing can be assigned to `{self.source.segment(target)}` here.")

    # --- values
    def value(self, node: ast.expr, frame: Frame) -> Any:
        """The value of an expression."""
        from graphcore.build import expressions

        return expressions.value(self, node, frame)

    def truth(self, node: ast.expr, frame: Frame) -> bool:
        """The value of a condition."""
        value = self.value(node, frame)
        return bool(self.guarded(node, bool, value))

    def items(self, node: ast.expr, frame: Frame) -> list[Any]:
        """What a loop goes over, at most as many as there are steps."""
        return self.sequence(node, self.value(node, frame))

    def sequence(self, node: ast.AST, value: Any) -> list[Any]:
        """A value as a list of its items."""
        if hasattr(value, "__len__") and len(value) > STEP_LIMIT:
            raise self.error(node, f"this goes over {len(value):,} items.", f"At most {STEP_LIMIT:,} are read.")
        if not hasattr(value, "__iter__"):
            raise self.error(node, f"`{self.source.segment(node)}` cannot be gone over item by item.")
        return list(self.guarded(node, list, value))

    def guarded(self, node: ast.AST, function: Any, *args: Any, **keywords: Any) -> Any:
        """Call into torch or Python; what they refuse is told at the user's line."""
        try:
            return function(*args, **keywords)
        except ChainruleError as error:
            from graphcore.build.drawing import PARAMETER_LIMIT, TooLargeError

            if isinstance(error, TooLargeError):
                what = f"this network has more than {PARAMETER_LIMIT:,} parameters ({error} up to here)."
                raise self.error(node, what, "Write smaller layers.") from None
            raise
        except Exception as error:
            message = first_line(error).rstrip(".")
            raise self.error(node, f"`{self.source.segment(node)}` does not work here: {message}.") from error

    # --- functions of the text
    def call(
        self, function: UserFunction, args: Sequence[Any], keywords: Mapping[str, Any], at: ast.AST, instance: Any = None
    ) -> Any:
        """Call a function or method of the text."""
        from graphcore.build.binding import bind

        node = function.node
        if STANDING.depth == 0:
            STANDING.steps = 0
        if STANDING.depth >= CALL_LIMIT:
            raise self.error(at, f"calls are nested more than {CALL_LIMIT} deep here.", "A network that calls itself has no end.")
        bound = bind(self, function, ([instance] if instance is not None else []) + list(args), keywords, at)
        before, STANDING.depth = STANDING.line, STANDING.depth + 1
        try:
            signal = self.run(node.body, Frame(bound, function.owner, instance))
        finally:
            STANDING.depth -= 1
            STANDING.line = before
        return None if signal is None else signal.value


def _loaded(target: ast.expr) -> ast.expr:
    """The target of ``x += 1`` as an expression that is read."""
    match target:
        case ast.Name(id=name):
            made: ast.expr = ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attr):
            made = ast.Attribute(value, attr, ast.Load())
        case ast.Subscript(value=value, slice=index):
            made = ast.Subscript(value, index, ast.Load())
        case _:
            return target
    return ast.copy_location(made, target)
