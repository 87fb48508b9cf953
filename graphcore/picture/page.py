"""The picture as one stand-alone HTML file: the component's files and the data, nothing from a network."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore import words
from graphcore.backprop import Trace, trace
from graphcore.errors import UnsupportedError
from graphcore.graph import Graph

if TYPE_CHECKING:
    from graphcore.compare import Comparison

FOLDER = Path(__file__).parent / "assets"
# nothing may be fetched, framed or sent; the two inline blocks are the component's own files
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


class Assets(NamedTuple):
    """The component's files, joined in name order."""

    html: str
    css: str
    js: str


@lru_cache(maxsize=1)
def assets() -> Assets:
    """The component's HTML, CSS and JavaScript with the words it explains, read once."""
    files = read(FOLDER)
    return files._replace(js=vocabulary() + files.js)


def vocabulary() -> str:
    """The table of words as JavaScript, to stand before 21-words.js."""
    return f"const WordTable = {json.dumps(words.table(), ensure_ascii=False)};\n"


def read(folder: Path) -> Assets:
    """The component's files as they stand in ``folder`` now."""
    html = (folder / "picture.html").read_text("utf-8")
    return Assets(html, _joined(folder / "css", "css"), _joined(folder / "js", "js"))


def part(name: str) -> str:
    """One of the component's files by its path, for another page that draws with it."""
    return (FOLDER / name).read_text("utf-8")


def _joined(folder: Path, suffix: str) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob(f"*.{suffix}")))


def embedded(data: Mapping[str, Any]) -> str:
    """Data as JSON that no HTML parser can mistake for markup.

    >>> embedded({"name": "</script>"})
    '{"name":"\\\\u003c/script>"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _drawn(run_or_graph: Trace | Graph, comparison: Comparison | None) -> tuple[Trace, dict[str, Any]]:
    """A run and its payload; of a graph with ops that have no rule, the forward part."""
    from graphcore.compare import compare
    from graphcore.picture import fold_payload
    from graphcore.picture.payload import payload

    try:
        run = trace(run_or_graph) if isinstance(run_or_graph, Graph) else run_or_graph
    except UnsupportedError as missing:
        if not isinstance(missing.forward, Trace):
            raise
        return missing.forward, fold_payload.payload(missing.forward, None, said=str(missing))
    if run.graph.recorded is None:
        return run, payload(run, comparison or compare(run), derived=True)
    if run.graph.recorded.unsupported:
        return run, fold_payload.payload(run, None)
    return run, fold_payload.payload(run, comparison or compare(run))


def page(run_or_graph: Trace | Graph, *, title: str | None = None, comparison: Comparison | None = None, paper: str = "") -> str:
    """A run (or a graph at its own leaf values) beside torch, as one HTML file that needs no network and no Python.

    ``comparison`` is that of the run where there is one already; ``paper`` the section that stands in its place in print.
    """
    run, data = _drawn(run_or_graph, comparison)
    files = assets()
    skeleton = files.html
    if paper:
        skeleton = skeleton.replace("<div", "<div data-paper", 1).rstrip().removesuffix("</div>") + f"{paper}\n</div>\n"
    name = title or f"Chainrule: {run.graph.outputs[0].name}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(name)}</title>
<style>
html, body {{ margin: 0; height: 100%; }}
{files.css}
</style>
</head>
<body>
{skeleton}
<script type="application/json" id="chainrule-data">{embedded(data)}</script>
<script type="module">
{files.js}
</script>
</body>
</html>
"""


def frame(run: Trace) -> str:
    """The stand-alone view in a frame of its own, for a notebook: its styles and keys stay inside."""
    return (
        f'<iframe srcdoc="{escape(page(run), quote=True)}" title="Chainrule" sandbox="allow-scripts allow-downloads" '
        'style="width: 100%; height: 760px; border: 1px solid #d5dae1; border-radius: 8px"></iframe>'
    )


def show(run_or_graph: Trace | Graph, path: str | Path | None = None) -> Path:
    """Write the stand-alone view to ``path`` and return it; without a path to a temporary file, opened in a browser."""
    text = page(run_or_graph)
    if path is not None:
        target = Path(path)
        target.write_text(text, "utf-8")
        return target
    with NamedTemporaryFile("w", suffix=".html", prefix="chainrule-", delete=False, encoding="utf-8") as file:
        file.write(text)
    webbrowser.open(Path(file.name).as_uri())
    return Path(file.name)
