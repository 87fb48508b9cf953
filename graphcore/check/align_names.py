"""Names in labels: what ``dL/dW1``, ``W1.grad`` or ``value of s`` may call a node, and the nodes of a graph by name."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal, NamedTuple

from graphcore.check.labels import Label, read_label
from graphcore.graph import Graph

Role = Literal["gradient", "value", "parameter", "input", "target", "ignored"]
ROLES: tuple[Role, ...] = ("gradient", "value", "parameter", "input", "target", "ignored")

LONGEST = 300
_COUNTED = re.compile(r"^\d+\s*:\s*(?=\D)")
_FRACTION = re.compile(r"\\d?frac\s*\{([^{}]{1,60})\}\s*\{([^{}]{1,60})\}")
_INDEX = re.compile(r"_\{(\w{1,20})\}")
# a shape beside the name, and what is called on a tensor before it is printed
_TAIL = re.compile(r"(?:\.(?:data|detach\(\)|cpu\(\)|numpy\(\)|clone\(\)|T)|\s*[(\[]\s*\d+\s*[x×,]\s*[\dx×,\s]*[)\]])+$")
_OWNER = re.compile(r"^(?:self|model|net|network|module|mlp|my|nn)[._]+")
_KEYED = re.compile(r"^(gradient|value|parameter|input|target)\s*:\s*(\S.*)$")
_LOSS_WORDS = frozenset({"l", "j", "e", "c", "loss", "cost", "error", "err", "objective", "mse"})
_LOSS = "L|J|E|C|f|F|S|l|loss|Loss|cost|Cost|error|Error|err"
_SLASHED = re.compile(r"^[d∂]_?\s*(?P<top>[^\W_]\w*?)\s*/\s*[d∂]_?\s*\(?\s*(?P<name>[^()\s].*?)\)?$")
_JOINED = re.compile(rf"^[d∂]_?(?P<top>{_LOSS})_?[d∂]_?(?P<name>\S+)$")
_GRADIENT_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?:with respect to|w\.?\s?r\.?\s?t\.?)\s+(?P<name>.+)$",
        r"^(?:the\s+)?(?:gradients?|derivatives?)\s+(?:of|for|at|in)\s+(?P<name>.+)$",
        r"^(?:gradients?|grads?|nabla|delta|∇|δ|Δ)[\s_.:(\[]*(?P<name>[^\s)\]].*?)[)\]]?$",
        r"^(?P<name>.*[^\s_.:(\[])[\s_.:(\[]+(?:gradients?|grads?|deltas?|derivatives?)[)\]]?$",
        r"^(?P<name>\S*\d)(?:grad|gradient|delta)$",
        r"^[d∂]\s*\((?P<name>.+)\)$",
        r"^[d∂]_?(?P<name>\S+)$",
    )
)
_VALUE_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"^(?:the\s+)?(?:values?|activations?|outputs?|results?)\s+(?:of|at)\s+(?P<name>.+)$",
        r"^(?:forward|values?|activations?)[\s_.:(\[]+(?P<name>[^\s)\]].*?)[)\]]?$",
        r"^(?P<name>.*[^\s_.:(\[])[\s_.:(\[]+(?:forward(?:\s+(?:pass|values?))?|fwd|values?|activations?)[)\]]?$",
    )
)
_GRADIENT_WORD = re.compile(r"grad|∂|∇|nabla|derivative|delta|backward|upstream", re.IGNORECASE)
_VALUE_WORD = re.compile(r"(?<![A-Za-z])(?:forward|fwd|values?|activations?|activated|outputs? of)(?![A-Za-z])", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W\d]\w*")
_RUN = re.compile(r"[^\W\d_]+|\d+")


class Said(NamedTuple):
    """What a label says: ``names`` are the texts in it that may be a node's name, best first.

    ``role`` is "" where the label names none; ``derived`` are the names that are only there as what a gradient belongs to
    (``W1`` in ``dW1``); ``over`` is the numerator of a quotient such as ``dh/dz``; ``plain`` is the label without what
    surrounds it.
    """

    plain: str
    names: tuple[str, ...]
    derived: frozenset[str]
    role: Role | Literal[""]
    over: str
    label: Label


def read_name(text: str) -> Said:
    """A label as names and a role.

    >>> read_name("dL/dW1:").names[:2], read_name("dL/dW1:").role
    (('dL/dW1', 'W1'), 'gradient')
    >>> read_name("h1 (forward)").names[1], read_name("h1 (forward)").role
    ('h1', 'value')
    """
    plain = _plain(text)
    keyed = _KEYED.match(plain)
    if keyed:
        name = keyed[2].strip()
        role: Role = next(role for role in ROLES if role == keyed[1])
        return Said(plain, (name,), frozenset(), role, "", read_label(name))
    short = _TAIL.sub("", plain)
    names, over = [plain, short], ""
    quotient = _SLASHED.match(short) or _JOINED.match(short)
    if quotient:
        over = quotient["top"]
        names.append(quotient["name"].strip())
    gradients = _matches(short, _GRADIENT_FORMS)
    gradient = bool(quotient or _GRADIENT_WORD.search(plain))
    values = [] if gradient else _matches(short, _VALUE_FORMS)
    nested = [name for inner in gradients for name in _matches(inner, (_SLASHED, _JOINED, *_GRADIENT_FORMS))]
    said: Role | Literal[""] = "gradient" if gradient else "value" if _VALUE_WORD.search(plain) else ""
    every = list(dict.fromkeys(name for name in (*names, *values, *gradients, *nested) if name))
    # whoever prints a module's own tensors writes `model.0.weight`
    every += [inner for name in every if (inner := _OWNER.sub("", name)) and inner not in every]
    derived = frozenset(every) - frozenset(_OWNER.sub("", name) for name in (plain, short, *values)) - {plain, short, *values}
    return Said(plain, tuple(every), derived, said, over, read_label(text))


def _matches(text: str, forms: tuple[re.Pattern[str], ...]) -> list[str]:
    return [found["name"].strip() for form in forms if (found := form.search(text))]


def _plain(text: str) -> str:
    text = text[:LONGEST].replace("\\partial", "∂").replace("$", "").replace("\\delta", "delta").replace("\\nabla", "∇")
    text = _INDEX.sub(r"_\1", text)
    text = _FRACTION.sub(r"\1/\2", text)
    text = " ".join(text.replace("{", "").replace("}", "").split()).strip(" \t:=")
    return _COUNTED.sub("", text).strip(" \t:=\"'`")


def is_loss(name: str) -> bool:
    """Whether a name is one that people give the loss.

    >>> is_loss("L"), is_loss("loss"), is_loss("h1")
    (True, True, False)
    """
    return name.lower() in _LOSS_WORDS


def folded(name: str) -> str:
    """A name as its runs of letters and of digits, so that ``W_1``, ``W[1]`` and ``W1`` are one.

    >>> folded("layers[3].bias"), folded("W_1")
    ('layers.3.bias', 'W.1')
    """
    return ".".join(_RUN.findall(name))


class Names:
    """The nodes of a graph, to be found by what a label may call them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.exact = {name: index for index, name in enumerate(graph.names)}

    @cached_property
    def _folded(self) -> dict[str, list[int]]:
        return self._by([folded(name) for name in self.graph.names])

    @cached_property
    def _lower(self) -> dict[str, list[int]]:
        return self._by([folded(name).lower() for name in self.graph.names])

    @cached_property
    def _written(self) -> dict[str, list[int]]:
        labels = self.graph.labels
        return self._by([labels[index].replace(" ", "") if index in labels else "" for index in range(len(self.graph))])

    @cached_property
    def _ops(self) -> dict[str, list[int]]:
        return self._by(["" if op is None else op.name for op in self.graph.ops])

    @cached_property
    def words(self) -> dict[tuple[tuple[str, ...], tuple[int, ...]], list[int]]:
        """The leaves by the words and numbers of their names."""
        found: dict[tuple[tuple[str, ...], tuple[int, ...]], list[int]] = {}
        for index in self.graph.leaf_values:
            label = read_label(self.graph.names[index])
            found.setdefault((label.words, label.numbers), []).append(index)
        return found

    @staticmethod
    def _by(keys: list[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, key in enumerate(keys):
            if key:
                found.setdefault(key, []).append(index)
        return found

    def find(self, name: str) -> tuple[tuple[int, ...], str]:
        """The nodes that a name may mean and how it was found: "exact", "written", "folded", "case"; none: ``((), "")``."""
        index = self.exact.get(name)
        if index is not None:
            return (index,), "exact"
        for how, table, key in (
            ("written", self._written, name.replace(" ", "")),
            ("folded", self._folded, folded(name)),
            ("case", self._lower, folded(name).lower()),
        ):
            if key and key in table:
                return tuple(table[key]), how
        return (), ""

    def within(self, text: str) -> tuple[int, str]:
        """The one node whose name stands in a text, or there after a ``d``, and that name; -1 where there is not just one."""
        found: dict[int, str] = {}
        for token in _TOKEN.findall(text):
            # a single letter is too often a word
            for name in (token, token[1:].lstrip("_") if token[0] in "d∂" else ""):
                if len(name) > 1 and name in self.exact:
                    found.setdefault(self.exact[name], name)
                    break
        inner = {node: name for node, name in found.items() if node not in self.graph.output_indices}
        return next(iter(inner.items())) if len(inner) == 1 else (-1, "")

    def op(self, name: str) -> tuple[int, ...]:
        """The nodes that apply the op called ``name``."""
        return tuple(self._ops.get(name.strip().lower(), ()))
