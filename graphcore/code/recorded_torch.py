"""A recorded network as a torch program: the recorded calls one a line, then ``backward()``."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.code.pasted import NoSource, Pasted
from graphcore.code.programs import Saved, TorchProgram
from graphcore.code.recorded_parts import OWN_TORCH, RESERVED, Sections, origin, own_backward, used_nodes, wrapped
from graphcore.code.source import filled, operands, source, split, statics_trees, written
from graphcore.code.torch_words import Said, words
from graphcore.graph import Ref, TorchCall, Value
from graphcore.latex.terms import op_at, pattern

_NARROW = ("pivots", "LU_pivots")


class RecordedTorch(TorchProgram):
    """The torch program of a recorded graph; NoSource names a call that cannot be written."""

    def __init__(self, run: Trace, saved: Saved | None) -> None:
        super().__init__(run, None, saved, RESERVED)
        assert run.graph.recorded is not None
        self.recorded = run.graph.recorded
        self.pasted = Pasted({*self.names, *RESERVED, "np", "torch", "F"})
        self.used = used_nodes(run.graph) | {
            ref.node for call in self.recorded.calls for ref in _refs((call.arguments, call.keywords))
        }
        self.groups = {group.outputs[0]: group for group in self.recorded.groups if group.kind == "function" and group.outputs}

    def loaded(self, given: str, value: Value, more: str) -> str:
        """An array of the file, which has the right kind already."""
        return f"torch.tensor({given}{more})"

    def helpers(self) -> tuple[set[str], list[str]]:
        """What is imported and defined for calls that torch has no function for."""
        return self.pasted.imports, self.pasted.definitions

    def forward(self) -> Iterator[str]:
        """The recorded calls, under the paths of their modules."""
        sections = Sections(self.graph, apart=False)
        for call in self.recorded.calls:
            made = [k for k in (call.whole, *call.outputs) if k is not None]
            if not made:
                continue
            yield from sections.head(made[0])
            stopped = type(call.function).__name__ == "Stopped"
            lines = [wrapped(line) for line in self._function(call, made) or self._lines(call, stopped)]
            yield from ["with torch.no_grad():", *(indent(line, "    ") for line in lines)] if stopped else lines

    def _function(self, call: TorchCall, made: list[int]) -> list[str]:
        """The forward of a hand-written Function, node by node; nothing where the call is none."""
        group = next((self.groups[k] for k in made if k in self.groups), None)
        if group is None:
            return []
        inner = [self._inner(k) for k in group.nodes if self.graph.ops[k] is not None]
        return [*own_backward(group.name, OWN_TORCH), *inner]

    def _inner(self, index: int) -> str:
        """A node inside of a Function, for which torch's own call is not recorded, from its row."""
        op, graph = op_at(self.graph, index), self.graph
        statics = dict(graph.statics[index])
        if op.name == "output":
            return f"{self.names[index]} = {self.names[graph.arguments[index][0]]}[{statics['k']}]"
        if op.group != "recorded":
            kinds = pattern(graph, index)
            trees = {**statics_trees(statics), **operands(op, kinds, "torch")}
            if op.torch.function is not None:
                raise NoSource(op.name)
            text = source(written(op.torch.given(statics).tree, trees))
            return f"{self.names[index]} = {filled(split(text), self.holes(index, op))}"
        texts = self._named(index)
        for key, value in statics.items():
            texts[key] = f"torch.{value}" if key == "dtype" and value else self._value(value)
        # what the rows call otherwise than torch does
        if op.name in ("write", "take_again", "copy", "straight"):
            raise NoSource(op.name)
        if op.name == "same":
            return f"{self.names[index]} = {texts['self']}"
        return f"{self.names[index]} = torch.ops.aten.{op.name}({', '.join(f'{key}={text}' for key, text in texts.items())})"

    def _named(self, index: int) -> dict[str, str]:
        op = op_at(self.graph, index)
        names = tuple(self.names[k] for k in self.graph.arguments[index])
        named = origin(op.forward)[1] if op.forward.function is not None else None
        collected = dict(zip(op.operands, names, strict=True)) if named is None else named.collect(names)
        return {key: f"[{', '.join(map(str, text))}]" if isinstance(text, tuple) else text for key, text in collected.items()}

    def _lines(self, call: TorchCall, stopped: bool) -> Iterator[str]:
        """The line of a call, and what it assigns to."""
        function = call.function.function if stopped else call.function
        first = call.whole is not None and not any(k in self.used for k in call.outputs[1:] if k is not None)
        text, lone = self._call(function, call, first)
        outputs = [self.names[k] if k is not None else "_" for k in call.outputs]
        if call.whole is None or lone:
            yield f"{outputs[0]} = {text}"
        else:
            yield f"{', '.join(outputs)}{',' if len(outputs) == 1 else ''} = {text}"

    def _call(self, function: Any, call: TorchCall, first: bool) -> tuple[str, bool]:
        values = dict(call.keywords)
        texts = {name: self._value(value) for name, value in values.items()}
        schema = getattr(function, "_schema", None)
        if schema is None:
            if call.arguments:
                raise NoSource(str(getattr(function, "__name__", function)))
            given = ", ".join(f"{name}={text}" for name, text in texts.items())
            return f"{self.pasted.text(function)}({given})", False
        order = [argument.name for argument in schema.arguments]
        by_name, gap = set(), False
        for argument in schema.arguments:
            gap = gap or argument.name not in values
            if argument.kwarg_only or gap:
                by_name.add(argument.name)
        # whole numbers are kept as int64, and these torch takes as int32 alone
        texts = {name: f"{texts[name]}.int()" if name in _NARROW else texts[name] for name in order if name in texts}
        packet, _, overload = str(function).removeprefix("aten.").rpartition(".")
        if not str(function).startswith("aten."):
            given = ", ".join(f"{name}={text}" for name, text in texts.items())
            return f"torch.ops.{packet}.{overload}({given})", False
        if (
            packet == "_safe_softmax"
            and np.isfinite(np.max(self.run.value(values["self"].node), initial=-np.inf, axis=values["dim"])).all()
        ):
            # no row is masked as a whole
            packet = "_softmax"
        return words(Said(packet, overload, values, texts, frozenset(by_name), first and call.outputs[0] is not None))

    def _value(self, value: Any) -> str:
        """An argument of a call as source."""
        if isinstance(value, Ref):
            return self.names[value.node]
        if isinstance(value, (tuple, list)):
            listed = ", ".join(self._value(item) for item in value)
            return f"({listed}{',' if len(value) == 1 else ''})"
        if type(value).__name__ == "dtype" and value.is_floating_point:
            return "torch.float64"
        return self.pasted.text(value)


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _refs(item)
