"""An annotation of this window: its layer, its voxels, its journal and its file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui import __version__
from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalHeader
from brainseg_gui.annotation.provenance import Origin
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.state.layers.layers import Layer


@dataclass(eq=False)
class Kept:
    """An annotation of the open case, edited or put aside, and how it is kept.

    Parameters
    ----------
    layer, annotation
        The layer, and its voxels with their history.
    start
        What it was started from.
    journal
        Its journal; None while none can be written.
    path, mark
        The file that it was saved to last, and how that file was left.
    """

    layer: Layer
    annotation: Annotation
    start: Origin
    journal: Journal | None = None
    path: Path | None = None
    mark: FileMark | None = None

    @property
    def at_risk(self) -> bool:
        """Whether it holds work that no saved file and no layer that it was started from has."""
        history = self.annotation.history
        if self.layer.saved_as is not None:
            return False
        return not self.journal.is_kept(history) if self.journal is not None else history.position > 0

    def header(self, case: Case, study: str) -> JournalHeader:
        """How its journal begins.

        Parameters
        ----------
        case, study
            The open case, and its digest.
        """
        labels, start = self.annotation.labels, self.start
        return JournalHeader(
            study=study,
            shape=labels.grid.shape,
            scheme=labels.scheme,
            title=case.case_id,
            start=f"{start.kind}: {start.layer}" if start.layer else start.kind,
            start_digest=start.digest,
            created=time.time(),
            program=__version__,
            place=str(place_of(case)),
        )


def place_of(case: Case) -> Path:
    """What to open to see a case again: its folder, or the one file that holds all its images."""
    files = set(case.source.modalities.values())
    return next(iter(files)) if len(files) == 1 and len(case.source.modalities) > 1 else case.source.folder
