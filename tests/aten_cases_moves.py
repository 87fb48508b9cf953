"""Calls that try the rows of views, places and joins."""

from collections.abc import Iterator

from aten_cases_one import INF, Case, case, f, n


def views() -> Iterator[Case]:
    for name, kept in (("reshape", (2, -1)), ("_reshape_copy", (12,))):
        yield case(name, f(3, 4), kept)
    yield case("view", f(), (1, 1))
    yield case("view", f(2, 0), (0,))
    yield case("view", n(1, 2), (2, 1))
    for name in ("expand", "expand_copy", "broadcast_to"):
        yield case(name, f(3, 1), (2, 3, 4))
        yield case(name, f(), (2, 3))
        if name != "broadcast_to":
            yield case(name, f(3, 1), (2, -1, 4))
    for name in ("permute", "permute_copy"):
        yield case(name, f(2, 3, 4), (2, 0, 1))
        yield case(name, f(2, 3, 4), (-1, 0, -2))
        yield case(name, f(), ())
    for name in ("transpose.int", "transpose_copy.int"):
        yield case(name, f(2, 3, 4), 0, -1)
    yield case("transpose.int", f(), 0, -1)
    for name in ("squeeze", "squeeze_copy"):
        yield case(name, f(1, 3, 1))
        yield case(f"{name}.dim", f(1, 3, 1), 2)
        yield case(f"{name}.dim", f(1, 3, 1), 1)
        yield case(f"{name}.dims", f(1, 3, 1), (0, 1, -1))
        yield case(f"{name}.dim", f(), 0)
    for name in ("unsqueeze", "unsqueeze_copy"):
        yield case(name, f(2, 3), -1)
        yield case(name, f(), 0)
    for name in ("select.int", "select_copy.int"):
        yield case(name, f(3, 4), 1, -1)
        yield case(name, n(3, 4), 0, 1)
    for name in ("slice.Tensor", "slice_copy.Tensor"):
        yield case(name, f(3, 4), 1, 1, 2**63 - 1)
        yield case(name, f(3, 9), -1, -5, -1, 2)
        yield case(name, f(3, 4), 0, 2, 1)
        yield case(name, f(3, 4))
        yield case(name, f(3, 4), 1, 0, 99, 3)
    yield case("narrow_copy", f(3, 4), 1, -3, 2)
    yield case("flip", f(2, 3, 4), (0, -1))
    yield case("flip", f(2), ())
    yield case("roll", f(3, 4), (2, -1), (0, 1))
    yield case("roll", f(3, 4), (2,))
    yield case("repeat", f(3, 4), (2, 1, 3))
    yield case("repeat", f(), (2,))
    yield case("repeat", f(3), (0,))
    for name in ("tril", "triu"):
        for k in (0, -1, 2):
            yield case(name, f(2, 3, 5), k)
        yield case(name, n(1, 2, 3, 4).reshape(2, 2))
    yield case("diagonal", f(3, 3))


def places() -> Iterator[Case]:
    for name in ("unfold", "unfold_copy"):
        yield case(name, f(3, 7), 1, 3, 2)
        yield case(name, f(7, 2), 0, 3, 1)
        yield case(name, f(7), -1, 2, 3)
    for name in ("diagonal", "diagonal_copy"):
        yield case(name, f(3, 5), 1)
        yield case(name, f(2, 3, 5), -1, 2, 1)
        yield case(name, f(3, 5), 7)
    for name in ("split.Tensor", "unsafe_split.Tensor", "split_copy.Tensor"):
        yield case(name, f(3, 7), 3, 1)
        yield case(name, f(4, 2), 2)
        yield case(name, f(0, 2), 2)
    for name in ("split_with_sizes", "unsafe_split_with_sizes", "split_with_sizes_copy"):
        yield case(name, f(3, 7), (1, 0, 6), -1)
    for name in ("unbind.int", "unbind_copy.int"):
        yield case(name, f(3, 2), 0)
        yield case(name, f(3, 2, 2), -1)
        yield case(name, n(3, 2))
    yield case("rot90", f(3, 4), 1, (0, 1))
    yield case("rot90", f(3, 4, 2), -3, (2, 1))
    yield case("pixel_shuffle", f(2, 12, 3, 2), 2)
    yield case("pixel_shuffle", f(4, 3, 2), 2)
    yield case("pixel_unshuffle", f(2, 3, 4, 6), 2)
    yield case("channel_shuffle", f(2, 6, 3), 3)
    yield case("select_scatter", f(3, 4), f(3), 1, 2)
    yield case("slice_scatter", f(3, 9), f(3, 2), 1, 1, 5, 2)
    yield case("slice_scatter", f(3, 4), f(3, 4))
    yield case("diagonal_scatter", f(3, 5), f(3), 1)
    yield case("diagonal_scatter", f(2, 3, 5), f(2, 2), -1, 1, 2)
    yield case("diag_embed", f(2, 3))
    yield case("diag_embed", f(2, 3), 1, 0, 2)
    yield case("diag_embed", f(3), -2)
    yield case("constant_pad_nd", f(3, 4), (1, 2), 3.0)
    yield case("constant_pad_nd", f(2, 3, 4), (1, -2, -1, 2))
    yield case("constant_pad_nd", n(1, 2), (1, 0))
    yield case("select_backward", f(3), (3, 4), 1, 2)
    yield case("slice_backward", f(3, 2), (3, 9), 1, 1, 5, 2)
    yield case("diagonal_backward", f(3), (3, 4), 0, 0, 1)


def strided() -> Iterator[Case]:
    """Views that depend on how an operand lies in memory: tried on contiguous ones alone."""
    for name, kept in (("view", (2, -1)), ("_unsafe_view", (2, 6)), ("view_copy", (4, 3))):
        yield case(name, f(3, 4), kept)
    yield case("_reshape_alias", f(3, 4), (2, 6), (6, 1))
    for p in (0.0, 0.5, 1.0, 2.0, 3.0, 1.5, INF):
        yield case("_pdist_forward", f(4, 3), p)
    for name in ("as_strided", "as_strided_copy"):
        yield case(name, f(3, 4), (2, 3), (4, 1), 1)
        yield case(name, f(12), (5, 3), (2, 1))
        yield case(name, f(3, 4), (), (), 5)
        yield case(name, f(3, 4), (2, 0), (1, 1))


def joins() -> Iterator[Case]:
    yield case("cat", [f(3, 2), f(1, 2), f(0, 2)])
    yield case("cat", [f(3, 2), f(3, 4)], -1)
    yield case("cat", [f(0), f(3, 4)], 1)
    yield case("cat", [f(3), n(3)])
    yield case("stack", [f(3, 2), f(3, 2)], -1)
    yield case("stack", [f(), f(), f()])
    yield case("block_diag", [f(3, 2), f(), f(2), f(1, 4)])
