"""From a file, its bytes or a text to a hand-in: the kind is told by the content, then by the name."""

from __future__ import annotations

from pathlib import Path, PurePath

from graphcore.build.weights import REFUSED, converting
from graphcore.check.hand_in import HandIn
from graphcore.check.reading.arrange import arrange
from graphcore.check.reading.binary import NPY, hand_in, read_npy, read_npz, read_safetensors
from graphcore.check.reading.commas import with_points
from graphcore.check.reading.notebook import printed_outputs
from graphcore.check.reading.prepare import decoded, prepared
from graphcore.check.reading.table import read_table, table_mark
from graphcore.check.reading.text import scan
from graphcore.errors import ReadError

SIZE_LIMIT = 100_000_000
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_OTHER = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_KNOWN = "Text, CSV, JSON, .npy, .npz and .safetensors are read"


def read_gradients(source: Path | bytes | str, name: str = "") -> HandIn:
    """The gradients that a person wrote down, in whatever form; a ``str`` is the text itself, never a path.

    Raises :class:`ReadError` where nothing can be read: an empty or a binary file, one without numbers, one that is too
    large, complex numbers, and kinds of file that hold pickles. What is left out of a file that can be read is said in
    ``.notes``. Nothing is ever evaluated.

    >>> found = read_gradients("dL/dW1:\\n [[ 0.5 -1.25]]\\ndL/db1 = 0.031\\n")
    >>> {label: array.tolist() for label, array in found.items()}
    {'dL/dW1': [[0.5, -1.25]], 'dL/db1': 0.031}
    >>> [reading.half.max().item() for reading in found.readings]
    [0.005, 0.0005]
    """
    if isinstance(source, str):
        if len(source) > SIZE_LIMIT:
            raise _too_large(name or "the text", len(source))
        return read_text(source, name or "the text")
    if isinstance(source, Path):
        name = name or source.name
        source = _bytes_of(source)
    name = name or "the file"
    if len(source) > SIZE_LIMIT:
        raise _too_large(name, len(source))
    return _read_bytes(source, name)


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ReadError(f"{path} is a folder; one file is read at a time.")
        if (size := path.stat().st_size) > SIZE_LIMIT:
            raise _too_large(path.name, size)
        return path.read_bytes()
    except OSError as problem:
        raise ReadError(f"{path} cannot be read: {problem.strerror or problem}.") from None


def _too_large(name: str, size: int) -> ReadError:
    return ReadError(f"{name} has {size:,} bytes; at most {SIZE_LIMIT:,} are read.")


def _read_bytes(data: bytes, name: str) -> HandIn:
    suffix = PurePath(name).suffix.lower()
    if not data.strip():
        raise ReadError(f"{name} is empty.")
    _refuse(data, name, suffix)
    if data.startswith(NPY):
        return hand_in({PurePath(name).stem if suffix == ".npy" else "": read_npy(data, name)})
    if data.startswith(b"PK\x03\x04"):
        return read_npz(data, name)
    if data[8:9] == b"{" and 2 <= int.from_bytes(data[:8], "little") <= len(data) - 8:
        return read_safetensors(data, name)
    if suffix in (".npy", ".npz", ".safetensors"):
        raise ReadError(f"{name} is no {suffix} file by its first bytes.")
    for start, kind in _OTHER:
        if data.startswith(start):
            raise ReadError(f"{name} is {kind}. {_KNOWN}.")
    return read_text(decoded(data, name), name)


def _refuse(data: bytes, name: str, suffix: str) -> None:
    archive = data.startswith(b"PK\x03\x04") and (b"/data.pkl" in data or b"archive/" in data[:100])
    if suffix in REFUSED or archive or data.startswith(_PICKLE):
        why = "" if suffix in REFUSED else " (a pickle, or an archive with one, by its content)"
        raise ReadError(
            f"{name}{why} is not opened: opening a file of this kind can run code. "
            f"Convert it on your own machine with these two lines:\n{converting(name)}"
        )


def read_text(text: str, name: str) -> HandIn:
    """A text as a hand-in: a table with a header of labels, or arrays with labels around them."""
    if not text.strip():
        raise ReadError(f"{name} is empty.")
    outputs = printed_outputs(text)
    notes = [] if outputs is None else [f"What the cells of {name} printed was read; lines are counted in that."]
    text = prepared(text if outputs is None else outputs, name)
    json = _is_json(text, name)
    if not json:
        text, said = with_points(text, name)
        notes += said
    mark = table_mark(text)
    found = read_table(text, mark) if mark else scan(text, json=json)
    if not found.entries:
        why = " ".join(found.notes[:5])
        raise ReadError(f"{name} holds no array and no labelled number. {why}".strip())
    return arrange(found.entries, [*notes, *found.notes])


def _is_json(text: str, name: str) -> bool:
    start = "".join(text[:200].split())
    return name.lower().endswith((".json", ".jsonl")) or start.startswith(('{"', '[{"'))
