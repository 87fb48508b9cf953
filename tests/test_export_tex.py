"""The LaTeX report: whole, balanced, every name escaped, and accepted by pdflatex where there is one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from graphcore.export import to_tex
from graphcore.export.tex import _sides, _width
from graphcore.export.texts import tex_listing, tex_text
from tests.export_runs import HOSTILE, run_of

PACKAGES = {"fontenc", "inputenc", "geometry", "amsmath", "booktabs", "tikz"}
KEYS = ["a", "c", "f", "nan", "network:g", "network:wrong", "hostile"]


def balanced(text: str) -> None:
    bare = re.sub(r"\\[\\{}]", "", text)
    assert bare.count("{") == bare.count("}")
    stack: list[str] = []
    for way, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if way == "begin":
            stack.append(name)
        else:
            assert stack and stack.pop() == name
    assert not stack


@pytest.mark.parametrize("key", KEYS)
def test_braces_and_environments_are_balanced(key: str) -> None:
    report = to_tex(*run_of(key))
    balanced(report)
    assert set(re.findall(r"\\usepackage(?:\[[^\]]*\])?\{(\w+)\}", report)) <= PACKAGES
    assert report.isascii()
    assert report.count(r"\end{document}") == 1 and report.rstrip().endswith(r"\end{document}")


@pytest.mark.parametrize("key", KEYS)
def test_pdflatex_accepts_it(key: str, tmp_path: Path) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("no pdflatex on this machine")
    (tmp_path / "report.tex").write_text(to_tex(*run_of(key)), "ascii")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "report.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    if re.search(r"File `\S+' not found", done.stdout):
        pytest.skip("this TeX has not all of the usual packages")
    assert done.returncode == 0, done.stdout[-1500:]
    assert "Overfull \\hbox" not in done.stdout
    assert (tmp_path / "report.pdf").stat().st_size > 20_000


def test_it_holds_the_problem_the_table_the_derivation_and_the_verdict() -> None:
    report = to_tex(*run_of("a"))
    assert "x1~=~-{}1" in report and "1~/~(2~+~s**2~+~c)" in report
    assert r"\textbf{= Every gradient matches torch.}" in report
    assert report.count(r"\begin{tikzpicture}") == 2
    assert r"\toprule" in report and r"\texttt{$-$0.1126}" in report
    assert r"\frac{\partial f}{\partial s}" in report and r"\cdot 2s" in report
    assert "torch 2." in report and "numpy" in report
    assert r"\begin{bmatrix} 13 \\ -1 \end{bmatrix}" in to_tex(*run_of("c"))


def test_without_a_comparison_it_says_so() -> None:
    report = to_tex(run_of("a")[0], None)
    assert "were not compared" in report and report.count(r"\begin{tikzpicture}") == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_is_never_a_command(name: str) -> None:
    written = tex_text(name)
    known = r"\\(?:[{}%&$#_]|text\w+\{\}|dots\{\}|\w+\$|(?:neq|times|cdot|infty|partial)\b)"
    left = re.sub(known, "", written)
    assert "\\" not in left and written.isascii()
    for special in "%&#~":
        assert special not in left
    assert "\n" not in written


def test_a_listing_keeps_every_character_and_breaks_long_lines() -> None:
    assert tex_listing("") == r"\mbox{}"
    rows = tex_listing("x = [" + "1.25, " * 60 + "]\n  y").split("\\\\\n")
    assert len(rows) > 3 and rows[-1] == "~~y"
    assert all(len(re.sub(r"\{\}", "", row)) <= 92 for row in rows)
    many = tex_listing("\n".join("x = 1" for _ in range(400)))
    assert many.count("\\\\\n") == 300 and many.endswith("100~more~lines")


def test_chains_of_equations_are_cut_at_their_own_equal_signs() -> None:
    assert _sides(r"a = \frac{b=1}{2} = \begin{bmatrix} x = 1 \end{bmatrix}") == [
        "a",
        r"\frac{b=1}{2}",
        r"\begin{bmatrix} x = 1 \end{bmatrix}",
    ]
    assert _sides(r"\left. a = b \right|_{c} = d") == [r"\left. a = b \right|_{c}", "d"]
    assert _sides("no equation") == ["no equation"]
    assert _width(r"\begin{bmatrix} 1 & 22222 \\ 3 & 4 \end{bmatrix}") > _width("123456")
