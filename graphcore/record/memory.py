"""Which node holds the present value of a tensor, and which tensors share their memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

Make = Callable[[], int]


class Store:
    """One piece of memory: how often it was written to, and the first tensor seen on it."""

    __slots__ = ("key", "root", "version")

    def __init__(self, root: Seen, key: int) -> None:
        self.root = root
        self.key = key
        self.version = 0


class Seen:
    """A tensor and the node of its value at a version of its memory; ``make`` makes the node when it is first used."""

    __slots__ = ("make", "node", "store", "tensor", "version")

    store: Store

    def __init__(self, tensor: torch.Tensor, node: int, make: Make | None) -> None:
        self.tensor = tensor
        self.node = node
        self.make = make
        self.version = 0

    def set(self, node: int = -1, make: Make | None = None) -> None:
        """The present value."""
        self.node, self.make, self.version = node, make, self.store.version


class Memory:
    """All tensors met, kept alive so that an id stays one tensor's."""

    def __init__(self, outside: Callable[[torch.Tensor], None], again: Callable[[Seen], int]) -> None:
        self._seen: dict[int, Seen] = {}
        self._stores: dict[int, Store] = {}
        self._outside = outside
        self._again = again

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, tensor: torch.Tensor, node: int = -1, make: Make | None = None) -> Seen:
        """A new tensor with its node, or with what makes the node when it is used."""
        seen = self._seen[id(tensor)] = Seen(tensor, node, make)
        key = tensor.untyped_storage()._cdata
        store = self._stores.get(key)
        if store is None:
            store = self._stores[key] = Store(seen, key)
        seen.store = store
        seen.version = store.version
        return seen

    def get(self, tensor: torch.Tensor) -> Seen | None:
        """What is known of a tensor, if anything."""
        return self._seen.get(id(tensor))

    def known(self, tensor: torch.Tensor) -> Seen:
        """What is known of a tensor; one met for the first time comes from outside."""
        seen = self._seen.get(id(tensor))
        if seen is not None:
            return seen
        store = self._stores.get(tensor.untyped_storage()._cdata)
        if store is None:
            self._outside(tensor)
            return self._seen[id(tensor)]
        # torch.zeros and its like wrap their result once more, and `.data` shares its memory
        root, seen = store.root, self.add(tensor)
        if alike(tensor, root.tensor) and not root.tensor.requires_grad:
            seen.set(root.node, root.make)
            store.root = seen
        else:
            seen.version = -1
        return seen

    def node(self, tensor: torch.Tensor) -> int:
        """The node of a tensor's present value."""
        seen = self.known(tensor)
        if seen.version != seen.store.version:
            seen.set(self._again(seen))
        elif seen.node < 0:
            make, seen.make = seen.make, None
            assert make is not None
            seen.set(make())
        return seen.node

    def peek(self, tensor: torch.Tensor) -> int:
        """The node that a tensor's activity is read from, -1 where there is none yet."""
        seen = self._seen.get(id(tensor))
        if seen is None:
            return -1
        return seen.node if seen.version == seen.store.version else seen.store.root.node

    def since(self, count: int) -> list[Seen]:
        """The tensors added after the first ``count``."""
        known = list(self._seen.values()) if count == 0 else None
        if known is None:
            newest: list[Seen] = []
            for seen in reversed(self._seen.values()):
                if len(newest) == len(self._seen) - count:
                    break
                newest.append(seen)
            known = newest[::-1]
        return known

    def forget(self, count: int) -> None:
        """Take back all tensors after the first ``count``."""
        while len(self._seen) > count:
            _, seen = self._seen.popitem()
            if seen.store.root is seen and seen.store.key in self._stores:
                del self._stores[seen.store.key]

    def release(self) -> None:
        """Let the tensors go, the newest first, so that no autograd graph is freed from its deep end."""
        while self._seen:
            self._seen.popitem()
        self._stores.clear()


def alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors on the same memory are the same part of it."""
    return a.shape == b.shape and a.stride() == b.stride() and a.storage_offset() == b.storage_offset() and a.dtype == b.dtype


def value_of(tensor: torch.Tensor) -> Any:
    """A tensor's numbers as our engine keeps them: a float, a float64 array, an int64 or a bool array."""
    found = tensor.detach().cpu().resolve_conj().resolve_neg()
    if found.dtype is torch.bool:
        array: Any = found.numpy(force=True).copy()
    elif found.dtype.is_floating_point:
        array = found.to(torch.float64, copy=True).numpy(force=True)
        if array.ndim == 0:
            return float(array)
    else:
        array = found.to(torch.int64, copy=True).numpy(force=True)
    array = np.ascontiguousarray(array) if array.ndim else array
    array.flags.writeable = False
    return array
