"""Surfaces in the fourth quarter of the window: shown by a key, linked with the slices, exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.surfaces.drawing import SurfaceDrawing
from brainseg_gui.controllers.surfaces.export import SurfaceExport
from brainseg_gui.controllers.surfaces.making import SurfaceMaking
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.state.surfaces.seen_surfaces import SurfaceColouring
from brainseg_gui.surfaces.camera import Point, camera_around
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.surfaces.surfaces_panel import SurfacesPanel
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.slices.ortho_view import OrthoView

_INWARD = 0.7  # of a voxel's edge, from a border that was clicked to the voxel behind it


class SurfacesController(QObject):
    """Shows and hides the panel, and does what is wished there.

    Parameters
    ----------
    settle
        Gives the keys back to the pictures.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        actions: Actions,
        preferences: Preferences,
        pictures: LazyPanel[OrthoView],
        settle: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._session, self._state = session, session.solid
        self._actions, self._pictures, self._settle = actions, pictures, settle
        self.panel = SurfacesPanel(session)
        self.making = SurfaceMaking(session, self)
        self.drawing = SurfaceDrawing(session, self, self.panel.solid)
        self.export = SurfaceExport(session, window, preferences, self.panel.solid, self.drawing.cut)
        self._export_wanted = False
        self._comes_back = False  # with another layout
        self.panel.solid.pointed.connect(self._on_pointed)
        self.panel.export_requested.connect(self.choose_export)
        self.making.settled.connect(self._on_settled)
        self.making.failed.connect(self._forget_export)
        session.case_changed.connect(self._forget_export)
        pictures.when_made(lambda made: made.fitted.connect(self._see_all))
        self._state.events.shown.connect(self._synchronize)
        session.viewing.events.layout.connect(self._on_layout_changed)

    def toggle(self) -> None:
        """Show surfaces in the fourth quarter, or the table again."""
        if self._session.displayed is None:
            self._session.say(Notice("Surfaces are of an open case", "Open a case first", problem=False))
            self._synchronize()
            return
        self._comes_back = False
        if not self._state.shown and self._session.viewing.layout is ViewLayout.MODALITIES:
            self._session.viewing.layout = ViewLayout.PLANES  # four modalities leave no quarter
        self._state.shown = not self._state.shown

    def show_lesions(self) -> None:
        """Show surfaces, a colour for each lesion: in a patient that is followed the same at all visits."""
        self._state.colouring = SurfaceColouring.LESIONS
        if not self._state.shown:
            self.toggle()

    def choose_export(self) -> None:
        """Export what is seen, after showing it if it was not: as soon as it is made."""
        if not self._state.shown:
            self.toggle()
        self._export_wanted = self._state.shown and self.making.running
        if not self._export_wanted and self._session.displayed is not None:
            self.export.choose()

    def close(self) -> None:
        """End the threads, when the program ends."""
        for part in (self.making, self.drawing, self.export):
            part.close()

    def _synchronize(self, *_: object) -> None:
        shown = self._state.shown
        self._actions["view.surfaces"].setChecked(shown)
        self._pictures().give_quarter(self.panel if shown else None)
        self._settle()

    def _on_settled(self) -> None:
        if self._export_wanted:
            self._export_wanted = False
            self.export.choose()

    def _forget_export(self) -> None:
        """No dialog comes up for what somebody wanted of another case, or of what could not be made."""
        self._export_wanted = False

    def _on_layout_changed(self, layout: ViewLayout) -> None:
        """Four modalities leave no quarter; with the planes the surfaces come back."""
        self._comes_back |= self._state.shown
        self._state.shown = self._comes_back and layout is not ViewLayout.MODALITIES

    def _see_all(self) -> None:
        meshes = [surface.mesh for surface in self._state.drawn]
        if meshes:
            self._state.camera = camera_around(meshes, self._state.camera)

    def _on_pointed(self, point_mm: Point, outward: NDArray[np.float64]) -> None:
        """Go to the voxel behind the border that was clicked."""
        case = self._session.displayed
        if case is None:
            return
        inside = np.array(point_mm) - _INWARD * min(case.grid.spacing_mm) * outward
        i, j, k = (np.linalg.inv(case.grid.affine) @ (*inside, 1.0))[:3].tolist()
        voxel = case.grid.clip((i, j, k))
        self._session.viewing.crosshair = voxel
        self._pictures().reveal(voxel)
