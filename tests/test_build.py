"""Networks from text: the four forms, the parameters, the interpreter, the settings."""

# ruff: noqa: E501 - texts as people type them

import copy
import threading

import pytest
import torch
from torch import nn

from graphcore.build import build, line_in_work
from graphcore.build import names as allowed
from graphcore.build.fitting import check
from graphcore.errors import GraphError

DEEP = "Linear(10, 21)\n10 * [Linear(21, 21), ReLU()]\nLinear(21, 1)"
CLASS = """import torch
import torch.nn as nn
import torch.nn.functional as F

class Block(nn.Module):
    \"\"\"Two lines of a residual network.\"\"\"
    def __init__(self, n):
        super().__init__()
        self.conv = nn.Conv2d(n, n, 3, padding=1)
        self.bn = nn.BatchNorm2d(n)

    def forward(self, x):
        return F.relu(x + self.bn(self.conv(x)))

class Net(nn.Module):
    def __init__(self, n=4, deep=True):
        super(Net, self).__init__()
        self.stem = nn.Conv2d(1, n, 3)
        self.blocks = nn.ModuleList([Block(n) for _ in range(2)])
        layers = []
        for i in range(2):
            layers.append(nn.Linear(n, n))
            layers += [nn.ReLU()]
        self.head = nn.Sequential(*layers)
        self.deep = deep
        self.scale = nn.Parameter(torch.ones(n))
        self.register_buffer("shift", torch.zeros(n))
        self.out = nn.Linear(n, 3)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = x.mean(dim=(2, 3))
        if self.deep:
            x = self.head(x) * self.scale + self.shift
        else:
            x = -x
        return self.out(x) + torch.zeros(x.size(0), 3)
"""


def twin(text: str, seed: int) -> nn.Module:
    """The module as Python itself makes it, in float64 with the same global seed."""
    state, kind = torch.get_rng_state(), torch.get_default_dtype()
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    try:
        space: dict[str, object] = {"nn": nn, "torch": torch}
        exec(text, space)  # our own texts only
        return space["model"]  # type: ignore[return-value]
    finally:
        torch.set_default_dtype(kind)
        torch.set_rng_state(state)


def same(a: nn.Module, b: nn.Module) -> bool:
    mine, other = a.state_dict(), b.state_dict()
    return list(mine) == list(other) and all(torch.equal(mine[k], other[k]) for k in mine)


SEQUENTIAL = "model = nn.Sequential(nn.Linear(10, 21), nn.ReLU(), nn.Linear(21, 1))"


@pytest.mark.parametrize(
    "text",
    [
        SEQUENTIAL,
        "nn.Sequential(nn.Linear(10, 21), nn.ReLU(), nn.Linear(21, 1))",
        "torch.nn.Sequential(torch.nn.Linear(10, 21), torch.nn.ReLU(), torch.nn.Linear(21, 1),)",
        "Sequential(Linear(10, 21), ReLU(), Linear(21, 1))",
        "# a comment\nimport torch\nfrom torch import nn\n\nnet = nn.Sequential(\n    nn.Linear(10, 21),  # wide\n    nn.ReLU(),\n"
        "    nn.Linear(21, 1),\n)\nprint(net)",
        "    from torch.nn import Linear as L, ReLU, Sequential\n    net = Sequential(L(10, 21), ReLU(), L(21, 1))",
        ">>> model = nn.Sequential(\n...     nn.Linear(10, 21),\n...     nn.ReLU(),\n...     nn.Linear(21, 1))",
        "Linear(10, 21)\nReLU()\nLinear(21, 1)",
        "nn.Linear(10, 21),\nnn.ReLU(),\nnn.Linear(21, 1),",
        "hidden = 21\nlayers = [nn.Linear(10, hidden), nn.ReLU()]\nlayers.append(nn.Linear(hidden, 1))\nmodel = nn.Sequential(*layers)",
        "model = nn.Sequential()\nmodel.append(nn.Linear(10, 21))\nmodel.append(nn.ReLU())\nmodel.append(nn.Linear(21, 1))",
        "Sequential(\n  (0): Linear(in_features=10, out_features=21, bias=True)\n  (1): ReLU()\n"
        "  (2): Linear(in_features=21, out_features=1, bias=True)\n)",
        "```python\nnn.Sequential(nn.Linear(10, 21), nn.ReLU(), nn.Linear(21, 1))\n```",
        ">>> print(model)\nSequential(\n  (0): Linear(in_features=10, out_features=21, bias=True)\n  (1): ReLU()\n"
        "  (2): Linear(in_features=21, out_features=1, bias=True)\n)\n>>> ",
        "In [2]: model = nn.Sequential(nn.Linear(10, 21), nn.ReLU(),\n   ...:     nn.Linear(21, 1))\n   ...: model\nOut[2]: \n"
        "Sequential(\n  (0): Linear(in_features=10, out_features=21, bias=True)\n  (1): ReLU()\n"
        "  (2): Linear(in_features=21, out_features=1, bias=True)\n)",
    ],
)
def test_one_network_many_ways_to_write_it(text: str) -> None:
    built = build(text, seed=3)
    assert same(built.module, twin(SEQUENTIAL, 3))
    assert built.input_shape == (1, 10)
    assert built.notes == ()


