"""Series that are put in their places by hand: which one, how it is looked at, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.work import Work

if TYPE_CHECKING:
    from brainseg_gui.preparation.nudging import Nudged, NudgedExamination, Trail
    from brainseg_gui.preparation.registration.motion import Alignment
    from brainseg_gui.preparation.registration.pose import Pose


class Look(Enum):
    """How a series and its reference are shown."""

    CHECKERBOARD = "Checkerboard"
    COLOURS = "Green and magenta"
    SERIES = "Series alone"


@dataclass
class Nudging(Work):
    """What the window for it shows.

    Parameters
    ----------
    nudged
        The reference and the series with the poses that they have now; None before they are read.
    modality
        The series that is moved.
    crosshair
        Voxel of the grid on which all are looked at, in which the three planes meet.
    blink
        While true, the reference stands alone (held key).
    """

    nudged: NudgedExamination | None = None
    modality: Modality | None = None
    crosshair: Voxel = (0, 0, 0)
    look: Look = Look.CHECKERBOARD
    blink: bool = False

    @property
    def moving(self) -> Nudged | None:
        """The series that is moved."""
        if self.nudged is None or self.modality is None:
            return None
        return self.nudged.series.get(self.modality)

    def move(self, pose: Pose, *, further: bool = False) -> None:
        """Put the series elsewhere; see `Trail.moved`."""
        if (moving := self.moving) is not None:
            self._follow(moving.trail.moved(pose, further=further))

    def stand(self, stands: bool) -> None:
        """Say of the series that it lies right where it is although it could not be registered, or take that back."""
        if self.nudged is not None and self.modality is not None and (moving := self.moving) is not None:
            stands = stands and moving.may_stand
            self.nudged = self.nudged.with_series(self.modality, replace(moving, stands=stands))

    def undo(self) -> None:
        """Take the last step back."""
        if (moving := self.moving) is not None:
            self._follow(moving.trail.undone())

    def redo(self) -> None:
        """Do again what was taken back."""
        if (moving := self.moving) is not None:
            self._follow(moving.trail.redone())

    def refined(self, modality: Modality, found: Alignment, pose: Pose) -> None:
        """Put a series where a search went from where it was."""
        if self.nudged is not None and (one := self.nudged.series.get(modality)) is not None:
            moved = replace(one, trail=one.trail.moved(pose), fit=found, stands=False)
            self.nudged = self.nudged.with_series(modality, moved)

    def _follow(self, trail: Trail) -> None:
        if self.nudged is None or self.modality is None or (moving := self.moving) is None or trail == moving.trail:
            return
        self.nudged = self.nudged.with_series(self.modality, replace(moving, trail=trail, fit=None, stands=False))
