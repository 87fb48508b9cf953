"""Bytes to text, and text to what the reader expects; every character keeps its line."""

from __future__ import annotations

import codecs
import re

from graphcore.errors import ReadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,30}m")
_PROMPT = re.compile(r"^[ \t]{0,9}(?:In|Out) ?\[[0-9]{1,6}\] ?:", re.MULTILINE)
_NUMPY_SCALAR = re.compile(r"(?<![\w)\]-])(-?)\b(?:np|numpy)\.(float|int|uint|longdouble)([0-9]{0,3})\(([^()\n]{1,40})\)")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE = 100_000
_KNOWN = "Text, CSV, JSON, .npy, .npz and .safetensors are read"


def decoded(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, UTF-16 or UTF-32 by its byte order mark, else Latin-1; ReadError where it is no text.

    >>> decoded("W1 = 1,5".encode("utf-16"), "a.dat"), decoded(b"f\\xfcr", "a.dat")
    ('W1 = 1,5', 'für')
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise ReadError(f"{name} begins as {encoding} text and does not go on so.") from None
    sample = data[:_SAMPLE]
    if sample.count(b"\x00") > len(sample) // 4 and len(sample) > 3:
        encoding = "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            text = "\x00"
        if text.isascii() and not _CONTROL.search(text[:_SAMPLE]):
            return text
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    odd = len(_CONTROL.findall(text[:_SAMPLE]))
    if "\x00" in text[:_SAMPLE] or odd > len(text[:_SAMPLE]) // 50:
        raise ReadError(f"{name} is a binary file of a kind that is not read. {_KNOWN}.")
    return text


def prepared(text: str, name: str) -> str:
    """The text with one kind of line end and minus sign, without terminal colours and ``np.float64(...)`` around numbers.

    >>> prepared("a: [np.float64(0.5)]\\r\\n", "a").split()
    ['a:', '[', '0.5', ']']
    """
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", " ")
    if "−" in text:
        text = text.replace("−", "-")
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if "]:" in text or "] :" in text:
        text = _PROMPT.sub(lambda found: " " * len(found[0]), text)
    if "(" in text:
        text = _NUMPY_SCALAR.sub(_scalar, text)
    return text


def _scalar(found: re.Match[str]) -> str:
    """The number inside of ``np.float64(...)`` at its place, with the sign that stands before the call."""
    inner = found[4].strip()
    number = inner if not found[1] else inner[1:] if inner.startswith("-") else f"-{inner.removeprefix('+')}"
    return f"{number} ".rjust(len(found[0]))
