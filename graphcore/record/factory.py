"""A module named on the command line: ``package.module:factory`` gives what is to be recorded."""

from __future__ import annotations

import importlib
import re
from typing import Any

from graphcore.errors import RecordError, nearest
from graphcore.graph import Graph
from graphcore.record import record

_WANTED = "Write package.module:factory, where factory() returns the module and its inputs: `return net, x, target`."


def from_factory(named: str) -> Graph:
    """The graph of what ``package.module:factory`` returns; raises RecordError with what was expected.

    The factory is the caller's own code, and is run. It returns a tuple: a torch module or function, then its inputs.

    >>> from_factory("graphcore.record.factory")
    Traceback (most recent call last):
        ...
    graphcore.errors.RecordError: `graphcore.record.factory` names no factory. Write package.module:factory, ...
    """
    if not re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", named):
        raise RecordError(f"`{named[:80]}` names no factory. {_WANTED}")
    path, _, attribute = named.partition(":")
    made = _call(_found(path, attribute), named)
    if not isinstance(made, (tuple, list)) or len(made) < 2 or not callable(made[0]):
        what = type(made).__name__
        raise RecordError(f"`{named}` returned {what}, not a module with its inputs. {_WANTED}")
    return record(made[0], *made[1:])


def _found(path: str, attribute: str) -> Any:
    try:
        found: Any = importlib.import_module(path)
    except ImportError as problem:
        raise RecordError(f"`{path}` cannot be imported: {problem}. {_WANTED}") from problem
    except Exception as problem:
        raise RecordError(f"importing `{path}` failed: {type(problem).__name__}: {_first_line(problem)}") from problem
    for name in attribute.split("."):
        if not hasattr(found, name):
            known = nearest(name, [key for key in dir(found) if not key.startswith("_")])
            hint = f" Did you mean `{known}`?" if known else ""
            raise RecordError(f"`{path}` has no `{name}`.{hint}")
        found = getattr(found, name)
    return found


def _call(factory: Any, named: str) -> Any:
    try:
        return factory()
    except Exception as problem:
        raise RecordError(f"`{named}()` failed: {type(problem).__name__}: {_first_line(problem)}") from problem


def _first_line(problem: Exception) -> str:
    return (str(problem).splitlines() or [""])[0]
