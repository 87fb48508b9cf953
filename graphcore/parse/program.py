"""Statements: assignments into named nodes, and what is skipped between them."""

from __future__ import annotations

import ast
import json
import keyword
import math
import re
from dataclasses import replace
from typing import NamedTuple

from graphcore import ops
from graphcore.errors import GraphError
from graphcore.graph import Builder, Graph, Handle, Source
from graphcore.parse import calls, mend, refusals
from graphcore.parse.constants import Constant, ValueProblem, as_value, check_size, nested
from graphcore.parse.expressions import NODE_LIMIT, Operand, Translator
from graphcore.parse.reader import Line, Program, read
from graphcore.parse.rewriting import EntrySpans

NAME_LIMIT = 40

_NUMBER = r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_PLAIN = re.compile(rf"([A-Za-z_]\w*)[ \t]*=[ \t]*({_NUMBER})[ \t]*(?:;[ \t]*)?(?:#.*)?", re.ASCII)
_PLAIN_LIST = re.compile(r"([A-Za-z_]\w*)\s*=\s*(\[[\[\]\d\s.,eE+\-]*\])\s*", re.ASCII)

# statements that change nothing here: the last part of the call's name -> what the line is counted as
_QUIET_CALLS = {
    "backward": "backward",
    "zero_grad": "zero_grad",
    "zero_": "zero_grad",
    "retain_grad": "retain_grad",
    "requires_grad_": "requires_grad",
    "step": "optimizer step",
    "manual_seed": "seed",
    "seed": "seed",
    "set_printoptions": "setting",
    "set_default_dtype": "setting",
    "set_grad_enabled": "setting",
    "use": "setting",
    "print": "print",
    "display": "print",
    "pprint": "print",
    "item": "print",
    "tolist": "print",
    "numpy": "print",
}
_MODULE_ONLY = frozenset({"seed", "manual_seed", "set_printoptions", "set_default_dtype", "set_grad_enabled"})


class Statement(NamedTuple):
    """One assignment (or bare expression: no targets) of one line."""

    line: Line
    targets: tuple[str, ...]
    value: ast.expr | None
    operator: ast.operator | None = None
    constant: Constant | None = None  # a plain number or list, read without a syntax tree


def parse(text: str) -> Graph:
    """A program's graph.

    Every assigned name is a node, leaves for literals; inner expressions are ``v1, v2, ...`` with their source text as
    label. Raises :class:`GraphError` with line, column and, where it can be told, the mended program.

    >>> graph = parse("x = 3; w = 2; f = sin(x * w) ** 2")
    >>> [node.name for node in graph.nodes]
    ['x', 'w', 'v1', 'v2', 'f']
    """
    if not isinstance(text, str):
        raise GraphError(f"a program is a text, not {type(text).__name__}.")
    program = read(text)
    try:
        return _Assembly(program).run()
    except RecursionError:
        raise GraphError("an expression is nested too deep.", instead="Give inner parts names of their own.") from None


