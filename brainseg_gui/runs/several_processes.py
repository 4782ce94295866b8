"""Whether a run can be shared by several processes here: what they would train on has to be installed."""

from __future__ import annotations

import importlib.util

BACKENDS = {"jax": "JAX", "torch": "PyTorch"}
"""Keras' backends that share a batch among processes, and their names for people; the first that is there is taken."""


def is_installed(backend: str) -> bool:
    """Whether a backend can be imported; it is not."""
    return importlib.util.find_spec(backend) is not None


def why_not_several() -> str:
    """Why several processes cannot train here, in the words of a field's problem; empty when they can."""
    if any(map(is_installed, BACKENDS)):
        return ""
    return "must be 1 here: several need JAX or PyTorch, pip install 'brainseg[jax]'"
