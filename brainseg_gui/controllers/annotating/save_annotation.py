"""Saving annotations: verified, never silently over another file, with a note beside on how each was made."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject

from brainseg_gui import __version__
from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.journal.study import values_digest
from brainseg_gui.annotation.provenance import Origin, provenance, write_provenance
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.kept import Kept
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.layers.files import NIFTI_FILTER
from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.layers.save_dialog import ask_path, mask_name, reference_question
from brainseg_gui.controllers.layers.save_place import free_name, is_reference, refuse_image
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.file_mark import FileMark, mark_of
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.widgets.question import Question

After = Callable[[bool], None]
"""Called when a save has ended, with whether the mask is in a file."""


@dataclass(frozen=True, eq=False)
class _Snapshot:
    """What is written, while the person goes on."""

    kept: Kept
    labels: LabelMap
    history: History


@dataclass(frozen=True, eq=False)
class _Saved:
    """How a save ended: the file, how it was left, and why the note beside it is missing, if it is."""

    snapshot: _Snapshot
    path: Path
    mark: FileMark
    problem: SaveError | None


class SaveController(QObject):
    """Save and Save as for annotations; other layers go to the masks' controller."""

    def __init__(
        self,
        session: Session,
        window: MainWindow,
        preferences: Preferences,
        journals: JournalController,
        masks: MasksController,
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._journals, self._masks = journals, masks
        self._jobs: set[Job] = set()
        window.layers_panel.save_requested.connect(self.save_layer)

    @property
    def running(self) -> bool:
        """Whether something is being written."""
        return bool(self._jobs)

    def save(self) -> None:
        """Save the annotation that is being edited, else the compared prediction."""
        layer = self._layer_to_save()
        if layer is not None:
            self.save_layer(layer)

    def save_as(self) -> None:
        """Ask for a name and save there what `save` would save."""
        layer = self._layer_to_save()
        kept = self._journals.of(layer)
        if kept is not None:
            self._choose(kept, _nothing)
        elif layer is not None:
            self._masks.save(layer)

    def _layer_to_save(self) -> Layer | None:
        layers = list(self._session.layers)
        newest = layers[-1] if layers else None
        layer = self._session.annotating.layer or self._session.layers.prediction or newest
        if layer is None:
            self._session.say(Notice("There is no mask to save yet", "Click Segment first"))
        return layer

    def save_layer(self, layer: Layer) -> None:
        """Save one layer of the list."""
        kept = self._journals.of(layer)
        if kept is None:
            self._masks.save(layer)
        else:
            self.save_kept(kept)

    def save_kept(self, kept: Kept, after: After | None = None) -> None:
        """Save an annotation to its file again, or ask for a name the first time."""
        then = after or _nothing
        if kept.path is None or kept.mark is None:
            self._choose(kept, then)
            return
        try:
            fits = kept.mark.fits(kept.path)
        except FileNotFoundError:
            fits = True  # nothing is there that could be lost
        except OSError:
            fits = False
        if fits:
            self.write(kept, kept.path, then)
        else:
            self._ask_replaced(kept, kept.path, then)

    def write(self, kept: Kept, path: Path, after: After | None = None) -> None:
        """Write an annotation, verified, and the note on how it was made."""
        case, then = self._session.case, after or _nothing
        if case is None:
            return
        self._session.saving.begin("saving")
        history = kept.annotation.history
        snapshot = _Snapshot(kept, kept.annotation.snapshot(), History(history.edits, history.position))
        job = Job(_write(case, snapshot, path, tuple(self._session.layers)), self)
        self._jobs.add(job)
        job.succeeded.connect(lambda saved: self._on_saved(saved, then))
        job.failed.connect(lambda error: self._on_not_saved(error, then))
        job.finished.connect(lambda: self._jobs.discard(job))
        job.start()

    def close(self) -> None:
        """Let what is being written finish, when the program ends."""
        for job in self._jobs:
            job.wait()

    # asking

    def _choose(self, kept: Kept, then: After) -> None:
        case = self._session.case
        if case is None:
            return
        folder = Path(self._preferences.get("last save folder", str(case.source.folder)))
        proposal = kept.path or free_name(folder, case.case_id)
        path = ask_path(self._window, f"Save {kept.layer.name}", proposal, NIFTI_FILTER, mask_name)
        if path is None:
            then(False)
            return
        self._preferences.set("last save folder", str(path.parent))
        self.save_to(kept, path, then)

    def save_to(self, kept: Kept, path: Path, after: After | None = None) -> None:
        """Save under a name that was chosen: never over an image, over the reference only when asked."""
        case, then = self._session.case, after or _nothing
        if case is None:
            return
        try:
            refuse_image(case, path)
        except SaveError as error:
            self._on_not_saved(error, then)
            return
        if is_reference(case, path):
            question = reference_question(self._window, path)
            question.answered.connect(lambda key: self._on_answered(key, kept, path, then))
            question.open()
        else:
            self.write(kept, path, then)

    def _ask_replaced(self, kept: Kept, path: Path, then: After) -> None:
        question = Question(
            self._window,
            f"{path.name} was changed by someone else since you saved it",
            "Replacing it loses what they wrote. Save under another name to keep both.",
            (("elsewhere", "Save as…"), ("replace", "Replace"), ("cancel", "Cancel")),
        )
        question.answered.connect(lambda key: self._on_answered(key, kept, path, then))
        question.open()

    def _on_answered(self, key: str, kept: Kept, path: Path, then: After) -> None:
        if key == "replace":
            self.write(kept, path, then)
        elif key == "elsewhere":
            self._choose(kept, then)
        else:
            then(False)

    # what comes back

    def _on_saved(self, saved: _Saved, then: After) -> None:
        kept, annotating = saved.snapshot.kept, self._session.annotating
        last = saved.snapshot.history.undoable
        kept.path, kept.mark = saved.path, saved.mark
        if annotating.annotation is kept.annotation:
            annotating.mark_saved(saved.path, last)
        elif kept.annotation.history.undoable is last:
            kept.layer.saved_as = saved.path
        self._journals.note_saved(kept)
        self._session.saving.end(f"Saved {saved.path.name}")
        if saved.problem is not None:
            self._session.say(notice_of(saved.problem))
        else:
            words = f"Saved {kept.layer.name} as {saved.path.name}"
            self._session.say(Notice(words, details=str(saved.path), problem=False))
        then(True)

    def _on_not_saved(self, error: Exception, then: After) -> None:
        self._session.saving.end("Not saved")
        self._session.say(notice_of(error, (("Save elsewhere…", "file.save_as"),)))
        then(False)


def _nothing(_saved: bool) -> None:
    """Nothing waits for this save."""


def _write(case: Case, snapshot: _Snapshot, path: Path, layers: Sequence[Layer]) -> Generator[Progress, None, _Saved]:
    from brainseg_gui.imaging.formats.save import write_labels

    yield Progress("saving", 0.0, path.name)
    write_labels(path, snapshot.labels, case.stored_grid, case.header)
    mark, problem = mark_of(path), None
    yield Progress("noting how it was made", 0.9, path.name)
    history = snapshot.history
    copied = {edit.source.layer for edit in history.applied}
    origins = [origin_of(layer) for layer in layers if layer.name in copied]
    fields = provenance(
        snapshot.labels, history, snapshot.kept.start, layers=origins, program=__version__, annotator=person()
    )
    try:
        write_provenance(path, fields)
    except SaveError as error:
        problem = error
    return _Saved(snapshot, path, mark, problem)


def origin_of(layer: Layer | None) -> Origin:
    """Where voxels of a layer come from; None for an empty start."""
    if layer is None:
        return Origin("", "empty")
    digest = values_digest(layer.labels.values)
    return Origin(layer.name, layer.role.value, layer.author, digest, layer.model_sha256)
