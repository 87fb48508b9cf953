"""A run as programs a person would hand in: the backward pass in NumPy, and the torch program that checks it.

Both are written from the rows of the registry: the forward line is the row's ``numpy`` or ``torch`` text, the backward
line its derivative rule, each with the user's names.
"""

from __future__ import annotations

import ast
import inspect
import keyword
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.backprop import Trace, kernels
from graphcore.graph import Edge, Graph, Value
from graphcore.latex import head
from graphcore.latex.rules import summed_axes
from graphcore.latex.shapes import as_shape, constant, shape_of
from graphcore.latex.simplify import call_name, simplify, substitute
from graphcore.latex.terms import constant_tree
from graphcore.ops import Op
from graphcore.ops import functions as helpers
from graphcore.ops.namespaces import ARRAYS, Shape
from graphcore.ops.row import Formula

_WIDTH = 100
_RESERVED = frozenset({"np", "torch", "F", "print"}) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist)


def numpy_program(run: Trace) -> str:
    """The forward and the backward pass as NumPy, one line a step; it needs nothing but NumPy.

    The gradient of a node ``W2`` is called ``dW2``; nodes that no gradient reaches have none.

    >>> from graphcore.graph import Builder
    >>> from graphcore.backprop import trace
    >>> b = Builder(); s = b.leaf("s", 3.0); y = b.apply("pow", s, 2, name="y")
    >>> print(numpy_program(trace(b.graph())).split("# backward")[1].strip())
    dy = np.array(1.0)
    ds = 2 * dy * s  # y = s²
    """
    return _Numpy(run).program()


def torch_program(run: Trace) -> str:
    """The same program in torch, float64, with every leaf's gradient printed at the end."""
    return _Torch(run).program()


def variables(graph: Graph) -> list[str]:
    """A Python name for every node: its own where that is one, and none that hides another."""
    taken = set(_RESERVED) | set(helpers.FUNCTIONS) | {name for name in dir(np) if name in ARRAYS}
    names: list[str] = []
    for name in graph.names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = f"p{plain}" if plain[:1].isdigit() or not plain else plain
        while plain in taken:
            plain += "_"
        taken.add(plain)
        names.append(plain)
    return names


def gradient_variables(graph: Graph) -> list[str]:
    """What the gradient of every node is called: ``d`` and its name, or where that is taken ``grad_`` and its name."""
    names = variables(graph)
    taken = set(names)
    return [f"d{name}" if f"d{name}" not in taken else f"grad_{name}" for name in names]


def _number(value: float) -> str:
    if math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 and value != 0 else repr(float(value))
    return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"


def _nested(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_nested, value))}]"
    return repr(value) if math.isfinite(value) else _number(value)


def _array_text(value: Value, module: str = "np", more: str = "") -> str:
    """A value as source, every digit kept, one row a line where it is long."""
    array = np.asarray(value, dtype=np.float64)
    make = "array" if module == "np" else "tensor"
    if not array.size:
        return f"{module}.zeros({array.shape}{more})"
    flat = f"{module}.{make}({_nested(array.tolist())}{more})"
    if len(flat) <= _WIDTH:
        return flat
    rows = [_nested(row) for row in array.tolist()] if array.ndim > 1 else [_nested(array.tolist())[1:-1]]
    wrapped = [textwrap.fill(row, _WIDTH - 5, break_long_words=False, break_on_hyphens=False) for row in rows]
    body = "".join(textwrap.indent(row, "    ") + ",\n" for row in wrapped)
    return f"{module}.{make}([\n{body}]{more})"


