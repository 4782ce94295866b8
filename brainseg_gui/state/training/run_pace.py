"""How far a run is, and how long it still takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brainseg_gui.state.training.curve import Curve

_RECENT = 100


@dataclass(frozen=True)
class RunPace:
    """A run at one time.

    Parameters
    ----------
    step, total_steps
        The last step, and how many there will be; 0 while that is unknown.
    first
        Time, in seconds since 1970, and number of the first step since the last start; None before it.
    last_time
        Of the newest event.
    seconds_per_step
        Median over the last steps, by a clock that nobody sets, or NaN.
    resumed_from
        Step that the last start went on from, 0 for the first one; None before it.
    started
        Time of the last start.
    limit_s
        Longest duration of all sessions that was asked for; 0 for none.
    earlier_s
        Seconds of training in the sessions before the last start.
    """

    step: int
    total_steps: int
    first: tuple[float, float] | None
    last_time: float
    seconds_per_step: float
    resumed_from: float | None
    started: float
    limit_s: float
    earlier_s: float = 0.0

    @property
    def done(self) -> float:
        """Part of the run that is done, 0 to 1, or NaN while that is unknown."""
        parts = [self.step / self.total_steps] if self.total_steps else []
        if self._limited:
            parts.append(self._elapsed_s / self.limit_s)
        return min(max(0.0, *parts), 1.0) if parts else float("nan")

    @property
    def seconds_left(self) -> float:
        """By the clock, so that validation and checkpoints count; NaN while unknown."""
        left = []
        if self.first is not None and self.total_steps and self.step > self.first[1]:
            per_step = (self.last_time - self.first[0]) / (self.step - self.first[1])
            left.append(max(per_step, self._usual_s) * max(self.total_steps - self.step, 0))
        if self._limited:
            left.append(max(self.limit_s - self._elapsed_s, 0.0))
        return min(left) if left else float("nan")

    @property
    def _limited(self) -> bool:
        return self.limit_s > 0 and self.resumed_from is not None

    @property
    def _usual_s(self) -> float:
        return self.seconds_per_step if self.seconds_per_step == self.seconds_per_step else float("-inf")

    @property
    def _elapsed_s(self) -> float:
        """Over all sessions; since the last start by the clock, and at least what its steps took, should the clock have
        been set back.
        """
        steps = self.step - (self.resumed_from or 0.0)
        by_steps = steps * self.seconds_per_step
        return self.earlier_s + max(self.last_time - self.started, by_steps if by_steps == by_steps else 0.0, 0.0)


def recent_median(curve: Curve) -> float:
    """Median of the last values that are numbers, or NaN."""
    recent = curve.values[-_RECENT:]
    recent = recent[np.isfinite(recent)]
    return float(np.median(recent)) if len(recent) else float("nan")
