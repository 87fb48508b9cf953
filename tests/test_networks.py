"""Page Networks without a browser: fields, weights files, work that can be stopped, and what the session answers."""

from __future__ import annotations

import base64
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

import graphcore as gc
from graphcore.errors import ChainruleError
from graphcore.layers import layers
from graphcore.networks import GALLERY
from graphcore.picture import waiting
from graphcore.picture.network import NetworkSession, Request, Settings, session
from graphcore.picture.network.settings import MEGABYTES, Weights
from graphcore.picture.network.views import converting
from graphcore.picture.work import Stopped, Tell, Work
from pages.ui.link import pack, read_network_link

ROOT = Path(__file__).resolve().parents[1]
SMALL = "Linear(3, 4)\nTanh()\nLinear(4, 2)"
LONG = 60.0  # seconds that a test waits for work, far more than it takes


def send(page: NetworkSession, number: int, **action: Any) -> dict[str, Any]:
    page.act({"id": number, **action})
    assert page.wait(LONG)
    data = page.payload()
    json.dumps(data, allow_nan=False)
    return data


@pytest.fixture
def small() -> NetworkSession:
    page = NetworkSession(SMALL)
    assert page.wait(LONG)
    return page


# ---- fields --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, 7, [], "loss", {"loss": ["mse"], "seed": True, "other": "x"}])
def test_fields_that_say_nothing_are_the_defaults(given: object) -> None:
    assert Settings.read(given) == Settings()


@pytest.mark.parametrize("field", ["batch", "seed"])
@pytest.mark.parametrize("text", ["-1", "1.5", "x", "²", "9" * 30])
def test_a_field_that_is_no_whole_number_is_refused(field: str, text: str) -> None:
    given = Settings.read({field: text})
    with pytest.raises(ChainruleError, match="is no whole number"):
        _ = given.batch_size if field == "batch" else given.seed_number


def test_empty_fields_have_defaults() -> None:
    assert (Settings().batch_size, Settings().seed_number) == (None, 0)
    assert Settings.read({"seed": 4, "batch": "8"}).plain() == {"batch": "8", "seed": "4"}


def test_requests_are_told_apart_by_all_they_hold() -> None:
    weights = Weights.read("a.safetensors", base64.b64encode(b"1").decode())
    others = [Request("a"), Request("b"), Request("a", Settings(seed="1")), Request("a", Settings(batch="1"))]
    keys = {request.key for request in [*others, Request("a", weights=weights)]}
    assert len(keys) == 5
    assert Request("a", Settings(seed="1")).key in keys


@pytest.mark.parametrize("name", ["net.pt", "net.PTH", "net.pkl", "net.pt2", "net.bin", "notes.txt", ""])
def test_files_that_can_run_code_are_not_read(name: str) -> None:
    with pytest.raises(ChainruleError, match="Two lines"):
        Weights.read(name, base64.b64encode(b"data").decode())
    lines = converting(name)
    assert lines.count("\n") == 1
    assert ".safetensors" in lines
    compile(lines, "lines", "exec")


