"""What a person hands in: typed text or files, as they came through the page."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from graphcore.build.weights import REFUSED, converting
from graphcore.check.hand_in import HandIn
from graphcore.check.reading import read_gradients
from graphcore.errors import ChainruleError, ReadError

MEGABYTES = 20  # of one file, and of all dropped at once: they come through the page's own channel
FILES = 200  # dropped at once
LONGEST = 2_000_000  # characters of a pasted text

Json = dict[str, Any]


class Source(NamedTuple):
    """A file with its name and bytes, or (``name`` empty) a text that was typed or pasted.

    ``number`` counts the files of one name among those dropped at once: a browser does not tell their folders.
    """

    name: str
    content: bytes | str
    number: int = 1

    @property
    def size(self) -> int:
        """Its length, in bytes or characters."""
        return len(self.content)

    def read(self) -> HandIn:
        """The arrays in it; ReadError says why there are none."""
        return read_gradients(self.content, self.name)

    @property
    def shown(self) -> str:
        """What it is called in sentences and tables."""
        return f"{self.name} ({self.number})" if self.number > 1 else self.name or "the pasted text"


def received(files: object) -> list[Source]:
    """Uploaded files, each ``{name, data}`` with its bytes in base64; ChainruleError where one is not taken."""
    if not isinstance(files, Sequence) or isinstance(files, str) or not files:
        raise ChainruleError("No file arrived. Choose it again.")
    if len(files) > FILES:
        raise ChainruleError(f"{len(files)} files at once; this page takes up to {FILES}. The command line takes a folder.")
    found = [_received(file) for file in files]
    if sum(file.size for file in found) > MEGABYTES * 2**20:
        raise ChainruleError(f"These files have more than {MEGABYTES} MB together, the most this page takes.")
    return numbered(found)


def numbered(sources: Sequence[Source]) -> list[Source]:
    """Files of the same name counted, so that they can be told apart.

    >>> [source.shown for source in numbered([Source("a.npz", b""), Source("a.npz", b""), Source("b.npz", b"")])]
    ['a.npz', 'a.npz (2)', 'b.npz']
    """
    seen: Counter[str] = Counter()
    found = []
    for source in sources:
        seen[source.name] += bool(source.name)
        found.append(source._replace(number=max(seen[source.name], 1)))
    return found


def _received(file: object) -> Source:
    if not isinstance(file, Mapping):
        raise ChainruleError("A file did not arrive whole. Choose it again.")
    name, data = str(file.get("name") or "file")[-120:], file.get("data")
    if name.lower().endswith(REFUSED):
        return Source(name, b"")
    if not isinstance(data, str) or len(data) > MEGABYTES * 2**20 * 4 // 3 + 4:
        raise ChainruleError(f"`{name}` is larger than {MEGABYTES} MB, the most this page takes.")
    try:
        return Source(name, base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        raise ChainruleError(f"`{name}` did not arrive whole. Choose it again.") from None


def refusal(source: Source, problem: ChainruleError) -> Json:
    """Why a hand-in could not be read, and the lines to copy where there are some."""
    if source.name.lower().endswith(REFUSED):
        kind = source.name[source.name.rindex(".") :]
        what = f"{kind} files can run code when opened, so they are not read here. Two lines make a .safetensors of it:"
        return {"what": what, "lines": converting(source.name)}
    said = str(problem)
    said = said[:1].upper() + said[1:] if said.startswith("the ") else said
    if isinstance(problem, ReadError) and "\n" in said:
        what, _, lines = said.partition("\n")
        return {"what": what, "lines": lines}
    return {"what": said, "lines": None}


def typed(text: object) -> Source:
    """A text that was typed or pasted; ChainruleError where it is too long for the page."""
    given = text if isinstance(text, str) else ""
    if len(given) > LONGEST:
        raise ChainruleError(f"The text has {len(given):,} characters; drop it as a file instead.")
    return Source("", given)
