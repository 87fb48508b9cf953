"""What a first course types: each call gives the number of the library it is written for, and torch's gradients."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import graphcore as gc
from graphcore.compare import compare
from graphcore.jacobian import local_jacobian
from graphcore.parse import parse

LEAVES = {
    "A": [[1.0, 2, 3], [4, 5, 7], [1, 0, 2]],
    "B": [[1.0, 2], [0, 3], [5, 1]],
    "X": [[1.0, 2, 3, 4], [5, 6, 7, 8]],
    "x": [1.0, 4, 9, 2],
    "u": [1.0, 2, 3],
    "v": [3.0, 1, 0],
    "b": [1.0, 2],
    "z": [[1.0, 2, 3], [1, 0, -1], [0, 1, 2]],
    "T": np.arange(24.0).reshape(2, 3, 4).__rsub__(7).__truediv__(5).tolist(),
    "S": np.arange(40.0).reshape(2, 4, 5).__rsub__(9).__truediv__(7).tolist(),
}
PREAMBLE = "".join(f"{name} = {value}\n" for name, value in LEAVES.items()) + "w = const([1, 2, 3])\nk = const([0, 2, 1])\n"


def ours(call: str) -> gc.Trace:
    graph = parse(f"{PREAMBLE}y = {call}")
    return gc.trace(graph, upstream=np.random.default_rng(3).uniform(0.5, 1.5, graph.outputs[0].shape))


TORCH = [
    "torch.addmm(b, A, B)",
    "torch.addmm(b, A, B, beta=2, alpha=0.5)",
    "b.addmm(A, B)",
    "torch.addmv(u, A, v)",
    "torch.baddbmm(T, T, S[:, :, :4], alpha=-1)",
    "torch.gather(z, 1, k[:, None])",
    "torch.gather(z, dim=0, index=k[None])",
    "z.gather(1, k[:, None])",
    "torch.split(x, 2)[0]",
    "torch.split(x, [1, 3])[-1]",
    "torch.split(T, 2, dim=1)[1]",
    "x.chunk(2)[1]",
    "torch.chunk(X, 3, dim=1)[1]",
    "F.pad(X, (1, 2))",
    "F.pad(X, (1, 2, 0, 1), value=3)",
    "F.pad(X, (1, 2), 'constant', 0)",
    "torch.diff(x)",
    "torch.diff(X, n=2)",
    "torch.diff(X, dim=0)",
    "torch.linalg.cross(A, z)",
    "torch.cross(A, z, dim=0)",
    "torch.linalg.solve(A, u)",
    "torch.linalg.solve(A, B)",
    "torch.logaddexp(u, v)",
    "torch.erfc(u)",
    "torch.special.erfc(u)",
    "torch.sinc(u / 4)",
    "torch.atleast_2d(x)",
    "torch.moveaxis(T, 0, -1)",
    "torch.movedim(T, (0, 1), (1, 2))",
    "torch.linalg.matrix_power(A, 3)",
    "torch.matrix_power(A, -2)",
    "F.glu(x)",
    "F.glu(X, dim=0)",
    "nn.GLU()(x)",
    "torch.median(x)",
    "torch.median(z, dim=0).values",
    "torch.median(z, dim=0)[0]",
    "x.median()",
    "torch.einsum('ij,jk->ik', A, B)",
    "torch.einsum('ij,jk->ki', A, B)",
    "torch.einsum('ji,jk->ik', A, B)",
    "torch.einsum('bij,bjk->bik', T, S)",
    "torch.einsum('bij, bkj -> bik', T, T)",
    "torch.einsum('bij,bij->', T, T)",
    "torch.einsum('bij,bjk->k', T, S)",
    "torch.einsum('abc,cd->dab', T, S[0])",
    "torch.einsum('abc,abd->cd', T, T)",
    "torch.einsum('bij,i->bj', T, u)",
    "torch.einsum('bij,kl->bl', T, A)",
    "torch.einsum('i,j->ji', u, x)",
    "torch.einsum('i,i->', u, v)",
    "torch.einsum('ij,j->i', A, u)",
    "torch.einsum('i,ij->j', u, A)",
    "torch.einsum('ij,ij->i', A, z)",
    "torch.einsum('ii->', A)",
    "torch.einsum('ii->i', A)",
    "torch.einsum('abc->ca', T)",
    "torch.norm(A, p='fro')",
    "torch.linalg.norm(A, ord=-1)",
    "torch.linalg.norm(A, float('inf'))",
    "torch.linalg.matrix_norm(A)",
    "torch.linalg.matrix_norm(A, ord=1)",
    "F.cross_entropy(z, k)",
    "F.cross_entropy(z, k, w)",
    "F.cross_entropy(z, k, weight=w, reduction='none')",
    "F.cross_entropy(z, k, label_smoothing=0.1)",
    "F.cross_entropy(z, k, ignore_index=2)",
    "F.cross_entropy(z, k, ignore_index=2, reduction='sum')",
    "F.cross_entropy(z, k, weight=w, ignore_index=1)",
    "F.cross_entropy(z, k, weight=w, ignore_index=1, label_smoothing=0.2)",
    "F.cross_entropy(z, k, weight=w, label_smoothing=0.2, reduction='none')",
    "F.cross_entropy(z, torch.softmax(A, 1), weight=w, label_smoothing=0.2)",
    "F.cross_entropy(z[0], k[1], weight=w, label_smoothing=0.1)",
    "nn.CrossEntropyLoss(w)(z, k)",
    "nn.CrossEntropyLoss(weight=w, ignore_index=0, label_smoothing=0.1)(z, k)",
    "F.nll_loss(z, k, weight=w, ignore_index=0)",
    "nn.NLLLoss(ignore_index=1, reduction='sum')(z, k)",
    "F.softmax(T)",
    "F.softmax(z)",
    "F.log_softmax(x)",
    "F.softmin(T)",
    "nn.Softmax()(T)",
    "F.softmax(T[None])",
    "torch.std(x[:1])",
    "torch.var(X, dim=0, correction=1, keepdim=True)",
    "torch.var(X[:1], dim=0, correction=1, keepdim=True)",
]


@pytest.mark.parametrize("call", TORCH)
def test_a_call_of_torch_is_torchs(call: str) -> None:
    run = ours(call)
    tensors = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in LEAVES.items()}
    names = {"torch": torch, "F": F, "nn": nn, "w": torch.tensor([1.0, 2, 3], dtype=torch.float64), "k": torch.tensor([0, 2, 1])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = eval(call, {**names, **tensors})  # noqa: S307  # a line of this file
    out = run.graph.outputs[0]
    np.testing.assert_allclose(run.value(out.index), theirs.detach().numpy(), rtol=1e-13, atol=1e-13)
    assert np.shape(run.value(out.index)) == tuple(theirs.shape)
    seed = torch.tensor(np.random.default_rng(3).uniform(0.5, 1.5, tuple(theirs.shape)))
    gradients = torch.autograd.grad(theirs, list(tensors.values()), seed, allow_unused=True)
    for name, gradient in zip(tensors, gradients):
        mine = run.gradient(name)
        if gradient is None:
            assert mine is None or not np.any(mine)
        else:
            np.testing.assert_allclose(mine, gradient.numpy(), rtol=1e-11, atol=1e-12)
    assert compare(run).verdict in ("match", "unproven")


NUMPY = [
    "np.take_along_axis(z, k[:, None], axis=1)",
    "np.take_along_axis(z, k[:, None], 1)",
    "np.split(x, 4)[1]",
    "np.split(x, [1, 3])[1]",
    "np.split(X, 2, axis=1)[-1]",
    "np.pad(x, 1)",
    "np.pad(X, (1, 2))",
    "np.pad(X, ((1, 1), (0, 0)), constant_values=2)",
    "np.pad(X, 1, mode='constant')",
    "np.diff(X, axis=0)",
    "np.cross(u, v)",
    "np.linalg.solve(A, B)",
    "np.logaddexp(u, 1)",
    "np.cbrt(u)",
    "np.sinc(u / 3)",
    "np.atleast_2d(x)",
    "np.atleast_2d(X)",
    "np.moveaxis(T, -1, 0)",
    "np.linalg.matrix_power(A, 2)",
    "np.median(u)",
    "np.median(z, axis=0)",
    "np.einsum('ij,jk->ik', A, B)",
    "np.linalg.norm(A, 'fro')",
    "np.linalg.norm(A, 1)",
    "np.linalg.norm(A, ord=np.inf)",
    "np.std(x[:1], ddof=1)",
    "math.erfc(0.5) * u",
]


@pytest.mark.parametrize("call", NUMPY)
def test_a_call_of_numpy_is_numpys(call: str) -> None:
    run = ours(call)
    arrays = {name: np.array(value) for name, value in LEAVES.items()}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        names = {"np": np, "math": math, "k": np.array([0, 2, 1])}
        theirs = np.asarray(eval(call, {**names, **arrays}))  # noqa: S307  # a line of this file
    out = run.graph.outputs[0]
    np.testing.assert_allclose(run.value(out.index), theirs, rtol=1e-13, atol=1e-13)
    assert np.shape(run.value(out.index)) == theirs.shape
    assert compare(run).verdict in ("match", "unproven")


ALIKE = [
    ("gather(z, 1, k[:, None])", "z.gather(1, k[:, None])"),
    ("split(x, 2)[1]", "x[2:]"),
    ("chunk(x * 2, 2)[0]", "(x * 2)[:2]"),
    ("pad(x, (1, 2))", "F.pad(x, (1, 2))"),
    ("pad(x, 1)", "np.pad(x, 1)"),
    ("cross(u, v)", "torch.linalg.cross(u, v)"),
    ("one_hot(k, 3) * z", "F.one_hot(k) * z"),
    ("one_hot([0, 2], 3) * z[:2]", "F.one_hot(torch.tensor([0, 2]), num_classes=3) * z[:2]"),
    ("median(u)", "u[1]"),
    ("norm(A, ord='fro')", "norm(A)"),
    ("norm(A, ord=1)", "max(sum(abs(A), axis=0))"),
    ("softmax(T)", "torch.softmax(T, -1)"),
    ("median(T, axis=1)", "torch.median(T, 1).values"),
    ("addmm(b, mat1=A, mat2=B)", "b + A @ B"),
]


@pytest.mark.parametrize(("first", "second"), ALIKE)
def test_two_spellings_give_one_number(first: str, second: str) -> None:
    one, other = ours(first), ours(second)
    np.testing.assert_allclose(one.value(one.graph.outputs[0].index), other.value(other.graph.outputs[0].index), rtol=1e-14)
    for name in LEAVES:
        mine, same = one.gradient(name), other.gradient(name)
        assert (mine is None) == (same is None)
        if mine is not None:
            np.testing.assert_allclose(mine, same, rtol=1e-12, atol=1e-14)


def test_one_hot_wants_no_gradient() -> None:
    graph = parse("t = one_hot([2, 0], 3)\nz = [[1, 2, 3], [4, 5, 6]]\ny = sum(t * z)")
    run = gc.trace(graph)
    assert run.gradient("t") is None
    assert run.value("t").tolist() == [[0, 0, 1], [1, 0, 0]]
    assert run.gradient("z").tolist() == run.value("t").tolist()


REFUSED = [
    ("median(x)", "NumPy's median is the mean of the two in the middle, torch's the lower one"),
    ("np.median(x)", "(torch.median(x) - torch.median(-x)) / 2"),
    ("torch.split(x, 2)", "Take one part"),
    ("split(X, 1, 1)[0]", "is read in two ways: NumPy counts the parts"),
    ("torch.split(x, 2)[2]", "there are 2 parts, numbered 0 to 1"),
    ("torch.split(x, 2.5)[0]", "cannot be split by 2.5"),
    ("np.split(x, 3)[0]", "cannot be split by 3"),
    ("torch.chunk(x, 0)[0]", "cannot be split by 0"),
    ("chunk(x, 2, 5)[0]", "there is no such axis"),
    ("split(x)[0]", "takes an array, how it is split, and an axis"),
    ("pad(X, (1, 2))", "NumPy pads every axis, torch the last one"),
    ("pad(x, -1)", "a pair of whole numbers for each axis"),
    ("F.pad(x, (1, 1), mode='reflect')", "only a constant is padded with"),
    ("F.pad(x, (1, 1), 'circular')", "only a constant is padded with"),
    ("pad(x, 10**9)", "at most 1,000,000"),
    ("diff(x, n=0)", "a whole number from 1 to 16, not 0"),
    ("diff(x, axis=1)", "there is no axis 1"),
    ("var(x, ddof=4)", "with ddof=4 of 4 entries nothing is left to divide by"),
    ("std(x[:1], ddof=2)", "nothing is left to divide by"),
    ("cross(x, x)", "vectors of 3 entries are wanted, not 4"),
    ("cross(A, u)", "as many axes are wanted"),
    ("torch.cross(A, A)", "Name it, as in `dim=-1`"),
    ("solve(B, u)", "a square matrix is wanted"),
    ("solve(A, x)", "a right side with 3 rows is wanted"),
    ("matrix_power(A, 0)", "it is eye(3)"),
    ("matrix_power(A, 100)", "from -16 to 16, not 100"),
    ("matrix_power(A)", "the exponent is needed"),
    ("glu(u)", "an even number of entries"),
    ("one_hot([0, 5], 3)", "has the entry 5: class numbers are whole, from 0 to 2"),
    ("one_hot(x * 1)", "say how many classes there are"),
    ("moveaxis(T, 0)", "say which axis goes where"),
    ("moveaxis(T, (0, 1), 0)", "as many places as axes"),
    ("einsum('ij,jk', A, B)", "'ij,jk->ik'"),
    ("einsum('...j,j->...', A, u)", "'ij,jk->ik'"),
    ("einsum('__import__(\"os\")->i', A, B)", "'ij,jk->ik'"),
    ("einsum('{0}->i', u)", "'ij,jk->ik'"),
    ("einsum(A, B)", "it begins with its letters"),
    ("einsum('ij,jk->ik', A)", "the letters speak of 2 operands, 1 were given"),
    ("einsum('ij,jk->il', A, B)", "the output's letter l is in no operand"),
    ("einsum('ij,jk->ikk', A, B)", "the output's letter k stands there twice"),
    ("einsum('ij,kk->i', A, A)", "with diag"),
    ("einsum('ij,ij->i', A, B)", "the axis j has 3 entries, and 2 in B"),
    ("einsum('i->i', A)", "it has 2 axes"),
    ("cross_entropy(z, [0, 1, 7])", "has the class 7"),
    ("cross_entropy(z, k, weight=[1, 2])", "one weight for each class is wanted"),
    ("cross_entropy(z, k, label_smoothing=2)", "a share from 0 to 1, not 2"),
    ("cross_entropy(z, k, ignore_index=0.5)", "`ignore_index` is a whole number"),
    ("cross_entropy(z, k, reduction='{4}')", "'mean', 'sum' or 'none', not '{4}'"),
    ("cross_entropy(z, z, ignore_index=1)", "these are probabilities"),
    ("norm(A, ord='nuc')", "`ord` is a number or 'fro', not 'nuc'"),
    ("norm(A, ord=2)", "needs singular values"),
    ("torch.norm(A, p=1)", "write matrix_norm(A, ord=1)"),
    ("norm(u, ord='fro')", "Leave ord out"),
    ("gather(z, 1, [[0, 1]])", "they must agree in every axis but 1"),
    ("gather(z, 1, [[0], [1], [7]])", "there is no entry 7"),
    ("take(x, [7])", "there is no entry 7"),
    ("'ij' + x", "a text (string) is not part of this language"),
    ("sum(x, axis=('{7}',))", "an axis is a whole number, not '{7}'"),
    ("reshape(x, 'ab')", "it cannot be given newshape='ab'"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_what_cannot_be_meant_is_refused_in_words(call: str, words: str) -> None:
    with pytest.raises(gc.GraphError) as refusal:
        parse(f"{PREAMBLE}y = {call}")
    assert words in str(refusal.value)


SETTINGS: list[tuple[str, dict[str, Any], str]] = [
    ("sum", {"keepdims": [1]}, r"`keepdims` is True or False, not \[1\]"),
    ("sum", {"axis": "a"}, "an axis is a whole number, not 'a'"),
    ("sum", {"axis": {}}, "an axis is a whole number, not {}"),
    ("leaky_relu", {"negative_slope": "a"}, "`negative_slope` is one number"),
    ("clip", {"min": "{0}"}, "`min` is one number, not '{0}'"),
    ("std", {"ddof": [1]}, "`ddof` is one number"),
    ("tril", {"k": 1.5}, "`k` is a whole number, not 1.5"),
    ("gelu", {"approximate": "x"}, "'none' or 'tanh'"),
    ("reshape", {"newshape": "ab"}, "it cannot be given newshape='ab'"),
    ("transpose", {"axes": 5}, "it cannot be given axes=5"),
    ("pad", {"width": 3}, "a pair of whole numbers for each axis"),
]


@pytest.mark.parametrize(("name", "statics", "words"), SETTINGS)
def test_a_builder_is_told_the_same_as_a_program(name: str, statics: dict[str, Any], words: str) -> None:
    b = gc.Builder()
    x = b.leaf("X", [[1.0, 2], [3, 4]])
    with pytest.raises(gc.GraphError, match=words):
        b.apply(name, x, **statics)


@pytest.mark.parametrize("call", ["std(x[:1], ddof=1)", "var(X[:1, :1], ddof=1)", "sum(std(X[:1], axis=0, ddof=1))"])
def test_the_spread_of_one_entry_is_nan_without_a_warning(call: str) -> None:
    run = ours(call)
    assert np.isnan(run.value("y"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare(run)


def test_a_block_of_a_jacobian_is_taken_by_numbers_too() -> None:
    run = gc.trace(parse("x = [1, 2, 3]\ny = x ** 2"), upstream=np.ones(3))
    jacobian = local_jacobian(run, run.graph.edges[0])
    assert jacobian.block(1, 1).tolist() == [[4.0]]
    assert jacobian.block(-1, slice(None)).tolist() == [[0.0, 0.0, 6.0]]
    with pytest.raises(IndexError):
        jacobian.block(3, 0)
    with pytest.raises(TypeError, match=r"slices or whole numbers, not 1\.5"):
        jacobian.block(1.5, 0)  # type: ignore[arg-type]
