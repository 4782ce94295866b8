"""Recent cases: the menu, the cards on the welcome page, and their thumbnails."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import wait
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from brainseg_gui.controllers.settings.preferences import Preferences, thumbnail_path
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.background_thread import in_background
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice
from brainseg_gui.imaging.window import auto_window, to_grey
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.welcome import RecentCase
from brainseg_gui.views.widgets.plain_text import plain_caption, plain_tip

_SIZE = 192
_PATIENCE_S = 0.2


class RecentController(QObject):
    """Notes which cases were open and offers them again."""

    chosen = Signal(object)

    def __init__(self, session: Session, window: MainWindow, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        window.welcome.recent_requested.connect(self.chosen)
        session.case_changed.connect(self._on_case_changed)
        self._synchronize()

    def _on_case_changed(self) -> None:
        case = self._session.case
        if case is None or self._session.previewing or self._preferences.safe:
            return
        if self._preferences.recent[:1] != [case.source.folder]:
            self._preferences.add_recent(case.source.folder)
            _write_thumbnail(case)
            self._synchronize()

    def _synchronize(self) -> None:
        menu = self._window.recent_menu
        menu.clear()
        cases = _there(self._preferences.recent)
        for number, path in enumerate(cases, start=1):
            action = menu.addAction(f"&{number % 10} {plain_caption(path.name)}")
            action.setToolTip(plain_tip(str(path)))
            action.triggered.connect(partial(self.chosen.emit, path))
        menu.setEnabled(bool(cases))
        self._window.welcome.show_recent([RecentCase(path, _thumbnail(path)) for path in cases])


def _there(folders: Sequence[Path]) -> list[Path]:
    """Those that are there. A drive that does not answer is not waited for: its cases are offered."""
    looks = [in_background(folder.is_dir, "look") for folder in folders]
    wait(looks, timeout=_PATIENCE_S)
    gone = {look for look in looks if look.done() and (look.exception() or not look.result())}
    return [folder for folder, look in zip(folders, looks, strict=True) if look not in gone]


def _thumbnail(folder: Path) -> Path | None:
    path = thumbnail_path(folder)
    return path if path.is_file() else None


def _write_thumbnail(case: Case) -> None:
    """Keep a small picture; a cache that cannot be written is no reason to bother anyone."""
    volume = case.volumes.get(Modality.T1CE) or next(iter(case.volumes.values()))
    cut = take_slice(volume.stored, Plane.AXIAL, case.grid.centre[2], DisplayConvention.RADIOLOGICAL)
    grey = to_grey(cut, volume, auto_window(volume)).copy()
    rows, columns = grey.shape
    image = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    small = image.scaled(_SIZE, _SIZE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    path = thumbnail_path(case.source.folder)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        small.save(str(path))
