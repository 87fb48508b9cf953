"""What a network's text may not hold: hostile texts, texts too large, misspelt names, wrong arguments."""

# ruff: noqa: E501 - texts as people type them

import time

import pytest
import torch

from graphcore.build import build
from graphcore.build import data as data_text
from graphcore.errors import GraphError

FORWARD = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(2, 2)\n    def forward(self, x):\n        "
START = "class Net(nn.Module):\n    def forward(self, x):\n        return x\n    def __init__(self):\n        super().__init__()\n        "

HOSTILE = {
    "import call": "__import__('os').system('touch /tmp/chainrule_was_here')",
    "import beside a network": "nn.Linear(2, 2)\n__import__('os').system('true')",
    "eval": "eval('nn.Linear(2, 2)')",
    "exec": "exec('x = 1')\nnn.Linear(2, 2)",
    "open": "open('/etc/passwd').read()",
    "dunder": "nn.Linear(2, 2).__class__.__bases__",
    "dunder of a number": "nn.Linear((1).__class__(2), 2)",
    "subclasses": "().__class__.__base__.__subclasses__()",
    "globals by function": FORWARD + "return self.forward.__globals__",
    "code object": FORWARD + "return x.__reduce__()",
    "lambda": "nn.Sequential(nn.Linear(2, 2), (lambda: nn.ReLU())())",
    "walrus": "nn.Linear((n := 2), n)",
    "decorator": FORWARD + "return x\n    @staticmethod\n    def other(x):\n        return x",
    "metaclass": "class Net(nn.Module, metaclass=type):\n    def forward(self, x):\n        return x",
    "torch.load": "model = torch.load('evil.pt')\nnn.Linear(2, 2)\nnn.load('x')",
    "torch.load in forward": FORWARD + "return torch.load('evil.pt')",
    "torch.hub": START + "self.m = torch.hub.load('a/b', 'c')",
    "torch.jit": FORWARD + "return torch.jit.script(x)",
    "torch.ops": FORWARD + "return torch.ops.load_library('x')",
    "torch.utils": FORWARD + "return torch.utils.cpp_extension.load('x')",
    "os by import": "import os\n" + FORWARD + "return os.system('true')",
    "os under another name": "import os as torch\n" + FORWARD + "return torch.system('true')",
    "from import": "from os import system as relu\n" + FORWARD + "return system('true')",
    "getattr of a dunder": START + "self.a = getattr(self, '__dict__')",
    "getattr of a private": START + "self.a = getattr(self, '_modules')",
    "getattr of torch": START + "self.a = getattr(torch, 'load')",
    "setattr of forward": START + "setattr(self, 'forward', nn.Linear(2, 2))",
    "overwriting a method": START + "self.parameters = nn.Linear(2, 2)",
    "overwriting the modules": START + "self._modules = {}",
    "dunder attribute": START + "self.__class__ = nn.Linear",
    "dunder method": FORWARD + "return x\n    def __reduce__(self):\n        return x",
    "numpy of a tensor": FORWARD + "return x.numpy()",
    "storage": FORWARD + "return x.untyped_storage()",
    "hook": FORWARD + "x.register_hook(print)\n        return x",
    "apply": FORWARD + "return x.apply_(print)",
    "module apply": START + "self.apply(print)",
    "format": START + "self.a = '{0.__class__}'.format(self)",
    "percent": START + "self.a = '%s' % self",
    "state dict": START + "self.load_state_dict(torch.load('x'))",
    "save": FORWARD + "torch.save(x, '/tmp/chainrule_was_here')\n        return x",
    "while": FORWARD + "while True:\n            x = x + 1\n        return x",
    "try": FORWARD + "try:\n            return x\n        except Exception:\n            return x",
    "global": FORWARD + "global y\n        y = x\n        return x",
    "del of a name in a with": "with open('x') as f:\n    nn.Linear(2, 2)",
    "match": "match 1:\n    case 1:\n        nn.Linear(2, 2)",
    "yield": FORWARD + "yield x",
    "async": "async def f():\n    pass",
    "set default": "torch.set_default_dtype(torch.float32)\nnn.linear(2, 2)",
    "type": "type('X', (), {})\nnn.Linear(2, 2)",
}
LARGE = {
    "a billion layers": "10**9 * [Linear(2, 2)]",
    "a billion layers, written out": "1000000000 * [Linear(2, 2)]",
    "many layers": "2001 * [ReLU()]",
    "nested repeats": "1000 * [1000 * [1000 * [ReLU()]]]",
    "a loop of layers": "layers = []\nfor i in range(10**9):\n    layers.append(nn.ReLU())\nmodel = nn.Sequential(*layers)",
    "a comprehension of layers": "nn.Sequential(*[nn.ReLU() for i in range(1000) for j in range(1000) for k in range(1000)])",
    "a stack of layers": "nn.LSTM(2, 2, num_layers=10**9)",
    "a stack of transformers": "nn.TransformerEncoder(nn.TransformerEncoderLayer(2, 1, 2), 10**6)",
    "a huge layer": "nn.Linear(100000, 100000)",
    "huge numbers": "nn.Linear(10**10**10, 2)",
    "many digits": "nn.Linear(" + "9" * 5000 + ", 2)",
    "a tall power": "nn.Linear(2 ** 2 ** 2 ** 2 ** 2 ** 2, 2)",
    "many parameters in all": "30 * [Linear(1000, 1000)]",
    "a huge buffer": START + "self.register_buffer('b', torch.zeros(100000, 100000))",
    "a huge parameter": START + "self.p = nn.Parameter(torch.randn(10**5, 10**5))",
    "a list times a list": "nn.Sequential(*([nn.ReLU()] * 1000 * 1000 * 1000))",
    "a text times": START + "self.a = 'a' * 10**9",
    "a sum of a range": START + "self.a = sum(range(10**9))",
    "a list of a range": START + "self.a = list(range(10**9))",
    "many characters": "# " + "x" * 21_000,
    "brackets": "nn.Sequential(" * 90 + ")" * 90,
    "many brackets": "(" * 5000 + ")" * 5000,
    "signs": "nn.Linear(" + "-" * 9000 + "1, 2)",
    "a long sum": "nn.Linear(" + "1+" * 4000 + "1, 2)",
    "printed repeats": "Sequential(\n  (0-999999999): 1000000000 x ReLU()\n)",
    "printed depth": "Sequential((0): " * 100 + "ReLU()" + ")" * 100,
    "printed number": "Sequential((0): Linear(in_features=99999999999, out_features=2))",
    "a printed expression": "Sequential((0): Linear(10**9**9, 2))",
}


