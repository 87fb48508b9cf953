"""Pictures of both graphs: complete, in the roles' colours, the same shapes in every format, every name taken as text."""

import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from graphcore import layout, parse, trace
from graphcore.errors import LayoutError
from graphcore.export import to_png, to_svg
from graphcore.export.drawing import Curve, Rect, Text, cut, drawn
from graphcore.export.drawing.shapes import COLOURS
from graphcore.export.png import as_dot, painted
from graphcore.export.tikz import tikz_pages
from tests.export_runs import HOSTILE, run_of

SVG = "{http://www.w3.org/2000/svg}"


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own file


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in tree(svg).iter(f"{SVG}text")]


def test_every_node_stands_in_both_graphs_with_its_numbers() -> None:
    run, result = run_of("a")
    found = texts(to_svg(run, result))
    for head in ("v1 = x1 · w1", "s = sin(v1)", "v3 = s²", "c = cos(v2)", "f = 1 / v5", "SinBackward0", "PowBackward0"):
        assert head in found
    for number in ("−0.1411", "0.9602", "2.980", "0.3356"):
        assert found.count(number) == 1, number
    assert found.count("0.0318") == 2  # the gradient of s by our rules, and torch's
    assert found.count("=") == 11 and found.count("AccumulateGrad") == 4
    assert "= Every gradient matches torch." in found
    assert "ReciprocalBackward0" in found  # torch's helper, of which we have no node


@pytest.mark.parametrize(("decimals", "shown"), [(0, "−0.1"), (2, "−0.14"), (4, "−0.1411"), (12, "−0.14112")])
def test_decimals_as_far_as_the_box_is_wide(decimals: int, shown: str) -> None:
    found = texts(to_svg(*run_of("a"), "manual", decimals))
    assert any(text.startswith(shown) and len(text) <= 8 for text in found)


def test_one_graph_alone() -> None:
    run, result = run_of("a")
    ours, theirs, both = (texts(to_svg(run, result, which)) for which in ("manual", "torch", "both"))
    assert "s = sin(v1)" in ours and "SinBackward0" not in ours
    assert "SinBackward0" in theirs and "s = sin(v1)" not in theirs
    assert set(both) == set(ours) | set(theirs)
    assert "SinBackward0" not in texts(to_svg(run, None))
    with pytest.raises(ValueError, match="no graph is called `left`"):
        to_svg(run, result, "left")  # type: ignore[arg-type]


def test_the_colours_are_the_roles_of_the_style_sheet() -> None:
    sheet = (Path(layout.__file__).parents[1] / "picture/assets/css/00-roles.css").read_text("utf-8")
    light = dict(re.findall(r"--cr-([\w-]+): (#\w{6});", sheet.split('[data-theme="dark"]')[0]))
    assert {role: colour for role, colour in COLOURS.items() if light.get(role, colour) != colour} == {}
    run, result = run_of("a")
    parts = drawn(run, result, "manual").parts
    assert next(part for part in parts if isinstance(part, Text) and part.text == "−0.1411").colour == light["value"]
    assert next(part for part in parts if isinstance(part, Text) and part.text == "−0.0315").colour == light["gradient"]


def test_a_large_array_is_a_picture_with_its_norm_and_a_small_one_its_entries() -> None:
    run, result = run_of("d")
    drawing = drawn(run, result, "manual")
    assert any(part.text.startswith("norm ") for part in drawing.parts if isinstance(part, Text))
    cells = [part for part in drawing.parts if isinstance(part, Rect) and part.width < 9 and part.line is None]
    assert len(cells) > 2 * 7 * 10
    assert "0.51" in [part.text for part in drawing.parts if isinstance(part, Text)]


@pytest.mark.parametrize("key", ["a", "c", "f", "nan", "network:g", "hostile"])
def test_nothing_lies_outside_the_sheet(key: str) -> None:
    run, result = run_of(key)
    drawing = drawn(run, result)
    for part in drawing.parts:
        if isinstance(part, Rect):
            assert part.x >= -0.1 and part.x + part.width <= drawing.width + 0.1
            assert part.y >= -0.1 and part.y + part.height <= drawing.height + 0.1
        elif isinstance(part, Text):
            assert part.y <= drawing.height and part.centre - part.width / 2 >= -8
        else:
            assert min(part.points) >= 0 and max(part.points[1::2]) <= drawing.height


def test_a_wrong_backward_is_marked_where_it_begins() -> None:
    run, result = run_of("network:wrong")
    assert result.verdict == "mismatch"
    parts = drawn(run, result, "torch").parts
    wrong = [part for part in parts if isinstance(part, Rect) and part.line == COLOURS["wrong"]]
    assert any(part.dashed for part in wrong) and sum(not part.dashed for part in wrong) == 2  # a double border
    assert "≠" in [part.text for part in parts if isinstance(part, Text)]


def test_names_are_text_in_svg() -> None:
    run, result = run_of("hostile")
    svg = to_svg(run, result)
    root = tree(svg)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds == {"svg", "title", "text", "path"}
    assert not any(name.startswith("on") or "href" in name for element in root.iter() for name in element.attrib)
    assert any("<script>" in text for text in texts(svg))
    assert not re.search(r"[\x00\x1b]", svg)


def test_the_png_is_the_same_drawing_at_twice_its_size() -> None:
    run, result = run_of("a")
    drawing = drawn(run, result)
    data = to_png(run, result)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert abs(width - 2 * drawing.width) < 8 and abs(height - 2 * drawing.height) < 8


def test_names_are_text_in_what_paints_the_png() -> None:
    run, result = run_of("hostile")
    dot = as_dot(drawn(run, result))
    strings = re.findall(r'label="((?:[^"\\]|\\.)*)"', dot)
    assert any('\\"]; evil [label=\\"x' in string for string in strings)
    assert any("a&amp;b" in string for string in strings)
    assert len(re.findall(r"^p\d+ \[", dot, re.MULTILINE)) + dot.count("o -> e") == len(drawn(run, result).parts) - 1
    assert painted(drawn(run, result)).startswith(b"\x89PNG")


def test_without_graphviz_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    run, result = run_of("a")
    drawing = drawn(run, result)
    monkeypatch.setattr(layout, "command", lambda: "/nowhere/dot")
    with pytest.raises(LayoutError, match="could not be started"):
        painted(drawing)


def test_a_high_graph_is_cut_between_its_boxes() -> None:
    run, result = run_of("f")
    drawing = drawn(run, result, "manual", banner=False)
    pieces = cut(drawing, 1100)
    assert len(pieces) > 2 and all(piece.height <= 1100 for piece in pieces)
    assert sum(piece.height for piece in pieces) == pytest.approx(drawing.height)
    frames = [part for piece in pieces for part in piece.parts if isinstance(part, Rect) and part.line == COLOURS["edge"]]
    assert len(frames) == sum(isinstance(part, Rect) and part.line == COLOURS["edge"] for part in drawing.parts)
    assert len(tikz_pages(drawing)) > 2
    small = drawn(*run_of("a"), "manual", banner=False)
    assert cut(small, 1100)[0].height == small.height and len(tikz_pages(small)) == 1


def test_a_number_that_is_none_says_so() -> None:
    graph = parse("x = 1\nu = 2\ny = x * 3")
    found = texts(to_svg(trace(graph), None))
    assert "none" in found
    assert len(to_png(trace(graph), None, "manual", 0)) > 1000
    assert sum(isinstance(part, Curve) for part in drawn(trace(graph), None).parts) == 1
    assert HOSTILE
