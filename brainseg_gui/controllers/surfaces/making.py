"""Surfaces follow the masks: made in a thread, again after every stroke, only of what changed."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.jobs.steady_job import SteadyJob
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import region_named
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.state.surfaces.seen_surfaces import SurfaceColouring
from brainseg_gui.surfaces.parts import brain_surface, error_parts, label_parts, lesion_parts
from brainseg_gui.surfaces.surface import Surface, SurfaceBuilder, SurfacePart

_NO_MASK = "No mask is shown. Segment, add a mask, or show one in the list of layers"
_NO_PAIR = "Missed and false need two masks: a reference and a prediction"
Parts = Sequence[SurfacePart]


class SurfaceMaking(QObject):
    """Keeps `SeenSurfaces.surfaces` and `shell` as the layers are, while they are shown.

    Signals
    -------
    first_made
        There are surfaces of another case.
    """

    first_made = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._state = session, session.solid
        self._job, self._shell_job = SteadyJob(session, self), LatestJob(session, self)
        self._case: Case | None = None
        self._builder: SurfaceBuilder | None = None
        self._unseen = True
        self._soon = QTimer(self, singleShot=True, interval=0)  # one gesture changes several things
        self._soon.timeout.connect(self._make)
        viewing, state, layers = session.viewing.events, self._state.events, session.layers
        for signal in (viewing.hidden, viewing.colours, viewing.masks_visible, viewing.agreement):
            signal.connect(self._follow)
        for changed in (state.shown, state.colouring, layers.changed, layers.appearance_changed):
            changed.connect(self._follow)
        session.case_changed.connect(self._follow)
        session.annotating.voxels_changed.connect(self._follow)

    def close(self) -> None:
        """End the threads, when the program ends."""
        self._job.close()
        self._shell_job.close()

    def _follow(self, *_: object) -> None:
        if self._state.shown:
            self._soon.start()

    def _make(self) -> None:
        case = self._session.displayed
        if case is not self._case:
            self._begin(case)
        if self._builder is None:
            return
        layers = self._shown_layers()
        pair = self._state.colouring is SurfaceColouring.ERRORS
        self._state.missing = "" if layers else _NO_PAIR if pair else _NO_MASK if self._state.shell is None else ""
        builder = self._builder
        self._job.wish(lambda: self._made(builder, self._shown_layers()), self._on_made)

    def _begin(self, case: Case | None) -> None:
        self._job.stop()
        self._shell_job.stop()
        self._case, self._unseen = case, True
        self._state.surfaces, self._state.shell = (), None
        self._builder = SurfaceBuilder(case.grid.affine) if case is not None else None
        if case is not None:
            self._shell_job.start(_shell(case), self._on_shell_made)

    def _shown_layers(self) -> list[Layer]:
        """Layers that surfaces are made of; of errors the compared two."""
        session = self._session
        if self._state.colouring is SurfaceColouring.ERRORS:
            return list(session.layers.compared or ())
        seen = [layer for layer in session.layers if layer.visible and session.viewing.masks_visible]
        worked_on = session.worked_on
        if self._state.colouring is SurfaceColouring.LESIONS and worked_on is not None:
            return [worked_on]
        return seen

    def _made(self, builder: SurfaceBuilder, layers: list[Layer]) -> Generator[Progress, None, tuple[Surface, ...]]:
        """Begun in the GUI thread as far as the first `yield`: what is painted meanwhile asks for another turn."""
        state, viewing = self._state.colouring, self._session.viewing
        region = viewing.agreement or region_named("WT")
        several = len(layers) > 1
        chosen = [(layer, layer.labels, layer.style, layer.name if several else "") for layer in layers]
        colours, hidden = viewing.colours, viewing.hidden

        def work() -> Generator[Progress, None, tuple[Surface, ...]]:
            yield Progress("making surfaces", 0.0)
            if state is SurfaceColouring.ERRORS and len(chosen) == 2:
                parts: list[SurfacePart] = [*error_parts(chosen[0][1], chosen[1][1], region)]
            elif state is SurfaceColouring.LESIONS:
                parts = [part for _, labels, _, _ in chosen for part in lesion_parts(labels)]
            else:
                parts = [
                    part
                    for _, labels, style, name in chosen
                    for part in label_parts(
                        labels, colours, hidden, glass=several and style is OverlayStyle.OUTLINE, of=name
                    )
                ]
            surfaces = yield from builder.build(parts)
            return surfaces

        return work()

    def _on_made(self, surfaces: tuple[Surface, ...]) -> None:
        self._state.surfaces = surfaces
        self._look_first()

    def _on_shell_made(self, shell: Surface | None) -> None:
        self._state.shell = shell
        if shell is not None and self._state.missing == _NO_MASK:
            self._state.missing = ""
        self._look_first()

    def _look_first(self) -> None:
        """See all of it once, when the brain is there, which is the largest, or cannot be."""
        if self._unseen and not self._shell_job.running and self._state.drawn:
            self._unseen = False
            self.first_made.emit()


def _shell(case: Case) -> Generator[Progress, None, Surface | None]:
    yield Progress("making the brain's surface", 0.0)
    return brain_surface(case.volumes)
