"""Recorded torch calls in torch's public words: ``x @ w``, ``F.conv2d(...)``, else ``torch.ops.aten.<name>(...)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SIGNS: Mapping[str, str] = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "mm": "@", "bmm": "@", "mv": "@", "dot": "@",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
# functions of torch itself that take ATen's arguments in ATen's order
_OF_TORCH = (
    "abs acos acosh addbmm addcdiv addcmul addmm addmv addr all amax amin any argmax argmin asin asinh atan atan2 atanh "
    "baddbmm bitwise_and bitwise_not bitwise_or bitwise_xor bmm cat ceil clamp clamp_max clamp_min copysign cos cosh "
    "cumprod cumsum deg2rad diagonal div dot erf erfc erfinv exp exp2 expm1 flip floor floor_divide fmax fmin fmod frac gather "
    "hypot index_add index_copy index_fill index_select isfinite isinf isnan lerp log log10 log1p log2 logaddexp logaddexp2 "
    "logcumsumexp logical_and logical_not logical_or logical_xor logit logsumexp masked_fill masked_scatter masked_select "
    "maximum mean median minimum mm mul mv neg outer pow prod rad2deg reciprocal relu remainder roll round rsqrt rsub "
    "scatter scatter_add sgn sigmoid sign sin sinc sinh sort split split_with_sizes sqrt square squeeze stack std sub sum take "
    "tan tanh topk trace tril triu trunc unbind unsqueeze var where xlogy zeros_like ones_like add eq ne lt le gt ge"
)
_OF_FUNCTIONAL = (
    "celu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu linear mish pixel_shuffle pixel_unshuffle relu6 selu silu "
    "softplus softshrink threshold gelu"
)
_TORCH, _FUNCTIONAL = frozenset(_OF_TORCH.split()), frozenset(_OF_FUNCTIONAL.split())
# methods on a tensor, and which argument they take; all that there are where none is named
_METHODS: Mapping[str, tuple[str, str | None]] = {
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "_reshape_alias"), ("reshape", "size")),
    **{name: (name, None) for name in ("permute", "transpose", "unsqueeze", "squeeze", "select")},
    **{name: (name, "") for name in ("clone", "detach", "contiguous", "t")},
    "expand": ("expand", "size"),
    "repeat": ("repeat", "repeats"),
    "alias": ("view_as", "self"),
}
_REDUCTIONS = ("none", "mean", "sum")
# where numbers lie and in which order: nothing that a program on the CPU need say
_LEFT_OUT = frozenset({"memory_format", "device", "layout", "pin_memory", "non_blocking", "generator", "half_to_float"})


@dataclass(frozen=True, eq=False)
class Said:
    """A call: ATen's ``name`` and ``overload``, its arguments as values and as source, in ATen's order.

    ``by_name`` are those that must be given by keyword; ``first`` says that of several results the first alone is used.
    """

    name: str
    overload: str
    values: Mapping[str, Any]
    texts: Mapping[str, str]
    by_name: frozenset[str] = frozenset()
    first: bool = False

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def get(self, name: str, usual: Any) -> Any:
        """An argument's value."""
        return self.values.get(name, usual)

    def more(self, *names: str) -> str:
        """These arguments by keyword, where they are given."""
        return "".join(f", {name}={self.texts[name]}" for name in names if self.values.get(name) is not None)

    def rest(self, after: int = 0) -> str:
        """All arguments from number ``after`` on, by position as long as that goes."""
        given: list[str] = []
        for k, (name, text) in enumerate(self.texts.items()):
            if name in _LEFT_OUT:
                continue
            if name in self.by_name:
                given.append(f"{'input' if name == 'self' else name}={text}")
            elif k >= after:
                given.append(text)
        return ", ".join(given)


def words(said: Said) -> tuple[str, bool]:
    """The call as source, and whether its value is the first result alone."""
    row = _FIRST.get(said.name) if said.first else None
    text = row(said) if row else None
    if text is not None:
        return text, True
    for way in (_WORDS.get(said.name), _infix, _method, _public):
        text = way(said) if way else None
        if text is not None:
            return text, False
    return aten(said), False


def aten(said: Said) -> str:
    """The call by ATen's own name."""
    return f"torch.ops.aten.{said.name}.{said.overload}({', '.join(_exactly(said))})"


def _exactly(said: Said) -> list[str]:
    return [f"{name}={text}" if name in said.by_name else text for name, text in said.texts.items()]


def _infix(said: Said) -> str | None:
    sign = _SIGNS.get(said.name)
    if sign is None or len(said.texts) != 2:
        return None
    left, right = said.texts.values()
    # a power binds stronger than a minus before it, and two numbers make no tensor
    return f"{left} {sign} {right}" if left.isidentifier() else None


def _method(said: Said) -> str | None:
    method, argument = _METHODS.get(said.name, ("", None))
    if not method or "self" not in said.texts or (argument and argument not in said.texts):
        return None
    given = said.rest(1) if argument is None else said.texts.get(argument, "")
    return f"{said['self']}.{method}({given})"


