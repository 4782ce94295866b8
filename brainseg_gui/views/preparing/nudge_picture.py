"""What one plane of a series over its reference looks like; what did not change is not sampled again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.preparation.nudging import Nudged, NudgedExamination, Picture, checkerboard, in_two_colours
from brainseg_gui.state.preparing.nudging import Look, Nudging

_SQUARE_MM = 24


@dataclass(eq=False)
class NudgePicture:
    """Reads `session.preparing.nudging`."""

    state: Nudging
    plane: Plane
    convention: DisplayConvention
    _last: dict[str, tuple[Hashable, Picture]] = field(default_factory=dict)

    def current(self) -> Picture | None:
        """(rows, columns), or (rows, columns, 3) in colours; None before anything is read."""
        nudged, moving, look = self.state.nudged, self.state.moving, self.state.look
        if nudged is None:
            return None
        if moving is None or self.state.blink:
            return self._reference(nudged)
        if look is Look.SERIES:
            return self._series(nudged, moving)
        mixed = (self._reference(nudged), self._series(nudged, moving))
        return checkerboard(*mixed, _SQUARE_MM) if look is Look.CHECKERBOARD else in_two_colours(*mixed)

    def _reference(self, nudged: NudgedExamination) -> Picture:
        where = self.state.crosshair[self.plane.axis]
        return self._kept(
            "reference",
            (nudged.reference, where, self.convention),
            lambda: nudged.reference.slice_on(nudged.grid, self.plane, where, self.convention),
        )

    def _series(self, nudged: NudgedExamination, moving: Nudged) -> Picture:
        where = self.state.crosshair[self.plane.axis]
        return self._kept(
            "series",
            (moving.seen, moving.trail.pose, where, self.convention),
            lambda: moving.seen.slice_on(nudged.grid, self.plane, where, self.convention, moving.placed),
        )

    def _kept(self, which: str, key: Hashable, make: Callable[[], Picture]) -> Picture:
        if which not in self._last or self._last[which][0] != key:
            self._last[which] = (key, make())
        return self._last[which][1]
