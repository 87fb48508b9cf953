"""Lines that Python cannot read, as they were meant: the mended line is offered, never taken silently."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping

from graphcore.errors import Fix, GraphError
from graphcore.parse import refusals
from graphcore.parse.pointing import error_at
from graphcore.parse.reader import Line, Program
from graphcore.parse.spelling import is_op

_WORD = r"[A-Za-z_α-ωΓ-Ω][\wα-ωΓ-Ω]*"
_TIMES = re.compile(rf"(?<![\w.])(\d+(?:\.\d*)?|\.\d+)[ \t]*(?=({_WORD})|\()")
_AFTER_BRACKET = re.compile(rf"([)\]])[ \t]*(?={_WORD}|\d|\()")
_SPACED = re.compile(rf"({_WORD}|\d[\d.]*)[ \t]+(?={_WORD}|\d|\()")
_OPERAND = rf"(?:{_WORD}(?:\([^()]*\))?|\d+(?:\.\d+)?)(?:\*\*?(?:{_WORD}|\d+(?:\.\d+)?))*"
_DECLARED = re.compile(r"(?:let|var|const|float|double|int|val|auto|def)\s+(?=\w+\s*=)")
_BARS = re.compile(r"\|\|([^|]+)\|\||\|([^|]+)\|")
_ASSIGNED_KEYWORD = re.compile(rf"(?<![\w.])({'|'.join(keyword.kwlist)})(?!\w)(?=\s*(?:[-+*/@]|\*\*|//)?=(?!=))")
_QUIET = re.compile(r"""#.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_PYTHON_WORDS = frozenset(["and", "or", "not", "if", "else", "in", "is", "lambda", "for"])


def syntax(program: Program, line: Line) -> ast.Module:
    """The syntax tree of a line; :class:`GraphError` with the line as it was meant where Python cannot read it."""
    try:
        return compile(line.text, "<program>", "exec", ast.PyCF_ONLY_AST)  # type: ignore[return-value]
    except SyntaxError as problem:
        _refuse(program, line, problem)
    except (RecursionError, MemoryError, ValueError, OverflowError):
        raise GraphError(
            "this expression is too long or nested too deep.",
            instead="Give parts of it names of their own.",
            line=line.number,
            source=program.rows[line.number - 1][:80],
        ) from None
    raise AssertionError("unreachable")


def _refuse(program: Program, line: Line, problem: SyntaxError) -> None:
    text = line.text
    word = re.match(r"@|\w+", text)
    if word and word.group() in refusals.FIRST_WORDS and not re.match(r"\w+\s*[-+*/]?=[^=]", text):
        name, instead = refusals.FIRST_WORDS[word.group()]
        raise error(program, line, 0, len(word.group()), f"{name} is not part of this language.", instead)
    column = _column(line, problem)
    row = min(max((problem.lineno or 1) - 1, 0), text.count("\n"))
    for label, what, instead, mended in _meant(text):
        fix = Fix(label if len(label) < 32 else "Write it so", _everywhere(program, line, what, mended))
        code, _ = _parts(mended)
        raise error(program, line, column, column + 1, what, instead.format(code.strip()), row=row, fix=fix)
    what, instead = _plain_sentence(text, problem)
    raise error(program, line, column, column + 1, what, instead, row=row)


def _everywhere(program: Program, line: Line, what: str, mended: str) -> str:
    """The program with this line mended, and every other line that has the same fault."""
    rows = list(program.rows)
    name = re.match(r"`(\w+)` is a word of Python", what)
    for other in reversed(program.lines):
        text = mended if other is line else other.text
        if name:
            text = re.sub(
                rf"(?<![\w.]){name.group(1)}(?!\w)", "lam" if name.group(1) == "lambda" else f"{name.group(1)}_", other.text
            )
        elif other is not line:
            if _reads(text):
                continue
            text = next((mended for _, said, _, mended in _meant(text) if said == what), text)
        _put_line(rows, other, text)
    return "\n".join(rows)


