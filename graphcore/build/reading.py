"""Text of a network into a module of torch: the four forms people have it in."""

from __future__ import annotations

import ast
import re
from typing import Any

from graphcore.build import checking, names, printed, spaces
from graphcore.build.built import Built
from graphcore.build.drawing import made_with
from graphcore.build.machine import STANDING, Frame, Machine, UserFunction
from graphcore.build.source import Source
from graphcore.build.written import Definition, instantiate
from graphcore.errors import GraphError

_PREFERRED = ("model", "net", "network")
_EMPTY = "Write `nn.Sequential(nn.Linear(10, 21), nn.ReLU(), nn.Linear(21, 1))`, a class, or one layer a line."


def build(text: str, *, seed: int = 0) -> Built:
    """The network that a text describes, read by an allow-list and never run as Python.

    Raises :class:`GraphError` with line and column for everything that is not on the list.
    """
    import torch

    source = Source(text)
    if not source.code.strip():
        raise GraphError("there is no network here yet.", instead=_EMPTY)
    generator = torch.Generator()
    generator.manual_seed(seed)
    STANDING.depth = STANDING.steps = 0
    with made_with(generator):
        if printed.looks_printed(source):
            machine = Machine(source, spaces.ALIASES)
            module, kind, settings = printed.read(machine), "printed", dict[str, str]()
        else:
            module, kind, settings, machine = _Reader(source).run()
    return Built(module, kind, settings, _lines(module, machine), tuple(machine.notes), source)


def _lines(module: Any, machine: Machine) -> dict[str, int]:
    written = {id(made): getattr(node, "lineno", 1) for made, node in machine.made}
    return {path: written[id(part)] for path, part in module.named_modules() if id(part) in written}