def test_kinds() -> None:
    assert build(SEQUENTIAL).kind == "sequential"
    assert build(DEEP).kind == "lines"
    assert build(CLASS).kind == "class"
    assert build(str(build(DEEP).module)).kind == "printed"


def test_an_ordered_dictionary_names_the_layers() -> None:
    text = (
        "from collections import OrderedDict\nmodel = nn.Sequential(OrderedDict([('fc', nn.Linear(3, 4)), ('act', nn.Tanh())]))"
    )
    assert [name for name, _ in build(text).module.named_parameters()] == ["fc.weight", "fc.bias"]


def test_repeats_have_parameters_of_their_own_and_count_as_in_problem_f() -> None:
    built = build(DEEP)
    assert len(list(built.module.named_parameters())) == 24
    assert sum(p.numel() for p in built.module.parameters()) == 231 + 10 * 462 + 22
    assert built.lines["0"] == 1
    assert {built.lines[str(k)] for k in range(1, 21)} == {2}
    assert same(build("3 * Linear(2, 2)").module, build("Linear(2, 2)\nLinear(2, 2)\nLinear(2, 2)").module)


def test_a_list_times_a_number_inside_python_shares_and_says_so() -> None:
    built = build("nn.Sequential(*(3 * [nn.Linear(2, 2)]))")
    assert len(list(built.module.parameters())) == 2
    assert "share" in built.notes[0]


def test_parameters_are_torchs_own_and_the_global_generator_is_not_touched() -> None:
    text = (
        "model = nn.ModuleList([nn.Conv2d(1, 2, 3), nn.LSTM(3, 4, 2), nn.MultiheadAttention(8, 2), nn.Embedding(5, 3), "
        "nn.TransformerEncoderLayer(8, 2, 16), nn.Bilinear(2, 3, 4), nn.GRUCell(2, 3), nn.PReLU(), nn.BatchNorm1d(3)])"
    )
    before, kind = torch.get_rng_state(), torch.get_default_dtype()
    assert same(build(text, seed=5).module, twin(text, 5))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_default_dtype() == kind
    assert not same(build(SEQUENTIAL, seed=0).module, build(SEQUENTIAL, seed=1).module)
    assert {p.dtype for p in build(text).module.parameters()} == {torch.float64}


def test_two_threads_at_once_do_not_disturb_each_other() -> None:
    wanted = [build(CLASS, seed=k).module for k in range(4)]
    got: list[nn.Module | None] = [None] * 4

    def work(k: int) -> None:
        got[k] = build(CLASS, seed=k).module

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(made is not None and same(made, one) for made, one in zip(got, wanted, strict=True))


def _usual(name: str) -> str:
    given = {
        "Linear": "3, 4", "Bilinear": "2, 3, 4", "LayerNorm": "4", "RMSNorm": "4", "GroupNorm": "2, 4", "LocalResponseNorm": "2",
        "Unfold": "2", "Fold": "(4, 4), 2", "Threshold": "0.1, 20", "Unflatten": "1, (2, 2)", "Embedding": "5, 3",
        "EmbeddingBag": "5, 3", "PixelShuffle": "2", "PixelUnshuffle": "2", "ChannelShuffle": "2", "MultiheadAttention": "8, 2",
        "TransformerEncoderLayer": "8, 2, 16", "TransformerDecoderLayer": "8, 2, 16", "Softmax": "dim=1", "LogSoftmax": "dim=1",
        "Softmin": "dim=1", "Upsample": "scale_factor=2", "UpsamplingNearest2d": "scale_factor=2",
        "UpsamplingBilinear2d": "scale_factor=2", "LPPool1d": "2, 3", "LPPool2d": "2, 3",
    }  # fmt: skip
    if name in given:
        return given[name]
    if name.startswith("Conv"):
        return "2, 4, 3, padding=1"
    if name.startswith(("BatchNorm", "InstanceNorm")):
        return "4"
    if name.startswith("Adaptive"):
        return "2"
    if "Pad" in name:
        return "1, 0.5" if name.startswith("Constant") else "1"
    if name.startswith(("MaxPool", "AvgPool")):
        return "2"
    return "3, 4" if name.startswith(("RNN", "LSTM", "GRU")) else ""


