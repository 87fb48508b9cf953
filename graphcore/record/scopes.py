"""The module path of what is being recorded, by hooks on the private copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


class Scopes:
    """The path of the module whose forward is running."""

    def __init__(self) -> None:
        self._stack: list[str] = []
        self.modules: dict[str, str] = {}

    @property
    def path(self) -> str:
        """The innermost module's path, empty outside of modules."""
        return self._stack[-1] if self._stack else ""

    def watch(self, modules: Mapping[str, torch.nn.Module]) -> None:
        """Follow the forward of the modules of a private copy, given by path."""
        for path, module in modules.items():
            self.modules[path] = type(module).__name__
            if isinstance(module, torch.jit.ScriptModule):
                continue  # it takes no hooks: what it calls belongs to the module around it

            def enter(_module: Any, _args: Any, path: str = path) -> None:
                self._stack.append(path)

            def leave(_module: Any, _args: Any, _result: Any, path: str = path) -> None:
                if path in self._stack:
                    del self._stack[len(self._stack) - 1 - self._stack[::-1].index(path) :]

            module.register_forward_pre_hook(enter, prepend=True)
            module.register_forward_hook(leave, always_call=True)
