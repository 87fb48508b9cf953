"""A network as a program of the language, with the very same parameters, input and target: written out, or as an outline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.build.losses import loss_key, needs_target

if TYPE_CHECKING:
    from torch import Tensor, nn

PARAMETER_LIMIT = 400
ENTRY_LIMIT = 1_000
_A_ROW = 6


class AsProgram(NamedTuple):
    """The program, or None and the reason why there is none."""

    text: str | None
    reason: str = ""


class Outline(NamedTuple):
    """A program whose large leaves are zeros, and for each of them its name among the parameters and its tensor.

    ``text`` is None where there is none, with the reason; the input is called ``input``, the target ``target``.
    """

    text: str | None
    leaves: Mapping[str, tuple[str, Tensor]]
    reason: str = ""


def outlined(module: nn.Module, x: Tensor, target: Tensor | None, loss: str) -> Outline:
    """The program that a network of any size computes, without its numbers."""
    writer = _Writer(module, x, target, loss_key(loss), written=False)
    try:
        return Outline(writer.run(), writer.leaves)
    except _NoProgram as reason:
        return Outline(None, {}, str(reason))


def as_program(module: nn.Module, x: Tensor, target: Tensor | None, loss: str) -> AsProgram:
    """The program that computes what this network computes for this input, target and loss, numbers to all 17 digits.

    A row of Linear layers, activations and their likes with fewer than 400 parameters can be written so.
    """
    try:
        return AsProgram(_Writer(module, x, target, loss_key(loss)).run())
    except _NoProgram as reason:
        return AsProgram(None, str(reason))


class _NoProgram(Exception):  # noqa: N818 - an answer, not an error
    pass


# class of layer -> the line for it; {h} is what goes in
_PLAIN: Mapping[str, str] = {
    name: f"{op}({{h}})"
    for name, op in {
        "ReLU": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "SiLU": "silu", "Mish": "mish", "SELU": "selu",
        "LogSigmoid": "logsigmoid", "Hardsigmoid": "hardsigmoid", "Hardswish": "hardswish", "ReLU6": "relu6",
    }.items()
}  # fmt: skip
_PASSED = ("Identity", "Dropout")


def _activation(layer: Any, h: str, rank: int) -> str | None:
    """The right side for an activation, or None where this layer is none that can be written."""
    name = type(layer).__name__
    if name in _PLAIN:
        return _PLAIN[name].format(h=h)
    if name == "LeakyReLU":
        return f"leaky_relu({h}, {layer.negative_slope!r})"
    if name in ("ELU", "CELU"):
        return f"{name.lower()}({h}, {float(layer.alpha)!r})"
    if name == "Softplus" and layer.beta == 1 and layer.threshold == 20:
        return f"softplus({h})"
    if name == "GELU" and layer.approximate == "none":
        return f"gelu({h})"
    if name in ("Softmax", "LogSoftmax") and layer.dim in (-1, rank - 1):
        return f"{'softmax' if name == 'Softmax' else 'log_softmax'}({h})"
    if name == "Softsign":
        return f"{h} / (1 + abs({h}))"
    if name == "Tanhshrink":
        return f"{h} - tanh({h})"
    return None


# loss -> the last line; {p} is the output, t the target
_LOSSES: Mapping[str, str] = {
    "mse": "mean(({p} - t)**2)",
    "squared error": "sum(({p} - t)**2)",
    "l1": "mean(abs({p} - t))",
    "smooth_l1": "mean(where(abs({p} - t) < 1, 0.5 * ({p} - t)**2, abs({p} - t) - 0.5))",
    "binary_cross_entropy": "-mean(t * log({p}) + (1 - t) * log(1 - {p}))",
    "binary_cross_entropy_with_logits": "mean(softplus({p}) - t * {p})",
    "cross_entropy": "cross_entropy({p}, t)",
    "nll": "-mean(pick({p}, t))",
    "sum": "sum({p})",
    "mean": "mean({p})",
}


class _Writer:
    def __init__(self, module: Any, x: Any, target: Any, loss: str, *, written: bool = True) -> None:
        self.module, self.x, self.target, self.loss = module, x, target, loss
        self.written = written
        self.leaves: dict[str, tuple[str, Tensor]] = {}
        self.lines: list[str] = []
        self.seen: set[int] = set()

    def run(self) -> str:
        self._check()
        self._leaf("x", self.x, constant=not self.x.requires_grad, key="input")
        layers = self._flat(self.module)
        h, made, value = "x", 0, self.x.detach()
        for path, layer in layers:
            h, made, value = self._layer(path, layer, h, made, value)
        if h == "x":
            raise _NoProgram("the network has no layer that computes anything.")
        self._loss(h, value)
        return "\n".join(self.lines)

    def _check(self) -> None:
        count = sum(parameter.numel() for parameter in self.module.parameters())
        if self.written and count >= PARAMETER_LIMIT:
            raise _NoProgram(f"the network has {count:,} parameters; fewer than {PARAMETER_LIMIT} are written out.")
        if self.x.is_floating_point() is False:
            raise _NoProgram("the input is class numbers, which no program of this kind has.")
        if self.written and self.x.numel() > ENTRY_LIMIT:
            raise _NoProgram(f"the input has {self.x.numel():,} entries; at most {ENTRY_LIMIT:,} are written out.")

    def _flat(self, module: Any, path: str = "") -> list[tuple[str, Any]]:
        from torch import nn

        if type(module).forward is nn.Sequential.forward or (isinstance(module, nn.Sequential) and _is_wrapped(module)):
            return [pair for key, layer in module.named_children() for pair in self._flat(layer, f"{path}.{key}".lstrip("."))]
        return [(path, module)]

    def _layer(self, path: str, layer: Any, h: str, made: int, value: Any) -> tuple[str, int, Any]:
        import torch

        name = type(layer).__name__
        if name in _PASSED and (name == "Identity" or not layer.training or layer.p == 0):
            return h, made, value
        with torch.no_grad():
            after = layer(value) if name != "Dropout" else value
        if name == "Linear":
            return self._linear(f"{path}." if path else "", layer, h, made + 1), made + 1, after
        if name == "Flatten":
            if after.shape == value.shape:
                return h, made, after
            self.lines.append(f"f{made} = reshape({h}, {tuple(after.shape)})")
            return f"f{made}", made, after
        right = _activation(layer, h, value.dim())
        if right is None:
            raise _NoProgram(f"`{name}`{f' ({path})' if path else ''} has no short form in the language.")
        title = self._free(f"h{made}")
        self.lines.append(f"{title} = {right}")
        return title, made, after

    def _linear(self, path: str, layer: Any, h: str, k: int) -> str:
        if id(layer) in self.seen:
            raise _NoProgram("a layer is used twice.")
        self.seen.add(id(layer))
        self._leaf(f"W{k}", layer.weight, constant=not layer.weight.requires_grad, key=f"{path}weight")
        if layer.bias is not None:
            self._leaf(f"b{k}", layer.bias, constant=not layer.bias.requires_grad, key=f"{path}bias")
        self.lines.append(f"z{k} = {h} @ W{k}.T" + (f" + b{k}" if layer.bias is not None else ""))
        return f"z{k}"

    def _free(self, title: str) -> str:
        taken = {line.split(" = ")[0] for line in self.lines}
        made, k = title, 1
        while made in taken:
            k += 1
            made = f"{title}_{k}"
        return made

    def _loss(self, h: str, value: Any) -> None:
        if needs_target(self.loss):
            if self.target is None:
                raise _NoProgram("the loss needs a target.")
            if self.loss == "cross_entropy" and self.target.is_floating_point():
                raise _NoProgram("the targets are probabilities.")
            if self.loss in ("cross_entropy", "nll") and value.dim() > 2:
                raise _NoProgram("the output has more than two axes.")
            self._leaf("t", self.target, constant=True, key="target")
        self.lines.append("L = " + _LOSSES[self.loss].format(p=h))

    def _leaf(self, name: str, tensor: Any, *, constant: bool, key: str) -> None:
        given = key in ("input", "target") and tensor.numel() <= ENTRY_LIMIT
        if self.written or given or not tensor.dim():
            text = _written(tensor.detach().tolist(), tensor.dim())
        else:
            self.leaves[name] = (key, tensor.detach())
            text = f"zeros({', '.join(map(str, tensor.shape))})"
        self.lines.append(f"{name} = const({text})" if constant else f"{name} = {text}")


def _is_wrapped(module: Any) -> bool:
    """Whether this is a row of layers with a loss behind it."""
    from torch import nn

    return any(base.forward is nn.Sequential.forward for base in type(module).__bases__ if hasattr(base, "forward"))


def _written(numbers: Any, depth: int) -> str:
    """Nested lists of numbers to all digits, a few to a line."""
    if depth == 0:
        return repr(numbers)
    if depth > 1:
        return "[" + ",\n ".join(_written(row, depth - 1) for row in numbers) + "]"
    parts = [repr(number) for number in numbers]
    rows = [", ".join(parts[at : at + _A_ROW]) for at in range(0, len(parts), _A_ROW)]
    return "[" + ",\n  ".join(rows) + "]"
