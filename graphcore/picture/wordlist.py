"""Page Words: every word with the picture of its example."""

from __future__ import annotations

from functools import cache
from typing import Any

from graphcore import words
from graphcore.words import Word

Json = dict[str, Any]

PATIENCE = 30.0  # seconds a hand-in of two lines may take on a machine that does much else
# what a small picture has no room for
_LEFT_OUT: Json = {"examples": [], "starts": [], "leaves": [], "code": None, "derivation": None, "opened": None}


@cache
def payload() -> Json:
    """The words by group, and the pictures of their examples, each once."""
    pictures: dict[str, Json] = {}
    groups = []
    for title, rows in words.GROUPS.items():
        for row in rows:
            if name(row) not in pictures:
                pictures[name(row)] = picture(row)
        groups.append({"title": title, "words": [_plain(row) for row in rows]})
    return {"page": "words", "groups": groups, "pictures": pictures}


def name(row: Word) -> str:
    """What tells one example from another."""
    return f"{'network' if row.network else 'program'} {row.folding}\n{row.program}\n{row.hand}"


def _plain(row: Word) -> Json:
    return {
        "key": row.key,
        "word": row.word,
        "forms": list(row.forms),
        "text": row.text,
        "look": row.look,
        "program": row.program,
        "hand": row.hand,
        "network": row.network,
        "step": row.step,
        "node": row.node,
        "picture": name(row),
    }


def picture(row: Word) -> Json:
    """The payload of a word's example, for a small picture that asks Python nothing."""
    made = _network(row) if row.network else _checked(row) if row.hand else _program(row)
    return {**made, **_LEFT_OUT}


def _program(row: Word) -> Json:
    from graphcore.backprop import trace
    from graphcore.compare import compare
    from graphcore.parse import parse
    from graphcore.picture.payload import payload as shown

    run = trace(parse(row.program))
    return shown(run, compare(run))


def _network(row: Word) -> Json:
    from graphcore.backprop import trace
    from graphcore.compare import compare
    from graphcore.picture import fold_payload
    from graphcore.picture.network.prepare import prepare
    from graphcore.picture.network.settings import Request
    from graphcore.record import record

    ready = prepare(Request(row.program))
    run = trace(record(ready.module, *ready.tensors))
    made = fold_payload.payload(run, compare(run))
    states = [{key: made[key] for key in ("topology", "structure", "numbers")}, *made["folds"]]
    shown = states.pop(row.folding)
    return {**made, **shown, "folds": states}


def _checked(row: Word) -> Json:
    from graphcore.picture.check import CheckSession

    session = CheckSession(row.program, hand=row.hand)
    session.wait(PATIENCE)
    return session.payload()
