"""The words of the interface: one table, whole, small, with examples that work; and no page that uses another word."""

from __future__ import annotations

import json
import re

import pytest

import graphcore as gc
from graphcore import words
from graphcore.picture import assets, wordlist
from graphcore.words import WORDS, Word
from pages.ui.words import _data
from tests.ui_texts import Text, html, javascript, python, shown, texts

PROGRAMS = [word for word in WORDS if not word.network]
# what looks like another word and is none: part of the file's name, the text, why it may stand
ALLOWED = (
    ("graphcore/words/", r".", "the table itself lists them"),
    ("latex/names.py", r"alpha|rho", "the names of Greek letters"),
    ("ops/", r"delta", "the width of the Huber loss is called delta, in torch too"),
    ("ops/aten/", r"adjoint=", "the name of an argument of torch's"),
    ("check/reading/labels.py", r"epoch\|run", "labels that people write in their own files"),
    ("export/tikz.py", r"sharp corners", "an option of TikZ"),
)
# code and places where a number is drawn by; the two words together are one of the table
LEFT_OUT = re.compile(r"`[^`]*`|random seeds?|\bseed\w*(?= *=)|\(\?P<seed>", re.I)


def said(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(word)}(?:s|es)?(?![\w-])", re.I)


NEVER = [(word, never, said(never)) for word in WORDS for never in word.never]


def others(found: list[Text]) -> list[str]:
    """Where a text uses another word than the table's."""
    complaints = []
    for text in found:
        plain = LEFT_OUT.sub("_", text.text)
        for word, never, pattern in NEVER:
            allowed = any(part in text.file and re.search(given, text.text) for part, given, _ in ALLOWED)
            if pattern.search(plain) and not allowed:
                complaints.append(f"{text.file}:{text.line} says `{never}`, the word is `{word.word}`: {text.text[:120]}")
    return complaints


# ---- no page uses another word -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def screen() -> list[Text]:
    return texts()


def test_no_page_uses_another_word(screen: list[Text]) -> None:
    assert others(screen) == []


def test_another_word_would_be_found() -> None:
    planted = [
        Text("x.js", 1, "the seed: never counted"),
        Text("x.py", 2, "The error signal at …"),
        Text("x.html", 3, "Local derivatives"),
        Text("x.js", 4, "drawn by the random seed, `seed` in code, rand(2, seed=1)"),
    ]
    assert [line.split(" says")[0] for line in others(planted)] == ["x.js:1", "x.py:2", "x.html:3"]


def test_what_is_allowed_is_still_there(screen: list[Text]) -> None:
    for part, given, reason in ALLOWED:
        assert any(part in text.file and re.search(given, text.text) for text in screen), f"{part} {given}: {reason}"


def test_every_word_stands_on_a_page() -> None:
    elsewhere = "\n".join(text.text for text in texts(every=True) if not text.file.startswith("graphcore/words/"))
    for word in WORDS:
        assert any(said(form).search(elsewhere) for form in (word.word, *word.forms)), word.word


def test_texts_of_scripts_are_found() -> None:
    script = """
    // "not this"
    const a = "first text", b = 'second text'; /* nor "this one" */
    const c = x / 2 + y / "third text".length; const d = s.replace(/["'`] no/g, "fourth text");
    const e = `one ${f(`inner ${g({ a: 1 })} text`)} two ${h} three`;
    const i = "after all";
    """
    found = [text for _, text in javascript(script)]
    assert found == [
        "first text", "second text", "third text", "fourth text", "one …", "inner …", " text", " two …", " three", "after all",
    ]  # fmt: skip


def test_texts_of_programs_and_pages_are_found() -> None:
    program = '"""Module."""\ndef f(x: "int") -> "str":\n    """Doc."""\n    return f"{x} entries of {x!r}" + "and more"\n'
    assert sorted(text for _, text in python(program)) == ["and more", "… entries of …"]
    page = '<p title="a tip">Some <b>words</b></p><style>a { b: c }</style>'
    assert {"a tip", "Some", "words"} <= {text for _, text in html(page)}
    for text in ("cr-button cr-small", ".cr-root .cr-pane", "M2 2h2.4v12H2z", "a:is(b, c)", "seed", "Enter1"):
        assert not shown(text), text
    for text in ("equal to rounding", "Seed", "the … of …"):
        assert shown(text), text


