"""The way back from a network's orientation, written apart from the program's own."""

from __future__ import annotations

import numpy as np

from brainseg_gui.imaging.grid import Array

_RAS = ("RL", "AP", "SI")


def orient_back(array: Array, code: str) -> Array:
    """A view of a RAS-ordered array, of one whose axes grow to the letters of `code`: the inverse of `orient`."""
    axes = [next(n for n, pair in enumerate(_RAS) if letter in pair) for letter in code]
    flips = tuple(slice(None, None, -1 if letter in "LPI" else 1) for letter in code)
    return array[flips].transpose(np.argsort(axes))  # (L, P, S) -> (R, A, S) for "LPS"
