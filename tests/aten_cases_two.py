"""Calls that try the rows of windows, norms, losses, subscripts and scans: (name, arguments) or (name, arguments, keywords)."""

from typing import Any

import numpy as np
import torch

_MAKER = torch.Generator().manual_seed(20)


def a(*shape: int) -> torch.Tensor:
    """Random entries that want a gradient."""
    return torch.randn(shape, dtype=torch.float64, generator=_MAKER).requires_grad_()


def u(*shape: int) -> torch.Tensor:
    """Entries between 0.1 and 0.9."""
    return (torch.rand(shape, dtype=torch.float64, generator=_MAKER) * 0.8 + 0.1).requires_grad_()


def n(top: int, *shape: int) -> torch.Tensor:
    """Whole numbers below ``top``."""
    return torch.randint(top, shape, generator=_MAKER)


def m(*shape: int) -> torch.Tensor:
    """Truth values."""
    return torch.rand(shape, generator=_MAKER) > 0.4


def w(*values: Any) -> torch.Tensor:
    """These values; floating ones want a gradient."""
    found = torch.tensor(values, dtype=torch.float64 if isinstance(np.ravel(values)[0], float) else None)
    return found.requires_grad_() if found.is_floating_point() else found


def still(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach()


def conv(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: bool = False,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    turned: bool = False,
    more: int = 0,
    groups: int = 1,
) -> tuple[Any, ...]:
    rank = x.ndim - 2
    channels = weight.shape[1] * groups if turned else weight.shape[0]
    settings = ([k] * rank for k in (stride, padding, dilation))
    return (x, weight, a(channels) if bias else None, *settings, turned, [more] * rank, groups)


CONVOLUTIONS = [
    conv(a(2, 3, 9), a(4, 3, 3), True),
    conv(a(2, 4, 11), a(6, 2, 3), False, 2, 1, 2, groups=2),
    conv(a(2, 3, 8, 7), a(4, 3, 3, 2), True),
    conv(a(1, 1, 6, 6), a(2, 1, 5, 5), True, 1, 2),
    conv(a(2, 3, 9, 8), a(4, 3, 3, 3), False, 2, 1),
    conv(a(2, 3, 9, 8), a(4, 3, 1, 1), True),
    conv(a(2, 3, 9, 8), a(4, 3, 1, 1), False, 2),
    conv(a(2, 4, 9, 10), a(8, 2, 3, 2), True, 2, 2, 2, groups=2),
    conv(a(2, 4, 7, 6), a(4, 1, 3, 3), True, 1, 1, groups=4),
    conv(a(2, 4, 7, 6), a(8, 1, 2, 3), False, 2, 1, 2, groups=4),
    conv(a(2, 2, 5, 4, 6), a(3, 2, 2, 3, 2), True, 2, 1),
    conv(a(2, 3, 5), a(3, 4, 3), True, turned=True),
    conv(a(2, 3, 5, 4), a(3, 4, 3, 2), True, 2, 1, turned=True, more=1),
    conv(a(2, 4, 5, 4), a(4, 3, 3, 3), False, 3, 1, 2, True, 2, 2),
    conv(a(2, 2, 3, 4, 2), a(2, 3, 2, 2, 2), True, 2, 0, turned=True),
    (a(2, 3, 8, 7), a(4, 3, 3, 2), a(4), [2, 1], [0, 1], [1, 2], False, [0, 0], 1),
    (a(2, 3, 8, 7), a(3, 4, 3, 2), a(4), [2, 1], [0, 1], [1, 2], True, [1, 0], 1),
    (a(2, 3, 8, 7), a(4, 3, 3, 2), None, [1], [1], [1], False, [0], 1),
    conv(a(2, 3, 2, 2), a(4, 3, 1, 1), False, 2, 1),
    conv(a(2, 3, 16, 15), a(4, 3, 3, 3), False, 2, 1),
    conv(a(2, 3, 16, 15), a(4, 3, 1, 1), True),
    conv(a(2, 4, 16, 15), a(4, 3, 4, 4), True, 1, 1, 1, True, 0, 2),
    conv(still(a(2, 3, 8, 7)), a(4, 3, 3, 3), True),
    conv(a(0, 3, 8, 7), a(4, 3, 3, 3), True),
]
POOLS = [
    ("max_pool2d_with_indices", (a(2, 3, 8, 7), [2, 2])),
    ("max_pool2d_with_indices", (a(2, 3, 8, 7), [3, 2], [2, 1], [1, 1], [1, 2])),
    ("max_pool2d_with_indices", (a(3, 8, 7), [3, 3], [2, 2], [1, 1], [1, 1], True)),
    ("max_pool2d_with_indices", (torch.ones(1, 1, 4, 4, dtype=torch.float64).requires_grad_(), [2, 2])),
    ("max_pool2d_with_indices", (w([[[1.0, torch.nan, 3.0], [torch.nan, 2.0, 0.0]]]), [2, 2], [1, 1])),
    ("max_pool2d_with_indices", (torch.full((1, 1, 4, 4), -torch.inf, dtype=torch.float64), [3, 3], [2, 2], [1, 1], [2, 2])),
    ("max_pool3d_with_indices", (a(2, 3, 6, 5, 7), [2, 3, 2], [2, 1, 2], [1, 1, 0])),
    ("max_pool3d_with_indices", (a(2, 6, 5, 7), [2], [2], [1], [2], True)),
    ("adaptive_max_pool2d", (a(2, 3, 8, 7), [3, 2])),
    ("adaptive_max_pool2d", (w([[[1.0, 1.0, torch.nan], [1.0, torch.nan, 0.0]]]), [1, 2])),
    ("adaptive_max_pool3d", (a(2, 3, 5, 4, 6), [2, 3, 1])),
    ("fractional_max_pool2d", (a(2, 3, 8, 7), [2, 3], [4, 2], still(u(2, 3, 2)))),
    ("fractional_max_pool2d", (a(3, 8, 7), [2, 2], [1, 5], still(u(1, 3, 2)))),
    ("fractional_max_pool3d", (a(2, 3, 6, 7, 8), [2, 2, 3], [3, 4, 2], still(u(2, 3, 3)))),
    ("avg_pool1d", (a(2, 3, 8), [3], [2], [1])),
    ("avg_pool2d", (a(2, 3, 8, 7), [2, 2])),
    ("avg_pool2d", (a(2, 3, 8, 7), [3, 2], [2, 2], [1, 1], True, False)),
    ("avg_pool2d", (a(3, 8, 7), [3, 3], [2, 2], [1, 1], True, True)),
    ("avg_pool2d", (a(3, 8, 7), [3, 3], [2, 2], [1, 1], True, True, 5)),
    ("avg_pool3d", (a(2, 3, 6, 5, 7), [2, 3, 2], [2, 1, 3], [1, 1, 0], True, False)),
    ("_adaptive_avg_pool2d", (a(2, 3, 8, 7), [3, 2])),
    ("_adaptive_avg_pool2d", (a(3, 4, 4), [6, 1])),
    ("_adaptive_avg_pool3d", (a(2, 3, 5, 4, 6), [2, 3, 7])),
    ("max_unpool2d", (a(1, 2, 2, 2), n(4, 1, 2, 1, 1) * 4 + torch.arange(4).reshape(2, 2), [4, 4])),
    (
        "max_unpool3d",
        (a(1, 2, 2, 1, 2), w([2, 0, 3, 1]).reshape(1, 1, 2, 1, 2).repeat(1, 2, 1, 1, 1), [2, 2, 2], [1] * 3, [0] * 3),
    ),
    ("im2col", (a(2, 3, 6, 7), [2, 3], [1, 2], [1, 0], [2, 1])),
    ("im2col", (a(3, 6, 7), [2, 2], [1, 1], [0, 0], [1, 1])),
    ("col2im", (a(2, 12, 12), [4, 5], [2, 2], [1, 1], [0, 0], [1, 1])),
    ("col2im", (a(12, 4), [4, 4], [2, 2], [2, 2], [1, 1], [2, 2])),
]
SIZES = [(1, [6], 5), (2, [9, 4], 5), (3, [3, 8, 4], 4)]
RESAMPLED = [
    *((f"{name}{k}d", (a(2, 3, *range(side, side + k)), size)) for k, size, side in SIZES for name in ("upsample_nearest",)),
    *((f"_upsample_nearest_exact{k}d", (a(2, 3, *range(side, side + k)), size)) for k, size, side in SIZES),
    ("upsample_nearest2d", (a(2, 3, 4, 5), [8, 10], 2.0, 2.0)),
    ("upsample_nearest2d", (a(2, 3, 4, 5), [6, 12], 1.5, 2.5)),
    *(
        ("upsample_linear1d", (a(2, 3, 5), [size], align, scale))
        for size in (3, 5, 11)
        for align in (True, False)
        for scale in (None, 2.2)
    ),
    *(("upsample_bilinear2d", (a(2, 3, 5, 4), size, align)) for size in ([8, 3], [10, 8], [1, 1]) for align in (True, False)),
    ("upsample_bilinear2d", (a(2, 3, 5, 4), [7, 6], False, 1.5, 1.6)),
    *(("upsample_trilinear3d", (a(1, 2, 3, 4, 2), [5, 3, 4], align)) for align in (True, False)),
    *(("upsample_bicubic2d", (a(2, 3, 5, 4), size, align)) for size in ([8, 3], [10, 8], [1, 1]) for align in (True, False)),
    *(
        (f"_upsample_{name}2d_aa", (a(2, 3, 9, 8), size, False))
        for name in ("bilinear", "bicubic")
        for size in ([4, 11], [2, 3], [12, 16])
    ),
    ("reflection_pad1d", (a(3, 5), [4, 2])),
    ("reflection_pad2d", (a(2, 3, 5, 4), [1, 2, 3, 0])),
    ("reflection_pad3d", (a(2, 5, 4, 3), [1, 2, 3, 0, 1, 1])),
    ("replication_pad1d", (a(2, 3, 5), [4, 7])),
    ("replication_pad2d", (a(3, 5, 4), [1, 2, 3, 0])),
    ("replication_pad3d", (a(2, 3, 5, 4, 2), [1, 2, 3, 0, 1, 1])),
    ("affine_grid_generator", (a(2, 2, 3), [2, 3, 4, 5], False)),
    ("affine_grid_generator", (a(2, 3, 4), [2, 3, 2, 1, 5], True)),
    *(
        ("grid_sampler_2d", (a(2, 3, 5, 4), a(2, 3, 6, 2), mode, padding, align))
        for mode in (0, 1, 2)
        for padding in (0, 1, 2)
        for align in (True, False)
    ),
    *(
        ("grid_sampler_3d", (a(2, 3, 5, 4, 3), a(2, 3, 2, 4, 3), mode, padding, padding == 1))
        for mode in (0, 1)
        for padding in (0, 1, 2)
    ),
]
STATISTICS = (still(a(3)), still(u(3)))
NORMS = [
    *(
        ("native_batch_norm", (x, a(3), a(3), None, None, True, 0.1, 1e-5))
        for x in (a(7, 3), a(4, 3, 5), a(4, 3, 5, 2), a(2, 3, 2, 3, 4))
    ),
    ("native_batch_norm", (a(4, 3, 5), None, None, *STATISTICS, False, 0.1, 1e-3)),
    ("native_batch_norm", (a(4, 3, 5), a(3), a(3), *STATISTICS, False, 0.1, 1e-5)),
    ("native_batch_norm", (a(4, 3, 5), a(3), None, *STATISTICS, True, 0.1, 1e-5)),
    ("_native_batch_norm_legit", (a(4, 3, 5), a(3), a(3), *STATISTICS, False, 0.1, 1e-5)),
    ("_native_batch_norm_legit.no_stats", (a(4, 3, 5), a(3), a(3), True, 0.1, 1e-5)),
    ("_batch_norm_with_update", (a(4, 3, 5), a(3), a(3), *STATISTICS, 0.1, 1e-5)),
    ("native_layer_norm", (a(4, 3, 7), [7], a(7), a(7), 1e-5)),
    ("native_layer_norm", (a(4, 3, 7), [3, 7], None, None, 1e-2)),
    ("native_layer_norm", (a(4, 6), [6], a(6), None, 1e-5)),
    ("native_group_norm", (a(4, 6, 5), a(6), a(6), 4, 6, 5, 2, 1e-5)),
    ("native_group_norm", (a(4, 6, 2, 3), None, None, 4, 6, 6, 3, 1e-5)),
    ("native_group_norm", (a(4, 6, 2, 3), a(6), None, 4, 6, 6, 6, 1e-5)),
    ("_fused_rms_norm", (a(4, 3, 7), [7], a(7), None)),
    ("_fused_rms_norm", (a(4, 3, 7), [3, 7], None, 1e-3)),
    ("_weight_norm_interface", (a(4, 3, 2), a(4, 1, 1), 0)),
    ("_weight_norm_interface", (a(4, 3), a(1, 3), 1)),
    ("renorm", (a(4, 3, 2), 2, 0, 1.5)),
    ("renorm", (a(4, 3), 1, 1, 2.0)),
    ("renorm", (a(4, 3), 3.0, -1, 1.0)),
    *((name, (a(4, 3, 5), dim, False)) for name in ("_softmax", "_log_softmax") for dim in (0, 1, -1)),
    *((name, (a(), 0, False)) for name in ("_softmax", "_log_softmax")),
    ("_safe_softmax", (a(4, 5), -1)),
    ("_safe_softmax", (a(), -1)),
    ("_safe_softmax", (torch.where(torch.arange(4)[:, None] < 2, a(4, 5).detach(), -torch.inf).requires_grad_(), 1)),
]
REDUCTIONS = (0, 1, 2)
LOSSES = [
    *((name, (a(4, 3), a(4, 3), k)) for name in ("mse_loss", "smooth_l1_loss", "huber_loss") for k in REDUCTIONS),
    ("smooth_l1_loss", (a(4, 3), a(4, 3), 1, 0.3)),
    ("smooth_l1_loss", (w(1.0, -1.0, 0.0), w(0.0, 0.0, 0.0), 2)),
    ("huber_loss", (a(4, 3), a(4, 3), 2, 0.3)),
    ("huber_loss", (w(1.0, -1.0, 0.0), w(0.0, 0.0, 0.0), 2)),
    *(("binary_cross_entropy", (u(4, 3), u(4, 3), weight, k)) for k in REDUCTIONS for weight in (None, still(u(3)))),
    ("binary_cross_entropy", (w(0.0, 0.0, 1.0), still(w(0.0, 1.0, 1.0)))),
    *(
        ("binary_cross_entropy_with_logits", (a(4, 3), u(4, 3), weight, more, k))
        for k in REDUCTIONS
        for weight, more in ((None, None), (still(u(4, 1)), None), (None, still(u(3))), (still(u(3)), still(u(4, 3))))
    ),
    ("binary_cross_entropy_with_logits", (w(800.0, -800.0), still(w(0.0, 1.0)), None, None, 2)),
    *(("soft_margin_loss", (a(4, 3), still(a(4, 3)).sign(), k)) for k in REDUCTIONS),
    *(("nll_loss_forward", (a(4, 3), w(0, 2, -100, 1), weight, k, -100)) for k in REDUCTIONS for weight in (None, still(u(3)))),
    ("nll_loss_forward", (a(3), w(1)[0], None, 1, -100)),
    ("nll_loss_forward", (a(2, 3), w(1, 1), None, 1, 1)),
    *(("nll_loss2d_forward", (a(2, 3, 4, 2), n(3, 2, 4, 2), weight, k, 1)) for k in REDUCTIONS for weight in (None, still(u(3)))),
    *(
        ("multi_margin_loss", (a(4, 3), w(0, 2, 1, 1), p, 0.7, weight, k))
        for k in REDUCTIONS
        for p, weight in ((1, None), (2, still(u(3))))
    ),
    ("multi_margin_loss", (a(3), w(1)[0])),
    *(("multilabel_margin_loss_forward", (a(2, 4), w([3, 0, -1, 1], [-1, 0, 1, 2]), k)) for k in REDUCTIONS),
    ("multilabel_margin_loss_forward", (a(4), w(2, 1, -1, 0), 1)),
]
SUBSCRIPTS = [
    ("index.Tensor", (a(4, 5, 3), [w(1, 1, 3)])),
    ("index.Tensor", (a(4, 5, 3), [None, w([0, -1], [2, 0])])),
    ("index.Tensor", (a(4, 5, 3), [w(1, 3), None, w(0, -3)])),
    ("index.Tensor", (a(4, 5, 3), [w([1], [3]), w(0, 4, 4)])),
    ("index.Tensor", (a(4, 5), [m(4, 5)])),
    ("index.Tensor", (a(4, 5, 3), [None, m(5)])),
    ("index.Tensor", (a(4, 5, 3), [m(4), w(1)])),
    ("index.Tensor", (a(4, 5), [torch.tensor(2)])),
    ("index.Tensor", (a(4, 5), [w(0, 1)[:0]])),
    ("_unsafe_index.Tensor", (a(4, 5, 3), [None, w([0], [2]), w(0, 2)])),
    *(("index_put", (a(4, 5), [w(1, 3)], a(2, 5), add)) for add in (False, True)),
    *(("index_put", (a(4, 5), [None, w(1, 3, 0)], a(3), add)) for add in (False, True)),
    ("index_put", (a(4, 5), [w(1, 1, -1), w(2, 2, 0)], a(), True)),
    ("index_put", (a(4, 5), [m(4, 5)], a())),
    ("_unsafe_index_put", (a(4, 5), [w(1, 3)], a(2, 5), True)),
    ("_unsafe_masked_index", (a(4, 5), m(3), [w(1, 9, 1), w(0, 2, 0)], 1.5)),
    ("_unsafe_masked_index_put_accumulate", (a(4, 5), m(3), [w(1, 9, 1), w(0, 2, 0)], a(3))),
    ("embedding", (a(6, 3), n(6, 2, 4))),
    ("embedding", (a(6, 3), w(1, 2, 1, 1), 1)),
    ("embedding", (a(6, 3), w(1, 2, 1, 0), 2, True)),
    ("masked_select", (a(4, 5), m(4, 5))),
    ("masked_select", (a(4, 1, 5), m(3, 1))),
    ("masked_scatter", (a(4, 5), m(4, 5), a(5, 5))),
    ("masked_scatter", (a(4, 5), m(5), a(21))),
    ("take", (a(4, 5), w([0, -1], [7, 7]))),
    ("take", (a(4, 5), w(0)[:0])),
    *(("put", (a(4, 5), w([0, -1], [7, 6]), a(4), add)) for add in (False, True)),
    ("put", (a(4, 5), w(3, 3), a(2), True)),
    *(("gather", (a(4, 5, 3), dim, n(3, 2, 4, 3))) for dim in (0, 1, -1)),
    ("gather", (a(), 0, torch.tensor(0))),
    ("scatter.src", (a(4, 5), 1, w([0, 3], [4, 2], [1, 0], [2, 3]), a(4, 2))),
    ("scatter.value", (a(4, 5), 0, w([0, 3], [1, 2]), 2.5)),
    ("scatter_add", (a(4, 5), 0, n(4, 3, 5), a(3, 5))),
    ("scatter_add", (a(5), -1, w(1, 1, 4), a(3))),
    *(
        ("scatter_reduce.two", (a(4, 5), 0, n(4, 6, 5), a(6, 5), reduce), {"include_self": whole})
        for reduce in ("sum", "mean", "amax", "amin", "prod")
        for whole in (True, False)
    ),
    ("scatter_reduce.two", (w(2.0, 0.0, 3.0), 0, w(0, 0, 1, 2, 2), w(0.0, 4.0, 5.0, 0.0, 0.0), "prod")),
    ("scatter_reduce.two", (w(2.0, 0.0, 3.0), 0, w(0, 0, 1, 2, 2), w(2.0, 2.0, 0.0, 1.0, 0.0), "amax")),
    *(
        ("index_reduce", (a(4, 5), 1, w(0, 3, 3, 1), a(4, 4), reduce), {"include_self": whole})
        for reduce in ("mean", "amax", "amin", "prod")
        for whole in (True, False)
    ),
    ("index_select", (a(4, 5, 3), 1, w(4, 0, 0))),
    ("index_select", (a(4, 5, 3), -1, torch.tensor(2))),
    ("index_add", (a(4, 5), 1, w(4, 0, 0), a(4, 3))),
    ("index_add", (a(4, 5), 0, w(1), a(1, 5)), {"alpha": -2.5}),
    ("index_copy", (a(4, 5), 1, w(4, 0, 2), a(4, 3))),
    ("index_fill.int_Scalar", (a(4, 5), 1, w(4, 0, 0), 2.5)),
    ("index_fill.int_Tensor", (a(4, 5), 0, w(2, 2, 1), a())),
]
OFFSETS = w(0, 3, 3, 5)
SEQUENCES = [
    *(
        ("_embedding_bag", (a(6, 3), w(1, 2, 2, 4, 5, 0, 1), OFFSETS, False, mode, False, None, False, unused))
        for mode in (0, 1, 2)
        for unused in (-1, 2)
    ),
    ("_embedding_bag", (a(6, 3), w(1, 2, 2, 4, 5, 0, 1), w(0, 3, 3, 7), False, 0, False, a(7), True, 4)),
    ("_ctc_loss", (a(7, 2, 4).log_softmax(-1).detach().requires_grad_(), w([1, 1, 2], [3, 1, 2]), [7, 7], [3, 3], 0, False)),
    ("_ctc_loss", (a(7, 2, 4).log_softmax(-1).detach().requires_grad_(), w(0, 1, 2, 0, 1, 2), [7, 7], [3, 3], 3, True)),
    ("_ctc_loss.Tensor", (a(7, 2, 4).log_softmax(-1).detach().requires_grad_(), w([1, 1, 2], [3, 1, 2]), w(7, 7), w(3, 3))),
    *((name, (a(4, 5), dim)) for name in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin") for dim in (0, -1)),
    *((name, (a(), 0)) for name in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin")),
    *((name, (w(1.0, 1.0, 3.0, torch.nan, 3.0, torch.nan), 0)) for name in ("cummax", "cummin")),
    ("cummax", (w(1.0, 1.0, 2.0, 2.0, 0.0), 0)),
    ("cumprod", (w([2.0, 0.0, 4.0, 5.0], [0.0, 3.0, 0.0, 1.0]), 1)),
    ("cumprod", (w([2.0, 0.0, 4.0, 5.0], [0.0, 3.0, 0.0, 1.0]), 0)),
    ("logcumsumexp", (w(-torch.inf, 700.0, 710.0, -800.0), 0)),
    ("cumsum", (n(5, 4), 0)),
    ("cumsum", (m(4), 0)),
    ("cumsum", (n(5, 4), 0), {"dtype": torch.float64}),
]
ALL = (
    *(("convolution", case) for case in CONVOLUTIONS),
    *(("_convolution", (*case, False, False, True, True)) for case in CONVOLUTIONS[2:4]),
    *(case for table in (POOLS, RESAMPLED, NORMS, LOSSES, SUBSCRIPTS, SEQUENCES) for case in table),
)
