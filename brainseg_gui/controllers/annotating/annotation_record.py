"""An annotation of this window: its layer, its voxels, its journal and its file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalHeader
from brainseg_gui.annotation.provenance import Origin, sittings_of
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.values_digest import values_digest
from brainseg_gui.state.layers.layers import Layer


@dataclass(eq=False)
class AnnotationRecord:
    """An annotation of the open case, edited or put aside, and how it is kept.

    Parameters
    ----------
    layer, annotation
        The layer, and its voxels with their history.
    start
        What it was started from.
    journal
        Its journal; None while none can be written.
    began
        When this sitting began, in seconds since 1970.
    earlier
        The sittings that the mask took before, oldest first.
    read_only
        Why this window may not write it; empty when it may.
    """

    layer: Layer
    annotation: Annotation
    start: Origin
    journal: Journal | None = None
    began: float = field(default_factory=time.time)
    earlier: tuple[Mapping[str, Any], ...] = ()
    read_only: str = ""

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
            created=self.began,
            program=__version__,
            opened_from=str(path_of(case)),
            start_author=start.author,
            start_model_sha256=start.model_sha256,
        )


def origin_of(layer: Layer | None) -> Origin:
    """Where voxels of a layer come from; None for an empty start."""
    if layer is None:
        return Origin("", "empty")
    digest = values_digest(layer.labels.values)
    return Origin(layer.name, layer.role.value, layer.author, digest, layer.model_sha256)


def sittings_before(layer: Layer | None, but: float = 0.0) -> tuple[Mapping[str, Any], ...]:
    """The sittings that a layer took already, oldest first, as the note beside its file tells; see `sittings_of`."""
    note = layer.file.note if layer is not None and layer.file is not None else None
    return sittings_of(note, but) if note is not None else ()


def path_of(case: Case) -> Path:
    """What to open to see a case again: its folder, or the one file that holds all its images."""
    files = set(case.source.modalities.values())
    return next(iter(files)) if len(files) == 1 and len(case.source.modalities) > 1 else case.source.folder
