"""Which slice a view shows."""

from __future__ import annotations

from PySide6.QtGui import QTransform

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.slice_mapping import SliceMapping


class ShownSlice:
    """A slice of the displayed case: the one through the crosshair.

    Parameters
    ----------
    plane
        The plane, or None to follow `viewing.plane`.
    modality
        The modality, or None to follow `viewing.modality`.
    """

    def __init__(self, session: Session, plane: Plane | None, modality: Modality | None) -> None:
        self._session = session
        self._fixed_plane, self._fixed_modality = plane, modality

    @property
    def plane(self) -> Plane:
        """The plane that is shown."""
        return self._fixed_plane or self._session.viewing.plane

    @property
    def follows_plane(self) -> bool:
        """Whether the plane is the one that is chosen for all such views."""
        return self._fixed_plane is None

    @property
    def modality(self) -> Modality:
        """The modality that is shown."""
        return self._fixed_modality or self._session.viewing.modality

    @property
    def slice_index(self) -> int:
        """The slice that is shown: the crosshair's, else the nearest that the case has."""
        session = self._session  # asked for many times a picture: straight from it
        axis, case = (self._fixed_plane or session.viewing.plane).axis, session.displayed
        index = session.viewing.crosshair[axis]
        return min(index, case.grid.shape[axis] - 1) if case is not None else index

    @property
    def case(self) -> Case | None:
        """The case that is shown."""
        return self._session.displayed

    @property
    def convention(self) -> DisplayConvention:
        """Which side is the patient's right."""
        return self._session.viewing.convention

    def mapped(self, mm_to_screen: QTransform) -> SliceMapping | None:
        """Where its voxels are on the screen, seen through a transform; None without a case."""
        case = self.case
        if case is None:
            return None
        return SliceMapping(self.plane, self.slice_index, case.grid, self.convention, mm_to_screen)
