"""Display windows: intensities to 8-bit grey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.volume import Volume

PERCENTILES = (0.5, 99.5)
_SAMPLE = 2**20  # voxels, about


@dataclass(frozen=True)
class Window:
    """Intensities from ``level - width/2`` (black) to ``level + width/2`` (white), in the image's units."""

    level: float
    width: float

    @classmethod
    def spanning(cls, low: float, high: float) -> Window:
        """The window from black at `low` to white at `high`."""
        return cls((low + high) / 2, max(high - low, 1e-6))

    @property
    def low(self) -> float:
        """Intensity shown black."""
        return self.level - self.width / 2

    @property
    def high(self) -> float:
        """Intensity shown white."""
        return self.level + self.width / 2


def auto_window(volume: Volume) -> Window:
    """Window between two percentiles of the voxels that are not background.

    A sample of every second voxel along each axis is enough, of fewer in large studies; background is what the
    corners hold (0 in skull-stripped studies), so that it does not pull the window down.
    """
    every = max(2, int((volume.stored.size / _SAMPLE) ** (1 / 3)))
    sample = volume.stored[::every, ::every, ::every]
    inside = sample[sample != volume.background]
    if inside.size == 0:
        return Window(0.5, 1.0)
    ends = np.percentile(inside.astype(np.float32), PERCENTILES)
    low, high = sorted(volume.scaled(float(end)) for end in ends)  # a negative slope turns them round
    return Window.spanning(low, high)


def carried(window: Window, before: Window, after: Window) -> Window:
    """A window as it would be on another image: moved and stretched as the automatic ones of both differ.

    Parameters
    ----------
    window
        What was set on the first image.
    before, after
        The automatic windows of the first and of the other image.
    """
    gain = after.width / max(before.width, 1e-6)
    return Window(after.level + (window.level - before.level) * gain, window.width * gain)


def to_grey(stored: Array, volume: Volume, window: Window) -> NDArray[np.uint8]:
    """Map stored values to grey, 0 to 255.

    Parameters
    ----------
    stored
        Values as the file stores them (a slice), any shape.
    volume
        The volume they come from: its slope and intercept give the intensities.
    window
        Window in intensities.
    """
    gain = 255.0 / max(window.width, 1e-6)
    grey = np.multiply(stored, np.float32(gain * volume.slope), dtype=np.float32, casting="unsafe")
    grey += np.float32((volume.intercept - window.low) * gain)
    np.clip(grey, 0.0, 255.0, out=grey)
    return grey.astype(np.uint8)
