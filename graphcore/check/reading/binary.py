"""Arrays from ``.npy``, ``.npz`` and ``.safetensors``: numbers alone, nothing is unpickled and no header is evaluated."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from graphcore.check.hand_in import NARROW, HandIn, Reading
from graphcore.check.reading.blocks import NUMBERS, too_many
from graphcore.check.reading.labels import looks_like_gradient
from graphcore.compare.numbers import listed
from graphcore.errors import ReadError

NPY = b"\x93NUMPY"
ROLES = ("gradient", "value", "parameter", "input", "target")
_HEADER = re.compile(
    r"\{\s*'descr':\s*'([<>|=]?)([a-zA-Z])([0-9]{0,4})',\s*'fortran_order':\s*(True|False)"
    r",\s*'shape':\s*\(([0-9L, ]{0,400})\),?\s*\}\s*"
)
_KINDS = {"f": "float", "i": "int", "u": "uint", "b": "bool"}
_ARRAYS = 10_000


def hand_in(arrays: dict[str, np.ndarray[Any, Any]], notes: tuple[str, ...] = (), brain: Collection[str] = frozenset()) -> HandIn:
    """Arrays by name as a hand-in; ``gradient:W1`` says what the array is and that its label is ``W1``.

    ``brain`` are the names of those that were bfloat16.
    """
    readings = []
    for name, array in arrays.items():
        role, _, label = name.partition(":")
        if role not in ROLES or not label:
            role, label = "gradient" if looks_like_gradient(name) else "", name
        eps = float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else float(np.finfo(np.float64).eps)
        numbers = array.astype(np.float64)
        eps = 2.0**-7 if name in brain else max(eps, 2.0**-52)
        readings.append(Reading(label, numbers, np.zeros(numbers.shape), eps, role=role))
    return HandIn(tuple(readings), notes=(*notes, *_narrow(readings)), everything=tuple(readings))


def _narrow(readings: Sequence[Reading]) -> list[str]:
    """What arrays of less than float64's precision can show; the numbers that a run starts from are what they are."""
    judged = [reading for reading in readings if reading.role not in ("parameter", "input", "target")]
    found = []
    for eps, held in NARROW.items():
        labels = [f"`{reading.label[:60] or 'the array'}`" for reading in judged if reading.eps == eps]
        if labels:
            what = "The arrays hold" if len(labels) == len(judged) > 1 else f"{listed(labels, 4)} hold{'s' * (len(labels) == 1)}"
            found.append(f"{what} {held}: equal means equal to rounding in those, and what changes less cannot be seen.")
    return found


def read_npy(data: bytes, name: str) -> np.ndarray[Any, Any]:
    """The array of an ``.npy`` file; ReadError where it holds anything but real numbers."""
    length_size = 2 if data[6:7] == b"\x01" else 4
    start = 8 + length_size
    header_length = int.from_bytes(data[8:start], "little")
    if len(data) < start + header_length or header_length > 10_000:
        raise ReadError(f"{name} ends before its header does; it is not a whole .npy file.")
    header = data[start : start + header_length].decode("latin-1")
    found = _HEADER.fullmatch(header)
    if found is None:
        raise ReadError(f"{name} holds records, not an array of numbers: `{header.strip()[:60]}`.")
    order, kind, size, fortran, shape_text = found.groups()
    if kind == "O":
        raise ReadError(f"{name} holds Python objects (a pickle), which are not opened. Save arrays of numbers.")
    if kind == "c":
        raise ReadError(f"{name} holds complex numbers; gradients are read as real numbers.")
    if kind not in _KINDS or int(size or 0) not in (1, 2, 4, 8, 16):
        raise ReadError(f"{name} holds entries of kind `{kind}{size}`, which are no numbers.")
    shape = tuple(int(part) for part in shape_text.replace("L", "").replace(",", " ").split())
    count = 1
    for part in shape:
        count *= part
    if count > NUMBERS:
        raise too_many()
    body = data[start + header_length :]
    if len(body) < count * int(size):
        raise ReadError(f"{name} is cut short: {len(body):,} bytes stand where shape {shape} needs {count * int(size):,}.")
    array = np.frombuffer(body, dtype=np.dtype(f"{order}{kind}{size}"), count=count)
    return array.reshape(shape, order="F" if fortran == "True" else "C")


def read_npz(data: bytes, name: str) -> HandIn:
    """The arrays of an ``.npz`` file, in its order."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    notes: list[str] = []
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > _ARRAYS:
                raise ReadError(f"{name} holds {len(members):,} arrays; at most {_ARRAYS:,} are read.")
            for member in members:
                label = member.filename.removesuffix(".npy")
                content = _member(archive, member, NUMBERS * 8 - total * 8 + 20_000)
                if not content.startswith(NPY):
                    notes.append(f"`{label[:60]}` in {name} is no array and is left out.")
                    continue
                try:
                    arrays[label] = read_npy(content, f"`{label[:60]}` in {name}")
                except ReadError as problem:
                    notes.append(str(problem))
                    continue
                total += arrays[label].size
                if total > NUMBERS:
                    raise too_many()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as problem:
        if isinstance(problem, ReadError):
            raise
        raise ReadError(f"{name} is no whole .npz file: {str(problem).rstrip('.')}.") from None
    if not arrays:
        raise ReadError(" ".join([f"{name} holds no array of numbers.", *notes[:5]]))
    return hand_in(arrays, tuple(notes))


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """What one member unpacks to; a small archive may unpack to more than any memory holds."""
    with archive.open(member) as opened:
        content = opened.read(most + 1)
    if len(content) > most:
        raise too_many()
    return content


_SAFE = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "U16": "<u2",
    "U32": "<u4", "U64": "<u8", "BOOL": "?",
}  # fmt: skip


def read_safetensors(data: bytes, name: str) -> HandIn:
    """The arrays of a ``.safetensors`` file; bfloat16 is widened, which changes no number."""
    from safetensors import SafetensorError, deserialize

    try:
        found = deserialize(data)  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, KeyError, RuntimeError, OverflowError) as problem:
        raise ReadError(f"{name} is no whole .safetensors file: {str(problem).rstrip('.')}.") from None
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    brain, notes = set(), []
    for label, tensor in found:
        kind, shape, body = tensor["dtype"], tensor["shape"], bytes(tensor["data"])
        if kind == "BF16":
            wide = np.frombuffer(body, dtype="<u2").astype(np.uint32) << 16
            arrays[label] = wide.view(np.float32).reshape(shape)
            brain.add(label)
        elif kind in _SAFE:
            arrays[label] = np.frombuffer(body, dtype=_SAFE[kind]).reshape(shape)
        else:
            notes.append(f"`{label[:60]}` in {name} is left out: its numbers are of kind {kind}, which is not read.")
    if sum(array.size for array in arrays.values()) > NUMBERS:
        raise too_many()
    if not arrays:
        raise ReadError(" ".join([f"{name} holds no array of numbers.", *notes[:5]]))
    return hand_in(arrays, tuple(notes), brain)
