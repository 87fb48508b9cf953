"""The gallery of networks: texts of layers or classes with an input, a target and a loss. Texts only."""

from __future__ import annotations

from typing import NamedTuple

from graphcore.errors import UnknownNameError


class Network(NamedTuple):
    """A network of the gallery.

    ``text``, ``input`` and ``target`` are what a person would type; ``loss`` is a key of ``graphcore.build.losses.LOSSES``.
    ``wrong`` names a function of ``graphcore.build.wrong`` whose network is built in place of ``text``; ``input_gradient`` says
    that the gradient of the input is wanted too.
    """

    key: str
    title: str
    sentence: str
    text: str
    input: str
    target: str
    loss: str
    group: str
    wrong: str | None = None
    input_gradient: bool = False


COURSE, BLOCKS, MISTAKES = "Course problems", "Larger networks", "Mistakes"

_SIGMOID = """nn.Sequential(
    nn.Linear(2, 10),
    nn.Sigmoid(),
    nn.Linear(10, {width}),
    nn.Sigmoid(),
    nn.Linear({width}, 1),
)"""

_DEEP = """Linear(10, 21)
10 * [Linear(21, 21), ReLU()]
Linear(21, 1)"""

_DEEP_INPUT = "[[0.9791, 0.3044, 0.5577, 0.0042, 0.9444, 0.6920, 0.2920, 0.7540, 0.3450, 0.7382]]"

_CONVOLUTION = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1)
        self.hidden = nn.Linear(10, 10)
        self.last = nn.Linear(10, 1)

    def forward(self, x):
        c = self.conv(x)
        z = torch.flatten(x) + torch.flatten(c)
        z = self.hidden(z)
        z = self.last(z)
        return torch.sum((z - torch.sum(x)) ** 2)"""

_LENET = """nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(6, 16, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(400, 120),
    nn.ReLU(),
    nn.Linear(120, 84),
    nn.ReLU(),
    nn.Linear(84, 10),
)"""

_ATTENTION = """class Attention(nn.Module):
    def __init__(self, width=8, heads=2):
        super().__init__()
        self.heads = heads
        self.size = width // heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def split(self, x):
        batch, length, _ = x.shape
        return x.view(batch, length, self.heads, self.size).transpose(1, 2)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = self.split(q), self.split(k), self.split(v)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.size)
        a = torch.softmax(scores, dim=-1)
        y = (a @ v).transpose(1, 2).reshape(x.shape)
        return self.out(y)

class Block(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))"""

_LSTM = """class Step(nn.Module):
    def __init__(self, inputs=3, hidden=4):
        super().__init__()
        self.from_x = nn.Linear(inputs, 4 * hidden)
        self.from_h = nn.Linear(hidden, 4 * hidden, bias=False)

    def forward(self, x, h, c):
        i, f, g, o = torch.chunk(self.from_x(x) + self.from_h(h), 4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c)"""

_WRONG = """class ForgetfulSigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = 1 / (1 + torch.exp(-x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y                # forgets (1 - y)

Linear(2, 3), ForgetfulSigmoid, Linear(3, 1)"""

GALLERY: tuple[Network, ...] = (
    Network(
        "d",
        "D · Sigmoid network 2-10-10-1",
        "Two hidden layers, one data point, squared loss: every gradient with the same parameters as torch.",
        _SIGMOID.format(width=10),
        "rand(1, 2, seed=1)",
        "sum(x**2) / 2",
        "squared error",
        COURSE,
    ),
    Network(
        "d-narrow",
        "D · Sigmoid network 2-10-5-1",
        "The same task with a narrower second layer.",
        _SIGMOID.format(width=5),
        "rand(1, 2, seed=1)",
        "sum(x**2) / 2",
        "squared error",
        COURSE,
    ),
    Network(
        "f",
        "F · Deep ReLU network",
        "Twelve linear layers: watch the gradient shrink from layer to layer.",
        _DEEP,
        _DEEP_INPUT,
        "[[0.4051]]",
        "squared error",
        COURSE,
    ),
    Network(
        "g",
        "G · Convolution with a shared input",
        "x is used three times: its gradient is the sum over all its edges.",
        _CONVOLUTION,
        "randn(1, 1, 10, seed=0)",
        "",
        "sum",
        COURSE,
        input_gradient=True,
    ),
    Network(
        "lenet",
        "LeNet",
        "Two convolutions, two poolings, three linear layers, ten classes.",
        _LENET,
        "randn(2, 1, 28, 28, seed=0)",
        "[3, 7]",
        "cross_entropy",
        BLOCKS,
    ),
    Network(
        "attention",
        "Attention block",
        "Two heads over four tokens, with residual connections and layer norms.",
        _ATTENTION,
        "randn(1, 4, 8, seed=0)",
        "randn(1, 4, 8, seed=1)",
        "mse",
        BLOCKS,
    ),
    Network(
        "lstm",
        "LSTM step",
        "One step of an LSTM, gate by gate.",
        _LSTM,
        "randn(2, 3, seed=0), randn(2, 4, seed=1), randn(2, 4, seed=2)",
        "randn(2, 4, seed=3)",
        "mse",
        BLOCKS,
    ),
    Network(
        "wrong",
        "A wrong backward",
        "A hand-written sigmoid whose backward forgets (1 − y): the mismatch begins exactly there.",
        _WRONG,
        "rand(4, 2, seed=1)",
        "rand(4, 1, seed=2)",
        "mse",
        MISTAKES,
        wrong="sigmoid",
    ),
)


def network(key: str) -> Network:
    """The network with this key; raises a KeyError that names the nearest.

    >>> network("f").title
    'F · Deep ReLU network'
    """
    for candidate in GALLERY:
        if candidate.key == key:
            return candidate
    raise UnknownNameError("network", key, [candidate.key for candidate in GALLERY])
