"""Nodes for what a program says: what is known of it so far, the limits, and where an error stands."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from graphcore import ops
from graphcore.errors import GraphError, UnknownNameError
from graphcore.graph import Builder, Handle
from graphcore.ops.namespaces import Shape
from graphcore.parse import composites
from graphcore.parse.constants import ELEMENT_LIMIT, TOTAL_LIMIT, Constant, ConstantError, Random, check_size
from graphcore.parse.constructors import AXIS_LIMIT
from graphcore.parse.pointing import error_at, node_error
from graphcore.parse.reader import Line, Program

NODE_LIMIT = 5_000
BACKWARD_LIMIT = 5 * TOTAL_LIMIT
LABEL_LIMIT = 200

Operand = Handle | Constant


class Maker:
    """What a program has so far: its names, its leaves, and the builder that its nodes go to."""

    def __init__(self, program: Program, builder: Builder, assigned: Mapping[str, int]) -> None:
        self.program = program
        self.builder = builder
        self.assigned = assigned  # every name the program assigns, with the line where it first does
        self.names: dict[str, Operand] = {}
        self.leaves: dict[int, Constant] = {}  # what each leaf was read from
        self.modules: dict[str, tuple[str, list[ast.keyword]]] = {}  # criterion = nn.MSELoss()
        self.static_leaves: set[int] = set()  # leaves whose number is an axis, a shape or a subscript somewhere
        self.line: Line = Line(1, 0, "")
        self.top: ast.expr | None = None  # the expression that gets `target` as its name
        self.target: str | None = None
        self.root: ast.expr | None = None  # the whole right side
        self.template: composites.Template | None = None  # inside a composite: its operands and its call
        self._depth = 0
        self._elements = 0
        self._handed_on = 0

    @cached_property
    def random(self) -> Random:
        """Where random leaves come from."""
        return Random()

    # ---- nodes

    def apply(self, op: str, operands: Any, node: ast.expr, statics: Mapping[str, Any]) -> Operand:
        """One op on operands: a node, or a constant where all operands are."""
        builder = self.builder
        if len(builder) >= NODE_LIMIT:
            raise self.error(node, f"the program has more than {NODE_LIMIT:,} nodes.", "Use ops on whole arrays.")
        constants = [operand for operand in operands if type(operand) is Constant]
        passed = operands
        if constants:
            for constant in constants:
                if constant.random:
                    raise self.error(
                        constant.node,
                        "random numbers need a name.",
                        "Draw them on a line of their own, as in `noise = randn(3)`.",
                    )
            if len(constants) == len(operands):
                return composites.fold(self, op, operands, node, statics)
            passed = [builder.literal(k.value, self.text(k)) if type(k) is Constant else k for k in operands]
        top = node is self.top and self.target is not None
        try:
            handle = builder.apply(op, *passed, name=self.target if top else None, **statics)
        except GraphError as problem:
            # the builder writes the application out; the user's own text says it better
            _, fits, why = problem.what.partition(" does not fit. ")
            raise self.error(
                node, f"{self.source_of(node)} does not fit. {why}" if fits else problem.what, problem.instead
            ) from None
        except UnknownNameError as problem:
            raise self.error(node, str(problem)) from None
        except composites.BAD_SETTINGS:
            raise composites.settings_error(self, op, node, statics) from None
        shape = builder.shape(handle)
        if shape:
            self.count(node, shape)
        self._count_backward(node, op, [builder.shape(k) for k in passed if type(k) is Handle], shape)
        template = self.template
        builder.spans[handle] = self.line.span(node) if template is None else template.span
        if not top:
            text = self.line.segment(node) if template is None else template.label(node)
            builder.labels[handle] = text if len(text) <= LABEL_LIMIT else text[: LABEL_LIMIT - 1] + "…"
        return handle

    def count(self, node: ast.expr, shape: Shape) -> None:
        """Refuse what would need too much memory, before anything is computed."""
        if len(shape) > AXIS_LIMIT:
            raise self.error(node, f"this has {len(shape)} axes.", f"At most {AXIS_LIMIT} are computed.")
        try:
            count = math.prod(shape)
        except TypeError:  # a shape of tuples: the check says it
            count = -1
        if not 0 <= count <= ELEMENT_LIMIT:
            self.checked(node, check_size, shape)
        self._elements += count
        if self._elements > TOTAL_LIMIT:
            raise self.error(
                node, f"up to here the program has {self._elements:,} entries in all.", f"At most {TOTAL_LIMIT:,} are computed."
            )

    def _count_backward(self, node: ast.expr, op: str, operands: list[Shape], shape: Shape) -> None:
        """The same for the backward pass: every edge keeps what it hands on, which has its operand's shape."""
        for operand in operands:
            if operand:
                self._handed_on += math.prod(operand)
        if self._handed_on > BACKWARD_LIMIT:
            raise self.error(
                node,
                f"up to here the backward pass hands on {self._handed_on:,} numbers.",
                f"At most {BACKWARD_LIMIT:,} are kept; use a large array fewer times.",
            )
        if len(shape) > 2 and ops.ALIASES.get(op, op) == "matmul":
            # a matrix beside many: before its gradients are summed there is one for each of them
            for operand in operands:
                self.checked(node, check_size, (*shape[:-2], *operand[-2:]))

    def shape(self, operand: Operand) -> Shape:
        """The shape of a node or a constant."""
        return operand.shape if isinstance(operand, Constant) else self.builder.shape(operand)

    def text(self, constant: Constant) -> str:
        """The source text of a constant."""
        return self.source_of(constant.node)

    def source_of(self, node: ast.expr) -> str:
        """The text of a syntax node; inside a composite with the operands' own texts in it."""
        return self.line.segment(node) if self.template is None else self.template.label(node)

    # ---- errors

    def checked(self, node: ast.expr, function: Any, *values: Any) -> Any:
        """``function(*values)``, its problem told at ``node``."""
        try:
            return function(*values)
        except ConstantError as problem:
            raise self.error(node, problem.what, problem.instead) from None

    def error(self, node: ast.AST, what: str, instead: str = "", mend: tuple[str, ast.AST, str] | None = None) -> GraphError:
        """The error at a syntax node; ``mend`` is (what the button writes, which node, what goes there)."""
        if self.template is not None:
            return error_at(self.program, self.template.span, what, instead)
        return node_error(self.program, self.line, node, what, instead, mend)
