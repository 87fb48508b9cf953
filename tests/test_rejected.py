# ruff: noqa: E501  # a table reads by its rows
"""Programs that are refused: where, what, what instead, and the mended program one click away."""

from __future__ import annotations

import time

import pytest

from graphcore import GraphError
from graphcore.parse import parse

XW = "x = 2\nw = 3\n"
ARRAYS = "W = ones(3, 3)\nx = [[1], [2]]\nv = [1, 2, 3]\n"


def refused(text: str) -> GraphError:
    with pytest.raises(GraphError) as caught:
        parse(text)
    problem = caught.value
    assert str(problem).isprintable()
    if problem.line is not None and problem.column is not None:
        rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= problem.line <= len(rows)
        assert problem.source is not None
        assert 1 <= problem.column <= len(rows[problem.line - 1]) + 1
        assert problem.end_column is not None
        assert problem.column < problem.end_column
    return problem


# text before -> the line -> the message after "Line n, column k: " -> what the carets mark -> the mended line
TABLE = [
    # names
    (XW, "y = sine(x)", "no op is called `sine`. Did you mean `sin`?", "sine", "y = sin(x)"),
    ("w1 = 3\n", "y = w3 * 2", "`w3` is not defined. Did you mean `w1`?", "w3", "y = w1 * 2"),
    (XW, "y = sinx", "`sinx` is not defined. Did you mean `sin(x)`?", "sinx", "y = sin(x)"),
    (XW, "y = xw", "`xw` is not defined. Did you mean `x * w`?", "xw", "y = x * w"),
    (XW, "y = hello", "`hello` is not defined. Assign it first, as in `hello = 2`.", "hello", None),
    (XW, "y = y + 1", "`y` is used before it is assigned in this very line. Move the assignment up.", "y", None),
    (XW, "y = sin", "`sin` is an op and wants its operands. Write as in `sin(x)`.", "sin", None),
    (XW, "y = math.sin", "`sin` is an op and wants its operands. Write as in `sin(x)`.", "math.sin", None),
    (XW, "y = Sin(x)", "no op is called `Sin`. Did you mean `sin`?", "Sin", "y = sin(x)"),
    (XW, "y = ln(x)", "no op is called `ln`. Did you mean `log`?", "ln", "y = log(x)"),
    (XW, "y = np.ln(x)", "no op is called `ln`. Did you mean `log`?", "np.ln", "y = np.log(x)"),
    (XW, "y = tg(x)", "no op is called `tg`. Did you mean `tan`?", "tg", "y = tan(x)"),
    (XW, "y = sen(x)", "no op is called `sen`. Did you mean `sin`?", "sen", "y = sin(x)"),
    (XW, "y = x.sine()", "no op or method is called `sine`. Did you mean `sin`?", "x.sine", "y = x.sin()"),
    (XW, "y = x.exp", "`.exp` is an op and wants brackets. Write `.exp()`.", "x.exp", "y = x.exp()"),
    (XW, "sum = x + w; y = sum(x)", "`sum` is a name of yours (assigned in line 3), so the op cannot be called. Give yours another name.", "sum(x)"[:3], None),
    (XW, "y = " + "a" * 41, None, "a" * 41, None),
    (XW, "a" * 41 + " = x * 2", "the name `aaaaaaaaaaaaaaaaaaaa...` has 41 characters. At most 40 are allowed.", "a" * 41, None),
    (XW, "__x = 1", "names with two underscores are not part of this language. Give it a plain name.", None, None),
    # arity and keywords
    (XW, "y = sin(x, w)", "`sin` takes 1 operand, 2 were given. Write it as `sin(a)`.", "sin(x, w)", None),
    (XW, "y = maximum(x)", "`maximum` takes 2 operands, 1 was given. Write it as `maximum(a, b)`.", "maximum(x)", None),
    (XW, "y = sum(x, axs=0)", "`sum` has no argument `axs`. Did you mean `axis`?", "axs=0", None),
    (XW, "y = argmax(x)", "`argmax` is not an op here: it gives a position, a whole number, and no gradient flows through it.", "argmax", None),
    # shapes
    (ARRAYS, "y = W @ x", "W @ x does not fit. W is (3, 3), x is (2, 1): 3 columns against 2 rows.", "W @ x", None),
    (ARRAYS, "y = 2 * ((W+1) @ (x*2))", "(W+1) @ (x*2) does not fit. W+1 is (3, 3), x*2 is (2, 1): 3 columns against 2 rows.", "(W+1) @ (x*2)", None),
    (ARRAYS, "y = v + x.T", "v + x.T does not fit. v is (3,), x.T is (1, 2): these shapes do not broadcast.", "v + x.T", None),
    (ARRAYS, "y = reshape(v, 2, 2)", "reshape(v, 2, 2) does not fit. v is (3,): its 3 entries do not fill (2, 2).", "reshape(v, 2, 2)", None),
    (ARRAYS, "y = v[[0, 3]]", "v[[0, 3]] does not fit. v is (3,): it has no entry 3. Entries count from 0 to 2.", "v[[0, 3]]", None),
    (ARRAYS, "y = v[0.5]", "`0.5` is not whole numbers. A subscript counts entries.", "0.5", None),
    (ARRAYS, "y = v[v > 1]", "a mask as a subscript gives a shape that depends on the numbers. Write `where(mask, x, 0)`.", "v > 1", None),
    (ARRAYS, "y = W(x)", "`W` is a name of yours (assigned in line 1) and cannot be called. Write `W @ (x)` for a product.", "W(x)", "y = W @ (x)"),
    ("", "y = [[1, 2], [3]]", "the rows of this nested list differ in length. Give every row the same number of entries.", "[[1, 2], [3]]", None),
    (ARRAYS, "y = cross_entropy(W, [0, 1, 0.5])", "cross_entropy(W, [0, 1, 0.5]) does not fit. [0, 1, 0.5] has the entry 0.5: a class number is a whole number.", None, None),
    # signs and habits of mathematics
    (XW, "y = 1 + x ^ 2", "^ is not a power in Python.", "^", "y = 1 + x ** 2"),
    (XW, "y = 2x", "a product is written with `*`. Write `y = 2*x`.", None, "y = 2*x"),
    (XW, "y = 3 x + 2w", "a product is written with `*`. Write `y = 3*x + 2*w`.", None, "y = 3*x + 2*w"),
    (XW, "y = 2sin(x)", "a product is written with `*`. Write `y = 2*sin(x)`.", None, "y = 2*sin(x)"),
    (XW, "y = x w", "a product is written with `*`. Write `y = x*w`.", None, "y = x*w"),
    (XW, "y = (x + 1) w", "a product is written with `*`. Write `y = (x + 1)*w`.", None, "y = (x + 1)*w"),
    (XW, "y = 2(x + 1)", "`2` cannot be called. Write `2 * (x + 1)` for a product.", "2(x + 1)", "y = 2 * (x + 1)"),
    (XW, "y = (x + 1)(w + 2)", "`(x + 1)` cannot be called. Write `(x + 1) * (w + 2)` for a product.", "(x + 1)(w + 2)", "y = (x + 1) * (w + 2)"),
    (XW, "y = x(w + 2)", "`x` is a name of yours (assigned in line 1) and cannot be called. Write `x * (w + 2)` for a product.", "x(w + 2)", "y = x * (w + 2)"),
    (XW, "y = sin x", "an op wants brackets around its operand. Write `y = sin(x)`.", None, "y = sin(x)"),
    (XW, "y = sin x + cos 2w", "an op wants brackets around its operand. Write `y = sin(x) + cos(2*w)`.", None, "y = sin(x) + cos(2*w)"),
    (XW, "y = |x - w|", "bars are not part of Python. Write `y = abs(x - w)`.", None, "y = abs(x - w)"),
    (XW, "y = σ(x)", "no op is called `σ`. Did you mean `sigmoid`?", "σ", "y = sigmoid(x)"),
    (XW, "y = 2·x", "`·` is not a sign of Python. Write `*`.", "·", "y = 2*x"),
    (XW, "y = x × w − 1", "`×` is not a sign of Python. Write `*`.", "×", "y = x * w - 1"),
    (XW, "y = x – 1", "`–` is not a sign of Python. Write `-`.", "–", "y = x - 1"),
    (XW, "y = π * x", "`π` is called `pi` here. Write `pi`.", "π", "y = pi * x"),
    (XW, "y = x²", "`²` is not a sign of Python. Write `**2`.", "²", "y = x**2"),
    (XW, "y = x⁻¹", "`⁻` is not a sign of Python. Write `**-`.", "⁻", "y = x**(-1)"),
    (XW, "y = √x", "`√` is not a sign of Python. Write `sqrt`.", "√", "y = sqrt(x)"),
    (XW, "y = √(x + 1) ÷ 2", "`√` is not a sign of Python. Write `sqrt`.", "√", "y = sqrt(x + 1) / 2"),
    (XW, "y = where(x ≤ 1, x, w)", "`≤` is not a sign of Python. Write `<=`.", "≤", "y = where(x <= 1, x, w)"),
    (XW, "y = where(x =< 1, x, w)", "`=<` is not a sign of Python. Write `<=`.", None, "y = where(x <= 1, x, w)"),
    # assignment
    ("", "x == 3", "`==` compares; a value is assigned with `=`. Write `x = 3`.", "x == 3", "x = 3"),
    ("", "x := 3", "`:=` is not part of this language. Write `x = 3`.", None, "x = 3"),
    ("", "x: 3", "a value is assigned with `=`. Write `x = 3`.", None, "x = 3"),
    ("", "let x = 3", "`let` is not needed before a name. Write `x = 3`.", None, "x = 3"),
    ("", "x = 0,5", "a comma makes a list of two numbers of this. Write `0.5` or `[0,5]`.", "0,5", "x = 0.5"),
    ("", "x = 1, 2, 3", "these are several values. Write a list: `[1, 2, 3]`.", "1, 2, 3", "x = [1, 2, 3]"),
    ("", "lambda = 0.1", "`lambda` is a word of Python and cannot be a name. Write `lam`.", None, "lam = 0.1"),
    ("", "in = 0.1", "`in` is a word of Python and cannot be a name. Write `in_`.", None, "in_ = 0.1"),
    ("", "x = y = 2", "one line assigns one name. Write a line for each name.", "x = y = 2", None),
    (XW, "x[0] = 3", "an assignment to a part of an array is not part of this language. Build the whole array.", "x[0]", None),
    (XW, "y = ", "nothing stands after `=`. Write a number or an expression.", None, None),
    (XW, "y = x +", "the line ends after `+`. Write what comes next, or put brackets around both lines.", None, None),
    (XW, "y = 007", "a number does not begin with 0. Leave the zeros out.", None, None),
    # brackets
    (XW, "y = sin(x", "the bracket `(` is never closed. Add `)`.", "(", "y = sin(x)"),
    (XW, "y = sin(x))", "the bracket `)` was never opened. Remove it or open it before.", ")", "y = sin(x)"),
    (XW, "y = [x, (w]", "`(` is closed by `]`. Write `)`.", "]", None),
    (XW, "y = 'x", "this quote is not closed. Texts are not part of this language.", "'", None),
    # conditions
    (XW, "y = x if x > 0 else w", "`if` is not part of this language. Write `where(x > 0, x, w)`.", "x if x > 0 else w", "y = where(x > 0, x, w)"),
    (XW, "y = x > 1 and w < 2", "`and` is not part of this language. Write `where(x > 1, w < 2, 0)`.", "x > 1 and w < 2", "y = where(x > 1, w < 2, 0)"),
    (XW, "y = not x > 1", "`not` is not part of this language. Write `where(x > 1, 0, 1)`.", "not x > 1", "y = where(x > 1, 0, 1)"),
    (XW, "y = 1 < x < 2", "a chain of comparisons is not part of this language. Compare two things at a time, inside `where`.", "1 < x < 2", None),
    # Python that is not part of the language
    (XW, "y = lambda: x", "lambda is not part of this language. Write an expression of named ops.", "lambda: x", None),
    (XW, "y = [i for i in x]", "a comprehension is not part of this language. Write the list out or use an op on the whole array.", "[i for i in x]", None),
    (XW, 'y = "x"', "a text (string) is not part of this language. Only numbers and names stand in an expression.", '"x"', None),
    (XW, "y = f'{x}'", "an f-string is not part of this language. Only numbers and names stand in an expression.", "f'{x}'", None),
    (XW, "y = {1: 2}", "a dictionary is not part of this language. Write a list of numbers.", "{1: 2}", None),
    (XW, "y = {1, 2}", "a set is not part of this language. Write a list of numbers: `[1, 2]`.", "{1, 2}", None),
    (XW, "y = (z := 3)", "`:=` is not part of this language. Assign on a line of its own: `x = 2`.", "z := 3", None),
    (XW, "y = sin(*x)", "a starred argument is not part of this language. Write the arguments out.", "*x", None),
    (XW, "y = ...", "`...` is not a number. Write a number or a name.", "...", None),
    (XW, "y = None", "`None` is not a number. Write a number or a name.", "None", None),
    (XW, "y = True", "`True` is not a number here. Write 1.", "True", "y = 1"),
    (XW, "y = 1j", "complex numbers are not part of this language. Write real numbers.", "1j", None),
    (XW, "y = x.__class__", "names with two underscores are not part of this language.", "x.__class__", None),
    (XW, "y = __import__('os').system('ls')", "`__import__` is not part of this language. Write an expression of named ops.", "__import__", None),
    (XW, "y = x.grad", "`.grad` holds a gradient. Gradients are what is computed here; leave the line out.", "x.grad", None),
    (XW, "os.system('ls')", "`os.system` is not part of this language. Before an op may stand np., torch., math. or F.", "os.system", None),
    (XW, "y = eval('x')", "`eval` is not part of this language. Write an expression of named ops.", "eval", None),
    (XW, "exec('x')", "`exec` is not part of this language. Write an expression of named ops.", "exec", None),
    (XW, "y = open('/etc/passwd')", "`open` is not part of this language. Write an expression of named ops.", "open", None),
    (XW, "def f(x): return x", "def is not part of this language. Write its lines out, one assignment a line.", None, None),
    (XW, "def f(x):", "def is not part of this language. Write its lines out, one assignment a line.", "def", None),
    (XW, "class A:", "class is not part of this language. Write its lines out, one assignment a line.", "class", None),
    (XW, "for i in range(3):", "for is not part of this language. Write its lines out, one assignment a line.", "for", None),
    (XW, "if x > 1:", "if is not part of this language. Use `where(condition, a, b)`.", "if", None),
    (XW, "while x:", "while is not part of this language. Write its lines out, one assignment a line.", "while", None),
    (XW, "with torch.no_grad():", "with is not part of this language. Write its lines out, one assignment a line.", "with", None),
    (XW, "return x", "return is not part of this language. The last line is the output; leave `return` out.", "return x", None),
    (XW, "del x", "del is not part of this language. Leave the line out.", "del x", None),
    (XW, "global x", "global is not part of this language. Leave the line out.", "global x", None),
    # characters
    (XW, "y = х", "`х` (cyrillic small letter ha) looks like `x` and is another character. Write `x`.", "х", "y = x"),
    (XW, "y = ｘ", "`ｘ` (fullwidth latin small letter x) looks like `x` and is another character. Write `x`.", "ｘ", "y = x"),
    (XW, "y = x₁", "`₁` (subscript one) looks like `1` and is another character. Write `1`.", "₁", "y = x1"),
    (XW, "y = ϕ", "`ϕ` (greek phi symbol) looks like `φ` and is another character. Write `φ`.", "ϕ", "y = φ"),
    (XW, "y = x\u200b * w", "there is a character here that cannot be seen (zero width space). Remove it.", "\u200b", "y = x * w"),
    (XW, "y = x\0", "there is a character here that cannot be seen (U+0000). Remove it.", "\0", "y = x"),
    (XW, "y = 猫", "`猫` (cjk unified ideograph-732b) is not a character of this language. Names are made of a to z, Greek letters, digits and _.", "猫", None),
    (XW, "y = “x”", '`“` is not a sign of Python. Write `"`.', "“", 'y = "x"'),
    # sizes
    (XW, "y = zeros(10**6, 10**6)", "shape (1000000, 1000000) has 1,000,000,000,000 entries. A tensor may have at most 1,000,000.", "zeros(10**6, 10**6)", None),
    (XW, "y = arange(10**12)", "shape (1000000000000,) has 1,000,000,000,000 entries. A tensor may have at most 1,000,000.", "arange(10**12)", None),
    (XW, "y = zeros(-1)", "(-1,) is not a shape. A shape is whole numbers from 0.", "zeros(-1)", None),
    (XW, "y = zeros(x * w + sin(x))", "`sin(x)` is computed, and a number is wanted here. Write the number itself.", "sin(x)", None),
    (XW, "y = rand(2) * x", "random numbers need a name. Draw them on a line of their own, as in `noise = randn(3)`.", "rand(2)", None),
    (XW, "y = rand(2, seed=-1)", "a random seed is a whole number from 0. Write as in `seed=0`.", "-1", None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "line", "message", "marked", "mended"), TABLE, ids=[row[1][:40] for row in TABLE])
