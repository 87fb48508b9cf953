"""What issue 2 promises about the language, the engine and the comparison, one test a promise."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import graphcore as gc
from graphcore import ops
from graphcore.errors import ChainruleError
from graphcore.ops import Formula
from graphcore.picture.session import Session
from graphcore.problems import GALLERY

ROOT = Path(__file__).resolve().parents[1]
A = "A = np.array([[2.0, 1.0], [0.5, 3.0]])\nB = np.array([[1.0, 0.3], [0.2, 4.0]])\n"
X = "x = np.array([1.0, 2.0, -3.0])\ny = np.array([0.5, 4.0, 1.0])\n"
TA = "A = torch.tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True)\n"
TX = "x = torch.tensor([1.0, 2.0, -3.0], requires_grad=True)\ny = torch.tensor([0.5, 4.0, 1.0])\n"

NUMPY = [
    A + "r = np.std(A, 0)",
    A + "r = A.var(1, ddof=1)",
    A + "r = A.std()",
    X + "r = np.column_stack([x, y])",
    A + "r = np.column_stack([A, B])",
    A + "r = A.flatten('C')",
    A + "r = A[np.arange(2), [1, 0]]",
    X + "r = x.repeat(2)",
    A + "r = np.inner(A, np.array([1.0, 2.0]))",
    X + "r = (x > 0).astype(int) * x",
    A + "r = np.max(A, 1)[0]",
    X + "n, = x.shape\nr = np.sum(x) / n",
    A + "m, n = A.shape\nr = np.sum(A) / (m * n)",
    X + "r = np.where(x > 0, x, float('-inf'))",
    X + "r = x * int(3)",
]
TORCH = [
    TA + "r = torch.max(A, dim=1)[0]",
    TA + "r = A.max(dim=1, keepdim=True)[0]",
    TA + "r = A.min(0).values",
    TA + "r = A.std(0)",
    TA + "r = A.var(0, unbiased=False)",
    TA + "r = torch.var(A, 1, keepdim=True)",
    TX + "r = x.repeat(2)",
    TX + "r = torch.column_stack([x, y])",
    TX + "r = x.masked_fill(y > 2, 7.0)",
    TX + "r = x.expand_as(torch.ones(2, 3)) * 2",
    TA + "r = A.view_as(torch.ones(4, 1))",
    TA + "r = torch.flatten(A[None], 1)",
    TA + "r = F.layer_norm(A, (2,))",
    TX + "r = nn.LeakyReLU(0.1)(x)",
    TX + "act = nn.LeakyReLU(0.1)\nr = act(x)",
    TA + "r = nn.Softmax(1)(A)",
    TA + "r = nn.Flatten()(A) * 2",
    TX + "r = nn.HuberLoss()(x, y)",
    TA + "r = torch.log_softmax(A, 1)[torch.arange(2), [1, 0]]",
]


@pytest.mark.parametrize("text", NUMPY)
def test_a_numpy_program_that_runs_gives_numpy_s_numbers(text: str) -> None:
    """What people have in the clipboard runs: with the meaning it has where it comes from."""
    names: dict[str, object] = {"np": np}
    exec(text, names)
    graph = gc.parse(text)
    node = graph.outputs[0]
    ours = gc.trace(graph, upstream=np.ones(node.shape) if node.shape else None).value(node.index)
    np.testing.assert_allclose(ours, np.asarray(names["r"], dtype=float), rtol=1e-12)


@pytest.mark.parametrize("text", TORCH)
def test_a_torch_program_that_runs_gives_torch_s_numbers_and_gradients(text: str) -> None:
    """torch spellings mean what torch means by them, gradients included."""
    import torch
    from torch import nn

    names: dict[str, object] = {"torch": torch, "nn": nn, "F": nn.functional}
    with_doubles = re.sub(r"torch\.(tensor|ones)\(((?:[^()]|\([^()]*\))*)\)", r"torch.\1(\2, dtype=torch.float64)", text)
    exec(with_doubles, names)
    theirs = names["r"]
    assert isinstance(theirs, torch.Tensor)
    graph = gc.parse(text)
    node = graph.outputs[0]
    assert node.shape == tuple(theirs.shape)
    seed = np.random.default_rng(0).normal(size=node.shape)
    run = gc.trace(graph, upstream=seed)
    np.testing.assert_allclose(run.value(node.index), theirs.detach().numpy(), rtol=1e-12)
    theirs.backward(torch.as_tensor(seed).reshape(theirs.shape))
    for leaf in graph.leaves:
        given = names.get(leaf.name)
        if isinstance(given, torch.Tensor) and given.grad is not None:
            np.testing.assert_allclose(run.gradient(leaf.name), given.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        (A + "r = np.inner(A, B)", "a @ b.T"),
        (A + "r = np.vdot(A, B)", "sum(a * b)"),
        (A + "r = A.flatten(order='F')", "x.T.flatten()"),
        (A + "r = A.flatten('F')", "x.T.flatten()"),
        (A + "r = A.reshape(4, order='F')", "x.T.flatten()"),
        (X + "r = (x / 2).astype(int)", "trunc(x)"),
        ("x = np.array([1.5, 2], dtype=int)\nr = sum(x)", "trunc(x)"),
        ("r = math.remainder(7.0, 4.0)", "a % b"),
        (TX + "r = x.add_(1)", "x = add(x)"),
        ("r = np.median([1, 2, 3, 4])", "torch.median(x)"),
        (TX + "r = torch.unbind(x)", "x[0]"),
        (TX + "r = nn.Linear(2, 3)(x)", "x @ W.T + b"),
        (TX + "r = x.split(1)", "torch.split(x, 2)[0]"),
    ],
)
def test_what_would_mean_another_number_is_refused_with_what_to_write(text: str, instead: str) -> None:
    """Bad input gets a clear error that says what was expected."""
    with pytest.raises(gc.GraphError) as caught:
        gc.parse(text)
    assert instead in str(caught.value) and caught.value.line is not None


SETTINGS = ["e", "'a'", "[1,2]", "None", "nan", "inf", "-1", "10**30", "True", "0.5", "()", "[[1],[2]]", "5", "''"]


@pytest.mark.parametrize("row", [*ops.REGISTRY.values(), *ops.COMPOSITES.values()], ids=lambda row: row.name)
def test_no_static_argument_gets_past_the_errors_made_on_purpose(row: ops.Op) -> None:
    """Nothing but GraphError leaves parse, nothing but ChainruleError leaves trace and compare."""
    call = re.compile(rf"(?<!\w){row.name}\(((?:[^()]|\([^()]*\))*)\)")
    for key in row.statics:
        for value in SETTINGS:
            text = call.sub(
                lambda m, k=key, v=value: f"{row.name}({m.group(1).split(', ' + k)[0]}, {k}={v})", row.example, count=1
            )
            try:
                graph = gc.parse(text)
            except gc.GraphError:
                continue
            node = graph.outputs[0]
            try:
                gc.compare(gc.trace(graph, upstream=np.ones(node.shape) if node.shape else None), reasons=False)
            except ChainruleError:
                continue


WORDS = [
    "x",
    "y",
    "w1",
    "sin(",
    "exp(",
    "log(",
    ")",
    "[",
    "]",
    "(",
    ",",
    ".",
    ":",
    ";",
    "=",
    "**",
    "@",
    ".T",
    "0",
    "1",
    "2",
    "-1",
    "1e999",
    "inf",
    "1e-320",
    "np.",
    "torch.",
    "sum(",
    "where(",
    "const(",
    "randn(",
    "axis=",
    "'",
    '"',
    "#",
    "\n",
    "lambda",
    "if",
    "for",
    "^",
    "σ",
    "π",
    "−",
    "·",
    "\x00",
    "\ufeff",
    "\u202e",
    "__class__",
    "None",
    "True",
    "[[1,2],[3]]",
    "relu(",
    "norm(",
    "[0]",
    "[:,0]",
    "[None]",
    "print(",
    "import",
    "In[1]:",
    ">>>",
    "@",
    ":=",
    "->",
    "!=",
    "<",
    "not",
    "is",
    "|",
    "~",
    "e",
    "1j",
    ".5",
    "5.",
]


def _mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randrange(8))
        text = text[:at] + chance.choice(["", *WORDS]) + text[end:]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_mutations_of_the_gallery_never_get_past_the_session(seed: int) -> None:
    """Text is never lost: every text, however broken, has an answer that JSON can carry."""
    chance = random.Random(seed)  # noqa: S311 - not cryptography
    session = Session()
    for number in range(1, 60):
        text = _mutated(chance.choice(GALLERY).text, chance)
        session.act({"id": number, "kind": "run", "text": text})
        said = json.dumps(session.payload(), allow_nan=False)
        assert "Chainrule itself failed" not in said, text
        assert session.payload()["program"]["text"] == text


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 100_000 + "1" + ")" * 100_000,
        "x = " + "(\n" * 90_000,
        "x = 1\ny = (\n" + "+\n".join(["x"] * 20_000) + ")",
        "x = zeros(" + ",".join(["1"] * 65) + ")",
        "x = [1, 2]\ny = x[" + ",".join(["None"] * 40) + "]",
        "x = 1\ny = x\u202e*2",
        "x = 1\x00",
        "import os\nos.system('x')",
        "x = ().__class__.__bases__",
        "x = getattr(1, 'real')",
        "x = zeros(10**6, 10**6)",
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_hostile_text_is_a_graph_error(text: str) -> None:
    """100,000 parentheses, 20,000-term sums, huge shapes, NUL bytes, bidi marks, dunder names: refused by name."""
    with pytest.raises(gc.GraphError):
        gc.parse(text)


@pytest.mark.parametrize("text", ["x = 9**9**9\ny = x*2", "x = 1e999\ny = x*2", "x = " + "9" * 1900 + "\ny = x*2"])
def test_numbers_beyond_float64_are_inf(text: str) -> None:
    """Every literal becomes float64 at once."""
    assert math.isinf(gc.trace(gc.parse(text)).value("y"))


@pytest.mark.parametrize("text", ["x = 1.5\ny = x ** 1e-308", "x = 1e-320\ny = x * x", "x = 0.5\ny = exp(-x / 1e308)"])
def test_gradients_below_the_normal_floats_are_compared(text: str) -> None:
    """compare ends in a verdict however small the numbers are."""
    assert gc.compare(gc.trace(gc.parse(text))).verdict in ("match", "unproven")


@pytest.mark.parametrize(
    "text",
    [
        "x = 3.3\ny = (x + 1e8) - 1e8",
        "x = [1.1, 2.2, 3.3]\ny = sum((x - mean(x)) ** 2)",
        "x = [1000, 1001, 999.5]\ny = log(softmax(x))[0]",
        "x = linspace(0.1, 3, 50)\ny = prod(x)",
        "x = [1e8, 100000001, 100000002]\ny = var(x)",
        "x = [1, 1.000000000000001, 1]\ny = std(x)",
        "A = [[1, 2], [2, 4.00001]]\ny = sum(inv(A))",
        "x = 18.0\ny = 1 - tanh(x)",
        "x = 1e15\ny = sin(x)",
        # a cube of negative numbers: its exponent stays whole when the noise is measured
        "x = [[1, 2], [3, -1], [0.5, 0.7]]\nc = [0.1, -100000]\n"
        "h = (x - mean(x, axis=0)) / sqrt(var(x, axis=0) + 1e-5) + c\ny = sum(h**3)",
    ],
)
def test_ill_conditioned_programs_are_no_false_mismatch(text: str) -> None:
    """max|a - b| <= 256 eps max|b| accepts every right tensor."""
    assert gc.compare(gc.trace(gc.parse(text))).verdict == "match"


@pytest.mark.parametrize(
    "name", ["sin", "mul", "matmul", "sigmoid", "softmax", "log_softmax", "sum", "mean", "var", "div", "pow"]
)
@pytest.mark.parametrize("wrong", ["1.0000001 * ({})", "-({})"])
def test_a_planted_wrong_rule_is_a_mismatch(name: str, wrong: str) -> None:
    """A gradient that disagrees is never shown as a match."""
    row = ops.get(name)
    graph = gc.parse(row.example)
    operand = row.operands[0]
    bad = dataclasses.replace(row, rules={**row.rules, operand: Formula(wrong.format(row.rules[operand].text))})
    assert row in graph.ops
    graph = dataclasses.replace(graph, ops=tuple(bad if op is row else op for op in graph.ops))
    node = graph.outputs[0]
    seed = np.random.default_rng(1).normal(size=node.shape) if node.shape else None
    assert gc.compare(gc.trace(graph, upstream=seed), reasons=False).verdict == "mismatch"


def test_eight_threads_get_the_answers_of_one() -> None:
    """No public call shares state with another."""
    texts = [example.text for example in GALLERY]

    def answer(text: str) -> tuple[str, bytes, str]:
        try:
            run = gc.trace(gc.parse(text))
            return text, run.value(run.graph.outputs[0].index).tobytes(), gc.compare(run).banner.small
        except ChainruleError as error:
            return text, b"", str(error)

    alone = {answer(text) for text in texts}
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(answer, texts * 4)) == alone


def test_no_global_state_is_changed() -> None:
    """NumPy's error state and generator, torch's defaults and generator stay as they were."""
    import torch

    def state() -> tuple[object, ...]:
        return (
            np.geterr(),
            np.random.get_state()[1].tobytes(),
            random.getstate(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.get_num_threads(),
            torch.random.get_rng_state().numpy().tobytes(),
            sys.getrecursionlimit(),
        )

    before = state()
    for example in GALLERY[:6]:
        session = Session(example.text)
        session.payload()
        session.act({"id": 1, "kind": "stronger"})
    assert state() == before


def test_warnings_as_errors_change_nothing() -> None:
    """`python -W error` imports, compares and draws."""
    code = (
        "import graphcore as gc, json; from graphcore.picture.session import Session; "
        "s = Session(); json.dumps(s.payload(), allow_nan=False); s.act({'id': 1, 'kind': 'stronger'}); assert s._error is None; "
        "assert gc.compare(gc.trace(gc.parse('x = [1, 1e999]; y = sum(sigmoid(x))'))).verdict in ('match', 'unproven')"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_first_infinite_derivative_is_named() -> None:
    """`0 × inf on x -> sqrt(x)`."""
    result = gc.compare(gc.trace(gc.parse("x = 0\ny = sqrt(x)\nz = y * y")))
    assert result.verdict == "unproven" and "0 × inf on x -> sqrt(x)" in result.banner.small


def test_the_readme_s_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """README's Python example works as written."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "import graphcore" in block)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert (tmp_path / "picture.html").stat().st_size > 10_000


