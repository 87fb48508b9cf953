"""The printed form of a module, ``Sequential((0): Linear(in_features=10, ...) ...)``, read back."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from graphcore.build import layers, members, names
from graphcore.build.checking import KERAS
from graphcore.build.machine import Frame, Machine
from graphcore.build.source import DEPTH_LIMIT, Source
from graphcore.errors import GraphError, nearest
from graphcore.syntax import parsed

_HEAD = re.compile(r"\s*([A-Za-z_]\w*)\(")
_CHILD = re.compile(r"\s*\(([\w.\-]+)\):\s*(?:(\d+)\s*x\s+)?")
_START = re.compile(r"\s*(?:\w+\s*=\s*)?[A-Za-z_]\w*\(\s*\([\w\-]+\):")
_BARE = re.compile(r"\b(padding|padding_mode|mode|nonlinearity|approximate)=([a-z]\w*)")
_LOST = frozenset(
    {"MultiheadAttention", "TransformerEncoderLayer", "TransformerEncoder", "TransformerDecoderLayer", "TransformerDecoder"}
)
_WEIGHTED = ("Linear", "Conv", "Bilinear", "RNN", "LSTM", "GRU", "Embedding")
_BETWEEN = (
    "Dropout",
    "Flatten",
    "Unflatten",
    "Identity",
    "BatchNorm",
    "LayerNorm",
    "GroupNorm",
    "InstanceNorm",
    "AvgPool",
    "Upsample",
)


@dataclass
class _Part:
    name: str
    at: int
    arguments: str = ""
    children: list[tuple[str, int, _Part]] = field(default_factory=list)


def looks_printed(source: Source) -> bool:
    """Whether a text is a module as ``print`` shows it."""
    return _START.match(source.code) is not None


def read(machine: Machine) -> Any:
    """The module that a printed form shows."""
    part = _Parser(machine.source).run()
    return _made(machine, part, outermost=True)


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.code = source.code

    def error(self, at: int, what: str, instead: str = "") -> GraphError:
        line = self.code.count("\n", 0, at) + 1
        column = at - (self.code.rfind("\n", 0, at) + 1)
        return self.source.error_at(line, column, None, what, instead)

    def run(self) -> _Part:
        start = re.match(r"\s*\w+\s*=\s*", self.code)
        part, at = self.part(start.end() if start else 0, 0)
        rest = self.code[at:].lstrip()
        if rest:
            raise self.error(
                len(self.code) - len(rest), f"`{rest.split()[0]}` stands behind the end of the network.", "Leave it out."
            )
        return part

    def part(self, at: int, depth: int) -> tuple[_Part, int]:
        head = _HEAD.match(self.code, at)
        if head is None:
            raise self.error(at, "a module is expected here.", "Copy the whole of what `print(model)` shows.")
        if depth > DEPTH_LIMIT:
            raise self.error(at, f"this is nested more than {DEPTH_LIMIT} deep.")
        part = _Part(head.group(1), head.start(1))
        at = head.end()
        child = _CHILD.match(self.code, at)
        if child is None:
            end = self._closing(at)
            part.arguments = self.code[at:end]
            return part, end + 1
        while child is not None:
            inner, after = self.part(child.end(), depth + 1)
            part.children.append((child.group(1), int((child.group(2) or "1")[:7]), inner))
            at = after
            child = _CHILD.match(self.code, at)
        close = re.compile(r"\s*\)").match(self.code, at)
        if close is None:
            raise self.error(part.at, f"`{part.name}(` is never closed.", "Copy the whole of what `print(model)` shows.")
        return part, close.end()

    def _closing(self, at: int) -> int:
        depth = 1
        for end in range(at, len(self.code)):
            depth += {"(": 1, ")": -1}.get(self.code[end], 0)
            if depth == 0:
                return end
        raise self.error(at - 1, "this bracket is never closed.", "Copy the whole of what `print(model)` shows.")


def _call(machine: Machine, part: _Part) -> ast.Call:
    """``Name(arguments)`` as a syntax node that stands where it stood."""
    source, parser = machine.source, _Parser(machine.source)
    # two words are printed without their quotes
    arguments = _BARE.sub(
        lambda m: m.group() if m.group(2) in ("none", "None") and m.group(1) != "approximate" else f"{m.group(1)}='{m.group(2)}'",
        part.arguments,
    )
    try:
        node = parsed(f"{part.name}({' '.join(arguments.split())})", "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise parser.error(
            part.at, f"the arguments of `{part.name}` cannot be read.", "Copy what `print(model)` shows."
        ) from None
    _place(source, part, node)
    if not isinstance(node, ast.Call) or any(isinstance(inner, _NEVER) for inner in ast.walk(node)):
        raise parser.error(
            part.at, f"the arguments of `{part.name}` are numbers and words alone.", "Copy what `print(model)` shows."
        )
    if any(
        isinstance(inner, ast.Constant) and isinstance(inner.value, int) and abs(inner.value) > 10**9 for inner in ast.walk(node)
    ):
        raise parser.error(part.at, f"a number in `{part.name}` is too large for a network.")
    return node


def _place(source: Source, part: _Part, node: ast.AST) -> None:
    """Let every part of a syntax node stand where its line stands in the text."""
    before = source.code[: part.at]
    line, column = before.count("\n") + 1, part.at - (before.rfind("\n") + 1)
    row = source.code.split("\n")[line - 1]
    for inner in ast.walk(node):
        if isinstance(inner, ast.expr | ast.keyword):
            inner.lineno = inner.end_lineno = line
            inner.col_offset, inner.end_col_offset = len(row[:column].encode()), len(row.rstrip().encode())


_NEVER = (
    ast.Lambda,
    ast.Attribute,
    ast.Subscript,
    ast.ListComp,
    ast.GeneratorExp,
    ast.BinOp,
    ast.Starred,
    ast.NamedExpr,
    ast.IfExp,
)


def _made(machine: Machine, part: _Part, *, outermost: bool = False) -> Any:
    error = _Parser(machine.source).error
    if part.name in _LOST:
        what = f"the printed form of `{part.name}` does not say how many heads it has."
        raise error(part.at, what, f"Write it as typed: `nn.{part.name}(...)`.")
    if part.children:
        return _container(machine, part, outermost)
    if part.name not in names.LAYERS and part.name not in names.CONTAINERS:
        found = KERAS.get(part.name) or nearest(part.name, sorted(names.LAYERS))
        what = f"`{part.name}` is not a layer of torch that is read here."
        raise error(part.at, what, f"Did you mean `{found}`?" if found else "Paste the class that defines it.")
    node = _call(machine, part)
    args = [machine.value(argument, Frame()) for argument in node.args]
    keywords = {keyword.arg: machine.value(keyword.value, Frame()) for keyword in node.keywords if keyword.arg is not None}
    if any(inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and inner is not node):
        raise error(part.at, f"the arguments of `{part.name}` are numbers and words alone.")
    if part.name.startswith("Upsampling"):
        keywords = {key: value for key, value in keywords.items() if key in ("size", "scale_factor")}
    return layers.make(machine, node, part.name, args, keywords)


def _container(machine: Machine, part: _Part, outermost: bool) -> Any:
    import torch

    error = _Parser(machine.source).error
    if part.name == "ModuleDict" or (part.name == "ModuleList" and outermost):
        raise error(
            part.at, f"a `{part.name}` does not say in which order its layers are called.", "Paste the class that uses it."
        )
    if part.name in names.LAYERS:
        raise error(
            part.at,
            f"`{part.name}` has parts that its printed form does not explain.",
            f"Write it as typed: `nn.{part.name}(...)`.",
        )
    if part.name != "Sequential":
        _check_unknown(machine, part, outermost)
    made: Any = torch.nn.Sequential() if part.name == "Sequential" else type(part.name, (torch.nn.Sequential,), {})()
    machine.layers += 1
    for key, repeats, inner in part.children:
        first, _, last = key.partition("-")
        if last and not (first.isdigit() and last.isdigit() and int(last) - int(first) + 1 == repeats):
            raise error(inner.at, f"`({key}): {repeats} x` does not count right.", "Copy what `print(model)` shows.")
        if repeats > layers.LAYER_LIMIT:
            raise error(inner.at, f"this network has more than {layers.LAYER_LIMIT:,} layers.")
        for k in range(repeats):
            title = str(int(first) + k) if last else key
            member = _made(machine, inner)
            members.check_title(machine, _at(machine, inner), made, title)
            made.add_module(title, member)
    return made


def _at(machine: Machine, part: _Part) -> ast.AST:
    before = machine.source.code[: part.at]
    column = part.at - (before.rfind("\n") + 1)
    node = ast.Name(part.name, ast.Load())
    node.lineno = node.end_lineno = before.count("\n") + 1
    node.col_offset, node.end_col_offset = column, column + len(part.name)
    return node


def _check_unknown(machine: Machine, part: _Part, outermost: bool) -> None:
    """Read a class of the user's as one layer after another only where nothing speaks against it."""
    error = _Parser(machine.source).error
    titled = [key for key, _, _ in part.children if not key.partition("-")[0].isdigit()]
    what = f"`{part.name}` is a class of your own, and its printed form does not say what its `forward` does"
    if part.name != "ModuleList" and titled and len(part.children) > 1 and not outermost:
        raise error(part.at, f"{what}.", "Paste the class itself.")
    before: _Part | None = None
    for inner in _flat(part) if titled or part.name == "ModuleList" else []:
        if inner.name.startswith(_WEIGHTED):
            if before is not None:
                raise error(inner.at, f"{what} between this layer and the {before.name} before it.", "Paste the class itself.")
            before = inner
        elif not inner.name.startswith(_BETWEEN):
            before = None
    machine.notes[
        f"`{part.name}` is no class of torch: its layers are run one after another in the order printed, which is a guess. "
        "Paste the class itself to be sure."
    ] = None


def _flat(part: _Part) -> list[_Part]:
    """The layers of a printed form in order; what stands inside of a Sequential is known to run in order."""
    found: list[_Part] = []
    for _, repeats, inner in part.children:
        parts = _flat(inner) if inner.children else [inner]
        if inner.name == "Sequential":
            # between the layers of a Sequential nothing is hidden: only its ends meet the unknown
            parts = [parts[0], _Part("ReLU", inner.at), parts[-1]] if parts else []
        found += parts * min(repeats, 2)
    return found