class _Reader:
    """One pass over the statements of a Python text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tree = source.tree()
        checking.check(source, self.tree)
        # everything stays on the CPU, so a device is nothing
        self.machine = Machine(source, spaces.ALIASES, functions={"device": None})
        self.frame = Frame(self.machine.names)
        self.settings: dict[str, str] = {}
        self.models: dict[str, Any] = {}
        self.rows: list[tuple[ast.expr, Any]] = []
        self.skipped: list[int] = []

    def run(self) -> tuple[Any, str, dict[str, str], Machine]:
        """The module, the kind of text, what it says about loss and data, and the machine that read it."""
        for node in self.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
        known = {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        known |= {n.name for n in self.tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
        checking.check_names(self.source, self.tree, self.machine.aliases, known)
        self._define()
        for node in self.tree.body:
            self._statement(node)
        return (*self._found(), self.settings, self.machine)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            path = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
            head, _, tail = path.rpartition(".")
            if isinstance(node, ast.Import) and alias.asname is None:
                path = path.split(".")[0]
            if spaces.is_space(path) or (spaces.is_space(head) and tail in spaces.MEMBERS[head]):
                self.machine.aliases[alias.asname or alias.name.split(".")[0]] = path

    def _define(self) -> None:
        """Functions and classes first, wherever they stand, those above before those below."""
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef):
                self.machine.names[node.name] = UserFunction(self.machine, node)
            elif isinstance(node, ast.Assign) and _is_plain(node.value):
                self.machine.run([node], self.frame)
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef):
                parent = self._parent(node)
                self.machine.names[node.name] = Definition(self.machine, node, parent)

    def _parent(self, node: ast.ClassDef) -> Definition | None:
        if len(node.bases) != 1:
            what = f"`{node.name}` has {len(node.bases) or 'no'} classes above it; a network has one."
            raise self.machine.error(node, what, f"Write `class {node.name}(nn.Module):`.")
        parent = self.machine.value(node.bases[0], self.frame)
        if isinstance(parent, Definition) or parent == spaces.LayerClass("Module"):
            return parent if isinstance(parent, Definition) else None
        what = f"`{self.source.segment(node.bases[0])}` cannot be the class above a network here."
        raise self.machine.error(node.bases[0], what, f"Write `class {node.name}(nn.Module):`.")

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef | ast.Pass):
            return
        if isinstance(node, ast.If) and "__name__" in self.source.segment(node.test):
            for inner in node.body:
                self._statement(inner)
            return
        if self._setting(node) or (isinstance(node, ast.Assign) and _is_plain(node.value)):
            return
        if isinstance(node, ast.Expr):
            if isinstance(node.value, ast.Constant) or self._said(node.value):
                return
            if self._makes(node) or not isinstance(node.value, ast.Call):
                self._row(node.value)
            else:
                self._skip(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.For | ast.AugAssign | ast.If) and self._makes(node):
            self.machine.run([node], self.frame)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                value = self.frame.names[name]
                if hasattr(value, "named_parameters"):
                    self.models.pop(name, None)
                    self.models[name] = value
        else:
            self._skip(node)

    def _skip(self, node: ast.stmt) -> None:
        self.skipped.append(node.lineno)
        rows = ", ".join(map(str, self.skipped[:6])) + (" ..." if len(self.skipped) > 6 else "")
        for note in [note for note in self.machine.notes if note.startswith("Left out")]:
            del self.machine.notes[note]
        self.machine.notes[f"Left out, for the network does not need it: line{'s' * (len(self.skipped) > 1)} {rows}."] = None

    def _makes(self, node: ast.AST) -> bool:
        """Whether a statement makes or changes layers."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call):
                if isinstance(inner.func, ast.Attribute) and inner.func.attr in ("append", "extend", "add_module", "insert"):
                    return True
                parts = checking.dotted(inner.func)
                if parts is not None and self._is_layer(parts):
                    return True
        return isinstance(node, ast.Expr | ast.Assign) and any(
            isinstance(inner, ast.Name) and isinstance(self.machine.names.get(inner.id), list) for inner in ast.walk(node)
        )

    def _is_layer(self, parts: list[str]) -> bool:
        if len(parts) == 1:
            defined = isinstance(self.machine.names.get(parts[0]), Definition)
            foreign = parts[0][:1].isupper() or parts[0] in names.FUNCTIONAL
            return defined or parts[0] in names.LAYERS | names.CONTAINERS or foreign
        path = ".".join([self.machine.aliases.get(parts[0], parts[0]), *parts[1:-1]])
        return path == "torch.nn"

    def _setting(self, node: ast.stmt) -> bool:
        """Note what the text says about the loss, the input and the target; such a line makes no layer."""
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            return False
        name, value = node.targets[0].id, node.value
        parts = checking.dotted(value.func) if isinstance(value, ast.Call) else None
        last = parts[-1] if parts else ""
        said = names.LOSSES.get(last) or names.LOSS_FUNCTIONS.get(last)
        if said is not None:
            self.settings["loss"] = said
            return True
        if re.search(r"\*\*\s*2|\.pow\(2\)|square", self.source.segment(value)) and re.search(r"loss", name, re.IGNORECASE):
            self.settings["loss"] = "mse" if "mean" in self.source.segment(value) else "squared error"
            return True
        kind = _DATA.get(name.lower())
        numbers = last in ("rand", "randn", "tensor", "ones", "zeros", "randint", "Tensor", "arange") or isinstance(
            value, ast.List
        )
        if kind is not None and (numbers or kind == "target") and not self._makes(node):
            self.settings[kind] = self.source.segment(value)
            return True
        return False

    def _said(self, node: ast.expr) -> bool:
        """Whether this is ``print(...)`` or sets the seed."""
        parts = checking.dotted(node.func) if isinstance(node, ast.Call) else None
        if parts and parts[-1] == "manual_seed" and isinstance(node, ast.Call) and len(node.args) == 1:
            self.settings["seed"] = self.source.segment(node.args[0])
            return True
        return parts == ["print"]

    def _row(self, node: ast.expr) -> None:
        """A line that is a layer, a row of layers, or a repeat of them."""
        for layer in self._layers(node):
            self.rows.append((node, layer))

    def _layers(self, node: ast.expr) -> list[Any]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for times, what in ((node.left, node.right), (node.right, node.left)):
                if isinstance(what, ast.List | ast.Tuple | ast.Call | ast.BinOp) and not isinstance(times, ast.List | ast.Call):
                    return self._repeated(node, times, what)
        if isinstance(node, ast.List | ast.Tuple):
            return [layer for part in node.elts for layer in self._layers(part)]
        value = self.machine.value(node, self.frame)
        return [] if value is None else [value]

    def _repeated(self, node: ast.expr, times: ast.expr, what: ast.expr) -> list[Any]:
        count = self.machine.value(times, self.frame)
        if type(count) is not int or not 0 <= count <= 2000:
            raise self.machine.error(times, f"`{self.source.segment(times)}` is not a number of repeats.", "Write 0 to 2,000.")
        made: list[Any] = []
        for _ in range(count):
            self.machine.step(node)
            made += self._layers(what)  # each repeat has parameters of its own
        return made

    def _found(self) -> tuple[Any, str]:
        from graphcore.build import layers

        if self.rows and not self.models:
            if len(self.rows) == 1 and hasattr(self.rows[0][1], "named_parameters"):
                return self.rows[0][1], self._kind(self.rows[0][1])
            for node, layer in self.rows:
                _check_row(self.machine, node, layer)
            return layers.make(self.machine, self.rows[0][0], "Sequential", [layer for _, layer in self.rows], {}), "lines"
        if self.models:
            name = next((name for name in _PREFERRED if name in self.models), list(self.models)[-1])
            return self.models[name], self._kind(self.models[name])
        definition = self._last_class()
        if definition is None:
            raise GraphError("there is no network in this text.", instead=_EMPTY)
        return self._instance(definition), "class"

    def _instance(self, definition: Definition) -> Any:
        start = definition.find("__init__")
        spec = start.node.args if start is not None else None
        if spec is not None and len(spec.args) - 1 > len(spec.defaults):
            needed = [argument.arg for argument in spec.args[1 : len(spec.args) - len(spec.defaults)]]
            what = f"`{definition.name}` needs {', '.join(f'`{name}`' for name in needed)}."
            example = ", ".join(f"{name}=..." for name in needed)
            raise self.machine.error(definition.node, what, f"Add a last line such as `model = {definition.name}({example})`.")
        return instantiate(self.machine, definition.node, definition, [], {})

    def _last_class(self) -> Definition | None:
        """The class that no other class of the text makes, the last one of these."""
        classes = [value for value in self.machine.names.values() if isinstance(value, Definition)]
        used = {
            inner.id
            for value in classes
            for inner in ast.walk(value.node)
            if isinstance(inner, ast.Name) and isinstance(self.machine.names.get(inner.id), Definition) and inner.id != value.name
        }
        free = [value for value in classes if value.name not in used]
        return (free or classes)[-1] if classes else None

    def _kind(self, module: Any) -> str:
        return "class" if isinstance(getattr(type(module), "definition", None), Definition) else "sequential"


_DATA = {
    "x": "input", "input": "input", "inputs": "input", "x_train": "input", "data": "input",
    "y": "target", "t": "target", "target": "target", "targets": "target", "label": "target", "labels": "target",
}  # fmt: skip


def _is_plain(node: ast.expr) -> bool:
    """Numbers and words alone, to be used as names in the network."""
    allowed = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop, ast.Name, ast.expr_context, ast.Tuple, ast.List)
    lists = any(isinstance(inner, ast.List) and not inner.elts for inner in ast.walk(node))
    return lists or (all(isinstance(inner, allowed) for inner in ast.walk(node)) and not _is_numbers(node))


def _is_numbers(node: ast.expr) -> bool:
    return isinstance(node, ast.List) and any(isinstance(part, ast.List) for part in node.elts)


def _check_row(machine: Machine, node: ast.expr, layer: Any) -> None:
    from graphcore.build import members

    members.check_layer(machine, node, layer)
