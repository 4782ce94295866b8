"""Bringing unsaved work back: out of its journal, as a layer to go on with."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal.journal_replay import JournalNote, Restored
from brainseg_gui.controllers.annotating.annotate import AnnotateController
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.restoring.restored_file import file_of, sittings_of_restored
from brainseg_gui.controllers.annotating.restoring.unsaved_search import bring_back
from brainseg_gui.controllers.annotating.restoring.unsaved_words import count_of, moment_of
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole, annotation_name
from brainseg_gui.state.session import Notice, Session


class WorkReturn(QObject):
    """Reads one journal of the open case at a time in a thread; an answer for a case that was left is dropped."""

    done = Signal(object)
    """The note of the work that is a layer again."""

    def __init__(
        self, session: Session, journals: JournalController, annotate: AnnotateController, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._journals, self._annotate = session, journals, annotate
        self._job: Job | None = None

    def start(self, note: JournalNote) -> None:
        """Lock the study and read the journal; nothing while another is being read."""
        case = self._session.case
        if case is None or self._job is not None:
            return
        try:
            self._journals.study.take()
        except BrainsegError as error:
            self._session.say(notice_of(error, (("Try again", "journal.restore"), ("Not now", "journal.later"))))
            return
        self._journals.await_work(coming=True)
        job = self._job = Job(bring_back(self._journals.folder, note.path, self._journals.study.digest(), case), self)
        job.succeeded.connect(lambda answer: self._on_read(job, answer))
        job.failed.connect(lambda error: self._on_failed(job, error))
        job.start()

    def give_up(self) -> None:
        """Wait for no work any more."""
        if self._job is not None:
            self._job = None
            self._journals.await_work(coming=False)

    def _on_read(self, job: Job, answer: tuple[Case, Restored]) -> None:
        case, found = answer
        if job is not self._job:
            return  # another case was opened meanwhile
        self._annotate.resume(self._add_layer(case, found))
        self.give_up()
        words = f"Restored {count_of(found.note)}, the last {moment_of(found.note)}"
        self._session.say(Notice(words, problem=False))
        self.done.emit(found.note)

    def _add_layer(self, case: Case, found: Restored) -> Layer:
        """The work as a layer, in place of the one that holds the same mask as it was saved last."""
        labels = LabelMap(found.values, case.grid, found.note.header.scheme)
        layer = Layer(annotation_name(person()), LayerRole.ANNOTATION, labels, person())
        layers = tuple(self._session.layers)
        layer.file = file_of(found.note, layers)
        annotation = Annotation(labels, found.history)
        self._journals.adopt(layer, annotation, found, sittings_of_restored(found.note, layers))
        self._session.add_layer(layer)
        for other in layers:
            if layer.file is not None and other.file is layer.file:
                self._session.layers.remove(other)
        return layer

    def _on_failed(self, job: Job, error: Exception) -> None:
        if job is not self._job:
            return
        self.give_up()
        self._session.say(notice_of(error, (("Not now", "journal.later"), ("Discard…", "journal.discard"))))
