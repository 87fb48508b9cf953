"""Whole networks for tests and benchmarks: small, with everything that real ones have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


class LeNet(nn.Module):
    """The convolutional network of 1998, with max pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.max_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))


class Residual(nn.Module):
    """Two blocks with batch norm and a skip connection, the second with a stride."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.conv1 = nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(16)
        self.short = nn.Conv2d(8, 16, 1, stride=2)
        self.head = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm(self.stem(x)), inplace=True)
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        y += self.short(x)
        return self.head(F.relu(y).mean(dim=(2, 3)))


class UNet(nn.Module):
    """Down, across, up again by a transposed convolution and by interpolation, joined by concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU())
        self.deep = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True), nn.LeakyReLU())
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.last = nn.Conv2d(12, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.down(x)
        deep = self.deep(F.avg_pool2d(first, 2))
        wide = F.interpolate(deep[:, :4], scale_factor=2, mode="bilinear", align_corners=False)
        return self.last(torch.cat([first, self.up(deep), wide], dim=1))


class Recurrent(nn.Module):
    """A classifier over class numbers: embedding, two layers of LSTM or GRU, the last state."""

    def __init__(self, kind: type[nn.Module]) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 6, padding_idx=0)
        self.cell = kind(6, 7, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(14, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        out, _ = self.cell(self.embed(tokens))
        return self.head(out[:, -1])


class Block(nn.Module):
    """A block of a transformer that looks back only."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.heads = heads

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.attend(self.norm1(x)).chunk(3, dim=-1)
        q, k, v = (t.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for t in (q, k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.join(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """A language model whose last layer has the embedding's weights."""

    def __init__(self, words: int = 17, width: int = 12) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(8, width)
        self.blocks = nn.ModuleList([Block(width, 3), Block(width, 2)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.words.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class WithLoss(nn.Module):
    """A network and a loss of its output, so that one number comes out."""

    def __init__(self, model: nn.Module, loss: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.model = model
        self.loss = loss

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        *given, target = inputs
        return self.loss(self.model(*given), target)


def squared(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The mean of the squares."""
    return ((prediction - target) ** 2).mean()


def words_loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy over the words at every place."""
    return F.cross_entropy(logits.flatten(0, -2), target.flatten())


def generator(seed: int = 0) -> torch.Generator:
    """Random numbers of our own, so that no global state is touched."""
    return torch.Generator().manual_seed(seed)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    """Normal random numbers in float64."""
    return torch.randn(*shape, dtype=torch.float64, generator=generator(seed))


def classes(high: int, *shape: int, seed: int = 0) -> torch.Tensor:
    """Class numbers."""
    return torch.randint(0, high, shape, generator=generator(seed))


def seeded(make: Callable[[], nn.Module], seed: int = 3) -> nn.Module:
    """A module with parameters of its own seed, in float64; also those that start as ones and zeros are moved off them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = make().double()
        for parameter in module.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
    return module


Case = tuple[nn.Module, tuple[torch.Tensor, ...]]


def tail(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy against class numbers."""
    return F.cross_entropy(logits, target)


def cases() -> dict[str, Callable[[], Case]]:
    """Every network with its inputs, by name; each call makes it anew."""

    def with_loss(
        make: Callable[[], nn.Module], loss: Callable[..., Any], *inputs: torch.Tensor, train: bool = True
    ) -> Callable[[], Case]:
        return lambda: (WithLoss(seeded(make), loss).train(train), inputs)

    images = numbers(3, 3, 8, 10, seed=1)
    encoder = lambda: nn.TransformerEncoderLayer(12, 3, 20, dropout=0.0, batch_first=True)  # noqa: E731
    return {
        "lenet": with_loss(LeNet, tail, numbers(4, 1, 28, 28), classes(10, 4)),
        "residual, training": with_loss(Residual, tail, images, classes(5, 3)),
        "residual, evaluation": with_loss(Residual, tail, images, classes(5, 3), train=False),
        "unet": with_loss(UNet, squared, numbers(2, 2, 8, 12, seed=2), numbers(2, 1, 8, 12, seed=3)),
        "lstm": with_loss(lambda: Recurrent(nn.LSTM), tail, classes(11, 3, 5), classes(4, 3)),
        "gru": with_loss(lambda: Recurrent(nn.GRU), tail, classes(11, 3, 5), classes(4, 3)),
        "encoder layer": with_loss(encoder, squared, numbers(2, 5, 12), numbers(2, 5, 12, seed=4)),
        "encoder layer, evaluation": with_loss(encoder, squared, numbers(2, 5, 12), numbers(2, 5, 12, seed=4), train=False),
        "attention": with_loss(Attention, squared, numbers(2, 4, 12), numbers(2, 4, 12, seed=5)),
        "gpt": with_loss(GPT, words_loss, classes(17, 2, 6), classes(17, 2, 6, seed=1)),
    }


class Attention(nn.Module):
    """``nn.MultiheadAttention`` of a sequence on itself, its weights used too."""

    def __init__(self) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(12, 3, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out, weights = self.attend(x, x, x)
        return out + weights.sum()
