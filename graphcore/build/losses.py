"""A network with a loss at its end, as a module that shares everything with the network alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphcore.errors import GraphError, UnknownNameError

if TYPE_CHECKING:
    from torch import nn

# the key -> (what the page calls it, whether it needs a target)
LOSSES: Mapping[str, tuple[str, bool]] = {
    "mse": ("mean squared error", True),
    "squared error": ("sum of squared errors", True),
    "cross_entropy": ("cross-entropy", True),
    "binary_cross_entropy": ("binary cross-entropy of probabilities", True),
    "binary_cross_entropy_with_logits": ("binary cross-entropy with logits", True),
    "l1": ("mean absolute error", True),
    "smooth_l1": ("smooth L1", True),
    "nll": ("negative log-likelihood", True),
    "sum": ("sum of the output", False),
    "mean": ("mean of the output", False),
}
ALIASES: Mapping[str, str] = {
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy_with_logits",
    "squared_error": "squared error",
    "l1_loss": "l1",
    "mse_loss": "mse",
    "nll_loss": "nll",
    "smooth_l1_loss": "smooth_l1",
}
_EITHER = frozenset({"cross_entropy", "nll"})


def loss_key(name: str) -> str:
    """The key of a loss; raises a KeyError that names the nearest.

    >>> loss_key("bce")
    'binary_cross_entropy'
    """
    found = ALIASES.get(name, name)
    if found not in LOSSES:
        raise UnknownNameError("loss", name, [*LOSSES, *ALIASES])
    return found


def needs_target(name: str) -> bool:
    """Whether a loss compares the output with a target."""
    return LOSSES[loss_key(name)][1]


def _function(key: str) -> Callable[..., Any]:
    import torch
    from torch.nn import functional

    def total(output: Any) -> Any:
        return output if output.dim() == 0 else torch.sum(output)

    functions: dict[str, Callable[..., Any]] = {
        "mse": functional.mse_loss,
        "squared error": lambda output, target: torch.sum((output - target) ** 2),
        "cross_entropy": functional.cross_entropy,
        "binary_cross_entropy": functional.binary_cross_entropy,
        "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
        "l1": functional.l1_loss,
        "smooth_l1": functional.smooth_l1_loss,
        "nll": functional.nll_loss,
        "sum": total,
        "mean": lambda output: output if output.dim() == 0 else torch.mean(output),
    }
    return functions[key]


def problem(module: nn.Module, loss: str) -> nn.Module:
    """The network followed by a loss: a module whose call takes the inputs and, where the loss needs one, the target.

    It shares parameters, buffers, layers and mode with ``module``, under the same names; its class keeps the
    network's name, and what the loss computes stands in the outermost scope. Of several outputs the first one counts.
    """
    key = loss_key(loss)
    function, wants = _function(key), LOSSES[key][1]
    kind = type(module)

    def forward(self: Any, *given: Any) -> Any:
        inputs = given[:-1] if wants else given
        output = first_output(kind.forward(self, *inputs))
        return function(output, given[-1]) if wants else function(output)

    forward.__signature__ = _signature(kind, wants)  # type: ignore[attr-defined]
    wrapped = type(kind.__name__, (kind,), {"forward": forward, "__module__": kind.__module__, "__doc__": kind.__doc__})
    made: nn.Module = object.__new__(wrapped)
    object.__setattr__(made, "__dict__", module.__dict__)
    return made


def _signature(kind: type, wants: bool) -> inspect.Signature:
    """The names of the network's own inputs, and ``t`` for the target."""
    parameter = inspect.Parameter
    names = input_names(kind)
    if wants:
        names.append("t" if "t" not in names else "target")
    return inspect.Signature([parameter(name, parameter.POSITIONAL_OR_KEYWORD) for name in ["self", *names]])


def input_names(kind: type) -> list[str]:
    """What the inputs of a class of modules are called."""
    definition = getattr(kind, "definition", None)
    if definition is not None:
        return [argument.arg for argument in definition.find("forward").node.args.args[1:]]
    parameters = [p for p in inspect.signature(kind.forward).parameters.values() if p.default is p.empty]  # type: ignore[attr-defined]
    names = [p.name for p in parameters[1:] if p.kind is p.POSITIONAL_OR_KEYWORD]
    return ["x" if name == "input" else name for name in names] or ["x"]


def first_output(output: Any) -> Any:
    """The first tensor of what a network returns: ``out`` of an LSTM's ``(out, (h, c))``."""
    while isinstance(output, tuple | list) and output:
        output = output[0]
    if isinstance(output, dict) and output:
        output = next(iter(output.values()))
    if not hasattr(output, "backward"):
        raise GraphError(f"the network returns {type(output).__name__}, not a tensor.", instead="Return the output of a layer.")
    return output


def check_loss(loss: str, output: Sequence[int], target: Any) -> None:
    """Refuse a target that does not fit the output, or fits it only by broadcasting, with what to write."""
    import torch

    key, shape = loss_key(loss), tuple(output)
    if not LOSSES[key][1]:
        return
    if target is None:
        raise GraphError(f"the loss {key} needs a target.", instead=f"Write one of shape {shape}.")
    given = tuple(target.shape)
    if key in _EITHER and not (key == "cross_entropy" and given == shape):
        _check_classes(key, shape, target)
        return
    if given != shape:
        what = f"the output has shape {shape} and the target {given}."
        raise GraphError(what, instead=f"Write a target of shape {shape}.")
    if key.startswith("binary") and not torch.all((target >= 0) & (target <= 1)):
        raise GraphError(f"the targets of {key} are between 0 and 1.", instead="Write 0 or 1 for each output.")


def _check_classes(key: str, shape: tuple[int, ...], target: Any) -> None:
    if not shape:
        raise GraphError(
            f"{key} wants one score a class, and the output is a single number.", instead="Use mse, or more outputs."
        )
    wanted = shape[:1] + shape[2:] if len(shape) > 1 else ()
    classes = shape[1] if len(shape) > 1 else shape[0]
    if tuple(target.shape) != wanted:
        what = (
            f"the output has shape {shape}, so {key} wants class numbers of shape {wanted}; the target has {tuple(target.shape)}."
        )
        raise GraphError(what, instead=f"Write whole numbers from 0 to {classes - 1}.")
    if target.is_floating_point() or (target.numel() and not 0 <= int(target.min()) <= int(target.max()) < classes):
        raise GraphError(f"the targets of {key} are class numbers.", instead=f"Write whole numbers from 0 to {classes - 1}.")
