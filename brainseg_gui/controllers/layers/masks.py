"""Masks: adding one as a layer, scoring two."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.masks_read import MasksRead, notice_of_masks, read_masks
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import printable
from brainseg_gui.evaluation.metrics.comparison import Comparison, compare
from brainseg_gui.evaluation.metrics.rules import DEFAULT, rules_named
from brainseg_gui.imaging.formats.known_formats import file_filter, mask_formats, stem
from brainseg_gui.imaging.formats.mask_note import MaskFile, MaskNote
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle, annotation_name
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.layers.layers_panel import LayersPanel

_PAUSE_MS = 800  # painting goes before scoring what is painted
_SOON_MS = 40  # the new mask is painted before scoring competes for the interpreter


class MasksController(QObject):
    """Reads and compares layers; everything that takes time runs as a job."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        layers: LayersPanel,
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._jobs: set[Job] = set()
        self._scoring: Job | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self._start_scoring)
        self._refused: tuple[Path, ...] = ()
        self._compared: tuple[LabelMap, LabelMap] | None = None
        layers.remove_requested.connect(session.layers.remove)
        layers.compare_requested.connect(self._on_compare_requested)
        layers.move_requested.connect(session.layers.move)
        layers.rename_requested.connect(self._on_rename_requested)
        session.layers.changed.connect(self._compare)
        session.layers.appearance_changed.connect(self._on_layer_changed)
        session.annotating.voxels_changed.connect(self._on_voxels_changed)

    # adding

    def choose_mask(self) -> None:
        """Ask for a mask of the open case and add it."""
        case = self._session.case
        if case is None:
            self._session.say(Notice("A mask is added to an open case", "Open a case first"))
            return
        folder = str(self._preferences.get("last mask folder", str(case.source.folder)))
        kinds = f"{file_filter(mask_formats())};;All files (*)"  # archives give DICOM objects names without endings
        names, _ = QFileDialog.getOpenFileNames(self._window, "Add masks", folder, kinds)
        if names:
            self._preferences.set("last mask folder", str(Path(names[0]).parent))
            self.add_masks([Path(name) for name in names])

    def add_mask(self, path: Path, *, regrid: RegridPolicy = RegridPolicy.STRICT) -> None:
        """Read a mask onto the open case's grid and add it as a layer."""
        self.add_masks([path], regrid=regrid)

    def add_dropped(self, paths: Sequence[Path]) -> None:
        """Add files that were dropped onto the window."""
        self.add_masks(paths, dropped=True)

    def add_masks(
        self, paths: Sequence[Path], *, regrid: RegridPolicy = RegridPolicy.STRICT, dropped: bool = False
    ) -> None:
        """Read masks of the open case (raters, models) and add each as a layer, in this order."""
        case = self._session.case
        known = {layer.file.path: layer for layer in self._session.layers if layer.file is not None}
        if there := [known[path] for path in paths if path in known]:
            self._session.say(Notice(f"{there[0].name} is that mask: it is in the list", problem=False))
        paths = [path for path in paths if path not in known]
        if case is not None and paths:
            layer = self._session.layers.reference
            reference = layer.labels if layer is not None else None
            memory = self._preferences.memory
            job = self._start(read_masks(case, paths, reference, memory, regrid=regrid, dropped=dropped))
            job.succeeded.connect(self._on_masks_read)
            job.failed.connect(lambda error: self._session.say(notice_of(error)))

    def add_resampled(self) -> None:
        """Add the masks that were refused, resampled to the nearest voxel."""
        self.add_masks(self._refused, regrid=RegridPolicy.NEAREST)

    def add_voxel_by_voxel(self) -> None:
        """Add the masks that were refused, their voxels as they are stored."""
        self.add_masks(self._refused, regrid=RegridPolicy.VOXELS)

    def _on_masks_read(self, answer: MasksRead) -> None:
        if answer.case is not self._session.case:
            return
        several = len(answer.masks) > 1
        for path, labels, _ in answer.masks:
            note, file = answer.notes.get(path), answer.files.get(path)
            self._session.add_layer(self._layer_of(path, labels, note, file, several=several))
        self._refused = answer.refused
        self._session.say(notice_of_masks(answer))

    def _layer_of(
        self, path: Path, labels: LabelMap, note: MaskNote | None, file: MaskFile | None, *, several: bool
    ) -> Layer:
        first = self._session.layers.reference is None and note is None
        # fills of several masks would hide one another
        style = OverlayStyle.OUTLINE if first or several else OverlayStyle.FILL
        if note is not None:
            author = note.annotator
            name, role = annotation_name(author), LayerRole.ANNOTATION
        else:
            name, author = printable(stem(path)), printable(path.name)
            role = LayerRole.REFERENCE if first else LayerRole.PREDICTION
        return Layer(name, role, labels, author, style=style, saved_as=path, file=file)

    def _on_rename_requested(self, layer: Layer) -> None:
        name, given = QInputDialog.getText(self._window, "Rename the layer", "Name", text=layer.name)
        if given:
            self._session.layers.rename(layer, name)

    # scoring

    def _on_compare_requested(self, layer: Layer, as_reference: bool) -> None:
        layers = self._session.layers
        if as_reference:
            layers.compare(layer, layers.prediction if layers.prediction is not layer else layers.reference)
        else:
            layers.compare(layers.reference if layers.reference is not layer else layers.prediction, layer)

    def _on_layer_changed(self, layer: Layer) -> None:
        if layer in (self._session.layers.reference, self._session.layers.prediction):
            self._compare()

    def _compare(self) -> None:
        layers = self._session.layers
        if layers.reference is None or layers.prediction is None or layers.reference is layers.prediction:
            self._compared = None
            self._stop_scoring()
            self._session.set_comparison(None)
            return
        pair = (layers.reference.labels, layers.prediction.labels)
        if self._compared is not None and all(a is b for a, b in zip(pair, self._compared, strict=True)):
            return
        self._compared = pair
        self._stop_scoring()
        self._soon.start(_PAUSE_MS if self._edited_is_compared else _SOON_MS)

    @property
    def _edited_is_compared(self) -> bool:
        layer = self._session.annotating.layer
        return layer is not None and layer in (self._session.layers.reference, self._session.layers.prediction)

    def _on_voxels_changed(self) -> None:
        """Wait until the strokes pause; also after one that was dropped, whose live scores hid the distances."""
        annotation, shown = self._session.annotating.annotation, self._session.comparison
        at_rest = annotation is not None and not annotation.painting
        hidden = at_rest and shown is not None and shown.rules is None
        if self._edited_is_compared and (self._soon.isActive() or self._scoring is not None or hidden):
            self._stop_scoring()
            self._soon.start(_PAUSE_MS)

    def _start_scoring(self) -> None:
        if self._compared is None:
            return
        reference, prediction = self._compared
        at_rest = self._session.annotating.at_rest
        job = self._start(_score(self._compared, at_rest(reference), at_rest(prediction)))
        job.progressed.connect(self._on_partly_scored)
        job.succeeded.connect(self._on_scored)
        job.failed.connect(self._on_not_scored)
        self._scoring = job

    def _stop_scoring(self) -> None:
        """What is no longer compared need not be measured to its end."""
        self._soon.stop()
        if self._scoring is not None:
            self._scoring.cancel()
            self._scoring = None

    def _on_partly_scored(self, progress: Progress) -> None:
        """Overlap is known at once; distances follow."""
        if progress.partial is not None:
            self._on_scored(progress.partial)

    def _on_scored(self, answer: tuple[tuple[LabelMap, LabelMap], Comparison]) -> None:
        pair, comparison = answer
        if self._compared is not None and all(a is b for a, b in zip(pair, self._compared, strict=True)):
            self._session.set_comparison(comparison)

    def _on_not_scored(self, error: Exception) -> None:
        self._session.set_comparison(None)
        self._session.say(notice_of(error))

    # jobs

    def _start(self, work: Generator[Progress, None, object]) -> Job:
        job = Job(work, self)
        self._jobs.add(job)
        job.finished.connect(self._on_finished)
        return job.start()

    def _on_finished(self) -> None:
        job = self.sender()
        self._jobs.discard(job)
        if job is self._scoring:
            self._scoring = None

    def close(self) -> None:
        """Let what is being read finish, when the program ends."""
        self._stop_scoring()
        for job in self._jobs:
            job.wait()


def _score(
    pair: tuple[LabelMap, LabelMap], reference: LabelMap, prediction: LabelMap
) -> Generator[Progress, None, tuple[tuple[LabelMap, LabelMap], Comparison]]:
    from brainseg_gui.evaluation.metrics.distances import with_distances

    comparison = compare(reference, prediction)
    yield Progress("measuring distances", 0.0, partial=(pair, comparison))
    return pair, (yield from with_distances(comparison, reference, prediction, rules_named(DEFAULT)))