class _Program:
    """What the two programs share: names, statics, and ops written with the user's names."""

    module = "np"

    def __init__(self, run: Trace) -> None:
        self.run = run
        self.graph = run.graph
        self.names = variables(run.graph)
        self.lines: list[str] = []

    def literal(self, argument: int, op: Op) -> ast.expr:
        """A literal operand as source."""
        raise NotImplementedError

    def operands(self, index: int) -> dict[str, ast.expr]:
        """The operand names of a node's op, as the variables that hold them."""
        op = self.graph.ops[index]
        assert op is not None
        trees: list[ast.expr] = [
            ast.Name(self.names[k]) if k >= 0 else self.literal(k, op) for k in self.graph.arguments[index]
        ]
        found: dict[str, ast.expr] = {}
        for k, name in enumerate(op.operands):
            if name.startswith("*"):
                found[name[1:]] = ast.Tuple(trees[k:])
            elif k < len(trees):
                found[name] = trees[k]
        return found

    def forward(self, index: int, formula: Formula) -> str:
        """The line that computes a node."""
        op = self.graph.ops[index]
        assert op is not None
        statics = dict(self.graph.statics[index])
        trees = {name: constant_tree(value) for name, value in statics.items()}
        tree = substitute(formula.given(statics).tree, {**trees, **self.operands(index)})
        return f"{self.names[index]} = {_source(tree)}"

    def seed(self, index: int) -> Value:
        """The gradient put in at an output."""
        return self.run.seeds[index]


def _source(tree: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(_Slices().visit(tree)))