@pytest.mark.parametrize("name", sorted(allowed.LAYERS - {"TransformerEncoder", "TransformerDecoder"}))
def test_every_layer_of_the_table_and_its_printed_form(name: str) -> None:
    text = f"nn.{name}({_usual(name)})"
    module = build(text, seed=2).module
    assert type(module) is getattr(nn, name)
    if name in ("MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer"):
        with pytest.raises(GraphError, match="heads"):
            build(f"Sequential(\n  (0): {module}\n)")
        return
    again = build(f"Sequential(\n  (0): {module}\n)", seed=2).module
    if name in ("CosineSimilarity", "PairwiseDistance"):
        return
    assert str(again[0]) == str(module)
    assert same(again[0], module)


def test_stacked_transformers_need_a_layer() -> None:
    built = build("nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation=F.gelu), 2)")
    assert built.module(torch.zeros(1, 3, 8, dtype=torch.float64)).shape == (1, 3, 8)


def test_printed_forms_with_nesting_and_repeats() -> None:
    module = nn.Sequential(
        nn.Linear(3, 4), *[nn.Linear(4, 4) for _ in range(3)], nn.Sequential(nn.Tanh(), nn.Sequential(nn.Linear(4, 1)))
    )
    module = module.double()
    text = (
        "Sequential(\n  (0): Linear(in_features=3, out_features=4, bias=True)\n"
        "  (1-3): 3 x Linear(in_features=4, out_features=4, bias=True)\n"
        "  (4): Sequential(\n    (0): Tanh()\n    (1): Sequential(\n      (0): Linear(in_features=4, out_features=1, bias=True)\n    )\n  )\n)"
    )
    for form in (text, str(module), "model = " + text):
        built = build(form)
        assert {k: tuple(v.shape) for k, v in built.module.state_dict().items()} == {
            k: tuple(v.shape) for k, v in module.state_dict().items()
        }


def test_a_printed_class_is_read_in_order_only_where_that_can_be_right() -> None:
    fine = build(
        "Net(\n  (flatten): Flatten(start_dim=1, end_dim=-1)\n  (stack): Sequential(\n    (0): Linear(in_features=4, out_features=3, bias=True)\n"
        "    (1): ReLU()\n    (2): Linear(in_features=3, out_features=1, bias=True)\n  )\n)"
    )
    assert next(name for name, _ in fine.module.named_parameters()) == "stack.0.weight"
    assert type(fine.module).__name__ == "Net"
    assert "guess" in fine.notes[0]
    hidden = "Net(\n  (fc1): Linear(in_features=4, out_features=3, bias=True)\n  (fc2): Linear(in_features=3, out_features=1, bias=True)\n)"
    with pytest.raises(GraphError, match="Paste the class itself") as caught:
        build(hidden)
    assert (caught.value.line, caught.value.column) == (3, 10)
    nested = "Sequential(\n  (0): Block(\n    (conv): Linear(in_features=4, out_features=4, bias=True)\n    (act): ReLU()\n  )\n)"
    with pytest.raises(GraphError, match="class of your own"):
        build(nested)


def test_a_class_runs_as_python_runs_it() -> None:
    built = build(CLASS + "\nmodel = Net(n=5)", seed=7)
    space: dict[str, object] = {}
    exec(CLASS, space)
    other = space["Net"](n=5).double()  # type: ignore[operator]
    other.load_state_dict(built.module.state_dict())
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mine = built.module(x)
    torch.set_default_dtype(torch.float64)
    try:
        wanted = other(x)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(mine, wanted)
    assert [n for n, _ in built.module.named_parameters()] == [n for n, _ in other.named_parameters()]
    assert type(built.module).__name__ == "Net"
    assert type(built.module.blocks[0]).__name__ == "Block"
    assert built.input_shape == (1, 1, 28, 28)
    copied = copy.deepcopy(built.module)
    assert torch.equal(copied(x), built.module(x))


