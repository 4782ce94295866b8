"""Where a value stands in a chart: scales with round ticks, linear or logarithmic."""

from __future__ import annotations

import math
from dataclasses import dataclass

_LOG_TICKS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 400.0)


@dataclass(frozen=True)
class Scale:
    """Values to pixels: linear, or logarithmic in 1 + value."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, here = (math.log1p(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (here - low) / (high - low)


def linear_scale(low: float, high: float, start: float, end: float, steps: int = 5) -> Scale:
    """A linear scale that ends at round numbers."""
    from matplotlib.ticker import MaxNLocator

    if high <= low:
        low, high = low - 0.5, high + 0.5
    ticks = MaxNLocator(nbins=steps, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return Scale(float(ticks[0]), float(ticks[-1]), start, end, tuple(float(tick) for tick in ticks))


def log_scale(high: float, start: float, end: float) -> Scale:
    """A scale from 0 that is logarithmic in 1 + value: near and very far both have room."""
    top = next((tick for tick in _LOG_TICKS[1:] if tick >= high), _LOG_TICKS[-1])
    return Scale(0.0, max(top, high), start, end, tuple(t for t in _LOG_TICKS if t <= top), logarithmic=True)