def _plain_sentence(text: str, problem: SyntaxError) -> tuple[str, str]:
    code = re.sub(r"#.*", "", text).strip()
    if re.search(r"(?<![=<>!])=\s*$", code):
        return "nothing stands after `=`.", "Write a number or an expression."
    ending = re.search(r"(\*\*|[-+*/@,(])$", code)
    if ending:
        return f"the line ends after `{ending.group()}`.", "Write what comes next, or put brackets around both lines."
    message = problem.msg or ""
    if "cannot assign" in message or "assignment" in message:
        return "on the left of `=` stands one name.", "Write as in `f = x * w`."
    if "leading zeros" in message:
        return "a number does not begin with 0.", "Leave the zeros out."
    if "f-string" in message:
        return "an f-string is not part of this language.", "Only numbers and names stand in an expression."
    if "too many nested parentheses" in message or "too deep" in message:
        return "brackets are nested too deep here.", "Give inner parts names of their own."
    if re.search(r"\b0x|\b\d+[jJ]\b", code):
        return "this is not a number of this language.", "Write decimals."
    return "Python cannot read this line from here on.", "Write an assignment such as `f = sin(x * w)`."


def _parts(text: str) -> tuple[str, str]:
    """A line's code and its comment, which no mend touches."""
    comment = next((found.start() for found in _QUIET.finditer(text) if found.group()[0] == "#"), len(text))
    return text[:comment], text[comment:]


def _meant(text: str) -> Iterator[tuple[str, str, str, str]]:
    """The line as it may have been meant, where Python can read that: (button, what is wrong, what instead, the line)."""
    code, comment = _parts(text)
    if "\n" in comment:
        return
    for label, what, instead, mended in _guesses(code):
        if mended != code and _reads(mended):
            yield label, what, instead, mended + comment


def _guesses(text: str) -> Iterator[tuple[str, str, str, str]]:
    found = _ASSIGNED_KEYWORD.search(text)
    if found:
        word = found.group(1)
        put = "lam" if word == "lambda" else f"{word}_"
        yield (
            f"Write {put}",
            f"`{word}` is a word of Python and cannot be a name.",
            f"Write `{put}`.",
            re.sub(rf"\b{word}\b", put, text),
        )
    found = re.search(r"(?<![\w.])lambda\b(?!\s*\w*\s*:)", text)
    if found:
        yield (
            "Write lam",
            "`lambda` is a word of Python and cannot be a name.",
            "Write `lam`.",
            re.sub(r"\blambda\b", "lam", text),
        )
    declared = _DECLARED.match(text)
    if declared:
        word = declared.group().strip()
        yield f"Remove {word}", f"`{word}` is not needed before a name.", "Write `{0}`.", text[declared.end() :]
    if ":=" in text:
        yield "Write =", "`:=` is not part of this language.", "Write `{0}`.", text.replace(":=", "=")
    for wrong, right in (("=<", "<="), ("=>", ">="), ("<>", "!="), ("===", "=="), ("->", "=")):
        if wrong in text:
            yield f"Write {right}", f"`{wrong}` is not a sign of Python.", f"Write `{right}`.", text.replace(wrong, right)
    powered = text.replace("^", "**")
    if "|" in text:
        bars = _BARS.sub(lambda m: f"norm({m.group(1)})" if m.group(1) else f"abs({m.group(2)})", powered)
        yield "Write abs(...)", "bars are not part of Python.", "Write `{0}`.", bars
    yield from _products(powered)


def _products(text: str) -> Iterator[tuple[str, str, str, str]]:
    timed = _TIMES.sub(_with_star, text)
    called = _calls(timed)
    if called != timed:
        found = _first_difference(text, called)
        yield f"Write {found}", "an op wants brackets around its operand.", "Write `{0}`.", called
    if timed != text:
        yield f"Write {_first_difference(text, timed)}", "a product is written with `*`.", "Write `{0}`.", timed
    starred = _AFTER_BRACKET.sub(r"\1*", called)
    if starred != called:
        yield "Write *", "a product is written with `*`.", "Write `{0}`.", starred
    spaced = _SPACED.sub(lambda m: m.group() if m.group(1) in _PYTHON_WORDS else m.group(1) + "*", starred)
    if spaced != starred:
        yield "Write *", "a product is written with `*`.", "Write `{0}`.", spaced