@pytest.mark.parametrize("text", [*HOSTILE.values(), *LARGE.values()], ids=[*HOSTILE, *LARGE])
def test_refused_in_words_at_once(text: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(GraphError) as caught:
        build(text)
    assert time.perf_counter() - begin < 5
    told = str(caught.value)
    assert 10 < len(told) < 600, told
    assert caught.value.line is not None or "nested too deep" in told or "characters" in told or "no network" in told
    assert not (caught.value.column is None and caught.value.line is not None)


RUNS = {
    "endless recursion": FORWARD + "return self.forward(x)",
    "two methods in a ring": FORWARD + "return self.f(x)\n    def f(self, x):\n        return self.forward(x)",
    "a long loop": FORWARD
    + "for i in range(100000):\n            for j in range(100000):\n                x = x + 1\n        return x",
    "a huge tensor": FORWARD + "return x + torch.zeros(10**5, 10**5)",
    "a huge repeat": FORWARD + "return x.repeat(10**8, 10**8)",
    "a huge range": FORWARD + "return torch.arange(10**9)",
    "an error of its own": FORWARD + "raise ValueError",
    "an item that is not there": FORWARD + "return self.fc(x)[5, 5, 5]",
    "division by zero": FORWARD + "return x * (1 / 0)",
    "a call of a number": FORWARD + "return x.shape[0](3)",
    "unset attribute": START + "if False:\n            self.a = nn.ReLU()\n    def forward(self, x):\n        return self.a(x)",
}


@pytest.mark.parametrize("text", RUNS.values(), ids=RUNS)
def test_refused_while_running_with_its_line(text: str) -> None:
    built = build(text)
    begin = time.perf_counter()
    with pytest.raises(GraphError) as caught:
        built.module(torch.zeros(2, 2, dtype=torch.float64))
    assert time.perf_counter() - begin < 5
    assert caught.value.line is not None
    assert caught.value.column is not None
    # the thread is as good as new
    assert build("nn.Linear(2, 1)").module(torch.zeros(1, 2, dtype=torch.float64)).shape == (1, 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("model = nn.Sequential(\n    nn.Linaer(10, 21),\n)", 2, 5, "Did you mean `Linear`"),
        ("nn.Sequential(Dense(10, 21))", 1, 15, "Did you mean `Linear`"),
        ("Linear(10, 21)\nRelu()", 2, 1, "Did you mean `ReLU`"),
        ("Linear(10, 21)\n10 * [Residual(21)]", 2, 7, "`Residual` is not known here"),
        (
            "nn.Sequential(nn.Linear(10))",
            1,
            15,
            "missing a required argument: `out_features`.*in_features, out_features, bias=True",
        ),
        ("nn.Linear(10, 21, 3, 4, 5, 6)", 1, 1, "too many positional arguments"),
        ("nn.Linear(10, out=3)", 1, 1, "`out`"),
        ("nn.Linear(10, 2.5)", 1, 1, "whole number, and `2.5` is none"),
        ("nn.Linear('10', 2)", 1, 1, "whole number"),
        ("nn.Linear(0, 2)", 1, 1, "at least 1"),
        ("nn.Linear(2, -2)", 1, 1, "at least 1"),
        ("nn.MultiheadAttention(10, 3)", 1, 1, "embed_dim must be divisible by num_heads"),
        ("nn.Conv2d(3, 4, 3, groups=2)", 1, 1, "divisible by groups"),
        ("nn.Sequential(nn.Linear(2, 2), nn.ReLU)", 1, 32, "is the class of a layer"),
        ("nn.Sequential(nn.Linear(2, 2), F.relu)", 1, 32, r"Write `nn.ReLU\(\)`"),
        ("nn.Sequential(nn.Linear(2, 2), 21)", 1, 32, "`21` is none"),
        ("nn.Sequential([nn.Linear(2, 2)])", 1, 1, r"Write `nn.Sequential\(\*layers\)`"),
        ("nn.Sequential(nn.Linear(2, 2)", 1, 14, "never closed"),
        ("nn.Sequential(nn.Linear(2, 2) nn.ReLU())", 1, 15, "no Python"),
        ("nn.Dropout(p=2)", 1, 1, "between 0 and 1"),
        ("nn.ReLU(inplce=True)", 1, 1, "inplce"),
        ("10.5 * [Linear(2, 2)]", 1, 1, "not a number of repeats"),
        (
            START + "self.l = nn.Linear(2, 2)\n    def forward(self, x):\n        return self.layer(x)",
            8,
            16,
            "`self.layer` is assigned nowhere",
        ),
        (FORWARD + "return F.rleu(x)", 6, 16, "Did you mean `relu`"),
        (FORWARD + "return torch.sigmod(x)", 6, 16, "Did you mean `sigmoid`"),
        (FORWARD + "return x.vieww(1)", 6, 16, "Did you mean `.view`"),
        (FORWARD + "return y", 6, 16, "`y` is not known here"),
        ("class Net(nn.Module):\n    def __init__(self):\n        super().__init__()", 1, 1, "has no `forward`"),
        (
            "class Net(nn.Module):\n    def __init__(self, n):\n        pass\n    def forward(self, x):\n        return x",
            1,
            1,
            r"model = Net\(n=...\)",
        ),
        ("class Net:\n    def forward(self, x):\n        return x", 1, 1, "no classes above it"),
        (START + "self.layer = Net()", 6, 22, "nested more than|more than 2,000"),
        ("Sequential(\n  (0): Linaer(in_features=1, out_features=2)\n)", 2, 8, "Did you mean `Linear`"),
        ("Sequential(\n  (0): Linear(in_features=1, out_features=2)\n", 1, 1, "never closed"),
        ("Sequential(\n  (0): Linear(in_features=1, out_features=2)\n) and more", 3, 3, "behind the end"),
        ("10 × [Linear(2, 2)]", 1, 4, r"Write `\*`"),
    ],
)
def test_mistakes_are_told_where_they_are(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(GraphError, match=what) as caught:
        build(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.source == text.split("\n")[line - 1]


@pytest.mark.parametrize("text", ["", "  \n\n", "# only a comment", "import torch", "x = 3", "hello = 'world'"])
def test_texts_without_a_network(text: str) -> None:
    with pytest.raises(GraphError, match="no network"):
        build(text)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "rand(10**9)", "rand(4, 'a')", "x", "lambda: 1", "[[1, 2], [3]]", "open('x')", "rand(4", "'a'", "", "None", "rand",
     "[1j]", "rand(2, seed='a')", "{'a': 1}", "x = 1; y = 2", "torch.load('x')", "(1).__class__", "rand(100000, 1000)", "nn.Linear(2, 2)"],
)  # fmt: skip
def test_data_that_is_refused(text: str) -> None:
    with pytest.raises(GraphError):
        data_text.inputs(text, torch.nn.Linear(2, 2))
