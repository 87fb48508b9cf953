"""What stands around an array: its label, the heading of a run or a section, and what the words say it is."""

from __future__ import annotations

import re

LABEL_LIMIT = 300
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.(?=\s)|In ?\[\d{0,6}\] ?:|Out ?\[\d{0,6}\] ?:|Out\[\d{1,6}\]=)\s*")
_CONTAINING = re.compile(r"\s*Parameter containing:?\s*$")
_TENSORFLOW = re.compile(r"<tf\.(?:Tensor|Variable)\b[^<>\n]{0,200}$")
_RUN_WORDS = (
    "epoch|run|data ?point|point|sample|example|step|iteration|iter|trial|batch|seed|case|experiment|test|observation|attempt"
)
_RUN = re.compile(
    rf"^\W{{0,20}}(?:(?:data|training|train|random|test|time|input)[ _-]){{0,2}}"
    rf"(?:{_RUN_WORDS})s?[ _]?(?:no\.?|number|nr\.?|id)?[ _]?[:=#]?\s{{0,5}}\d{{1,9}}(?:\s?(?:/|of)\s?\d{{1,9}})?(?![.\w])",
    re.IGNORECASE,
)
_RUN_NAME = re.compile(rf"^\W{{0,20}}(?:{_RUN_WORDS})(?:[ _](?:no\.?|number|nr\.?|id|index))?\W{{0,5}}$", re.IGNORECASE)
_GRADIENT = re.compile(
    r"(?<!auto)(?<!auto[ _-])grad(?:ient)?s?(?![a-z])|jacobian|deriv"
    r"|^\s*(?:d|∂|delta_?|partial_?)\s?[A-Za-z]{0,9}\d{0,3}\s?/\s?(?:d|∂)"
    r"|^d_?[A-Za-z]{1,4}_?d_?[A-Za-z]|^d_?[WwbBxXzahLyuvf]_?\d{0,3}$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:py)?torch(?:[ _-]?(?:autograd|grad|gradients?))?\b|\bauto[ _-]?(?:grad|diff)\b|\b(?:automatic|expected|reference)\b"
    r"|(?<![A-Za-z])(?:py)?torch(?![A-Za-z])|(?<![A-Za-z])autograd(?![A-Za-z])|\btensorflow\b|\bground[ _]truth\b",
    re.IGNORECASE,
)
_MINE = re.compile(
    r"(?<![A-Za-z])(?:my|mine|manual(?:ly)?|numpy|np|by[ _]hand|hand(?:[ _-]?(?:written|computed|made|coded))?|own|ours|our"
    r"|custom|scratch|from[ _]scratch|analytic(?:al)?|computed|calculated|self)(?![A-Za-z])",
    re.IGNORECASE,
)
_EDGES = " \t\r\n:=,;|"
_SIZE = re.compile(r"\s*\btorch\.Size\(\[[0-9, ]{0,60}\]\)")
_RULES = re.compile(r"[-=*_#~+.\s]*")


def label_of(text: str) -> str:
    """The label in what stands before an array: its words as they are, without the marks that set it off.

    >>> label_of("First hidden layer bias gradient: "), label_of(">>> 'W1': "), label_of("Out[3]: ")
    ('First hidden layer bias gradient', 'W1', '')
    """
    text = text[-4 * LABEL_LIMIT :]
    while prompt := _PROMPT.match(text):
        text = text[prompt.end() :]
    text = _CONTAINING.sub("", text)
    text = _SIZE.sub("", text)
    text = _TENSORFLOW.sub("", text)
    text = text.strip(_EDGES)
    while text.endswith(("->", "→", "=>")):
        text = text.removesuffix("->").removesuffix("→").removesuffix("=>").strip(_EDGES)
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        text = text[1:-1]
    if _RULES.fullmatch(text):
        return ""
    return text if len(text) <= LABEL_LIMIT else "…" + text[-LABEL_LIMIT:]


def run_heading(text: str) -> tuple[str, str]:
    """The words that name a run or a point where a text begins with them, and what follows them.

    >>> run_heading("=== Epoch 3 ==="), run_heading("Data point 7: W1"), run_heading("Layer 1")
    (('Epoch 3', ''), ('Data point 7', 'W1'), ('', 'Layer 1'))
    """
    found = _RUN.match(text)
    if not found:
        return "", text
    rest = text[found.end() :]
    if rest.strip(" \t")[:1] not in ("", *":,-=|)]*#—–."):
        return "", text
    return found[0].strip("=-*#[(<>~_. \t:"), rest.strip("=-*#])<>~_. \t:,|—–")


def is_run_name(text: str) -> bool:
    """Whether the words before a whole number make it the number of a run: "epoch", "data point"."""
    return _RUN_NAME.match(text) is not None


def looks_like_gradient(label: str) -> bool:
    """Whether a label says that its numbers are a gradient.

    >>> [looks_like_gradient(label) for label in ("dL/dW1", "W1_grad", "dw3", "Weights gradient", "W1", "degree")]
    [True, True, True, True, False, False]
    """
    return _GRADIENT.search(label) is not None


def side_of(text: str) -> str:
    """Whose numbers the words say they are: "mine", "other", or "".

    >>> side_of("torch W1"), side_of("my_autograd"), side_of("W1 (manual)"), side_of("W1")
    ('other', 'mine', 'mine', '')
    """
    if _MINE.search(text):
        return "mine"
    return "other" if _OTHER.search(text) else ""


def without_side(text: str) -> str:
    """A label without the words that tell the sides, for comparing.

    >>> without_side("torch W1") == without_side("W1 (manual)") == without_side("w1")
    True
    """
    bare = _OTHER.sub(" ", _MINE.sub(" ", text))
    return " ".join("".join(c if c.isalnum() or c in "./" else " " for c in bare.lower()).split())


def without_gradient(text: str) -> str:
    """A label of :func:`without_side` without what says that it is a gradient.

    >>> [without_gradient(text) for text in ("dw1", "w1.grad", "dl/dw1", "gradient of w1", "dldw1")]
    ['w1', 'w1', 'w1', 'w1', 'w1']
    """
    bare = re.sub(r"\bof\b|\bgrad(?:ient)?s?\b", " ", text)
    bare = re.sub(r"^\s*d ?[a-z]{0,4}\d{0,3} ?/ ?d ?(?=[a-z])|^\s*d[lfe]d(?=[a-z])|^\s*d(?=[wbx]\d{0,3}$)", "", bare)
    return " ".join(bare.split()).strip(" .")