def _with_star(found: re.Match[str]) -> str:
    word = found.group(2) or ""
    if re.match(r"[eE]\d", word) or word in _PYTHON_WORDS or re.fullmatch(r"[jJ]", word):
        return found.group()
    return found.group(1) + "*"


def _calls(text: str) -> str:
    def put(found: re.Match[str]) -> str:
        name = found.group(1)
        meant = name if is_op(name) else None
        if meant is None or name in _PYTHON_WORDS:
            return found.group()
        return f"{name}({found.group(2)})"

    return re.sub(rf"(?<![\w.])({_WORD})[ \t]+({_OPERAND})", put, text)


def _first_difference(old: str, new: str) -> str:
    """The piece of the mended line around the first change, short enough for a button."""
    at = next((k for k, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    begin = at
    while begin > 0 and re.match(r"[\w.]", new[begin - 1]):
        begin -= 1
    found = re.match(r"[\w.]*(?:[*(][\w.*]*\)?)?", new[begin:])
    piece = found.group() if found else ""
    return piece if 0 < len(piece) <= 24 else "*"


def _reads(text: str) -> bool:
    try:
        compile(text, "<program>", "exec", ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def _column(line: Line, problem: SyntaxError) -> int:
    """The column of a syntax error in its own row of the line, from 0."""
    row = line.text.split("\n")[min(max((problem.lineno or 1) - 1, 0), line.text.count("\n"))]
    column = max((problem.offset or 1) - 1, 0)
    return min(column, max(len(row) - 1, 0))


def _with_line(program: Program, line: Line, mended: str) -> str:
    rows = list(program.rows)
    _put_line(rows, line, mended)
    return "\n".join(rows)


def _put_line(rows: list[str], line: Line, mended: str) -> None:
    if mended == line.text:
        return
    count = line.text.count("\n") + 1
    first, last = line.number - 1, line.number + count - 2
    tail = rows[last][(line.offset if count == 1 else 0) + len(line.text.split("\n")[-1]) :]
    rows[first : last + 1] = [rows[first][: line.offset] + mended + tail]


def error(
    program: Program, line: Line, start: int, end: int, what: str, instead: str, *, row: int = 0, fix: Fix | None = None
) -> GraphError:
    """An error at columns of one row of a line."""
    shift = line.offset if row == 0 else 0
    number = line.number + row
    return error_at(program, (number, start + shift, number, end + shift), what, instead, fix)


def refuse_colon(program: Program, line: Line, node: ast.AnnAssign) -> None:
    """``x: 3``."""
    mended = f"{line.segment(node.target)} = {line.segment(node.annotation)}"
    fix = Fix("Write =", _with_line(program, line, mended)) if "\n" not in line.text and ";" not in line.text else None
    raise error(
        program, line, node.col_offset, node.col_offset + 1, "a value is assigned with `=`.", f"Write `{mended}`.", fix=fix
    )


def refuse_comparison(program: Program, line: Line, value: ast.expr, assigned: Mapping[str, int]) -> None:
    """``x == 3`` as a line, where an assignment was meant."""
    if type(value) is ast.Compare and type(value.left) is ast.Name and len(value.ops) == 1 and type(value.ops[0]) is ast.Eq:
        if value.left.id in assigned:
            return
        mended = f"{value.left.id} = {line.segment(value.comparators[0])}"
        fix = Fix("Write =", _with_line(program, line, mended)) if ";" not in line.text else None
        raise error(
            program,
            line,
            0,
            len(line.text.split("\n")[0]),
            "`==` compares; a value is assigned with `=`.",
            f"Write `{mended}`.",
            fix=fix,
        )


def is_generator(value: ast.expr) -> bool:
    """``np.random.default_rng(0)`` and its like, which make no number."""
    if type(value) is not ast.Call or type(value.func) is not ast.Attribute:
        return False
    return value.func.attr in ("default_rng", "RandomState", "Generator", "manual_seed")
