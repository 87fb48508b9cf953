"""What the static arguments of a call may be: told where they stand, before any op is asked."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from graphcore.ops import settings

if TYPE_CHECKING:
    from graphcore.parse.expressions import Translator


def settled(tr: Translator, name: str, node: ast.expr, given: dict[str, Any]) -> dict[str, Any]:
    """The static arguments as the op wants them; raises GraphError for one of another kind."""
    try:
        return {key: settings.settled(name, key, value) for key, value in given.items()}
    except settings.SettingError as problem:
        raise tr.error(node, problem.what, problem.instead) from None
