"""Many hand-ins of one problem, here or on an executor's workers: a row for each, in their order, whatever is in them."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop import trace
from graphcore.check.rows import MistakeCount, Row, mistake_counts, row_json, row_of, rows_csv, rows_json
from graphcore.errors import ChainruleError
from graphcore.graph import Graph
from graphcore.parse import parse

if TYPE_CHECKING:
    from graphcore.check.hand_in import HandIn

__all__ = ["MistakeCount", "Recipe", "Row", "check_many", "mistake_counts", "row_json", "rows_csv", "rows_json"]

LARGEST = 200_000_000  # bytes of one hand-in
AHEAD = 64  # hand-ins that wait for an executor at a time
AHEAD_BYTES = 100_000_000  # and their bytes in all

Source = Path | tuple[str, bytes]


class Recipe(NamedTuple):
    """How another process makes the graph: a function of a module and the texts it is called with.

    >>> Recipe(parse, ("x = 2; f = x * x",)).graph().names
    ('x', 'f')
    """

    make: Callable[..., Graph]
    texts: tuple[str, ...]

    def graph(self) -> Graph:
        """The graph, made."""
        return self.make(*self.texts)


def check_many(
    graph: Graph | Recipe,
    sources: Iterable[Source],
    *,
    at: Mapping[str, Any] | None = None,
    upstream: Any = None,
    run: int | None = None,
    executor: Executor | None = None,
    done: Iterable[Row] = (),
) -> Generator[Row]:
    """A row for every hand-in, in the order of ``sources``, each as soon as it and those before it are judged.

    A source is the path of a file, or a name with its bytes. ``at`` and ``upstream`` are as for
    :func:`graphcore.check.judge.check`; ``run`` chooses one run of hand-ins that hold several, from 0. ``executor`` is any
    executor of ``concurrent.futures``; one whose workers are other processes needs a graph of :func:`graphcore.parse` or a
    :class:`Recipe`. What has a row of the same key in ``done`` is not judged again. A hand-in that cannot be read or judged
    is a row that says so; raises what :func:`graphcore.backprop.trace` raises where ``at`` or ``upstream`` does not fit, and
    ChainruleError where the graph cannot be sent to the workers.

    >>> [row.verdict for row in check_many(parse("x = 2; f = x * x"), [("empty.dat", b"")])]
    ['unread']
    """
    task = _Task(graph, at, upstream, run)
    return _rows(task, sources, executor, {row.key: row for row in done if row.key})


def _rows(task: _Task, sources: Iterable[Source], executor: Executor | None, done: Mapping[str, Row]) -> Generator[Row]:
    waiting: deque[tuple[Row | Future[Row], int]] = deque()
    try:
        for source in sources:
            waiting.append(_begun(task, source, executor, done))
            while waiting and (_settled(waiting[0][0]) or _enough(waiting)):
                yield _finished(waiting.popleft()[0])
        while waiting:
            yield _finished(waiting.popleft()[0])
    finally:
        for begun, _ in waiting:
            if isinstance(begun, Future):
                begun.cancel()


def _begun(task: _Task, source: Source, executor: Executor | None, done: Mapping[str, Row]) -> tuple[Row | Future[Row], int]:
    """The row of a hand-in, or the promise of one, and how many bytes it keeps."""
    file = name_of(source[0] if isinstance(source, tuple) else source)
    try:
        content = source[1] if isinstance(source, tuple) else _content(source)
    except (ChainruleError, OSError, ValueError) as error:
        reason = f"it could not be opened: {error.strerror}." if isinstance(error, OSError) else str(error)
        return Row(file, "", "unread", error=reason), 0
    key = f"{task.key}-{hashlib.blake2b(content, digest_size=12).hexdigest()}"
    if key in done:
        return done[key]._replace(file=file), 0
    if executor is None:
        return _judged(task, file, content, key), 0
    return executor.submit(_judged, task, file, content, key), len(content)


def _settled(begun: Row | Future[Row]) -> bool:
    return isinstance(begun, Row) or begun.done()


def _enough(waiting: deque[tuple[Row | Future[Row], int]]) -> bool:
    return len(waiting) >= AHEAD or sum(size for _, size in waiting) > AHEAD_BYTES


def _finished(begun: Row | Future[Row]) -> Row:
    try:
        return begun if isinstance(begun, Row) else begun.result()
    except BrokenExecutor:
        raise ChainruleError("a worker ended in the middle of its work, perhaps for want of memory. Try fewer of them.") from None


def name_of(path: Path | str) -> str:
    """A file's name as text that every encoding can write; a name need not be text.

    >>> name_of(Path("a.dat")), name_of("caf\\udce9.dat")
    ('a.dat', 'caf�.dat')
    """
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise ChainruleError("it is a folder.")
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ChainruleError(f"it is larger than {LARGEST // 1_000_000} MB; gradients of a network fit in less.")
    return content


class _Task:
    """What is asked of every hand-in: the graph, and the point it is judged at.

    A graph is made of functions and does not travel: a worker in another process gets the recipe instead, and the numbers of
    the leaves and literals where making the graph anew need not give the same ones.
    """

    def __init__(self, graph: Graph | Recipe, at: Mapping[str, Any] | None, upstream: Any, run: int | None) -> None:
        recipe = graph if isinstance(graph, Recipe) else None
        made = graph if isinstance(graph, Graph) else graph.graph()
        if recipe is None and made.source.text:
            recipe = Recipe(parse, (made.source.text,))
        # numbers that do not fit are a fault of the question, not of a hand-in
        trace(made, at, upstream)
        self.recipe, self.at, self.upstream, self.run = recipe, at, upstream, run
        self.structure = _structure(made)
        self.key = _key(made, self.structure, repr((_plain(at), _plain(upstream), run)))
        self.numbers = None if recipe is None or recipe.make is parse else (dict(made.leaf_values), made.literals)
        self.made: Graph | None = made

    def __getstate__(self) -> dict[str, Any]:
        if self.recipe is None:
            raise ChainruleError("this graph cannot be sent to another process. Give its text, or a Recipe that makes it there.")
        return {**self.__dict__, "made": None}

    def graph(self) -> Graph:
        """The graph; in a worker made when first asked for."""
        if self.made is not None:
            return self.made
        assert self.recipe is not None
        made = _made(self.recipe)
        if _structure(made) != self.structure:
            raise ChainruleError("the graph came out differently in another process; it must be the same each time.")
        if self.numbers is not None:
            made = replace(made, leaf_values=self.numbers[0], literals=self.numbers[1])
        return made


@lru_cache(maxsize=4)
def _made(recipe: Recipe) -> Graph:
    return recipe.graph()


def _judged(task: _Task, file: str, content: bytes, key: str) -> Row:
    from graphcore.check.judge import check
    from graphcore.check.reading import read_gradients

    try:
        hand_in = read_gradients(content, PurePath(file).name)
        if task.run is not None:
            hand_in = _chosen(hand_in, task.run)
        return row_of(file, key, check(task.graph(), hand_in, at=task.at, upstream=task.upstream))
    except ChainruleError as error:
        return Row(file, key, "unread", error=str(error))
    except Exception as fault:  # one hand-in that we fail on must not end the others
        return Row(file, key, "unread", error=f"Chainrule itself failed on it ({type(fault).__name__}: {str(fault)[:200]}).")


def _chosen(hand_in: HandIn, run: int) -> HandIn:
    if run >= len(hand_in.runs):
        raise ChainruleError(f"there is no run {run + 1} in it; it has {len(hand_in.runs)}.")
    return hand_in.select(run)


def _structure(graph: Graph) -> str:
    """The same for two graphs of the same nodes, ops and shapes."""
    names = [op.name if op else None for op in graph.ops]
    parts = (graph.names, names, graph.arguments, graph.statics, graph.shapes, sorted(graph.constants), graph.output_indices)
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _key(graph: Graph, structure: str, asked: str) -> str:
    """The same for the same problem at the same point, judged by the same version of Chainrule."""
    digest = hashlib.blake2b(f"{_version()} {structure} {asked}".encode("utf-8", "surrogatepass"), digest_size=8)
    for value in (*graph.leaf_values.values(), *(literal.value for literal in graph.literals)):
        digest.update(np.asarray(value, dtype=np.float64).tobytes())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """Arrays in full, which their repr is not."""
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return None if value is None else np.asarray(value, dtype=np.float64).tolist()


@lru_cache(maxsize=1)
def _version() -> str:
    """A digest of Chainrule's own files: another version may judge differently."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).resolve().parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
