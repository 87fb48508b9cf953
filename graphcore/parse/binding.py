"""The arguments of a call: which are operands, which are static, and what is wrong with them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphcore import ops
from graphcore.errors import GraphError, nearest
from graphcore.parse import constructors, dialect, foreign, settings
from graphcore.parse.composites import expand
from graphcore.parse.constants import whole
from graphcore.parse.spelling import IGNORED_KEYWORDS, MEANT, PYTHON, ROOTS, TUPLES, is_op
from graphcore.parse.statics import is_static, static

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator


def arguments(
    tr: Translator, name: str, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword], first: Operand | None
) -> Operand:
    """Bind the arguments of a call to the operands and static arguments of its op, and apply it."""
    if not is_op(name):
        raise _unknown_error(tr, name, node, first is not None)
    torch = is_torch(tr, node)
    if tr.template is None:
        args, keywords = foreign.reordered(tr, name, node, args, keywords, first is not None)
        name = dialect.reworded(tr, name, node, torch, args, first is not None)
        args = dialect.without_shape(tr, name, node, args)
    composite = ops.COMPOSITES.get(ops.ALIASES.get(name, name))
    row: Any = composite if composite is not None else ops.get(name)
    operands, given = _bound(tr, row, name, node, args, keywords, first)
    given = settings.settled(tr, row.name, node, given)
    defaults = ops.TORCH_DEFAULTS.get(row.name)
    if defaults and torch:
        given = {**defaults, **given}
    if tr.template is None:
        word, given = foreign.meant(tr, row.name, node, operands, given)
        composite = ops.COMPOSITES.get(word, composite)
    if composite is not None:
        return expand(tr, composite, operands, node, given)
    meant = row.name
    if tr.template is None:
        worded, given = dialect.fitted(tr, name, node, operands, given)
        meant = meant if worded == name else worded
    return tr.apply(meant, operands, node, given)


def _bound(
    tr: Translator, row: Any, name: str, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword], first: Operand | None
) -> tuple[list[Any], dict[str, Any]]:
    """The operands in their order, and the static arguments by name."""
    operands: list[Any] = [] if first is None else [first]
    wanted = [operand.lstrip("*") for operand in row.operands]
    variadic = bool(row.operands) and row.operands[-1].startswith("*")
    rest = list(args)
    for argument in rest:
        if type(argument) is ast.Starred:
            raise tr.error(argument, "a starred argument is not part of this language.", "Write the arguments out.")
    if variadic:
        rest = _spread(tr, operands, rest)
    else:
        while rest and len(operands) < len(wanted):
            operands.append(tr.visit(rest.pop(0)))
    given = _positional_statics(tr, row, name, node, rest)
    slots: dict[int, Operand] = {}
    for keyword in keywords:
        _keyword(tr, row, name, keyword, wanted, slots, given)
    for slot in sorted(slots):
        if slot < len(operands):
            raise tr.error(node, f"`{name}` is given `{wanted[slot]}` twice.")
        operands.insert(slot, slots[slot])
    least = len(wanted) - getattr(row, "optional", 0)
    if not variadic and not least <= len(operands) <= len(wanted):
        raise _arity_error(tr, row, name, node, len(wanted), len(operands))
    if variadic and not operands:
        raise _arity_error(tr, row, name, node, 1, 0)
    return operands, given


def prefix_of(tr: Translator, node: ast.expr) -> str | None:
    """``np.linalg`` where that stands before an op, None where the expression is a value."""
    parts: list[str] = []
    while type(node) is ast.Attribute:
        parts.append(node.attr)
        node = node.value
    if type(node) is not ast.Name or node.id in tr.assigned or node.id not in ROOTS or tr.template is not None:
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def is_torch(tr: Translator, node: ast.Call) -> bool:
    """Whether the call is written with torch's name (a method is torch's in a program that mentions torch)."""
    function = node.func
    if type(function) is not ast.Attribute or tr.template is not None:
        return False
    prefix = prefix_of(tr, function.value)
    return "torch" in tr.program.text if prefix is None else prefix.split(".")[0] == "torch"


def _spread(tr: Translator, operands: list[Any], args: list[ast.expr]) -> list[ast.expr]:
    """The operands of an op that takes any number: one list of them, or one after the other."""
    if args and type(args[0]) in (ast.List, ast.Tuple):
        operands.extend(tr.visit(element) for element in args[0].elts)  # type: ignore[attr-defined]
        return args[1:]
    rest: list[ast.expr] = []
    for argument in args:
        if rest or (operands and is_static(argument)):
            rest.append(argument)
        else:
            operands.append(tr.visit(argument))
    return rest


def _positional_statics(tr: Translator, row: Any, name: str, node: ast.Call, args: Sequence[ast.expr]) -> dict[str, Any]:
    if not args:
        return {}
    keys = dialect.positions(tr, name, list(row.statics), [])
    if not keys:
        raise _arity_error(tr, row, name, node, len(row.operands), len(row.operands) + len(args))
    values = [static(tr, argument) for argument in args]
    if len(values) > 1 and keys[0] in TUPLES and all(whole(value) is not None for value in values):
        return {keys[0]: tuple(values)}
    keys = dialect.positions(tr, name, keys, values)
    if len(values) > len(keys):
        raise _arity_error(tr, row, name, node, len(row.operands) + len(keys), len(row.operands) + len(values))
    return dict(zip(keys, values, strict=False))


def _keyword(
    tr: Translator, row: Any, name: str, keyword: ast.keyword, wanted: list[str], slots: dict[int, Operand], given: dict[str, Any]
) -> None:
    key = keyword.arg
    if key is None:
        raise tr.error(keyword.value, "a starred argument is not part of this language.", "Write the arguments out.")
    said = dialect.setting(tr, name, keyword) if tr.template is None else None
    if said is not None:
        if said[0] != "dtype":
            given[said[0]] = said[1]
        return
    meant = ops.keyword(row, key)
    if meant in row.statics:
        given[meant] = static(tr, keyword.value)
    elif meant in wanted:
        slots[wanted.index(meant)] = tr.visit(keyword.value)
    elif key not in IGNORED_KEYWORDS:
        known = ", ".join(f"`{k}`" for k in row.statics)
        near = nearest(key, row.statics)
        hint = f"Did you mean `{near}`?" if near else f"It takes {known}." if known else "It takes operands only."
        raise tr.error(keyword, f"`{name}` has no argument `{key}`.", hint)


def _arity_error(tr: Translator, row: Any, name: str, node: ast.Call, wanted: int, given: int) -> GraphError:
    names = ", ".join([*(operand.lstrip("*") for operand in row.operands), *(f"{key}=..." for key in row.statics)])
    plural = "s" if wanted != 1 else ""
    were = "was" if given == 1 else "were"
    return tr.error(node, f"`{name}` takes {wanted} operand{plural}, {given} {were} given.", f"Write it as `{name}({names})`.")


_MAKERS = [name for name in constructors.FUNCTIONS if name not in ("list", "tuple", "int", "float", "double", "matrix")]


def near(name: str) -> str:
    told = dialect.INSTEAD.get(name) or dialect.INSTEAD.get(name.removesuffix("_"))
    if told is not None:
        return told
    if name.endswith("_") and is_op(name[:-1]):
        return f"Nothing is changed in place here; write as in `x = {name[:-1]}(x)`."
    guess = MEANT.get(name)
    if guess is None or not is_op(guess.split()[-1]):
        guess = nearest(name, [*ops.REGISTRY, *ops.ALIASES, *ops.COMPOSITES, *_MAKERS])
    return f"Did you mean `{guess}`?" if guess else "The page Ops lists all of them."


def _unknown_error(tr: Translator, name: str, node: ast.Call, is_method: bool) -> GraphError:
    function = node.func
    if name in PYTHON and not (is_method and name in dialect.INSTEAD):
        return tr.error(function, f"`{name}` is not part of this language.", "Write an expression of named ops.")
    excluded = ops.EXCLUDED.get(name)
    if excluded:
        return tr.error(function, f"`{name}` is not an op here: {excluded}.", "")
    instead = near(name)
    mend = None
    if instead.startswith("Did you mean") and type(function) in (ast.Name, ast.Attribute):
        guess = instead.split("`")[1]
        written = tr.line.segment(function)
        mend = (guess, function, written[: len(written) - len(name)] + guess if " " not in guess else guess)
    elif name.startswith("__"):
        return tr.error(node, "names with two underscores are not part of this language.", "Write an expression of named ops.")
    kind = "op" if not is_method else "op or method"
    return tr.error(function, f"no {kind} is called `{name}`.", instead, mend)
