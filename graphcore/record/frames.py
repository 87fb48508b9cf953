"""Where in the user's code a call was made, and inside which ``torch.autograd.Function``."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch

import graphcore

_INSIDE = tuple(f"{Path(str(module.__file__)).parent}/" for module in (torch, graphcore))
_SKIP, _USER, _APPLY, _STOP = range(4)


class Frames:
    """Looks up the stack as far as the recording's own frame."""

    def __init__(self, last: CodeType) -> None:
        self._kinds: dict[CodeType, int] = {last: _STOP}
        self._lines: dict[tuple[str, int], str] = {}
        self.line: tuple[str, int] | None = None
        self.function: FrameType | None = None

    def look(self) -> None:
        """Set ``line`` to the nearest place outside torch, and ``function`` to the outermost frame of a Function's apply."""
        self.line = self.function = None
        kinds = self._kinds
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            code = frame.f_code
            kind = kinds.get(code)
            if kind is None:
                kind = kinds[code] = _kind(code)
            if kind == _USER:
                if self.line is None:
                    self.line = code.co_filename, frame.f_lineno
            elif kind == _APPLY:
                self.function = frame
            elif kind == _STOP:
                break
            frame = frame.f_back

    @property
    def text(self) -> str:
        """The place that was found last: ``net.py:12: h = h.detach()``."""
        return "" if self.line is None else self.written(self.line)

    def written(self, line: tuple[str, int]) -> str:
        """A place as it is shown."""
        found = self._lines.get(line)
        if found is None:
            found = self._lines[line] = place(*line)
        return found


def place(filename: str, number: int) -> str:
    """``net.py:12: h = h.detach()``."""
    source = linecache.getline(filename, number).strip()
    name = Path(filename).name
    return f"{name}:{number}: {source}" if source else f"{name}:{number}"


def user_line(problem: BaseException, last: CodeType) -> str:
    """The innermost line outside torch that an exception passed, inside the frame of ``last``."""
    found, inside, step = "", False, problem.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code is last:
            inside, found = True, ""
        elif inside and _kind(code) == _USER:
            found = place(code.co_filename, step.tb_lineno)
        step = step.tb_next
    return found


def called(frame: FrameType) -> tuple[Any, tuple[Any, ...]]:
    """The Function class of an apply frame, and what it was called with."""
    inside = frame.f_locals
    return inside["cls"], tuple(inside["args"])


def is_users(code: CodeType) -> bool:
    """Whether code is neither torch's nor ours."""
    return _kind(code) == _USER


def _kind(code: CodeType) -> int:
    name = code.co_filename
    if name.endswith("torch/autograd/function.py") and code.co_name == "apply":
        return _APPLY
    return _SKIP if name.startswith(_INSIDE) or name.startswith("<frozen") else _USER