def test_refused(before: str, line: str, message: str | None, marked: str | None, mended: str | None) -> None:
    problem = refused(before + line)
    assert problem.line == before.count("\n") + 1
    if message is not None:
        assert str(problem) == f"Line {problem.line}, column {problem.column}: {message}"
    if marked is not None:
        assert problem.source is not None
        assert problem.column is not None
        assert problem.end_column is not None
        assert line[problem.column - 1 : problem.end_column - 1] == marked
    assert (problem.fix.text if problem.fix else None) == (None if mended is None else before + mended)


MENDED_RUN = [row for row in TABLE if row[4] and '"' not in row[4] and "φ" not in row[4] and "x1" not in row[4]]


@pytest.mark.parametrize(("before", "line", "message", "marked", "mended"), MENDED_RUN, ids=[row[1][:40] for row in MENDED_RUN])
def test_what_is_mended_parses(before: str, line: str, message: str, marked: str, mended: str) -> None:
    if "W" in mended:
        assert "does not fit" in str(refused(before + mended))
    else:
        parse(before + mended)


def test_a_mend_changes_every_line_with_the_same_fault() -> None:
    problem = refused("x = 2\na = 2x  # 2x\nb = 3x^2\nc = x*2")
    assert problem.fix is not None
    assert problem.fix.text == "x = 2\na = 2*x  # 2x\nb = 3*x**2\nc = x*2"
    assert problem.fix.label == "Write 2*x"
    problem = refused("x = 2\ny = x ^ 2\nz = y ^ 3  # a ^ b")
    assert problem.fix is not None
    assert problem.fix.text == "x = 2\ny = x ** 2\nz = y ** 3  # a ^ b"
    problem = refused("lambda = 0.1\nx = 2\nf = lambda * x")
    assert problem.fix is not None
    assert problem.fix.text == "lam = 0.1\nx = 2\nf = lam * x"
    problem = refused("x = 2\na = x · x\nb = x² × 3")
    assert problem.fix is not None
    assert problem.fix.text == "x = 2\na = x * x\nb = x**2 * 3"