@pytest.mark.parametrize("text", ["import math; x = 2\ny = x * x", "x = 2\nprint(x); y = x * x", "x = 2; y = x * x; print(y)"])
def test_only_the_skipped_statement_of_a_line_is_skipped(text: str) -> None:
    """`import`, `print` and comments are skipped and counted; what stands beside them is not."""
    graph = gc.parse(text)
    assert graph.outputs[0].name == "y" and sum(graph.source.skipped.values()) == 1


@pytest.mark.parametrize("text", ["A = [[1, 2], [2, 4]]\ny = sum(inv(A))", "A = [[2, nan], [1, 3]]\ny = det(A)"])
def test_a_matrix_without_an_inverse_is_no_traceback(text: str) -> None:
    """Nothing but ChainruleError leaves trace and compare."""
    try:
        gc.compare(gc.trace(gc.parse(text)))
    except ChainruleError as error:
        assert "singular" in str(error)


@pytest.mark.parametrize("seed", ["abc", [[1, 2], [3]], 1j, 10**400], ids=["text", "ragged", "complex", "bignum"])
def test_a_seed_that_is_no_numbers_is_a_trace_error(seed: object) -> None:
    """upstream in all forms: what is no gradient is said so."""
    try:
        gc.trace(gc.parse("x = [1, 2]\ny = x * 3"), upstream=seed)
    except gc.TraceError:
        return
    pytest.fail("taken as a gradient")


