"""The fields of a saved workspace, each checked: its kind, its size, and what it may say."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from graphcore.errors import WorkspaceError, nearest
from graphcore.export.workspace import KINDS, PAGES, VERSION, Hand, Json, SavedFile, View, Workspace, digest

TEXT = 200_000  # characters of a program or of a network's text
FIELD = 20_000  # of one field beside it
NAME = 300
WEIGHTS = 20 * 2**20  # bytes
HAND_IN = 10_000_000
VALUES = 2_000_000  # characters of forward values
HAND_INS = 200
CHOICES = 5_000
PATHS = 10_000
SETTINGS = ("loss", "input", "target", "batch", "seed", "gradient")
FIELDS = ("chainrule", "page", "kind", "text", "settings", "weights", "hand_ins", "choices", "hand", "view")
DIRECTIONS = ("down", "across")
TORCH_VIEWS = ("aligned", "drawn")
TAKEN = ("gradient", "value", "parameter", "input", "target", "transposed", "squeezed", "reshaped", "unchanged")


def workspace(found: Any) -> Workspace:
    """A parsed JSON value as a workspace; WorkspaceError names the first field that will not do."""
    if not isinstance(found, dict) or "chainrule" not in found:
        raise WorkspaceError('this is no workspace of Chainrule: it does not start with {"chainrule": 1, ...}.')
    _version(found["chainrule"])
    _known(found, FIELDS, "a workspace")
    page = _one_of(_needed(found, "page"), "page", PAGES)
    kind = _one_of(found.get("kind", "network" if page == "networks" else "program"), "kind", KINDS)
    if (page, kind) in (("explore", "network"), ("networks", "program")):
        raise WorkspaceError(f"`kind` is {kind}, which page {page} does not show.")
    weights = found.get("weights")
    return Workspace(
        page=page,
        text=_text(_needed(found, "text"), "text", TEXT),
        kind=kind,
        settings=_texts(found.get("settings", {}), "settings", FIELD, SETTINGS),
        weights=None if weights is None else _weights(weights),
        hand_ins=tuple(
            _file(entry, f"hand_ins[{k}]", HAND_IN)
            for k, entry in enumerate(_list(found.get("hand_ins", []), "hand_ins", HAND_INS))
        ),
        choices=_by_place(_texts(found.get("choices", {}), "choices", NAME), "choices"),
        hand=_hand(found.get("hand", {})),
        view=_view(found.get("view", {})),
    )


def _version(given: Any) -> None:
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise WorkspaceError(f"`chainrule` is {_shown(given)}, and a version is wanted: {VERSION}.")
    if given > VERSION:
        raise WorkspaceError(
            f"this workspace was saved by a newer Chainrule (version {given} of the format); this one reads version {VERSION}. "
            "Open it with the newer one."
        )


def _needed(found: Json, name: str) -> Any:
    if name not in found:
        raise WorkspaceError(f"this workspace is not whole: `{name}` is missing.")
    return found[name]


def _known(found: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    for name in found:
        if name not in names:
            near = nearest(name, names)
            hint = f" Did you mean `{near}`?" if near else ""
            raise WorkspaceError(f"{what} has no field `{name[:40]}`.{hint}")


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 40 else text[:39] + "…"


def _one_of(given: Any, name: str, known: Iterable[str]) -> str:
    if not isinstance(given, str) or given not in known:
        raise WorkspaceError(f"`{name}` is {_shown(given)}, and one of these is wanted: {', '.join(known)}.")
    return given


def _text(given: Any, name: str, longest: int) -> str:
    if not isinstance(given, str):
        raise WorkspaceError(f"`{name}` is {_shown(given)}, and a text is wanted.")
    if len(given) > longest:
        raise WorkspaceError(f"`{name}` has {len(given):,} characters; at most {longest:,} are read.")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise WorkspaceError(f"`{name}` holds half a character, which is no text.") from None
    if "\0" in given:
        raise WorkspaceError(f"`{name}` holds a NUL character, which is no text.")
    return given


def _object(given: Any, name: str) -> Json:
    if not isinstance(given, dict):
        raise WorkspaceError(f"`{name}` is {_shown(given)}, and an object {{...}} is wanted.")
    return given


def _list(given: Any, name: str, most: int) -> list[Any]:
    if not isinstance(given, list):
        raise WorkspaceError(f"`{name}` is {_shown(given)}, and a list [...] is wanted.")
    if len(given) > most:
        raise WorkspaceError(f"`{name}` has {len(given):,} entries; at most {most:,} are read.")
    return given


def _texts(given: Any, name: str, longest: int, known: Iterable[str] = ()) -> Mapping[str, str]:
    found = _object(given, name)
    if known:
        _known(found, known, f"`{name}`")
    if len(found) > CHOICES:
        raise WorkspaceError(f"`{name}` has {len(found):,} entries; at most {CHOICES:,} are read.")
    return MappingProxyType({_text(key, name, NAME): _text(value, f"{name}.{key[:40]}", longest) for key, value in found.items()})


def _file(given: Any, name: str, largest: int) -> SavedFile:
    found = _object(given, name)
    _known(found, ("name", "text", "base64", "digest"), f"`{name}`")
    if ("text" in found) == ("base64" in found):
        raise WorkspaceError(f"`{name}` holds its content as `text` or as `base64`: one of them.")
    called = _text(_needed(found, "name"), f"{name}.name", NAME)
    if "text" in found:
        data = _text(found["text"], f"{name}.text", largest).encode()
    else:
        data = _decoded(_text(found["base64"], f"{name}.base64", largest * 4 // 3 + 8), called)
    if len(data) > largest:
        raise WorkspaceError(f"`{called[:80]}` has {len(data):,} bytes; at most {largest:,} are read.")
    if "digest" in found and found["digest"] != digest(data):
        raise WorkspaceError(f"`{called[:80]}` in this workspace is damaged: it is not what its digest says.")
    return SavedFile(called, data)


def _decoded(encoded: str, called: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise WorkspaceError(f"`{called[:80]}` in this workspace is damaged or cut off.") from None


def _weights(given: Any) -> SavedFile:
    saved = _file(given, "weights", WEIGHTS)
    if not saved.name.lower().endswith(".safetensors"):
        raise WorkspaceError(f"the weights `{saved.name[:80]}` are no .safetensors file; no other kind is opened.")
    return saved


def _view(given: Any) -> View:
    found = _object(given, "view")
    _known(found, _VIEW, "`view`")
    return View(**{name: _VIEW[name](value, f"view.{name}") for name, value in found.items() if value is not None})


def _hand(given: Any) -> Hand:
    found = _object(given, "hand")
    _known(found, ("values", "run", "swapped", "together", "taken"), "`hand`")
    taken = _by_place(_texts(found.get("taken", {}), "hand.taken", NAME), "hand.taken")
    for word in (word for words in taken.values() for word in words.split()):
        _one_of(word, "hand.taken", TAKEN)
    return Hand(
        values=_text(found.get("values", ""), "hand.values", VALUES),
        run=_whole(0, CHOICES)(found.get("run", 0), "hand.run"),
        swapped=_flag(found.get("swapped", False), "hand.swapped"),
        together=_flag(found.get("together", False), "hand.together"),
        taken=taken,
    )


def _by_place(found: Mapping[str, str], name: str) -> Mapping[str, str]:
    """The same, where each name is the place of an array in the hand-in."""
    for place in found:
        if not (place.isascii() and place.isdecimal() and len(place) < 7):
            raise WorkspaceError(f"`{name}` has an entry `{place[:40]}`, and the place of an array is wanted: 0, 1, 2.")
    return found


def _whole(low: int, high: int) -> Callable[[Any, str], int]:
    def read(given: Any, name: str) -> int:
        if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
            raise WorkspaceError(f"`{name}` is {_shown(given)}, and a whole number from {low} to {high:,} is wanted.")
        return given

    return read


def _choice(known: tuple[str, ...]) -> Callable[[Any, str], str]:
    return lambda given, name: _one_of(given, name, known)


def _short(given: Any, name: str) -> str:
    return _text(given, name, NAME)


def _flag(given: Any, name: str) -> bool:
    if not isinstance(given, bool):
        raise WorkspaceError(f"`{name}` is {_shown(given)}, and true or false is wanted.")
    return given


def _paths(given: Any, name: str) -> tuple[str, ...]:
    return tuple(_text(path, name, NAME) for path in _list(given, name, PATHS))


_VIEW: Mapping[str, Callable[[Any, str], Any]] = {
    "step": _whole(1, 1_000_000),
    "tab": _short,
    "decimals": _whole(0, 12),
    "direction": _choice(DIRECTIONS),
    "torch_view": _choice(TORCH_VIEWS),
    "node": _short,
    "open": _paths,
    "plumbing": _flag,
    "finding": _whole(0, CHOICES),
}
