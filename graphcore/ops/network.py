"""What networks end in: softmax and its kin, and picking an entry by class number."""

from __future__ import annotations

from functools import partial

from graphcore.ops import moves, shapes
from graphcore.ops.make import elementwise, op
from graphcore.ops.reductions import reduction
from graphcore.ops.row import REQUIRED

network = partial(op, group="neural network")
_Z = "z = [[1, 2, 3], [1, 0, -1]]\n"

ROWS = [
    network(
        "softmax",
        "normalized(exp(a - top(a, axis)), axis)",
        spoken="softmax",
        shape=shapes.along,
        statics={"axis": -1},
        written="softmax(a)",
        numpy="np.exp(a - a.max(axis, keepdims=True)) / np.exp(a - a.max(axis, keepdims=True)).sum(axis, keepdims=True)",
        torch="torch.softmax(a, dim=axis)",
        a="y * (g - sum(g * y, axis, True))",
        says="its share of g less the weighted mean of g",
        example=_Z + "y = sum(softmax(z)[0] * [1, 2, 3])",
    ),
    network(
        "log_softmax",
        "a - top(a, axis) - log(sum(exp(a - top(a, axis)), axis, True))",
        spoken="log of softmax",
        shape=shapes.along,
        statics={"axis": -1},
        written="log_softmax(a)",
        numpy="a - a.max(axis, keepdims=True) - np.log(np.exp(a - a.max(axis, keepdims=True)).sum(axis, keepdims=True))",
        torch="torch.log_softmax(a, dim=axis)",
        a="g - exp(y) * sum(g, axis, True)",
        says="g less the softmax's share of its sum",
        example=_Z + "y = -log_softmax(z)[0, 2]",
    ),
    reduction(
        "logsumexp",
        "log_of_sum(a, axis, keepdims)",
        spoken="log of the sum of exponentials",
        shape=shapes.extreme,
        numpy="np.log(np.sum(np.exp(a), axis=axis, keepdims=keepdims))",
        torch="torch.logsumexp(a, dim=tuple(range(a.ndim)), keepdim=keepdims) if axis is None else "
        "torch.logsumexp(a, dim=axis, keepdim=keepdims)",
        a="restore(g, shape(a), axis, keepdims) * exp(a - keep(y, axis, keepdims))",
        says="shared out by softmax",
        example="z = [1, 2, 3]\ny = logsumexp(z)",
    ),
    network(
        "pick",
        "pick(a, b)",
        spoken="entry of its class",
        operands=("a", "b"),
        shape=shapes.pick,
        numpy="a[np.arange(len(a)), b.astype(int)]",
        takes_numbers=False,
        torch="a[torch.arange(len(a)), b.long()]",
        a="scatter_classes(g, shape(a), b)",
        says="goes back to the entry picked; 0 elsewhere",
        reads="g goes back to the entry picked, 0 elsewhere",
        example=_Z + "t = const([2, 0])\ny = -mean(pick(log_softmax(z), t))",
    ),
    network(
        "pick_one",
        "pick(a, b)",
        spoken="entry of its class",
        operands=("a", "b"),
        shape=shapes.pick,
        written="pick(a, b)",
        numpy="a[int(b)]",
        takes_numbers=False,
        torch="a[b.long()]",
        a="scatter_classes(g, shape(a), b)",
        says="goes back to the entry picked; 0 elsewhere",
        reads="g goes back to the entry picked, 0 elsewhere",
        example="z = [1, 2, 3]\nt = const(2)\ny = -pick(log_softmax(z), t)",
    ),
    network(
        "gather",
        "gather(a, axis, b)",
        spoken="entries by number",
        operands=("a", "b"),
        shape=moves.gather,
        statics={"axis": REQUIRED},
        written="gather(a, axis=axis, index=b)",
        numpy="np.take_along_axis(a, b.astype(int), axis)",
        takes_numbers=False,
        torch="torch.gather(a, axis, b.long())",
        a="scatter_along(g, shape(a), b, axis)",
        says="goes back to the entry taken; one taken twice adds up",
        reads="each entry of g is added to the entry it came from",
        example=_Z + "t = const([[2], [0]])\ny = -mean(gather(log_softmax(z), 1, t))",
    ),
    elementwise(
        "binary_cross_entropy_each",
        "-(b * maximum(log(a), -100) + (1 - b) * maximum(log(1 - a), -100))",
        group="neural network",
        spoken="binary cross entropy",
        shape=shapes.alike,
        numpy="-(b * np.log(a) + (1 - b) * np.log(1 - a))",
        torch="F.binary_cross_entropy(a, b, reduction='none')",
        takes_numbers=False,
        # torch's 1e-12 is a float32
        a="g * (a - b) / maximum((1 - a) * a, 9.999999960041972e-13)",
        b="g * (log(1 - a) - log(a))",
        local={"a": "(a - b) / (a * (1 - a))"},
        example="p = [0.2, 0.9]\nt = const([0, 1])\ny = mean(binary_cross_entropy_each(p, t))",
    ),
]
