"""Pictures of surfaces, drawn in a thread: quick ones while anything moves, a fine one when it rests."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial

from PySide6.QtCore import QObject, QTimer

from brainseg_gui.controllers.jobs.steady_job import SteadyJob
from brainseg_gui.imaging.colours import overlay_table
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.surfaces.camera import Camera, Size
from brainseg_gui.surfaces.cut import Cut, cut_through
from brainseg_gui.surfaces.rendering import Rendering, SeenBefore, drawn
from brainseg_gui.surfaces.surface import Surface
from brainseg_gui.views.surfaces.solid_view import SolidView

_REST_MS = 200
_QUICK_S = 0.05  # a picture while something moves shall take no longer, and is made smaller until it does not
_SMALLEST, _MOST_DOTS = 0.6, 1_000_000  # part of the view's size; dots of a picture


class SurfaceDrawing(QObject):
    """Shows `SeenSurfaces` in a view."""

    def __init__(self, session: Session, parent: QObject, view: SolidView) -> None:
        super().__init__(parent)
        self._session, self._state, self._view = session, session.solid, view
        self._job = SteadyJob(session, self)
        self._part = 1.0  # of the view's size, that quick pictures have
        self._before = SeenBefore()  # of quick pictures
        self._fine = False  # whether the last picture that was begun is a fine one
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(partial(self._draw, fine=True))
        events, viewing = self._state.events, session.viewing.events
        for signal in (events.camera, events.surfaces, events.shell, events.brain, events.cut, events.shown):
            signal.connect(self._on_changed)
        for signal in (viewing.crosshair, viewing.modality, viewing.windows, viewing.opacity):
            signal.connect(self._on_slice_changed)
        view.changed_size.connect(self._on_changed)

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._rest.stop()
        self._job.close()

    def cut(self) -> Cut | None:
        """The slice that is seen amid the surfaces."""
        case, viewing, plane = self._session.displayed, self._session.viewing, self._state.cut
        if case is None or plane is None or viewing.modality not in case.volumes:
            return None
        filled = [layer for layer in self._session.layers if layer.visible and layer.style is OverlayStyle.FILL]
        tables = [
            (layer.labels, overlay_table(layer.labels.scheme, viewing.opacity, viewing.hidden, viewing.colours))
            for layer in (filled if viewing.masks_visible else ())
        ]
        volume, window = case.volumes[viewing.modality], viewing.windows[viewing.modality]
        return cut_through(plane, viewing.crosshair, volume, window, tables)

    def _on_slice_changed(self, *_: object) -> None:
        if self._state.cut is not None:
            self._on_changed()

    def _on_changed(self, *_: object) -> None:
        state = self._state
        if not state.drawn and (state.cut is None or state.shell is None):
            self._rest.stop()
            self._job.stop()
            self._view.show_rendering(None)  # of another case, perhaps
        elif state.shown:
            self._draw(fine=False)
            self._rest.start()

    def _draw(self, *, fine: bool) -> None:
        if fine and self._view.dragging:
            self._rest.start()
            return
        if self._fine and not fine:
            self._job.stop()  # what changed is not kept waiting for a picture of how it was: that takes far longer
        self._job.wish(lambda: self._work(fine), self._on_drawn)

    def _work(self, fine: bool) -> Generator[Progress, None, tuple[Rendering, tuple[Surface, ...], float]]:
        state, self._fine = self._state, fine
        size = _limited(self._view.picture_size, 1.0 if fine else self._part)
        return _picture(state.drawn, state.camera, size, self.cut(), None if fine else self._before)

    def _on_drawn(self, drawn: tuple[Rendering, tuple[Surface, ...], float]) -> None:
        rendering, surfaces, seconds = drawn
        if seconds:
            wanted = self._part * (_QUICK_S / seconds) ** 0.5
            self._part = min(max(0.5 * (self._part + wanted), _SMALLEST), 1.0)
        self._view.show_rendering(rendering, surfaces)


def _picture(
    surfaces: tuple[Surface, ...], camera: Camera, size: Size, cut: Cut | None, before: SeenBefore | None
) -> Generator[Progress, None, tuple[Rendering, tuple[Surface, ...], float]]:
    """The picture, what is in it, and how long a quick one took that was drawn whole; a fine one has no `before`."""
    yield Progress("drawing", 0.0)
    started = time.perf_counter()
    rendering = yield from drawn(surfaces, camera, size, cut, fine=before is None, before=before)
    whole = before is not None and not before.reused
    return rendering, surfaces, time.perf_counter() - started if whole else 0.0


def _limited(size: Size, part: float) -> Size:
    width, height = size
    part = min(part, (_MOST_DOTS / (width * height)) ** 0.5)
    return max(1, round(width * part)), max(1, round(height * part))
