"""Keeping annotations: every finished action in the journal, and the journal put away when done."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalError
from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.annotation.journal.journal_replay import Restored
from brainseg_gui.annotation.journal.study_lock import LockedError
from brainseg_gui.annotation.provenance import Origin
from brainseg_gui.controllers.annotating.annotation_record import AnnotationRecord
from brainseg_gui.controllers.annotating.journal_notices import (
    EDITABLE_AGAIN,
    WRITTEN_AGAIN,
    failing,
    read_only,
    take_over_question,
)
from brainseg_gui.controllers.annotating.open_study import OpenStudy
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Session


class JournalController(QObject):
    """Holds the journals of the annotations of the open study, and its lock as long as there are any.

    The record of a finished action is with the system when the signal returns, so that killing the program loses
    nothing; a thread waits for the disk, and at the latest the next action waits for that thread.
    """

    editable_again = Signal(object)
    """A layer that was read-only may be edited now."""

    def __init__(self, session: Session, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._annotating = session.annotating
        self.folder = JournalFolder(preferences.journals)
        self.study = OpenStudy(session, self.folder)
        self._records: dict[Layer, AnnotationRecord] = {}
        self._flushing: Job | None = None
        self._failing = False
        self._awaiting = False
        self._annotating.edited.connect(self._on_finished)
        self._annotating.moved.connect(self._on_finished)
        session.layers.changed.connect(self._on_layers_changed)

    @property
    def records(self) -> tuple[AnnotationRecord, ...]:
        """The annotations of the open case."""
        return tuple(self._records.values())

    @property
    def at_risk(self) -> tuple[AnnotationRecord, ...]:
        """Those with work that is in no file."""
        return tuple(record for record in self._records.values() if record.at_risk)

    @property
    def failing(self) -> bool:
        """Whether the last writing of a journal failed."""
        return self._failing

    def of(self, layer: Layer | None) -> AnnotationRecord | None:
        """How a layer is kept, if it is an annotation of this window."""
        return self._records.get(layer) if layer is not None else None

    def keep(
        self, layer: Layer, annotation: Annotation, start: Origin, earlier: tuple[Mapping[str, Any], ...] = ()
    ) -> str:
        """Begin to keep an annotation, or go on.

        Parameters
        ----------
        start
            What it was started from.
        earlier
            The sittings that this took before.

        Returns
        -------
        str
            Why it may not be edited; empty when it may.
        """
        if layer not in self._records:
            self._records[layer] = AnnotationRecord(layer, annotation, start, earlier=earlier)
        record = self._records[layer]
        record.annotation = annotation
        scheme = annotation.labels.scheme
        if record.journal is not None and record.journal.header.scheme != scheme:
            self.wait()
            record.journal.describe(replace(record.journal.header, scheme=scheme))
        return self._follow(record)

    def adopt(
        self, layer: Layer, annotation: Annotation, found: Restored, earlier: tuple[Mapping[str, Any], ...]
    ) -> None:
        """Go on with the journal of an annotation that was restored; the study is locked already."""
        lock = self.study.lock
        if lock is None:
            raise RuntimeError("the study is not locked")
        header = found.note.header
        kind, _, name = header.start.partition(": ")
        start = Origin(name or kind, kind, header.start_author, header.start_digest, header.start_model_sha256)
        journal, began = self.folder.resume(found, lock), header.created
        self._records[layer] = AnnotationRecord(layer, annotation, start, journal, began, earlier)

    def await_work(self, *, coming: bool) -> None:
        """Hold the lock while work is read that this window goes on with, though nothing is kept yet; or no longer."""
        self._awaiting = coming
        self._on_layers_changed()

    def note_file(self, record: AnnotationRecord, digest: str, path: Path | None) -> None:
        """Before a save: note what is about to be written, and where, so that a kill meanwhile does no harm."""
        if record.journal is None:
            return
        self.wait()
        try:
            name = str(path) if path is not None else ""
            record.journal.note_file(record.annotation.history, record.annotation.settled, name, digest)
        except (JournalError, LockedError):
            return  # the save goes on; what is wrong with the journal is said at the next edit

    def note_saved(self, record: AnnotationRecord) -> None:
        """After a verified save: the journal need not be offered any more, unless there are later edits."""
        if record.layer.saved_as is not None:
            self._follow(record)

    def retry(self, *, take_over: bool = False) -> None:
        """Try once more to get a read-only annotation into this window's hands."""
        record = self.of(self._annotating.layer)
        if record is None or not self._annotating.read_only:
            return
        why = self._follow(record, take_over=take_over)
        if why:
            self._say_read_only(why)
        else:
            self._session.say(EDITABLE_AGAIN)
            self.editable_again.emit(record.layer)

    def ask_take_over(self) -> None:
        """Let the person break the lock of another computer, after one question."""
        question = take_over_question(self._window)
        question.answered.connect(lambda key: self.retry(take_over=True) if key == "take over" else None)
        question.open()

    def say_read_only(self, record: AnnotationRecord | None = None) -> None:
        """Say why an annotation, else the one in hand, cannot be written, and what can be done."""
        if record is None:
            self._say_read_only(self._annotating.read_only)
        else:
            self._say_read_only(record.read_only, at_risk=record.at_risk)

    def wait(self) -> None:
        """Wait until all that was written is on the disk."""
        if self._flushing is not None:
            self._flushing.wait()

    def close(self) -> None:
        """Put the journals away; those with unsaved work stay on the disk."""
        self.wait()
        for layer in tuple(self._records):
            self._put_away(self._records.pop(layer))
        self.study.release()

    # what happens

    def _on_finished(self, *_: object) -> None:
        record = self.of(self._annotating.layer)
        if record is None:
            return
        self.wait()
        why = self._follow(record)
        if why:
            QTimer.singleShot(0, self, lambda: self._forbid(record, why))  # the tool ends its stroke first
        elif record.journal is not None:
            self._flush(record.journal)

    def _on_layers_changed(self) -> None:
        there = set(self._session.layers)
        for layer in [layer for layer in self._records if layer not in there]:
            self.wait()
            self._put_away(self._records.pop(layer))
        if not self._records and not self._awaiting:
            self.study.release()

    def _follow(self, record: AnnotationRecord, *, take_over: bool = False) -> str:
        """Write what is missing; returns why the annotation may not be edited, or nothing."""
        try:
            if record.journal is None:
                record.journal = self._begin(record, take_over)
            annotation, journal = record.annotation, record.journal
            if record.layer.saved_as is not None and not journal.is_kept(annotation.history):
                journal.mark_kept(annotation.history, annotation.settled)
            else:
                journal.follow(annotation.history, annotation.settled, flush=False)
        except LockedError as error:
            record.journal = None
            self.study.release()
            record.read_only = f"Read-only: {error.what}"
            return record.read_only
        except JournalError as error:
            self._say_failing(error)
            return ""
        record.read_only = ""
        if self._failing:
            self._failing = False
            self._session.say(WRITTEN_AGAIN)
        return ""

    def _begin(self, record: AnnotationRecord, take_over: bool) -> Journal:
        case = self._session.case
        if case is None:
            raise RuntimeError("no case is open")
        journal = self.folder.begin(record.header(case, self.study.digest()), self.study.take(take_over=take_over))
        if record.layer.file is not None:  # it goes on with that file
            annotation = record.annotation
            journal.note_file(annotation.history, annotation.settled, str(record.layer.file.path), record.start.digest)
        return journal

    def _flush(self, journal: Journal) -> None:
        job = Job(_wait_for_disk(journal), self)
        self._flushing = job
        job.failed.connect(self._say_failing)
        job.finished.connect(lambda: self._forget(job))
        job.start()

    def _forget(self, job: Job) -> None:
        if self._flushing is job:
            self._flushing = None

    def _forbid(self, record: AnnotationRecord, why: str) -> None:
        if self._annotating.layer is record.layer and not self._annotating.read_only:
            self._annotating.begin(record.annotation, record.layer, why)
            self._say_read_only(why)

    def _say_read_only(self, why: str, *, at_risk: bool = False) -> None:
        self._session.say(read_only(why, held_elsewhere=self.study.held_elsewhere, at_risk=at_risk))

    def _say_failing(self, error: Exception) -> None:
        """Say once that edits are at risk, not at every stroke."""
        if not self._failing:
            self._failing = True
            self._session.say(failing(error))

    def _put_away(self, record: AnnotationRecord) -> None:
        if record.journal is not None and not record.at_risk:
            try:
                record.journal.remove()
            except LockedError:
                return  # the file is another window's now


def _wait_for_disk(journal: Journal) -> Generator[Progress, None, None]:
    yield Progress("writing the journal", 0.0)
    journal.flush()
