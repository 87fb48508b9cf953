"""Gradient files as people write them, read without evaluating anything: text, CSV, JSON, NumPy's files, safetensors."""

from graphcore.check.reading.source import read_gradients

__all__ = ["read_gradients"]
