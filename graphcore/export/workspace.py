"""A workspace: everything of a page in one JSON file, versioned, and checked field by field when it is opened.

::

    {"chainrule": 1, "page": "networks", "kind": "network", "text": "Linear(2, 1)",
     "settings": {"loss": "mse", "seed": "7"},
     "weights": {"name": "net.safetensors", "base64": "...", "digest": "..."},
     "hand_ins": [{"name": "my_autograd.dat", "text": "...", "digest": "..."}],
     "choices": {"2": "W1", "5": ""},
     "hand": {"values": "h1 = 0.5", "run": 1, "swapped": true, "taken": {"2": "gradient transposed"}},
     "view": {"step": 14, "tab": "derivation", "decimals": 4, "direction": "down", "open": ["0"], "plumbing": false}}

Only ``chainrule``, ``page`` and ``text`` must be there. Nothing in a workspace is ever run or unpickled by opening it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from graphcore.errors import WorkspaceError

VERSION = 1
PAGES = ("explore", "networks", "check", "ops", "words")
KINDS = ("program", "network")
LARGEST = 60_000_000  # bytes of a file

Json = dict[str, Any]


class SavedFile(NamedTuple):
    """A file that was opened on the page: its name and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class View:
    """How the page is looked at; None where it says nothing."""

    step: int | None = None
    tab: str | None = None
    decimals: int | None = None
    direction: str | None = None
    torch_view: str | None = None
    node: str | None = None
    open: tuple[str, ...] | None = None
    plumbing: bool | None = None
    finding: int | None = None


@dataclass(frozen=True)
class Hand:
    """How the learner's files are read: what page Check has been told about them.

    ``values`` are forward values that were typed beside them, ``run`` is the run of a file with several, ``swapped`` and
    ``together`` say that two sides were swapped, or compared without the problem. ``taken`` says for an array, by its place
    in the hand-in, what it is and what is done to it (``"value"``, ``"gradient transposed"``).
    """

    values: str = ""
    run: int = 0
    swapped: bool = False
    together: bool = False
    taken: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Workspace:
    """What a page needs to stand as it was left.

    ``kind`` says whether ``text`` is a program or a network; ``settings`` are the fields beside a network's text;
    ``hand_ins`` the learner's files (a typed text is one without a name), ``choices`` which node an array of theirs was said
    to be, by its place in the hand-in from 0 ("" for none), ``hand`` how else they are read.
    """

    page: str
    text: str
    kind: str = "program"
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    weights: SavedFile | None = None
    hand_ins: tuple[SavedFile, ...] = ()
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hand: Hand = Hand()
    view: View = View()


def to_workspace(state: Workspace) -> bytes:
    """A workspace as the bytes of a JSON file; what could not be opened again is refused with the reason.

    >>> read_workspace(to_workspace(Workspace("explore", "y = 2", view=View(step=3)))).view.step
    3
    """
    from graphcore.export.workspace_fields import workspace

    made: Json = {"chainrule": VERSION, "page": state.page, "kind": state.kind, "text": state.text}
    if state.settings:
        made["settings"] = dict(state.settings)
    if state.weights is not None:
        made["weights"] = _file(state.weights)
    if state.hand_ins:
        made["hand_ins"] = [_file(hand_in) for hand_in in state.hand_ins]
    if state.choices:
        made["choices"] = dict(state.choices)
    made |= {name: plain for name, plain in (("hand", _hand(state.hand)), ("view", _view(state.view))) if plain}
    workspace(made)
    data = (json.dumps(made, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()
    _refuse_large(len(data))
    return data


def read_workspace(data: bytes | str) -> Workspace:
    """The workspace of a file; raises :class:`~graphcore.errors.WorkspaceError` with what is wrong with it.

    >>> read_workspace('{"chainrule": 2}')
    Traceback (most recent call last):
        ...
    graphcore.errors.WorkspaceError: this workspace was saved by a newer Chainrule (version 2 of the format); ...
    """
    from graphcore.export.workspace_fields import workspace

    _refuse_large(len(data))
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise WorkspaceError(f"this is no workspace: it is not UTF-8 text (byte {error.start + 1}).") from None
    except json.JSONDecodeError as error:
        raise WorkspaceError(
            f"this is no workspace: line {error.lineno}, column {error.colno}: {error.msg}. It is damaged or cut off."
        ) from None
    except RecursionError:
        raise WorkspaceError("this is no workspace: its brackets are nested too deeply.") from None
    except WorkspaceError:
        raise
    except ValueError:  # a number of thousands of digits
        raise WorkspaceError("this is no workspace: a number in it is too long.") from None
    return workspace(found)


def is_workspace(data: bytes | str) -> bool:
    """Whether a file means to be a workspace: a JSON object that says so in its first lines.

    >>> is_workspace('{"chainrule": 1}'), is_workspace("x = 2")
    (True, False)
    """
    start = data[:2000].decode("utf-8-sig", "replace") if isinstance(data, bytes) else data[:2000]
    return start.lstrip().startswith("{") and '"chainrule"' in start


def digest(data: bytes) -> str:
    """A short digest of a file, by which damage is seen."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _hand(hand: Hand) -> Json:
    told = {"values": hand.values, "run": hand.run, "swapped": hand.swapped, "together": hand.together, "taken": dict(hand.taken)}
    return {name: value for name, value in told.items() if value}


def _view(view: View) -> Json:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(view).items()}
    return {name: value for name, value in plain.items() if value is not None}


def _file(saved: SavedFile) -> Json:
    try:
        text = saved.data.decode()
        if text.encode() != saved.data or any(ord(c) < 32 and c not in "\n\r\t" for c in text):
            raise ValueError
        made = {"text": text}
    except ValueError:
        made = {"base64": base64.b64encode(saved.data).decode()}
    return {"name": saved.name, **made, "digest": digest(saved.data)}


def _refuse_large(size: int) -> None:
    if size > LARGEST:
        raise WorkspaceError(f"this file has {size:,} bytes; a workspace has at most {LARGEST:,}.")


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for k, (name, _) in enumerate(pairs) if name in dict(pairs[:k]))
        raise WorkspaceError(f"this workspace is damaged: `{twice[:40]}` stands in it twice.")
    return found


def _no_constant(word: str) -> Any:
    raise WorkspaceError(f"this workspace is damaged: `{word}` is no number of JSON.")