def test_a_literal_nan_is_drawn() -> None:
    """A program that parses has a picture."""
    session = Session("x = 1.5\ny = x ** nan")
    session.act({"id": 1, "kind": "run", "text": "x = 1.5\ny = x ** nan"})
    assert session._error is None


def test_a_gradient_that_torch_rounds_is_called_disputed() -> None:
    """torch is a witness, not the truth: its hardsigmoid of arrays multiplies by a sixth in float32."""
    small = gc.compare(gc.trace(gc.parse("x = [0.5, 1, 2]\ny = sum(hardsigmoid(x) * [1, 2, 3])"))).banner.payload()["small"]
    assert "torch disputed" in small


def test_an_output_of_one_number_starts_the_gradient_however_it_is_nested() -> None:
    """torch's backward() starts from any tensor of one entry."""
    run = gc.trace(gc.parse("W = [[1, 2]]\nx = [[3], [4]]\ny = W @ x"))
    assert run.gradient("W").tolist() == [[3.0, 4.0]]
    assert gc.compare(run).verdict == "match"


@pytest.mark.parametrize("values", [{3: 1}, [1], {"x": None}, {"x": "two"}, {"x": [[1], [2, 3]]}])
def test_values_that_are_none_are_refused_in_words(values: object) -> None:
    """Bad input gets a clear error."""
    with pytest.raises(gc.TraceError):
        gc.trace(gc.parse("x = 2\ny = x * x"), values)


def test_a_notebook_shows_the_picture_in_a_frame() -> None:
    """run._repr_html_() in a notebook."""
    html = gc.trace(gc.parse("x = 2\ny = x * x"))._repr_html_()
    assert html.startswith("<iframe srcdoc=")
    assert "<script" not in html
