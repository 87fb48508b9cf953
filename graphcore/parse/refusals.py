"""The sentences for what is Python but not part of this language."""

from __future__ import annotations

import ast
from collections.abc import Mapping

_EXPRESSION = "Write an expression of named ops."
_LINES = "Write its lines out, one assignment a line."

# syntax node -> (how it is called, what to write instead)
SYNTAX: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("lambda", _EXPRESSION),
    ast.ListComp: ("a comprehension", "Write the list out or use an op on the whole array."),
    ast.SetComp: ("a comprehension", "Write the list out or use an op on the whole array."),
    ast.DictComp: ("a comprehension", "Write the list out or use an op on the whole array."),
    ast.GeneratorExp: ("a comprehension", "Write the list out or use an op on the whole array."),
    ast.JoinedStr: ("an f-string", "Only numbers and names stand in an expression."),
    ast.Dict: ("a dictionary", "Write a list of numbers."),
    ast.Set: ("a set", "Write a list of numbers: `[1, 2]`."),
    ast.NamedExpr: ("`:=`", "Assign on a line of its own: `x = 2`."),
    ast.Starred: ("a starred argument", "Write the arguments out."),
    ast.Await: ("await", _EXPRESSION),
    ast.Yield: ("yield", _EXPRESSION),
    ast.YieldFrom: ("yield", _EXPRESSION),
    ast.FunctionDef: ("def", _LINES),
    ast.AsyncFunctionDef: ("async", _LINES),
    ast.ClassDef: ("class", _LINES),
    ast.Return: ("return", "The last line is the output; leave `return` out."),
    ast.Delete: ("del", "Leave the line out."),
    ast.For: ("for", _LINES),
    ast.AsyncFor: ("for", _LINES),
    ast.While: ("while", _LINES),
    ast.If: ("if", "Use `where(condition, a, b)`."),
    ast.With: ("with", _LINES),
    ast.AsyncWith: ("with", _LINES),
    ast.Raise: ("raise", "Leave the line out."),
    ast.Try: ("try", _LINES),
    ast.Global: ("global", "Leave the line out."),
    ast.Nonlocal: ("nonlocal", "Leave the line out."),
    ast.Pass: ("pass", "Leave the line out."),
    ast.Break: ("break", "Leave the line out."),
    ast.Continue: ("continue", "Leave the line out."),
}

# first words of statements that are no line by themselves, so that Python calls them a syntax error
FIRST_WORDS: Mapping[str, tuple[str, str]] = {
    "def": ("def", _LINES),
    "async": ("async", _LINES),
    "class": ("class", _LINES),
    "for": ("for", _LINES),
    "while": ("while", _LINES),
    "if": ("if", "Use `where(condition, a, b)`."),
    "elif": ("elif", "Use `where(condition, a, b)`."),
    "else": ("else", "Use `where(condition, a, b)`."),
    "with": ("with", _LINES),
    "try": ("try", _LINES),
    "except": ("except", _LINES),
    "finally": ("finally", _LINES),
    "match": ("match", _LINES),
    "@": ("a decorator", _LINES),
}

# attributes and methods that mean something in torch or NumPy, but nothing here
ATTRIBUTES: Mapping[str, tuple[str, str]] = {
    "grad": ("`.grad` holds a gradient", "Gradients are what is computed here; leave the line out."),
    "data": ("`.data` leaves the graph", "Write const(...) around the numbers."),
    "item": ("`item` leaves the graph", "Use the name itself."),
    "numpy": ("`numpy` leaves the graph", "Use the name itself."),
    "tolist": ("`tolist` leaves the graph", "Use the name itself."),
}


def sentence(node: ast.AST) -> tuple[str, str] | None:
    """What to say about a syntax node that is refused as such, or None."""
    found = SYNTAX.get(type(node))
    if found is None:
        return None
    return f"{found[0]} is not part of this language.", found[1]
