"""What a person asks of a network besides its text: loss, input, target, batch size, seed, and weights from a file."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from graphcore.errors import ChainruleError

LONGEST = 20_000  # characters of one field: an input can be written out as numbers
SEEDS = 2**32  # seeds are taken modulo this
BATCHES = 4096  # rows of a batch
MEGABYTES = 20  # of a weights file: it comes through the page's own channel


@dataclass(frozen=True)
class Settings:
    """The fields beside the text; an empty one means the default that fits the network.

    ``gradient`` is ``"input"`` where the gradient of the input is wanted too.

    >>> Settings.read({"loss": "mse_loss", "seed": "7", "batch": None})
    Settings(loss='mse_loss', input='', target='', batch='', seed='7', gradient='')
    """

    loss: str = ""
    input: str = ""
    target: str = ""
    batch: str = ""
    seed: str = ""
    gradient: str = ""

    @classmethod
    def read(cls, given: object) -> Settings:
        """Settings from what a browser or a link sent; what is no text or number is left out."""
        if not isinstance(given, Mapping):
            return cls()
        found = {}
        for field in fields(cls):
            value = given.get(field.name)
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                found[field.name] = str(value).strip()[:LONGEST]
        return cls(**found)

    def plain(self) -> dict[str, str]:
        """The settings as plain data, without the empty ones."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def batch_size(self) -> int | None:
        """The number of rows asked for, None for the default."""
        return _whole(self.batch, "The batch size", 1, BATCHES)

    @property
    def seed_number(self) -> int:
        """The random seed, 0 where nothing is said."""
        return _whole(self.seed, "The random seed", 0, SEEDS - 1) or 0


def _whole(text: str, what: str, low: int, high: int) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdecimal() and low <= int(text[:12]) <= high:
        return int(text)
    raise ChainruleError(f"{what} `{text[:40]}` is no whole number from {low} to {high:,}.")


@dataclass(frozen=True)
class Weights:
    """A weights file as it was uploaded: its name, its bytes, and their digest."""

    name: str
    data: bytes
    digest: str

    @classmethod
    def read(cls, name: object, encoded: object) -> Weights:
        """An uploaded file; ChainruleError says why it is not taken."""
        shown = str(name)[-120:]
        refuse(shown)
        if not isinstance(encoded, str) or len(encoded) > MEGABYTES * 2**20 * 4 // 3 + 4:
            raise ChainruleError(f"`{shown}` is larger than {MEGABYTES} MB, the most this page takes.")
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise ChainruleError(f"`{shown}` did not arrive whole. Choose it again.") from None
        return cls.of(shown, data)

    @classmethod
    def of(cls, name: str, data: bytes) -> Weights:
        """A file by its name and its bytes."""
        return cls(name, data, hashlib.blake2b(data, digest_size=12).hexdigest())


def refuse(name: str) -> None:
    """Raise for a file that is no ``.safetensors``; the two lines of :func:`converting` belong behind the sentence."""
    from graphcore.build.weights import REFUSED

    lower = name.lower()
    if lower.endswith(REFUSED):
        kind = lower[lower.rindex(".") :]
        raise ChainruleError(
            f"{kind} files can run code when opened, so they are not read here. Two lines make a .safetensors of it:"
        )
    if not lower.endswith(".safetensors"):
        raise ChainruleError(f"`{name}` is no .safetensors file. Two lines make one of a file of weights:")


@dataclass(frozen=True)
class Request:
    """All that a result depends on."""

    text: str
    settings: Settings = Settings()
    weights: Weights | None = None

    @property
    def key(self) -> str:
        """The same for two requests exactly if they ask for the same."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (self.text, repr(self.settings), self.weights.digest if self.weights else ""):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    def weights_payload(self) -> dict[str, Any] | None:
        """What the page shows of the weights file."""
        return None if self.weights is None else {"name": self.weights.name, "size": len(self.weights.data)}
