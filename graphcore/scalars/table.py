"""How an entry of each op is written out, one row an op.

An op without a row that works entry by entry is its own formula; one that moves numbers is the entry it moved; any
other is ``op(its operands' entries)`` beside their local derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphcore.backprop import Trace
from graphcore.scalars import forms, windows
from graphcore.scalars.writing import Here, Written

Write = Callable[[Here], Written]

ROWS: Mapping[str, Write] = {
    **dict.fromkeys(("matmul", "matvec", "vecmat", "dot", "vdot"), forms.product),
    **dict.fromkeys(("matmul_batched", "matvec_batched", "vecmat_batched", "mm", "bmm", "mv"), forms.product),
    **dict.fromkeys(("addmm", "addmv", "baddbmm"), forms.product_added),
    "linear": forms.linear,
    "outer": forms.outer,
    "sum": forms.total,
    "mean": forms.mean,
    "prod": forms.multiplied,
    **dict.fromkeys(("max", "amax"), forms.extreme("max")),
    **dict.fromkeys(("min", "amin"), forms.extreme("min")),
    "norm": forms.length,
    "var": forms.spread(root=False),
    "std": forms.spread(root=True),
    "logsumexp": forms.log_sum,
    "softmax": forms.exponentials,
    "log_softmax": forms.log_exponentials,
    "mse_loss": forms.squared_error,
    **dict.fromkeys(("cumsum", "trace", "tril", "triu", "detach", "nll_loss_forward", "output"), forms.weighted),
    **dict.fromkeys(("convolution", "_convolution"), windows.convolution),
    **{f"max_pool{rank}d_with_indices": windows.largest_of(rank) for rank in (2, 3)},
    **{f"avg_pool{rank}d": windows.mean_of(rank) for rank in (1, 2, 3)},
    **dict.fromkeys(("native_layer_norm", "native_group_norm"), windows.normalized(channel=False)),
    **dict.fromkeys(("native_batch_norm", "_native_batch_norm_legit"), windows.normalized(channel=True)),
    "_batch_norm_with_update": windows.normalized(channel=True),
}
# gather-like: a number by its place, whatever its row says
_MOVES = frozenset(("take", "gather", "pick", "pick_one", "embedding", "index", "index_select", "pad", "constant_pad_nd", "diag"))


def written(run: Trace, node: int, position: int) -> Written:
    """The right side of the scalar's equation; nothing for a leaf."""
    op = run.graph.ops[node]
    if op is None:
        return Written(())
    me = Here(run, node, position)
    write = ROWS.get(op.name)
    if write is not None:
        return write(me)
    literals = [run.argument(k) for k in me.arguments if k < 0]
    if op.entrywise and all(isinstance(value, float) or not getattr(value, "shape", ()) for value in literals):
        return forms.entrywise(me)
    if op.plumbing or op.name in _MOVES:
        return forms.moved(me)
    return forms.listed(me)
