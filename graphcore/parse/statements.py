"""Logical lines into statements: assignments, bare expressions, and what is skipped between them."""

from __future__ import annotations

import ast
import json
import keyword
import re
from typing import NamedTuple

from graphcore.parse import calls, mend, refusals
from graphcore.parse.constants import Constant, ConstantError, nested
from graphcore.parse.pointing import node_error
from graphcore.parse.reader import Line, Program

NAME_LIMIT = 40

_KEYWORDS = frozenset(keyword.kwlist)
_NUMBER = r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_PLAIN = re.compile(rf"([A-Za-z_]\w*)[ \t]*=[ \t]*({_NUMBER})[ \t]*(?:;[ \t]*)?(?:#.*)?", re.ASCII)
_WHOLE = r"(?:0|[1-9]\d{0,8})"
_DRAW = rf"(?P<kind>randn?)\((?P<shape>{_WHOLE}(?: *, *{_WHOLE}){{0,4}})(?:, *seed=(?P<seed>{_WHOLE}))?,?\)"
_PLAIN_RANDOM = re.compile(
    rf"([A-Za-z_]\w*)[ \t]*=[ \t]*((?P<const>const\()?{_DRAW}(?(const)\))(?: ?\* ?(?P<scale>{_NUMBER}))?)[ \t]*", re.ASCII
)
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
# what a notebook line shows without a call
_SHOWN = frozenset({"grad", "shape", "dtype", "requires_grad", "grad_fn", "is_leaf", "size", "ndim"})
_MODULE_ONLY = frozenset({"seed", "manual_seed", "set_printoptions", "set_default_dtype", "set_grad_enabled"})


class Drawn(NamedTuple):
    """``const(randn(3, 2, seed=1)) * 0.5``, read without a syntax tree."""

    kind: str
    shape: tuple[int, ...]
    seed: int | None
    scale: str | None
    wants: bool | None


class Statement(NamedTuple):
    """One assignment (or bare expression: no targets) of one line."""

    line: Line
    targets: tuple[str, ...]
    value: ast.expr
    operator: ast.operator | None = None
    constant: Constant | None = None  # a plain number or list, read without a syntax tree
    drawn: Drawn | None = None


