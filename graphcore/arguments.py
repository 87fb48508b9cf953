"""What a command line gives: a program, other values of its leaves, a gradient."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from typing import Any

from graphcore.syntax import expression

LARGEST_FILE = 10_000_000


class InputError(Exception):
    """Something on the command line that cannot be used; the message is for people."""


def program(given: str) -> str:
    """The program's text: of standard input, of a file that exists, or as given."""
    if given == "-":
        return _decoded(sys.stdin.buffer.read(LARGEST_FILE + 1), "standard input")
    # arguments arrive in the terminal's encoding; a program is UTF-8 whatever that is
    given = os.fsencode(given).decode("utf-8", errors="replace")
    try:
        path = Path(given)
        if given and path.is_dir():
            raise InputError(f"`{given}` is a folder; a file with a program or the program itself is wanted.")
        if given and path.exists():
            with path.open("rb") as file:
                return _decoded(file.read(LARGEST_FILE + 1), given)
    except OSError as error:
        # a text is often no possible file name (too long, a NUL); a file that cannot be read is an error
        if "=" not in given:
            raise InputError(f"{given}: {error.strerror}.") from None
    except ValueError:
        pass
    if "=" not in given and not any(c in given for c in "\n;("):
        raise InputError(f"there is no file called `{given}`, and a program needs at least one assignment such as `x = 2`.")
    if "\n" in given:
        return given
    return "\n".join(line.strip() for line in given.replace("\\n", "\n").replace(";", "\n").split("\n"))


def _decoded(content: bytes, name: str) -> str:
    if len(content) > LARGEST_FILE:
        raise InputError(f"{name} is larger than {LARGEST_FILE // 1_000_000} MB; a program is at most 200,000 characters.")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start + 1}).") from None


def setting(given: str) -> tuple[str, Any]:
    """``w1=2`` or ``W=[[1, 2], [3, 4]]`` as a name and numbers."""
    name, sign, content = given.partition("=")
    if not sign or not name.strip():
        raise InputError(f"--set {given}: write NAME=VALUE, such as --set w1=2.")
    return name.strip(), literal(content, f"--set {given}")


def literal(content: str, said: str) -> Any:
    """A number or a nested list of numbers."""
    content = content.strip()
    try:
        return _numbers(expression(content))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        said, content = (text if len(text) <= 80 else text[:79] + "…" for text in (said, content))
        raise InputError(f"{said}: `{content}` is not a number or a nested list of numbers.") from None


def _numbers(node: ast.expr) -> Any:
    match node:
        case ast.List(elts) | ast.Tuple(elts):
            return [_numbers(entry) for entry in elts]
        case ast.UnaryOp(ast.USub(), operand):
            value = _numbers(operand)
            if isinstance(value, float):
                return -value
        case ast.UnaryOp(ast.UAdd(), operand):
            return _numbers(operand)
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                return float("inf")
        case ast.Name("inf" | "nan" as word):
            return float(word)
    raise ValueError