def test_a_file_that_is_too_large_or_damaged_is_refused() -> None:
    with pytest.raises(ChainruleError, match="larger than 20 MB"):
        Weights.read("a.safetensors", "A" * (MEGABYTES * 2**20 * 4 // 3 + 8))
    with pytest.raises(ChainruleError, match="did not arrive whole"):
        Weights.read("a.safetensors", "%%%")


# ---- work ----------------------------------------------------------------------------------------------------------


def test_work_hands_over_its_result_or_its_fault() -> None:
    def fail(_tell: Tell) -> None:
        raise ChainruleError("no")

    done = Work(lambda tell: 42)
    failed = Work(fail)
    assert done.wait(LONG)
    assert failed.wait(LONG)
    assert (done.result, done.fault) == (42, None)
    assert isinstance(failed.fault, ChainruleError)


def test_work_that_is_stopped_ends_at_its_next_word() -> None:
    gate, met = threading.Event(), []

    def make(tell: Tell) -> str:
        tell("recording", 3, 7)
        gate.wait(LONG)
        try:
            tell("tracing")
        except Stopped:
            met.append("stopped")
            raise
        return "never"

    work = Work(make)
    while work.stage != "recording":
        time.sleep(0.001)
    assert work.counted == (3, 7)
    work.stop()
    gate.set()
    assert work.wait(LONG)
    assert (work.result, work.fault, met) == (None, None, ["stopped"])


# ---- links ---------------------------------------------------------------------------------------------------------


def test_a_link_brings_text_and_fields() -> None:
    settings = {"seed": "7", "loss": "mse"}
    link = read_network_link({"p": pack(SMALL), "s": pack(json.dumps(settings)), "step": "3"})
    assert (link.text, link.settings, link.step, link.problem) == (SMALL, settings, 3, None)


DAMAGED = [{"p": "!!"}, {"p": pack(SMALL), "s": "!!"}, {"p": pack(SMALL), "s": pack("{")}, {"example": "no"}]


@pytest.mark.parametrize("query", DAMAGED)
def test_a_damaged_link_is_named(query: dict[str, str]) -> None:
    assert read_network_link(query).problem


def test_fields_of_a_link_that_are_no_fields_are_left_out() -> None:
    assert read_network_link({"p": pack(SMALL), "s": pack("[1, 2]")}).settings is None


# ---- the session ---------------------------------------------------------------------------------------------------


def test_a_fresh_page_shows_the_gallerys_first() -> None:
    page = NetworkSession()
    assert page.wait(LONG)
    data = page.payload()
    json.dumps(data, allow_nan=False)
    assert data["program"] == {**data["program"], "example": "d", "error": None}
    assert data["verdict"]["state"] == "match"
    assert data["work"] is None
    assert data["structure"]["steps"]


def test_the_page_comes_up_alone() -> None:
    app = AppTest.from_file(str(ROOT / "pages/networks.py"), default_timeout=60)
    app.query_params["p"] = pack(SMALL)
    app.query_params["s"] = pack(json.dumps({"seed": "5"}))
    app.run()
    assert not app.exception
    page = app.session_state["network"]
    assert page.wait(LONG)
    data = page.payload()
    assert data["program"]["text"] == SMALL
    assert data["settings"]["values"] == {"seed": "5"}
    assert data["verdict"]["state"] == "match"


@pytest.mark.parametrize("network", GALLERY, ids=lambda network: network.key)
def test_every_network_of_the_gallery_runs(network: Any) -> None:
    settings = {"loss": network.loss, "input": network.input, "target": network.target}
    page = NetworkSession(network.text, {**settings, "gradient": "input" if network.input_gradient else ""})
    assert page.wait(LONG)
    data = page.payload()
    json.dumps(data, allow_nan=False)
    assert data["program"]["error"] is None
    assert data["program"]["example"] == network.key
    assert data["structure"]["steps"]
    state = "mismatch" if network.wrong else ("match", "kink", "some-zero", "weak")
    assert data["verdict"]["state"] in state


def test_an_error_keeps_the_text_and_the_last_good_picture(small: NetworkSession) -> None:
    good = small.payload()
    data = send(small, 1, kind="run", text="Linear(3, 4)\nLiner(4, 2)")
    assert data["program"]["text"] == "Linear(3, 4)\nLiner(4, 2)"
    assert data["program"]["ran"] == SMALL
    assert data["program"]["error"]["line"] == 2
    assert data["verdict"]["bold"] == "Not run yet."
    assert (data["topology"], data["numbers"]) == (good["topology"], good["numbers"])


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [("loss", "square", "no loss"), ("input", "rand(1, 7)", "does not fit"), ("target", "[1, 2, 3]", "The target `[1, 2, 3]`")],
)
def test_a_field_that_does_not_fit_is_named(small: NetworkSession, field: str, value: str, says: str) -> None:
    data = send(small, 1, kind="run", text=SMALL, settings={field: value})
    error = data["program"]["error"]
    assert says in f"{error['what']} {error['instead']}"
    assert data["settings"]["values"] == {field: value}
    assert data["structure"] is not None


def test_empty_fields_say_what_they_stand_for(small: NetworkSession) -> None:
    used = small.payload()["settings"]["used"]
    assert used["loss"] == "mse"
    assert "3" in used["input"]
    assert (used["batch"], used["seed"]) == ("1", "0")


def test_a_batch_and_a_seed_change_the_numbers_and_a_batch_the_shapes(small: NetworkSession) -> None:
    first = small.payload()
    other = send(small, 1, kind="run", text=SMALL, settings={"seed": "1"})
    assert other["topology"] == first["topology"]
    assert other["numbers"] != first["numbers"]
    wide = send(small, 2, kind="run", text=SMALL, settings={"batch": "5"})
    assert 5 in {node["shape"][0] for node in wide["structure"]["nodes"] if node["shape"]}


def test_the_same_request_is_answered_from_memory(small: NetworkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    first = small.payload()
    send(small, 1, kind="run", text=SMALL, settings={"seed": "1"})
    monkeypatch.setattr(session, "run_request", None)
    again = send(small, 2, kind="run", text=SMALL)
    assert again["numbers"] == first["numbers"]
    assert again["program"]["error"] is None


def test_memory_is_bounded(small: NetworkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(session.KEPT + 3):
        send(small, seed + 1, kind="run", text=SMALL, settings={"seed": str(seed)})
    assert len(small._cache) == session.KEPT
    monkeypatch.setattr(session, "ENTRIES", 1)
    send(small, 99, kind="run", text=SMALL, settings={"seed": "77"})
    assert len(small._cache) == 1


class Slow:
    """A run that waits until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = threading.Event()
        self.real = session.run_request
        monkeypatch.setattr(waiting, "SOON", 0.01)
        monkeypatch.setattr(session, "run_request", self)

    def __call__(self, request: Request, tell: Tell) -> Any:
        tell("tracing", 214, 1653)
        assert self.gate.wait(LONG)
        return self.real(request, tell)


def test_long_work_says_where_it_is_and_can_be_stopped(small: NetworkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    good = small.payload()
    slow = Slow(monkeypatch)
    small.act({"id": 1, "kind": "run", "text": "Linear(3, 1)"})
    data = small.payload()
    assert data["work"]["stage"] == "tracing"
    assert data["verdict"]["bold"] == "Tracing, 214 of 1,653 steps …"
    assert data["verdict"]["action"] == {"label": "Stop", "kind": "stop"}
    assert data["numbers"] == good["numbers"], "the last good picture stays"
    small.act({"id": 2, "kind": "stop"})
    data = small.payload()
    assert (data["work"], data["verdict"]["bold"]) == (None, "Stopped.")
    assert data["program"]["text"] == "Linear(3, 1)", "the text stays"
    assert data["numbers"] == good["numbers"]
    slow.gate.set()
    again = send(small, 3, kind="run", text="Linear(3, 1)")
    assert again["verdict"]["state"] == "match"
    assert again["topology"] != good["topology"]


def test_a_newer_run_overtakes_an_older_one(small: NetworkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    small.act({"id": 1, "kind": "run", "text": "Linear(3, 1)"})
    small.act({"id": 2, "kind": "run", "text": "Linear(3, 2)"})
    slow.gate.set()
    data = send(small, 3, kind="poll")
    assert (data["program"]["ran"], data["program"]["text"]) == ("Linear(3, 2)", "Linear(3, 2)")


def test_a_fault_of_ours_is_a_sentence(small: NetworkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(session, "run_request", fail)
    data = send(small, 1, kind="run", text="Linear(3, 1)")
    error = data["program"]["error"]
    assert "ZeroDivisionError" in error["what"] + error["instead"]
    assert data["numbers"] is not None


def test_modules_fold_and_unfold(small: NetworkSession) -> None:
    opened = send(small, 1, kind="fold", open=["0", "1", "2"], plumbing=True)
    folded = send(small, 2, kind="fold", open=[], plumbing=False)
    assert len(folded["structure"]["nodes"]) < len(opened["structure"]["nodes"])
    assert len(folded["structure"]["shown"]) == len(opened["structure"]["shown"])
    assert folded["verdict"]["state"] == "match"
    for bad in (None, "0", [1, 2], {}):
        assert send(small, 5 + len(str(bad)), kind="fold", open=bad)["structure"] is not None


def test_layers_belong_to_lines_of_the_text(small: NetworkSession) -> None:
    nodes = small.payload()["structure"]["nodes"]
    lines = {node["scope"]: node["line"] for node in nodes if node["scope"]}
    assert lines["2"] == 3


def test_what_the_browser_has_is_not_sent_again(small: NetworkSession) -> None:
    stamp = small.payload()["stamp"]
    data = send(small, 1, kind="tab", tab="torch", have=stamp)
    assert {"structure", "numbers", "layers", "examples"} <= set(data["kept"])
    assert data["explained"]
    assert data["structure"] is None
    again = send(small, 2, kind="open", node=0, have=data["stamp"])
    assert "explained" in again["kept"]
    assert again["opened"]["value"]["rows"]


def test_autograd_nodes_are_explained_with_what_they_saved(small: NetworkSession) -> None:
    kinds = {kind["fn"]: kind for kind in send(small, 1, kind="tab", tab="torch")["explained"]}
    assert {"AccumulateGrad", "AddmmBackward0", "TanhBackward0", "TBackward0"} <= set(kinds)
    tanh = kinds["TanhBackward0"]
    assert "hands on" in tanh["sentence"]
    assert (tanh["count"], len(tanh["places"])) == (1, 1)
    assert tanh["places"][0]["saved"] == [["result", f"`{tanh['places'][0]['name']}` (1×4)"]]
    assert kinds["AccumulateGrad"]["count"] == 4


def test_files_are_those_of_both_sides(small: NetworkSession) -> None:
    files = send(small, 1, kind="tab", tab="files")["files"]
    assert [text["name"] for text in files["texts"]] == ["torch_autograd.dat", "my_autograd.dat"]
    assert all("0.weight gradient:" in text["text"] for text in files["texts"])
    assert "my_autograd.dat beside torch_autograd.dat" in files["comparison"]
    numpy = send(small, 2, kind="style", style="numpy")["files"]
    assert numpy["texts"][0]["text"].startswith("dLdw1\n")
    data = send(small, 3, kind="file", side="manual")
    assert data["download"]["name"] == "my_autograd.npz"
    assert base64.b64decode(data["download"]["data"])[:2] == b"PK"
    assert send(small, 4, kind="open", node=0)["download"] is None


def test_a_small_network_is_a_program_of_explore(small: NetworkSession) -> None:
    code = send(small, 1, kind="tab", tab="code")["code"]
    run = gc.trace(gc.parse(code["program"]))
    assert float(run.value(run.graph.outputs[0].name)) == pytest.approx(
        float(small._result.run.value(-1 + len(small._result.graph)))
    )
    assert "import numpy" in code["numpy"]
    data = send(small, 2, kind="run", text="Linear(40, 40)")
    assert data["code"]["program"] is None
    assert "parameters" in data["code"]["says"]


def test_layers_of_the_payload_are_those_of_the_run(small: NetworkSession) -> None:
    rows = small.payload()["layers"]
    found = layers(small._result.run, small._result.comparison)
    assert [row["path"] for row in rows] == [layer.path for layer in found] == ["0", "2"]
    assert rows[0]["factor"] == found[0].factor
    assert rows[0]["activations"][0]["op"] == "tanh"


def test_weights_from_a_file(small: NetworkSession, tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()
    save_file(net.state_dict(), tmp_path / "net.safetensors")
    encoded = base64.b64encode((tmp_path / "net.safetensors").read_bytes()).decode()
    data = send(small, 1, kind="weights", name="net.safetensors", data=encoded, text=SMALL)
    assert data["weights"]["file"]["name"] == "net.safetensors"
    assert small._result.run.value("2.weight").tolist() == net[2].weight.tolist()
    refused = send(small, 2, kind="weights", name="net.pt", data="", text=SMALL)
    assert "can run code" in refused["weights"]["problem"]["what"]
    assert refused["weights"]["problem"]["lines"].count("\n") == 1
    assert refused["weights"]["file"]["name"] == "net.safetensors", "a refused file takes nothing away"
    misfit = send(small, 3, kind="run", text="Linear(3, 2)")
    assert "does not fit this network" in misfit["program"]["error"]["what"]
    assert send(small, 4, kind="weights", name=None, text="Linear(3, 2)")["weights"]["file"] is None


def test_the_empty_text_offers_starts(small: NetworkSession) -> None:
    data = send(small, 1, kind="run", text=" \n")
    assert (data["structure"], data["layers"], data["code"]) == (None, None, None)
    assert len(data["starts"]) == 3


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"id": 1},
        {"id": 1, "kind": "run"},
        {"id": 1, "kind": "run", "text": 5},
        {"id": 1, "kind": "open", "node": 10**9},
        {"id": 1, "kind": "tab", "tab": ["x"]},
        {"id": 1, "kind": "layout", "which": ["across"]},
        {"id": 1, "kind": "style", "style": ["x"]},
        {"id": 1, "kind": "file", "side": "x"},
        {"id": 1, "kind": "weights", "name": 5, "data": 5},
        {"id": 1, "kind": "stop"},
        {"id": 1, "kind": "eval", "text": "1"},
    ],
)
def test_malformed_messages_leave_the_network_alone(small: NetworkSession, action: dict[str, Any]) -> None:
    small.act(action)
    assert small.wait(LONG)
    data = small.payload()
    json.dumps(data, allow_nan=False)
    assert data["program"]["text"] == SMALL
    assert data["verdict"]["state"] == "match"


def test_two_tabs_are_two_sessions_at_once() -> None:
    pages = [NetworkSession(SMALL, {"seed": str(seed)}) for seed in (1, 2)]
    assert all(page.wait(LONG) for page in pages)
    first, second = (page.payload() for page in pages)
    assert first["topology"] == second["topology"]
    assert first["numbers"] != second["numbers"]
    assert first["stamp"].split(".")[0] != second["stamp"].split(".")[0]