SMALL = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)

    def forward(self, x):
{body}
"""


@pytest.mark.parametrize(
    "body",
    [
        "y = self.a(x)\nreturn y[:, :2] * 2 - y[..., -2:] / 3 + y[0, 1] ** 2 // 1 % 5",
        "y, z = self.a(x), self.b(x)\nreturn torch.cat([y, z], dim=-1).view(x.size(0), 2, 4)[:, 1].unsqueeze(1)",
        "h = x\nfor k in range(3):\n    if k == 1:\n        continue\n    h = h + k * torch.tanh(self.a(h))\nreturn h",
        "h = []\nfor layer in (self.a, self.b):\n    h.append(F.relu(layer(x)))\nreturn sum(h) / len(h)",
        "h = [f(x) for f in [self.a, self.b]]\nreturn torch.stack(h, dim=1).sum(dim=1).clamp(min=-1.0)",
        "with torch.no_grad():\n    m = self.a(x)\nreturn self.b(x) * m.detach()",
        "return self.b(F.leaky_relu(self.a(x), negative_slope=0.2)) if self.training else x",
        "q = self.a(x)\nw = (q @ q.T / math.sqrt(4)).softmax(dim=-1)\nreturn torch.einsum('ij,jk->ik', w, q)",
        "y = self.a(x)\ny[:, 0] = 0\ny += 1\nreturn y.masked_fill(y < 0.5, 0.0)",
        "v, k = self.a(x).max(dim=1)\nreturn v + torch.sort(self.b(x), dim=1).values[:, 0]",
        "b, *rest = self.a(x).shape\nreturn x",
        "assert x.dim() == 2, 'rank'\nn = x.shape[0]\nreturn torch.arange(n, dtype=x.dtype).view(-1, 1) + x + torch.full((n, 1), 0.5)",
        "y = getattr(self, f'{\"a\"}')(x)\nreturn y.float() + torch.tensor([1.5, 2, 3, 4]) + torch.ones_like(y).to(x.device)",
        "x = x.reshape(-1, 4) if x.ndim != 2 and True or x.ndim == 3 else x\nprint('no', x.shape)\nreturn -self.a(x=x) if not False else +x".replace(
            "self.a(x=x)", "self.a(input=x)"
        ),
    ],
)
def test_forward_statements(body: str) -> None:
    text = SMALL.format(body="\n".join("        " + row for row in body.split("\n")))
    if "*rest" in body:
        with pytest.raises(GraphError, match="do not fit"):
            build(text).module(torch.zeros(2, 4, dtype=torch.float64))
        return
    built = build(text)
    space: dict[str, object] = {}
    exec("import math, torch\nfrom torch import nn\nimport torch.nn.functional as F\n" + text, space)
    other = space["Net"]().double()  # type: ignore[operator]
    other.load_state_dict(built.module.state_dict())
    x = torch.linspace(-1, 2, 12, dtype=torch.float64).reshape(3, 4)
    mine = built.module(x.clone())
    torch.set_default_dtype(torch.float64)
    try:
        wanted = other(x.clone().double()) if ".float()" not in body else None
    finally:
        torch.set_default_dtype(torch.float32)
    assert mine.dtype == torch.float64
    if wanted is not None:
        assert torch.equal(mine, wanted)


def test_helpers_parents_and_methods() -> None:
    text = """def double(x, by=2):
    return by * x

class Base(nn.Module):
    width = 3
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(n, self.width)
    def forward(self, x):
        return self.mix(self.fc(x))
    def mix(self, x):
        return double(x)

class Net(Base):
    def __init__(self):
        super().__init__(4)
        setattr(self, f"fc{1}", nn.Linear(3, 1))
    def forward(self, x):
        return self.fc1(super().forward(x))
