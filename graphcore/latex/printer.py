"""One visitor over formula trees, three ways of writing them.

``text`` is plain Unicode, ``latex`` LaTeX for KaTeX and pdflatex, ``math`` nested lists that become MathML. What a
construct looks like stands in one row of :data:`FORMS`, with how tightly it binds; brackets follow from the rows.

What is printed still has holes: a :class:`Ref` stands where an operand's name goes, so that one formula is printed
once and filled for every node that uses it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from graphcore.latex.atoms import Atoms
from graphcore.latex.forms import ATOM, FORMS, OPEN, POWER, PRODUCT, Dialect, Form, between
from graphcore.latex.functions import FUNCTIONS, NAMED_POWER
from graphcore.latex.pieces import Content, Printed, Ref, fill, word_math
from graphcore.latex.shapes import is_array, shape_known, shape_of
from graphcore.latex.trees import call_name, choice, value_of
from graphcore.ops.namespaces import Shape

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def print_tree(tree: ast.expr, dialect: Dialect, shapes: Mapping[str, Shape] | None = None, *, compact: bool = False) -> Content:
    """A formula in one dialect, with a :class:`Ref` for every name that is no function and no constant.

    ``shapes`` tells which names are arrays (their products are written ⊙); ``compact`` writes ``2s`` for ``2 · s``.
    """
    return Printer(dialect, shapes or {}, compact).print(tree).content


class Printer(Atoms):
    """The visitor: one method a kind of tree, the looks in :data:`FORMS` and :data:`FUNCTIONS`."""

    def _BinOp(self, tree: ast.BinOp) -> Printed:
        if isinstance(tree.op, ast.Pow):
            return self._power(tree)
        left, right = self.print(tree.left), self.print(tree.right)
        name = type(tree.op).__name__
        if name == "Mult":
            name = self._product(tree, left, right)
        return self._form(FORMS.get(name) or Form(PRODUCT, (PRODUCT, POWER), *between(name)), [left, right])

    def _product(self, tree: ast.BinOp, left: Printed, right: Printed) -> str:
        """Which sign, if any, stands between two factors."""
        if is_array(tree.left, self.shapes) and is_array(tree.right, self.shapes):
            return "entries"
        if not self.compact or right.minus:
            return "Mult"
        if value_of(tree.left) is not None:
            first = right.content if self.dialect == "math" else right.content[:1]
            lettered = isinstance(tree.right, ast.Name | ast.BinOp) and not _starts_with_digit(first)
            return "beside" if lettered and right.level >= POWER else "Mult" if _starts_with_digit(first) else "apart"
        return "apart" if right.level < POWER and not call_name(tree.right) else "Mult"

    def _power(self, tree: ast.BinOp) -> Printed:
        exponent = value_of(tree.right)
        name = call_name(tree.left)
        if self.dialect != "text" and name in NAMED_POWER and isinstance(tree.left, ast.Call):
            arguments = [self.group(self.print(argument)) for argument in tree.left.args]
            function = self._function_name(name)
            head = self._form(FORMS["Pow"], [function, self.print(tree.right)])
            return self._juxtaposed(head, arguments[0])
        base = self.print(tree.left)
        if self.dialect == "text" and isinstance(exponent, int):
            raised = Printed(ATOM, False, (str(exponent).translate(_SUPERSCRIPTS),))
            return self._form(FORMS["index"], [base, raised])
        return self._form(FORMS["Pow"], [base, self.print(tree.right)])

    def _juxtaposed(self, head: Printed, argument: Printed) -> Printed:
        if self.dialect == "math":
            return Printed(POWER, False, ["mrow", head.content, argument.content])
        return Printed(POWER, False, (*head.content, *argument.content))

    def _UnaryOp(self, tree: ast.UnaryOp) -> Printed:
        operand = self.print(tree.operand)
        name = type(tree.op).__name__
        return self._form(FORMS[name], [operand]) if name in FORMS else operand

    def _BoolOp(self, tree: ast.BoolOp) -> Printed:
        piece = self.print(tree.values[0])
        for value in tree.values[1:]:
            piece = self._form(FORMS[type(tree.op).__name__], [piece, self.print(value)])
        return piece

    def _Compare(self, tree: ast.Compare) -> Printed:
        piece = self.print(tree.left)
        for op, right in zip(tree.ops, tree.comparators, strict=True):
            piece = self._form(FORMS[type(op).__name__], [piece, self.print(right)])
        return piece

    def _Attribute(self, tree: ast.Attribute) -> Printed:
        if tree.attr in ("T", "mT"):
            return self._transpose(tree.value)
        return self.word(ast.unparse(tree))

    def _transpose(self, tree: ast.expr) -> Printed:
        shape = shape_of(tree, self.shapes)
        if shape is not None and len(shape) < 2 and shape_known(tree, self.shapes):
            return self.print(tree)
        if isinstance(tree, ast.Name) and self.dialect != "math":
            # one piece with its name, so that the shape under it is the transposed one
            turned = (*shape[:-2], shape[-1], shape[-2]) if shape and len(shape) > 1 else None
            return self._ref(Ref(tree.id, True, turned))._replace(level=POWER)
        return self._form(FORMS["transpose"], [self.print(tree)])

    def _Subscript(self, tree: ast.Subscript) -> Printed:
        return self._form(FORMS["entry"], [self.print(tree.value), self._listed(_elements(tree.slice))])

    def _Slice(self, tree: ast.Slice) -> Printed:
        ends = [ast.unparse(end) if end else "" for end in (tree.lower, tree.upper)]
        text = ":".join([*ends, *([ast.unparse(tree.step)] if tree.step else [])])
        return Printed(ATOM, False, ["mi", text] if self.dialect == "math" else (text,))

    def _Tuple(self, tree: ast.Tuple) -> Printed:
        inner = self._listed(tree.elts)
        if len(tree.elts) == 1:
            inner = self._glued([inner, self.word(",")])
        return Printed(ATOM, False, fill(FORMS["group"][2 + self.column], [inner.content], self.dialect))

    def _List(self, tree: ast.List) -> Printed:
        return self._form(FORMS["list"], [self._listed(tree.elts)])

    def _Starred(self, tree: ast.Starred) -> Printed:
        return self.print(tree.value)

    def _IfExp(self, tree: ast.IfExp) -> Printed:
        return self._cases(tree)

    def _cases(self, tree: ast.expr) -> Printed:
        """A choice; in LaTeX and MathML one line a case, choices in the last case included."""
        if self.dialect == "text":
            return self._form(FORMS["where"], [self.print(part) for part in choice(tree)])
        rows: list[tuple[Content, Content | None]] = []
        last = tree
        while parts := choice(last):
            rows.append((self.print(parts[1]).content, self.print(parts[0]).content))
            last = parts[2]
        rows.append((self.print(last).content, None))
        if self.dialect == "math":
            cells = [
                [
                    "mtr",
                    ["mtd", value],
                    ["mtd", ["mtext", "otherwise"] if test is None else ["mrow", ["mtext", "if\u00a0"], test]],
                ]
                for value, test in rows
            ]
            return Printed(PRODUCT, False, ["mrow", ["mo", "{"], ["mtable", *cells]])
        content: list[Any] = [r"\begin{cases} "]
        for value, test in rows:
            content += [*value, r" & \text{otherwise}"] if test is None else [*value, r" & \text{if } ", *test, r" \\ "]
        return Printed(PRODUCT, False, (*content, r" \end{cases}"))

    def _glued(self, pieces: Sequence[Printed]) -> Printed:
        if self.dialect == "math":
            return Printed(OPEN, False, ["mrow", *[piece.content for piece in pieces]])
        return Printed(OPEN, False, tuple(part for piece in pieces for part in piece.content))

    def _listed(self, trees: Sequence[ast.expr]) -> Printed:
        pieces: list[Printed] = []
        for k, tree in enumerate(trees):
            if k:
                pieces.append(Printed(ATOM, False, ["mo", ","] if self.dialect == "math" else (", ",)))
            pieces.append(self.print(tree))
        return self._glued(pieces)

    def _function_name(self, name: str) -> Printed:
        if self.dialect == "latex":
            named = rf"\{name}" if name in _LATEX_FUNCTIONS else rf"\operatorname{{{name}}}".replace("_", r"\_")
            return Printed(ATOM, False, (named,))
        return Printed(ATOM, False, word_math(name) if self.dialect == "math" else (name,))

    def _Call(self, tree: ast.Call) -> Printed:
        name = call_name(tree)
        if name == "where" and len(tree.args) == 3:
            return self._cases(tree)
        if name in ("T", "transpose") and len(tree.args) == 1 and not tree.keywords:
            return self._transpose(tree.args[0])
        row = FUNCTIONS.get(name)
        written = row.write(tree, self.dialect, self.shapes) if row else None
        if isinstance(written, ast.expr):
            return self.print(written)
        if written is not None:
            form, parts = written if isinstance(written[0], Form) else (written, tree.args)
            return self._form(form, [self.print(part) for part in parts])
        head = self._function_name(name) if name else self.print(tree.func)
        arguments = self._listed(tree.args)
        keywords: list[Printed] = []
        for keyword in tree.keywords:
            if tree.args or keywords:
                keywords.append(Printed(ATOM, False, ["mo", ","] if self.dialect == "math" else (", ",)))
            equals = ["mo", "="] if self.dialect == "math" else ("=",)
            keywords += [self.word(keyword.arg or ""), Printed(ATOM, False, equals), self.print(keyword.value)]
        return self._juxtaposed(head, self.group(self._glued([arguments, *keywords])))._replace(level=ATOM)


def _elements(tree: ast.expr) -> Sequence[ast.expr]:
    return tree.elts if isinstance(tree, ast.Tuple) else [tree]


def _starts_with_digit(content: Content) -> bool:
    while isinstance(content, list | tuple) and not isinstance(content, Ref):
        content = content[1] if content[0] in ("mrow", "msup", "msub", "mn", "mfrac") and len(content) > 1 else content[0]
    return isinstance(content, str) and content[:1].isdigit()


_LATEX_FUNCTIONS = NAMED_POWER | {"exp", "ln", "log", "max", "min"}
