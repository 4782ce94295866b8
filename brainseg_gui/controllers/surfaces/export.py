"""Files of what is seen in 3-D."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.save_dialog import ask_path, ending_of, may_replace
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.cases.background_thread import answer_soon
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.surfaces.camera import Camera, Size
from brainseg_gui.surfaces.cut import Cut
from brainseg_gui.surfaces.mesh_files import surface_paths, write_surfaces
from brainseg_gui.surfaces.picture_file import PICTURE_ENDING, write_picture
from brainseg_gui.surfaces.surface import Surface
from brainseg_gui.views.surfaces.solid_view import SolidView

_FILTERS = "glTF (*.glb);;PLY (*.ply);;STL, a file for each surface (*.stl);;Picture (*.png)"
_TITLE = "Export surfaces"
_LONG_SIDE = 1600  # dots of a picture
_FOLDER = "last surfaces folder"


class SurfaceExport(QObject):
    """Asks where, and writes in a thread; a picture shows the cut that `cut` tells."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        view: SolidView,
        cut: Callable[[], Cut | None],
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._view, self._cut = view, cut
        self._job: Job | None = None

    def choose(self) -> None:
        """Let the person choose a file."""
        case = self._session.case
        if self._job is not None:
            self._session.say(Notice("Surfaces are still being exported", "Wait for them, then export again"))
            return
        if case is None or not self._session.solid.drawn:
            self._session.say(Notice("There are no surfaces to export yet", "Show a mask in the list of layers"))
            return
        folder = Path(self._preferences.get(_FOLDER, str(Path.home())))
        proposal = folder / f"{case.case_id}_surfaces.glb"
        path = ask_path(self._window, _TITLE, proposal, _FILTERS, _with_ending)
        if path is not None and self._may_write(path):
            self._preferences.set(_FOLDER, str(path.parent))
            self.save_as(path)

    def _may_write(self, path: Path) -> bool:
        """Ask about the files beside the one that was chosen: of several surfaces each gets an STL of its own."""
        others = [each for each in surface_paths(path, self._session.solid.drawn) if each != path]
        there = [each for each in others if answer_soon(each.exists, True)]
        return not there or may_replace(self._window, _TITLE, there)

    def save_as(self, path: Path) -> None:
        """Write what is seen."""
        state = self._session.solid
        if self._job is None:
            self._job = Job(_written(path, state.drawn, state.camera, self._size, self._cut()), self)
            self._job.succeeded.connect(self._on_written)
            self._job.failed.connect(lambda error: self._session.say(notice_of(error)))
            self._job.finished.connect(self._on_finished)
            self._job.start()

    @property
    def _size(self) -> Size:
        """Of a picture: in the proportions of the view, large enough for print."""
        width, height = self._view.picture_size
        times = max(1.0, _LONG_SIDE / max(width, height))
        return round(width * times), round(height * times)

    def close(self) -> None:
        """Let what is being written come to its end, when the program ends."""
        if self._job is not None:
            self._job.end()

    def _on_written(self, paths: tuple[Path, ...]) -> None:
        what = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
        self._session.say(Notice(f"Surfaces exported: {what}", str(paths[0].parent)))

    def _on_finished(self) -> None:
        self._job = None


def _with_ending(typed: Path, kind: str) -> Path:
    return typed if typed.suffix else typed.with_name(typed.name + ending_of(kind))


def _written(
    path: Path, surfaces: tuple[Surface, ...], camera: Camera, size: Size, cut: Cut | None
) -> Generator[Progress, None, tuple[Path, ...]]:
    yield Progress("exporting surfaces", 0.0)
    if path.suffix.lower() == PICTURE_ENDING:
        return write_picture(path, surfaces, camera, size, cut)
    return write_surfaces(path, surfaces)
