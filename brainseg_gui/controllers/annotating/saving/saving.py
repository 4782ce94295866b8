"""Saving masks: to the place that follows from the case, asked about only where a person has to decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.saving.save_mask import (
    Doubt,
    MaskDoubt,
    ReadOnlyHomeError,
    SavedMaskFile,
    SaveRequest,
)
from brainseg_gui.controllers.annotating.annotation_record import AnnotationRecord
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.saving.save_places import SavePlaces
from brainseg_gui.controllers.annotating.saving.save_queue import SaveQueue
from brainseg_gui.controllers.annotating.saving.save_work import After, PendingSave, written
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.save_dialog import ask_path, doubt_question, mask_name
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import printable
from brainseg_gui.imaging.formats.known_formats import WRITTEN, file_filter
from brainseg_gui.imaging.values_digest import values_digest
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.layers.layers_panel import LayersPanel

_ELSEWHERE = (("Save as…", "file.save_as"),)
_NO_ROOM_HERE = (("Choose a folder for masks…", "file.save_in"), *_ELSEWHERE)


class SaveController(QObject):
    """Save and Save as for every layer."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        journals: JournalController,
        layers: LayersPanel,
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._journals, self._places = journals, SavePlaces(session, preferences)
        self._jobs: set[Job] = set()
        self._queue = SaveQueue()
        self._refused: tuple[Layer, After] | None = None  # what found no room, until there is a place for it
        self._said: Notice | None = None
        session.case_changed.connect(self._forget_refused)
        layers.save_requested.connect(self.save_layer)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "file.save": self.save,
            "file.save_as": self.save_as,
        }

    @property
    def running(self) -> bool:
        """Whether something is being written."""
        return bool(self._jobs)

    def save(self) -> None:
        """Save the annotation that is being edited, else what is in no file yet."""
        layer = self._layer_to_save()
        if layer is not None:
            self.save_layer(layer)

    def save_as(self) -> None:
        """Ask for a name and save there what `save` would save."""
        layer = self._layer_to_save()
        if layer is not None:
            self._choose(layer, _nothing)

    def _layer_to_save(self) -> Layer | None:
        layers = list(reversed(list(self._session.layers)))
        compared = self._session.layers.prediction
        wanted = [self._session.annotating.layer, *(layer for layer in (compared, *layers) if _is_unsaved(layer))]
        layer = next((layer for layer in (*wanted, compared, *layers) if layer is not None), None)
        if layer is None:
            self._session.say(Notice("There is no mask to save yet", "Click Segment first"))
        return layer

    def save_layer(self, layer: Layer, after: After | None = None) -> None:
        """Save one layer of the list: to its file again, or the first time where it belongs."""
        record, then = self._journals.of(layer), after or _nothing
        if record is None and layer.saved_as is not None:
            self._say(Notice(f"{layer.name} is saved as {printable(layer.saved_as.name)}", problem=False))
            then(True)
        else:
            self._start(layer, then)

    def save_record(self, record: AnnotationRecord, after: After | None = None) -> None:
        """Save an annotation."""
        self.save_layer(record.layer, after)

    def save_to(self, layer: Layer, path: Path, after: After | None = None) -> None:
        """Save under a name that was chosen."""
        self._start(layer, after or _nothing, path)

    def close(self) -> None:
        """Let what is being written finish, when the program ends."""
        for job in self._jobs:
            job.wait()

    # what found no room

    def save_refused(self) -> None:
        """Save what found no room, now that another folder was chosen."""
        refused, self._refused = self._refused, None
        if refused is not None and refused[0] in list(self._session.layers):
            self._start(*refused)

    def _forget_refused(self) -> None:
        self._refused = None

    # saving

    def _choose(self, layer: Layer, then: After) -> None:
        case = self._session.case
        if case is None:
            return
        proposal = self._places.proposed_for(layer, case.source)
        path = ask_path(self._window, f"Save {layer.name}", proposal, file_filter(WRITTEN), mask_name)
        if path is None:
            then(False)
        else:
            self.save_to(layer, path, then)

    def _start(self, layer: Layer, then: After, chosen: Path | None = None) -> None:
        case, record = self._session.case, self._journals.of(layer)
        if case is None:
            return
        if layer in self._queue:
            self._queue.wait(layer, chosen, then)
            return
        if record is not None and record.read_only and (chosen is None or (layer.file and chosen == layer.file.path)):
            self._journals.say_read_only(record)
            then(False)
            return
        if layer is self._session.annotating.layer:
            self._session.annotating.saving.emit()
        history = record.annotation.history if record is not None else History()
        labels = record.annotation.snapshot() if record is not None else layer.labels
        request = self._places.request_for(case, layer, labels, chosen, self._journals.study.known_digest)
        self._write(PendingSave(request, layer, record, History(history.edits, history.position), then))

    def _write(self, save: PendingSave) -> None:
        self._session.saving.begin("saving")
        self._queue.begin(save.layer)
        if save.record is not None:
            file, digest = save.request.file, values_digest(save.request.labels.values)
            path = save.request.chosen or (file.path if file is not None else None)
            self._journals.note_file(save.record, digest, path)
        job = Job(written(save, tuple(self._session.layers), self._preferences.memory), self)
        self._jobs.add(job)
        job.succeeded.connect(partial(self._on_saved, save))
        job.failed.connect(partial(self._on_failed, save))
        job.finished.connect(lambda: self._jobs.discard(job))
        job.start()

    # what comes back

    def _on_saved(self, save: PendingSave, saved: SavedMaskFile) -> None:
        layer, record, annotating = save.layer, save.record, self._session.annotating
        last, path = save.history.undoable, saved.file.path
        layer.file = saved.file
        if save.request.chosen is not None:
            self._places.note_chosen(path)
        if record is None:
            layer.saved_as = path if layer.labels is save.request.labels else layer.saved_as
        elif layer.labels.scheme != save.request.labels.scheme:
            pass  # a person chose another meanwhile, of which the note does not tell
        elif annotating.annotation is record.annotation:
            annotating.mark_saved(path, last)
        elif record.annotation.history.undoable is last:
            layer.saved_as = path
        if record is not None:
            self._journals.note_saved(record)
        self._session.saving.end(f"Saved {_shown(path, save.request)}")
        self._tell(save, saved)
        self._go_on(layer, saved=True)
        save.then(True)

    def _tell(self, save: PendingSave, saved: SavedMaskFile) -> None:
        """A save that went where masks go needs no words; what was said of one that did not is over."""
        if saved.problem is not None:
            self._say(notice_of(saved.problem))
        elif self._session.notice is self._said:
            self._say(None)

    def _on_failed(self, save: PendingSave, error: Exception) -> None:
        self._session.saving.end("Not saved")
        if isinstance(error, MaskDoubt):
            question = doubt_question(self._window, error)
            question.answered.connect(partial(self._on_answered, save, error.doubt))
            question.open()
            return
        if isinstance(error, ReadOnlyHomeError):
            self._refused = save.layer, save.then
        self._say(notice_of(error, _NO_ROOM_HERE if isinstance(error, ReadOnlyHomeError) else _ELSEWHERE))
        self._go_on(save.layer, saved=False)
        save.then(False)

    def _on_answered(self, save: PendingSave, doubt: Doubt, key: str) -> None:
        if key == "replace":
            self._write(replace(save, request=save.request.settling(doubt)))
            return
        self._go_on(save.layer, saved=False)
        if key == "elsewhere":
            self._choose(save.layer, save.then)
        else:
            save.then(False)

    def _go_on(self, layer: Layer, *, saved: bool) -> None:
        """Begin what waited for the end of a save; after one that failed, only what goes to a place of its own."""
        there = layer in list(self._session.layers)
        for wish in self._queue.end(layer):
            if there and wish.chosen is not None:
                self.save_to(layer, wish.chosen, wish.then)
            elif there and saved:
                self.save_layer(layer, wish.then)
            else:
                wish.then(False)

    def _say(self, notice: Notice | None) -> None:
        self._said = notice
        self._session.say(notice)


def _nothing(_saved: bool) -> None:
    """Nothing waits for this save."""


def _shown(path: Path, request: SaveRequest) -> str:
    """A file's name, and its folder where that is not the one of the images."""
    beside = path.parent == request.case.source.folder
    return printable(path.name) if beside else f"{printable(path.name)} in {printable(str(path.parent))}"


def _is_unsaved(layer: Layer | None) -> bool:
    return layer is not None and layer.saved_as is None
