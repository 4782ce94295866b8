"""Colour maps for quantities: what is drawn over the images where a number, not a label, is shown."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.colours import rgb

# viridis by Smith and van der Walt (CC0): perceptually uniform, monotone in lightness, safe for colour-blind eyes;
# every fifteenth of its 256 colours
_VIRIDIS = (
    *("#440154", "#481769", "#472a7a", "#433d84", "#3d4e8a", "#355e8d"),
    *("#2e6d8e", "#297b8e", "#23898e", "#1f978b", "#21a585", "#2eb37c"),
    *("#46c06f", "#65cb5e", "#89d548", "#b0dd2f", "#d8e219", "#fde725"),
)


@lru_cache(maxsize=1)
def viridis() -> NDArray[np.uint8]:
    """256 colours from dark violet (low) to yellow (high), (256, 3), read-only."""
    anchors = np.array([rgb(colour) for colour in _VIRIDIS], dtype=np.float64)
    places = np.linspace(0, 255, len(anchors))
    table = np.stack([np.interp(np.arange(256), places, anchors[:, n]) for n in range(3)], axis=1)
    colours: NDArray[np.uint8] = np.round(table).astype(np.uint8)
    colours.flags.writeable = False
    return colours


@lru_cache(maxsize=64)
def map_table(top: int, opacity: float, faintest: int = 1) -> NDArray[np.uint8]:
    """Look-up table for levels 0 to `top`, (256, 4) RGBA, read-only.

    Parameters
    ----------
    top
        The highest level, which gets the last colour.
    opacity
        Of every level that is drawn, 0 to 1.
    faintest
        The lowest level that is drawn; those below are transparent.
    """
    table = np.zeros((256, 4), dtype=np.uint8)
    levels = np.arange(faintest, top + 1)
    table[levels, :3] = viridis()[np.round(255 * levels / top).astype(int)]
    table[levels, 3] = round(255 * opacity)
    table.flags.writeable = False
    return table
