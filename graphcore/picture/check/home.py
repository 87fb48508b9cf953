"""What is taken home from page Check: the run of its problem, and the page as a workspace; and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.backprop import trace
from graphcore.check.align import Choice
from graphcore.check.examples import examples
from graphcore.compare import compare
from graphcore.errors import ChainruleError, UnknownNameError
from graphcore.export import Hand, SavedFile, Workspace, of_network, of_program
from graphcore.parse import parse
from graphcore.picture import takehome
from graphcore.picture.check import tabs
from graphcore.picture.check.examples import asked as asked_of_example
from graphcore.picture.check.page import Shown
from graphcore.picture.check.problem import Problem, is_network, solve_network, solve_program, stronger_text
from graphcore.picture.check.sources import Source, numbered
from graphcore.picture.check.work import CHANGES, ROLES, Asked
from graphcore.picture.network.settings import Request, Settings, Weights

if TYPE_CHECKING:
    from graphcore.graph import Graph

AS_IT_STANDS = "unchanged"  # in place of no change, in a workspace


# ---- files -------------------------------------------------------------------------------------------------


def taken(shown: Shown) -> takehome.Taken:
    """The right numbers of the problem, at the point the hand-in was judged at."""
    problem, judged = shown.problem, shown.judged
    if problem is None:
        raise takehome.nothing()
    result = problem.result
    paper = None if judged is None or shown.mode != "judged" else lambda: tabs.html(judged)
    run, comparison = (judged.run, judged.comparison) if judged is not None else (problem.run, problem.comparison)
    if result is not None:
        return takehome.Taken(run, comparison, "check", problem.text, lambda: of_network(result.request), paper)
    moved = {leaf.name: run.value(leaf.name) for leaf in run.graph.leaves if _moved(problem, run, leaf.name)}
    if moved:
        # the text goes with the numbers: a file says what it shows
        run = trace(parse(stronger_text(problem, moved)))
        comparison = compare(run)
    graph = run.graph
    return takehome.Taken(run, comparison, "check", graph.source.text, lambda: of_program(graph), paper)


def _moved(problem: Problem, run: Any, name: str) -> bool:
    return not np.array_equal(run.value(name), problem.run.value(name), equal_nan=True)


# ---- to a workspace ----------------------------------------------------------------------------------------


def saved(action: Mapping[str, Any], shown: Shown) -> Workspace:
    """The problem with its fields, what was handed in, and what was said about it."""
    asked, problem = shown.asked, shown.problem
    text, given = takehome.text_of(action, asked.request.text), action.get("settings")
    settings = asked.request.settings if given is None else Settings.read(given)
    network = is_network(text)
    weights = asked.request.weights
    return Workspace(
        "check",
        text,
        "network" if network else "program",
        settings.plain() if network else {},
        None if weights is None else SavedFile(weights.name, weights.data),
        hand_ins=_files(action, asked),
        choices={} if problem is None else _choices(asked, problem.graph),
        hand=Hand(
            takehome.text_of({"text": action.get("values")}, asked.values),
            asked.run,
            asked.swapped,
            asked.compare,
            _taken(asked),
        ),
        view=takehome.view_of(action, problem.structure if problem else None),
    )


def _files(action: Mapping[str, Any], asked: Asked) -> tuple[SavedFile, ...]:
    files = tuple(SavedFile(s.name, s.content) for s in asked.sources if s.name and isinstance(s.content, bytes))
    typed = next((s.content for s in asked.sources if isinstance(s.content, str)), "")
    typed = takehome.text_of({"text": action.get("hand")}, typed)
    return files or ((SavedFile("", typed.encode()),) if typed.strip() else ())


def _choices(asked: Asked, graph: Graph) -> dict[str, str]:
    return {
        str(place): "" if choice is None or choice.node is None else graph.names[choice.node]
        for place, choice in asked.choices.items()
    }


def _taken(asked: Asked) -> dict[str, str]:
    words = {}
    for place, choice in asked.choices.items():
        change = None if choice is None else (AS_IT_STANDS if choice.change == "" else choice.change)
        told = [word for word in (choice.role if choice else "", change) if word]
        if told:
            words[str(place)] = " ".join(told)
    return words


# ---- and back ----------------------------------------------------------------------------------------------


def asked_of(workspace: Workspace) -> tuple[Asked, str | None]:
    """What the page of a workspace asks, and the key of the example that it is, if it is one."""
    weights = None if workspace.weights is None else Weights.of(*workspace.weights)
    request = Request(workspace.text, Settings.read(workspace.settings), weights)
    sources = tuple(
        numbered([Source(name, data if name else data.decode("utf-8", "replace")) for name, data in workspace.hand_ins])
    )
    hand = workspace.hand
    asked = Asked(request, sources, hand.run, hand.swapped, _named(workspace, request), None, hand.together, hand.values)
    example = next((known.key for known in examples() if asked_of_example(known) == asked), None)
    view = workspace.view
    return asked._replace(fold=None if view.open is None else (frozenset(view.open), bool(view.plumbing))), example


def _named(workspace: Workspace, request: Request) -> dict[int, Choice | None]:
    """The choices, their nodes found by name; what this problem has not got is left to be read anew."""
    if not workspace.choices:
        return {}
    try:
        problem = solve_network(request, _say_nothing) if is_network(request.text) else solve_program(request.text)
    except ChainruleError:
        return {}
    found: dict[int, Choice | None] = {}
    for place, name in workspace.choices.items():
        words = workspace.hand.taken.get(place, "").split()
        try:
            found[int(place)] = _choice(problem.graph.index(name), words) if name else None
        except UnknownNameError:
            continue
    return found


def _choice(node: int, words: list[str]) -> Choice:
    change = next((word for word in words if word in CHANGES), None)
    role = next((word for word in words if word in ROLES), "")
    return Choice(node, role, "" if AS_IT_STANDS in words else change)  # type: ignore[arg-type]


def _say_nothing(stage: str, done: int | None = None, total: int | None = None) -> None:
    """Nobody watches while names are looked up."""