class Statements:
    """What a program says, before any node is made.

    ``assigned`` maps every name to the line where it is first assigned; ``modules`` the names of ``nn.MSELoss()``
    and its like to the op meant and its settings.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: list[Statement] = []
        self.assigned: dict[str, int] = {}
        self.modules: dict[str, tuple[str, list[ast.keyword]]] = {}
        for line in program.lines:
            self._read(line)

    def _read(self, line: Line) -> None:
        text = line.text
        plain = _PLAIN.fullmatch(text)
        if plain is not None and plain.group(1) not in _KEYWORDS:
            name, start = plain.group(1), plain.start(2)
            node = _positioned(1, start, plain.end(2))
            self._assign(name, line, node)
            constant = Constant(float(plain.group(2)), node, node)
            self.found.append(Statement(line, (name,), node, None, constant))
            return
        plain = _PLAIN_LIST.fullmatch(text) if "[" in text else None
        if plain is not None and plain.group(1) not in _KEYWORDS:
            found = _fast_list(text, plain)
            if found is not None:
                self._assign(plain.group(1), line, found.node)
                self.found.append(Statement(line, (plain.group(1),), found.node, None, found))
                return
        drawn = _PLAIN_RANDOM.fullmatch(text) if "rand" in text else None
        if drawn is not None and drawn.group(1) not in _KEYWORDS:
            node = _positioned(1, drawn.start(2), drawn.end(2))
            self._assign(drawn.group(1), line, node)
            self.found.append(Statement(line, (drawn.group(1),), node, None, None, _drawn(drawn)))
            return
        for statement in mend.syntax(self.program, line).body:
            self._statement(statement, line)

    def _assign(self, name: str, line: Line, node: ast.expr) -> None:
        if len(name) > NAME_LIMIT:
            node = _positioned(1, 0, len(name)) if type(node) is ast.Constant else node
            what = f"the name `{name[:20]}...` has {len(name)} characters."
            raise node_error(self.program, line, node, what, f"At most {NAME_LIMIT} are allowed.")
        if name.startswith("__"):
            raise node_error(
                self.program, line, node, "names with two underscores are not part of this language.", "Give it a plain name."
            )
        self.assigned.setdefault(name, line.number)

    def _statement(self, node: ast.stmt, line: Line) -> None:
        kind = type(node)
        skipped = self.program.skipped
        if kind is ast.Assign:
            return self._assignment(node, line)  # type: ignore[arg-type]
        if kind is ast.AugAssign:
            name = self._target(node.target, line)  # type: ignore[attr-defined]
            self.found.append(Statement(line, (name,), node.value, node.op))  # type: ignore[attr-defined]
        elif kind is ast.AnnAssign:
            if node.value is None:  # type: ignore[attr-defined]
                if isinstance(node.annotation, ast.Constant | ast.BinOp | ast.Call | ast.UnaryOp):  # type: ignore[attr-defined]
                    mend.refuse_colon(self.program, line, node)  # type: ignore[arg-type]
                skipped["annotation"] += 1
                return None
            name = self._target(node.target, line)  # type: ignore[attr-defined]
            self.found.append(Statement(line, (name,), node.value))  # type: ignore[attr-defined]
        elif kind is ast.Expr:
            self._bare(node, line)  # type: ignore[arg-type]
        elif kind is ast.Import or kind is ast.ImportFrom:
            skipped["import"] += 1
        elif kind is ast.Assert:
            skipped["assert"] += 1
        else:
            told = refusals.sentence(node) or ("this statement is not part of this language.", "Write assignments.")
            raise node_error(self.program, line, node, *told)
        return None

    def _assignment(self, node: ast.Assign, line: Line) -> None:
        target = node.targets[0]
        if len(node.targets) > 1:
            raise node_error(self.program, line, node, "one line assigns one name.", "Write a line for each name.")
        if type(target) is ast.Tuple or type(target) is ast.List:
            node.value = _shape_entries(node.value, len(target.elts))
            names = tuple(self._target(element, line) for element in target.elts)
            if type(node.value) not in (ast.Tuple, ast.List) or len(node.value.elts) != len(names):  # type: ignore[attr-defined]
                what = f"{len(names)} names want {len(names)} values, written one by one."
                raise node_error(self.program, line, node, what, "Write a line for each name.")
            self.found.append(Statement(line, names, node.value if len(names) > 1 else node.value.elts[0]))  # type: ignore[attr-defined]
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
        self.found.append(Statement(line, (self._target(target, line),), node.value))

    def _target(self, target: ast.expr, line: Line) -> str:
        if type(target) is ast.Name:
            self._assign(target.id, line, target)
            return target.id
        if type(target) is ast.Subscript:
            what = "an assignment to a part of an array is not part of this language."
            raise node_error(self.program, line, target, what, "Build the whole array.")
        raise node_error(
            self.program, line, target, f"`{line.segment(target)[:40]}` is not a name.", "On the left of `=` stands one name."
        )

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
        if type(value) is ast.Attribute and value.attr in _SHOWN:
            self.program.skipped["print"] += 1
            return
        mend.refuse_comparison(self.program, line, value, self.assigned)
        self.found.append(Statement(line, (), value))


def _drawn(found: re.Match[str]) -> Drawn:
    kind, seed, shape = found["kind"], found["seed"], found["shape"]
    wants = False if found["const"] else None
    return Drawn(kind, tuple([int(n) for n in shape.split(",")]), int(seed) if seed else None, found["scale"], wants)


def _shape_entries(value: ast.expr, count: int) -> ast.expr:
    """``N, D = x.shape`` as ``x.shape[0], x.shape[1]``; any other value as it is."""
    asked = value.func if type(value) is ast.Call and not value.args and not value.keywords else value
    if type(asked) is not ast.Attribute or asked.attr != ("shape" if asked is value else "size"):
        return value
    parts = [ast.copy_location(ast.Subscript(value, ast.Constant(k), ast.Load()), value) for k in range(count)]
    return ast.fix_missing_locations(ast.copy_location(ast.Tuple(list(parts), ast.Load()), value))


def _positioned(row: int, start: int, end: int) -> ast.expr:
    """A stand-in for a literal's syntax node, for its position."""
    return ast.Constant(0.0, lineno=row, col_offset=start, end_lineno=row, end_col_offset=end)


def _fast_list(text: str, found: re.Match[str]) -> Constant | None:
    """A nested list of plain numbers, read at the speed of C; None where its form is not JSON's too."""
    literal = found.group(2)
    try:
        value = nested(json.loads(literal, parse_int=float))
    except (ValueError, RecursionError, ConstantError):
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
