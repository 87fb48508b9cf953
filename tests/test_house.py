"""The shape of the house: imports run one way, torch is loaded late, the public names are there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import graphcore as gc

ROOT = Path(__file__).resolve().parents[1]
# a module may import from those above it, never from those below
ORDER = [
    "errors",
    "syntax",
    "heard",
    "ops",
    "graph",
    "parse",
    "backprop",
    "slopes",
    "descent",
    "jacobian",
    "latex",
    "scalars",
    "dot",
    "tables",
    "code",
    "layout",
    "build",
    "record",
    "mistakes",
    "compare",
    "words",
    "problems",
    "networks",
    "layers",
    "check",
    "export",
    "picture",
    "arguments",
    "commands",
    "__init__",
    "__main__",
]
IMPORTS_TORCH = {"build", "record", "compare"}
# what an upper module may only reach for when it is called, not when it is imported
LATE = {("graph", "backprop"), ("backprop", "jacobian"), ("backprop", "picture"), ("export", "picture")}


def part(path: Path) -> str:
    relative = path.relative_to(ROOT / "graphcore")
    return relative.parts[0].removesuffix(".py")


class _NoTypes(ast.NodeTransformer):
    """Leaves out what is imported for annotations alone."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else self.generic_visit(node)


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(_NoTypes().visit(tree)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules() -> list[Path]:
    return sorted((ROOT / "graphcore").rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    here = part(path)
    assert here in ORDER, f"{here} is not in the ordered list of this test"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name in imported(tree):
        if not name.startswith("graphcore."):
            continue
        other = name.split(".")[1]
        if other not in ORDER or (here, other) in LATE:
            continue
        assert ORDER.index(other) <= ORDER.index(here), f"{path.name} imports {name}, which stands below it"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_what_stands_below_is_reached_for_late(path: Path) -> None:
    tree = _NoTypes().visit(ast.parse(path.read_text(encoding="utf-8")))
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]:
        function.body = [] if isinstance(function, ast.FunctionDef) else ast.Constant(None)
    at_once = {name.split(".")[1] for name in imported(tree) if name.startswith("graphcore.")}
    assert not {(part(path), other) for other in at_once} & LATE


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_torch_and_streamlit_stay_where_they_belong(path: Path) -> None:
    names = imported(ast.parse(path.read_text(encoding="utf-8")))
    assert not any(name.split(".")[0] == "streamlit" for name in names)
    if any(name.split(".")[0] in {"torch", "torchviz"} for name in names):
        assert part(path) in IMPORTS_TORCH


def test_importing_graphcore_loads_neither_torch_nor_streamlit() -> None:
    program = "import sys, graphcore; print(sorted({'torch', 'streamlit', 'torchviz'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_public_names() -> None:
    for name in ("parse", "Builder", "trace", "compare", "show", "GraphError"):
        assert hasattr(gc, name), name
        assert name in gc.__all__
    assert issubclass(gc.GraphError, ValueError)
    graph = gc.parse("x = 2\ny = x * x")
    assert isinstance(graph.nodes, tuple)
    assert [node.name for node in graph.leaves] == ["x"]
    assert [node.name for node in graph.outputs] == ["y"]
    node = graph.node("y")
    assert (node.index, node.name, node.label, node.operands, node.scope) == (1, "y", "y", (0, 0), "")
    with pytest.raises(KeyError, match="Did you mean `x`"):
        graph.node("X")
    run = gc.trace(graph, {"x": 3.0})
    assert float(run.value("y")) == 9.0
    assert float(run.gradient("x")) == 6.0
    step = run.steps[0]
    assert (step.source.name, step.target.name, step.slot) == ("x", "y", 0)
    assert float(step.upstream) == 1.0
    assert float(step.downstream) == 3.0
    assert step.local.shape == (1, 1)
    assert step.local.block(slice(0, 1), slice(0, 1)).tolist() == [[3.0]]
    result = gc.compare(run)
    assert result.verdict == "match"
    match = result.matches["x"]
    assert (match.state, float(match.manual), float(match.torch)) == ("match", 6.0, 6.0)
    assert match.error <= 256


def test_numbers_cannot_be_written_through() -> None:
    run = gc.trace(gc.parse("x = [1, 2, 3]\ny = sum(x * x)"))
    for array in (run.value("x"), run.gradient("x"), run.steps[0].upstream, run.steps[0].downstream):
        assert array.dtype == "float64"
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_trace_keeps_its_numbers_when_the_caller_changes_an_array() -> None:
    import numpy as np

    graph = gc.parse("x = [1, 2, 3]\ny = sum(x * x)")
    mine = np.array([1.0, 1.0, 1.0])
    run = gc.trace(graph, {"x": mine})
    mine[:] = 7
    assert run.value("x").tolist() == [1.0, 1.0, 1.0]
