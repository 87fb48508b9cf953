"""The forward kernel of an op over complex arrays, where it has one.

A formula that is a text is compiled against the analytic functions. A function of a row is taken as it is where it only
multiplies, adds, picks and solves; in two parts, real and imaginary, where it is linear; and not at all where it could
lose the imaginary part unnoticed.
"""

from __future__ import annotations

import ast
import math
from functools import lru_cache
from typing import Any

import numpy as np

from graphcore.check.evidence.analytic import COMPLEX
from graphcore.ops import Formula, Op, Statics, StaticsKey
from graphcore.ops.namespaces import ARRAYS, Kernel

_PLAIN = (
    "_adaptive_avg_pool2d _adaptive_avg_pool3d _batch_norm_with_update _fused_rms_norm _linalg_det _linalg_solve_ex "
    "_native_batch_norm_legit _safe_softmax _trilinear _unsafe_index as_strided block_diag cat channel_shuffle copy "
    "constant_pad_nd diag_embed diagonal einsum fill gather glu index index_select linalg_cross linalg_inv_ex linalg_lu_solve "
    "linalg_matrix_exp linalg_solve_triangular masked_select mse_loss nansum native_batch_norm native_group_norm "
    "native_layer_norm nll_loss2d_forward nll_loss_forward output pixel_shuffle pixel_unshuffle reflection_pad1d "
    "reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d rot90 soft_margin_loss sort split "
    "split_with_sizes stack take topk trace triangular_solve unbind unfold unsafe_split unsafe_split_with_sizes "
    "upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d "
    "upsample_trilinear3d"
)
# linear in all their numbers together: the imaginary parts go through by themselves
_TWO_PARTS = (
    "avg_pool1d avg_pool2d avg_pool3d col2im cumsum diagonal_backward diagonal_scatter embedding im2col index_add index_copy "
    "scatter_add select_backward select_scatter slice_backward slice_scatter"
)
_ANALYTIC, _LINEAR = frozenset(_PLAIN.split()), frozenset(_TWO_PARTS.split())
_CONVOLUTIONS = frozenset(("convolution", "_convolution"))
_POOLS = {
    f"{name}{rank}d{more}": rank for name, more in (("max_pool", "_with_indices"), ("adaptive_max_pool", "")) for rank in (2, 3)
}


class _Powers(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        return ast.Call(ast.Name("power", ast.Load()), [node.left, node.right], [])


def complex_kernel(op: Op, statics: Statics) -> Kernel | None:
    """The forward formula of an op over complex arrays, None where it has none; made once.

    >>> from graphcore.ops import get
    >>> run = complex_kernel(get("abs"), ())
    >>> float(run(np.array([-2.0 + 1j])).imag[0])
    -1.0
    """
    return _complex_kernel(op, StaticsKey(statics))


@lru_cache(maxsize=4096)
def _complex_kernel(op: Op, statics: StaticsKey) -> Kernel | None:
    settings = dict(statics.pairs)
    if op.forward.function is None:
        return _by_text(op, settings)
    run = op.forward.compile(op.operands, ARRAYS, settings)
    if op.name in _ANALYTIC:
        return _widened(run)
    if op.name in _LINEAR:
        return _linear(run)
    if op.name in _CONVOLUTIONS:
        return _convolution(run, op.operands)
    return _pool(run, _POOLS[op.name]) if op.name in _POOLS else None


def _by_text(op: Op, settings: dict[str, Any]) -> Kernel | None:
    formula = op.forward.given(settings)
    if op.name == "pad":
        bare = op.forward.compile(op.operands, ARRAYS, {**settings, "value": 0.0})
        return _linear(op.forward.compile(op.operands, ARRAYS, settings), bare)
    if any(isinstance(node, ast.Mod | ast.FloorDiv) for node in ast.walk(formula.tree)):
        return None
    replaced = Formula(ast.unparse(_Powers().visit(ast.parse(formula.text, mode="eval"))))
    known = (*(name.lstrip("*") for name in op.operands), *settings)
    return replaced.compile(op.operands, COMPLEX, settings) if replaced.runs_on(COMPLEX, known) else None


def _floating(value: Any) -> bool:
    return not isinstance(value, tuple) and np.asarray(value).dtype.kind in "fc"


def _widened(run: Kernel) -> Kernel:
    """All numbers as complex ones, so that what is made in place can hold them."""
    return lambda *values: run(*[np.asarray(v, dtype=np.complex128) if _floating(v) else v for v in values])


def _linear(run: Kernel, bare: Kernel | None = None) -> Kernel:
    """The two parts through one function each; ``bare`` is the linear one where ``run`` adds a number besides."""

    def over(*values: Any) -> Any:
        real = run(*[np.real(v) if _floating(v) else v for v in values])
        return real + 1j * (bare or run)(*[np.imag(v) if _floating(v) else v for v in values])

    return over


def _convolution(run: Kernel, names: tuple[str, ...]) -> Kernel:
    """Linear in the input and in the weight; the bias is added."""

    def over(*values: Any) -> Any:
        real = [np.ascontiguousarray(np.real(v)) for v in values]
        found = run(*real) + 0j
        for slot, (name, value) in enumerate(zip(names, values, strict=True)):
            if np.iscomplexobj(value):
                kept = [(name == "bias") != (other == "bias") for other in names]
                alone = [np.zeros_like(v) if out else v for v, out in zip(real, kept, strict=True)]
                alone[slot] = np.ascontiguousarray(np.imag(value))
                found = found + 1j * run(*alone)
        return found

    return over


def _pool(run: Kernel, rank: int) -> Kernel:
    """The largest of each window: the imaginary part is that of the entry that was taken."""

    def over(value: Any) -> Any:
        found, places = run(np.ascontiguousarray(np.real(value)))
        leading = value.shape[:-rank]
        flat = np.reshape(np.imag(value), (*leading, math.prod(value.shape[-rank:])))
        picked = np.take_along_axis(flat, np.reshape(places, (*leading, -1)), -1)
        return found + 1j * np.reshape(picked, found.shape), places

    return over
