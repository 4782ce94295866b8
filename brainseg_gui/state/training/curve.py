"""Values over steps: appended as they come, thinned for drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Curve:
    """One metric of one run, value by step.

    Steps only grow: values that come for a step that is there already replace what stands from that step on, as
    after a resume. Values that are not finite are kept as NaN, a gap in the drawing.
    """

    def __init__(self) -> None:
        self._steps: Numbers = np.empty(1024)
        self._values: Numbers = np.empty(1024)
        self._count = 0
        self._version = 0
        self._mean_key: tuple[int, int] = (-1, 0)
        self._mean: Numbers = np.empty(0)

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> Numbers:
        """Steps, (N,), growing; a view, not to be written into."""
        return self._steps[: self._count]

    @property
    def values(self) -> Numbers:
        """Values, (N,); a view, not to be written into."""
        return self._values[: self._count]

    @property
    def last(self) -> float:
        """The newest value, or NaN."""
        return float(self._values[self._count - 1]) if self._count else float("nan")

    def extend(self, steps: Numbers, values: Numbers) -> None:
        """Append values at growing steps.

        Parameters
        ----------
        steps, values
            (M,) each.
        """
        if not len(steps):
            return
        self.cut(float(steps[0]))
        end = self._count + len(steps)
        if end > len(self._steps):
            more = max(end, 2 * len(self._steps)) - len(self._steps)
            self._steps, self._values = np.pad(self._steps, (0, more)), np.pad(self._values, (0, more))
        self._steps[self._count : end] = steps
        self._values[self._count : end] = np.where(np.isfinite(values), values, np.nan)
        self._count = end
        self._version += 1

    def cut(self, step: float) -> None:
        """Forget this step and all that follow."""
        kept = int(np.searchsorted(self.steps, step))
        if kept < self._count:
            self._count = kept
            self._version += 1

    def at(self, step: float) -> float:
        """The value at the nearest step, or NaN where the curve does not reach."""
        steps = self.steps
        if not self._count or not steps[0] - 0.5 <= step <= steps[-1] + 0.5:
            return float("nan")
        right = min(int(np.searchsorted(steps, step)), self._count - 1)
        left = max(right - 1, 0)
        return float(self._values[left if step - steps[left] < steps[right] - step else right])

    def smoothed(self, window: int) -> Numbers:
        """Centred running mean over `window` values, (N,); gaps are left out of it; window 1 changes nothing."""
        if window <= 1:
            return self.values
        if self._mean_key != (self._version, window):
            self._mean = running_mean(self.values, window)
            self._mean_key = (self._version, window)
        return self._mean

    def thinned(self, low: float, high: float, buckets: int, window: int = 1) -> tuple[Numbers, Numbers]:
        """What is to be drawn between two steps: at most two points (lowest and highest value) per bucket.

        Buckets hold a power of two of values and begin at multiples of it, so that a drawing does not flicker
        while the curve grows.

        Parameters
        ----------
        low, high
            Range of steps; one value beyond either end is included, so that lines run out of the picture.
        buckets
            Pixels of the drawing's width.
        window
            Values in the running mean.

        Returns
        -------
        tuple
            Steps and values, (M,) each, M at most about 2 × buckets.
        """
        steps, values = self.steps, self.smoothed(window)
        first = max(int(np.searchsorted(steps, low)) - 1, 0)
        end = min(int(np.searchsorted(steps, high, side="right")) + 1, self._count)
        size = 1
        while (end - first) / size > max(buckets, 1):
            size *= 2
        if size <= 2:
            return steps[first:end], values[first:end]
        starts = np.arange(first - first % size, end, size)
        lowest = np.fmin.reduceat(values[:end], starts)
        highest = np.fmax.reduceat(values[:end], starts)
        # (M,) and (M,) -> (2 M,), lowest and highest of a bucket at the step where it begins
        return np.repeat(steps[starts], 2), np.stack((lowest, highest), axis=1).ravel()


def running_mean(values: Numbers, window: int) -> Numbers:
    """Centred mean over up to `window` values, fewer at the ends and beside gaps; a gap stays a gap."""
    known = np.isfinite(values)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    places = np.arange(len(values))
    low, high = np.maximum(places - window // 2, 0), np.minimum(places + (window + 1) // 2, len(values))
    number = counts[high] - counts[low]
    mean = (sums[high] - sums[low]) / np.maximum(number, 1)
    return np.where(known & (number > 0), mean, np.nan)
