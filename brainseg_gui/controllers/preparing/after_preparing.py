"""What becomes of a prepared case: it is opened and segmented, and its mask goes back to the series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.errors import listed
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.prepare_place import PreparedExamination
from brainseg_gui.preparation.prepared_case import NATIVE, write_native_masks
from brainseg_gui.state.layers.layers import LayerRole
from brainseg_gui.state.session import Session

_SEGMENTING = "segmenting"
_NOT_SEGMENTED = (
    "Prepared, but not segmented: no two of the series fit each other. Place them by hand, or leave out what belongs "
    "to another head and prepare again. Segment uses what is there all the same"
)


class AfterPreparing(QObject):
    """Goes on with a case that was prepared, and tells how far it is in `session.preparing`.

    Parameters
    ----------
    files
        Opens the case.
    segment
        Segments the open case.
    """

    def __init__(self, session: Session, parent: QObject, files: FilesController, segment: Callable[[], None]) -> None:
        super().__init__(parent)
        self._session, self._files, self._segment = session, files, segment
        self._returning = LatestJob(session, self)
        self._to_segment: Path | None = None  # the folder of the case that is being opened
        self._to_send_back: PreparedExamination | None = None
        session.case_changed.connect(self._on_case_changed)
        session.layers.changed.connect(self._on_layers_changed)
        session.segmenting.events.running.connect(self._on_segmenting_ended)

    def go_on(self, prepared: PreparedExamination, source: CaseSource) -> None:
        """Open the case; what is to be done then is done when it is there."""
        self._to_send_back, self._to_segment = prepared, prepared.folder
        self._files.open_source(source)

    def stop(self) -> None:
        """Bring no mask back; what lies there stays."""
        self._returning.stop()

    def close(self) -> None:
        """Stop what runs, when the program ends."""
        self._returning.close()

    def _on_case_changed(self) -> None:
        case = self._session.case
        if case is not None and case.source.folder == self._to_segment and not self._session.previewing:
            if self._to_send_back is not None and self._to_send_back.work is not None:
                self._session.unsaved_predictions.forget(case.source)  # of images that were replaced just now
            self._to_segment = None  # once: a case that is opened again later is left as it is
            if self._to_send_back is not None and self._to_send_back.preparation.nothing_fits:
                self._session.preparing.end(_NOT_SEGMENTED)  # the first image alone shows tumour where there is none
                return
            self._session.preparing.begin(_SEGMENTING)
            self._segment()
            self._on_segmenting_ended(running=self._session.segmenting.running)

    def _on_segmenting_ended(self, running: bool) -> None:
        state = self._session.preparing
        if not running and state.running and state.stage == _SEGMENTING:
            state.end(kept("Not segmented", state.prepared))

    def _on_layers_changed(self) -> None:
        """The mask of a prepared case goes back to its series."""
        case, prepared = self._session.case, self._to_send_back
        if prepared is None or case is None or self._to_segment is not None or case.source.folder != prepared.folder:
            return
        masks = [layer for layer in self._session.layers if layer.role is LayerRole.PREDICTION]
        if not masks:
            return
        self._to_send_back = None
        self._session.preparing.begin("bringing the mask back to each series")
        labels, author = masks[-1].labels, masks[-1].author
        back = write_native_masks(labels, prepared.preparation, prepared.folder / NATIVE, author)
        failed = kept("The mask did not come back to each series", prepared)
        answer = partial(self._on_back, prepared.preparation.not_registered)
        self._returning.start(back, answer, partial(self._session.preparing.end, failed))

    def _on_back(self, lost: Sequence[Modality], paths: list[Path]) -> None:
        words = f"The mask lies on each of the {len(paths)} series as they were, in {paths[0].parent}"
        if lost:
            words += f". Not at its place on {listed([one.title for one in lost])}, which could not be registered"
        self._session.preparing.end(words)


def kept(what: str, prepared: PreparedExamination | None) -> str:
    """What did not happen to a case, and that the case that was prepared stays."""
    return f"{what}; the prepared case stays, in {prepared.folder if prepared is not None else ''}"
