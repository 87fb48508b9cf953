"""The words of the interface, each with its explanation and a small example; texts only.

What is on the screen uses these words and none of their synonyms; a row lists those that come to mind.
"""

from __future__ import annotations

from graphcore.words.gradients import GRADIENTS
from graphcore.words.graph import GRAPH
from graphcore.words.handed_in import CHECK
from graphcore.words.row import Word
from graphcore.words.verdicts import TORCH

__all__ = ["GROUPS", "WORDS", "Word", "table"]

GROUPS = {"The graph": GRAPH, "Gradients": GRADIENTS, "Beside torch": TORCH, "Your own gradients": CHECK}
WORDS = tuple(word for group in GROUPS.values() for word in group)


def table() -> list[dict[str, object]]:
    """The words as the browser wants them: key, word, other forms, explanation.

    >>> [row["word"] for row in table() if row["key"] == "starting-gradient"]
    ['starting gradient']
    """
    return [{"key": row.key, "word": row.word, "forms": list(row.forms), "text": row.text} for row in WORDS]
