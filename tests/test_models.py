"""Whole networks: recorded, traced and compared, every leaf's gradient beside torch's."""

from __future__ import annotations

import pytest
import torch

import graphcore as gc
from tests.models import cases, classes, numbers, seeded

CASES = cases()


def check(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...], fewest: int = 1) -> gc.Comparison:
    """Every gradient of a network matches torch's, in the comparison and in a backward pass of the module itself."""
    graph = gc.record(model, *inputs)
    assert graph.recorded is not None and not graph.recorded.unsupported
    result = gc.compare(gc.trace(graph), reasons=False)
    wrong = [name for name, match in result.matches.items() if match.state == "mismatch"]
    assert result.verdict == "match", wrong[:10]
    with torch.random.fork_rng(devices=[]):
        model.zero_grad()
        model(*inputs).backward()
    counted = 0
    # other kernels round otherwise; and a bias before batch norm has a true zero, of which rounding leaves a little
    top = max(float(p.grad.abs().max()) for p in model.parameters() if p.grad is not None)
    for name, parameter in model.named_parameters():
        ours = result.run.gradient(name)
        if parameter.grad is None:
            assert ours is None, name
            continue
        assert ours is not None, name
        largest = float(parameter.grad.abs().max())
        apart = float(abs(torch.tensor(ours) - parameter.grad).max())
        assert apart <= 1e-8 * largest + 1e-11 * max(top, 1.0), name
        counted += largest > 0
    assert counted >= fewest
    return result


@pytest.mark.parametrize("name", CASES)
def test_every_gradient_of_a_whole_network(name: str) -> None:
    model, inputs = CASES[name]()
    check(model, inputs, fewest=4)


def test_tied_weights_are_one_leaf() -> None:
    model, inputs = CASES["gpt"]()
    graph = gc.record(model, *inputs)
    assert "model.words.weight" in graph.names
    assert "model.head.weight" not in graph.names


def hugging_face() -> dict[str, object]:
    """Models from their configuration alone, with random weights."""
    t = pytest.importorskip("transformers")
    small = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 40}
    image = numbers(2, 3, 32, 32)
    words = classes(40, 2, 7)
    return {
        "bert": (lambda: t.BertModel(t.BertConfig(vocab_size=40, **small)), (words,), "last_hidden_state"),
        "gpt2": (
            lambda: t.GPT2LMHeadModel(
                t.GPT2Config(n_embd=24, n_layer=2, n_head=2, vocab_size=40, n_positions=16, bos_token_id=0, eos_token_id=0)
            ),
            (words,),
            "logits",
        ),
        "vit": (lambda: t.ViTModel(t.ViTConfig(image_size=32, patch_size=8, **small)), (image,), "last_hidden_state"),
        "resnet18": (
            lambda: t.ResNetForImageClassification(
                t.ResNetConfig(
                    layer_type="basic", depths=[2, 2, 2, 2], hidden_sizes=[16, 24, 32, 48], embedding_size=16, num_labels=5
                )
            ),
            (image,),
            "logits",
        ),
        "mobilenet": (
            lambda: t.MobileNetV2ForImageClassification(t.MobileNetV2Config(depth_multiplier=0.35, image_size=32, num_labels=5)),
            (image,),
            "logits",
        ),
    }


class Picked(torch.nn.Module):
    """One tensor of what a model returns, as a number."""

    def __init__(self, model: torch.nn.Module, part: str) -> None:
        super().__init__()
        self.model = model
        self.part = part

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        found = getattr(self.model(given), self.part)
        return (found * torch.linspace(-1, 1, found.shape[-1], dtype=found.dtype)).mean()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["bert", "gpt2", "vit", "resnet18", "mobilenet"])
@pytest.mark.parametrize("train", [True, False], ids=["training", "evaluation"])
def test_models_from_the_package_index(name: str, train: bool) -> None:
    make, inputs, part = hugging_face()[name]
    # dropout would draw other masks in the module's own run
    model = Picked(seeded(make), part).train(train)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for module in model.modules():
        if hasattr(module, "config") and hasattr(module.config, "attention_probs_dropout_prob"):
            module.config.attention_probs_dropout_prob = 0.0
        for attribute in ("dropout_prob", "attn_pdrop", "resid_pdrop"):
            if isinstance(getattr(module, attribute, None), float):
                setattr(module, attribute, 0.0)
    check(model, inputs, fewest=10)
