"""Surfaces follow the masks: made in a thread, again after every stroke, only of what changed."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.jobs.steady_job import SteadyJob
from brainseg_gui.controllers.surfaces.surface_work import (
    ShownMask,
    WantedSurfaces,
    followed_lesions,
    make_shell,
    make_surfaces,
)
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import region_named
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session
from brainseg_gui.state.surfaces.seen_surfaces import SurfaceColouring
from brainseg_gui.surfaces.camera import Camera
from brainseg_gui.surfaces.surface import Surface, SurfaceBuilder

_READING = "The case is being read…"
_MAKING, _MAKING_BRAIN = "Making the surfaces…", "Making the brain's surface…"
_NO_MASK = "No mask is shown. Segment, add a mask, or show one in the list of layers"
_NO_PAIR = "Missed and false need two masks: a reference and a prediction"
_EMPTY = "The masks that are shown are empty, or all of their labels are hidden"
_FAILED = "The surfaces could not be made"
Made = tuple[tuple[Surface, ...], Camera | None]


class SurfaceMaking(QObject):
    """Keeps `SeenSurfaces.surfaces` and `shell` as the layers are, while they are shown: the masks first.

    Signals
    -------
    settled
        Nothing is being made any more.
    failed
        What was being made is not there, and the note says why.
    """

    settled = Signal()
    failed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._state = session, session.solid
        self._job, self._shell_job = SteadyJob(session, self), LatestJob(session, self)
        self._case: Case | None = None
        self._builder: SurfaceBuilder | None = None
        self._shell_wanted = self._whole_wanted = False
        self._made_by: SurfaceColouring | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)  # one gesture changes several things
        self._soon.timeout.connect(self._make)
        viewing, state, layers = session.viewing.events, self._state.events, session.layers
        for signal in (viewing.hidden, viewing.colours, viewing.masks_visible, viewing.agreement):
            signal.connect(self._follow)
        for changed in (state.shown, state.colouring, layers.changed, layers.appearance_changed):
            changed.connect(self._follow)
        for told in (session.case_changed, session.annotating.voxels_changed):
            told.connect(self._follow)
        session.errors.changed.connect(partial(self._follow_if, SurfaceColouring.ERRORS))
        session.following.changed.connect(partial(self._follow_if, SurfaceColouring.LESIONS))
        session.following.choice.events.visit.connect(partial(self._follow_if, SurfaceColouring.LESIONS))

    @property
    def running(self) -> bool:
        """Whether something is still being made, or about to."""
        return self._soon.isActive() or self._job.running or self._shell_job.running

    def close(self) -> None:
        """End the threads, when the program ends."""
        self._job.close()
        self._shell_job.close()

    @property
    def _open_case(self) -> Case | None:
        """What there can be surfaces of: not of a case that is still being read."""
        return None if self._session.previewing else self._session.case

    def _follow(self, *_: object) -> None:
        if self._state.shown:
            self._soon.start()
        elif self._case is not self._open_case:
            self._begin(None)

    def _follow_if(self, colouring: SurfaceColouring, *_: object) -> None:
        """Another region of errors may be listed, or other lesions be followed."""
        if self._state.colouring is colouring:
            self._follow()

    def _make(self) -> None:
        if self._case is not self._open_case:
            self._begin(self._open_case)
        case, builder = self._case, self._builder
        if case is not None and builder is not None:
            answer = partial(self._on_made, self._state.colouring)
            self._job.wish(lambda: self._work(case, builder), answer, self._on_failed)
        self._tell()

    def _begin(self, case: Case | None) -> None:
        self._job.stop()
        self._shell_job.stop()
        self._case, self._made_by = case, None
        self._shell_wanted = self._whole_wanted = case is not None
        self._builder = SurfaceBuilder(case.grid.affine) if case is not None else None
        self._state.surfaces, self._state.shell, self._state.note = (), None, ""

    def _work(self, case: Case, builder: SurfaceBuilder) -> Generator[Progress, None, Made]:
        """Begun in the GUI thread, where what is painted is copied: what comes meanwhile asks for another turn."""
        return make_surfaces(case, builder, self._wanted(case), self._state.camera if self._whole_wanted else None)

    def _shown_layers(self) -> list[Layer]:
        """Layers that surfaces are made of: of errors the compared two, of lesions one."""
        session = self._session
        if self._state.colouring is SurfaceColouring.ERRORS:
            return list(session.layers.compared or ())
        seen = [layer for layer in session.layers if layer.visible and session.viewing.masks_visible]
        if self._state.colouring is SurfaceColouring.LESIONS:
            return [layer for layer in seen if layer is session.worked_on] or seen[-1:]
        return seen

    def _wanted(self, case: Case) -> WantedSurfaces:
        session, layers = self._session, self._shown_layers()
        viewing, at_rest = session.viewing, session.annotating.at_rest
        region = viewing.agreement or session.errors.region or region_named("WT")
        shown = [ShownMask(at_rest(layer.labels), layer.style, layer.name) for layer in layers]
        followed = followed_lesions(session.following, case.grid)
        return WantedSurfaces(self._state.colouring, shown, region, viewing.colours, viewing.hidden, followed)

    def _on_made(self, colouring: SurfaceColouring, made: Made) -> None:
        surfaces, camera = made
        self._made_by = colouring
        if camera is not None and self._whole_wanted:
            self._whole_wanted, self._state.camera = False, camera
        self._state.surfaces = surfaces
        if self._shell_wanted and self._case is not None:
            self._shell_wanted = False
            self._shell_job.start(make_shell(self._case), self._on_shell_made, self._tell)
        self._tell()

    def _on_failed(self) -> None:
        self._state.note = _FAILED
        self.failed.emit()

    def _on_shell_made(self, shell: Surface | None) -> None:
        self._state.shell = shell
        self._tell()

    def _tell(self) -> None:
        self._state.note = self._note
        if not self.running:
            self.settled.emit()

    @property
    def _note(self) -> str:
        """What is not seen, and why."""
        state = self._state
        if self._case is None:
            return _READING if self._session.previewing else ""
        if not self._shown_layers():
            return _NO_PAIR if state.colouring is SurfaceColouring.ERRORS else _NO_MASK
        if self._job.running and not (state.surfaces and self._made_by is state.colouring):
            return _MAKING
        if not state.surfaces:
            return _EMPTY
        return _MAKING_BRAIN if self._shell_job.running else ""
