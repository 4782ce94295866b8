"""Pictures of runs, read and decoded beside the window: a run folder may lie anywhere and hold anything."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from brainseg_gui.controllers.jobs.latest_job import LatestJob, Work
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.plain_files import MEBIBYTE, read_stream
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.storage.writing import open_derived

if TYPE_CHECKING:
    from brainseg_gui.views.training.validation_view import ValidationView

_LARGEST_BYTES = 32 * MEBIBYTE


class RunPictures(QObject):
    """Reads the picture that the view wants; the one before is given up."""

    def __init__(self, session: Session, watch: RunWatch, parent: QObject) -> None:
        super().__init__(parent)
        self._watch = watch
        self._newest = LatestJob(session, self)
        self._wanted: Path | None = None

    def serve(self, view: ValidationView) -> None:
        """Bring a view the pictures that it wants."""
        view.picture_wanted.connect(lambda path: self._read(path, view))

    def close(self) -> None:
        """Stop whatever runs, when the program ends."""
        self._newest.close()

    def _read(self, path: Path, view: ValidationView) -> None:
        record = self._watch.chosen
        if record is None or (path == self._wanted and self._newest.running):  # asked again at every news
            return
        self._wanted = path
        self._newest.start(_reading(path, record.folder.path), partial(view.show_picture, path))


def _reading(path: Path, run: Path) -> Work:
    return (
        yield from waited_for(in_background(partial(_image_of, path, run), "read picture"), Progress("picture", 0.0))
    )


def _image_of(path: Path, run: Path) -> QImage:
    """The picture; an empty one where it cannot be read, is no file of the run, or no picture."""
    try:
        with open_derived(path, "rb", root=run) as stream:
            raw = read_stream(stream, path, _LARGEST_BYTES)
    except OSError:
        return QImage()
    return QImage.fromData(raw, "PNG")  # type: ignore[arg-type]  # the stubs ask for bytes, the binding for text
