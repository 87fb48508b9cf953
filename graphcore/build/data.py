"""Inputs and targets from text: ``rand(4, 10)``, ``randn(1, 1, 10, seed=3)``, nested lists, and defaults that fit."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphcore.build import checking, names, spaces
from graphcore.build.fitting import Guess, first_guess, guess, runs
from graphcore.build.losses import loss_key, needs_target
from graphcore.build.machine import STANDING, Machine
from graphcore.build.source import Source
from graphcore.errors import GraphError

if TYPE_CHECKING:
    from torch import Tensor, nn

_DRAWS = ("rand", "randn", "randint")
_MADE = ("zeros", "ones", "eye", "arange", "linspace", "full")
_HELP = "Write as in `rand(4, 10, seed=0)` or `[[0.5, -1]]`."


def inputs(text: str, module: nn.Module, *, seed: int = 0) -> tuple[Tensor, ...]:
    """The inputs that a text gives, as many as it has; class numbers where the network begins with an embedding.

    Draws without a seed of their own take ``seed``, then ``seed + 1`` and so on, each from a generator of its own.
    """
    value = _Reader(text, seed, {}).value()
    found = value if isinstance(value, tuple) else (value,)
    integer = _wants_classes(module)
    return tuple(_tensor(item, integer=integer and k == 0, text=text) for k, item in enumerate(found))


def target(text: str, given: Sequence[Tensor], output: Sequence[int], loss: str, *, seed: int = 1) -> Tensor | None:
    """The target that a text gives; ``x`` in it is the first input. None for a loss without one.

    A target with as many entries as the output gets the output's shape.
    """
    key = loss_key(loss)
    if not needs_target(key):
        return None
    if not text.strip():
        raise GraphError(f"the loss {key} needs a target.", instead=f"Write one of shape {tuple(output)}.")
    known = {"x": given[0].detach()} if given else {}
    value = _Reader(text, seed, known).value()
    if isinstance(value, tuple):
        raise GraphError("a target is one array.", instead=_HELP)
    classes = key == "nll" or (key == "cross_entropy" and _is_whole(value))
    made = _tensor(value, integer=classes, text=text)
    wanted = tuple(output)
    if classes:
        wanted = wanted[:1] + wanted[2:] if len(wanted) > 1 else ()
    same = made.numel() == math.prod(wanted) and made.shape != wanted
    return made.reshape(wanted) if same else made


def default_input(module: nn.Module, *, batch: int = 1, seed: int = 0) -> str:
    """The text of an input that fits the network; raises where none was found by trying.

    Where the network runs on a single example alone, the batch is left at one.
    """
    # where nothing runs through, the first layer's input shows at which line it stops
    found = guess(module) or first_guess(module)
    if found is None:
        raise GraphError("no input was found that this network takes.", instead="Write one, as in `rand(1, 10)`.")
    many = Guess(tuple(_batched(shape, batch) for shape in found.shapes), found.classes)
    chosen = many if many != found and runs(module, many) else found
    return ", ".join(_text(chosen, k, seed + k) for k in range(len(chosen.shapes)))


def _batched(shape: tuple[int, ...], batch: int) -> tuple[int, ...]:
    """A shape with another batch, whose axis is the first of size one."""
    axis = next((axis for axis, size in enumerate(shape) if size == 1), 0)
    size = max(batch, 1) if shape[axis] == 1 else max(batch, shape[axis])
    return (*shape[:axis], size, *shape[axis + 1 :])


def _text(found: Guess, k: int, seed: int) -> str:
    shape = found.shapes[k]
    if k == 0 and found.classes is not None:
        return f"randint(0, {found.classes}, ({', '.join(map(str, shape))},), seed={seed})"
    return f"{'rand' if len(shape) < 3 else 'randn'}({', '.join(map(str, shape))}, seed={seed})"


def default_target(output: Sequence[int], loss: str, *, seed: int = 1) -> str:
    """The text of a target that fits an output of this shape; empty for a loss without one.

    >>> default_target((4, 3), "cross_entropy")
    'randint(0, 3, (4,), seed=1)'
    """
    key, shape = loss_key(loss), tuple(output)
    if not needs_target(key):
        return ""
    if key in ("cross_entropy", "nll"):
        classes = shape[1] if len(shape) > 1 else (shape or (1,))[0]
        wanted = shape[:1] + shape[2:] if len(shape) > 1 else ()
        return f"randint(0, {classes}, {wanted}, seed={seed})"
    if key.startswith("binary"):
        return f"randint(0, 2, {shape}, seed={seed})"
    return f"rand({', '.join(map(str, shape)) or '()'}, seed={seed})"


def _wants_classes(module: Any) -> bool:
    from torch import nn

    for part in module.modules():
        if next(part.children(), None) is None:
            return isinstance(part, nn.Embedding | nn.EmbeddingBag)
    return False


def _is_whole(value: Any) -> bool:
    if hasattr(value, "dtype"):
        return not value.is_floating_point()
    if isinstance(value, list):
        return all(_is_whole(item) for item in value)
    return isinstance(value, int)


def _tensor(value: Any, *, integer: bool, text: str) -> Tensor:
    import torch

    try:
        made = value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise GraphError(f"`{text.strip()}` is not an array of numbers: its rows differ in length.", instead=_HELP) from None
    if made.numel() > 10**6:
        raise GraphError(f"`{text.strip()}` has {made.numel():,} entries.", instead="At most 1,000,000 are read.")
    if not integer:
        return made.detach().to(torch.float64)
    if made.is_floating_point() and not bool(torch.all(made == made.round())):
        raise GraphError(
            f"`{text.strip()}` holds fractions, and class numbers are wanted.", instead="Write whole numbers from 0."
        )
    return made.detach().to(torch.int64)


class _Reader:
    """One text of data, read by the interpreter with functions that draw from generators of their own."""

    def __init__(self, text: str, seed: int, known: Mapping[str, Any]) -> None:
        self.seed = seed
        self.source = Source(text.strip())
        tree = self.source.tree()
        checking.check(self.source, tree)
        if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr | ast.Assign):
            raise GraphError("data is one expression.", instead=_HELP)
        self.node: ast.expr = _Renamed().visit(tree.body[0].value)
        self.machine = Machine(self.source, spaces.ALIASES, functions={**self._functions(), **known})

    def value(self) -> Any:
        """What the text gives: numbers, nested lists, tensors, or a tuple of these."""
        from graphcore.build.machine import Frame

        STANDING.depth = STANDING.steps = 0
        value = self.machine.value(self.node, Frame())
        if callable(value) or isinstance(value, str | dict | spaces.Space | spaces.LayerClass | spaces.Function | None):
            raise self.machine.error(self.node, f"`{self.source.segment(self.node)}` is not an array of numbers.", _HELP)
        return value

    def _functions(self) -> dict[str, Any]:
        import torch

        made: dict[str, Any] = {name: spaces.Function(name, getattr(torch, name)) for name in _MADE}
        made.update({name: spaces.Function(name, self._draw(name)) for name in _DRAWS})
        made.update({name: spaces.Function(name, getattr(torch, name)) for name in names.TORCH - set(_DRAWS) - set(_MADE)})
        made.update({name: spaces.Function("tensor", _listed) for name in ("tensor", "array", "Tensor", "const", "FloatTensor")})
        made["LongTensor"] = made["tensor"]
        return made

    def _draw(self, name: str) -> Callable[..., Any]:
        import torch

        def draw(*args: Any, seed: int | None = None, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Any:
            if seed is None:
                seed, self.seed = self.seed, self.seed + 1
            generator = torch.Generator()
            generator.manual_seed(seed)
            if name == "randint":
                low, high, shape = args if len(args) == 3 else (0, args[0], size if size is not None else args[1])
                return torch.randint(low, high, tuple(shape), generator=generator)
            shape = args[0] if args and isinstance(args[0], tuple | list) else args if args else size or ()
            return getattr(torch, name)(*([tuple(shape)]), generator=generator, dtype=torch.float64)

        return draw


def _listed(value: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value
    return torch.tensor(value, dtype=torch.int64 if dtype == torch.int64 or _is_whole(value) else torch.float64)


class _Renamed(ast.NodeTransformer):
    """``torch.rand`` and ``np.random.rand`` as ``rand``, so that every draw comes from a generator of ours."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        parts = checking.dotted(node.func)
        known = (*_DRAWS, *_MADE, "tensor", "array", "Tensor", "FloatTensor", "LongTensor")
        if parts and len(parts) > 1 and parts[0] in ("torch", "np", "numpy", "th") and parts[-1] in known:
            node.func = ast.copy_location(ast.Name(parts[-1], ast.Load()), node.func)
        return node