def test_used_before_it_is_assigned_names_the_line() -> None:
    assert str(refused("y = z + 1\nz = 2")) == (
        "Line 1, column 5: `z` is used before it is assigned in line 2. Move the assignment up."
    )


def test_columns_of_indented_marked_and_continued_lines() -> None:
    problem = refused("In [3]:   y = sine(2)")
    assert (problem.line, problem.column) == (1, 15)
    assert problem.fix is not None
    assert problem.fix.text == "In [3]:   y = sin(2)"
    problem = refused("x = 2\ny = (x +\n     sine(x))")
    assert (problem.line, problem.column, problem.end_column) == (3, 6, 10)
    assert problem.fix is not None
    assert problem.fix.text == "x = 2\ny = (x +\n     sin(x))"
    problem = refused("α = 2\r\ny = α * sine(α)")
    assert (problem.line, problem.column) == (2, 9)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "import numpy", "print(1)", '"""x"""'])
def test_an_empty_program(text: str) -> None:
    assert str(refused(text)) == "there is nothing here yet. Write an assignment such as `x = 2`."


def test_no_text() -> None:
    with pytest.raises(GraphError, match="a program is a text, not bytes"):
        parse(b"x = 2")  # type: ignore[arg-type]


# ---- hostile programs: refused with a sentence, or parsed, in bounded time

