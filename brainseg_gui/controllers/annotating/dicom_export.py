"""Exporting a mask as a DICOM object of the series that the case was made of."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.annotating.annotation_record import AnnotationRecord
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.layers.save_dialog import ask_path
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import printable
from brainseg_gui.exchange.dicom.mask_maker import MaskMaker, corrected_by, made_by, maker_of
from brainseg_gui.exchange.dicom.objects import DICOM_ENDING
from brainseg_gui.exchange.dicom.series_finder import find_series
from brainseg_gui.exchange.mask_files import MASK_KINDS
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.layers.dicom_export_dialog import DicomExportDialog

_FILTER = "DICOM (*.dcm)"
_SERIES, _OUTPUT = "last DICOM folder", "last DICOM output"
_LOOKING = 0.8  # share of the time that looking through the series takes


@dataclass(frozen=True, eq=False)
class _Export:
    """A mask to export, and how."""

    labels: LabelMap
    maker: MaskMaker
    kind: str
    series: Path
    deidentify: bool
    path: Path


class DicomExportController(QObject):
    """Asks for kind, series and file, and writes the object as a job."""

    def __init__(
        self, session: Session, window: QWidget, preferences: Preferences, journals: JournalController
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._journals = journals
        self._work = LatestJob(session, self)

    def choose(self) -> None:
        """Ask how the annotation goes out, else the compared prediction, else the reference."""
        layers, case = self._session.layers, self._session.case
        layer = self._session.annotating.layer or layers.prediction or layers.reference
        if layer is None or case is None:
            self._session.say(Notice("There is no mask to export yet", "Click Segment, or add a mask", problem=False))
            return
        known = self._preferences.get(_SERIES, "")
        kinds = {key: kind.title for key, kind in MASK_KINDS.items() if kind.write is not None}
        dialog = DicomExportDialog(layer.name, kinds, Path(known) if known else None, self._window)
        dialog.series_requested.connect(partial(self._choose_series, dialog))
        dialog.accepted.connect(partial(self._choose_path, dialog, layer, case.case_id))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _choose_series(self, dialog: DicomExportDialog) -> None:
        start = str(dialog.series or Path.home())
        if folder := QFileDialog.getExistingDirectory(dialog, "Folder of the DICOM series", start):
            dialog.take_series(Path(folder))

    def _choose_path(self, dialog: DicomExportDialog, layer: Layer, case_id: str) -> None:
        series = dialog.series
        if series is None:
            return
        self._preferences.set(_SERIES, str(series))
        folder = Path(self._preferences.get(_OUTPUT, str(Path.home())))
        proposal = folder / f"{printable(case_id)}{MASK_KINDS[dialog.kind].ending}"
        path = ask_path(self._window, f"Export {layer.name}", proposal, _FILTER, lambda typed, _: _dicom_name(typed))
        if path is not None:
            self._preferences.set(_OUTPUT, str(path.parent))
            self._start(layer, dialog.kind, series, path, deidentify=dialog.deidentify)

    def _start(self, layer: Layer, kind: str, series: Path, path: Path, *, deidentify: bool) -> None:
        labels = self._session.annotating.at_rest(layer.labels)
        export = _Export(labels, self._maker(layer), kind, series, deidentify, path)
        self._session.saving.begin("exporting")
        self._work.start(_written(export), self._on_written, lambda: self._session.saving.end("Not exported"))

    def _maker(self, layer: Layer) -> MaskMaker:
        record = self._journals.of(layer)
        if record is not None:
            return corrected_by(_sittings(record))
        if layer.model_sha256:
            return made_by(layer.author, sha256=layer.model_sha256)
        return maker_of(layer.saved_as) if layer.saved_as is not None else MaskMaker()

    def _on_written(self, answer: tuple[Path, tuple[str, ...]]) -> None:
        path, notes = answer
        self._session.saving.end(f"Exported {printable(path.name)}")
        self._session.say(Notice(f"Exported {printable(str(path))}", ". ".join(notes), problem=bool(notes)))

    def close(self) -> None:
        """Let what is being written finish, when the program ends."""
        self._work.close()


def _sittings(record: AnnotationRecord) -> dict[str, Any]:
    start = record.start
    origin = {"author": start.author, "model_sha256": start.model_sha256} if start.model_sha256 else {}
    return {"started_from": origin, "earlier": list(record.earlier)}


def _dicom_name(typed: Path) -> Path:
    return typed if typed.suffix.lower() == DICOM_ENDING else typed.with_name(f"{typed.name}{DICOM_ENDING}")


def _written(export: _Export) -> Generator[Progress, None, tuple[Path, tuple[str, ...]]]:
    finder = yield from scaled(find_series(export.series), 0.0, _LOOKING)
    yield Progress("exporting", _LOOKING, export.path.name)
    series, write = finder.series_on(export.labels.grid), MASK_KINDS[export.kind].write
    if write is None:
        raise ValueError(f"{export.kind} is no object of DICOM")
    write(export.path, export.labels, series, export.maker, deidentify=export.deidentify, overwrite=True)
    return export.path, series.notes