"""
    built = build(text)
    x = torch.ones(1, 4, dtype=torch.float64)
    fc, last = built.module.fc, built.module.fc1
    assert torch.equal(built.module(x), last(2 * fc(x)))


def test_torchs_refusals_come_with_the_users_line_in_forward() -> None:
    text = SMALL.format(body="        y = self.a(x)\n        return torch.cat([y, y[0]], dim=5)")
    with pytest.raises(GraphError, match=r"torch\.cat.*does not work here") as caught:
        build(text).module(torch.zeros(2, 4, dtype=torch.float64))
    assert (caught.value.line, caught.value.column) == (9, 16)
    assert caught.value.__cause__ is not None


def test_shapes_that_do_not_fit_name_the_layer_and_its_line() -> None:
    built = build("model = nn.Sequential(\n    nn.Linear(10, 21),\n    nn.Linear(20, 1),\n)")
    with pytest.raises(GraphError, match=r"layer `1`.*Linear\(in_features=20") as caught:
        check(built, [torch.zeros(4, 10, dtype=torch.float64)])
    assert caught.value.line == 3
    assert built.input_shape is None
    good = build(SEQUENTIAL)
    assert check(good, [torch.zeros(4, 10, dtype=torch.float64)]) == (4, 1)
    with pytest.raises(GraphError, match=r"An input that fits: shape \(1, 10\)"):
        check(good, [torch.zeros(4, 9, dtype=torch.float64)])
    huge = build("nn.Sequential(nn.Linear(1, 1), nn.Upsample(scale_factor=1000000))")
    with pytest.raises(GraphError, match="makes a tensor of"):
        check(huge, [torch.zeros(1, 30, 1, dtype=torch.float64)])
    assert not any(part._forward_pre_hooks for part in good.module.modules())


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("nn.Sequential(nn.Conv1d(1, 1, 3, padding=1), nn.Flatten(), nn.Linear(10, 1))", (1, 1, 10)),
        ("nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9 * 9, 2))", (1, 3, 11, 11)),
        ("nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 1))", (1, 5)),
        ("nn.LSTM(3, 4)", (5, 1, 3)),
        ("nn.GRU(3, 4, batch_first=True)", (1, 5, 3)),
        ("nn.Sequential(nn.ReLU(), nn.BatchNorm1d(3), nn.Linear(3, 1))", (4, 3)),
        ("nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 1))", (1, 6)),
        ("nn.Sequential(nn.Flatten(), nn.Linear(784, 10))", (1, 784)),
        ("nn.Conv3d(1, 2, 3)", (1, 1, 8, 8, 8)),
        ("nn.ReLU()", (1, 4)),
    ],
)
def test_an_input_that_runs_is_found(text: str, shape: tuple[int, ...]) -> None:
    before = torch.get_rng_state()
    assert build(text).input_shape == shape
    assert torch.equal(before, torch.get_rng_state())


def test_settings_are_read_from_the_text_and_the_rest_is_left_out() -> None:
    text = f"""import torch
torch.manual_seed(5)
{SEQUENTIAL}
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(4, 10)
y = torch.tensor([0, 1, 2, 0])
for epoch in range(100):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
"""
    built = build(text)
    assert built.settings == {
        "seed": "5",
        "loss": "cross_entropy",
        "input": "torch.randn(4, 10)",
        "target": "torch.tensor([0, 1, 2, 0])",
    }
    assert built.notes == ("Left out, for the network does not need it: lines 5, 8.",)
    assert build(SEQUENTIAL + "\nloss = ((model(x) - y) ** 2).sum()").settings["loss"] == "squared error"
    assert build(SEQUENTIAL + "\nloss = F.mse_loss(model(x), y)").settings["loss"] == "mse"


def test_the_line_in_work_is_known_while_forward_runs() -> None:
    text = SMALL.format(body="        y = self.a(x)\n        return y")
    built = build(text)
    seen = []
    built.module.a.register_forward_hook(lambda *_: seen.append(line_in_work()))
    built.module(torch.zeros(1, 4, dtype=torch.float64))
    assert seen == ["line 8: y = self.a(x)"]
    assert line_in_work() == ""


def test_scripts_as_people_have_them() -> None:
    text = SMALL.format(body="        return self.b(self.a(x))").replace(
        "\n    def forward",
        "        nn.init.zeros_(self.a.bias)\n        nn.init.xavier_uniform_(self.b.weight)\n\n    def forward",
    )
    device = 'device = "cuda" if torch.cuda.is_available() else "cpu"\n'
    script = device + text + '\nif __name__ == "__main__":\n    net = Net().to(device)\n    print(net)\n'
    built = build(script)
    assert (built.kind, built.input_shape) == ("class", (1, 4))
    assert not built.module.a.bias.any()
    assert built.notes == ("Left out, for the network does not need it: line 1.",)
