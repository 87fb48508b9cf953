"""What the cells of a notebook printed, as one text."""

from __future__ import annotations

import json
from typing import Any


def printed_outputs(text: str) -> str | None:
    """The outputs of a notebook in order, each result below the last line of its cell; None where a text is no notebook.

    >>> cell = {"source": ["dW"], "outputs": [{"data": {"text/plain": ["array([0.5])"]}}]}
    >>> printed_outputs(json.dumps({"cells": [cell], "nbformat": 4}))
    'dW\\narray([0.5])'
    """
    if '"nbformat"' not in text or '"cells"' not in text:
        return None
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    parts: list[str] = []
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict):
            parts += _outputs(cell)
    return "\n".join(parts)


def _outputs(cell: dict[str, Any]) -> list[str]:
    outputs = cell.get("outputs")
    parts: list[str] = []
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        if "text" in output:
            parts.append(_joined(output["text"]))
        elif isinstance(data, dict) and "text/plain" in data:
            shown = _joined(cell.get("source")).strip().rpartition("\n")[2]
            parts += [shown, _joined(data["text/plain"])]
    return parts


def _joined(lines: Any) -> str:
    """A notebook keeps a text as one string or as its lines."""
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""
