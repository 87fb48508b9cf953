"""Links: the program or the network with its fields, the step and the decimals in the URL."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.problems import GALLERY

# a link is somebody else's text: it may not unpack to more than the language accepts
LONGEST_PROGRAM = 200_000


class Link(NamedTuple):
    """What a URL asks for; None where it says nothing."""

    text: str | None
    step: int | None
    decimals: int | None
    problem: str | None


class NetworkLink(NamedTuple):
    """What a URL of page Networks asks for; None where it says nothing."""

    text: str | None
    settings: Mapping[str, Any] | None
    step: int | None
    decimals: int | None
    problem: str | None


class CheckLink(NamedTuple):
    """What a URL of page Check asks for; None where it says nothing. ``left`` is what it could not carry: "file" or "text"."""

    text: str | None
    settings: Mapping[str, Any] | None
    hand: str | None
    values: str | None
    example: str | None
    step: int | None
    decimals: int | None
    problem: str | None
    left: str | None = None


def read_check_link(query: Mapping[str, str]) -> CheckLink:
    """The link in a URL's query, for page Check: the problem with its fields, and the hand-in as text.

    >>> read_check_link({"p": pack("x = 2"), "h": pack("x: 4")}).hand
    'x: 4'
    """
    text, settings, hand, values, problem = None, None, None, None, None
    try:
        text = unpack(query["p"]) if "p" in query else None
        settings = json.loads(unpack(query["s"])) if "s" in query else None
    except ValueError as reason:
        problem = f"The link's problem cannot be read: {reason}"
    try:
        hand = unpack(query["h"]) if "h" in query else None
        values = unpack(query["v"]) if "v" in query else None
    except ValueError as reason:
        problem = f"The link's hand-in cannot be read: {reason}"
    given = settings if isinstance(settings, Mapping) else None
    example = None if text or hand else query.get("example")
    left = query.get("left") if hand is None and example is None else None
    return CheckLink(text, given, hand, values, example, *_place(query), problem, left if left in ("file", "text") else None)


def read_network_link(query: Mapping[str, str]) -> NetworkLink:
    """The link in a URL's query, for page Networks: the text, and the fields beside it as JSON.

    >>> read_network_link({"p": pack("Linear(2, 1)"), "s": pack('{"seed": "7"}')})
    NetworkLink(text='Linear(2, 1)', settings={'seed': '7'}, step=None, decimals=None, problem=None)
    """
    from graphcore.networks import GALLERY as NETWORKS
    from graphcore.picture.network.views import settings_of

    text, settings, problem = None, None, None
    if "p" in query:
        try:
            text = unpack(query["p"])
            settings = json.loads(unpack(query["s"])) if "s" in query else None
        except ValueError as reason:
            problem = f"The link's network cannot be read: {reason}"
    elif "example" in query:
        found = next((network for network in NETWORKS if network.key == query["example"]), None)
        if found is None:
            problem = f"The link asks for a network called `{query['example'][:40]}`, which there is not."
        else:
            text, settings = found.text, settings_of(found)
    given = settings if isinstance(settings, Mapping) else None
    return NetworkLink(text, given, *_place(query), problem)


def _place(query: Mapping[str, str]) -> tuple[int | None, int | None]:
    return _whole(query.get("step"), 1, 1_000_000), _whole(query.get("decimals"), 0, 12)


def read_link(query: Mapping[str, str]) -> Link:
    """The link in a URL's query; what cannot be read is named in ``problem`` and otherwise left out.

    >>> read_link({"step": "14"})
    Link(text=None, step=14, decimals=None, problem=None)
    """
    text, problem = None, None
    if "p" in query:
        try:
            text = unpack(query["p"])
        except ValueError as reason:
            problem = f"The link's program cannot be read: {reason}"
    elif "example" in query:
        text = next((example.text for example in GALLERY if example.key == query["example"]), None)
        if text is None:
            problem = f"The link asks for an example called `{query['example'][:40]}`, which there is not."
    return Link(text, *_place(query), problem)


def pack(text: str) -> str:
    """A program as it stands in a URL: raw deflate, base64url without padding.

    >>> unpack(pack("x = 2"))
    'x = 2'
    """
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(squeezed.compress(text.encode()) + squeezed.flush()).rstrip(b"=").decode()


def unpack(packed: str) -> str:
    """The program of a URL; ValueError says what is wrong with it."""
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        opened = zlib.decompressobj(-15)
        text = opened.decompress(raw, LONGEST_PROGRAM * 4)
    except (binascii.Error, zlib.error, ValueError):
        raise ValueError("it is damaged or cut off.") from None
    if opened.unconsumed_tail:
        raise ValueError(f"it is longer than {LONGEST_PROGRAM:,} characters.")
    if not opened.eof:
        raise ValueError("it is damaged or cut off.")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not text.") from None


def _whole(text: str | None, low: int, high: int) -> int | None:
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 9:
        return None
    return min(max(int(text), low), high)
