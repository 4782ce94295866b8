"""Exporting figures and animations of what is open."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.job import Job, abandon_jobs
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.save_dialog import ask_path, ending_of
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice, Session

if TYPE_CHECKING:
    from brainseg_gui.evaluation.figures.content import FigureContent
    from brainseg_gui.evaluation.figures.request import FigureRequest
    from brainseg_gui.views.comparing.figure_dialog import FigureDialog

PICTURE_FILTER = "PNG (*.png);;SVG (*.svg);;PDF (*.pdf);;TIFF (*.tif)"
_DRAWN_BY_MS = 60_000  # a picture that is being drawn cannot be cut short
PREVIEW_WIDTH = 1100  # dots; the dialog shows it smaller
ANIMATION_FILTER = "GIF (*.gif);;Animated PNG (*.apng);;WebP (*.webp);;MP4, by ffmpeg (*.mp4)"


@dataclass(frozen=True, eq=False)
class _Shown:
    """What figures are drawn of: the case, the two masks that are compared, and the windows as chosen."""

    case: Case
    reference: LabelMap | None
    prediction: LabelMap | None
    windows: tuple[tuple[Modality, Window], ...]
    titles: tuple[str, str]

    def content(self) -> FigureContent:
        # imported on the job's thread: matplotlib takes half a second
        from brainseg_gui.evaluation.figures.content import FigureContent

        return FigureContent(self.case, self.reference, self.prediction, self.windows, self.titles)


class FiguresController(QObject):
    """Opens the dialog, draws its previews and writes its figures, all as jobs."""

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._dialog: FigureDialog | None = None
        self._shown: _Shown | None = None
        self._preview: Job | None = None
        self._saving: Job | None = None

    def choose(self) -> None:
        """Let the person choose a figure of the open case."""
        case = self._session.case
        if case is None:
            self._session.say(Notice("A figure shows an open case", "Open a case first"))
            return
        from brainseg_gui.evaluation.figures.request import FigureRequest
        from brainseg_gui.evaluation.figures.style import FigureStyle, palette
        from brainseg_gui.views.comparing.figure_dialog import FigureDialog

        viewing, layers = self._session.viewing, self._session.layers
        at_rest = self._session.annotating.at_rest  # drawn in threads, and still when the dialog is closed
        masks = [
            at_rest(layer.labels) if layer is not None else None for layer in (layers.reference, layers.prediction)
        ]
        if layers.reference is layers.prediction:
            masks[1] = None
        compared = layers.prediction.title_compared.lower() if layers.prediction is not None else ""
        self._shown = _Shown(case, masks[0], masks[1], tuple(viewing.windows.items()), ("reference", compared))
        style = FigureStyle(colours=palette(viewing.colours))
        begin = FigureRequest(modality=viewing.modality, style=style)
        dialog = FigureDialog(list(case.volumes), begin, viewing.crosshair, self._window)
        dialog.preview_requested.connect(self._draw)
        dialog.save_requested.connect(self._choose_file)
        dialog.finished.connect(self._on_closed)
        self._dialog = dialog
        dialog.open()

    # drawing

    def _draw(self, request: FigureRequest) -> None:
        if self._shown is None:
            return
        if self._preview is not None:
            self._preview.abandon()
        self._preview = Job(_previewed(self._shown, request), self)
        self._preview.succeeded.connect(self._on_drawn)
        self._preview.failed.connect(self._on_not_drawn)
        self._preview.start()

    def _on_drawn(self, png: bytes) -> None:
        self._preview = None
        if self._dialog is not None:
            self._dialog.show_preview(png)

    def _on_not_drawn(self, error: Exception) -> None:
        self._preview = None
        if self._dialog is not None:
            self._dialog.show_problem(_sentence(error))

    # saving

    def _choose_file(self, request: FigureRequest) -> None:
        if self._dialog is None or self._shown is None:
            return
        animation = request.layout == "animation"
        filters = ANIMATION_FILTER if animation else PICTURE_FILTER
        folder = Path(self._preferences.get("last figure folder", str(Path.home())))
        proposal = folder / f"{self._shown.case.case_id}_{request.layout}{'.gif' if animation else '.png'}"
        path = ask_path(self._dialog, "Save figure", proposal, filters, _with_ending)
        if path is not None:
            self._preferences.set("last figure folder", str(path.parent))
            self.save_as(request, path)

    def save_as(self, request: FigureRequest, path: Path) -> None:
        """Write a figure of what the dialog was opened on."""
        if self._shown is None or self._saving is not None:
            return
        job = Job(_written(self._shown, request, path), self)
        self._saving = job
        job.progressed.connect(self._on_progressed)
        job.succeeded.connect(self._on_saved)
        job.failed.connect(self._on_not_saved)
        job.cancelled.connect(self._on_cancelled)
        job.start()

    def _on_progressed(self, progress: Progress) -> None:
        if self._dialog is not None:
            self._dialog.show_saving(progress.done, f"{progress.stage.capitalize()}: {progress.detail}")

    def _on_saved(self, path: Path) -> None:
        self._saving = None
        if self._dialog is not None:
            self._dialog.show_saving(None, f"Saved {path.name}")
        self._session.say(Notice(f"Saved {path}", problem=False))

    def _on_not_saved(self, error: Exception) -> None:
        self._saving = None
        if self._dialog is not None:
            self._dialog.show_saving(None, _sentence(error))
        else:
            self._session.say(notice_of(error))

    def _on_cancelled(self) -> None:
        self._saving = None

    # ending

    def _on_closed(self) -> None:
        """The dialog is gone: what is drawn for it is not wanted any more; a file is still written."""
        if self._preview is not None:
            self._preview.abandon()
        if self._dialog is not None:
            self._dialog.deleteLater()
        self._dialog = self._preview = self._shown = None

    def close(self) -> None:
        """Stop whatever runs, when the program ends."""
        abandon_jobs(self, _DRAWN_BY_MS)


def _sentence(error: Exception) -> str:
    notice = notice_of(error)
    return f"{notice.what}. {notice.remedy}.".replace("..", ".")


def _previewed(shown: _Shown, request: FigureRequest) -> Generator[Progress, None, bytes]:
    from brainseg_gui.evaluation.figures.fonts import close_fonts
    from brainseg_gui.evaluation.figures.layouts import preview_png

    yield Progress("drawing", 0.0)
    try:
        return preview_png(shown.content(), request, PREVIEW_WIDTH)
    finally:
        close_fonts()


def _written(shown: _Shown, request: FigureRequest, path: Path) -> Generator[Progress, None, Path]:
    from brainseg_gui.evaluation.figures.fonts import close_fonts
    from brainseg_gui.evaluation.figures.layouts import write_figure

    try:
        yield from write_figure(shown.content(), request, path)
    finally:
        close_fonts()
    return path


def _with_ending(typed: Path, kind: str) -> Path:
    """A name as typed, with the ending of the chosen kind unless it has one."""
    return typed if typed.suffix else typed.with_name(typed.name + ending_of(kind))