class _Slices(ast.NodeTransformer):
    """Slices outside a subscript, as calls."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return ast.Subscript(self.visit(node.value), node.slice)

    def visit_Slice(self, node: ast.Slice) -> ast.expr:
        ends = [end or ast.Constant(None) for end in (node.lower, node.upper, node.step)]
        return ast.Call(ast.Name("slice"), ends, [])


class _Torch(_Program):
    def literal(self, argument: int, op: Op) -> ast.expr:
        value = self.graph.literals[-1 - argument].value
        if isinstance(value, float) and op.takes_numbers:
            return _parsed(_number(value).replace("np.", "torch."))
        return _parsed(self.tensor(value))

    def tensor(self, value: Value, more: str = "") -> str:
        return _array_text(value, "torch", f", dtype=torch.float64{more}").replace("np.", "torch.")

    def program(self) -> str:
        graph = self.graph
        for index in graph.leaf_values:
            wants = "" if index in graph.constants else ", requires_grad=True"
            self.lines.append(f"{self.names[index]} = {self.tensor(self.run.argument(index), wants)}")
        self.lines.append("")
        for index, op in enumerate(graph.ops):
            if op is not None:
                self.lines.append(self.forward(index, op.torch))
        self.lines += ["", *self.backward(), ""]
        for index in graph.leaf_values:
            if index not in graph.constants:
                name = self.names[index]
                self.lines.append(f'print("{name}.grad =", {name}.grad)')
        imports = ["import torch"]
        if any(re.search(r"\bF\.", line) for line in self.lines):
            imports.append("import torch.nn.functional as F")
        return "\n".join([*imports, "", *self.lines, ""])

    def backward(self) -> list[str]:
        seeds = self.run.seeds
        if len(seeds) == 1:
            index, seed = next(iter(seeds.items()))
            given = "" if isinstance(seed, float) and seed == 1.0 else self.tensor(seed)
            return [f"{self.names[index]}.backward({given})"]
        outputs = ", ".join(self.names[index] for index in seeds)
        gradients = ", ".join(self.tensor(seed) for seed in seeds.values())
        return [f"torch.autograd.backward([{outputs}], [{gradients}])"]


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class _Numpy(_Program):
    def __init__(self, run: Trace) -> None:
        super().__init__(run)
        self.gradients = gradient_variables(run.graph)
        self.used: dict[str, Callable[..., Any]] = {}

    def literal(self, argument: int, op: Op) -> ast.expr:
        value = self.graph.literals[-1 - argument].value
        return _parsed(_number(value) if isinstance(value, float) else _array_text(value))

    def program(self) -> str:
        graph = self.graph
        self.lines.append("# values")
        for index in graph.leaf_values:
            self.lines.append(f"{self.names[index]} = {_array_text(self.run.argument(index))}")
        self.lines += ["", "# forward"]
        for index, op in enumerate(graph.ops):
            if op is not None:
                self.lines.append(self.forward(index, op.numpy))
        self.lines += ["", "# backward"]
        self.backward()
        defined = _definitions(self.used)
        math_used = any("math." in line for line in [*defined, *self.lines])
        return "\n".join([*(["import math"] if math_used else []), "import numpy as np", "", *defined, *self.lines, ""])

    def backward(self) -> None:
        graph = self.graph
        arrivals: dict[int, int] = {}
        edges = [(k, edge) for k, edge in enumerate(graph.backward_edges) if self.run.downstream(k) is not None]
        for _, edge in edges:
            arrivals[edge.source] = arrivals.get(edge.source, 0) + 1
        started = set()
        for index, seed in self.run.seeds.items():
            self.lines.append(f"{self.gradients[index]} = {_array_text(seed)}")
            started.add(index)
        for _, edge in edges:
            self.edge(edge, arrivals[edge.source] > 1, started)

    def edge(self, edge: Edge, fans_out: bool, started: set[int]) -> None:
        """One step: the line that hands a gradient on, and the sum where several edges do."""
        tree = self.rule(edge)
        name = self.gradients[edge.source]
        comment = f"  # {_one_line(head(self.graph, edge.target))}"
        shaped = bool(self.graph.shapes[edge.source])
        place = _place(tree, name, len(self.graph.shapes[edge.source]))
        # a bare name or a view would be changed by the += of the next edge
        shared = fans_out and shaped and not isinstance(tree, ast.BinOp | ast.UnaryOp)
        if edge.source not in started and (shared or place):
            self.lines.append(f"{name} = np.zeros_like({self.names[edge.source]})")
            started.add(edge.source)
        sign = "+=" if edge.source in started else "="
        started.add(edge.source)
        if place:
            self.lines.append(f"{place}{comment}")
            return
        self.lines.append(f"{name} {sign} {_source(tree)}{comment}")
        self.use_helpers(tree)

    def rule(self, edge: Edge) -> ast.expr:
        """The op's rule with variables, broadcasting undone."""
        graph = self.graph
        op = graph.ops[edge.target]
        assert op is not None
        formula = op.rule(edge.slot)
        assert formula is not None
        statics = dict(graph.statics[edge.target])
        trees: dict[str, ast.expr] = {name: constant_tree(value) for name, value in statics.items()}
        trees |= {"slot": ast.Constant(edge.slot), "g": ast.Name(self.gradients[edge.target]), "y": ast.Name(self.names[edge.target])}
        trees |= self.operands(edge.target)
        shapes = {self.names[k]: graph.shapes[k] for k in (*graph.arguments[edge.target], edge.target) if k >= 0}
        shapes[self.gradients[edge.target]] = graph.shapes[edge.target]
        tree = substitute(formula.given(statics).tree, trees)
        tree = _Idioms(shapes).visit(simplify(tree, exact=True))
        return self.unbroadcast(edge, tree)

    def use_helpers(self, tree: ast.expr) -> None:
        """Remember which helpers of the registry a line calls, so that their definitions are written out."""
        for node in ast.walk(tree):
            name = call_name(node) if isinstance(node, ast.Call) else ""
            if name in helpers.FUNCTIONS:
                self.used[name] = helpers.FUNCTIONS[name]

    def unbroadcast(self, edge: Edge, tree: ast.expr) -> ast.expr:
        """The rule summed over the axes along which its operand was repeated."""
        source = self.graph.shapes[edge.source]
        shape = self.rule_shape(edge)
        if shape == source:
            return tree
        if len(shape) < len(source) or any(n == 1 != m for n, m in zip(shape[-len(source) :] if source else (), source, strict=False)):
            variable = ast.Name(self.names[edge.source])
            return _call("np.broadcast_to", tree, ast.Attribute(variable, "shape"))
        axes = summed_axes(source, shape)
        keywords = []
        if len(axes) < len(shape) or source:
            axis = ast.Constant(axes[0]) if len(axes) == 1 else ast.Tuple([ast.Constant(k) for k in axes])
            keywords.append(ast.keyword("axis", axis))
        if len(shape) == len(source):
            keywords.append(ast.keyword("keepdims", ast.Constant(True)))
        summed: ast.expr = ast.Call(ast.Attribute(tree, "sum"), [], keywords)
        if 0 < len(source) < len(shape) and len(axes) > len(shape) - len(source):
            summed = ast.Call(ast.Attribute(summed, "reshape"), [constant_tree(source)], [])
        return summed

    def rule_shape(self, edge: Edge) -> Shape:
        """The shape a rule answers with before broadcasting is undone, found by running it."""
        graph, run = self.graph, self.run
        op = graph.ops[edge.target]
        assert op is not None
        _, rules = kernels(op, graph.statics[edge.target], False)
        rule = rules[min(edge.slot, len(rules) - 1)]
        assert rule is not None
        more = {"slot": edge.slot} if op.variadic and edge.slot >= len(rules) - 1 else {}
        operands = [np.asarray(run.argument(k)) for k in graph.arguments[edge.target]]
        gradient = run.gradient(edge.target)
        assert gradient is not None
        with np.errstate(all="ignore"):
            return np.shape(rule(gradient, run.value(edge.target), *operands, **more))