def _public(said: Said) -> str | None:
    if said.name in _TORCH:
        return f"torch.{said.name}({said.rest()})"
    return f"F.{said.name}({said.rest()})" if said.name in _FUNCTIONAL else None


def _slice(said: Said) -> str | None:
    dim, step = said.get("dim", 0), said.get("step", 1)
    start, end = said.get("start", None), said.get("end", None)
    if dim < 0 or not said["self"].isidentifier():
        return None
    low, high = ("" if k in (None, 0, 2**63 - 1) else str(k) for k in (start, end))
    # an end at 0 is no missing end
    high = "0" if end == 0 else high
    return f"{said['self']}[{':, ' * dim}{low}:{high}{f':{step}' if step != 1 else ''}]"


def _index(said: Said) -> str | None:
    given = said.values["indices"]
    if not isinstance(given, tuple) or not given or any(k is None for k in given):
        return None
    return f"{said['self']}[{said['indices'][1:-1].rstrip(',')}]"


def _convolution(said: Said) -> str | None:
    rank = len(said.values["stride"])
    if rank > 3 or len(said.values["output_padding"]) != rank:
        return None
    name = f"conv_transpose{rank}d" if said.values["transposed"] else f"conv{rank}d"
    usual = {"stride": (1,) * rank, "padding": (0,) * rank, "dilation": (1,) * rank, "groups": 1}
    if said.values["transposed"]:
        usual["output_padding"] = (0,) * rank
    given = {key: said.values[key] for key, value in usual.items() if said.values[key] != value}
    more = "".join(
        f", {key}={value[0] if isinstance(value, tuple) and len({*value}) == 1 else value}" for key, value in given.items()
    )
    return f"F.{name}({said['input']}, {said['weight']}, {said['bias']}{more})"


def _pool(name: str) -> Callable[[Said], str]:
    return lambda said: (
        f"F.{name}({said['self']}, {said['kernel_size']}{said.more('stride', 'padding', 'dilation', 'ceil_mode')})"
    )


def _layer_norm(said: Said) -> str:
    shape = said["normalized_shape"]
    return f"F.layer_norm({said['input']}, {shape}{said.more('weight', 'bias', 'eps')})"


def _batch_norm(said: Said) -> str | None:
    if "training" not in said.values:
        return None
    # torch would write new means into tensors that are given here
    kept = "None, None" if said.values["training"] else f"{said['running_mean']}, {said['running_var']}"
    more = said.more("weight", "bias", "eps") + (", training=True" if said.values["training"] else "")
    return f"F.batch_norm({said['input']}, {kept}{more})"


def _group_norm(said: Said) -> str:
    return f"F.group_norm({said['input']}, {said['group']}{said.more('weight', 'bias', 'eps')})"


def _loss(name: str, *names: str) -> Callable[[Said], str]:
    def text(said: Said) -> str:
        reduction = _REDUCTIONS[said.get("reduction", 1)]
        more = said.more(*names) + (f", reduction={reduction!r}" if reduction != "mean" else "")
        return f"F.{name}({said['self']}, {said['target']}{more})"

    return text


def _embedding(said: Said) -> str | None:
    if said.get("sparse", False):
        return None
    padding, often = said.get("padding_idx", -1), said.get("scale_grad_by_freq", False)
    more = (f", padding_idx={padding}" if padding >= 0 else "") + (", scale_grad_by_freq=True" if often else "")
    return f"F.embedding({said['indices']}, {said['weight']}{more})"


def _rsub(said: Said) -> str | None:
    return f"{said['other']} - {said['self']}" if len(said.texts) == 2 else None


def _elu(said: Said) -> str | None:
    return f"F.elu({said.rest()})" if len(said.texts) < 3 else None


_WORDS: Mapping[str, Callable[[Said], str | None]] = {
    "convolution": _convolution,
    "_softmax": lambda said: f"torch.softmax({said['self']}, dim={said['dim']})",
    "_log_softmax": lambda said: f"torch.log_softmax({said['self']}, dim={said['dim']})",
    "slice": _slice,
    "index": _index,
    "embedding": _embedding,
    "neg": lambda said: f"-{said['self']}",
    "rsub": _rsub,
    "elu": _elu,
    "unsafe_split": lambda said: f"torch.split({said.rest()})",
    "unsafe_split_with_sizes": lambda said: f"torch.split({said.rest()})",
    "mse_loss": _loss("mse_loss"),
    "smooth_l1_loss": _loss("smooth_l1_loss", "beta"),
    "huber_loss": _loss("huber_loss", "delta"),
    "binary_cross_entropy": _loss("binary_cross_entropy", "weight"),
    "binary_cross_entropy_with_logits": _loss("binary_cross_entropy_with_logits", "weight", "pos_weight"),
}
_FIRST: Mapping[str, Callable[[Said], str | None]] = {
    **{f"max_pool{rank}d_with_indices": _pool(f"max_pool{rank}d") for rank in (2, 3)},
    "native_layer_norm": _layer_norm,
    "native_batch_norm": _batch_norm,
    "native_group_norm": _group_norm,
    "nll_loss_forward": _loss("nll_loss", "weight", "ignore_index"),
    "nll_loss2d_forward": _loss("nll_loss", "weight", "ignore_index"),
}
