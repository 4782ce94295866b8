"""Masks that leave the window as files: dragged into another program, or copied to be pasted there."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QClipboard, QDrag, QGuiApplication
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import printable
from brainseg_gui.exchange.mask_as_file import mask_as_file
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Notice, Session

Drag = Callable[[QWidget, QMimeData], object]


def _drag(source: QWidget, content: QMimeData) -> None:
    drag = QDrag(source)
    drag.setMimeData(content)
    drag.exec(Qt.DropAction.CopyAction)  # nobody may move the mask away from its case


def _held() -> bool:
    return bool(QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton)


class DragOutController(QObject):
    """Gives a layer's file away: the saved one if it holds what is seen, else a copy written into a private place.

    Parameters
    ----------
    drag
        Carries content from a widget until it is let go; tests give their own, and `held`, whether the button is
        still down once the file is there, and `clipboard`.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        drag: Drag = _drag,
        held: Callable[[], bool] = _held,
        clipboard: Callable[[], QClipboard] = QGuiApplication.clipboard,
    ) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._place = preferences.journals.parent / "given away"
        self._drag, self._held, self._clipboard = drag, held, clipboard
        self._job = LatestJob(session, self)

    def give(self, layer: Layer, *, dragged: bool) -> None:
        """Have the file of a layer ready, and drag it, or put it on the clipboard."""
        case = self._session.case
        if case is None:
            return
        labels = self._session.annotating.at_rest(layer.labels)
        saved = layer.saved_as or (layer.file.path if layer.file is not None else None)
        work = _file_of(case, labels, layer.name, saved, self._place)
        self._job.start(work, self._on_dragged if dragged else partial(self._on_copied, layer.name))

    def close(self) -> None:
        """Let what is being written end, when the program ends."""
        self._job.close()

    def _on_dragged(self, path: Path) -> None:
        if self._held():
            self._drag(self._window, _content(path))

    def _on_copied(self, name: str, path: Path) -> None:
        self._clipboard().setMimeData(_content(path))
        what = f"{name} is on the clipboard as the file {printable(path.name)}"
        self._session.say(Notice(what, "Paste it into a folder, a mail or another program", problem=False))


def _content(path: Path) -> QMimeData:
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path))])
    return content


def _file_of(
    case: Case, labels: LabelMap, name: str, saved: Path | None, place: Path
) -> Generator[Progress, None, Path]:
    work = partial(mask_as_file, case, labels, name, saved, place)
    return (yield from waited_for(in_background(work, "give away"), Progress("writing the mask", 0.0)))
