"""The arguments of a call bound to the names of a function of the text."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from graphcore.build.machine import Frame, Machine, UserFunction
from graphcore.errors import nearest


def bind(machine: Machine, function: UserFunction, args: Sequence[Any], given: Mapping[str, Any], at: ast.AST) -> dict[str, Any]:
    """The local names of a call; raises at the call where arguments are missing or too many."""
    spec = function.node.args
    titles = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    only = [argument.arg for argument in spec.kwonlyargs]
    name = function.owner.name if function.node.name == "__init__" and function.owner else function.node.name
    bound: dict[str, Any] = dict(zip(titles, args, strict=False))
    if spec.vararg is not None:
        bound[spec.vararg.arg] = tuple(args[len(titles) :])
    elif len(args) > len(titles):
        taken = len(titles) - (titles[:1] == ["self"])
        got = len(args) - (titles[:1] == ["self"])
        raise machine.error(at, f"`{name}` takes {taken} arguments, {got} were given.", _takes(titles))
    rest: dict[str, Any] = {}
    for key, value in given.items():
        if key in bound:
            raise machine.error(at, f"`{name}` is given `{key}` twice.")
        if key in titles or key in only:
            bound[key] = value
        elif spec.kwarg is not None:
            rest[key] = value
        else:
            found = nearest(key, [*titles, *only])
            raise machine.error(
                at, f"`{name}` has no argument `{key}`.", f"Did you mean `{found}`?" if found else _takes(titles + only)
            )
    if spec.kwarg is not None:
        bound[spec.kwarg.arg] = rest
    defaults = dict(zip(titles[len(titles) - len(spec.defaults) :], spec.defaults, strict=True))
    defaults.update({key: node for key, node in zip(only, spec.kw_defaults, strict=True) if node is not None})
    for key in (*titles, *only):
        if key not in bound:
            if key not in defaults:
                raise machine.error(at, f"`{name}` is missing its argument `{key}`.", _takes(titles + only))
            bound[key] = machine.value(defaults[key], Frame())
    return bound


def _takes(titles: Sequence[str]) -> str:
    shown = [f"`{title}`" for title in titles if title != "self"]
    return f"It takes {', '.join(shown)}." if shown else "It takes none."
