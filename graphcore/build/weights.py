"""Weights from a ``.safetensors`` file, checked against the network. Nothing is ever unpickled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from graphcore.errors import GraphError, nearest

if TYPE_CHECKING:
    from torch import Tensor, nn

SIZE_LIMIT = 200_000_000
SHOWN = 8

# kinds of file that are, or may hold, pickles: opening one can run code
REFUSED = (".pt", ".pth", ".pkl", ".pt2", ".ckpt", ".bin", ".pickle", ".joblib")
_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def converting(name: str) -> str:
    """The two lines that turn a checkpoint into a file that can be read here.

    >>> print(converting("net.pt"))
    from safetensors.torch import save_file; import torch
    save_file(torch.load("net.pt", weights_only=True), "net.safetensors")
    """
    stem = PurePath(name).stem or "weights"
    exported = PurePath(name).suffix.lower() == ".pt2"
    tensors = f'dict(torch.export.load("{name}").state_dict)' if exported else f'torch.load("{name}", weights_only=True)'
    return f'from safetensors.torch import save_file; import torch\nsave_file({tensors}, "{stem}.safetensors")'


def load_weights(module: nn.Module, data: bytes, name: str = "weights.safetensors") -> tuple[str, ...]:
    """Put the tensors of a ``.safetensors`` file into the network; sentences on what was done to them.

    Raises :class:`GraphError` and changes nothing where the file is of another kind, or where tensors are missing, left over or
    of another shape; each of them has its sentence.
    """
    _refuse(data, name)
    found = _read(data, name)
    wanted = dict(module.state_dict(keep_vars=True))
    found, notes = _without_prefix(found, wanted)
    troubles = _troubles(found, wanted, _tied(wanted))
    if troubles:
        more = f" And {len(troubles) - SHOWN} more." if len(troubles) > SHOWN else ""
        raise GraphError(f"{name} does not fit this network. " + " ".join(troubles[:SHOWN]) + more)
    return (*notes, *_put(found, wanted))


def _refuse(data: bytes, name: str) -> None:
    suffix = PurePath(name).suffix.lower()
    if suffix in REFUSED or data.startswith(_STARTS):
        called = name if suffix in REFUSED else f"{name} (a pickle or an archive by its first bytes)"
        what = f"{called} is not opened: opening a file of this kind can run code."
        raise GraphError(what, instead=f"Convert it on your own machine with these two lines:\n{converting(name)}")
    if len(data) > SIZE_LIMIT:
        raise GraphError(f"{name} has {len(data):,} bytes.", instead=f"At most {SIZE_LIMIT:,} are read.")


def _read(data: bytes, name: str) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError, OverflowError) as error:
        told = str(error).rstrip(".")
        raise GraphError(
            f"{name} is not a .safetensors file: {told}.", instead="Save it with `safetensors.torch.save_file`."
        ) from None


def _without_prefix(found: dict[str, Any], wanted: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Names without what a wrapper put before all of them."""
    for prefix in ("module.", "model.", "net.", "_orig_mod."):
        if found and all(key.startswith(prefix) for key in found) and not any(key.startswith(prefix) for key in wanted):
            return {key.removeprefix(prefix): value for key, value in found.items()}, [
                f"`{prefix}` before every name was left out."
            ]
    return found, []


def _tied(wanted: Mapping[str, Any]) -> dict[str, set[str]]:
    """For each name the other names of the very same tensor: files hold it once."""
    by_place: dict[int, set[str]] = {}
    for key, tensor in wanted.items():
        by_place.setdefault(id(tensor), set()).add(key)
    return {key: by_place[id(tensor)] - {key} for key, tensor in wanted.items()}


def _troubles(found: Mapping[str, Any], wanted: Mapping[str, Any], tied: Mapping[str, set[str]]) -> list[str]:
    troubles = []
    for key, tensor in wanted.items():
        shape = tuple(tensor.shape)
        if key not in found:
            if key.endswith("num_batches_tracked") or tied[key] & found.keys():
                continue
            near = nearest(key, [name for name in found if name not in wanted])
            hint = f" The file has `{near}`." if near else ""
            troubles.append(f"`{key}` with shape {shape} is missing in the file.{hint}")
            continue
        given = tuple(found[key].shape)
        if given != shape:
            turned = (
                " It is the transpose: write `.T.contiguous()` when saving." if given == shape[::-1] and len(shape) == 2 else ""
            )
            troubles.append(f"`{key}` has shape {given} in the file and {shape} in the network.{turned}")
        elif found[key].is_complex():
            troubles.append(f"`{key}` holds complex numbers.")
    troubles += [f"`{key}` is in the file and not in the network." for key in found if key not in wanted]
    return troubles


def _put(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    import torch

    kinds, broken = set(), []
    with torch.no_grad():
        for key, tensor in wanted.items():
            if key in found:
                tensor.copy_(found[key])
                if found[key].dtype != tensor.dtype and found[key].is_floating_point():
                    kinds.add(str(found[key].dtype).removeprefix("torch."))
                if found[key].is_floating_point() and not bool(torch.isfinite(found[key]).all()):
                    broken.append(f"`{key}`")
    notes = [f"The numbers of the file are {', '.join(sorted(kinds))}; they are computed with in float64."] if kinds else []
    if broken:
        notes.append(f"nan or inf stands in {', '.join(broken[:SHOWN])}.")
    return notes