def _one_line(text: str) -> str:
    """A comment that stays one, whatever the names in it."""
    return "".join(c if c.isprintable() else " " for c in text)


def _call(function: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    return ast.Call(_parsed(function), list(arguments), [ast.keyword(k, v) for k, v in keywords.items()])


def _place(tree: ast.expr, name: str, axes: int) -> str | None:
    """The line that puts a gradient back where a subscript took it from; None where the rule is something else."""
    called = call_name(tree)
    if not axes or not isinstance(tree, ast.Call) or called not in ("scatter", "gather_add", "scatter_classes"):
        return None
    gradient, _, index = tree.args
    if called == "scatter":
        return f"{_source(ast.Subscript(ast.Name(name), index))} += {_source(gradient)}"
    if called == "gather_add":
        return f"np.add.at({name}, {_source(index)}.astype(int), {_source(gradient)})"
    rows = f"np.arange(len({name})), {_source(index)}.astype(int)" if axes > 1 else f"int({_source(index)})"
    return f"{name}[{rows}] += {_source(gradient)}"


class _Idioms(ast.NodeTransformer):
    """Formula functions as a NumPy user writes them."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes = shapes

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = node.left, node.right
        if isinstance(node.op, ast.Mult):
            # the factor beside it has the shape already
            left, right = self._spread(left), self._spread(right)
        return ast.BinOp(self.visit(left), node.op, self.visit(right))

    def _spread(self, tree: ast.expr) -> ast.expr:
        if call_name(tree) != "restore" or not isinstance(tree, ast.Call):
            return tree
        axis = tree.args[2] if len(tree.args) > 2 else ast.Constant(None)
        kept = bool(constant(tree.args[3])) if len(tree.args) > 3 else False
        return tree.args[0] if kept or constant(axis) is None else _call("np.expand_dims", tree.args[0], axis)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("np." + node.id) if node.id in ("pi", "e", "inf") and node.id not in self.shapes else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = call_name(node)
        idiom = getattr(self, f"write_{name}", None)
        written = idiom(node) if idiom else None
        if written is not None:
            return written  # type: ignore[no-any-return]
        func = node.func if name else self.visit(node.func)
        arguments = [self.visit(argument) for argument in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if name in helpers.FUNCTIONS and name not in ("where", "sign"):
            arguments = _shortened(helpers.FUNCTIONS[name], arguments)
        elif name in ARRAYS:
            func = _parsed(f"np.{name}")
        return ast.Call(func, arguments, keywords)

    def write_shape(self, node: ast.Call) -> ast.expr:
        return ast.Attribute(self.visit(node.args[0]), "shape")

    def write_sum(self, node: ast.Call) -> ast.expr:
        settings = dict(zip(("axis", "keepdims"), node.args[1:], strict=False)) | {k.arg or "": k.value for k in node.keywords}
        kept = {k: self.visit(v) for k, v in settings.items() if not (isinstance(v, ast.Constant) and v.value in (None, False))}
        return _call("np.sum", self.visit(node.args[0]), **kept)

    def write_T(self, node: ast.Call) -> ast.expr:
        return ast.Attribute(self.visit(node.args[0]), "T")

    def write_count(self, node: ast.Call) -> ast.expr | None:
        shape = as_shape(node.args[0], self.shapes)
        if shape is None:
            return None
        axis = constant(node.args[1]) if len(node.args) > 1 else None
        return ast.Constant(helpers.count(shape, axis))  # type: ignore[arg-type]

    def write_outer(self, node: ast.Call) -> ast.expr:
        return _call("np.outer", *[self.visit(argument) for argument in node.args])

    def write_reshape(self, node: ast.Call) -> ast.expr:
        return ast.Call(ast.Attribute(self.visit(node.args[0]), "reshape"), [self.visit(k) for k in node.args[1:]], [])

    def write_restore(self, node: ast.Call) -> ast.expr | None:
        shape = node.args[1]
        if call_name(shape) != "shape" or not isinstance(shape, ast.Call):
            return None
        ones = _call("np.ones_like", self.visit(shape.args[0]))
        return ast.BinOp(self.visit(self._spread(node)), ast.Mult(), ones)

    def write_piece(self, node: ast.Call) -> ast.expr | None:
        gradient, operands, slot, axis = node.args
        assert isinstance(operands, ast.Tuple)
        known = [shape_of(k, self.shapes) for k in operands.elts]
        if any(shape is None for shape in known):
            return None
        shapes = [shape for shape in known if shape is not None]
        which, along = int(constant(slot)), int(constant(axis)) % len(shapes[0])  # type: ignore[call-overload]
        start = sum(shape[along] for shape in shapes[:which])
        place = [slice(None)] * along + [slice(start, start + shapes[which][along])]
        return _subscript(self.visit(gradient), place)

    def write_layer(self, node: ast.Call) -> ast.expr | None:
        gradient, slot, axis = node.args
        shape = shape_of(gradient, self.shapes)
        if shape is None:
            return None
        along = int(constant(axis)) % len(shape)  # type: ignore[call-overload]
        return _subscript(self.visit(gradient), [slice(None)] * along + [int(constant(slot))])  # type: ignore[call-overload]


def _shortened(function: Callable[..., Any], arguments: list[ast.expr]) -> list[ast.expr]:
    """Arguments without the last ones that say what the function takes anyway."""
    parameters = list(inspect.signature(function).parameters.values())
    while arguments and len(arguments) <= len(parameters):
        last, usual = arguments[-1], parameters[len(arguments) - 1].default
        if not isinstance(last, ast.Constant) or last.value is not usual:
            break
        arguments = arguments[:-1]
    return arguments


def _subscript(tree: ast.expr, place: Sequence[Any]) -> ast.expr:
    trees = [constant_tree(k) for k in place]
    return ast.Subscript(tree, trees[0] if len(trees) == 1 else ast.Tuple(trees))


def _definitions(used: Mapping[str, Callable[..., Any]]) -> list[str]:
    """The helpers a program calls, and those they call, as source without annotations."""
    found: dict[str, str] = {}
    waiting = list(used)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        function = used.get(name) or helpers.FUNCTIONS.get(name) or getattr(helpers, name)
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        tree = _Plain().visit(tree)
        found[name] = ast.unparse(ast.fix_missing_locations(tree))
        called = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        waiting += [n for n in sorted(called) if n != name and inspect.isfunction(vars(helpers).get(n))]
    if not found:
        return []
    return ["\n\n".join(found[name] for name in sorted(found)), ""]


class _Plain(ast.NodeTransformer):
    """A helper's source as a person would paste it: no annotations."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name("ValueError") if node.id == "TraceError" else node