HOSTILE = {
    "100,000 parentheses": "y = " + "(" * 100_000 + "1" + ")" * 100_000,
    "1,900 parentheses": "y = " + "(" * 990 + "1" + ")" * 990,
    "parentheses over lines": "y = " + "(\n" * 60_000 + "1" + ")" * 60_000,
    "brackets": "y = " + "[" * 900 + "]" * 900,
    "never closed": "y = (\n" + "x = 1\n" * 20_000,
    "minus signs": "y = " + "-" * 1_900 + "1",
    "minus signs over lines": "y = (" + "-\n" * 50_000 + "1)",
    "powers": "x = 2\ny = x" + "**x" * 600,
    "not": "y = " + "not " * 400 + "1",
    "lambda": "y = " + "lambda: " * 200 + "1",
    "if else": "x = 1\ny = " + "1 if x else " * 150 + "1",
    "20,000 terms": "x = 1\ny = (" + "+\n".join(["x"] * 20_000) + ")",
    "20,000 terms in a line": "x = 1\ny = " + "+".join(["x"] * 20_000),
    "20,000 attributes": "x = 1\ny = (x" + "\n.T" * 20_000 + ")",
    "20,000 calls": "x = 1\ny = (x" + "\n.sin()" * 20_000 + ")",
    "tower": "y = 9**9**9**9**9**9",
    "factor tower": "y = 10**10**10 * 10**10**10",
    "shift": "y = 1 << 10**9",
    "digits": "y = " + "9" * 1_900,
    "1e999": "y = 1e999",
    "huge": "y = zeros(10**6, 10**6)",
    "huge product": "a = zeros(10**6)\nb = a[:, None] * a[None, :]",
    "huge outer": "a = zeros(10**5)\nb = outer(a, a)",
    "huge outer of constants": "b = outer(zeros(10**5), zeros(10**5))",
    "huge tile": "a = [1]\nb = tile(a, 10**12)",
    "many": "\n".join(f"x{k} = zeros(10**6)" for k in range(6)),
    "6,000 nodes": "x0 = 1\n" + "\n".join(f"x{k} = sin(x{k - 1})" for k in range(1, 6_000)),
    "6,000 leaves": "\n".join(f"x{k} = {k}" for k in range(6_000)),
    "200,001 characters": "x = 1\n" * 33_334,
    "long line": "x = " + "1" * 2_001,
    "null bytes": "\0" * 1_000,
    "surrogates": "x = '\ud800'",
    "quotes": "x = " + "'" * 1_999,
    "triple quotes": '"""' + "x\n" * 50_000,
    "backslashes": "x = \\\n" * 20_000,
    "semicolons": "x=1;" * 499,
    "hashes": "#" * 1_999,
    "opening marks": ">>> " * 400,
    "marks": "In [1]: " * 200 + "x = 1",
    "regular expression": "x = " + "1 " * 900,
    "words": "x = " + "a " * 900,
    "bars": "x = " + "|" * 1_900,
    "commas": "x = " + "1," * 900,
    "numbers": "x = [" + "1.5,\n" * 30_000 + "]",
    "nested lists": "x = " + "[" * 61 + "]" * 61,
    "big same name": "x = 1\n" + "x = x + 1\n" * 4_990,
    "name like a tag": "<script>alert(1)</script> = 2",
    "name like a string": '"] = 2',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_programs_end_soon(text: str) -> None:
    begin = time.perf_counter()
    try:
        graph = parse(text)
    except GraphError as problem:
        assert len(str(problem)) < 400
        assert len(problem.source or "") <= 2_100
    else:
        assert len(graph) <= 5_000
    # the slowest takes 0.2 s here
    assert time.perf_counter() - begin < 4


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("100,000 parentheses", "the program has 200,005 characters. At most 200,000 are read."),
        (
            "1,900 parentheses",
            "Line 1, column 65: brackets are nested more than 60 deep here. Give inner parts names of their own.",
        ),
        (
            "minus signs",
            "Line 1, column 65: signs and brackets are nested more than 60 deep here. Give inner parts names of their own.",
        ),
        ("20,000 terms", "Line 2: this expression is too long or nested too deep. Give parts of it names of their own."),
        (
            "20,000 terms in a line",
            "Line 2: this line has 40,003 characters. At most 2,000 are read; give parts of it names of their own.",
        ),
        ("6,000 nodes", "Line 5001, column 9: the program has more than 5,000 nodes. Use ops on whole arrays."),
        ("many", "Line 6, column 6: up to here the program has 6,000,000 entries in all. At most 5,000,000 are computed."),
        (
            "huge product",
            "Line 2, column 5: shape (1000000, 1000000) has 1,000,000,000,000 entries. A tensor may have at most 1,000,000.",
        ),
        ("long line", "Line 1: this line has 2,005 characters. At most 2,000 are read; give parts of it names of their own."),
        ("shift", "Line 1, column 5: `<<` is not part of this language. The signs are + - * / ** and @."),
    ],
)
def test_hostile_programs_are_told_why(key: str, message: str) -> None:
    assert str(refused(HOSTILE[key])) == message


def test_towers_are_infinite_at_once() -> None:
    for key in ("tower", "1e999", "digits"):
        graph = parse(HOSTILE[key])
        assert len(graph) == 1
        assert graph.leaf_values[0] > 1e300
