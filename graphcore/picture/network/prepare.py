"""From a request to a module with its loss and the tensors it is called with: what the empty fields stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphcore.errors import ChainruleError, UnknownNameError
from graphcore.picture.network.settings import Request

if TYPE_CHECKING:
    from graphcore.build import Built

LOSS = "mse"


@dataclass(frozen=True, eq=False)
class Prepared:
    """A network ready to be recorded: ``module`` ends with the loss and is called with ``tensors``.

    ``built`` is the network alone, ``used`` are the fields as they were used, defaults among them.
    """

    built: Built
    module: Any
    tensors: tuple[Any, ...]
    target: Any
    used: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What the network itself is called with."""
        return self.tensors if self.target is None else self.tensors[:-1]

    @property
    def lines(self) -> dict[str, int]:
        """The line of the text on which each module was written, by path."""
        return self.built.lines


def prepare(request: Request) -> Prepared:
    """Read the text and the fields; ChainruleError says which of them will not do, and what would."""
    from graphcore.build import data, fitting, losses
    from graphcore.build.weights import load_weights

    asked = request.settings
    seed, batch = asked.seed_number, asked.batch_size
    built = _built(request.text, seed)
    notes = list(built.notes)
    if request.weights is not None:
        notes += load_weights(built.module, request.weights.data, request.weights.name)
    said = built.settings
    loss = _loss(asked.loss or said.get("loss") or LOSS)
    written = asked.input or said.get("input") or data.default_input(built.module, batch=batch or 1, seed=seed)
    with _Field("input", asked.input):
        given = data.inputs(written, built.module, seed=seed)
    shape = fitting.check(built, given) or ()
    wanted = asked.target or said.get("target") or data.default_target(shape, loss, seed=seed + 1)
    with _Field("target", asked.target):
        target = data.target(wanted, given, shape, loss, seed=seed + 1)
        losses.check_loss(loss, shape, target)
    used = {
        "loss": loss,
        "input": written,
        "target": wanted if target is not None else "none",
        "batch": str(batch or 1),
        "seed": str(seed),
    }
    if asked.gradient:
        given = tuple(x.requires_grad_() if x.is_floating_point() else x for x in given)
    tensors = given if target is None else (*given, target)
    return Prepared(built, losses.problem(built.module, loss), tuple(tensors), target, used, tuple(notes))


def _built(text: str, seed: int) -> Built:
    from graphcore.build import build
    from graphcore.build.wrong import built
    from graphcore.networks import GALLERY

    # a text of the gallery that defines a Function of its own stands for one of ours: such a text is never run
    wrong = next((known.wrong for known in GALLERY if known.wrong and known.text.strip() == text.strip()), None)
    return build(text, seed=seed) if wrong is None else built(wrong, seed=seed)


def _loss(name: str) -> str:
    from graphcore.build.losses import loss_key

    try:
        return loss_key(name)
    except UnknownNameError as unknown:
        raise ChainruleError(f"{unknown} The losses are in the list.") from None


class _Field:
    """Errors inside are those of a field beside the text, not of the text: they have no line in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ChainruleError):
            what = getattr(error, "what", str(error))
            instead = getattr(error, "instead", "")
            quoted = f"The {self.name} `{self.text[:80]}`" if self.text else f"The {self.name}"
            raise ChainruleError(" ".join(part for part in (f"{quoted}: {what}", instead) if part)) from error
