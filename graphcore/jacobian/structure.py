"""What a local Jacobian is called, read off its indices.

===========  =================================================================================================
zero         nothing is handed on
identity     every entry to its own place
diagonal     every entry to its own place, times a number
permutation  every entry to another place (a transpose)
selection    some entries are picked (a slice, the largest of a row) or put among zeros (a piece of a concatenation)
sum          every source entry goes into one target entry; several go into the same (perhaps weighted)
broadcast    every target entry comes from one source entry; several from the same (perhaps weighted)
kronecker    a matrix or vector next to an identity: ``I ⊗ A`` or ``A ⊗ I`` (a matrix product)
blocks       one full matrix per entry of what both sides share (a batch of different matrices)
softmax      a diagonal and a product of two vectors, perhaps in blocks: ``diag(y) − y yᵀ``
band         a convolution: the same few weights in every row, moved on with the window
layer norm   blocks with what a change of mean and spread takes away: ``(I − 1 1ᵀ/n − x̂ x̂ᵀ/n) / σ``
dense        a full matrix
sparse       a sum of several of these
function     the rule is a function of its own; rows are computed one by one
===========  =================================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from graphcore.jacobian.entries import Entries
from graphcore.jacobian.linear import keep, pick


def kind_of(terms: Sequence[Entries], shape: tuple[int, int]) -> str:
    """The kind of a sum of terms."""
    kinds = {_kind(term, shape) for term in terms}
    if not kinds:
        return "zero"
    if kinds == {"selection"} and shape == (sum(prod(t.sizes[k] for k in t.shared) for t in terms),) * 2:
        return "permutation"  # in parts: rolled around
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= {"identity", "diagonal", "zero"}:
        return "diagonal"
    plain, other = kinds & {"identity", "diagonal"}, kinds - {"identity", "diagonal"}
    return "softmax" if plain and other <= {"blocks", "dense", "kronecker"} else "sparse"


def _kind(e: Entries, shape: tuple[int, int]) -> str:
    tall = e.inner.order  # indices of the target alone: a source entry reaches several target entries
    wide = [k for k in e.columns.order if k not in e.shared]
    factors = [f for n, f in enumerate(e.term.factors, 1) if any(ix.moves[n] for ix in e.term.indices)]
    if any(f.combine is pick for f in factors):
        return "selection"
    if not tall and not wide:
        if prod(e.sizes[k] for k in e.shared) != max(shape):
            return "selection"
        if e.first != e.start or any(e.steps[k] != e.strides[k] for k in e.shared):
            return "permutation"
        return "diagonal" if e.term.factors else "identity"
    mixed = any(ix.moves[n] for n in range(1, len(e.term.starts)) for k, ix in enumerate(e.term.indices) if k in e.shared)
    if factors and e.shared and not mixed:
        return "kronecker"
    if len(factors) > 1 and not e.shared and _apart(e, set(tall), set(wide)):
        return "kronecker"
    if tall and wide:
        return "blocks" if e.shared else "dense"
    if tall:
        return "broadcast"
    return "selection" if factors and all(f.combine is keep for f in factors) else "sum"


def _apart(e: Entries, tall: set[int], wide: set[int]) -> bool:
    """Whether each factor is a matrix between indices of its own."""
    used = [{k for k, ix in enumerate(e.term.indices) if ix.moves[n]} for n in range(1, len(e.term.starts))]
    used = [group for group in used if group]
    return all(group & tall and group & wide for group in used) and sum(map(len, used)) == len(set().union(*used))