# ---- the table ---------------------------------------------------------------------------------------------------


def test_every_word_of_the_design_is_there() -> None:
    named = {word.word for word in WORDS}
    assert named >= {
        "node", "op", "operand", "edge", "forward value", "upstream gradient", "local gradient", "local Jacobian",
        "downstream gradient", "gradient of a node", "starting gradient", "random seed", "equal to rounding",
        "bookkeeping nodes", "twin", "step", "trace", "match", "fan-out", "kink", "module", "inherited", "hand-in",
    }  # fmt: skip


def test_no_form_belongs_to_two_words() -> None:
    forms = [form.lower() for word in WORDS for form in (word.word, *word.forms)]
    assert len(forms) == len(set(forms))
    assert len({word.key for word in WORDS}) == len(WORDS)
    assert not set(forms) & {never.lower() for word in WORDS for never in word.never}


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.key)
def test_an_explanation_is_short_and_stands_alone(word: Word) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", word.key)
    assert 1 <= len(re.findall(r"[.:;](?= [A-Z]|$)", word.text)) <= 3, word.text
    assert len(word.text) <= 200, len(word.text)
    assert word.look.endswith(".")
    assert word.never


@pytest.mark.parametrize("word", PROGRAMS, ids=lambda word: word.key)
def test_an_example_is_small_and_has_the_place_to_look_at(word: Word) -> None:
    graph = gc.parse(word.program)
    assert word.node in {node.name for node in graph.nodes}
    assert len(graph.nodes) <= 3
    assert gc.compare(gc.trace(graph)).verdict in ("match", "unproven")


def test_the_picture_of_a_word_shows_its_place() -> None:
    pictures = wordlist.payload()["pictures"]
    for word in WORDS:
        made = pictures[wordlist.name(word)]
        assert 1 <= word.step <= len(made["structure"]["steps"]), word.key
        assert word.node in {node["name"] for node in made["structure"]["nodes"]}, word.key
        assert made["numbers"] is not None


def test_the_examples_show_what_they_say() -> None:
    pictures = wordlist.payload()["pictures"]
    by_key = {word.key: (word, pictures[wordlist.name(word)]) for word in WORDS}
    for key in ("origin", "inherited", "missing", "undecided"):
        word, made = by_key[key]
        index = [node["name"] for node in made["structure"]["nodes"]].index(word.node)
        assert made["numbers"]["judged"]["status"][index] == key
    for key, state in (("match", "match"), ("zero", "zero"), ("non-finite", "non-finite"), ("starting-gradient", "seed")):
        word, made = by_key[key]
        assert made["numbers"]["states"][[node["name"] for node in made["structure"]["nodes"]].index(word.node)] == state
    word, made = by_key["kink"]
    assert any(made["numbers"]["kinks"])
    word, made = by_key["module"]
    assert any(node.get("module") for node in made["structure"]["nodes"])
    word, made = by_key["fan-out"]
    assert made["structure"]["nodes"][0]["uses"] == 2


# ---- how it reaches the browser ----------------------------------------------------------------------------------


def test_the_table_comes_once_with_the_files_and_is_small() -> None:
    script = assets().js
    line = script.split("\n", 1)[0]
    assert line.startswith("const WordTable = [") and script.count("WordTable = ") == 1
    assert json.loads(line.removeprefix("const WordTable = ").removesuffix(";")) == words.table()
    assert len(line.encode()) < 12_000
    assert "never" not in words.table()[0]


def test_the_page_is_sent_whole_and_stays_small() -> None:
    data = _data()
    text = json.dumps(data, allow_nan=False)
    assert len(text) < 250_000
    rows = [row for group in data["groups"] for row in group["words"]]
    assert len(rows) == len(WORDS)
    assert {row["opens"] for row in rows} == {"Explore", "Networks", "Check my gradients"}
    assert all(row["link"].startswith("./") and row["picture"] in data["pictures"] for row in rows)
