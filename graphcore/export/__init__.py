"""What is taken away from a page as a file: page, pictures, report, notebook, gradients, workspace; and gradients compared."""

from graphcore.export.data import to_dat, to_npz
from graphcore.export.formats import FORMATS, Format, Wanted, export, format_of
from graphcore.export.gradients import STYLES, gradients_dat, gradients_npz
from graphcore.export.html import to_html
from graphcore.export.notebook import to_notebook
from graphcore.export.png import to_png
from graphcore.export.source import Source, of_factory, of_network, of_program
from graphcore.export.svg import to_svg
from graphcore.export.tex import to_tex
from graphcore.export.versus import compare_files, comparison_text
from graphcore.export.workspace import Hand, SavedFile, View, Workspace, is_workspace, read_workspace, to_workspace

__all__ = [
    "FORMATS",
    "STYLES",
    "Format",
    "Hand",
    "SavedFile",
    "Source",
    "View",
    "Wanted",
    "Workspace",
    "compare_files",
    "comparison_text",
    "export",
    "format_of",
    "gradients_dat",
    "gradients_npz",
    "is_workspace",
    "of_factory",
    "of_network",
    "of_program",
    "read_workspace",
    "to_dat",
    "to_html",
    "to_notebook",
    "to_npz",
    "to_png",
    "to_svg",
    "to_tex",
    "to_workspace",
]
