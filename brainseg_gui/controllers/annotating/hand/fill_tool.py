"""Fill: everything connected to the voxel under the mouse."""

from __future__ import annotations

from brainseg_gui.annotation.slab import Area
from brainseg_gui.annotation.tools.fill import flood, flood_intensities
from brainseg_gui.annotation.tools.threshold import range_around
from brainseg_gui.controllers.annotating.hand.hand_tools import (
    chosen_volume,
    edit_name,
    erases,
    inside,
    kept_by_range,
    label_name,
    label_of,
)
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.slices.hand_event import HandEvent

_NEAR_MM = 3.0
_ONE_SIGMA = (16.0, 84.0)  # percentiles one standard deviation from the mean of a bell curve
_REACH_MM = 60.0


class FillTool:
    """One click is one edit."""

    busy = False

    def __init__(self, session: Session) -> None:
        self._session = session

    def press(self, event: HandEvent) -> None:
        """Fill the region under the mouse; the right button clears it."""
        case, annotation = self._session.case, self._session.annotating.annotation
        i, j, k = (round(v) for v in event.pointer.point_ijk)
        if case is None or annotation is None or not inside((i, j, k), case.grid.shape):
            return
        plane = None if self._session.annotating.options.in_3d else event.pointer.plane
        erasing = erases(self._session, event)
        area = self._region(case, (i, j, k), plane)
        if area is None:
            return
        if not erasing and self._leaks(area, (i, j, k), case, plane):
            self._session.say(
                Notice("The region is open to the edge of the image", "Close its outline first", problem=False)
            )
            return
        label = label_of(self._session, erasing=erasing)
        change = kept_by_range(self._session, case, area).becomes(label)
        axis = plane.axis if plane is not None else None
        what = f"Fill {label_name(self._session, label)}" if label else "Clear region"
        at = event.pointer.plane
        name = edit_name(what, at, (i, j, k)[at.axis], in_3d=plane is None)
        self._session.annotating.edit(change, name, "fill", axis=axis)

    def double_click(self, event: HandEvent) -> None:
        """The second of two quick clicks."""
        self.press(event)

    def move(self, event: HandEvent) -> None:
        """Nothing: a click is all."""

    def release(self, event: HandEvent) -> None:
        """Nothing: a click is all."""

    def let_go(self) -> None:
        """Nothing is ever begun."""

    def finish(self) -> None:
        """Nothing is ever begun."""

    def cancel(self) -> None:
        """Nothing is ever begun."""

    def _region(self, case: Case, voxel: Voxel, plane: Plane | None) -> Area | None:
        options, annotation = self._session.annotating.options, self._session.annotating.annotation
        volume = chosen_volume(self._session, case)
        if options.by_intensity and volume is not None:
            tolerance = options.contrast * _spread(volume, voxel)
            return flood_intensities(volume, voxel, tolerance, plane, reach_mm=_REACH_MM)
        return flood(annotation.values, voxel, plane) if annotation is not None else None

    def _leaks(self, area: Area, voxel: Voxel, case: Case, plane: Plane | None) -> bool:
        """Whether filling the background would run out into the open."""
        annotation = self._session.annotating.annotation
        if annotation is None or annotation.values[voxel] or self._session.annotating.options.by_intensity:
            return False
        axes = [axis for axis in range(3) if plane is None or axis != plane.axis]
        return any(area.slab[a].start == 0 or area.slab[a].stop == case.grid.shape[a] for a in axes)


def _spread(volume: Volume, voxel: Voxel) -> float:
    """Usual deviation of the intensities near a voxel."""
    near = range_around(volume, voxel, _NEAR_MM, percent=_ONE_SIGMA)
    return max((near.high - near.low) / 2, 1e-6)
