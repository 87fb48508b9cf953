"""Short constructors, so that a row of the registry reads as a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphcore.ops import shapes
from graphcore.ops.row import Formula, Op, ShapeRule
from graphcore.ops.settings import asked_first

_INFIX = re.compile(r"-?[a-z]( (\+|-|\*\*?|/|//|%|@) [a-z])?|[a-z]\.T|[a-z]\[index\]")


def formula(text: str | Formula) -> Formula:
    """A text as a formula; a formula stays itself."""
    return text if isinstance(text, Formula) else Formula(text)


def op(
    name: str,
    forward: str | Formula,
    *,
    group: str,
    spoken: str,
    shape: ShapeRule,
    operands: tuple[str, ...] = (),
    written: str = "",
    numpy: str = "",
    torch: str | Formula = "",
    kink: str = "",
    kink_says: str = "",
    says: str | Mapping[str, str] = "",
    reads: str | Mapping[str, str] = "",
    local: Mapping[str, str] | None = None,
    statics: Mapping[str, Any] | None = None,
    plumbing: bool = False,
    takes_numbers: bool = True,
    entrywise: bool = False,
    example: str = "",
    **rules: str | Formula,
) -> Op:
    """A row of any kind. Operands are named by the keywords of the rules unless ``operands`` names them.

    ``written`` defaults to the forward formula where that is infix, else to ``name(a, ...)``; ``numpy`` and ``torch``
    to the same with their prefix.
    """
    operands = operands or tuple(rules)
    settings = dict(statics or {})
    names = [k.lstrip("*") for k in operands]
    call = f"{name}({', '.join(names)})"
    keywords = "".join(f", {key}={key}" for key in settings)
    forward = formula(forward)
    infix = bool(_INFIX.fullmatch(forward.text))
    shown = written or (forward.text if infix else call)
    full = call[:-1] + keywords + ")"
    return Op(
        name=name,
        operands=operands,
        forward=forward,
        rules={key: formula(text) for key, text in rules.items()},
        shape=asked_first(name, settings, shape),
        written=Formula(shown),
        numpy=Formula(numpy or (shown if infix else f"np.{full}")),
        torch=formula(torch or (shown if infix else f"torch.{full}")),
        group=group,
        spoken=spoken,
        statics=settings,
        kink=Formula(kink) if kink else None,
        kink_says=kink_says,
        local={key: Formula(text) for key, text in (local or {}).items()},
        says=dict.fromkeys(rules, says) if isinstance(says, str) and says else dict(says or {}),
        reads=dict.fromkeys(rules, reads) if isinstance(reads, str) and reads else dict(reads or {}),
        plumbing=plumbing,
        takes_numbers=takes_numbers,
        entrywise=entrywise,
        example=example,
    )


def elementwise(name: str, forward: str | Formula = "", *, group: str = "elementwise", **row: Any) -> Op:
    """A row whose output has the broadcast shape of its operands; ``forward`` defaults to ``name(a, ...)``."""
    operands = row.get("operands") or tuple(key for key in row if len(key) == 1)
    row.setdefault("shape", shapes.elementwise)
    return op(name, forward or f"{name}({', '.join(operands)})", group=group, entrywise=True, **row)