class _Assembly:
    """Builds one program: first every line is read, then, with all assigned names known, the nodes are made."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.statements: list[Statement] = []
        self.assigned: dict[str, int] = {}
        self.modules: dict[str, tuple[str, list[ast.keyword]]] = {}

    def run(self) -> Graph:
        for line in self.program.lines:
            self._read(line)
        if not self.statements:
            raise GraphError("there is nothing here yet.", instead="Write an assignment such as `x = 2`.")
        builder = Builder(frozenset(self.assigned))
        translator = Translator(self.program, builder, self.assigned)
        translator.modules = {name: made for name, made in self.modules.items() if name not in self.assigned}
        self.builder, self.translator = builder, translator
        self.entries: dict[int, tuple[Line, ast.expr]] = {}
        self.used: set[str] = set()
        output: Operand | None = None
        for statement in self.statements:
            output = self._build(statement)
        assert type(output) is Handle
        source = Source(self.program.text, dict(self.program.skipped), EntrySpans(self.entries, builder))
        return self._settled(builder.graph(output, source=source))

    def _settled(self, graph: Graph) -> Graph:
        """A leaf that is only read as indices, classes, a mask or a setting wants no gradient: none could reach it."""
        leaves = self.translator.leaves
        candidates = set(self.translator.static_leaves)
        for op, arguments in zip(graph.ops, graph.arguments, strict=True):
            if op in _UNRULED:
                candidates.update(k for slot, k in enumerate(arguments) if op.rule(slot) is None)  # type: ignore[union-attr]
        candidates = {k for k in candidates if k in leaves and leaves[k].wants is None}
        if not candidates:
            return graph
        for op, arguments in zip(graph.ops, graph.arguments, strict=True):
            if op is not None and not candidates.isdisjoint(arguments):
                candidates -= {k for slot, k in enumerate(arguments) if op not in _UNRULED or op.rule(slot) is not None}
        return replace(graph, constants=graph.constants | candidates)

    # ---- reading

    def _read(self, line: Line) -> None:
        text = line.text
        plain = _PLAIN.fullmatch(text)
        if plain is not None and plain.group(1) not in _KEYWORDS:
            name, start = plain.group(1), plain.start(2)
            node = _positioned(1, start, plain.end(2))
            self._assign(name, line, node)
            constant = Constant(float(plain.group(2)), node, node)
            self.statements.append(Statement(line, (name,), node, None, constant))
            return
        plain = _PLAIN_LIST.fullmatch(text)
        if plain is not None and plain.group(1) not in _KEYWORDS:
            found = _fast_list(text, plain)
            if found is not None:
                self._assign(plain.group(1), line, found.node)
                self.statements.append(Statement(line, (plain.group(1),), found.node, None, found))
                return
        for node in mend.syntax(self.program, line).body:
            self._statement(node, line)

    def _assign(self, name: str, line: Line, node: ast.expr) -> None:
        if len(name) > NAME_LIMIT:
            node = _positioned(1, 0, len(name)) if type(node) is ast.Constant else node
            self._refuse(
                node, line, f"the name `{name[:20]}...` has {len(name)} characters.", f"At most {NAME_LIMIT} are allowed."
            )
        if name.startswith("__"):
            self._refuse(node, line, "names with two underscores are not part of this language.", "Give it a plain name.")
        self.assigned.setdefault(name, line.number)

    def _refuse(self, node: ast.AST, line: Line, what: str, instead: str = "") -> None:
        Translator(self.program, Builder(), {}).refuse_at(line, node, what, instead)

    def _statement(self, node: ast.stmt, line: Line) -> None:
        kind = type(node)
        skipped = self.program.skipped
        if kind is ast.Assign:
            return self._assignment(node, line)  # type: ignore[arg-type]
        if kind is ast.AugAssign:
            name = self._target(node.target, line)  # type: ignore[attr-defined]
            self.statements.append(Statement(line, (name,), node.value, node.op))  # type: ignore[attr-defined]
        elif kind is ast.AnnAssign:
            if node.value is None:  # type: ignore[attr-defined]
                if isinstance(node.annotation, ast.Constant | ast.BinOp | ast.Call | ast.UnaryOp):  # type: ignore[attr-defined]
                    mend.refuse_colon(self.program, line, node)  # type: ignore[arg-type]
                skipped["annotation"] += 1
                return None
            name = self._target(node.target, line)  # type: ignore[attr-defined]
            self.statements.append(Statement(line, (name,), node.value))  # type: ignore[attr-defined]
        elif kind is ast.Expr:
            self._bare(node, line)  # type: ignore[arg-type]
        elif kind is ast.Import or kind is ast.ImportFrom:
            skipped["import"] += 1
        elif kind is ast.Assert:
            skipped["assert"] += 1
        else:
            told = refusals.sentence(node) or ("this statement is not part of this language.", "Write assignments.")
            self._refuse(node, line, *told)
        return None

    def _assignment(self, node: ast.Assign, line: Line) -> None:
        target = node.targets[0]
        if len(node.targets) > 1:
            self._refuse(node, line, "one line assigns one name.", "Write a line for each name.")
        if type(target) is ast.Tuple or type(target) is ast.List:
            names = tuple(self._target(element, line) for element in target.elts)
            if type(node.value) not in (ast.Tuple, ast.List) or len(node.value.elts) != len(names):  # type: ignore[attr-defined]
                self._refuse(
                    node, line, f"{len(names)} names want {len(names)} values, written one by one.", "Write a line for each name."
                )
            self.statements.append(Statement(line, names, node.value))
            return
        if type(target) is ast.Attribute and target.attr in ("requires_grad", "grad", "data"):
            self.program.skipped["requires_grad"] += 1
            return
        module = calls.module(node.value)
        if module is not None and type(target) is ast.Name:
            self.modules[target.id] = module
            return
        if mend.is_generator(node.value):
            self.program.skipped["seed"] += 1
            return
        self.statements.append(Statement(line, (self._target(target, line),), node.value))

    def _target(self, target: ast.expr, line: Line) -> str:
        if type(target) is ast.Name:
            self._assign(target.id, line, target)
            return target.id
        if type(target) is ast.Subscript:
            self._refuse(
                target, line, "an assignment to a part of an array is not part of this language.", "Build the whole array."
            )
        self._refuse(target, line, f"`{line.segment(target)[:40]}` is not a name.", "On the left of `=` stands one name.")
        raise AssertionError("unreachable")

    def _bare(self, node: ast.Expr, line: Line) -> None:
        """A line that is only an expression: what prints or sets is skipped, anything else is a node."""
        value = node.value
        if type(value) is ast.Constant and type(value.value) in (str, bytes):
            self.program.skipped["docstring"] += 1
            return
        if type(value) is ast.Constant and value.value is Ellipsis:
            self.program.skipped["notebook mark"] += 1
            return
        if type(value) is ast.Call:
            function = value.func
            name = function.attr if type(function) is ast.Attribute else function.id if type(function) is ast.Name else ""
            counted = _QUIET_CALLS.get(name)
            if counted is not None and (type(function) is ast.Attribute or counted == "print" or name in _MODULE_ONLY):
                self.program.skipped[counted] += 1
                return
        if type(value) is ast.Attribute and value.attr in (
            "grad",
            "shape",
            "dtype",
            "requires_grad",
            "grad_fn",
            "is_leaf",
            "size",
            "ndim",
        ):
            self.program.skipped["print"] += 1
            return
        mend.refuse_comparison(self.program, line, value, self.assigned)
        self.statements.append(Statement(line, (), value))

    # ---- building

    def _build(self, statement: Statement) -> Operand:
        if len(self.builder) >= NODE_LIMIT and statement.value is not None:
            self._refuse(
                statement.value, statement.line, f"the program has more than {NODE_LIMIT:,} nodes.", "Use ops on whole arrays."
            )
        line, value = statement.line, statement.value
        assert value is not None
        if len(statement.targets) > 1:
            made = [self._one(line, name, element) for name, element in zip(statement.targets, value.elts, strict=True)]  # type: ignore[attr-defined]
            for name, operand in zip(statement.targets, made, strict=True):
                self.translator.names[name] = operand
            return made[-1]
        if not statement.targets:
            return self._one(line, None, value)
        name = statement.targets[0]
        if statement.operator is not None:
            value = _augmented(name, statement.operator, value)
        operand = self._leaf(line, name, statement.constant) if statement.constant is not None else self._one(line, name, value)
        self.translator.names[name] = operand
        return operand

    def _one(self, line: Line, name: str | None, value: ast.expr) -> Operand:
        tr = self.translator
        before = len(self.builder)
        unique = None if name is None else self._unique(name)
        operand = tr.statement(value, line, unique)
        if type(operand) is Constant:
            return self._leaf(line, name, Constant(operand.value, value, operand.entries, operand.wants, operand.random), unique)
        if unique is not None and operand >= before and operand in self.builder.labels:  # type: ignore[operator]
            self.builder.rename(operand, unique)  # type: ignore[arg-type]
            del self.builder.labels[operand]  # type: ignore[arg-type]
        elif unique is not None and operand < before:  # type: ignore[operator]
            self.used.discard(unique)
        return operand

    def _leaf(self, line: Line, name: str | None, constant: Constant, unique: str | None = None) -> Handle:
        tr, builder = self.translator, self.builder
        tr.line = line
        if type(constant.value) is not float:
            tr.count(constant.node, constant.shape)
        if name is not None:
            unique = unique or self._unique(name)
        handle = builder.leaf(unique or self._free(), constant.value, wants_gradient=constant.wants is not False)
        builder.spans[handle] = line.span(constant.node)
        tr.leaves[handle] = constant
        if constant.entries is not None:
            self.entries[int(handle)] = (line, constant.entries)
        return handle

    def _free(self) -> str:
        k = 1
        while f"v{k}" in self.assigned or f"v{k}" in self.used:
            k += 1
        return self._unique(f"v{k}")

    def _unique(self, name: str) -> str:
        """The name itself, or the first of ``x_2, x_3, ...`` that the program assigns nowhere."""
        if name not in self.used:
            self.used.add(name)
            return name
        k = 2
        while f"{name}_{k}" in self.used or f"{name}_{k}" in self.assigned:
            k += 1
        self.used.add(f"{name}_{k}")
        return f"{name}_{k}"


_KEYWORDS = frozenset(keyword.kwlist)
# the rows that have an operand no gradient flows to; what is detached is still a leaf of the user's
_UNRULED = frozenset(
    row for row in ops.REGISTRY.values() if row.name != "detach" and any(row.rule(k) is None for k in range(len(row.operands)))
)


def _positioned(row: int, start: int, end: int) -> ast.expr:
    """A stand-in for a literal's syntax node, for its position."""
    return ast.Constant(0.0, lineno=row, col_offset=start, end_lineno=row, end_col_offset=end)


def _fast_list(text: str, found: re.Match[str]) -> Constant | None:
    """A nested list of plain numbers, read at the speed of C; None where its form is not JSON's too."""
    literal = found.group(2)
    try:
        value = nested(json.loads(literal, parse_int=float))
    except (ValueError, RecursionError, ValueProblem):
        return None
    before = text[: found.start(2)]
    last = text[: found.end(2)]
    node = ast.Constant(
        0.0,
        lineno=1 + before.count("\n"),
        col_offset=len(before) - (before.rfind("\n") + 1),
        end_lineno=1 + last.count("\n"),
        end_col_offset=len(last) - (last.rfind("\n") + 1),
    )
    return Constant(value, node, node)


def _augmented(name: str, operator: ast.operator, value: ast.expr) -> ast.expr:
    """``s += x`` as ``s + x``, standing where the line stands."""
    left = ast.copy_location(ast.Name(name, ast.Load()), value)
    return ast.copy_location(ast.BinOp(left, operator, value), value)
