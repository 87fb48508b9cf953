"""Which inputs fit a network: shapes found by trying on torch's meta device, where nothing is computed and nothing drawn."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.errors import ChainruleError, GraphError, first_line

if TYPE_CHECKING:
    from graphcore.build.built import Built

ENTRY_LIMIT = 10**7
TRIES = 250
_SIZES = (28, 32, 10, 16, 8, 64, 224, 227, 12, 20, 24, 48, 96, 128, 299)


class Guess(NamedTuple):
    """Inputs that run: a shape with a batch of one for each, and how many class numbers where the input is class numbers."""

    shapes: tuple[tuple[int, ...], ...]
    classes: int | None = None


class TooManyEntriesError(ChainruleError):
    """A tensor on the way would have too many entries; the text is how many."""


def guess(module: Any) -> Guess | None:
    """Shapes of inputs that run through the network, or None where none was found."""
    trial = on_meta(module)
    least = _inputs(module)
    rest = [_others(module)] * (least - 1)
    for (shape, classes), *others in itertools.islice(itertools.product(_candidates(module), *rest), TRIES):
        shapes = (shape, *(other[0] for other in others))
        found = Guess(shapes, classes)
        if _runs(trial, found):
            return found
    return None


def first_guess(module: Any) -> Guess | None:
    """What the first layer asks for, whether the rest of the network takes it or not; None where no layer says."""
    shape, classes = next(_candidates(module), (None, None))
    known = any(True for part in module.modules() for _ in _shapes_of(part))
    return Guess((shape,), classes) if known and shape is not None else None


def _inputs(module: Any) -> int:
    definition = getattr(type(module), "definition", None)
    return max(1, definition.inputs[0]) if definition is not None else 1


def _candidates(module: Any) -> Iterator[tuple[tuple[int, ...], int | None]]:
    """Shapes to try, by the first layer that says anything; then by all others."""
    seen = set()
    for part in module.modules():
        for shape in _shapes_of(part):
            if shape not in seen:
                seen.add(shape)
                yield shape
    for width in _widths(module):
        if ((1, width), None) not in seen:
            yield (1, width), None


def _shapes_of(part: Any) -> Iterable[tuple[tuple[int, ...], int | None]]:
    from torch import nn

    if isinstance(part, nn.Linear):
        # batch norm in training wants more than one example
        return [((1, part.in_features), None), ((4, part.in_features), None), ((1, 5, part.in_features), None)]
    if isinstance(part, nn.Embedding | nn.EmbeddingBag):
        return [((1, 5), part.num_embeddings), ((1,), part.num_embeddings)]
    kind = type(part).__name__
    if isinstance(part, nn.modules.conv._ConvNd):
        axes = int(kind[-2])
        sizes = [*_SIZES, *range(1, 65)] if axes < 3 else [8, 16, *range(2, 13)]
        return [((1, part.in_channels, *([size] * axes)), None) for size in sizes]
    if isinstance(part, nn.modules.rnn.RNNBase):
        return [((1, 5, part.input_size) if part.batch_first else (5, 1, part.input_size), None)]
    if isinstance(part, nn.modules.rnn.RNNCellBase):
        return [((1, part.input_size), None)]
    if isinstance(part, nn.MultiheadAttention):
        return [((1, 5, part.embed_dim) if part.batch_first else (5, 1, part.embed_dim), None)]
    if isinstance(part, nn.LayerNorm | nn.RMSNorm):
        return [((1, *part.normalized_shape), None), ((1, 5, *part.normalized_shape), None)]
    if isinstance(part, nn.modules.batchnorm._NormBase):
        axes = int(kind[-2])
        # a batch of one has no variance of its own
        return [((4 if axes == 1 else 1, part.num_features, *([8] * (axes if axes > 1 else 0))), None)]
    if isinstance(part, nn.GroupNorm):
        return [((1, part.num_channels, 8), None)]
    if isinstance(part, nn.Bilinear):
        return [((1, part.in1_features), None)]
    pools = {"Pool1d": 1, "Pool2d": 2, "Pool3d": 3, "Pad1d": 1, "Pad2d": 2, "Pad3d": 3}
    axes = next((count for end, count in pools.items() if kind.endswith(end)), 0)
    return [((1, 4, *([8] * axes)), None)] if axes else []


def _widths(module: Any) -> list[int]:
    """Every size that a parameter of the network has, and a few more."""
    sizes = {size for parameter in module.parameters() for size in parameter.shape if size <= 4096}
    return [*sorted(sizes), 4, 10]


def _others(module: Any) -> list[tuple[tuple[int, ...], None]]:
    return [((1, width), None) for width in _widths(module)] + [((1, 1, width), None) for width in _widths(module)]


def runs(module: Any, inputs: Guess) -> bool:
    """Whether inputs of these shapes run through the network."""
    return _runs(on_meta(module), inputs)


def _runs(trial: Any, inputs: Guess) -> bool:
    try:
        run_on_meta(trial, [(shape, inputs.classes if k == 0 else None) for k, shape in enumerate(inputs.shapes)])
    except NotImplementedError:
        return True
    except Exception:
        return False
    return True


def on_meta(module: Any) -> Any:
    """A copy whose tensors have shapes and no entries; the entries are not copied on the way."""
    from torch import nn

    known: dict[int, Any] = {}
    for tensor in (*module.parameters(), *module.buffers()):
        bare = tensor.detach().to("meta")
        known[id(tensor)] = nn.Parameter(bare, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else bare
    return copy.deepcopy(module, known).to("meta")


def run_on_meta(trial: Any, inputs: Sequence[tuple[tuple[int, ...], int | None]]) -> Any:
    """The outputs of a copy on the meta device for inputs of these shapes (whole numbers where there are classes)."""
    import torch

    made = [
        torch.empty(shape, dtype=torch.float64 if classes is None else torch.int64, device="meta") for shape, classes in inputs
    ]
    return guarded_run(trial, made)


def guarded_run(trial: Any, tensors: Sequence[Any]) -> Any:
    """Run a copy on the meta device; raises where a tensor on the way would be too large."""
    import torch

    with torch.device("meta"), _sizes_class()(), torch.no_grad():
        return trial(*tensors)


@lru_cache(maxsize=1)
def _sizes_class() -> type:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Sizes(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            for tensor in made if isinstance(made, tuple | list) else (made,):
                if isinstance(tensor, torch.Tensor) and tensor.numel() > ENTRY_LIMIT:
                    raise TooManyEntriesError(f"{tensor.numel():,}")
            return made

    return Sizes


def check(built: Built, tensors: Sequence[Any]) -> tuple[int, ...] | None:
    """Run the shapes of these inputs through the network; the shape of its output where it is one tensor.

    Raises :class:`GraphError` at the line of the layer that does not fit, before anything is computed.
    """
    import torch

    trial = on_meta(built.module)
    entered: list[str] = []
    for path, part in trial.named_modules():
        # the copy is ours: the user's module never gets a hook
        part.register_forward_pre_hook(lambda _part, _inputs, path=path: entered.append(path))
    try:
        made = guarded_run(trial, [tensor.to("meta") for tensor in tensors])
    except GraphError:
        raise
    except NotImplementedError:
        return None
    except (Exception, RecursionError) as error:
        raise _misfit(built, tensors, entered, error) from error
    while isinstance(made, tuple | list) and made:
        made = made[0]
    return tuple(made.shape) if isinstance(made, torch.Tensor) else None


def _misfit(built: Built, tensors: Sequence[Any], entered: list[str], error: Exception) -> GraphError:
    path = entered[-1] if entered else ""
    line = next((built.lines[p] for p in _upwards(path) if p in built.lines), None)
    part = built.module.get_submodule(path)
    shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
    if isinstance(error, TooManyEntriesError):
        what = f"an input of shape {shapes} makes a tensor of {error} entries."
        instead = f"At most {ENTRY_LIMIT:,} are computed."
    else:
        message = first_line(error).rstrip(".")
        name = f"layer `{path}`, {_short(part)}" if path else f"`{type(part).__name__}`"
        what = f"an input of shape {shapes} does not fit: at {name}, torch says: {message}."
        instead = _suggestion(built)
    source = built.source
    if line is None or source is None:
        return GraphError(what, instead=instead)
    row = source.rows[line - 1]
    start = len(row) - len(row.lstrip())
    return GraphError(what, instead=instead, line=line, column=start + 1, end_column=len(row) + 1, source=row)


def _suggestion(built: Built) -> str:
    found = guess(built.module)
    if found is None:
        return ""
    return f"An input that fits: {', '.join(f'shape {shape}' for shape in found.shapes)}."


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def _short(part: Any) -> str:
    text = " ".join(str(part).split())
    return f"`{text}`" if len(text) <= 70 else f"`{type(part).__name__}`"
